"""`event_tables`: tables that are on an engine already, and carry person_id, as the event tables of a study.

The rows stay where they are. What a contract asks of a file is asked of the table here: columns, types, codes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import ExtractError, InputError
from dipeval.extracts.contracts import contracts, did_you_mean
from dipeval.extracts.event_columns import PERSON, RECORD, column_places, count_faults, declared_columns
from dipeval.extracts.extracts import DROPPED_COLUMNS, as_day
from dipeval.extracts.mapping import ExtractMapping

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventTables:
    """Event tables on an engine, each record with its person. Made by `event_tables`.

    Parameters
    ----------
    engine
        Where they are.
    extract_date
        Last day the data cover.

    Examples
    --------
    >>> from dipeval.engine import open_engine
    >>> engine = open_engine(threads=1)
    >>> given = pd.DataFrame({"record_id": ["1"], "person_id": ["a"], "death_date": pd.to_datetime(["2012-03-01"])})
    >>> tables = event_tables(engine, {"deaths": engine.put(given)}, extract_date="2012-12-31")
    >>> tables.names, "deaths" in tables, tables.expression("deaths").columns
    (('deaths',), True, ('record_id', 'person_id', 'death_date'))
    """

    engine: Engine
    extract_date: dt.date
    _tables: Mapping[str, ir.Table]
    _snapshots: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables, in the order of the contracts."""
        return tuple(name for name in contracts() if name in self._tables)

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a table."""
        return name in self._tables

    def expression(self, name: str) -> ir.Table:
        """Return one table: record_id, person_id and the columns of the contract that it has, in their types.

        Parameters
        ----------
        name
            One of `names`.

        Returns
        -------
        ibis.expr.types.Table

        Raises
        ------
        InputError
            If there is no such table; the message names those that are there.
        """
        if name not in self._tables:
            near = did_you_mean(str(name), self.names)
            raise InputError(f"There is no event table '{name}'{near}; there are {', '.join(self.names)}.")
        return self._tables[name]

    def snapshot(self, name: str) -> str:
        """Return the label of a table's state, and how it is read where stages are kept; empty if none was given."""
        return self._snapshots.get(name, "")

    @property
    def dropped(self) -> pd.DataFrame:
        """Rows dropped for a fault: table, reason, rows. Always empty: no row of a cluster is dropped here."""
        return pd.DataFrame({name: pd.Series(dtype="int64" if name == "rows" else object) for name in DROPPED_COLUMNS})

    def __repr__(self) -> str:
        """Name the tables, never their contents."""
        return f"EventTables({', '.join(self.names)}; up to {self.extract_date.isoformat()}; on {self.engine.kind})"


def event_tables(
    engine: Engine,
    tables: Mapping[str, str | ir.Table],
    *,
    extract_date: dt.date | str,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    codes: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
    person: str = PERSON,
    snapshot: str | Mapping[str, str] | None = None,
    check: bool = True,
) -> EventTables:
    """Take tables that are on an engine, and carry a person's number, as the event tables of a study.

    Nothing is copied or brought into memory. What is declared is cast to its type: dates to DATE, codes and text to
    text, yes/no to boolean, numbers to float64 or int64. Names of people and postcodes are left behind.

    Parameters
    ----------
    engine
        From `open_engine`; with ``spark=`` the tables are those of the session's catalogue.
    tables
        Our table (``drug_tests``, ``offences``...) to its name on the engine (``"police.tests"``) or an Ibis table of
        the engine.
    extract_date
        Last day the data cover.
    columns
        Table (or ``"*"``) to ``{their column: ours}``. Columns that have our names need none; capitals do not matter.
    codes
        Table (or ``"*"``) to column to ``{their code: ours}``. Columns without an entry must hold our codes as they
        stand.
    person
        Their name of the column with the person's number, the same in every table.
    snapshot
        Label of the state of the tables, or one for each; needed where the engine keeps stages, because the content of
        a table cannot be told from here.
    check
        Whether unknown codes, unreadable values and records without number or person are looked for, in one query a
        table.

    Returns
    -------
    EventTables

    Raises
    ------
    ExtractError
        Naming every fault of every table at once.
    InputError
        If a table is not known, not there, or of another engine.

    Examples
    --------
    >>> from dipeval.engine import open_engine
    >>> engine = open_engine(threads=1)
    >>> theirs = pd.DataFrame({"id": ["1"], "pid": ["a"], "died": ["2012-03-01"]})
    >>> given = event_tables(
    ...     engine,
    ...     {"deaths": engine.put(theirs)},
    ...     extract_date="2012-12-31",
    ...     columns={"deaths": {"id": "record_id", "died": "death_date"}},
    ...     person="pid",
    ... )
    >>> given
    EventTables(deaths; up to 2012-12-31; on duckdb)
    """
    mapping = ExtractMapping(columns=columns or {}, codes=codes or {})
    known = {name: contract for name, contract in contracts().items() if RECORD in contract.column_names}
    _refuse_arguments(engine, tables, person)
    _refuse_strangers(tables, known)
    made: dict[str, ir.Table] = {}
    faults: list[str] = []
    states: dict[str, str] = {}
    for name in (one for one in known if one in tables):
        source = _source(engine, name, tables[name])
        places, found = column_places(name, source.columns, mapping, person)
        faults += found
        if not found:
            declared = declared_columns(name, source, places, mapping)
            made[name] = source.select(**declared)
            if engine.stages is not None:
                states[name] = _state(engine, tables[name], name, source, places, mapping)
            faults += count_faults(engine, name, source, places, declared) if check else []
    if faults:
        raise ExtractError(faults)
    day = as_day(extract_date)
    if day is None:
        raise InputError("extract_date is needed: the last day that the tables cover, such as 2024-06-30.")
    return EventTables(
        engine=engine, extract_date=day, _tables=made, _snapshots=_labels(engine, states, made, snapshot)
    )


def _refuse_arguments(engine: Any, tables: Any, person: Any) -> None:
    if not callable(getattr(engine, "figures", None)):
        raise InputError(f"engine must be what dip.open_engine() gives; it is a {type(engine).__name__}.")
    if not isinstance(tables, Mapping):
        raise InputError("tables must say which table is which, such as {'drug_tests': 'police.tests'}.")
    if not isinstance(person, str) or not person.strip():
        raise InputError("person must be the name of the column with the person's number, such as 'person_id'.")


def _refuse_strangers(tables: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for name in tables:
        if name not in known:
            near = did_you_mean(str(name), known)
            raise InputError(f"'{name}' is no event table{near}; those are {', '.join(known)}.")
    if not tables:
        raise InputError(f"No table was given; the event tables are {', '.join(known)}.")


def _source(engine: Engine, name: str, given: Any) -> ir.Table:
    if isinstance(given, str):
        return engine.table(given)
    if not callable(getattr(given, "get_backend", None)):
        raise InputError(
            f"Table {name} must be given as its name on the engine or as an Ibis table of it; it is a "
            f"{type(given).__name__}. A DataFrame goes on the engine with engine.put(frame)."
        )
    if given.get_backend() is not engine.backend:
        raise InputError(f"Table {name} belongs to another engine; give all tables on the engine that is passed.")
    return given


def _state(
    engine: Engine, given: Any, name: str, source: ir.Table, places: Mapping[str, str], mapping: ExtractMapping
) -> str:
    """How a table is read, in short: with other columns or codes the same state of it gives other rows."""
    import ibis

    # Not the SQL of the table itself: what an unnamed one is called differs from run to run.
    plain = ibis.table(source.schema(), name=name)
    sql = engine.backend.compile(plain.select(**declared_columns(name, plain, places, mapping)))
    words = json.dumps([given if isinstance(given, str) else "", str(sql)])
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _labels(
    engine: Engine,
    states: Mapping[str, str],
    names: Mapping[str, Any],
    snapshot: str | Mapping[str, str] | None,
) -> dict[str, str]:
    labels = dict.fromkeys(names, snapshot) if isinstance(snapshot, str) else dict(snapshot or {})
    strangers = [name for name in labels if name not in names]
    if strangers:
        raise InputError(f"snapshot names {', '.join(strangers)}, which is not among the tables given.")
    lacking = [name for name in names if not labels.get(name)]
    if engine.stages is not None and lacking:
        raise InputError(
            f"The engine keeps stages, and nothing says which state of {', '.join(lacking)} they are made from; give "
            "snapshot=, a label that changes when the tables do, such as the day of the extract."
        )
    return {name: f"{label} {states[name]}" if name in states else str(label) for name, label in labels.items()}
