"""From people and weights to a `Balance`: every covariate, the score, and squares and products where asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from dipeval.matching.balance import COLUMNS, DENOMINATORS, MOST_PRODUCTS_SHOWN, SCORE_TERM, Balance
from dipeval.matching.balance_measures import (
    Bools,
    Floats,
    Ints,
    Measured,
    Sides,
    make_sides,
    measure_column,
    variance_ratio,
)
from dipeval.matching.balance_products import measure_products, pairs_of_terms, product_name
from dipeval.matching.terms import Terms
from dipeval.vocabulary import term_label


def measure_balance(
    terms: Terms,
    treated: Bools,
    weights: Floats,
    *,
    order: Ints,
    estimand: str,
    score: Floats | None = None,
    score_scale: str = "logit",
    sample_weights: Floats | None = None,
    interactions: bool = False,
) -> Balance:
    """Measure balance before (everybody counts once, or their sample weight) and after (the weights of the design).

    Parameters
    ----------
    terms
        All terms, reference levels included, one row a person.
    treated, weights
        One a row.
    order
        Positions of all rows sorted by id, so that the order of the rows moves no figure.
    estimand
        Decides the denominator.
    score
        The score as it was used, for a row of its own.
    score_scale
        The scale of that row, in words.
    sample_weights
        What each person counted before the design; None when everybody counts once.
    interactions
        Whether to add squares of the numbers and products of every two terms of different covariates: SMD and
        variance ratio, and for products of two yes/no terms the distances too.

    Returns
    -------
    Balance
    """
    sides = make_sides(treated, weights, order, sample_weights)
    columns = ([] if score is None else [score]) + [terms.values[:, place] for place in range(len(terms.names))]
    names = [*([] if score is None else [SCORE_TERM]), *terms.names]
    found = [measure_column(np.ascontiguousarray(column), sides, estimand) for column in columns]
    kinds = ["covariate"] * len(names)
    if score is not None:
        kinds[0] = "score"
    if interactions:
        own = found if score is None else found[1:]
        for name, kind, measured in _products(terms, own, sides, estimand):
            names.append(name)
            kinds.append(kind)
            found.append(measured)
    return Balance(
        estimand=estimand,
        denominator=DENOMINATORS[estimand],
        notes=_notes(names, found, score_scale=None if score is None else score_scale),
        n_treated=len(sides.treated.used),
        n_comparison=len(sides.comparison.used),
        ess_treated=1.0 / float((sides.treated.after**2).sum()),
        ess=1.0 / float((sides.comparison.after**2).sum()),
        _frame=_frame(names, kinds, found),
        _scales=tuple(one.denominator for one in found),
    )


def _products(terms: Terms, found: Sequence[Measured], sides: Sides, estimand: str) -> list[tuple[str, str, Measured]]:
    binary = np.array([measured.binary for measured in found])
    pairs = pairs_of_terms(terms.columns, binary)
    middle = np.array(
        [
            sides.treated.part * one.treated_before.mean + sides.comparison.part * one.comparison_before.mean
            for one in found
        ]
    )
    products = measure_products(terms.values, middle, binary, pairs, sides, estimand)
    return [
        (product_name(terms.names[first], terms.names[second]), "square" if first == second else "interaction", one)
        for first, second, one in zip(*pairs, products, strict=True)
        if one is not None
    ]


def _frame(names: list[str], kinds: list[str], found: list[Measured]) -> pd.DataFrame:
    def ratio(one: Measured, moment: str) -> float:
        treated, comparison = getattr(one, f"treated_{moment}"), getattr(one, f"comparison_{moment}")
        return math.nan if one.binary else variance_ratio(treated, comparison, one.denominator)

    frame = pd.DataFrame(
        {
            "term": names,
            "mean_treated": [one.treated_before.mean for one in found],
            "mean_comparison_before": [one.comparison_before.mean for one in found],
            "mean_comparison_after": [one.comparison_after.mean for one in found],
            "smd_before": [(one.treated_before.mean - one.comparison_before.mean) / one.denominator for one in found],
            "smd_after": [(one.treated_after.mean - one.comparison_after.mean) / one.denominator for one in found],
            "variance_ratio_before": [ratio(one, "before") for one in found],
            "variance_ratio_after": [ratio(one, "after") for one in found],
            "ks_before": [one.ks[0] for one in found],
            "ks_after": [one.ks[1] for one in found],
            "mean_treated_after": [one.treated_after.mean for one in found],
            "binary": [one.binary for one in found],
            "ecdf_before": [one.ecdf[0] for one in found],
            "ecdf_after": [one.ecdf[1] for one in found],
            "kind": kinds,
        }
    )
    return frame[list(COLUMNS)]


def _notes(names: list[str], found: list[Measured], *, score_scale: str | None) -> tuple[str, ...]:
    notes = [] if score_scale is None else [f"The row '{SCORE_TERM}' is on the scale used ({score_scale})."]
    stood_in = [term_label(name) for name, one in zip(names, found, strict=True) if one.stood_in]
    if stood_in:
        who = ", ".join(stood_in[:MOST_PRODUCTS_SHOWN])
        more = len(stood_in) - MOST_PRODUCTS_SHOWN
        notes.append(
            f"No spread in the group that gives the denominator: that of all people is used for {who}"
            f"{f' and {more} more' if more > 0 else ''}."
        )
    return tuple(notes)
