"""Errors that allow for estimated weights: against derivatives of the whole procedure, and a stack written out here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime, root

from dipeval.effects import estimate_effect
from dipeval.effects.estimate import ESTIMATORS, make_request
from dipeval.effects.estimators.bootstrap import plan_of, resampled
from dipeval.effects.request import EstimateOptions, Request
from dipeval.errors import EstimationError
from dipeval.matching import Design, match, propensity, weight
from tests.unit.effects.crowd import COVARIATES, crowd

WEIGHTINGS: dict[str, dict[str, Any]] = {
    "ipw att": {"method": "ipw"},
    "ipw atc": {"method": "ipw", "estimand": "ATC"},
    "stabilised": {"method": "ipw", "estimand": "ATE", "stabilise": True},
    "survey": {"method": "ipw", "estimand": "ATE", "sample_weights": "survey"},
    "overlap": {"method": "overlap"},
    "matching weights": {"method": "matching_weights"},
    "entropy": {"method": "entropy"},
    "two moments": {"method": "entropy", "estimand": "ATE", "moments": 2},
}
QUESTIONS = [
    ("weighted", "risk_difference", "reoffended"),
    ("weighted", "odds_ratio", "reoffended"),
    ("weighted", "rate_ratio", "n_reoffences"),
    ("regression", "risk_difference", "reoffended"),
    ("regression", "mean_difference", "harm"),
    ("aipw", "risk_ratio", "reoffended"),
]


def _design(case: str, people: pd.DataFrame | None = None) -> Design:
    return weight(
        crowd(200) if people is None else people, treated="treated", covariates=COVARIATES, **WEIGHTINGS[case]
    )


def _request(design: Design, measure: str, outcome: str) -> Request:
    options = EstimateOptions(std_error="m_estimation", folds=1)
    return make_request(design, crowd(200)[outcome], outcome, measure=measure, options=options)


@pytest.mark.parametrize(
    ("case", "estimator", "measure", "outcome"),
    # Augmented weighting is for people who are treated, comparison people or everybody.
    [
        (case, *asked)
        for case in WEIGHTINGS
        for asked in QUESTIONS
        if asked[0] != "aipw" or case not in ("overlap", "matching weights")
    ],
)
def test_contributions_are_the_derivative_of_the_whole_procedure(
    case: str, estimator: str, measure: str, outcome: str
) -> None:
    design = _design(case)
    request = _request(design, measure, outcome)
    found = ESTIMATORS[estimator](request)
    plan, some = plan_of(request), range(0, 200, 23)

    def moved(person: int, step: float) -> float:
        often = np.ones(200)
        often[person] += step
        return ESTIMATORS[estimator](resampled(request, plan, often)).centre

    numerical = [(moved(person, 1e-4) - moved(person, -1e-4)) / 2e-4 for person in some]
    assert found.contributions is not None
    scale = float(np.abs(found.contributions).max())
    np.testing.assert_allclose(found.contributions[list(some)], numerical, atol=1e-6 * scale)
    assert abs(found.contributions.sum()) < 1e-6 * scale


@pytest.mark.parametrize("case", ["ipw att", "entropy"])
def test_a_hazard_ratio_has_such_contributions_too(case: str) -> None:
    people = crowd(200)
    waited = pd.Series(np.random.default_rng(0).exponential(100 * np.exp(0.2 * people["age"])), people.index)
    event, times = (waited < 150).astype(int).rename("event"), np.minimum(waited.to_numpy(), 150)
    options = EstimateOptions(std_error="m_estimation")
    request = make_request(
        _design(case, people), event, "event", measure="hazard_ratio", at_risk=times, options=options
    )
    found, plan = ESTIMATORS["weighted"](request), plan_of(request)
    assert found.contributions is not None and found.kind == "m_estimation"
    for person in range(0, 200, 41):
        more, less = np.ones(200), np.ones(200)
        more[person], less[person] = 1 + 1e-4, 1 - 1e-4
        up, down = (ESTIMATORS["weighted"](resampled(request, plan, often)).centre for often in (more, less))
        assert (up - down) / 2e-4 == pytest.approx(found.contributions[person], abs=1e-8)


def _rows(people: pd.DataFrame) -> np.ndarray:
    levels = pd.get_dummies(people["district"], dtype=float)[["south", "west"]]
    return np.column_stack([np.ones(len(people)), people["age"], people["priors"], levels])


def _stacked(case: str, people: pd.DataFrame) -> tuple[float, float]:
    """Solve and differentiate the stacked equations numerically, written out from their definitions."""
    x, t, y = _rows(people), people["treated"].to_numpy(), people["reoffended"].to_numpy()

    def equations(theta: np.ndarray) -> np.ndarray:
        beta, means = theta[:-2], theta[-2:]
        if case == "entropy":
            weights = np.where(t == 1, 1.0, np.exp(x @ beta))
            fitted = ((t - (1 - t) * weights)[:, None]) * x
        else:
            score = 1 / (1 + np.exp(-(x @ beta)))
            fitted = (t - score)[:, None] * x
            weights = {
                "ipw att": np.where(t == 1, 1.0, score / (1 - score)),
                "overlap": np.where(t == 1, 1 - score, score),
            }[case]
        return np.column_stack([fitted, t * weights * (y - means[0]), (1 - t) * weights * (y - means[1])])

    start = np.zeros(x.shape[1] + 2)
    theta = root(lambda value: equations(value).sum(axis=0), start, tol=1e-12).x
    bread = np.linalg.inv(approx_fprime(theta, lambda value: equations(value).sum(axis=0), 1e-7))
    values = equations(theta)
    covariance = bread @ (values.T @ values) @ bread.T
    contrast = np.zeros(len(theta))
    contrast[-2:] = 1, -1
    return float(contrast @ theta), float(np.sqrt(contrast @ covariance @ contrast))


@pytest.mark.parametrize("case", ["ipw att", "overlap", "entropy"])
def test_the_error_is_that_of_stacked_equations(case: str) -> None:
    people = crowd()
    estimate, error = _stacked(case, people)
    effect = estimate_effect(_design(case, people), people["reoffended"])
    assert effect.estimate == pytest.approx(estimate, rel=1e-6)
    assert effect.std_error == pytest.approx(error, rel=1e-5)
    assert effect.se_method == "M-estimation (robust; allows for the weights having been estimated)"


@pytest.mark.parametrize("case", WEIGHTINGS)
def test_estimated_weights_have_this_error_unless_another_is_asked_for(case: str) -> None:
    people = crowd()
    design = _design(case, people)
    usual, asked, plain = (
        estimate_effect(design, people["harm"], measure="mean_difference", std_error=kind)
        for kind in ("auto", "m_estimation", "hc0")
    )
    assert usual.std_error == asked.std_error and "M-estimation" in usual.se_method
    assert plain.se_method == "robust (HC0)" and plain.estimate == usual.estimate
    assert usual.std_error < plain.std_error  # the covariates foretell the harm well: fitted weights take that away
    assert not usual.remarks


@pytest.mark.parametrize(
    ("options", "reason"), [({"truncate": 0.9}, "truncated at"), ({"trim": "common_support"}, "trimmed away")]
)
def test_weights_without_equations_are_taken_as_given_and_the_reader_is_told(
    options: dict[str, Any], reason: str
) -> None:
    people = crowd()
    design = weight(people, treated="treated", covariates=COVARIATES, method="ipw", **options)
    effect = estimate_effect(design, people["reoffended"])
    assert effect.se_method == "robust (HC0)" and reason in effect.remarks[0]
    assert not estimate_effect(design, people["reoffended"], std_error="hc0").remarks  # asked for: no surprise
    with pytest.raises(EstimationError, match=reason):
        estimate_effect(design, people["reoffended"], std_error="m_estimation")


def test_scores_of_the_caller_are_taken_as_given() -> None:
    people = crowd()
    score = propensity(people, treated="treated", covariates=COVARIATES).score
    design = weight(people, treated="treated", covariates=COVARIATES, method="ipw", score=score)
    assert "supplied by the caller" in estimate_effect(design, people["reoffended"]).remarks[0]


def test_matched_designs_refuse_it_and_no_adjustment_has_nothing_to_allow_for() -> None:
    people = crowd()
    matched = match(people, treated="treated", covariates=COVARIATES)
    with pytest.raises(EstimationError, match="who is matched with whom"):
        estimate_effect(matched, people["reoffended"], std_error="m_estimation")
    plain = weight(people, treated="treated", covariates=COVARIATES, method="none")
    effect = estimate_effect(plain, people["reoffended"])
    assert effect.se_method == "robust (HC0)" and not effect.remarks


def test_rows_of_one_person_are_summed_before_they_are_squared() -> None:
    people = crowd(200)
    twice = pd.concat([people, people.set_index(people.index + " again")])
    person = pd.Series([*people.index, *people.index], twice.index)
    design = _design("ipw att", twice)
    once = estimate_effect(_design("ipw att", people), people["reoffended"])
    effect = estimate_effect(design, twice["reoffended"], cluster=person)
    n, groups = 400, 200
    assert effect.std_error == pytest.approx(
        once.std_error * np.sqrt(groups / (groups - 1) * (n - 1) / (n - 2)), rel=1e-9
    )
    assert "G = 200 people" in effect.se_method and "estimated" in effect.se_method
    blind = estimate_effect(design, twice["reoffended"])
    assert blind.std_error == pytest.approx(once.std_error / np.sqrt(2), rel=1e-9)


@pytest.mark.parametrize("case", ["ipw att", "entropy"])
def test_the_order_of_the_rows_moves_no_bit(case: str) -> None:
    people = crowd()
    shuffled = people.sample(frac=1, random_state=5)
    first = estimate_effect(_design(case, people), people["reoffended"], measure="risk_ratio")
    second = estimate_effect(_design(case, shuffled), shuffled["reoffended"], measure="risk_ratio")
    assert first.std_error == second.std_error and first.estimate == second.estimate
    assert first.e_value_limit == second.e_value_limit


@pytest.mark.slow
@pytest.mark.parametrize(("method", "estimand"), [("ipw", "ATE"), ("entropy", "ATT"), ("overlap", "ATO")])
def test_intervals_cover_and_taking_weights_for_known_is_too_wide(method: str, estimand: str) -> None:
    runs, hits, errors, plain, found = 600, 0, [], [], []
    for seed in range(runs):
        people = crowd(400, seed)
        people["harm"] += 0.15 * people["treated"]  # no effect at all
        design = weight(people, treated="treated", covariates=COVARIATES, method=method, estimand=estimand)
        effect, known = (
            estimate_effect(design, people["harm"], measure="mean_difference", std_error=kind)
            for kind in ("auto", "hc0")
        )
        hits += effect.conf_low <= 0 <= effect.conf_high
        found.append(effect.estimate)
        errors.append(effect.std_error)
        plain.append(known.std_error)
    spread = float(np.std(found, ddof=1))
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs) <= hits / runs <= 0.99
    assert abs(np.mean(errors) / spread - 1) < 0.09  # three Monte Carlo errors of a standard deviation from 600 runs
    assert np.mean(plain) > 1.2 * spread
