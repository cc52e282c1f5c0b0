"""People spread over the intervals in which they were at risk: a row a person and interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.columns import Flags, Floats, Integers, Rows
from dipeval.survival.options import finite_numbers

MOST_ROWS = 5_000_000
_MOST_COUNTED = 1e18
_SAME = 1e-9  # a time this close to the edge of an interval, in widths, is on it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Periods:
    """Rows by person and interval.

    Parameters
    ----------
    row
        Row of `Rows` each came from.
    interval
        From 1: interval k is over ((k - 1) widths, k widths], or between cuts k - 1 and k.
    event
        Whether the event came in it.
    exposure
        Time at risk in it.
    """

    row: Integers
    interval: Integers
    event: Flags
    exposure: Floats

    def __len__(self) -> int:
        return len(self.row)


def spread(rows: Rows, cuts: Floats) -> Periods:
    """Spread rows over intervals that end at the cuts and, after the last, at infinity.

    Parameters
    ----------
    rows
        The people or spells.
    cuts
        Increasing times above 0.
    """
    entry = np.maximum(rows.entry, 0.0)
    first = np.searchsorted(cuts, entry, side="right")
    last = np.searchsorted(cuts, rows.time, side="left")
    counts = np.where(rows.time > 0, last - first + 1, 0)
    _check_size(int(counts.sum()), len(rows))
    row = np.repeat(np.arange(len(rows)), counts)
    begun = np.cumsum(counts) - counts
    interval = np.arange(len(row)) - begun[row] + first[row]
    edges = np.concatenate([[0.0], cuts, [np.inf]])
    start, stop = np.maximum(edges[interval], entry[row]), np.minimum(edges[interval + 1], rows.time[row])
    event = rows.event[row] & (interval == last[row])
    return Periods(row=row, interval=interval + 1, event=event, exposure=stop - start)


def regular_cuts(rows: Rows, width: float) -> Floats:
    """Return the ends of intervals of one width up to the last time; times on an edge by rounding are put on it."""
    count = int(np.ceil(min(float(rows.time.max()) / width, _MOST_COUNTED) - _SAME))
    _check_size(count, len(rows))
    cuts = width * np.arange(1, count + 1, dtype=float)
    times = np.unique(np.concatenate([rows.time, rows.entry[np.isfinite(rows.entry)]]))
    place = np.minimum(np.searchsorted(times, cuts - _SAME * width), len(times) - 1)
    return np.where(np.abs(times[place] - cuts) <= _SAME * width, times[place], cuts)


def check_cuts(cuts: Sequence[float]) -> Floats:
    """Return the cuts as increasing times above 0."""
    found = finite_numbers(cuts)
    if found is None or not len(found) or (found <= 0).any():
        raise EstimationError("`cuts` is a list of times above 0 at which the rate may change, such as [90, 180].")
    if (np.diff(found) <= 0).any():
        raise EstimationError("`cuts` must increase, each time once.")
    return found


def _check_size(size: int, n: int) -> None:
    if size > MOST_ROWS:
        raise EstimationError(
            f"{n:,} rows would become {size:,} by interval, more than {MOST_ROWS:,}: take wider intervals "
            "(`width=7` for weeks of days, for example)."
        )
