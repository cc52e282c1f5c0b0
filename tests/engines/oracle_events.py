"""The pandas oracle, first part: days as numbers, ages, spells, proven offences, the possible index events.

It is written from the definitions alone and imports nothing of the library but codes. Days are float64 numbers since
1970 and a missing day is NaN, so that a comparison with it is false.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from tests.engines.crowd import Crowd

POSITIVE = ("opiates", "cocaine", "both")
FAR = 10_000_000.0
# Where the facts of a person are looked up when the index record has none: the first table, and its day.
WHERE_TOLD = {
    "drug_tests": "test_date",
    "offences": "offence_date",
    "contacts": "contact_date",
    "treatment": "start_date",
    "custody_spells": "start_date",
    "orders": "start_date",
    "sentences": "sentence_date",
}
FACTS = ("date_of_birth", "sex", "ethnicity", "district")
ERAS = {
    "before_dip": (dt.date(1900, 1, 1), dt.date(2003, 3, 31)),
    "test_on_charge": (dt.date(2003, 4, 1), dt.date(2005, 11, 30)),
    "test_on_arrest": (dt.date(2005, 12, 1), dt.date(2013, 9, 30)),
    "after_national_dip": (dt.date(2013, 10, 1), dt.date(2999, 12, 31)),
}
_EPOCH = dt.date(1970, 1, 1)


def number(day: dt.date) -> int:
    """A day as a number."""
    return (day - _EPOCH).days


def days(column: pd.Series) -> pd.Series:
    """Dates as numbers, missing ones as NaN."""
    return (pd.to_datetime(column) - pd.Timestamp(_EPOCH)) / pd.Timedelta(days=1)


def date_of(day: float) -> dt.date:
    """The day of a number."""
    return _EPOCH + dt.timedelta(days=int(day))


@cache
def _age(born: float, day: float) -> float:
    """Birthdays had by that day; who was born on 29 February has one on 1 March in other years."""
    birth, today = date_of(born), date_of(day)
    years = today.year - birth.year
    try:
        birthday = birth.replace(year=today.year)
    except ValueError:
        birthday = dt.date(today.year, 3, 1)
    return float(years if birthday <= today else years - 1)


def ages(born: pd.Series, day: pd.Series) -> np.ndarray:
    """Completed years; NaN where either day is missing."""
    return np.array([_age(b, d) if b == b and d == d else np.nan for b, d in zip(born, day, strict=True)])


def numbered(crowd: Crowd) -> Crowd:
    """The tables with days as numbers; an end before the start is pulled back to it, an open end is far away."""
    tables = {}
    for name, frame in crowd.items():
        dated = [c for c in frame.columns if c.endswith("_date") or c == "date_of_birth"]
        table = frame.assign(**{column: days(frame[column]) for column in dated})
        if name in ("treatment", "custody_spells"):
            ends = table["end_date"].fillna(FAR)
            table["end_date"] = np.maximum(ends, table["start_date"])
        if name == "offences":
            table = table[~(table["disposal_date"] < table["offence_date"])]
        tables[name] = table.sort_values("record_id", ignore_index=True)
    return tables


def proven(offences: pd.DataFrame) -> pd.DataFrame:
    """Offences that led to a caution or a conviction on a known day."""
    return offences[offences["disposal"].isin(["caution", "conviction"]) & offences["disposal_date"].notna()]


def united(spells: pd.DataFrame) -> pd.DataFrame:
    """Spells of a person that overlap or abut made one, by going through them in order."""
    rows: list[list[Any]] = []
    for who, start, end in (
        spells[["person_id", "start_date", "end_date"]]
        .sort_values(["person_id", "start_date", "end_date"])
        .itertuples(index=False, name=None)
    ):
        if rows and rows[-1][0] == who and start <= rows[-1][2]:
            rows[-1][2] = max(rows[-1][2], end)
        else:
            rows.append([who, start, end])
    return pd.DataFrame(rows, columns=["person_id", "start_date", "end_date"])


def _source(tables: Mapping[str, pd.DataFrame], rule: Any) -> tuple[str, pd.DataFrame, str]:
    """Name of the table of index events, its records that count, and its day."""
    kind, kinds = rule.index_event, list(rule.index_types)
    if kind in ("positive_test", "any_test"):
        tests = tables["drug_tests"]
        counts = tests["result"].isin(POSITIVE) if kind == "positive_test" else tests["result"] != "refused"
        return "drug_tests", tests[counts], "test_date"
    if kind == "release":
        spells = united(tables["custody_spells"])
        stays = spells[(spells["end_date"] < FAR) & (spells["end_date"] > spells["start_date"])]
        return "custody_spells", stays, "end_date"
    if kind == "caution":
        offences = tables["offences"]
        return "offences", offences[offences["disposal"] == "caution"], "disposal_date"
    if kind == "sentence" and "sentences" not in tables:
        offences = tables["offences"]
        return "offences", offences[offences["disposal"] == "conviction"], "disposal_date"
    if kind == "column":
        return rule.index_table, tables[rule.index_table], rule.index_column
    name, day, coded = {
        "sentence": ("sentences", "sentence_date", "type"),
        "order": ("orders", "start_date", "order_type"),
        "contact": ("contacts", "contact_date", "entry_point"),
    }[kind]
    records = tables[name]
    if kind == "contact":
        records = records[[told is not False for told in records["attended"]]]
    return name, records[records[coded].isin(kinds)] if kinds else records, day


def index_source(tables: Mapping[str, pd.DataFrame], rule: Any, extract_date: dt.date) -> pd.DataFrame:
    """Every possible index event up to the last day covered, with what its record tells."""
    name, records, day = _source(tables, rule)
    found = records.rename(columns={"record_id": "index_record_id"}).reset_index(drop=True)
    if "index_record_id" not in found:
        found["index_record_id"] = ""
    found["index_date"] = found[day]
    for column in (*FACTS, "risk_score"):
        if column not in found:
            found[column] = None if column in ("sex", "ethnicity", "district") else np.nan
    found["test_result"] = found.get("result")
    times = found["test_time"] if name == "drug_tests" else pd.Series(None, index=found.index, dtype=object)
    found["minute"] = [60 * int(t.split(":")[0]) + int(t.split(":")[1]) if isinstance(t, str) else 9999 for t in times]
    kept = ["person_id", "index_record_id", "index_date", "minute", "test_result", "risk_score", *FACTS]
    return found.loc[found["index_date"] <= number(extract_date), kept]


def in_window(found: pd.DataFrame, rule: Any) -> pd.DataFrame:
    """Index events between the first and the last day, both in, and inside the eras."""
    if rule.index_from is not None:
        found = found[found["index_date"] >= number(rule.index_from)]
    if rule.index_to is not None:
        found = found[found["index_date"] <= number(rule.index_to)]
    if rule.eras:
        spans = [ERAS[name] for name in rule.eras]
        inside = [any(a <= date_of(day) <= b for a, b in spans) for day in found["index_date"]]
        found = found[inside]
    return found


def index_events(tables: Mapping[str, pd.DataFrame], rule: Any, extract_date: dt.date) -> pd.DataFrame:
    """The index events chosen of those in the window: first, first in each quarter, or every, one a day."""
    found = in_window(index_source(tables, rule, extract_date), rule)
    found = found.sort_values(["person_id", "index_date", "minute", "index_record_id"])
    found = found.drop_duplicates(["person_id", "index_date"])
    if rule.index_choice == "first":
        found = found.drop_duplicates("person_id")
    elif rule.index_choice == "per_quarter":
        quarter = [(day.year, (day.month - 1) // 3) for day in map(date_of, found["index_date"])]
        found = found.assign(quarter=quarter).drop_duplicates(["person_id", "quarter"])
    found = found.reset_index(drop=True)
    # A drug test tells all that is asked of it; where it does not, it is not known.
    if rule.index_event not in ("positive_test", "any_test"):
        found = _with_facts(found, tables)
    iso = [date_of(day).isoformat() for day in found["index_date"]]
    one = rule.index_choice == "first"
    return found.assign(
        index_id=found["person_id"] if one else found["person_id"] + "-" + pd.Series(iso, index=found.index),
        age_at_index=ages(found["date_of_birth"], found["index_date"]),
        time_zero_date=found["index_date"] + rule.landmark_days,
    )


def _with_facts(found: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The index record's own facts, else the first that any table tells of the person, the tables in their order."""
    for fact in FACTS:
        told = found[fact]
        for name, day in WHERE_TOLD.items():
            if name in tables and fact in tables[name]:
                records = tables[name].dropna(subset=[fact]).sort_values([day, "record_id"])
                first = records.drop_duplicates("person_id").set_index("person_id")
                # What is of its time counts only if it was on record by the index day.
                by_then = found["person_id"].map(first[day]) <= found["index_date"]
                by_then |= fact in ("date_of_birth", "sex")
                told = told.where(told.notna() | ~by_then, found["person_id"].map(first[fact]))
        found = found.assign(**{fact: told})
    return found
