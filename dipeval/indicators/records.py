"""The records that the indicators count: on the engine, typed, each with its person where a linkage says whose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from dipeval.cohort.ages import with_births_from_ages
from dipeval.cohort.sources import spine_frame
from dipeval.cohort.used import USED, typed
from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.extracts.contracts import table_contract
from dipeval.extracts.pseudonymised import AGE

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine, Stage


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Records:
    """Tables on the engine: record_id, person_id (missing without a linkage) and the columns that are counted.

    Parameters
    ----------
    engine
        Where they are.
    extract_date
        Last day the data cover.
    tables
        Name -> table, put there when it is first asked for; columns the source does not hold are there and empty.
        Names the extracts lack are absent.
    given
        Name -> columns that the source does hold.
    linked
        Whether it is known whose records they are.
    sources
        What the tables are made from, for the engine's stages.
    """

    engine: Engine
    extract_date: dt.date
    tables: Mapping[str, ir.Table]
    given: Mapping[str, frozenset[str]]
    linked: bool
    sources: tuple[Stage, ...]
    _worked_out: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def holds(self, name: str, *columns: str) -> bool:
        """Whether the source has this table with these columns."""
        return name in self.given and set(columns) <= self.given[name]

    def once(self, key: Hashable, make: Callable[[], ir.Table]) -> ir.Table:
        """A table that several indicators are counted from, worked out when the first of them asks for it.

        Parameters
        ----------
        key
            Its name and every option that its rows depend on.
        make
            Works it out.
        """
        if key not in self._worked_out:
            self._worked_out[key] = make()
        return self._worked_out[key]

    def counted(self, name: str, make: Callable[[], pd.DataFrame], **spec: Any) -> pd.DataFrame:
        """Counts made from the tables: a stage of the engine, so that a kept one is not counted again."""
        told = {"extract_date": self.extract_date.isoformat(), "linked": self.linked} | spec
        return self.engine.frame_stage(name, make, spec=told, inputs=self.sources).to_pandas()


class _Loading(Mapping[str, Any]):
    """Tables that are put on the engine when they are first asked for."""

    def __init__(self, names: Iterable[str], load: Callable[[str], ir.Table]) -> None:
        self._names, self._load = tuple(names), load
        self._loaded: dict[str, ir.Table] = {}

    def __getitem__(self, name: str) -> ir.Table:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def load(extracts: Any, linkage: Any, names: Iterable[str], engine: Engine | None, *, persons: bool = True) -> Records:
    """Put the tables that are counted on the engine.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts` or `dipeval.simulate`; or tables on an engine that carry
        a person_id already (`dipeval.event_tables`).
    linkage
        Whose records are whose; None for tables that carry a person_id.
    names
        Tables that are used if they are there.
    engine
        Default: that of the extracts or the linkage, else a new one.
    persons
        Whether people are counted, so that a linkage is needed.

    Raises
    ------
    InputError
        If extracts are none, people are to be counted and nothing says whose records are whose, or the linkage lacks
        records.
    """
    _check(extracts, linkage)
    ready = callable(getattr(extracts, "expression", None))
    if ready:
        _check_ready(extracts, linkage, engine)
    if persons and linkage is None and not ready:
        raise InputError(
            "People are counted here, so it must be known whose records are whose: pass dip.link(extracts) as linkage."
        )
    engine = engine or getattr(extracts, "engine", None) or getattr(linkage, "engine", None) or open_engine()
    present = [name for name in names if name in extracts.names]
    rows = {name: extracts.expression(name) if ready else _frame(name, extracts) for name in present}
    sources = [
        engine.source(name, table, snapshot=extracts.snapshot(name) if ready else None) for name, table in rows.items()
    ]
    spine = None if linkage is None or ready else engine.source("spine", spine_frame(linkage))
    return Records(
        engine=engine,
        extract_date=pd.Timestamp(extracts.extract_date).date(),
        tables=_Loading(present, lambda name: _loaded(name, rows[name], spine, engine, ready=ready)),
        given={name: frozenset(table.columns) for name, table in rows.items()},
        linked=ready or linkage is not None,
        sources=tuple(sources if spine is None else [*sources, spine]),
    )


def _loaded(name: str, rows: Any, spine: Stage | None, engine: Engine, *, ready: bool) -> ir.Table:
    if ready:
        return _once(name, typed(name, rows, ["person_id"]), engine)
    return _with_person(name, typed(name, engine.put(rows, name)), spine, engine)


def _check(extracts: Any, linkage: Any) -> None:
    if not hasattr(extracts, "names") or not hasattr(extracts, "extract_date"):
        raise InputError(
            "extracts must be what dip.read_extracts, dip.make_extracts, dip.simulate or dip.event_tables gives; it is "
            f"a {type(extracts).__name__}."
        )
    if linkage is not None and not callable(getattr(linkage, "to_frame", None)):
        raise InputError(f"linkage must be what dip.link(extracts) gives; it is a {type(linkage).__name__}.")


def _check_ready(tables: Any, linkage: Any, engine: Engine | None) -> None:
    if engine is not None and engine is not tables.engine:
        raise InputError("The event tables are on another engine than the one passed; leave engine= out.")
    if linkage is not None:
        raise InputError("Event tables carry person_id already, so no linkage is used with them; leave it out.")


def _once(name: str, records: ir.Table, engine: Engine) -> ir.Table:
    """Each record once, as for tables in memory: one that is there twice would be counted twice."""
    ids = records.group_by("record_id").aggregate(n=records.count())
    repeated = ids.filter(ids.n > 1)
    n_rows, n_ids = figures(engine, repeated, repeated.n.sum(), repeated.count())
    if not n_rows:
        return records
    once = engine.keep(records.distinct(), f"counted_{name}")
    (n_left,) = figures(engine, once.semi_join(repeated, "record_id"), ibis._.count())
    if n_left > n_ids:
        raise InputError(
            f"In table {name}, {n_left - n_ids} record(s) share a record_id with another record; give every record its "
            "own record_id."
        )
    return once


def _frame(name: str, extracts: Any) -> pd.DataFrame:
    frame = extracts.table(name)
    if AGE in frame.columns and "sex" in frame.columns:
        frame = with_births_from_ages(frame)
    kept = frame[[column for column in ("record_id", *USED[name]) if column in frame.columns]]
    dates = [column for column in kept.columns if table_contract(name).column(column).kind == "date"]
    return kept.assign(**{column: pd.to_datetime(kept[column]).astype("datetime64[us]") for column in dates})


def _owners(name: str, spine: ir.Table) -> ir.Table:
    mine = spine.filter(spine["table"].cast("string") == name)
    return mine.select(record_id=mine.record_id.cast("string"), person_id=mine.person_id.cast("string")).distinct()


def _with_person(name: str, records: ir.Table, spine: Stage | None, engine: Engine) -> ir.Table:
    records = records.distinct()
    if spine is None:
        return engine.keep(records.mutate(person_id=ibis.null().cast("string")), f"counted_{name}")
    kept = engine.keep(
        records.left_join(_owners(name, spine.table), "record_id").drop("record_id_right"), f"counted_{name}"
    )
    n, n_ids, n_linked = figures(engine, kept, kept.count(), kept.record_id.nunique(), kept.person_id.count())
    if n_ids < n:
        raise InputError(
            f"In table {name}, {n - n_ids} record(s) share a record_id with another record, or belong to more than one "
            "person of the linkage; give every record its own record_id and link the extracts again."
        )
    if n_linked < n:
        raise InputError(
            f"{n - n_linked} of the {n} records of {name} are not in the linkage, so it was made from other extracts. "
            "Link these extracts with dip.link(extracts) and pass that linkage."
        )
    return kept


def figures(engine: Engine, table: ir.Table, *expressions: Any) -> list[int]:
    """Several counts of a table in one query; a sum over no rows is 0."""
    named = {f"figure_{place}": one for place, one in enumerate(expressions)}
    found = engine.figures(table, **named)
    return [int(found[name] or 0) for name in named]


def first_and_last(engine: Engine, *days: Any) -> tuple[dt.date, dt.date] | None:
    """The earliest and the latest of some date columns, None if there is no date at all."""
    ends = []
    for day in days:
        row = engine.to_pandas(day.as_table().aggregate(first=day.min(), last=day.max())).iloc[0]
        ends += [pd.Timestamp(value).date() for value in row if pd.notna(value)]
    return (min(ends), max(ends)) if ends else None
