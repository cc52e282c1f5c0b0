"""Exact limits of a funnel: binomial and Poisson quantiles, plain and interpolated.

Counts need not be whole here: standardised figures are brought to the scale of a count ("effective" events out of
"effective" units) before they are compared. A missing number of trials stands for the Poisson distribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

Numbers = np.ndarray[Any, np.dtype[np.float64]]


def count_cdf(count: Any, mean: Any, trials: Any) -> Numbers:
    """Return the chance of so many events or fewer.

    Parameters
    ----------
    count
        Events; below 0 the chance is 0.
    mean
        Expected events.
    trials
        Units that can each have one event (binomial); missing for events without such a ceiling (Poisson).

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> [round(float(chance), 4) for chance in count_cdf([2, 2], [3.0, 3.0], [10, float("nan")])]
    [0.3828, 0.4232]
    """
    count, mean, trials = np.broadcast_arrays(*(np.asarray(one, dtype="float64") for one in (count, mean, trials)))
    counts_units = np.isfinite(trials)
    safe = np.maximum(count, 0.0)
    units = np.where(counts_units, trials, 1.0)
    left = np.maximum(units - safe, 1e-300)
    share = np.clip(np.where(counts_units, mean, 0.0) / units, 0.0, 1.0)
    chance = np.where(
        counts_units,
        np.where(safe >= units, 1.0, special.betainc(left, safe + 1.0, 1.0 - share)),
        special.gammaincc(safe + 1.0, mean),
    )
    return np.where(count < 0, 0.0, chance)


def exact_quantile(probability: float, mean: Any, trials: Any) -> Numbers:
    """Return the smallest whole number of events that so large a share of chance does not exceed.

    Examples
    --------
    >>> exact_quantile(0.975, [3.0, 3.0], [10, float("nan")]).tolist()
    [6.0, 7.0]
    """
    mean, trials = np.broadcast_arrays(np.asarray(mean, dtype="float64"), np.asarray(trials, dtype="float64"))
    # Chance at `low` is below what is asked for, at `high` it is not: halved until they are neighbours.
    low = np.full(mean.shape, -1.0)
    high = np.ceil(np.where(np.isfinite(trials), trials, mean + 40.0 * np.sqrt(mean) + 100.0))
    while (high - low > 1).any():
        middle = np.where(high - low > 1, np.floor((low + high) / 2), high)
        enough = count_cdf(middle, mean, trials) >= probability
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle)
    return np.asarray(high, dtype="float64")


def interpolated_quantile(probability: float, mean: Any, trials: Any) -> Numbers:
    """Return the exact quantile r moved back by (F(r) - p) / (F(r) - F(r - 1)), so that limits run smoothly.

    Notes
    -----
    Spiegelhalter (2005), appendix: a line between the chances of r - 1 and of r events. Where no event at all is more
    likely than `probability`, the limit is below zero: there is no lower limit.

    Examples
    --------
    >>> [round(float(limit), 3) for limit in interpolated_quantile(0.975, [3.0, 3.0], [10, float("nan")])]
    [5.608, 6.394]
    """
    whole = exact_quantile(probability, mean, trials)
    at, before = count_cdf(whole, mean, trials), count_cdf(whole - 1.0, mean, trials)
    return np.asarray(whole - (at - probability) / (at - before), dtype="float64")


def mid_p_score(count: Any, mean: Any, trials: Any) -> Numbers:
    """Return the normal score of a count by its mid-p: half of the chance of exactly so many lies on either side.

    Examples
    --------
    >>> [round(float(score), 3) for score in mid_p_score([3, 9], [3.0, 3.0], [10, float("nan")])]
    [0.041, 2.813]
    """
    at, before = count_cdf(count, mean, trials), count_cdf(np.asarray(count, dtype="float64") - 1.0, mean, trials)
    # From the nearer tail, or far counts would all be at the same place; the furthest that is told is 37 errors away.
    middle = np.clip((at + before) / 2.0, 1e-300, 1.0)
    above = np.clip(1.0 - middle, 1e-16, 1.0)
    return np.where(middle < 0.5, stats.norm.ppf(middle), -stats.norm.ppf(above))
