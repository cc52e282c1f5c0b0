"""What chance alone gives: the same number of events on average, with everybody at the same risk (or at their own).

Numbers of events are then Poisson. Where only people with at least one event are on record, they are Poisson with the
nobodies taken out, at the rate that gives the mean seen.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import poisson

Array = NDArray[np.float64]


def chance_counts(means: Array, *, at_least_one: bool, draws: int, seed: int) -> Array:
    """Return events a person by chance: (draws, people).

    Parameters
    ----------
    means
        Of each person; all the same where nobody's own is known.
    at_least_one
        Whether people without an event could not have been on record; then all means must be the same.
    draws, seed
        How many, and what draws them.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> found = chance_counts(np.full(4, 2.0), at_least_one=True, draws=3, seed=0)
    >>> found.shape, bool((found >= 1).all())
    ((3, 4), True)
    """
    random = np.random.default_rng(seed)
    if not at_least_one:
        return random.poisson(means, size=(draws, len(means))).astype(np.float64)
    rate = rate_without_nobodies(float(means.mean()))
    if rate == 0:
        return np.ones((draws, len(means)))
    least = math.exp(-rate)
    drawn = poisson.ppf(least + random.random((draws, len(means))) * (1 - least), rate)
    return np.maximum(np.asarray(drawn, dtype=np.float64), 1.0)


def rate_without_nobodies(mean: float) -> float:
    """Return the rate of a Poisson number whose mean is `mean` once its zeros are taken out; 0 for a mean of 1.

    Examples
    --------
    >>> round(rate_without_nobodies(2.0), 4)
    1.5936
    """
    if mean <= 1 + 1e-9:
        return 0.0
    return float(brentq(lambda rate: rate / -math.expm1(-rate) - mean, 1e-9, mean))
