"""Generalised linear models by statsmodels, on a common scale, with what each row adds to the slope."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats

_RUNAWAY = 30.0  # per standard deviation of a covariate
_FIRST, _MOST_STEPS = 4, 60  # steps of statsmodels, each by singular values, and then of ours
_STEP = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GlmFit:
    """Coefficients, inverse expected information, what each row adds to the slope (weighted), fit and deviance."""

    theta: Floats
    bread: Floats
    parts: Floats
    mean: Floats
    deviance: float
    loglik: float


def fit_glm(outcome: Floats, x: Floats, family: Any, *, weight: Floats, offset: Floats | None, what: str) -> GlmFit:
    """Fit by iteratively reweighted least squares to the last digits; what does not settle becomes a sentence.

    Parameters
    ----------
    outcome, x, weight, offset
        One number a row; rows by terms, on a common scale.
    family
        A statsmodels family with its link.
    what
        Name of the model, for the sentence.
    """
    import statsmodels.api as sm

    shift = np.zeros(len(x)) if offset is None else offset
    model = sm.GLM(outcome, x, family=family, freq_weights=weight, offset=offset)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            start = np.asarray(model.fit(maxiter=_FIRST).params, dtype=float)
            theta = _settle(outcome, x, family, weight, shift, start)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
        raise EstimationError(_unsettled(what, len(x))) from error
    if not np.isfinite(theta).all() or np.abs(theta[1:]).max(initial=0.0) > _RUNAWAY:
        raise EstimationError(_unsettled(what, len(x)))
    mean, slope, curvature = _pieces(outcome, family, x @ theta + shift)
    information = x.T @ (x * (weight * curvature)[:, None])
    parts = x * (weight * slope)[:, None]
    bread = np.linalg.inv(information)
    if not (np.diag(bread) > 0).all() or np.abs(parts.sum(axis=0)).max() > 1e-9 * weight.sum():
        raise EstimationError(_unsettled(what, len(x)))
    return GlmFit(
        theta=theta,
        bread=bread,
        parts=parts,
        mean=mean,
        deviance=float(family.deviance(outcome, mean, freq_weights=weight)),
        loglik=float(family.loglike(outcome, mean, freq_weights=weight)),
    )


def _pieces(outcome: Floats, family: Any, predictor: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean, and the slope and expected curvature of the log-likelihood in the predictor."""
    mean = np.asarray(family.link.inverse(predictor), dtype=float)
    per_mean = 1 / (family.variance(mean) * family.link.deriv(mean))
    return mean, (outcome - mean) * per_mean, per_mean / family.link.deriv(mean)


def _settle(outcome: Floats, x: Floats, family: Any, weight: Floats, shift: Floats, theta: Floats) -> Floats:
    """Go on by the same steps as statsmodels, on normal equations, until the last digits stand still."""
    for _ in range(_MOST_STEPS):
        _, slope, curvature = _pieces(outcome, family, x @ theta + shift)
        information = x.T @ (x * (weight * curvature)[:, None])
        step = np.linalg.solve(information, x.T @ (weight * slope))
        theta = theta + step
        if not np.isfinite(theta).all() or np.abs(step).max() <= _STEP * (1 + np.abs(theta).max()):
            break
    return theta


def _unsettled(what: str, n: int) -> str:
    return (
        f"The {what} of {n} rows did not settle: leave out covariates that tell perfectly who has the event, or bring "
        "extreme values in (take logarithms of counts, for example)."
    )


def natural_spline(values: Floats, knots: Sequence[float]) -> Floats:
    """Return a natural cubic spline's columns, linear beyond the outer knots; no column of ones.

    Parameters
    ----------
    values
        Where to evaluate it.
    knots
        Increasing; the first and the last are the outer ones. One column fewer than knots.

    Examples
    --------
    >>> natural_spline(np.array([0.0, 1.0, 2.0]), [0.0, 1.0, 2.0]).round(3).tolist()
    [[0.0, 0.0], [0.5, 0.125], [1.0, 0.75]]
    """
    places = np.asarray(knots, dtype=float)
    width = places[-1] - places[0]
    x, places = (values - places[0]) / width, (places - places[0]) / width

    def tail(number: int) -> Floats:
        cubes = np.maximum(x - places[number], 0.0) ** 3 - np.maximum(x - places[-1], 0.0) ** 3
        return cubes / (places[-1] - places[number])

    last = tail(len(places) - 2)
    return np.column_stack([x, *(tail(number) - last for number in range(len(places) - 2))])
