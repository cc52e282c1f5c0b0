"""Birth, sex, ethnicity and district of people whose index record does not tell them: Ibis expressions.

Of each the first that is on record: tables in a fixed order, records by their day, then by record_id. District and
ethnicity count only from records of the index day or before: a record that is there because somebody was arrested again
would make the column know the outcome. Birth and sex do not change, whenever they were written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort.index_events import FACTS
from dipeval.cohort.used import EVENT_DATE, USED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

# Where facts are looked up, in this order.
WHERE_TOLD: Final = ("drug_tests", "offences", "contacts", "treatment", "custody_spells", "orders", "sentences")
# Facts that a record from after the index must not tell.
OF_THEIR_TIME: Final = ("ethnicity", "district")
# Sorts before any character of a record_id, so that texts of it sort as record_ids do.
_MARK: Final = "\x1f"
_DAY: Final = "_told_on"


def tells(name: str) -> tuple[str, ...]:
    """Return the facts that a table can tell."""
    return tuple(fact for fact in FACTS if fact in USED[name])


def with_facts(index: ir.Table, tables: Mapping[str, ir.Table]) -> ir.Table:
    """Fill what an index record does not tell of its person from the person's other records.

    Parameters
    ----------
    index
        person_id, index_date and the facts, some missing.
    tables
        Clean records by table.
    """
    told: dict[str, list[str]] = {fact: [] for fact in FACTS}
    for name in WHERE_TOLD:
        if name in tables:
            first = _first_told(name, tables[name])
            index = index.left_join(first, "person_id").drop("person_id_right")
            for fact in tells(name):
                told[fact].append(f"{name}_{fact}")
    filled: dict[str, Any] = {
        fact: ibis.coalesce(index[fact], *(_in_time(index, fact, column) for column in columns))
        for fact, columns in told.items()
    }
    beside = [column for columns in told.values() for column in columns]
    return index.mutate(**filled).drop(*beside, *(column for column in index.columns if column.endswith(_DAY)))


def _in_time(index: ir.Table, fact: str, column: str) -> Any:
    """What a table tells of a person; nothing if it is of its time and even the first record is after the index."""
    if fact not in OF_THEIR_TIME:
        return index[column]
    return (index[column + _DAY] <= index.index_date).ifelse(index[column], ibis.null(FACTS[fact]))


def _first_told(name: str, records: ir.Table) -> ir.Table:
    """Each fact of a person from the first record of a table that tells it, and the day of the record where it counts.

    Columns person_id, <table>_<fact>, <table>_<fact>_told_on.
    """
    day = records[EVENT_DATE[name]].cast("string")
    keys = {fact: keyed(day, records.record_id, records[fact].cast("string")).min() for fact in tells(name)}
    first = records.group_by("person_id").aggregate(**keys)
    facts: dict[str, Any] = {f"{name}_{fact}": last_part(first[fact]).cast(FACTS[fact]) for fact in keys}
    days = {f"{name}_{fact}{_DAY}": first_part(first[fact]) for fact in keys if fact in OF_THEIR_TIME}
    return first.select("person_id", **facts, **days)


def keyed(day: Any, record_id: Any, value: Any) -> Any:
    """Return a text whose smallest is that of the first record, by day and record_id; missing where a part is."""
    return day + ibis.literal(_MARK) + record_id + ibis.literal(_MARK) + value


def first_part(text: Any) -> Any:
    """Return the day of a text of `keyed`."""
    return text.split(_MARK)[0].cast("date")


def last_part(text: Any) -> Any:
    """Return the value of a text of `keyed`."""
    return text.split(_MARK)[2]
