"""The rules of designs made of sets, classes, cells or neighbourhoods: checked from the problem alone (see `proof`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dipeval.matching.problem import Bools, Floats, Found, Ints, Problem
from dipeval.matching.proof_reach import exact_sums, if_any, reach_of, within

CLOSE = 1e-9


def sets_hold_both_groups(problem: Problem, found: Found) -> Iterator[str]:
    """Every set holds both groups, agrees on the exact columns, and whoever is in one has a weight.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    sets = found.sets
    yield from if_any((sets > 0) != (found.weights > 0), "people are used without a set, or in a set without a use")
    n_treated, n_others = _sizes(problem, sets)
    there = n_treated + n_others > 0
    yield from if_any(there & ((n_treated == 0) | (n_others == 0)), "sets hold one group only")
    if problem.strata is not None:
        inside = np.flatnonzero(sets > 0)
        yield from if_any(_spread(sets[inside], problem.strata[inside]), "sets differ on an exact column")
    if found.clusters is not (problem.options.method == "full"):
        yield "sets are taken for clusters where they are none, or the other way round"


def set_weights_follow(problem: Problem, found: Found) -> Iterator[str]:
    """Weights are those that the sets give.

    Three things pin them down: within a set the people of one group weigh the same; together they weigh in proportion
    to the number of people the set stands for; and over everybody used of a group the mean weight is 1.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    sets, weights = found.sets, found.weights
    n_treated, n_others = _sizes(problem, sets)
    stands_for = {"ATT": n_treated, "ATC": n_others, "ATE": n_treated + n_others}[problem.options.estimand]
    for group, sizes in ((problem.treated, n_treated), (~problem.treated, n_others)):
        mine = np.flatnonzero(group & (sets > 0))
        if not len(mine):
            continue
        total = np.bincount(sets[mine], weights=weights[mine], minlength=len(sizes))
        level = total / np.maximum(sizes, 1)
        yield from if_any(_differ(weights[mine], level[sets[mine]]), "weights differ within a group of a set")
        there = (sizes > 0) & (stands_for > 0)
        share = total[there] / stands_for[there]
        yield from if_any(_differ(share, np.full(len(share), np.median(share))), "sets weigh more than they stand for")
        if abs(weights[mine].mean() - 1.0) > CLOSE:
            yield "the weights of a group do not have mean 1"


def sets_are_stars(problem: Problem, found: Found) -> Iterator[str]:
    """Every full-matching set has one person of one group, within every limit of all the others in it.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    n_treated, n_others = _sizes(problem, found.sets)
    many = (n_treated > 1) & (n_others > 1)
    if many.any():
        yield f"{int(many.sum())} sets have several people of both groups"
        return
    centres, leaves = _star_links(problem, found.sets)
    yield from if_any(~within(problem, centres, leaves), "people lie outside a caliper of the one they were joined to")
    said = found.facts.get("n_sets")
    if said is not None and said != np.count_nonzero(n_treated + n_others):
        yield "the number of sets reported is not that of the sets"


def _star_links(problem: Problem, sets: Ints) -> tuple[Ints, Ints]:
    n_treated, _ = _sizes(problem, sets)
    inside = np.flatnonzero(sets > 0)
    # the treated person is the centre where there is one only; the comparison person otherwise
    is_centre = problem.treated[inside] == (n_treated[sets[inside]] == 1)
    centre = np.zeros(len(n_treated), dtype=np.int64)
    centre[sets[inside[is_centre]]] = inside[is_centre]
    leaves = inside[~is_centre]
    return centre[sets[leaves]], leaves


def classes_lie_between_their_breaks(problem: Problem, found: Found) -> Iterator[str]:
    """Everybody of a class lies between its breaks, and everybody between those breaks (and equal on exact) is in it.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    kept = np.flatnonzero(problem.kept)
    breaks = np.asarray(found.facts.get("breaks", ()), dtype=np.float64)
    if problem.score is None or (breaks[1:] < breaks[:-1]).any():
        yield "the classes have no score, or breaks that do not rise"
        return
    interval = np.searchsorted(breaks, problem.score[kept], side="right").astype(np.int64)
    codes = interval if problem.strata is None else problem.strata[kept] * (len(breaks) + 2) + interval
    yield from _partition(problem, kept, codes, found.sets[kept])


def cells_are_coarsened_alike(problem: Problem, found: Found) -> Iterator[str]:
    """People of a cell have the same coarsened values, people of different cells do not, and no such cell is left out.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    kept = np.flatnonzero(problem.kept)
    bins = found.facts.get("bins", {})
    terms = problem.terms
    codes = np.zeros(len(kept), dtype=np.int64) if problem.strata is None else problem.strata[kept]
    for column, values in zip(terms.columns, terms.values.T, strict=True):
        own = values[kept]
        if column in bins:
            own = np.searchsorted(np.asarray(bins[column], dtype=np.float64), own, side="right").astype(np.float64)
        levels, place = np.unique(own, return_inverse=True)
        codes = np.unique(codes * len(levels) + place, return_inverse=True)[1].astype(np.int64)
    yield from _partition(problem, kept, codes, found.sets[kept])


def radius_weights_count_neighbours(problem: Problem, found: Found) -> Iterator[str]:
    """Everybody with a neighbour is used, and each neighbour weighs the sum of 1/(neighbours) of the people near it.

    Counted from both sides: first who each person matched can reach, then, for everybody else, the people matched
    within reach of them.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    focal = np.flatnonzero(problem.is_focal & problem.kept)
    pool = np.flatnonzero(~problem.is_focal & problem.kept)
    counts = reach_of(problem, pool, focal).count(focal)
    yield from if_any((counts > 0) != (found.weights[focal] > 0), "people are used without a neighbour, or left out")
    shares = np.zeros(len(problem.treated))
    shares[focal] = 1.0 / np.maximum(counts, 1)
    near = reach_of(problem, focal[counts > 0], pool)
    raw = exact_sums(shares[near.people], *near.runs(pool))
    expected = raw * (np.count_nonzero(raw) / max(float(np.count_nonzero(counts)), 1.0))
    yield from if_any(_differ(found.weights[pool], expected), "weights do not count the neighbours")
    if found.facts.get("n_links", counts.sum()) != counts.sum():
        yield "the number of neighbours reported is not theirs"
    if len(found.focal) or found.clusters or (found.sets != 0).any():
        yield "neighbourhoods are numbered as if each person were in one"


def _partition(problem: Problem, people: Ints, codes: Ints, sets: Ints) -> Iterator[str]:
    """People of one code share a set, with nobody of another code; a code with both groups is in a set."""
    yield from if_any(_spread(codes, sets), "groups of people who belong together are split")
    yield from if_any(_spread(sets[sets > 0], codes[sets > 0]), "sets mix people who belong apart")
    size = int(codes.max(initial=0)) + 1
    treated = problem.treated[people]
    both = (np.bincount(codes[treated], minlength=size) > 0) & (np.bincount(codes[~treated], minlength=size) > 0)
    yield from if_any(both[codes] & (sets == 0), "people are left out though both groups are there")


def _spread(labels: Ints, values: Ints) -> Bools:
    """Say which labels go with more than one value."""
    if not len(labels):
        return np.zeros(0, dtype=bool)
    order = np.argsort(labels, kind="stable")
    labels, values = labels[order], values[order]
    first = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]]))
    spread: Bools = np.minimum.reduceat(values, first) != np.maximum.reduceat(values, first)
    return spread


def _sizes(problem: Problem, sets: Ints) -> tuple[Ints, Ints]:
    """Return how many treated and comparison people each set has, from set 0, which is nobody's."""
    size = int(sets.max(initial=0)) + 1
    sizes = [np.bincount(sets[group & (sets > 0)], minlength=size) for group in (problem.treated, ~problem.treated)]
    return sizes[0], sizes[1]


def _differ(one: Floats, other: Floats) -> Bools:
    apart: Bools = np.abs(one - other) > CLOSE * np.abs(other)
    return apart
