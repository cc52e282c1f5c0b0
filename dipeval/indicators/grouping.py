"""By what the figures are broken down, and the days between which they are counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.cohort.intervals import completed_years
from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean

if TYPE_CHECKING:
    import ibis.expr.types as ir

EVERYONE: Final = "everyone"
NOT_RECORDED: Final = "not recorded"
TIMES: Final = ("month", "quarter")
# First and last completed year of each band: the age bands of the published reoffending tables (unverified).
_BANDS = ((10, 14), (15, 17), (18, 20), (21, 24), (25, 29), (30, 34), (35, 39), (40, 44), (45, 49))
_OPIATES = ("heroin", "other_opiates")
_COCAINE = ("cocaine", "crack")


def check_by(by: str | None, known: Iterable[str]) -> None:
    """Refuse a breakdown that is not known.

    Examples
    --------
    >>> check_by("distict", ("district", "sex"))
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: by='distict' is not known (did you mean 'district'?); use one of district, sex, or None.
    """
    known = tuple(known)
    if by is not None and by not in known:
        near = did_you_mean(str(by), known)
        raise InputError(f"by='{by}' is not known{near}; use one of {', '.join(known)}, or None.")


def as_day(value: dt.date | str | None, name: str) -> dt.date | None:
    """Return a day given as date, timestamp or ISO text.

    Examples
    --------
    >>> as_day("2024-06-30", "date_from")
    datetime.date(2024, 6, 30)
    """
    if value is None:
        return None
    day = pd.to_datetime(str(value), format="ISO8601", errors="coerce")
    if pd.isna(day):
        raise InputError(f"{name} must be a date such as 2024-06-30.")
    return dt.date(day.year, day.month, day.day)


def month_start(day: dt.date) -> dt.date:
    """The first of a month: where a window opens that begins with the first record, whose own day is somebody's.

    Examples
    --------
    >>> month_start(dt.date(2024, 6, 17))
    datetime.date(2024, 6, 1)
    """
    return day.replace(day=1)


def literal(day: dt.date) -> Any:
    """A day as an expression."""
    return ibis.date(day.year, day.month, day.day)


def between(table: ir.Table, column: str, first: dt.date | None, last: dt.date | None) -> ir.Table:
    """Rows whose day lies on or between two days; rows without a day are out."""
    day = table[column]
    table = table.filter(day.notnull())
    if first is not None:
        table = table.filter(day >= literal(first))
    return table if last is None else table.filter(day <= literal(last))


def month_of(day: Any) -> Any:
    """The month of a day as text such as 2024-03, which sorts as time does."""
    return day.year().cast("string") + "-" + (day.month() + 100).cast("string").substr(1, 2)


def quarter_of(day: Any) -> Any:
    """The calendar quarter of a day as text such as 2024-Q1."""
    return day.year().cast("string") + "-Q" + day.quarter().cast("string")


def age_band(born: Any, day: Any) -> Any:
    """The age band on a day as text."""
    age = completed_years(born, day)
    cases = [((age >= first) & (age <= last), f"{first}-{last}") for first, last in _BANDS]
    return ibis.cases(*cases, (age >= _BANDS[-1][1] + 1, f"{_BANDS[-1][1] + 1}+"), else_=NOT_RECORDED)


def told_substance(table: ir.Table) -> Any:
    """Opiates, cocaine (crack included) or both among a client's three drugs; else other, or not recorded."""
    opiates = _any_of(table, _OPIATES)
    cocaine = _any_of(table, _COCAINE)
    anything = table.drug_1.notnull() | table.drug_2.notnull() | table.drug_3.notnull()
    return ibis.cases(
        (opiates & cocaine, "both"), (opiates, "opiates"), (cocaine, "cocaine"), (anything, "other"), else_=NOT_RECORDED
    )


def _any_of(table: ir.Table, drugs: tuple[str, ...]) -> Any:
    found = [table[column].isin(drugs).fill_null(False) for column in ("drug_1", "drug_2", "drug_3")]
    return found[0] | found[1] | found[2]


def group_of(table: ir.Table, by: str | None, day: Any) -> Any:
    """The group a record is in, as text that is never missing; ``everyone`` without a breakdown."""
    if by is None:
        return ibis.literal(EVERYONE)
    if by in TIMES:
        return (month_of(day) if by == "month" else quarter_of(day)).fill_null(NOT_RECORDED)
    if by == "age_band":
        return age_band(table.date_of_birth, day)
    if by == "substance":
        column = table.result if "result" in table.columns else told_substance(table)
        return column.fill_null(NOT_RECORDED)
    return table[by].fill_null(NOT_RECORDED) if by in table.columns else ibis.literal(NOT_RECORDED)


def periods(by: str | None, first: dt.date, last: dt.date) -> pd.DataFrame:
    """The periods between two days: one, or each month or quarter cut to those days.

    Examples
    --------
    >>> import datetime as dt
    >>> periods("quarter", dt.date(2024, 2, 10), dt.date(2024, 5, 1))["period"].tolist()
    ['2024-Q1', '2024-Q2']
    """
    if by not in TIMES:
        frame = pd.DataFrame({"period": [EVERYONE], "period_from": [first], "period_to": [last]})
    else:
        spans = pd.period_range(first, last, freq="M" if by == "month" else "Q")
        names = [f"{one.year}-{one.month:02d}" if by == "month" else f"{one.year}-Q{one.quarter}" for one in spans]
        starts = [max(one.start_time.date(), first) for one in spans]
        ends = [min(one.end_time.date(), last) for one in spans]
        frame = pd.DataFrame({"period": names, "period_from": starts, "period_to": ends})
    return frame.assign(
        **{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in ("period_from", "period_to")}
    )


def in_order(groups: Iterable[str]) -> list[str]:
    """Everyone first, then by name, what is not recorded last.

    Examples
    --------
    >>> in_order(["not recorded", "Leeds", "everyone", "Bradford"])
    ['everyone', 'Bradford', 'Leeds', 'not recorded']
    """
    return sorted(set(groups), key=lambda name: (name != EVERYONE, name == NOT_RECORDED, name))
