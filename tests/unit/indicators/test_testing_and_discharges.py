"""Tests, positives and areas; and why treatment ended."""

from __future__ import annotations

import pytest

import dipeval as dip
from dipeval.linkage import true_linkage
from tests.spec.invented_people import invent

TESTS = """
person | test_date  | result   | district | test_ground
ann    | 2022-01-31 | cocaine  | Leeds    | trigger
ann    | 2022-02-01 | opiates  | Leeds    | trigger
bob    | 2022-02-28 | negative | Kirklees | non_trigger
cat    | 2022-02-28 | refused  | Wakefield | trigger
dan    | 2022-04-01 | both     | Leeds    |
"""


def test_tests_positives_and_areas_by_quarter() -> None:
    extracts, linkage = invent(drug_tests=TESTS)
    frame = dip.testing(extracts, linkage).to_frame().set_index("group")
    assert list(frame.index) == ["everyone", "2022-Q1", "2022-Q2"]
    first = frame.loc["2022-Q1"]
    assert [first[name] for name in ("n_tests", "n_people", "n_positive", "n_refused")] == [3, 2, 2, 1]
    # One district in January, two in February; a refused test is no report.
    assert (first["mean_areas"], first["tests_per_area"], first["tests_per_area_month"]) == (1.5, 2.0, 1.0)
    assert [frame.loc["everyone", f"n_{name}"] for name in ("trigger", "non_trigger", "not_stated")] == [2, 1, 1]


def test_tests_need_no_linkage_but_people_do() -> None:
    extracts, _ = invent(drug_tests=TESTS)
    shown = dip.testing(extracts, by=None, date_to="2022-02-28")
    frame = shown.to_frame()
    assert (frame["n_tests"].item(), frame["n_people"].isna().item()) == (3, True)
    assert "people were tested" not in str(shown.summary())


@pytest.mark.parametrize("by", ["month", "district", "custody_suite", "test_ground", "age_band", "sex"])
def test_groups_add_up_to_everyone(by: str) -> None:
    extracts = dip.simulate(people=300, seed=2)
    frame = dip.testing(extracts, true_linkage(extracts), by=by).to_frame()
    counts = ["n_tests", "n_positive", "n_refused"]
    assert (frame[counts].iloc[1:].sum() == frame[counts].iloc[0]).all()


def test_nothing_to_count_is_told() -> None:
    extracts, _ = invent(drug_tests=TESTS)
    with pytest.raises(dip.InputError, match="no drug test with a date between"):
        dip.testing(extracts, date_from="2023-01-01")


LEFT = """
person | start_date | end_date   | discharge_reason | district
ann    | 2022-01-01 | 2022-02-01 | completed        | Leeds
ann    | 2022-02-10 | 2022-05-01 | referred_on      | Leeds
bob    | 2022-01-01 | 2022-02-01 | dropped_out      | Kirklees
cat    | 2022-01-01 | 2022-02-01 |                  | Kirklees
dan    | 2022-01-01 |            | died             | Kirklees
eve    | 2022-01-01 | 2027-02-01 | completed        | Leeds
"""


def test_reasons_are_counted_and_shares_are_of_those_with_a_reason() -> None:
    extracts, linkage = invent(treatment=LEFT)
    shown = dip.discharges(extracts)
    frame = shown.to_frame().set_index("reason")
    assert frame["n"].to_dict() == {"completed": 1, "referred_on": 1, "dropped_out": 1, "missing": 1}
    assert frame.loc["completed", "share"] == pytest.approx(1 / 3)
    assert (shown.n_discharges, shown.n_successful, shown.n_without_reason, shown.n_undated) == (3, 1, 1, 1)
    assert dip.discharges(extracts, count_referred_on=True).n_successful == 2
    stays = dip.discharges(extracts, linkage, count="journeys").to_frame().set_index("reason")
    assert stays["n"].to_dict() == {"referred_on": 1, "dropped_out": 1, "missing": 1}


def test_discharges_by_district_and_month() -> None:
    extracts, _ = invent(treatment=LEFT)
    success = dip.discharges(extracts, by="district").successful().set_index("group")
    assert success["n"].to_dict() == {"everyone": 1, "Kirklees": 0, "Leeds": 1}
    assert success["n_discharges"].to_dict() == {"everyone": 3, "Kirklees": 1, "Leeds": 2}
    months = dip.discharges(extracts, by="month", date_from="2022-02-02").to_frame()
    assert set(months["group"]) == {"everyone", "2022-05"}


def test_what_is_missing_is_told() -> None:
    extracts, _ = invent(treatment="person | start_date\nann | 2022-01-01")
    with pytest.raises(dip.InputError, match="end_date and discharge_reason"):
        dip.discharges(extracts)
    extracts, _ = invent(treatment=LEFT)
    with pytest.raises(dip.InputError, match="must be known whose records"):
        dip.discharges(extracts, count="journeys")
    with pytest.raises(dip.InputError, match="No treatment ended"):
        dip.discharges(extracts, date_from="2023-01-01")
