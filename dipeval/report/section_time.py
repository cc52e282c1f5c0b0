"""How soon people reoffended: the share rising from zero, days free of it, and the rates of the two groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import ReleasedTable, release, share_digits
from dipeval.presenting import format_interval, format_number
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Section, Table, Text, nothing
from dipeval.report.time_drawn import Drawn, merged, share_drawn, when
from dipeval.report.time_rates import days_free, rates

if TYPE_CHECKING:
    from dipeval.study import StudyResult

TITLE = "How soon?"
FEW = "{label}: too few people had reoffended for a curve that could be shown."
LEAD = (
    "By {time}, {treated} of the treated and {comparison} of the comparison group had reoffended: a difference of "
    "{difference} percentage points ({level} interval {interval}), treated minus comparison."
)
UNSETTLED = (
    "The interval includes 0: these shares do not settle which group had reoffended less by then, and more people "
    "would be needed to tell."
)
EACH_ROUNDED = "Each figure is rounded by itself, so the shares may not differ by just that."
BEFORE_ROUNDING = "Before it was rounded, the interval did not reach 0."
NO_MARK = "Shares are not compared at one time: {why}"
NOT_SO_LONG = "people were followed for less than a year, and the study names no other time."
HIDDEN_MARK = "The shares of the two groups at one time, and their difference, rest on too few people to be shown."
CAPTION = "{label}: share who had reoffended by each time, with {level} bands (Kaplan-Meier); below, numbers of people."
EFFECTIVE = (
    "The effective sample size says how many people who all count alike would tell as much as these, who are weighted."
)
_COUNTS = {"at_risk": "Still followed", "n_effective": "Effective", "events": "Reoffended", "censored": "Left"}


def time(result: StudyResult) -> Section:
    """Return the section on time to the first reoffence, or an empty one if the study has no such outcome.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    told = result.time_to_event
    if result.withheld or told is None or result.time_varying is not None:
        return nothing()
    drawn = share_drawn(result)
    if drawn is None:
        why = told.not_done.get("curve") or FEW.format(label=told.label)
        blocks: list[Block] = [Text(paragraphs=(why,))]
    else:
        level = f"{100 * told.level:g}%"
        caption = [CAPTION.format(label=told.label, level=level)]
        caption += [EFFECTIVE] if "n_effective" in drawn.table else []
        blocks = [
            Text(paragraphs=_lead(result, drawn)),
            drawn.picture(" ".join(caption)),
            Folded(
                title="The figures behind the picture",
                blocks=(Table(released=_shares(result, drawn)), Table(released=_followed(result, drawn))),
            ),
        ]
    return Section(title=TITLE, anchor="time", blocks=(*blocks, *days_free(result), *rates(result)))


def _lead(result: StudyResult, drawn: Drawn) -> tuple[str, ...]:
    """The shares at the mark and their difference, in a sentence; or why there are none."""
    told = result.time_to_event
    assert told is not None
    if told.mark is None:
        return (NO_MARK.format(why=told.not_done.get("mark") or NOT_SO_LONG),)
    if drawn.mark is None:
        return (HIDDEN_MARK,)
    rows = {str(row["group"]): row for row in drawn.mark.to_dict("records")}
    apart, places = rows["difference"], drawn.digits
    lead = LEAD.format(
        time=when(told.mark_time or 0.0, told.unit),
        treated=words.share(rows["treated"]["share"], places),
        comparison=words.share(rows["comparison"]["share"], places),
        difference=format_number(100 * apart["share"], places),
        level=f"{100 * told.level:g}%",
        interval=format_interval(100 * apart["conf_low"], 100 * apart["conf_high"], places),
    )
    if round(100 * (rows["treated"]["share"] - rows["comparison"]["share"] - apart["share"]), places):
        lead = f"{lead} {EACH_ROUNDED}"
    exact = told.mark.set_index("group").loc["difference"]
    if exact["conf_low"] <= 0 <= exact["conf_high"]:
        return (lead, UNSETTLED)
    reached = apart["conf_low"] <= 0 <= apart["conf_high"]
    return (lead, BEFORE_ROUNDING) if reached else (lead,)


def _shares(result: StudyResult, drawn: Drawn) -> ReleasedTable:
    """What the curves read at regular times and at the mark, for those who cannot see the picture."""
    told = result.time_to_event
    assert told is not None
    times = {*drawn.marks[1:], *([told.mark_time] if drawn.mark is not None and told.mark_time is not None else [])}
    rows = []
    for mark in sorted(times):
        for group, part in drawn.curve.groupby("group", sort=False):
            step = part[part["time_days"] <= mark].iloc[-1]
            decimals = share_digits(step["n_at_risk"], result.rule)
            low, high = (words.share(1 - step[name], decimals) for name in ("conf_high", "conf_low"))
            rows.append(
                {
                    "time": f"{mark:g} {drawn.unit}",
                    "group": str(group).capitalize(),
                    "share": words.share(1 - step["estimate"], decimals),
                    "interval": f"{low} to {high}",
                    "n": step["n_at_risk"],
                    # Before the first step that can be shown, "0%" would be untrue as well as telling.
                    "happened": result.rule.threshold if step["estimate"] < 1 else 0,
                }
            )
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=f"{told.label}: share by then",
        rests_on={"share": ("n", "happened"), "interval": ("n", "happened")},
        right=["share", "interval"],
        labels={"time": "By", "group": "Group", "share": "Share", "interval": f"{100 * told.level:g}% interval"},
        notes=("Kaplan and Meier (1958); limits on the log-log scale.", *merged(result.rule)),
    )


def _followed(result: StudyResult, drawn: Drawn) -> ReleasedTable:
    """The numbers below the picture once more."""
    shown = [name for name in _COUNTS if name in drawn.table]
    named = drawn.table.assign(
        time=[f"{value:g} {drawn.unit}" for value in drawn.table["time_days"]],
        group=[str(name).capitalize() for name in drawn.table["group"]],
    )
    return release(
        named[["time", "group", *shown]],
        rule=result.rule,
        caption="Numbers of people over time",
        right=shown,
        labels={"time": "By", "group": "Group", **_COUNTS},
        notes=(EFFECTIVE,) if "n_effective" in shown else (),
    )
