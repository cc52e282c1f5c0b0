"""The statement on the linkage (GUILD), as it may leave: no cell empty, no count of few people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dipeval.disclosure import CONFIDENTIAL, is_small, release, release_line
from dipeval.report import linkage_words as say
from dipeval.report.blocks import Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study import StudyResult

_SEEN_ABOVE = "Compared by age, sex, ethnicity and district: see ‘Who was linked, and who was not?’."
_BLOCKS = re.compile(r"(?<=pairs that agree on )[^;.]+")
_LEARNT_BEFORE = (
    "Probabilistic (Fellegi and Sunter 1969, by the Splink package): what each agreement is worth was taken from a "
    "model learnt before (linkage.model), whose fingerprint is in run.json."
)
_SETS_NAMED = 3
_DROPPED = re.compile(r"(?<=: )\d[\d,]*(?= \()")


def linkage_statement(result: StudyResult) -> Section:
    """Return the statement on the linkage (GUILD), no cell of it empty; empty if the study links nothing.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    account = result.linkage_account
    if account is None:
        return nothing()
    frame = account.statement.to_frame()
    told = _as_released(result)
    frame["statement"] = [
        told.get(item) or _in_words(result, item, text)
        for item, text in zip(frame["item"], frame["statement"], strict=True)
    ]
    notes = (
        "Items: GUILD, guidance for information about linking data sets (Gilbert and others 2018, Journal of Public "
        "Health 40, 191). What is not recorded has to be added by hand before the statement is passed on."
    )
    tables = tuple(
        Table(
            released=release(
                part[["item", "statement"]],
                rule=result.rule,
                caption=f"Statement: {step}",
                labels={"item": "Item", "statement": "Statement"},
            )
        )
        for step, part in frame.groupby("step", sort=False)
    )
    return Section(
        title="Statement on the linkage",
        anchor="linkage-statement",
        blocks=(Text(paragraphs=(notes,)), *tables),
        level=3,
    )


def _in_words(result: StudyResult, item: str, text: str) -> str:
    """A statement as released, tables named in words; the rule keeps the names of its keys."""
    text = release_line(_DROPPED.sub(lambda found: say.scrubbed(found.group(), result.rule), text), result.rule)
    if item in ("How to repeat it", "Source files") or result.linkage is None:
        return text
    if item == "Which pairs were compared":
        text = _BLOCKS.sub(_shortened, text)
    return say.named(text, result.linkage)


def _shortened(found: re.Match[str]) -> str:
    """A list of a dozen sets and more tells a reader nothing: the first are named."""
    sets = found.group().split(" or ")
    if len(sets) <= _SETS_NAMED + 1:
        return found.group()
    return f"{'; or '.join(sets[:_SETS_NAMED])}; or another set of this kind"


def _as_released(result: StudyResult) -> dict[str, str]:
    """Items that are said otherwise in a report: what follows in it, and what would tell of few people."""
    told = {"Linked and unlinked people": _SEEN_ABOVE, "Effect of linkage error on results": _carried_on(result)}
    if result.spec.linkage.model:
        told["Method"] = _LEARNT_BEFORE
    linkage = result.linkage
    if not result.rule.protects or linkage is None:
        return told
    counts = linkage.counts.dropna(subset=["linked"])
    links = "; ".join(
        f"{say.of_table(name)}: {say.about(linked, result.rule)} of {say.about(persons, result.rule)} people"
        for name, linked, persons in zip(counts["table"], counts["linked"], counts["persons"], strict=True)
    )
    return told | {
        "Links made": f"{links}.",
        "Identifiers and how complete they are": _completeness(result),
        "Accuracy expected": "Estimated in several ways: see ‘How good are the links?’.",
        "What happened": say.named(" ".join(say.scrubbed(note, result.rule) for note in linkage.notes), linkage)
        or "Nothing to note.",
    }


def _completeness(result: StudyResult) -> str:
    """Share of people with each identifier, where neither those who have it nor those who lack it are few."""
    linkage = result.linkage
    assert linkage is not None
    parts = []
    for table in linkage.counts["table"]:
        known = linkage.identifiers(table)
        known = known[[name for name in ("forename_initial", "birth_date", "sex", "outward") if name in known]]
        words = {"forename_initial": "initials", "birth_date": "date of birth", "sex": "sex", "outward": "area"}
        have = known.notna().sum()
        shown = [f"{words[str(name)]} {_how_many(int(n), len(known), result.rule)}" for name, n in have.items() if n]
        parts.append(f"{say.of_table(table)}: {', '.join(shown) or 'no usable identifier'}")
    return "Share of people who have it. " + "; ".join(parts) + "."


def _how_many(have: int, people: int, rule: DisclosureRule) -> str:
    """A share as it may be told: those who lack an identifier may be few as well."""
    if is_small(have, rule):
        return CONFIDENTIAL
    lacking = people - have
    return "all or nearly all" if is_small(lacking, rule) else say.percent(have / people, min(have, lacking), rule)


def _carried_on(result: StudyResult) -> str:
    if result.withheld:
        return "Not worked out: no effect is shown in this study."
    if result.linkage_error:
        return (
            f"The analysis was repeated on {result.linkage_error[0].draws} sets of links drawn at random and at "
            "several thresholds: see ‘What if some links are wrong?’."
        )
    return "Not worked out in this study (linkage.error in the study file)."
