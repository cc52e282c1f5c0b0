"""Mistakes that lie between two keys of a study file: each check looks at one agreement and says what breaks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from dipeval.datasets import DATASETS
from dipeval.study.columns import Location, value_column
from dipeval.study.crosschecks_area import area_complaints
from dipeval.study.crosschecks_before_after import before_after_complaints
from dipeval.study.crosschecks_design import DESIGN_CHECKS
from dipeval.study.crosschecks_effects import EFFECT_CHECKS
from dipeval.study.crosschecks_events import EVENT_CHECKS, Complaint
from dipeval.study.crosschecks_jdl import jdl_complaints
from dipeval.study.crosschecks_money import money_complaints
from dipeval.study.crosschecks_time import TIME_CHECKS
from dipeval.study.estimates import measures_of
from dipeval.study.spec import OutcomeSpec, SensitivitySpec, StudySpec

if TYPE_CHECKING:
    from dipeval.study.quarterly.spec import QuarterlySpec

# Outcomes that are measured from extracts, and their kinds.
REOFFENDING = {
    "reoffended": "yes_no",
    "n_reoffences": "count",
    "custody_days": "count",
    "custodial_reconviction": "yes_no",
    "n_acquisitive": "count",
    "n_violent": "count",
    "n_disorder": "count",
    "n_drug": "count",
    "n_other": "count",
    "severity_score": "count",
}
SIMULATED_GRACE_DAYS = 42
# Outcomes for which it is known what each candidate link to an offence would say.
DRAWN_OUTCOMES = ("reoffended", "n_reoffences")


def cross_complaints(spec: StudySpec) -> list[Complaint]:
    """Return every disagreement between the keys of a study, with the key to change.

    Parameters
    ----------
    spec
        A study whose sections are each in order.

    Returns
    -------
    list of (location, sentence)
    """
    return [complaint for check in _CHECKS for complaint in check(spec)]


def _source(spec: StudySpec) -> Iterator[Complaint]:
    needed = {"dataset": "dataset", "people_file": "file", "extracts": "folder"}.get(spec.data.source)
    if needed and getattr(spec.data, needed) is None:
        yield ("data", needed), f'this is missing; source = "{spec.data.source}" needs it.'
    if spec.data.dataset is not None and spec.data.source == "dataset" and spec.data.dataset not in DATASETS:
        yield ("data", "dataset"), (f'found "{spec.data.dataset}"; needed is one of {", ".join(sorted(DATASETS))}.')


def _status(spec: StudySpec) -> Iterator[Complaint]:
    if spec.data.source == "simulate" and spec.data.status not in (None, "simulated"):
        yield ("data", "status"), f'found "{spec.data.status}"; simulated records have the status "simulated".'
    if spec.disclosure.profile != "none":
        return
    status = data_status(spec)
    if status == "personal":
        yield (
            ("disclosure", "profile"),
            (
                '"none" is only for simulated data, or public data with a citation; these data are personal. '
                'Use "threshold10".'
            ),
        )
    if status == "public" and not data_citation(spec):
        yield ("data", "citation"), 'this is empty; disclosure profile "none" on public data needs it.'


def data_status(spec: StudySpec | QuarterlySpec) -> str:
    """Return personal, simulated or public: as declared, else what the source implies."""
    implied = {"dataset": "public", "simulate": "simulated", "simulate_areas": "simulated"}
    return spec.data.status or implied.get(spec.data.source, "personal")


def data_citation(spec: StudySpec | QuarterlySpec) -> str:
    """Return where the data can be had: as declared, else the example data set's own citation."""
    known = DATASETS.get(getattr(spec.data, "dataset", None) or "")
    return spec.data.citation.strip() or (known.citation if known is not None else "")


def _primary(spec: StudySpec) -> Iterator[Complaint]:
    count = sum(outcome.primary for outcome in spec.outcomes)
    if count != 1:
        yield (
            ("outcomes",),
            (
                f"{count or 'no'} outcome{'s are' if count > 1 else ' is'} primary; "
                "exactly one carries the answer: give it primary = true and the others false."
            ),
        )
    for position, outcome in enumerate(spec.outcomes):
        if outcome.primary and outcome.kind == "time" and not spec.times_only:
            if measures_of(outcome)[0] == "rmst_difference":
                continue
            yield (
                ("outcomes", position, "primary"),
                (
                    "a time cannot be primary here by its hazard ratio; write measures = "
                    '["rmst_difference"] beside it (mean time free of the event), or make a yes_no or count primary.'
                ),
            )


def _names(spec: StudySpec) -> Iterator[Complaint]:
    named: tuple[tuple[str, Sequence[OutcomeSpec | SensitivitySpec]], ...] = (
        ("outcomes", spec.outcomes),
        ("sensitivity", spec.sensitivity),
    )
    for section, items in named:
        counts = Counter(item.name for item in items)
        for position, item in enumerate(items):
            if counts[item.name] > 1 and item.name in [other.name for other in items[:position]]:
                yield (section, position, "name"), f'"{item.name}" is used twice; names must differ.'
            if section == "sensitivity" and item.name == "primary":
                yield (section, position, "name"), '"primary" is the name of [design] in the results; choose another.'
            if item.label in [other.label for other in items[:position]]:
                yield (section, position, "label"), f'"{item.label}" is used twice; labels must differ.'


def _outcome_columns(spec: StudySpec) -> Iterator[Complaint]:
    for position, outcome in enumerate(spec.outcomes):
        place = ("outcomes", position)
        if outcome.kind == "time" and not spec.from_extracts:
            for key in ("time", "event"):
                if getattr(outcome, key) is None:
                    yield (*place, key), 'this is missing; an outcome of kind "time" names its time and event columns.'
        if outcome.kind != "time" and spec.from_extracts:
            yield from _reoffending(place, outcome)


def _reoffending(place: Location, outcome: OutcomeSpec) -> Iterator[Complaint]:
    column = value_column(outcome)
    if column not in REOFFENDING:
        yield (*place, "name"), f'found "{column}"; outcomes measured from extracts are {", ".join(REOFFENDING)}.'
    elif outcome.kind != REOFFENDING[column]:
        yield (*place, "kind"), f'found "{outcome.kind}"; {column} is of kind "{REOFFENDING[column]}".'


def _follow_up(spec: StudySpec) -> Iterator[Complaint]:
    needed = spec.follow_up.needed_days
    censored = spec.follow_up.at_extract_end == "censor"
    if spec.from_extracts and not censored and spec.cohort.required_days < needed:
        yield (
            ("cohort", "required_days"),
            (f"found {spec.cohort.required_days}; needed is at least {needed}, the days followed and waited for."),
        )


def _grace(spec: StudySpec) -> Iterator[Complaint]:
    cohort = spec.cohort
    with_truth = (cohort.immortal_time, cohort.exposure_timing, cohort.exposure) == (
        "landmark",
        "after_index",
        "treatment",
    )
    if spec.data.source == "simulate" and with_truth and cohort.grace_days != SIMULATED_GRACE_DAYS:
        yield (
            ("cohort", "grace_days"),
            (
                f"found {spec.cohort.grace_days}; the truth of simulated records is known for starts within "
                f"{SIMULATED_GRACE_DAYS} days."
            ),
        )


def _linkage(spec: StudySpec) -> Iterator[Complaint]:
    options = spec.linkage
    if options.profile == "deterministic":
        for key in ("model", "review"):
            if getattr(options, key) is not None:
                yield ("linkage", key), f'profile "deterministic" learns nothing and weighs no pair: take {key} out.'
    elif any(not block for block in options.blocks):
        yield ("linkage", "blocks"), "an empty set of columns would compare everybody with everybody; take it out."


def _linkage_error(spec: StudySpec) -> Iterator[Complaint]:
    error = spec.linkage.error
    if error.draws == 1:
        yield ("linkage", "error", "draws"), "found 1; needed are 2 or more (20 serve well), or 0 to leave it out."
    if len(set(error.links)) < len(error.links):
        yield ("linkage", "error", "links"), "a file is named twice; name each once."
    if not error.draws or not spec.from_extracts:
        return
    if spec.linkage.profile == "deterministic" and error.model_fields_set & {"draws", "links", "thresholds"}:
        yield (
            ("linkage", "error"),
            'profile "deterministic" has no probabilities to draw from; take this section out, or use "attributor".',
        )
    primary = next((outcome for outcome in spec.outcomes if outcome.primary), None)
    if primary is not None and "offences" in error.links and value_column(primary) not in DRAWN_OUTCOMES:
        yield (
            ("linkage", "error", "links"),
            f'"offences" can be drawn for the primary outcomes {" and ".join(DRAWN_OUTCOMES)} only.',
        )


_CHECKS: tuple[Callable[[StudySpec], Iterator[Complaint]], ...] = (
    _source,
    _status,
    _primary,
    _names,
    _outcome_columns,
    *DESIGN_CHECKS,
    *EFFECT_CHECKS,
    before_after_complaints,
    jdl_complaints,
    area_complaints,
    *TIME_CHECKS,
    _follow_up,
    _grace,
    _linkage,
    _linkage_error,
    money_complaints,
    *EVENT_CHECKS,
)
