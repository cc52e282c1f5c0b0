"""Invented areas: the same bytes from a seed, the planted changes where they are said to be, every size allowed."""

from __future__ import annotations

import pandas as pd
import pytest

import dipeval as dip
from dipeval.linkage import true_linkage


@pytest.fixture(scope="module")
def areas() -> dip.Extracts:
    return dip.simulate_areas(seed=1)


def _quarter(day: pd.Series) -> pd.Series:
    return day.dt.to_period("Q").astype(str)


def test_one_seed_gives_the_same_records() -> None:
    one, other = (dip.simulate_areas(3, quarters=4, people=200, seed=7) for _ in range(2))
    for name in one.names:
        pd.testing.assert_frame_equal(one.table(name), other.table(name))
    assert len(dip.simulate_areas(3, quarters=4, people=200, seed=8).table("drug_tests")) != len(
        one.table("drug_tests")
    )


def test_every_record_about_people_has_its_person(areas: dip.Extracts) -> None:
    linkage = true_linkage(areas)
    about_people = sum(len(areas.table(name)) for name in ("drug_tests", "contacts", "treatment", "offences"))
    assert len(linkage.to_frame()) == about_people == len(areas.truth)


def test_the_last_district_joins_late_and_the_first_quarter_is_told(areas: dip.Extracts) -> None:
    tests = areas.table("drug_tests")
    first = tests.groupby("district")["test_date"].min()
    assert _quarter(first)["Wakefield"] == "2011Q2"
    assert set(_quarter(first.drop("Wakefield"))) == {"2010Q2"}
    assert tests["test_date"].max() <= pd.Timestamp(areas.extract_date)


def test_fewer_are_seen_where_workers_left_the_suites(areas: dip.Extracts) -> None:
    contacts = areas.table("contacts")
    required = contacts[(contacts["assessment"] == "initial_required") & (contacts["district"] == "Kirklees")]
    after = required["contact_date"] >= pd.Timestamp("2012-04-01")
    assert required.loc[~after, "attended"].mean() - required.loc[after, "attended"].mean() > 0.1


def test_few_people_make_many_tests_and_some_are_young(areas: dip.Extracts) -> None:
    links = areas.truth[areas.truth["table"] == "drug_tests"]
    counts = links["true_person"].value_counts()
    assert counts.head(len(counts) // 10).sum() / counts.sum() > 0.28
    tests = areas.table("drug_tests")
    age = (tests["test_date"] - tests["date_of_birth"]).dt.days / 365.25
    assert 0.01 < (age < 18).mean() < 0.08


def test_hours_on_testing_are_about_a_sixth_of_those_paid_for(areas: dip.Extracts) -> None:
    staffing = areas.table("staffing")
    officers = staffing[staffing["role"] == "officer (testing)"]
    assert officers.groupby("period")["funded_fte"].sum().round(0).eq(43).all()
    assert officers["hours_on_task"].sum() / officers["hours_funded"].sum() == pytest.approx(0.17, abs=0.02)


@pytest.mark.parametrize("size", [{"districts": 1, "quarters": 1, "people": 1}, {"districts": 7, "quarters": 2}])
def test_any_size_can_be_made(size: dict[str, int]) -> None:
    extracts = dip.simulate_areas(**{"people": 60} | size)
    assert {"staffing", "targets"} <= set(extracts.names)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"districts": 0}, "districts must be a number from 1 to 500"),
        ({"districts": ["Leeds", "Leeds"]}, "names that all differ"),
        ({"quarters": 0}, "quarters must be a whole number"),
        ({"people": 1.5}, "people must be a whole number"),
        ({"first_quarter": "spring"}, "first_quarter must be a calendar quarter"),
    ],
)
def test_wrong_sizes_are_named(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(dip.InputError, match=said):
        dip.simulate_areas(**wrong)  # type: ignore[arg-type]
