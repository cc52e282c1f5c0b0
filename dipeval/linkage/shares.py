"""Shares with their intervals, and bands of probability: the small arithmetic that the checks of a linkage share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

BANDS = (0.001, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0)
EXACT = "Counts are exact, small ones included: a report suppresses and rounds them before they leave."
_NINETY_FIVE = float(stats.norm.ppf(0.975))


def share(part: float, whole: float) -> float:
    """Return part / whole, NaN if there is no whole."""
    return part / whole if whole else float("nan")


def wilson(part: float, whole: float) -> tuple[float, float]:
    """Return the 95% interval of a share by Wilson (1927), which stays inside 0 to 1 and works near both ends.

    Parameters
    ----------
    part
        How many have it; need not be whole (weighted samples).
    whole
        Out of how many (an effective number for weighted samples).

    Returns
    -------
    tuple of float
        Lower and upper limit; both NaN if `whole` is 0.

    Examples
    --------
    >>> [round(limit, 4) for limit in wilson(95, 100)]
    [0.8882, 0.9785]
    >>> [round(limit, 4) for limit in wilson(0, 10)]
    [0.0, 0.2775]
    """
    if not whole:
        return float("nan"), float("nan")
    p, z = part / whole, _NINETY_FIVE
    centre = p + z * z / (2 * whole)
    half = z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    below = 1 + z * z / whole
    low = 0.0 if part == 0 else max((centre - half) / below, 0.0)
    high = 1.0 if part == whole else min((centre + half) / below, 1.0)
    return low, high


def normal_limits(estimate: float, std_error: float) -> tuple[float, float]:
    """Return the 95% interval of a share by the normal curve, cut off at 0 and 1."""
    half = _NINETY_FIVE * std_error
    return max(estimate - half, 0.0), min(estimate + half, 1.0)


def harmonic(precision: float, recall: float) -> float:
    """Return F1, the harmonic mean of precision and recall: 0 if both are 0, NaN if either is not known.

    Examples
    --------
    >>> harmonic(1.0, 0.5), harmonic(0.0, 0.0)
    (0.6666666666666666, 0.0)
    """
    both = precision + recall
    if both == 0:
        return 0.0
    return 2 * precision * recall / both


def band_places(values: Any, edges: tuple[float, ...] = BANDS) -> np.ndarray:
    """Return the number of the band of each probability; the last band includes its upper edge, the first all below.

    Examples
    --------
    >>> band_places([0.0005, 0.1, 0.95, 1.0]).tolist()
    [0, 1, 9, 10]
    """
    places = np.searchsorted(np.asarray(edges), np.asarray(values, dtype="float64"), side="right") - 1
    return np.clip(places, 0, len(edges) - 2)


def band_name(low: float, high: float) -> str:
    """Return a band in words.

    Examples
    --------
    >>> band_name(0.9, 0.99)
    '0.9 to 0.99'
    """
    return f"{low:g} to {high:g}"


def weighted_share(flags: pd.Series, weights: pd.Series) -> tuple[float, float, float]:
    """Return a weighted share and its Wilson interval on Kish's effective number of people.

    Examples
    --------
    >>> share_true, low, high = weighted_share(pd.Series([True, False]), pd.Series([3.0, 1.0]))
    >>> share_true
    0.75
    """
    total = float(weights.sum())
    if not total:
        return float("nan"), float("nan"), float("nan")
    p = float(weights[flags].sum()) / total
    effective = total**2 / float((weights**2).sum())
    return p, *wilson(p * effective, effective)
