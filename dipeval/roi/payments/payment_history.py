"""What is expected without the programme, and how much people differ, from the outcomes of earlier people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import optimize, stats

from dipeval.errors import InputError

COLUMNS: Final = {"yes_no": "reoffended", "count": "n_reoffences"}
FEWEST: Final = 30
Array = np.ndarray[Any, np.dtype[np.float64]]

_Z: Final = float(stats.norm.ppf(0.975))
_LEAST: Final = 1e-6
_MOST: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What earlier people show.

    Parameters
    ----------
    people
        How many, with a weight above 0.
    effective
        How many unweighted people would tell as much.
    mean, low, high
        Share or mean number of reoffences, with its 95% interval.
    dispersion
        Of the negative binomial: the variance is mean + dispersion x mean squared; 0 for a share.
    """

    people: int
    effective: float
    mean: float
    low: float
    high: float
    dispersion: float


def read_history(history: Any, kind: str, column: str | None = None, weights: str | None = None) -> History:
    """Return what the outcomes of earlier people come to.

    Parameters
    ----------
    history
        One row a person.
    kind
        ``yes_no`` or ``count``.
    column
        Column with the outcome; default ``reoffended`` or ``n_reoffences``.
    weights
        Column with the weight of each person, such as a design's; those of weight 0 are left out.

    Returns
    -------
    History

    Raises
    ------
    InputError
        If it is no frame, the column is not there, a value is missing or impossible, or there are fewer than 30
        people.

    Notes
    -----
    Dispersion by maximum likelihood, weighted (0 where the variance does not exceed the mean). Intervals: Wilson's for
    a share, the negative binomial's own standard error for a mean; of weighted people by Kish's effective number.

    Examples
    --------
    >>> found = read_history(pd.DataFrame({"n_reoffences": [0, 0, 0, 1, 2, 7] * 20}), "count")
    >>> round(found.mean, 3), round(found.dispersion, 2)
    (1.667, 2.21)
    """
    values, weight = _values(history, kind, column or COLUMNS[kind], weights)
    numbers = {int(value): math.fsum(weight[values == value]) for value in np.unique(values)}
    people, whole = len(values), math.fsum(weight)
    effective = whole**2 / math.fsum(weight**2)
    mean = math.fsum(value * n for value, n in numbers.items()) / whole
    if mean == 0 or (kind == "yes_no" and mean == 1):
        whose = "none" if mean == 0 else "all"
        raise InputError(f"Of the {people} people of the history {whose} reoffended; that is no baseline to pay by.")
    if kind == "yes_no":
        low, high = _wilson(mean, effective)
        return History(people=people, effective=effective, mean=mean, low=low, high=high, dispersion=0.0)
    dispersion = dispersion_of(numbers)
    error = math.sqrt((mean + dispersion * mean**2) / effective)
    # In proportion rather than by addition, so that the low end stays above 0.
    factor = math.exp(_Z * error / mean)
    return History(
        people=people,
        effective=effective,
        mean=mean,
        low=mean / factor,
        high=mean * factor,
        dispersion=dispersion,
    )


def dispersion_of(numbers: Mapping[int, float]) -> float:
    """Return the dispersion of a negative binomial by maximum likelihood.

    Parameters
    ----------
    numbers
        People, or the sum of their weights, by number of reoffences.

    Returns
    -------
    float
        0 where the numbers vary no more than chance alone would have it.

    Notes
    -----
    The mean is the sample mean; the dispersion a solves sum over j of N(more than j) a / (1 + a j) = N log(1 + a mean).

    Examples
    --------
    >>> dispersion_of({1: 10, 2: 10})
    0.0
    """
    people = math.fsum(numbers.values())
    mean = math.fsum(value * n for value, n in numbers.items()) / people
    squares = math.fsum(n * (value - mean) ** 2 for value, n in numbers.items()) / people
    if squares <= mean:
        return 0.0
    most = max(numbers)
    by_number = np.zeros(most + 1)
    by_number[list(numbers)] = list(numbers.values())
    more = people - np.cumsum(by_number)[:-1]
    place = np.arange(most)

    def score(a: float) -> float:
        return float(np.sum(more * a / (1 + a * place))) - people * math.log1p(a * mean)

    if score(_LEAST) >= 0:
        return 0.0
    return float(optimize.brentq(score, _LEAST, _MOST, xtol=1e-12, rtol=1e-12))


def _values(history: Any, kind: str, column: str, weights: str | None) -> tuple[Array, Array]:
    if not isinstance(history, pd.DataFrame):
        raise InputError(f"history is a DataFrame with a row a person and the column {column}.")
    if column not in history.columns:
        raise InputError(f"The history has no column {column}; name the column of the outcome with column=.")
    weight = _weights(history, weights)
    history, weight = history.loc[weight > 0], weight[weight > 0]
    if len(history) < FEWEST:
        raise InputError(
            f"The history holds {len(history)} people; with fewer than {FEWEST} neither a baseline nor how much people "
            "differ can be told."
        )
    values = pd.to_numeric(history[column], errors="coerce").to_numpy(dtype=np.float64, na_value=math.nan)
    most = 1.0 if kind == "yes_no" else math.inf
    wrong = int((~(np.isfinite(values) & (values >= 0) & (values <= most) & (values == np.floor(values)))).sum())
    if wrong:
        need = "0 or 1" if kind == "yes_no" else "whole numbers from 0 on"
        raise InputError(f"{column} is missing or impossible for {wrong} of {len(values)} people; needed are {need}.")
    return values, weight


def _weights(history: pd.DataFrame, column: str | None) -> Array:
    if column is None:
        return np.ones(len(history))
    if column not in history.columns:
        raise InputError(f"The history has no column {column}, which is to hold the weights.")
    weight = pd.to_numeric(history[column], errors="coerce").to_numpy(dtype=np.float64, na_value=math.nan)
    wrong = int((~(np.isfinite(weight) & (weight >= 0))).sum())
    if wrong:
        raise InputError(f"{column} is missing or below 0 for {wrong} of {len(weight)} people; weights are 0 or more.")
    return weight


def _wilson(share: float, people: float) -> tuple[float, float]:
    middle = (share + _Z**2 / (2 * people)) / (1 + _Z**2 / people)
    half = _Z / (1 + _Z**2 / people) * math.sqrt(share * (1 - share) / people + _Z**2 / (4 * people**2))
    return middle - half, middle + half
