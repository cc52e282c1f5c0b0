"""The acceptability curve in closed form, by brute force and in words; and what perfect information would be worth."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.errors import InputError, InvariantError
from dipeval.roi import ReturnOnInvestment, RoiAssumptions, Uncertain
from dipeval.roi.decisions import acceptability_words as words
from dipeval.roi.decisions.acceptability import AcceptabilityCurve, acceptability_curve
from dipeval.roi.decisions.acceptability_sums import perfect_information
from tests.unit.roi.test_return_steps import COST, MIX, WORTH, averted_of, effect_of, line, roi_of

Z = float(stats.norm.ppf(0.975))
MEAN, ERROR = 100.0, 200 * 0.2 / Z  # proven offences averted by 200 people, and their standard error
EVERYTHING = RoiAssumptions(
    recorded_per_proven=Uncertain(3, 2, 5, "gamma"),
    actual_per_recorded={"shoplifting": Uncertain(4, 1, 8), "violence_with_injury": 0.5},
    attribution=Uncertain(0.8, 0.5, 1.0),
    extrapolate_years=2,
    drop_off=Uncertain(0.5, 0.2, 0.8),
    optimism_bias=Uncertain(0.1, 0.0, 0.3),
    unit_cost_factor=Uncertain(1.0, 0.8, 1.2),
    cost_factor=Uncertain(1.0, 0.8, 1.3),
)


@cache
def everything() -> ReturnOnInvestment:
    return roi_of(on=EVERYTHING)


@cache
def plain() -> ReturnOnInvestment:
    return roi_of()


def curve_of(roi: ReturnOnInvestment | None = None, **kwargs: Any) -> AcceptabilityCurve:
    return acceptability_curve(plain() if roi is None else roi, **kwargs)


def test_with_a_normal_effect_the_curve_is_a_normal_distribution() -> None:
    for estimate in (-0.5, -0.1, 0.05):
        found = curve_of(roi_of(effect_of(estimate)), thresholds=np.linspace(0, 2_000, 41)).to_frame()
        above = found[found["threshold"] > 0]
        expected = stats.norm.cdf((-200 * estimate - COST / above["threshold"]) / ERROR)
        # Every 2,000th part of the distribution is drawn once.
        assert np.abs(above["probability"] - expected).max() <= 1 / 2_000
        chance = stats.norm.cdf(-COST / above["threshold"] / ERROR)
        assert np.abs(above["probability_if_none"] - chance).max() <= 1 / 2_000
        assert found["probability"].iloc[0] == found["evpi"].iloc[0] == 0.0


def test_where_it_reaches_half_and_nearly_all_and_what_it_never_reaches() -> None:
    found = curve_of()
    assert found.threshold_50 == pytest.approx(COST / MEAN, rel=1e-3)
    assert found.threshold_95 == pytest.approx(COST / (MEAN - stats.norm.ppf(0.95) * ERROR), rel=2e-3)
    assert found.reached_at(0.8) == pytest.approx(COST / (MEAN - stats.norm.ppf(0.8) * ERROR), rel=1e-3)
    assert found.threshold_expected == pytest.approx(COST / MEAN, rel=1e-3)
    assert found.limit == pytest.approx(stats.norm.cdf(MEAN / ERROR), abs=1 / 2_000)
    weak = curve_of(roi_of(effect_of(-0.1)))
    assert weak.limit == pytest.approx(stats.norm.cdf(20 / ERROR), abs=1 / 2_000)
    assert weak.limit_if_none == pytest.approx(0.5, abs=1 / 2_000)
    assert math.isnan(weak.threshold_95) and weak.threshold_50 > 0
    harmful = curve_of(roi_of(effect_of(0.1)))
    assert math.isnan(harmful.threshold_50) and math.isnan(harmful.threshold_expected)
    assert harmful.limit == pytest.approx(1 - weak.limit, abs=1 / 2_000)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95, 0.9])
def test_just_above_a_threshold_the_share_is_reached_and_just_below_it_is_not(share: float) -> None:
    found = curve_of(everything())
    at = found.reached_at(share)
    below, above = curve_of(everything(), thresholds=[at * (1 - 1e-9), at * (1 + 1e-9)]).to_frame()["probability"]
    assert below < share <= above


def test_perfect_information_is_worth_what_the_normal_loss_says() -> None:
    found = curve_of(roi_of(effect_of(-0.1)), thresholds=[100.0, COST / 20, 5_000.0]).to_frame()
    for row in found.to_dict("records"):
        mean, error = row["threshold"] * 20 - COST, row["threshold"] * ERROR
        away = abs(mean) / error
        loss = error * (stats.norm.pdf(away) - away * stats.norm.cdf(-away))
        assert row["evpi"] == pytest.approx(loss, rel=5e-3, abs=1e-9)
        assert row["evpi_per_person"] == row["evpi"] / 200
        assert row["net"] == pytest.approx(mean, abs=1e-3 * error)
        assert row["net_low"] == pytest.approx(mean - Z * error, rel=5e-3)
        assert row["net_high"] == pytest.approx(mean + Z * error, rel=5e-3)
    # It matters most where the two choices are expected to be worth the same.
    assert perfect_information(np.array([-3.0, 3.0])) == 1.5
    assert perfect_information(np.array([-3.0, -1.0])) == perfect_information(np.array([1.0, 5.0])) == 0.0


def test_by_brute_force_over_the_draws_with_everything_uncertain() -> None:
    roi = everything()
    for per in ("offence", "actual_offence"):
        found = curve_of(roi, per=per, thresholds=[0, 50, 400, 3_000])
        drawn = found.drawn()
        assert len(drawn) == roi.draws and drawn["draw"].tolist() == list(range(1, roi.draws + 1))
        np.testing.assert_array_equal(drawn["cost"], roi.drawn()["cost"])
        for row in found.to_frame().to_dict("records"):
            net = [row["threshold"] * one - cost for one, cost in zip(drawn["offences"], drawn["cost"], strict=True)]
            assert row["probability"] == sum(one > 0 for one in net) / len(net)
            better = math.fsum(max(one, 0.0) for one in net) / len(net)
            assert row["evpi"] == pytest.approx(better - max(0.0, math.fsum(net) / len(net)), abs=1e-6)
    proven = curve_of(roi).drawn()["offences"]
    np.testing.assert_allclose(proven, roi.drawn()["offences_averted"] * roi.discount_factor, rtol=1e-12)


def test_at_the_unit_costs_it_is_the_return_on_investment_itself() -> None:
    for estimate in (-0.5, -0.1, -0.03):
        roi = roi_of(effect_of(estimate), costs=pd.DataFrame([line(1.2e6)]))
        found = curve_of(roi, thresholds=[WORTH])
        assert found.value_per_offence == pytest.approx(WORTH, rel=1e-12)
        row = found.to_frame().iloc[0]
        assert row["probability"] == found.probability == roi.probability
        assert row["probability_if_none"] == roi.probability_if_none
        assert row["net"] == pytest.approx(roi.mean_net, rel=1e-9)
        assert row["evpi"] == pytest.approx(found.evpi, rel=1e-9) and found.evpi_per_person == found.evpi / 200


def test_offences_are_discounted_as_their_value_is() -> None:
    years = pd.DataFrame([line(20_000.0), line(20_000.0, financial_year="2020/21")])
    spread = curve_of(roi := roi_of(costs=years, discount_rate=0.10))
    # Spending and offences of the second year count for less alike: the price of an offence does not move.
    assert spread.threshold_50 == pytest.approx(COST / MEAN, rel=1e-3)
    assert spread.cost < COST and spread.discounted and not curve_of().discounted
    assert roi.cost_per_offence_averted == pytest.approx(COST / MEAN, rel=1e-12)
    longer = curve_of(roi := roi_of(follow_up_days=730, discount_rate=0.10))
    assert longer.threshold_50 == pytest.approx(COST / MEAN / roi.discount_factor, rel=1e-3)


def test_per_actual_offence_every_step_that_is_on_counts() -> None:
    on = RoiAssumptions(recorded_per_proven=3, actual_per_recorded={"shoplifting": 4, "violence_with_injury": 2},
                        extrapolate_years=1, drop_off=0.5)  # fmt: skip
    roi = roi_of(on=on, discount_rate=0.0)
    times = 3 * (4 + 2) / 2 * 1.5
    actual = curve_of(roi, per="actual_offence")
    assert actual.threshold_50 == pytest.approx(COST / MEAN / times, rel=1e-3)
    worth = 3 * (4 * 460 + 2 * 15_440) / 2 * 1.5
    assert actual.value_per_offence == pytest.approx(worth / times, rel=1e-12)
    proven = curve_of(roi)
    assert proven.threshold_50 == pytest.approx(COST / MEAN, rel=1e-3)
    # One proven offence averted stands for all that, as the sum has it.
    assert proven.value_per_offence == pytest.approx(worth, rel=1e-12)
    both = [curve_of(per=per).to_frame() for per in ("offence", "actual_offence")]
    pd.testing.assert_frame_equal(*both)


def test_with_everything_known_it_is_a_step() -> None:
    found = curve_of(roi_of(effect_of(half=0.0)), thresholds=[319.999, 320.001])
    assert found.to_frame()["probability"].tolist() == [0.0, 1.0]
    assert found.known and found.threshold_50 == found.threshold_95 == pytest.approx(320.0, rel=1e-12)
    assert found.evpi == 0.0 and found.to_frame()["evpi"].tolist() == [0.0, 0.0]
    assert found.summary().headline == (
        "Every input is taken as known: the programme is worth its cost if more than £320 is paid for each proven "
        "offence averted, in 2019/20 prices."
    )
    assert words.NOTE_NOTHING_TO_KNOW in found.summary().notes
    never = curve_of(roi_of(effect_of(0.5, 0.0)))
    assert never.summary().headline.startswith("Every input is taken as known, and there are no fewer offences")
    assert never.to_frame()["probability"].max() == 0.0 and never.to_frame()["threshold"].iloc[-1] > WORTH


def test_offences_estimated_by_group() -> None:
    effect = effect_of()
    found = curve_of(roi_of(effect, averted=averted_of(effect)))
    assert found.threshold_50 == pytest.approx(COST / MEAN, rel=1e-3)
    assert found.value_per_offence == pytest.approx(0.8 * 460 + 0.2 * 15_440, rel=1e-9)
    # A total near none of parts that are not would make any value of one.
    open_ = effect_of(-0.5, 0.6)
    assert math.isnan(curve_of(roi_of(open_, averted=averted_of(open_))).value_per_offence)


def test_offences_without_a_unit_cost_have_a_curve_all_the_same() -> None:
    free = pd.DataFrame({"offence_group": ["drug_possession"], "share": [1.0]})
    found = curve_of(roi_of(offence_mix=free))
    pd.testing.assert_frame_equal(found.to_frame(), curve_of().to_frame())
    assert all(math.isnan(getattr(found, name)) for name in ("value_per_offence", "probability", "evpi"))
    assert words.NOTE_NO_VALUE in found.summary().notes
    shown = found.summary().to_frame().set_index("Figure")["Value"]
    assert (shown == words.NOT_KNOWN).sum() == 5


def test_the_order_of_rows_changes_nothing() -> None:
    years = pd.DataFrame([line(20_000.0), line(7_000.0, financial_year="2020/21"), line(13_000.0, spent_on="contact")])
    mix = MIX.assign(n=[50, 50])
    one = curve_of(roi_of(costs=years, offence_mix=mix, on=EVERYTHING, draws=500))
    two = curve_of(roi_of(costs=years.iloc[::-1], offence_mix=mix.iloc[::-1], on=EVERYTHING, draws=500))
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame())
    pd.testing.assert_frame_equal(one.drawn(), two.drawn())
    assert str(one.summary()) == str(two.summary())


def test_doubling_all_costs_doubles_every_payment_and_twice_the_effect_halves_it() -> None:
    once, twice = everything(), roi_of(on=EVERYTHING, costs=pd.DataFrame([line(80_000.0)]))
    payments = np.array([50.0, 200.0, 700.0])
    one, two = curve_of(once, thresholds=payments), curve_of(twice, thresholds=2 * payments)
    assert two.threshold_50 == pytest.approx(2 * one.threshold_50, rel=1e-12)
    assert two.to_frame()["probability"].tolist() == one.to_frame()["probability"].tolist()
    np.testing.assert_allclose(two.to_frame()["evpi"], 2 * one.to_frame()["evpi"], rtol=1e-9, atol=1e-6)
    double = curve_of(roi_of(effect_of(-1.0, 0.4)), thresholds=payments)
    plain_one = curve_of(thresholds=2 * payments)
    assert double.threshold_95 == pytest.approx(plain_one.threshold_95 / 2, rel=1e-9)
    assert double.to_frame()["probability"].tolist() == plain_one.to_frame()["probability"].tolist()


def test_the_plane_and_the_points() -> None:
    found = curve_of(roi_of(effect_of(-0.1)))
    plane = found.quadrants()
    assert list(plane.columns) == ["offences", "cost", "share", "label"]
    assert plane["share"].sum() == 1.0 and plane.loc[plane["cost"] == "less", "share"].eq(0).all()
    assert plane["share"].iloc[0] == found.limit == (found.drawn()["offences"] > 0).mean()
    points = found.points()
    assert list(points.columns) == ["term", "estimate", "unit", "label"]
    for row in points.to_dict("records"):
        assert row["estimate"] == pytest.approx(getattr(found, row["term"]), nan_ok=True)


def test_default_payments_are_round_and_show_the_rise() -> None:
    for effect in (effect_of(), effect_of(-0.1), effect_of(0.5), effect_of(half=0.0), effect_of(-0.5, 0.01)):
        found = curve_of(roi_of(effect))
        frame = found.to_frame()
        last = frame["threshold"].iloc[-1]
        assert len(frame) == 101 and frame["threshold"].iloc[0] == 0
        assert float(f"{last:.2g}") == last
        if found.limit > 0.5:
            assert frame["probability"].iloc[-1] > 0.8 * found.limit


def test_payments_given_are_put_in_order_each_once() -> None:
    frame = curve_of(thresholds=(1_000, 0, 400.5, 1_000)).to_frame()
    assert frame["threshold"].tolist() == [0.0, 400.5, 1_000.0]
    assert len(curve_of(thresholds=pd.Series([500.0])).to_frame()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per": "person"}, "There is no curve per 'person': use 'offence'"),
        ({"thresholds": []}, "a list of 1 to 1,000 figures"),
        ({"thresholds": range(1_001)}, "a list of 1 to 1,000 figures"),
        ({"thresholds": [[1.0, 2.0]]}, "a list of 1 to 1,000 figures"),
        ({"thresholds": ["much"]}, r"pounds for each offence averted, such as \[0, 500, 1000\]"),
        ({"thresholds": 500}, "such as"),
        ({"thresholds": [0, -1, math.nan, math.inf]}, "3 of the 4 thresholds are missing or below 0"),
    ],
)
def test_what_is_no_payment_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        curve_of(**options)


@pytest.mark.parametrize("share", [0, 1.01, True, "0.5", math.nan])
def test_what_is_no_share_is_refused(share: Any) -> None:
    with pytest.raises(InputError, match="lies above 0 and is 1 at most"):
        curve_of().reached_at(share)


def test_broken_curves_are_not_made() -> None:
    found = curve_of()
    facts = {name: getattr(found, name) for name in found.__dataclass_fields__}
    frame, drawn = found.to_frame(), found.drawn()
    for broken in (
        {"_frame": frame.iloc[::-1]},
        {"_frame": frame.drop(columns="evpi")},
        {"_frame": frame.assign(probability=frame["probability"].to_numpy()[::-1])},
        {"_frame": frame.assign(evpi=-1.0)},
        {"limit": 0.5},
        {"evpi": -1.0},
        {"draws": 3},
        {"_drawn": drawn.assign(cost=0.0)},
    ):
        with pytest.raises(InvariantError):
            AcceptabilityCurve(**{**facts, **broken})


def test_headlines_say_first_what_the_data_do_not_settle() -> None:
    assert curve_of().summary().headline == (
        "At £320 or more for each proven offence averted, the programme is worth its cost in at least half of the "
        "draws, and at £481 or more in at least 95% of them, in 2019/20 prices; all 2,000 draws have fewer offences."
    )
    weaker = curve_of(roi_of(effect_of(half=0.45))).summary().headline
    assert weaker.endswith("it is so only in the draws with fewer offences, 99% of all 2,000.")
    rarely = curve_of(roi_of(effect_of(half=0.6), level=0.8)).summary().headline
    assert "in at least half of the draws, in 2019/20 prices; however much is paid" in rarely
    open_ = curve_of(roi_of(effect_of(-0.1))).summary().headline
    assert open_.startswith("The data do not settle whether offences were averted")
    assert "84% of all 2,000 (50% were the effect none, by chance alone), and in half of the draws only at £1," in open_
    worse = curve_of(roi_of(effect_of(0.05))).summary().headline
    assert worse.endswith("31% of all 2,000 (50% were the effect none, by chance alone).")
    assert curve_of(roi_of(effect_of(0.5))).summary().headline == (
        "The data point to more offences, not fewer: however much is paid for each proven offence averted, the "
        "programme is worth its cost only in the draws with fewer offences, none of all 2,000."
    )
    assert "for each offence averted, proven or not," in curve_of(per="actual_offence").summary().headline


def test_the_words_sell_nothing() -> None:
    assert len(words.TEMPLATES) > 40
    for text in words.TEMPLATES:
        for banned in ("no effect", "control", "significant", "saved", "savings", "cashable", "subjects"):
            assert banned not in text.lower()
    sums = [roi_of(effect, draws=500) for effect in (effect_of(), effect_of(-0.1), effect_of(0.5))]
    for roi in (*sums, everything()):
        found = curve_of(roi)
        text = str(found.summary())
        assert "nan" not in text and "{" not in text and "[x]" not in text
        assert "Draws know nothing of bias in the effect" in text
        assert len(found._repr_html_()) < 12_000
