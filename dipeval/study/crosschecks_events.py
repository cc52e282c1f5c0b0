"""Agreements between the keys on events: who enters, what counts as treated, from when, and how it is analysed then."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dipeval.study.columns import Location, designs
from dipeval.study.learners import FITTED_ONCE
from dipeval.study.spec import StudySpec
from dipeval.study.spec_design import WEIGHTINGS

Complaint = tuple[Location, str]


def _index(spec: StudySpec) -> Iterator[Complaint]:
    cohort = spec.cohort
    for key in ("index_table", "index_column"):
        if cohort.index_event == "column" and getattr(cohort, key) is None:
            yield ("cohort", key), 'this is missing; index_event = "column" names a table and a date column of it.'
        if cohort.index_event != "column" and getattr(cohort, key) is not None:
            yield ("cohort", key), f'index_event = "{cohort.index_event}" knows its own table; take {key} out.'
    if cohort.maximum_age is not None and cohort.maximum_age < cohort.minimum_age:
        yield (
            ("cohort", "maximum_age"),
            f"found {cohort.maximum_age}; needed is at least minimum_age ({cohort.minimum_age}).",
        )


def _exposure(spec: StudySpec) -> Iterator[Complaint]:
    cohort = spec.cohort
    if cohort.completed_only and not cohort.non_causal:
        yield (
            ("cohort", "completed_only"),
            "completion follows from how treatment went, so a comparison by it is not causal; write non_causal = true "
            "beside it (every report will say so), or take it out.",
        )
    if cohort.immortal_time == "ever_treated" and not cohort.accept_immortal_time:
        yield (
            ("cohort", "immortal_time"),
            '"ever_treated" credits treatment with the days before it started. Use "landmark" or "time_varying", or '
            "write accept_immortal_time = true beside it (every report will print those days).",
        )
    if cohort.immortal_time != "landmark" and cohort.landmark_days != 0:
        yield (
            ("cohort", "landmark_days"),
            f'found {cohort.landmark_days}; needed is 0 with immortal_time = "{cohort.immortal_time}": time zero is '
            "the index date then.",
        )


def _late(spec: StudySpec) -> Iterator[Complaint]:
    if not spec.from_extracts:
        return
    kept, censored = spec.cohort.late_index == "keep", spec.follow_up.at_extract_end == "censor"
    if kept and not censored:
        yield (
            ("follow_up", "at_extract_end"),
            f'found "{spec.follow_up.at_extract_end}"; needed is "censor" with cohort.late_index = "keep": some are '
            "not observed to the end.",
        )
    if not kept:
        return
    for position, outcome in enumerate(spec.outcomes):
        if outcome.kind != "time":
            yield (
                ("outcomes", position, "kind"),
                f'found "{outcome.kind}"; with cohort.late_index = "keep" people are not observed equally long, so '
                'only a time can be compared. Use late_index = "cut_back".',
            )


def _time_varying(spec: StudySpec) -> Iterator[Complaint]:
    """Treatment that changes with time: one model of the time to the event, nobody matched or weighted."""
    if not spec.time_varying:
        return
    why = 'with cohort.immortal_time = "time_varying"'
    for position, outcome in enumerate(spec.outcomes):
        if outcome.kind != "time":
            yield (
                ("outcomes", position, "kind"),
                f'found "{outcome.kind}"; {why} only a time can be compared. Yes/no and counts need the landmark.',
            )
    if spec.design.method != "none":
        yield (
            ("design", "method"),
            f'found "{spec.design.method}"; needed is "none" {why}: the covariates go into the model.',
        )
    for key, plain in (("missing", "refuse"), ("sample_weights", None), ("references", {})):
        if getattr(spec.design, key) != plain:
            yield ("design", key), f"the model of the time to the event has no use for this {why}; take it out."
    if spec.sensitivity:
        yield ("sensitivity",), f"no further design can be made {why}; take these sections out."
    if spec.costs is not None:
        yield ("costs",), f"a hazard ratio averts no countable offence, so there is no money {why}; take [costs] out."


def _many(spec: StudySpec) -> Iterator[Complaint]:
    """People who are in more than once cannot be paired: who is whose partner would be arbitrary."""
    if not spec.many_indexes:
        return
    why = f'with cohort.index_choice = "{spec.cohort.index_choice}"'
    for place, options in designs(spec):
        if options.learner not in FITTED_ONCE:
            yield (
                (*place, "learner"),
                f'found "{options.learner}"; needed is "logit" or "probit" {why}: a person in twice would be in '
                "two of the parts that cross-fitting keeps apart.",
            )
        if not options.weighted:
            yield (
                (*place, "method"),
                f'found "{options.method}"; needed is one of {", ".join(WEIGHTINGS)} {why}: a person can be in twice.',
            )
    if spec.costs is not None:
        yield (
            ("costs",),
            f"one offence can follow several index events, so money would count it twice {why}; take it out.",
        )
    if spec.linkage.error.draws and "draws" in spec.linkage.error.model_fields_set:
        yield ("linkage", "error", "draws"), f"found {spec.linkage.error.draws}; needed is 0 {why}."


def _counted(spec: StudySpec) -> Iterator[Complaint]:
    for position, outcome in enumerate(spec.outcomes):
        if spec.from_extracts and (outcome.column or outcome.name) == "severity_score" and not spec.follow_up.severity:
            yield (
                ("outcomes", position, "name"),
                "severity_score needs the weight of each offence group: add follow_up.severity.",
            )


EVENT_CHECKS: tuple[Callable[[StudySpec], Iterator[Complaint]], ...] = (
    _index,
    _exposure,
    _late,
    _time_varying,
    _many,
    _counted,
)
