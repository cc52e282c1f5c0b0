"""Pairs with the smallest total distance (Rosenbaum 1989)."""

from __future__ import annotations

import logging
import math
from dataclasses import replace as changed

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.found import found_pairs
from dipeval.matching.line import MOST_CELLS, WHOLE, aligned, queues, turned, whole_numbers, windows
from dipeval.matching.links import admissible_links, cheapest, too_many
from dipeval.matching.options import SCALE_WORDS, limit_in_words
from dipeval.matching.problem import Found, Problem
from dipeval.matching.sweep import sweep
from dipeval.presenting import format_count, format_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LONG_WORK = 20_000_000  # pairs of people in a cell, from which on progress is logged
ROUNDING = 1e-12

logger = logging.getLogger("dipeval")


def optimal_pairs(problem: Problem) -> Found:
    """Pair people so that no other pairs, as many and within the same limits, have a smaller total distance.

    Parameters
    ----------
    problem
        What was asked for. First as many focal people as possible get a match, then as many as possible a second, and
        so on up to the ratio, which together is also the largest possible number of matches; among all such choices
        the one with the smallest total distance is taken. Nobody is used twice.

    Returns
    -------
    Found
        ``facts``: ``total_distance``; ``greedy_distance`` and ``greedy_pairs`` of greedy matching on the same question,
        and ``optimality_gap``, by how much its distance is larger in proportion (None unless it found as many pairs,
        shared out as evenly);
        ``n_candidate_links``, the number of pairs within the limits.

    Raises
    ------
    DesignError
        If too many pairs are within the limits to be weighed up.

    Notes
    -----
    Rosenbaum, P. R. (1989), Optimal matching for observational studies, Journal of the American Statistical
    Association 84, 1024-1032. On one score nothing like a distance matrix is made: without a caliper by one walk along
    the line (`sweep`), with a caliper by alignment in a band (`aligned`). Covariate calipers and Mahalanobis distance
    are solved on the list of admissible pairs (`links`). Distances are whole numbers of a small step while they are
    being compared (2^-33, the grid of the scores, or finer, unless many tens of thousands are matched in one cell).
    Of several optima the one taken depends on the order of ties and, for listed pairs, on scipy; never on the rows.
    """
    on_line = problem.metric is None and problem.score is not None and not problem.conditions
    solve = _on_a_line if on_line else _on_links
    is_focal = problem.is_focal
    firsts: list[Ints] = []
    seconds: list[Ints] = []
    n_links = 0
    cells = problem.cells()
    for number, people in enumerate(cells, start=1):
        inside = is_focal[people]
        if not inside.any() or inside.all():
            continue
        focal, pool = people[inside], people[~inside]
        first, second, links = solve(problem, focal, pool)
        firsts.append(focal[first])
        seconds.append(pool[second])
        n_links += links
        if len(focal) * len(pool) > LONG_WORK:
            counts = (number, len(cells), len(first), links)
            logger.info("Optimal pairs: cell %s of %s, %s pairs among %s candidate links.", *counts)
    focal = np.concatenate([np.zeros(0, dtype=np.int64), *firsts])
    others = np.concatenate([np.zeros(0, dtype=np.int64), *seconds])
    order = np.lexsort((problem.by_id_rank()[others], problem.distance(focal, others), problem.by_id_rank()[focal]))
    focal, others = focal[order], others[order]  # a person's nearest match first
    facts = {"n_candidate_links": n_links, **_against_greedy(problem, focal, others)}
    return found_pairs(problem, focal, others, facts=facts, notes=_notes(problem, focal, facts))


def _on_a_line(problem: Problem, focal: Ints, pool: Ints) -> tuple[Ints, Ints, int]:
    assert problem.score is not None
    score, ratio, width = problem.score, problem.options.ratio, problem.width
    by_focal, by_pool = (np.argsort(score[people], kind="stable") for people in (focal, pool))
    rows, columns = score[focal][by_focal], score[pool][by_pool]
    both = np.concatenate([rows, columns])
    if width >= both.max() - both.min():  # everybody is within it, as without one
        whole, _ = whole_numbers(both, float(both.max() - both.min()), 2.0**52)
        first, second = sweep(whole[: len(rows)], whole[len(rows) :], ratio)
        return by_focal[first], by_pool[second], len(focal) * len(pool)
    copies = np.repeat(np.arange(len(rows)), ratio)
    low, high = windows(rows, columns, width)
    n_links = int((high - low).sum())
    low, high = low[copies], high[copies]
    low, high = _narrowed(rows[copies], columns, low, high, only_once=ratio == 1)
    if (high - low).sum() > MOST_CELLS:
        raise too_many(int((high - low).sum()), MOST_CELLS)
    largest = min(len(copies), len(columns)) + 1
    whole, step = whole_numbers(both, width, 2.0**WHOLE / (4 * ratio * largest**2))
    first, second = aligned(
        whole[: len(rows)][copies],
        whole[len(rows) :],
        low,
        high,
        _worth(len(rows), ratio) * (largest * math.ceil(width / step + 1)),
        np.zeros(len(columns), dtype=np.int64),
    )
    return by_focal[copies[first]], by_pool[second], n_links


def _narrowed(rows: Floats, columns: Floats, low: Ints, high: Ints, *, only_once: bool) -> tuple[Ints, Ints]:
    """Leave out places where no match can lie at an optimum."""
    limits = [(low, high), queues(rows, columns, rows_first=True)]
    if only_once:  # a free row that is nearer could serve as well; with a ratio it might be its second match
        limits.append(turned(*queues(columns, rows, rows_first=False), len(rows)))
    low = np.max([limit[0] for limit in limits], axis=0)
    return low, np.maximum(low, np.min([limit[1] for limit in limits], axis=0))


def _worth(size: int, ratio: int) -> Ints:
    """Return how many times the longest detour each match is worth: first matches `ratio`, last ones 1."""
    return np.tile(np.arange(ratio, 0, -1, dtype=np.int64), size)


def _on_links(problem: Problem, focal: Ints, pool: Ints) -> tuple[Ints, Ints, int]:
    ratio = problem.options.ratio
    links = admissible_links(problem, focal, pool, copies=ratio)
    largest = min(len(focal) * ratio, len(pool)) + 1
    # To make one match more, or a first instead of a second, others are moved along a chain: at most so much dearer.
    detour = largest * (int(links.lengths.max(initial=0)) + 1)
    first, second = cheapest(
        np.concatenate([links.rows * ratio + copy for copy in range(ratio)]),
        np.tile(links.columns, ratio),
        np.tile(links.lengths, ratio),
        _worth(len(focal), ratio) * detour,
        len(pool),
    )
    return first // ratio, second, len(links.rows)


def _against_greedy(problem: Problem, focal: Ints, others: Ints) -> dict[str, float | int | None]:
    """Ask greedy matching the same question: the largest scores first, or, without a score, in the order of ties."""
    from dipeval.matching.nearest import nearest_pairs

    total = math.fsum(problem.distance(focal, others))  # exactly rounded: the same in any order
    turn = np.empty(len(problem.base), dtype=np.int64)
    turn[problem.base] = np.arange(len(problem.base))
    order = "largest" if problem.score is not None else "data"
    options = changed(problem.options, method="nearest", order=order)
    greedy = nearest_pairs(changed(problem, options=options, turn=turn))
    distance = math.fsum(problem.distance(greedy.focal, greedy.others))
    gap = None
    if np.array_equal(_numbers(focal), _numbers(greedy.focal)):
        gap = distance / total - 1 if total > 0 else (0.0 if distance == 0 else None)
        gap = 0.0 if gap is not None and abs(gap) < ROUNDING else gap
    return {
        "total_distance": total,
        "greedy_distance": distance,
        "greedy_pairs": len(greedy.focal),
        "optimality_gap": gap,
    }


def _numbers(focal: Ints) -> Ints:
    """Return how many people have 1, 2... matches."""
    return np.asarray(np.bincount(np.bincount(focal, minlength=1))[1:], dtype=np.int64)


def _notes(problem: Problem, focal: Ints, facts: dict[str, float | int | None]) -> tuple[str, ...]:
    options = problem.options
    what = "Mahalanobis distance" if problem.metric is not None else f"distance in {SCALE_WORDS[options.scale]}"
    what = f"rank-based {what}" if options.mahalanobis_ranks else what
    notes = [
        f"Optimal pairs, {options.ratio}:1 without replacement, {limit_in_words(options, problem.width)}: as many "
        f"matches as possible, and among those the smallest total {what}; every pair was checked against every "
        "constraint.",
        _greedy_in_words(len(focal), facts),
    ]
    matches = np.bincount(focal, minlength=1)
    short = int(np.count_nonzero((matches > 0) & (matches < options.ratio)))
    if short:
        notes.append(
            f"{format_count(short)} of {format_count(int(np.count_nonzero(matches)))} matched people have fewer than "
            f"{options.ratio} matches."
        )
    return tuple(notes)


def _greedy_in_words(n_pairs: int, facts: dict[str, float | int | None]) -> str:
    fewer, gap = n_pairs - int(facts["greedy_pairs"] or 0), facts["optimality_gap"]
    if fewer:
        return f"Greedy matching would have made {format_count(fewer)} fewer of the {format_count(n_pairs)} pairs."
    if gap is not None:
        share = f"{format_number(100 * gap, 2)}%" if gap >= 5e-5 else "less than 0.01%" if gap > 0 else "no"
        return f"Greedy matching would have needed {share} more total distance (same number of pairs)."
    if facts["total_distance"] == 0:
        return "Every pair is at distance 0; greedy matching would have made pairs that are not."
    return "Greedy matching would have made as many pairs, but shared them out less evenly."
