"""From a frame with one row a period to a series in time order, its gaps kept; every fault is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.change.spans import every_of, label_of, place_of, texts_of

MOST_GAPS: Final = 400
_HOW = "write 2013-Q2 (quarter), 2013-04 (month), 2013 or 2013-14 (years), or whole numbers"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """A series in time order, missing periods included.

    Parameters
    ----------
    frame
        One row a period from the first to the last: period, place, numerator, denominator, squares, status, told.
    every
        Kind of period.
    """

    frame: pd.DataFrame
    every: str

    @property
    def missing(self) -> list[str]:
        """Periods without a row."""
        return self.frame.loc[self.frame["status"] == "missing", "period"].tolist()


def check_columns(data: object, wanted: Sequence[tuple[str, str | None]]) -> pd.DataFrame:
    """Return the frame if it has the columns named; else say all that are missing.

    Examples
    --------
    >>> check_columns(pd.DataFrame({"tests": [1]}), [("units", "test")])
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: data has no column 'test' (units; did you mean 'tests'?); its columns are tests.
    """
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"data is a {type(data).__name__}; give a pandas DataFrame with one row a period.")
    names = [str(name) for name in data.columns]
    faults = []
    for argument, column in wanted:
        if column is not None and column not in names:
            near = did_you_mean(str(column), names).replace(" (", "; ").rstrip(")")
            faults.append(f"'{column}' ({argument}{near})")
    if faults:
        raise InputError(f"data has no column {', '.join(faults)}; its columns are {', '.join(names[:30])}.")
    return data


def read_periods(values: pd.Series[Any]) -> tuple[list[str], list[int], str]:
    """Return labels, places in time and the kind of period.

    Raises
    ------
    dipeval.InputError
        If a period is missing, or they are not all of one known kind.
    """
    if values.isna().any():
        raise InputError(f"{int(values.isna().sum())} rows have no period; {_HOW}.")
    if pd.api.types.is_datetime64_any_dtype(values):
        raise InputError("The periods are days; turn them into periods first: data['period'].dt.to_period('Q').")
    labels = texts_of(values)
    if not labels:
        return [], [], "number"
    every = "number" if pd.api.types.is_integer_dtype(values) else every_of(labels)
    if every is None:
        raise InputError(f"The periods are not all of one kind that is known; {_HOW}.")
    return labels, [place_of(label, every) for label in labels], every


def numbers_of(data: pd.DataFrame, column: str, faults: list[str]) -> np.ndarray:
    """Return a column as numbers; text and negative numbers are added to the faults."""
    numbers = pd.to_numeric(data[column], errors="coerce").astype("float64").to_numpy()
    unread = int((np.isnan(numbers) & data[column].notna().to_numpy()).sum())
    if unread:
        faults.append(f"{unread} values of '{column}' are no numbers.")
    negative = int(((numbers < 0) | np.isinf(numbers)).sum())
    if negative:
        faults.append(f"{negative} values of '{column}' are negative or infinite; counts are 0 or more.")
    return numbers


def read_series(
    data: object, *, numerator: str, denominator: str | None, period: str, squares: str | None = None
) -> Series:
    """Return the series of a frame, periods in order and gaps filled with rows that are not told."""
    named = [("numerator", numerator), ("denominator", denominator), ("period", period), ("squares", squares)]
    frame = check_columns(data, named)
    if frame.empty:
        raise InputError("data has no rows; give one row a period.")
    faults: list[str] = []
    labels, places, every = read_periods(frame[period])
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        faults.append(
            f"{len(twice)} periods stand more than once ({', '.join(twice[:5])}); give one row a period: choose one "
            "district, one indicator and one group first."
        )
    parts = {"numerator": numbers_of(frame, numerator, faults)}
    parts["denominator"] = np.ones(len(frame)) if denominator is None else numbers_of(frame, denominator, faults)
    parts["squares"] = np.full(len(frame), np.nan) if squares is None else numbers_of(frame, squares, faults)
    if faults:
        raise InputError(" ".join(faults))
    status = (
        frame["status"].astype("string").fillna("ok").tolist() if "status" in frame.columns else ["ok"] * len(frame)
    )
    rows = pd.DataFrame({"period": labels, "place": places, **parts, "status": status}).set_index("place")
    return Series(frame=_complete(rows, every), every=every)


def _complete(rows: pd.DataFrame, every: str) -> pd.DataFrame:
    """Rows for every period between the first and the last, and which of them are told."""
    first, last = int(rows.index.min()), int(rows.index.max())
    if last - first + 1 > len(rows) + MOST_GAPS:
        raise InputError(
            f"Between the first and the last period, {last - first + 1 - len(rows)} are missing; check them."
        )
    whole = rows.reindex(range(first, last + 1)).rename_axis("place").reset_index()
    whole["status"] = whole["status"].fillna("missing")
    whole["period"] = [label_of(int(place), every) for place in whole["place"]]
    known = whole["numerator"].notna() & whole["denominator"].notna()
    whole.loc[(whole["status"] == "ok") & ~known, "status"] = "missing"
    whole.loc[(whole["status"] == "ok") & (whole["denominator"] <= 0), "status"] = "no_units"
    whole["told"] = whole["status"] == "ok"
    return whole
