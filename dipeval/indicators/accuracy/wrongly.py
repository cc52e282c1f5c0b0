"""How many positive tests were of people who had not used, and how many negative ones of people who had.

Their intervals come from draws of positivity, sensitivity and specificity, each from its own distribution given what
was counted (Jeffreys), as Henrion (2021, International Journal of Epidemiology 50, 1071-1076) combines independent
estimates. The draws are the points of a Sobol sequence: the same every time, with no seed to choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, qmc

from dipeval.indicators.accuracy.adjusting import Accuracy

Array = NDArray[np.float64]
_POWER = 12
_LEAST_YOUDEN = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrongly:
    """Shares of the tests of one result that are wrong, each (estimate, lower, upper).

    Parameters
    ----------
    of_positive
        Positive tests of people who had not used; NaN without a positive test.
    of_negative
        Negative tests of people who had; NaN without a negative test.
    """

    of_positive: tuple[float, float, float]
    of_negative: tuple[float, float, float]


def wrongly(positive: float, tests: float, accuracy: Accuracy, level: float) -> Wrongly:
    """Return which shares of positive and of negative tests are expected to be wrong.

    Parameters
    ----------
    positive, tests
        Counts.
    accuracy
        Of the test.
    level
        Coverage, such as 0.95.

    Returns
    -------
    Wrongly

    Examples
    --------
    >>> found = wrongly(520, 1_000, Accuracy(sensitivity=0.95, specificity=0.98), 0.95)
    >>> round(found.of_positive[0], 4)  # 0.02 * (0.95 - 0.52) / 0.93 of all tests, out of 52% that are positive
    0.0178
    """
    nothing = (float("nan"),) * 3
    if not tests:
        return Wrongly(of_positive=nothing, of_negative=nothing)
    share = positive / tests
    told = _shares(np.array(share), np.array(accuracy.sensitivity), np.array(accuracy.specificity))
    points = _points()
    drawn = _shares(
        _quantiles(points[:, 0], positive, tests),
        _drawn(points[:, 1], accuracy.sensitivity, accuracy.sensitivity_n),
        _drawn(points[:, 2], accuracy.specificity, accuracy.specificity_n),
    )
    ends = ((1 - level) / 2, (1 + level) / 2)
    found = []
    for estimate, draws, there in zip(told, drawn, (positive > 0, positive < tests), strict=True):
        low, high = np.quantile(draws, ends)
        # The estimate always lies inside its interval, at the ends of the scale too.
        value = float(estimate)
        found.append((value, min(float(low), value), max(float(high), value)) if there else nothing)
    return Wrongly(of_positive=found[0], of_negative=found[1])


def _shares(positivity: Array, sensitivity: Array, specificity: Array) -> tuple[Array, Array]:
    youden = np.maximum(sensitivity + specificity - 1, _LEAST_YOUDEN)
    used = np.clip((positivity + specificity - 1) / youden, 0.0, 1.0)
    return (
        _part((1 - specificity) * (1 - used), positivity),
        _part((1 - sensitivity) * used, 1 - positivity),
    )


def _part(part: Array, whole: Array) -> Array:
    """No more than all of them: fewer are positive by chance than a test of this specificity gives with no user."""
    return np.minimum(np.divide(part, whole, out=np.ones_like(part), where=whole > 0), 1.0)


@cache
def _points() -> Array:
    # The first point of the sequence lies in the corner, where the quantile of some distributions is infinite.
    points: Any = qmc.Sobol(3, scramble=False).random_base2(_POWER)
    return np.asarray(points + 0.5 / 2**_POWER, dtype=np.float64)


def _quantiles(points: Array, part: float, whole: float) -> Array:
    return np.asarray(beta.ppf(points, part + 0.5, whole - part + 0.5), dtype=np.float64)


def _drawn(points: Array, share: float, n: int | None) -> Array:
    return np.full(len(points), share) if n is None else _quantiles(points, share * n, n)
