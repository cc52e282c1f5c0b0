"""Curves in sentences, for those who cannot see them: made from the very numbers that are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dipeval.plots.survival_axis import Clock
from dipeval.plots.survival_lines import Line
from dipeval.plots.survival_mark import Mark, Measure, group_words
from dipeval.plots.survival_table import cell_words, headings, upper
from dipeval.presenting import and_join

WITHHELD = "a number that is withheld"


def what_is_drawn(lines: Sequence[Line], clock: Clock, measure: Measure) -> str:
    """Return the first sentence: what the axes show and which curves there are."""
    names = [_name(line) for line in lines]
    curves = "one curve" if len(names) == 1 else f"{len(names)} curves"
    band = f"with {measure.covered.removesuffix(' interval')} bands"
    return f"{measure.title} over {clock.words(clock.end)}, rising from zero: {curves}, {band}, for {and_join(names)}."


def where_curves_end(lines: Sequence[Line], clock: Clock, measure: Measure) -> str:
    """Return the sentence with the last value of every curve and its interval."""
    parts = []
    for line in lines:
        last = line.points.iloc[-1]
        told = f"{_name(line)} {measure.value(last['estimate'])} at {clock.words(last['time_days'])}"
        limits = f" ({measure.interval(last['conf_low'], last['conf_high'])})" if pd.notna(last["conf_low"]) else ""
        parts.append(told + limits)
    return f"Where the curves end: {'; '.join(parts)}."


def at_the_mark(mark: Mark | None, clock: Clock, measure: Measure, *, of: str = "") -> list[str]:
    """Return the sentences about the line at one time."""
    if mark is None:
        return []
    shares = [f"A line at {clock.words(mark.time)} marks{of} {mark.shares(measure)}."] if mark.values else []
    return [*shares, *(f"{upper(contrast)}." for contrast in mark.contrasts(measure))]


def what_the_table_shows(
    table: pd.DataFrame | None, clock: Clock, own_words: dict[str, str] | None = None
) -> list[str]:
    """Return the sentences about the table under the axis: what it counts, and its last column in full."""
    if table is None:
        return []
    rows = {column: (own_words or {}).get(column, words) for column, words in headings(table).items()}
    own = table[table["time_days"].astype(float) <= clock.end]
    times = sorted({float(value) for value in own["time_days"]})
    when = and_join([clock.number(value) for value in times])
    sentences = [
        f"The table under the axis gives, for each group at {when} {clock.label.lower()}: "
        f"{and_join([words[:1].lower() + words[1:] for words in rows.values()])}."
    ]
    for name, part in own.groupby(own["group"].astype(str), sort=False):
        start, last = part.iloc[0], part.iloc[-1]
        cells = [f"{words[:1].lower()}{words[1:]} {_cell(last[column])}" for column, words in rows.items()]
        first = next(iter(rows))
        sentences.append(
            f"{upper(group_words(str(name)))}: {rows[first].lower()} at the start {_cell(start[first])}; "
            f"by {clock.words(float(last['time_days']))} {', '.join(cells)}."
        )
    return sentences


def told(*parts: Sequence[str] | str | None) -> str:
    """Join sentences into one text."""
    flat = [sentence for part in parts for sentence in ([part] if isinstance(part, str) else part or [])]
    return " ".join(sentence if sentence.endswith(".") else f"{sentence}." for sentence in flat if sentence)


def _name(line: Line) -> str:
    group = group_words(line.group)
    return group if line.cause is None else f"{line.cause} ({group})"


def _cell(value: Any) -> str:
    words = cell_words(value)
    return words if words[:1].isdigit() else WITHHELD
