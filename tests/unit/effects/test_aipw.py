"""Augmented weighting: either model may be wrong, parts are dealt by id, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects import Effect, estimate_effect
from dipeval.effects.estimators import aipw_words
from dipeval.errors import EstimationError, InputError
from dipeval.matching import Design, match, propensity, weight
from tests.unit.effects.crowd import COVARIATES, crowd


def _design(people: pd.DataFrame, **options: Any) -> Design:
    return weight(people, treated="treated", **{"covariates": COVARIATES, "method": "ipw", **options})


def _aipw(design: Design, outcome: pd.Series, **options: Any) -> Effect:
    return estimate_effect(design, outcome, estimator="aipw", **options)


def test_with_a_linear_model_it_is_what_the_definition_says() -> None:
    people = crowd()
    x = np.column_stack(
        [np.ones(300), people[["age", "priors"]], pd.get_dummies(people["district"], dtype=float).iloc[:, 1:]]
    )
    t, y = people["treated"].to_numpy() == 1, people["harm"].to_numpy()
    design = _design(people, estimand="ATE")
    p = design.score.to_numpy()
    m1, m0 = (x @ np.linalg.lstsq(x[side], y[side], rcond=None)[0] for side in (t, ~t))
    parts = m1 - m0 + t * (y - m1) / p - ~t * (y - m0) / (1 - p)
    effect = _aipw(design, people["harm"], measure="mean_difference", folds=1)
    assert effect.estimate == pytest.approx(parts.mean(), rel=1e-10)
    assert effect.std_error == pytest.approx(parts.std(ddof=1) / np.sqrt(300), rel=1e-10)
    assert effect.mean_treated == pytest.approx((m1 + t * (y - m1) / p).mean(), rel=1e-10)
    assert "fitted once, to everybody" in effect.se_method


def test_the_effect_on_the_comparison_people_is_the_same_question_turned_round() -> None:
    people = crowd()
    turned = people.assign(treated=1 - people["treated"])
    for folds in (1, 4):
        straight = _aipw(_design(people), people["reoffended"], folds=folds)
        mirrored = _aipw(_design(turned, estimand="ATC"), people["reoffended"], folds=folds)
        if folds == 1:
            assert mirrored.estimate == pytest.approx(-straight.estimate, abs=1e-9)
            assert mirrored.std_error == pytest.approx(straight.std_error, rel=1e-7)
        assert straight.mean_treated == pytest.approx(people.loc[people["treated"] == 1, "reoffended"].mean())


@pytest.mark.parametrize("folds", [1, 5])
@pytest.mark.parametrize("measure", ["risk_difference", "risk_ratio", "odds_ratio"])
def test_the_order_of_the_rows_moves_no_bit(folds: int, measure: str) -> None:
    people = crowd()
    shuffled = people.sample(frac=1, random_state=7)
    first = _aipw(_design(people), people["reoffended"], folds=folds, measure=measure)
    second = _aipw(_design(shuffled), shuffled["reoffended"], folds=folds, measure=measure)
    assert (first.estimate, first.std_error) == (second.estimate, second.std_error)


def test_measures_are_made_of_the_same_two_shares() -> None:
    people = crowd()
    design = _design(people)
    difference, ratio, odds = (
        _aipw(design, people["reoffended"], measure=measure)
        for measure in ("risk_difference", "risk_ratio", "odds_ratio")
    )
    one, other = difference.mean_treated, difference.mean_comparison
    assert difference.estimate == pytest.approx(one - other)
    assert ratio.estimate == pytest.approx(one / other)
    assert odds.estimate == pytest.approx(one / (1 - one) / (other / (1 - other)))


def test_another_seed_deals_other_parts() -> None:
    people = crowd()
    design = _design(people)
    first, again, other = (_aipw(design, people["reoffended"], seed=seed) for seed in (1, 1, 2))
    assert first.estimate == again.estimate != other.estimate
    assert "cross-fitted in 5 parts, seed 1" in first.se_method


def test_sample_weights_count_people() -> None:
    people = crowd(200)
    often = np.random.default_rng(2).integers(1, 4, 200)
    written = people.iloc[np.repeat(np.arange(200), often)].reset_index(drop=True)
    for estimand in ("ATT", "ATE"):
        weighted = _aipw(
            _design(people.assign(often=often), sample_weights="often", estimand=estimand), people["harm"],
            measure="mean_difference", folds=1,
        )  # fmt: skip
        full = _aipw(_design(written, estimand=estimand), written["harm"], measure="mean_difference", folds=1)
        assert weighted.estimate == pytest.approx(full.estimate, rel=1e-8)


def test_rows_of_one_person_count_as_one() -> None:
    people = crowd(200)
    twice = pd.concat([people, people.set_index(people.index + " again")])
    person = pd.Series([*people.index, *people.index], twice.index)
    once = _aipw(_design(people), people["reoffended"], folds=1)
    effect = _aipw(_design(twice), twice["reoffended"], folds=1, cluster=person)
    assert effect.estimate == pytest.approx(once.estimate, rel=1e-9)
    assert effect.std_error == pytest.approx(once.std_error * np.sqrt(200 / 199), rel=1e-8)
    assert "G = 200 people" in effect.se_method
    parted = _aipw(_design(twice), twice["reoffended"], cluster=person)
    assert parted.std_error > 0


def test_a_count_has_a_poisson_model_and_a_number_a_linear_one() -> None:
    people = crowd()
    design = _design(people)
    count = _aipw(design, people["n_reoffences"], measure="mean_difference")
    number = _aipw(design, people["harm"], measure="mean_difference")
    assert "Poisson models" in count.remarks[0] and "linear models" in number.remarks[0]
    linear = _aipw(design, people["n_reoffences"], measure="mean_difference", model="linear")
    assert linear.estimate != count.estimate
    fewer = _aipw(design, people["harm"], measure="mean_difference", adjust=["age"])
    assert "from 1 term," in fewer.remarks[0] and fewer.estimate != number.estimate


def test_a_group_in_which_all_have_the_same_outcome_is_foretold_to_have_it() -> None:
    people = crowd()
    outcome = people["reoffended"].where(people["treated"] == 1, 0)
    effect = _aipw(_design(people), outcome)
    assert effect.mean_comparison == 0


def test_a_term_that_follows_from_others_in_one_group_is_said() -> None:
    people = crowd()
    people["both"] = people["age"] + people["treated"] * (np.arange(300) % 2)  # among comparison people it is the age
    score = pd.Series(0.4, people.index)
    design = _design(people, covariates=["age", "both"], score=score)
    effect = _aipw(design, people["harm"], measure="mean_difference", folds=1)
    assert any("follow from others" in remark for remark in effect.remarks)
    alone = _aipw(design, people["harm"], measure="mean_difference", folds=1, adjust=["age"])
    assert not any("follow from others" in remark for remark in alone.remarks)


def test_extreme_scores_are_said() -> None:
    people = crowd()
    score = pd.Series(np.where(np.arange(300) == 5, 0.9999, 0.4), people.index)
    for estimand, said in (("ATT", True), ("ATE", True), ("ATC", False)):
        effect = _aipw(_design(people, estimand=estimand, score=score), people["reoffended"], folds=1)
        assert any("1 person has a score" in remark for remark in effect.remarks) is said


def test_scores_of_the_caller_stay_as_they_are_and_only_outcome_models_are_cross_fitted() -> None:
    people = crowd()
    score = propensity(people, treated="treated", covariates=COVARIATES).score
    effect = _aipw(_design(people, score=score), people["reoffended"])
    assert "outcome models cross-fitted" in effect.se_method and "score and" not in effect.se_method
    assert any("Only the outcome models were cross-fitted" in remark for remark in effect.remarks)


def test_trimmed_people_stay_out_and_truncation_plays_no_part() -> None:
    people = crowd()
    trimmed = _aipw(_design(people, trim="common_support"), people["reoffended"])
    assert trimmed.n_treated < int(people["treated"].sum())
    truncated = _aipw(_design(people, truncate=0.9), people["reoffended"])
    assert truncated.estimate == _aipw(_design(people), people["reoffended"]).estimate
    assert any("truncation" in remark for remark in truncated.remarks)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "rate_ratio"}, "weighted"),
        ({"std_error": "hc3"}, "not given by estimator='aipw'"),
        ({"std_error": "m_estimation"}, "say folds=1"),
        ({"std_error": "cluster_hc0"}, "pass cluster="),
        ({"folds": 0}, "at least 1"),
        ({"adjust": []}, "names no covariate"),
        ({"folds": 2.0}, "at least 1"),
        ({"model": "poisson", "measure": "mean_difference", "column": "harm"}, "does not suit"),
        ({"model": "negative_binomial"}, "does not suit"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    people = crowd()
    options = dict(options)
    column = options.pop("column", "reoffended")
    with pytest.raises((InputError, EstimationError), match=message):
        _aipw(_design(people), people[column], **options)


def test_designs_that_leave_people_out_or_are_about_others_are_refused() -> None:
    people = crowd()
    with pytest.raises(InputError, match="nearest-neighbour matching"):
        _aipw(match(people, treated="treated", covariates=COVARIATES), people["reoffended"])
    with pytest.raises(InputError, match="ATO"):
        _aipw(_design(people, method="overlap"), people["reoffended"])


def test_too_many_terms_for_a_group_are_refused() -> None:
    people = crowd()
    few = pd.concat([people[people["treated"] == 0], people[people["treated"] == 1].head(6)])
    score = pd.Series(0.1, few.index)
    with pytest.raises(EstimationError, match="outcome model of 4 terms"):
        _aipw(_design(few, estimand="ATC", score=score), few["harm"], measure="mean_difference", folds=3)


def test_an_outcome_foretold_perfectly_is_refused() -> None:
    people = crowd()
    with pytest.raises(EstimationError, match="no solution"):
        _aipw(_design(people), (people["age"] > 0).astype(int), folds=1)


def test_shares_below_nothing_give_no_ratio() -> None:
    people = crowd()
    score = pd.Series(np.where(people["reoffended"] == 1, 0.02, 0.97), people.index)
    outcome = (np.arange(300) % 29 == 0).astype(int) | ((people["treated"] == 1) & (people["reoffended"] == 1))
    design = _design(people, score=score)
    with pytest.raises(EstimationError, match="lies outside"):
        _aipw(design, outcome.astype(int), measure="risk_ratio", folds=1, model="linear")


def test_no_sentence_takes_a_wide_interval_for_no_effect_or_calls_people_controls() -> None:
    for name, value in vars(aipw_words).items():
        texts = value.values() if isinstance(value, dict) else [value]
        for text in texts if name.isupper() else ():
            assert not any(word in text.lower() for word in ("no effect", "no difference", "control", "did not work"))


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["score", "outcome"])
def test_one_wrong_model_does_no_harm_and_two_do(wrong: str) -> None:
    """The square of age decides both; a model that knows age alone is wrong."""
    biases: dict[str, list[float]] = {"either": [], "both": []}
    for seed in range(200):
        random = np.random.default_rng(seed)
        age = random.normal(0, 1, 600)
        treated = (random.random(600) < 1 / (1 + np.exp(1.0 - 0.8 * age**2))).astype(int)
        people = pd.DataFrame({"age": age, "square": age**2, "treated": treated})
        outcome = pd.Series(2 * age**2 + random.normal(0, 1, 600), name="harm")
        design = _design(
            people, covariates=["age", "square"], estimand="ATT",
            score=propensity(people, treated="treated", covariates=["age"] if wrong == "score" else ["age", "square"]),
        )  # fmt: skip
        adjust = ["age"] if wrong == "outcome" else ["age", "square"]
        effect = _aipw(design, outcome, measure="mean_difference", adjust=adjust)
        biases["either"].append(effect.estimate)
        both = _design(
            people, covariates=["age", "square"], score=propensity(people, treated="treated", covariates=["age"])
        )
        biases["both"].append(_aipw(both, outcome, measure="mean_difference", adjust=["age"]).estimate)
    error = {key: float(np.std(values, ddof=1)) / np.sqrt(200) for key, values in biases.items()}
    assert abs(np.mean(biases["either"])) < 3 * error["either"] + 0.02
    assert abs(np.mean(biases["both"])) > 10 * error["both"]


@pytest.mark.slow
@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_cross_fitted_intervals_cover(estimand: str) -> None:
    runs, hits, found, errors = 400, 0, [], []
    for seed in range(runs):
        people = crowd(500, seed)
        people["harm"] += 0.15 * people["treated"]  # no effect at all
        effect = _aipw(_design(people, estimand=estimand), people["harm"], measure="mean_difference")
        hits += effect.conf_low <= 0 <= effect.conf_high
        found.append(effect.estimate)
        errors.append(effect.std_error)
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs) <= hits / runs <= 0.99
    assert abs(np.mean(found)) < 3 * np.std(found, ddof=1) / np.sqrt(runs)
    assert abs(np.mean(errors) / np.std(found, ddof=1) - 1) < 0.12
