"""From a linear predictor to a chance: what a fit needs to know of it, and the normal curve (probit)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri

Floats = NDArray[np.float64]

HALF_LOG_TWO_PI = 0.5 * float(np.log(2.0 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """How a linear predictor becomes a chance.

    Parameters
    ----------
    start
        Predictor of a share of treated people, to start from.
    look
        Predictor, people and treated people of each row -> deviance; first derivative of the log likelihood by each
        predictor; minus the second; and the largest log odds.
    expected
        Predictor and people -> minus the second derivative to be expected, for the standard errors; None where that
        is the second derivative itself.
    squares
        Predictor, and squared weights of the treated and of the others -> summed squares of the first derivatives.
    log_odds
        Predictor -> log odds of the chance.
    """

    start: Callable[[float], float]
    look: Callable[[Floats, Floats, Floats], tuple[float, Floats, Floats, float]]
    expected: Callable[[Floats, Floats], Floats] | None
    squares: Callable[[Floats, Floats, Floats], Floats]
    log_odds: Callable[[Floats], Floats]


def _look(predictor: Floats, people: Floats, hits: Floats) -> tuple[float, Floats, Floats, float]:
    """Go over some rows: all from the logarithms of both chances, so that neither side loses digits."""
    yes, no = log_ndtr(predictor), log_ndtr(-predictor)
    pull, push = _hazards(predictor, yes, no)
    others = people - hits
    deviance = float(-2.0 * (hits @ yes + others @ no))
    curve = hits * pull * (pull + predictor) + others * push * (push - predictor)
    return deviance, hits * pull - others * push, np.maximum(curve, 0.0), float(np.abs(yes - no).max())


def _hazards(predictor: Floats, yes: Floats, no: Floats) -> tuple[Floats, Floats]:
    """Return the normal density over the chance of treatment, and over that of none."""
    density = -0.5 * predictor**2 - HALF_LOG_TWO_PI
    return np.exp(density - yes), np.exp(density - no)


def _expected(predictor: Floats, people: Floats) -> Floats:
    pull, push = _hazards(predictor, log_ndtr(predictor), log_ndtr(-predictor))
    return np.asarray(people * pull * push, dtype=np.float64)


def _squares(predictor: Floats, treated: Floats, others: Floats) -> Floats:
    pull, push = _hazards(predictor, log_ndtr(predictor), log_ndtr(-predictor))
    return np.asarray(treated * pull**2 + others * push**2, dtype=np.float64)


def _log_odds(predictor: Floats) -> Floats:
    return np.asarray(log_ndtr(predictor) - log_ndtr(-predictor), dtype=np.float64)


PROBIT = Link(
    start=lambda share: float(ndtri(share)), look=_look, expected=_expected, squares=_squares, log_odds=_log_odds
)
