"""The first page: the answer, its uncertainty, and what may be said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.report import flow_words, section_balance, section_hazard, section_money, time_zero, words
from dipeval.report.blocks import Block, Points, Section, Text
from dipeval.report.section_links import in_brief

if TYPE_CHECKING:
    from dipeval.study import StudyResult

HOW_TO_READ = (
    "Every figure has a range, the 95% interval: with data like these, ranges made this way contain the true value 95 "
    "times in 100. A range that includes zero does not show that nothing happened. The groups were made alike on "
    "what was recorded; what was not recorded may still differ, and the note on what would overturn the answer says "
    "how strong that would have to be."
)
HOW_TO_READ_A_RATIO_OF_SHARES = HOW_TO_READ.replace("includes zero", "includes 1, where the groups are equal,")
HOW_TO_READ_A_RATIO = (
    "Every figure has a range, the 95% interval: with data like these, ranges made this way contain the true value 95 "
    "times in 100. A hazard ratio of 1 means that the rates are equal; a range that includes 1 does not show that "
    "nothing happened. What was not recorded may differ between those who were treated and those who were not."
)


def brief(result: StudyResult) -> Section:
    """Return the first page of an evaluation report.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    spec = result.spec
    blocks: list[Block] = []
    if spec.first_line:
        blocks.append(Text(paragraphs=(spec.first_line,), kind="warning"))
    blocks += time_zero.warnings(result)
    blocks.append(Text(paragraphs=(f"Question: {spec.question}",)))
    blocks += _withheld(result) if result.withheld else _answer(result)
    if not result.withheld:
        blocks.append(Text(paragraphs=(_how_to_read(result),), kind="note"))
    blocks.append(Text(paragraphs=words.protection(result)))
    return Section(title=spec.title, anchor="in-brief", blocks=tuple(blocks), level=1)


def _how_to_read(result: StudyResult) -> str:
    if not result.effects:
        return HOW_TO_READ_A_RATIO
    return HOW_TO_READ_A_RATIO_OF_SHARES if result.effects[0].measure in words.RATIOS else HOW_TO_READ


def _withheld(result: StudyResult) -> list[Block]:
    lead = (
        "No estimate of the effect is given: the comparison did not pass the checks that were set "
        "before any outcome was looked at."
    )
    return [
        Text(paragraphs=(lead,), kind="lead"),
        Text(paragraphs=tuple(result.reasons), kind="warning"),
        *([Text(paragraphs=(unlike,))] if (unlike := section_balance.unlike(result)) else []),
        Points(title="What you cannot say", items=(words.CANNOT_SAY_WITHHELD,)),
        Points(
            title="What would help",
            items=(
                "More people, or a comparison group drawn from people who are more like the treated.",
                "Another design named in the study file before any outcome is looked at.",
            ),
        ),
    ]


def _answer(result: StudyResult) -> list[Block]:
    if not result.effects:
        return [*section_hazard.in_brief(result), *_overridden(result)]
    effect = result.effects[0]
    if words.small(result, effect):
        return [Text(paragraphs=(words.hidden_effect(),), kind="lead")]
    can, cannot = words.can_and_cannot(result, effect)
    lead = [words.headline(result, effect)]
    if effect.measure in words.OF_SHARES:
        label = words.outcome_label(result, effect.outcome_name)
        lead.append(f"{label}. {words.of_hundred(effect, flow_words.unit(result))}")
    blocks: list[Block] = [Text(paragraphs=tuple(lead[:1]), kind="lead"), Text(paragraphs=tuple(lead[1:]))]
    blocks += _overridden(result)
    blocks.append(Points(title="What you can say", items=can))
    blocks.append(Points(title="What you cannot say", items=cannot))
    blocks.append(Text(paragraphs=(f"Who the estimate is about: {words.estimand(result)}",)))
    if links := in_brief(result):
        blocks.append(Text(paragraphs=(links,)))
    if told := section_money.in_brief(result):
        blocks.append(Text(paragraphs=(told,)))
    return blocks


def _overridden(result: StudyResult) -> list[Block]:
    return [Text(paragraphs=_override(result), kind="warning")] if result.override_reason else []


def _override(result: StudyResult) -> tuple[str, ...]:
    return (
        "The comparison did not pass its own checks, and the estimate is shown all the same, for this reason given in "
        f"the study file: {result.override_reason}",
        *result.reasons,
    )
