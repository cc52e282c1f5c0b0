"""Agreements between times as outcomes, `[time_to_event]` and the other sections of a study file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from dipeval.study.columns import Location
from dipeval.study.estimates import OF_TIMES
from dipeval.study.spec import StudySpec
from dipeval.study.spec_effects import EstimationOptions

Complaint = tuple[Location, str]
_PLACE: Final = "time_to_event"
EXTRACTS_ONLY: Final = {
    "competing": "deaths and custody",
    "repeat": "every offence of a person",
    "clocks": "the days in custody",
    "audit": "when each person's treatment started",
}
OF_SHARES_AND_NUMBERS: Final = (
    "the primary outcome is a time, and this is worked out for shares and numbers only: take it out."
)


def _times(spec: StudySpec) -> Iterator[Complaint]:
    """The keys of an outcome that is a time, and of one that is none."""
    for position, outcome in enumerate(spec.outcomes):
        place: Location = ("outcomes", position)
        if outcome.kind != "time":
            if outcome.horizon is not None:
                yield (*place, "horizon"), 'this is for outcomes of kind "time"; take it out.'
            continue
        if spec.time_varying and "rmst_difference" in outcome.measures:
            yield (
                (*place, "measures"),
                'found "rmst_difference"; with cohort.immortal_time = "time_varying" there is a hazard ratio only: '
                "mean times of groups need a treatment known from the first day. Use the landmark, or take it out.",
            )
        yield from _within(spec, (*place, "horizon"), outcome.horizon)


def _primary_time(spec: StudySpec) -> Iterator[Complaint]:
    """What can be primary, and what cannot be worked out for an answer that is a difference in mean times."""
    primary = next((outcome for outcome in spec.outcomes if outcome.primary), None)
    if primary is None or primary.kind != "time" or spec.times_only:
        return
    if spec.subgroups is not None:
        yield ("subgroups",), OF_SHARES_AND_NUMBERS
    for key in ("benchmarks", "negative_controls", "specifications"):
        if getattr(spec.overturn, key):
            yield ("overturn", key), OF_SHARES_AND_NUMBERS


def _estimators(spec: StudySpec) -> Iterator[Complaint]:
    """A difference in mean times is one of weighted curves: no model of the outcome enters it."""
    primary = next((outcome for outcome in spec.outcomes if outcome.primary), None)
    if primary is None or primary.kind != "time" or "rmst_difference" not in primary.measures[:1]:
        return
    sections: list[tuple[Location, EstimationOptions]] = [(("effect",), spec.effect)]
    sections += [(("sensitivity", position), item) for position, item in enumerate(spec.sensitivity)]
    for place, asked in sections:
        if asked.estimator != "weighted":
            yield (
                (*place, "estimator"),
                f'found "{asked.estimator}"; a difference in mean times is that of weighted curves: use "weighted".',
            )
        elif asked.std_error not in ("auto", *OF_TIMES):
            yield (
                (*place, "std_error"),
                f'found "{asked.std_error}"; for a difference in mean times needed is auto, {", ".join(OF_TIMES)}.',
            )


def _asked(spec: StudySpec) -> Iterator[Complaint]:
    """The section as a whole: an outcome to be about, and what only extracts can tell."""
    asked = spec.time_to_event
    if not asked.model_fields_set:
        return
    if spec.time_outcome is None:
        yield (_PLACE,), 'this is about an outcome of kind "time": add one to [[outcomes]], or take the section out.'
        return
    for key, what in EXTRACTS_ONLY.items():
        if getattr(asked, key) and not spec.from_extracts:
            yield (_PLACE, key), f"this needs {what}, which only extracts hold; take it out of this study."
    if spec.time_varying:
        for key in ("competing", "repeat", "split_population", "clocks"):
            if getattr(asked, key):
                yield (
                    (_PLACE, key),
                    'this compares groups that stand from the first day; with cohort.immortal_time = "time_varying" '
                    "only audit can be asked. Take it out.",
                )
    for key in ("mark", "horizon"):
        yield from _within(spec, (_PLACE, key), getattr(asked, key))


def _within(spec: StudySpec, place: Location, time: float | None) -> Iterator[Complaint]:
    """Nothing is told beyond the days that people of extracts are followed."""
    if time is not None and spec.from_extracts and time > spec.follow_up.days:
        yield place, f"found {time:g}; people are followed for {spec.follow_up.days} days (follow_up.days)."


def _lists(spec: StudySpec) -> Iterator[Complaint]:
    asked = spec.time_to_event
    for key in ("competing", "split_population", "clocks", "landmarks"):
        named = getattr(asked, key)
        if isinstance(named, list) and len(set(named)) < len(named):
            yield (_PLACE, key), "a choice is named twice; name each once."
    if len(set(asked.split_population)) == 1:
        yield (
            (_PLACE, "split_population"),
            "one family alone does not show how far the choice matters: name two or more.",
        )
    if asked.clocks and set(asked.clocks) != {"calendar", "street"}:
        yield (_PLACE, "clocks"), 'needed is ["calendar", "street"]: the two are set side by side.'
    if asked.competing == []:
        yield (_PLACE, "competing"), 'this is empty; needed is true, or some of "death" and "custody".'
    if asked.subdistribution and not asked.other_causes:
        yield (_PLACE, "subdistribution"), "this is about causes of their own: write competing = true beside it."


def _audit(spec: StudySpec) -> Iterator[Complaint]:
    asked = spec.time_to_event
    if "landmarks" in asked.model_fields_set and not asked.audit:
        yield (_PLACE, "landmarks"), "the landmarks are those of the audit: write audit = true beside them."
    if not asked.audit or not spec.from_extracts:
        return
    if spec.cohort.exposure_timing == "before_index":
        yield (
            (_PLACE, "audit"),
            'with cohort.exposure_timing = "before_index" treatment starts before anybody is followed, so no day can '
            "be credited to it wrongly; take it out.",
        )
    late = [day for day in asked.landmarks if day >= spec.follow_up.days]
    if late:
        yield (
            (_PLACE, "landmarks"),
            f"found {late[0]}; a landmark lies within the {spec.follow_up.days} days that people are followed.",
        )


TIME_CHECKS: tuple[Callable[[StudySpec], Iterator[Complaint]], ...] = (
    _times,
    _primary_time,
    _estimators,
    _asked,
    _lists,
    _audit,
)
