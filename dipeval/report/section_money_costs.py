"""What it cost in every way of laying the spending on people, who paid, and what that comes to per stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, ReleasedTable, is_small, release
from dipeval.disclosure.rule import to_base
from dipeval.presenting import and_join, format_money
from dipeval.report import section_money_words as money_words
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.roi import CostPerStage, ReturnOnInvestment
    from dipeval.study import StudyResult

TITLE: Final = "What it cost, and who paid"
REASON: Final = "Reason given in the study file for setting just this spending against the value: {reason}"
NOT_ADDED: Final = "The rows answer different questions with the same money: they are never added up."
SET_AGAINST: Final = "Spending set against the value: {kinds}, paid by {funders}."
# What must stand where the figures stand: what the money paid for, and what a cost per completion is not.
BESIDE: Final = ("The money paid for", "Every figure is the same money", "The cost per successful completion")
NOT_STATED: Final = "not stated"
MARK: Final = "{view} (the answer above)"
STAGES: Final = "What the money comes to per person at each stage"


def money_costs(result: StudyResult) -> Section:
    """Return the part on costs; empty where no money may be shown.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    stages = None if result.money is None else result.money.per_stage
    roi = result.roi
    if result.withheld:
        return nothing() if stages is None else _alone(result, stages)
    if roi is None or money_words.hidden(result):
        return nothing()
    told = [SET_AGAINST.format(kinds=and_join(roi.against), funders=_funders(roi)), NOT_ADDED]
    told += [REASON.format(reason=roi.reason.rstrip(".") + ".")] if roi.reason else []
    blocks: list[Block] = [Text(paragraphs=tuple(told)), Table(released=_views(result, roi))]
    if stages is not None:
        blocks += [Table(released=_stages(result, stages))]
    blocks += [
        Folded(title="Who paid for what", blocks=(Table(released=_spending(result, roi)),)),
        *_notes(result, roi.cost_lines.notes, stages),
    ]
    return Section(title=TITLE, anchor="money-costs", blocks=tuple(blocks), level=3)


def _funders(roi: ReturnOnInvestment) -> str:
    paid = roi.spending()
    names = sorted({str(name).strip() for name in paid.loc[paid["set_against"], "funder"]} - {""})
    return and_join(names) if names else f"funders who are {NOT_STATED}"


def _alone(result: StudyResult, stages: CostPerStage) -> Section:
    """What the spending comes to rests on no outcome: it may be told where the effect is withheld."""
    blocks: tuple[Block, ...] = (Table(released=_stages(result, stages)), *_notes(result, (), stages))
    return Section(title=STAGES, anchor="money-stages", blocks=blocks)


def _views(result: StudyResult, roi: ReturnOnInvestment) -> ReleasedTable:
    rows = [
        {
            "view": MARK.format(view=row["label"]) if row["view"] == "set_against" else str(row["label"]),
            "spent_on": str(row["spent_on"]),
            "each": money_words.pounds(row["per_person"]),
            "cost": money_words.pounds(row["cost"]),
            "ratio": money_words.with_range(
                money_words.ratio(row["ratio"]), money_words.ratio_between(row["ratio_low"], row["ratio_high"])
            ),
            "share": money_words.share(row["probability"]),
        }
        for row in roi.cost_views().to_dict("records")
    ]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="The same value against the cost in every way of counting it",
        right=["each", "cost", "share"],
        labels={
            "view": "Cost",
            "spent_on": "Spent on",
            "each": "Per person",
            "cost": "In all",
            "ratio": f"Value per £1 ({100 * roi.level:g}% interval)",
            "share": "Draws in which value exceeds cost",
        },
    )


def _spending(result: StudyResult, roi: ReturnOnInvestment) -> ReleasedTable:
    rows = [
        {
            "funder": str(row["funder"]) or NOT_STATED,
            "spent_on": str(row["spent_on"]).capitalize(),
            "amount": money_words.pounds(row["amount"]),
            "share": words.share(row["share"], 0),
            "against": "yes" if row["set_against"] else "no",
        }
        for row in roi.spending().to_dict("records")
    ]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="The spending, by funder and kind",
        right=["amount", "share"],
        labels={
            "funder": "Funder",
            "spent_on": "Spent on",
            "amount": "Amount",
            "share": "Share of all",
            "against": "Set against the value",
        },
        notes=("All spending on the programme in the study's districts, in the prices of one year, not discounted.",),
    )


def _stages(result: StudyResult, stages: CostPerStage) -> ReleasedTable:
    """Money over people, both as they may be shown: an exact cost per person would give the exact count back."""
    rows = [_stage(result, row) for row in stages.to_frame().query("group == 'everyone'").to_dict("records")]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=STAGES,
        counts=["n"],
        rests_on={"cost": "n"},
        right=["cost"],
        labels={"label": "Figure", "cost": "Pounds", "n": "People"},
        notes=tuple(money_words.told(result, note) for note in stages.notes if note.startswith(BESIDE)),
    )


def _stage(result: StudyResult, row: dict[Any, Any]) -> dict[str, Any]:
    n = float("nan") if pd.isna(row["n"]) else float(row["n"])
    label = str(row["label"])
    shown = {"label": label[:1].upper() + label[1:], "n": n}
    if n != n or pd.isna(row["cost"]):
        return shown | {"cost": "[z]"}
    if is_small(n, result.rule):
        return shown | {"cost": CONFIDENTIAL}
    if not result.rule.protects:
        return shown | {"cost": format_money(row["cost"])}
    return shown | {"cost": money_words.pounds(row["amount"] / to_base(n, result.rule))}


def _notes(result: StudyResult, own: tuple[str, ...], stages: CostPerStage | None) -> list[Block]:
    of_stages = () if stages is None else [note for note in stages.notes if not note.startswith(BESIDE)]
    notes = dict.fromkeys([*own, *of_stages])
    told = tuple(money_words.told(result, text) for text in notes)
    return [Folded(title="How the costs were counted", blocks=(Text(paragraphs=told),))] if told else []
