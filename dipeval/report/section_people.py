"""Whose records are whose, and who was in the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import NOT_APPLICABLE, ReleasedTable, legend, release, release_count, share_digits
from dipeval.plots.attrition import attrition_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_percent
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.linkage import Linkage, LinkageQuality
    from dipeval.study import StudyResult


_IDENTIFIERS = {"attributor": "initials, date of birth, sex, area", "full": "names, date of birth, sex, postcode"}


def linkage(result: StudyResult) -> Section:
    """Return the section on record linkage, or an empty one if the study links nothing.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.linkage is None:
        return nothing()
    intro = (
        "The files share no person number, and treatment files hold initials rather than names. Records were joined to "
        "people by a probabilistic model (Fellegi and Sunter 1969, by the Splink package) that learns from the files "
        "how much each agreement is worth; each person keeps at most one partner in each file."
    )
    caution = (
        "A missed link makes a treated person look untreated, which pulls the estimate towards zero; a false link does "
        "the same from the other side."
    )
    blocks: list[Block] = [Text(paragraphs=(intro,)), Table(released=_counts(result, result.linkage))]
    if result.linkage_quality is not None:
        blocks.append(Table(released=_quality(result, result.linkage_quality)))
    blocks.append(Text(paragraphs=(caution,), kind="note"))
    return Section(title="Whose records are whose?", anchor="linkage", blocks=tuple(blocks))


def _counts(result: StudyResult, linked_files: Linkage) -> ReleasedTable:
    frame = linked_files.counts
    linked = [NOT_APPLICABLE if pd.isna(n) else release_count(n, result.rule) for n in frame["linked"]]
    used = [_IDENTIFIERS.get(str(model), NOT_APPLICABLE) for model in frame["model"]]
    frame = frame.assign(
        model=used, table=[name.replace("_", " ").capitalize() for name in frame["table"]], linked=linked
    )
    return release(
        frame[["table", "model", "records", "persons", "linked"]],
        rule=result.rule,
        caption="Records and the people they were joined to",
        counts=["records", "persons"],
        right=["linked"],
        labels={
            "table": "File",
            "model": "Identifiers used",
            "records": "Records",
            "persons": "People in the file",
            "linked": "Joined to a person with a drug test",
        },
    )


def _quality(result: StudyResult, quality: LinkageQuality) -> ReleasedTable:
    frame = quality.to_frame()
    return release(
        frame.assign(link=[name.replace("_", " ").replace(" - ", " – ") for name in frame["link"]]),
        rule=result.rule,
        caption="How good the links are (known here because the data are simulated)",
        counts=["n_links", "n_true"],
        rests_on={"precision": "n_links", "recall": "n_true", "f1": ["n_links", "n_true"]},
        formats=dict.fromkeys(("precision", "recall", "f1"), format_percent),
        labels={
            "link": "Link",
            "n_links": "Links made",
            "n_true": "True links",
            "precision": "Links that are right",
            "recall": "True links found",
            "f1": "F1",
        },
    )


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
