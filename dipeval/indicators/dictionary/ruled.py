"""Indicators under a rule: the days that were chosen, in their words and in how long they must be followed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dipeval.presenting import format_count

if TYPE_CHECKING:
    from dipeval.indicators.dictionary.indicator import Indicator
    from dipeval.indicators.measuring.family import CountingRule

_SET: Final = "the days set"
_TWELVE_WEEKS: Final = 84


def under_rule(indicator: Indicator, rule: CountingRule) -> Indicator:
    """Return an indicator with the days of a rule: in its words, and as its follow-up.

    Parameters
    ----------
    indicator
        Of the catalogue; others are returned as they are.
    rule
        How it is counted.

    Examples
    --------
    >>> from dipeval.indicators.dictionary.catalogue import indicator
    >>> from dipeval.indicators.measuring.family import CountingRule
    >>> shown = under_rule(indicator("seen"), CountingRule(seen_within_days=7))
    >>> shown.numerator, shown.follow_up_days
    ('people with an attended contact on or after the test, within 7 days', 7)
    """
    days = _days(indicator.name, rule)
    if days is None:
        return indicator
    within, follow_up = days
    words = f"{format_count(within)} days"
    numerator = indicator.numerator.replace(_SET, words).replace("the look-back", f"the {words}")
    if indicator.name == "frequent_flyers":
        numerator = (
            f"people with {rule.repeat_tests} or more positive tests in {words} up to their last one in the period"
        )
    if indicator.question == "reoffending":
        numerator = numerator.replace("in the follow-up", f"within {words} of the test")
    return replace(indicator, numerator=numerator, follow_up_days=follow_up)


def _days(name: str, rule: CountingRule) -> tuple[int, int] | None:
    """The days an indicator's words name, and those after the end of a period that must be covered."""
    if name.startswith("reoffending") or name == "observed_expected":
        return rule.reoffending_days, rule.reoffending_days + rule.waiting_days
    known = {
        "assessed": (rule.seen_within_days, rule.seen_within_days),
        "attended": (rule.seen_within_days, rule.seen_within_days),
        "seen": (rule.seen_within_days, rule.seen_within_days),
        "care_plan": (rule.treatment_within_days, max(rule.seen_within_days, rule.treatment_within_days)),
        "treatment_entry": (rule.treatment_within_days, rule.treatment_within_days),
        "retention_12_weeks": (_TWELVE_WEEKS, _TWELVE_WEEKS),
        "completion": (rule.completion_days, rule.completion_days),
        "re_presentation": (rule.representation_days, rule.representation_days),
        "frequent_flyers": (rule.repeat_days, 0),
        "new_to_service": (rule.lookback_days, 0),
    }
    return known.get(name)
