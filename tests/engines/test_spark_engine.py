"""The engine on Spark does what it does on DuckDB: the same types, the same rows, the same errors."""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

import dipeval as dip
from dipeval.engine import Engine, open_engine
from dipeval.errors import InputError
from dipeval.linkage import true_linkage

pytestmark = pytest.mark.spark
PAGE = Path(__file__).resolve().parents[2] / "docs" / "spark.md"

FRAME = pd.DataFrame(
    {
        "person_id": ["a", "b", "c"],
        "day": pd.to_datetime(["2012-02-29", None, "1899-12-31"]),
        "n": [1, 2, 2**53 + 1],
        "some": pd.array([1, None, 3], dtype="Int64"),
        "score": [0.1, None, float(2**60)],
        "yes": [True, False, True],
        "maybe": pd.array([True, None, False], dtype="boolean"),
        "word": ["é", None, ""],
        "kind": pd.Categorical(["x", None, "x"]),
        "nothing": [None, None, None],
    }
)


@pytest.fixture
def engine(spark: Any) -> Engine:
    return open_engine(spark=spark)


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("person_id").reset_index(drop=True)


def test_a_frame_comes_back_as_from_duckdb(engine: Engine) -> None:
    local = open_engine(threads=1)
    here, there = local.put(FRAME), engine.put(FRAME)
    assert here.schema() == there.schema()
    pd.testing.assert_frame_equal(_sorted(engine.to_pandas(there)), _sorted(local.to_pandas(here)))
    pd.testing.assert_frame_equal(
        engine.to_pandas(engine.put(FRAME.head(0))), local.to_pandas(local.put(FRAME.head(0)))
    )


def test_sums_counts_and_shares_have_the_types_they_have_on_duckdb(engine: Engine) -> None:
    frames = []
    for one in (open_engine(threads=1), engine):
        table = one.put(FRAME)
        figures = table.group_by("yes").aggregate(
            n=table.count(),
            total=table.n.sum(),
            some=table.yes.ifelse(1, 0).sum(),
            share=table.n.cast("float64").sum() / 365.25,
            last=table.day.max(),
        )
        frames.append(one.to_pandas(one.keep(figures)).sort_values("yes").reset_index(drop=True))
    pd.testing.assert_frame_equal(*frames)


def test_figures_are_plain_numbers(engine: Engine) -> None:
    table = engine.put(FRAME)
    found = engine.figures(table, n=table.count(), most=table.some.max(), mean=table.score.mean(), no=table.day.count())
    assert found == {"n": 3, "most": 3, "mean": (0.1 + 2**60) / 2, "no": 2}


def test_what_is_kept_is_computed_once_and_planned_once(engine: Engine) -> None:
    table = engine.put(FRAME)
    steps = [engine.keep(table.mutate(m=table.n * 2).select("person_id", "m"))]
    for _ in range(6):
        last = steps[-1]
        highest = last.group_by("person_id").aggregate(most=last.m.max())
        steps.append(engine.keep(last.join(highest, "person_id").select("person_id", m=ibis._.most)))
    view = engine._store._views[steps[-1].op().name]
    plan = view._jdf.queryExecution().analyzed().toString()
    assert len(plan.splitlines()) == 1, "the plans of earlier steps are carried along"
    assert view.is_cached
    assert sorted(engine.to_pandas(steps[-1])["m"]) == [2, 4, 2**54 + 2]


def test_too_many_rows_are_refused_before_they_cross(spark: Any) -> None:
    engine = open_engine(spark=spark, row_limit=2)
    table = engine.put(FRAME)
    for one in (table, table.filter(table.n > 0)):
        with pytest.raises(InputError, match=r"more than 2 rows.*Aggregate it on the engine"):
            engine.to_pandas(one)
    assert len(engine.to_pandas(table.limit(2))) == 2


def test_tables_are_found_by_name_and_two_engines_do_not_meet(spark: Any) -> None:
    spark.sql("CREATE DATABASE IF NOT EXISTS police")
    spark.createDataFrame([("a", 1)], "person_id string, n int").write.mode("overwrite").saveAsTable("police.tests")
    try:
        first, second = open_engine(spark=spark), open_engine(spark=spark)
        assert first.to_pandas(first.table("police.tests"))["n"].tolist() == [1]
        assert first.to_pandas(first.table("spark_catalog.police.tests"))["n"].tolist() == [1]
        one, other = first.put(FRAME, "t"), second.put(FRAME.head(1), "t")
        assert (len(first.to_pandas(one)), len(second.to_pandas(other))) == (3, 1)
        with pytest.raises(InputError, match=r"no table 'police\.contacts'"):
            first.table("police.contacts")
    finally:
        spark.sql("DROP DATABASE police CASCADE")


def test_nothing_is_left_on_the_session(spark: Any) -> None:
    gc.collect()  # engines of earlier tests
    before = {one.name for one in spark.catalog.listTables()}
    engine = open_engine(spark=spark)
    kept = engine.keep(engine.put(FRAME))
    view = engine._store._views[kept.op().name]
    assert {one.name for one in spark.catalog.listTables()} > before
    del engine, kept
    gc.collect()
    assert {one.name for one in spark.catalog.listTables()} == before
    assert not view.is_cached


def test_stages_are_read_again_without_a_query(spark: Any, tmp_path: Path) -> None:
    frames, queries = [], []
    for _ in range(2):
        engine = open_engine(spark=spark, stages=tmp_path / "kept")
        source = engine.source("people", FRAME)
        grown = engine.stage(
            "grown", lambda source=source: source.table.mutate(m=source.table.n + 1), spec={"by": 1}, inputs=[source]
        )
        frames.append(_sorted(grown.to_pandas()))
        queries.append(engine.n_queries)
    pd.testing.assert_frame_equal(*frames)
    assert queries[0] > queries[1] == 0
    (place,) = [one for one in (tmp_path / "kept").iterdir() if one.is_dir()]
    manifest = json.loads((place / "manifest.json").read_text())
    assert (manifest["engine"], manifest["rows"]) == ("spark", 3)
    assert {one["name"]: one["type"] for one in manifest["columns"]}["day"] == "date32[day]"
    # What Spark kept, DuckDB reads.
    local = open_engine(threads=1, stages=tmp_path / "kept")
    source = local.source("people", FRAME)
    again = local.stage("grown", lambda: pytest.fail("computed again"), spec={"by": 1}, inputs=[source])
    pd.testing.assert_frame_equal(_sorted(again.to_pandas()), frames[0])
    pd.testing.assert_frame_equal(_sorted(local.to_pandas(again.table)), frames[0])


def test_a_damaged_stage_is_computed_again(spark: Any, tmp_path: Path) -> None:
    def total() -> int:
        engine = open_engine(spark=spark, stages=tmp_path)
        source = engine.source("people", FRAME)
        return len(engine.stage("same", lambda: source.table, spec={}, inputs=[source]).to_pandas())

    assert total() == 3
    file = next(tmp_path.glob("same-*/data/*.parquet"))
    file.write_bytes(file.read_bytes()[:-4])
    assert total() == 3


def test_sql_can_be_read_for_review(engine: Engine) -> None:
    table = engine.put(FRAME)
    assert "GROUP BY" in engine.sql(table.group_by("yes").aggregate(n=table.count()))


def test_duckdb_is_not_pretended(engine: Engine, spark: Any) -> None:
    with pytest.raises(InputError, match="needs DuckDB, and the engine runs on Spark"):
        _ = engine.connection
    with pytest.raises(InputError, match="memory_limit is for DuckDB"):
        open_engine(spark=spark, memory_limit="1GB")


def test_event_tables_of_a_catalogue(spark: Any) -> None:
    spark.sql("CREATE DATABASE IF NOT EXISTS police")
    rows = [("1", 7, "2012-02-29 23:30:00", "M", "Leeds", "1980-01-31", "OPIATES")]
    names = "ID string, pid int, Test_Date string, sex string, district string, date_of_birth string, Outcome string"
    tests = spark.createDataFrame(rows, names)
    tests.selectExpr(
        "ID", "pid", "cast(Test_Date as timestamp) as Test_Date", "sex", "district", "date_of_birth", "Outcome"
    ).write.mode("overwrite").saveAsTable("police.tests")
    try:
        engine = open_engine(spark=spark)
        options: dict[str, Any] = {
            "extract_date": "2013-12-31",
            "person": "pid",
            "columns": {"drug_tests": {"id": "record_id", "outcome": "result"}},
        }
        codes = {"drug_tests": {"sex": {"M": "male"}, "result": {"Opiates": "opiates"}}}
        given = dip.event_tables(engine, {"drug_tests": "police.tests"}, codes=codes, **options)
        table = given.expression("drug_tests")
        assert {name: str(kind) for name, kind in table.schema().items()} == {
            "record_id": "string",
            "person_id": "string",
            "date_of_birth": "date",
            "sex": "string",
            "district": "string",
            "test_date": "date",
            "result": "string",
        }
        (row,) = engine.to_pandas(table).to_dict("records")
        assert row == {
            "record_id": "1",
            "person_id": "7",
            "date_of_birth": pd.Timestamp("1980-01-31"),
            "sex": "male",
            "district": "Leeds",
            "test_date": pd.Timestamp("2012-02-29"),
            "result": "opiates",
        }
        with pytest.raises(dip.InputError, match="sex has codes that are not ours in 1 record"):
            dip.event_tables(engine, {"drug_tests": "police.tests"}, **options)
    finally:
        spark.sql("DROP DATABASE police CASCADE")


def test_the_route_runs_as_its_page_shows_it(spark: Any, capsys: pytest.CaptureFixture[str]) -> None:
    extracts = dip.simulate(people=400, seed=3)
    whose = true_linkage(extracts).to_frame()
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    named = dict(re.findall(r'"(\w+)": "(\w+\.\w+)"', code))
    for table, name in named.items():
        frame = extracts.table(table).merge(whose.loc[whose["table"] == table, ["record_id", "person_id"]])
        frame = frame.rename(columns={"start_date": "starts"}) if table == "treatment" else frame
        spark.sql(f"CREATE DATABASE IF NOT EXISTS {name.split('.')[0]}")
        sent = open_engine(spark=spark)
        sent.backend._session.table(sent.put(frame, "t").get_name()).write.mode("overwrite").saveAsTable(name)
    try:
        held: dict[str, Any] = {"spark": spark}
        exec(compile(code, str(PAGE), "exec"), held)
        assert "Difference in shares" in capsys.readouterr().out
        assert len(held["people"]) > 50
    finally:
        for database in {name.split(".")[0] for name in named.values()}:
            spark.sql(f"DROP DATABASE {database} CASCADE")
