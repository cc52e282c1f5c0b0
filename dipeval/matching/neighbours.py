"""How near people are to one another on what they are matched by, and everybody as near as the nearest few.

Distances are squared in units of standard deviations of everybody kept: of the score, or of the columns of a
Mahalanobis distance. People whose squared distance is within `TOLERANCE` of one another are equally near.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dipeval.matching.problem import Bools, Floats, Ints, Problem
from dipeval.presenting import format_count

logger = logging.getLogger("dipeval")

TOLERANCE = 1e-5  # of a squared distance, as the R package Matching has it: 0.003 standard deviations beside a twin
ROOM = 2_000_000  # distances held at a time
REPORT_EVERY = 5_000_000_000  # distances between two messages on long work


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closeness:
    """Where everybody stands on what they are matched by.

    Parameters
    ----------
    coordinates
        People x dimensions, in standard deviations: the straight-line distance is the distance matched by.
    cells
        Exact-matching cell of each person, from 0; -1 for people trimmed away.
    """

    coordinates: Floats
    cells: Ints

    def thin(self) -> bool:
        """Whether there is one dimension: people then stand on a line, and neighbours next to one another."""
        return self.coordinates.shape[1] == 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """People of a pool on a line, and the run of them that is as near to each seeker as the nearest few.

    Parameters
    ----------
    pool
        Positions of the pool in the order of the line.
    first, last
        For each seeker the first place of its run, and one beyond the last.
    """

    pool: Ints
    first: Ints
    last: Ints


def closeness(problem: Problem) -> Closeness:
    """Lay everybody out on what they are matched by.

    Parameters
    ----------
    problem
        With a score or with coordinates of a Mahalanobis distance.

    Returns
    -------
    Closeness
    """
    cells = np.zeros(len(problem.treated), dtype=np.int64) if problem.strata is None else problem.strata
    where = problem.metric
    if where is None:
        score = np.zeros(len(cells)) if problem.score is None else problem.score
        ordered = np.sort(score[problem.kept])  # the sum then does not depend on the order of the rows
        spread = float(ordered.std(ddof=1)) if len(ordered) > 1 else 0.0
        where = ((score - ordered[0]) / (spread if spread > 0 else 1.0))[:, None]
    return Closeness(coordinates=where, cells=np.where(problem.kept, cells, -1))


def line_of(where: Closeness, seekers: Ints, pool: Ints, count: int) -> Line:
    """Find the run of people as near to each seeker as the `count` nearest of its cell; for one dimension.

    Parameters
    ----------
    where
        With one dimension.
    seekers, pool
        Positions of people. Where the pool holds the seeker itself, it is its own nearest.
    count
        How many nearest; fewer where the cell holds fewer.

    Returns
    -------
    Line
    """
    at = where.coordinates[:, 0]
    order = pool[np.lexsort((at[pool], where.cells[pool]))]
    first = np.searchsorted(where.cells[order], where.cells[seekers], side="left").astype(np.int64)
    last = np.searchsorted(where.cells[order], where.cells[seekers], side="right").astype(np.int64)
    for cell in np.unique(where.cells[seekers]).tolist():
        mine = np.flatnonzero(where.cells[seekers] == cell)
        low, high = int(first[mine[0]]), int(last[mine[0]])
        if high > low:
            begin, end = _runs(at[seekers[mine]], at[order[low:high]], count)
            first[mine], last[mine] = low + begin, low + end
    return Line(pool=order, first=first, last=last)


def _runs(own: Floats, line: Floats, count: int) -> tuple[Ints, Ints]:
    """Return the run of a sorted line within each seeker's distance to its `count`-th nearest place."""
    count = min(count, len(line))
    place = np.searchsorted(line, own, side="left")
    fenced = np.concatenate([np.full(count, -np.inf), line, np.full(count, np.inf)])
    nearest = np.full(len(own), np.inf)
    for below in range(count + 1):  # so many of the nearest lie below, the others above
        low = own - fenced[place + count - below] if below else np.zeros(len(own))
        above = count - below
        high = fenced[place + count + above - 1] - own if above else np.zeros(len(own))
        nearest = np.minimum(nearest, np.maximum(low, high))
    reach = np.sqrt(nearest**2 + TOLERANCE)
    return (
        np.searchsorted(line, own - reach, side="left").astype(np.int64),
        np.searchsorted(line, own + reach, side="right").astype(np.int64),
    )


def looked_up(where: Closeness, seekers: Ints, pool: Ints, count: int) -> Iterator[tuple[Ints, Ints, Bools]]:
    """Find everybody as near to each seeker as the `count` nearest of its cell, some seekers at a time.

    Parameters
    ----------
    where, seekers, pool, count
        As in `line_of`, in any number of dimensions.

    Yields
    ------
    tuple
        Some of the seekers, the pool of their cell, and who of it (columns) is as near to whom (rows).
    """
    for some, others, squares in distances(where, seekers, pool):
        yield some, others, as_near(squares, count)


def distances(where: Closeness, seekers: Ints, pool: Ints) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Work out squared distances, some seekers at a time.

    Parameters
    ----------
    where, seekers, pool
        As in `line_of`.

    Yields
    ------
    tuple
        Some of the seekers, the pool of their cell, and the squared distances (seekers x pool).
    """
    done = 0
    for cell in np.unique(where.cells[seekers]).tolist():
        mine = seekers[where.cells[seekers] == cell]
        others = pool[where.cells[pool] == cell]
        step = max(1, ROOM // max(1, len(others)))
        for start in range(0, len(mine), step):
            some = mine[start : start + step]
            squares = np.zeros((len(some), len(others)))
            for axis in where.coordinates.T:  # one fixed order of additions
                squares += (axis[some][:, None] - axis[others][None, :]) ** 2
            before, done = done, done + squares.size
            if before // REPORT_EVERY != done // REPORT_EVERY:
                logger.info("Nearest neighbours: %s distances looked at.", format_count(done))
            yield some, others, squares


def as_near(squares: Floats, count: int) -> Bools:
    """Say who is as near as the `count` nearest; distances that are infinite are nobody's.

    Examples
    --------
    >>> as_near(np.array([[0.0, 1e-6, 4.0], [np.inf, 9.0, 9.0]]), 1).tolist()
    [[True, True, False], [False, True, True]]
    """
    if not squares.shape[1]:
        return np.zeros(squares.shape, dtype=bool)
    within = np.partition(squares, min(count, squares.shape[1]) - 1, axis=1)[:, min(count, squares.shape[1]) - 1]
    near: Bools = (squares <= within[:, None] + TOLERANCE) & np.isfinite(squares)
    return near
