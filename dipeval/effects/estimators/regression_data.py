"""The people of a regression as a matrix: treatment, covariates and their products, on the distinct rows.

Rows are grouped by everything they hold and stand in an order made from what they hold, so neither the order of the
people nor their names can move a digit, and people who are alike in everything contribute the very same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.robust import Floats, Sample
from dipeval.errors import EstimationError
from dipeval.matching.ties import content_groups

# A column that the columns before it leave less than this share of its length unexplained repeats them.
REPEATS = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegressionData:
    """What a model of the outcome is fitted to, one row for all people who are alike in everything.

    Parameters
    ----------
    names
        Of the columns kept, for messages.
    matrix
        Rows x columns: 1, treated, covariates (centred and scaled), treated x covariates; those that repeat others
        left out.
    with_treatment, without_treatment
        The same columns as if everybody were treated, and as if nobody were.
    outcome, treated, weight, exposure
        Of one person of each row.
    people
        How many people each row stands for.
    row
        Row of each person.
    n_repeating
        Columns left out because they repeat others.
    """

    names: tuple[str, ...]
    matrix: Floats
    with_treatment: Floats
    without_treatment: Floats
    outcome: Floats
    treated: NDArray[np.bool_]
    weight: Floats
    exposure: Floats
    people: Floats
    row: NDArray[np.int64]
    n_repeating: int

    @property
    def mass(self) -> Floats:
        """Weight of all people of a row together."""
        return self.weight * self.people


def read_data(sample: Sample, terms: Floats, names: tuple[str, ...]) -> RegressionData:
    """Lay out the people an estimate rests on for a regression.

    Parameters
    ----------
    sample
        The people.
    terms
        People x terms, in their order; no column for a model with treatment alone.
    names
        Of the terms.

    Returns
    -------
    RegressionData

    Raises
    ------
    EstimationError
        If a group has too few people for a model with that many terms.
    """
    _check_numbers(sample, len(names))
    everything = np.column_stack([sample.outcome, sample.treated, sample.weights, sample.exposure, terms])
    first, row = content_groups(everything)
    people = np.bincount(row, minlength=len(first)).astype(np.float64)
    weight, treated = sample.weights[first], sample.treated[first]
    scaled = _standardised(terms[first], weight * people)
    columns = ("the mean", "treatment", *names, *(f"treatment x {name}" for name in names))
    full = _columns(scaled, treated.astype(np.float64))
    kept = _independent(full * np.sqrt(weight * people)[:, None])
    return RegressionData(
        names=tuple(columns[place] for place in kept),
        matrix=full[:, kept],
        with_treatment=_columns(scaled, np.ones(len(first)))[:, kept],
        without_treatment=_columns(scaled, np.zeros(len(first)))[:, kept],
        outcome=sample.outcome[first],
        treated=treated,
        weight=weight,
        exposure=sample.exposure[first],
        people=people,
        row=row,
        n_repeating=len(columns) - len(kept),
    )


def _check_numbers(sample: Sample, n_terms: int) -> None:
    for words, side in (("treated", True), ("comparison", False)):
        count = int((sample.treated == side).sum())
        if count < n_terms + 2:
            raise EstimationError(
                f"The design uses {count} {words} people, too few for a model of the outcome with {n_terms} terms in "
                f"each group: at least {n_terms + 2} are needed. Name fewer covariates with adjust=, or use "
                "estimator='weighted'."
            )


def _columns(terms: Floats, treated: Floats) -> Floats:
    return np.column_stack([np.ones(len(terms)), treated, terms, terms * treated[:, None]])


def _standardised(terms: Floats, mass: Floats) -> Floats:
    """Centre and scale every term; one that is the same for all these people becomes 0."""
    if not terms.shape[1]:
        return terms
    centred = terms - (mass @ terms) / mass.sum()
    scale = np.sqrt((mass @ centred**2) / mass.sum())
    constant = scale <= 1e-12 * np.abs(terms).max(axis=0)
    scale[constant] = 1.0
    centred[:, constant] = 0.0
    return np.asarray(centred / scale, dtype=np.float64)


def _independent(matrix: Floats) -> list[int]:
    """Return the columns that do not follow from those before them, as R does: the first of several is kept."""
    # The triangle has the lengths and angles of the columns, in as many rows as there are columns.
    triangle: Floats = np.asarray(np.linalg.qr(matrix, mode="r"), dtype=np.float64)
    directions: list[Floats] = []
    kept = []
    for place in range(triangle.shape[1]):
        rest, length = triangle[:, place].copy(), float(np.linalg.norm(triangle[:, place]))
        for _ in range(2):  # twice is enough (Kahan)
            for direction in directions:
                rest -= (direction @ rest) * direction
        left = float(np.linalg.norm(rest))
        if left > REPEATS * length:
            directions.append(rest / left)
            kept.append(place)
    return kept
