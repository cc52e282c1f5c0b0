"""Young people: those under 18, told apart from everyone else, and what they are few enough to withhold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.disclosure import CONFIDENTIAL
from dipeval.report.blocks import Block, Points, Section, Text
from dipeval.report.quarterly import asked, phrases, tables
from dipeval.report.quarterly.released import figures
from dipeval.report.quarterly.turning_18 import transition_blocks

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

UNDER_18: Final = "under 18"
LEAD: Final = (
    "People under 18 are few, so most of what could be said of them would tell of single persons: where this report "
    "protects people, it is withheld. Figures are of the whole place; none of a district is broken down by age."
)
NONE: Final = "No figure is broken down by age, or none of the records is of a person under 18."
TURNING: Final = (
    "Ages are those on the day of each event: a person who turns 18 moves from the youth service's group to the "
    "adults' without anything else changing."
)


def young(result: QuarterlyResult) -> Section:
    """Return the section on people under 18.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    turned = transition_blocks(result)
    rows = figures(result, districts=asked.here(result), dimension="age_group", groups=(UNDER_18,))
    rows = phrases.latest_told(rows)
    if rows.empty:
        return Section(title="Young people", anchor="young", blocks=(Text(paragraphs=(NONE,)), *turned))
    meanings = phrases.meanings(result)
    entry = asked.names_of(result, "entry")
    told = rows[(rows["shown"] != CONFIDENTIAL) & rows["indicator"].isin(entry)]
    blocks: list[Block] = [Text(paragraphs=(LEAD,))]
    if len(told):
        blocks.append(
            Points(
                items=tuple(phrases.figure_sentence(r, meanings[str(r["indicator"])]) for r in told.to_dict("records"))
            )
        )
    blocks.append(tables.latest_table(result, rows, caption="People under 18, latest period"))
    blocks += [Text(paragraphs=(TURNING,), kind="note"), *turned]
    return Section(title="Young people", anchor="young", blocks=tuple(blocks))
