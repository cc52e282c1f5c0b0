"""One order for the rows of an analysis, whatever order the caller holds them in, at the cost of a few passes.

Sorting by every column would cost more than fitting the model. A 64-bit hash of all that a row holds stands in for the
columns that only break ties; should two different rows ever share one, every column is sorted by after all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from dipeval.survival.columns import Floats, Integers, Rows


def canonical_order(rows: Rows) -> Integers:
    """Sort by stratum, group, time, event and entry, then by a hash of the whole row's contents."""
    mixed = _row_hash(rows)
    order = np.argsort(mixed)
    for key in (rows.entry, rows.event, rows.time, rows.group, rows.stratum):
        codes = _rank_codes(key)
        if codes is not None:
            order = order[np.argsort(codes[order], kind="stable")]
    twins = np.flatnonzero(mixed[order][1:] == mixed[order][:-1])
    if len(twins) and _differ(rows, order[twins], order[twins + 1]):
        return np.lexsort([*_contents(rows), rows.entry, rows.event, rows.time, rows.group, rows.stratum])
    return order


def _contents(rows: Rows) -> list[Floats]:
    together = [codes for _, codes in rows.clusterings]
    person = [] if rows.person is None else [rows.person]
    weights = [rows.weight] if rows.weighted else []
    return [*rows.covariates.T, *together, *person, *([rows.offset] if rows.offset.any() else []), *weights]


def _row_hash(rows: Rows) -> Integers:
    """Mix every column into 64 bits a row, with the multipliers of SplitMix64 (Steele, Lea and Flood 2014)."""
    mixed = np.full(len(rows), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column_values in [*_contents(rows), rows.entry, rows.time]:
        mixed ^= (column_values + 0.0).view(np.uint64)  # adding nothing turns -0.0, the same number, into 0.0
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(29))


def _rank_codes(values: Any) -> Integers | None:
    """Return ranks in the smallest whole numbers that hold them (16 bits sort fastest), or None where all are alike."""
    first = values[0]
    if (values == first).all():
        return None
    if values.dtype == np.float64:
        values = pd.factorize(values, sort=True)[0]
    return values.astype(np.uint16) if int(values.max()) < 2**16 else values


def _differ(rows: Rows, one: Integers, other: Integers) -> bool:
    return any((key[one] != key[other]).any() for key in [*_contents(rows), rows.entry, rows.time, rows.event])
