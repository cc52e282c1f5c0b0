"""How districts were compared: what holds for every comparison told once, and beneath each only its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from dipeval.indicators.comparing.dispersion import FEW_AREAS
from dipeval.indicators.comparing.words import NO_EFFECT_SHOWN, NO_ORDER, dispersion_notes
from dipeval.presenting import format_number

if TYPE_CHECKING:
    from dipeval.report.quarterly.compared import Compared

SPREAD: Final = (
    "Districts usually differ by somewhat more than chance alone would have it, for reasons that nobody counted. How "
    "much more is the over-dispersion factor: 1 stands for chance alone, 4 for figures that lie twice as far apart."
)
FEW: Final = (
    "From fewer than {few} districts that factor is hardly known, so the limits are those of chance alone: a district "
    "outside them may differ by no more than districts usually do."
)
UNLESS: Final = "; a figure for which this does not hold says so beneath it."
OWN_FACTOR: Final = "Over-dispersion factor: {factor} here; anything from {low} to {high} would fit."


def common(every: Sequence[Compared]) -> tuple[str, ...]:
    """Return what holds for every comparison: a sentence or two each, once.

    Parameters
    ----------
    every
        The comparisons of a report.
    """
    told = [one for one in every if one.found.n_compared]
    if not told:
        return ()
    notes = [_own_notes(one) for one in told]
    every_note = list(dict.fromkeys(note for own in notes for note in own))
    held = {note: sum(note in own for own in notes) for note in every_note}
    same = [
        note if held[note] == len(told) else f"{note.rstrip('.')}{UNLESS}"
        for note in every_note
        if 2 * held[note] > len(told)
    ]
    spread = [one for one in told if dispersion_notes(one.found)]
    words = [SPREAD] if spread else []
    if any(_by_chance_alone(one) for one in spread):
        words.append(FEW.format(few=FEW_AREAS))
    return (*same, *words)


def particular(one: Compared, every: Sequence[Compared]) -> tuple[str, ...]:
    """Return what holds for one comparison and not for all: sentences about single districts stay out.

    Parameters
    ----------
    one
        The comparison.
    every
        The comparisons of the report.
    """
    same = set(common(every))
    own = [note for note in _own_notes(one) if note not in same and f"{note.rstrip('.')}{UNLESS}" not in same]
    if not _by_chance_alone(one):
        return (*own, *map(_of_districts, dispersion_notes(one.found)))
    spread = one.found.dispersion
    factor = format_number(spread.factor, 2)
    low, high = (format_number(value, 1) for value in (spread.conf_low, spread.conf_high))
    return (*own, OWN_FACTOR.format(factor=factor, low=low, high=high))


def _by_chance_alone(one: Compared) -> bool:
    """Whether the factor is told and, for few districts, not used."""
    found = one.found
    few = found.n_compared < FEW_AREAS and found.over_dispersion == "none"
    return few and bool(dispersion_notes(found)) and found.dispersion.factor == found.dispersion.factor


def _own_notes(one: Compared) -> list[str]:
    """The notes of a comparison without those that the section says itself."""
    aside = {NO_ORDER, NO_EFFECT_SHOWN, *dispersion_notes(one.found)}
    return [_of_districts(str(note)) for note in one.found.summary().notes if note not in aside]


def _of_districts(note: str) -> str:
    """What is compared are areas to the comparison, and districts to the reader."""
    return re.sub(r"\barea(s?)\b", r"district\1", note.replace("an area", "a area"))
