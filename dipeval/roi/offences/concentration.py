"""Averages of a weighted group with its dearest people left out, and how much of the cost a few people hold.

People of the same value are taken together as one level with the sum of their weights, so that an average needs one
pass over the levels, for one set of weights or for a thousand at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dipeval.roi.chain import Array

TOP_SHARES: Final = (0.01, 0.05, 0.10)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """One group of people, cheapest first, those of the same value together.

    Parameters
    ----------
    people
        Positions of the people, in order of value and then as given.
    level
        Number of the level of each of them, from 0.
    values
        The value of each level, rising.
    """

    people: NDArray[np.intp]
    level: NDArray[np.intp]
    values: Array

    def weights(self, weights: Array) -> Array:
        """Return the weight of every level.

        Parameters
        ----------
        weights
            One a person, in the order in which `levels_of` was given them.
        """
        found: Any = np.bincount(self.level, weights=weights[self.people], minlength=len(self.values))
        return np.asarray(found, dtype=np.float64)


def levels_of(values: Array, rows: NDArray[np.bool_], order: NDArray[np.intp]) -> Levels:
    """Return one group by value.

    Parameters
    ----------
    values
        One a person.
    rows
        Who is in the group.
    order
        Everybody, in an order that says nothing of where the rows stood.

    Returns
    -------
    Levels
    """
    inside = order[rows[order]]
    people = inside[np.argsort(values[inside], kind="stable")]
    distinct, level = np.unique(values[people], return_inverse=True)
    return Levels(people=people, level=level.reshape(-1).astype(np.intp), values=distinct)


def average(values: Array, weights: Array, low: float = 0.0, high: float = 1.0) -> Array:
    """Return the mean of the part of a group between two shares of its weight, cheapest first.

    Parameters
    ----------
    values
        Of the levels, rising: (L,).
    weights
        Of the levels: (L,), or (draws, L).
    low, high
        Shares of the weight: 0 and 0.95 leave the dearest 5% out. A level on the border counts in part.

    Returns
    -------
    numpy.ndarray
        One number, or one a draw.

    Examples
    --------
    >>> values, weights = np.array([0.0, 10.0, 100.0]), np.array([5.0, 4.0, 1.0])
    >>> float(average(values, weights)), float(average(values, weights, 0.0, 0.9))
    (14.0, 4.444444444444445)
    """
    kept = _between(weights, low, high)
    return np.asarray((kept * values).sum(axis=-1) / kept.sum(axis=-1), dtype=np.float64)


def share_of_top(values: Array, weights: Array, share: float) -> Array:
    """Return how much of all cost the dearest people hold; NaN where there is no cost.

    Parameters
    ----------
    values, weights
        As for `average`.
    share
        Of the group's weight: 0.01 for the dearest 1%.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> float(share_of_top(np.array([0.0, 10.0, 100.0]), np.array([5.0, 4.0, 1.0]), 0.1))
    0.7142857142857143
    """
    whole = (weights * values).sum(axis=-1)
    top = (_between(weights, 1.0 - share, 1.0) * values).sum(axis=-1)
    return np.divide(top, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)


def people_between(levels: Levels, weights: Array, low: float, high: float) -> int:
    """Count the people with a part in the weight between two shares, taken one by one in order of value.

    Parameters
    ----------
    levels
        The group.
    weights
        One a person, in the order in which `levels_of` was given them.
    low, high
        Shares of the weight, cheapest first.

    Returns
    -------
    int
    """
    kept = _between(weights[levels.people], low, high)
    # Less than a millionth of a person's weight is rounding.
    return int((kept > 1e-6 * weights[levels.people]).sum())


def _between(weights: Array, low: float, high: float) -> Array:
    """The part of every level's weight that lies between two shares of the whole."""
    reached = np.cumsum(weights, axis=-1)
    whole = reached[..., -1:]
    clipped = np.clip(reached, low * whole, high * whole)
    first = np.maximum(clipped[..., :1] - low * whole, 0.0)
    return np.concatenate([first, np.diff(clipped, axis=-1)], axis=-1)
