from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from dipeval.engine import Engine, open_engine
from dipeval.errors import InputError


def test_dates_become_dates_and_empty_columns_become_text() -> None:
    engine = open_engine(threads=1)
    frame = pd.DataFrame({"day": pd.to_datetime(["2012-02-29", None]), "nothing": [None, None]})
    schema = engine.put(frame).schema()
    assert str(schema["day"]) == "date"
    assert str(schema["nothing"]) == "string"


def test_the_same_name_never_overwrites() -> None:
    engine = open_engine()
    first, second = engine.put(pd.DataFrame({"x": [1]}), "t"), engine.put(pd.DataFrame({"x": [2]}), "t")
    assert engine.to_pandas(first)["x"].tolist() == [1]
    assert engine.to_pandas(engine.keep(second))["x"].tolist() == [2]


def test_too_many_rows_are_refused_with_the_fix_named() -> None:
    engine = Engine(backend=open_engine().backend, row_limit=1)
    with pytest.raises(InputError, match="Aggregate it on the engine"):
        engine.to_pandas(engine.put(pd.DataFrame({"x": [1, 2]})))


def test_no_extension_is_fetched() -> None:
    settings = open_engine().connection.execute(
        "select name, value from duckdb_settings() where name in "
        "('autoinstall_known_extensions', 'autoload_known_extensions')"
    )
    assert {value for _, value in settings.fetchall()} == {"false"}


def test_what_spills_goes_to_a_private_folder_that_goes_with_the_engine() -> None:
    engine = open_engine(threads=1)
    folder = Path(engine.connection.execute("select current_setting('temp_directory')").fetchone()[0])
    assert folder.exists()
    assert folder.stat().st_mode & 0o077 == 0
    del engine
    gc.collect()
    assert not folder.exists()


def test_the_temporary_folder_is_made_where_it_is_wanted_and_goes(tmp_path: Path) -> None:
    engine = open_engine(threads=1, temp_folder=tmp_path)
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    del engine
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_with_a_memory_limit_rows_come_in_any_order_and_the_limit_is_set() -> None:
    connection = open_engine(threads=1, memory_limit="1GB").connection
    asked = "select current_setting('memory_limit'), current_setting('preserve_insertion_order')"
    limit, ordered = connection.execute(asked).fetchone() or ("", True)
    assert limit == "953.6 MiB"
    assert not ordered


def test_what_is_kept_leaves_no_trace_in_a_file_of_the_user(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    with duckdb.connect(str(file)) as given:
        given.execute("CREATE SCHEMA police")
        given.execute("CREATE TABLE police.tests AS SELECT 1 AS n UNION ALL SELECT 2")
    for _ in range(2):
        engine = open_engine(file, threads=1)
        tests = engine.table("police.tests")
        kept = engine.keep(tests.mutate(m=tests.n + 1), "kept")
        put = engine.put(pd.DataFrame({"n": [2]}), "put")
        assert engine.to_pandas(kept.semi_join(put, "n"))["m"].tolist() == [3]
        del tests, kept, put
        engine.connection.close()
    with duckdb.connect(str(file)) as given:
        assert given.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("tests",)]


def test_tables_that_are_not_there_are_told() -> None:
    with pytest.raises(InputError, match=r"There is no table 'police\.tests'"):
        open_engine(threads=1).table("police.tests")


def test_results_have_one_set_of_types() -> None:
    engine = open_engine(threads=1)
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2012-02-29", None]),
            "small": pd.array([1, 2], dtype="int8"),
            "some": pd.array([1, None], dtype="Int64"),
            "yes": [True, False],
            "maybe": pd.array([True, None], dtype="boolean"),
            "word": ["a", None],
        }
    )
    table = engine.put(frame)
    got = engine.to_pandas(table.mutate(total=table.small.sum().over(), one=table.yes.ifelse(1, 0)))
    assert got.dtypes.astype(str).to_dict() == {
        "day": "datetime64[us]",
        "small": "int64",
        "some": "float64",
        "yes": "bool",
        "maybe": "object",
        "word": "object",
        "total": "int64",
        "one": "int64",
    }
    assert got["word"].tolist() == ["a", None]
    assert got["maybe"].tolist() == [True, None]


def test_figures_are_plain_numbers_and_take_one_query() -> None:
    engine = open_engine(threads=1)
    table = engine.put(pd.DataFrame({"n": [1, 2], "x": [0.5, None]}))
    before = engine.n_queries
    got = engine.figures(
        table, n=table.count(), total=table.n.sum(), mean=table.x.mean(), none=table.x.sum(where=table.n > 2)
    )
    assert got == {"n": 2, "total": 3, "mean": 0.5, "none": None}
    assert [type(value) for value in got.values()] == [int, int, float, type(None)]
    assert engine.n_queries == before + 1


def test_sql_can_be_read_for_review() -> None:
    engine = open_engine(threads=1)
    table = engine.put(pd.DataFrame({"n": [1]}))
    assert engine.sql(table.filter(table.n > 0)).splitlines()[0] == "SELECT"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"spark": object()}, "spark must be a running SparkSession; it is a object"),
        ({"spark": object(), "memory_limit": "1GB", "threads": 2}, "threads, memory_limit are for DuckDB"),
    ],
)
def test_what_is_no_session_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_engine(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"memory_limit": "much"}, "a size with its unit"),
        ({"memory_limit": "-1GB"}, "a size with its unit"),
        ({"memory_limit": 5}, "a size with its unit"),
        ({"threads": 0}, "threads must be a whole number"),
        ({"threads": "two"}, "threads must be a whole number"),
        ({"row_limit": 0}, "row_limit must be a whole number"),
        ({"temp_folder": "not/there"}, "temp_folder must be a folder that is there"),
        ({"path": "not/there/events.duckdb"}, "'events.duckdb' cannot be opened as a DuckDB database"),
        ({"stages": ""}, "stages must be the name of a folder"),
        ({"stages": 5}, "stages must be the name of a folder"),
    ],
)
def test_an_option_that_cannot_be_used_is_told_in_a_sentence(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_engine(**options)


def test_a_file_that_is_no_database_is_told_and_leaves_no_temporary_folder(tmp_path: Path) -> None:
    file, spill = tmp_path / "events.duckdb", tmp_path / "spill"
    file.write_text("no database at all\n" * 500, encoding="utf-8")
    spill.mkdir()
    with pytest.raises(InputError, match="cannot be opened as a DuckDB database"):
        open_engine(file, temp_folder=spill)
    assert not list(spill.iterdir())


def test_work_that_does_not_fit_says_what_to_do() -> None:
    engine = open_engine(threads=1, memory_limit="500MB")
    few = engine.put(pd.DataFrame({"n": range(1000)}))
    pairs = few.cross_join(few.select(other="n"))
    rows = pairs.mutate(person_id="person " + (pairs.n * 1000 + pairs.other).cast("string"))
    engine.connection.execute("SET memory_limit = '8MB'")
    with pytest.raises(InputError, match="larger memory_limit") as caught:
        engine.keep(rows.group_by("person_id").aggregate(n=rows.n.max()))
    assert "person " not in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"name": [5, "Named Person"]}), "Column name holds values of different types"),
        (pd.DataFrame([[1, 2]], columns=["a", "A"]), "no two of the same name"),
        (pd.DataFrame(), "needs columns"),
        ({"a": [1]}, "Only a pandas DataFrame"),
    ],
)
def test_a_frame_that_cannot_be_sent_is_told_without_a_value(frame: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        open_engine(threads=1).put(frame)
    assert "Named Person" not in str(caught.value)


def test_any_name_of_a_table_or_a_column_is_only_a_name() -> None:
    engine = open_engine(threads=1)
    put = engine.put(pd.DataFrame({"select": [1, 2], 'a"; DROP TABLE b; --': [3, 4]}), 'order"; DROP TABLE c; --')
    kept = engine.keep(put.aggregate(**{'sum"s': put["select"].sum()}), 'group"s')
    assert engine.to_pandas(kept).to_dict("list") == {'sum"s': [3]}
    for name in ("", ".", "a..b", 'a"; DROP TABLE b; --', "one.too.many.names", 5):
        with pytest.raises(InputError):
            engine.table(name)  # type: ignore[arg-type]


def test_the_sql_of_every_step_can_be_read() -> None:
    engine = open_engine(threads=1)
    tests = engine.put(pd.DataFrame({"days": [1, 4]}), "tests")
    late = engine.keep(tests.filter(tests.days > 1), "late_tests")
    engine.to_pandas(late)
    (kept, brought) = engine.statements()
    assert kept[0].startswith("late_tests")
    assert "> " in kept[1]
    assert len(kept[1].splitlines()) > 1
    assert brought[0] == ""
