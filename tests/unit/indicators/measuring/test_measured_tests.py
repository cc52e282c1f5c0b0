"""Drug tests by district and period against a count in plain Python."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dipeval.indicators.measuring.frames import ALL_DISTRICTS, COLUMNS
from dipeval.indicators.measuring.measure import indicators
from tests.unit.indicators.measuring.measured_by_hand import DISTRICTS, counted, random_extracts, random_tests, squared

NAMES = ["tests", "positivity", "refused", "trigger_share"]
PERIODS = ("2013-Q1", "2013-Q2", "2013-Q3", "2013-Q4")
PEOPLE = ["n_people", "n_people_yes", "n_people_no"]


@pytest.fixture(scope="module")
def measured() -> pd.DataFrame:
    extracts, linkage = random_extracts()
    shown = indicators(extracts, linkage, names=NAMES, by=["sex", "custody_suite", "substance"])
    assert (shown.periods, shown.districts, shown.names) == (PERIODS, DISTRICTS, tuple(NAMES))
    return shown.to_frame()


def test_every_district_and_period_is_there_and_equals_a_count_by_hand(measured: pd.DataFrame) -> None:
    tests = random_tests()
    everyone = measured[measured["dimension"] == ""].set_index(["indicator", "district", "period"])
    assert len(everyone) == len(NAMES) * (len(DISTRICTS) + 1) * len(PERIODS)
    for name in NAMES:
        for district in (ALL_DISTRICTS, *DISTRICTS):
            for period in PERIODS:
                row: Any = everyone.loc[(name, district, period)]
                x, n, people, yes, no = counted(
                    tests, name, district=None if district == ALL_DISTRICTS else district, period=period
                )
                below = 1 if name == "tests" else n
                assert (row["numerator"], row["denominator"]) == (x, below), (name, district, period)
                assert (row["n_people"], row["n_people_yes"]) == (people, yes)
                assert row["n_people_no"] is pd.NA if name == "tests" else row["n_people_no"] == no
                where = None if district == ALL_DISTRICTS else district
                assert row["squares"] == pytest.approx(squared(tests, name, district=where, period=period))
                assert row["status"] == ("no_units" if n == 0 else "ok")


@pytest.mark.parametrize(("dimension", "column"), [("sex", "sex"), ("custody_suite", "custody_suite")])
def test_groups_equal_a_count_by_hand(measured: pd.DataFrame, dimension: str, column: str) -> None:
    tests = random_tests()
    rows = measured[measured["dimension"] == dimension]
    assert rows.groupby(["indicator", "district", "group"]).size().eq(len(PERIODS)).all()
    for row in rows.to_dict("records"):
        district = None if row["district"] == ALL_DISTRICTS else row["district"]
        found = counted(tests, row["indicator"], district=district, period=row["period"], **{column: row["group"]})
        assert row["numerator"] == found[0]
        assert row["denominator"] == (1 if row["indicator"] == "tests" else found[1])
        assert row["n_people"] == found[2]


def test_all_districts_count_a_person_once_and_records_without_a_district_too(measured: pd.DataFrame) -> None:
    tests = measured[(measured["indicator"] == "tests") & (measured["dimension"] == "")]
    whole, parts = tests["district"] == ALL_DISTRICTS, tests["district"] != ALL_DISTRICTS
    by_period = tests[parts].groupby("period")[["numerator", "n_people"]].sum()
    all_of_them = tests[whole].set_index("period")
    # Some people are tested in two districts; some tests have no district.
    assert (all_of_them["n_people"] < by_period["n_people"]).any()
    assert (all_of_them["numerator"] > by_period["numerator"]).all()


def test_substances_of_tests_are_told_for_their_number_only(measured: pd.DataFrame) -> None:
    rows = measured[measured["dimension"] == "substance"]
    assert set(rows["indicator"]) == {"tests"}
    assert set(rows["group"]) == {"class_a", "none found"}
    positive = measured[(measured["indicator"] == "positivity") & (measured["dimension"] == "")]
    found = rows[rows["group"] == "class_a"].set_index(["district", "period"])["numerator"]
    assert found.equals(positive.set_index(["district", "period"])["numerator"].reindex(found.index))


@pytest.mark.slow
def test_the_order_of_the_records_changes_nothing(measured: pd.DataFrame) -> None:
    extracts, linkage = random_extracts(shuffled=8)
    again = indicators(extracts, linkage, names=NAMES, by=["substance", "sex", "custody_suite"]).to_frame()
    pd.testing.assert_frame_equal(again, measured)
    assert list(again.columns) == list(COLUMNS)


def test_without_a_linkage_tests_are_told_and_people_are_not() -> None:
    extracts, _ = random_extracts()
    shown = indicators(extracts, names=["positivity", "seen"])
    frame = shown.to_frame()
    assert frame[PEOPLE].isna().all().all()
    assert shown.names == ("positivity",)
    assert dict(shown.missing)["seen"] == "The extracts have no table contacts."
    # Nothing is known of who was tested again, and that is said.
    assert set(frame["interval"]) == {"Wilson"}
    assert any("as if they were of as many people" in note for note in shown.notes)


def test_tests_of_one_person_are_taken_together(measured: pd.DataFrame) -> None:
    extracts, linkage = random_extracts()
    alone = indicators(extracts, names=NAMES).to_frame()
    own = measured[measured["dimension"] == ""].reset_index(drop=True)
    width, plain = own["conf_high"] - own["conf_low"], alone["conf_high"] - alone["conf_low"]
    told = own["status"] == "ok"
    assert (width[told] >= plain[told] - 1e-12).all()
    # Results are drawn anew for each test, so a share is hardly wider; the number of tests a person is not the same.
    shares = own["indicator"] != "tests"
    assert (width / plain)[told & shares].median() < 1.1
    assert (width / plain)[told & ~shares].median() > 1.1
    assert set(own.loc[~shares & told, "interval"]) == {"Fay-Feuer"}
    shown = indicators(extracts, linkage, names=NAMES)
    assert any("taken together in the intervals" in note for note in shown.notes)


def test_chosen_districts_are_the_whole() -> None:
    extracts, linkage = random_extracts()
    frame = indicators(extracts, linkage, names=["tests"], districts=["Bradford"]).to_frame()
    wide = frame.pivot_table(index="period", columns="district", values="numerator")
    assert list(wide.columns) == ["Bradford", ALL_DISTRICTS]
    assert (wide["Bradford"] == wide[ALL_DISTRICTS]).all()


def test_months_add_up_to_quarters(measured: pd.DataFrame) -> None:
    extracts, linkage = random_extracts()
    shown = indicators(extracts, linkage, names=["tests"], every="month")
    assert shown.periods[:2] == ("2013-01", "2013-02")
    months = shown.to_frame().groupby("district")["numerator"].sum()
    everyone = measured[(measured["indicator"] == "tests") & (measured["dimension"] == "")]
    assert months.equals(everyone.groupby("district")["numerator"].sum())


def test_few_breakdowns_are_added_up_in_the_query_of_everyone() -> None:
    extracts, linkage = random_extracts()
    indicators(extracts, linkage, names=NAMES)
    before = linkage.engine.n_queries
    indicators(extracts, linkage, names=NAMES)
    plain = linkage.engine.n_queries - before
    before = linkage.engine.n_queries
    indicators(extracts, linkage, names=NAMES, by=["sex", "custody_suite"])
    assert linkage.engine.n_queries - before == plain
