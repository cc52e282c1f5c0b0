"""What is handed to `dip.episodes`, checked and made alike: people in memory, events of theirs in whole days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.cohort.episodes_days import as_table, own_offences
from dipeval.cohort.result import Cohort
from dipeval.cohort.rule import CohortRule
from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.vocabulary import PERSON_ID, TREATED

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

_OWN = {"custody": "custody_spells", "deaths": "deaths"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the columns are called that were handed over."""

    id: str | None
    person: str
    time_zero: str
    end: str | None
    custody_start: str
    custody_end: str
    treatment_start: str
    event_date: str
    death_date: str


OUR_NAMES = Names(
    id=None,
    person=PERSON_ID,
    time_zero="time_zero_date",
    end=None,
    custody_start="start_date",
    custody_end="end_date",
    treatment_start="start_date",
    event_date="event_date",
    death_date="death_date",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """People and their tables.

    Parameters
    ----------
    people
        index_id and person_id (as they came), time_zero, last_date and extract_end (missing: none), treated (fixed
        status; missing where treatment is dated), exposure_date and first_event (missing: none known); sorted by
        index_id.
    tables
        custody, treatment, events, deaths -> engine table with person_id (text) and dates, or None. Events of a
        cohort's own have ``known_date``: when they were dealt with.
    strangers
        Events that belong to none of the people.
    """

    people: pd.DataFrame
    tables: dict[str, ir.Table | None]
    strangers: int
    engine: Engine

    @property
    def time_varying(self) -> bool:
        """Whether treatment is dated, so that people can switch."""
        return bool(self.people[TREATED].isna().any())


def read_given(people: Any, tables: dict[str, Any], names: Names, *, waiting_days: int, engine: Engine | None) -> Given:
    """Check and unify what was handed over.

    Raises
    ------
    InputError
        If a table is none, lacks a column, or holds missing ids or dates, reversed spells or only other people.
    """
    if isinstance(people, Cohort):
        return _from_cohort(people, tables, names, waiting_days=waiting_days)
    if not isinstance(people, pd.DataFrame):
        raise InputError(
            f"people must be a Cohort or a DataFrame with one row a person; it is a {type(people).__name__}."
        )
    facts = _facts(people, names, dated=tables["treatment"] is not None)
    return _assemble(facts, tables, names, engine or open_engine(threads=1))


def _from_cohort(cohort: Cohort, tables: dict[str, Any], names: Names, *, waiting_days: int) -> Given:
    people = cohort.people
    dated = tables["treatment"] is not None
    # A cohort that is followed from the index dates treatment; in any other, the status at time zero stands.
    own_dates = not dated and switches(cohort.rule)
    facts = _facts(people, names, dated=dated or own_dates)
    facts[PERSON_ID] = _cluster(cohort).reindex(facts["index_id"]).to_numpy()
    if own_dates:
        started = people["exposure_date"].where(people[TREATED] == 1)
        facts["exposure_date"] = started.reindex(facts["index_id"]).to_numpy()
    own = tables["events"] is None
    last = pd.Timestamp(cohort.extract_date) - pd.Timedelta(days=waiting_days if own else 0)
    taken = {name: cohort.events(kind) for name, kind in _OWN.items() if tables[name] is None}
    taken |= {"events": own_offences(cohort.events("offences"))} if own else {}
    given = _assemble(facts.assign(extract_end=last), tables, replace(names, person=PERSON_ID), cohort.engine)
    return replace(given, tables={**given.tables, **taken})


def read_cohort_with_outcome(cohort: Cohort, outcome: pd.DataFrame, names: Names) -> Given:
    """The people of a cohort, each followed to a first event or the end that was measured already.

    Parameters
    ----------
    cohort
        Who is followed.
    outcome
        On the index of the cohort's people: time_days, event (0/1), censor_reason.
    names
        As of `episodes`.
    """
    none = dict.fromkeys(("custody", "treatment", "deaths"))
    given = _from_cohort(cohort, {**none, "events": pd.DataFrame()}, names, waiting_days=0)
    people = given.people
    mine = outcome.reindex(people["index_id"])
    last = people["time_zero"] + pd.to_timedelta(mine["time_days"].to_numpy(), unit="D")
    facts = {
        "last_date": last,
        "first_event": last.where(mine["event"].to_numpy() == 1),
        "extract_end": last.where(mine["censor_reason"].to_numpy() == "extract_end"),
    }
    return replace(given, people=people.assign(**facts))


def switches(rule: CohortRule) -> bool:
    """Whether people of a cohort are untreated until the day treatment starts."""
    return getattr(rule, "immortal_time", "landmark") == "time_varying"


def _cluster(cohort: Cohort) -> pd.Series:
    return cohort.cluster if hasattr(cohort, "cluster") else cohort.people.index.to_series()


def _facts(people: pd.DataFrame, names: Names, *, dated: bool) -> pd.DataFrame:
    """One row a person (or an index event), sorted, with plain columns."""
    if people.empty:
        raise InputError("people has no rows: there is nobody to follow.")
    ids = _ids(people, names.id)
    facts = pd.DataFrame({"index_id": ids.array})
    facts[PERSON_ID] = people[names.person].array if names.person in people.columns else ids.array
    facts["time_zero"] = _dates(people, names.time_zero, "people").array
    facts["last_date"] = _dates(people, names.end, "people", may_miss=True).array if names.end else pd.NaT
    facts["extract_end"] = facts["exposure_date"] = facts["first_event"] = pd.NaT
    facts[TREATED] = pd.Series(pd.NA, index=facts.index, dtype="Float64") if dated else _status(people).array
    for column in ("index_id", PERSON_ID):
        if facts[column].isna().any():
            raise InputError(f"{int(facts[column].isna().sum())} rows of people have no id; give every row one.")
    if facts["index_id"].astype(str).duplicated().any():
        raise InputError(
            f"{int(facts['index_id'].astype(str).duplicated().sum())} rows of people repeat the id of another; give "
            "one row a person, or name a column with id= that is different for every index event."
        )
    return facts.sort_values("index_id", ignore_index=True)


def _ids(people: pd.DataFrame, name: str | None) -> pd.Series:
    if name is not None:
        return _column(people, name, "people")
    if people.index.name is None and PERSON_ID in people.columns:
        return people[PERSON_ID]
    return people.index.to_series()


def _status(people: pd.DataFrame) -> pd.Series:
    """The fixed 0/1 status, 0 for everybody where there is none."""
    if TREATED not in people.columns:
        return pd.Series(0.0, index=people.index, dtype="Float64")
    status = pd.to_numeric(people[TREATED], errors="coerce").astype("Float64")
    wrong = int((~status.isin([0, 1])).sum())
    if wrong:
        raise InputError(f"Column 'treated' of people is neither 0 nor 1 in {wrong} of {len(people)} rows.")
    return status


def _assemble(facts: pd.DataFrame, tables: dict[str, Any], names: Names, engine: Engine) -> Given:
    columns = {
        "custody": {names.custody_start: "start_date", names.custody_end: "end_date"},
        "treatment": {names.treatment_start: "start_date"},
        "events": {names.event_date: "event_date"},
        "deaths": {names.death_date: "death_date"},
    }
    known = frozenset(facts[PERSON_ID].astype(str))
    taken: dict[str, ir.Table | None] = {}
    strangers = 0
    for name, wanted in columns.items():
        table = tables[name]
        if isinstance(table, pd.DataFrame) and not len(table):
            table = None
        if isinstance(table, pd.DataFrame):
            table, others = _checked(name, table, wanted, names.person, known)
            strangers += others if name == "events" else 0
        taken[name] = None if table is None else as_table(table, wanted, names.person, name, engine)
    return Given(people=facts, tables=taken, strangers=strangers, engine=engine)


def _checked(
    name: str, table: pd.DataFrame, wanted: dict[str, str], person: str, known: frozenset[str]
) -> tuple[pd.DataFrame, int]:
    """The columns wanted, complete and in order, of the people followed; and how many rows are of others."""
    frame = pd.DataFrame({person: _column(table, person, name).astype(str).array})
    for theirs, ours in wanted.items():
        frame[theirs] = _dates(table, theirs, name, may_miss=ours == "end_date").array
    if name == "custody":
        first, last = (frame[theirs] for theirs in wanted)
        reversed_ = int((last < first).sum())
        if reversed_:
            raise InputError(f"{reversed_} spells of custody end before they start; mend the dates or leave them out.")
    mine = frame[person].isin(known)
    if len(frame) and not mine.any():
        raise InputError(
            f"None of the {len(frame)} rows of {name} belongs to one of the people: column '{person}' must hold the "
            "same ids, of the same type, as people."
        )
    return frame[mine], int((~mine).sum())


def _column(frame: pd.DataFrame, name: str, what: str) -> pd.Series:
    if name not in frame.columns:
        shown = ", ".join(map(str, list(frame.columns)[:20])) or "none"
        raise InputError(f"There is no column '{name}' in {what}; it has: {shown}.")
    return frame[name]


def _dates(frame: pd.DataFrame, name: str, what: str, *, may_miss: bool = False) -> pd.Series:
    values = _column(frame, name, what)
    if pd.api.types.is_numeric_dtype(values) and len(values):
        raise InputError(
            f"Column '{name}' of {what} holds numbers; dates are needed, such as pandas.to_datetime gives."
        )
    try:
        days = pd.to_datetime(values).astype("datetime64[us]")
    except (TypeError, ValueError):
        raise InputError(f"Column '{name}' of {what} cannot be read as dates; use pandas.to_datetime first.") from None
    if days.isna().any() and not may_miss:
        raise InputError(
            f"Column '{name}' of {what} is missing in {int(days.isna().sum())} of {len(days)} rows; complete it, or "
            "drop those rows and count them."
        )
    return days.dt.normalize()
