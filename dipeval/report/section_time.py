"""How soon people reoffended: the share rising from zero, in both groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import (
    ReleasedTable,
    is_small,
    legend,
    release,
    release_count,
    release_curve,
    share_digits,
)
from dipeval.plots.style import to_png
from dipeval.plots.survival import display_unit, regular_times, reoffending_curve, risk_table
from dipeval.presenting import format_interval, format_number
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing
from dipeval.study.tidy import smallest_events

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
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
    label = outcome.label if outcome else "Reoffended"
    if curve.empty:
        few = f"{label}: too few people had reoffended for a curve that could be shown."
        return Section(title="How soon?", anchor="time", blocks=(Text(paragraphs=(few,)), *_cox(result)))
    marks = regular_times(float(curve.groupby("group")["time_days"].max().min()), time_unit=unit)
    table = risk_table(result.curve.to_frame(), marks)
    drawn = curve["group"].unique()
    shown = _released_counts(table[table["group"].isin(drawn)], result)
    told = _ends(result, curve, unit)
    marked = legend([str(cell) for cell in shown.to_numpy().ravel()], result.rule)
    picture = Picture(
        png=to_png(reoffending_curve(curve, table=shown, time_label=display_unit(unit), time_unit=unit)),
        alt=(
            "Share who had reoffended by each time, rising from zero, in each group that can be shown. "
            f"Where the curves end: {told}."
        ),
        caption=" ".join([f"{label}, with 95% bands; below, numbers of people.", *merged(result.rule), *marked]),
    )
    tables = [_shares(result, curve, marks, unit, label), _followed(table[table["group"].isin(drawn)], result, unit)]
    blocks: list[Block] = [picture, *(Table(released=item) for item in tables), *_cox(result)]
    return Section(title="How soon?", anchor="time", blocks=tuple(blocks))


def merged(rule: DisclosureRule) -> tuple[str, ...]:
    """Return the line that says how curves are coarsened, if they are."""
    if not rule.protects:
        return ()
    return (f"Steps are merged until each tells of at least {rule.threshold} people, so a share can lag behind.",)


def _ends(result: StudyResult, curve: pd.DataFrame, unit: str) -> str:
    last = curve.groupby("group").last()
    return "; ".join(
        f"{group}, {row['time_days']:g} {unit}: "
        + words.share(1 - row["estimate"], share_digits(row["n_at_risk"], result.rule))
        for group, row in last.iterrows()
    )


def _released_counts(table: pd.DataFrame, result: StudyResult) -> pd.DataFrame:
    out = table.astype({"at_risk": object, "events": object, "censored": object})
    for column in ("at_risk", "events", "censored"):
        out[column] = [release_count(value, result.rule) for value in table[column]]
    return out


def _followed(table: pd.DataFrame, result: StudyResult, unit: str) -> ReleasedTable:
    """The numbers below the picture once more, for those who cannot see it."""
    columns = {"at_risk": "Still followed", "events": "Reoffended", "censored": "Left"}
    named = table.assign(
        time=[f"{value:g} {unit}" for value in table["time_days"]], group=[name.capitalize() for name in table["group"]]
    )
    return release(
        named[["time", "group", *columns]],
        rule=result.rule,
        caption="Numbers of people over time",
        counts=list(columns),
        labels={"time": "By", "group": "Group", **columns},
    )


def _shares(result: StudyResult, curve: pd.DataFrame, marks: list[float], unit: str, label: str) -> ReleasedTable:
    rows = []
    for mark in marks[1:]:
        for group, part in curve.groupby("group", sort=False):
            step = part[part["time_days"] <= mark].iloc[-1]
            decimals = share_digits(step["n_at_risk"], result.rule)
            low, high = (words.share(1 - step[name], decimals) for name in ("conf_high", "conf_low"))
            rows.append(
                {
                    "time": f"{mark:g} {unit}",
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
        caption=f"{label}: share by then",
        rests_on={"share": ("n", "happened"), "interval": ("n", "happened")},
        right=["share", "interval"],
        labels={"time": "By", "group": "Group", "share": "Share", "interval": "95% interval"},
        notes=("Kaplan and Meier (1958); limits on the log-log scale.", *merged(result.rule)),
    )


def _cox(result: StudyResult) -> list[Block]:
    if result.cox is None:
        return []
    if is_small(smallest_events(result), result.rule):
        return [Text(paragraphs=(f"Hazard ratio, treated against comparison: {words.hidden_effect()}",))]
    row = result.cox.to_frame().iloc[0]
    text = (
        f"Hazard ratio, treated against comparison: {format_number(row['hazard_ratio'])} (95% interval "
        f"{format_interval(row['hr_low'], row['hr_high'])}; p {words.p_value(row['p_value'])}). "
        "Below 1 means that treated "
        "people who had not yet reoffended did so at a lower rate. It assumes that the ratio is the same throughout."
    )
    return [Text(paragraphs=(text,))]
