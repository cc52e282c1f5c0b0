"""What is checked of a design that keeps every tie: by the pairs themselves, and by looking some people up again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dipeval.matching.problem import Bools, Floats, Found, Ints, Problem
from dipeval.matching.proof_reach import if_any, reach_of, repeated, within

MOST_DISTANCES = 5_000_000  # looked at one by one; beyond that people go unchecked
SLACK = 1e-9
TIED = 1e-5  # of squared distances, in standard deviations


def tied_matches_are_all_there(problem: Problem, found: Found) -> Iterator[str]:
    """Everybody has all those as near as the nearest few, and nobody else.

    Limits are checked on every pair, and so is that the farthest of a person's matches is as near as the nearest few of
    them. That nobody nearer was passed over is looked up again for as many people as 5,000,000 distances allow.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    for group, focal, others in directions(problem, found):
        yield from if_any(~group[focal] | group[others], "pairs join people of one group")
        yield from if_any(~problem.kept[focal] | ~problem.kept[others], "pairs hold somebody trimmed away")
        yield from if_any(~within(problem, focal, others), "pairs break a caliper or an exact column")
        yield from if_any(repeated(focal * len(group) + others), "pairs occur twice")
        have = np.bincount(focal, minlength=len(group))
        short = np.flatnonzero(group & problem.kept & (have < problem.options.ratio))
        if len(short):
            could = reach_of(problem, np.flatnonzero(~group & problem.kept), short).count(short)
            yield from if_any(could > have[short], "people were left without a match they could have had")
        scale = _scale(problem)
        squares = _squares(problem, focal, others) / scale
        order = np.lexsort((squares, focal))
        starts = np.concatenate([[0], np.cumsum(have)])[:-1]
        nth = starts[focal] + np.minimum(problem.options.ratio, have[focal]) - 1
        limit = squares[order][nth] + TIED
        yield from if_any(squares > limit * (1 + SLACK), "matches are farther than the nearest few")
        yield from if_any(_missed(problem, group, focal, limit, have), "people have not all who are as near")
    yield from if_any(_weights_differ(problem, found), "weights are not those of the pairs")


def directions(problem: Problem, found: Found) -> Iterator[tuple[Bools, Ints, Ints]]:
    """Return the group that was matched, each of its people paired and the match; for the ATE each group in turn."""
    group = problem.is_focal
    if found.backwards is None:
        yield group, found.focal, found.others
        return
    back = found.backwards
    yield group, found.focal[~back], found.others[~back]
    yield ~group, found.others[back], found.focal[back]


def _missed(problem: Problem, group: Bools, focal: Ints, limit: Floats, have: Ints) -> Bools:
    """Say of some people whether more are within their limit than they were given."""
    pool = np.flatnonzero(~group & problem.kept)
    people, at = np.unique(focal, return_index=True)
    some = max(1, MOST_DISTANCES // max(1, len(pool)))
    people, at = people[:some], at[:some]
    who, other = np.repeat(people, len(pool)), np.tile(pool, len(people))
    near = _squares(problem, who, other) / _scale(problem) <= np.repeat(limit[at], len(pool)) * (1 - SLACK)
    near[near] = within(problem, who[near], other[near])
    counted = near.reshape(len(people), len(pool)).sum(axis=1)
    missed: Bools = counted > have[people]
    return missed


def _scale(problem: Problem) -> float:
    if problem.metric is not None or problem.score is None:
        return 1.0
    variance = float(np.var(problem.score[problem.kept], ddof=1)) if problem.kept.sum() > 1 else 0.0
    return variance if variance > 0 else 1.0


def _squares(problem: Problem, one: Ints, other: Ints) -> Floats:
    if problem.metric is not None:
        steps = problem.metric[one] - problem.metric[other]
        return np.asarray(np.einsum("ij,ij->i", steps, steps), dtype=np.float64)
    if problem.score is None:
        return np.zeros(len(one))
    return np.asarray((problem.score[one] - problem.score[other]) ** 2, dtype=np.float64)


def _weights_differ(problem: Problem, found: Found) -> Bools:
    """Work the weights out again: what each person stands for, itself and others, over the mean of its group."""
    raw = np.zeros(len(problem.treated))
    for _, focal, others in directions(problem, found):
        matched, place, count = np.unique(focal, return_inverse=True, return_counts=True)
        raw[matched] += 1.0
        np.add.at(raw, others, 1.0 / count[place])
    expected = np.zeros(len(raw))
    for group in (problem.treated, ~problem.treated):
        used = group & (raw > 0)
        if used.any():
            expected[used] = raw[used] / raw[used].mean()
    differ: Bools = np.abs(found.weights - expected) > SLACK * np.abs(expected)
    return differ
