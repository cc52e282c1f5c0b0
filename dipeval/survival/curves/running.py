"""The variance of a curve at every step at once, by the infinitesimal jackknife, in O(n log n).

What a cluster contributes to an estimate at time t can be written as a few numbers that change only when one of its
rows comes under observation or leaves, each times a curve that is the same for all. The sum of squares over clusters
then needs only running totals of the products of those numbers: no table of rows by times is ever held.

Sources: Efron (1982), *The Jackknife, the Bootstrap and Other Resampling Plans*, SIAM; Cameron, Gelbach and Miller
(2011), *JBES* 29, 238-249, for two clusterings at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.survival.columns import Floats, Integers, Rows

Products = dict[tuple[int, int], Floats]  # at every step the sum over clusters of the product of two numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """One number that every row carries: how it changes at the row's entry and at its end (per unit of weight)."""

    at_entry: Floats
    at_end: Floats


def held(rows: Rows) -> State:
    """Return the number that is 1 while a row is at risk."""
    return State(at_entry=np.ones(len(rows)), at_end=-np.ones(len(rows)))


def running_variance(rows: Rows, *, came: Integers, left: Integers, states: Sequence[State], curves: Floats) -> Floats:
    """Return, at every step, the sum over clusters of the square of what they contribute.

    Parameters
    ----------
    rows
        Rows with their weights and clusterings.
    came, left
        For every row the step at which it enters and at which it ends.
    states
        The numbers each row carries.
    curves
        Steps by states: how each of those numbers counts at each step.

    Returns
    -------
    numpy.ndarray
        Steps. With two clusterings the sum of both less what they share; where that is not above 0, the larger one.
    """
    if not rows.clusterings:
        return _contract(_rows_alone(rows.weight, came, left, states, len(curves)), curves)
    found = [
        _contract(_by_cluster(rows.weight, codes, came, left, states, len(curves)), curves)
        for _, codes in rows.clusterings
    ]
    if len(found) == 1:
        return found[0]
    together = found[0] + found[1] - found[2]
    return np.where(together > 0, together, np.maximum(found[0], found[1]))


def _contract(products: Products, curves: Floats) -> Floats:
    total = np.zeros(len(curves))
    for (i, j), product in products.items():
        total += (1 if i == j else 2) * curves[:, i] * curves[:, j] * product
    return np.maximum(total, 0.0)


def _pairs(size: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(size) for j in range(i, size)]


def _rows_alone(weight: Floats, came: Integers, left: Integers, states: Sequence[State], size: int) -> Products:
    """Every row its own cluster: two changes each, and no sorting."""
    entered = [weight * state.at_entry for state in states]
    ended = [before + weight * state.at_end for before, state in zip(entered, states, strict=True)]
    late = bool(came.any())
    out = {}
    for i, j in _pairs(len(states)):
        at_first = entered[i] * entered[j]
        change = np.bincount(left, weights=ended[i] * ended[j] - at_first, minlength=size)
        if late:
            change += np.bincount(came, weights=at_first, minlength=size)
        else:
            change[0] += at_first.sum()
        out[i, j] = np.cumsum(change)
    return out


def _by_cluster(
    weight: Floats, codes: Integers, came: Integers, left: Integers, states: Sequence[State], size: int
) -> Products:
    """Add up a cluster's rows in order of time, then the changes of its products at each step."""
    when, who = np.concatenate([came, left]), np.concatenate([codes, codes])
    order = np.argsort(who * size + when, kind="stable")  # rows themselves stand in canonical order
    when, who = when[order], who[order]
    changes = [np.concatenate([weight * state.at_entry, weight * state.at_end])[order] for state in states]
    after = pd.DataFrame(np.column_stack(changes)).groupby(who, sort=False).cumsum().to_numpy().T
    before = np.zeros_like(after)
    before[:, 1:] = np.where(who[1:] == who[:-1], after[:, :-1], 0.0)
    return {
        (i, j): np.cumsum(np.bincount(when, weights=after[i] * after[j] - before[i] * before[j], minlength=size))
        for i, j in _pairs(len(states))
    }
