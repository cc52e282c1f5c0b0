"""The trend of a share over periods: logistic regression on time in years, with errors widened by the dispersion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm, t

from dipeval.errors import InvariantError

Array = NDArray[np.float64]
# With fewer degrees of freedom a dispersion is hardly known, and the binomial one is used and told.
LEAST_FREE: Final = 4
_MOST_STEPS: Final = 100
_CLOSE: Final = 1e-9
TOLD, ONE_PERIOD, ALL_ALIKE, PARTED = "ok", "one period", "all alike", "parted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Difference in log odds a year.

    Parameters
    ----------
    status
        ``ok``; or why there is none: ``one period``; ``all alike`` (all positive or none); ``parted`` (all positive
        tests lie before all negative ones, or after them: any slope however steep would fit).
    estimate, std_error, conf_low, conf_high, p_value
        Of the difference in log odds a year; NaN if there is none.
    dispersion
        Pearson's chi-square over its degrees of freedom; NaN where it was not used.
    first, last
        Share that the line gives in the first and in the last period with tests.
    """

    status: str
    estimate: float = float("nan")
    std_error: float = float("nan")
    conf_low: float = float("nan")
    conf_high: float = float("nan")
    p_value: float = float("nan")
    dispersion: float = float("nan")
    first: float = float("nan")
    last: float = float("nan")


def trend(cells: pd.DataFrame, *, within_districts: bool) -> Trend:
    """Fit the trend.

    Parameters
    ----------
    cells
        years (from the first period), district, tests, positive: a row a period, or a period and district.
    within_districts
        Whether each district has a level of its own.

    Returns
    -------
    Trend

    Examples
    --------
    >>> cells = pd.DataFrame({"years": [0.0, 1.0], "district": "all", "tests": [100, 100], "positive": [50, 60]})
    >>> round(trend(cells, within_districts=False).estimate, 4)  # log(60 / 40) - log(50 / 50)
    0.4055
    """
    keys = ["years", "district"] if within_districts else ["years"]
    used = cells[cells["tests"] > 0].groupby(keys, as_index=False)[["tests", "positive"]].sum()
    if not within_districts:
        used = used.assign(district="all")
    # A district where all or none were positive says nothing of the slope, and would have a level without end.
    sums = used.groupby("district")[["tests", "positive"]].transform("sum")
    used = used[(sums["positive"] > 0) & (sums["positive"] < sums["tests"])]
    if used.empty:
        return Trend(status=ALL_ALIKE)
    if used.groupby("district")["years"].nunique().max() < 2:
        return Trend(status=ONE_PERIOD)
    if _parted(used):
        return Trend(status=PARTED)
    return _fitted(used.sort_values(["district", "years"], ignore_index=True))


def _parted(used: pd.DataFrame) -> bool:
    """Whether in every district all positive tests lie on one side of all negative ones, the same side in each."""
    yes = used[used["positive"] > 0].groupby("district")["years"].agg(["min", "max"])
    no = used[used["positive"] < used["tests"]].groupby("district")["years"].agg(["min", "max"])
    return bool((yes["min"] >= no["max"]).all() or (yes["max"] <= no["min"]).all())


def _fitted(used: pd.DataFrame) -> Trend:
    levels = pd.get_dummies(used["district"], dtype=float).to_numpy()
    design = np.column_stack([used["years"].to_numpy("float64"), levels])
    tests, positive = used["tests"].to_numpy("float64"), used["positive"].to_numpy("float64")
    params, spread = _climbed(design, positive, tests)
    fitted = expit(design @ params)
    chi_square = float(((positive - tests * fitted) ** 2 / (tests * fitted * (1 - fitted))).sum())
    free = len(used) - design.shape[1]
    enough = free >= LEAST_FREE
    dispersion = chi_square / free if enough else float("nan")
    slope, error = float(params[0]), spread * (max(dispersion, 1.0) ** 0.5 if enough else 1.0)
    reach = float(t.isf(0.025, free) if enough else norm.isf(0.025))
    beyond = abs(slope) / error
    chance = float(2 * (t.sf(beyond, free) if enough else norm.sf(beyond)))
    first, last = _ends(used, levels, params)
    return Trend(
        status=TOLD,
        estimate=slope,
        std_error=error,
        conf_low=slope - reach * error,
        conf_high=slope + reach * error,
        p_value=chance,
        dispersion=dispersion,
        first=first,
        last=last,
    )


def _climbed(design: Array, positive: Array, tests: Array) -> tuple[Array, float]:
    """Maximum likelihood by Newton's steps, and the binomial standard error of the first coefficient."""
    params = np.zeros(design.shape[1])
    for _ in range(_MOST_STEPS):
        fitted = expit(design @ params)
        information = design.T @ (design * (tests * fitted * (1 - fitted))[:, None])
        step = np.linalg.solve(information, design.T @ (positive - tests * fitted))
        params = params + step
        if np.abs(step).max() < _CLOSE:
            break
    else:
        raise InvariantError("The trend of a share did not settle although there is one.")
    return params, float(np.sqrt(np.linalg.inv(information)[0, 0]))


def _ends(used: pd.DataFrame, levels: Array, params: Array) -> tuple[float, float]:
    """The line at both ends, for the districts in the mix of all their tests."""
    weights, base = used["tests"].to_numpy("float64"), levels @ params[1:]
    ends = (float(used["years"].min()), float(used["years"].max()))
    first, last = (float(np.average(expit(base + params[0] * year), weights=weights)) for year in ends)
    return first, last
