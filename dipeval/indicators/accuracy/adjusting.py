"""The share who had used from the share who tested positive, and its interval.

Rogan and Gladen (1978), American Journal of Epidemiology 107, 71-76: share = (positivity + specificity - 1) /
(sensitivity + specificity - 1). The interval with an accuracy from a validation study: Lang and Reiczigel (2014),
Preventive Veterinary Medicine 113, 13-22. With an accuracy that is known: the limits of the positivity put through the
same formula (Reiczigel, Foldi and Ozsvari 2010, Epidemiology and Infection 138, 1674-1678), here those of Wilson.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import norm


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How good the test is.

    Parameters
    ----------
    sensitivity, specificity
        Share of users who test positive, and of others who test negative.
    sensitivity_n, specificity_n
        Users and others in the validation study; None: known without error.
    """

    sensitivity: float
    specificity: float
    sensitivity_n: int | None = None
    specificity_n: int | None = None

    @property
    def known(self) -> bool:
        """Whether both are taken as known without error."""
        return self.sensitivity_n is None and self.specificity_n is None

    @property
    def youden(self) -> float:
        """Sensitivity + specificity - 1: how far the test tells users from others, 0 for a coin."""
        return self.sensitivity + self.specificity - 1


def rogan_gladen(positivity: float, accuracy: Accuracy) -> float:
    """Return the share who had used, not yet cut off at 0 and 1.

    Examples
    --------
    >>> round(rogan_gladen(23 / 150, Accuracy(sensitivity=0.96, specificity=0.89)), 3)
    0.051
    """
    return (positivity + accuracy.specificity - 1) / accuracy.youden


def wilson_at(part: float, whole: float, level: float) -> tuple[float, float]:
    """Return Wilson's interval of a share at any level; NaN without a whole.

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson_at(52, 100, 0.95)]
    [0.423, 0.615]
    """
    if not whole:
        return float("nan"), float("nan")
    share, z = part / whole, reach(level)
    centre, below = share + z * z / (2 * whole), 1 + z * z / whole
    half = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    low = 0.0 if part == 0 else max((centre - half) / below, 0.0)
    high = 1.0 if part == whole else min((centre + half) / below, 1.0)
    return low, high


def reach(level: float) -> float:
    """Return how many standard errors a two-sided interval reaches."""
    return float(norm.isf((1 - level) / 2))


def corrected_limits(positive: float, tests: float, accuracy: Accuracy, level: float) -> tuple[float, float]:
    """Return the interval of the share who had used, cut off at 0 and 1.

    Parameters
    ----------
    positive, tests
        Counts.
    accuracy
        Of the test; its validation decides which of the two intervals it is.
    level
        Coverage, such as 0.95.

    Returns
    -------
    tuple of float

    Examples
    --------
    >>> exact = Accuracy(sensitivity=0.96, specificity=0.89)
    >>> [round(limit, 3) for limit in corrected_limits(23, 150, exact, 0.95)]
    [0.0, 0.129]
    >>> judged = Accuracy(sensitivity=0.96, specificity=0.89, sensitivity_n=100, specificity_n=100)
    >>> [round(limit, 3) for limit in corrected_limits(23, 150, judged, 0.95)]
    [0.0, 0.146]
    """
    if not tests:
        return float("nan"), float("nan")
    if accuracy.known:
        low, high = (rogan_gladen(limit, accuracy) for limit in wilson_at(positive, tests, level))
    else:
        low, high = _lang_reiczigel(positive, tests, accuracy, reach(level))
    return min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0)


def _lang_reiczigel(positive: float, tests: float, accuracy: Accuracy, z: float) -> tuple[float, float]:
    n = tests + z * z
    share = (positive + z * z / 2) / n
    sensitivity, spread_of_sensitivity = _shrunk(accuracy.sensitivity, accuracy.sensitivity_n)
    specificity, spread_of_specificity = _shrunk(accuracy.specificity, accuracy.specificity_n)
    youden = sensitivity + specificity - 1
    used = (share + specificity - 1) / youden
    shift = 2 * z * z * (used * spread_of_sensitivity - (1 - used) * spread_of_specificity)
    variance = share * (1 - share) / n + used**2 * spread_of_sensitivity + (1 - used) ** 2 * spread_of_specificity
    half = z * math.sqrt(variance) / youden
    return used + shift - half, used + shift + half


def _shrunk(share: float, n: int | None) -> tuple[float, float]:
    """A share of a validation study with one success and one failure added, and its variance; as it is if known."""
    if n is None:
        return share, 0.0
    shrunk = (n * share + 1) / (n + 2)
    return shrunk, shrunk * (1 - shrunk) / (n + 2)
