"""Agreements between the keys of the answer: measures, subgroups and what could overturn it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dipeval.study.columns import Location, outcome_columns
from dipeval.study.crosschecks_estimation import ESTIMATION_CHECKS, Complaint
from dipeval.study.spec import StudySpec
from dipeval.study.spec_design import WEIGHTINGS, DesignMethod
from dipeval.vocabulary import OFFENCE_CLASSES, OFFENCE_GROUPS, OUTCOME_NAMES, TREATED

OF_KIND: Final[dict[str, tuple[str, ...]]] = {
    "yes_no": ("risk_difference", "risk_ratio", "odds_ratio"),
    "count": ("mean_difference", "rate_ratio"),
    "time": ("hazard_ratio", "rmst_difference"),
}
TIMES_AT_RISK: Final = ("at_risk_days", "observed_days")
METHODS: Final[tuple[str, ...]] = DesignMethod.__args__  # type: ignore[attr-defined]
TIMES_ONLY: Final = "only times can be compared here, and this is about shares and numbers: take it out."


def _measures(spec: StudySpec) -> Iterator[Complaint]:
    for position, outcome in enumerate(spec.outcomes):
        place = ("outcomes", position)
        suited = OF_KIND[outcome.kind]
        for measure in dict.fromkeys(outcome.measures):
            if measure not in suited:
                fits = f"needed are some of {', '.join(suited)}"
                yield (*place, "measures"), f'found "{measure}" for an outcome of kind "{outcome.kind}"; {fits}.'
        if len(set(outcome.measures)) < len(outcome.measures):
            yield (*place, "measures"), "a measure is named twice; name each once."
        if outcome.at_risk is not None and "rate_ratio" not in outcome.measures:
            yield (*place, "at_risk"), 'the time at risk is for rates: add "rate_ratio" to measures, or take it out.'
        elif outcome.at_risk is not None and spec.from_extracts and outcome.at_risk not in TIMES_AT_RISK:
            # Such as time_at_risk_days, which ends at the first reoffence; counts go on after it.
            yield (
                (*place, "at_risk"),
                f'found "{outcome.at_risk}"; the whole time in which offences are counted is needed: '
                f"{' (net of custody) or '.join(TIMES_AT_RISK)}.",
            )


def _families(spec: StudySpec) -> Iterator[Complaint]:
    for position, outcome in enumerate(spec.outcomes):
        if "family" in outcome.model_fields_set and (outcome.primary or outcome.kind == "time"):
            why = "the primary outcome is tested alone" if outcome.primary else "times are tested beside the others"
            yield ("outcomes", position, "family"), f"{why}, without correction: take the key out."


def _times_only(spec: StudySpec) -> Iterator[Complaint]:
    if not spec.times_only:
        return
    if spec.subgroups is not None:
        yield ("subgroups",), TIMES_ONLY
    for key in ("benchmarks", "negative_controls", "specifications"):
        if getattr(spec.overturn, key):
            yield ("overturn", key), TIMES_ONLY


def _subgroups(spec: StudySpec) -> Iterator[Complaint]:
    asked = spec.subgroups
    if asked is None:
        return
    after = {*outcome_columns(spec), *OUTCOME_NAMES, TREATED, spec.people.treated}
    for name in dict.fromkeys(asked.by):
        if name in after:
            yield ("subgroups", "by"), f'"{name}" is no fact from before treatment; subgroups are made of those only.'
        if name in spec.people.excluded:
            yield ("subgroups", "by"), f'"{name}" is under people.excluded; it can be only one of the two.'
        if asked.by.count(name) > 1:
            yield ("subgroups", "by"), f'"{name}" is named twice; name each once.'
    for name in asked.cut:
        if name not in asked.by:
            yield ("subgroups", "cut", name), f'"{name}" is not among subgroups.by.'
    for name, breaks in asked.cut.items():
        if sorted(set(breaks)) != breaks:
            yield ("subgroups", "cut", name), "the breaks must rise, each once."


def _overturn(spec: StudySpec) -> Iterator[Complaint]:
    for name in spec.overturn.benchmarks:
        if name not in spec.design.covariates:
            yield ("overturn", "benchmarks"), f'"{name}" is no covariate of [design]; a benchmark is one of those.'
    if spec.overturn.benchmarks and not spec.overturn.hidden_bias:
        yield ("overturn", "benchmarks"), "with hidden_bias = false there is nothing to hold them against; take it out."
    if spec.overturn.refit_without and not any(item.column for item in spec.overturn.negative_controls):
        yield ("overturn", "refit_without"), "this is for negative controls with a column; take it out."


def _specifications(spec: StudySpec) -> Iterator[Complaint]:
    asked = spec.overturn.specifications
    if asked is None:
        return
    place: Location = ("overturn", "specifications")
    for name in asked.methods:
        if name not in METHODS:
            yield (*place, "methods"), f'found "{name}"; needed are some of {", ".join(METHODS)}.'
    for key in ("methods", "calipers", "ratios", "estimators", "leave_out"):
        if len(set(getattr(asked, key))) < len(getattr(asked, key)):
            yield (*place, key), "a choice is named twice; name each once."
    for name in asked.leave_out:
        if name not in spec.design.covariates:
            yield (*place, "leave_out"), f'"{name}" is no covariate of [design]; only those can be left out.'
    if set(asked.leave_out) >= set(spec.design.covariates) and len(spec.design.covariates) == 1:
        yield (*place, "leave_out"), "the design has one covariate, and without it nothing would be left."


def _matched_specifications(spec: StudySpec) -> Iterator[Complaint]:
    place = ("overturn", "specifications", "methods")
    methods = spec.overturn.specifications.methods if spec.overturn.specifications is not None else ()
    matched = [name for name in methods if name in METHODS and name not in WEIGHTINGS]
    if matched and spec.many_indexes:
        weighted = ", ".join(name for name in WEIGHTINGS if name != "none")
        yield (
            place,
            f"found {', '.join(matched)}; a person can be in more than once, which only weights allow: {weighted}.",
        )
    elif matched and not spec.from_extracts and spec.people.id is None:
        yield (
            place,
            f"found {', '.join(matched)}; matching needs each person's number: name its column under people.id.",
        )


def _negative_controls(spec: StudySpec) -> Iterator[Complaint]:
    labels = [item.label for item in spec.overturn.negative_controls]
    for position, item in enumerate(spec.overturn.negative_controls):
        place: Location = ("overturn", "negative_controls", position)
        after = bool(item.groups or item.classes)
        if (item.column is None) != after:
            yield place, "name either column (from before the index event) or groups or classes (offences after it)."
        if after and not spec.from_extracts:
            yield place, "groups and classes are counted from extracts; for a table of people name a column."
        for why in _no_control(spec, item.column):
            yield (*place, "column"), f'"{item.column}" {why}'
        if item.label in labels[:position]:
            yield (*place, "label"), f'"{item.label}" is used twice; labels must differ.'
        for key, known in (("groups", OFFENCE_GROUPS), ("classes", OFFENCE_CLASSES)):
            for name in getattr(item, key):
                if name not in known:
                    yield (*place, key), f'found "{name}"; needed are some of {", ".join(known)}.'


def _no_control(spec: StudySpec, column: str | None) -> Iterator[str]:
    """Why a column from before the index event cannot be a negative control."""
    if column in {*outcome_columns(spec), *OUTCOME_NAMES}:
        yield "is an outcome: what treatment may change is no negative control."
    if column in (TREATED, spec.people.treated):
        yield "says who was treated; a negative control is another fact."
    if column in spec.people.excluded:
        yield "is under people.excluded; it can be only one of the two."


EFFECT_CHECKS: tuple[Callable[[StudySpec], Iterator[Complaint]], ...] = (
    _measures,
    _families,
    *ESTIMATION_CHECKS,
    _times_only,
    _subgroups,
    _overturn,
    _specifications,
    _matched_specifications,
    _negative_controls,
)
