"""Maximum likelihood of a split population: several starts, the best kept, and sentences for when there is no best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.linalg import block_diag
from scipy.special import expit, logit

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats, Rows
from dipeval.survival.parametric.climbing import Peak, climb
from dipeval.survival.parametric.design import Part, make_part
from dipeval.survival.parametric.families import Family
from dipeval.survival.parametric.fitting import Fit, covariance_of, sample_of, scale_columns
from dipeval.survival.parametric.likelihood import Likelihood
from dipeval.survival.parametric.prediction import average_survival

_EVERYBODY = 0.999  # a share above this, or below its complement, has run to its end
_POINTS = 41
_RUNAWAY = 15.0  # log-odds per standard deviation of a covariate
# How far from the share seen to everybody, and how much later than the events seen, each climb begins.
_STARTS = ((0.05, 0.1, 0.0), (0.35, 0.7, 0.2), (0.85, 1.6, 0.4))


class NoShareError(EstimationError):
    """The share who ever have the event has no estimate inside 0 and 1."""


def fit_split(rows: Rows, n_ever: int, family: Family, robust: bool, names: Sequence[str]) -> Fit:
    """Climb from several starts and keep the highest; `rows.covariates` holds those of ever, then of timing."""
    shift = float(np.log(rows.time).mean())
    ever, timing = make_part(rows.covariates[:, :n_ever]), make_part(rows.covariates[:, n_ever:])
    likelihood = Likelihood(
        family=family,
        sample=sample_of(rows, shift),
        ever=ever.columns,
        location=timing.columns,
        log_scale=scale_columns(rows, family),
    )
    peak = _highest(likelihood, float(rows.weight.sum()))
    _check(likelihood, peak, rows, family, names)
    return _on_callers_scale(likelihood, peak, rows, robust, (ever, timing), shift)


def _on_callers_scale(
    likelihood: Likelihood, peak: Peak, rows: Rows, robust: bool, parts: tuple[Part, Part], shift: float
) -> Fit:
    back = block_diag(*(part.back for part in parts), np.eye(likelihood.log_scale.shape[1]))
    theta = back @ peak.theta
    theta[likelihood.ever.shape[1]] += shift
    return Fit(
        theta=theta,
        covariance=back @ covariance_of(likelihood, peak, rows, robust) @ back.T,
        loglik=peak.at.loglik - shift * float(rows.weight[rows.event].sum()),
    )


def _highest(likelihood: Likelihood, total: float) -> Peak:
    """Climb without covariates from every start, then with them from every place that led to."""
    plain = Likelihood(
        family=likelihood.family,
        sample=likelihood.sample,
        ever=likelihood.ever[:, :1],
        location=likelihood.location[:, :1],
        log_scale=likelihood.log_scale,
    )
    starts = [climb(plain.evaluate, start, total).theta for start in _starts(plain)]
    if likelihood.ever.shape[1] + likelihood.location.shape[1] > 2:
        starts = [_widen(likelihood, start) for start in _distinct(starts)]
    peaks = [climb(likelihood.evaluate, start, total) for start in _distinct(starts)]
    best = max(peak.at.loglik for peak in peaks)
    level = [peak for peak in peaks if peak.at.loglik >= best - 1e-9 * (1 + abs(best))]
    return next((peak for peak in level if peak.settled), level[0])


def _starts(plain: Likelihood) -> list[Floats]:
    sample = plain.sample
    seen = float(np.average(sample.event, weights=sample.weight))
    when = sample.log_time[sample.event]
    spread = max(float(when.std()), 0.1)
    found = []
    for towards_everybody, later, wider in _STARTS:
        share = min(max(seen + (1 - seen) * towards_everybody, 0.02), 0.98)
        scale = np.full(plain.log_scale.shape[1], np.log(spread) + wider)
        found.append(np.concatenate([[logit(share), float(when.mean()) + later * spread], scale]))
    return found


def _distinct(starts: Sequence[Floats]) -> list[Floats]:
    """Return the starts that are not the same place, those that ran far away brought nearer."""
    kept: list[Floats] = []
    for start in starts:
        near = np.clip(start, -6.0, 6.0)
        if not any(np.abs(near - other).max() < 1e-6 for other in kept):
            kept.append(near)
    return kept


def _widen(likelihood: Likelihood, start: Floats) -> Floats:
    ever, location = np.zeros(likelihood.ever.shape[1]), np.zeros(likelihood.location.shape[1])
    ever[0], location[0] = start[0], start[1]
    return np.concatenate([ever, location, start[2:]])


def _check(likelihood: Likelihood, peak: Peak, rows: Rows, family: Family, names: Sequence[str]) -> None:
    """Say in a sentence why there is no maximum inside."""
    coefficients = likelihood.split(peak.theta)[0]
    share = float(np.average(expit(likelihood.ever @ coefficients), weights=rows.weight))
    if share > _EVERYBODY:
        raise NoShareError(
            f"With the {family.words} family the share who ever reoffend runs to 1: the curve does not level off "
            f"within the follow-up (to {rows.time.max():g}), so people who never reoffend cannot be told from people "
            "who take long. Follow for longer, try another family, or fit `accelerated_failure_time`."
        )
    if share < 1 - _EVERYBODY:
        raise NoShareError(
            f"With the {family.words} family the share who ever reoffend runs to 0: {int(rows.event.sum())} events "
            "among these people are too few to split them; report the share seen instead."
        )
    if len(coefficients) > 1 and np.abs(coefficients[1:]).max() > _RUNAWAY:
        worst = names[int(np.abs(coefficients[1:]).argmax())]
        raise NoShareError(
            f"The odds ratio of '{worst}' for ever reoffending runs away: nearly all or none of the people at one end "
            "of it ever reoffend. Leave it out of `ever`, merge its rare categories, or put it into `timing`."
        )
    if not peak.settled:
        raise NoShareError(
            f"The {family.words} split population of {len(rows)} rows with {int(rows.event.sum())} events has no "
            "finite maximum: use fewer covariates, follow for longer, or try another family."
        )


def mean_share(coefficients: Floats, x: Floats, weight: Floats) -> tuple[float, Floats]:
    """Return the share averaged over the people and its slope in the coefficients."""
    design = np.column_stack([np.ones(len(x)), x])
    own = expit(design @ coefficients)
    return float(np.average(own, weights=weight)), design.T @ (weight * own * (1 - own)) / weight.sum()


def average_curve(rows: Rows, fit: Fit, family: Family, n_ever: int, level: float) -> pd.DataFrame:
    """Return the model's curve averaged over the people; everybody is alike where there are no covariates."""
    alike = rows.covariates.shape[1] == 0
    x, weight = (rows.covariates[:1], np.ones(1)) if alike else (rows.covariates, rows.weight)
    one = np.ones((len(x), 1))
    parts = (np.hstack([one, x[:, :n_ever]]), np.hstack([one, x[:, n_ever:]]))
    first, second = 1 + n_ever, 2 + x.shape[1]
    return average_survival(
        family,
        (*parts, np.ones((len(x), len(fit.theta) - second))),
        (fit.theta[:first], fit.theta[first:second], fit.theta[second:]),
        fit.covariance,
        weight=weight,
        times=np.linspace(0.0, float(rows.time.max()), _POINTS),
        level=level,
    )
