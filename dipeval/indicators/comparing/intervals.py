"""Intervals of one area's own figure: shares, counts over expected, weighted sums of rates."""

from __future__ import annotations

import math

from scipy import stats


def wilson_limits(part: float, whole: float, level: float) -> tuple[float, float]:
    """Return the interval of a share by Wilson (1927); the numbers need not be whole.

    Examples
    --------
    >>> [round(limit, 4) for limit in wilson_limits(95, 100, 0.95)]
    [0.8882, 0.9785]
    """
    if not whole > 0:
        return float("nan"), float("nan")
    z = float(stats.norm.ppf(0.5 + level / 2))
    share = part / whole
    below = 1 + z * z / whole
    centre = (share + z * z / (2 * whole)) / below
    half = z * math.sqrt(max(share * (1 - share), 0.0) / whole + z * z / (4 * whole * whole)) / below
    return (0.0 if part <= 0 else max(centre - half, 0.0)), (1.0 if part >= whole else min(centre + half, 1.0))


def poisson_limits(count: float, level: float) -> tuple[float, float]:
    """Return the exact interval of a Poisson count (Garwood 1936), which Byar's formula comes close to.

    Examples
    --------
    >>> [round(limit / 426.3, 3) for limit in poisson_limits(577, 0.95)]
    [1.245, 1.469]
    """
    tail = (1 - level) / 2
    low = float(stats.gamma.ppf(tail, count)) if count > 0 else 0.0
    return low, float(stats.gamma.ppf(1 - tail, count + 1))


def fay_feuer_limits(value: float, variance: float, largest: float, level: float) -> tuple[float, float]:
    """Return the gamma interval of a weighted sum of Poisson counts (Fay and Feuer 1997, Statistics in Medicine 16).

    Parameters
    ----------
    value
        The weighted sum.
    variance
        Sum of the squared weights times the counts.
    largest
        The largest weight: what one more event could add at most.
    level
        Confidence level.

    Returns
    -------
    tuple of float

    Examples
    --------
    >>> [round(limit, 4) for limit in fay_feuer_limits(3.0, 3.0, 1.0, 0.95)] == [
    ...     round(limit, 4) for limit in poisson_limits(3, 0.95)]
    True
    """
    tail = (1 - level) / 2
    low = float(stats.gamma.ppf(tail, value**2 / variance, scale=variance / value)) if value > 0 else 0.0
    more, spread = value + largest, variance + largest**2
    return low, float(stats.gamma.ppf(1 - tail, more**2 / spread, scale=spread / more))
