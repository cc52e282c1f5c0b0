"""Indicators of invented areas: DuckDB gives what people counted one by one give, and Spark what DuckDB gives."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.engine import open_engine
from dipeval.indicators.measuring.periods import span
from dipeval.linkage import true_linkage
from tests.unit.indicators.counted_by_hand import of_persons
from tests.unit.indicators.families import oracle_of_families as oracle

TABLES = ("drug_tests", "contacts", "treatment", "offences")
BY = ("age_group", "substance")
NAMES = ("tests", "seen", "treatment_entry", "completion_period", "new_to_service")
# Records by themselves, joins over days, journeys, proven offences: half a minute of Spark's planning.
ON_SPARK = ("tests", "positivity", "seen", "treatment_entry", "reoffending")


@cache
def _areas() -> tuple[Any, Any]:
    extracts = dip.simulate_areas(2, quarters=4, people=300)
    return extracts, true_linkage(extracts)


@cache
def _rows() -> dict[str, Any]:
    extracts, linkage = _areas()
    return {name: of_persons(extracts.table(name), linkage.to_frame(), name) for name in TABLES}


def _measured(engine: Any, names: tuple[str, ...]) -> pd.DataFrame:
    # A short follow-up, so that reoffending of these four quarters is told.
    rule = dip.CountingRule(reoffending_days=91, waiting_days=30)
    return dip.indicators(*_areas(), names=names, by=BY, rule=rule, engine=engine).to_frame()


@cache
def _on_duckdb() -> pd.DataFrame:
    return _measured(open_engine(threads=1), NAMES)


def _by_area(frame: pd.DataFrame, name: str) -> dict[tuple[str, str], tuple[float, float]]:
    """What is told of each district and period, where there are any units."""
    own = frame[(frame["indicator"] == name) & (frame["dimension"] == "") & (frame["district"] != "all districts")]
    told = own[own["status"].isin(["ok", "part_period"])]
    told = told[told["denominator"] > 0]
    keys = zip(told["district"].astype(str), told["period"].astype(str), strict=True)
    return dict(zip(keys, zip(told["numerator"], told["denominator"], strict=True), strict=True))


@pytest.mark.slow
def test_people_counted_one_by_one_give_what_duckdb_gives() -> None:
    frame, (extracts, _), rows = _on_duckdb(), _areas(), _rows()
    spans: dict[str, Any] = {label: span(label) for label in frame["period"].unique()}
    tests, contacts, treatment, offences = (rows[name] for name in TABLES)
    found = {
        **oracle.after_positives(tests, contacts, treatment, offences, set(spans)),
        **oracle.of_stays(treatment, spans, extracts.extract_date),
        **oracle.of_contacts(contacts, treatment, set(spans)),
    }
    for name in NAMES[1:]:
        told = _by_area(frame, name)
        assert told, name
        assert {key: tuple(found[name][key]) for key in told} == told, name


def _tests() -> pd.DataFrame:
    tests = _areas()[0].table("drug_tests")
    tests = tests[tests["result"] != "refused"]
    return tests.assign(period=[oracle.quarter(day.date()) for day in tests["test_date"]])


@pytest.mark.slow
def test_groups_of_tests_are_those_of_pandas() -> None:
    tests, frame = _tests(), _on_duckdb()
    days = zip(tests["date_of_birth"], tests["test_date"], strict=True)
    ages = [oracle.age_group(None if pd.isna(born) else born.date(), day.date()) for born, day in days]
    expected = tests.groupby([tests["district"], tests["period"], pd.Series(ages, index=tests.index)]).size()
    own = frame[(frame["indicator"] == "tests") & (frame["dimension"] == "age_group") & (frame["numerator"] > 0)]
    told = own[own["district"] != "all districts"].set_index(["district", "period", "group"])["numerator"]
    assert told.astype("int64").to_dict() == expected.to_dict()


@pytest.mark.slow
def test_the_link_and_the_hours_are_those_of_pandas() -> None:
    tests = _tests()
    link, hours = dip.drug_offence_link(_areas()[0]).to_frame(), dip.contact_hours(*_areas()).to_frame()
    everyone = link[(link["level"] == "everyone") & (link["substance"] == "any")].set_index("period")
    told = everyone.loc[sorted(tests["period"].unique()), "tests"]
    assert told.astype("int64").to_dict() == tests["period"].value_counts().to_dict()
    by_hour = hours[(hours["dimension"] == "hour") & (hours["n_tests"] > 0)].set_index("group")["n_tests"]
    assert by_hour.to_dict() == tests["test_time"].str.zfill(5).str[:2].value_counts().to_dict()


@pytest.mark.spark
def test_spark_gives_what_duckdb_gives(spark: Any) -> None:
    there, here = (
        (
            _measured(engine, ON_SPARK),
            dip.drug_offence_link(*_areas(), engine=engine).to_frame(),
            dip.contact_hours(*_areas(), engine=engine).to_frame(),
        )
        for engine in (open_engine(spark=spark), open_engine(threads=1))
    )
    for one, other in zip(there, here, strict=True):
        pd.testing.assert_frame_equal(one, other, rtol=1e-12)
