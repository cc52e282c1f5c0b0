"""Models of an outcome by weighted maximum likelihood: linear, logit, Poisson and negative binomial.

Each is fitted with the weights of the design as if they were numbers of people (a pseudo-likelihood); errors come from
a sandwich, so the weights need not be. McCullagh and Nelder (1989), Generalized Linear Models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import expit

from dipeval.effects.estimators.regression_data import RegressionData
from dipeval.effects.robust import Floats
from dipeval.errors import EstimationError

MOST_STEPS: Final = 100
SETTLED: Final = 1e-10  # a Newton step this small leaves an error of its square
FARTHEST: Final = 30.0  # on the scale of a logit, or of the logarithm of a rate over the overall rate


class Pull(NamedTuple):
    """How the likelihood of each row pulls at its linear predictor, and how it bends.

    Parameters
    ----------
    mean
        Expected outcome.
    slope
        Derivative of the log-likelihood by the linear predictor.
    bend
        Minus its second derivative (for Newton steps and the sandwich's bread).
    fit
        Log-likelihood, up to a constant.
    """

    mean: Floats
    slope: Floats
    bend: Floats
    fit: Floats


Family = Callable[[Floats, Floats], Pull]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A fitted model.

    Parameters
    ----------
    model
        "linear", "logit", "poisson" or "negative_binomial".
    coefficients
        One a column of the data.
    pull
        At the fit, one a row.
    dispersion
        Of a negative binomial model (variance = mean + dispersion x mean^2); 0 for the others.
    nuisance_slope
        Derivative of each row's log-likelihood by the shape 1/dispersion; empty where there is none.
    nuisance_cross
        Minus its derivative by the linear predictor.
    nuisance_bend
        Minus its second derivative, summed over people by their weights.
    """

    model: str
    coefficients: Floats
    pull: Pull
    dispersion: float = 0.0
    nuisance_slope: Floats = field(default_factory=lambda: np.zeros(0))
    nuisance_cross: Floats = field(default_factory=lambda: np.zeros(0))
    nuisance_bend: float = 0.0


def linear(outcome: Floats, eta: Floats) -> Pull:
    """Least squares."""
    rest = outcome - eta
    return Pull(mean=eta, slope=rest, bend=np.ones(len(eta)), fit=-(rest**2) / 2)


def logit(outcome: Floats, eta: Floats) -> Pull:
    """Logistic regression of yes/no."""
    mean = expit(eta)
    return Pull(mean=mean, slope=outcome - mean, bend=mean * (1 - mean), fit=outcome * eta - np.logaddexp(0, eta))


def poisson(outcome: Floats, eta: Floats) -> Pull:
    """Counts whose variance is their mean."""
    mean = np.exp(eta)
    return Pull(mean=mean, slope=outcome - mean, bend=mean, fit=outcome * eta - mean)


FAMILIES: Final[dict[str, Family]] = {"linear": linear, "logit": logit, "poisson": poisson}
# Models whose linear predictor is the logarithm of a mean.
LOG_MODELS: Final = ("poisson", "negative_binomial")


def link_scale(model: str, eta: Floats) -> tuple[Floats, Floats]:
    """Return the mean at a linear predictor, and how fast it moves with it."""
    if model in LOG_MODELS:
        mean = np.exp(eta)
        return mean, mean
    pull = FAMILIES[model](eta, eta)
    return pull.mean, pull.bend


def fit_model(data: RegressionData, model: str) -> Fit:
    """Fit a linear, logit or Poisson model.

    Parameters
    ----------
    data
        The people.
    model
        A key of ``FAMILIES``.

    Returns
    -------
    Fit

    Raises
    ------
    EstimationError
        If the covariates foretell the outcome perfectly for some or all people, so that there is no finite maximum.
    """
    coefficients = maximise(data, FAMILIES[model], start_at(data, model), model)
    offset = np.log(data.exposure) if model in LOG_MODELS else np.zeros(len(data.outcome))
    return Fit(
        model=model,
        coefficients=coefficients,
        pull=FAMILIES[model](data.outcome, data.matrix @ coefficients + offset),
    )


def start_at(data: RegressionData, model: str) -> Floats:
    """Return coefficients to start from: the mean outcome for everybody."""
    start = np.zeros(data.matrix.shape[1])
    if model == "linear":
        return start
    if not data.outcome.any() or (model == "logit" and data.outcome.all()):
        raise EstimationError(
            "The outcome is the same for everybody the design uses, so no model of it can be fitted. Follow people for "
            "longer, or choose an outcome that differs between people."
        )
    mean = float(data.mass @ data.outcome) / float(data.mass @ data.exposure)
    start[0] = np.log(mean) if model in LOG_MODELS else np.log(mean / (1 - mean))
    return start


def maximise(data: RegressionData, family: Family, start: Floats, model: str) -> Floats:
    """Return the coefficients of greatest weighted likelihood, by Newton steps that are halved where they go too far.

    Parameters
    ----------
    data
        The people.
    family
        The likelihood of a row.
    start
        Where to start.
    model
        Its name.

    Returns
    -------
    numpy.ndarray
    """
    x = data.matrix
    offset = np.log(data.exposure) if model in LOG_MODELS else np.zeros(len(x))
    beta, centre = start, float(start[0])
    pull = family(data.outcome, x @ beta + offset)
    for _ in range(MOST_STEPS):
        step = _newton_step(data, beta, pull)
        beta, pull, moved = _stepped(data, family, beta, step, pull, offset)
        if model != "linear" and float(np.abs(x @ beta - centre).max()) > FARTHEST:
            raise separation(data, beta)
        if moved < SETTLED * (1 + float(np.abs(beta).max())):
            return beta
    raise separation(data, beta)


def _newton_step(data: RegressionData, beta: Floats, pull: Pull) -> Floats:
    """Return the step; the quick way of solving does, because the gradient alone settles where the steps end."""
    x, weights = data.matrix, data.mass * pull.bend
    gradient = x.T @ (data.mass * pull.slope)
    try:
        root: Floats = np.asarray(np.linalg.cholesky(x.T @ (x * weights[:, None])).T, dtype=np.float64)
    except np.linalg.LinAlgError:
        root = triangle(x, weights)
        _check_root(root, data, beta)
    return solved(root, gradient)


def _stepped(
    data: RegressionData, family: Family, beta: Floats, step: Floats, pull: Pull, offset: Floats
) -> tuple[Floats, Pull, float]:
    old = float(data.mass @ pull.fit)
    for halved in range(30):
        part = step / 2**halved
        with np.errstate(over="ignore", invalid="ignore"):  # a step so far out that a mean runs over is no better
            after = family(data.outcome, data.matrix @ (beta + part) + offset)
            new = float(data.mass @ after.fit)
        if new >= old - 1e-10 * (1 + abs(old)):
            return beta + part, after, float(np.abs(part).max())
    return beta, pull, 0.0


def triangle(x: Floats, weights: Floats) -> Floats:
    """Return R with R'R = X' diag(weights) X."""
    return np.asarray(np.linalg.qr(x * np.sqrt(np.maximum(weights, 0.0))[:, None], mode="r"), dtype=np.float64)


def solved(root: Floats, right: Floats) -> Floats:
    """Return the solution of R'R z = right."""
    half = solve_triangular(root, right, trans="T")
    return np.asarray(solve_triangular(root, half), dtype=np.float64)


def _check_root(root: Floats, data: RegressionData, beta: Floats) -> None:
    size = np.abs(np.diag(root))
    if not np.isfinite(root).all() or size.min() <= 1e-13 * size.max():
        raise separation(data, beta)


def separation(data: RegressionData, beta: Floats) -> EstimationError:
    """Name the terms whose coefficients ran away."""
    size = np.abs(beta[2:])  # neither the mean nor treatment itself can be left out
    worst = [place + 2 for place in np.argsort(-size, kind="stable")[:3] if size[place] >= 0.25 * size.max()]
    found = dict.fromkeys(f"'{data.names[place].removeprefix('treatment x ')}'" for place in worst)
    names = f" (its coefficients run away most for {', '.join(found)})" if found else ""
    return EstimationError(
        "Treatment and covariates together foretell the outcome perfectly for some or all of the people the design "
        f"uses, so the model of the outcome has no finite estimate{names}. Leave such "
        "covariates out with adjust=, merge rare levels, use model='linear', or use estimator='weighted'."
    )
