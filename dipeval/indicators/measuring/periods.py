"""Calendar periods: quarters and months that are told, and the years that a target or a budget may be set for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.grouping import month_of, quarter_of

EVERY: Final = ("quarter", "month")
_MONTHS: Final = {"month": 1, "quarter": 3}
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_YEAR = re.compile(r"(\d{4})")
_FINANCIAL = re.compile(r"(\d{4})[-/](\d{4}|\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period with its first and last day.

    Parameters
    ----------
    label
        ``2013-Q2`` or ``2013-04``.
    first, last
        Its first and last day.
    """

    label: str
    first: dt.date
    last: dt.date

    @property
    def n_days(self) -> int:
        """Days in it."""
        return (self.last - self.first).days + 1


def check_every(every: str) -> None:
    """Refuse anything but quarters and months.

    Examples
    --------
    >>> check_every("quater")
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: every='quater' is not known (did you mean 'quarter'?); use quarter or month.
    """
    if every not in EVERY:
        raise InputError(f"every='{every}' is not known{did_you_mean(str(every), EVERY)}; use {' or '.join(EVERY)}.")


def period_at(every: str, day: dt.date) -> Period:
    """Return the period a day is in.

    Examples
    --------
    >>> import datetime as dt
    >>> period_at("quarter", dt.date(2013, 5, 17)).label
    '2013-Q2'
    """
    check_every(every)
    size = _MONTHS[every]
    return _from_month(every, day.year * 12 + (day.month - 1) // size * size)


def period_range(every: str, first: dt.date, last: dt.date) -> tuple[Period, ...]:
    """Return the whole periods that two days and all between them touch, in time order.

    Parameters
    ----------
    every
        ``quarter`` or ``month``.
    first, last
        First and last day.

    Examples
    --------
    >>> import datetime as dt
    >>> [one.label for one in period_range("quarter", dt.date(2013, 2, 10), dt.date(2013, 7, 1))]
    ['2013-Q1', '2013-Q2', '2013-Q3']
    """
    check_every(every)
    if last < first:
        raise InputError(f"The periods begin on {first.isoformat()} and end before that, on {last.isoformat()}.")
    size = _MONTHS[every]
    start = first.year * 12 + (first.month - 1) // size * size
    return tuple(_from_month(every, month) for month in range(start, last.year * 12 + last.month, size))


def period_of(day: Any, every: str) -> Any:
    """Return the period of a day as an expression on the engine: text that sorts as time does.

    Parameters
    ----------
    day
        A date column of an Ibis table.
    every
        ``quarter`` or ``month``.
    """
    check_every(every)
    return quarter_of(day) if every == "quarter" else month_of(day)


def span(label: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of a quarter, month, financial year (April to March) or calendar year.

    Parameters
    ----------
    label
        ``2013-Q2``, ``2013Q2``, ``2013-04``, ``2013-14``, ``2013/14``, ``2013-2014`` or ``2013``. Text such as
        ``2011-12`` is both a month and a financial year; it is read as a month, as everywhere in the tables of
        periods. Write ``2011/12`` or ``2011-2012`` for that year.

    Returns
    -------
    tuple of date, or None
        None where it is none of these.

    Examples
    --------
    >>> [day.isoformat() for day in span("2013-14")]
    ['2013-04-01', '2014-03-31']
    >>> span("spring") is None
    True
    """
    text = str(label).strip()
    if found := _QUARTER.fullmatch(text):
        return _days(int(found[1]) * 12 + 3 * int(found[2]) - 3, 3)
    if found := _MONTH.fullmatch(text):
        return _days(int(found[1]) * 12 + int(found[2]) - 1, 1)
    return year_span(text)


def year_span(label: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of a financial or calendar year, for columns that hold nothing but years.

    Examples
    --------
    >>> [day.isoformat() for day in year_span("2011-12")]
    ['2011-04-01', '2012-03-31']
    """
    text = str(label).strip()
    if found := _YEAR.fullmatch(text):
        return _days(int(found[1]) * 12, 12)
    found = _FINANCIAL.fullmatch(text)
    if found and int(found[2]) in _next(int(found[1])):
        return _days(int(found[1]) * 12 + 3, 12)
    return None


def covers(label: str, every: str) -> tuple[str, ...]:
    """Return the periods that lie wholly within a label: those a target or a budget for it holds for.

    Parameters
    ----------
    label
        A quarter, a month or a year (`span`).
    every
        ``quarter`` or ``month``.

    Returns
    -------
    tuple of str
        Empty where the label is none of these, or shorter than a period.

    Examples
    --------
    >>> covers("2013-14", "quarter")
    ('2013-Q2', '2013-Q3', '2013-Q4', '2014-Q1')
    >>> covers("2013-Q2", "month"), covers("2013-04", "quarter")
    (('2013-04', '2013-05', '2013-06'), ())
    """
    check_every(every)
    days = span(label)
    return () if days is None else _within(every, *days)


def years_cover(label: str, every: str) -> tuple[str, ...]:
    """Return the periods of a year, for columns that hold nothing but years (``2011-12`` is one there).

    Examples
    --------
    >>> years_cover("2011-12", "quarter")
    ('2011-Q2', '2011-Q3', '2011-Q4', '2012-Q1')
    """
    days = year_span(label)
    return () if days is None else _within(every, *days)


def period_frame(periods: Sequence[Period]) -> pd.DataFrame:
    """Return period, period_from and period_to, one row a period in the order given.

    Examples
    --------
    >>> import datetime as dt
    >>> period_frame(period_range("month", dt.date(2013, 4, 1), dt.date(2013, 4, 2)))["period"].tolist()
    ['2013-04']
    """
    frame = pd.DataFrame(
        {
            "period": pd.Series([one.label for one in periods], dtype="object"),
            "period_from": [one.first for one in periods],
            "period_to": [one.last for one in periods],
        }
    )
    return frame.assign(
        **{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in ("period_from", "period_to")}
    )


def _within(every: str, first: dt.date, last: dt.date) -> tuple[str, ...]:
    return tuple(one.label for one in period_range(every, first, last) if one.first >= first and one.last <= last)


def _next(year: int) -> tuple[int, int]:
    return year + 1, (year + 1) % 100


def _from_month(every: str, month: int) -> Period:
    first, last = _days(month, _MONTHS[every])
    label = f"{first.year}-{first.month:02d}" if every == "month" else f"{first.year}-Q{(first.month + 2) // 3}"
    return Period(label=label, first=first, last=last)


def _days(month: int, n_months: int) -> tuple[dt.date, dt.date]:
    """First and last day of some months, counted from January of the year 0."""
    end = month + n_months
    return dt.date(month // 12, month % 12 + 1, 1), dt.date(end // 12, end % 12 + 1, 1) - dt.timedelta(days=1)


def read_spans(labels: Sequence[str], *, no_months: bool = False) -> dict[str, tuple[dt.date, dt.date] | None]:
    """Return the first and last day of each label of one column; None where it is no period.

    Parameters
    ----------
    labels
        Of one column. Text such as ``2011-12`` is a month where another label of the column can only be a month, and
        a financial year where another can only be that. Where all of them can be both, several are years (such months
        would lie 13 months apart); a single one is a month.
    no_months
        Whether a month could not stand there, so that the single one is a year too.

    Examples
    --------
    >>> [day.isoformat() for day in read_spans(["2011-12", "2012-13"])["2011-12"]]
    ['2011-04-01', '2012-03-31']
    >>> [day.isoformat() for day in read_spans(["2011-12", "2011-11"])["2011-12"]]
    ['2011-12-01', '2011-12-31']
    >>> [day.isoformat() for day in read_spans(["2011-12", "2010-11"])["2011-12"]]
    ['2011-04-01', '2012-03-31']
    """
    known = sorted({str(label).strip() for label in labels})
    months = {label for label in known if _MONTH.fullmatch(label)}
    years = {label for label in known if _FINANCIAL.fullmatch(label) and year_span(label)}
    as_years = not months - years and (bool(years - months) or len(years) > 1 or no_months)
    return {label: year_span(label) if as_years and label in years else span(label) for label in known}
