"""What something hidden does to a regression coefficient: the algebra of omitted variables.

Source: Cinelli, C. and Hazlett, C. (2020), Making sense of sensitivity: extending omitted variable bias, Journal of
the Royal Statistical Society B 82, 39-67. Strength is a partial R2: the share that something explains of what is left
unexplained by the covariates; of treatment, and of the outcome (treatment accounted for as well).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from dipeval.effects.robust import Floats


class Strength(NamedTuple):
    """Partial R2 of something with treatment, and with the outcome; NaN where nothing can be so strong."""

    r2_treatment: float
    r2_outcome: float


class Adjusted(NamedTuple):
    """An estimate as it would be with something hidden taken into account."""

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float


def robustness(strength: float, needed: float = 0.0) -> float:
    """Return the share something hidden must explain, of treatment and of the outcome alike.

    Parameters
    ----------
    strength
        Size of the coefficient over its plain standard error and the root of the degrees of freedom (times q, where
        only the share q of it is to be explained): the partial Cohen's f.
    needed
        The same of the least coefficient that would still exclude equality; 0 for the estimate itself.

    Returns
    -------
    float
        Between 0 and 1; 0 if nothing is needed.

    Examples
    --------
    >>> round(robustness(0.0806), 4), robustness(0.05, needed=0.08)
    (0.0774, 0.0)
    """
    left = strength - needed
    if left <= 0:
        return 0.0
    if needed > 0 and strength * needed >= 1:
        # So strong that the outcome need not be explained as much as treatment: the extreme value takes over.
        return float((strength**2 - needed**2) / (1 + strength**2))
    return float((math.sqrt(left**4 + 4 * left**2) - left**2) / 2)


def t_quantile(alpha: float, dof: int) -> float:
    """Return how many standard errors a two-sided interval reaches to either side."""
    return float(student.ppf(1 - alpha / 2, dof))


def implied(of_treatment: float, of_outcome: float, multiple: float) -> Strength:
    """Return the strength of something hidden so many times as strong as a covariate.

    Parameters
    ----------
    of_treatment, of_outcome
        Partial R2 of the covariate with treatment (the other covariates given), and with the outcome (treatment and
        the other covariates given).
    multiple
        How many times as strong, with both.

    Returns
    -------
    Strength
        NaN if nothing can be so strong.

    Examples
    --------
    >>> [round(share, 4) for share in implied(0.2889, 0.0036, 1.0)]
    [0.4063, 0.0086]
    """
    if of_treatment >= 1 or of_outcome >= 1 or multiple * of_treatment >= 1:
        return Strength(math.nan, math.nan)
    r2_treatment = multiple * of_treatment / (1 - of_treatment)
    # What the covariate and the hidden factor share once treatment is accounted for.
    shared = multiple * of_treatment**2 / ((1 - multiple * of_treatment) * (1 - of_treatment))
    if r2_treatment >= 1 or shared >= 1:
        return Strength(math.nan, math.nan)
    times = (math.sqrt(multiple) + math.sqrt(shared)) / math.sqrt(1 - shared)
    return Strength(r2_treatment, min(1.0, times**2 * of_outcome / (1 - of_outcome)))


def bias_factor(r2_treatment: Floats | float, r2_outcome: Floats | float) -> Floats:
    """Return the bias in plain standard errors times the root of the degrees of freedom."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(r2_outcome * np.asarray(r2_treatment) / (1 - np.asarray(r2_treatment))))


def adjusted(
    estimate: float, plain_error: float, dof: int, strength: Strength, *, scale: float, alpha: float
) -> Adjusted:
    """Return the estimate with something hidden taken into account that works against it.

    Parameters
    ----------
    estimate, plain_error, dof
        Coefficient, its plain standard error and the degrees of freedom.
    strength
        Of what is hidden.
    scale
        Standard error to be used over the plain one.
    alpha
        One less the coverage of the interval.

    Returns
    -------
    Adjusted
        The interval is that of a t distribution with the degrees of freedom of the regression as it was made.
    """
    bias = float(bias_factor(*strength)) * plain_error * math.sqrt(dof)
    moved = math.copysign(1.0, estimate) * (abs(estimate) - bias)
    left = (1 - strength.r2_outcome) / (1 - strength.r2_treatment)
    error = scale * plain_error * math.sqrt(dof / (dof - 1) * left)
    reach = t_quantile(alpha, dof) * error
    return Adjusted(moved, error, moved - reach, moved + reach)
