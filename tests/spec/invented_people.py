"""Invented people for the tests: tables written as text, and the smallest extracts and linkage that hold them.

A table is written with one person a line and columns between bars; an empty cell is a missing value. The first
column, ``person``, says whose record it is, which is what a perfect linkage would find.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from dipeval.cohort import Cohort, CohortRule, build_cohort
from dipeval.engine import Engine, open_engine

_DEFAULTS: dict[str, dict[str, Any]] = {
    "drug_tests": {
        "date_of_birth": "1990-06-15",
        "sex": "male",
        "district": "Leeds",
        "test_date": "2022-03-01",
        "result": "opiates",
    },
    "treatment": {"start_date": None, "end_date": None},
    "offences": {
        "offence_date": None,
        "offence_group": "shoplifting",
        "disposal_date": None,
        "disposal": "conviction",
    },
    "custody_spells": {"start_date": None, "end_date": None},
    "deaths": {"death_date": None},
}
# Tables that a cohort can do without: there only where somebody has a record in them.
_FURTHER: dict[str, dict[str, Any]] = {
    "contacts": {
        "date_of_birth": "1990-06-15",
        "sex": "male",
        "district": "Leeds",
        "contact_date": None,
        "entry_point": "custody",
        "assessment": "initial_required",
        "attended": True,
        "care_plan_date": None,
    },
    "orders": {"order_type": "DRR", "start_date": None, "end_date": None},
    "sentences": {"sentence_date": None, "type": "custody", "release_date": None},
}
_TRUTHS = {"yes": True, "no": False}


def table(text: str) -> pd.DataFrame:
    """A table written as text: a line of headings, then one line a record."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return pd.DataFrame([[cell or None for cell in line] for line in lines[1:]], columns=lines[0], dtype=object)


def rows(text: str) -> list[tuple[Any, ...]]:
    """The lines of a table written as text, without the headings."""
    return list(table(text).itertuples(index=False, name=None))


@dataclass
class InventedExtracts:
    """What a cohort asks of extracts: names, tables, the last day covered."""

    tables: dict[str, pd.DataFrame]
    extract_date: dt.date
    dropped: pd.DataFrame | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.tables)

    def table(self, name: str) -> pd.DataFrame:
        return self.tables[name].copy()


@dataclass
class InventedLinkage:
    """What a cohort asks of a linkage: the spine and the engine."""

    spine: pd.DataFrame
    engine: Engine = field(default_factory=lambda: open_engine(threads=1))

    def to_frame(self) -> pd.DataFrame:
        return self.spine.copy()


def _fill(name: str, records: pd.DataFrame | str | None) -> pd.DataFrame:
    if records is None:
        records = pd.DataFrame({"person": []}, dtype=object)
    frame = table(records) if isinstance(records, str) else records.copy()
    for column, value in {**_DEFAULTS, **_FURTHER}[name].items():
        if column not in frame.columns:
            frame[column] = value
    for column in frame.columns:
        if column.endswith("_date") or column == "date_of_birth":
            frame[column] = pd.to_datetime(frame[column])
        elif column in ("attended", "custodial"):
            frame[column] = frame[column].map(lambda told: _TRUTHS.get(told, told)).astype("boolean")
        elif column == "risk_score":
            frame[column] = frame[column].astype("float64")
    if "record_id" not in frame.columns:
        frame.insert(0, "record_id", [f"{name}-{place:05d}" for place in range(len(frame))])
    return frame


def invent(
    extract_date: str = "2026-12-31", without: tuple[str, ...] = (), **records: pd.DataFrame | str | None
) -> tuple[InventedExtracts, InventedLinkage]:
    """Extracts and a perfect linkage from tables with a ``person`` column; tables not given are empty."""
    tables, spines = {}, []
    for name in (*_DEFAULTS, *(name for name in _FURTHER if name in records)):
        if name in without:
            continue
        frame = _fill(name, records.get(name))
        known = frame[frame["person"].notna()]
        spines.append(
            pd.DataFrame({"table": name, "record_id": known["record_id"].astype(object), "person_id": known["person"]})
        )
        tables[name] = frame.drop(columns="person")
    spine = pd.concat(spines, ignore_index=True).drop_duplicates().assign(match_probability=1.0)
    return InventedExtracts(tables, dt.date.fromisoformat(extract_date)), InventedLinkage(spine)


def cohort_of(rule: CohortRule | None = None, *, extract_date: str = "2026-12-31", **records: Any) -> Cohort:
    """The cohort of invented people."""
    extracts, linkage = invent(extract_date, **records)
    return build_cohort(extracts, linkage, rule or CohortRule())  # type: ignore[arg-type]
