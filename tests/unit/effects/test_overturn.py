"""E-values of every measure, against the worked figures of VanderWeele and Ding (2017) and each other."""

from __future__ import annotations

import math

import pytest

from dipeval.effects import e_value, estimate_effect
from dipeval.effects.overturn import RatioInterval, as_risk_ratio, e_value_of_limit, e_values
from tests.unit.effects.people_of_every_outcome import invented, with_facts

Z = 1.959963984540054


def of(measure: str, interval: tuple[float, float, float], **options: object) -> tuple[float, float]:
    facts: dict[str, object] = {
        "means": (0.4, 0.5), "log_ratio_error": math.nan, "z": Z, "common": False, "may_be_negative": False,
    }  # fmt: skip
    means = options.pop("means", facts.pop("means"))
    return e_values(measure, interval, means, **{**facts, **options})  # type: ignore[arg-type]


def test_the_example_of_the_paper() -> None:
    # maternal breastfeeding and respiratory death: risk ratio 3.9 (1.8 to 8.7)
    assert [round(value, 1) for value in of("risk_ratio", (3.9, 1.8, 8.7))] == [7.3, 3.0]


def test_a_rate_ratio_is_taken_as_a_risk_ratio() -> None:
    assert of("rate_ratio", (0.5, 0.3, 0.8)) == of("risk_ratio", (0.5, 0.3, 0.8))


@pytest.mark.parametrize("measure", ["odds_ratio", "hazard_ratio"])
def test_odds_and_hazard_ratios_of_a_rare_outcome_are_taken_as_they_are(measure: str) -> None:
    assert of(measure, (2.0, 1.2, 3.3)) == of("risk_ratio", (2.0, 1.2, 3.3))


def test_of_a_common_outcome_the_odds_ratio_has_its_square_root_and_the_hazard_ratio_its_formula() -> None:
    assert of("odds_ratio", (4.0, 2.25, 7.1), common=True) == pytest.approx((e_value(2.0), e_value(1.5)))
    half = (1 - 0.5 ** math.sqrt(2)) / (1 - 0.5 ** math.sqrt(0.5))
    assert of("hazard_ratio", (2.0, 1.0, 4.0), common=True) == (pytest.approx(e_value(half)), 1.0)
    # equal hazards are equal shares, and the two directions mirror each other
    assert as_risk_ratio(1.0, "hazard_ratio", common=True) == 1.0
    assert as_risk_ratio(0.5, "hazard_ratio", common=True) == pytest.approx(1 / half)


def test_an_interval_with_equality_needs_nothing_to_reach_it() -> None:
    assert of("risk_ratio", (1.1, 0.8, 1.5))[1] == 1.0
    assert of("risk_difference", (-0.1, -0.2, 0.01), log_ratio_error=0.01)[1] == 1.0


def test_a_difference_has_the_ratio_of_its_means() -> None:
    found = of("risk_difference", (-0.1, -0.15, -0.05), log_ratio_error=0.08)
    ratio = math.log(0.8)
    limits = RatioInterval(0.8, math.exp(ratio - Z * 0.08), math.exp(ratio + Z * 0.08))
    assert found == (e_value(0.4 / 0.5), e_value_of_limit(limits))


def test_without_an_error_of_the_ratio_it_is_as_far_from_equality_as_the_difference() -> None:
    estimate, limit = of("risk_difference", (-0.1, -0.15, -0.05))
    assert estimate == e_value(0.8)
    # the limit lies half way to equality, and so does that of the logarithm of the ratio
    assert limit == pytest.approx(e_value(math.sqrt(0.8)))


@pytest.mark.parametrize("options", [{"may_be_negative": True}, {"means": (0.0, 0.5)}, {"means": (-1.0, 2.0)}])
def test_means_without_a_ratio_have_no_e_value(options: dict[str, object]) -> None:
    assert all(math.isnan(value) for value in of("mean_difference", (-1.0, -2.0, -0.5), **options))


def test_effects_carry_the_e_value_of_their_measure() -> None:
    design, outcomes = invented()
    odds = estimate_effect(design, outcomes["reoffended"], measure="odds_ratio")
    assert odds.e_value == pytest.approx(e_value(math.sqrt(odds.estimate)))
    assert any("square root of the odds ratio" in note for note in odds.summary().notes)
    hazard = estimate_effect(design, outcomes, measure="hazard_ratio", time="time", event="event")
    assert hazard.e_value == pytest.approx(e_value(as_risk_ratio(hazard.estimate, "hazard_ratio", common=True)))
    rate = estimate_effect(design, outcomes["n_reoffences"], measure="rate_ratio", at_risk=outcomes["at_risk_days"])
    assert rate.e_value == pytest.approx(e_value(rate.estimate))
    assert not any("approximate: taken" in note for effect in (odds, hazard, rate) for note in effect.summary().notes)
    rare = outcomes["reoffended"].where(outcomes["score"] > outcomes["score"].quantile(0.9), 0)
    seldom = estimate_effect(with_facts(design), rare, measure="odds_ratio")
    assert seldom.e_value == pytest.approx(e_value(seldom.estimate))
    assert not any("square root" in note for note in seldom.summary().notes)
