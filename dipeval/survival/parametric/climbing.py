"""From a starting value to the maximum: a trust region to get near, Newton's method for the last digits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from dipeval.survival.columns import Floats
from dipeval.survival.parametric.likelihood import Evaluation

_LOG = logging.getLogger("dipeval")
_NEAR = 1e-6  # slope per unit of weight at which Newton's method takes over
_SETTLED = 1e-9  # slope per unit of weight at the maximum
_STEP = 1e-11
_STILL = 1e-7  # where the next step would be longer than this, there is no maximum near
_MOST_STEPS = 25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Peak:
    """Where the climb ended; `settled` tells whether it is a maximum."""

    theta: Floats
    at: Evaluation
    settled: bool


def climb(evaluate: Callable[[Floats], Evaluation], start: Floats, total: float) -> Peak:
    """Climb from a start; terms are expected on a common scale.

    Parameters
    ----------
    evaluate
        Value, slope and information at a vector.
    start
        Where to begin.
    total
        Summed weight: the log-likelihood is looked at per unit of it.
    """
    known: dict[bytes, Evaluation] = {}

    def at(theta: Floats) -> Evaluation:
        key = theta.tobytes()
        if key not in known:
            known.clear()
            with np.errstate(all="ignore"):  # a step too far may overflow: the trust region then shrinks
                known[key] = evaluate(theta)
        return known[key]

    def value(theta: Floats) -> float:
        found = at(theta).loglik
        return -found / total if np.isfinite(found) else np.inf

    first = np.asarray(start, dtype=float)
    try:
        with np.errstate(all="ignore"):
            near = minimize(
                value,
                first,
                jac=lambda theta: -at(theta).score / total,
                hess=lambda theta: at(theta).information / total,
                method="trust-exact",
                options={"gtol": _NEAR, "maxiter": 300},
            )
    except (ValueError, np.linalg.LinAlgError):  # the likelihood rises without bound, to where nothing is finite
        return Peak(theta=first, at=at(first), settled=False)
    return _polish(at, near.x, total)


def _polish(at: Callable[[Floats], Evaluation], theta: Floats, total: float) -> Peak:
    now = at(theta)
    for number in range(_MOST_STEPS):
        if not is_peak(now):
            break
        step = np.linalg.solve(now.information, now.score)
        there = at(theta + step)
        if not np.isfinite(there.loglik) or there.loglik < now.loglik - 1e-9 * (1 + abs(now.loglik)):
            break
        theta, now = theta + step, there
        if np.abs(step).max() <= _STEP * (1 + np.abs(theta).max()):
            _LOG.debug("waiting-time model settled after %d Newton steps", number + 1)
            break
    return Peak(theta=theta, at=now, settled=_is_settled(now, theta, total))


def _is_settled(now: Evaluation, theta: Floats, total: float) -> bool:
    """Whether the slope is gone and the next step would lead nowhere: on a ridge that runs away it still leads on."""
    if not is_peak(now) or np.abs(now.score).max() / total > _SETTLED:
        return False
    return bool(np.abs(np.linalg.solve(now.information, now.score)).max() <= _STILL * (1 + np.abs(theta).max()))


def is_peak(now: Evaluation) -> bool:
    """Whether the log-likelihood curves downwards in every direction."""
    if not np.isfinite(now.information).all():
        return False
    size = np.sqrt(np.abs(np.diag(now.information)))
    if not (size > 0).all():
        return False
    return bool(np.linalg.eigvalsh(now.information / np.outer(size, size)).min() > 1e-13)
