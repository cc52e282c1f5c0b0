"""Correction of p-values for having asked several questions.

Holm, S. (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 65-70;
the simultaneous intervals are those of Bonferroni, for Holm's procedure has none of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from dipeval.errors import InputError


def holm(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values corrected so that the chance of one or more false findings stays below the level.

    Parameters
    ----------
    p_values
        One a question, 0-1; missing (NaN) for a question that was not asked, which then does not count.

    Returns
    -------
    numpy.ndarray
        In the order given: the smallest times the number of questions, the next times one fewer and so on, never
        smaller than one before it and never above 1.

    Raises
    ------
    InputError
        If a p-value lies outside 0-1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    values = np.asarray(p_values, dtype=np.float64)
    asked = ~np.isnan(values)
    outside = int(((values[asked] < 0) | (values[asked] > 1)).sum())
    if outside:
        raise InputError(f"{outside} of {len(values)} p-values lie outside 0 to 1; p-values are chances.")
    found = np.full(len(values), np.nan)
    order = np.argsort(values[asked], kind="stable")
    times = np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(values[asked][order] * times), 1.0)
    found[asked] = corrected
    return found


def simultaneous_reach(level: float, n_questions: int) -> float:
    """Return how many standard errors an interval reaches if all of several are to hold at once (Bonferroni).

    Parameters
    ----------
    level
        Coverage, 0-1.
    n_questions
        Intervals that are to hold at once.

    Returns
    -------
    float

    Examples
    --------
    >>> round(simultaneous_reach(0.95, 1), 3), round(simultaneous_reach(0.95, 4), 3)
    (1.96, 2.498)
    """
    return float(norm.isf((1 - level) / (2 * max(n_questions, 1))))
