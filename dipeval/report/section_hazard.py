"""The answer of a study whose primary outcome is a time: a hazard ratio, with what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import is_small, release
from dipeval.plots.effects import effect_plot
from dipeval.plots.style import new_axes, to_png
from dipeval.presenting import format_interval, format_number
from dipeval.report import time_zero, words
from dipeval.report.blocks import Block, Picture, Points, Table, Text

if TYPE_CHECKING:
    from dipeval.study import StudyResult
    from dipeval.study.hazard import HazardAnswer

CANNOT_SAY_HOW_MANY = (
    "You cannot say from a hazard ratio how many fewer (or more) people reoffended: it compares rates among those who "
    "have not yet."
)
# Inches: one row can be read where a page is as wide as a phone.
_NARROW = 5.6
NONE = "No hazard ratio could be estimated: too few people, or too few events in one of the groups."
_CHANGING = (
    "Only what was known at the start is held alike. If treatment starts because a person's life is already getting "
    "better, or worse, the ratio looks better, or worse, than treatment is."
)


def is_hidden(result: StudyResult, answer: HazardAnswer) -> bool:
    """Whether the ratio rests on too few people or events to be shown."""
    return is_small(answer.smallest, result.rule)


def in_brief(result: StudyResult) -> list[Block]:
    """Return the answer for the first page.

    Parameters
    ----------
    result
        From ``Study.run()``; a time is primary.

    Returns
    -------
    list
    """
    answer = result.hazard
    if answer is None or is_hidden(result, answer):
        return [Text(paragraphs=(NONE if answer is None else words.hidden_effect(),), kind="lead")]
    cannot = [words.CANNOT_SAY_UNCLEAR] if answer.includes_equality else []
    cause = words.CANNOT_SAY_RANDOMISED if result.spec.design.randomised else words.CANNOT_SAY_CLEAR
    cannot += [CANNOT_SAY_HOW_MANY, words.cause(result, cause), words.CANNOT_SAY_OTHERS]
    return [
        Text(paragraphs=(answer.headline,), kind="lead"),
        Points(title="What you cannot say", items=tuple(cannot)),
        Text(paragraphs=(f"What the ratio is about: {answer.estimand}.",)),
    ]


def in_full(result: StudyResult) -> list[Block]:
    """Return the answer for its own section: the ratio, the picture, the days and events behind it.

    Parameters
    ----------
    result
        From ``Study.run()``; a time is primary.

    Returns
    -------
    list
    """
    answer = result.hazard
    if answer is None or is_hidden(result, answer):
        return [Text(paragraphs=(NONE if answer is None else words.hidden_effect(),))]
    interval = format_interval(answer.conf_low, answer.conf_high)
    picture = Picture(
        png=to_png(effect_plot(answer.to_frame().assign(label="Hazard ratio"), ax=new_axes(_NARROW, 1.8))),
        alt=f"Hazard ratio {format_number(answer.estimate)} with its 95% interval from {interval}.",
        caption=f"{answer.outcome}: hazard ratio with its 95% interval",
    )
    varying = result.time_varying is not None
    return [
        Text(paragraphs=(answer.headline,)),
        picture,
        *_days(result),
        Text(
            paragraphs=(
                f"What is estimated: {answer.estimand}.",
                f"Standard errors: {answer.method}; p {words.p_value(answer.p_value)}.",
                *([_CHANGING] if varying else []),
            )
        ),
        *(time_zero.time_zero(result) if varying else []),
    ]


def _days(result: StudyResult) -> list[Block]:
    """Days at risk and first reoffences on both sides of the start of treatment."""
    found = result.time_varying
    if found is None:
        return []
    sides = (
        ("After treatment had started", found.n_treated, found.events_treated, found.days_treated),
        ("Before or without treatment", found.n, found.n_events - found.events_treated, found.days_untreated),
    )
    from dipeval.report.section_reoffending import DAYS_A_YEAR

    rows = [
        {"side": side, "n": n, "events": events, "rate": format_number(events * DAYS_A_YEAR / days)}
        for side, n, events, days in sides
    ]
    table = release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="First reoffences by whether treatment had started",
        counts=["events"],
        rests_on={"rate": ("n", "events")},
        right=["rate"],
        labels={
            "side": "Days at risk",
            "events": "First reoffences",
            "rate": "Rate a year at risk",
        },
        notes=(
            "The days of a person who starts treatment stand on both sides, each where it belongs.",
            "Rates as they come: the hazard ratio holds the covariates alike, so it can point the other way.",
        ),
    )
    return [Table(released=table)]
