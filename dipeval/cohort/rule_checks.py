"""What a cohort rule refuses, each with its reason in a sentence."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from dipeval import vocabulary as v
from dipeval.cohort.calendar import ERAS
from dipeval.errors import InputError

if TYPE_CHECKING:
    from dipeval.cohort.rule import CohortRule

SHORTEST_LOOKBACK = 365
_LEAST = {
    "grace_days": 0,
    "washout_days": 0,
    "landmark_days": 0,
    "minimum_age": 10,
    "required_days": 1,
    "before_days": 1,
    "lookback_days": SHORTEST_LOOKBACK,
}
_EXAMPLES = {
    "districts": "('Leeds', 'Bradford')",
    "eras": "('test_on_arrest',)",
    "index_types": "('DRR', 'ATR')",
    "exposure_types": "('residential',)",
}
_YES_NO = ("completed_only", "non_causal", "accept_immortal_time", "offence_free_landmark")
# Codes that each kind of index event or exposure can be narrowed to; None: the source's own words.
_INDEX_CODES: dict[str, tuple[str, ...] | None] = {"order": v.ORDER_TYPES, "contact": v.ENTRY_POINTS, "sentence": None}
# Exposure -> the table and column in which it starts.
_START_OF = {
    "treatment": ("treatment", "start_date"),
    "order": ("orders", "start_date"),
    "contact": ("contacts", "contact_date"),
}
_EXPOSURE_CODES = {"treatment": v.MODALITIES, "order": v.ORDER_TYPES, "contact": v.ASSESSMENTS}


def check_rule(rule: CohortRule) -> None:
    """Refuse options that cannot be meant.

    Raises
    ------
    InputError
        The first that is found, in a sentence.
    """
    _check_words(rule)
    _check_numbers(rule)
    _check_index(rule)
    _check_exposure(rule)
    _check_time_zero(rule)


def _check_words(rule: CohortRule) -> None:
    from dipeval.cohort import rule as known

    for name, words in (
        ("index_event", known.INDEX_EVENTS),
        ("index_choice", known.INDEX_CHOICES),
        ("exposure", known.EXPOSURES),
        ("exposure_timing", known.EXPOSURE_TIMINGS),
        ("immortal_time", known.IMMORTAL_TIMES),
        ("late_index", known.LATE_INDEXES),
    ):
        if getattr(rule, name) not in words:
            raise InputError(f"{name} '{getattr(rule, name)}' is not known; use one of {', '.join(words)}.")
    for name in _YES_NO:
        if not isinstance(getattr(rule, name), bool):
            raise InputError(f"{name} is {getattr(rule, name)!r}; it must be True or False.")


def _check_numbers(rule: CohortRule) -> None:
    for name, lowest in _LEAST.items():
        require_whole(name, getattr(rule, name), lowest)
    if rule.maximum_age is not None:
        require_whole("maximum_age", rule.maximum_age, 10)
        if rule.maximum_age < rule.minimum_age:
            raise InputError(
                f"maximum_age ({rule.maximum_age}) is below minimum_age ({rule.minimum_age}), so nobody can be in. For "
                "juveniles give minimum_age=10, maximum_age=17."
            )
    if rule.index_from and rule.index_to and rule.index_from > rule.index_to:
        raise InputError(f"index_from ({rule.index_from}) is after index_to ({rule.index_to}); swap them.")


def _check_index(rule: CohortRule) -> None:
    if rule.index_types:
        if rule.index_event not in _INDEX_CODES:
            raise InputError(
                f"index_types go with index_event {', '.join(_INDEX_CODES)}, not with {rule.index_event}; leave them "
                "out."
            )
        _check_codes("index_types", rule.index_types, _INDEX_CODES[rule.index_event])
    named = [name for name in ("index_table", "index_column") if getattr(rule, name) is not None]
    if rule.index_event == "column":
        if len(named) < 2:
            raise InputError(
                "index_event 'column' needs index_table and index_column: a table of the extracts and a date column of "
                "it, such as index_table='contacts', index_column='care_plan_date'."
            )
    elif named:
        raise InputError(f"{' and '.join(named)} go with index_event='column'; the index event is {rule.index_event}.")
    _check_codes("eras", rule.eras, ERAS)


def _check_exposure(rule: CohortRule) -> None:
    _check_codes("exposure_types", rule.exposure_types, _EXPOSURE_CODES[rule.exposure])
    _check_not_the_index(rule)
    if not rule.completed_only:
        return
    if rule.exposure != "treatment":
        raise InputError(
            "completed_only is known for exposure='treatment' alone: only treatment records say in codes how they "
            "ended."
        )
    if not rule.non_causal:
        raise InputError(
            "completed_only makes completion the definition of treated. Completion follows from how a person fares "
            "after starting, so completers differ from others for reasons that are not the treatment, and no design "
            "can undo that. Compare starting with not starting, or give non_causal=True: every result then says that "
            "it is not a causal comparison."
        )


def _check_not_the_index(rule: CohortRule) -> None:
    """Refuse an index event that is itself the exposure, so that nobody could be untreated."""
    same = rule.index_event == rule.exposure or (rule.index_table, rule.index_column) == _START_OF[rule.exposure]
    told_apart = rule.completed_only or bool(rule.exposure_types)
    if rule.exposure == "order" and rule.index_types and rule.exposure_types:
        told_apart = not set(rule.index_types) <= set(rule.exposure_types)
    if same and rule.exposure_timing == "after_index" and not told_apart:
        raise InputError(
            f"With this rule the record that puts a person in is itself the {rule.exposure} that makes a person "
            "treated, so nobody could be in the comparison. Name exposure_types that not every index event has, or "
            "another exposure or index_event."
        )


def _check_time_zero(rule: CohortRule) -> None:
    if rule.exposure_timing == "before_index":
        if rule.immortal_time != "landmark":
            raise InputError(
                f"immortal_time '{rule.immortal_time}' has no meaning with exposure_timing 'before_index': the "
                "exposure is over before anybody is followed. Leave immortal_time at 'landmark'."
            )
        return
    if rule.immortal_time == "landmark":
        _check_landmark(rule)
        return
    if rule.immortal_time == "ever_treated" and not rule.accept_immortal_time:
        raise InputError(
            "immortal_time 'ever_treated' calls a person treated from the index date on although treatment may start "
            "much later; nobody who reoffends, dies or goes to prison first can be called treated, so treatment is "
            "credited with days on which nothing could happen (immortal time). Use 'landmark' or 'time_varying', or "
            "give accept_immortal_time=True to have it all the same, with those days counted and shown."
        )
    if rule.landmark_days:
        raise InputError(
            f"immortal_time '{rule.immortal_time}' follows people from the index date, so landmark_days "
            f"({rule.landmark_days}) must be 0."
        )


def _check_landmark(rule: CohortRule) -> None:
    if rule.grace_days > rule.landmark_days:
        raise InputError(
            f"grace_days ({rule.grace_days}) is more than landmark_days ({rule.landmark_days}): treatment that "
            "starts after time zero would be a fact from the follow-up (immortal time). Use a landmark at least "
            "as long as the grace period, or immortal_time='time_varying' with landmark_days=0."
        )


def _check_codes(name: str, given: tuple[str, ...], codes: tuple[str, ...] | None) -> None:
    unknown = [one for one in given if codes is not None and one not in codes]
    if unknown:
        raise InputError(f"{name} {', '.join(unknown)} not known; use any of {', '.join(codes or ())}.")


def require_whole(name: str, value: Any, lowest: int) -> None:
    """Refuse an option that is not a whole number of at least `lowest`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise InputError(f"{name} is {value!r}; it must be a whole number of at least {lowest}.")


def as_names(name: str, value: Any) -> tuple[str, ...]:
    """Return a tuple of texts; one text alone is refused, because it would be read letter by letter."""
    if isinstance(value, str):
        raise InputError(f"{name} must be a list of names, such as {_EXAMPLES[name]}, not one text.")
    names = tuple(value)
    if any(not isinstance(one, str) for one in names):
        raise InputError(f"{name} must be a list of names, such as {_EXAMPLES[name]}; something in it is not text.")
    return names


def as_day(name: str, value: Any) -> dt.date | None:
    """Return a day given as a date, a timestamp or ISO text."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is {value!r}; it must be a date such as 2022-04-01.") from None
