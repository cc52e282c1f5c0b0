"""What happened to those who tested positive: seen, assessed, treated, kept in treatment, completed, back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.report import section_pathway
from dipeval.report.blocks import Block, Folded, Heading, Picture, Section, Table, Text
from dipeval.report.quarterly import asked, phrases

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

LEAD: Final = (
    "Each person with a positive test in a period counts once in it, and is followed for the days that the definition "
    "gives; so the latest periods of what takes longer cannot be told yet."
)
PERIOD: Final = "What happened in the latest period, whoever it happened to: stages of one period are other people."


def onward(result: QuarterlyResult) -> Section:
    """Return the section on what happened to people, with the stages of the latest period.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    return asked.question_section(
        result,
        title="What happened to them",
        anchor="onward",
        questions=("onward",),
        dimensions=("seen_or_not", "substance", "offence_class", "age_group"),
        lead=(LEAD,),
        notes=(phrases.NO_EFFECT,),
        more=(*_pathway(result), *_seen(result)),
    )


def _pathway(result: QuarterlyResult) -> list[Block]:
    if result.pathway is None:
        return []
    blocks = [
        block for block in section_pathway.pathway(result).blocks  # type: ignore[arg-type]
        if isinstance(block, (Picture, Table))
    ]  # fmt: skip
    period = phrases.period_words(result.period)
    about = phrases.told_of(result, "pathway")
    return [Heading(text=f"Stages in {period}"), Text(paragraphs=(PERIOD, *about)), *blocks]


def _seen(result: QuarterlyResult) -> list[Block]:
    if result.seen is None:
        return []
    blocks = tuple(
        block for block in section_pathway.seen(result).blocks if isinstance(block, (Text, Table))  # type: ignore[arg-type]
    )  # fmt: skip
    return [Folded(title="Seen and not seen, by days since the test", blocks=blocks)]
