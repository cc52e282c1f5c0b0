"""Pointwise limits of a share or a count on the scale asked for, and the normal limits of a difference.

Sources: Kalbfleisch and Prentice (2002), *The Statistical Analysis of Failure Time Data*, Wiley (log-log and log);
Borgan and Liestol (1990), *Scandinavian Journal of Statistics* 17, 35-41 (how the scales compare).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats
from dipeval.survival.options import is_number, one_of

UNITS = ("days", "weeks", "months", "years")
LIMITS = {"log_log": "log-log", "log": "log", "plain": "plain"}


def check_level(level: float) -> None:
    """Refuse a coverage that is not between 0 and 1."""
    if not (is_number(level) and 0 < level < 1):
        raise EstimationError("`level` is the coverage of the limits, between 0 and 1: 0.95, for example.")


def check_unit(time_unit: str) -> None:
    """Refuse a unit of time that pictures and sentences do not know."""
    one_of("time_unit", time_unit, UNITS)


def check_limits(limits: str) -> None:
    """Refuse a scale that is not known."""
    one_of("limits", limits, tuple(LIMITS))


def share_limits(share: Floats, error: Floats, level: float, limits: str = "log_log") -> tuple[Floats, Floats]:
    """Return limits of shares, kept within 0 and 1.

    Before the first event they are the estimate itself; where the error is undefined so are they.
    """
    low, high = share.copy(), share.copy()
    low[np.isnan(error)] = high[np.isnan(error)] = np.nan
    inside = (share > 0) & (share < 1) & ~np.isnan(error)
    s, reach = share[inside], ndtri(0.5 + level / 2) * error[inside]
    if limits == "log_log":
        width = reach / (s * -np.log(s))
        low[inside], high[inside] = s ** np.exp(width), s ** np.exp(-width)
    elif limits == "log":
        low[inside], high[inside] = s * np.exp(-reach / s), np.minimum(s * np.exp(reach / s), 1.0)
    else:
        low[inside], high[inside] = np.maximum(s - reach, 0.0), np.minimum(s + reach, 1.0)
    return low, high


def count_limits(count: Floats, error: Floats, level: float) -> tuple[Floats, Floats]:
    """Return limits of mean numbers on the log scale, so that none is below 0; 0 while nothing has happened."""
    low, high = count.copy(), count.copy()
    low[np.isnan(error)] = high[np.isnan(error)] = np.nan
    inside = (count > 0) & ~np.isnan(error)
    width = ndtri(0.5 + level / 2) * error[inside] / count[inside]
    low[inside], high[inside] = count[inside] * np.exp(-width), count[inside] * np.exp(width)
    return low, high


def normal_limits(estimate: float, error: float, level: float) -> tuple[float, float, float]:
    """Return the limits of a difference and the p-value of none; NaN where there is no error."""
    if not error > 0:
        return float("nan"), float("nan"), float("nan")
    reach = float(ndtri(0.5 + level / 2)) * error
    return estimate - reach, estimate + reach, float(2 * ndtr(-abs(estimate / error)))
