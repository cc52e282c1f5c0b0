"""What would overturn an estimate: the E-value.

Source: VanderWeele and Ding (2017), Sensitivity analysis in observational research: introducing the E-value,
Annals of Internal Medicine 167, 268-274.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from dipeval.effects.measures import OF_DAYS, RATIOS
from dipeval.errors import InputError


class RatioInterval(NamedTuple):
    """A ratio with its interval; missing (NaN) where one of the means is not above 0."""

    estimate: float
    conf_low: float
    conf_high: float


# A share above which an outcome is common: an odds or hazard ratio is then far from the ratio of the shares.
COMMON: Final = 0.15


def as_risk_ratio(ratio: float, measure: str, *, common: bool) -> float:
    """Return the risk ratio that a ratio of another kind stands for.

    Parameters
    ----------
    ratio
        Above 0.
    measure
        ``risk_ratio``, ``rate_ratio`` (taken as it is), ``odds_ratio`` or ``hazard_ratio``.
    common
        Whether more than 15% have the outcome. If not, odds and hazard ratios are taken as they are.

    Returns
    -------
    float
        For a common outcome the square root of an odds ratio, and (1 - 0.5^sqrt(h)) / (1 - 0.5^sqrt(1/h)) of a hazard
        ratio h.

    Notes
    -----
    VanderWeele and Ding (2017), table 2.

    Examples
    --------
    >>> as_risk_ratio(4.0, "odds_ratio", common=True), as_risk_ratio(4.0, "odds_ratio", common=False)
    (2.0, 4.0)
    >>> round(as_risk_ratio(4.0, "hazard_ratio", common=True), 4)
    2.5607
    """
    if not common or measure not in ("odds_ratio", "hazard_ratio"):
        return ratio
    root = math.sqrt(ratio)
    return root if measure == "odds_ratio" else (1 - 0.5**root) / (1 - 0.5 ** (1 / root))


def e_value(ratio: float) -> float:
    """Return how strong a hidden difference between the groups must be to explain a ratio away.

    Parameters
    ----------
    ratio
        A risk ratio (or a ratio of means of a count), above 0.

    Returns
    -------
    float
        The smallest risk ratio, at least 1, that a hidden factor needs with *both* treatment and outcome, beyond
        the measured covariates, to account for the whole ratio. NaN if the ratio is missing.

    Raises
    ------
    InputError
        If the ratio is 0 or below.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2), e_value(1.0)
    (7.26, 7.26, 1.0)
    """
    if math.isnan(ratio):
        return math.nan
    if ratio <= 0:
        raise InputError("An E-value needs a ratio above 0; a ratio of 0 or below was given.")
    above = ratio if ratio >= 1 else 1 / ratio
    return above + math.sqrt(above * (above - 1))


def e_value_of_limit(ratio: RatioInterval) -> float:
    """Return the E-value of the interval limit nearest 1; 1 if the interval already includes 1.

    Examples
    --------
    >>> round(e_value_of_limit(RatioInterval(3.9, 1.8, 8.7)), 2)
    3.0
    >>> e_value_of_limit(RatioInterval(1.1, 0.8, 1.5))
    1.0
    """
    if math.isnan(ratio.estimate):
        return math.nan
    if ratio.conf_low <= 1 <= ratio.conf_high:
        return 1.0
    return e_value(ratio.conf_low if ratio.conf_low > 1 else ratio.conf_high)


def e_values(
    measure: str,
    interval: tuple[float, float, float],
    means: tuple[float, float],
    *,
    log_ratio_error: float,
    z: float,
    common: bool,
    may_be_negative: bool,
) -> tuple[float, float]:
    """Return the E-value of an effect and of the limit of its interval that is nearest equality.

    Parameters
    ----------
    measure
        Of the effect.
    interval
        Estimate, lower and upper limit, as shown.
    means
        Of the treated and of the comparison people; used where the measure is a difference.
    log_ratio_error
        Standard error of the logarithm of their ratio. NaN: the limit is put where the ratio would be as many standard
        errors from equality as the difference is.
    z
        Standard errors on either side of the interval (1.96 at 95%).
    common
        Whether more than 15% have the outcome (for odds and hazard ratios).
    may_be_negative
        Whether the outcome has values below 0: a ratio of its means then means nothing.

    Returns
    -------
    tuple of float
        NaN where there is none, as for a difference in days: it is no ratio of shares or rates.
    """
    estimate, low, high = interval
    if measure in RATIOS:
        ratio = RatioInterval(*(as_risk_ratio(end, measure, common=common) for end in (estimate, low, high)))
        return e_value(ratio.estimate), e_value_of_limit(ratio)
    if measure in OF_DAYS or may_be_negative or not min(means) > 0:
        return math.nan, math.nan
    centre = math.log(means[0] / means[1])
    includes_equality = low <= 0 <= high
    error = log_ratio_error
    if math.isnan(error) and not includes_equality:
        error = abs(centre / estimate) * (high - low) / (2 * z)
    ratio = RatioInterval(math.exp(centre), math.exp(centre - z * error), math.exp(centre + z * error))
    return e_value(ratio.estimate), 1.0 if includes_equality else e_value_of_limit(ratio)
