"""A quarterly run: what is told, what is left out and why, what is refused, and the view of one district."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.study.quarterly import QuarterlyResult
from dipeval.study.quarterly.result import NO_COMPARISON, PARTS
from tests.unit.study.quarterly.quarterly_review_files import FUNDED, NAMES, review

# A whole run; that the smallest one goes through is in tests/architecture/test_results_contract.py.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> QuarterlyResult:
    owners = {"names": NAMES, "owners": {"seen": "the health board"}}
    return review(tmp_path_factory.mktemp("pcc"), indicators=owners, **FUNDED).run()


def test_everything_the_records_allow_is_told(result: QuarterlyResult) -> None:
    assert result.not_told == {}
    assert (result.period, len(result.periods), result.districts) == ("2012-Q2", 9, ("Leeds", "Wakefield"))
    assert result.indicators.names == ("tests", "positivity", "seen", "officer_time")
    assert result.place == "all districts"


def test_there_is_a_chart_for_the_area_and_for_each_district(result: QuarterlyResult) -> None:
    places = [ALL_DISTRICTS, "Leeds", "Wakefield"]
    assert set(result.charts) == {(name, place) for name in ("tests", "positivity") for place in places}
    chart = result.charts[("tests", "Leeds")].to_frame().set_index("period")["numerator"]
    series = result.indicators.series("tests", "Leeds").set_index("period")["numerator"]
    pd.testing.assert_series_equal(chart, series, check_dtype=False, check_names=False)


def test_districts_are_compared_over_the_latest_complete_periods(result: QuarterlyResult) -> None:
    shown = result.benchmarks["positivity"].to_frame().set_index("area")
    frame = result.to_frame()
    last = frame[
        (frame["indicator"] == "positivity") & (frame["dimension"] == "") & frame["period"].isin(result.periods[-4:])
    ]
    for district in result.districts:
        assert shown.loc[district, "n"] == last.loc[last["district"] == district, "denominator"].sum()


def test_money_is_shared_out_by_what_was_counted(result: QuarterlyResult) -> None:
    assert result.funding is not None
    assert result.testing_funding is not None
    shares = result.testing_funding.to_frame().set_index("area")["need_share"]
    tests = result.indicators.window(result.periods[-4:]).query("indicator == 'tests' and dimension == ''")
    counted = tests.set_index("district")["numerator"]
    assert shares["Leeds"] == pytest.approx(counted["Leeds"] / counted[ALL_DISTRICTS])
    assert result.funding.to_frame()["amount_pence"].sum() == 10_000_000
    assert result.funding.to_frame()["previous"].notna().all()
    assert set(result.sensitivity) == {"funding", "testing_funding"}
    assert result.funding_notes == {"funding": (), "testing_funding": ()}


def test_who_paid_adds_up(result: QuarterlyResult) -> None:
    funders = result.funders
    assert funders is not None
    assert result.spend_year == "2011-12"
    assert funders.groupby("district")["share"].sum().to_numpy() == pytest.approx([1.0, 1.0, 1.0])
    whole = funders.loc[funders["district"] == ALL_DISTRICTS, "amount"].sum()
    assert whole == pytest.approx(funders.loc[funders["district"] != ALL_DISTRICTS, "amount"].sum())
    funders["amount"] = 0
    assert result.funders is not None
    assert result.funders["amount"].sum() > 0


def test_owners_of_the_file_stand_beside_their_indicators(result: QuarterlyResult) -> None:
    frame = result.to_frame()
    assert set(frame.loc[frame["indicator"] == "tests", "owner"]) == {"police"}
    entries = result.indicators.dictionary().set_index("name")["owner"]
    assert entries["seen"] == "the health board"


def test_the_view_of_a_district_holds_its_rows_alone(result: QuarterlyResult) -> None:
    view = result.for_district("Leeds")
    assert (view.district, view.place) == ("Leeds", "Leeds")
    assert set(view.to_frame()["district"]) == {"Leeds"}
    assert {place for _, place in view.charts} == {"Leeds"}
    assert set(view.quality["district"]) == {"Leeds", ALL_DISTRICTS}
    assert view.funders is not None
    assert set(view.funders["district"]) == {"Leeds"}
    assert view.benchmarks is result.benchmarks
    assert view.funding is result.funding
    assert "growth" in view.whole_area
    for part, whole in (("pathway", result.pathway), ("seen", result.seen), ("accuracy", result.accuracy)):
        shown = getattr(view, part).to_frame()
        assert set(shown["group"]) == {"everyone"}
        own = whole.to_frame().query("group == 'Leeds'").reset_index(drop=True)  # type: ignore[union-attr]
        pd.testing.assert_frame_equal(shown.drop(columns="group"), own.drop(columns="group"))


def test_there_is_no_view_of_a_view_or_of_a_stranger(result: QuarterlyResult) -> None:
    with pytest.raises(InputError, match="no district 'Leds'; did you mean 'Leeds'"):
        result.for_district("Leds")
    with pytest.raises(InputError, match="view of Leeds alone"):
        result.for_district("Leeds").for_district("Wakefield")


def test_the_record_of_the_run_can_be_written_and_names_nobody(result: QuarterlyResult) -> None:
    told = json.loads(json.dumps(result.provenance()))
    assert told["counting"]["seen_within_days"] == 28
    assert told["told"]["period"] == "2012-Q2"
    assert {item["name"] for item in told["inputs"]} >= {"drug_tests", "spend", "targets"}
    assert result.provenance() == result.provenance()


def test_the_summary_says_that_nothing_is_an_effect(result: QuarterlyResult) -> None:
    assert NO_COMPARISON in result.summary().headline
    assert "<table" in result._repr_html_()


def test_a_part_cannot_go_missing_without_a_reason(result: QuarterlyResult) -> None:
    with pytest.raises(InvariantError, match="lacks growth"):
        dataclasses.replace(result, growth=None)
    assert set(PARTS) <= {item.name for item in dataclasses.fields(result)} | {"funders"}


def test_districts_with_a_report_of_their_own(result: QuarterlyResult) -> None:
    reports = result.spec.reports
    assert result.reported_districts == ()
    for change, told in (({"each_district": True}, result.districts), ({"districts": ["Leeds"]}, ("Leeds",))):
        spec = result.spec.model_copy(update={"reports": reports.model_copy(update=change)})
        assert dataclasses.replace(result, spec=spec).reported_districts == told
