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

from dipeval.effects.measures import slope

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
    at_risk
        Time at risk of each person, above 0, where the means are rates; None where everybody counts alike.
    """

    outcome: Floats
    treated: NDArray[np.bool_]
    weights: Floats
    clusters: NDArray[np.intp] | None
    at_risk: Floats | None = None

    @property
    def n(self) -> int:
        """People used."""
        return len(self.outcome)

    @property
    def n_clusters(self) -> int:
        """Pairs (or sets) used; 0 where rows are independent."""
        return 0 if self.clusters is None else len(np.unique(self.clusters))

    @property
    def exposure(self) -> Floats:
        """Time at risk of each person; 1 where everybody counts alike."""
        return np.ones(self.n) if self.at_risk is None else self.at_risk

    def mean(self, *, treated: bool) -> float:
        """Return the weighted mean outcome of one group; with times at risk, its rate."""
        rows = self.treated == treated
        weights = self.weights[rows]
        return exact_sum(weights * self.outcome[rows]) / exact_sum(weights * self.exposure[rows])

    def is_constant(self, *, treated: bool) -> bool:
        """Return whether everybody in one group has the same outcome."""
        values = self.outcome[self.treated == treated]
        return bool(np.all(values == values[0]))


def influence(sample: Sample, measure: str = "mean_difference") -> Floats:
    """Return what each row contributes to the contrast of the two weighted means.

    Parameters
    ----------
    sample
        The people.
    measure
        As in `dipeval.effects.measures`; a ratio's contrast is its logarithm (delta method).

    Returns
    -------
    numpy.ndarray
        One number a row; they add up to 0.
    """
    parts = np.zeros(sample.n)
    for treated, sign in ((True, 1.0), (False, -1.0)):
        rows = sample.treated == treated
        mean, exposure = sample.mean(treated=treated), sample.exposure[rows]
        scale = exact_sum(sample.weights[rows] * exposure) / slope(measure, mean)
        parts[rows] = sign * sample.weights[rows] * (sample.outcome[rows] - mean * exposure) / scale
    return parts


def leverage(sample: Sample) -> Floats:
    """Return how far each row draws its own group's weighted mean (or rate): its share of the weight, or time."""
    shares = np.zeros(sample.n)
    for treated in (True, False):
        rows = sample.treated == treated
        held = sample.weights[rows] * sample.exposure[rows]
        shares[rows] = held / exact_sum(held)
    return shares


def small_sample_factor(kind: str, n: int, n_clusters: int, n_coefficients: int = 2) -> float:
    """Return the factor of a sandwich variance.

    Parameters
    ----------
    kind
        "hc0", "hc1" (n/(n - k)), "cluster_hc0" (G/(G - 1)) or "cluster_hc1" (that times (n - 1)/(n - k)); 1 otherwise.
    n, n_clusters, n_coefficients
        Rows, clusters G, coefficients k.

    Returns
    -------
    float

    Notes
    -----
    The factors of the R package sandwich (`vcovHC`, `vcovCL`), against which the tests check them.
    """
    if kind == "hc1":
        return n / (n - n_coefficients)
    factor = n_clusters / (n_clusters - 1) if kind.startswith("cluster") else 1.0
    return factor * (n - 1) / (n - n_coefficients) if kind == "cluster_hc1" else factor
