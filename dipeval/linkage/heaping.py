"""Default values give themselves away: one exact value holds far more people than its neighbours.

A heaped date of birth counts as missing, for it says nothing about the person and makes every exact date of birth look
less telling than it is. So does a heaped postcode: that of the police station, the treatment service, the prison or the
probation office, filled in where no address was known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import poisson

WINDOW_DAYS = 731
MINIMUM_PEOPLE = 10
TAIL = 1e-9
TIMES_EXPECTED = 3.0
FEWEST_IN_AREA = 20
FULLEST_SHARE = 0.1
# Whole postcodes hold some 15 addresses each and seldom more than 100; sectors differ more among themselves but hold
# many more people, so that 10 times as many as usual is already out of the ordinary there.
TIMES_TYPICAL = {"postcode": 20.0, "sector": 10.0}
FEWEST_OTHERS = {"postcode": 10, "sector": 3}


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


def heaped_areas(people: pd.DataFrame, kind: str = "postcode") -> list[Any]:
    """Return the postcodes, or sectors, that far too many people share.

    An area is heaped if it holds at least 20 people and many times (postcodes 20, sectors 10) what is typical. Typical
    is the mean of the other areas of the same outward code that anybody has, without the fullest tenth of them (so that
    a second default address does not hide the first), or the median area of the file if that is more. Where fewer than
    10 other postcodes (3 other sectors) are left to compare with, nothing is called heaped. The rule is there to spare
    towns and tower blocks: blanking a true address loses evidence about people who gave one. A large hostel may be
    caught; it says as little about who somebody is.

    Parameters
    ----------
    people
        area and outward (texts, or numbers that stand for them), one row a person; rows with a missing value are
        passed over.
    kind
        ``"postcode"`` or ``"sector"``.

    Returns
    -------
    list
        Values of ``area``, sorted.

    Examples
    --------
    >>> homes = [f"LS1 4{a}{b}" for a in "ABDE" for b in "FGHJ"]
    >>> people = pd.DataFrame({"area": homes * 2 + ["LS1 3XX"] * 50, "outward": "LS1"})
    >>> heaped_areas(people)
    ['LS1 3XX']
    """
    counts = people.dropna().groupby(["outward", "area"], sort=True).size().rename("people").reset_index()
    if counts.empty or counts["people"].max() < FEWEST_IN_AREA:
        return []
    counts = counts.sort_values(["outward", "people", "area"], ascending=[True, False, True], ignore_index=True)
    within = counts.groupby("outward", sort=False)["people"]
    fullest = np.ceil(within.transform("size") * FULLEST_SHARE)
    others = counts[within.cumcount() >= fullest].groupby("outward")["people"].agg(["mean", "size"])
    usual = counts["outward"].map(others["mean"]).fillna(0).clip(lower=float(counts["people"].median()))
    enough = counts["outward"].map(others["size"]).fillna(0) >= FEWEST_OTHERS[kind]
    least = (usual * TIMES_TYPICAL[kind]).clip(lower=FEWEST_IN_AREA)
    return sorted(counts.loc[enough & (counts["people"] >= least), "area"])
