"""Offences averted, what they would have cost, and what the programme cost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, ReleasedTable, is_small, release
from dipeval.presenting import format_count, format_money, format_number
from dipeval.report import words
from dipeval.report.blocks import Block, Points, Section, Table, Text, nothing
from dipeval.study.tidy import people_reoffending

if TYPE_CHECKING:
    from dipeval.roi import ReturnOnInvestment
    from dipeval.study import StudyResult


def money(result: StudyResult) -> Section:
    """Return the section on return on investment, or an empty one if the study costs nothing out.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.withheld or result.spec.costs is None:
        return nothing()
    title, anchor = "Was it worth the money?", "money"
    if result.roi is None or words.money_is_small(result):
        return Section(title=title, anchor=anchor, blocks=(Text(paragraphs=(words.hidden_effect(),)),))
    summary = result.roi.summary()
    blocks: list[Block] = [
        Text(paragraphs=(summary.headline,), kind="lead"),
        Table(released=_figures(result, result.roi)),
        Points(title="What this rests on and what it leaves out", items=_rests_on(result, result.roi)),
    ]
    return Section(title=title, anchor=anchor, blocks=tuple(blocks))


def _rests_on(result: StudyResult, roi: ReturnOnInvestment) -> tuple[str, ...]:
    """The notes of the result; those that count people are written again from released counts."""
    about = f"What the effect is about: {words.estimand(result)}"
    counted = (
        f"The benefit is counted for {words.people(result, roi.people)} treated people; of the "
        f"{format_money(roi.total_spend)} spent on {words.people(result, roi.cost_people)} people "
        f"({', '.join(roi.spent_on)}), the part for those treated people is set against it."
    )
    again = ("What the effect is about", "The benefit is", "The effect was estimated on")
    kept = [_unpriced(result, note) for note in roi.summary().notes if not note.startswith(again)]
    return (about, counted, *kept)


def _unpriced(result: StudyResult, note: str) -> str:
    """The share of offences without a unit cost, no finer than the people behind it allow."""
    if not (result.rule.protects and note.startswith("Valued at nothing") and result.roi is not None):
        return note
    few = is_small(people_reoffending(result, result.roi.unpriced), result.rule)

    def shown(found: re.Match[str]) -> str:
        return CONFIDENTIAL if few else words.share(float(found.group(1)) / 100, 0)

    return re.sub(r"(\d+\.\d+)%", shown, note)


_LABELS = {
    "offences_averted": "Offences averted",
    "benefit": "Value of the offences averted",
    "benefit_without_anticipation": "Value without anticipation costs",
    "benefit_with_anticipation": "Value with anticipation costs",
    "cost": "Cost",
    "net_present_value": "Value less cost",
    "benefit_cost_ratio": "Pounds of value per pound of cost",
    "break_even_offences": "Offences to avert for value to equal cost",
    "cost_per_treated_person": "Cost per treated person",
    "cost_per_offence_averted": "Cost per offence averted",
}


def _figures(result: StudyResult, roi: ReturnOnInvestment) -> ReleasedTable:
    frame = roi.to_frame()
    frame = frame[(frame["group"] == "all") & frame["term"].isin(_LABELS)]
    # Finer than whole offences, they would give the effect, and with it the exact number of people, back by division.
    offences = format_count if result.rule.protects else format_number
    show = {"GBP": format_money, "offences": offences}
    figures = {
        column: [show.get(unit, format_number)(value) for unit, value in zip(frame["unit"], frame[column], strict=True)]
        for column in ("estimate", "conf_low", "conf_high")
    }
    rows = pd.DataFrame({"item": [_LABELS[term] for term in frame["term"]], **figures})
    return release(
        rows,
        rule=result.rule,
        caption="From offences averted to money",
        right=list(figures),
        labels={"item": "Figure", "estimate": "Estimate", "conf_low": "95% from", "conf_high": "95% to"},
        notes=("[x]: the figure has no interval, or the data do not settle it.",),
    )
