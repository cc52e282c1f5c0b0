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


_HASH_BITS = 24  # the least of a hash that must find room beside the ranks


def one_value(value: float, size: int, kind: type = np.float64) -> Any:
    """Return a column that holds one value, which takes no room: it can be read, and not written to."""
    return np.broadcast_to(np.array(value, dtype=kind), (size,))


def is_one_value(values: Any) -> bool:
    """Whether a column was made by `one_value`."""
    return bool(values.strides == (0,))


def taken(values: Any, keep: Integers) -> Any:
    """Return the rows numbered; a column of one value stays one."""
    return values[: len(keep)] if is_one_value(values) and len(keep) <= len(values) else values[keep]


def canonical_order(rows: Rows) -> Integers:
    """Sort by stratum, group, time, event and entry, then by a hash of the whole row's contents."""
    mixed = _row_hash(rows)
    ranks = [codes for key in _first_keys(rows) if (codes := _rank_codes(key)) is not None]
    packed = _packed(ranks, mixed)
    if packed is None:
        order = np.argsort(mixed)
        for codes in reversed(ranks):
            order = order[np.argsort(codes[order], kind="stable")]
    else:
        mixed, order = packed, np.argsort(packed)
    ordered = mixed[order]
    twins = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twins) and _differ(rows, order[twins], order[twins + 1]):
        return np.lexsort([*_contents(rows), rows.entry, rows.event, rows.time, rows.group, rows.stratum])
    return order


def _first_keys(rows: Rows) -> list[Any]:
    return [rows.stratum, rows.group, rows.time, rows.event, rows.entry]


def _packed(ranks: list[Integers], mixed: Integers) -> Integers | None:
    """Put all ranks and what room is left of the hash into one number a row, which sorts in one pass; None if full."""
    widths = [int(codes.max()).bit_length() for codes in ranks]
    room = 64 - sum(widths)
    if room < _HASH_BITS:
        return None
    out = mixed >> np.uint64(64 - room) if room < 64 else mixed
    shift = room
    for codes, width in zip(reversed(ranks), reversed(widths), strict=True):
        out = out | (codes.astype(np.uint64) << np.uint64(shift))
        shift += width
    return out


def _contents(rows: Rows) -> list[Floats]:
    together = [codes for _, codes in rows.clusterings]
    person = [] if rows.person is None else [rows.person]
    weights = [rows.weight] if rows.weighted else []
    return [*rows.covariates.T, *together, *person, *([rows.offset] if rows.offset.any() else []), *weights]


def _row_hash(rows: Rows) -> Integers:
    """Mix every column into 64 bits a row, with the multipliers of SplitMix64 (Steele, Lea and Flood 2014)."""
    mixed = np.full(len(rows), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column_values in (one for one in [*_contents(rows), rows.entry, rows.time] if not is_one_value(one)):
        mixed ^= (column_values + 0.0).view(np.uint64)  # adding nothing turns -0.0, the same number, into 0.0
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(29))


def _rank_codes(values: Any) -> Integers | None:
    """Return ranks in the smallest whole numbers that hold them (16 bits sort fastest), or None where all are alike."""
    if is_one_value(values) or (values == values[0]).all():
        return None
    if values.dtype == np.float64:
        values = _ranks(values)
    return values.astype(np.uint16) if int(values.max()) < 2**16 else values


def _ranks(values: Floats) -> Integers:
    """Return numbers that stand in the same order: whole days serve as they are."""
    if values.min() >= 0 and values.max() < 2**20 and (values == np.floor(values)).all():
        return values.astype(np.int64)
    return pd.factorize(values, sort=True)[0]


def _differ(rows: Rows, one: Integers, other: Integers) -> bool:
    return any((key[one] != key[other]).any() for key in [*_contents(rows), rows.entry, rows.time, rows.event])
