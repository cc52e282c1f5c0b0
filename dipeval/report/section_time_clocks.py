"""The same comparison on two clocks: every day since time zero, and days at liberty only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small, release, share_digits
from dipeval.presenting import format_interval, format_number, format_percent
from dipeval.report import words
from dipeval.report.blocks import Section, Table, Text, nothing
from dipeval.study.time_figures import behind

if TYPE_CHECKING:
    from dipeval.effects import ClockComparison
    from dipeval.study import StudyResult

TITLE = "Calendar time and street time"
ABOUT = (
    "Nobody reoffends in the street while in custody. The official measure counts every day since time zero (calendar "
    "time); the other clock stands still while somebody is held (street time). If treatment keeps people out of "
    "custody, or gets them into it, the two differ, and both should be read."
)
HELD = (
    "Of their days before a first reoffence, treated people spent {treated} in custody and comparison people "
    "{comparison}."
)
HELD_HIDDEN = "How much of their time people spent in custody is not shown: too few were, or it is not known how many."
READING = (
    "Calendar time: custody, and whatever leads to it, is part of the answer.",
    "Street time, hazard ratio: each day compares those who are at liberty on it. Street time, days free: the gaps in "
    "custody are closed, so the mean is of the first days at liberty.",
)
CLOCKS = {"calendar": "Calendar time (official)", "street": "Street time"}


def clocks(result: StudyResult) -> Section:
    """Return the part on the two clocks; empty where the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    told = result.time_to_event
    if result.withheld or told is None or told.clocks is None:
        return nothing()
    found, level = told.clocks, f"{100 * told.level:g}%"
    fewest = {
        (str(row["term"]), str(row["group"])): int(row["n_smallest"])
        for row in told.to_frame().query("part == 'clocks'").to_dict("records")
    }
    frame = found.to_frame()
    rows = [_row(row, fewest[str(row["term"]), str(row["group"])]) for row in frame.to_dict("records")]
    figures = ("estimate", "p")
    horizon = frame["time_days"].max()
    methods = "; ".join(words.counts_shown(result, text) for text in dict.fromkeys(frame["se_method"].astype(str)))
    table = release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="The same comparison on two clocks",
        rests_on=dict.fromkeys(figures, "smallest"),
        right=figures,
        labels={
            "measure": "Figure and clock",
            "estimate": f"Estimate ({level} interval)",
            "p": "p",
        },
        notes=(
            *READING,
            *_means(frame, 0 if any(is_small(n, result.rule) for n in fewest.values()) else 1),
            f"Mean days free are counted up to day {horizon:g}; differences are treated minus comparison.",
            f"Standard errors: {methods}.",
        ),
    )
    blocks = (Text(paragraphs=(ABOUT, _held(result, found))), Table(released=table))
    return Section(title=TITLE, anchor="clocks", blocks=blocks, level=3)


def _row(row: dict[Any, Any], smallest: int) -> dict[str, Any]:
    ratio = row["term"] == "hazard_ratio"
    places = 2 if ratio else 1
    interval = format_interval(row["conf_low"], row["conf_high"], places)
    return {
        "measure": f"{'Hazard ratio' if ratio else 'Mean days free'}: {CLOCKS[str(row['group'])].lower()}",
        "estimate": f"{format_number(row['estimate'], places)} ({interval})",
        "p": words.p_value(row["p_value"]),
        "smallest": smallest,
    }


def _means(frame: pd.DataFrame, digits: int) -> tuple[str, ...]:
    """Mean days free of each group on both clocks; nothing where there are none, or where few people are behind."""
    rows = frame[frame["mean_treated"].notna()].to_dict("records") if digits else []
    told = [
        f"{CLOCKS[str(row['group'])].lower()} {format_number(row['mean_treated'], digits)} days of treated people "
        f"against {format_number(row['mean_comparison'], digits)}"
        for row in rows
    ]
    return (f"Mean days free: {'; '.join(told)}.",) if told else ()


def _held(result: StudyResult, found: ClockComparison) -> str:
    """How much of their days each group spent in custody; how many were is known only where custody is a cause."""
    told = result.time_to_event
    assert told is not None
    fewest = min(behind(told, "custody first", group)[1] for group in ("treated", "comparison"))
    if is_small(fewest, result.rule):
        return HELD_HIDDEN
    row = found.to_frame().iloc[0]
    digits = share_digits(fewest, result.rule)
    shares = {name: format_percent(row[f"custody_share_{name}"], digits) for name in ("treated", "comparison")}
    return HELD.format(**shares)
