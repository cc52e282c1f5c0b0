"""Ratios of rates over the time at risk, and hazard ratios, among the people of a design."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from dipeval import cox
from dipeval.effects import estimate_effect
from dipeval.effects.estimate import ESTIMATORS, make_request
from dipeval.effects.request import EstimateOptions
from dipeval.errors import EstimationError, InputError
from dipeval.outcomes.columns import IMMORTAL, UNFIT
from tests.unit.effects.people_of_every_outcome import design_of, invented, with_facts


def rates(design: Any, outcomes: pd.DataFrame, **options: Any) -> Any:
    return estimate_effect(
        design, outcomes["n_reoffences"], measure="rate_ratio", at_risk=outcomes["at_risk_days"], **options
    )


def hazards(design: Any, outcomes: pd.DataFrame, **options: Any) -> Any:
    return estimate_effect(design, outcomes, measure="hazard_ratio", time="time", event="event", **options)


def four() -> tuple[Any, pd.DataFrame]:
    index = pd.Index(["a", "b", "c", "d"])
    terms = pd.DataFrame({"age": [20.0, 30.0, 25.0, 35.0]}, index=index)
    outcomes = pd.DataFrame({"n_reoffences": [2, 4, 3, 1], "at_risk_days": [100.0, 200.0, 100.0, 300.0]}, index=index)
    return design_of(terms, [1, 1, 0, 0], [1.0, 1.0, 2.0, 1.0]), outcomes


def test_a_rate_ratio_by_hand() -> None:
    effect = rates(*four(), std_error="hc0")
    assert (effect.mean_treated, effect.mean_comparison) == (6 / 300, 7 / 500)
    assert effect.estimate == pytest.approx((6 / 300) / (7 / 500), rel=1e-14)
    # each person's events less those expected at the rate of the group, over the group's events
    parts = [(2 - 100 * 0.02) / 6, (4 - 200 * 0.02) / 6, 2 * (3 - 100 * 0.014) / 7, (1 - 300 * 0.014) / 7]
    assert effect.std_error == pytest.approx(math.sqrt(sum(part**2 for part in parts)), rel=1e-12)
    assert effect.timed
    assert "7.30 for every 365 days at risk among treated people against 5.11" in effect.summary().headline
    assert (effect.n_events_treated, effect.n_events_comparison) == (6, 4)


def test_without_times_a_rate_is_a_mean() -> None:
    design, outcomes = four()
    effect = estimate_effect(design, outcomes["n_reoffences"], measure="rate_ratio")
    assert effect.estimate == pytest.approx(3 / (7 / 3), rel=1e-14)
    assert "3.00 on average for treated people" in effect.summary().headline


def test_a_rate_ratio_equals_a_poisson_model_with_robust_errors() -> None:
    design, outcomes = invented()
    effect = rates(design, outcomes, std_error="hc0")
    fit = sm.GLM(
        outcomes["n_reoffences"],
        sm.add_constant(design.treated.astype(float).to_numpy()),
        family=sm.families.Poisson(),
        offset=np.log(outcomes["at_risk_days"]),
        freq_weights=design.weights.to_numpy(),
    ).fit(tol=1e-14)
    assert math.log(effect.estimate) == pytest.approx(fit.params.iloc[1], rel=1e-9)
    assert rates(design, outcomes, model="poisson").to_frame().equals(rates(design, outcomes).to_frame())


def test_a_column_of_the_frame_may_hold_the_time_at_risk() -> None:
    design, outcomes = four()
    effect = estimate_effect(
        design, outcomes, outcome_name="n_reoffences", measure="rate_ratio", at_risk="at_risk_days"
    )
    assert effect.estimate == rates(design, outcomes).estimate


def test_a_negative_binomial_rate_ratio_is_that_of_statsmodels() -> None:
    design, outcomes = invented()
    even = with_facts(design, weights=pd.Series(1.0, outcomes.index))
    effect = rates(even, outcomes, model="negative_binomial")
    fit = sm.NegativeBinomial(
        outcomes["n_reoffences"],
        sm.add_constant(design.treated.astype(float).to_numpy()),
        offset=np.log(outcomes["at_risk_days"]),
    ).fit(method="newton", maxiter=200, tol=1e-12, disp=False)
    assert math.log(effect.estimate) == pytest.approx(fit.params.iloc[1], rel=1e-6)
    # the sandwich over coefficients and dispersion together
    values = fit.params.to_numpy()
    scores, bread = fit.model.score_obs(values), np.linalg.inv(-fit.model.hessian(values))
    sandwich = bread @ scores.T @ scores @ bread
    assert effect.std_error == pytest.approx(math.sqrt(sandwich[1, 1]), rel=1e-5)
    assert any(f"plus {fit.params.iloc[2]:.2f} times" in remark for remark in effect.remarks)


def test_counts_that_vary_less_than_chance_have_a_poisson_model() -> None:
    design, outcomes = invented()
    steady = outcomes.assign(n_reoffences=1 + (np.arange(240) % 2))
    found = rates(design, steady, model="negative_binomial", std_error="hc0")
    plain = rates(design, steady, std_error="hc0")
    assert found.estimate == pytest.approx(plain.estimate, rel=1e-12)
    assert found.std_error == pytest.approx(plain.std_error, rel=1e-12)
    assert any("no more than a Poisson model" in remark for remark in found.remarks)


def test_an_adjusted_rate_of_the_treated_is_their_own() -> None:
    design, outcomes = invented()
    plain, adjusted = rates(design, outcomes), rates(design, outcomes, estimator="regression")
    assert adjusted.mean_treated == pytest.approx(plain.mean_treated, rel=1e-10)
    assert adjusted.mean_comparison != pytest.approx(plain.mean_comparison, rel=1e-4)


def test_an_outcome_that_is_no_count_or_never_happens_has_no_rate_ratio() -> None:
    design, outcomes = invented()
    with pytest.raises(InputError, match="needs a count"):
        estimate_effect(design, outcomes["score"], measure="rate_ratio")
    never = outcomes["n_reoffences"].where(design.treated, 0)
    with pytest.raises(EstimationError, match="Nobody has the outcome"):
        estimate_effect(design, never, measure="rate_ratio")


def test_time_at_risk_is_for_rates_and_must_be_there() -> None:
    design, outcomes = invented()
    with pytest.raises(InputError, match="at_risk= is for measure='rate_ratio'"):
        estimate_effect(design, outcomes["reoffended"], at_risk=outcomes["at_risk_days"])
    with pytest.raises(InputError, match="missing, 0 or below for 240 of the 240"):
        estimate_effect(design, outcomes["n_reoffences"], measure="rate_ratio", at_risk=0 * outcomes["at_risk_days"])
    with pytest.raises(EstimationError, match="std_error='count' is for"):
        rates(design, outcomes, std_error="count")


def test_a_share_of_everybody_has_no_odds_ratio() -> None:
    design, outcomes = invented()
    everybody = outcomes["reoffended"].where(design.treated, 1)
    with pytest.raises(EstimationError, match="Everybody has the outcome"):
        estimate_effect(design, everybody, measure="odds_ratio")


def test_the_count_error_of_a_mean_is_that_of_two_samples() -> None:
    design, outcomes = invented()
    even = with_facts(design, weights=pd.Series(1.0, outcomes.index))
    effect = estimate_effect(even, outcomes["score"], measure="mean_difference", std_error="count")
    groups = outcomes["score"].groupby(design.treated)
    assert effect.std_error == pytest.approx(math.sqrt((groups.var(ddof=0) / groups.size()).sum()), rel=1e-12)


@pytest.mark.parametrize("kind", ["people", "pairs", "persons"])
def test_a_hazard_ratio_is_that_of_a_weighted_cox_model(kind: str) -> None:
    design, outcomes = invented()
    names = pd.Series([f"c{place // 2}" for place in range(240)], outcomes.index)
    chosen = with_facts(design, clusters=names) if kind == "pairs" else design
    effect = hazards(chosen, outcomes, cluster=names if kind == "persons" else None)
    data = outcomes.assign(treated=design.treated.astype(int), weight=design.weights, pair=names)
    model = cox(
        data,
        covariates=["treated"],
        time="time",
        event="event",
        weights="weight",
        cluster=None if kind == "people" else "pair",
    )
    row = model.to_frame().iloc[0]
    assert math.log(effect.estimate) == pytest.approx(row["estimate"], rel=1e-12)
    assert effect.std_error == pytest.approx(row["std_error"], rel=1e-10)
    assert effect.conf_high == pytest.approx(row["hr_high"], rel=1e-10)
    words = {"people": "robust (Lin", "pairs": "clustered by pair (Lin", "persons": "clustered by person (Lin"}[kind]
    assert words in effect.se_method


def test_what_a_person_adds_to_a_hazard_ratio_is_the_derivative_by_the_weight() -> None:
    design, outcomes = invented(60)

    def found(design: Any) -> Any:
        request = make_request(
            design,
            outcomes["event"],
            "event",
            measure="hazard_ratio",
            at_risk=outcomes["time"].to_numpy(),
            options=EstimateOptions(std_error="hc0"),
        )
        return ESTIMATORS["weighted"](request)

    influence = found(design).influence
    times = outcomes["time"][outcomes["event"] == 1]
    alone = np.flatnonzero(outcomes["event"].eq(0) | ~outcomes["time"].isin(times[times.duplicated(keep=False)]))
    for place in alone[:5]:  # among deaths of one day the likelihood takes the mean of their weights
        step = np.zeros(60)
        step[place] = 1e-4 * design.weights.iloc[place]
        up, down = (found(with_facts(design, weights=design.weights + sign * step)).centre for sign in (1, -1))
        assert influence[place] == pytest.approx((up - down) / 2e-4, rel=1e-5, abs=1e-8)


def test_row_order_changes_no_digit_of_a_hazard_ratio() -> None:
    design, outcomes = invented()
    first = hazards(design, outcomes).to_frame()
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(240)
        moved = with_facts(design, weights=design.weights.iloc[order], treated=design.treated.iloc[order])
        pd.testing.assert_frame_equal(hazards(moved, outcomes).to_frame(), first, check_exact=True)


def test_a_hazard_ratio_has_no_means_and_says_what_it_is() -> None:
    effect = hazards(*invented(), outcome_name="reoffended")
    assert math.isnan(effect.mean_treated)
    summary = effect.summary()
    assert "nan" not in str(summary).lower()
    assert "as a rate of first events at any time than among comparable untreated people" in summary.headline
    assert any(note.startswith("A hazard ratio compares") for note in summary.notes)
    assert effect.outcome_kind == "time"
    assert effect.plot().get_xlabel().startswith("Hazard among treated")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "names of two of its columns"),
        ({"time": "time"}, "names of two of its columns"),
        ({"time": "time", "event": "wrong"}, "no column 'wrong'"),
        ({"time": "time", "event": "event", "at_risk": "time"}, "leave at_risk= out"),
        ({"time": "time", "event": "n_reoffences"}, "needs an outcome of 0 and 1"),
        ({"time": "time", "event": "event", "std_error": "hc3"}, "std_error='hc3' is not given for a hazard ratio"),
    ],
)
def test_what_a_hazard_ratio_cannot_do_without(options: dict[str, Any], words: str) -> None:
    design, outcomes = invented()
    with pytest.raises(InputError, match=words):
        estimate_effect(design, outcomes, measure="hazard_ratio", **options)


def test_times_and_events_are_for_hazard_ratios() -> None:
    design, outcomes = invented()
    with pytest.raises(InputError, match="'risk_difference' was asked for"):
        estimate_effect(design, outcomes["reoffended"], time="time", event="event")


def test_a_follow_up_cut_short_allows_what_counts_the_time_and_nothing_else() -> None:
    design, outcomes = invented()
    outcomes.attrs[UNFIT] = "3 of the 240 were followed for less than 365 days because the extract ends"
    assert hazards(design, outcomes).estimate > 0
    assert rates(design, outcomes).estimate > 0
    with pytest.raises(EstimationError, match="cannot be compared"):
        estimate_effect(design, outcomes["n_reoffences"], measure="rate_ratio")
    with pytest.raises(EstimationError, match="cannot be compared"):
        estimate_effect(design, outcomes["reoffended"])
    outcomes = outcomes.copy()
    outcomes.attrs[UNFIT] = IMMORTAL
    for make in (hazards, rates):
        with pytest.raises(EstimationError, match="immortal time"):
            make(design, outcomes)
