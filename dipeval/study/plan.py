"""A design of the study file as the arguments that make it: the same for the study and for every repetition of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.study.columns import used_columns
from dipeval.study.learners import learner
from dipeval.study.missing import fillable, filled_for, marks_of

if TYPE_CHECKING:
    from dipeval.study.load import Prepared
    from dipeval.study.spec import DesignOptions, SensitivitySpec

# Key of the study file -> the methods whose function takes it as an option of the same name.
_MATCHING = ("caliper", "caliper_unit", "scale", "ratio", "min_ratio", "max_ratio", "replace", "order", "subclasses")
_BOTH = ("trim", "formula")
_WEIGHTING = ("moments", "stabilise", "truncate", "sample_weights")
# Whose average effect a design beside the primary one is about, where it is another.
OTHER_ESTIMANDS = {
    "ATC": "effect on the untreated",
    "ATE": "effect on everybody compared",
    "ATO": "effect on people who might as well have been treated as not",
    "ATM": "effect on people for whom pairs could be found",
}


def planned(
    prepared: Prepared, options: DesignOptions, covariates: Sequence[str], seed: int
) -> tuple[Any, dict[str, str], dict[str, Any]]:
    """Return the people of a design without gaps, when its columns were measured, and what makes it.

    Parameters
    ----------
    prepared
        The people.
    options, covariates
        Of the design.
    seed
        Breaks ties, and parts people for the cross-fitting of scores.

    Returns
    -------
    tuple
        The people: a cohort, or a frame; column -> when it was measured (empty for a cohort, which knows); arguments
        of `dipeval.effects.design_analysis.make_groups_comparable`.
    """
    people, moments, marks = _complete(prepared, options, covariates)
    return people, moments, plan_of(options, [*covariates, *marks], seed, marks)


def _complete(
    prepared: Prepared, options: DesignOptions, covariates: Sequence[str]
) -> tuple[Any, dict[str, str], tuple[str, ...]]:
    """The people with the gaps of this design's columns filled, moments, and the columns that mark the gaps."""
    people, own = prepared.people, set(used_columns(options, covariates))
    moments = {name: when for name, when in prepared.measured_at.items() if name in own}
    filled = filled_for(people, fillable(options, covariates)) if prepared.missing == "indicator" else None
    if filled is None:
        return people, moments if isinstance(people, pd.DataFrame) else {}, ()
    return filled.people, filled.measured_at(moments), marks_of(filled)


def plan_of(options: DesignOptions, covariates: Sequence[str], seed: int, marks: Sequence[str] = ()) -> dict[str, Any]:
    """Return a design as arguments: covariates, method, options of that method, and of another score if it has one.

    Parameters
    ----------
    options
        The method and its options.
    covariates
        Columns to be made alike on, marks of gaps included.
    seed
        Breaks ties, and parts people for the cross-fitting of scores.
    marks
        Columns that mark gaps: they join a formula too.

    Returns
    -------
    dict
        covariates, method, options, score.
    """
    names = _BOTH + (_WEIGHTING if options.weighted else _MATCHING)
    given: dict[str, Any] = {"estimand": options.asked_estimand} | {name: getattr(options, name) for name in names}
    if options.formula is not None:
        given["formula"] = " + ".join([options.formula, *(mark for mark in marks if mark.isidentifier())])
    if options.references:
        given["references"] = dict(options.references)
    if not options.weighted:
        given |= {
            "exact": tuple(options.exact),
            "anti_exact": tuple(options.anti_exact),
            "mahalanobis": tuple(options.mahalanobis),
            "mahalanobis_ranks": options.mahalanobis_ranks,
            "mahalanobis_scaling": options.mahalanobis_scaling,
            "ties": options.ties,
            "covariate_calipers": dict(options.covariate_calipers),
            "cutpoints": dict(options.cutpoints),
            "seed": seed,
        }
    model = learner(options.learner, seed)
    score = None if model is None else {"learner": model, "folds": options.folds, "seed": seed}
    if options.learner == "probit":
        score = {"link": "probit"}
    return {"covariates": tuple(covariates), "method": options.method, "options": given, "score": score}


def labelled(options: SensitivitySpec) -> str:
    """Return the label of a further design, which says so where it answers for other people than the primary one."""
    about = OTHER_ESTIMANDS.get(options.asked_estimand)
    return options.label if about is None else f"{options.label} ({about})"
