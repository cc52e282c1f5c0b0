"""Every constraint of a matched design is checked again, from the data, after the matching.

No matcher is trusted: each rule is derived from the problem alone, by another route than the matcher's. A broken rule
is a bug of this package and stops the work (`InvariantError`). What is checked of a method stands in `RULES`.

Not proved, because it would cost more than the matching: that a greedy matcher dealt in the right order (the tests hold
it against brute force), and that a total distance is the smallest there is (it is held against the greedy one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

from dipeval.errors import InvariantError
from dipeval.matching.problem import APART, Bools, Floats, Found, Ints, Problem
from dipeval.matching.proof_kernel import kernel_weights_follow
from dipeval.matching.proof_reach import count_of, if_any, matches_asked, reach_of, repeated, within
from dipeval.matching.proof_sets import (
    cells_are_coarsened_alike,
    classes_lie_between_their_breaks,
    radius_weights_count_neighbours,
    set_weights_follow,
    sets_are_stars,
    sets_hold_both_groups,
)
from dipeval.matching.proof_ties import tied_matches_are_all_there

Rule = Callable[[Problem, Found], Iterator[str]]
CLOSE = 1e-9


def prove(problem: Problem, found: Found) -> None:
    """Check a design against everything that was asked for.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Raises
    ------
    InvariantError
        Naming each rule that is broken, and how often.
    """
    broken = list(_shapes(problem, found))
    if not broken:  # with arrays of a wrong length nothing else can be asked
        rules = _OF_TIES if problem.options.ties == "all" else RULES[problem.options.method]
        broken = [fault for rule in rules for fault in rule(problem, found)]
    if broken:
        raise InvariantError(
            f"The matcher broke its own rules: {'; '.join(broken)} (of {len(found.focal)} pairs among "
            f"{len(problem.treated)} people). This is a bug in dipeval, please report it; no design was made."
        )


def _shapes(problem: Problem, found: Found) -> Iterator[str]:
    size = len(problem.treated)
    if len(found.weights) != size or len(found.sets) != size:
        yield f"{len(found.weights)} weights and {len(found.sets)} set numbers were handed back for {size} people"
    elif not np.isfinite(found.weights).all():
        yield count_of(~np.isfinite(found.weights), "weights are no finite numbers")
    if len(found.focal) != len(found.others):
        yield f"{len(found.focal)} people were paired with {len(found.others)}"
    for ends in (found.focal, found.others):
        outside = (ends < 0) | (ends >= size)
        if outside.any():
            yield count_of(outside, "pairs name a person who is not there")


def only_people_kept(problem: Problem, found: Found) -> Iterator[str]:
    """Nobody trimmed away is used; weights are 0 or more, 1 for the people the effect is about; both groups are there.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    weights, used = found.weights, found.weights > 0
    focal = problem.is_focal
    if not problem.kept.all():
        yield from if_any(~problem.kept & ((weights != 0) | (found.sets != 0)), "people trimmed away are used")
    yield from if_any(weights < 0, "weights are negative")
    if problem.options.estimand != "ATE":
        own = weights[focal]
        yield from if_any((own != 0) & (own != 1), "of the people matched have a weight other than 0 or 1")
    for group, name in ((focal, "matched"), (~focal, "matched with")):
        if not (group & used).any():
            yield f"nobody is left of the people {name}"


def pairs_meet_every_limit(problem: Problem, found: Found) -> Iterator[str]:
    """Pairs join the two groups, and meet the caliper, the covariate calipers, the exact columns and the ratio.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    focal, others = found.focal, found.others
    is_focal, score = problem.is_focal, problem.score
    yield from if_any(~is_focal[focal] | is_focal[others], "pairs join people of one group")
    yield from if_any(~problem.kept[focal] | ~problem.kept[others], "pairs hold somebody trimmed away")
    if score is not None:
        yield from if_any(np.abs(score[focal] - score[others]) > problem.width, "pairs lie outside the caliper")
    if problem.strata is not None:
        yield from if_any(problem.strata[focal] != problem.strata[others], "pairs differ on an exact column")
    for condition in problem.conditions:
        if condition.most == APART:
            alike = condition.values[focal] == condition.values[others]
            yield from if_any(alike, f"pairs agree on {condition.name}, on which they must differ")
            continue
        apart = np.abs(condition.values[focal] - condition.values[others]) > condition.most
        yield from if_any(apart, f"pairs lie outside the caliper on {condition.name}")
    size = len(problem.treated)
    yield from if_any(repeated(focal * size + others), "pairs occur twice")
    if problem.options.method != "full":
        if not problem.options.replace:
            yield from if_any(repeated(others), "pairs use a person twice")
        most = np.bincount(focal, minlength=1)
        yield from if_any(most[focal] > matches_asked(problem)[focal], "pairs exceed the ratio")


def pair_weights_follow(problem: Problem, found: Found) -> Iterator[str]:
    """Weights are those that the pairs give: 1, and the sum of 1/(matches) rescaled to mean 1 over those used.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    focal, others = found.focal, found.others
    if not len(focal):
        return
    expected = np.zeros(len(problem.treated))
    order = np.argsort(others, kind="stable")
    _, place, matches = np.unique(focal, return_inverse=True, return_counts=True)
    people, first = np.unique(others[order], return_index=True)
    raw = np.add.reduceat(1.0 / matches[place[order]], first)
    expected[people] = raw / raw.mean()
    expected[focal] = 1.0
    yield from if_any(_differ(found.weights, expected), "weights are not those of the pairs")


def pairs_are_numbered(problem: Problem, found: Found) -> Iterator[str]:
    """Without replacement every matched person has a set of its own with its matches; otherwise nobody is in a set.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    sets, focal, others = found.sets, found.focal, found.others
    if found.clusters is problem.options.replace:
        yield "pairs are taken for clusters where they are none, or the other way round"
    if problem.options.replace:
        yield from if_any(sets != 0, "people are numbered as if each were in one pair")
        return
    yield from if_any((sets > 0) != (found.weights > 0), "people are used without a set, or in a set without a use")
    yield from if_any(sets[focal] != sets[others], "pairs lie in two sets")
    leaders = np.unique(focal)
    yield from if_any(repeated(sets[leaders]), "people matched share a set with another")


def nobody_is_left_who_could_be_paired(problem: Problem, found: Found) -> Iterator[str]:
    """A greedy or optimal matching never leaves two people free who could be paired.

    With covariate calipers single links are looked at, 500,000 at most: beyond that the rest goes unchecked. Whether
    other pairs would have kept more people is another question, which greedy matching does not promise.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    options = problem.options
    have = np.bincount(found.focal, minlength=len(problem.treated))
    short = np.flatnonzero(problem.is_focal & problem.kept & (have < matches_asked(problem)))
    if not len(short):
        return
    pool = ~problem.is_focal & problem.kept
    if not options.replace:
        pool[found.others] = False
    could = reach_of(problem, np.flatnonzero(pool), short).count(short)
    missed = could > (have[short] if options.replace else 0)
    yield from if_any(missed, "people were left without a match they could have had")


def everybody_within_reach_is_used(problem: Problem, found: Found) -> Iterator[str]:
    """Full matching leaves out only people whom nobody of the other group can be joined to.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    for group in (problem.treated, ~problem.treated):
        out = np.flatnonzero(group & problem.kept & (found.sets == 0))
        if len(out):
            could = reach_of(problem, np.flatnonzero(~group & problem.kept), out).count(out)
            yield from if_any(could > 0, "people were left out whom somebody could have been joined to")


def distances_are_as_said(problem: Problem, found: Found) -> Iterator[str]:
    """The total distance reported is that of the pairs, and no larger than that of as many greedy pairs.

    With a ratio above 1 as many greedy pairs may well be shorter: they need not serve as many people.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    facts = found.facts
    total = float(np.sort(_gaps(problem, found.focal, found.others)).sum())
    said = facts.get("total_distance")
    if said is not None and abs(float(said) - total) > CLOSE * max(1.0, total):
        yield "the total distance reported is not that of the pairs"
    greedy = facts.get("greedy_distance")
    if greedy is None:
        return
    if facts.get("greedy_pairs", 0) > len(found.focal):
        yield "greedy matching made more pairs"
    elif problem.options.ratio > 1:
        return
    elif facts.get("greedy_pairs") == len(found.focal) and float(greedy) < total - CLOSE * max(1.0, total):
        yield "as many greedy pairs have a smaller total distance"


def links_are_inside_sets(problem: Problem, found: Found) -> Iterator[str]:
    """Links that full matching hands back lie inside its sets, one fewer than people.

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
    if not len(found.focal):
        return
    yield from if_any((sets[found.focal] == 0) | (sets[found.focal] != sets[found.others]), "pairs lie in two sets")
    yield from if_any(~within(problem, found.focal, found.others), "pairs break a caliper or an exact column")
    size = int(sets.max(initial=0)) + 1
    links, people = np.bincount(sets[found.focal], minlength=size), np.bincount(sets, minlength=size)
    yield from if_any((people > 0)[1:] & (links != people - 1)[1:], "sets have too few or too many pairs")


def _gaps(problem: Problem, focal: Ints, others: Ints) -> Floats:
    if problem.metric is not None:
        steps = problem.metric[focal] - problem.metric[others]
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", steps, steps)), dtype=np.float64)
    if problem.score is None:
        return np.zeros(len(focal))
    return np.asarray(np.abs(problem.score[focal] - problem.score[others]), dtype=np.float64)


def _differ(one: Floats, other: Floats) -> Bools:
    apart: Bools = np.abs(one - other) > CLOSE * np.abs(other)
    return apart


_OF_PAIRS: tuple[Rule, ...] = (
    only_people_kept,
    pairs_meet_every_limit,
    pairs_are_numbered,
    pair_weights_follow,
    nobody_is_left_who_could_be_paired,
)
_OF_TIES: tuple[Rule, ...] = (only_people_kept, tied_matches_are_all_there)
_OF_SETS: tuple[Rule, ...] = (only_people_kept, sets_hold_both_groups, set_weights_follow)
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "nearest": _OF_PAIRS,
        "optimal": (*_OF_PAIRS, distances_are_as_said),
        "radius": (only_people_kept, radius_weights_count_neighbours),
        "kernel": (only_people_kept, kernel_weights_follow),
        "full": (
            *_OF_SETS,
            sets_are_stars,
            pairs_meet_every_limit,
            links_are_inside_sets,
            everybody_within_reach_is_used,
            distances_are_as_said,
        ),
        "subclass": (*_OF_SETS, classes_lie_between_their_breaks),
        "cem": (*_OF_SETS, cells_are_coarsened_alike),
    }
)
