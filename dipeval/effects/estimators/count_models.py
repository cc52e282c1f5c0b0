"""Counts that vary more than chance alone would have it: the negative binomial model.

Variance = mean + dispersion x mean^2 (NB2). The dispersion is estimated with the coefficients by weighted maximum
likelihood, and errors stack its equation with theirs. Lawless, J. F. (1987), Negative binomial and mixed Poisson
regression, Canadian Journal of Statistics 15, 209-225.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaln, polygamma

from dipeval.effects.estimators.regression_data import RegressionData
from dipeval.effects.estimators.regression_models import Family, Fit, Pull, fit_model, maximise
from dipeval.effects.robust import Floats
from dipeval.errors import EstimationError

# Shapes (1/dispersion) between which the maximum is sought; beyond the last a Poisson model is meant.
SHAPES: Final = (1e-4, 1e6)
MOST_ROUNDS: Final = 200


def fit_negative_binomial(data: RegressionData) -> Fit:
    """Fit a negative binomial model with the logarithm of the time at risk as offset.

    Parameters
    ----------
    data
        The people.

    Returns
    -------
    Fit
        A Poisson fit (dispersion 0) where the counts vary no more than a Poisson model has it.

    Raises
    ------
    EstimationError
        If there is no finite maximum.

    Notes
    -----
    The shape and the coefficients are found in turns; their expected cross derivative is 0, so few are needed.
    """
    plain = fit_model(data, "poisson")
    beta, mean = plain.coefficients, plain.pull.mean
    shape = best_shape(data, mean)
    for _ in range(MOST_ROUNDS):
        if shape is None:
            return plain
        beta = maximise(data, _family(shape), beta, "negative_binomial")
        mean = data.exposure * np.exp(data.matrix @ beta)
        after = best_shape(data, mean)
        if after is not None and abs(after - shape) <= 1e-12 * shape:
            return _fitted(data, beta, after)
        shape = after
    raise EstimationError(
        "The dispersion of the negative binomial model does not settle; use model='poisson', whose robust error allows "
        "for counts that vary more."
    )


def best_shape(data: RegressionData, mean: Floats) -> float | None:
    """Return the shape of greatest likelihood at given means; None where a Poisson model fits best."""
    excess = float(data.mass @ ((data.outcome - mean) ** 2 - data.outcome))
    if excess <= 0:
        return None

    def slope(log_shape: float) -> float:
        return float(data.mass @ _shape_slope(data.outcome, mean, float(np.exp(log_shape))))

    low, high = (float(np.log(end)) for end in SHAPES)
    if slope(high) >= 0:
        return None
    if slope(low) <= 0:
        raise EstimationError(
            "The counts vary so much more than their mean that the dispersion of a negative binomial model has no "
            "finite estimate; use model='poisson', whose robust error allows for that."
        )
    return float(np.exp(brentq(slope, low, high, xtol=1e-14, rtol=4 * np.finfo(float).eps)))


def _family(shape: float) -> Family:
    def family(outcome: Floats, eta: Floats) -> Pull:
        mean = np.exp(eta)
        total = shape + mean
        return Pull(
            mean=mean,
            slope=(outcome - mean) * shape / total,
            bend=mean * shape * (shape + outcome) / total**2,
            fit=outcome * eta - (outcome + shape) * np.log(total),
        )

    return family


def _shape_slope(outcome: Floats, mean: Floats, shape: float) -> Floats:
    """Derivative of the log-likelihood of each row by the shape."""
    total = shape + mean
    return np.asarray(
        digamma(outcome + shape) - digamma(shape) + np.log(shape / total) + (mean - outcome) / total, dtype=np.float64
    )


def _fitted(data: RegressionData, beta: Floats, shape: float) -> Fit:
    eta = data.matrix @ beta + np.log(data.exposure)
    pull = _family(shape)(data.outcome, eta)
    total = shape + pull.mean
    bend = (
        polygamma(1, shape)
        - polygamma(1, data.outcome + shape)
        - 1 / shape
        + 2 / total
        - (data.outcome + shape) / total**2
    )
    return Fit(
        model="negative_binomial",
        coefficients=beta,
        pull=pull,
        dispersion=1 / shape,
        nuisance_slope=_shape_slope(data.outcome, pull.mean, shape),
        nuisance_cross=-(data.outcome - pull.mean) * pull.mean / total**2,
        nuisance_bend=float(data.mass @ bend),
    )


def log_likelihood(data: RegressionData, fit: Fit) -> float:
    """Return the weighted log-likelihood of a negative binomial fit, constants included."""
    shape, mean, outcome = 1 / fit.dispersion, fit.pull.mean, data.outcome
    parts = (
        gammaln(outcome + shape)
        - gammaln(shape)
        - gammaln(outcome + 1)
        + shape * np.log(shape)
        + outcome * np.log(mean)
        - (outcome + shape) * np.log(shape + mean)
    )
    return float(data.mass @ parts)
