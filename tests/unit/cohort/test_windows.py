"""Running totals: what is still open at an index does not count, and no frame slides."""

from __future__ import annotations

import re
from typing import Any

import ibis
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

from dipeval.cohort.baseline_join import counts_by_join
from dipeval.cohort.baseline_measures import Measure
from dipeval.cohort.windows import counts_by_windows
from dipeval.engine import open_engine

YEAR = Measure(name="in_year", source="offences", first=365)
EVER = Measure(name="ever", source="offences")
SECOND_QUARTER = Measure(name="second_quarter", source="offences", first=182, last=92)
SANCTIONS = Measure(name="sanctions", source="sanctions")
ASKED = (YEAR, EVER, SECOND_QUARTER, SANCTIONS)


def counts(offences: list[tuple[str, str]], cuts: list[str], *, join: bool = False) -> dict[str, list[int]]:
    """The measures of one person at each cut-off, from (offence date, disposal date)."""
    engine = open_engine(threads=1)
    rows = pd.DataFrame(offences, columns=["offence_date", "disposal_date"]).astype("datetime64[us]")
    events = rows.assign(person_id="ann", disposal="conviction", offence_group="shoplifting")
    index = pd.DataFrame({"index_id": cuts, "person_id": "ann", "cut_off_date": pd.to_datetime(cuts)})
    tables = engine.put(index, "index"), {"offences": engine.put(events, "offences")}
    found = (counts_by_join if join else counts_by_windows)(*tables, ASKED)
    wide = index[["index_id"]]
    for table in found:
        wide = wide.merge(engine.to_pandas(table), on="index_id", how="left")
    return {measure.name: wide[measure.name].fillna(0).astype(int).to_list() for measure in ASKED}


def test_an_offence_counts_from_the_day_after_it_was_dealt_with() -> None:
    found = counts([("2020-01-10", "2020-02-10")], ["2020-01-10", "2020-02-09", "2020-02-10", "2020-02-11"])
    assert found["ever"] == found["in_year"] == found["sanctions"] == [0, 0, 0, 1]


def test_an_offence_open_for_years_counts_at_no_index_until_it_is_dealt_with() -> None:
    cuts = [f"20{year}-03-01" for year in range(10, 20)]
    found = counts([("2010-01-10", "2017-02-28")], cuts)
    assert found["ever"] == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert found["in_year"] == [0] * 10


def test_days_before_1970_count_like_any_other() -> None:
    found = counts([("1969-12-20", "1970-01-05")], ["1969-12-31", "1970-01-01", "1970-01-05", "1970-01-06"])
    assert found["ever"] == [0, 0, 0, 1]


def test_the_second_quarter_runs_from_day_92_to_day_182() -> None:
    days = pd.Timestamp("2021-06-01") + pd.to_timedelta([91, 92, 182, 183], unit="D")
    found = counts([("2021-06-01", "2021-06-01")], [str(day.date()) for day in days])
    assert found["second_quarter"] == [0, 1, 1, 0]


@pytest.mark.parametrize("delay", [0, 1, 90, 91, 92, 400])
def test_the_join_agrees_whatever_the_wait_for_the_disposal(delay: int) -> None:
    start = pd.Timestamp("2019-11-30")
    offences = [
        (str((start + pd.Timedelta(days=n)).date()), str((start + pd.Timedelta(days=n + delay)).date()))
        for n in range(0, 800, 37)
    ]
    cuts = [str((start + pd.Timedelta(days=n)).date()) for n in range(0, 1300, 13)]
    assert counts(offences, cuts) == counts(offences, cuts, join=True)


def test_every_frame_begins_at_the_start_and_offences_are_joined_within_quarters_only() -> None:
    cuts = ibis.table({"index_id": "string", "person_id": "string", "cut_off_date": "date"}, name="cuts")
    columns: dict[str, Any] = {"person_id": "string", "offence_date": "date", "disposal_date": "date"}
    offences = ibis.table({**columns, "disposal": "string", "offence_group": "string"}, name="offences")
    sql = str(ibis.to_sql(counts_by_windows(cuts, {"offences": offences}, ASKED)[0], dialect="duckdb"))
    frames = re.findall(r"BETWEEN (\w+) PRECEDING", sql)
    assert len(frames) > 5
    assert set(frames) == {"UNBOUNDED"}
    joined_on = [
        {column.name for column in join.args["on"].find_all(exp.Column)}
        for join in sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Join)
    ]
    assert joined_on
    assert all({"person_id", "bucket"} <= names or names == {"index_id"} for names in joined_on)
