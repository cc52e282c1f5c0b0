"""Uncertainty over areas: errors by closed form, permutations by brute force, and what is not given for few areas."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from dipeval.effects.areas.estimate import area_effect
from dipeval.effects.areas.result import FEWEST_AREAS
from tests.unit.effects.area_panels import FIRST, NEVER, long, panel


def test_one_wave_and_two_periods_have_the_error_of_two_means() -> None:
    frame = panel([1] * 5 + [NEVER] * 7, 2, seed=1)
    change = frame.pivot(index="area", columns="period", values="outcome").diff(axis=1).iloc[:, 1].to_numpy()
    found = area_effect(frame, draws=999, error="wild_cluster")
    # Each group's own variance (Welch), as squares are divided by n - 1.
    assert found.std_error == pytest.approx(math.sqrt(change[:5].var(ddof=1) / 5 + change[5:].var(ddof=1) / 7))


def test_the_interval_of_a_simple_panel_is_near_that_of_t() -> None:
    frame = panel([1] * 20 + [NEVER] * 20, 2, seed=2)
    found = area_effect(frame, draws=4999, error="wild_cluster")
    assert (found.conf_high - found.conf_low) / 2 / found.std_error == pytest.approx(2.02, abs=0.12)


def test_more_periods_of_the_same_are_not_more_areas() -> None:
    rng = np.random.default_rng(3)
    short = 50 + np.cumsum(rng.normal(size=(12, 2)), axis=1)
    # Every area stays where it was in its second period.
    many = np.column_stack([short, *[short[:, 1]] * 8])
    starts = [1] * 6 + [NEVER] * 6
    one, other = (area_effect(long(v, starts), draws=199, error="wild_cluster") for v in (short, many))
    assert other.estimate == pytest.approx(one.estimate) and other.std_error == pytest.approx(one.std_error)
    assert other.conf_low == pytest.approx(one.conf_low)


def test_waves_of_one_area_have_no_error_of_their_own_but_share_in_the_overall_one() -> None:
    found = area_effect(panel([2, 3, 4, 5] + [NEVER] * 8, 7, seed=4), draws=199)
    frame = found.to_frame()
    assert found.error == "wild_cluster" and found.std_error > 0
    waves = frame[frame["term"] == "wave"]
    assert (waves["n"] == 1).all() and waves["std_error"].isna().all() and waves["conf_low"].isna().all()


def test_a_lone_wave_joins_the_nearest() -> None:
    starts = [2, 2, 2, 5, 5, 5, 6] + [NEVER] * 8
    found = area_effect(panel(starts, 8, seed=5), draws=199)
    assert found.has_interval and found.to_frame().query("term == 'wave' and group == '2016'")["std_error"].isna().all()


@pytest.mark.parametrize(("treated", "error"), [(3, "permutation"), (4, "wild_cluster")])
def test_auto_needs_areas_on_either_side(treated: int, error: str) -> None:
    assert area_effect(panel([2] * treated + [NEVER] * 10, 5), draws=199).error == error
    assert area_effect(panel([2] * 10 + [NEVER] * treated, 5), draws=199).error == error


def test_auto_needs_areas_to_compare_with_in_every_treated_period() -> None:
    for last, error in ((2, "permutation"), (3, "wild_cluster")):
        assert area_effect(panel([2] * 5 + [4] * 5 + [6] * last, 8), draws=199).error == error


def test_areas_that_move_in_exact_step_leave_no_spread() -> None:
    values = np.tile(np.arange(5.0), (12, 1)) + np.arange(12)[:, None]
    values[:6, 2:] += 1
    found = area_effect(long(values, [2] * 6 + [NEVER] * 6), draws=199)
    assert found.error == "permutation" and found.estimate == 1


@pytest.mark.parametrize("n", range(2, 8))
def test_under_six_areas_there_is_no_interval(n: int) -> None:
    found = area_effect(panel([2, *[NEVER] * (n - 1)], 5, seed=6), draws=199, level=0.6)
    assert found.error == "permutation" and found.draws == n
    assert found.has_interval == (n >= FEWEST_AREAS)
    assert found.to_frame()["conf_low"].notna().any() == (n >= FEWEST_AREAS)
    assert 1 / n <= found.p_value <= 1


def test_permutation_counts_every_arrangement_once() -> None:
    starts = [1, 3, 3, NEVER, NEVER]
    frame = panel(starts, 5, seed=7)
    wide = frame.pivot(index="area", columns="period", values="outcome").to_numpy()
    orders = set(itertools.permutations(starts))
    sizes = [abs(area_effect(long(wide, order), draws=99).estimate) for order in sorted(orders)]
    found = area_effect(frame)
    assert found.draws == len(orders) == 30 and ", all)" in found.method
    assert found.p_value == pytest.approx(np.mean(np.array(sizes) >= abs(found.estimate) - 1e-9))


def test_the_interval_holds_the_constant_effects_that_permutation_does_not_reject() -> None:
    starts = [2, 3, *[NEVER] * 10]
    frame = panel(starts, 6, seed=8, effect=-4.0)
    found = area_effect(frame, error="permutation", level=0.9)
    on = frame["period"] - FIRST >= frame["treated_from"].sub(FIRST).fillna(NEVER)

    def p_of(effect: float) -> float:
        taken = frame.assign(outcome=frame["outcome"] - effect * on)
        return area_effect(taken, error="permutation", level=0.9).p_value

    for end, outwards in ((found.conf_low, -1), (found.conf_high, 1)):
        assert p_of(end - outwards * 1e-6) > 0.1 >= p_of(end + outwards * 1e-6)
    assert found.conf_low < found.estimate < found.conf_high


def test_many_arrangements_are_drawn_and_the_seed_decides() -> None:
    frame = panel([2, 3, 4, *[NEVER] * 20], 6, seed=9)
    one, same, other = (area_effect(frame, error="permutation", draws=199, seed=seed) for seed in (1, 1, 2))
    assert one.draws == 200 and ", all)" not in one.method
    pd.testing.assert_frame_equal(one.to_frame(), same.to_frame())
    assert one.conf_low != other.conf_low


def test_areas_without_later_records_keep_their_own_start() -> None:
    frame = panel([2, 2, *[NEVER] * 4], 6, seed=10)
    until = {"area 000": 2012}
    gone = (frame["area"] == "area 000") & (frame["period"] > 2012)
    assert area_effect(frame, treated_until=until).draws == 6 * 5
    assert area_effect(frame[~gone], treated_until=until).draws == 5
    alone = panel([2, *[NEVER] * 4], 6, seed=10)
    gone = (alone["area"] == "area 000") & (alone["period"] > 2012)
    found = area_effect(alone[~gone], treated_until=until)
    assert math.isnan(found.p_value) and "no way to say how uncertain" in found.summary().headline


def test_trends_that_differ_before_the_start_are_found() -> None:
    frame = panel([4] * 10 + [NEVER] * 10, 7, seed=11)
    drift = 1.5 * (frame["period"] - FIRST) * frame["treated_from"].notna()
    level, drifting = area_effect(frame), area_effect(frame.assign(outcome=frame["outcome"] + drift))
    assert drifting.pre_trend_p < 0.01 < level.pre_trend_p
    permuted = area_effect(frame.assign(outcome=frame["outcome"] + drift), error="permutation")
    assert permuted.pre_trend_p < 0.01
