"""Do the quarters or months of a year differ beyond chance, and by what factor?

A generalised linear model (quasi-binomial for shares, quasi-Poisson for rates and counts, normal for other values) with
a straight trend and the levels of the phases, with and without a level for each season. The two are compared by an
F-test whose scale is Pearson's chi-square of the larger model over its degrees of freedom (McCullagh and Nelder 1989).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import stats

from dipeval.indicators.change.spans import SEASONS

Array = np.ndarray
LEVEL: Final = 0.05
_LEAST_LEFT = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seasons:
    """What the test found.

    Parameters
    ----------
    p_value, statistic, df_seasons, df_left, scale
        The F-test; missing where it could not be done.
    factors
        Factor of each season of the year (season 0 is January or Q1), weighted mean 1; None if untested.
    why_not
        Why it was not tested, in words.
    """

    p_value: float = float("nan")
    statistic: float = float("nan")
    df_seasons: int = 0
    df_left: int = 0
    scale: float = float("nan")
    factors: Array | None = None
    why_not: str = ""


def compare_seasons(
    numerator: Array, denominator: Array, place: Array, phase: Array, *, every: str, family: str
) -> Seasons:
    """Test for seasons in points that are all told.

    Parameters
    ----------
    numerator, denominator, place, phase
        The points; place counts periods from the year 0.
    every
        Kind of period.
    family
        ``binomial``, ``poisson`` or ``normal``.
    """
    size = SEASONS[every]
    if not size:
        return Seasons(why_not="the periods have no seasons within a year")
    season = place % size
    counts = np.bincount(season, minlength=size)
    if counts.min() < 2:
        return Seasons(why_not="the baseline has fewer than two full years")
    if numerator.sum() <= 0 or (family == "binomial" and np.all(numerator == denominator)):
        return Seasons(why_not="nothing varies in the baseline")
    base = _base_design(place, phase)
    whole = np.column_stack([base, *((season == one).astype(float) for one in range(1, size))])
    if len(numerator) - np.linalg.matrix_rank(whole) < _LEAST_LEFT:
        return Seasons(why_not="too few periods for the number of breaks")
    return _compared(numerator, denominator, base, whole, season, family)


def _base_design(place: Array, phase: Array) -> Array:
    time = (place - place.mean()) / max(float(np.ptp(place)), 1.0)
    levels = [(phase == one).astype(float) for one in np.unique(phase)]
    return np.column_stack([*levels, time])


def _compared(numerator: Array, denominator: Array, base: Array, whole: Array, season: Array, family: str) -> Seasons:
    try:
        small, large = _fit(numerator, denominator, base, family), _fit(numerator, denominator, whole, family)
    except (ValueError, np.linalg.LinAlgError):
        # Hardly anything was counted, or all of it in a few periods: the fit runs off the edge.
        return Seasons(why_not="the counts are too uneven for a model to fit")
    df_left = int(len(numerator) - np.linalg.matrix_rank(whole))
    df_seasons = int(np.linalg.matrix_rank(whole) - np.linalg.matrix_rank(base))
    scale = float(large.pearson_chi2) / df_left
    if not scale > 0:
        return Seasons(why_not="the model fits the baseline without any spread")
    statistic = max(float(small.deviance - large.deviance), 0.0) / df_seasons / scale
    effects = np.concatenate([[0.0], large.params[base.shape[1] :]])
    others = float(np.average(base @ large.params[: base.shape[1]], weights=denominator))
    level = large.family.link.inverse(others + effects)
    middle = float(np.average(level[season], weights=denominator))
    return Seasons(
        p_value=float(stats.f.sf(statistic, df_seasons, df_left)),
        statistic=statistic,
        df_seasons=df_seasons,
        df_left=df_left,
        scale=scale,
        factors=np.asarray(level / middle) if middle > 0 and np.all(level > 0) else None,
        why_not="" if middle > 0 and np.all(level > 0) else "a season has nothing counted",
    )


def _fit(numerator: Array, denominator: Array, design: Array, family: str) -> Any:
    import statsmodels.api as sm

    with warnings.catch_warnings():
        # A season in which nobody was counted sends its level to the edge; the factors are refused afterwards.
        warnings.simplefilter("ignore")
        if family == "binomial":
            both = np.column_stack([numerator, denominator - numerator])
            return sm.GLM(both, design, family=sm.families.Binomial()).fit()
        if family == "poisson":
            return sm.GLM(numerator, design, family=sm.families.Poisson(), exposure=denominator).fit()
        return sm.GLM(numerator / denominator, design, family=sm.families.Gaussian()).fit()
