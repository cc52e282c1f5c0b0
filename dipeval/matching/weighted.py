"""`weight`: everyone stays, and weights make the groups alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.matching.assemble import Score, estimand_words, find_score, make_design
from dipeval.matching.design import Design
from dipeval.matching.doors import People, Taken, take
from dipeval.matching.entropy import entropy_weights
from dipeval.matching.formula import formula_columns
from dipeval.matching.inverse import score_weights, stabilised, truncated
from dipeval.matching.problem import Bools, Found
from dipeval.matching.scores import PropensityModel
from dipeval.matching.terms import Terms, encode
from dipeval.matching.trimming import in_words
from dipeval.matching.trimming import trim as trim_by_rule
from dipeval.matching.weight_options import OWN_ESTIMAND, WeightOptions
from dipeval.presenting import format_count, format_percent

Floats = NDArray[np.float64]

HEAVY = 0.05
FURTHEST = 1e100  # sample weights: their sums are squared
SCORE_UNUSED = ("entropy", "none")
IPW_WORDS = {
    "ATT": "treated people count 1, comparison people p/(1 - p)",
    "ATC": "comparison people count 1, treated people (1 - p)/p",
    "ATE": "treated people count 1/p, comparison people 1/(1 - p)",
}


def weight(
    people: People,
    *,
    treated: str,
    covariates: Sequence[str] = (),
    method: str = "entropy",
    estimand: str | None = None,
    moments: int = 1,
    stabilise: bool = False,
    truncate: float | None = None,
    trim: str = "none",
    score: pd.Series | PropensityModel | None = None,
    formula: str | None = None,
    references: Mapping[str, str] | None = None,
    sample_weights: str | None = None,
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
        Columns known before the index date: numbers, yes/no or categories. May be left out when `formula` names them.
    method
        "entropy": the weights closest to equal that make every mean the same; "ipw": inverse probability weights;
        "overlap": each person weighs the chance of having been in the other group; "matching_weights": the smaller
        of the two chances over that of what happened, the weighting counterpart of pairs; "none": weights of 1, the
        unadjusted comparison.
    estimand
        "ATT" (the treated; what is meant when nothing is said), "ATC" (the comparison people) or "ATE" (everybody);
        for method="overlap" it is, and can only be, "ATO" (those who might as well have been treated as not), and
        for method="matching_weights" "ATM" (those for whom pairs could be found).
    moments
        Entropy balancing: 1 makes the means the same; 2 the variances of terms that are not yes/no as well.
    stabilise
        Multiply inverse probability weights for the ATE by the share of each group: smaller numbers, the same effect.
    truncate
        Quantile of the inverse probability weights of each group, such as 0.99: larger weights are set to it. Nobody
        is left out, at the price of some bias; `trim` leaves people out.
    trim
        Whom to leave out beforehand: "none", "common_support", "crump", "preference" or "percentile" (see `overlap`).
        Their weight is 0, and the score is not fitted again.
    score
        Own propensity score (probability) on the index of people, or a model from `propensity`, instead of the
        logistic model fitted here.
    formula
        Right-hand side of the propensity model, such as ``"age + priors * C(district)"``.
    references
        Category -> its reference level (otherwise the most frequent one).
    sample_weights
        Column with one positive weight a person, such as that of a survey: the groups are made alike in the population
        these weights stand for, and every weight is multiplied by it.
    id
        Column with a unique id; without it, the index.
    measured_at
        Column -> "before_index", "at_index" or "after_index" (DataFrames only; a cohort knows).

    Returns
    -------
    Design
        ``weights``: for the ATT 1 (or the sample weight) for the treated; entropy weights of the comparison people sum
        to those of the treated, inverse probability weights are the odds p/(1-p). For the ATE entropy weights sum to
        everybody's in each group, inverse probability weights are 1/p and 1/(1-p). Overlap weights are 1-p and p.

    Raises
    ------
    InputError
        Options or columns that cannot be used.
    DesignError
        An outcome offered, perfect prediction, or a covariate whose mean (variance) no weights can reach (named).
    InvariantError
        Entropy weights that do not balance (a bug: never a result).

    Notes
    -----
    Entropy balancing: Hainmueller, J. (2012), Political Analysis 20, 25-46; largest gap 1e-10 standard deviations, and
    checked again in the weighted data. Inverse probability weights: Rosenbaum, P. R. (1987), Model-based direct
    adjustment, Journal of the American Statistical Association 82, 387-394; stabilised: Robins, J. M., Hernan, M. A.
    and Brumback, B. (2000), Epidemiology 11, 550-560; truncated: Cole, S. R. and Hernan, M. A. (2008), American Journal
    of Epidemiology 168, 656-664. Overlap weights: Li, F., Morgan, K. L. and Zaslavsky, A. M. (2018), Balancing
    covariates via propensity score weighting, Journal of the American Statistical Association 113, 390-400: with the
    logistic model fitted here, and nobody trimmed away, the means of its terms are exactly the same in both groups. The
    propensity model is fitted for every method: it shows the overlap.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> covariates = ["priors", "educ", "age", "felon", "married"]
    >>> design = dip.weight(recid(), treated="workprg", covariates=covariates)
    >>> round(float(design.weights[~design.treated].sum()), 6)
    672.0
    >>> bool(design.balance().max_smd < 1e-9)
    True
    >>> dip.weight(recid(), treated="workprg", covariates=covariates, method="overlap").estimand
    'ATO'
    """
    options = WeightOptions(
        method=method,
        estimand=estimand if estimand is not None else _usual(method),
        moments=moments,
        stabilise=stabilise,
        truncate=truncate,
        trim=trim,
        sample_weights=sample_weights,
    )
    named = formula_columns(covariates, formula)
    also = () if sample_weights is None else (sample_weights,)
    taken = take(people, treated=treated, covariates=named, also=also, id=id, measured_at=measured_at)
    first_weights = None if sample_weights is None else _positive(taken.frame[sample_weights], sample_weights)
    terms = encode(taken.only(taken.covariates), references=references)
    found_score, remarks = find_score(
        taken,
        terms,
        score,
        scale="logit",
        formula=formula,
        references=references,
        sample_weights=first_weights,
        tolerant=method == "none" and trim == "none",
    )
    kept = trim_by_rule(trim, found_score, taken)
    found = _found(options, taken, terms, found_score, kept, first_weights)
    plain = {name: getattr(options, name) for name in WeightOptions.__dataclass_fields__}
    # What a model fitted here remarks matters where its scores are used.
    said = method not in SCORE_UNUSED or trim != "none" or score is not None or found_score is None
    return make_design(
        taken,
        terms,
        method=method,
        estimand=options.estimand,
        score=found_score,
        found=found,
        distance=np.zeros(0),
        options={**plain, "stabilise": bool(stabilise), "scale": "logit", **found.facts},
        words=_words(options, taken, found.weights),
        notes=(*found.notes, *(remarks if said else ())),
        sample_weights=first_weights,
    )


def _usual(method: Any) -> str:
    return OWN_ESTIMAND.get(method, "ATT") if isinstance(method, str) else "ATT"


def _positive(column: pd.Series, name: str) -> Floats:
    """Return the sample weights as numbers; every one must be above 0 (the door has refused gaps and infinities)."""
    kinds = pd.api.types
    if not kinds.is_numeric_dtype(column.dtype) or kinds.is_bool_dtype(column.dtype) or column.dtype.kind == "c":
        raise InputError(f"sample_weights= needs a column of positive numbers; '{name}' holds something else.")
    values: Floats = column.to_numpy(dtype=np.float64)
    bad = int((values <= 0).sum())
    if bad:
        raise InputError(
            f"The sample weights '{name}' are 0 or below for {bad} of {len(values)} people: every weight must be above "
            "0. Leave people out who stand for nobody."
        )
    if not 1 / FURTHEST <= values.min() <= values.max() <= FURTHEST:
        raise InputError(
            f"The sample weights '{name}' are too large or too small to calculate with (beyond 1e100, or below "
            "1e-100): give them another unit."
        )
    return values


def _found(
    options: WeightOptions, taken: Taken, terms: Terms, score: Score | None, kept: Bools, first_weights: Floats | None
) -> Found:
    treated, order = taken.treated, taken.order
    sample = np.ones(len(treated)) if first_weights is None else first_weights
    facts: dict[str, Any] = {"n_trimmed": int((~kept).sum())}
    notes: list[str] = []
    if options.method == "entropy":
        weights = _entropy(options, taken, terms, kept, first_weights)
    elif options.method == "none" or score is None:
        weights = np.where(kept, sample, 0.0)
    else:
        weights = np.zeros(len(treated))
        weights[kept] = score_weights(score.used[kept], treated[kept], options.estimand)
        if options.stabilise:
            weights = stabilised(weights, treated, np.where(kept, sample, 0.0), order)
        if options.truncate is not None:
            groups = [group & kept for group, who in ((treated, "ATT"), (~treated, "ATC")) if options.estimand != who]
            cut = truncated(weights, tuple(groups), treated, options.truncate)
            weights = cut.weights
            facts |= {"n_truncated_treated": cut.n_treated, "n_truncated_comparison": cut.n_comparison}
            notes.append(
                f"Truncated: the weights of {format_count(cut.n_treated)} treated and {format_count(cut.n_comparison)} "
                f"comparison people were lowered to the {format_percent(options.truncate)} quantile of their group; "
                "nobody was left out."
            )
        weights = weights * sample
    return Found(
        weights=weights,
        sets=np.zeros(len(weights), dtype=np.int64),
        clusters=False,
        facts=facts,
        notes=(*notes, *_notes(options, taken, weights, kept)),
    )


def _entropy(options: WeightOptions, taken: Taken, terms: Terms, kept: Bools, first_weights: Floats | None) -> Floats:
    model = terms.model()
    if kept.all():
        return entropy_weights(
            model,
            taken.treated,
            order=taken.order,
            estimand=options.estimand,
            moments=options.moments,
            sample_weights=first_weights,
        )
    place = np.cumsum(kept) - 1
    weights = np.zeros(len(kept))
    weights[kept] = entropy_weights(
        replace(model, values=model.values[kept]),
        taken.treated[kept],
        order=place[taken.order[kept[taken.order]]],
        estimand=options.estimand,
        moments=options.moments,
        sample_weights=None if first_weights is None else first_weights[kept],
    )
    return weights


def _words(options: WeightOptions, taken: Taken, weights: Floats) -> str:
    stands_for = "" if options.sample_weights is None else f", each counted with the sample weight {_of(options)}"
    if options.method == "none":
        used = weights > 0
        counts = [format_count(int((used & group).sum())) for group in (taken.treated, ~taken.treated)]
        return (
            f"the plain difference between {counts[0]} treated and {counts[1]} comparison people, with nothing "
            f"adjusted for{stands_for}"
        )
    return estimand_words(options.estimand, taken.treated, weights, matched=False) + stands_for


def _of(options: WeightOptions) -> str:
    return f"'{options.sample_weights}'"


def _notes(options: WeightOptions, taken: Taken, weights: Floats, kept: Bools) -> tuple[str, ...]:
    notes: list[str] = []
    if options.method == "none":
        counts = "once" if options.sample_weights is None else f"with the sample weight {_of(options)}"
        notes.append(
            f"Everyone counts {counts}: an unadjusted comparison, fair only if treatment was assigned at random."
        )
    if options.method == "entropy":
        means = "means" if options.moments == 1 else "means and variances (as weighted averages of squares)"
        notes.append(f"Entropy balancing on the {means}: each is the same in both groups to 1e-10 standard deviations.")
    if options.method == "ipw":
        shares = ", times each group's share (stabilised)" if options.stabilise else ""
        notes.append(f"Inverse probability weights from the propensity score p: {IPW_WORDS[options.estimand]}{shares}.")
    if options.method == "matching_weights":
        notes.append(
            "Matching weights: at each score the smaller group counts in full and the larger one as much, as in pairs; "
            f"nobody counts more than {'1' if options.sample_weights is None else 'the sample weight'}, and the effect "
            "is about those for whom pairs could be found, not about all who were treated."
        )
    if options.method == "overlap":
        notes.append(
            "Overlap weights: people who might as well have been in the other group count most, and nobody counts more "
            f"than {'1' if options.sample_weights is None else 'the sample weight'}; the effect is about them, not "
            "about all who were treated."
        )
    if options.trim != "none":
        notes.append(in_words(options.trim, taken.treated, kept))
    for mask, who in ((taken.treated, "treated"), (~taken.treated, "comparison")) if options.method != "none" else ():
        heaviest = float(weights[mask].max() / np.sort(weights[mask]).sum())
        if heaviest > max(HEAVY, 2 / np.count_nonzero(weights[mask])):  # in a small group everybody carries a lot
            notes.append(
                f"One {who} person carries {format_percent(heaviest)} of the group's weight: little overlap, treat "
                "with care."
            )
    return tuple(notes)
