"""The sum by hand: every step on at once, years within and beyond the follow-up, draws beside numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from dipeval.errors import InputError
from dipeval.roi.chain import Inputs, Timing, work_out
from dipeval.roi.timing import timing, years_of

NOW = Timing(within=1.0)


def inputs(**changed: object) -> Inputs:
    given: dict[str, object] = {
        "averted": np.array([0.4, 0.1]),
        "people": 50,
        "worth": {"fiscal": np.array([100.0, 1000.0]), "social": np.array([500.0, 3000.0])},
        "costs": {"contact": 2_000.0, "treatment": 8_000.0},
        "timing": NOW,
        "actual_per_recorded": np.array([1.0, 1.0]),
    }
    return Inputs(**{**given, **changed})  # type: ignore[arg-type]


def test_the_plain_sum_is_people_times_effect_times_unit_cost() -> None:
    figures = work_out(inputs())
    assert (float(figures.proven), float(figures.recorded), float(figures.actual)) == (25.0, 25.0, 25.0)
    assert float(figures.benefit["fiscal"]) == 20 * 100 + 5 * 1000
    assert float(figures.benefit["social"]) == 20 * 500 + 5 * 3000
    assert float(figures.cost) == 10_000 and float(figures.later) == 0
    assert float(figures.net("social")) == 15_000 and float(figures.ratio("social")) == 2.5


def test_every_step_at_once_by_hand() -> None:
    figures = work_out(
        inputs(
            attribution=0.5,
            recorded_per_proven=3.0,
            actual_per_recorded=np.array([4.0, 0.5]),
            unit_cost_factor=1.1,
            cost_factor=1.2,
            optimism_bias=0.25,
            drop_off=0.4,
            timing=Timing(within=0.9, later=(0.8, 0.7), annual=2.0),
        )
    )
    proven = [0.4 * 50 * 0.5, 0.1 * 50 * 0.5]
    actual = [proven[0] * 3 * 4, proven[1] * 3 * 0.5]
    years = 0.9 + 2 * 0.6 * 0.8 + 2 * 0.36 * 0.7
    assert float(figures.proven) == pytest.approx(sum(proven))
    assert float(figures.recorded) == pytest.approx(3 * sum(proven))
    assert float(figures.actual) == pytest.approx(sum(actual))
    assert float(figures.later) == pytest.approx(sum(actual) * (2 * 0.6 + 2 * 0.36))
    assert float(figures.benefit["social"]) == pytest.approx((actual[0] * 500 + actual[1] * 3000) * years * 1.1)
    assert float(figures.cost) == pytest.approx(10_000 * 1.2 * 1.25)
    assert figures.benefit_by_group["social"].sum() == pytest.approx(float(figures.benefit["social"]))


def test_a_multiplier_below_one_takes_away() -> None:
    assert float(work_out(inputs(actual_per_recorded=np.array([0.5, 0.0]))).actual) == 10.0


def test_each_row_of_draws_is_the_sum_at_that_draw() -> None:
    random = np.random.default_rng(1)
    drawn = {
        "averted": random.normal(0.2, 0.3, (7, 2)),
        "actual_per_recorded": random.uniform(0.5, 3, (7, 2)),
        **{name: random.uniform(0.1, 0.9, 7) for name in ("attribution", "drop_off", "optimism_bias")},
        **{name: random.uniform(0.5, 2, 7) for name in ("recorded_per_proven", "unit_cost_factor", "cost_factor")},
    }
    later = Timing(within=0.9, later=(0.8, 0.7), annual=2.0)
    together = work_out(inputs(timing=later, **drawn))
    for row in range(7):
        alone = work_out(inputs(timing=later, **{name: values[row] for name, values in drawn.items()}))
        for name in ("proven", "recorded", "actual", "later", "cost"):
            assert getattr(together, name)[row] == pytest.approx(float(getattr(alone, name)), rel=1e-12)
        assert together.net("social")[row] == pytest.approx(float(alone.net("social")), rel=1e-12)
        assert together.ratio("fiscal")[row] == pytest.approx(float(alone.ratio("fiscal")), rel=1e-12)


@pytest.mark.parametrize("drawn", [False, True])
def test_the_order_of_groups_and_of_spending_changes_no_bit(drawn: bool) -> None:
    random = np.random.default_rng(2)
    averted, worth = random.normal(0.1, 1, (4, 5)), random.uniform(0, 3e4, 5)
    costs = {name: float(value) for name, value in zip("abcd", random.uniform(0, 1e5, 4), strict=True)}
    seen = set()
    for order in itertools.permutations(range(5)):
        index = list(order)
        figures = work_out(
            inputs(
                averted=averted[:, index] if drawn else averted[0, index],
                worth={"social": worth[index]},
                costs={name: costs[name] for name in sorted(costs, key=lambda one: order["abcd".index(one)])},
                actual_per_recorded=np.ones(5),
            )
        )
        seen.add((figures.proven.tobytes(), figures.benefit["social"].tobytes(), figures.cost.tobytes()))
    assert len(seen) == 1


def test_what_is_not_known_stays_unknown_and_does_not_spread() -> None:
    figures = work_out(inputs(worth={"fiscal": np.array([100.0, math.nan]), "social": np.array([500.0, 3000.0])}))
    assert math.isnan(figures.benefit["fiscal"]) and math.isnan(figures.net("fiscal"))
    assert float(figures.benefit["social"]) == 25_000


def test_without_cost_there_is_no_ratio() -> None:
    assert math.isnan(work_out(inputs(cost_factor=0.0)).ratio("social"))


@pytest.mark.parametrize(("days", "years"), [(1, 1), (182, 1), (365, 1), (366, 1), (367, 2), (548, 2), (730, 2)])
def test_how_many_years_a_follow_up_reaches_into(days: int, years: int) -> None:
    assert years_of(days) == years


@pytest.mark.parametrize(("days", "years"), [(731, 2), (732, 3), (1096, 3), (1462, 4), (1463, 5), (1826, 5)])
def test_leap_days_open_no_year(days: int, years: int) -> None:
    assert years_of(days) == years


@pytest.mark.parametrize(
    ("days", "within", "later", "annual"),
    [
        # Rate 10%, two years beyond, spending worth 0.95 of its sum.
        (182, 0.95, (0.95 / 1.1, 0.95 / 1.21), 365.25 / 182),
        (365, 0.95, (0.95 / 1.1, 0.95 / 1.21), 1.0),
        (366, 0.95, (0.95 / 1.1, 0.95 / 1.21), 1.0),
        (548, 0.95 * (365.25 + 182.75 / 1.1) / 548, (0.95 / 1.21, 0.95 / 1.331), 365.25 / 548),
        (730, 0.95 * (365.25 + 364.75 / 1.1) / 730, (0.95 / 1.21, 0.95 / 1.331), 365.25 / 730),
    ],
)
def test_when_benefits_arise_by_hand(days: int, within: float, later: tuple[float, ...], annual: float) -> None:
    found = timing(days, 2, 0.10, 0.95)
    assert found.within == pytest.approx(within, rel=1e-14)
    assert found.later == pytest.approx(later, rel=1e-14)
    assert found.annual == pytest.approx(annual, rel=1e-14)


def test_a_year_of_follow_up_and_two_beyond_it_in_pounds() -> None:
    # 100 offences a year, each worth 1,000; half is lost with each further year; 10% a year.
    one = inputs(
        averted=np.array([1.0]),
        people=100,
        worth={"social": np.array([1_000.0])},
        actual_per_recorded=np.array([1.0]),
        drop_off=0.5,
        timing=timing(365, 2, 0.10, 1.0),
    )
    figures = work_out(one)
    assert float(figures.benefit["social"]) == pytest.approx(100_000 + 50_000 / 1.1 + 25_000 / 1.21)
    assert float(figures.later) == 75


def test_half_a_year_of_follow_up_counts_for_twice_as_much_in_each_year_beyond() -> None:
    found = timing(182, 1, 0.0, 1.0)
    assert found.within == 1.0 and found.later == (1.0,) and found.annual == pytest.approx(2.0069, abs=1e-4)


def test_nothing_is_discounted_at_a_rate_of_nothing() -> None:
    found = timing(1826, 3, 0.0, 1.0)
    assert found.within == pytest.approx(1.0, abs=1e-15) and found.later == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((0, 0, 0.035, 1.0), "whole number of days"),
        ((365.5, 0, 0.035, 1.0), "whole number of days"),
        ((True, 0, 0.035, 1.0), "whole number of days"),
        ((365, -1, 0.035, 1.0), "extrapolate_years"),
        ((365, 0.5, 0.035, 1.0), "extrapolate_years"),
        ((365, 0, -0.1, 1.0), "share of 0 or more"),
        ((365, 0, math.nan, 1.0), "share of 0 or more"),
        ((365, 0, 0.035, 0.0), "value above 0"),
    ],
)
def test_times_that_make_no_sense_are_refused(given: tuple, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        timing(*given)
