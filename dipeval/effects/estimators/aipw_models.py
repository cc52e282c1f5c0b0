"""Models of an outcome within one group, fitted to some people and predicting for all, for augmented weighting.

Unlike `dipeval.effects.estimators.regression_models` a model is fitted in one group at a time, and terms that repeat
others there are no fault: the smallest coefficients that fit are taken, so that a prediction for the other group stays
near.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.estimators.regression_models import FAMILIES, LOG_MODELS, Family
from dipeval.effects.robust import Floats

MOST_STEPS: Final = 60
SETTLED: Final = 1e-10
REDUNDANT: Final = 1e-12
NO_CHANCE: Final = 1e-6
FARTHEST: Final = 1e3  # times the largest outcome seen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmModel:
    """A model of the outcome in one group.

    Parameters
    ----------
    mean, bend
        Expected outcome of everybody, in this group or not, and its derivative by the linear predictor.
    n_repeating
        Terms that follow from others among the people it was fitted to.
    information
        Minus the derivative of the equations of its coefficients.
    """

    mean: Floats
    bend: Floats
    n_repeating: int
    information: Floats


def fit_arm(rows: Floats, outcome: Floats, mass: Floats, model: str) -> ArmModel | None:
    """Fit a model to the people with mass and predict for all.

    Parameters
    ----------
    rows
        People x terms, standardised, with a constant.
    outcome
        Of everybody.
    mass
        How much each person counts in the fit; 0 for those who do not.
    model
        "linear", "logit" or "poisson".

    Returns
    -------
    ArmModel or None
        None where there is no finite maximum: the terms foretell the outcome perfectly. A group in which everybody has
        the same outcome is foretold to have it always.
    """
    inside = mass > 0
    x, y, own = rows[inside], outcome[inside], mass[inside]
    if bool((y == y[0]).all()):
        return ArmModel(
            mean=np.full(len(rows), y[0]),
            bend=np.zeros(len(rows)),
            n_repeating=0,
            information=np.zeros((rows.shape[1],) * 2),
        )
    beta = _maximise(x, y, own, FAMILIES[model], _start(y, own, model, rows.shape[1]))
    if beta is None:
        return None
    pull = FAMILIES[model](outcome, rows @ beta)
    if model != "linear" and _runs_away(pull.mean, pull.bend[inside], y):
        return None
    return ArmModel(
        mean=pull.mean,
        bend=pull.bend,
        n_repeating=rows.shape[1] - int(np.linalg.matrix_rank(x * np.sqrt(own)[:, None])),
        information=_curvature(x, own * pull.bend[inside]),
    )


def _runs_away(mean: Floats, bend: Floats, outcome: Floats) -> bool:
    """Whether nobody's outcome is left to chance, or somebody's is foretold far beyond what was seen."""
    return float(bend.max()) < NO_CHANCE or float(mean.max()) > FARTHEST * float(outcome.max())


def _start(outcome: Floats, mass: Floats, model: str, size: int) -> Floats:
    start = np.zeros(size)
    mean = float(mass @ outcome / mass.sum())
    if model == "logit":
        start[0] = np.log(mean / (1 - mean))
    elif model in LOG_MODELS:
        start[0] = np.log(mean)
    else:
        start[0] = mean
    return start


def _maximise(x: Floats, y: Floats, mass: Floats, family: Family, beta: Floats) -> Floats | None:
    pull = family(y, x @ beta)
    for _ in range(MOST_STEPS):
        move = np.linalg.lstsq(_curvature(x, mass * pull.bend), x.T @ (mass * pull.slope), rcond=REDUNDANT)[0]
        old = float(mass @ pull.fit)
        for halving in range(30):
            part = np.asarray(move * 0.5**halving, dtype=np.float64)
            with np.errstate(over="ignore", invalid="ignore"):
                tried = family(y, x @ (beta + part))
                better = float(mass @ tried.fit) >= old - 1e-10 * (1 + abs(old))
            if better:
                break
        else:
            return None
        beta, pull = beta + part, tried
        if float(np.abs(part).max()) < SETTLED * (1 + float(np.abs(beta).max())):
            return beta
    return None


def _curvature(x: Floats, weights: Floats) -> Floats:
    return np.asarray((x * weights[:, None]).T @ x, dtype=np.float64)


def standardised(terms: Floats) -> Floats:
    """Return a constant and the terms from their mean in standard deviations; terms all alike become 0."""
    if not terms.shape[1]:
        return np.ones((len(terms), 1))
    away = terms - terms.mean(axis=0)
    spread = away.std(axis=0)
    constant = spread <= 1e-12 * np.abs(terms).max(axis=0)
    scaled = np.where(constant, 0.0, away / np.where(constant, 1.0, spread))
    return np.asarray(np.column_stack([np.ones(len(terms)), scaled]), dtype=np.float64)


def is_suited(model: str, outcome: Floats) -> bool:
    """Return whether a model suits an outcome."""
    known: dict[str, NDArray[np.bool_] | bool] = {
        "linear": True,
        "logit": np.isin(outcome, (0.0, 1.0)),
        "poisson": outcome >= 0,
    }
    return model in known and bool(np.all(known[model]))
