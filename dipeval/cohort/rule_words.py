"""A cohort rule in words: what treated and comparison mean, and what the index event is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dipeval.cohort.rule import CohortRule

NOT_CAUSAL = "Not a causal comparison"
_INDEX_NAMES = {
    "positive_test": "index test",
    "any_test": "index test",
    "release": "release",
    "sentence": "sentence",
    "caution": "caution",
    "order": "index order",
    "contact": "index contact",
    "column": "index date",
}
_EXPOSURE_NAMES = {"treatment": "structured treatment", "order": "an order", "contact": "an attended contact"}


def index_name(rule: CohortRule) -> str:
    """Name the index event in a sentence: "index test", "release"."""
    return _INDEX_NAMES[rule.index_event]


def exposure_name(rule: CohortRule) -> str:
    """Name what is evaluated, with its kinds: "structured treatment (residential)"."""
    kinds = " or ".join(kind.replace("_", " ") for kind in rule.exposure_types)
    return _EXPOSURE_NAMES[rule.exposure] + (f" ({kinds})" if kinds else "")


def short_exposure(rule: CohortRule) -> str:
    """Name it briefly: "treatment", "an order", "an attended contact"."""
    return "treatment" if rule.exposure == "treatment" else _EXPOSURE_NAMES[rule.exposure]


def started(rule: CohortRule) -> str:
    """Return what makes a person treated, without the exposure's name: "within 42 days of the index test"."""
    index = index_name(rule)
    if rule.exposure_timing == "before_index":
        return f"in the {rule.before_days} days before the {index}"
    if rule.immortal_time == "ever_treated":
        return f"at any time in the {rule.required_days} days after the {index}"
    return f"within {rule.grace_days} days of the {index}"


def in_words(rule: CohortRule) -> str:
    """Return the sentences that define treated and comparison under a rule."""
    parts = [_who_is_treated(rule), _from_when(rule), _wash_out(rule)]
    if rule.non_causal:
        parts.insert(0, f"{NOT_CAUSAL}.")
    return " ".join(parts)


def _who_is_treated(rule: CohortRule) -> str:
    done = " and completed it" if rule.completed_only else ""
    verb = "had" if rule.exposure == "contact" else "started"
    return f"Treated: {verb} {exposure_name(rule)} {started(rule)}{done}; comparison: had not."


def _from_when(rule: CohortRule) -> str:
    index = index_name(rule)
    if rule.immortal_time == "time_varying":
        return (
            f"Both are followed from the {index}; a person counts as untreated until the day of the start (treatment "
            "varies over time)."
        )
    if rule.immortal_time == "ever_treated":
        return (
            f"Both are followed from the {index}, so the days until the start of treatment are credited to treatment "
            "although it had not begun, and whoever died or was lost on them is not called treated (immortal time)."
        )
    since = f"the day of the {index}" if rule.landmark_days == 0 else f"{rule.landmark_days} days after the {index}"
    return f"Both are followed from time zero, {since}."


def _wash_out(rule: CohortRule) -> str:
    what = {"treatment": "in treatment", "order": "on an order", "contact": "in contact"}[rule.exposure]
    if rule.exposure == "treatment" and rule.exposure_types:
        what = "in any treatment"
    index = index_name(rule)
    if rule.exposure_timing == "before_index":
        return (
            f"People {what} at the start of those {rule.before_days} days or in the {rule.washout_days} days before "
            "it are left out. What is known from before is from before the start for the treated and from before the "
            f"{index} for the comparison."
        )
    return f"People {what} at the {index} or in the {rule.washout_days} days before it are left out."
