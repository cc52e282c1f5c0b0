"""Kernel matching: everybody within the bandwidth, the nearer the more, by sorting and exact prefix sums."""

from __future__ import annotations

import numpy as np

from dipeval.matching.options import SCALE_WORDS, limit_in_words
from dipeval.matching.problem import Floats, Found, Ints, Problem
from dipeval.matching.radius import neighbour_weights, notes_on_neighbours, reach

PIECE = 30  # bits: a sum of thousands of millions of pieces of this length is still a whole number below 2^63
PIECES = 4
AT_THE_RIM = 1e-3  # a mean kernel below this has lost digits in 1 - u^2: such people are looked at one by one
LOOKS = 4_000_000  # at a time


def kernel_weights(problem: Problem) -> Found:
    """Weight everybody within the bandwidth of each focal person by the Epanechnikov kernel of the difference in score.

    Parameters
    ----------
    problem
        What was asked for; its caliper is the bandwidth. Each exact-matching cell is solved by itself.

    Returns
    -------
    Found
        No pairs are listed. ``facts``: n_links (pairs nearer than the bandwidth), n_distinct (different people used
        from the pool), neighbours (fewest, median, most of a focal person).

    Raises
    ------
    InvariantError
        The weights before rescaling do not sum to the number of focal people matched (a bug: never a result).

    Notes
    -----
    Heckman, J. J., Ichimura, H. and Todd, P. E. (1997), Matching as an econometric evaluation estimator: evidence from
    evaluating a job training programme, Review of Economic Studies 64, 605-654. A person at u bandwidths from a focal
    person counts 0.75 (1 - u^2) where u is below 1, and nothing from 1 on; each focal person's counts are divided by
    their sum and added up over the focal people. A focal person with nobody nearer than the bandwidth is left out.

    The square is multiplied out, so that the sum over a run of neighbours follows from prefix sums of 1, s and s^2:
    n log n steps however wide the bandwidth, exact but for the last bits of the final addition. The scores are counted
    from a place within a bandwidth and the prefix sums are of whole numbers, so that no digits cancel; where nearly all
    neighbours lie at the very rim, they are added up one by one.
    """
    options = problem.options
    weights, facts = neighbour_weights(problem, one_cell)
    return Found(
        weights=weights,
        sets=np.zeros(len(weights), dtype=np.int64),
        clusters=False,
        facts=facts,
        notes=(
            f"Epanechnikov kernel on {SCALE_WORDS[options.scale]}: a person weighs less the further away, and nothing "
            f"from the bandwidth on (the {limit_in_words(options, problem.width)}).",
            *notes_on_neighbours(problem, facts),
        ),
    )


def one_cell(focal: Floats, others: Floats, width: float) -> tuple[Ints, Floats]:
    """Return the number of neighbours of every focal person and the raw weight of every other person.

    Parameters
    ----------
    focal, others
        Scores of the two groups.
    width
        Bandwidth; with 0 nobody is nearer.

    Returns
    -------
    tuple
        Neighbours nearer than the bandwidth; weights that sum to the number of focal people with any.
    """
    if not width > 0:
        return np.zeros(len(focal), dtype=np.int64), np.zeros(len(others))
    mine, my_place, people = np.unique(focal, return_inverse=True, return_counts=True)
    theirs, their_place, twins = np.unique(others, return_inverse=True, return_counts=True)
    before = np.concatenate([[0], np.cumsum(twins)])
    inside = float(np.nextafter(width, 0.0))  # at most this is less than the width
    low, high = reach(mine, theirs, inside)
    reached = before[high] - before[low]
    total = kernel_sums(mine, theirs, twins.astype(np.float64), width, low, high)
    share = np.where(reached > 0, people / np.where(reached > 0, total, 1.0), 0.0)
    low, high = reach(theirs, mine, inside)
    return reached[my_place], kernel_sums(theirs, mine, share, width, low, high)[their_place]


def kernel_sums(centres: Floats, points: Floats, mass: Floats, width: float, low: Ints, high: Ints) -> Floats:
    """Sum mass times 1 - u^2 over the points from `low` up to `high` about each centre; exactly 0 where there are none.

    Centres and points are sorted and hold no repeats; no mass is below 0.

    The points are divided into stretches no longer than the width, and counted within one from its first point: a run
    of neighbours meets at most four of them.
    """
    stretch, starts = _stretches(points, width)
    scale = 2.0 ** np.ceil(np.log2(max(float(mass.max(initial=0.0)), np.finfo(np.float64).tiny)))
    place = (points - points[starts][stretch]) / width  # from 0 up to 1
    share = mass / scale
    sums = [_prefix_sums(share), _prefix_sums(share * place), _prefix_sums(share * place * place)]
    total, weight = np.zeros(len(centres)), np.zeros(len(centres))
    some = np.flatnonzero(high > low)
    at = low[some]
    while len(some):
        number = stretch[at]
        end = np.minimum(high[some], np.append(starts[1:], len(points))[number])
        apart = (centres[some] - points[starts[number]]) / width
        ones, firsts, squares = (_between(pieces, at, end) for pieces in sums)
        total[some] += (1.0 - apart) * (1.0 + apart) * ones + 2.0 * apart * firsts - squares
        weight[some] += ones
        more = end < high[some]
        some, at = some[more], end[more]
    rim = np.flatnonzero((high > low) & (total < AT_THE_RIM * weight))
    total[rim] = _one_by_one(centres[rim], points, share, width, low[rim], high[rim])
    return total * scale


def _stretches(points: Floats, width: float) -> tuple[Ints, Ints]:
    """Divide sorted points into stretches shorter than the width: number of each point's stretch, first point of each.

    Counted anew after every gap of a width, so that numbers stay small whatever the scale of the scores.
    """
    fresh = np.concatenate([[True], np.diff(points) >= width])
    origin = points[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
    number = np.floor((points - origin) / width)
    fresh[1:] |= number[1:] != number[:-1]
    return (np.cumsum(fresh) - 1).astype(np.int64), np.flatnonzero(fresh).astype(np.int64)


def _prefix_sums(values: Floats) -> list[Ints]:
    """Return prefix sums of numbers from 0 to 1 in whole units of 2^-30, 2^-60, 2^-90 and 2^-120: no rounding."""
    sums, rest = [], values
    for _ in range(PIECES):
        rest = rest * 2.0**PIECE
        whole = np.floor(rest)
        rest = rest - whole
        sums.append(np.concatenate([[0], np.cumsum(whole.astype(np.int64))]))
    return sums


def _between(pieces: list[Ints], low: Ints, high: Ints) -> Floats:
    total = np.zeros(len(low))
    for number, sums in reversed(list(enumerate(pieces, start=1))):
        total += (sums[high] - sums[low]) * 2.0 ** (-PIECE * number)
    return total


def _one_by_one(centres: Floats, points: Floats, mass: Floats, width: float, low: Ints, high: Ints) -> Floats:
    """Sum over single points, some millions at a time."""
    total = np.zeros(len(centres))
    ends = np.cumsum(high - low)
    first = 0
    while first < len(centres):
        seen = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, seen + LOOKS, side="right")))
        counts = (high - low)[first:last]
        who = np.repeat(np.arange(first, last), counts)
        at = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts - low[first:last], counts)
        away = np.abs(points[at] - centres[who]) / width
        total[first:last] = np.bincount(who - first, weights=mass[at] * ((1.0 - away) * (1.0 + away)))
        first = last
    return total
