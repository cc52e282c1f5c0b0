"""How soon people reoffended: the share rising from zero, in both groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import ReleasedTable, release, release_count, release_curve
from dipeval.plots.style import to_png
from dipeval.plots.survival import display_unit, regular_times, reoffending_curve, risk_table
from dipeval.presenting import format_interval, format_number
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.study import StudyResult


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
    if result.withheld or result.curve is None:
        return nothing()
    outcome = result.time_outcome
    curve = release_curve(result.curve.to_frame(), rule=result.rule)
    unit = outcome.unit if outcome else "days"
    marks = regular_times(float(curve.groupby("group")["time_days"].max().min()), time_unit=unit)
    table = risk_table(result.curve.to_frame(), marks)
    shown = _released_counts(table, result)
    label = outcome.label if outcome else "Reoffended"
    ends = curve.groupby("group")["estimate"].last()
    told = "; ".join(f"{group}: {words.share(1 - value)}" for group, value in ends.items())
    picture = Picture(
        png=to_png(reoffending_curve(curve, table=shown, time_label=display_unit(unit), time_unit=unit)),
        alt=(
            f"Share who had reoffended by each time, rising from zero, in both groups. At the end of follow-up: {told}."
        ),
        caption=f"{label}, with 95% bands; below, numbers of people",
    )
    blocks: list[Block] = [picture, Table(released=_shares(result, curve, marks, unit, label)), *_cox(result)]
    return Section(title="How soon?", anchor="time", blocks=tuple(blocks))


def _released_counts(table: pd.DataFrame, result: StudyResult) -> pd.DataFrame:
    out = table.astype({"at_risk": object, "events": object, "censored": object})
    for column in ("at_risk", "events", "censored"):
        out[column] = [release_count(value, result.rule) for value in table[column]]
    return out


def _shares(result: StudyResult, curve: pd.DataFrame, marks: list[float], unit: str, label: str) -> ReleasedTable:
    rows = []
    for mark in marks[1:]:
        for group, part in curve.groupby("group", sort=False):
            step = part[part["time_days"] <= mark].iloc[-1]
            rows.append(
                {
                    "time": f"{mark:g} {unit}",
                    "group": str(group).capitalize(),
                    "share": words.share(1 - step["estimate"]),
                    "interval": f"{words.share(1 - step['conf_high'])} to {words.share(1 - step['conf_low'])}",
                    "n": step["n_at_risk"],
                }
            )
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=f"{label}: share by then",
        rests_on={"share": "n", "interval": "n"},
        right=["share", "interval"],
        labels={"time": "By", "group": "Group", "share": "Share", "interval": "95% interval"},
        notes=("Kaplan and Meier (1958); limits on the log-log scale.",),
    )


def _cox(result: StudyResult) -> list[Block]:
    if result.cox is None:
        return []
    row = result.cox.to_frame().iloc[0]
    text = (
        f"Hazard ratio, treated against comparison: {format_number(row['hazard_ratio'])} (95% interval "
        f"{format_interval(row['hr_low'], row['hr_high'])}; p {words.p_value(row['p_value'])}). "
        "Below 1 means that treated "
        "people who had not yet reoffended did so at a lower rate. It assumes that the ratio is the same throughout."
    )
    return [Text(paragraphs=(text,))]
