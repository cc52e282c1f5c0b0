"""The money: who paid, what a stage costs, what the formula gives each district, and how far the weights move it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.plots.funding import allocation_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_money
from dipeval.report.blocks import Block, Heading, Picture, Points, Section, Text
from dipeval.report.quarterly import asked, phrases, shared_out, tables

if TYPE_CHECKING:
    from dipeval.indicators import FundingAllocation
    from dipeval.study.quarterly.result import QuarterlyResult

LEAD: Final = (
    "What was spent, by whom, and what it comes to per person or test. None of it says what the money bought: that "
    "takes a comparison with people who had no help."
)
RULES: Final = (
    "A formula follows need as it is measured: where more people are tested, more need is found. How far each share "
    "moves when the weights do stands beside it; the workbook beside this page holds the same figures."
)
_COSTS: Final = ("cost_per_test", "cost_per_contact")
_OTHER: Final = "crime"


def money(result: QuarterlyResult) -> Section:
    """Return the section on money.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    names = tuple(name for name in asked.names_of(result, "resources") if name in (*_COSTS, _OTHER))
    blocks: list[Block] = [Text(paragraphs=(LEAD,))]
    if names:
        blocks.append(Points(items=asked.sentences(result, names)))
        blocks += tables.district_tables(result, names, title="Money and crime by district")
        blocks += tables.breakdown_tables(result, names, ("offence_class",))
    blocks += [Heading(text="Who paid?"), *_funders(result)]
    for name, title in shared_out.FORMULAS.items():
        blocks += [Heading(text=title), *_formula(result, name)]
    blocks.append(Text(paragraphs=(RULES,), kind="note"))
    return Section(title="The money", anchor="money", blocks=tuple(blocks))


def _funders(result: QuarterlyResult) -> list[Block]:
    paid, stages = shared_out.funders_table(result), shared_out.stages_blocks(result)
    blocks: list[Block] = [paid] if paid is not None else [Text(paragraphs=(phrases.why_not(result, "funders"),))]
    if stages:
        return [*blocks, *stages]
    return [*blocks, Text(paragraphs=(phrases.why_not(result, "cost_per_stage"),))]


def _formula(result: QuarterlyResult, name: str) -> list[Block]:
    found: FundingAllocation | None = getattr(result, name)
    if found is None:
        return [Text(paragraphs=(phrases.why_not(result, name),))]
    frame = found.to_frame()
    said = "; ".join(f"{row['area']} {format_money(row['amount'])}" for row in frame.to_dict("records"))
    picture = Picture(
        png=to_png(allocation_plot(frame)),
        alt=f"Amounts by district under the formula, in alphabetical order: {said}.",
        caption=f"{shared_out.FORMULAS[name]}, districts in alphabetical order",
    )
    notes = tuple(getattr(result, "funding_notes", {}).get(name, ()))
    return [
        Text(paragraphs=(shared_out.formula_words(found), *shared_out.change_words(found), *notes)),
        picture,
        shared_out.allocation_table(found, result, name),
    ]
