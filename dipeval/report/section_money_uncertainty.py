"""How sure the money is: what matters most, what would make value and cost equal, and all the draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import ReleasedTable, is_small, release
from dipeval.plots.money_draws import draws_alt, draws_plot
from dipeval.plots.money_tornado import tornado_alt, tornado_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_count
from dipeval.report import section_money_words as money_words
from dipeval.report.blocks import Block, Folded, Picture, Points, Section, Table, Text, nothing
from dipeval.study.tidy_money import told_of_money

if TYPE_CHECKING:
    from dipeval.roi import ReturnOnInvestment
    from dipeval.study import StudyResult

TITLE: Final = "What matters most, and how sure it is"
# Of kinds of offence drawn together, which have no single figure.
WHOLE: Final = "as a whole"
# More bars than this are too small to matter.
MOST: Final = 8
ONE_AT_A_TIME: Final = (
    "One input at a time goes from the low to the high end of its range, the others staying where they are. Whatever "
    "is marked as a choice is no range of belief: it shows what choosing otherwise would do."
)
# Choices, and what stands at the two ends of their bars; those with figures have these.
CHOICES: Final = {
    "anticipation": ("left out", "counted"),
    "multipliers": ("off", "on"),
    "extrapolate_years": ("none", "counted"),
    "discount_rate": ("", ""),
}
OTHER_PRICES: Final = ("anticipation", "multipliers")
KNOWN: Final = "No input of the sum is uncertain, and no choice bears on it."
NEEDED: Final = {
    "effect": "Offences averted per person would have to be {needed} (the estimate is {value})",
    "unit_cost_factor": "Every unit cost of crime would have to be {needed} times that of the table",
    "cost_factor": "The spending would have to be {needed} times what it was",
    "attribution": "{needed} of the effect would have to be this programme's (the sum takes {value})",
    "recorded_per_proven": "{needed} recorded crimes would have to stand behind each proven reoffence (the sum takes "
    "{value})",
    "optimism_bias": "The spending would have to be raised by {needed} (the sum takes {value})",
}
NOT_ENOUGH: Final = "Even if the whole of the effect is this programme's, it would not be enough."
BREAK_EVEN: Final = "For value just to equal cost, everything else as it stands"
MEANS: Final = "Value less cost over the draws: on average {mean}, half of the draws above {median}."


def money_uncertainty(result: StudyResult) -> Section:
    """Return what moves the answer, the break-even points and the draws; empty where no money may be shown.

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
    inputs = _inputs(result, roi)
    blocks: list[Block] = [Text(paragraphs=(ONE_AT_A_TIME if len(inputs) else KNOWN,))]
    if len(inputs):
        blocks += [_tornado(roi, inputs.head(MOST)), _folded(result, roi, inputs)]
    blocks.append(Points(title=BREAK_EVEN, items=_break_even(result, roi)))
    if roi.central.uncertain() or roi.central.uncertain_vectors():
        blocks += [_draws(roi), Text(paragraphs=(_means(roi),))]
    return Section(title=TITLE, anchor="money-uncertainty", blocks=tuple(blocks), level=3)


def _inputs(result: StudyResult, roi: ReturnOnInvestment) -> pd.DataFrame:
    """The rows of the tornado that move the answer at all, as they may be drawn."""
    frame = roi.tornado()
    if result.rule.protects:
        frame = frame[[_may_show(result, str(name)) for name in frame["input"]]]
    frame = money_words.drawn(frame[frame["swing"] > 0], ("net_low", "net_high", "swing")).reset_index(drop=True)
    chosen = frame["input"].isin(CHOICES)
    ends = [_ends(row) for row in frame.to_dict("records")]
    return frame.assign(
        label=frame["label"].where(~chosen, frame["label"] + " (a choice)"),
        low_words=[low for low, _ in ends],
        high_words=[high for _, high in ends],
    )


def _ends(row: dict[Any, Any]) -> tuple[str, str]:
    """What stands at the two ends of a bar, as in the table."""
    words = CHOICES.get(str(row["input"]), ("", ""))
    if words[0] or row["low"] != row["low"]:
        return words
    low, high = (money_words.input_value(str(row["input"]), row[end]) for end in ("low", "high"))
    return low, high


def _may_show(result: StudyResult, name: str) -> bool:
    """An input of one kind of offence moves the answer by that kind's part; a choice of prices prices all anew."""
    told = told_of_money(result)
    _, _, group = name.partition(":")
    if group:
        return not is_small(told.groups.get(group, 0), result.rule)
    return told.valuations or name not in OTHER_PRICES


def _tornado(roi: ReturnOnInvestment, inputs: pd.DataFrame) -> Picture:
    net = money_words.coarse(roi.net_present_value)
    return Picture(
        png=to_png(tornado_plot(inputs, net=net)),
        alt=tornado_alt(inputs, net=net),
        caption="What moves value less cost most: one input at a time, from the low to the high end of its range",
    )


def _folded(result: StudyResult, roi: ReturnOnInvestment, inputs: pd.DataFrame) -> Folded:
    return Folded(title="The same as a table", blocks=(Table(released=_inputs_table(result, roi, inputs)),))


def _inputs_table(result: StudyResult, roi: ReturnOnInvestment, inputs: pd.DataFrame) -> ReleasedTable:
    rows = [
        {
            "input": str(row["label"]),
            "value": _as_it_stands(row, money_words.coarse(roi.net_present_value)),
            "between": _between(row),
            "net": money_words.pounds_between(row["net_low"], row["net_high"]),
            "ratio": money_words.ratio_between(row["ratio_low"], row["ratio_high"]),
            "note": str(row["note"] or ""),
        }
        for row in inputs.to_dict("records")
    ]
    frame = pd.DataFrame(rows)
    if not frame["note"].any():
        frame = frame.drop(columns="note")
    return release(
        frame,
        rule=result.rule,
        caption="What value less cost would be at both ends of each input",
        right=["value", "between", "net", "ratio"],
        labels={
            "input": "Input",
            "value": "Value",
            "between": "Low to high",
            "net": "Value less cost at them",
            "ratio": "Value per £1 at them",
            "note": "Note",
        },
        notes=(f"Ends: the middle {100 * roi.level:g}% of each range.",),
    )


def _as_it_stands(row: dict[Any, Any], net: float) -> str:
    """The figure of an input; of a choice without one, the side that the answer is on."""
    if row["value"] == row["value"]:
        return money_words.input_value(str(row["input"]), row["value"])
    if not row["low_words"]:
        return WHOLE
    return str(row["low_words"] if row["net_low"] == net else row["high_words"])


def _between(row: dict[Any, Any]) -> str:
    return f"{row['low_words']} to {row['high_words']}" if row["low_words"] else WHOLE


def _break_even(result: StudyResult, roi: ReturnOnInvestment) -> tuple[str, ...]:
    return tuple(money_words.told(result, _needed(row)) for row in roi.break_even().to_dict("records"))


def _needed(row: dict[Any, Any]) -> str:
    """What one input would have to be, in a sentence."""
    name, note = str(row["input"]), str(row["note"] or "")
    if row["needed"] != row["needed"]:
        return f"{row['label']}: {note[:1].lower()}{note[1:]}"
    if name == "attribution" and not row["reachable"]:
        return NOT_ENOUGH
    figures = {end: money_words.input_value(name, row[end]) for end in ("needed", "value")}
    template = NEEDED.get(name, f"{row['label']}: {{needed}} (the sum takes {{value}})")
    return f"{template.format(**figures)}.{f' {note}' if note else ''}"


def _draws(roi: ReturnOnInvestment) -> Picture:
    frame = money_words.drawn(roi.drawn()[["net"]], ("net",))
    return Picture(
        png=to_png(draws_plot(frame)),
        alt=draws_alt(frame),
        caption=f"Value less cost in {format_count(roi.draws)} draws of everything that is uncertain",
    )


def _means(roi: ReturnOnInvestment) -> str:
    mean, median = (money_words.pounds(value) for value in (roi.mean_net, roi.median_net))
    return MEANS.format(mean=mean, median=median)
