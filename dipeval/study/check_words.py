"""A check as lines for a terminal: every table passes the disclosure gate first, as terminals are copied from too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, ReleasedTable, is_small, release, release_count, share_digits
from dipeval.presenting import format_number, format_percent
from dipeval.study import rules
from dipeval.study.checking import UNTOUCHED
from dipeval.study.designs_table import people_behind_each, released_designs, remarks, tellable
from dipeval.study.gate import COUNT_CHECKS, SHARE_CHECKS, fewest_people, people_behind
from dipeval.study.gate_checks import EQUIPOISE, equipoise_of
from dipeval.study.labels import covariate_in_words
from dipeval.study.learners import WORDS as LEARNERS

if TYPE_CHECKING:
    from dipeval.study.checking import CheckResult
    from dipeval.study.spec import StudySpec

_INDENT = "  "
_CHOICES = {
    "first": "the first of each person",
    "per_quarter": "each person's first in every calendar quarter",
    "every": "every one of each person",
}
_LATE = {
    "cut_back": "Index events that cannot be followed for {days} days after time zero are left out and counted.",
    "keep": "Index events too late to be followed to the end are kept; their follow-up ends with the extracts.",
}


def check_in_words(check: CheckResult) -> str:
    """Return attrition, overlap, balance, checks and the smallest detectable effect as text.

    Parameters
    ----------
    check
        From ``Study.check()``.

    Returns
    -------
    str
        Lines without a person's value; small counts as the rule shows them.
    """
    # Without a score (a covariate may tell the groups apart) there is no overlap to count.
    overlap = [] if check.design.score is None else [_overlap(check)]
    tables = [_flow(check), *overlap, _balance(check), _checks(check)]
    designs = check.designs
    behind = people_behind_each(check.design, check.sensitivity)
    tables.append(released_designs(designs, behind, check.rule))
    lines = [check.spec.title, *_cautions(check), *_choices(check), *_times(check.spec), *_compared(check)]
    lines.append(check.rule.in_words())
    for table in tables:
        lines += ["", *_text_table(table)]
    verdict = check.diagnostics.summary()
    lines += ["", verdict.headline, *(f"- {reason}" for reason in verdict.notes)]
    lines += [f"- {_further(item)}" for item in check.sensitivity]
    if check.specifications is not None:
        lines.append(f"- Specification curve: {check.specifications.summary().headline}")
    made = [check.design, *(item.design for item in check.sensitivity)]
    lines += [*_equipoise(check), *remarks(tellable(designs, made, check.rule)), *check.assumptions]
    return "\n".join([*lines, check.detectable_in_words(), UNTOUCHED])


def _cautions(check: CheckResult) -> list[str]:
    """What must be known before any figure: said by the study file itself."""
    cohort = check.spec.cohort
    lines = ["Not a causal comparison: the study file says so (non_causal)."] if cohort.non_causal else []
    if cohort.immortal_time == "ever_treated":
        lines.append("The naive ever-treated label credits treatment with the days before it started (immortal time).")
    return lines if check.spec.from_extracts else []


def _choices(check: CheckResult) -> list[str]:
    """What the study file chose: who enters, who counts as treated, what counts afterwards, what else is told."""
    spec = check.spec
    if not spec.from_extracts:
        return []
    cohort, told = spec.cohort, [_index_in_words(spec)]
    rule = rules.cohort_rule(spec).in_words().removeprefix("Not a causal comparison. ")
    told += [rule, _LATE[cohort.late_index].format(days=cohort.required_days), rules.follow_up(spec).in_words()]
    if spec.pathway.model_fields_set:
        told.append(f"Pathway: {_keys(spec.pathway.model_dump(include=spec.pathway.model_fields_set))}.")
    kept = spec.engine.model_dump(exclude_none=True)
    if kept:
        told.append(f"Engine: {_keys(kept)}.")
    return told


def _times(spec: StudySpec) -> list[str]:
    """What will be told of the time to the event, as far as the study file chose it."""
    asked = spec.time_to_event
    chosen = asked.model_dump(include=asked.model_fields_set)
    return [f"Time to the event: {_keys(chosen)}."] if chosen else []


def _compared(check: CheckResult) -> list[str]:
    """How the groups are made comparable: words without a count."""
    if check.spec.time_varying:
        return ["Nobody is matched or weighted: the covariates go into a model of the time to the event."]
    model, words = check.design.propensity, check.design.method_words
    if check.spec.design.method == "none" or model is None:
        return [f"How the groups are made comparable: {words}."]
    return [f"How the groups are made comparable: {words}. Propensity score: {LEARNERS[check.spec.design.learner]}."]


def _equipoise(check: CheckResult) -> list[str]:
    """How many people might have been in either group, as it may be shown; nothing without a score."""
    inside, everybody = equipoise_of(check.design)
    behind = people_behind(EQUIPOISE, check.design)
    if not everybody or is_small(behind, check.rule):
        return []
    share = format_percent(inside / everybody, share_digits(behind, check.rule))
    return [f"By what is recorded, {share} of people might have been in either group (preference score 0.3 to 0.7)."]


def _keys(given: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in given.items())


def _index_in_words(spec: StudySpec) -> str:
    """The index event and which of them count."""
    cohort = spec.cohort
    name = cohort.index_event.replace("_", " ")
    if cohort.index_event == "column":
        name = f"{cohort.index_column} of {cohort.index_table}"
    kinds = f" ({', '.join(cohort.index_types)})" if cohort.index_types else ""
    eras = f", in the times {', '.join(cohort.eras)}" if cohort.eras else ""
    return f"Index event: {name}{kinds}, {_CHOICES[cohort.index_choice]}{eras}."


def _further(item: Any) -> str:
    return f"{item.label}: {'passes' if item.diagnostics.passed else 'fails'} the same checks."


def _flow(check: CheckResult) -> ReleasedTable:
    return release(
        check.flow[["label", "n_people", "n_excluded"]],
        rule=check.rule,
        caption="Who would be compared",
        counts=["n_people", "n_excluded"],
        labels={
            "label": "Step",
            "n_people": "Index events left" if check.spec.many_indexes else "People left",
            "n_excluded": "Left out",
        },
    )


def _overlap(check: CheckResult) -> ReleasedTable:
    frame = check.overlap()
    bands = [f"{low:.1f} to {high:.1f}" for low, high in zip(frame["band_from"], frame["band_to"], strict=True)]
    return release(
        frame[["n_treated", "n_comparison"]].assign(band=bands)[["band", "n_treated", "n_comparison"]],
        rule=check.rule,
        caption="Overlap: people by propensity score",
        counts=["n_treated", "n_comparison"],
        labels={"band": "Score", "n_treated": "Treated", "n_comparison": "Comparison"},
    )


def _balance(check: CheckResult) -> ReleasedTable:
    frame = check.to_frame()
    frame["n"] = [fewest_people(check.design, row) for row in frame.to_dict("records")]
    return release(
        frame.assign(term=[covariate_in_words(check.spec, name) for name in frame["term"]])[
            ["term", "smd_before", "smd_after", "n"]
        ],
        rule=check.rule,
        caption="Balance: standardised differences",
        rests_on={"smd_before": "n", "smd_after": "n"},
        formats={"smd_before": _three, "smd_after": _three},
        labels={"term": "Term", "smd_before": "Before", "smd_after": "After"},
    )


def _checks(check: CheckResult) -> ReleasedTable:
    frame = check.diagnostics.to_frame()
    shown = pd.DataFrame(
        {
            "Check": frame["check"],
            "Value": [_value(check, *pair) for pair in zip(frame["check"], frame["value"], strict=True)],
            "Threshold": [_threshold(*pair) for pair in zip(frame["check"], frame["threshold"], strict=True)],
            "Passed": ["yes" if passed else "no" for passed in frame["passed"]],
        }
    )
    return release(shown, rule=check.rule, caption="Checks before the outcome")


def _value(check: CheckResult, name: str, value: float) -> str:
    if name in COUNT_CHECKS:
        return release_count(round(value), check.rule)
    behind = people_behind(name, check.design)
    if is_small(behind, check.rule):
        return CONFIDENTIAL
    # A share finer than one person gives the count back.
    return format_percent(value, share_digits(behind, check.rule)) if name in SHARE_CHECKS else _three(value)


def _threshold(name: str, value: float) -> str:
    return format_percent(value, 0) if name in SHARE_CHECKS else _three(value)


def _three(value: Any) -> str:
    return format_number(float(value), 3)


def _text_table(table: ReleasedTable) -> list[str]:
    grid = [table.columns, *table.rows]
    widths = [max(len(row[position]) for row in grid) for position in range(len(table.columns))]
    lines = [table.caption]
    for row in grid:
        cells = [
            cell.rjust(width) if name in table.numeric else cell.ljust(width)
            for cell, width, name in zip(row, widths, table.columns, strict=True)
        ]
        lines.append(_INDENT + _INDENT.join(cells).rstrip())
    return [*lines, *(_INDENT + note for note in table.notes)]
