"""Published tables, expanded to one record each, through indicators, charts and benchmarks: every cell equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import dipeval as dip
from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from tests.reference.published_records import (
    DISCHARGES,
    LONDON,
    REOFFENCES,
    TESTING,
    discharges_extracts,
    every_test,
    known_people,
    london_budget,
    london_extracts,
    london_pathway,
    offences_of_people,
    percent,
)

QUARTERS = pd.DataFrame(
    [(label, len(months), *figures) for label, months, *figures in TESTING["quarters"]],
    columns=["period", "months", "tests", "positive", "percent", "forces"],
)
YEAR_2010_11 = ("2010-Q2", "2010-Q3", "2010-Q4", "2011-Q1")


@pytest.fixture(scope="module")
def arrests() -> dip.Extracts:
    return dip.make_extracts({"drug_tests": every_test()}, extract_date="2024-03-31")


@pytest.fixture(scope="module")
def by_quarter(arrests: dip.Extracts) -> dip.Indicators:
    return dip.indicators(arrests, names=["tests", "positivity"])


@pytest.fixture(scope="module")
def london() -> dip.Indicators:
    names = ["contacts", "retention_12_weeks", "completion_period", "re_presentation", "cost_per_contact"]
    extracts, linkage = london_extracts(spend=london_budget())
    return dip.indicators(extracts, linkage, names=names, date_from="2010-04-01", date_to="2011-03-31")


def _whole(found: dip.Indicators, periods: Any = None) -> pd.DataFrame:
    """All districts and everyone over the periods, by indicator."""
    rows = found.window(found.periods if periods is None else periods)
    return rows[(rows["district"] == ALL_DISTRICTS) & (rows["dimension"] == "")].set_index("indicator")


def test_testing_on_arrest_by_quarter(by_quarter: dip.Indicators) -> None:
    tests, positivity = by_quarter.series("tests"), by_quarter.series("positivity")
    assert by_quarter.periods == tuple(QUARTERS["period"])
    assert tests["numerator"].tolist() == positivity["denominator"].tolist() == QUARTERS["tests"].tolist()
    assert positivity["numerator"].tolist() == QUARTERS["positive"].tolist()
    assert [percent(share) for share in positivity["estimate"]] == QUARTERS["percent"].tolist()
    total = [tests["numerator"].sum(), positivity["numerator"].sum()]
    assert [*total, percent(total[1] / total[0])] == TESTING["total"]
    # The first quarter is March alone, and is told so; it is in no sum and no chart of whole quarters.
    assert positivity["status"].tolist() == ["part_period", *["ok"] * 8]
    later = _whole(by_quarter).loc["positivity"]
    assert later["denominator"] == TESTING["total"][0] - QUARTERS["tests"].iloc[0]


def test_forces_of_each_quarter(by_quarter: dip.Indicators) -> None:
    frame = by_quarter.to_frame()
    own = frame[(frame["indicator"] == "tests") & (frame["district"] != ALL_DISTRICTS) & (frame["numerator"] > 0)]
    assert own.groupby("period").size().tolist() == QUARTERS["forces"].tolist()
    # Forces that do not test yet are told as such, not as forces without positive people.
    silent = frame[(frame["indicator"] == "positivity") & (frame["denominator"] == 0)]
    assert set(silent["status"]) == {"no_units"} and silent["estimate"].isna().all()


def test_grounds_of_the_tests(arrests: dip.Extracts) -> None:
    grounds = TESTING["grounds"]
    names = ["tests", "trigger_share"]
    # The ground table begins within a quarter, so that months are told.
    found = dip.indicators(arrests, names=names, every="month", by=["test_ground"], date_from=TESTING["grounds_from"])
    assert len(found.periods) == 13
    whole = _whole(found)
    assert whole.loc["tests", "numerator"] == whole.loc["trigger_share", "denominator"] == grounds["total"]
    assert whole.loc["trigger_share", "numerator"] == grounds["trigger"]
    rows = found.window(found.periods)
    rows = rows[(rows["district"] == ALL_DISTRICTS) & (rows["dimension"] == "test_ground")].set_index("group")
    assert rows["numerator"].to_dict() == {
        "trigger": grounds["trigger"],
        "non_trigger": grounds["non_trigger"],
        "not recorded": grounds["not_stated"],
    }


def test_growth_from_fourteen_forces_to_twenty_nine(by_quarter: dip.Indicators) -> None:
    published = dip.denominator_growth(
        QUARTERS, units="tests", areas="forces", months="months", positives="positive", label="Tests"
    )
    frame = published.to_frame()
    whole, steps = frame.iloc[0], frame.iloc[1:]
    for name, column in (("units", "tests"), ("areas", "forces"), ("months", "months")):
        assert steps[f"{name}_from"].tolist() == QUARTERS[column].iloc[:-1].tolist()
        assert steps[f"{name}_to"].tolist() == QUARTERS[column].iloc[1:].tolist()
    assert [percent(share) for share in steps["positivity_to"]] == QUARTERS["percent"].iloc[1:].tolist()
    assert (whole["areas_from"], whole["areas_to"]) == (14, 29)
    assert whole["growth"] == pytest.approx(19_224 / 3_599 - 1)
    parts = np.log([29 / 14, 3 / 1, (19_224 / 29 / 3) / (3_599 / 14)])
    assert whole[["log_areas", "log_months", "log_per_area"]].tolist() == pytest.approx(parts.tolist())
    assert {"areas_moved", "time_moved"} <= set(published.cautions)
    # Records counted by force say the same, and which forces joined: as if every quarter were told whole.
    rows = by_quarter.to_frame()
    rows = rows[(rows["indicator"] == "positivity") & (rows["dimension"] == "")].drop(columns="status")
    rows = rows.merge(QUARTERS[["period", "months"]], on="period")
    counted = dip.denominator_growth(
        rows, units="denominator", area="district", months="months", positives="numerator", label="Tests"
    )
    known = ["joined", "left", "units_joined", "units_left", "units_stayed", "words"]
    pd.testing.assert_frame_equal(counted.to_frame().drop(columns=known), frame.drop(columns=known), check_dtype=False)
    assert counted.to_frame()["joined"].iloc[0] == "; ".join(f"Force {place}" for place in range(14, 29))
    assert counted.to_frame().iloc[-1][["joined", "left"]].tolist() == ["", "Force 29"]


def test_growth_of_measured_quarters_begins_with_the_first_whole_one(by_quarter: dip.Indicators) -> None:
    rows = by_quarter.to_frame()
    rows = rows[(rows["indicator"] == "tests") & (rows["dimension"] == "")]
    whole = dip.denominator_growth(rows, units="numerator", area="district").to_frame().iloc[0]
    assert whole[["period_from", "areas_from", "areas_to"]].tolist() == ["2022-Q2", 16, 29]
    assert whole[["units_from", "units_to"]].tolist() == [10_393, 19_224]


def test_nine_quarters_are_a_run_chart(by_quarter: dip.Indicators) -> None:
    columns = {"numerator": "positive", "denominator": "tests"}
    chart = dip.control_chart(QUARTERS, **columns, seasonal=False, label="Positivity")
    frame = chart.to_frame()
    assert chart.chart == "run"
    assert frame[["period", "numerator", "denominator"]].values.tolist() == (
        QUARTERS[["period", "positive", "tests"]].values.tolist()
    )
    assert [percent(share) for share in frame["value"]] == QUARTERS["percent"].tolist()
    assert frame["centre"].unique().tolist() == [pytest.approx((QUARTERS["positive"] / QUARTERS["tests"]).median())]
    assert frame[["lower", "upper"]].isna().all(axis=None)
    # Nine values: neither the longest run (3; more than 6 needed) nor the crossings (3) are unusual.
    assert chart.n_signals == 0
    # Seasons adjust what is expected, never a value; March alone is no quarter to chart.
    series = by_quarter.series("positivity")
    measured = dip.control_chart(series, numerator="numerator", denominator="denominator", label="Positivity")
    told = measured.to_frame()["value"]
    assert np.isnan(told.iloc[0]) and told.iloc[1:].tolist() == pytest.approx(frame["value"].iloc[1:].tolist())


def test_tests_of_the_quarters_rise_without_a_break() -> None:
    whole = QUARTERS.iloc[1:]
    chart = dip.control_chart(whole, numerator="tests", chart="run", rules=["trend_of_6"], label="Tests")
    assert chart.to_frame()["value"].tolist() == whole["tests"].tolist()
    signals = chart.signals()
    assert set(signals["rule"]) == {"trend_of_6"} and set(signals["direction"]) == {"rising"}


def test_london_contacts_and_completions(london: dip.Indicators) -> None:
    whole = _whole(london, YEAR_2010_11)
    assert whole.loc["contacts", "numerator"] == LONDON["contacts"]
    assert whole.loc["completion_period", "numerator"] == LONDON["completed"]
    # Whether the last of them came back is not known yet; how many completed is.
    assert london.series("re_presentation")["denominator"].sum() == LONDON["completed"]
    # The published 3,733 are people in treatment at some time of the year. Here all of them began in it, so that they
    # are also the stays begun; in quarters a stay is open in each that it touches, and sums of quarters are larger.
    assert whole.loc["retention_12_weeks", "denominator"] == LONDON["in_treatment"]
    assert whole.loc["completion_period", "denominator"] > LONDON["in_treatment"]
    # The published 3,208 reached the twelfth week by the end of the year. The indicator follows those who began in
    # its last weeks beyond it (every second one of those not retained by then): another count, and dip.pathway has
    # the published one.
    lost = LONDON["in_treatment"] - LONDON["retained_12_weeks"]
    assert whole.loc["retention_12_weeks", "numerator"] == LONDON["retained_12_weeks"] + lost // 2
    by_stage = london_pathway("extracts").everyone["n"].tolist()
    assert by_stage == [LONDON[name] for name in ("contacts", "in_treatment", "retained_12_weeks", "completed")]


def test_london_pounds(london: dip.Indicators) -> None:
    told = _whole(london, YEAR_2010_11).loc["cost_per_contact"]
    assert told["numerator"] == pytest.approx(LONDON["budget_pounds"])
    assert round(told["estimate"]) == LONDON["pounds_per"]["cost per contact"]
    stages = dip.cost_per_stage(london_budget(), london_pathway("extracts")).to_frame().set_index("label")["cost"]
    assert stages.round().to_dict() == LONDON["pounds_per"]
    assert told["estimate"] == pytest.approx(stages["cost per contact"])


@pytest.fixture(scope="module")
def discharged() -> tuple[dip.Extracts, Any]:
    extracts = discharges_extracts()
    return extracts, known_people(treatment=DISCHARGES["all"])


@pytest.mark.parametrize("referred_on", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_discharges_2007_08(discharged: tuple[dip.Extracts, Any], referred_on: bool) -> None:
    extracts, linkage = discharged
    rule = dip.CountingRule(count_referred_on=referred_on)
    names = ["completion_period", "re_presentation"]
    found = dip.indicators(extracts, linkage, names=names, rule=rule, date_from="2007-04-01", date_to="2008-03-31")
    counts = {code: n for code, n, _ in DISCHARGES["reasons"]}
    successes = ("completed_drug_free", "completed", *(["referred_on"] if referred_on else []))
    expected = sum(counts[code] for code in successes)
    assert expected == DISCHARGES["successful"][0] or not referred_on
    # Completions are the published ones; what they are divided by is not: stays open in the quarter, not discharges.
    assert _whole(found).loc["completion_period", "numerator"] == expected
    assert found.series("re_presentation")["denominator"].sum() == expected
    assert found.series("completion_period")["denominator"].iloc[0] == DISCHARGES["all"]
    # The share of all discharges is that of dip.discharges.
    shown = dip.discharges(extracts, date_from="2007-04-01", date_to="2008-03-31", count_referred_on=referred_on)
    assert shown.n_successful == expected
    if referred_on:
        assert percent(shown.successful().iloc[0]["share"]) == DISCHARGES["successful"][1]


def test_national_indicator_38() -> None:
    actual, predicted = REOFFENCES["actual"], REOFFENCES["predicted"]
    one = pd.DataFrame({"area": ["The area"], "offences": [actual], "predicted": [predicted]})
    found = dip.benchmark(one, area="area", numerator="offences", expected="predicted", kind="ratio", label="Offences")
    row = found.to_frame().iloc[0]
    assert round(row["value"], 3) == REOFFENCES["ratio"]
    low = stats.chi2.ppf(0.025, 2 * actual) / 2 / predicted
    high = stats.chi2.ppf(0.975, 2 * actual + 2) / 2 / predicted
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx([low, high])
    assert row["position"] == "not compared" and found.n_compared == 0


def test_eighteen_people_of_national_indicator_38() -> None:
    people = offences_of_people()
    assert [len(people), people["offences"].sum()] == [REOFFENCES["people"], REOFFENCES["actual"]]
    found = dip.concentration(people, count="offences", expected=REOFFENCES["predicted"], draws=200, label="offences")
    assert found.excess is not None and found.excess.people == REOFFENCES["people_of_the_excess"]
    assert round(found.excess.ratio, 3) == REOFFENCES["ratio"]
    # By hand: without the 18 the others had no more than was expected of them; without 17 they had more.
    each = REOFFENCES["predicted"] / len(people)
    counts = people["offences"].sort_values(ascending=False).to_numpy()
    assert counts[18:].sum() <= each * (len(people) - 18)
    assert counts[17:].sum() > each * (len(people) - 17)
