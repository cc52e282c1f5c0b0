"""What an estimator is given and what it hands back: the same for every one of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.asked import text_asked
from dipeval.effects.joining import ComparisonDesign
from dipeval.effects.robust import Floats, Sample, exact_sum

ESTIMATOR_NAMES: Final = ("weighted", "regression", "aipw", "abadie_imbens")
# Errors made from what each person contributes, squared and summed, over people or over clusters.
SANDWICH: Final = ("hc0", "hc1", "hc2", "hc3", "cluster_hc0", "cluster_hc1")
STD_ERRORS: Final = ("auto", *SANDWICH, "m_estimation", "abadie_imbens", "bootstrap", "count")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EstimateOptions:
    """How an effect is to be estimated, beyond its measure.

    Parameters
    ----------
    std_error
        One of ``STD_ERRORS``; "auto" takes what suits the design and the estimator.
    adjust
        Covariates of the design that enter a model of the outcome; None for all of them.
    model
        Of the outcome: "linear", "logit", "poisson" or "negative_binomial"; None for what suits the outcome.
    folds, seed
        Parts for cross-fitting (1: none), and what deals people into them.
    draws
        Resamples of a bootstrap.
    neighbours
        People of the same group from whom the spread at a point is taken (Abadie and Imbens); 0: the same everywhere.
    horizon
        Time up to which days free of the event are counted; None for measures that count none.
    """

    std_error: str = "auto"
    adjust: tuple[str, ...] | None = None
    model: str | None = None
    folds: int = 5
    seed: int = 0
    draws: int = 999
    neighbours: int = 2
    horizon: float | None = None

    def __post_init__(self) -> None:
        """Refuse a model that is no name."""
        text_asked("model", self.model)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
    """One estimate to be made.

    Parameters
    ----------
    design
        The finished design.
    sample
        The people it uses: outcome, treatment, weight, cluster (and time at risk, for a rate).
    rows
        Their positions among the design's people.
    measure, kind, name
        The measure, the kind of the outcome ("yes_no", "count" or "number") and what it is called in a message.
    options
        See `EstimateOptions`.
    own_clusters
        Whether the clusters are persons named by the caller rather than pairs or sets of the design.
    outcomes_of_all
        The outcome of every person of the design, NaN where it is not known: an estimator that also uses people the
        design leaves out must ask for it.
    """

    design: ComparisonDesign
    sample: Sample
    rows: NDArray[np.intp]
    measure: str
    kind: str
    name: str
    options: EstimateOptions
    own_clusters: bool = False
    outcomes_of_all: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def n_people(self) -> int:
        """People of the design, used or not."""
        return len(self.design.weights)

    def spread_out(self, values: Floats) -> Floats:
        """Return values of the people used as values of all people of the design: 0 for the unused."""
        whole = np.zeros(self.n_people)
        whole[self.rows] = values
        return whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """What an estimator found, on the scale of the interval (a difference, or the logarithm of a ratio).

    Parameters
    ----------
    centre, std_error
        The estimate and its error.
    mean_treated, mean_comparison
        Shares, means or rates in the two groups; NaN where there are none (a hazard ratio).
    se_method
        How the error was made, in words.
    contributions
        What each person of the design, used or not, contributes to the estimate (its influence; they add up to about
        0): summed within clusters and squared they give the variance before ``factor``. None where an error is not
        made in this way.
    clusters
        Code of each person's cluster, over all people of the design (-1 for those in none); None where people count
        for themselves.
    factor
        Correction for a small sample, by which the sum of squares was multiplied.
    notes
        Sentences that belong beside the estimate.
    influence
        Each person's weight times the derivative of ``centre`` with respect to it, over all people of the design; what
        an error that allows for the weights having been estimated starts from. ``contributions`` may differ: HC2 and
        HC3 enlarge them, and a regression leaves out there what the people predicted for contribute by being these
        people and no others. None where the estimate is no function of the weights.
    kind
        The error: one of ``STD_ERRORS`` but "auto". Where it is no sandwich, ``std_error`` and ``se_method`` are those
        of the plain sandwich until what makes that error has replaced them.
    log_ratio_error
        Standard error of the logarithm of the ratio of the two means, for the E-value of a difference; NaN if unknown.
    """

    centre: float
    std_error: float
    mean_treated: float
    mean_comparison: float
    se_method: str
    contributions: Floats | None = None
    clusters: NDArray[np.intp] | None = None
    factor: float = 1.0
    notes: tuple[str, ...] = ()
    influence: Floats | None = None
    kind: str = "hc0"
    log_ratio_error: float = math.nan


def from_contributions(contributions: Floats, clusters: NDArray[np.intp] | None, factor: float) -> float:
    """Return the standard error of an estimate from what each person contributes to it.

    Parameters
    ----------
    contributions
        One number a person.
    clusters
        Code of each person's cluster, -1 for people in none (who contribute nothing); None where people count alone.
    factor
        Correction for a small sample.

    Returns
    -------
    float
    """
    parts = contributions
    if clusters is not None:
        inside = clusters >= 0
        own, codes = contributions[inside], clusters[inside]
        # Sorted by value within the cluster, so that sets of three or more add up the same in any row order.
        order = np.lexsort((own, codes))
        parts = np.asarray(np.bincount(codes[order], weights=own[order]), dtype=np.float64)
    return math.sqrt(factor * exact_sum(parts**2))
