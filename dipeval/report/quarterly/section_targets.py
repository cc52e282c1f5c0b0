"""Are the targets met: each target with the latest figure, its interval, and whether the two settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL
from dipeval.indicators.measuring.targets_met import by_chance
from dipeval.report.blocks import Block, Section, Table, Text
from dipeval.report.quarterly import phrases, tables
from dipeval.report.quarterly.released import figures

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

HOW: Final = (
    "A target is met, or missed, where the whole 95% interval lies on one side of it. Where the interval holds the "
    "target, these figures do not settle it: that is neither met nor missed."
)
NONE: Final = "No indicator has a target for a period that can be told."
ORDER: Final = ("met", "missed", "not settled", "not told", CONFIDENTIAL)
TITLES: Final = {
    "missed": "Missed",
    "not settled": "Not settled by these figures",
    "met": "Met",
}


def rows(result: QuarterlyResult) -> pd.DataFrame:
    """Return every target with its latest told figure: as `released.figures`, those of everyone only.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    found = figures(result)
    found = found[(found["status"] == "ok") & found["target"].notna()]
    found = found[found["district"].isin([result.district]) | (result.district is None)]
    last = found.groupby(["indicator", "district"])["period_from"].transform("max")
    return found[found["period_from"] == last].reset_index(drop=True)


def counts(found: pd.DataFrame) -> dict[str, int]:
    """Return how many targets are met, missed, not settled, or not to be shown."""
    met = found["shown_met"].value_counts().to_dict()
    return {word: int(met.get(word, 0)) for word in ORDER}


def targets(result: QuarterlyResult) -> Section:
    """Return the section on targets.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    found = rows(result)
    if found.empty:
        return Section(title="Are targets met?", anchor="targets", blocks=(Text(paragraphs=(NONE,)),))
    number = counts(found)
    said = (
        f"Of {phrases.one_or_many(len(found), 'target')} with a figure, {number['met']} "
        f"{'is' if number['met'] == 1 else 'are'} met, {number['missed']} missed and {number['not settled']} not "
        "settled."
    )
    if number[CONFIDENTIAL]:
        said += f" {number[CONFIDENTIAL]} cannot be shown, because few people are behind."
    settled = by_chance(sum(number[name] for name in ("met", "missed", "not settled")))
    blocks: list[Block] = [Text(paragraphs=(said,), kind="lead"), Text(paragraphs=(HOW, settled))]
    blocks.append(_table(found, result))
    return Section(title="Are targets met?", anchor="targets", blocks=tuple(blocks))


def _table(found: pd.DataFrame, result: QuarterlyResult) -> Table:
    shown = found.assign(
        place=[phrases.place_words(name) for name in found["district"]],
        when=[phrases.period_words(period) for period in found["period"]],
        figure=[tables.with_interval(row) for row in found.to_dict("records")],
    )
    labels = {
        "label": "Indicator",
        "place": "Where",
        "when": "Period",
        "figure": "Figure (95% interval)",
        "shown_target": "Target",
        "shown_met": "Is it met?",
        "owner": "Who answers for it",
    }
    return Table(
        released=tables.text_table(
            shown, result.rule, caption="Every target with its latest figure", labels=labels, right=("figure",)
        )
    )
