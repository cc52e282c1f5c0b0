"""Who was in the study: every step, every exclusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import legend, release, release_count, share_digits
from dipeval.plots.attrition import attrition_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_percent
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Section, Table, Text

if TYPE_CHECKING:
    from dipeval.study import StudyResult


def cohort(result: StudyResult) -> Section:
    """Return the section on who was in the study: every exclusion counted, in order.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    flow = result.flow
    shown = flow.assign(
        n=[release_count(n, result.rule) for n in flow["n_people"]],
        excluded=[release_count(n, result.rule) for n in flow["n_excluded"]],
    )
    last = f"{shown['n'].iloc[-1]} people in the comparison"
    if not result.rule.protects:
        shown = shown[(flow["n_excluded"] > 0) | (flow.index == 0) | (flow.index == len(flow) - 1)]
    marked = legend([*shown["n"], *shown["excluded"]], result.rule)
    picture = Picture(
        png=to_png(attrition_plot(shown[["step", "label", "n", "excluded"]])),
        alt=f"Flow of people through the study: from {shown['n'].iloc[0]} ({shown['label'].iloc[0]}) to {last}.",
        caption=" ".join(["From the people submitted to the people compared.", *marked]),
    )
    table = release(
        flow[["label", "n_people", "n_excluded"]],
        rule=result.rule,
        caption="Who was left out, and at which step",
        counts=["n_people", "n_excluded"],
        labels={"label": "Step", "n_people": "People left", "n_excluded": "Left out here"},
    )
    blocks: list[Block] = [
        Table(released=table),
        picture,
        *_exposure(result),
        *_records(result),
        *_excluded_columns(result),
    ]
    return Section(title="Who was in it?", anchor="cohort", blocks=tuple(blocks))


def _exposure(result: StudyResult) -> list[Block]:
    if result.cohort is None or result.exposure is None:
        return []
    rule = result.cohort.rule
    text = (
        f"Treated means that structured treatment started within {rule.grace_days} days of the "
        "positive test. Both groups "
        f"are followed from day {rule.landmark_days} after the test, so that nobody is credited with the days they had "
        "to stay out of trouble in order to start. People who started later stay in the comparison group: the estimate "
        f"is about starting within {rule.grace_days} days against not having done so."
    )
    frame = result.exposure
    # A share tells of those it leaves out as well: 98% of 300 is 6 people who did not.
    others = (frame["n_people"] / frame["share"] - frame["n_people"]).round()
    smallest = pd.concat([frame["n_people"], others], axis=1).min(axis=1)
    shares = [format_percent(s, share_digits(n, result.rule)) for s, n in zip(frame["share"], smallest, strict=True)]
    table = release(
        frame.assign(share=shares, others=others)[["label", "n_people", "share", "share_of", "others"]],
        rule=result.rule,
        caption="Treatment starts among the eligible",
        counts=["n_people"],
        rests_on={"share": ("n_people", "others")},
        right=["share"],
        labels={"label": "Group", "n_people": "People", "share": "Share", "share_of": "Share of"},
    )
    return [Text(paragraphs=(text,)), Table(released=table)]


def _records(result: StudyResult) -> list[Block]:
    """Records that were set aside or mended on the way: nothing is lost silently."""
    if result.cohort is None or result.cohort.records.empty:
        return []
    records = result.cohort.records
    table = release(
        records.assign(table=[name.replace("_", " ").capitalize() for name in records["table"]]),
        rule=result.rule,
        caption="Records set aside or mended",
        counts=["n_records"],
        labels={"table": "File", "reason": "Why", "n_records": "Records"},
    )
    return [Table(released=table)]


def _excluded_columns(result: StudyResult) -> list[Block]:
    if not result.excluded_columns:
        return []
    lines = tuple(
        f"{words.covariate(result, name)} (column {name}) is not used to make the groups alike: {reason}."
        for name, reason in result.excluded_columns.items()
    )
    return [Text(paragraphs=lines, kind="note")]
