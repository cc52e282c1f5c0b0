"""Tables of totals (spend, crime, staffing, targets): their lines, and how far each reaches into the periods told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import table_contract
from dipeval.indicators.measuring.periods import Period, read_spans, year_span
from dipeval.presenting import and_join

OVERLAP_COLUMNS: Final = ("label", "period", "share_of_line", "share_of_period")


def side_table(extracts: Any, name: str) -> pd.DataFrame | None:
    """Return a table of totals as a frame, None where the source has none.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts` or `dipeval.event_tables`.
    name
        ``spend``, ``crime``, ``staffing`` or ``targets``.

    Raises
    ------
    InputError
        If a column that is needed is not there, or a number is below 0.

    Examples
    --------
    >>> import dipeval as dip
    >>> side_table(dip.simulate(people=100, seed=1), "staffing") is None
    True
    """
    if name not in extracts.names:
        return None
    if callable(getattr(extracts, "expression", None)):
        frame = extracts.engine.to_pandas(extracts.expression(name))
    else:
        frame = extracts.table(name)
    return checked(frame, name)


def checked(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Refuse a table of totals without its columns, or with numbers below 0.

    Parameters
    ----------
    frame
        The table.
    name
        Which it is.

    Examples
    --------
    >>> lines = pd.DataFrame({"district": ["Leeds"], "period": ["2013"], "offence_group": ["robbery"], "count": [-1]})
    >>> checked(lines, "crime")
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: Table crime: 1 line(s) have a number below 0 in count; correct them.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{name} must be a pandas DataFrame; it is a {type(frame).__name__}.")
    contract = table_contract(name)
    faults = []
    if missing := [column for column in contract.required if column not in frame.columns]:
        raise InputError(f"Table {name} has no column {and_join(missing)}; it needs {', '.join(contract.required)}.")
    for column in contract.columns:
        if column.kind not in ("number", "integer") or column.name not in frame.columns:
            continue
        values = pd.to_numeric(frame[column.name], errors="coerce")
        unread = int((values.isna() & frame[column.name].notna()).sum())
        below = 0 if column.minimum is None else int((values < column.minimum).sum())
        if unread:
            faults.append(f"{unread} line(s) have no number in {column.name}")
        if below:
            faults.append(f"{below} line(s) have a number below {column.minimum:g} in {column.name}")
    if faults:
        raise InputError(f"Table {name}: {'; '.join(faults)}; correct them.")
    return frame.copy()


def line_spans(
    frame: pd.DataFrame, name: str, *, column: str = "period", years: bool = False
) -> Mapping[str, tuple[dt.date, dt.date]]:
    """Return first and last day of each label of a table of totals.

    Parameters
    ----------
    frame
        The table.
    name
        Which it is, for the message.
    column
        That holds the labels.
    years
        Whether it holds nothing but years.

    Raises
    ------
    InputError
        If a label is no month, quarter or year.

    Examples
    --------
    >>> line_spans(pd.DataFrame({"period": ["2013-Q2"]}), "crime")["2013-Q2"][0].isoformat()
    '2013-04-01'
    """
    labels = [str(one).strip() for one in frame[column].unique()]
    spans = {one: year_span(one) for one in labels} if years else read_spans(labels)
    if unread := sorted(label for label, days in spans.items() if days is None):
        shown = ", ".join(f"'{label}'" for label in unread[:5])
        wanted = "a year such as 2013-14" if years else "a month (2013-04), a quarter (2013-Q2) or a year (2013-14)"
        raise InputError(f"Table {name}: {len(unread)} {column} label(s) are not {wanted}: {shown}; correct them.")
    return {label: days for label, days in spans.items() if days is not None}


def overlaps(spans: Mapping[str, tuple[dt.date, dt.date]], periods: Sequence[Period]) -> pd.DataFrame:
    """Return how labels and periods overlap, by days.

    Parameters
    ----------
    spans
        Label -> first and last day.
    periods
        Those that are told.

    Returns
    -------
    DataFrame
        label, period, share_of_line (of the label's days that lie in the period), share_of_period; one row a pair that
        has a day in common.

    Examples
    --------
    >>> import datetime as dt
    >>> from dipeval.indicators.measuring.periods import period_range
    >>> quarter = period_range("quarter", dt.date(2013, 4, 1), dt.date(2013, 4, 1))
    >>> overlaps({"2013-04": (dt.date(2013, 4, 1), dt.date(2013, 4, 30))}, quarter)["share_of_line"].tolist()
    [1.0]
    """
    rows = []
    for label, (first, last) in spans.items():
        for period in periods:
            days = (min(last, period.last) - max(first, period.first)).days + 1
            if days > 0:
                rows.append((label, period.label, days / ((last - first).days + 1), days / period.n_days))
    return pd.DataFrame(rows, columns=list(OVERLAP_COLUMNS)).astype(
        {"share_of_line": "float64", "share_of_period": "float64"}
    )


def refuse_double(
    frame: pd.DataFrame, name: str, spans: Mapping[str, tuple[dt.date, dt.date]], keys: Sequence[str], column: str
) -> None:
    """Refuse lines of one thing whose labels overlap (a quarter and its year): they would be counted twice.

    Raises
    ------
    InputError
        With how many there are.
    """
    days = frame.assign(_first=frame[column].astype(str).str.strip().map({k: v[0] for k, v in spans.items()}))
    days = days.assign(_last=frame[column].astype(str).str.strip().map({k: v[1] for k, v in spans.items()}))
    days = days.drop_duplicates([*keys, "_first", "_last"]).sort_values([*keys, "_first", "_last"])
    before = days.groupby(list(keys), dropna=False)["_last"].shift()
    known = before.notna().to_numpy()
    firsts = np.asarray(days["_first"], dtype="datetime64[D]")
    lasts = np.asarray(pd.to_datetime(before), dtype="datetime64[D]")
    n = int((known & (firsts <= lasts)).sum())
    if n:
        raise InputError(
            f"Table {name}: {n} line(s) are for a {column} that overlaps with that of another line of the same "
            f"{and_join(keys)} (a quarter and the year it is in); give each only once."
        )
