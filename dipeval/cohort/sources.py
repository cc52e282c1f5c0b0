"""Where the records of people come from: extracts in memory with a linkage, or tables on an engine.

Both give the same: tables of record_id, person_id and the columns used, and what was set aside on the way.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from dipeval.cohort.ages import assumed_births, with_births_from_ages
from dipeval.cohort.cleaning import clean, counted, fault_frame
from dipeval.cohort.used import REQUIRED, USED, kind_of, typed
from dipeval.errors import InputError
from dipeval.extracts.pseudonymised import FINGERPRINT

if TYPE_CHECKING:
    from collections.abc import Collection

    import ibis.expr.types as ir

    from dipeval.engine import Engine, Stage

_LOG = logging.getLogger("dipeval")
_SPINE_COLUMNS = ("table", "record_id", "person_id")
_REPEATED = "the same record more than once: counted once"


# Asked of other tables only where the index record does not say.
_WHO = ("date_of_birth", "sex", "ethnicity")
# In few extracts.
_SELDOM = ("arrest_date", "charge_date")


def spine_frame(linkage: Any) -> pd.DataFrame:
    """Return whose records are whose, as a linkage says: table, record_id, person_id."""
    frame = linkage.to_frame()
    if not set(_SPINE_COLUMNS) <= set(frame.columns):
        raise InputError(
            f"linkage must be what dip.link(extracts) gives, with the columns {', '.join(_SPINE_COLUMNS)}; it is a "
            f"{type(linkage).__name__}."
        )
    return frame[list(_SPINE_COLUMNS)]


class Source:
    """Tables of records of people.

    Parameters
    ----------
    names
        Of the tables that are there.
    needed
        Tables of which every record must have its person.
    """

    def __init__(self, names: Collection[str], engine: Engine, needed: Collection[str] = ()) -> None:
        self.names, self.engine, self.needed = tuple(names), engine, tuple(needed)
        self._stages: dict[str, Stage] = {}

    def given(self, name: str) -> frozenset[str]:
        """Return the columns of a table that the source holds; none if it has no such table."""
        return frozenset(self._columns(name)) if name in self.names else frozenset()

    def everybody(self, name: str) -> ir.Table:
        """Return the clean records of everybody in a table; an absent table is empty."""
        return clean(name, self.records(name).table)

    def records(self, name: str) -> Stage:
        """Return the records of everybody as they are."""
        if name not in self._stages:
            self._stages[name] = self._made(name) if name in self.names else self._nothing(name)
        return self._stages[name]

    def of(self, name: str, persons: Stage) -> Stage:
        """Return the records that are needed of a table, as they are; `persons` has all person_ids of interest."""
        raise NotImplementedError

    def clean_of(self, name: str, persons: Stage) -> ir.Table:
        """Return the records that are needed of a table, each once and clean."""
        return clean(name, self.of(name, persons).table)

    def faults(self, name: str, persons: Stage) -> Stage:
        """Return what is set aside or mended in the records needed: table, reason, n_records."""
        raise NotImplementedError

    def _columns(self, name: str) -> Collection[str]:
        raise NotImplementedError

    def _made(self, name: str) -> Stage:
        raise NotImplementedError

    def _nothing(self, name: str) -> Stage:
        frame = pd.DataFrame({"record_id": pd.Series(dtype=object), "person_id": pd.Series(dtype=object)})
        return self.engine.stage(
            f"{name}_records", lambda: typed(name, self.engine.put(frame, name), ["person_id"]), spec={"absent": True}
        )

    def _check_columns(self, name: str, columns: Collection[str]) -> None:
        lacking = [column for column in ("record_id", *REQUIRED[name]) if column not in columns]
        if lacking:
            raise InputError(
                f"Table {name} has no column {', '.join(lacking)}; map or add it before building a cohort."
            )


class InMemory(Source):
    """Extracts, and a linkage that says whose record is whose.

    Parameters
    ----------
    extracts
        Checked tables.
    linkage
        Its ``to_frame`` has table, record_id, person_id.
    """

    def __init__(self, extracts: Any, linkage: Any, engine: Engine, needed: Collection[str] = ()) -> None:
        super().__init__(extracts.names, engine, needed)
        self._extracts, self._linkage = extracts, linkage
        self._held: dict[str, Any] = {}

    def of(self, name: str, persons: Stage) -> Stage:  # noqa: ARG002 - what is in memory is small enough whole
        """Return the records of everybody."""
        return self.records(name)

    def faults(self, name: str, persons: Stage) -> Stage:  # noqa: ARG002
        """Return what is set aside or mended in the whole table."""
        records = self.records(name)
        return self.engine.frame_stage(
            f"{name}_faults", lambda: fault_frame(self._faults(name)), spec=self._spec(name), inputs=[records]
        )

    def _faults(self, name: str) -> list[tuple[str, str, int]]:
        if name not in self.names:
            return []
        _, n_rows, n_records = self._distinct(name)
        figures, found = counted(name, self.records(name).table, self.engine)
        n_linked = figures["rows"]
        if name in self.needed and n_linked < n_records:
            # A person would lose tests, treatment or offences without a word, and the comparison would be wrong.
            raise InputError(
                f"{n_records - n_linked} of the {n_records} records of {name} are not in the linkage, so it was made "
                "from other extracts. Link these extracts with dip.link(extracts) and pass that linkage."
            )
        assumed = assumed_births(name, self._extracts.table(name)) if name == "drug_tests" else []
        return [
            (name, _REPEATED, n_rows - n_records),
            (name, "no person in the linkage: set aside", n_records - n_linked),
            *found,
            *assumed,
        ]

    def _columns(self, name: str) -> Collection[str]:
        key = f"{name} columns"
        if key not in self._held:
            self._held[key] = tuple(self._extracts.table(name).columns)
        return self._held[key]

    def _spec(self, name: str) -> dict[str, Any]:
        return {"columns": USED[name], "needed": name in self.needed}

    def _made(self, name: str) -> Stage:
        inputs = []
        if self.engine.stages is not None:
            # Only the keys are wanted: the frames are read again when a stage has to be computed.
            inputs = [
                self.engine.source(name, self._frame(name)),
                self.engine.source("spine", spine_frame(self._linkage)),
            ]
        return self.engine.stage(f"{name}_records", lambda: self._joined(name), spec=self._spec(name), inputs=inputs)

    def _joined(self, name: str) -> ir.Table:
        records, *_ = self._distinct(name)
        spine = self._spine()
        mine = spine.filter(spine.table == name).drop("table")
        _LOG.info("Cohort: %s loaded", name)
        return records.join(mine, "record_id")

    def _distinct(self, name: str) -> tuple[ir.Table, int, int]:
        """The records, each once; how many rows there were, and how many records."""
        if name not in self._held:
            put = typed(name, self.engine.put(self._frame(name), name))
            rows, records, ids = *[self._n_rows(put)] * 2, self._n_ids(put)
            if ids < rows:
                put = self.engine.keep(put.distinct(), name)
                records = self._n_rows(put)
            if ids < records:
                raise InputError(
                    f"In table {name}, {records - ids} row(s) carry the record_id of another row with different "
                    "content; give every record its own record_id."
                )
            self._held[name] = (put, rows, records)
        return self._held[name]

    def _n_rows(self, table: ir.Table) -> int:
        return int(self.engine.figures(table, n=table.count())["n"])

    def _n_ids(self, table: ir.Table) -> int:
        ids = table.group_by("record_id").aggregate(n=table.count())
        return int(self.engine.figures(ids, n=ids.count())["n"])

    def _frame(self, name: str) -> pd.DataFrame:
        """The columns used, dates as dates."""
        frame = self._extracts.table(name)
        if name == "drug_tests" and FINGERPRINT in frame.columns:
            frame = with_births_from_ages(frame)
        self._check_columns(name, frame.columns)
        kept = frame[[column for column in ("record_id", *USED[name]) if column in frame.columns]]
        dates = [column for column in kept.columns if column.endswith("_date") or column == "date_of_birth"]
        return kept.assign(**{column: pd.to_datetime(kept[column]).astype("datetime64[us]") for column in dates})

    def _spine(self) -> ir.Table:
        if "spine" not in self._held:
            put = self.engine.put(spine_frame(self._linkage), "spine")
            spine = put.select(**{column: put[column].cast("string") for column in _SPINE_COLUMNS})
            each = spine.group_by(["table", "record_id"]).aggregate(n=spine.count(), persons=spine.person_id.nunique())
            found = self.engine.figures(
                each,
                repeated=(each.n > 1).ifelse(1, 0).sum().fill_null(0),
                twice=(each.persons > 1).ifelse(each.persons - 1, 0).sum().fill_null(0),
            )
            if found["twice"]:
                raise InputError(
                    f"The linkage gives {found['twice']} record(s) to more than one person; each record must have "
                    "exactly one person_id."
                )
            self._held["spine"] = self.engine.keep(spine.distinct(), "spine") if found["repeated"] else spine
        return self._held["spine"]


class OnEngine(Source):
    """Tables on an engine that carry person_id (`dipeval.event_tables`): the rows of others are never copied."""

    def __init__(self, tables: Any, engine: Engine, needed: Collection[str] = (), *, who: bool = True) -> None:
        super().__init__(tables.names, engine, needed)
        self._tables, self._who = tables, who

    def of(self, name: str, persons: Stage) -> Stage:
        """Return the records of the persons, as they are."""
        key = f"{name}_of_persons"
        if key not in self._stages:
            source = self.records(name)
            columns = ["record_id", "person_id", *(one for one in USED[name] if self._stored(name, one))]
            self._stages[key] = self.engine.stage(
                key,
                lambda: source.table.semi_join(persons.table.select("person_id"), "person_id").select(*columns),
                spec={"columns": columns},
                inputs=[source, persons],
            )
        return self._stages[key]

    def _stored(self, name: str, column: str) -> bool:
        """Whether a column is worth the memory: asked for, and not one of many missing values."""
        if column in _SELDOM:
            return column in self._columns(name)
        return self._who or column not in _WHO

    def clean_of(self, name: str, persons: Stage) -> ir.Table:
        """Return the records of the persons, each once and clean."""
        raw = self.of(name, persons).table
        repeated = (self.faults(name, persons).to_pandas()["reason"] == _REPEATED).any()
        cleaned = clean(name, raw.distinct() if repeated else raw)
        absent = [one for one in USED[name] if one in _SELDOM and one not in cleaned.columns]
        return cleaned.mutate(**{one: ibis.null(kind_of(name, one)) for one in absent})

    def faults(self, name: str, persons: Stage) -> Stage:
        """Return what is set aside or mended among the records of the persons."""
        key = f"{name}_faults"
        if key not in self._stages:
            raw = self.of(name, persons)
            self._stages[key] = self.engine.frame_stage(
                key,
                lambda: fault_frame(self._faults(name, raw.table) if name in self.names else []),
                spec={},
                inputs=[raw],
            )
        return self._stages[key]

    def _faults(self, name: str, raw: ir.Table) -> list[tuple[str, str, int]]:
        figures, found = counted(name, raw, self.engine)
        repeated = figures["rows"] - figures["ids"]
        if repeated:
            once = raw.distinct()
            distinct = int(self.engine.figures(once, n=once.count())["n"])
            if distinct > figures["ids"]:
                raise InputError(
                    f"In table {name}, {distinct - figures['ids']} row(s) carry the record_id of another row with "
                    "different content; give every record its own record_id."
                )
        return [(name, _REPEATED, repeated), *found]

    def _columns(self, name: str) -> Collection[str]:
        return self._tables.expression(name).columns

    def _made(self, name: str) -> Stage:
        expression = self._tables.expression(name)
        self._check_columns(name, expression.columns)
        return self.engine.source(
            name, typed(name, expression, ["person_id"]), snapshot=self._tables.snapshot(name) or None
        )
