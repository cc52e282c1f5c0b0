"""The dated programme calendar and the dated list of trigger offences: data, not code.

Where the dates come from stands in `dipeval/data/programme_calendar.md`.
"""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

ERAS = ("before_dip", "test_on_charge", "test_on_arrest", "after_national_dip")
FIRST_DAY, LAST_DAY = dt.date(1, 1, 1), dt.date(9999, 12, 31)


def programme_calendar(kind: str | None = None) -> pd.DataFrame:
    """Return the dated calendar of the drug interventions programme: eras, ends in single areas, testing rules.

    Parameters
    ----------
    kind
        ``era``, ``area_end`` or ``testing_rule``; None for all.

    Returns
    -------
    pandas.DataFrame
        Columns name, kind (era, area_end or testing_rule), valid_from, valid_to (missing = open), area, what, source,
        mark (A read in the publisher's text, B in a secondary account, unverified from memory), precision (day, month
        or year).

    Raises
    ------
    InputError
        If there is no such kind of entry.

    Examples
    --------
    >>> calendar = programme_calendar("era").set_index("name")
    >>> [str(calendar.loc["test_on_arrest", day].date()) for day in ("valid_from", "valid_to")]
    ['2005-12-01', '2013-09-30']
    """
    calendar = _dated("programme_calendar.csv")
    if kind is None:
        return calendar
    kinds = list(dict.fromkeys(calendar["kind"]))
    if kind not in kinds:
        raise InputError(f"kind is {kind!r}; the calendar has {', '.join(kinds)}.")
    return calendar[calendar["kind"] == kind].reset_index(drop=True)


def trigger_offences(on: dt.date | str | None = None) -> pd.DataFrame:
    """Return the offences that lead to a drug test in police custody, as they stood on a day.

    Parameters
    ----------
    on
        A day (date, or ISO text); None for every offence that was ever on the list.

    Returns
    -------
    pandas.DataFrame
        Columns act, section, offence, valid_from, valid_to (missing = still in force), note, source, mark.

    Raises
    ------
    InputError
        If the day is not a date.

    Examples
    --------
    >>> [len(trigger_offences(on=day)) for day in ("2004-07-26", "2004-07-27", "2013-01-01")]
    [11, 19, 21]
    """
    table = _dated("trigger_offences.csv")
    if on is None:
        return table
    day = pd.Timestamp(_as_day(on))
    there = (table["valid_from"] <= day) & (table["valid_to"].isna() | (table["valid_to"] >= day))
    return table[there].reset_index(drop=True)


def era_spans(names: Iterable[str] = ERAS) -> dict[str, tuple[dt.date, dt.date]]:
    """Return the first and last day of each era named; open ends as the first or last day there is.

    Examples
    --------
    >>> era_spans(["test_on_charge"])["test_on_charge"][1].isoformat()
    '2005-11-30'
    """
    rows = {row["name"]: row for row in _rows("programme_calendar.csv") if row["kind"] == "era"}
    return {
        name: (
            dt.date.fromisoformat(rows[name]["valid_from"]) if rows[name]["valid_from"] else FIRST_DAY,
            dt.date.fromisoformat(rows[name]["valid_to"]) if rows[name]["valid_to"] else LAST_DAY,
        )
        for name in names
    }


def inside_eras(day: Any, names: Iterable[str]) -> Any:
    """Return the Ibis condition that a day lies in one of the eras named."""
    conditions = [_within(day, *span) for span in era_spans(names).values()]
    inside = conditions[0]
    for condition in conditions[1:]:
        inside = inside | condition
    return inside


def era_of(day: Any) -> Any:
    """Return the Ibis text of the era a day lies in; ``none`` outside every era."""
    import ibis

    return ibis.cases(*[(_within(day, *span), name) for name, span in era_spans().items()], else_="none")


def _within(day: Any, first: dt.date, last: dt.date) -> Any:
    import ibis

    conditions = []
    if first != FIRST_DAY:
        conditions.append(day >= ibis.date(first.year, first.month, first.day))
    if last != LAST_DAY:
        conditions.append(day <= ibis.date(last.year, last.month, last.day))
    both = conditions[0]
    for condition in conditions[1:]:
        both = both & condition
    return both


def _as_day(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputError("on must be a date such as 2010-06-30.") from None


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    text = files("dipeval").joinpath(f"data/{name}").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _dated(name: str) -> pd.DataFrame:
    frame = pd.DataFrame(list(_rows(name)), dtype=object)
    days = {column: pd.to_datetime(frame[column].replace("", None)) for column in ("valid_from", "valid_to")}
    return frame.assign(**{column: day.astype("datetime64[us]") for column, day in days.items()})
