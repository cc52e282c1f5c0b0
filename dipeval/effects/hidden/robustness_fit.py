"""Weighted least squares of an outcome on treatment and covariates, and what each covariate explains.

Rows are first put into an order of their own, so that the order in which people are given cannot change a digit; then
one triangle (QR) holds all that is needed of them, whichever covariates are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.request import from_contributions
from dipeval.effects.robust import Floats, small_sample_factor
from dipeval.errors import EstimationError

# A column of which less than this is left by the others follows from them.
ALIASED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """The coefficient of treatment.

    Parameters
    ----------
    estimate, plain_error, dof
        Coefficient, the standard error of plain weighted least squares, and its degrees of freedom.
    robust_error
        HC1, or cluster HC1 where there are clusters.
    n_terms
        Covariate terms that do not follow from others.
    """

    estimate: float
    plain_error: float
    dof: int
    robust_error: float
    n_terms: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Triangle:
    """Columns, weighted, centred and scaled to length 1, as the triangle of their QR decomposition."""

    values: Floats
    lengths: Floats

    def left_over(self, target: int, others: list[int]) -> tuple[Floats, Floats]:
        """Return what some columns leave of another, and the coefficients that leave it."""
        column = self.values[:, target]
        if not others:
            return column, np.zeros(0)
        found = np.asarray(np.linalg.lstsq(self.values[:, others], column, rcond=ALIASED)[0], dtype=np.float64)
        return column - self.values[:, others] @ found, found

    def share(self, target: int, group: list[int], others: list[int]) -> float:
        """Return the partial R2 of a group of columns with another, some others given."""
        without, together = (self.left_over(target, columns)[0] for columns in (others, [*others, *group]))
        before = float(without @ without)
        if before <= ALIASED**2:
            return 0.0
        return min(1.0, max(0.0, 1 - float(together @ together) / before))

    def rank(self, columns: list[int]) -> int:
        """Return how many of some columns do not follow from the others."""
        return int(np.linalg.matrix_rank(self.values[:, columns], tol=ALIASED)) if columns else 0


def own_order(columns: Floats, weights: Floats) -> NDArray[np.intp]:
    """Return an order of the rows that depends on nothing but what they hold."""
    return np.lexsort(np.vstack([weights, columns.T]))


def triangle(columns: Floats, weights: Floats) -> Triangle:
    """Return the triangle of some columns (people x columns, in their own order)."""
    centred, lengths = standardised(columns, weights)
    return Triangle(values=np.asarray(np.linalg.qr(centred, mode="r")), lengths=lengths)


def standardised(columns: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return columns centred at their means, times the root of the weights, of length 1 (0 if constant)."""
    means = weights @ columns / weights.sum()
    centred = np.sqrt(weights)[:, None] * (columns - means)
    lengths = np.sqrt((centred**2).sum(axis=0))
    constant = lengths <= 1e-12 * (np.abs(means) + 1e-300) * math.sqrt(float(weights.sum()))
    lengths = np.where(constant | (lengths == 0), 0.0, lengths)
    return np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0), lengths


def fit(
    outcome: Floats, treated: Floats, terms: Floats, weights: Floats, clusters: NDArray[np.intp] | None
) -> tuple[Fit, Triangle]:
    """Fit the regression.

    Parameters
    ----------
    outcome, treated, weights
        One number a person; treated is 0 or 1, weights are above 0.
    terms
        People x covariate terms.
    clusters
        Whole-number code of each person's cluster, or None.

    Returns
    -------
    tuple of Fit, Triangle
        The triangle's columns are the terms, then treatment, then the outcome.

    Raises
    ------
    EstimationError
        If the covariates tell who was treated, leave too few degrees of freedom, or explain the outcome to the last
        digit.
    """
    columns = np.column_stack([terms, treated, outcome])
    order = own_order(columns, weights)
    columns, weights = columns[order], weights[order]
    scaled, lengths = standardised(columns, weights)
    whole = Triangle(values=np.asarray(np.linalg.qr(scaled, mode="r")), lengths=lengths)
    n, n_terms = columns.shape[0], terms.shape[1]
    covariates = list(range(n_terms))
    rest, coefficients = whole.left_over(n_terms, covariates)
    own = float(rest @ rest)
    if own <= ALIASED:
        raise EstimationError(
            "The covariates tell who was treated, so that nothing of treatment is left for a regression to go by: "
            "leave out the covariate that only treated, or only comparison, people have."
        )
    rank = whole.rank(covariates)
    dof = n - rank - 2
    if dof < 2:
        raise EstimationError(
            f"The design uses {n} people and has {rank} covariate terms: too few are left over for a regression. Use "
            "fewer covariates, or gather more people."
        )
    slope = float(rest @ whole.values[:, n_terms + 1]) / own
    residual, _ = whole.left_over(n_terms + 1, [*covariates, n_terms])
    squares = float(residual @ residual)
    if squares <= ALIASED**2:
        raise EstimationError(
            "Treatment and the covariates explain the outcome to the last digit, so that nothing is left for anything "
            "hidden: check that no covariate is the outcome itself."
        )
    unit = float(lengths[-1] / lengths[-2])
    # By person: what the covariates leave of treatment, and the regression of the outcome on it.
    alone = scaled[:, n_terms] - scaled[:, :n_terms] @ coefficients
    apart = scaled[:, n_terms + 1] - scaled[:, :n_terms] @ whole.left_over(n_terms + 1, covariates)[1]
    parts = alone * (apart - slope * alone) / own
    codes = None if clusters is None else clusters[order]
    n_clusters = 0 if clusters is None else len(np.unique(clusters))
    factor = small_sample_factor("hc1" if codes is None else "cluster_hc1", n, n_clusters, rank + 2)
    found = Fit(
        estimate=slope * unit,
        plain_error=unit * math.sqrt(squares / dof / own),
        dof=dof,
        robust_error=unit * from_contributions(parts, codes, factor),
        n_terms=rank,
    )
    return found, whole


def treatment_share(treated: Floats, terms: Floats, weights: Floats, groups: list[list[int]]) -> list[float]:
    """Return the partial R2 of groups of terms with treatment, each given all other terms.

    Parameters
    ----------
    treated, weights
        One number a person.
    terms
        People x covariate terms.
    groups
        Positions of the terms of each group.

    Returns
    -------
    list of float
    """
    columns = np.column_stack([terms, treated])
    order = own_order(columns, weights)
    found = triangle(columns[order], weights[order])
    everything = range(terms.shape[1])
    return [
        found.share(terms.shape[1], group, [place for place in everything if place not in group]) for group in groups
    ]


def arm_weights(treated: NDArray[np.bool_], total_treated: float, total_comparison: float) -> Floats:
    """Return weights that give all people of either group alike, with given totals."""
    counts = int(treated.sum()), int((~treated).sum())
    return np.where(treated, total_treated / counts[0], total_comparison / counts[1]).astype(np.float64)
