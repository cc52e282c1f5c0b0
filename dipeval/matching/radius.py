"""Radius matching: everybody within the caliper of each focal person, by sorting and exact prefix sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dipeval.errors import InvariantError
from dipeval.matching.options import SCALE_WORDS, limit_in_words
from dipeval.matching.problem import Floats, Found, Ints, Problem
from dipeval.presenting import format_count, format_number, format_percent

RARE = 0.1
WITHIN = {"radius": "within the radius", "kernel": "nearer than the bandwidth"}
PIECE = 30  # bits; a sum of a thousand million pieces of this length is still a whole number below 2^63
PIECES = 3
RAW_TOLERANCE = 1e-9


def radius_weights(problem: Problem) -> Found:
    """Use everybody within the caliper (inclusive) of each focal person; nobody is searched for twice.

    Parameters
    ----------
    problem
        What was asked for. Each exact-matching cell is solved by itself.

    Returns
    -------
    Found
        No pairs are listed: a wide radius has thousands of millions of links. ``facts``: n_links (pairs within the
        radius), n_distinct (different people used from the pool), neighbours (fewest, median, most of a focal person).

    Raises
    ------
    InvariantError
        The weights before rescaling do not sum to the number of focal people matched (a bug: never a result).

    Notes
    -----
    Dehejia, R. H. and Wahba, S. (2002), Propensity score-matching methods for nonexperimental causal studies, Review
    of Economics and Statistics 84, 151-161. A focal person with n neighbours gives each of them 1/n; a focal person
    without neighbours is left out. By symmetry the focal people within reach of one of the pool stand next to one
    another once sorted, so that a weight is the difference of two prefix sums: n log n steps however wide the radius.
    The prefix sums are of whole numbers (each 1/n cut into three pieces of 30 bits), hence exact: a person nobody
    reaches gets 0 and not the rounding error of a sum over everyone else.
    """
    weights, facts = neighbour_weights(problem, _one_cell)
    return Found(
        weights=weights,
        sets=np.zeros(len(weights), dtype=np.int64),
        clusters=False,
        facts=facts,
        notes=(_how(problem), *notes_on_neighbours(problem, facts)),
    )


def neighbour_weights(
    problem: Problem, one_cell: Callable[[Floats, Floats, float], tuple[Ints, Floats]]
) -> tuple[Floats, dict[str, Any]]:
    """Weigh people cell by cell, rescale the weights to mean 1 over those used, and count the neighbours.

    Parameters
    ----------
    problem
        What was asked for.
    one_cell
        Scores of focal and of other people and a width -> neighbours of each focal person, raw weight of each other.

    Returns
    -------
    tuple
        Weights, one a row; n_links, n_distinct and neighbours.
    """
    size = len(problem.treated)
    score = np.zeros(size) if problem.score is None else problem.score
    is_focal = problem.is_focal
    reached = np.zeros(size, dtype=np.int64)  # neighbours of every focal person
    raw = np.zeros(size)
    for cell in problem.cells():
        focal, others = cell[is_focal[cell]], cell[~is_focal[cell]]
        if len(focal) and len(others):
            reached[focal], raw[others] = one_cell(score[focal], score[others], problem.width)
    matched, used = reached > 0, raw > 0
    _check_sum(raw[used], int(matched.sum()), problem.options.method)
    weights = np.where(matched, 1.0, raw * (used.sum() / max(1, matched.sum())))
    return weights, _facts(reached[is_focal & problem.kept], int(used.sum()))


def _one_cell(focal: Floats, others: Floats, width: float) -> tuple[Ints, Floats]:
    """Return the number of neighbours of every focal person and the raw weight of every other person."""
    mine, my_place = np.unique(focal, return_inverse=True)
    theirs, their_place = np.unique(others, return_inverse=True)
    before = np.concatenate([[0], np.cumsum(np.bincount(their_place))])
    low, high = reach(mine, theirs, width)
    reached = before[high] - before[low]
    people = np.bincount(my_place)
    sums = _shares_up_to(people, reached)
    low, high = reach(theirs, mine, width)
    raw = np.zeros(len(theirs))
    for piece, total in enumerate(sums, start=1):
        raw += (total[high] - total[low]) * 2.0 ** (-PIECE * piece)
    return reached[my_place], raw[their_place]


def reach(centres: Floats, points: Floats, width: float) -> tuple[Ints, Ints]:
    """Return where the points within `width` of each centre begin and end; both are sorted and hold no repeats.

    Parameters
    ----------
    centres, points
        Sorted, without repeats.
    width
        Largest difference (inclusive).

    Returns
    -------
    tuple
        First point of each centre, and one beyond its last.

    Notes
    -----
    What counts is the rounded difference, as it does when the distance of a pair is proved, so the places found by
    ``centre - width`` and ``centre + width``, rounded otherwise, are put right by halving where they are wrong.
    """
    low = np.searchsorted(points, centres - width, side="left")
    high = np.searchsorted(points, centres + width, side="right")
    last = len(points) - 1
    too_far_low = (low <= last) & (centres - points[np.minimum(low, last)] > width)
    too_near_low = (low > 0) & (centres - points[np.maximum(low - 1, 0)] <= width)
    too_near_high = (high <= last) & (points[np.minimum(high, last)] - centres <= width)
    too_far_high = (high > 0) & (points[np.maximum(high - 1, 0)] - centres > width)
    wrong = np.flatnonzero(too_far_low | too_near_low | too_near_high | too_far_high)
    if len(wrong):
        low[wrong] = _halving(centres[wrong], points, width, beyond=False)
        high[wrong] = _halving(centres[wrong], points, width, beyond=True)
    return low.astype(np.int64), high.astype(np.int64)


def _halving(centres: Floats, points: Floats, width: float, *, beyond: bool) -> Ints:
    """Return the first point that is not too low for each centre, or the first that is too high (`beyond`)."""
    low, high = np.zeros(len(centres), dtype=np.int64), np.full(len(centres), len(points), dtype=np.int64)
    while (low < high).any():
        middle = (low + high) // 2
        point = points[np.minimum(middle, len(points) - 1)]
        there = point - centres > width if beyond else centres - point <= width
        searching = low < high
        high = np.where(searching & there, middle, high)
        low = np.where(searching & ~there, middle + 1, low)
    return low


def _shares_up_to(people: Ints, reached: Ints) -> list[Ints]:
    """Return prefix sums of people/neighbours in whole units of 2^-30, 2^-60 and 2^-90: together without rounding."""
    rest = np.where(reached > 0, 1.0 / np.maximum(reached, 1), 0.0)
    sums = []
    for _ in range(PIECES):
        rest = rest * 2.0**PIECE
        whole = np.floor(rest)
        rest = rest - whole
        sums.append(np.concatenate([[0], np.cumsum(people * whole.astype(np.int64))]))
    return sums


def _check_sum(raw: Floats, matched: int, method: str) -> None:
    total = float(raw.sum())
    if abs(total - matched) > RAW_TOLERANCE * max(1, matched):
        raise InvariantError(
            f"{method.capitalize()} weights sum to {total!r} for {matched} matched people. This is a bug in dipeval, "
            "please report it; no design was made."
        )


def _facts(reached: Ints, distinct: int) -> dict[str, Any]:
    return {
        "n_links": int(reached.sum()),
        "n_distinct": distinct,
        "neighbours": {
            "fewest": int(reached.min(initial=reached.max(initial=0))),
            "median": float(np.median(reached)) if len(reached) else 0.0,
            "most": int(reached.max(initial=0)),
        },
    }


def _how(problem: Problem) -> str:
    options = problem.options
    who = "comparison" if options.estimand == "ATT" else "treated"
    return (
        f"Everybody within the radius on {SCALE_WORDS[options.scale]}: {limit_in_words(options, problem.width)}; one "
        f"{who} person may count for several."
    )


def notes_on_neighbours(problem: Problem, facts: dict[str, Any]) -> tuple[str, ...]:
    """Say how many neighbours people have, and warn of a width on the probability scale where few are treated.

    Parameters
    ----------
    problem, facts
        What was asked for, and the counts of `neighbour_weights`.

    Returns
    -------
    tuple
        Sentences.
    """
    who, others = ("treated", "comparison") if problem.options.estimand == "ATT" else ("comparison", "treated")
    neighbours = facts["neighbours"]
    notes = [
        f"{format_count(facts['n_links'])} links {WITHIN[problem.options.method]}: a {who} person has between "
        f"{format_count(neighbours['fewest'])} and {format_count(neighbours['most'])} {others} people "
        f"(median {format_number(neighbours['median'], 1)})."
    ]
    share = float(problem.is_focal[problem.kept].mean())
    if problem.options.scale == "probability" and share < RARE:
        notes.append(
            f"A {problem.options.method} on the probability scale is risky where few are {who} (here "
            f"{format_percent(share)}): most scores lie close to 0, so one width takes in nearly everybody at the low "
            "end, however unlike. Use scale='logit', and judge by the balance."
        )
    return tuple(notes)
