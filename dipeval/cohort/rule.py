"""The options of a cohort, as one small frozen object."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from dipeval.errors import InputError

INDEX_EVENTS = ("positive_test",)
SHORTEST_LOOKBACK = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRule:
    """Who enters the cohort, from when, and what counts as having been treated.

    Parameters
    ----------
    index_event
        ``positive_test``: a person's first test positive for opiates, cocaine or both.
    index_from, index_to
        First and last day on which the index may fall (dates, or ISO text); None for no bound.
    grace_days
        Days after the index within which treatment must start for a person to be treated. At most
        ``landmark_days``: a start after time zero would be a fact from the follow-up.
    washout_days
        People in treatment at the index or within this many days before it are left out: they were not starting.
    landmark_days
        Days from the index to time zero, from which everybody is followed.
    lookback_days
        Days before the index over which earlier offences, custody and treatment are counted; at least 365.
    minimum_age
        Youngest age at the index, in completed years.
    required_days
        Days after time zero that the extract must cover: follow-up plus waiting period.
    districts
        Districts of the index test to keep; empty for all.

    Raises
    ------
    InputError
        If an option cannot be used; the sentence says which and why.

    Notes
    -----
    The wash-out is that of the evaluation of police drug diversion (PDD)
    (28 days); for the landmark see Anderson, Cain and Gelber (1983), *Analysis of survival by tumor response*, J Clin
    Oncol 1, 710-719.

    Examples
    --------
    >>> rule = CohortRule(index_from="2022-01-01", districts=("Leeds",))
    >>> rule.index_from, rule.grace_days, rule.required_days
    (datetime.date(2022, 1, 1), 42, 547)
    """

    index_event: str = "positive_test"
    index_from: dt.date | None = None
    index_to: dt.date | None = None
    grace_days: int = 42
    washout_days: int = 28
    landmark_days: int = 42
    lookback_days: int = 1826
    minimum_age: int = 18
    required_days: int = 547
    districts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.index_event not in INDEX_EVENTS:
            raise InputError(f"index_event '{self.index_event}' is not known; use one of {', '.join(INDEX_EVENTS)}.")
        for name in ("index_from", "index_to"):
            object.__setattr__(self, name, _as_date(name, getattr(self, name)))
        self._check_days()
        if self.index_from and self.index_to and self.index_from > self.index_to:
            raise InputError(f"index_from ({self.index_from}) is after index_to ({self.index_to}); swap them.")
        if isinstance(self.districts, str):
            raise InputError("districts must be a list of names, such as ('Leeds', 'Bradford'), not one text.")
        object.__setattr__(self, "districts", tuple(self.districts))

    def _check_days(self) -> None:
        least = {"grace_days": 0, "washout_days": 0, "landmark_days": 0, "minimum_age": 10, "required_days": 1}
        for name, lowest in {**least, "lookback_days": SHORTEST_LOOKBACK}.items():
            require_whole(name, getattr(self, name), lowest)
        if self.grace_days > self.landmark_days:
            raise InputError(
                f"grace_days ({self.grace_days}) is more than landmark_days ({self.landmark_days}): treatment that "
                "starts after time zero would be a fact from the follow-up (immortal time). Use a landmark at least "
                "as long as the grace period."
            )

    def in_words(self) -> str:
        """Return the sentence that defines treated and comparison under this rule."""
        return (
            f"Treated: started structured treatment within {self.grace_days} days of the index test; comparison: had "
            f"not. Both are followed from time zero, {self.landmark_days} days after the index test. People in "
            f"treatment at the index test or in the {self.washout_days} days before it are left out."
        )


def require_whole(name: str, value: Any, lowest: int) -> None:
    """Refuse an option that is not a whole number of at least `lowest`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise InputError(f"{name} is {value!r}; it must be a whole number of at least {lowest}.")


def _as_date(name: str, value: Any) -> dt.date | None:
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
