"""What could not be worked out of a time, with the reason, and what each figure estimates and by which method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.report import words
from dipeval.report.blocks import Block, Points, Section, Text, nothing
from dipeval.study.time_parts_extracts import ALL_EVENTS, CUSTODY_MEANS, FEW_PRONE
from dipeval.study.time_to_event import PARTS

if TYPE_CHECKING:
    from dipeval.study import StudyResult

TITLE = "Whom these figures are about"
ABOUT = (
    "The figures on times use the people and the weights of the primary design, so they are about the same people as "
    "the answer of this report."
)
AUDITED = "The audit of the days before treatment is about everybody who could have started, whatever the design."


def time_left(result: StudyResult) -> Section:
    """Return whom the figures are about, notes on them, and why some could not be worked out.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    told = result.time_to_event
    if result.withheld or told is None or result.time_varying is not None:
        return nothing()
    # What belongs to one part is said there.
    notes = [note for note in told.notes if note not in (ALL_EVENTS, CUSTODY_MEANS, FEW_PRONE)]
    audited = (AUDITED,) if told.audit is not None else ()
    about = (ABOUT, words.estimand(result), *audited, *notes)
    blocks: list[Block] = [Text(paragraphs=about)]
    # Why there is no curve is said where it would stand.
    left = [f"{_part(name)}: {why}" for name, why in told.not_done.items() if name != "curve"]
    blocks += [Points(title="Not worked out", items=tuple(left))] if left else []
    return Section(title=TITLE, anchor="time-left", blocks=tuple(blocks), level=3)


def _part(name: str) -> str:
    part = max((part for part in PARTS if name.startswith(part)), key=len)
    of = name.removeprefix(part).removeprefix(", ").replace("_", " ")
    return f"{PARTS[part]} ({of})" if of else PARTS[part]
