"""How much outcomes vary at a point: among a person and the nearest few of the same group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.robust import Floats
from dipeval.matching.neighbours import Closeness, line_of, looked_up

Rows = NDArray[np.intp]


def local_spread(where: Closeness, values: Floats, treated: NDArray[np.bool_], people: Rows, count: int) -> Floats:
    """Return the variance of the outcome around each of some people.

    Parameters
    ----------
    where
        Where everybody stands; cell -1 for those who may be nobody's neighbours.
    values
        Of everybody, around the mean of the own group.
    treated
        Everybody's group.
    people
        Positions of those it is wanted for.
    count
        Nearest people of the same group, besides the person itself; everybody as near as the last of them counts too.
        They are sought within the exact-matching cell; where a person is alone in it, anywhere in the group.

    Returns
    -------
    numpy.ndarray
        With divisor n - 1 of the n people at each point.

    Notes
    -----
    Abadie, A., Drukker, D., Herr, J. L. and Imbens, G. W. (2004), Stata Journal 4, 290-311, section 2.5.
    """
    found = np.zeros(len(people))
    anywhere = replace(where, cells=np.where(where.cells >= 0, 0, -1))
    for side in (True, False):
        pool = np.flatnonzero((treated == side) & (where.cells >= 0))
        pool = pool[np.lexsort((values[pool], *where.coordinates[pool].T))]  # sums in one order whatever the rows'
        mine = np.flatnonzero(treated[people] == side)
        if not len(mine):
            continue
        size, variance = _variances(where, values, people[mine], pool, count)
        alone = size < 2
        if alone.any():
            variance[alone] = _variances(anywhere, values, people[mine[alone]], pool, count)[1]
        found[mine] = variance
    return found


def _variances(where: Closeness, values: Floats, people: Rows, pool: Rows, count: int) -> tuple[Floats, Floats]:
    """Return how many people stand around each (itself among them), and the variance of their values."""
    sums = _along_the_line if where.thin() else _around
    size, total, squares = sums(where, values, people, pool, count + 1)
    several = np.maximum(size, 2)
    return size, np.maximum(squares - total**2 / several, 0.0) / (several - 1)


def _along_the_line(
    where: Closeness, values: Floats, people: Rows, pool: Rows, count: int
) -> tuple[Floats, Floats, Floats]:
    line = line_of(where, people, pool, count)
    ordered = values[line.pool]
    totals = [np.concatenate([[0.0], np.cumsum(part)]) for part in (np.ones(len(ordered)), ordered, ordered**2)]
    size, total, squares = (np.asarray(each[line.last] - each[line.first]) for each in totals)
    return size, total, squares


def _around(where: Closeness, values: Floats, people: Rows, pool: Rows, count: int) -> tuple[Floats, Floats, Floats]:
    place = np.empty(len(values), dtype=np.intp)
    place[people] = np.arange(len(people))
    order = people[np.lexsort((values[people], *where.coordinates[people].T))]
    found = np.zeros((3, len(people)))
    for some, others, near in looked_up(where, order, pool, count):
        counted, own = near.astype(np.float64), values[others]
        for part, numbers in enumerate((np.ones(len(others)), own, own**2)):
            found[part, place[some]] = counted @ numbers
    return found[0], found[1], found[2]
