"""What would overturn the answer: something nobody recorded, outcomes treatment cannot have changed, other designs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.report import overturn_controls, overturn_hidden, overturn_specifications, words
from dipeval.report.blocks import Block, Heading, Section, Text, nothing

if TYPE_CHECKING:
    from dipeval.study import StudyResult

TITLE, ANCHOR = "What would overturn it?", "overturn"
LEAD = (
    "An estimate that is not from an experiment can be wrong in ways its interval does not show. Below are ways of "
    "asking how easily. None of them can prove the answer right; each can show that it is not to be relied on."
)
LEAD_RANDOMISED = (
    "Treatment was assigned at random, so that hidden differences between the groups come from chance alone, which "
    "the interval allows for. The figures below say what it would take all the same."
)
# Heading -> what makes the blocks below it.
_PARTS = (
    ("Something that nobody recorded", overturn_hidden.hidden),
    ("Outcomes that treatment cannot have changed", overturn_controls.controls),
    ("The same question asked of other designs", overturn_specifications.specifications),
)


def overturn(result: StudyResult) -> Section:
    """Return the section on what would overturn the answer; empty where nothing of it was worked out.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.withheld or not result.effects or words.small(result, result.effects[0]):
        return nothing()
    blocks: list[Block] = []
    for heading, make in _PARTS:
        if part := make(result):
            blocks += [Heading(text=heading), *part]
    if not blocks:
        return nothing()
    lead = LEAD_RANDOMISED if result.spec.design.randomised else LEAD
    return Section(title=TITLE, anchor=ANCHOR, blocks=(Text(paragraphs=(lead,)), *blocks))
