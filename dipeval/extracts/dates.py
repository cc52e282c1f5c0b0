"""Dates from text, under explicit formats only. A date that could be two days is a fault, never a guess."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import pandas as pd

from dipeval.extracts.mapping import DEFAULT_FORMATS, ISO_FORMAT

EARLIEST: Final = pd.Timestamp("1880-01-01")
LATEST: Final = pd.Timestamp("2100-12-31")
_EXCEL_DAY_ZERO: Final = pd.Timestamp("1899-12-30")
_TIME_OF_DAY: Final = r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|\+00:?00)?$"
_SERIAL: Final = r"\d{5}(?:\.\d+)?"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DateRule:
    """How the dates of one column are read.

    Parameters
    ----------
    formats
        Formats in the notation of ``strptime``.
    birth_pivot
        Two-digit years above it are 19xx, the others 20xx; None for events, which follow POSIX.
    placeholders
        ISO dates that stand for "not known".
    """

    formats: tuple[str, ...]
    birth_pivot: int | None = None
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ParsedDates:
    """Dates, and what was noticed on the way (boolean Series on the same index)."""

    values: pd.Series
    unreadable: pd.Series
    ambiguous: pd.Series
    placeholder: pd.Series
    serial: pd.Series


def parse_dates(text: pd.Series, rule: DateRule) -> ParsedDates:
    """Parse a Series of distinct texts into dates.

    A time of day is dropped; five-digit numbers are Excel serial dates (day 1 is 1 January 1900).

    Parameters
    ----------
    text
        Texts, none of them missing.
    rule
        Formats, pivot and placeholders.

    Returns
    -------
    ParsedDates
        ``values`` is NaT where the text is unreadable, ambiguous or a placeholder.

    Examples
    --------
    >>> rule = DateRule(formats=("%Y-%m-%d", "%d/%m/%y"), birth_pivot=15)
    >>> parse_dates(pd.Series(["01/02/50", "40000", "x"]), rule).values.dt.year.tolist()
    [1950.0, 2009.0, nan]
    """
    text = text.astype(object).astype(str).str.replace(_TIME_OF_DAY, "", regex=True)
    values = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    ambiguous = pd.Series(False, index=text.index)
    for one in rule.formats:
        found = _parse_one(text, one, rule.birth_pivot)
        ambiguous |= values.notna() & found.notna() & (values != found)
        values = values.fillna(found)
    serial = text.str.fullmatch(_SERIAL) & values.isna()
    values = values.fillna(_from_serial(text.where(serial)))
    placeholder = _is_placeholder(text, values, rule) & ~ambiguous
    plausible = values.between(EARLIEST, LATEST)
    unreadable = ~plausible & ~placeholder & ~ambiguous
    values = values.where(plausible & ~placeholder & ~ambiguous)
    return ParsedDates(
        values=values.astype("datetime64[us]"),
        unreadable=unreadable,
        ambiguous=ambiguous,
        placeholder=placeholder,
        serial=serial & plausible & ~placeholder,
    )


def _parse_one(text: pd.Series, one: str, birth_pivot: int | None) -> pd.Series:
    # pandas reads words such as "now" as dates, and shortened ISO dates: only let through what has the shape.
    shape = r"\d{4}-\d{2}-\d{2}" if one == ISO_FORMAT else r".*\d.*\d.*"
    found = pd.to_datetime(text.where(text.str.fullmatch(shape)), format=one, errors="coerce")
    if "%y" not in one or birth_pivot is None:
        return found
    short = found.dt.year % 100
    years = short + 2000 - 100 * (short > birth_pivot)
    parts = pd.DataFrame({"year": years, "month": found.dt.month, "day": found.dt.day})
    return pd.to_datetime(parts, errors="coerce")


def _from_serial(text: pd.Series) -> pd.Series:
    # pandas rounds memory it never filled where a day is missing, and may warn of it: hand over numbers only.
    days = pd.to_numeric(text, errors="coerce").dropna().floordiv(1).astype("int64")
    return (_EXCEL_DAY_ZERO + pd.to_timedelta(days, unit="D")).reindex(text.index)


def _is_placeholder(text: pd.Series, values: pd.Series, rule: DateRule) -> pd.Series:
    # 31/12/9999 lies beyond what pandas can hold, so placeholders are known by their text as well.
    days = [dt.date.fromisoformat(one) for one in rule.placeholders]
    # A file with two-digit years still has its placeholders written in full, as the system it came from writes them.
    formats = (*rule.formats, ISO_FORMAT, *DEFAULT_FORMATS)
    written = {day.strftime(one) for day in days for one in formats if "%y" not in one}
    known = [pd.Timestamp(day) for day in days if EARLIEST.year <= day.year <= LATEST.year]
    return text.isin(written) | values.isin(known)
