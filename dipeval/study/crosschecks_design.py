"""Agreements between the keys of a design: its columns, its estimand, and the options its method has a use for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches

from dipeval.errors import InputError
from dipeval.study.columns import (
    Location,
    covariates_of,
    design_columns,
    designs,
    outcome_columns,
    side_columns,
    used_columns,
)
from dipeval.study.learners import FITTED_ONCE
from dipeval.study.spec import DesignOptions, StudySpec
from dipeval.study.spec_design import OWN_ESTIMAND, WEIGHTINGS
from dipeval.vocabulary import OUTCOME_NAMES, TREATED

Complaint = tuple[Location, str]
MATCHED = ("nearest", "optimal", "radius", "kernel", "full", "subclass", "cem")
# Methods whose result follows from the propensity score; for the others it only shows the overlap.
SCORED = ("nearest", "optimal", "radius", "kernel", "full", "subclass", "ipw", "overlap", "matching_weights")
# Key -> the methods it means something to, besides those that `match` itself knows of (`matching.options.SUITED`).
SUITED = {
    "caliper": ("nearest", "optimal", "radius", "kernel", "full"),
    "caliper_unit": ("nearest", "optimal", "radius", "kernel", "full"),
    "scale": ("nearest", "optimal", "radius", "kernel", "full", "subclass"),
    "exact": MATCHED,
    "ties": ("nearest",),
    "moments": ("entropy",),
    "stabilise": ("ipw",),
    "truncate": ("ipw",),
    "learner": SCORED,
    "folds": SCORED,
    "formula": SCORED,
    "sample_weights": WEIGHTINGS,
}
# Keys that name columns of numbers.
OF_NUMBERS = ("covariate_calipers", "mahalanobis", "cutpoints", "sample_weights")
WHAT_IS_REFUSED = "the groups may not be matched on what happened afterwards"


def _columns(spec: StudySpec) -> Iterator[Complaint]:
    """No key may bring an outcome, a column set aside, the treatment or the number into a design."""
    outcomes = set(outcome_columns(spec)) | OUTCOME_NAMES
    for key in ("treated", "id"):
        if getattr(spec.people, key) in outcomes:
            yield ("people", key), f'"{getattr(spec.people, key)}" is an outcome; a column can be only one of the two.'
    for place, options in designs(spec):
        try:
            named = design_columns(options, getattr(options, "covariates", None) or ())
        except InputError as error:
            yield (*place, "formula"), str(error)
            continue
        for key, names in named.items():
            yield from _roles(spec, (*place, key), set(names), outcomes)


def _roles(
    spec: StudySpec, place: Location, names: set[str], outcomes: set[str] | frozenset[str]
) -> Iterator[Complaint]:
    for name in sorted(names & outcomes):
        yield place, f'"{name}" is an outcome: {WHAT_IS_REFUSED}.'
    for name in sorted(names & set(spec.people.excluded)):
        yield place, f'"{name}" is also under people.excluded; it can be only one of the two.'
    if TREATED in names and spec.people.treated != TREATED and not spec.from_extracts:
        yield place, f'"{TREATED}" is what dipeval calls the column under people.treated: give this one another name.'
    for name in sorted(names & {spec.people.treated, spec.people.id}):
        yield place, f'"{name}" is the treatment or the person\'s number, not a covariate.'


def _suited(spec: StudySpec) -> Iterator[Complaint]:
    """An option that the method would pass over in silence is a misunderstanding."""
    for place, options in designs(spec):
        written = [name for name in DesignOptions.model_fields if name in options.model_fields_set]
        unusual = [name for name in written if getattr(options, name) != DesignOptions.model_fields[name].default]
        if not unusual:
            continue
        from dipeval.matching.options import SUITED as MATCHING

        suited = MATCHING | SUITED
        for name in unusual:
            if options.method in suited.get(name, (options.method,)):
                continue
            if name in ("learner", "formula") and options.method == "cem" and options.trim != "none":
                continue
            yield (
                (*place, name),
                f'this means nothing to method = "{options.method}"; it is for {", ".join(suited[name])}. Take it out.',
            )


def _score(spec: StudySpec) -> Iterator[Complaint]:
    for place, options in designs(spec):
        if options.method in ("radius", "kernel") and options.caliper is None:
            width = "radius that everybody must be within" if options.method == "radius" else "bandwidth"
            yield (*place, "caliper"), f'found "none"; method = "{options.method}" needs the {width}.'
        if "folds" in options.model_fields_set and options.learner in FITTED_ONCE:
            yield (
                (*place, "folds"),
                f'this means nothing to learner = "{options.learner}", which is fitted once. Take it out.',
            )
        if options.method == "ipw" and options.stabilise and options.estimand != "ATE":
            yield (*place, "stabilise"), 'this is for estimand = "ATE" only: it changes no other effect. Take it out.'
        if options.method == "none" and options.trim != "none":
            yield (*place, "trim"), 'this means nothing to method = "none", the comparison as people come. Take it out.'


def _ratio(spec: StudySpec) -> Iterator[Complaint]:
    for place, options in designs(spec):
        least, most = options.min_ratio, options.max_ratio
        if least is None and most is None:
            continue
        key = "max_ratio" if most is None else "min_ratio"
        if least is None or most is None:
            yield (*place, key), "this is missing; min_ratio and max_ratio go together, with ratio as the average."
        elif not least < options.ratio < most:
            yield (
                (*place, "ratio"),
                f"found {options.ratio}; needed is a number between min_ratio ({least}) and max_ratio ({most}), as it "
                "is their average.",
            )
        if options.replace:
            yield (*place, "replace"), "found true; a ratio that varies is for people who are used once. Take it out."


def _equal_and_different(spec: StudySpec) -> Iterator[Complaint]:
    for place, options in designs(spec):
        both = [name for name in options.anti_exact if name in options.exact]
        if both:
            yield (*place, "anti_exact"), f"{', '.join(both)} is under exact too; no pair can be equal and different."


def _ranks(spec: StudySpec) -> Iterator[Complaint]:
    for place, options in designs(spec):
        for key in ("mahalanobis_ranks", "mahalanobis_scaling"):
            if getattr(options, key) != DesignOptions.model_fields[key].default and not options.mahalanobis:
                yield (
                    (*place, key),
                    "this says how the Mahalanobis distance is measured; name its columns in mahalanobis, or take it "
                    "out.",
                )


def _ties(spec: StudySpec) -> Iterator[Complaint]:
    for place, options in designs(spec):
        if options.ties == "all" and not (options.method == "nearest" and options.replace):
            yield (*place, "ties"), '"all" needs method = "nearest" with replace = true: else people are used up.'


def _estimand(spec: StudySpec) -> Iterator[Complaint]:
    primary = spec.design.asked_estimand
    if primary != "ATT":
        yield (
            ("design", "method" if spec.design.method in OWN_ESTIMAND else "estimand"),
            f'this asks for the effect "{primary}"; every sentence of a report is about the people treated ("ATT"). '
            "Ask for another effect under [[sensitivity]], beside that one.",
        )
    for place, options in designs(spec):
        if place == ("design",) or "estimand" not in options.model_fields_set:
            continue
        allowed = _allowed(options)
        if options.estimand not in allowed:
            yield (
                (*place, "estimand"),
                f'found "{options.estimand}"; method = "{options.method}" gives {", ".join(allowed)}.',
            )


def _allowed(options: DesignOptions) -> tuple[str, ...]:
    from dipeval.matching.options import METHODS as MATCHINGS
    from dipeval.matching.weight_options import METHODS as WEIGHTINGS

    if (options.method, options.replace, options.ties) == ("nearest", True, "all"):
        return ("ATT", "ATC", "ATE")
    return (MATCHINGS | WEIGHTINGS)[options.method]


def _categories(spec: StudySpec) -> Iterator[Complaint]:
    categories = spec.people.categories
    if categories and spec.from_extracts:
        yield (
            ("people", "categories"),
            "a cohort knows which of its columns are categories; this is for a table with one row a person.",
        )
        return
    try:
        used = {name for _, item in designs(spec) for name in used_columns(item, covariates_of(spec, item))}
        used |= set(side_columns(spec))
    except InputError:  # the formula has had its complaint
        return
    idle = sorted(set(categories) - used)
    if idle:
        near = [name for one in idle for name in get_close_matches(one, sorted(used), n=1)]
        hint = f" (covariates names {', '.join(near)}: is it misspelt?)" if near else ""
        yield (
            ("people", "categories"),
            f"{', '.join(idle)} is used by no design{hint}; take it out, or add it to covariates.",
        )
    for place, options in designs(spec):
        for key in OF_NUMBERS:
            found = getattr(options, key) or ()
            words = sorted(set([found] if isinstance(found, str) else found) & set(categories))
            if words:
                yield (*place, key), f"{', '.join(words)} holds words (people.categories), and this needs numbers."
        loose = sorted(set(options.references) - set(categories))
        if loose and not spec.from_extracts:
            yield (
                (*place, "references"),
                f"{', '.join(loose)} is not under people.categories: only a category has a reference level.",
            )


def _references(spec: StudySpec) -> Iterator[Complaint]:
    for place, options in designs(spec):
        try:
            named = design_columns(options, covariates_of(spec, options))
        except InputError:
            return
        idle = sorted(set(options.references) - {*named["covariates"], *named["formula"]})
        if idle:
            yield (*place, "references"), f"{', '.join(idle)} is no covariate of this design."
        idle = sorted(set(options.cutpoints) - set(named["covariates"])) if options.method == "cem" else []
        if idle:
            yield (*place, "cutpoints"), f"{', '.join(idle)} is no covariate of this design."


DESIGN_CHECKS: tuple[Callable[[StudySpec], Iterator[Complaint]], ...] = (
    _columns,
    _suited,
    _score,
    _ratio,
    _equal_and_different,
    _ranks,
    _ties,
    _estimand,
    _categories,
    _references,
)
