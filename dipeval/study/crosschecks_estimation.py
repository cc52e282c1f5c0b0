"""Agreements between a design and how effects are estimated from it: estimator, error, model and their options.

What is refused here would be refused by `dipeval.estimate_effect` too, but only after the outcomes are opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dipeval.errors import InputError
from dipeval.study.columns import Location, covariates_of, designs, formula_names
from dipeval.study.estimates import measures_of
from dipeval.study.learners import FITTED_ONCE
from dipeval.study.spec import StudySpec
from dipeval.study.spec_design import DesignOptions
from dipeval.study.spec_effects import MODELS_OF, EffectSpec, EstimationOptions

Complaint = tuple[Location, str]
PAIRED: Final = ("nearest", "optimal", "full")
# Methods whose weights solve equations that are known, so that they can be made again for people drawn again.
SMOOTH: Final = ("entropy", "ipw", "overlap", "matching_weights")
# Methods whose weights are sums of shares among people who stand beside one another.
SHARED: Final = ("radius", "kernel", "subclass", "cem")
SCORED: Final = ("ipw", "overlap", "matching_weights")
# Methods after which people can be drawn again with their weights, pairs or sets made anew.
BOOTSTRAPPED: Final = (*PAIRED, *SMOOTH, "none")
# Estimator -> errors it gives besides "auto"; None for those that the design decides.
ERRORS_OF: Final[dict[str, tuple[str, ...] | None]] = {
    "weighted": None,
    "regression": ("hc0", "hc1", "hc2", "hc3", "cluster_hc0", "cluster_hc1", "m_estimation", "bootstrap"),
    "aipw": ("hc0", "cluster_hc0", "m_estimation", "bootstrap"),
    "abadie_imbens": ("abadie_imbens",),
}
# Key -> whether what is asked for leaves it without meaning, and why.
IDLE: Final[dict[str, tuple[Callable[[EstimationOptions], bool], str]]] = {
    "estimator_folds": (
        lambda asked: asked.estimator != "aipw",
        'this is for estimator = "aipw" (the parts of its cross-fitting)',
    ),
    "draws": (lambda asked: asked.std_error != "bootstrap", 'this is for std_error = "bootstrap"'),
}


def _estimations(spec: StudySpec) -> Iterator[tuple[Location, DesignOptions, EstimationOptions]]:
    """Each design with how its effects are estimated, and where that stands."""
    for place, options in designs(spec):
        yield (("effect",), options, spec.effect) if place == ("design",) else (place, options, options)


def _estimators(spec: StudySpec) -> Iterator[Complaint]:
    for place, design, asked in _estimations(spec):
        yield from _estimator(place, design, asked)
        yield from _measures(spec, place, asked)
        yield from _error(spec, place, design, asked)
        yield from _adjust(spec, place, design, asked)
        for key, (is_idle, why) in IDLE.items():
            if key in asked.model_fields_set and is_idle(asked):
                yield (*place, key), f"{why}; take it out."


def _times_only(spec: StudySpec) -> Iterator[Complaint]:
    """Where only times can be compared the answer is a hazard ratio, and none of these keys reaches it."""
    if spec.times_only:
        for key in EffectSpec.model_fields:
            if key in spec.effect.model_fields_set:
                yield ("effect", key), "only times can be compared here, by a model of its own: take it out."


def _estimator(place: Location, design: DesignOptions, asked: EstimationOptions) -> Iterator[Complaint]:
    where = (*place, "estimator")
    if asked.estimator == "aipw" and not design.weighted:
        yield where, f'"aipw" uses everybody, and method "{design.method}" does not: use it with method = "ipw".'
    elif asked.estimator == "aipw" and design.asked_estimand not in ("ATT", "ATC", "ATE"):
        yield (
            where,
            f'"aipw" gives the effect on the treated, on the untreated or on everybody, and method "{design.method}" '
            'is about others: use it with method = "ipw".',
        )
    if asked.estimator == "abadie_imbens" and not (design.method == "nearest" and design.replace):
        yield where, '"abadie_imbens" needs method = "nearest" with replace = true.'


def _measures(spec: StudySpec, place: Location, asked: EstimationOptions) -> Iterator[Complaint]:
    """Whether estimator and model give what the outcomes ask for."""
    measures = {
        measure: outcome for outcome in spec.outcomes if outcome.kind != "time" for measure in measures_of(outcome)
    }
    if asked.estimator == "aipw" and "rate_ratio" in measures:
        yield (*place, "estimator"), '"aipw" gives no rate_ratio, which an outcome asks for: use "weighted" for it.'
    timed = "rate_ratio" in measures and measures["rate_ratio"].at_risk is not None
    if asked.estimator == "abadie_imbens" and asked.adjust and "rate_ratio" in measures:
        yield (*place, "adjust"), "a rate is not corrected by a regression among the matches: take adjust out."
    if asked.std_error == "count" and timed:
        yield (*place, "std_error"), '"count" is for shares and means, and an outcome asks for a rate over time.'
    models = {model for measure in measures for model in MODELS_OF[asked.estimator].get(measure, ())}
    if asked.model is not None and asked.model not in models:
        fits = f"needed is one of {', '.join(sorted(models))}" if models else "take it out"
        yield (
            (*place, "model"),
            f'found "{asked.model}"; estimator "{asked.estimator}" has no use for it with these outcomes: {fits}.',
        )


def _adjust(spec: StudySpec, place: Location, design: DesignOptions, asked: EstimationOptions) -> Iterator[Complaint]:
    known = _known(spec, design) if asked.adjust else set()
    for name in asked.adjust:
        if name not in known:
            yield (*place, "adjust"), f'"{name}" is no covariate of this design; adjust names some of those.'
    if asked.adjust and asked.estimator == "weighted":
        yield (*place, "adjust"), 'weighted means adjust for nothing more: use estimator = "regression".'


def _known(spec: StudySpec, design: DesignOptions) -> set[str]:
    """The covariates of a design; a formula that cannot be read is complained of elsewhere."""
    try:
        return {*covariates_of(spec, design), *formula_names(design.formula)}
    except InputError:
        return set(covariates_of(spec, design))


def _error(spec: StudySpec, place: Location, design: DesignOptions, asked: EstimationOptions) -> Iterator[Complaint]:
    if asked.std_error == "auto":
        return
    given = ERRORS_OF[asked.estimator]
    if given is not None and asked.std_error not in given:
        why = f'estimator "{asked.estimator}" gives no "{asked.std_error}"; needed is auto, {", ".join(given)}.'
    else:
        why = _unsuited(spec, design, asked)
    if why:
        yield (*place, "std_error"), why


def _unsuited(spec: StudySpec, design: DesignOptions, asked: EstimationOptions) -> str:
    """Why an error is not for a design; empty if it is."""
    replaced = design.replace
    if asked.std_error == "m_estimation":
        return _no_equations(design) or (
            '"m_estimation" with "aipw" needs models fitted once to everybody: say estimator_folds = 1.'
            if asked.estimator == "aipw" and asked.estimator_folds > 1
            else ""
        )
    if asked.std_error == "bootstrap":
        return _no_bootstrap(design)
    if asked.std_error == "abadie_imbens" and not (design.method == "nearest" and replaced):
        return '"abadie_imbens" needs method = "nearest" with replace = true.'
    if replaced and (design.method, asked.std_error) == ("nearest", "cluster_hc0"):
        return ""  # over sets and people at once
    if asked.std_error.startswith("cluster") and not spec.many_indexes and (design.method not in PAIRED or replaced):
        return f'"{asked.std_error}" needs pairs or sets, and method "{design.method}" makes none here.'
    return ""


def _no_equations(design: DesignOptions) -> str:
    """Why an error cannot allow for the weights having been estimated; empty if it can."""
    if design.method in SHARED:
        return ""
    if design.method not in SMOOTH:
        return f'"m_estimation" is for {", ".join((*SMOOTH, *SHARED))}; method "{design.method}" has no such weights.'
    if design.truncate is not None or design.trim != "none":
        key = "truncate" if design.truncate is not None else "trim"
        return f'"m_estimation" cannot allow for {key}, which looks at the estimated score; take one of the two out.'
    return _learned(design, "m_estimation")


def _no_bootstrap(design: DesignOptions) -> str:
    if design.method not in BOOTSTRAPPED or design.replace:
        how = f"{design.method} with replacement" if design.replace else design.method
        return (
            f'"bootstrap" is not valid after {how}: the people drawn again do not vary as the estimate does; leave '
            'std_error = "auto".'
        )
    if design.weighted and design.trim != "none":
        return '"bootstrap" cannot make weights again after trim, which looks at the estimated score.'
    return _learned(design, "bootstrap")


def _learned(design: DesignOptions, error: str) -> str:
    if design.method in SCORED and design.learner not in FITTED_ONCE:
        return f'"{error}" needs the score of a logistic or probit model, and learner is "{design.learner}".'
    return ""


ESTIMATION_CHECKS: tuple[Callable[[StudySpec], Iterator[Complaint]], ...] = (_estimators, _times_only)
