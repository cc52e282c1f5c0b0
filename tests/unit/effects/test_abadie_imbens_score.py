"""What the estimation of the score changes of an Abadie-Imbens error, against loops over the published formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.estimators import abadie_imbens_score
from dipeval.effects.estimators import abadie_imbens_words as words
from dipeval.effects.estimators.abadie_imbens_score import NEAREST

OPTIONS: dict[str, Any] = {"method": "nearest", "replace": True, "ties": "all", "caliper": None}


def people(size: int = 150, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(2, size))
    treated = rng.random(size) < 1 / (1 + np.exp(0.8 - 0.7 * one - 0.7 * two))
    return pd.DataFrame(
        {
            "treated": treated.astype(int),
            "one": one,
            "two": two,
            "cell": rng.integers(0, 2, size),
            "y": 3 * one - two + 2 * (one - two) * treated + rng.normal(size=size),
        },
        index=pd.Index(rng.permutation(size), name="person"),
    )


def design_of(frame: pd.DataFrame, **options: Any) -> dip.Design:
    return dip.match(frame, **({"treated": "treated", "covariates": ["one", "two"]} | OPTIONS | options))


def effect_of(design: dip.Design, y: pd.Series, **options: Any) -> dip.Effect:
    return dip.estimate_effect(design, y, measure="mean_difference", **options)


def known_score(frame: pd.DataFrame, design: dip.Design, **options: Any) -> dip.Effect:
    """The same people matched by the same score, of which nothing is said to have been estimated."""
    assert design.propensity is not None
    given = design.propensity.logit.round(10)
    return effect_of(design_of(frame, score=given, scale="given", **options), frame["y"])


def by_loops(frame: pd.DataFrame, design: dip.Design) -> float:
    """The change of the variance, person by person."""
    assert design.propensity is not None
    y, treated = frame["y"].to_numpy(), frame["treated"].to_numpy() == 1
    covariates = frame[["one", "two"]].to_numpy()
    terms = np.column_stack([np.ones(len(y)), covariates])
    score, line = design.propensity.score.to_numpy(), design.propensity.logit.to_numpy()
    slope = score * (1 - score)
    information = (terms * slope[:, None]).T @ terms
    means, covariances = np.zeros((2, len(y))), np.zeros((2, len(y), 3))
    for who in range(len(y)):
        for side in (0, 1):
            group = np.flatnonzero(treated == side)
            away = ((line[group] - line[who]) / line.std(ddof=1)) ** 2
            near = group[away <= np.sort(away)[NEAREST] + 1e-5]
            means[side, who] = np.mean(y[near[near != who]])
            steps = terms[near] - terms[near].mean(axis=0)
            covariances[side, who] = steps.T @ (y[near] - y[near].mean()) / (len(near) - 1)
    inverse = np.linalg.inv(np.cov(covariates.T))
    contrast = np.zeros(len(y))
    for who in range(len(y)):
        others = np.flatnonzero(treated != treated[who])
        steps = covariates[others] - covariates[who]
        nearest = others[np.argmin(np.einsum("ij,jk,ik->i", steps, inverse, steps))]
        contrast[who] = (y[who] - y[nearest]) * (1 if treated[who] else -1)
    if design.estimand == "ATE":
        moved = np.mean(
            [
                (covariances[1, who] / score[who] + covariances[0, who] / (1 - score[who])) * slope[who]
                for who in range(len(y))
            ],
            axis=0,
        )
        return float(-moved @ np.linalg.inv(information) @ moved)
    if design.estimand == "ATC":
        means, covariances, contrast, score, slope = means[::-1], covariances[::-1], -contrast, 1 - score, -slope
    gap = means[1] - means[0]
    moved = np.zeros(3)
    drift = np.zeros(3)
    for who in range(len(y)):
        moved += terms[who] * slope[who] * (gap[who] - np.average(gap, weights=score))
        odds = score[who] / (1 - score[who])
        moved += (covariances[1, who] + odds * covariances[0, who]) * slope[who]
        drift += terms[who] * slope[who] * (contrast[who] - np.average(contrast, weights=score))
    moved, drift = moved / score.sum(), drift / score.sum()
    inverse = np.linalg.inv(information)
    return float(drift @ inverse @ drift - moved @ inverse @ moved)


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_the_variance_changes_as_published(estimand: str) -> None:
    frame = people()
    design = design_of(frame, estimand=estimand)
    known, found = known_score(frame, design, estimand=estimand), effect_of(design, frame["y"])
    assert known.estimate == found.estimate
    change = by_loops(frame, design)
    assert abs(change) > 0.01 * known.std_error**2
    assert found.std_error**2 - known.std_error**2 == pytest.approx(change, rel=1e-6)
    assert words.SCORE_ALLOWED in found.se_method
    assert words.SCORE_ALLOWED not in known.se_method


def test_the_effect_on_the_comparison_people_is_the_mirror_of_that_on_the_treated() -> None:
    frame = people(seed=2)
    mirror = frame.assign(treated=1 - frame["treated"])
    one = effect_of(design_of(frame, estimand="ATC"), frame["y"])
    other = effect_of(design_of(mirror, estimand="ATT"), frame["y"])
    assert one.estimate == pytest.approx(-other.estimate, rel=1e-12)
    assert one.std_error == pytest.approx(other.std_error, rel=1e-8)


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_the_order_of_the_rows_moves_no_digit(estimand: str) -> None:
    frame = people(seed=3)
    shuffled = frame.sample(frac=1, random_state=4)
    found = [effect_of(design_of(rows, estimand=estimand), rows["y"]) for rows in (frame, shuffled)]
    assert (found[0].estimate, found[0].std_error) == (found[1].estimate, found[1].std_error)


@pytest.mark.parametrize(
    ("design", "estimate"),
    [
        ({"exact": ["cell"]}, {}),
        ({"covariate_calipers": {"one": 1.5}}, {}),
        ({"trim": "common_support"}, {}),
        ({"caliper": 0.02}, {}),
        ({}, {"estimator": "abadie_imbens", "adjust": ["one"]}),
    ],
)
def test_where_it_cannot_be_worked_out_the_score_is_taken_as_known_and_that_is_said(
    design: dict[str, Any], estimate: dict[str, Any]
) -> None:
    frame = people(seed=5)
    found = effect_of(design_of(frame, **design), frame["y"], **estimate)
    assert words.SCORE_ALLOWED not in found.se_method
    assert words.SCORE_TAKEN in found.remarks


def test_where_outcomes_of_the_unused_are_not_known_the_score_is_taken_as_known() -> None:
    frame = people(seed=6)
    design = design_of(frame)
    found = effect_of(design, frame["y"].mask(design.weights == 0))
    assert words.SCORE_TAKEN in found.remarks


def test_a_probit_and_a_ratio_have_it_too() -> None:
    frame = people(seed=7)
    model = dip.propensity(frame, treated="treated", covariates=["one", "two"], link="probit")
    design = design_of(frame, score=model)
    assert words.SCORE_ALLOWED in effect_of(design, frame["y"]).se_method
    yes = (frame["y"] > 0).astype(int)
    ratio = dip.estimate_effect(design, yes, measure="risk_ratio", estimator="abadie_imbens")
    assert words.SCORE_ALLOWED in ratio.se_method
    assert ratio.std_error > 0


def coverage(estimand: str, runs: int, **options: Any) -> tuple[float, float]:
    """Share of 95% intervals that hold the truth, no effect, and the mean of the errors over the spread."""
    estimates, errors = np.zeros(runs), np.zeros(runs)
    for run in range(runs):
        frame = people(500, seed=1000 + run)
        y = frame["y"] - 2 * (frame["one"] - frame["two"]) * frame["treated"]  # what is left has no effect in it
        effect = effect_of(design_of(frame, estimand=estimand), y, **options)
        estimates[run], errors[run] = effect.estimate, effect.std_error
    held = float((np.abs(estimates) <= 1.959964 * errors).mean())
    return held, float(np.sqrt((errors**2).mean()) / estimates.std(ddof=1))


@pytest.mark.slow
@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_intervals_hold_the_truth_as_often_as_they_say_and_those_that_take_the_weights_as_given_too_often(
    estimand: str,
) -> None:
    """Bounds are four standard errors of a share of 300 runs: a coverage of 0.95 passes, the naive error's does not."""
    held, size = coverage(estimand, 300)
    assert 0.90 <= held <= 0.985
    assert 0.85 <= size <= 1.15
    naive, too_wide = coverage(estimand, 100, std_error="hc0")
    assert naive >= 0.985
    assert too_wide > 1.4


@pytest.mark.parametrize("estimand", ["ATT", "ATC"])
def test_in_large_groups_the_nearest_on_the_terms_are_looked_for_among_some(
    monkeypatch: pytest.MonkeyPatch, estimand: str
) -> None:
    frame = people(3000)
    design = design_of(frame, estimand=estimand)
    whole = effect_of(design, frame["y"])
    sought: list[int] = []
    tree = abadie_imbens_score.cKDTree

    def counted(points: np.ndarray) -> Any:
        sought.append(len(points))
        return tree(points)

    monkeypatch.setattr(abadie_imbens_score, "cKDTree", counted)
    monkeypatch.setattr(abadie_imbens_score, "MOST", 400)
    some = effect_of(design, frame["y"])
    turned = frame.sample(frac=1, random_state=2)
    assert max(sought) == 400
    assert some.std_error == pytest.approx(whole.std_error, rel=0.05)
    assert effect_of(design_of(turned, estimand=estimand), turned["y"]).std_error == some.std_error
