"""Default dates of birth give themselves away: one exact date holds far more people than its neighbours.

A heaped date counts as missing, for it says nothing about the person and makes every exact date of birth look less
telling than it is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import poisson

WINDOW_DAYS = 731
MINIMUM_PEOPLE = 10
TAIL = 1e-9
TIMES_EXPECTED = 3.0


def heaped_dates(birth_dates: pd.Series) -> list[str]:
    """Return the dates of birth that far too many people share.

    A date is heaped if it holds at least 10 people, at least 3 times the number expected from the two years either
    side of it, and so many that chance would give as many less than once in a thousand million (Poisson).

    Parameters
    ----------
    birth_dates
        ISO text, one value a person; missing values are passed over.

    Returns
    -------
    list of str
        Sorted ISO dates.

    Examples
    --------
    >>> spread = pd.date_range("1970-01-01", periods=400, freq="17D").strftime("%Y-%m-%d").tolist()
    >>> heaped_dates(pd.Series(spread + ["1980-01-01"] * 40))
    ['1980-01-01']
    """
    counts = birth_dates.dropna().value_counts().sort_index()
    if counts.empty or counts.max() < MINIMUM_PEOPLE:
        return []
    days = pd.to_datetime(pd.Index(counts.index)).to_numpy(dtype="datetime64[D]").astype("int64")
    people = counts.to_numpy(dtype="int64")
    running = np.concatenate([[0], np.cumsum(people)])
    low = np.searchsorted(days, days - WINDOW_DAYS, side="left")
    high = np.searchsorted(days, days + WINDOW_DAYS, side="right")
    neighbours = running[high] - running[low] - people
    expected = neighbours / (2 * WINDOW_DAYS)
    rare = poisson.sf(people - 1, np.maximum(expected, 1e-12)) < TAIL
    heaped = (people >= MINIMUM_PEOPLE) & (people >= TIMES_EXPECTED * expected) & rare
    return [str(day) for day in counts.index[heaped]]
