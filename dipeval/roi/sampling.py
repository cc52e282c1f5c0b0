"""Random draws that depend on nothing but the seed: not on the order of the groups, not on one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import stats
from scipy.stats import qmc

from dipeval.errors import InvariantError

Array = np.ndarray[Any, np.dtype[np.float64]]

# Streams of the same seed, so that drawing one thing more does not change what is drawn of another.
_SCALARS, _MIX, _SPLIT = 1, 2, 3
# A share of exactly 0 or 1 would be an infinite draw of a distribution without ends.
_EDGE: Final = 1e-12
# Below this part of the largest, an eigenvalue of a covariance is rounding.
_RANK: Final = 1e-12
# Beyond this part of the largest entry, a negative eigenvalue is not rounding.
_NEGATIVE: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """How an effect by group varies around its total.

    Parameters
    ----------
    total
        Sum over the groups.
    towards
        What each group gains when the total rises by one, (G,), adding up to 1.
    root
        (G, R): the split, its total held, is `root` times R independent standard normal figures; R may be 0.
    """

    total: float
    towards: Array
    root: Array

    @property
    def is_uncertain(self) -> bool:
        """Whether the split varies at all once the total is held."""
        return bool(self.root.shape[1])


def latin_hypercube(n: int, columns: int, seed: int) -> Array:
    """Return n shares between 0 and 1 a column, each n-th part of the range hit once, never 0 or 1.

    Examples
    --------
    >>> shares = latin_hypercube(4, 2, 0)
    >>> np.sort(np.floor(4 * shares[:, 1])).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    if not columns:
        return np.empty((n, 0))
    return _cube(n, columns, seed, _SCALARS)


def dirichlet(groups: Sequence[str], shares: Array, count: float, n: int, seed: int) -> Array:
    """Return n mixes whose mean is `shares`, as uncertain as `count` offences leave them; a share of 0 stays 0.

    Examples
    --------
    >>> drawn = dirichlet(("a", "b", "c"), np.array([0.3, 0.7, 0.0]), 50, 2000, 0)
    >>> drawn.mean(axis=0).round(2).tolist(), bool((drawn.sum(axis=1).round(12) == 1).all())
    ([0.3, 0.7, 0.0], True)
    """
    order, back = _orders(groups)
    parts = np.random.default_rng([seed, _MIX]).standard_gamma((count * shares)[order], size=(n, len(order)))
    # Cumulative sums add one group after the other, in the same order whatever the layout of the array.
    mixes: Array = (parts / np.cumsum(parts, axis=1)[:, -1:])[:, back]
    return mixes


def split_of(groups: Sequence[str], averted: Array, covariance: Array, error: float) -> Split:
    """Return how an effect by group varies, its covariance scaled so that the total has this standard error.

    Parameters
    ----------
    groups
        Names, each once.
    averted, covariance
        (G,) and (G, G), positive semi-definite but for rounding; it may be singular.
    error
        Standard error of the total; a total without one has a split without one.

    Returns
    -------
    Split

    Raises
    ------
    InvariantError
        If the covariance is not one.
    """
    if not (np.isfinite(averted).all() and np.isfinite(covariance).all()):
        raise InvariantError("the effects by group, or their covariance, are not all numbers")
    order, back = _orders(groups)
    means, matrix = averted[order], covariance[np.ix_(order, order)]
    matrix = (matrix + matrix.T) / 2
    along = matrix.sum(axis=1)
    variance = float(along.sum())
    if variance > _RANK * max(float(np.abs(matrix).sum()), np.finfo(float).tiny):
        towards = along / variance
        scale = error**2 / variance
        held = matrix - np.outer(along, towards)
    else:
        # The total of such groups does not vary by itself: a change of it is shared as the effect is.
        towards, scale, held = _shared(means), float(error > 0), matrix
    root = _root(held, float(np.abs(matrix).max(initial=0.0))) * math.sqrt(scale)
    return Split(total=math.fsum(means.tolist()), towards=towards[back], root=root[back, :] if scale else root[:, :0])


def split(how: Split, n: int, seed: int) -> Array:
    """Return n draws of what is added to each group, adding up to 0, (n, G)."""
    shares = _cube(n, how.root.shape[1], seed, _SPLIT)
    drawn: Array = np.einsum("nr,gr->ng", stats.norm.ppf(shares), how.root, optimize=False)
    return drawn


def _cube(n: int, columns: int, seed: int, stream: int) -> Array:
    shares: Array = qmc.LatinHypercube(d=columns, seed=np.random.default_rng([seed, stream])).random(n)
    return np.clip(shares, _EDGE, 1 - _EDGE)


def _orders(groups: Sequence[str]) -> tuple[list[int], list[int]]:
    """Positions in sorted order of the names, and the way back."""
    order = sorted(range(len(groups)), key=lambda position: groups[position])
    return order, sorted(range(len(order)), key=lambda place: order[place])


def _shared(means: Array) -> Array:
    weights = np.abs(means)
    return weights / weights.sum() if weights.any() else np.full(len(means), 1 / len(means))


def _root(held: Array, largest: float) -> Array:
    """A square root of a covariance with as many columns as it has rank, their signs settled."""
    values, vectors = np.linalg.eigh((held + held.T) / 2)
    if values.min(initial=0.0) < -_NEGATIVE * largest:
        raise InvariantError("the covariance of the effects by group is not one: it has a negative variance")
    kept = values > _RANK * largest
    root: Array = vectors[:, kept] * np.sqrt(values[kept])
    if not root.shape[1]:
        return root
    peaks = root[np.abs(root).argmax(axis=0), np.arange(root.shape[1])]
    return root * np.where(peaks < 0, -1.0, 1.0)
