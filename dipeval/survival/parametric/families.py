"""Distributions of the logarithm of a waiting time: density and survival with two derivatives, and quantiles.

A time T has log T = location + scale * e with e standard normal (log-normal), smallest extreme value (Weibull; scale
1: exponential) or logistic (log-logistic). Functions take z = (log t - location) / scale.

Source: Kalbfleisch and Prentice (2002), *The Statistical Analysis of Failure Time Data*, 2nd ed., chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, log_ndtr, logit, ndtri

from dipeval.survival.columns import Floats
from dipeval.survival.options import one_of

# A value, its slope and its curvature.
Jet = tuple[Floats, Floats, Floats]
_HALF_LOG_TWO_PI: Final = 0.5 * np.log(2 * np.pi)
_FAR: Final = 300.0  # beyond it nobody is left, and the square of exp(z) would overflow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """A distribution of the standardised log time.

    Parameters
    ----------
    name, words
        What the caller writes and what a reader is shown.
    log_density, log_survival
        From z to the logarithm and its first two derivatives.
    quantile
        From the share with a shorter time to z.
    has_scale
        False where the scale is held at 1.
    """

    name: str
    words: str
    log_density: Callable[[Floats], Jet]
    log_survival: Callable[[Floats], Jet]
    quantile: Callable[[Floats], Floats]
    has_scale: bool = True


def _normal_density(z: Floats) -> Jet:
    return -0.5 * z * z - _HALF_LOG_TWO_PI, -z, np.full_like(z, -1.0)


def _normal_survival(z: Floats) -> Jet:
    log_survival = log_ndtr(-z)
    hazard = np.exp(-0.5 * z * z - _HALF_LOG_TWO_PI - log_survival)
    return log_survival, -hazard, -hazard * (hazard - z)


def _extreme_density(z: Floats) -> Jet:
    power = np.exp(np.minimum(z, _FAR))
    return z - power, 1.0 - power, -power


def _extreme_survival(z: Floats) -> Jet:
    power = np.exp(np.minimum(z, _FAR))
    return -power, -power, -power


def _logistic_density(z: Floats) -> Jet:
    share = expit(z)
    return z - 2 * np.logaddexp(0.0, z), 1.0 - 2 * share, -2 * share * (1 - share)


def _logistic_survival(z: Floats) -> Jet:
    share = expit(z)
    return -np.logaddexp(0.0, z), -share, -share * (1 - share)


def _extreme_quantile(share: Floats) -> Floats:
    return np.log(-np.log1p(-share))


FAMILIES: Final = {
    "lognormal": Family(
        name="lognormal",
        words="log-normal",
        log_density=_normal_density,
        log_survival=_normal_survival,
        quantile=ndtri,
    ),
    "weibull": Family(
        name="weibull",
        words="Weibull",
        log_density=_extreme_density,
        log_survival=_extreme_survival,
        quantile=_extreme_quantile,
    ),
    "loglogistic": Family(
        name="loglogistic",
        words="log-logistic",
        log_density=_logistic_density,
        log_survival=_logistic_survival,
        quantile=logit,
    ),
    "exponential": Family(
        name="exponential",
        words="exponential",
        log_density=_extreme_density,
        log_survival=_extreme_survival,
        quantile=_extreme_quantile,
        has_scale=False,
    ),
}


def get_family(name: object) -> Family:
    """Return a family by name; another name is answered with those there are.

    Examples
    --------
    >>> get_family("weibull").words
    'Weibull'
    """
    one_of("family", name, tuple(FAMILIES))
    return FAMILIES[str(name)]
