"""The event tables on the engine: the columns needed, the person each record belongs to, faults counted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.cohort.ages import assumed_births, with_births_from_ages
from dipeval.cohort.intervals import tidy_ends
from dipeval.errors import InputError
from dipeval.extracts.pseudonymised import FINGERPRINT
from dipeval.vocabulary import PROVEN_DISPOSALS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

_LOG = logging.getLogger("dipeval")

# Table -> the columns used here: required ones, then those that may be absent.
_COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "drug_tests": (("date_of_birth", "sex", "district", "test_date", "result"), ("test_time", "ethnicity")),
    "treatment": (("start_date",), ("end_date",)),
    "offences": (("offence_date", "offence_group", "disposal_date", "disposal"), ()),
    "custody_spells": (("start_date",), ("end_date",)),
    "deaths": (("death_date",), ()),
}
NEEDED = ("drug_tests", "treatment", "offences")
OPTIONAL = ("custody_spells", "deaths")
_SPINE_COLUMNS = ("table", "record_id", "person_id")
_EVENT_DATE = {"drug_tests": "test_date", "offences": "offence_date", "deaths": "death_date"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Events:
    """Event tables with a person_id, and what was set aside while loading them.

    Parameters
    ----------
    tables
        Name -> Ibis table: person_id, record_id and the columns used.
    faults
        Columns table, reason, n_records: records set aside or mended.
    absent
        Optional tables that the extracts do not hold.
    """

    tables: dict[str, ir.Table]
    faults: pd.DataFrame
    absent: tuple[str, ...]


def load_events(extracts: Any, linkage: Any, engine: Engine) -> Events:
    """Put the event tables on the engine, each record with its person.

    Raises
    ------
    InputError
        If a table or column is missing, the linkage is none or lacks records of a table that is needed, or a record_id
        stands for different records or different persons.
    """
    lacking = [name for name in NEEDED if name not in extracts.names]
    if lacking:
        raise InputError(
            f"A cohort needs the tables {', '.join(NEEDED)}; the extracts have no {' and no '.join(lacking)}. "
            "Add the file, or give an empty table with its headings if there are no such records."
        )
    spine = _spine(linkage, engine)
    tables, faults = {}, _dropped_before(extracts)
    for name in _COLUMNS:
        given = extracts.table(name) if name in extracts.names else None
        loaded, found = _load(name, _columns_of(name, given), spine, engine)
        tables[name] = loaded
        faults.extend([*found, *assumed_births(name, given)])
        _LOG.info("Cohort: %s loaded", name)
    reasons = pd.DataFrame(faults, columns=["table", "reason", "n_records"])
    return Events(
        tables=tables,
        faults=reasons[reasons["n_records"] > 0].reset_index(drop=True).astype({"n_records": "int64"}),
        absent=tuple(name for name in OPTIONAL if name not in extracts.names),
    )


def _dropped_before(extracts: Any) -> list[tuple[str, str, int]]:
    dropped = getattr(extracts, "dropped", None)
    if dropped is None or not len(dropped):
        return []
    kept = dropped.sort_values(["table", "reason"], kind="stable")
    rows = zip(kept["table"].map(str), kept["reason"].map(str), kept["rows"], strict=True)
    return [(table, reason, int(n)) for table, reason, n in rows if table in _COLUMNS]


def _columns_of(name: str, frame: pd.DataFrame | None) -> pd.DataFrame:
    """The columns used, dates as dates; columns that may be absent are added empty."""
    required, optional = _COLUMNS[name]
    if frame is None:
        frame = pd.DataFrame({column: [] for column in ("record_id", *required)})
    elif name == "drug_tests" and FINGERPRINT in frame.columns:
        frame = with_births_from_ages(frame)
    lacking = [column for column in ("record_id", *required) if column not in frame.columns]
    if lacking:
        raise InputError(f"Table {name} has no column {', '.join(lacking)}; map or add it before building a cohort.")
    kept = frame.reindex(columns=["record_id", *required, *optional])
    dates = [column for column in kept.columns if column.endswith("_date") or column == "date_of_birth"]
    return kept.assign(**{column: pd.to_datetime(kept[column]).astype("datetime64[us]") for column in dates})


def _as_text(table: ir.Table) -> ir.Table:
    """Everything that is not a date as text, whatever type it arrived with."""
    return table.mutate(
        **{name: table[name].cast("string") for name, kind in table.schema().items() if not kind.is_date()}
    )


def _spine(linkage: Any, engine: Engine) -> ir.Table:
    frame = linkage.to_frame()
    if not set(_SPINE_COLUMNS) <= set(frame.columns):
        raise InputError(
            f"linkage must be what dip.link(extracts) gives, with the columns {', '.join(_SPINE_COLUMNS)}; it is a "
            f"{type(linkage).__name__}."
        )
    given = engine.put(frame[list(_SPINE_COLUMNS)], "spine")
    spine = engine.keep(_as_text(given).distinct(), "spine")
    one_each = spine.select("table", "record_id").distinct()
    twice = _figures(spine, spine.count())[0] - _figures(one_each, one_each.count())[0]
    if twice:
        raise InputError(
            f"The linkage gives {twice} record(s) to more than one person; each record must have exactly one person_id."
        )
    return spine


def _load(
    name: str, frame: pd.DataFrame, spine: ir.Table, engine: Engine
) -> tuple[ir.Table, list[tuple[str, str, int]]]:
    records = engine.keep(_as_text(engine.put(frame, name)).distinct(), name)
    n_records, n_ids = _figures(records, records.count(), records.record_id.nunique())
    if n_ids < n_records:
        raise InputError(
            f"In table {name}, {n_records - n_ids} row(s) carry the record_id of another row with different content; "
            "give every record its own record_id."
        )
    mine = spine.filter(spine.table == name).drop("table")
    events = engine.keep(records.join(mine, "record_id"), f"{name}_of_person")
    clean, n_linked, found = _clean(name, events)
    if name in NEEDED and n_linked < n_records:
        # A person would lose tests, treatment or offences without a word, and the comparison would be wrong.
        raise InputError(
            f"{n_records - n_linked} of the {n_records} records of {name} are not in the linkage, so it was made from "
            "other extracts. Link these extracts with dip.link(extracts) and pass that linkage."
        )
    return clean, [
        (name, "the same record more than once: counted once", len(frame) - n_records),
        (name, "no person in the linkage: set aside", n_records - n_linked),
        *((name, reason, count) for reason, count in found),
    ]


def _clean(name: str, events: ir.Table) -> tuple[ir.Table, int, list[tuple[str, int]]]:
    """Set aside what has no date or an impossible order of dates; mend ends before starts. All counted."""
    undated = events[_EVENT_DATE.get(name, "start_date")].isnull()
    # Deaths and tests have one date, so no order to break: nobody's person_id is missing after the join.
    wrong, words, clean = events.person_id.isnull(), "no person: set aside", events.filter(~undated)
    if name in ("treatment", "custody_spells"):
        wrong, words = (
            (events.end_date < events.start_date).fill_null(False),
            "end before start: only the start is used",
        )
        clean = tidy_ends(clean)
    elif name == "offences":
        wrong = (events.disposal_date < events.offence_date).fill_null(False)
        words, clean = "disposal before the offence: set aside", events.filter(~undated, ~wrong)
    n, n_undated, n_wrong = _figures(events, events.count(), _how_many(undated), _how_many(wrong))
    return clean, n, [("no date: set aside", n_undated), (words, n_wrong)]


def _how_many(condition: Any) -> Any:
    return condition.ifelse(1, 0).sum().fill_null(0)


def _figures(table: ir.Table, *figures: Any) -> list[int]:
    """Several figures of a table in one query."""
    row = table.aggregate(**{f"figure_{place}": figure for place, figure in enumerate(figures)}).to_pandas().iloc[0]
    return [int(value) for value in row]


def load_records(extracts: Any, linkage: Any, name: str, engine: Engine) -> ir.Table:
    """Put one table on the engine, each record with its person: clean as for a cohort, every person of the linkage."""
    loaded, _ = _load(name, _columns_of(name, extracts.table(name)), _spine(linkage, engine), engine)
    return loaded


def proven(offences: ir.Table) -> ir.Table:
    """Offences that led to a caution or a conviction, with the day of it.

    The rule of the Ministry of Justice's proven reoffending statistics (bulletin of July 2016, introduction).
    """
    return offences.filter(offences.disposal.isin(PROVEN_DISPOSALS), offences.disposal_date.notnull())


def first_death(deaths: ir.Table) -> ir.Table:
    """One death a person: the earliest, when merged or repeated records give several."""
    return deaths.group_by("person_id").aggregate(death_date=deaths.death_date.min())
