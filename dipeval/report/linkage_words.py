"""Sentences about a linkage whose counts have passed the disclosure rule."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from dipeval.disclosure import CONFIDENTIAL, NOT_APPLICABLE, is_small, release_count, share_digits
from dipeval.presenting import format_percent

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.disclosure import DisclosureRule
    from dipeval.linkage import Linkage
    from dipeval.study import StudyResult

_DEFAULT_DATES = "dates of birth that far too many people share"
# A whole number that is no part of a decimal, a date, a hash or a percentage.
_COUNT = re.compile(r"(?<![\w.,/-])\d[\d,]*(?![\w%/-]|[.,]\d)")

EXACT = (
    "The records of this study were joined by exact agreement, which says of no link how probable it is. What wrong "
    "and missed links do to the answer can therefore not be worked out; with a model of the links it could."
)
NOT_DRAWN = (
    "What wrong and missed links may do to the answer is not worked out for this kind of comparison: it is known only "
    "where people are in once and treatment starts after the index event, with a landmark."
)
CODED = (
    "Names, dates of birth and postcodes came as keyed codes (pseudonymised), made by the senders. Default dates of "
    "birth were looked for there, before the codes were made, and are not counted here."
)


def of_link(name: str) -> str:
    """Return the file of a link in words: the file it is linked to is the same for all.

    Examples
    --------
    >>> of_link("drug_tests - custody_spells, deaths")
    'Custody spells, deaths'
    """
    return of_table(name.partition(" - ")[2] or name)


def of_table(name: str) -> str:
    """Return a table in words.

    Examples
    --------
    >>> of_table("drug_tests")
    'Drug tests'
    """
    return name.replace("_", " ").capitalize()


def named(text: str, linkage: Linkage) -> str:
    """Return a sentence with the tables in it named in words."""
    for name in linkage.counts["table"]:
        text = text.replace(str(name), str(name).replace("_", " "))
    return text


def scrubbed(text: str, rule: DisclosureRule) -> str:
    """Return a sentence with every whole number in it released as a count.

    Examples
    --------
    >>> from dipeval.disclosure import DisclosureRule
    >>> scrubbed("From a probability of 0.5; (dates: 3; people: 1,432).", DisclosureRule())
    'From a probability of 0.5; (dates: [c]; people: 1,430).'
    """
    if not rule.protects:
        return text
    return _COUNT.sub(lambda found: release_count(float(found.group().rstrip(",").replace(",", "")), rule), text)


def about(count: float, rule: DisclosureRule) -> str:
    """Return a count in running words, where a mark for a small one would read oddly.

    Examples
    --------
    >>> from dipeval.disclosure import DisclosureRule
    >>> about(4, DisclosureRule()), about(126, DisclosureRule())
    ('fewer than 10', '125')
    """
    return f"fewer than {rule.threshold}" if is_small(count, rule) else release_count(round(count), rule)


def roughly(count: float, rule: DisclosureRule) -> str:
    """Return a count that is an estimate.

    Examples
    --------
    >>> from dipeval.disclosure import DisclosureRule
    >>> roughly(4, DisclosureRule()), roughly(126, DisclosureRule())
    ('fewer than 10', 'about 125')
    """
    return about(count, rule) if is_small(count, rule) else f"about {about(count, rule)}"


def percent(value: float, rests_on: float, rule: DisclosureRule) -> str:
    """Return a share as a percentage no finer than the people it rests on; withheld if they are few.

    Examples
    --------
    >>> from dipeval.disclosure import DisclosureRule
    >>> percent(0.123, 200, DisclosureRule()), percent(0.5, 4, DisclosureRule())
    ('12%', '[c]')
    """
    if math.isnan(value):
        return NOT_APPLICABLE
    return CONFIDENTIAL if is_small(rests_on, rule) else format_percent(value, share_digits(rests_on, rule))


def with_limits(row: pd.Series, rests_on: float, rule: DisclosureRule) -> str:
    """Return an estimate with its limits, if it has any."""
    shown = percent(float(row["estimate"]), rests_on, rule)
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if shown in (CONFIDENTIAL, NOT_APPLICABLE) or math.isnan(low):
        return shown
    return f"{shown} ({percent(low, rests_on, rule)} to {percent(high, rests_on, rule)})"


def what_was_noticed(result: StudyResult) -> tuple[str, ...]:
    """Return what the linkage has to say of itself: the rule, default dates, merged references, reviews."""
    linkage = result.linkage
    assert linkage is not None
    coded = any(item.key_fingerprint for item in result.files)
    lines = [named(scrubbed(note, result.rule), linkage) for note in linkage.notes if _DEFAULT_DATES not in note]
    if linkage.counts["heaped"].sum():
        lines.append(
            "Some dates of birth are shared by far too many people to be true. They are taken for defaults and count "
            "as missing; ‘The linkage in detail’ says for how many people."
        )
    elif coded:
        lines.append(CODED)
    elif linkage.rule.find_heaped_dates:
        lines.append("No date of birth is shared by far too many people, so none was set aside as a default.")
    if linkage.rule.merge_references and linkage.rule.profile != "deterministic":
        lines.append(
            "People whom one service knows under two references of its own count once, where name or initials, date "
            "of birth, sex and area leave no doubt."
        )
    some = [bool(n) and not is_small(n, result.rule) for n in linkage.counts["tied"]]
    tied = linkage.counts.loc[some, ["table", "tied"]]
    if len(tied) and linkage.rule.ties == "drop":
        told = "; ".join(f"{of_table(name)}: {about(n, result.rule)}" for name, n in tied.itertuples(index=False))
        lines.append(f"People with two equally likely partners, who were left unlinked: {told}.")
    return tuple(lines)
