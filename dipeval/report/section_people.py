"""Who was in the study: every step, every exclusion, from when, and what was known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import legend, release, share_digits
from dipeval.plots.attrition import consort_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_percent
from dipeval.report import dictionary, flow_words, time_zero, words
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
    flow, counted = result.flow, flow_words.unit(result)
    steps, arms = flow_words.steps_frame(result), flow_words.arms_frame(result)
    marked = legend([*steps["n"], *steps["excluded"], *arms.to_numpy().ravel()], result.rule)
    picture = Picture(
        png=to_png(consort_plot(steps, arms)),
        alt=flow_words.in_words(steps, arms),
        caption=" ".join([f"From the {counted} submitted to the {counted} compared.", *marked]),
    )
    table = release(
        flow[["label", "n_people", "n_excluded"]],
        rule=result.rule,
        caption="Who was left out, and at which step",
        counts=["n_people", "n_excluded"],
        labels={"label": "Step", "n_people": f"{counted.capitalize()} left", "n_excluded": "Left out here"},
    )
    blocks: list[Block] = [
        *time_zero.warnings(result),
        Table(released=table),
        picture,
        *time_zero.cut_back(result),
        *_exposure(result),
        *time_zero.time_zero(result),
        *dictionary.calendar(result),
        *_records(result),
        *_excluded_columns(result),
        *dictionary.covariates(result),
    ]
    return Section(title="Who was in it?", anchor="cohort", blocks=tuple(blocks))


def _exposure(result: StudyResult) -> list[Block]:
    if result.cohort is None or result.exposure is None:
        return []
    frame = result.exposure
    # A share tells of those it leaves out as well: 98% of 300 is 6 people who did not.
    others = (frame["n_people"] / frame["share"] - frame["n_people"]).round()
    smallest = pd.concat([frame["n_people"], others], axis=1).min(axis=1)
    shares = [format_percent(s, share_digits(n, result.rule)) for s, n in zip(frame["share"], smallest, strict=True)]
    table = release(
        frame.assign(share=shares, others=others)[["label", "n_people", "share", "share_of", "others"]],
        rule=result.rule,
        caption="Who started, among the eligible",
        counts=["n_people"],
        rests_on={"share": ("n_people", "others")},
        right=["share"],
        labels={
            "label": "Group",
            "n_people": flow_words.unit(result).capitalize(),
            "share": "Share",
            "share_of": "Share of",
        },
    )
    return [Text(paragraphs=(time_zero.who_is_treated(result.cohort.rule),)), Table(released=table)]


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
