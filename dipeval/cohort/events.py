"""The event tables on the engine: the columns used, and the person each record belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dipeval.cohort.cleaning import clean
from dipeval.cohort.sources import InMemory, OnEngine, Source
from dipeval.vocabulary import PROVEN_DISPOSALS

if TYPE_CHECKING:
    from collections.abc import Collection

    import ibis.expr.types as ir

    from dipeval.engine import Engine


def open_source(
    extracts: Any, linkage: Any, engine: Engine, needed: Collection[str] = (), *, who: bool = True
) -> Source:
    """Return where records come from: extracts with their linkage, or tables on an engine.

    Parameters
    ----------
    extracts, linkage, engine
        As for a cohort.
    needed
        Tables of which every record must have its person.
    who
        Whether records of every table are asked for age and sex; if not, national tables are stored without them.
    """
    if on_engine(extracts):
        return OnEngine(extracts, engine, needed, who=who)
    return InMemory(extracts, linkage, engine, needed)


def on_engine(extracts: Any) -> bool:
    """Say whether these are tables on an engine that carry person_id (`dipeval.event_tables`)."""
    return callable(getattr(extracts, "expression", None))


def load_records(extracts: Any, linkage: Any, name: str, engine: Engine) -> ir.Table:
    """Put one table on the engine, each record with its person: clean as for a cohort, every person of the linkage."""
    source = InMemory(extracts, linkage, engine, [name])
    source.faults(name, source.records(name)).to_pandas()
    return clean(name, source.records(name).table)


def proven(offences: ir.Table) -> ir.Table:
    """Offences that led to a caution or a conviction, with the day of it.

    The rule of the Ministry of Justice's proven reoffending statistics (bulletin of July 2016, introduction).
    """
    return offences.filter(offences.disposal.isin(PROVEN_DISPOSALS), offences.disposal_date.notnull())


def first_death(deaths: ir.Table) -> ir.Table:
    """One death a person: the earliest, when merged or repeated records give several."""
    return deaths.group_by("person_id").aggregate(death_date=deaths.death_date.min())
