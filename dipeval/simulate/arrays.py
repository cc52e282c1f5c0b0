"""Small conversions between whole-number days or codes and the column types of the extracts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Array = np.ndarray[Any, np.dtype[Any]]

MISSING: Final = -(2**31)  # a day that never came
_MICROSECONDS_A_DAY: Final = 86_400_000_000


def day_number(date: dt.date) -> int:
    """Return days since 1970-01-01.

    Examples
    --------
    >>> day_number(dt.date(1970, 1, 3))
    2
    """
    return (date - dt.date(1970, 1, 1)).days


def to_dates(days: Array) -> Array:
    """Turn day numbers into dates at midnight (microseconds), `MISSING` into NaT.

    Examples
    --------
    >>> to_dates(np.array([0, MISSING], dtype=np.int32)).astype(str).tolist()
    ['1970-01-01T00:00:00.000000', 'NaT']
    """
    wide = days.astype(np.int64)
    result = wide * _MICROSECONDS_A_DAY
    result[wide == MISSING] = np.iinfo(np.int64).min
    return result.view("datetime64[us]")


def to_text(codes: Array, words: Sequence[str]) -> Array:
    """Turn codes into words (object dtype); -1 becomes None.

    Examples
    --------
    >>> to_text(np.array([1, -1]), ["a", "b"]).tolist()
    ['b', None]
    """
    lookup = np.empty(len(words) + 1, dtype=object)
    lookup[:-1] = list(words)
    return lookup[codes]


def numbered(prefix: str, numbers: Array, width: int = 8) -> Array:
    """Return identifiers such as ``T0000012`` as an object array.

    Examples
    --------
    >>> numbered("T", np.array([12, 3]), 4).tolist()
    ['T0012', 'T0003']
    """
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=width, padding="0")
    joined = pc.binary_join_element_wise(pa.scalar(prefix), digits, pa.scalar(""))
    return np.asarray(joined.to_numpy(zero_copy_only=False), dtype=object)


def pick(rng: np.random.Generator, weights: Sequence[float] | Array, size: int) -> Array:
    """Draw codes 0, 1, ... with the given weights.

    Examples
    --------
    >>> pick(np.random.default_rng(1), [0.0, 1.0], 3).tolist()
    [1, 1, 1]
    """
    cumulative = np.cumsum(np.asarray(weights, dtype=float))
    cumulative /= cumulative[-1]
    return np.searchsorted(cumulative, rng.random(size), side="right").clip(0, len(cumulative) - 1)


def years_after(days: Array, years: Array) -> Array:
    """Move dates by whole years, keeping month and day (29 February becomes 28 February when needed).

    Examples
    --------
    >>> leap = np.array([day_number(dt.date(1980, 2, 29))])
    >>> to_dates(years_after(leap, np.array([1]))).astype("datetime64[D]").astype(str).tolist()
    ['1981-02-28']
    """
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    day_of_month = (date - month.astype("datetime64[D]")).astype(np.int64)
    moved = month + (12 * years).astype("timedelta64[M]")
    first, following = moved.astype("datetime64[D]"), (moved + np.timedelta64(1, "M")).astype("datetime64[D]")
    length = (following - first).astype(np.int64)
    return (first.astype(np.int64) + np.minimum(day_of_month, length - 1)).astype(np.int32)
