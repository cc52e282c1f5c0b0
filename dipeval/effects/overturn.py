"""What would overturn an estimate: the E-value.

Source: VanderWeele and Ding (2017), Sensitivity analysis in observational research: introducing the E-value,
Annals of Internal Medicine 167, 268-274.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from dipeval.errors import InputError


class RatioInterval(NamedTuple):
    """A ratio with its interval; missing (NaN) where one of the means is not above 0."""

    estimate: float
    conf_low: float
    conf_high: float


NO_RATIO = RatioInterval(math.nan, math.nan, math.nan)


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
