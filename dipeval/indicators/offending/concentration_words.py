"""What a concentration says to a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.presenting import format_count, format_number, format_percent

if TYPE_CHECKING:
    from dipeval.indicators.offending.concentration_result import Excess

CHANCE: Final = (
    "Even if everybody were at the same risk, some would have several {label} and others none, by chance: read each "
    "figure beside the one that chance alone gives. What lies beyond it shows that people differ in risk, or that one "
    "event of a person brings others."
)
AT_LEAST_ONE: Final = (
    "Only people with at least one are on record here, so chance too gives everybody one. Pass people= to count those "
    "without any."
)
NEXT_YEAR: Final = (
    "Whoever has most in one period has fewer in the next on average, without anything being done: the same people are "
    "not bound to stay at the top, and a fall among them is no sign that something worked."
)
INTERVAL: Final = "Intervals: 95%, from resampling people."
WITHOUT_PERSON: Final = "{n} row(s) do not say whose they are and are left out."
FEW_PEOPLE: Final = "There are only {n} people: shares of the top few of them hardly mean anything."
ANY_EXCESS: Final = (
    "Whatever brought an excess about, some few people always explain it in this sense, for it begins with those "
    "furthest above what was expected of them: only a number well below that of chance says that a few people made it."
)


def headline_words(label: str, frame: pd.DataFrame, excess: Excess | None) -> str:
    """Return the sentence that can be quoted."""
    if excess is not None:
        return _excess_words(label, int(frame["n_people"].iloc[0]), excess)
    tops = frame[frame["measure"] == "top"]
    # Of the shares asked for, the one nearest to a tenth of the people: what readers know from elsewhere.
    row = tops.iloc[int((tops["share_of_people"] - 0.1).abs().argmin())]
    return (
        f"The {100 * row['share_of_people']:g}% of {format_count(row['n_people'])} people with most {label} have "
        f"{format_percent(row['estimate'])} ({format_percent(row['conf_low'])} to {format_percent(row['conf_high'])}) "
        f"of all {format_count(row['n_events'])}; by chance alone they would have {format_percent(row['chance'])}."
    )


def _excess_words(label: str, n_people: int, excess: Excess) -> str:
    start = (
        f"{format_count(n_people)} people had {format_count(excess.observed)} {label}, "
        f"{format_number(excess.expected, 1)} were expected ({format_number(excess.ratio, 2)} times)"
    )
    if excess.people is None:
        return f"{start}: no more than expected, so there is no excess to explain."
    told = f"{start}. {format_count(excess.people)} of them explain the excess of "
    told += f"{format_number(excess.observed - excess.expected, 1)}"
    if excess.chance != excess.chance:
        return f"{told}."
    return (
        f"{told}; if events fell by chance on everybody alike, about {format_count(excess.chance)} "
        f"({format_count(excess.chance_low)} to {format_count(excess.chance_high)}) would."
    )


def note_words(
    label: str, *, excess: Excess | None, n_people: int, n_without_person: int, at_least_one: bool
) -> tuple[str, ...]:
    """Return what must be borne in mind."""
    notes = [CHANCE.format(label=label)]
    if excess is not None and excess.people is not None:
        notes.append(ANY_EXCESS)
    if at_least_one:
        notes.append(AT_LEAST_ONE)
    if n_people < 100:
        notes.append(FEW_PEOPLE.format(n=format_count(n_people)))
    notes.append(NEXT_YEAR)
    if n_without_person:
        notes.append(WITHOUT_PERSON.format(n=format_count(n_without_person)))
    notes.append(INTERVAL)
    return tuple(notes)
