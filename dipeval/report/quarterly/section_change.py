"""What changed over time: control charts, the signals they give, and whether growth is growth of what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.report.blocks import Block, Folded, Heading, Points, Section, Table, Text
from dipeval.report.quarterly import charted, growth, phrases, tables

if TYPE_CHECKING:
    from dipeval.report.quarterly.charted import Shown
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "What changed over time?"
LEAD: Final = (
    "A chart says what is expected if nothing changes, and how far chance goes: of 1,000 periods in which nothing "
    "changes, about 3 lie outside its limits (three standard deviations). A signal is a reason to ask what "
    "happened; it does not say why. That a chart gives none does not prove that nothing changed."
)
CHANCE: Final = (
    "{n} looked at; if nothing had changed anywhere, about {expected} of them would still give a signal somewhere in "
    "their course."
)
NONE: Final = "No chart gives a signal in its latest period."
MOST_PICTURES: Final = 8
GROWTH: Final = "Is growth growth?"
HIDDEN: Final = "Not drawn, because few people are behind most of the periods: {names}."


def change(result: QuarterlyResult) -> Section:
    """Return the section on change over time.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    if not result.charts:
        why = Text(paragraphs=(phrases.why_not(result, "charts"),))
        return Section(title=TITLE, anchor="change", blocks=(why, *growth_blocks(result)))
    shown = charted.every_chart(result)
    blocks: list[Block] = [Text(paragraphs=(LEAD, chance_words(shown)))]
    new, old = lines(shown)
    blocks.append(Points(title="New in the latest period", items=phrases.few_of(new, most=20, where="the table")))
    blocks.append(Points(title="Known before and still so", items=phrases.few_of(old, most=12, where="the table")))
    if not new and not old:
        blocks.append(Text(paragraphs=(NONE,)))
    blocks += growth_blocks(result)
    blocks += _pictures(shown, result)
    blocks += _table(shown, result)
    return Section(title=TITLE, anchor="change", blocks=tuple(b for b in blocks if b.to_html()))


def lines(shown: Sequence[Shown]) -> tuple[list[str], list[str]]:
    """Return the signals of the latest period, and those known before that still hold: a line an indicator.

    What tells most of the latest period stands first; see `charted.by_indicator`.
    """
    return charted.by_indicator(shown, charted.new_signals), charted.by_indicator(shown, charted.going_on)


def n_new(shown: Sequence[Shown]) -> int:
    """Return how many signals came to be known in the latest period."""
    return sum(len(charted.new_signals(one)) for one in shown)


def chance_words(shown: Sequence[Shown]) -> str:
    """Return how many of the charts chance alone would mark."""
    rates = [one.chart.false_alarm for one in shown if one.chart.false_alarm == one.chart.false_alarm]
    count = phrases.one_or_many(len(rates), "chart was", "charts were")
    return CHANCE.format(n=count, expected=max(1, round(sum(rates)))) if rates else ""


def growth_blocks(result: QuarterlyResult) -> list[Block]:
    """Return what the growth of the number of tests is made of; nothing if it was not looked at."""
    if result.growth is None:
        return []
    about = phrases.told_of(result, "growth")
    return [
        Heading(text=GROWTH),
        Text(paragraphs=(growth.whole(result), *about)),
        Points(items=growth.steps(result)),
        Text(paragraphs=(growth.NOT_NEED,), kind="note"),
    ]


def _pictures(shown: Sequence[Shown], result: QuarterlyResult) -> list[Block]:
    whole = [one for one in shown if one.district == (result.district or shown[0].district)]
    blocks: list[Block] = []
    blocks += [charted.picture(one) for one in whole if one.drawable][:MOST_PICTURES]
    left = [one.label for one in whole if not one.drawable]
    if left:
        blocks.append(Text(paragraphs=(HIDDEN.format(names="; ".join(left)),)))
    return blocks


def _table(shown: Sequence[Shown], result: QuarterlyResult) -> list[Block]:
    rows = [
        {
            "label": one.label,
            "place": one.place,
            "when": phrases.period_words(str(signal["period"])),
            "what": charted.signal_told(one, signal),
        }
        for one in shown
        for signal in one.signals.to_dict("records")
    ]
    if not rows:
        return []
    labels = {"label": "Indicator", "place": "Where", "when": "Known in", "what": "What the chart shows"}
    table = tables.text_table(pd.DataFrame(rows), result.rule, caption="Every signal", labels=labels)
    return [Folded(title=f"Every signal since the charts begin ({len(rows)})", blocks=(Table(released=table),))]
