"""How the comparison was designed: how it was made, in words and in figures, and the checks it had to pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, ReleasedTable, is_small, release, share_digits
from dipeval.presenting import format_number, format_percent
from dipeval.report import design_words, words
from dipeval.report.blocks import Block, Folded, Section, Table, Text, nothing
from dipeval.report.design_figures import figures
from dipeval.report.design_words import METHODS
from dipeval.study.designs_table import people_behind_each, released_designs, remarks, tellable
from dipeval.study.gate import COUNT_CHECKS, SHARE_CHECKS, people_behind

if TYPE_CHECKING:
    from dipeval.study import StudyResult

__all__ = ["METHODS", "design", "designs"]


def design(result: StudyResult) -> Section:
    """Return the section on how the comparison was designed and whether it passed its diagnostics.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    spec, made = result.spec.design, result.design
    alike = "Held alike in the model" if result.spec.time_varying else "Made comparable on"
    paragraphs = [
        design_words.how(result),
        design_words.checked(result),
        words.estimand(result),
        spec.declared_before_outcome,
        f"{alike}: {'; '.join(words.covariate(result, name) for name in made.covariates)}.",
        *result.assumptions,
        "The design was made, judged and sealed before any outcome was attached to a person. Its fingerprint is "
        f"{made.fingerprint[:16]}: it changes with any person, option or score.",
    ]
    blocks: list[Block] = [Text(paragraphs=tuple(paragraphs))]
    if not result.spec.time_varying:
        blocks.append(Folded(title="The design in figures", blocks=(Table(released=_figures(result)),)))
    blocks += [Table(released=_diagnostics(result)), _verdict(result)]
    return Section(title="How was the comparison designed?", anchor="design", blocks=tuple(blocks))


def _figures(result: StudyResult) -> ReleasedTable:
    return release(
        pd.DataFrame(figures(result), columns=["what", "value"]),
        rule=result.rule,
        caption="The primary design, for whoever wants to make it again",
        labels={"what": "What", "value": "Value"},
    )


def _diagnostics(result: StudyResult) -> ReleasedTable:
    frame = result.diagnostics.to_frame()
    shown = pd.DataFrame(
        {
            "check": [name[:1].upper() + name[1:] for name in frame["check"]],
            "value": [
                _diagnostic(result, name, value) for name, value in zip(frame["check"], frame["value"], strict=True)
            ],
            "threshold": [_limit(*pair) for pair in zip(frame["check"], frame["threshold"], strict=True)],
            "passed": ["passed" if passed else "NOT PASSED" for passed in frame["passed"]],
        }
    )
    return release(
        shown,
        rule=result.rule,
        caption="Checks set in the study file before any outcome was looked at",
        right=["value", "threshold"],
        labels={"check": "Check", "value": "Found", "threshold": "Limit", "passed": "Verdict"},
    )


def _diagnostic(result: StudyResult, name: str, value: float) -> str:
    behind = people_behind(name, result.design)
    if is_small(behind, result.rule):
        return CONFIDENTIAL
    if name in COUNT_CHECKS:
        return words.people(result, value)
    if name in SHARE_CHECKS:
        return format_percent(value, share_digits(behind, result.rule))
    return format_number(value, 3)


def _limit(name: str, value: float) -> str:
    return format_percent(value, 0) if name in SHARE_CHECKS else format_number(value, 2).removesuffix(".00")


def _verdict(result: StudyResult) -> Block:
    if result.diagnostics.passed:
        return Text(paragraphs=("All checks passed: the outcome was attached.",), kind="note")
    if result.withheld:
        return Text(
            paragraphs=("Not all checks passed: the outcome was not attached.", *result.reasons), kind="warning"
        )
    return Text(paragraphs=(f"Not all checks passed. Shown because: {result.override_reason}",), kind="warning")


def designs(result: StudyResult) -> Section:
    """Return every design of the study side by side, before any outcome; nothing where there is only one.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if not result.sensitivity:
        return nothing()
    table, behind = result.designs, people_behind_each(result.design, result.sensitivity)
    told = (
        "The study file names other designs that could be defended, too. This is how they compare before anybody knows "
        "what they would find: whom they use, how alike they make the groups, and how small a difference each would "
        "notice. The primary design was laid down beforehand; none is chosen by its answer."
    )
    blocks: list[Block] = [Text(paragraphs=(told,)), Table(released=released_designs(table, behind, result.rule))]
    # The ties of the primary design are told with it.
    further = [item.design for item in result.sensitivity]
    said = tuple(remarks(tellable(table.iloc[1:], further, result.rule)))
    if said:
        blocks.append(Text(paragraphs=said))
    return Section(title="The designs side by side", anchor="designs", blocks=tuple(blocks), level=3)
