"""Several estimates of one thing, one from each imputation, pooled into one with its uncertainty.

Rubin (1987), *Multiple Imputation for Nonresponse in Surveys*; degrees of freedom of Barnard and Rubin (1999),
Biometrika 86, 948-955.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from dipeval.errors import EstimationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A pooled estimate.

    Parameters
    ----------
    estimate, std_error
        Mean of the estimates, and its total standard error.
    df
        Degrees of freedom.
    within, between
        Mean squared standard error, and variance of the estimates.
    share
        Share of the total variance that is due to what was imputed.
    missing_information
        Fraction of missing information: the share, allowing for the finite number of draws.
    """

    estimate: float
    std_error: float
    df: float
    within: float
    between: float
    share: float
    missing_information: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the limits of the t interval."""
        reach = float(t.ppf(0.5 + level / 2, self.df)) * self.std_error
        return self.estimate - reach, self.estimate + reach

    def p_value(self, null: float = 0.0) -> float:
        """Return the two-sided p-value."""
        return float(2 * t.sf(abs(self.estimate - null) / self.std_error, self.df))


def pool(estimates: Sequence[float], std_errors: Sequence[float], *, complete_df: float) -> Pooled:
    """Pool by Rubin's rules.

    Parameters
    ----------
    estimates, std_errors
        One of each an imputation, at least two.
    complete_df
        Degrees of freedom the estimate would have without missing information (people less parameters).

    Returns
    -------
    Pooled

    Raises
    ------
    EstimationError
        If there are fewer than two estimates, or one is not a finite number.

    Examples
    --------
    >>> pooled = pool([1.0, 1.2, 0.8], [0.5, 0.5, 0.5], complete_df=100)
    >>> round(pooled.estimate, 3), round(pooled.std_error, 3), round(pooled.df, 1)
    (1.0, 0.551, 35.9)
    """
    m = len(estimates)
    values, errors = np.asarray(estimates, dtype="float64"), np.asarray(std_errors, dtype="float64")
    if m < 2 or len(errors) != m or not (np.isfinite(values).all() and np.isfinite(errors).all()):
        raise EstimationError("Pooling needs two or more finite estimates, each with its standard error.")
    within, between = float(np.mean(errors**2)), float(np.var(values, ddof=1))
    extra = (1 + 1 / m) * between
    total = within + extra
    share = extra / total
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    old = (m - 1) / share**2 if share > 0 else math.inf
    df = observed if math.isinf(old) else old * observed / (old + observed)
    ratio = extra / within
    return Pooled(
        estimate=float(np.mean(values)),
        std_error=math.sqrt(total),
        df=df,
        within=within,
        between=between,
        share=share,
        missing_information=(ratio + 2 / (df + 3)) / (ratio + 1),
    )
