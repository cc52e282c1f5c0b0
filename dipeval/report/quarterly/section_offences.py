"""Drugs and offences: the share of positive tests by offence and substance, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small, release_line, share_digits
from dipeval.plots.offence_link import offence_link_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_percent, round_half_up
from dipeval.report.blocks import Block, Folded, Picture, Points, Section, Table, Text
from dipeval.report.quarterly import phrases, tables

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "Drugs and offences"
LEAD: Final = (
    "The share of tests that are positive, by the offence that led to the test. It says which tests find drugs, not "
    "that drugs led to the offence, and it moves when other people are tested."
)
SAID: Final = "{label}: {share} positive (95% interval {low} to {high}); over time it {direction}."
DIRECTIONS: Final = {
    "rose": "rose",
    "fell": "fell",
    "not settled": "neither rose nor fell beyond what chance brings, which settles neither",
    "not told": "cannot be followed",
}
SUBSTANCES: Final = {"any": "Opiates, cocaine or both", "opiates": "Opiates", "cocaine": "Cocaine", "both": "Both"}
_SHARES: Final = ("share", "conf_low", "conf_high", "share_low", "share_high")


def offences(result: QuarterlyResult) -> Section:
    """Return the section on drugs and offences.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    found = result.offence_link
    if found is None:
        why = Text(paragraphs=(phrases.why_not(result, "offence_link"),))
        return Section(title=TITLE, anchor="offences", blocks=(why,))
    rule = result.rule
    trends = released(found.trends(), rule)
    notes = tuple(release_line(str(note), rule) for note in _notes(found))
    blocks: list[Block] = [
        Text(paragraphs=(LEAD, *phrases.told_of(result, "offence_link"))),
        Points(items=tuple(_said(row) for row in _classes(trends).to_dict("records"))),
        *_picture(released(found.to_frame(), rule)),
        Folded(title="By offence and substance, all periods together", blocks=(_table(trends, result),)),
        Text(paragraphs=notes, kind="note"),
    ]
    return Section(title=TITLE, anchor="offences", blocks=tuple(b for b in blocks if b.to_html()))


def released(frame: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    """Return shares of positive tests with those of few people taken out, and rounded as they may be shown."""
    parts = [frame["positive"], frame["tests"] - frame["positive"], frame["n_people_positive"],
             frame["n_people_negative"]]  # fmt: skip
    smallest = pd.concat([part.astype("float64") for part in parts], axis=1).min(axis=1)
    hidden = np.array([is_small(n, rule) for n in smallest], dtype=bool)
    digits = [share_digits(n, rule) for n in smallest]
    out = frame.copy()
    for name in (column for column in _SHARES if column in out):
        values = out[name].astype("float64").mask(hidden)
        out[name] = [
            v if v != v or not rule.protects else round_half_up(v, 2 + d) for v, d in zip(values, digits, strict=True)
        ]
    people = frame["n_people"].astype("float64").fillna(frame["tests"].astype("float64"))
    return out.assign(hidden=hidden, digits=digits, behind=pd.concat([people, frame["tests"]], axis=1).min(axis=1),
                      behind_yes=pd.concat(parts[::2], axis=1).astype("float64").min(axis=1))  # fmt: skip


def _classes(trends: pd.DataFrame) -> pd.DataFrame:
    return trends[(trends["substance"] == "any") & (trends["level"] != "group")]


def _said(row: Any) -> str:
    if row["hidden"]:
        return f"{row['label']}: withheld, because it rests on too few people."
    digits = int(row["digits"])
    share, low, high = (format_percent(row[name], digits) for name in ("share", "share_low", "share_high"))
    direction = DIRECTIONS.get(str(row["direction"]), str(row["direction"]))
    return SAID.format(label=row["label"], share=share, low=low, high=high, direction=direction)


def _notes(found: Any) -> tuple[str, ...]:
    return tuple(found.summary().notes)


def _picture(frame: pd.DataFrame) -> list[Block]:
    own = frame[(frame["substance"] == "any") & (frame["level"] == "class")]
    shown = own.groupby("offence")["share"].transform("count") >= 2
    own = own[shown].reset_index(drop=True)
    if own.empty:
        return []
    last = own[own["share"].notna()].groupby("label", sort=False).tail(1)
    said = "; ".join(f"{row['label']} {format_percent(row['share'], 0)}" for row in last.to_dict("records"))
    n = int(frame.loc[(frame["substance"] == "any") & (frame["level"] == "class"), "hidden"].sum())
    out = f" {phrases.one_or_many(n, 'point').capitalize()} left out: few people are behind." if n else ""
    return [
        Picture(
            png=to_png(offence_link_plot(own)),
            alt=f"Share of positive tests by class of offence over the periods; latest: {said}.",
            caption=f"Positive tests by class of offence, with 95% intervals.{out}",
        )
    ]


def _table(trends: pd.DataFrame, result: QuarterlyResult) -> Table:
    rows = []
    for row in trends[trends["level"] != "group"].to_dict("records"):
        digits, hidden = int(row["digits"]), bool(row["hidden"])
        share, low, high = (format_percent(row[name], digits) for name in ("share", "share_low", "share_high"))
        rows.append(
            {
                "label": row["label"],
                "substance": SUBSTANCES.get(str(row["substance"]), str(row["substance"])),
                "tests": tables.count_text(row["tests"], row["behind"], result.rule),
                "positive": tables.count_text(row["positive"], row["behind_yes"], result.rule),
                "share": CONFIDENTIAL if hidden else f"{share} ({low} to {high})",
                "direction": CONFIDENTIAL if hidden else str(row["direction"]),
            }
        )
    labels = {
        "label": "Offence",
        "substance": "Found",
        "tests": "Tests",
        "positive": "Positive",
        "share": "Share (95% interval)",
        "direction": "Trend",
    }
    frame = pd.DataFrame(rows, columns=list(labels))
    note = "What was found overlaps: a test positive for both counts in each."
    right = ("tests", "positive", "share")
    return Table(
        released=tables.text_table(frame, result.rule, caption=TITLE, labels=labels, right=right, notes=(note,))
    )
