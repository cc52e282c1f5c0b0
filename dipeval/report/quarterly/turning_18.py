"""From 17 to 18: what is on record of people from their 18th birthday who were tested or seen before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import is_small, release_count
from dipeval.indicators.grouping import EVERYONE
from dipeval.plots.share_dots import share_dots_plot
from dipeval.plots.style import to_png
from dipeval.report.blocks import Block, Heading, Picture, Table, Text
from dipeval.report.quarterly import phrases, tables
from dipeval.report.quarterly.people_shares import release_shares, tidy_shares

if TYPE_CHECKING:
    from dipeval.indicators import AdultTransition
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "From 17 to 18"
SAID: Final = (
    "{people} people were tested or seen under 18 and have turned 18 so long ago that what followed can be told. "
    "Within {days} days of the birthday, {found}."
)
HIDDEN: Final = "Withheld: too few people who were tested or seen under 18 can be followed past their 18th birthday."
WORDS: Final = {
    "tested": "had a drug test",
    "positive": "tested positive",
    "seen": "were seen by a worker",
    "treatment": "started treatment",
    "proven_offence": "committed an offence that was proven",
}


def transition_blocks(result: QuarterlyResult) -> list[Block]:
    """Return what is on record from the 18th birthday on; why not, where it is not told.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    found = result.adult_transition
    if found is None:
        return [Heading(text=TITLE), Text(paragraphs=(phrases.why_not(result, "adult_transition"),))]
    rows = released(found, result)
    return [
        Heading(text=TITLE),
        Text(paragraphs=(_said(found, rows, result), *phrases.told_of(result, "adult_transition"))),
        *_picture(found, rows),
        _table(found, rows, result),
        Text(paragraphs=found.notes(), kind="note"),
    ]


def released(found: AdultTransition, result: QuarterlyResult) -> pd.DataFrame:
    """Return the shares of everyone as they may be shown; groups of so few people are not shown at all."""
    frame = found.to_frame()
    own = frame[frame["group"] == EVERYONE].rename(columns={"n_followed": "n_of"}).reset_index(drop=True)
    return release_shares(own, result.rule)


def _said(found: AdultTransition, rows: pd.DataFrame, result: QuarterlyResult) -> str:
    told = rows[~rows["hidden"] & rows["share"].notna() & rows["outcome"].isin(list(WORDS))]
    followed = found.to_frame()["n_followed"].iloc[0]
    if told.empty or is_small(followed, result.rule):
        return HIDDEN
    parts = [
        f"{row['shown']} (95% interval {row['shown_interval']}) {WORDS[str(row['outcome'])]}"
        for row in told.to_dict("records")
    ]
    return SAID.format(people=release_count(followed, result.rule), days=found.within_days, found=phrases.listed(parts))


def _picture(found: AdultTransition, rows: pd.DataFrame) -> list[Block]:
    drawn = rows[~rows["hidden"] & rows["share"].notna()].assign(series="")
    if drawn.empty:
        return []
    said = "; ".join(f"{row['label']} {row['shown']}" for row in drawn.to_dict("records"))
    axis = f"Share within {found.within_days} days of the 18th birthday"
    caption = "People tested or seen under 18, from their 18th birthday on, with 95% intervals"
    return [Picture(png=to_png(share_dots_plot(drawn, axis=axis)), alt=f"{axis}: {said}.", caption=caption)]


def _table(found: AdultTransition, rows: pd.DataFrame, result: QuarterlyResult) -> Table:
    labels = {
        "label": f"Within {found.within_days} days of turning 18",
        "shown_of": "Could be followed",
        "shown_n": "People",
        "shown": "Share",
        "shown_interval": "95% interval",
    }
    table = tables.text_table(
        rows, result.rule, caption=TITLE, labels=labels, right=("shown_of", "shown_n", "shown", "shown_interval")
    )
    return Table(released=table)


def tidy(result: QuarterlyResult) -> Iterator[dict[str, Any]]:
    """Yield the rows of results.csv; none in the view of a district, which is not told of."""
    found = result.adult_transition
    if found is None or result.district is not None:
        return
    rows = released(found, result)
    rows = rows.assign(
        indicator="transition_" + rows["outcome"],
        label=f"{TITLE}: " + rows["label"].str[:1].str.lower() + rows["label"].str[1:],
        period=f"{found.within_days} days from the 18th birthday",
    )
    yield from tidy_shares(rows, section="young", keys=("indicator", "label", "period", "group"))
