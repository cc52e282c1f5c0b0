"""Where people are first met, and what followed for every 100 first contacts; no comparison of what works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL
from dipeval.indicators.entering.yield_result import NO_COMPARISON, point_words
from dipeval.indicators.grouping import EVERYONE
from dipeval.plots.share_dots import share_dots_plot
from dipeval.plots.style import to_png
from dipeval.report.blocks import Block, Heading, Picture, Table, Text
from dipeval.report.quarterly import phrases, tables
from dipeval.report.quarterly.people_shares import release_shares, tidy_shares, withhold

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.indicators import EntryPointYield
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "Where are they first met, and what follows?"
SAID: Final = "Of {people} people at their first contact of these periods, within {days} days {found}."
HIDDEN: Final = "Withheld: too few people are behind."
ALSO: Final = "Where one entry point is withheld, the smallest of the others is as well."
WORDS: Final = {
    "attended": "came to a contact",
    "care_plan": "agreed a care plan",
    "treatment": "began treatment",
}


def entry_point_blocks(result: QuarterlyResult) -> list[Block]:
    """Return what followed first contacts by entry point; why not, where it is not told.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    found = result.entry_yield
    if found is None:
        return [Heading(text=TITLE), Text(paragraphs=(phrases.why_not(result, "entry_yield"),))]
    rows = released(found, result.rule)
    return [
        Heading(text=TITLE),
        Text(paragraphs=(_said(found, rows), NO_COMPARISON, *phrases.told_of(result, "entry_yield"))),
        *_picture(rows),
        _table(rows, result),
        Text(paragraphs=found.notes(), kind="note"),
    ]


def released(found: EntryPointYield, rule: DisclosureRule) -> pd.DataFrame:
    """Return what followed as it may be shown; where one entry point is withheld, the smallest of the others is too.

    Parameters
    ----------
    found
        The yield of entry points.
    rule
        The rule in force.
    """
    frame = found.to_frame().rename(columns={"n_followed": "n_of"})
    shares = {"share": "per_100", "conf_low": "conf_low", "conf_high": "conf_high"}
    rows = frame.assign(**{new: frame[old] / 100 for new, old in shares.items()})
    shown = release_shares(rows, rule)
    part = rows["entry_point"] != EVERYONE
    hidden = shown["hidden"].astype(bool)
    alone = (hidden & part).groupby(rows["stage"]).transform("sum") == 1
    smallest = rows["n"].where(part & ~hidden).groupby(rows["stage"]).transform("min")
    return withhold(shown, alone & part & ~hidden & (rows["n"] == smallest))


def _said(found: EntryPointYield, rows: pd.DataFrame) -> str:
    own = rows[(rows["entry_point"] == EVERYONE) & rows["stage"].isin(list(WORDS))]
    told = own[~own["hidden"].astype(bool) & own["share"].notna()]
    if told.empty:
        return HIDDEN
    parts = [
        f"{row['shown']} (95% interval {row['shown_interval']}) {WORDS[str(row['stage'])]}"
        for row in told.to_dict("records")
    ]
    return SAID.format(people=told["shown_of"].iloc[0], days=found.within_days, found=phrases.listed(parts))


def _picture(rows: pd.DataFrame) -> list[Block]:
    drawn = rows[~rows["hidden"].astype(bool) & rows["share"].notna() & (rows["entry_point"] != EVERYONE)]
    if drawn.empty:
        return []
    drawn = drawn.assign(series=[point_words(str(name)) for name in drawn["entry_point"]])
    said = "; ".join(f"{row['series']}, {row['label'].lower()}: {row['shown']}" for row in drawn.to_dict("records"))
    caption = "What followed first contacts, by entry point, with 95% intervals: no comparison of what works"
    return [
        Picture(
            png=to_png(share_dots_plot(drawn, axis="Share of first contacts")),
            alt=f"Share of first contacts by entry point. {said}.",
            caption=caption,
        )
    ]


def _table(rows: pd.DataFrame, result: QuarterlyResult) -> Table:
    stages = dict(zip(rows["stage"], rows["label"], strict=True))
    lines = []
    for point, part in rows.groupby("entry_point", sort=False):
        cells = {str(row["stage"]): _cell(row) for row in part.to_dict("records")}
        lines.append({"point": point_words(str(point)), "people": part["shown_of"].iloc[0], **cells})
    labels = {"point": "First met", "people": "First contacts followed"}
    labels |= {str(stage): f"{label}, of 100" for stage, label in stages.items()}
    table = tables.text_table(
        pd.DataFrame(lines, columns=list(labels)), result.rule, caption="For every 100 first contacts (95% interval)",
        labels=labels, right=[name for name in labels if name != "point"],
        notes=(ALSO,) if result.rule.protects else (),
    )  # fmt: skip
    return Table(released=table)


def _cell(row: Any) -> str:
    if row["shown"] == CONFIDENTIAL or not row["shown_interval"]:
        return str(row["shown"])
    return f"{row['shown']} ({row['shown_interval']})".replace("%", "")


def tidy(result: QuarterlyResult) -> Iterator[dict[str, Any]]:
    """Yield the rows of results.csv; none in the view of a district, which is not told of."""
    found = result.entry_yield
    if found is None or result.district is not None:
        return
    rows = released(found, result.rule)
    rows = rows.assign(
        indicator="first_contact_" + rows["stage"],
        label="First contacts: " + rows["label"].str[:1].str.lower() + rows["label"].str[1:],
        period=f"{found.date_from.isoformat()} to {found.date_to.isoformat()}",
        period_from=found.date_from.isoformat(),
        period_to=found.date_to.isoformat(),
        dimension="entry_point",
        group=rows["entry_point"],
        note="no comparison of what works",
    )
    keys = ("indicator", "label", "period", "period_from", "period_to", "dimension", "group", "note")
    yield from tidy_shares(rows, section="entry", keys=keys)
