"""The bootstrap: what is drawn, what is made again, and where it would be wrong."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects import Effect, estimate_effect
from dipeval.effects.estimators.bootstrap import why_no_bootstrap
from dipeval.errors import EstimationError, InputError
from dipeval.matching import match, propensity, weight
from tests.unit.effects.crowd import COVARIATES, crowd


def _effect(people: pd.DataFrame, outcome: str = "reoffended", draws: int = 199, **options: Any) -> Effect:
    making = {key: options.pop(key) for key in ("method", "estimand", "truncate", "ratio") if key in options}
    make = match if making.get("method") in ("nearest", "full", "optimal") else weight
    design = make(people, treated="treated", covariates=COVARIATES, **making)
    return estimate_effect(design, people[outcome], std_error="bootstrap", draws=draws, **options)


def test_without_weights_it_is_the_spread_of_a_difference_in_means() -> None:
    people = crowd(200)
    effect = _effect(people, "harm", 50, method="none", measure="mean_difference", seed=3)
    random, found = np.random.default_rng(3), []
    treated, harm = people["treated"].to_numpy() == 1, people["harm"].to_numpy()
    for _ in range(50):
        drawn = random.integers(0, 200, 200)
        found.append(harm[drawn][treated[drawn]].mean() - harm[drawn][~treated[drawn]].mean())
    assert effect.std_error == pytest.approx(np.std(found, ddof=1), rel=1e-9)
    assert effect.se_method == (
        "bootstrap: standard deviation over 50 resamples of people (seed 3); there were no weights to make again"
    )


def test_weights_are_those_of_people_written_down_as_often_as_drawn() -> None:
    people = crowd(200)
    effect = _effect(people, "harm", 50, method="ipw", estimand="ATE", measure="mean_difference")
    random, found = np.random.default_rng(0), []
    for _ in range(50):
        written = people.iloc[np.sort(random.integers(0, 200, 200))].reset_index(drop=True)
        design = weight(written, treated="treated", covariates=COVARIATES, method="ipw", estimand="ATE")
        found.append(estimate_effect(design, written["harm"], measure="mean_difference").estimate)
    assert effect.std_error == pytest.approx(np.std(found, ddof=1), rel=1e-7)
    assert "the weights were made again in each" in effect.se_method


@pytest.mark.parametrize(
    "options",
    [
        {"method": "ipw"},
        {"method": "ipw", "truncate": 0.95},
        {"method": "overlap"},
        {"method": "entropy"},
        {"method": "entropy", "estimator": "regression", "model": "linear"},
        {"method": "ipw", "estimator": "aipw", "folds": 1, "model": "linear"},
        {"method": "nearest"},
        {"method": "full"},
    ],
)
def test_it_is_near_the_error_that_suits_the_design(options: dict[str, Any]) -> None:
    people = crowd(600)
    drawn = _effect(people, **options)
    making = {key: options[key] for key in ("method", "truncate") if key in options}
    asked = {key: value for key, value in options.items() if key not in making}
    make = match if options["method"] in ("nearest", "full") else weight
    usual = estimate_effect(
        make(people, treated="treated", covariates=COVARIATES, **making), people["reoffended"], **asked
    )
    assert drawn.estimate == usual.estimate
    # 199 draws give a standard deviation to 5%; three times that.
    assert drawn.std_error == pytest.approx(usual.std_error, rel=0.15)


def test_pairs_are_drawn_whole() -> None:
    people = crowd(200)
    design = match(people, treated="treated", covariates=COVARIATES, caliper=None)
    pairs = design.pairs()
    gaps = (
        people.loc[pairs["treated_index"], "harm"].to_numpy() - people.loc[pairs["comparison_index"], "harm"].to_numpy()
    )
    effect = estimate_effect(design, people["harm"], measure="mean_difference", std_error="bootstrap", draws=60, seed=5)
    random = np.random.default_rng(5)
    # Pairs are numbered by who of their two people comes first.
    first = np.minimum(
        people.index.get_indexer(pairs["treated_index"]), people.index.get_indexer(pairs["comparison_index"])
    )
    gaps = gaps[np.argsort(first)]
    found = [gaps[random.integers(0, len(gaps), len(gaps))].mean() for _ in range(60)]
    assert effect.std_error == pytest.approx(np.std(found, ddof=1), rel=1e-9)
    assert "60 resamples of pairs" in effect.se_method and "whole pairs were drawn" in effect.se_method


def test_persons_are_drawn_with_all_their_rows() -> None:
    people = crowd(200)
    twice = pd.concat([people, people.set_index(people.index + " again")])
    person = pd.Series([*people.index, *people.index], twice.index)
    once = _effect(people, method="ipw")
    effect = _effect(twice, method="ipw", cluster=person)
    assert effect.std_error == pytest.approx(once.std_error, rel=1e-6)
    assert "resamples of persons" in effect.se_method


@pytest.mark.parametrize("options", [{"method": "entropy"}, {"method": "full"}, {"method": "ipw", "estimator": "aipw"}])
def test_the_order_of_the_rows_moves_no_bit(options: dict[str, Any]) -> None:
    people = crowd(200)
    shuffled = people.sample(frac=1, random_state=6)
    assert _effect(people, draws=50, **options).std_error == _effect(shuffled, draws=50, **options).std_error


def test_a_seed_settles_the_draws_and_another_gives_others() -> None:
    people = crowd(200)
    first, again, other = (_effect(people, draws=50, method="entropy", seed=seed) for seed in (1, 1, 2))
    assert first.std_error == again.std_error != other.std_error


def test_a_ratio_is_resampled_on_the_log_scale() -> None:
    people = crowd(600)
    drawn = _effect(people, method="ipw", measure="risk_ratio")
    design = weight(people, treated="treated", covariates=COVARIATES, method="ipw")
    usual = estimate_effect(design, people["reoffended"], measure="risk_ratio")
    assert drawn.std_error == pytest.approx(usual.std_error, rel=0.15)
    assert drawn.conf_low > 0


def test_progress_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="dipeval"):
        _effect(crowd(200), draws=50, method="none")
    assert sum("bootstrap" in record.getMessage() for record in caplog.records) == 10


def test_draws_without_an_estimate_are_counted_and_many_are_refused() -> None:
    people = crowd(200)
    rare = pd.Series(0, people.index, name="rare")
    treated, others = people.index[people["treated"] == 1], people.index[people["treated"] == 0]
    rare[treated[:5]], rare[others[:20]] = 1, 1
    design = weight(people, treated="treated", covariates=COVARIATES, method="ipw")
    effect = estimate_effect(design, rare, measure="risk_ratio", std_error="bootstrap", draws=300)
    failed = [remark for remark in effect.remarks if "of 300 resamples gave no estimate" in remark]
    assert len(failed) <= 1  # nobody with the outcome in a draw: no ratio
    rare[treated[2:5]] = 0
    with pytest.raises(EstimationError, match="more than 5%"):
        estimate_effect(design, rare, measure="risk_ratio", std_error="bootstrap", draws=300)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"replace": True}, "Abadie and Imbens 2008"),
        ({"method": "radius"}, "Abadie and Imbens 2008"),
        ({"method": "kernel"}, "Abadie and Imbens 2008"),
        ({"method": "subclass"}, "classes and cells"),
        ({"method": "cem"}, "classes and cells"),
    ],
)
def test_matching_that_a_resample_cannot_mimic_is_refused(options: dict[str, Any], reason: str) -> None:
    people = crowd()
    design = match(people, treated="treated", covariates=COVARIATES, **options)
    with pytest.raises((EstimationError, InputError), match=reason):
        estimate_effect(design, people["reoffended"], std_error="bootstrap")


def test_scores_that_cannot_be_fitted_again_are_refused() -> None:
    people = crowd()
    score = propensity(people, treated="treated", covariates=COVARIATES).score
    brought = weight(people, treated="treated", covariates=COVARIATES, method="ipw", score=score)
    trimmed = weight(people, treated="treated", covariates=COVARIATES, method="entropy", trim="common_support")
    for design, reason in ((brought, "supplied by the caller"), (trimmed, "trimmed away")):
        with pytest.raises(EstimationError, match=reason):
            estimate_effect(design, people["reoffended"], std_error="bootstrap")
    assert "does not say" in str(why_no_bootstrap(object()))


@pytest.mark.parametrize(
    ("options", "message"), [({"draws": 10}, "at least 50"), ({"draws": 99.5}, "at least 50"), ({"seed": -1}, "seed")]
)
def test_few_draws_and_strange_seeds_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _effect(crowd(200), **{"method": "none", **options})
