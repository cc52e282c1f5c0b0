"""The people whose matches are sought: where they stand, and in which order they choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.matching.problem import Floats, Ints, Problem

NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Seekers:
    """The focal people in the order in which they choose, and where each of them stands.

    `low` and `high` are the next places of the pool to be looked at on either side; places away are counted from
    `low_from` and `high_from`; `first` up to `last` are the places of the seeker's own cell.
    """

    people: Ints
    score: Floats
    low: Ints
    high: Ints
    low_from: Ints
    high_from: Ints
    first: Ints
    last: Ints
    start: Ints


def in_turn(problem: Problem, rows: Ints, spots: Ints) -> Ints:
    """Return the order in which focal people choose.

    Parameters
    ----------
    problem
        With the order asked for.
    rows
        The people kept in the order of `base`.
    spots
        Where the focal people stand in `rows`.

    Returns
    -------
    numpy.ndarray
        Positions in `spots`: by score or turn; ties, and everybody for "closest", in the order of `base`.
    """
    by_base = np.argsort(spots, kind="stable")
    people = rows[spots[by_base]]
    order = problem.options.order
    if order == "closest":
        return by_base
    if order in ("largest", "smallest") and problem.score is not None:
        keys = problem.score[people]
        return by_base[stable_order(-keys if order == "largest" else keys)]
    return by_base[np.argsort(problem.turn[people], kind="stable")]


def stable_order(values: Floats) -> Ints:
    """Return the positions that sort numbers, equal ones in the order they come in; several times numpy's speed.

    The quick sort of numpy is not stable: the few runs of equal numbers are put in order afterwards.
    """
    order = np.argsort(values)
    ordered = values[order]
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return order
    run = np.concatenate([[0], np.cumsum(~same)])
    tied = np.zeros(len(values), dtype=bool)
    tied[1:] = same
    tied[:-1] |= same
    spots = np.flatnonzero(tied)
    mixed = order[spots]
    order[spots] = mixed[np.lexsort((mixed, run[spots]))]
    return order
