"""Rules of run and control charts: worked series, brute force, and how often they signal for nothing."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from dipeval.indicators.change.false_alarms import false_alarm_share
from dipeval.indicators.change.rules import (
    CONTROL_RULES,
    RULES,
    RUN_RULES,
    any_signal,
    crossings,
    crossings_wanted,
    longest_allowed,
    run_lengths,
    zones,
)
from dipeval.indicators.change.signals import locate


def brute_run(sides: list[int]) -> int:
    """Longest run, points on the centre left out."""
    useful = [side for side in sides if side]
    return max((len(list(group)) for _, group in itertools.groupby(useful)), default=0)


def brute_crossings(sides: list[int]) -> int:
    useful = [side for side in sides if side]
    return sum(one != other for one, other in itertools.pairwise(useful))


def brute(rule: str, zone: list[int], values: list[float]) -> bool:
    """Each rule written anew, window by window."""
    n = len(zone)
    useful = sum(one != 0 for one in zone)
    if rule == "outside":
        return any(abs(one) == 3 for one in zone)
    if rule == "two_of_three":
        windows = [zone[max(0, end - 2) : end + 1] for end in range(n)]
        return any(sum(side * one >= 2 for one in window) >= 2 for window in windows for side in (1, -1))
    if rule == "run_of_8":
        return brute_run([int(np.sign(one)) for one in zone]) >= 8
    if rule == "trend_of_6":
        windows6 = [values[start : start + 6] for start in range(n - 5)]
        return any(
            all(a < b for a, b in itertools.pairwise(w)) or all(a > b for a, b in itertools.pairwise(w))
            for w in windows6
        )
    if rule == "longest_run":
        return useful > 0 and brute_run([int(np.sign(one)) for one in zone]) > round(math.log2(useful)) + 3
    return brute_crossings([int(np.sign(one)) for one in zone]) < stats.binom.ppf(0.05, useful - 1, 0.5)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_agrees_with_brute_force_and_with_where_it_is_located(rule: str) -> None:
    draw = np.random.default_rng(11)
    values = np.round(draw.standard_normal((400, 15)) + np.linspace(0, 1, 400)[:, None] * np.arange(15) / 3, 1)
    zone = zones(values, np.array(0.4), np.array(-2.6), np.array(3.4), np.array(-1.6), np.array(2.4))
    joined = np.ones(values.shape, dtype=bool)
    joined[:, 0] = False
    found = any_signal(rule, zone, values, joined)
    expected = [brute(rule, one.tolist(), own.tolist()) for one, own in zip(zone, values, strict=True)]
    located = [bool(locate(rule, one, own, joined[0])) for one, own in zip(zone, values, strict=True)]
    assert found.tolist() == expected == located
    assert 0 < sum(expected) < len(expected)


@pytest.mark.parametrize("n", [8, 10, 12, 16, 20, 24, 30, 40, 60])
def test_bounds_are_those_of_the_formulas_in_whole_numbers(n: int) -> None:
    assert longest_allowed(n) == round(math.log2(n)) + 3
    # The smallest k that a fair coin thrown n - 1 times does not pass in 5% of cases, summed exactly.
    chances = itertools.accumulate(math.comb(n - 1, heads) for heads in range(n))
    assert crossings_wanted(n) == next(k for k, below in enumerate(chances) if 20 * below >= 2 ** (n - 1))


def test_points_on_the_centre_neither_lengthen_nor_end_a_run() -> None:
    assert run_lengths(np.array([1, 0, 1, 0, 0, 1])).max() == 3
    assert int(crossings(np.array([0, 1, 0, 1, -1, 0]))) == 1


def test_a_tie_or_a_gap_ends_a_trend() -> None:
    rising = np.arange(8.0)
    zone = np.ones(8, dtype=int)
    joined = np.array([False] + [True] * 7)
    assert locate("trend_of_6", zone, rising, joined)[0].count == 8
    gap = joined.copy()
    gap[4] = False
    assert locate("trend_of_6", zone, rising, gap) == []
    tie = rising.copy()
    tie[4] = tie[3]
    assert locate("trend_of_6", zone, tie, joined) == []


def test_signals_that_share_points_are_one() -> None:
    zone = np.array([0, 2, 2, 3, 3, -3, 1, 1])
    joined = np.array([False] + [True] * 7)
    outside = locate("outside", zone, zone * 1.0, joined)
    assert [(one.points, one.side) for one in outside] == [((3, 4), 1), ((5,), -1)]
    near = locate("two_of_three", zone, zone * 1.0, joined)
    assert [(one.points, one.known) for one in near] == [((1, 2, 3, 4), 2)]


def test_a_run_is_known_when_it_is_eight_long() -> None:
    zone = np.array([-1] + [1] * 10)
    signal = locate("run_of_8", zone, zone * 1.0, np.array([False] + [True] * 10))[0]
    assert (signal.points[0], signal.known, signal.points[-1], signal.count) == (1, 8, 10, 10)


@pytest.mark.parametrize("n", [12, 24])
def test_the_false_alarms_of_a_run_chart_are_those_of_brute_force(n: int) -> None:
    draw = np.random.default_rng(99)
    alarms = 0
    for _ in range(3_000):
        values = draw.standard_normal(n)
        sides = np.sign(values - np.median(values)).astype(int).tolist()
        alarms += brute("longest_run", sides, []) or brute("crossings", sides, [])
    told = false_alarm_share(n, n, "median", RUN_RULES, draws=3_000)
    assert told == pytest.approx(alarms / 3_000, abs=3 * math.sqrt(2 * 0.1 * 0.9 / 3_000))
    assert told < 0.15


def test_the_false_alarms_of_one_rule_with_known_limits_are_the_closed_form() -> None:
    # With a very long baseline the limits are known: 1 - 0.9973^20 = 5.3% of series of 20 later points. A run of 8 in
    # 8 points on either side: 2 / 2^8.
    draws = 4_000
    draw = np.random.default_rng(1)
    z = draw.standard_normal((draws, 20))
    zone = zones(z, np.array(0.0), np.array(-3.0), np.array(3.0), np.array(-2.0), np.array(2.0))
    joined = np.ones(z.shape, dtype=bool)
    exact = 1 - (1 - 2 * stats.norm.sf(3)) ** 20
    assert any_signal("outside", zone, z, joined).mean() == pytest.approx(exact, abs=3 * math.sqrt(0.05 / draws))
    runs = any_signal("run_of_8", zone[:, :8], z[:, :8], joined[:, :8]).mean()
    assert runs == pytest.approx(2 / 2**8, abs=3 * math.sqrt(0.008 / draws))


def test_more_rules_and_more_periods_alarm_more_often() -> None:
    some = false_alarm_share(24, 24, "plain", ("outside",))
    whole = false_alarm_share(24, 24, "plain", CONTROL_RULES)
    longer = false_alarm_share(60, 60, "plain", CONTROL_RULES)
    assert 0.02 < some < whole < longer < 0.6
    assert false_alarm_share(5, 5, "points", ()) == 0
