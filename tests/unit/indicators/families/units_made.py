"""Families of invented or simulated people, brought over as frames."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from dipeval.engine import open_engine
from dipeval.indicators.measuring.family import EVERYTHING, CountingRule, Family, Wanted
from dipeval.indicators.measuring.periods import Period, period_range
from dipeval.indicators.records import Records, load
from tests.spec.invented_people import invent

TABLES = ("drug_tests", "contacts", "treatment", "offences", "deaths")


def records_of(extracts: Any, linkage: Any) -> Records:
    """Records as the indicators load them."""
    return load(extracts, linkage, TABLES, open_engine(threads=1))


def periods_of(first: str, last: str, every: str = "quarter") -> tuple[Period, ...]:
    return period_range(every, dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def frame_of(records: Records, family: Family | None) -> pd.DataFrame:
    """The units of a family, by person and period."""
    assert family is not None
    frame = records.engine.to_pandas(family.table)
    return frame.sort_values([name for name in ("person_id", "period", "day") if name in frame], ignore_index=True)


def counted(records: Records, family: Family | None, indicator: str) -> dict[tuple[str, str], tuple[float, float]]:
    """(district, period) -> numerator, denominator, added up as a reader of the family does."""
    assert family is not None
    (own,) = [one for one in family.counted if one.indicator == indicator]
    frame = frame_of(records, family)
    units = frame[frame[own.denominator].fillna(0) != 0]
    sums = units.groupby(["district", "period"])[[own.numerator]].sum()
    sums["below"] = units.groupby(["district", "period"])[own.denominator].sum()
    return {key: (float(row.iloc[0]), float(row.iloc[1])) for key, row in sums.iterrows()}


def made(maker: Any, first: str, last: str, *, extract_date: str = "2026-12-31", **given: Any) -> pd.DataFrame:
    """The units that a maker makes of invented tables; options of the rule are given as ``rule``.

    Where ``names`` are given, only for these indicators and no breakdown.
    """
    rule, without = given.pop("rule", CountingRule()), given.pop("without", ())
    names = given.pop("names", None)
    wanted = EVERYTHING if names is None else Wanted(names=frozenset(names), by=frozenset())
    extracts, linkage = invent(extract_date, without, **given)
    records = records_of(extracts, linkage)
    return frame_of(records, maker(records, rule, periods_of(first, last, rule.every), wanted))


def flags(frame: pd.DataFrame, column: str) -> dict[str, int]:
    """Person -> mark; of those with one unit."""
    assert not frame["person_id"].duplicated().any()
    return {person: int(value) for person, value in zip(frame["person_id"], frame[column], strict=True)}
