"""From the effect to pounds, step by step, and which offences were averted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import ReleasedTable, release
from dipeval.plots.money_chain import ladder_alt, ladder_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_count, format_interval, format_number
from dipeval.report import section_money_words as money_words
from dipeval.report.blocks import Block, Folded, Picture, Section, Table, Text, nothing
from dipeval.study.money_told import people_behind_groups, told_by_group
from dipeval.study.tidy_money import told_of_money
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.roi import OffencesAverted, ReturnOnInvestment
    from dipeval.study import StudyResult

TITLE: Final = "From the effect to pounds"
PLAIN: Final = (
    "No step is switched on that raises the value: offences are those proven, within the follow-up, among the people "
    "the effect is about."
)
RAISED: Final = (
    "At least one step is switched on that raises the value beyond what was observed. Without multipliers and without "
    "years beyond the follow-up the value per £1 of cost is {ratio} ({low} to {high})."
)
OPTIONAL: Final = ("people", "attribution", "recorded_per_proven", "actual_per_recorded", "extrapolation")
OFFENCES: Final = ("offences", "offences_low", "offences_high")
KINDS: Final = (
    "Actual crimes for each recorded crime: the mean over the offences averted, and the least and most of any kind."
)
VALUED: Final = (
    "Averted are proven offences. Value: each times its pounds, times every step that is switched on after them, "
    "discounted; so it is not just the one column times the other."
)
IN_POUNDS: Final = ("worth", "benefit")


def money_steps(result: StudyResult) -> Section:
    """Return the steps of the sum; empty where no money may be shown.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    roi = money_words.shown_roi(result)
    if roi is None:
        return nothing()
    frame = _chain(result, roi)
    on = set(frame.loc[frame["on"].astype(bool), "step"])
    blocks: list[Block] = [Text(paragraphs=(_said(roi),)), Table(released=_steps(result, frame, roi.level))]
    if on & set(OPTIONAL):
        blocks.append(_picture(frame, roi.level))
    blocks.append(Folded(title="Which offences", blocks=tuple(Table(released=table) for table in _groups(result, roi))))
    return Section(title=TITLE, anchor="money-steps", blocks=tuple(blocks), level=3)


def _chain(result: StudyResult, roi: ReturnOnInvestment) -> pd.DataFrame:
    """The steps that may be shown: how many crimes stand behind each recorded one differs by kind of offence."""
    frame = roi.chain()
    if money_words.at_other_prices(result):
        return frame
    return frame[frame["step"] != "actual_per_recorded"].reset_index(drop=True)


def _said(roi: ReturnOnInvestment) -> str:
    if not (roi.switched.uplift or roi.scaled):
        return PLAIN
    return RAISED.format(
        ratio=money_words.ratio(roi.ratio_without_uplift),
        low=money_words.ratio(roi.ratio_without_uplift_low),
        high=money_words.ratio(roi.ratio_without_uplift_high),
    )


def _steps(result: StudyResult, frame: pd.DataFrame, level: float) -> ReleasedTable:
    rows = [_step(result, row) for row in frame.to_dict("records")]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="The steps, in the order of the sum",
        labels={
            "step": "Step",
            "on": "Switched on",
            "value": "Figure (range)",
            "offences": f"Offences averted after it ({100 * level:g}% interval)",
        },
        notes=("A step that is off leaves the count as it is.", *_of_kinds(frame)),
    )


def _of_kinds(frame: pd.DataFrame) -> tuple[str, ...]:
    """What the range of a mean over kinds of offence is."""
    rows = frame[(frame["step"] == "actual_per_recorded") & frame["on"].astype(bool) & (frame["low"] != frame["high"])]
    return (KINDS,) if len(rows) else ()


def _step(result: StudyResult, row: dict[Any, Any]) -> dict[str, str]:
    name, in_pounds = str(row["step"]), row["step"] in IN_POUNDS
    between = money_words.offences_between(result, row["offences_low"], row["offences_high"])
    ranged = row["low"] == row["low"] and row["low"] != row["high"]
    show = (lambda value: money_words.pounds(value)) if in_pounds else (lambda value: _value(name, value))
    value = show(row["value"])
    counted = money_words.with_range(money_words.offences(result, row["offences"]), between)
    source = str(row["source"]) if name in OPTIONAL else ""
    return {
        "step": f"{row['label']} (source: {source})" if source else str(row["label"]),
        "on": "always" if name not in OPTIONAL else "yes" if row["on"] else "no",
        "value": money_words.with_range(value, f"{show(row['low'])} to {show(row['high'])}") if ranged else value,
        "offences": "" if in_pounds else counted,
    }


def _value(name: str, value: float) -> str:
    if name in ("people", "extrapolation") and value == value:
        return format_count(value)
    return money_words.input_value(name, value)


def _picture(frame: pd.DataFrame, level: float) -> Picture:
    return Picture(
        # Drawn no finer than written.
        png=to_png(ladder_plot(frame.round(dict.fromkeys(OFFENCES, 0)))),
        alt=ladder_alt(frame),
        caption=f"Offences averted after each step, with {100 * level:g}% intervals; steps that are off are hollow",
    )


def _groups(result: StudyResult, roi: ReturnOnInvestment) -> list[ReleasedTable]:
    tables = [_by_group(result, roi)]
    estimated = None if result.money is None else result.money.by_group
    return tables if estimated is None else [*tables, _estimated(result, estimated)]


def _by_group(result: StudyResult, roi: ReturnOnInvestment) -> ReleasedTable:
    frame = roi.by_group()
    behind = told_of_money(result).groups
    rows = [
        {
            "group": label(str(row["offence_group"])),
            "worth": money_words.pounds(row["value_per_offence"])
            if row["value_per_offence"] == row["value_per_offence"]
            else "no unit cost",
            "offences": money_words.offences(result, row["offences_averted"]),
            "value": money_words.pounds(row["benefit"]),
            "between": money_words.pounds_between(row["conf_low"], row["conf_high"]),
            "behind": behind.get(str(row["offence_group"]), 0),
        }
        for row in frame.to_dict("records")
    ]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="Offences averted and their value, by offence",
        rests_on=dict.fromkeys(("offences", "value", "between"), "behind"),
        right=["worth", "offences", "value", "between"],
        labels={
            "group": "Offence",
            "worth": "Pounds each",
            "offences": "Averted",
            "value": "Value",
            "between": f"{100 * roi.level:g}% interval",
        },
        notes=(_how(roi), VALUED),
    )


def _how(roi: ReturnOnInvestment) -> str:
    if roi.central.mix is None:
        return "Averted: each kind of offence estimated by itself; together they are the effect on all reoffences."
    return "Averted: the effect on all reoffences, spread over the kinds as the comparison people's offences are."


def _estimated(result: StudyResult, averted: OffencesAverted) -> ReleasedTable:
    """Each kind by itself; kinds that rest on few people, and those that subtraction would give away, are withheld."""
    prices = None if result.money is None else result.money.prices
    behind = told_by_group(people_behind_groups(result, both=True), prices, result.rule).groups
    places = 2 if result.rule.protects else 3
    rows = [
        {
            "group": "All" if row["group"] == "all" else label(str(row["group"])),
            "averted": format_number(row["estimate"], places),
            "between": format_interval(row["conf_low"], row["conf_high"], places),
            # All of them together is the effect, which is shown.
            "behind": result.rule.threshold if row["group"] == "all" else behind.get(str(row["group"]), 0),
        }
        for row in averted.to_frame().to_dict("records")
    ]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="The same, each kind of offence estimated by itself",
        rests_on=dict.fromkeys(("averted", "between"), "behind"),
        right=["averted", "between"],
        labels={"group": "Offence", "averted": "Averted per person", "between": f"{100 * averted.level:g}% interval"},
        notes=("Below 0: more offences than without treatment.",),
    )
