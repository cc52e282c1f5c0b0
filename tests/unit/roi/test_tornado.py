"""Each bar by hand: one input at its ends, the rest at their value."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.roi.chain import Timing, work_out
from dipeval.roi.drawing import draw
from dipeval.roi.input_names import label_of
from dipeval.roi.tornado import COLUMNS, Switch, tornado
from dipeval.roi.uncertain import Uncertain
from tests.unit.roi.money_sums import COVARIANCE, MIX, WORTH, by_group, everything, sum_of

EACH = 200 * 0.97 * (0.7 * 500 + 0.1 * 10_000)


def row(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame.set_index("input").loc[name]


def test_the_effect_goes_from_one_limit_to_the_other() -> None:
    bar = row(tornado(sum_of()), "effect")
    assert (bar["value"], bar["low"], bar["high"]) == pytest.approx((0.5, 0.2, 0.8))
    assert bar["net_low"] == pytest.approx(0.2 * EACH - 80_000) and bar["net_high"] == pytest.approx(
        0.8 * EACH - 80_000
    )
    assert (bar["ratio_low"], bar["ratio_high"]) == pytest.approx((0.2 * EACH / 80_000, 0.8 * EACH / 80_000))
    assert bar["swing"] == pytest.approx(0.6 * EACH) and bar["note"] == ""


def test_another_level_takes_other_ends() -> None:
    bar = row(tornado(sum_of(), level=0.8), "effect")
    reach = 0.3 * stats.norm.ppf(0.9) / stats.norm.ppf(0.975)
    assert (bar["low"], bar["high"]) == pytest.approx((0.5 - reach, 0.5 + reach))


def test_dearer_spending_makes_the_net_value_and_the_ratio_smaller() -> None:
    bar = row(tornado(sum_of(cost_factor=Uncertain(1, 0.5, 2.0, "uniform")), level=0.5), "cost_factor")
    assert (bar["low"], bar["high"]) == pytest.approx((0.875, 1.625))
    assert bar["net_low"] == pytest.approx(0.5 * EACH - 70_000) and bar["net_high"] == pytest.approx(
        0.5 * EACH - 130_000
    )
    assert bar["ratio_high"] == pytest.approx(0.5 * EACH / 130_000) and bar["swing"] == pytest.approx(60_000)


def test_every_uncertain_input_has_one_row_and_no_known_one_has() -> None:
    frame = tornado(everything())
    assert tuple(frame.columns) == COLUMNS
    assert sorted(frame["input"]) == [
        "actual_per_recorded:shoplifting",
        "actual_per_recorded:violence_with_injury",
        "attribution",
        "cost_factor",
        "drop_off",
        "effect",
        "mix",
        "optimism_bias",
        "recorded_per_proven",
        "unit_cost_factor",
    ]
    assert frame["swing"].is_monotonic_decreasing and (frame["swing"] > 0).all()
    assert frame["label"].tolist() == [label_of(name) for name in frame["input"]]
    assert row(frame, "actual_per_recorded:shoplifting")["label"] == "Actual crimes for each recorded one: shoplifting"


def test_nothing_uncertain_is_an_empty_frame_of_the_same_columns() -> None:
    frame = tornado(sum_of(effect=Uncertain.exactly(0.5)))
    assert frame.empty and tuple(frame.columns) == COLUMNS and frame["swing"].dtype == "float64"


def test_the_bar_of_the_mix_is_its_own_distribution() -> None:
    # Of two kinds the share of one has a beta distribution, and the net value is linear in it.
    mix, worth = np.array([0.7, 0.3, 0.0]), np.array([500.0, 10_000.0, 0.0])
    central = sum_of(mix=mix, mix_n=mix * 40, worth={"social": worth})
    share = stats.beta.ppf([0.025, 0.975], 0.3 * 40, 0.7 * 40)
    known = 200 * 0.97 * 0.5 * (500 + 9_500 * share) - 80_000
    bar = row(tornado(central), "mix")
    assert (bar["net_low"], bar["net_high"]) == pytest.approx(tuple(known), rel=0.03)
    assert math.isnan(bar["value"]) and math.isnan(bar["low"]) and bar["note"].startswith("Drawn as a whole")


def test_the_bar_of_the_split_is_exact() -> None:
    central = by_group()
    bar = row(tornado(central), "split")
    weights = 200 * 0.97 * WORTH["social"]
    error = 0.3 / stats.norm.ppf(0.975)
    scaled = COVARIANCE * error**2 / COVARIANCE.sum()
    towards = COVARIANCE.sum(axis=1) / COVARIANCE.sum()
    left = math.sqrt(float(weights @ scaled @ weights) - float(weights @ towards) ** 2 * error**2)
    plain = float(weights @ MIX) * 0.5 - 80_000
    half = stats.norm.ppf(0.975) * left
    assert (bar["net_low"], bar["net_high"]) == pytest.approx((plain - half, plain + half))
    # The two bars of such an effect add up, squared, to the whole of what is drawn.
    effect = row(tornado(central), "effect")
    whole = work_out(draw(central, 40_000)).net("social").std() * 2 * stats.norm.ppf(0.975)
    assert math.hypot(bar["swing"], effect["swing"]) == pytest.approx(whole, rel=0.01)


def test_a_switch_is_two_sums_with_its_own_numbers() -> None:
    central = sum_of()
    rate = Switch(
        input="discount_rate",
        label="Discount rate",
        low=replace(central, timing=Timing(within=0.99)),
        high=replace(central, timing=Timing(within=0.9), costs={"treatment": 76_000.0}),
        value=0.035,
        low_value=0.015,
        high_value=0.05,
        note="from 1.5% to 5%",
    )
    out = Switch(input="anticipation", label="Costs in anticipation", low=central, high=central)
    frame = tornado(central, switches=[rate, out])
    bar = row(frame, "discount_rate")
    assert (bar["value"], bar["low"], bar["high"], bar["note"]) == (0.035, 0.015, 0.05, "from 1.5% to 5%")
    assert bar["net_low"] == pytest.approx(0.5 * EACH / 0.97 * 0.99 - 80_000)
    assert bar["net_high"] == pytest.approx(0.5 * EACH / 0.97 * 0.9 - 76_000)
    assert bar["ratio_high"] == pytest.approx(0.5 * EACH / 0.97 * 0.9 / 76_000)
    assert frame["input"].tolist() == ["effect", "discount_rate", "anticipation"]
    assert row(frame, "anticipation")["swing"] == 0 and math.isnan(row(frame, "anticipation")["value"])


def test_what_is_not_known_in_a_perspective_has_no_bar_to_speak_of() -> None:
    frame = tornado(sum_of(worth={"economic": np.array([1.0, math.nan, 0.0])}), "economic")
    assert math.isnan(row(frame, "effect")["swing"]) and row(frame, "effect")["high"] == pytest.approx(0.8)


def test_a_share_beyond_1_is_cut_off_before_its_ends_are_taken() -> None:
    bar = row(tornado(sum_of(attribution=Uncertain(0.95, 0.9, 1.0, "normal"))), "attribution")
    assert bar["high"] < 1.0


def test_a_mix_in_a_perspective_that_is_not_known_has_no_swing_either() -> None:
    frame = tornado(sum_of(mix_n=MIX * 10, worth={"economic": np.array([1.0, math.nan, 0.0])}), "economic")
    assert frame["swing"].isna().all() and sorted(frame["input"]) == ["effect", "mix"]
