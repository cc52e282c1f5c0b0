"""All offences and not the first alone: the mean number over time, and what each ratio of it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import ReleasedTable, release
from dipeval.presenting import format_interval, format_number
from dipeval.report import words
from dipeval.report.blocks import Block, Section, Table, Text, nothing
from dipeval.report.time_drawn import few, mean_drawn, when
from dipeval.report.time_rates import errors
from dipeval.study.time_parts_extracts import ALL_EVENTS, FEW_PRONE

if TYPE_CHECKING:
    from dipeval.report.time_drawn import Drawn
    from dipeval.study import StudyResult
    from dipeval.study.time_to_event import TimeToEvent

TITLE = "All offences, not the first alone"
ABOUT = (
    "Whether and how soon a first offence comes says nothing of how many follow. The curves show the mean number of "
    "reoffences a person, repeats included, as it would be for somebody at liberty all the time: days in custody, and "
    "those after a death, are no time in which a reoffence could have been seen."
)
MEANS = (
    "By {time} at liberty there were {treated} reoffences a treated person and {comparison} a comparison person: "
    "a difference of {difference} ({level} interval {interval})."
)
UNSETTLED = "The interval includes 0: these numbers do not settle which group reoffended less often."
CAPTION = "Mean number of reoffences a person, with {level} bands; below, people under observation and reoffences"
RATIOS_CAPTION = "Ratios over all offences, and what each is about"
NOTE = (
    "Below 1: lower among the treated. 1 would mean that the groups are equal. Each ratio answers its own question, so "
    "they need not agree."
)
FIRST = ("First offence alone", "the rate among people who have not yet reoffended (Cox)")
QUESTIONS = {
    "hazard_ratio, andersen_gill": (
        "Every offence alike",
        "the rate of any offence, whatever came before: total burden (Andersen-Gill)",
    ),
    "hazard_ratio, pwp_total": (
        "The next offence, clock from the start",
        "who has the next one sooner, among people with as many so far (Prentice-Williams-Peterson, total time)",
    ),
    "hazard_ratio, pwp_gap": (
        "The next offence, clock from the last",
        "the gap until the next one, among people with as many so far (Prentice-Williams-Peterson, gap time)",
    ),
    "rate_ratio": (
        "Offences a day at liberty",
        "numbers of offences over the days at risk, whenever they fell (negative binomial)",
    ),
}

# Of the hazard ratio, whose errors are those of an effect of the design.
ABOVE = "; of the first row as said where that ratio stands"


def all_offences(result: StudyResult) -> Section:
    """Return the part on all offences; empty where the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    told = result.time_to_event
    if result.withheld or told is None or not (told.mean_count or told.recurrent or told.rates):
        return nothing()
    blocks: list[Block] = []
    if told.mean_count is not None:
        drawn = mean_drawn(result)
        if drawn is None:
            blocks.append(Text(paragraphs=(words.hidden_effect(),)))
        else:
            blocks.append(Text(paragraphs=(ABOUT, *_means(told, drawn), ALL_EVENTS)))
            blocks.append(drawn.picture(CAPTION.format(level=f"{100 * told.level:g}%")))
    blocks.append(Table(released=_ratios(result, told)))
    return Section(title=TITLE, anchor="all-offences", blocks=tuple(blocks), level=3)


def _means(told: TimeToEvent, drawn: Drawn) -> tuple[str, ...]:
    if drawn.mark is None:
        return ()
    value = next(name for name in ("share", "mean", "estimate") if name in drawn.mark)
    rows = {str(row["group"]): row for row in drawn.mark.to_dict("records")}
    apart = rows["difference"]
    said = MEANS.format(
        time=when(told.mark_time or 0.0, told.unit),
        level=f"{100 * told.level:g}%",
        interval=format_interval(apart["conf_low"], apart["conf_high"]),
        **{name: format_number(rows[name][value]) for name in ("treated", "comparison", "difference")},
    )
    return (said, UNSETTLED) if apart["conf_low"] <= 0 <= apart["conf_high"] else (said,)


def _ratios(result: StudyResult, told: TimeToEvent) -> ReleasedTable:
    frame = told.to_frame()
    found = {str(row["term"]): row for row in frame[frame["part"].isin(["recurrent", "rates"])].to_dict("records")}
    rows = []
    if told.cox is not None:
        own = frame[frame["part"].isin(["hazard_effect", "cox"])].to_dict("records")
        rows.append(_row(FIRST, own[-1]))
    rows += [_row(question, found[term]) for term, question in QUESTIONS.items() if term in found]
    prone = (FEW_PRONE,) if FEW_PRONE in told.notes else ()
    hidden = few(result, told, "event at liberty") and few(result, told, "event")
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=RATIOS_CAPTION,
        rests_on=dict.fromkeys(("ratio", "p"), "smallest"),
        right=["ratio", "p"],
        labels={
            "about": "What the ratio is about",
            "ratio": f"Treated to comparison ({100 * told.level:g}% interval)",
            "p": "p",
        },
        notes=()
        if hidden
        else (NOTE, f"Standard errors: {errors(result)}{ABOVE if told.hazard_effect is not None else ''}.", *prone),
    )


def _row(question: tuple[str, str], row: dict[Any, Any]) -> dict[str, Any]:
    about, means = question
    interval = format_interval(row["conf_low"], row["conf_high"])
    return {
        "about": f"{about}: {means}",
        "ratio": f"{format_number(row['estimate'])} ({interval})",
        "p": words.p_value(row["p_value"]),
        "smallest": int(row["n_smallest"]),
    }
