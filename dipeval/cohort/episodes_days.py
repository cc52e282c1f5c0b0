"""Events as whole days from time zero: Ibis expressions, (people, table) -> table. Day 0 is time zero itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from dipeval.cohort.events import proven
from dipeval.cohort.intervals import far_future
from dipeval.vocabulary import PERSON_ID

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine


def as_table(table: Any, wanted: dict[str, str], person: str, name: str, engine: Engine) -> ir.Table:
    """A table on the engine with person_id (text) and the dates wanted, under our names."""
    held = engine.put(table, name) if not hasattr(table, "schema") else table
    dates = {ours: held[theirs].cast("date") for theirs, ours in wanted.items()}
    return held.select(person_id=held[person].cast("string"), **dates)


def own_offences(offences: ir.Table) -> ir.Table:
    """The proven offences of a cohort as events, with the day they were dealt with."""
    counted = proven(offences)
    return counted.select(PERSON_ID, event_date=counted.offence_date, known_date=counted.disposal_date)


def first_day(people: ir.Table, table: ir.Table, date: str) -> ir.Table:
    """The first of a person's dates: index_id, day."""
    t = _joined(people, table)
    return t.group_by("index_id").aggregate(day=_days(t, date).min())


def spells(people: ir.Table, custody: ir.Table, window: int) -> ir.Table:
    """Spells with a night after time zero and before the end of the window: index_id, first, last (days).

    `last` is the day of release; a spell that has not ended has one in the far future.
    """
    t = _joined(people, custody)
    t = t.mutate(end_date=t.end_date.fill_null(far_future()))
    t = t.select("index_id", first=_days(t, "start_date"), last=_days(t, "end_date"))
    return t.filter(t["last"] > 0, t["first"] < window, t["last"] > t["first"])


def events_by_fate(people: ir.Table, events: ir.Table, window: int, waiting_days: int) -> ir.Table:
    """Each event with its day and what is clear at once of its fate: index_id, day, fate ("inside" or a reason)."""
    t = _joined(people, events)
    t = t.mutate(day=_days(t, "event_date"))
    fates = [
        (t.day < 0, "before_time_zero"),
        (t.day == 0, "on_time_zero_day"),
        (t.day > window, "after_follow_up"),
    ]
    if "known_date" in t.columns:
        fates.append((_days(t, "known_date") > window + waiting_days, "dealt_with_later"))
    return t.select("index_id", "day", fate=ibis.cases(*fates, else_="inside"))


def _joined(people: ir.Table, table: ir.Table) -> ir.Table:
    return people.join(table, PERSON_ID)


def _days(t: ir.Table, date: str) -> Any:
    return t[date].delta(t.time_zero, unit="day").cast("int64")
