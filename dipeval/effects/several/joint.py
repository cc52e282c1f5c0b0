"""Several estimates from the same people: their joint covariance, and the test of whether they are all alike.

What each person contributes to each estimate (its influence) is known; summed within clusters the products of two
estimates' contributions give their covariance (Liang and Zeger 1986). Pairs that straddle two subgroups, and weights
that everybody helped to estimate, are allowed for in this way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from dipeval.effects.robust import Floats, exact_sum
from dipeval.errors import EstimationError

# A variance of a contrast below this share of the largest is rounding.
NO_VARIANCE = 1e-10


class Wald(NamedTuple):
    """A chi-square test that several estimates are alike."""

    chi_square: float
    df: int
    p_value: float


def joint_covariance(
    contributions: Sequence[Floats], clusters: NDArray[np.intp] | None, factors: Sequence[float]
) -> NDArray[np.float64]:
    """Return the covariance matrix of several estimates.

    Parameters
    ----------
    contributions
        Of each estimate, one number a person of the design.
    clusters
        Code of each person's cluster, -1 for people in none; None where people count for themselves.
    factors
        Correction of each estimate's variance for a small sample; a covariance has the root of both.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> first, second = np.array([1.0, -1.0, 0.0, 0.0]), np.array([0.0, 0.0, 2.0, -2.0])
    >>> joint_covariance([first, second], None, [1.0, 1.0]).tolist()
    [[2.0, 0.0], [0.0, 8.0]]
    >>> joint_covariance([first, second], np.array([0, 1, 0, 1]), [1.0, 1.0]).tolist()
    [[2.0, 4.0], [4.0, 8.0]]
    """
    _same_clusters(contributions, clusters)
    parts = [_totals(one, clusters) for one in contributions]
    size = len(parts)
    found = np.zeros((size, size))
    for row in range(size):
        for column in range(row + 1):
            both = exact_sum(parts[row] * parts[column])
            found[row, column] = found[column, row] = math.sqrt(factors[row] * factors[column]) * both
    return found


def _totals(contributions: Floats, clusters: NDArray[np.intp] | None) -> Floats:
    if clusters is None:
        return contributions
    # People in no cluster count for themselves: each has a code of its own above the others.
    own = np.where(clusters >= 0, clusters, clusters.max(initial=-1) + 1 + np.arange(len(clusters)))
    order = np.lexsort((contributions, own))
    return np.asarray(np.bincount(own[order], weights=contributions[order]), dtype=np.float64)


def _same_clusters(contributions: Sequence[Floats], clusters: NDArray[np.intp] | None) -> None:
    lengths = {len(one) for one in contributions} | ({len(clusters)} if clusters is not None else set())
    if len(lengths) > 1:
        raise EstimationError("Contributions of several estimates must be over the same people.")


def all_alike(estimates: Floats, covariance: NDArray[np.float64]) -> Wald:
    """Test whether several estimates are all alike (Wald chi-square).

    Parameters
    ----------
    estimates
        Two or more.
    covariance
        Their joint covariance.

    Returns
    -------
    Wald
        Degrees of freedom: one fewer than the estimates.

    Raises
    ------
    EstimationError
        If there are fewer than two, or their differences have no variance.

    Examples
    --------
    >>> test = all_alike(np.array([0.0, 0.3]), np.diag([0.01, 0.0125]))
    >>> round(test.chi_square, 6), test.df, round(test.p_value, 4)
    (4.0, 1, 0.0455)
    """
    size = len(estimates)
    if size < 2:
        raise EstimationError("Whether estimates are alike can be tested for two or more of them.")
    contrast = np.hstack([-np.ones((size - 1, 1)), np.eye(size - 1)])
    gap, spread = contrast @ estimates, contrast @ covariance @ contrast.T
    values = np.linalg.eigvalsh(spread)
    if not values[0] > NO_VARIANCE * values[-1]:
        raise EstimationError(
            "The differences between the subgroups have no variance of their own, so no test can be made; join levels."
        )
    chi_square = float(gap @ np.linalg.solve(spread, gap))
    return Wald(chi_square, size - 1, float(chi2.sf(chi_square, size - 1)))
