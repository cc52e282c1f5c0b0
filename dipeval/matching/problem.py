"""What a matcher is given and what it hands back: the same for every method.

A matcher is a function ``(Problem) -> Found``. It never sees an outcome, works on positions of rows, and visits people
only in the orders laid down here, so that the order of the rows cannot move a result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.options import MatchOptions
from dipeval.matching.terms import Terms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


APART = -1.0  # in place of a largest difference: the two must differ


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condition:
    """A column on which two people may differ by `most` at most (inclusive), or must differ where that is `APART`."""

    name: str
    values: Floats
    most: float


def meets(gaps: Floats, most: float) -> Bools:
    """Say which differences on a column meet its condition.

    Parameters
    ----------
    gaps
        Sizes of the differences.
    most
        Largest one (inclusive), or `APART`.

    Returns
    -------
    numpy.ndarray
    """
    fine: Bools = gaps > 0 if most == APART else gaps <= most
    return fine


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """One matching problem.

    Parameters
    ----------
    options
        What was asked for.
    treated
        Who was treated; all arrays are in the order of the rows.
    kept
        Who may be used at all: False for people trimmed away beforehand.
    score
        The score on the scale it is matched on; None where no score is needed.
    width
        The caliper in the unit of the score; infinite when there is none.
    base
        Positions of all rows in the order that settles ties: a seeded hash of the id, or the order of the rows.
    by_id
        Positions of all rows sorted by id: sums taken in it do not depend on the order of the rows.
    turn
        Rank of every row for the orders "data" and "random".
    strata
        Exact-matching cell of every row; None without exact columns.
    conditions
        Covariate calipers, then columns on which pairs must differ.
    metric
        People x dimensions: coordinates in which the straight-line distance is the Mahalanobis distance; None when
        distance is the difference in score.
    terms
        The covariates as numbers.
    """

    options: MatchOptions
    treated: Bools
    kept: Bools
    score: Floats | None
    width: float
    base: Ints
    by_id: Ints
    turn: Ints
    strata: Ints | None
    conditions: tuple[Condition, ...]
    metric: Floats | None
    terms: Terms

    @property
    def is_focal(self) -> Bools:
        """Whose matches are sought: the treated, or for the ATC the comparison people."""
        return ~self.treated if self.options.estimand == "ATC" else self.treated

    def cells(self) -> list[Ints]:
        """Return the positions of the people kept, one array an exact-matching cell, each in the order of `base`.

        Cells come in an order that does not depend on the rows either: by the first of their people in `by_id`.
        """
        base = self.base[self.kept[self.base]]
        if self.strata is None:
            return [base]
        first = np.full(int(self.strata.max()) + 1, len(self.strata), dtype=np.int64)
        rank = np.empty(len(self.by_id), dtype=np.int64)
        rank[self.by_id] = np.arange(len(self.by_id))
        np.minimum.at(first, self.strata, rank)
        codes = first[self.strata[base]]
        grouped = np.argsort(codes, kind="stable")
        return np.split(base[grouped], np.flatnonzero(np.diff(codes[grouped])) + 1)

    def distance(self, focal: Ints, others: Ints) -> Floats:
        """Return the distance within each pair: Mahalanobis where asked for, else the difference in score."""
        if self.metric is not None:
            return np.asarray(np.sqrt(((self.metric[focal] - self.metric[others]) ** 2).sum(axis=1)), dtype=np.float64)
        if self.score is None:
            return np.zeros(len(focal))
        return np.asarray(np.abs(self.score[focal] - self.score[others]), dtype=np.float64)

    def by_id_rank(self) -> Ints:
        """Return each row's rank in `by_id`."""
        rank = np.empty(len(self.by_id), dtype=np.int64)
        rank[self.by_id] = np.arange(len(self.by_id))
        return rank


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What a matcher hands back.

    Parameters
    ----------
    weights
        One a row: 0 for the unused. ATT/ATC: focal people 1, the others rescaled to mean 1 over those used.
    focal, others
        Positions of the two people of each pair, sorted by the focal person's id and then in the order in which the
        matches were made; empty for methods without pairs. For the ATE `focal` holds the treated of each pair.
    backwards
        Where both groups were matched: the pairs in which the match was sought for the comparison person.
    sets
        Number of every row's pair or set, from 1 in the order of ids; 0 for the unused, and everywhere when a person
        can be in several sets or there are none.
    clusters
        Whether errors are to be clustered on the sets: pairs and full-matching sets, not strata.
    facts
        Plain values for ``design.options``: how many choices a tie decided, total distance, breaks, ...
    notes
        What a reader must be told.
    """

    weights: Floats
    focal: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    others: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    sets: Ints
    clusters: bool
    facts: Mapping[str, Any]
    notes: tuple[str, ...]
    backwards: Bools | None = None


def caliper_width(score: Floats, treated: Bools, kept: Bools, options: MatchOptions) -> float:
    """Return the caliper in the unit of the score; infinite when there is none.

    Parameters
    ----------
    score
        Matching score.
    treated
        Who was treated (for the pooled standard deviation).
    kept
        Whose scores count: everybody left after trimming.
    options
        Caliper and unit.

    Returns
    -------
    float
    """
    if options.caliper is None:
        return math.inf
    if options.caliper_unit == "raw":
        return float(options.caliper)
    if options.caliper_unit == "sd":
        return float(options.caliper) * math.sqrt(_variance(score[kept]))
    pooled = (_variance(score[treated & kept]) + _variance(score[~treated & kept])) / 2
    return float(options.caliper) * math.sqrt(pooled)


def _variance(values: Floats) -> float:
    ordered = np.sort(values)  # the sum then does not depend on the order of the rows
    return float(ordered.var(ddof=1)) if len(ordered) > 1 else 0.0
