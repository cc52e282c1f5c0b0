"""Weighted means of two groups and the sandwich variance of what is made of them.

The difference of weighted means is the coefficient of weighted least squares of the outcome on treatment, so each
row's contribution ("influence") gives White's HC0 variance as a plain sum of squares; summed within pairs first, it
gives the pair-cluster variance. Every total is an exactly rounded sum, so that row order cannot change a digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def exact_sum(values: NDArray[Any]) -> float:
    """Return the correctly rounded sum, whatever the order of the values."""
    return math.fsum(values.tolist())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """The people an estimate rests on: outcome, treatment, weight and pair of each.

    Parameters
    ----------
    outcome, weights
        One finite number a person; every weight above 0.
    treated
        True for the treated.
    clusters
        Whole-number code of each person's pair, or None where rows are independent.
    """

    outcome: Floats
    treated: NDArray[np.bool_]
    weights: Floats
    clusters: NDArray[np.intp] | None

    @property
    def n(self) -> int:
        """People used."""
        return len(self.outcome)

    @property
    def n_clusters(self) -> int:
        """Pairs (or sets) used; 0 where rows are independent."""
        return 0 if self.clusters is None else len(np.unique(self.clusters))

    def mean(self, *, treated: bool) -> float:
        """Return the weighted mean outcome of one group."""
        rows = self.treated == treated
        weights = self.weights[rows]
        return exact_sum(weights * self.outcome[rows]) / exact_sum(weights)

    def is_constant(self, *, treated: bool) -> bool:
        """Return whether everybody in one group has the same outcome."""
        values = self.outcome[self.treated == treated]
        return bool(np.all(values == values[0]))


def influence(sample: Sample, *, relative: bool = False) -> Floats:
    """Return what each row contributes to the difference of weighted means, or to the log of their ratio.

    Parameters
    ----------
    sample
        The people.
    relative
        False: the difference. True: the logarithm of the ratio (delta method: each mean's part over that mean).

    Returns
    -------
    numpy.ndarray
        One number a row; they add up to 0.
    """
    parts = np.zeros(sample.n)
    for treated, sign in ((True, 1.0), (False, -1.0)):
        rows = sample.treated == treated
        mean = sample.mean(treated=treated)
        scale = exact_sum(sample.weights[rows]) * (mean if relative else 1.0)
        parts[rows] = sign * sample.weights[rows] * (sample.outcome[rows] - mean) / scale
    return parts


def standard_error(sample: Sample, parts: Floats) -> float:
    """Return the HC0 or pair-cluster standard error of an estimate whose row contributions are given.

    Parameters
    ----------
    sample
        The people; with clusters the variance is HC1, (n - 1)/(n - 2), times G/(G - 1) for G pairs.
    parts
        From `influence`.

    Returns
    -------
    float

    Notes
    -----
    White (1980) for HC0; Liang and Zeger (1986) for clusters, with the small-sample factors of the R package
    sandwich (`vcovCL`, type HC1), against which the tests check it.
    """
    if sample.clusters is None:
        return math.sqrt(exact_sum(parts**2))
    # Sorted by value within the pair, so that sets of three or more add up the same in any row order.
    order = np.lexsort((parts, sample.clusters))
    sums = np.bincount(sample.clusters[order], weights=parts[order])
    groups = sample.n_clusters
    factor = groups / (groups - 1) * (sample.n - 1) / (sample.n - 2)
    return math.sqrt(factor * exact_sum(sums**2))
