"""A question of the review that is answered by indicators: a sentence each, a table by district, and detail folded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.report.blocks import Block, Points, Section, Text
from dipeval.report.quarterly import phrases, tables
from dipeval.report.quarterly.released import figures

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult


def names_of(result: QuarterlyResult, *questions: str) -> tuple[str, ...]:
    """Return the indicators of some questions that are told, in the order of the dictionary."""
    dictionary = result.indicators.dictionary()
    measured = set(result.indicators.names)
    own = dictionary[dictionary["question"].isin(list(questions))]
    return tuple(str(name) for name in own["name"] if name in measured)


def here(result: QuarterlyResult) -> list[str]:
    """Return the district this view is about, or the whole area."""
    return [ALL_DISTRICTS] if result.district is None else [result.district]


def sentences(result: QuarterlyResult, names: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence an indicator: its latest figure for the whole place.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    names
        Indicators, in order.
    """
    rows = latest(result, names)
    meanings = phrases.meanings(result)
    said = [phrases.figure_sentence(row, meanings[str(row["indicator"])]) for row in rows.to_dict("records")]
    never = [name for name in names if name not in set(rows["indicator"])]
    return (*said, *(f"{meanings[name]['label']}: no period can be told yet." for name in never))


def latest(result: QuarterlyResult, names: Sequence[str]) -> pd.DataFrame:
    """Return the latest told row of each indicator for the whole place."""
    return phrases.latest_told(figures(result, names=tuple(names), districts=here(result)))


def missing_sentences(result: QuarterlyResult, *questions: str) -> tuple[str, ...]:
    """Return why indicators of these questions are not told."""
    meanings = phrases.meanings(result)
    return tuple(
        f"{meanings[name]['label'] if name in meanings else name}: not told. {why}"
        for name, why in result.indicators.missing
        if name in meanings and meanings[name]["question"] in questions
    )


def question_section(
    result: QuarterlyResult,
    *,
    title: str,
    anchor: str,
    questions: Sequence[str],
    dimensions: Sequence[str] = (),
    lead: Sequence[str] = (),
    notes: Sequence[str] = (),
    more: Sequence[Block] = (),
) -> Section:
    """Return a section on the indicators of some questions.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    title, anchor
        Of the section.
    questions
        Of the dictionary.
    dimensions
        Breakdowns shown, in order.
    lead, notes
        Paragraphs before and after the figures.
    more
        Blocks after the table by district.

    Returns
    -------
    Section
    """
    names = names_of(result, *questions)
    blocks: list[Block] = [Text(paragraphs=tuple(lead))] if lead else []
    absent = missing_sentences(result, *questions)
    if names:
        blocks.append(Points(items=sentences(result, names)))
        blocks += tables.district_tables(result, names, title="By district")
    elif not absent:
        blocks.append(Text(paragraphs=(phrases.NOTHING_TOLD,)))
    blocks += more
    blocks += tables.breakdown_tables(result, names, dimensions) if names else []
    blocks += tables.trend_tables(result, names) if names else []
    meant = [str(phrases.meanings(result)[name].get("note") or "") for name in names]
    aside = tuple(dict.fromkeys([*notes, *(note for note in meant if note), *absent]))
    if aside:
        blocks.append(Text(paragraphs=aside, kind="note"))
    return Section(title=title, anchor=anchor, blocks=tuple(blocks))
