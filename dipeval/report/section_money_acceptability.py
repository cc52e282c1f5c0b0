"""What an offence averted would have to be worth: the share of the draws worth their cost, by what is paid for one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.disclosure import ReleasedTable, release
from dipeval.plots.money_acceptability import acceptability_alt, acceptability_plot
from dipeval.plots.style import to_png
from dipeval.report import section_money_words as money_words
from dipeval.report.blocks import Block, Folded, Picture, Section, Table, Text, nothing
from dipeval.roi.decisions.acceptability_words import NEVER, NOT_KNOWN

if TYPE_CHECKING:
    from dipeval.roi import AcceptabilityCurve
    from dipeval.study import StudyResult

TITLE: Final = "What would an offence averted have to be worth?"


def money_acceptability(result: StudyResult) -> Section:
    """Return the curve, what is read off it and what it rests on; empty where the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
        Empty too where no money may be shown.
    """
    curve = None if result.money is None else result.money.acceptability
    if result.withheld or curve is None or money_words.hidden(result):
        return nothing()
    summary = curve.summary()
    known = _amounts(curve)
    notes = money_words.sentences(result, summary.notes, known)
    blocks: tuple[Block, ...] = (
        Text(paragraphs=(money_words.told(result, summary.headline, known=known),)),
        _picture(curve),
        Table(released=_points(result, curve)),
        Folded(title="How the curve was made", blocks=(Text(paragraphs=notes),)),
    )
    return Section(title=TITLE, anchor="money-acceptability", blocks=blocks, level=3)


def _amounts(curve: AcceptabilityCurve) -> dict[str, str]:
    """Pounds of the sentences, as the table has them."""
    points = curve.points()
    amounts = points.loc[points["unit"] != "share", "estimate"].astype(float)
    return money_words.as_shown([*amounts, curve.value_per_offence])


def _picture(curve: AcceptabilityCurve) -> Picture:
    frame = money_words.drawn(curve.to_frame(), ("probability", "probability_if_none"))
    value = money_words.coarse(curve.value_per_offence)
    return Picture(
        png=to_png(acceptability_plot(frame, value=value)),
        alt=acceptability_alt(frame, value=value),
        caption="Share of draws in which the programme is worth its cost, by what is paid for each offence averted",
    )


def _points(result: StudyResult, curve: AcceptabilityCurve) -> ReleasedTable:
    frame = curve.points()
    rows = [
        {"item": row["label"], "value": _figure(str(row["term"]), str(row["unit"]), row["estimate"])}
        for row in frame.to_dict("records")
    ]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="What is read off the curve",
        right=["value"],
        labels={"item": "Figure", "value": "Value"},
    )


def _figure(term: str, unit: str, value: float) -> str:
    if math.isnan(value):
        return NEVER if term.startswith("threshold") else NOT_KNOWN
    return money_words.share(value) if unit == "share" else money_words.pounds(value)
