"""From counts of people by year, substance and age to shares of age groups, medians and trends."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom, t

from dipeval.indicators.ages.structure_result import ANY, COLUMNS, MEDIAN_COLUMNS, SUBSTANCES
from dipeval.indicators.measuring.frames import AGE_GROUPS
from dipeval.indicators.shares import limits, ratio

# First completed year of each group.
_FROM_AGE: Final = (0, 18, 25, 35, 45)
# With fewer people the error of a trend is hardly known.
LEAST_PEOPLE: Final = 10


class Line(NamedTuple):
    """A straight line through ages over years."""

    slope: float
    mean_year: float
    mean_age: float
    squares: float
    n: int


def band_rows(
    ages: pd.DataFrame, substances: Sequence[str], every: str, first: dt.date | None, last: dt.date
) -> pd.DataFrame:
    """Return a row a year, substance and age group.

    Parameters
    ----------
    ages
        year, substance, age (missing where not known), n.
    substances
        Which, in order.
    every, first, last
        What a year is, and the days counted.
    """
    rows = []
    for year, name, own in _cells(ages, substances):
        known = own[own["age"].notna()]
        group = np.searchsorted(_FROM_AGE, known["age"].to_numpy(dtype="int64"), side="right") - 1
        counts = np.bincount(group, weights=known["n"].to_numpy(dtype="float64"), minlength=len(AGE_GROUPS))
        whole = int(counts.sum())
        for place, band in enumerate(AGE_GROUPS):
            n = int(counts[place])
            low, high = limits(n, whole)
            rows.append(
                {**_year(year, every, first, last), "substance": name, "label": SUBSTANCES[name], "age_group": band,
                 "n": n, "n_people": whole, "share": ratio(n, whole), "conf_low": low, "conf_high": high}
            )  # fmt: skip
    return _dated(pd.DataFrame(rows, columns=list(COLUMNS)))


def median_rows(
    ages: pd.DataFrame, substances: Sequence[str], every: str, first: dt.date | None, last: dt.date
) -> pd.DataFrame:
    """Return a row a year and substance: the median age with its interval. Parameters as for `band_rows`."""
    rows = []
    for year, name, own in _cells(ages, substances):
        known = own[own["age"].notna()].groupby("age")["n"].sum().sort_index()
        values, counts = known.index.to_numpy(dtype="float64"), known.to_numpy(dtype="int64")
        middle, low, high, rank = median_of(values, counts)
        rows.append(
            {**_year(year, every, first, last), "substance": name, "label": SUBSTANCES[name],
             "n_people": int(counts.sum()), "n_no_age": int(own.loc[own["age"].isna(), "n"].sum()),
             "median_age": middle, "conf_low": low, "conf_high": high, "rank": rank}
        )  # fmt: skip
    return _dated(pd.DataFrame(rows, columns=list(MEDIAN_COLUMNS)))


def median_of(values: Any, counts: Any) -> tuple[float, float, float, int]:
    """Return the median, its 95% interval by order statistics, and the rank of the lower limit (0: no interval).

    Parameters
    ----------
    values
        Rising.
    counts
        How many people have each.

    Examples
    --------
    >>> median_of(np.arange(1.0, 11.0), np.ones(10, dtype=int))
    (5.5, 2.0, 9.0, 2)
    """
    n = int(counts.sum())
    if not n:
        return math.nan, math.nan, math.nan, 0
    reached = np.cumsum(counts)

    def at(rank: int) -> float:
        return float(values[np.searchsorted(reached, rank)])

    middle = (at((n + 1) // 2) + at(n // 2 + 1)) / 2
    # Fewer than this many below the median happen in at most 2.5% of samples.
    rank = int(binom.ppf(0.025, n, 0.5))
    if rank < 1:
        return middle, math.nan, math.nan, 0
    return middle, at(rank), at(n - rank + 1), rank


def slope(ages: pd.DataFrame, name: str) -> Line | None:
    """Return the line of age on year through everybody of a substance; None with fewer than two years."""
    own = _of(ages[ages["age"].notna()], name)
    if own["year"].nunique() < 2:
        return None
    year, age, n = (own[column].to_numpy(dtype="float64") for column in ("year", "age", "n"))
    people = n.sum()
    mean_year, mean_age = float((n * year).sum() / people), float((n * age).sum() / people)
    squares = float((n * (year - mean_year) ** 2).sum())
    found = float((n * (year - mean_year) * (age - mean_age)).sum() / squares)
    return Line(slope=found, mean_year=mean_year, mean_age=mean_age, squares=squares, n=int(people))


def trend_row(ages: pd.DataFrame, name: str, scores: float, people: int) -> dict[str, Any]:
    """Return the trend of a substance in years of age a year.

    Parameters
    ----------
    ages
        year, substance, age, n.
    name
        Of the substance.
    scores
        Sum over people of their squared score of the slope.
    people
        Different people.
    """
    line = slope(ages, name)
    row = {"substance": name, "label": SUBSTANCES[name], "n_people": people, "n_person_years": line.n if line else 0,
           "estimate": math.nan, "conf_low": math.nan, "conf_high": math.nan}  # fmt: skip
    if line is None:
        return row | {"direction": "not told", "status": "fewer than two years"}
    if people < LEAST_PEOPLE:
        return row | {"direction": "not told", "status": f"fewer than {LEAST_PEOPLE} people"}
    error = math.sqrt(scores * people / (people - 1)) / line.squares
    reach = float(t.isf(0.025, people - 1)) * error
    low, high = line.slope - reach, line.slope + reach
    direction = "older" if low > 0 else "younger" if high < 0 else "not settled"
    figures = {"estimate": round(line.slope, 9), "conf_low": round(low, 9), "conf_high": round(high, 9)}
    return row | figures | {"direction": direction, "status": "ok"}


def year_name(year: int, every: str) -> str:
    """Return a year as it is written.

    Examples
    --------
    >>> year_name(2013, "year"), year_name(1999, "financial_year")
    ('2013', '1999-00')
    """
    return str(year) if every == "year" else f"{year}-{(year + 1) % 100:02d}"


def _cells(ages: pd.DataFrame, substances: Sequence[str]) -> list[tuple[int, str, pd.DataFrame]]:
    """Every year between the first and the last, for every substance."""
    years = range(int(ages["year"].min()), int(ages["year"].max()) + 1)
    of = {name: _of(ages, name) for name in substances}
    return [(year, name, of[name][of[name]["year"] == year]) for name in substances for year in years]


def _of(ages: pd.DataFrame, name: str) -> pd.DataFrame:
    return ages if name == ANY else ages[ages["substance"] == name]


def _year(year: int, every: str, first: dt.date | None, last: dt.date) -> dict[str, Any]:
    month = 1 if every == "year" else 4
    start, end = dt.date(year, month, 1), dt.date(year + 1, month, 1) - dt.timedelta(days=1)
    whole = (first is None or first <= start) and end <= last
    return {"year": year_name(year, every), "year_from": start, "year_to": end, "whole_year": whole}


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    days = {name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in ("year_from", "year_to")}
    return frame.assign(**days)
