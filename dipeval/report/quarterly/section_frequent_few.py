"""How much of all positive tests a few people make, beside what chance alone gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small, release_line, share_digits
from dipeval.plots.concentration import lorenz_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, format_percent, round_half_up
from dipeval.report.blocks import Block, Heading, Picture, Table, Text
from dipeval.report.quarterly import phrases, tables

if TYPE_CHECKING:
    from dipeval.indicators import Concentration
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "How much do a few people make up?"
SAID: Final = (
    "The {share:g}% of people with most {label} have {found} of them; by chance alone they would have {chance}."
)
HIDDEN: Final = "Withheld: too few people are behind."


def concentration_blocks(result: QuarterlyResult) -> list[Block]:
    """Return how events are spread over people; why not, where it is not told.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    found = result.concentration
    if found is None:
        return [Heading(text=TITLE), Text(paragraphs=(phrases.why_not(result, "concentration"),))]
    frame = released(found, result)
    told = frame[(frame["measure"] == "top") & ~frame["hidden"]]
    said = SAID.format(label=found.label, **_cells(told.iloc[-1])) if len(told) else HIDDEN
    notes = tuple(release_line(str(note), result.rule) for note in found.summary().notes if "=" not in str(note))
    about = phrases.told_of(result, "concentration")
    return [
        Heading(text=TITLE),
        Text(paragraphs=(said, *about)),
        *_picture(found, frame, result),
        _table(frame, result),
        Text(paragraphs=notes, kind="note"),
    ]


def released(found: Concentration, result: QuarterlyResult) -> pd.DataFrame:
    """Return the shares with those of few people taken out."""
    frame, rule = found.to_frame(), result.rule
    top = frame["measure"] == "top"
    people = frame["people"].where(top, frame["n_people"])
    hidden = [is_small(n, rule) or is_small(all_ - n if is_top else n, rule)
              for n, all_, is_top in zip(people, frame["n_people"], top, strict=True)]  # fmt: skip
    return frame.assign(hidden=hidden, digits=[share_digits(n, rule) for n in people])


def _cells(row: pd.Series) -> dict[str, Any]:
    digits = int(row["digits"])
    return {
        "share": 100 * float(row["share_of_people"]),
        "found": format_percent(row["estimate"], digits),
        "chance": format_percent(row["chance"], digits),
    }


def _picture(found: Concentration, frame: pd.DataFrame, result: QuarterlyResult) -> list[Block]:
    rule, curve, n = result.rule, found.lorenz(), found.n_people
    if is_small(n, rule) or frame["hidden"].all():
        return []
    if rule.protects:
        # The ends of the curve are the people with most: a step of it must stand for enough of them.
        left = n * (1 - curve["share_of_people"])
        kept = (left >= rule.threshold) & (n * curve["share_of_people"] >= rule.threshold)
        kept |= curve["share_of_people"].isin([0.0, 1.0])
        curve = curve[kept].reset_index(drop=True)
        places = 2 + share_digits(n, rule)
        for name in ("share_of_events", "by_chance"):
            curve[name] = [round_half_up(float(value), places) for value in curve[name]]
    gini = frame[frame["measure"] == "gini"].iloc[0]
    alt = (
        f"Lorenz curve of {found.label}: the share of all that the people with fewest have, beside chance alone. Gini "
        f"coefficient {format_number(gini['estimate'], 2)}, by chance {format_number(gini['chance'], 2)}."
    )
    return [
        Picture(png=to_png(lorenz_plot(curve, label=found.label)), alt=alt, caption=f"How {found.label} are spread")
    ]


def _table(frame: pd.DataFrame, result: QuarterlyResult) -> Table:
    rows = []
    for row in frame.to_dict("records"):
        top, digits = row["measure"] == "top", int(row["digits"])
        values = [
            format_percent(row[name], digits) if top else format_number(row[name], 2)
            for name in ("estimate", "conf_low", "conf_high", "chance")
        ]
        cells = [CONFIDENTIAL] * 4 if row["hidden"] else values
        rows.append(
            {
                "what": f"Share of the {100 * row['share_of_people']:g}% with most"
                if top
                else "Gini coefficient (0: everybody has as many; 1: one person has all)",
                "found": cells[0],
                "interval": CONFIDENTIAL if row["hidden"] else f"{cells[1]} to {cells[2]}",
                "chance": cells[3],
            }
        )
    labels = {"what": "Measure", "found": "Found", "interval": "95% interval", "chance": "By chance alone"}
    table = tables.text_table(
        pd.DataFrame(rows), result.rule, caption=TITLE.rstrip("?"), labels=labels, right=("found", "interval", "chance")
    )
    return Table(released=table)
