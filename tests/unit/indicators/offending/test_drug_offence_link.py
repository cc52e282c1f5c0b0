"""Positivity by offence over time: counts by hand, trends against statsmodels and a closed form, warnings."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import dipeval as dip
from dipeval.indicators.offending.link_trend import trend
from dipeval.indicators.shares import limits
from dipeval.plots.style import to_png
from tests.spec.invented_people import invent

TESTS = """
person | test_date  | result   | trigger_offence | district | test_ground
ann    | 2022-01-31 | cocaine  | shoplifting     | Leeds    | trigger
ann    | 2022-02-01 | opiates  | Theft           | Leeds    | trigger
bob    | 2022-02-28 | negative | shoplifting     | Kirklees | trigger
cat    | 2022-02-28 | refused  | shoplifting     | Leeds    | trigger
dan    | 2022-04-01 | both     | robbery         | Leeds    | trigger
eve    | 2022-05-01 | negative | public_order    | Leeds    | non_trigger
fay    | 2022-05-01 | negative | TH68007         | Leeds    |
gus    | 2022-06-01 | both     |                 | Leeds    |
"""


def made_tests(shares: list[tuple[int, int]], offence: str = "shoplifting", **columns: Any) -> pd.DataFrame:
    """Tests of one offence, (positive, tests) a quarter from 2020-Q1 on."""
    parts = []
    for quarter, (positive, n) in enumerate(shares):
        day = pd.Timestamp(2020 + quarter // 4, 3 * (quarter % 4) + 2, 10)
        results = ["opiates"] * positive + ["negative"] * (n - positive)
        parts.append(pd.DataFrame({"test_date": day, "result": results, "trigger_offence": offence} | columns))
    return pd.concat(parts, ignore_index=True)


@cache
def by_hand() -> dip.DrugOffenceLink:
    return dip.drug_offence_link(*invent(drug_tests=TESTS, extract_date="2022-12-31"))


def test_tests_and_positives_by_offence_and_period() -> None:
    frame = by_hand().to_frame().set_index(["level", "offence", "substance", "period"])[["tests", "positive"]]
    found = {key: tuple(frame.loc[key]) for key in frame.index}
    # A refused test is none; "Theft" is another theft; words that are not known count as other offences.
    assert found["everyone", "everyone", "any", "2022-Q1"] == (3, 2)
    assert found["everyone", "everyone", "any", "2022-Q2"] == (4, 2)
    assert found["class", "acquisitive", "any", "2022-Q1"] == (3, 2)
    assert found["class", "acquisitive", "opiates", "2022-Q2"] == (1, 1)
    assert found["group", "shoplifting", "cocaine", "2022-Q1"] == (2, 1)
    assert found["group", "other_theft", "any", "2022-Q1"] == (1, 1)
    assert found["group", "robbery", "any", "2022-Q1"] == (0, 0)
    assert found["class", "other", "any", "2022-Q2"] == (1, 0)
    assert found["class", "not recorded", "both", "2022-Q2"] == (1, 1)
    # The window closes with the last period that has a test.
    assert set(by_hand().to_frame()["period"]) == {"2022-Q1", "2022-Q2"}
    assert by_hand().n_unread == 1


def test_shares_have_wilsons_interval_and_none_without_tests() -> None:
    frame = by_hand().to_frame().set_index(["offence", "substance", "period"]).sort_index()
    row = frame.loc[("everyone", "any", "2022-Q1")].iloc[0]
    assert (row["share"], row["conf_low"], row["conf_high"]) == (2 / 3, *limits(2, 3))
    assert frame.loc[("robbery", "any", "2022-Q1")].iloc[0][["share", "conf_low", "conf_high"]].isna().all()


def test_people_are_counted_once_and_only_with_a_linkage() -> None:
    frame = by_hand().to_frame().set_index(["offence", "substance", "period"]).sort_index()
    row = frame.loc[("everyone", "any", "2022-Q1")].iloc[0]
    assert (row["n_people"], row["n_people_positive"], row["n_people_negative"]) == (2, 1, 1)
    assert frame.loc[("robbery", "any", "2022-Q1"), "n_people"].iloc[0] == 0
    whole = by_hand().trends().iloc[0]
    assert (whole["n_people"], whole["tests"]) == (6, 7)
    without = dip.drug_offence_link(invent(drug_tests=TESTS)[0])
    assert without.to_frame()["n_people"].isna().all()


@pytest.mark.slow
def test_a_frame_of_tests_gives_the_same_and_row_order_is_nothing() -> None:
    extracts, _ = invent(drug_tests=TESTS)
    tests = extracts.table("drug_tests")
    found = dip.drug_offence_link(tests, by_substance=False)
    again = dip.drug_offence_link(tests.iloc[::-1], by_substance=False)
    for name in ("to_frame", "trends", "changes"):
        pd.testing.assert_frame_equal(getattr(found, name)(), getattr(again, name)())
    pd.testing.assert_frame_equal(found.to_frame(), dip.drug_offence_link(extracts, by_substance=False).to_frame())


def test_months_and_only_any_substance() -> None:
    shown = dip.drug_offence_link(invent(drug_tests=TESTS)[0], every="month", by_substance=False)
    frame = shown.to_frame()
    assert set(frame["substance"]) == {"any"}
    assert frame.loc[frame["level"] == "everyone", "tests"].tolist() == [1, 2, 0, 1, 2, 1]


def test_two_periods_are_the_difference_of_two_log_odds() -> None:
    # A quarter apart: the difference a year is four times that of the log odds.
    row = dip.drug_offence_link(made_tests([(50, 100), (60, 100)]), by_substance=False).trends().iloc[0]
    gap = 4 * math.log(60 / 40)
    error = 4 * math.sqrt(1 / 50 + 1 / 50 + 1 / 60 + 1 / 40)
    assert row["estimate"] == pytest.approx(gap)
    assert row["std_error"] == pytest.approx(error)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((gap - 1.959964 * error, gap + 1.959964 * error))
    assert (row["share_first"], row["share_last"]) == pytest.approx((0.5, 0.6))
    assert math.isnan(row["dispersion"])


def _cells(districts: int) -> pd.DataFrame:
    random = np.random.default_rng(3)
    rows = [
        {"years": quarter / 4, "district": f"district {place}", "tests": 120 - 6 * place,
         "positive": int(random.binomial(120 - 6 * place, min(0.3 + 0.08 * place + 0.02 * quarter, 0.9)))}
        for place in range(districts) for quarter in range(9)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("districts", [1, 4])
def test_trend_is_that_of_statsmodels(districts: int) -> None:
    cells = _cells(districts)
    found = trend(cells, within_districts=districts > 1)
    levels = pd.get_dummies(cells["district"], dtype=float)
    # Shares with weights: of two columns of counts statsmodels takes the dispersion of the shares alone.
    share, design = cells["positive"] / cells["tests"], pd.concat([cells["years"], levels], axis=1)
    fit = sm.GLM(share, design, family=sm.families.Binomial(), var_weights=cells["tests"])
    scaled = fit.fit(scale="X2", use_t=True)
    assert found.estimate == pytest.approx(scaled.params.iloc[0], rel=1e-7)
    assert found.dispersion == pytest.approx(scaled.scale, rel=1e-7)
    reference = scaled if scaled.scale > 1 else fit.fit(scale=1.0, use_t=True)
    assert found.std_error == pytest.approx(reference.bse.iloc[0], rel=1e-7)
    assert (found.conf_low, found.conf_high) == pytest.approx(tuple(reference.conf_int().iloc[0]), rel=1e-6)
    assert found.p_value == pytest.approx(reference.pvalues.iloc[0], rel=1e-6)


def test_errors_are_widened_where_periods_vary_more_than_chance() -> None:
    cells = pd.DataFrame({"years": np.arange(8) / 4, "district": "all", "tests": 1_000,
                          "positive": [450, 600, 480, 610, 470, 620, 500, 640]})  # fmt: skip
    found = trend(cells, within_districts=False)
    assert found.dispersion > 10
    design = sm.add_constant(cells["years"])
    outcome = cells[["positive"]].assign(negative=1_000 - cells["positive"])
    plain = sm.GLM(outcome, design, family=sm.families.Binomial()).fit()
    assert found.std_error == pytest.approx(plain.bse["years"] * math.sqrt(found.dispersion))


@pytest.mark.parametrize(
    ("shares", "status"),
    [([(5, 10)], "one period"), ([(0, 10), (0, 8)], "all alike"), ([(0, 10), (8, 8)], "parted"),
     ([(0, 10), (3, 8)], "parted"), ([(1, 10), (8, 8)], "parted"), ([(1, 10), (2, 10), (2, 8)], "ok")],
)  # fmt: skip
def test_where_there_is_no_trend_it_is_said(shares: list[tuple[int, int]], status: str) -> None:
    shown = dip.drug_offence_link(made_tests(shares), by_substance=False)
    row = shown.trends().iloc[0]
    assert row["status"] == status
    assert (row["direction"] == "not told") == (status != "ok")
    assert shown.summary().headline
    assert "no trend" in shown.words()["words"][0] or status in ("ok", "parted")


def test_a_district_where_all_are_positive_does_not_carry_the_trend_away() -> None:
    cells = _cells(2)
    extreme = cells[cells["district"] == "district 0"].assign(district="all positive")
    extreme["positive"] = extreme["tests"]
    alone = trend(cells, within_districts=True)
    assert trend(pd.concat([cells, extreme]), within_districts=True).estimate == pytest.approx(alone.estimate)


def test_a_change_of_districts_passes_for_a_trend_unless_each_keeps_its_level_and_is_flagged() -> None:
    # Positivity is the same in every quarter in each of two districts; the one with more joins in and takes over.
    steady = [made_tests([(a, 5 * a) for a in (40, 36, 32, 20, 12, 8)], district="Kirklees"),
              made_tests([(b, b * 5 // 3) for b in (3, 6, 12, 60, 90, 120)], district="Leeds")]  # fmt: skip
    tests = pd.concat(steady, ignore_index=True)
    together = dip.drug_offence_link(tests, by_substance=False)
    assert together.trends()["direction"].iloc[0] == "rose"
    flagged = together.changes().query("flagged and level == 'everyone'")
    assert "district" in set(flagged["feature"])
    assert "Who is tested changed: the mix of districts moved" in str(together.summary())
    within = dip.drug_offence_link(tests, by_substance=False, within_districts=True).trends().iloc[0]
    assert within["direction"] == "not settled"
    assert within["estimate"] == pytest.approx(0.0, abs=1e-6)


def test_steady_testing_is_not_flagged() -> None:
    tests = pd.concat([made_tests([(30, 60)] * 4, district=name) for name in ("Leeds", "Kirklees")])
    shown = dip.drug_offence_link(tests, by_substance=False)
    assert not shown.changes()["flagged"].any()
    assert "moved little" in str(shown.summary())
    assert "rules neither out" in shown.summary().headline


def test_a_district_that_joins_is_flagged_however_small() -> None:
    joins = made_tests([(0, 0)] * 6 + [(2, 4)] * 2, district="Kirklees")
    shown = dip.drug_offence_link(pd.concat([made_tests([(60, 120)] * 8, district="Leeds"), joins]), by_substance=False)
    row = shown.changes().query("feature == 'reporting'").iloc[0]
    assert (row["flagged"], row["early"], row["late"], row["moved"]) == (True, 1, 2, 1)
    assert "1 district began to test after the window opened" in str(shown.summary())
    rare = pd.concat([made_tests([(60, 120)] * 8, district="Leeds"), joins.head(1)])
    assert not dip.drug_offence_link(rare, by_substance=False).changes()["flagged"].any()


def test_more_tests_are_flagged_as_such() -> None:
    shown = dip.drug_offence_link(made_tests([(20, 40)] * 4 + [(40, 80)] * 4), by_substance=False)
    flagged = shown.changes().query("flagged")
    assert set(flagged["feature"]) == {"tests"}
    assert flagged["moved"].tolist() == [2.0, 2.0]


def test_a_rise_is_called_one_only_after_holm_and_the_difference_to_other_offences_is_newcombes() -> None:
    rising = made_tests([(40, 100), (48, 100), (56, 100), (60, 100), (70, 100), (78, 100), (84, 100)])
    flat = made_tests([(40, 100)] * 7, offence="public_order")
    shown = dip.drug_offence_link(pd.concat([rising, flat]), by_substance=False)
    trends = shown.trends().set_index(["level", "offence"])
    row = trends.loc[("class", "acquisitive")]
    assert row["direction"] == "rose"
    assert row["p_adjusted"] == pytest.approx(2 * row["p_value"])
    assert trends.loc[("class", "disorder"), "direction"] == "not settled"
    assert "rose in tests after these offences: acquisitive" in shown.summary().headline
    share, other = 436 / 700, 280 / 700
    (low, high), (other_low, other_high) = limits(436, 700), limits(280, 700)
    assert row["difference"] == pytest.approx(share - other)
    assert row["difference_low"] == pytest.approx(share - other - math.hypot(share - low, other_high - other))
    assert row["difference_high"] == pytest.approx(share - other + math.hypot(high - share, other - other_low))


def test_nothing_claims_a_cause() -> None:
    text = str(by_hand().summary())
    assert "no comparison group" in text
    assert "not known; they count as other offences" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": "week"}, "every must|not known"),
        ({"date_from": "2030-01-01"}, "no drug test with a result"),
        ({"date_from": "soon"}, "date_from must be a date"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(dip.InputError, match=message):
        dip.drug_offence_link(invent(drug_tests=TESTS)[0], **arguments)  # type: ignore[arg-type]


def test_tables_without_what_is_needed_are_refused() -> None:
    tests = made_tests([(5, 10)])
    with pytest.raises(dip.InputError, match="has no column trigger_offence"):
        dip.drug_offence_link(tests.drop(columns="trigger_offence"))
    with pytest.raises(dip.InputError, match=r"1 row\(s\) have no test_date.*10 row\(s\) have a result"):
        dip.drug_offence_link(tests.assign(result="dirty", test_date=[pd.NaT, *tests["test_date"][1:]]))
    with pytest.raises(dip.InputError, match="no rows"):
        dip.drug_offence_link(tests.head(0))
    with pytest.raises(dip.InputError, match="trigger_offence is empty"):
        dip.drug_offence_link(tests.assign(trigger_offence=None))
    extracts, _ = invent(drug_tests="person | test_date | result\nann | 2022-01-01 | both")
    with pytest.raises(dip.InputError, match="no column trigger_offence"):
        dip.drug_offence_link(extracts)


def test_the_picture_has_a_line_an_offence_class() -> None:
    axes = by_hand().plot()
    assert axes.get_legend_handles_labels()[1] == ["Acquisitive", "Disorder", "Other offences"]
    assert to_png(axes) == to_png(by_hand().plot())
