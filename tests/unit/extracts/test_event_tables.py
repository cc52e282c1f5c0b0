"""Tables on an engine as event tables: our names, our types, every fault told at once, nothing brought over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.engine import Engine, open_engine
from dipeval.errors import ExtractError, InputError

TESTS = pd.DataFrame(
    {
        "Record ID": ["1", "2"],
        "person_id": [7, 8],
        "surname": ["Named", "Person"],
        "DATE_OF_BIRTH": ["1980-01-31", None],
        "Sex": ["M", "female"],
        "district": ["Leeds", "Bradford"],
        "when": pd.to_datetime(["2012-02-29", "2012-03-01"]),
        "result": ["opiates", "both"],
        "extra": [1, 2],
    }
)
OFFENCES = pd.DataFrame(
    {
        "record_id": ["1", "2", "3"],
        "person_id": ["7", "7", "8"],
        "offence_date": ["2012-01-01", "2012-02-30", "2012-03-01"],
        "offence_group": ["shoplifting", "domestic_burglary", "shoplifting"],
        "disposal": ["conviction", None, "caution"],
        "custodial": ["Yes", "n", None],
    }
)
OPTIONS: dict[str, Any] = {
    "extract_date": "2013-12-31",
    "columns": {"drug_tests": {"when": "test_date"}},
    "codes": {"drug_tests": {"sex": {"m": "male"}}},
}


@pytest.fixture
def engine() -> Engine:
    return open_engine(threads=1)


def test_columns_get_our_names_and_types_and_names_of_people_stay_behind(engine: Engine) -> None:
    given = dip.event_tables(engine, {"drug_tests": engine.put(TESTS)}, **OPTIONS)
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
    frame = engine.to_pandas(table).sort_values("record_id")
    assert frame["person_id"].tolist() == ["7", "8"]
    assert frame["sex"].tolist() == ["male", "female"]
    assert frame["date_of_birth"].isna().tolist() == [False, True]
    assert (given.names, given.extract_date) == (("drug_tests",), dt.date(2013, 12, 31))
    assert "drug_tests" in given
    assert "offences" not in given
    assert len(given.dropped) == 0
    assert list(given.dropped.columns) == ["table", "reason", "rows"]
    assert "Named" not in repr(given)


def test_yes_and_no_are_read_from_words_numbers_and_booleans(engine: Engine) -> None:
    found = []
    for values in (["Yes", "n", None], [1, 0, None], pd.array([True, False, None], dtype="boolean")):
        frame = OFFENCES.assign(custodial=values, offence_date="2012-01-01", disposal_date=None)
        table = dip.event_tables(engine, {"offences": engine.put(frame)}, extract_date="2013-12-31")
        rows = engine.to_pandas(table.expression("offences")).sort_values("record_id")
        found.append(rows["custodial"].tolist())
    assert found[0] == found[2] == [True, False, None]
    # A column with a gap comes as 1.0 and 0.0 out of pandas.
    assert found[1] == [True, False, None]


def test_every_fault_of_every_table_is_told_at_once_and_no_value(engine: Engine) -> None:
    tests = TESTS.drop(columns=["district"])
    offences = OFFENCES.assign(
        person_id=["7", None, " "],
        offence_group=["shoplifting", "Named Person", None],
        custodial=["perhaps", None, None],
    )
    with pytest.raises(ExtractError) as caught:
        dip.event_tables(engine, {"drug_tests": engine.put(tests), "offences": engine.put(offences)}, **OPTIONS)
    told = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 5
    for part in (
        "drug_tests: column district is required and missing",
        "offences: person_id is empty in 2 records",
        "offences: offence_date cannot be read in 1 record.",
        "offences: offence_group has codes that are not ours in 1 record.",
        "offences: custodial cannot be read in 1 record.",
    ):
        assert part in told
    assert "Named" not in told


def test_a_table_is_checked_in_one_query_and_not_at_all_if_so_asked(engine: Engine) -> None:
    put = engine.put(OFFENCES.assign(offence_date="2012-01-01"))
    before = engine.n_queries
    dip.event_tables(engine, {"offences": put}, extract_date="2013-12-31")
    assert engine.n_queries == before + 1
    wrong = engine.put(OFFENCES.assign(offence_group="unknown"))
    before = engine.n_queries
    dip.event_tables(engine, {"offences": wrong}, extract_date="2013-12-31", check=False)
    assert engine.n_queries == before


def test_birth_and_sex_are_asked_of_the_tests_only(engine: Engine) -> None:
    sentences = pd.DataFrame({"record_id": ["1"], "person_id": ["7"], "sentence_date": ["2012-01-01"]})
    assert "sentences" in dip.event_tables(engine, {"sentences": engine.put(sentences)}, extract_date="2013-12-31")
    with pytest.raises(ExtractError, match="column sex is required and missing"):
        dip.event_tables(engine, {"drug_tests": engine.put(TESTS.drop(columns="Sex"))}, **OPTIONS)


def test_tables_are_found_by_name(engine: Engine) -> None:
    engine.connection.execute("CREATE SCHEMA police")
    engine.connection.execute(
        "CREATE TABLE police.deaths AS SELECT 'a' AS pid, '1' AS record_id, DATE '2012-03-01' AS d"
    )
    given = dip.event_tables(
        engine,
        {"deaths": "police.deaths"},
        extract_date=dt.date(2013, 12, 31),
        person="PID",
        columns={"deaths": {"d": "death_date"}},
    )
    assert engine.to_pandas(given.expression("deaths"))["death_date"].tolist() == [pd.Timestamp("2012-03-01")]


@pytest.mark.parametrize(
    ("tables", "options", "words"),
    [
        ({"drug_test": "t"}, {}, r"'drug_test' is no event table \(did you mean 'drug_tests'\?\)"),
        ({"spend": "t"}, {}, "'spend' is no event table"),
        ({}, {}, "No table was given"),
        ({"deaths": "nowhere"}, {}, "There is no table 'nowhere' on this engine"),
        ({"deaths": TESTS}, {}, r"engine\.put\(frame\)"),
        ({"deaths": "t"}, {"columns": {"deaths": {"x": "died"}}}, "'died' is not one of our columns"),
        ({"deaths": "t"}, {"snapshot": {"tests": "x"}}, "snapshot names tests"),
        ({"deaths": "t"}, {"extract_date": "31.12.2013"}, "extract_date must be a date"),
    ],
)
def test_what_cannot_be_used_is_said(engine: Engine, tables: Any, options: dict[str, Any], words: str) -> None:
    engine.connection.execute(
        "CREATE TABLE t AS SELECT 'a' AS person_id, '1' AS record_id, DATE '2012-03-01' AS death_date"
    )
    with pytest.raises(InputError, match=words):
        dip.event_tables(engine, tables, **({"extract_date": "2013-12-31"} | options))


def test_a_table_of_another_engine_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError, match="belongs to another engine"):
        dip.event_tables(engine, {"offences": open_engine(threads=1).put(OFFENCES)}, extract_date="2013-12-31")


def test_two_columns_for_one_and_a_mapping_of_none_are_faults(engine: Engine) -> None:
    twice = engine.put(TESTS.assign(test_date=TESTS["when"]))
    with pytest.raises(ExtractError, match="are both test_date"):
        dip.event_tables(engine, {"drug_tests": twice}, **OPTIONS)
    with pytest.raises(ExtractError, match="the column 'absent', which is to be test_time, is not in the table"):
        columns = {"drug_tests": {"when": "test_date", "absent": "test_time"}}
        dip.event_tables(engine, {"drug_tests": engine.put(TESTS)}, **(OPTIONS | {"columns": columns}))


def test_labels_are_needed_where_stages_are_kept(tmp_path: Any) -> None:
    engine = open_engine(threads=1, stages=tmp_path)
    offences = engine.put(OFFENCES)
    options: dict[str, Any] = {"extract_date": "2013-12-31", "check": False}
    with pytest.raises(InputError, match="which state of offences"):
        dip.event_tables(engine, {"offences": offences}, **options)
    one = dip.event_tables(engine, {"offences": offences}, snapshot="2013-12", **options)
    assert one.snapshot("offences").startswith("2013-12 ")
    other = dip.event_tables(engine, {"offences": offences}, snapshot={"offences": "v7"}, **options)
    assert other.snapshot("offences").startswith("v7 ")


def test_a_label_stands_for_the_way_a_table_is_read_as_well(tmp_path: Any) -> None:
    engine = open_engine(threads=1, stages=tmp_path)
    offences = engine.put(OFFENCES)
    engine.connection.execute(
        "CREATE TABLE one AS SELECT '1' AS record_id, '7' AS person_id, DATE '2012-01-01' AS offence_date, "
        "'shoplifting' AS offence_group"
    )
    engine.connection.execute("CREATE TABLE two AS SELECT * FROM one")

    def label(given: Any = offences, **options: Any) -> str:
        tables = {"offences": given}
        made = dip.event_tables(engine, tables, extract_date="2013-12-31", snapshot="v1", check=False, **options)
        return made.snapshot("offences")

    labels = [
        label(),
        label(codes={"offences": {"disposal": {"caution": "conviction"}}}),
        label(
            engine.put(OFFENCES.rename(columns={"offence_date": "caught"})),
            columns={"offences": {"caught": "offence_date"}},
        ),
        label("one"),
        label("two"),
    ]
    assert len(set(labels)) == len(labels)
    assert label() == labels[0]


def test_no_value_of_a_person_stands_in_an_error_about_a_number_or_a_day(engine: Engine) -> None:
    engine.connection.execute(
        "CREATE TABLE wild AS SELECT '1' AS record_id, 'a' AS person_id, DATE '2012-01-01' AS sentence_date, "
        "1e30::DOUBLE AS length_days, 'infinity' AS release_date UNION ALL "
        "SELECT '2', 'b', DATE '2012-01-01', 'nan'::DOUBLE, '0044-03-15 (BC)'"
    )
    engine.connection.execute(
        "CREATE TABLE marked AS SELECT '1' AS record_id, 'a' AS person_id, DATE '2012-01-01' AS offence_date, "
        "'shoplifting' AS offence_group, 'nan'::DOUBLE AS custodial"
    )
    with pytest.raises(ExtractError) as caught:
        dip.event_tables(engine, {"sentences": "wild", "offences": "marked"}, extract_date="2013-12-31")
    assert len(caught.value.faults) == 3
    assert all("cannot be read in" in fault for fault in caught.value.faults)
    assert not any(value in str(caught.value) for value in ("1e30", "1e+30", "infinity", "0044", "nan"))


@pytest.mark.parametrize(
    ("opened", "tables", "person", "words"),
    [
        (False, {"deaths": "t"}, "person_id", "engine must be what"),
        (True, ["deaths"], "person_id", "which table is which"),
        (True, {"deaths": "t"}, 5, "person must be the name"),
        (True, {"deaths": 'deaths"; DROP TABLE t; --'}, "person_id", "There is no table"),
        (True, {"deaths": "police..t"}, "person_id", "as the catalogue has it"),
        (True, {"deaths": "one.too.many.names"}, "person_id", "There is no table"),
    ],
)
def test_arguments_of_a_wrong_kind_are_told(engine: Engine, opened: bool, tables: Any, person: Any, words: str) -> None:
    given: Any = engine if opened else None
    with pytest.raises(InputError, match=words):
        dip.event_tables(given, tables, extract_date="2013-12-31", person=person)


def test_tables_and_columns_may_be_called_anything(engine: Engine) -> None:
    engine.connection.execute('CREATE SCHEMA "select"')
    engine.connection.execute(
        'CREATE TABLE "select"."x; DROP TABLE y" AS '
        """SELECT '1' AS "order", 'a' AS "from", DATE '2012-03-01' AS "group by ""x"" now" """
    )
    given = dip.event_tables(
        engine,
        {"deaths": "select.x; DROP TABLE y"},
        extract_date="2013-12-31",
        person="from",
        columns={"deaths": {"order": "record_id", 'group by "x" now': "death_date"}},
    )
    deaths = given.expression("deaths")
    assert engine.figures(deaths, n=deaths.count()) == {"n": 1}
