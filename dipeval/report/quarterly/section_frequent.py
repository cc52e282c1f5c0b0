"""Who comes back again and again: people with several positive tests, and how much of all tests a few people make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.report.blocks import Section
from dipeval.report.quarterly import asked
from dipeval.report.quarterly.section_frequent_few import concentration_blocks

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

LEAD: Final = (
    "A frequent flyer here is a person with several positive tests within a year, the last of them in the period: "
    "somebody whom custody meets again and again, whatever the reason."
)


def frequent(result: QuarterlyResult) -> Section:
    """Return the section on people who come back again and again.

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
        title="Frequent flyers",
        anchor="frequent",
        questions=("frequent",),
        dimensions=("offence_class", "age_group"),
        lead=(LEAD,),
        more=concentration_blocks(result),
    )
