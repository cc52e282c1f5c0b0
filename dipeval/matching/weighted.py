"""`weight`: everyone stays, and weights make the groups alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.matching.assemble import Score, estimand_words, find_score, make_design
from dipeval.matching.design import Design
from dipeval.matching.doors import People, Taken, take
from dipeval.matching.entropy import entropy_weights
from dipeval.matching.problem import Found
from dipeval.matching.terms import Terms, encode
from dipeval.presenting import format_count, format_percent

Floats = NDArray[np.float64]

METHODS: dict[str, tuple[str, ...]] = {
    "entropy": ("ATT", "ATC"),
    "ipw": ("ATT", "ATC", "ATE"),
    "none": ("ATT", "ATC", "ATE"),
}
LATER_METHODS = ("overlap", "matching", "cbps", "radius", "kernel", "stabilised", "trimmed")
HEAVY = 0.05


def weight(
    people: People,
    *,
    treated: str,
    covariates: Sequence[str],
    method: str = "entropy",
    estimand: str = "ATT",
    score: pd.Series | None = None,
    id: str | None = None,
    measured_at: Mapping[str, str] | None = None,
) -> Design:
    """Weight people so that the groups are alike, without looking at any outcome.

    Parameters
    ----------
    people
        One row a person, or a cohort. Only the columns named here are taken.
    treated
        Column with the treatment, 0/1 or yes/no.
    covariates
        Columns known before the index date: numbers, yes/no or categories.
    method
        "entropy": the weights closest to equal that make every mean the same; "ipw": inverse probability weights;
        "none": weights of 1, the unadjusted comparison.
    estimand
        "ATT", "ATC", or (not for entropy) "ATE".
    score
        Own propensity score (probability) on the index of people, instead of the logistic model.
    id
        Column with a unique id; without it, the index.
    measured_at
        Column -> "before_index", "at_index" or "after_index" (DataFrames only; a cohort knows).

    Returns
    -------
    Design
        ``weights``: for the ATT 1 for the treated; entropy weights of the comparison people sum to the number of
        treated, inverse probability weights are the odds p/(1-p).

    Raises
    ------
    InputError
        Options or columns that cannot be used.
    DesignError
        An outcome offered, perfect prediction, or a covariate whose mean no weights can reach (named).

    Notes
    -----
    Entropy balancing: Hainmueller, J. (2012), Political Analysis 20, 25-46; means only, largest gap 1e-10 standard
    deviations. Inverse probability weights: Rosenbaum, P. R. (1987), Model-based direct adjustment, Journal of the
    American Statistical Association 82, 387-394. The propensity model is fitted as well: it shows the overlap.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age", "felon", "married"])
    >>> round(float(design.weights[~design.treated].sum()), 6)
    672.0
    >>> bool(design.balance().max_smd < 1e-9)
    True
    """
    _refuse_unknown(method, estimand)
    taken = take(people, treated=treated, covariates=covariates, id=id, measured_at=measured_at)
    terms = encode(taken.frame[list(taken.covariates)])
    score_found, remark = find_score(taken, terms, score, scale="logit", tolerant=method == "none")
    weights = _weights(method, estimand, taken, terms, score_found)
    return make_design(
        taken,
        terms,
        method=method,
        estimand=estimand,
        score=score_found,
        found=Found(weights=weights, sets=np.zeros(len(weights), dtype=np.int64), clusters=False, facts={}, notes=()),
        distance=np.zeros(0),
        options={"scale": "logit"},
        words=_words(method, estimand, taken, weights),
        notes=(*_notes(method, taken, weights), *remark),
    )


def _refuse_unknown(method: str, estimand: str) -> None:
    if method in LATER_METHODS:
        raise InputError(f"weight(method='{method}') is not built yet: use one of {', '.join(METHODS)}.")
    if method not in METHODS:
        raise InputError(
            f"weight has the methods {', '.join(METHODS)}; '{method}' is unknown. Pairs are made by dip.match."
        )
    if estimand not in METHODS[method]:
        raise InputError(
            f"weight(method='{method}') estimates {' or '.join(METHODS[method])}; '{estimand}' is not built for it."
        )


def _weights(method: str, estimand: str, taken: Taken, terms: Terms, score: Score | None) -> Floats:
    treated = taken.treated
    if method == "entropy":
        return entropy_weights(terms.model(), treated if estimand == "ATT" else ~treated)
    weights = np.ones(len(treated))
    if method == "none" or score is None:
        return weights
    odds = np.exp(score.used)
    if estimand == "ATT":
        weights[~treated] = odds[~treated]
    elif estimand == "ATC":
        weights[treated] = 1.0 / odds[treated]
    else:
        weights = np.where(treated, 1.0 + 1.0 / odds, 1.0 + odds)
    return weights


def _words(method: str, estimand: str, taken: Taken, weights: Floats) -> str:
    if method == "none":
        count = int(taken.treated.sum())
        return (
            f"the plain difference between {format_count(count)} treated and {format_count(len(weights) - count)} "
            "comparison people, with nothing adjusted for"
        )
    return estimand_words(estimand, taken.treated, weights)


def _notes(method: str, taken: Taken, weights: Floats) -> tuple[str, ...]:
    if method == "none":
        return ("Everyone counts once: an unadjusted comparison, fair only if treatment was assigned at random.",)
    notes: list[Any] = []
    if method == "entropy":
        notes.append(
            "Entropy balancing on the means: every mean is the same in both groups to 1e-10 standard deviations."
        )
    for mask, who in ((taken.treated, "treated"), (~taken.treated, "comparison")):
        heaviest = float(weights[mask].max() / np.sort(weights[mask]).sum())
        if heaviest > HEAVY:
            notes.append(
                f"One {who} person carries {format_percent(heaviest)} of the group's weight: little overlap, treat "
                "with care."
            )
    return tuple(notes)
