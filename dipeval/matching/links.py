"""Pairs that meet every condition, listed one by one, and the best choice among them by scipy's sparse solver.

This is the way for distances and conditions that are no single line: Mahalanobis distance, calipers on covariates. The
list is bounded; what would be too long to hold is refused with advice.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from dipeval.errors import DesignError
from dipeval.matching.line import unit, windows
from dipeval.matching.problem import APART, Problem, meets
from dipeval.presenting import format_count

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]
Bools = NDArray[np.bool_]

MOST_LINKS = 20_000_000  # about 1 GB while they are being solved
MOST_LOOKS = 3_000_000_000
BLOCK = 2_000_000
LONG_WORK = 100_000_000
ROOM = 2.0**50  # whole numbers up to here, and sums of a few of them, are exact in scipy's arithmetic

logger = logging.getLogger("dipeval")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Links:
    """Admissible pairs between two groups, as places within them, and their distances in whole small steps."""

    rows: Places
    columns: Places
    lengths: Ints


def too_many(found: int, most: int) -> DesignError:
    """Say that too many pairs would have to be weighed up, and what to do."""
    return DesignError(
        f"At least {format_count(found)} pairs of people have to be weighed up against each other, more than the "
        f"{format_count(most)} that can be: narrow the caliper, divide the people with exact=, or use method='nearest'."
    )


def admissible_links(problem: Problem, rows: Ints, columns: Ints, *, copies: int = 1) -> Links:
    """List the pairs of two groups that meet the caliper and every covariate caliper.

    Parameters
    ----------
    problem
        What was asked for.
    rows, columns
        Positions of the two groups, of one exact-matching cell.
    copies
        How often each pair will be needed; counts towards the largest number.

    Returns
    -------
    Links
        By row, then column.

    Raises
    ------
    DesignError
        If there are too many.
    """
    of_rows, of_columns, width = _narrowest(problem, rows, columns)
    order = np.argsort(of_columns, kind="stable")
    low, high = windows(of_rows, of_columns[order], width)
    ends = np.cumsum(high - low)
    if len(ends) and ends[-1] > MOST_LOOKS:
        raise too_many(int(ends[-1]), MOST_LINKS)
    blocks: list[tuple[Places, Places, Floats]] = []
    total = first = 0
    while first < len(rows):
        seen = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, seen + BLOCK, side="right")))
        blocks.append(_block(problem, rows, columns, order, first, low[first:last], high[first:last]))
        total += len(blocks[-1][0]) * copies
        if ends[last - 1] // LONG_WORK > seen // LONG_WORK:
            logger.info("%s of %s pairs looked at, %s meet every condition.", ends[last - 1], ends[-1], total // copies)
        if total > MOST_LINKS:
            raise too_many(total, MOST_LINKS)
        first = last
    distance = np.concatenate([block[2] for block in blocks])
    # The solver's largest number is that of people times the ratio times the largest distance, and a little more.
    largest = min(len(rows) * copies, len(columns)) + 2
    step = unit(float(distance.max(initial=0.0)), ROOM / (4 * copies * largest))
    distance /= step
    return Links(
        rows=np.concatenate([block[0] for block in blocks]),
        columns=np.concatenate([block[1] for block in blocks]),
        lengths=np.rint(distance, out=distance).astype(np.int64),
    )


def _narrowest(problem: Problem, rows: Ints, columns: Ints) -> tuple[Floats, Floats, float]:
    """Return the values and the width of the condition that leaves the fewest pairs to look at."""
    choices = [
        (item.values[rows], item.values[columns], item.most) for item in problem.conditions if item.most != APART
    ]
    if problem.score is not None:
        choices.append((problem.score[rows], problem.score[columns], problem.width))
    if not choices:
        return np.zeros(len(rows)), np.zeros(len(columns)), math.inf

    def pairs(choice: tuple[Floats, Floats, float]) -> int:
        low, high = windows(choice[0], np.sort(choice[1]), choice[2])
        return int((high - low).sum())

    return min(choices, key=pairs)


def _block(
    problem: Problem, rows: Ints, columns: Ints, order: Ints, first: int, low: Ints, high: Ints
) -> tuple[Places, Places, Floats]:
    counts = high - low
    row = np.repeat(np.arange(first, first + len(low)), counts)
    column = order[np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts - low, counts)]
    fine = np.ones(len(row), dtype=bool)
    if problem.score is not None:
        fine &= np.abs(problem.score[rows[row]] - problem.score[columns[column]]) <= problem.width
    for condition in problem.conditions:
        fine &= meets(np.abs(condition.values[rows[row]] - condition.values[columns[column]]), condition.most)
    row, column = row[fine], column[fine]
    by_column = np.lexsort((column, row))
    row, column = row[by_column], column[by_column]
    return row.astype(np.int32), column.astype(np.int32), problem.distance(rows[row], columns[column])


def cheapest(rows: Places, columns: Places, costs: Ints, alone: Ints, n_columns: int) -> tuple[Ints, Ints]:
    """Pair rows with columns, or leave rows alone, at the least total cost.

    Parameters
    ----------
    rows, columns, costs
        Pairs that may be made and what each costs: whole numbers of at least 0.
    alone
        What leaving each row alone costs.
    n_columns
        Number of columns.

    Returns
    -------
    tuple
        Places of the two people of each pair.

    Notes
    -----
    Sparse shortest augmenting paths (Jonker, R. and Volgenant, A. (1987), Computing 38, 325-340) in scipy, where every
    row has a column of its own for being left alone. All costs are raised by one, because a nought in a sparse matrix
    is no entry; as every row is in exactly one pair, that changes no choice.
    """
    size = len(alone)
    if not size:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    own = np.arange(size, dtype=np.int32)
    graph = csr_array(
        (
            np.concatenate([costs, alone]) + 1.0,
            (np.concatenate([rows, own]), np.concatenate([columns, n_columns + own])),
        ),
        shape=(size, n_columns + size),
    )
    first, second = min_weight_full_bipartite_matching(graph)
    paired = second < n_columns
    return first[paired].astype(np.int64), second[paired].astype(np.int64)
