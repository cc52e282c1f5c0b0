"""The primary design in figures, for a methodologist who wants to make it again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dipeval.disclosure import is_small
from dipeval.matching.trimming import RULES as TRIMMING
from dipeval.presenting import format_number, format_percent
from dipeval.report import words
from dipeval.report.design_words import BY_SCORE, PAIRED, TIE_RULES, caliper

if TYPE_CHECKING:
    from dipeval.study import StudyResult


def figures(result: StudyResult) -> list[tuple[str, str]]:
    """Return the design for a methodologist: what was asked for, what was found, each as it may be shown.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    list of tuple
        What, and its value as text.
    """
    made = result.design
    rows = [
        ("Method", f"{made.method_words}, estimand {made.estimand}"),
        *_asked(result),
        *_model(result),
        *_found(result),
        *_size(result),
        ("Differences divided by", made.balance().denominator),
    ]
    return [(what, value[:1].upper() + value[1:]) for what, value in rows if value]


def _asked(result: StudyResult) -> Iterator[tuple[str, str]]:
    options, made = result.design.options, result.design
    if caliper(made):
        yield "Caliper", f"{caliper(made)}: {format_number(options['caliper_width'], 4)} in width"
    if made.method in PAIRED:
        repeated = "with" if options.get("replace") else "without"
        order = f", order of choosing: {options['order']}" if made.method == "nearest" else ""
        many = f"{options['min_ratio']} to {options['max_ratio']}, " if options.get("min_ratio") else ""
        yield "Pairs", f"{many}{options['ratio']} to 1{' on average' if many else ''}, {repeated} replacement{order}"
    if options.get("trim", "none") != "none":
        yield "Trimming", TRIMMING[options["trim"]]
    if "moments" in options and made.method == "entropy":
        yield "Moments", "means" if options["moments"] == 1 else "means and variances"
    if "ties" in options and made.method == "nearest":
        yield "Ties", f"settled by {TIE_RULES[options['ties']]}; seed {options['seed']}"


def _model(result: StudyResult) -> Iterator[tuple[str, str]]:
    model = result.design.propensity
    if model is None:
        return
    use = "" if result.design.method in BY_SCORE else " (drawn only: the method does not use the score)"
    folds = "" if model.folds is None else f", cross-fitted in {model.folds} folds"
    yield "Model of the score", f"{model.learner}{folds}{use}"
    yield "Penalty", model.penalty
    yield "Formula", model.formula or ""
    if model.condition_number is not None:
        yield "Condition number", format_number(model.condition_number, 1)
    yield "Reference levels", "; ".join(f"{words.covariate(result, key)}: {at}" for key, at in model.references.items())


def _found(result: StudyResult) -> Iterator[tuple[str, str]]:
    options = result.design.options
    if result.design.method == "full":
        yield "Sets", words.people(result, options["n_sets"])
    if result.design.method == "subclass":
        yield "Classes", f"{options['n_classes']} ({options['n_merged_classes']} merged with the next)"
    if result.design.method == "cem":
        yield "Combinations of bands", f"{options['n_matched_cells']} of {options['n_cells']} hold both groups"
    if result.design.method in ("radius", "kernel"):
        yield "Untreated people within reach", f"{words.people(result, options['neighbours']['median'])} (median)"


def _size(result: StudyResult) -> Iterator[tuple[str, str]]:
    made = result.design
    if is_small(min(made.n_treated, made.n_comparison), result.rule):
        return
    yield "Effective number, comparison", words.people(result, round(made.ess))
    kept = float(made.precision()["information"].iloc[-1])
    if math.isfinite(kept):
        yield "Precision kept", f"{format_percent(kept, 0)} of that of a plain comparison of everybody"
