"""What counted as reoffending: the definition in words, everything that was not counted, and the time at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.disclosure import is_small, release, release_count
from dipeval.presenting import format_number
from dipeval.report import flow_words
from dipeval.report.blocks import Block, Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.outcomes import Outcomes
    from dipeval.study import StudyResult

DAYS_A_YEAR = 365.25
_SEALED = "The outcome was not looked at, so there is nothing to count here."
_PROVEN = (
    "A pseudo-reconviction is dealt with after time zero for something done on or before that day: it is no "
    "reoffence, and counting it would make whoever had more cases waiting look worse."
)
_AT_RISK = (
    "Nobody can reoffend in the community while in custody. The answer counts calendar time, so that time in prison "
    "after the start is part of what happened to people; beside it stands the time at risk, without days in custody, "
    "weighted as in the comparison."
)
_ENDS = {
    "": "Reoffended",
    "end_of_follow_up": "End of follow-up",
    "death": "Death",
    "extract_end": "End of the extracts",
}
# As in every other table: the treated before the comparison.
_GROUP_ORDER = {"1": 1, "0": 2}
_EXPECTED = (
    "The files carry each person's predicted probability of a proven reoffence. Observed over expected compares what "
    "happened with what was predicted: 1 is as predicted, below 1 is less. It holds only if the score is of as many "
    "days as people are followed here ({days}). The prediction was made for other years "
    "and places, so that a ratio away from 1 in both groups says more about the score than about the programme."
)


def reoffending(result: StudyResult) -> Section:
    """Return the section on what counted as reoffending; empty for a person-level table.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.cohort is None:
        return nothing()
    title, anchor = "What counted as reoffending?", "reoffending"
    definition = Text(paragraphs=(result.follow_up.in_words(),)) if result.follow_up is not None else None
    blocks: list[Block] = [definition] if definition else []
    measured = result.outcomes_measured
    if result.withheld or measured is None:
        return Section(title=title, anchor=anchor, blocks=(*blocks, Text(paragraphs=(_SEALED,), kind="note")))
    blocks += [
        *_excluded(result, measured),
        *_time_at_risk(result, measured),
        *_ended(result, measured),
        *_expected(result),
    ]
    return Section(title=title, anchor=anchor, blocks=tuple(blocks))


def _excluded(result: StudyResult, measured: Outcomes) -> list[Block]:
    frame = measured.excluded
    # Many offences of few people are few.
    few = np.array([is_small(people, result.rule) for people in frame["n_people"]], dtype=bool)
    table = release(
        frame.assign(n=frame["n"].mask(few, frame["n_people"]))[["label", "n"]],
        rule=result.rule,
        caption="Offences of the people followed that did not count",
        counts=["n"],
        labels={"label": "Why not", "n": "Offences"},
    )
    told = [Text(paragraphs=(_PROVEN,))] if measured.follow_up.basis == "proven" else []
    return [*told, Table(released=table)]


def _groups(result: StudyResult, measured: Outcomes) -> dict[str, tuple[pd.DataFrame, pd.Series]]:
    """People compared with their outcomes, by group, each with the weights of the design."""
    weights, treated = result.design.weights, result.design.treated.astype(bool)
    frame = measured.to_frame().reindex(weights.index)
    if result.spec.time_varying:
        # By a label that is given only later, the groups would show its immortal time.
        return {"Everybody": (frame, weights)}
    people = result.spec.people
    return {
        label: (frame[own & (weights > 0)], weights[own & (weights > 0)])
        for label, own in ((people.treated_label, treated), (people.comparison_label, ~treated))
    }


def _time_at_risk(result: StudyResult, measured: Outcomes) -> list[Block]:
    digits = 0 if result.rule.protects else 1
    rows = []
    for label, (frame, weights) in _groups(result, measured).items():
        observed, at_risk = (_mean(frame[name], weights) for name in ("observed_days", "at_risk_days"))
        offences = _mean(frame["n_reoffences"], weights)
        rows.append(
            {
                "group": label,
                "n": len(frame),
                "observed": format_number(observed, digits),
                "custody": format_number(_mean(frame["custody_days"], weights), digits),
                "at_risk": format_number(at_risk, digits),
                "rate": format_number(_rate(offences, observed)),
                "rate_at_risk": format_number(_rate(offences, at_risk)),
                # As many people at most are behind days in custody, or behind offences.
                "held": int((frame["custody_days"] > 0).sum()),
                "reoffended": int((frame["n_reoffences"] > 0).sum()),
            }
        )
    means, rates = ("observed", "custody", "at_risk"), ("rate", "rate_at_risk")
    table = release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="Calendar time and time at risk",
        counts=["n"],
        rests_on=dict.fromkeys(means, ("n", "held")) | dict.fromkeys(rates, ("n", "held", "reoffended")),
        right=[*means, *rates],
        labels={
            "group": "Group",
            "n": flow_words.unit(result).capitalize(),
            "observed": "Days followed (mean)",
            "custody": "Of these in custody",
            "at_risk": "At risk",
            "rate": "Offences a year followed",
            "rate_at_risk": "Offences a year at risk",
        },
    )
    return [Text(paragraphs=(_AT_RISK,)), Table(released=table)]


def _mean(values: pd.Series, weights: pd.Series) -> float:
    return float(np.average(values.astype("float64"), weights=weights))


def _rate(offences: float, days: float) -> float:
    return offences * DAYS_A_YEAR / days if days > 0 else float("nan")


def _ended(result: StudyResult, measured: Outcomes) -> list[Block]:
    from dipeval.outcomes.wording import NOUNS

    groups = _groups(result, measured)
    rows = []
    for reason, words in _ENDS.items():
        counts = {label: int((frame["censor_reason"] == reason).sum()) for label, (frame, _) in groups.items()}
        # That nobody died would be told by a row that is not there.
        kept = reason == "death" and result.rule.protects
        if any(counts.values()) or reason in ("", "end_of_follow_up") or kept:
            rows.append({"how": words, **counts})
    table = release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=f"How the time to the first {NOUNS[measured.follow_up.basis]} ended",
        counts=list(groups),
        labels={"how": "Ended by"},
        notes=(f"Counts of {flow_words.unit(result)} compared, without weights.",),
    )
    return [Table(released=table)]


def _expected(result: StudyResult) -> list[Block]:
    found = result.observed_expected
    if found is None:
        return []
    frame = found.to_frame().sort_values("group", key=lambda of: of.map(_GROUP_ORDER).fillna(0), kind="stable")
    shown = pd.DataFrame([_expected_row(row, result) for row in frame.to_dict("records")])
    figures = ["observed", "expected", "ratio", "interval"]
    table = release(
        shown,
        rule=result.rule,
        caption="Observed and expected reoffending",
        counts=["n"],
        rests_on=dict.fromkeys(figures, ("n", "happened", "others")),
        right=figures,
        labels={
            "group": "Group",
            "n": flow_words.unit(result).capitalize(),
            "observed": "Reoffended",
            "expected": "Expected",
            "ratio": "Observed over expected",
            "interval": "95% interval",
        },
        notes=("Intervals: exact limits of a Poisson count (Garwood 1936), the expected number taken as known.",),
    )
    days = result.spec.follow_up.days
    return [Text(paragraphs=(_EXPECTED.format(days=days),)), Table(released=table)]


def _expected_row(row: dict[Any, Any], result: StudyResult) -> dict[str, Any]:
    return {
        "group": _group(str(row["group"]), result),
        "n": int(row["n"]),
        "observed": release_count(row["observed"], result.rule),
        # Rounded as counts are: times the ratio it would give the number who reoffended.
        "expected": release_count(row["expected"], result.rule)
        if result.rule.protects
        else format_number(row["expected"], 1),
        "ratio": format_number(row["ratio"]),
        "interval": f"{format_number(row['conf_low'])} to {format_number(row['conf_high'])}",
        "happened": int(row["observed"]),
        "others": int(row["n"] - row["observed"]),
    }


def _group(name: str, result: StudyResult) -> str:
    people = result.spec.people
    named = {"1": people.treated_label, "0": people.comparison_label, "all": "Everybody", "everyone": "Everybody"}
    return named.get(name, name)
