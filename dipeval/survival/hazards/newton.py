"""Newton's method with step-halving for the partial likelihood, and the words for when it has no maximum."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats
from dipeval.survival.hazards.kernel import Evaluation

_LOG = logging.getLogger("dipeval")
_MOST_STEPS = 60
_STEP_SMALL = 1e-8  # in standard deviations of a covariate; the last step is taken too, so the error is its square
_MOST_HALVINGS = 40
_ROUNDING = 1e-11  # a log-likelihood may fall by this much, relatively, through rounding alone
_COLLAPSED = 1e-7  # information left, relative to that at zero, when a coefficient runs away
_COLLINEAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Maximum:
    """Where the likelihood is largest, with the evaluations there and at zero."""

    beta: Floats
    at_zero: Evaluation
    at_maximum: Evaluation
    steps: int


def maximise(likelihood: Callable[[Floats], Evaluation], names: Sequence[str], deaths: float) -> Maximum:
    """Climb from zero to the maximum; covariates are expected on a common scale (standard deviation 1).

    Parameters
    ----------
    likelihood
        Evaluates the partial likelihood at a coefficient vector.
    names
        Covariates, for the sentences.
    deaths
        Summed weight of the events: about the information a useful covariate holds.

    Raises
    ------
    EstimationError
        If covariates are collinear, or the likelihood rises for ever as a coefficient grows.
    """
    beta = np.zeros(len(names))
    with np.errstate(all="ignore"):  # an offset may overflow as a step may
        now = at_zero = likelihood(beta)
    if not (np.isfinite(now.loglik) and np.isfinite(now.information).all()):
        raise EstimationError(
            "The offset is too large for a hazard to be a number: check its unit (it is a logarithm)."
        )
    _check_identified(at_zero.information, names, deaths)
    for steps in range(1, _MOST_STEPS + 1):
        beta, now, step = _climb(likelihood, beta, now, _newton_step(now))
        if _runs_away(now, at_zero):
            raise EstimationError(_runaway_sentence(beta, names))
        if np.abs(step).max() < _STEP_SMALL:
            _LOG.debug("Cox model settled after %d steps", steps)
            return Maximum(beta=beta, at_zero=at_zero, at_maximum=now, steps=steps)
    raise EstimationError(_unsettled_sentence(f"did not settle in {_MOST_STEPS} steps"))


def _climb(
    likelihood: Callable[[Floats], Evaluation], beta: Floats, now: Evaluation, step: Floats
) -> tuple[Floats, Evaluation, Floats]:
    """Take the step, or half of it, or half of that, until the likelihood is there and no lower."""
    floor = now.loglik - _ROUNDING * (1 + abs(now.loglik))
    for _ in range(_MOST_HALVINGS):
        with np.errstate(all="ignore"):  # a step too far may overflow: it is then halved
            there = likelihood(beta + step)
        if np.isfinite(there.loglik) and np.isfinite(there.information).all() and there.loglik >= floor:
            return beta + step, there, step
        step = step / 2
    raise EstimationError(_unsettled_sentence("found no step that raises the likelihood"))


def _newton_step(now: Evaluation) -> Floats:
    try:
        return np.linalg.solve(now.information, now.score)
    except np.linalg.LinAlgError:
        raise EstimationError(_unsettled_sentence("lost the information on a covariate on its way")) from None


def _unsettled_sentence(what: str) -> str:
    return (
        f"The Cox model {what}: leave out covariates that say nearly the same or nearly tell who has the event, or "
        "bring extreme values in (take logarithms of counts, for example)."
    )


def _runs_away(now: Evaluation, at_zero: Evaluation) -> bool:
    left = eigh(now.information, at_zero.information, eigvals_only=True)
    return bool(left.min() < _COLLAPSED)


def _runaway_sentence(beta: Floats, names: Sequence[str]) -> str:
    worst = names[int(np.abs(beta).argmax())]
    return (
        f"The hazard ratio of '{worst}' has no finite estimate: the covariates tell perfectly who has the event first "
        "(separation). Leave it out, merge its rare categories, or stratify by it."
    )


def _check_identified(information: Floats, names: Sequence[str], deaths: float) -> None:
    size = np.diag(information)
    empty = [name for name, value in zip(names, size, strict=True) if value <= _COLLINEAR * deaths]
    if empty:
        raise EstimationError(
            f"Covariate '{empty[0]}' is the same for everyone at risk together (within strata): its "
            "hazard ratio cannot be estimated; leave it out."
        )
    scale = np.sqrt(size)
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] < _COLLINEAR:
        involved = [f"'{name}'" for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 0.05]
        raise EstimationError(
            f"Covariates {', '.join(involved)} determine one another exactly: leave one of them out "
            "(of the 0/1 columns of one category, one must be left out)."
        )
