"""Columns that already are what the contract asks for: passed through, never written out as text and parsed again."""

from __future__ import annotations

import operator
from typing import Final

import numpy as np
import pandas as pd

from dipeval.extracts.contracts import Column
from dipeval.extracts.dates import EARLIEST, LATEST
from dipeval.extracts.parsing import LARGEST_WHOLE, standard_words

_CHUNK: Final = 2**17
_FIRST_DAY: Final = EARLIEST.to_datetime64().astype("datetime64[D]")
_DAY_AFTER: Final = LATEST.to_datetime64().astype("datetime64[D]") + np.timedelta64(1, "D")
_NUMBERS: Final = ("float64", "int64", "Int64")


def ready_values(values: pd.Series, column: Column) -> pd.Series | None:
    """Return a typed column as the contract keeps it, or None if it has to be read as text.

    Whatever could be a fault is left to the parser, which knows how to say it. The result may be `values` itself.

    Parameters
    ----------
    values
        A column of a DataFrame.
    column
        Its contract.

    Returns
    -------
    Series or None
        The same that `parse_column` makes of the column written as text.

    Examples
    --------
    >>> column = Column(name="test_date", kind="date", meaning="Day of the test.")
    >>> ready_values(pd.Series(pd.to_datetime(["2024-03-01 14:05"])), column).tolist()
    [Timestamp('2024-03-01 00:00:00')]
    >>> ready_values(pd.Series(["01/03/2024"]), column) is None
    True
    """
    if column.kind == "date":
        return _dates(values)
    if column.kind == "boolean":
        return values.astype("boolean") if values.dtype in ("bool", "boolean") else None
    if column.kind in ("number", "integer"):
        return _numbers(values, whole=column.kind == "integer")
    return standard_words(values, column) if _is_clean_text(values) else None


def _dates(values: pd.Series) -> pd.Series | None:
    if not isinstance(values.dtype, np.dtype) or values.dtype.kind != "M":
        return None
    days = values.to_numpy()
    if not bool((((days >= _FIRST_DAY) & (days < _DAY_AFTER)) | np.isnat(days)).all()):
        return None
    whole = pd.DatetimeIndex(values, copy=False).is_normalized
    return (values if whole else values.dt.normalize()).astype("datetime64[us]", copy=False)


def _numbers(values: pd.Series, *, whole: bool) -> pd.Series | None:
    if values.dtype not in _NUMBERS:
        return None
    known = values.dropna().to_numpy(dtype="float64")
    # Neither infinite nor beyond the whole numbers that a double holds exactly.
    if not bool((np.abs(known) <= LARGEST_WHOLE).all()) or (whole and bool((known % 1 != 0).any())):
        return None
    return values.astype("Int64" if whole else "float64")


def _is_clean_text(values: pd.Series) -> bool:
    """Say whether every cell is None or trimmed text that is not empty."""
    if values.dtype != object:
        return False
    cells = values.to_numpy()
    return all(_are_clean(cells[start : start + _CHUNK]) for start in range(0, len(cells), _CHUNK))


def _are_clean(cells: np.ndarray) -> bool:
    words = [cell for cell in cells.tolist() if cell is not None]
    try:
        # str.strip hands back the very same object when there is nothing to trim.
        return all(words) and all(map(operator.is_, map(str.strip, words), words))
    except TypeError:
        # Not text: numbers, dates, another kind of missing.
        return False
