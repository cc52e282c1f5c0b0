"""Did they reoffend: how many, how often, with which offences, and against what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.report.quarterly import asked

if TYPE_CHECKING:
    from dipeval.report.blocks import Section
    from dipeval.study.quarterly.result import QuarterlyResult

LEAD: Final = (
    "There is no comparison group: these figures say how much proven reoffending followed, and nothing of what the "
    "programme achieved. People who were seen differ from those who were not before anybody helped them."
)


def reoffended(result: QuarterlyResult) -> Section:
    """Return the section on reoffending.

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
        title="Did they reoffend?",
        anchor="reoffended",
        questions=("reoffending",),
        dimensions=("offence_class", "age_group", "new_or_returning"),
        lead=(LEAD,),
    )
