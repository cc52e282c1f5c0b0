"""Over-dispersion: do the areas differ by more than chance, and by how much.

Spiegelhalter (2005), Statistics in Medicine 24:1185. The mean square of the z-scores, with the outermost tenth at each
end pulled in, so that a few areas that truly differ do not widen the limits for all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from scipy import optimize, special, stats

WINSORISED: Final = 0.1
# Below this the factor is told with its interval, but limits are not moved unless that is asked for.
FEW_AREAS: Final = 10
METHODS: Final = ("auto", "none", "multiplicative", "additive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispersion:
    """How far the areas spread, in multiples of what chance would do.

    Parameters
    ----------
    factor
        Mean square of the winsorised z-scores over what chance gives: 1 where there is chance alone; missing with fewer
        than two areas.
    conf_low, conf_high
        Rough 95% interval of the factor, from the chi-squared distribution of the scores (all of them).
    between
        Standard deviation between areas beyond chance, in units of the value.
    p_value
        Chance of a spread at least as large without any difference between the areas (chi-squared).
    """

    factor: float
    conf_low: float
    conf_high: float
    between: float
    p_value: float


def winsorised(z: Any, share: float = WINSORISED) -> np.ndarray:
    """Return the scores with the outermost share at each end set to the next score further in.

    Examples
    --------
    >>> winsorised([5.0, -4.0, 0.0, 1.0, -1.0, 0.5, 0.2, -0.2, 0.1, -0.1]).tolist()
    [1.0, -1.0, 0.0, 1.0, -1.0, 0.5, 0.2, -0.2, 0.1, -0.1]
    """
    z = np.asarray(z, dtype="float64")
    pulled = math.floor(share * len(z) + 1e-9)
    if not pulled:
        return z
    ordered = np.sort(z)
    return np.clip(z, ordered[pulled], ordered[-pulled - 1])


@cache
def left_by_winsorising(n: int, share: float = WINSORISED) -> float:
    """Return the expected mean square of n winsorised standard normal scores: 1 if none is pulled in.

    Examples
    --------
    >>> left_by_winsorising(5), round(left_by_winsorising(43), 3)
    (1.0, 0.704)
    """
    pulled = math.floor(share * n + 1e-9)
    if not pulled:
        return 1.0
    z = np.linspace(-9, 9, 4001)
    below, density = np.clip(stats.norm.cdf(z), 1e-300, 1.0), stats.norm.pdf(z)
    above = np.clip(stats.norm.sf(z), 1e-300, 1.0)
    places = np.clip(np.arange(1, n + 1), pulled + 1, n - pulled)
    distinct, times = np.unique(places, return_counts=True)
    log_part = special.gammaln(n + 1) - special.gammaln(distinct) - special.gammaln(n - distinct + 1)
    curves = np.exp(
        log_part[:, None] + (distinct - 1)[:, None] * np.log(below) + (n - distinct)[:, None] * np.log(above)
    )
    squares = (curves * density * z**2).sum(axis=1) * (z[1] - z[0])
    return float((squares * times).sum() / n)


def dispersion(z: Any, error: Any, *, centre_given: bool) -> Dispersion:
    """Return how far areas spread, from their scores and the standard errors of their values.

    Parameters
    ----------
    z
        Value less centre, over its standard error at the centre.
    error
        The standard errors.
    centre_given
        Whether the centre was given from outside; otherwise it used up one degree of freedom.

    Returns
    -------
    Dispersion

    Notes
    -----
    Two departures from the paper's formula, each of which leaves the factor at 1 on average where there is chance
    alone. Pulling in the outer scores takes off nearly a third of the mean square of normal ones (`left_by_winsorising`
    puts it back), and a centre taken from the areas themselves leaves one degree of freedom fewer. The spread between
    areas is the one that leaves a factor of 1 (Paule and Mandel 1982, with winsorised scores): the paper's moment
    estimate of it would be too small here, as large areas have the outermost scores, which are pulled in.

    Examples
    --------
    >>> round(dispersion([2.0, -2.0, 0.0], [0.1, 0.1, 0.1], centre_given=False).factor, 3)
    4.0
    """
    z, error = np.asarray(z, dtype="float64"), np.asarray(error, dtype="float64")
    free = len(z) if centre_given else len(z) - 1
    if free < 1:
        return Dispersion(factor=math.nan, conf_low=math.nan, conf_high=math.nan, between=math.nan, p_value=math.nan)
    total = float((winsorised(z) ** 2).sum()) / left_by_winsorising(len(z))
    plain = float((z**2).sum())
    return Dispersion(
        factor=total / free,
        conf_low=plain / float(stats.chi2.ppf(0.975, free)),
        conf_high=plain / float(stats.chi2.ppf(0.025, free)),
        between=_between(z, error, free),
        p_value=float(stats.chi2.sf(plain, free)),
    )


def _between(z: np.ndarray, error: np.ndarray, free: int) -> float:
    """The spread that brings the mean square of the winsorised scores down to what chance gives; 0 if none need be."""

    def beyond(between: float) -> float:
        scores = winsorised(z / np.sqrt(1 + (between / error) ** 2))
        return float((scores**2).sum()) / left_by_winsorising(len(z)) - free

    if beyond(0.0) <= 0:
        return 0.0
    most = float(np.abs(z * error).max()) * 10
    return float(optimize.brentq(beyond, 0.0, most, xtol=1e-12 * most, rtol=1e-12))
