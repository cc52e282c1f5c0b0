"""Full matching: sets of one person of one group and one or more of the other (Hansen 2004)."""

from __future__ import annotations

import logging
import math

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import InvariantError
from dipeval.matching.found import found_sets
from dipeval.matching.line import MOST_CELLS, WHOLE, aligned, whole_numbers, windows
from dipeval.matching.links import admissible_links, cheapest, too_many
from dipeval.matching.options import SCALE_WORDS, limit_in_words
from dipeval.matching.problem import Found, Problem
from dipeval.presenting import format_count

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NONE = np.iinfo(np.int64).max  # distance to the nearest person where nobody is within the limits
LONG_WORK = 20_000_000  # pairs of people in a cell, from which on progress is logged

logger = logging.getLogger("dipeval")


def full_sets(problem: Problem) -> Found:
    """Put everybody who has anybody within the limits into a set, with the smallest total distance inside the sets.

    Parameters
    ----------
    problem
        What was asked for. Each set has one treated and one or more comparison people, or the other way round; its
        distance is the sum of those between the one and the others. There is no limit to the size of a set. Among
        solutions with the smallest total distance one with the most sets is taken, because smaller sets lose less
        precision; people who could join several equally near sets are dealt out evenly. People of either group
        without anybody within the limits are left out.

    Returns
    -------
    Found
        With the links inside the sets as pairs. ``facts``: ``total_distance``, ``n_sets``, ``largest_set``,
        ``n_candidate_links`` (pairs weighed up against each other).

    Raises
    ------
    DesignError
        If too many pairs would have to be weighed up.

    Notes
    -----
    Rosenbaum, P. R. (1991), A characterization of optimal designs for observational studies, Journal of the Royal
    Statistical Society B 53, 597-610; Hansen, B. B. (2004), Full matching in an observational study of coaching for the
    SAT, Journal of the American Statistical Association 99, 609-618; Hansen, B. B. and Klopfer, S. O. (2006), Optimal
    full matching and related designs via network flows, Journal of Computational and Graphical Statistics 15, 609-627.

    Without limits on sizes the problem is the cheapest choice of links that reaches everybody. If everybody were
    linked to the nearest person, each at a cost of that distance, a pair that shares its link instead saves both
    costs less its own distance. So the pairs with the largest total saving are found, and everybody else joins the
    nearest person. Only pairs that save something matter, which are few. On one score they are found by alignment in a
    band (`aligned`); otherwise on the list of admissible pairs (`links`).
    """
    on_line = problem.metric is None and problem.score is not None and not problem.conditions
    solve = _on_a_line if on_line else _on_links
    is_focal = problem.is_focal
    firsts: list[Ints] = []
    seconds: list[Ints] = []
    weighed = 0
    for people in problem.cells():
        inside = is_focal[people]
        if not inside.any() or inside.all():
            continue
        focal, others = people[inside], people[~inside]
        turned = len(focal) > len(others)
        rows, columns = (others, focal) if turned else (focal, others)
        first, second, n_links = solve(problem, rows, columns)
        if len(rows) * len(columns) > LONG_WORK:
            logger.info("Full matching: %s links chosen among %s.", len(first), n_links)
        weighed += n_links
        firsts.append(columns[second] if turned else rows[first])
        seconds.append(rows[first] if turned else columns[second])
    focal_ends = np.concatenate([np.zeros(0, dtype=np.int64), *firsts])
    other_ends = np.concatenate([np.zeros(0, dtype=np.int64), *seconds])
    labels = star_labels(focal_ends, other_ends, len(is_focal))
    sizes = np.bincount(labels)[1:]
    facts = {
        "total_distance": math.fsum(problem.distance(focal_ends, other_ends)),  # exactly rounded, so in any order
        "n_sets": len(sizes),
        "largest_set": int(sizes.max(initial=0)),
        "n_candidate_links": weighed,
    }
    notes = _notes(problem, labels, sizes)
    return found_sets(problem, labels, clusters=True, facts=facts, notes=notes, pairs=(focal_ends, other_ends))


def star_labels(first: Ints, second: Ints, size: int) -> Ints:
    """Number the stars that links form, from 1; 0 for people without a link.

    Parameters
    ----------
    first, second
        Positions of the two people of each link.
    size
        Number of people.

    Raises
    ------
    InvariantError
        If a link joins two people who both have further links: no star.
    """
    degree = np.bincount(first, minlength=size) + np.bincount(second, minlength=size)
    if ((degree[first] > 1) & (degree[second] > 1)).any():
        raise InvariantError(
            "Full matching made a set with several people of both groups. This is a bug in dipeval, please report it; "
            "no design was made."
        )
    centre = np.where(degree[second] > 1, second, first)
    leaf = np.where(degree[second] > 1, first, second)
    labels = np.zeros(size, dtype=np.int64)
    labels[centre] = labels[leaf] = 1 + np.unique(centre, return_inverse=True)[1]
    return labels


def _on_a_line(problem: Problem, rows: Ints, columns: Ints) -> tuple[Ints, Ints, int]:
    assert problem.score is not None
    score, width = problem.score, problem.width
    by_row, by_column = (np.argsort(score[people], kind="stable") for people in (rows, columns))
    # People without anybody within the caliper are out first.
    low, high = windows(score[rows][by_row], score[columns][by_column], width)
    by_row = by_row[high > low]
    low, high = windows(score[columns][by_column], score[rows][by_row], width)
    by_column = by_column[high > low]
    if not len(by_row):
        return by_row, by_column, 0
    first, second, weighed = _cover(score[rows][by_row], score[columns][by_column], width)
    return by_row[first], by_column[second], weighed


def _cover(rows: Floats, columns: Floats, width: float) -> tuple[Ints, Ints, int]:
    """Reach everybody on the line: the pairs that save most, and everybody else with the nearest."""
    both = np.concatenate([rows, columns])
    largest = min(len(rows), len(columns)) + 1
    longest = min(width, float(both.max() - both.min()))
    whole, _ = whole_numbers(both, longest, 2.0**WHOLE / (8 * largest**2), 2.0**60 / largest)
    a, b = whole[: len(rows)], whole[len(rows) :]
    in_row, in_column = windows(rows, columns, width), windows(columns, rows, width)
    row_cost, column_cost = _nearest(a, b, *in_row)[1], _nearest(b, a, *in_column)[1]
    low, high = _saving(a, b, row_cost, column_cost)
    low = np.maximum(low, in_row[0])
    high = np.maximum(low, np.minimum(high, in_row[1]))
    weighed = int((high - low).sum())
    if weighed > MOST_CELLS:
        raise too_many(weighed, MOST_CELLS)
    # Savings are multiplied so that one more pair counts, but less than the smallest saving.
    one, other = aligned(a * largest, b * largest, low, high, row_cost * largest + 1, column_cost * largest)
    rest_rows, rest_columns = _without(len(a), one), _without(len(b), other)
    near_rows = _dealt(a[rest_rows], b, in_row[0][rest_rows], in_row[1][rest_rows])
    near_columns = _dealt(b[rest_columns], a, in_column[0][rest_columns], in_column[1][rest_columns])
    return (
        np.concatenate([one, rest_rows, near_columns]),
        np.concatenate([other, near_rows, rest_columns]),
        weighed,
    )


def _saving(a: Ints, b: Ints, row_cost: Ints, column_cost: Ints) -> tuple[Ints, Ints]:
    """Return from, and up to, which place a pair may save: it is no longer than the two nearest distances together."""
    left = np.maximum.accumulate(b + column_cost)
    right = np.minimum.accumulate((b - column_cost)[::-1])[::-1]
    low = np.searchsorted(left, a - row_cost, side="left")
    high = np.searchsorted(right, a + row_cost, side="right")
    return low.astype(np.int64), np.maximum.accumulate(high).astype(np.int64)


def _without(size: int, used: Ints) -> Ints:
    free = np.ones(size, dtype=bool)
    free[used] = False
    return np.flatnonzero(free)


def _nearest(own: Ints, others: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Return the place of the nearest of `others` within a window (the lower of two as near), and its distance."""
    after = np.searchsorted(others, own)
    left, right = np.clip(after - 1, low, high - 1), np.clip(after, low, high - 1)
    place = np.where(np.abs(own - others[left]) <= np.abs(own - others[right]), left, right)
    return place, np.abs(own - others[place])


def _dealt(own: Ints, others: Ints, low: Ints, high: Ints) -> Ints:
    """Return whom each joins: people with the nearest score, dealt out among those who share it."""
    place, _ = _nearest(own, others, low, high)
    start = np.maximum(low, np.searchsorted(others, others[place], side="left"))
    stop = np.minimum(high, np.searchsorted(others, others[place], side="right"))
    turn = np.arange(len(own)) - np.searchsorted(start, start, side="left")  # `start` never falls along the line
    return np.asarray(start + turn % (stop - start), dtype=np.int64)


def _on_links(problem: Problem, rows: Ints, columns: Ints) -> tuple[Ints, Ints, int]:
    links = admissible_links(problem, rows, columns)
    if not len(links.rows):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 0
    row_cost, column_cost = np.full(len(rows), NONE), np.full(len(columns), NONE)
    np.minimum.at(row_cost, links.rows, links.lengths)
    np.minimum.at(column_cost, links.columns, links.lengths)
    saving = row_cost[links.rows] + column_cost[links.columns] - links.lengths
    useful = saving >= 0
    largest = min(len(rows), len(columns)) + 1
    gain = saving[useful] * largest + 1  # one more pair counts, but less than the smallest saving
    most = int(gain.max(initial=0))
    one, other = cheapest(
        links.rows[useful],
        links.columns[useful],
        most - gain,
        np.full(len(rows), most, dtype=np.int64),
        len(columns),
    )
    rows_in, columns_in = np.zeros(len(rows), dtype=bool), np.zeros(len(columns), dtype=bool)
    rows_in[one], columns_in[other] = True, True
    near_row = (links.lengths == row_cost[links.rows]) & ~rows_in[links.rows]
    near_column = (links.lengths == column_cost[links.columns]) & ~columns_in[links.columns]
    joined_row = _join(links.rows[near_row], links.columns[near_row])
    joined_column = _join(links.columns[near_column], links.rows[near_column])
    return (
        np.concatenate([one, joined_row[0], joined_column[1]]),
        np.concatenate([other, joined_row[1], joined_column[0]]),
        len(links.rows),
    )


def _join(people: Ints, near: Ints) -> tuple[Ints, Ints]:
    """Let each person join one of the nearest: the one that fewest have joined so far."""
    order = np.lexsort((near, people))
    joined: dict[int, int] = {}
    chosen: list[int] = []
    who, places = np.unique(people[order], return_index=True)
    for group in np.split(near[order], places[1:]) if len(who) else []:
        best = min(group.tolist(), key=lambda place: joined.get(place, 0))
        joined[best] = joined.get(best, 0) + 1
        chosen.append(best)
    return who.astype(np.int64), np.asarray(chosen, dtype=np.int64)


def _notes(problem: Problem, labels: Ints, sizes: Ints) -> tuple[str, ...]:
    options = problem.options
    what = "Mahalanobis distance" if problem.metric is not None else f"distance in {SCALE_WORDS[options.scale]}"
    what = f"rank-based {what}" if options.mahalanobis_ranks else what
    notes = [
        f"Optimal full matching, {limit_in_words(options, problem.width)}: the smallest total {what} inside sets of "
        "one person of one group and one or more of the other; every link was checked against every constraint.",
        f"{format_count(len(sizes))} sets; the largest has {format_count(int(sizes.max(initial=0)))} people, "
        f"{format_count(int(np.count_nonzero(sizes == 2)))} are pairs.",
    ]
    left_out = problem.kept & (labels == 0)
    n_treated = int(np.count_nonzero(left_out & problem.treated))
    n_comparison = int(np.count_nonzero(left_out & ~problem.treated))
    if n_treated or n_comparison:
        notes.append(
            f"Left out, with nobody within the limits: {format_count(n_treated)} treated and "
            f"{format_count(n_comparison)} comparison people."
        )
    return tuple(notes)
