"""Errors over matched sets and people at once, where one person may stand in several sets.

With replacement a person found for several others belongs to all their sets, so that sets are not independent of one
another, and people within a set are not either. What such a person contributes is shared out over the sets by the
weight it has from each; then the variance is the sum over sets, plus that over people, less that over people within
sets (Cameron, A. C., Gelbach, J. B. and Miller, D. L. 2011, Journal of Business and Economic Statistics 29, 238-249).
Without replacement everybody stands in one set, the last two are the same, and the sum over sets is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.joining import ComparisonDesign, options_of
from dipeval.effects.request import Estimate, Request, from_contributions
from dipeval.effects.robust import Floats
from dipeval.matching.design import Design


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """Who stands in which set: one row a person and set.

    Parameters
    ----------
    person, of_set
        Position among the design's people, and the number of the set.
    share
        Of the person's weight, what it has from this set; a person's shares add up to 1.
    """

    person: NDArray[np.int64]
    of_set: NDArray[np.int64]
    share: Floats

    @property
    def n_sets(self) -> int:
        """How many sets there are."""
        return len(np.unique(self.of_set))


def sets_served(design: ComparisonDesign) -> Served | None:
    """Return the sets of everybody in a design of pairs or sets; None where it has none.

    Parameters
    ----------
    design
        A design, or what stands for one.

    Returns
    -------
    Served or None
        A set is a person for whom others were sought, and those others: the person's own row counts 1, that of each of
        m matches 1/m, and shares are in proportion, as the weights of the design are.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.match(recid(), treated="workprg", covariates=["priors", "educ", "age"], replace=True)
    >>> served = sets_served(design)
    >>> served.n_sets == design.n_treated, len(served.person) == design.n_treated + len(design.pairs())
    (True, True)
    """
    if not isinstance(design, Design) or design.method not in ("nearest", "optimal"):
        return None
    pairs, index = design.pairs(), design.weights.index
    treated, others = (index.get_indexer(pd.Index(pairs[name])) for name in ("treated_index", "comparison_index"))
    sought = np.full(len(pairs), design.estimand == "ATC")
    if "match_of" in pairs.columns:
        sought = (pairs["match_of"] == "comparison").to_numpy()
    focal, found = np.where(sought, others, treated), np.where(sought, treated, others)
    matches = np.bincount(focal, minlength=len(index))
    own = np.flatnonzero(matches)
    person, of_set = np.r_[own, found].astype(np.int64), np.r_[own, focal].astype(np.int64)
    amount = np.r_[np.ones(len(own)), 1.0 / matches[focal]]
    order = np.lexsort((amount, person))  # added up in an order that says nothing of where the rows stood
    whole = np.bincount(person[order], weights=amount[order], minlength=len(index))
    return Served(person=person, of_set=of_set, share=amount / whole[person])


def reused_sets(design: ComparisonDesign) -> Served | None:
    """Return the sets of a design made with replacement; None for every other design."""
    return sets_served(design) if options_of(design).get("replace") else None


def two_way_error(contributions: Floats, served: Served, persons: NDArray[np.intp], *, corrected: bool) -> float:
    """Return the standard error over sets and persons at once.

    Parameters
    ----------
    contributions
        One number a person (or row) of the design.
    served
        Who stands in which set.
    persons
        Code of the person behind each row of the design.
    corrected
        Whether each of the three sums of squares is multiplied by G/(G - 1), for its number of clusters G.

    Returns
    -------
    float
        Where the sum is not above 0, which can happen in small tables, the larger of the first two stands in for it.
    """
    parts = contributions[served.person] * served.share
    of_person = persons[served.person].astype(np.int64)
    both = np.unique(served.of_set * (int(of_person.max()) + 1) + of_person, return_inverse=True)[1].reshape(-1)
    found = []
    for codes in (served.of_set, of_person, both):
        size = len(np.unique(codes))
        found.append(from_contributions(parts, codes.astype(np.intp), size / (size - 1) if corrected else 1.0) ** 2)
    together = found[0] + found[1] - found[2]
    return math.sqrt(together if together > 0 else max(found[:2]))


def clustered_both_ways(
    request: Request, found: Estimate, served: Served, *, corrected: bool, how: str = "HC0, each with G/(G - 1)"
) -> Estimate:
    """Return an estimate with its error over matched sets and people.

    Parameters
    ----------
    request
        The design joined to the outcome.
    found
        The estimate, with the contributions of every person of the design.
    served
        Who stands in which set.
    corrected
        As in `two_way_error`.
    how
        How the contributions were made, for the words.

    Returns
    -------
    Estimate
        Without contributions: no single set of clusters gives this error.
    """
    assert found.contributions is not None
    persons = np.arange(request.n_people)
    if request.sample.clusters is not None:
        persons[request.rows] = request.sample.clusters
    n_people = request.sample.n_clusters or request.sample.n
    return replace(
        found,
        std_error=two_way_error(found.contributions, served, persons, corrected=corrected),
        se_method=(
            f"robust, clustered by matched set and by person at once ({how}, {served.n_sets:,} sets, {n_people:,} "
            "people, of whom those in several sets are shared out over them)"
        ),
        contributions=None,
        clusters=None,
        factor=1.0,
    )
