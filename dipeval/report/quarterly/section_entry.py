"""Who comes in: tests, positivity, refused tests, arrests without a test, contacts, who is new to the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.report.quarterly import asked
from dipeval.report.quarterly.ages import age_blocks
from dipeval.report.quarterly.entry_points import entry_point_blocks

if TYPE_CHECKING:
    from dipeval.report.blocks import Section
    from dipeval.study.quarterly.result import QuarterlyResult

LEAD: Final = (
    "A person tested twice counts twice. Who is tested decides what share is positive: more tests, or other people "
    "tested, move it without any change in drug use."
)


def entry(result: QuarterlyResult) -> Section:
    """Return the section on who comes in.

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
        title="Who comes in",
        anchor="entry",
        questions=("entry",),
        dimensions=("entry_point", "new_or_returning", "substance", "offence_class", "age_group", "test_ground",
                    "custody_suite"),
        lead=(LEAD,),
        more=[*age_blocks(result), *entry_point_blocks(result)],
    )  # fmt: skip
