"""Maximum likelihood of counts with exposure: Poisson by statsmodels, negative binomial from there to the last digits.

The negative binomial has variance mean + mean^2 / theta (theta = 1 / alpha of statsmodels).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats
from dipeval.survival.parametric.climbing import climb
from dipeval.survival.parametric.likelihood import Evaluation, Predictors
from dipeval.survival.parametric.regression import GlmFit, fit_glm

_NO_SPREAD = 1e5  # a theta above this is a Poisson model for all purposes
_RUNAWAY = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Counts, columns on a common scale, log exposure and weights, one row a person."""

    count: Floats
    x: Floats
    offset: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountFit:
    """Coefficients (then log theta, for the negative binomial), inverse information, rows' slopes, log-likelihood."""

    theta: Floats
    bread: Floats
    parts: Floats
    loglik: float


def fit_poisson(counts: Counts) -> CountFit:
    """Fit log-linear rates with a Poisson variance."""
    found = _poisson(counts)
    return CountFit(theta=found.theta, bread=found.bread, parts=found.parts, loglik=found.loglik)


def fit_negative_binomial(counts: Counts) -> CountFit:
    """Fit log-linear rates with a variance that grows with the square of the mean."""
    plain = _poisson(counts)
    excess = counts.weight @ ((counts.count - plain.mean) ** 2 - counts.count)
    if excess <= 0:
        raise EstimationError(_no_spread())
    peak = climb(lambda theta: evaluate(counts, theta), _start(counts, plain), float(counts.weight.sum()))
    if peak.theta[-1] > np.log(_NO_SPREAD):
        raise EstimationError(_no_spread())
    if not peak.settled or np.abs(peak.theta[1:-1]).max(initial=0.0) > _RUNAWAY:
        raise EstimationError(
            f"The negative binomial model of {len(counts.count)} rows did not settle: leave out covariates that say "
            "nearly the same, or fit family='poisson', whose errors are robust."
        )
    slope = peak.at.by_row.slope * counts.weight[:, None]
    return CountFit(
        theta=peak.theta,
        bread=np.linalg.inv(peak.at.information),
        parts=np.hstack([counts.x * slope[:, [0]], slope[:, [1]]]),
        loglik=peak.at.loglik,
    )


def _poisson(counts: Counts) -> GlmFit:
    import statsmodels.api as sm

    return fit_glm(
        counts.count,
        counts.x,
        sm.families.Poisson(),
        weight=counts.weight,
        offset=counts.offset,
        what="Poisson model",
    )


def _start(counts: Counts, plain: GlmFit) -> Floats:
    """Return statsmodels' unweighted maximum, or the moments of the Poisson residuals where it finds none."""
    import statsmodels.api as sm

    moments = float(counts.weight @ ((counts.count - plain.mean) ** 2 - counts.count))
    alpha = min(max(moments / float(counts.weight @ plain.mean**2), 1e-3), 1e3)
    start = np.append(plain.theta, alpha)
    model = sm.NegativeBinomial(counts.count, counts.x, offset=counts.offset)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = np.asarray(model.fit(start_params=start, method="bfgs", maxiter=50, disp=0).params, dtype=float)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError):
        found = start
    if not np.isfinite(found).all() or found[-1] <= 0:
        found = start
    return np.append(found[:-1], -np.log(found[-1]))


def evaluate(counts: Counts, theta: Floats) -> Evaluation:
    """Return value, slope and information of the negative binomial at coefficients and log theta."""
    found = _by_row(counts.count, counts.x @ theta[:-1] + counts.offset, float(np.exp(theta[-1])))
    weight, x = counts.weight, counts.x
    score = np.append(x.T @ (weight * found.slope[:, 0]), weight @ found.slope[:, 1])
    information = np.empty((len(theta), len(theta)))
    information[:-1, :-1] = -x.T @ (x * (weight * found.curvature[0, 0])[:, None])
    information[:-1, -1] = information[-1, :-1] = -x.T @ (weight * found.curvature[0, 1])
    information[-1, -1] = -weight @ found.curvature[1, 1]
    return Evaluation(loglik=float(weight @ found.value), score=score, information=information, by_row=found)


def _by_row(y: Floats, predictor: Floats, size: float) -> Predictors:
    """Return the log-likelihood by row with derivatives in the log mean and in log theta."""
    mean = np.exp(predictor)
    both, gap = size + mean, y - mean
    value = (
        gammaln(y + size) - gammaln(size) - gammaln(y + 1) - y * np.log1p(size / mean) - size * np.log1p(mean / size)
    )
    first = digamma(y + size) - digamma(size) - np.log1p(mean / size) - gap / both
    second = polygamma(1, y + size) - polygamma(1, size) + mean / (size * both) + gap / both**2
    slope = np.column_stack([size * gap / both, size * first])
    curvature = {
        (0, 0): -size * mean * (size + y) / both**2,
        (0, 1): size * mean * gap / both**2,
        (1, 1): size**2 * second + size * first,
    }
    return Predictors(value=value, slope=slope, curvature=curvature)


def _no_spread() -> str:
    return (
        "The counts vary no more between people than a Poisson distribution has it, so theta has no finite estimate: "
        "fit family='poisson', whose errors are robust."
    )
