"""95% intervals of many indicators at once: Wilson for shares, exact Poisson for counts, Fay-Feuer for repeated events.

A unit can have several events (a person several reoffences), and then a count varies more than Poisson's law says.
Fay and Feuer (1997) match a scaled Poisson count to the spread seen: the scale is the variance of the count over its
mean (here squares over events), the exact limits of events / scale are taken, and multiplied by the scale. Where the
scale is 1 the limits are the exact ones of Garwood (1936). The gamma interval of Fay and Feuer corrects its upper limit
by the largest weight; here the scale stands in its place. Squares summed as they are, not about the mean, take the
number of units itself for chance, and give limits on the wide side.

Tests of one person are alike, so that a share of tests varies more than one of as many people. Wilson's interval is
then that of the units over the design effect (Kish 1965), as Korn and Graubard (1998) do it with exact limits; a
design effect below 1 is taken as 1.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy import special, stats

WILSON: Final = "Wilson"
BY_PERSON: Final = "Wilson by person"
EXACT: Final = "exact Poisson"
FAY_FEUER: Final = "Fay-Feuer"
NO_INTERVAL: Final = "none"
_LEVEL: Final = 0.95


def wilson_limits(part: Any, whole: Any, level: float = _LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of shares by Wilson (1927); NaN without a whole.

    Parameters
    ----------
    part, whole
        Numbers, or arrays of the same length.
    level
        Of the interval.

    Examples
    --------
    >>> [float(limit[0].round(4)) for limit in wilson_limits([95], [100])]
    [0.8882, 0.9785]
    """
    x, n = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    n = np.where(n > 0, n, np.nan)
    z = float(stats.norm.ppf((1 + level) / 2))
    p = x / n
    centre = p + z * z / (2 * n)
    half = z * np.sqrt(np.maximum(p * (1 - p), 0) / n + z * z / (4 * n * n))
    below = 1 + z * z / n
    low = np.where(x == 0, 0.0, np.maximum((centre - half) / below, 0.0))
    high = np.where(x == n, 1.0, np.minimum((centre + half) / below, 1.0))
    empty = np.isnan(p)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def poisson_limits(events: Any, squares: Any = None, level: float = _LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of the expected number of events.

    Parameters
    ----------
    events
        Events counted.
    squares
        Sum over units of the squared number of events of a unit; default the events: one a unit at the most.
    level
        Of the interval.

    Examples
    --------
    >>> [float(limit[0].round(3)) for limit in poisson_limits([577])]
    [530.874, 626.061]
    >>> [float(limit[0].round(2)) for limit in poisson_limits([10], [30])]
    [2.3, 27.8]
    """
    x = np.asarray(events, dtype="float64")
    s = x if squares is None else np.asarray(squares, dtype="float64")
    scale = np.where((x > 0) & (s > 0), s / np.where(x > 0, x, 1.0), 1.0)
    effective, tail = x / scale, (1 - level) / 2
    # Quantiles of the gamma distribution: half those of chi-square with twice the shape.
    low = np.where(x > 0, special.gammaincinv(np.where(x > 0, effective, 1.0), tail), 0.0)
    high = special.gammaincinv(effective + 1, 1 - tail)
    known = ~np.isnan(x) & ~np.isnan(s)
    return np.where(known, low * scale, np.nan), np.where(known, high * scale, np.nan)


def indicator_limits(
    kind: Any, numerator: Any, denominator: Any, squares: Any, per: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return estimate, lower and upper limit, and the name of the interval.

    Parameters
    ----------
    kind
        Kind of the indicator (`dipeval.indicators.dictionary.indicator.KINDS`), one a row.
    numerator, denominator, squares, per
        Numbers, one a row. Squares over the denominator of a share are its design effect.

    Returns
    -------
    tuple of numpy.ndarray
        Estimate, lower limit, upper limit (NaN where there is none), and name of the interval.

    Examples
    --------
    >>> [one.tolist() for one in indicator_limits(["quotient"], [510.0], [3000.0], [0.0], [1.0])]
    [[0.17], [nan], [nan], ['none']]
    """
    kinds = np.asarray(kind, dtype=object)
    x, n = np.asarray(numerator, dtype="float64"), np.asarray(denominator, dtype="float64")
    s, times = np.asarray(squares, dtype="float64"), np.asarray(per, dtype="float64")
    whole = np.where(n > 0, n, np.nan)
    estimate = x / whole * times
    share, quotient = kinds == "share", kinds == "quotient"
    effect = np.fmax(np.where(share, s, np.nan) / whole, 1.0)
    low, high = wilson_limits(np.where(share, x, np.nan) / effect, np.where(share, n, np.nan) / effect)
    events_low, events_high = poisson_limits(x, s)
    low = np.where(share, low, events_low / whole) * times
    high = np.where(share, high, events_high / whole) * times
    plain = np.isclose(s, x, rtol=0, atol=1e-9) | np.isnan(x)
    wilson = np.where(effect > 1 + 1e-9, BY_PERSON, WILSON)
    names = np.where(share, wilson, np.where(quotient, NO_INTERVAL, np.where(plain, EXACT, FAY_FEUER)))
    return estimate, np.where(quotient, np.nan, low), np.where(quotient, np.nan, high), names.astype(object)
