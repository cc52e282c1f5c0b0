"""Twenty thousand people with every edge of dates: the engines give what a pandas oracle gives, in the same types.

The oracle is written from the definitions alone (`oracle_events`, `oracle_cohort`, `oracle_outcomes`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from dipeval.engine import Engine, open_engine
from dipeval.extracts import event_tables
from dipeval.indicators import pathway
from tests.engines.agreement import CASES, Answer, assert_as_oracle, assert_same, in_memory, on_engine, put_on
from tests.engines.crowd import EXTRACT_DATE, Crowd, crowd
from tests.engines.oracle_events import numbered
from tests.engines.oracle_pathway import pathway as pathway_of_oracle

# One index event a person (joins), and many (windows over days); each takes about a minute of two cores.
ON_SPARK = ("default", "juveniles sentenced, per quarter, rearrest")


class World:
    """The crowd as the library and as the oracle read it, and what DuckDB has answered so far."""

    def __init__(self) -> None:
        self.crowd: Crowd = crowd(20_000)
        self.numbered = numbered(self.crowd)
        self.engine = open_engine(threads=2)
        self.tables = put_on(self.engine, self.crowd)
        self._answers: dict[str, Answer] = {}

    def on_duckdb(self, name: str) -> Answer:
        if name not in self._answers:
            self._answers[name] = on_engine(self.engine, self.tables, CASES[name])
        return self._answers[name]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.slow
def test_the_crowd_has_every_edge(world: World) -> None:
    offences, spells, tests = (world.crowd[name] for name in ("offences", "custody_spells", "drug_tests"))
    assert (offences["offence_date"].dt.strftime("%m-%d") == "02-29").any()
    assert offences["offence_date"].dt.is_month_end.mean() > 0.05
    assert spells["end_date"].isna().any()
    assert (spells["end_date"] < spells["start_date"]).any()
    assert offences["disposal_date"].isna().any()
    assert tests.duplicated(["person_id", "test_date"]).any()
    assert offences.duplicated(["person_id", "offence_date"]).any()
    both = spells.merge(spells, on="person_id")
    both = both[both["record_id_x"] != both["record_id_y"]]
    assert (both["end_date_x"] == both["start_date_y"]).any()
    assert ((both["start_date_y"] > both["start_date_x"]) & (both["start_date_y"] < both["end_date_x"])).any()
    same_day = offences.merge(tests, on="person_id")
    assert (same_day["offence_date"] == same_day["test_date"]).any()
    last = same_day["test_date"] + pd.Timedelta(days=42 + 547)
    assert (same_day["disposal_date"] == last).any()
    assert (same_day["disposal_date"] == last + pd.Timedelta(days=1)).any()


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_duckdb_gives_what_the_oracle_gives(name: str, world: World) -> None:
    answer = world.on_duckdb(name)
    assert len(answer.cohort.people) > 150
    assert 0 < answer.cohort.people["treated"].mean() < 1
    assert_as_oracle(answer, world.numbered, CASES[name])


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed", [{"washout_days": 27}, {"grace_days": 41}, {"lookback_days": 1825}, {"waiting_days": 181}]
)
def test_a_rule_that_is_a_day_shorter_is_seen(changed: dict[str, int], world: World) -> None:
    """The crowd lies on the edges, and the comparison looks at them."""
    case = CASES["default"]
    if "waiting_days" in changed:
        other = replace(case, follow_up=replace(case.follow_up, **changed))
    else:
        other = replace(case, rule=replace(case.rule, **changed))
    with pytest.raises(AssertionError):
        assert_as_oracle(world.on_duckdb("default"), world.numbered, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["default", "every conviction"])
def test_extracts_in_memory_give_what_tables_on_an_engine_give(name: str, world: World) -> None:
    assert_same(in_memory(world.crowd, CASES[name]), world.on_duckdb(name))


@pytest.mark.slow
@pytest.mark.parametrize("by", ["district", "quarter"])
def test_the_pathway_on_duckdb_is_what_the_oracle_counts(by: str, world: World) -> None:
    assert_pathway(world.engine, world.tables, world.numbered, by)


@pytest.mark.spark
@pytest.mark.parametrize("name", ON_SPARK)
def test_spark_gives_what_duckdb_and_the_oracle_give(name: str, world: World, on_spark: Any) -> None:
    answer = on_engine(*on_spark, CASES[name])
    assert_as_oracle(answer, world.numbered, CASES[name])
    assert_same(answer, world.on_duckdb(name))
    pd.testing.assert_frame_equal(answer.cohort.records, world.on_duckdb(name).cohort.records)


@pytest.mark.spark
def test_the_pathway_on_spark_is_what_the_oracle_counts(world: World, on_spark: Any) -> None:
    assert_pathway(*on_spark, world.numbered, "district")


@pytest.fixture(scope="module")
def on_spark(world: World, spark: Any) -> tuple[Engine, dict[str, Any]]:
    engine = open_engine(spark=spark)
    return engine, put_on(engine, world.crowd)


def assert_pathway(engine: Engine, tables: dict[str, Any], told: Crowd, by: str) -> None:
    """Every count of every group."""
    found = pathway(event_tables(engine, tables, extract_date=EXTRACT_DATE), by=by, within_days=365).to_frame()
    expected = pathway_of_oracle(told, by, 365, EXTRACT_DATE).set_index(["group", "stage"])["n"]
    counted = found.set_index(["group", "stage"])["n"]
    pd.testing.assert_series_equal(counted.sort_index(), expected.sort_index())
