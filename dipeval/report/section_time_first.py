"""What happened first: a reoffence, death or custody, each as a cause of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import ReleasedTable, release, share_digits
from dipeval.presenting import format_interval, format_number, format_percent
from dipeval.report import words
from dipeval.report.blocks import Block, Section, Table, Text, nothing
from dipeval.report.time_drawn import incidence_drawn, when
from dipeval.report.time_rates import errors

if TYPE_CHECKING:
    from dipeval.study import StudyResult
    from dipeval.study.time_to_event import TimeToEvent

TITLE = "What happened first?"
ABOUT = (
    "Somebody who dies, or is taken into custody, is not simply somebody of whom no more is known: each is something "
    "that happened instead of a reoffence. Here everybody is counted by what happened to them first (cumulative "
    "incidence, Aalen and Johansen), so the shares of all causes and of those to whom nothing happened add up to 100%."
)
CUSTODY = (
    "Custody means a first reception before any reoffence that counts: for an older offence, a recall, or one that is "
    "not counted. The share for a reoffence is therefore not that of the curve above, which follows people through "
    "custody as the official measure does."
)
ALL_HIDDEN = "Too few people had any of these happen to them first for their shares to be shown."
CAPTION = "Share of each group to whom it happened first, with {level} bands; below, numbers of people"
RATIOS_CAPTION = "Does treatment go with the share to whom it happens first?"
RATIO_MEANS = (
    "Subdistribution hazard ratio (Fine and Gray): below 1 where the share to whom it happens first is smaller among "
    "the treated. It is about shares, not about the rate among those still at risk."
)
GRAY_MEANS = (
    "Gray's test of equal shares by cause. A p-value above {alpha}% does not show that the shares are the same."
)
CAUSES = {"reoffence": "A reoffence", "death": "Death", "custody": "Custody"}
ORDER = tuple(CAUSES)


def first_events(result: StudyResult) -> Section:
    """Return the part on what happened first; empty where the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    told = result.time_to_event
    if result.withheld or told is None or told.incidence is None:
        return nothing()
    about = (ABOUT, CUSTODY) if "custody" in map(str, told.incidence.causes) else (ABOUT,)
    blocks: list[Block] = [Text(paragraphs=about)]
    drawn = incidence_drawn(result)
    if drawn is None:
        blocks.append(Text(paragraphs=(ALL_HIDDEN,)))
    else:
        blocks.append(drawn.picture(CAPTION.format(level=f"{100 * told.level:g}%")))
    blocks += [Table(released=table) for table in (_shares(result, told), _ratios(result, told)) if table is not None]
    return Section(title=TITLE, anchor="first-events", blocks=tuple(blocks), level=3)


def _causes(told: TimeToEvent) -> list[str]:
    assert told.incidence is not None
    known = [str(cause) for cause in told.incidence.causes]
    return sorted(known, key=lambda cause: (ORDER.index(cause) if cause in ORDER else len(ORDER), cause))


def _shares(result: StudyResult, told: TimeToEvent) -> ReleasedTable | None:
    """Shares at the mark by cause: the groups and the difference, each cell hidden if few people are behind it."""
    if told.mark_time is None:
        return None
    own = told.to_frame().query("part == 'incidence'")
    found = {(str(row["term"]), str(row["group"])): row for row in own.to_dict("records")}
    rows = []
    for cause in _causes(told):
        mine = {group: found[f"share, {cause} first", group] for group in ("treated", "comparison", "difference")}
        # One share would be had back from the other and the difference.
        few = min(int(row["n_smallest"]) for row in mine.values())
        digits = share_digits(few, result.rule)
        rows.append(
            {"cause": CAUSES.get(cause, cause.capitalize())}
            | {name: _share(mine[name], digits) for name in ("treated", "comparison")}
            | {"difference": _points(mine["difference"], digits), "p": words.p_value(mine["difference"]["p_value"])}
            | {"smallest": few}
        )
    figures = ("treated", "comparison", "difference", "p")
    level = f"{100 * told.level:g}%"
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=f"What had happened first by {when(told.mark_time, told.unit)}",
        rests_on=dict.fromkeys(figures, "smallest"),
        right=figures,
        labels={
            "cause": "First",
            "treated": "Treated",
            "comparison": "Comparison",
            "difference": "Difference, percentage points",
            "p": "p",
        },
        notes=(
            f"In brackets {level} intervals: log-log limits for shares, normal limits for differences; standard "
            f"errors: infinitesimal jackknife, {errors(result)}.",
        ),
    )


def _share(row: dict[Any, Any], digits: int) -> str:
    low, high = (format_percent(row[name], digits) for name in ("conf_low", "conf_high"))
    return f"{format_percent(row['estimate'], digits)} ({low} to {high})"


def _points(row: dict[Any, Any], digits: int) -> str:
    interval = format_interval(100 * row["conf_low"], 100 * row["conf_high"], digits)
    return f"{format_number(100 * row['estimate'], digits)} ({interval})"


def _ratios(result: StudyResult, told: TimeToEvent) -> ReleasedTable | None:
    """Gray's test where people count alike, subdistribution hazard ratios elsewhere or if asked for."""
    frame = told.to_frame()
    ratios = {str(row["term"]).rpartition(", ")[2]: row for row in _records(frame, "subdistribution")}
    tests = {str(row["term"]).rpartition(", ")[2]: row for row in _records(frame, "gray")}
    causes = [cause for cause in _causes(told) if cause in ratios or cause in tests]
    if not causes:
        return None
    rows = []
    for cause in causes:
        row: dict[str, Any] = {"cause": CAUSES.get(cause, cause.capitalize())}
        known = [found[cause] for found in (ratios, tests) if cause in found]
        if ratios:
            row |= {"ratio": _ratio(ratios.get(cause)), "p": _p(ratios.get(cause))}
        if tests:
            row |= {"gray": _p(tests.get(cause))}
        rows.append(row | {"smallest": min(int(item["n_smallest"]) for item in known)})
    shown = pd.DataFrame(rows)
    figures = [name for name in ("ratio", "p", "gray") if name in shown]
    alpha = f"{100 * (1 - told.level):.0f}"
    notes = [f"{RATIO_MEANS} Standard errors: {errors(result)}."] if ratios else []
    notes += [GRAY_MEANS.format(alpha=alpha)] if tests else []
    return release(
        shown,
        rule=result.rule,
        caption=RATIOS_CAPTION,
        rests_on=dict.fromkeys(figures, "smallest"),
        right=figures,
        labels={
            "cause": "First",
            "ratio": f"Ratio ({100 * told.level:g}% interval)",
            "p": "p of the ratio",
            "gray": "p of Gray's test",
        },
        notes=notes,
    )


def _records(frame: pd.DataFrame, part: str) -> list[dict[Any, Any]]:
    found: list[dict[Any, Any]] = frame[frame["part"] == part].to_dict("records")
    return found


def _ratio(row: dict[Any, Any] | None) -> str:
    if row is None:
        return "[z]"
    return f"{format_number(row['estimate'])} ({format_interval(row['conf_low'], row['conf_high'])})"


def _p(row: dict[Any, Any] | None) -> str:
    return "[z]" if row is None else words.p_value(row["p_value"])
