"""Who comes first, and who is dealt where, among the people of a finished design: by their ids, never by their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError
from dipeval.matching.design import Design
from dipeval.matching.ids import read_ids
from dipeval.matching.ties import seeded_order

Ints = NDArray[np.int64]


def places_by_id(design: Design) -> Ints:
    """Return the positions that sort the people of a design by id.

    Parameters
    ----------
    design
        A finished design.

    Returns
    -------
    numpy.ndarray
    """
    return design._order.copy()


def seeded_places(design: Design, seed: int, purpose: str) -> Ints:
    """Return the positions that sort the people of a design by a seeded hash of their ids (`ties.seeded_order`).

    Parameters
    ----------
    design
        A finished design.
    seed, purpose
        Another seed, or another purpose, gives another order.

    Returns
    -------
    numpy.ndarray
    """
    return seeded_order(read_ids(pd.Index(design.to_frame()["id"])), seed, purpose)


def units_in_order(units: Ints, order: Ints) -> Ints:
    """Number units of people (persons with several rows, pairs, sets) by who of their people comes first.

    Parameters
    ----------
    units
        Code of the unit of each person; below 0 for people in none.
    order
        Positions of people, first to last.

    Returns
    -------
    numpy.ndarray
        Number of each person's unit, from 0; -1 for people in none.

    Examples
    --------
    >>> units_in_order(np.array([7, 3, 7, -1]), np.array([3, 1, 0, 2])).tolist()
    [1, 0, 1, -1]
    """
    numbers = np.full(len(units), -1, dtype=np.int64)
    inside = order[units[order] >= 0]
    _, first, of = np.unique(units[inside], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    numbers[inside] = rank[of]
    return numbers


def dealt(design: Design, used: NDArray[np.bool_], folds: int, seed: int, persons: Ints | None = None) -> Ints:
    """Deal people into parts of equal size, treated and comparison people apart.

    Parameters
    ----------
    design
        A finished design: its ids decide, by a seeded hash.
    used
        Who is dealt.
    folds
        Number of parts.
    seed
        Another seed deals otherwise.
    persons
        Code of the person behind each row, where rows of one person must stay together; a person with any treated row
        is dealt with the treated.

    Returns
    -------
    numpy.ndarray
        Part of each person, from 0; -1 for people not used.

    Raises
    ------
    InputError
        If `folds` is no whole number above 0, or `seed` is no whole number.
    DesignError
        If a group has fewer than two persons for each part.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
    >>> np.bincount(dealt(design, np.ones(1445, dtype=bool), 5, seed=1)).tolist()
    [290, 290, 289, 288, 288]
    """
    _check(folds, seed)
    order = seeded_places(design, int(seed), "folds")
    order = order[used[order]]
    codes = np.arange(len(used), dtype=np.int64) if persons is None else np.asarray(persons, dtype=np.int64)
    units = units_in_order(codes, order)
    n_units = int(units.max(initial=-1)) + 1
    is_treated = np.bincount(units[order], weights=design.treated.to_numpy(dtype=bool)[order], minlength=n_units) > 0
    part = np.empty(n_units, dtype=np.int64)
    for who, group in (("treated", is_treated), ("comparison", ~is_treated)):
        count = int(group.sum())
        if count < 2 * folds:
            raise DesignError(
                f"There are {count} {who} people for {folds} parts, and each part needs 2 of them at least: use fewer "
                "parts (folds=), or folds=1 for none."
            )
        part[group] = np.arange(count) % folds
    found = np.full(len(used), -1, dtype=np.int64)
    found[order] = part[units[order]]
    return found


def _check(folds: Any, seed: Any) -> None:
    for name, value in (("folds", folds), ("seed", seed)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
            raise InputError(f"{name} must be a whole number; it is {value!r}.")
    if folds < 1:
        raise InputError(f"folds must be a whole number of at least 1; it is {folds!r}.")
