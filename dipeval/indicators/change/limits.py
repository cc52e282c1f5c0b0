"""Centre and limits of a control chart: three-sigma, exact where few are counted, Laney's where over-dispersed.

Shewhart charts as in Montgomery, *Introduction to Statistical Quality Control*; p' and u' charts by Laney (2002),
*Improved control charts for attributes*, Quality Engineering 14(4). Numbers are in the raw scale: per 1 unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy import stats

Array = np.ndarray
PLAIN: Final = {"p_prime": "p", "u_prime": "u"}
# Expected size of the mean moving range of two normal values, in standard deviations.
D2: Final = 2.0 / np.sqrt(np.pi)
# Below this expected count the limits are quantiles of the binomial or Poisson law.
FEW: Final = 10.0
LEAST_FOR_LIMITS: Final = 12
LEAST_FOR_RUNS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """What is drawn for one phase, a number a period.

    Parameters
    ----------
    kind
        ``limits``, ``median`` (a run chart) or ``points`` (nothing but the points).
    centre, lower, upper, lower_2, upper_2
        Lines; missing where there are none.
    sigma_z
        Laney's factor; 1 where it is not used.
    n_exact
        Periods with limits from the exact law.
    lopsided
        Share of steady points that lie on the fuller side of the centre: a half, but more where few are counted.
    """

    kind: str
    centre: Array
    lower: Array
    upper: Array
    lower_2: Array
    upper_2: Array
    sigma_z: float = 1.0
    n_exact: int = 0
    lopsided: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """The points of one phase.

    Parameters
    ----------
    numerator, denominator
        Counts and units; missing where a period is not told.
    factor
        Seasonal factor of the centre.
    base
        Points that set the centre and limits: told, and in the baseline.
    scale
        Events a unit that has any: variance of a count over its mean (1 for counts of single events).
    """

    numerator: Array
    denominator: Array
    factor: Array
    base: Array
    scale: float = 1.0

    @property
    def value(self) -> Array:
        """Count a unit."""
        return np.divide(
            self.numerator, self.denominator, out=np.full(len(self.numerator), np.nan), where=self.denominator > 0
        )


def moving_sigma(values: Array, base: Array) -> float:
    """Standard deviation from the mean moving range of neighbouring baseline points (a gap has no range).

    Examples
    --------
    >>> round(moving_sigma(np.array([1.0, 3.0, 2.0, 2.0]), np.ones(4, dtype=bool)), 4)
    0.8862
    """
    ranges = np.abs(np.diff(values))[base[1:] & base[:-1]]
    return float(ranges.mean() / D2) if len(ranges) else float("nan")


def pooled_centre(points: Points) -> Array:
    """Expected value a period: the pooled rate of the baseline, times the season's factor."""
    base = points.base
    weight = float((points.denominator[base] * points.factor[base]).sum())
    centre = float(points.numerator[base].sum()) / weight if weight > 0 else float("nan")
    return np.asarray(centre * points.factor)


def chance_sigma(points: Points, centre: Array, chart: str) -> Array:
    """Standard deviation of each value by the binomial or Poisson law alone."""
    denominator = np.where(points.denominator > 0, points.denominator, np.nan)
    if chart == "p":
        centre = np.clip(centre, 0.0, 1.0)
        return np.asarray(np.sqrt(centre * (1 - centre) / denominator))
    return np.asarray(np.sqrt(centre * points.scale / denominator))


def laney_factor(points: Points, chart: str) -> float:
    """Laney's sigma z: spread of the standardised values from one period to the next; 1 if chance alone moves them."""
    centre = pooled_centre(points)
    sigma = chance_sigma(points, centre, chart)
    if not np.all(sigma[points.base] > 0):
        return float("nan")
    standard = np.divide(points.value - centre, sigma, out=np.full(len(sigma), np.nan), where=sigma > 0)
    return moving_sigma(standard, points.base)


def dispersion_bound(n: int) -> float:
    """Laney's factor that chance alone passes in about one series of twenty.

    The variance of a standard deviation from moving ranges is (0.826 n - 1.082) / (n - 1)^2 (Cryer and Ryan 1990).

    Examples
    --------
    >>> round(dispersion_bound(24), 2)
    1.31
    """
    return float(1 + 1.645 * np.sqrt(0.826 * n - 1.082) / (n - 1))


def lines_of(points: Points, chart: str) -> Lines:
    """Return the lines of a phase: limits if the baseline has 12 points, a median if 8, else nothing."""
    n = int(points.base.sum())
    if n < LEAST_FOR_RUNS:
        return _only_points(len(points.numerator))
    if chart == "run" or n < LEAST_FOR_LIMITS:
        middle = _median(points)
        sides = np.sign(np.round(points.value - middle, 12))[points.base]
        lopsided = float(max((sides > 0).sum(), (sides < 0).sum()) / max((sides != 0).sum(), 1))
        return replace(_only_points(len(middle)), kind="median", centre=middle, lopsided=lopsided)
    if chart == "i":
        return _individuals(points)
    return _attributes(points, chart)


def _only_points(n: int) -> Lines:
    none = np.full(n, np.nan)
    return Lines(kind="points", centre=none, lower=none, upper=none, lower_2=none, upper_2=none)


def _median(points: Points) -> Array:
    adjusted = (points.value / points.factor)[points.base]
    return np.asarray(float(np.median(adjusted)) * points.factor)


def _individuals(points: Points) -> Lines:
    """Limits of an individuals chart: moving ranges of what the season leaves."""
    value = points.value
    centre = float((value / points.factor)[points.base].mean()) * points.factor
    sigma = np.full(len(value), moving_sigma(value - centre, points.base))
    if not np.all(sigma > 0):
        return _only_points(len(value))
    return _lines(centre, sigma, ceiling=np.inf)


def _attributes(points: Points, chart: str) -> Lines:
    plain = PLAIN.get(chart, chart)
    centre = pooled_centre(points)
    ceiling = 1.0 if plain == "p" else np.inf
    centre = np.minimum(centre, ceiling)
    sigma = chance_sigma(points, centre, plain)
    if not np.all(sigma[points.base] > 0):
        # Nothing or everybody counted in the whole baseline: there is no spread to set limits from.
        return _only_points(len(centre))
    if chart in PLAIN:
        factor = laney_factor(points, plain)
        return _lines(centre, sigma * factor, ceiling=ceiling, sigma_z=factor)
    lines = _lines(centre, sigma, ceiling=ceiling)
    return lines if points.scale != 1.0 else _exact_where_few(lines, points, plain)


def _lines(centre: Array, sigma: Array, *, ceiling: float, sigma_z: float = 1.0) -> Lines:
    floor = 0.0
    return Lines(
        kind="limits",
        centre=centre,
        lower=np.maximum(centre - 3 * sigma, floor),
        upper=np.minimum(centre + 3 * sigma, ceiling),
        lower_2=np.maximum(centre - 2 * sigma, floor),
        upper_2=np.minimum(centre + 2 * sigma, ceiling),
        sigma_z=sigma_z,
    )


def _exact_where_few(lines: Lines, points: Points, chart: str) -> Lines:
    """Put quantiles of the binomial or Poisson law where fewer than 10 are expected with or without."""
    expected = lines.centre * points.denominator
    few = expected < FEW
    if chart == "p":
        few |= points.denominator - expected < FEW
    few &= points.denominator > 0
    if not few.any():
        return lines
    drawn = {name: getattr(lines, name).copy() for name in ("lower", "upper", "lower_2", "upper_2")}
    for name, sigmas in (("lower", -3), ("lower_2", -2), ("upper_2", 2), ("upper", 3)):
        tail = float(stats.norm.cdf(sigmas))
        units = points.denominator[few]
        quantile = _law(units, lines.centre[few], chart).ppf(tail) / units
        # Far less than one expected: the upper quantile is 0, and a limit never lies within the centre.
        beyond = np.maximum if sigmas > 0 else np.minimum
        drawn[name][few] = beyond(quantile, lines.centre[few])
    law = _law(points.denominator[points.base], lines.centre[points.base], chart)
    below = float(law.cdf(np.ceil(expected[points.base]) - 1).mean())
    above = float(law.sf(np.floor(expected[points.base])).mean())
    return Lines(kind="limits", centre=lines.centre, n_exact=int(few.sum()), lopsided=max(above, below), **drawn)


def _law(units: Array, centre: Array, chart: str) -> Any:
    """The law of the counts of steady periods."""
    return stats.binom(np.round(units).astype("int64"), centre) if chart == "p" else stats.poisson(centre * units)


def draw_counts(points: Points, line: Lines, chart: str, draws: int, seed: int) -> Array:
    """Values of steady series by the binomial or Poisson law, one row a series, told points only."""
    told = points.denominator > 0
    law = _law(points.denominator[told], line.centre[told], PLAIN.get(chart, chart))
    counts = law.rvs(size=(draws, int(told.sum())), random_state=np.random.default_rng(seed))
    return np.asarray(counts / points.denominator[told])
