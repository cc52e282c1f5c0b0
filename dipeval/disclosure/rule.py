"""The rule in force, and what it does to a count, a share and a number of digits."""

from __future__ import annotations

from dataclasses import dataclass

from dipeval.errors import InputError
from dipeval.presenting import format_count, round_half_up

CONFIDENTIAL = "[c]"
NOT_APPLICABLE = "[z]"
PROFILES = ("threshold10", "none")
_DATA_STATUS_FOR_NONE = ("simulated", "public")
LEAST_THRESHOLD, LEAST_ROUNDING = 10, 5
# From so many people on, a tenth of a percent still stands for a person.
FINE_SHARES_FROM = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRule:
    """How counts are protected before anything is written.

    Parameters
    ----------
    profile
        ``threshold10`` or ``none``.
    threshold
        Smallest count of people that may be shown; at least 10 for personal data.
    rounding
        Counts are rounded half up to a multiple of this; at least 5 for personal data.
    data_status
        ``personal``, ``simulated`` or ``public``; ``none`` is refused for ``personal``.
    citation
        Where public data can be had; required for ``none`` on public data.

    Raises
    ------
    InputError
        If ``none`` is asked for and the data are neither simulated nor public with a citation, or if the threshold or
        the rounding would protect personal data less than the profile's name says.
    """

    profile: str = "threshold10"
    threshold: int = 10
    rounding: int = 5
    data_status: str = "personal"
    citation: str = ""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise InputError(f"Disclosure profile '{self.profile}' is not known; use one of {', '.join(PROFILES)}.")
        if self.threshold < 1 or self.rounding < 1:
            raise InputError("The disclosure threshold and rounding must be whole numbers of at least 1.")
        if self.profile != "none":
            self._refuse_weaker()
            return
        if self.data_status not in _DATA_STATUS_FOR_NONE:
            raise InputError(
                "Disclosure profile 'none' is only for simulated data or public data with a citation; "
                "these data are declared 'personal'. Use profile 'threshold10'."
            )
        if self.data_status == "public" and not self.citation.strip():
            raise InputError(
                "Disclosure profile 'none' on public data needs a citation: say where the data can be had."
            )

    def _refuse_weaker(self) -> None:
        """A threshold of 1 would be profile 'none' by another name."""
        weaker = self.threshold < LEAST_THRESHOLD or self.rounding < LEAST_ROUNDING
        if weaker and self.data_status not in _DATA_STATUS_FOR_NONE:
            raise InputError(
                f"Personal data need a disclosure threshold of at least {LEAST_THRESHOLD} and a rounding of at least "
                f"{LEAST_ROUNDING}; found {self.threshold} and {self.rounding}. Stricter is possible, weaker is not."
            )

    @property
    def protects(self) -> bool:
        """Whether counts are suppressed and rounded."""
        return self.profile != "none"

    def in_words(self) -> str:
        """Return the sentence that page one of a report prints about this rule."""
        if self.protects:
            return (
                f"Counts of fewer than {self.threshold} people, and the figures that rest on them, are shown as "
                f"{CONFIDENTIAL}; other counts are rounded to the nearest {self.rounding}, and percentages to whole "
                f"numbers where they rest on fewer than {format_count(FINE_SHARES_FROM)} people."
            )
        if self.data_status == "simulated":
            return "No disclosure control is applied: the data are simulated and no real person is in them."
        return f"No disclosure control is applied: the data are public ({self.citation})."


def release_count(count: float, rule: DisclosureRule) -> str:
    """Return one count of people as text that may be shown.

    Parameters
    ----------
    count
        Number of people (or of records that stand for people).
    rule
        The rule in force.

    Returns
    -------
    str
        The rounded count, or ``[c]``.

    Examples
    --------
    >>> release_count(7, DisclosureRule()), release_count(133, DisclosureRule())
    ('[c]', '135')
    """
    return format_count(count) if not rule.protects else _protected(count, rule)


def _protected(count: float, rule: DisclosureRule) -> str:
    if is_small(count, rule):
        return CONFIDENTIAL
    return format_count(to_base(count, rule))


def to_base(count: float, rule: DisclosureRule) -> float:
    """Return a count rounded half up to the base of the rule, as a number."""
    return rule.rounding * round_half_up(count / rule.rounding)


def is_small(count: float, rule: DisclosureRule) -> bool:
    """Say whether a figure that rests on this many people must be withheld."""
    import pandas as pd

    return bool(rule.protects and (pd.isna(count) or count < rule.threshold))


def share_digits(smallest: float, rule: DisclosureRule) -> int:
    """Return the decimals in which a percentage may be shown.

    Parameters
    ----------
    smallest
        Smallest count of people it rests on.
    rule
        The rule in force.

    Returns
    -------
    int
        1; under a protecting rule 0 until the percentage rests on 1,000 people.

    Examples
    --------
    >>> share_digits(80, DisclosureRule()), share_digits(4_000, DisclosureRule())
    (0, 1)
    """
    return 0 if rule.protects and not smallest >= FINE_SHARES_FROM else 1
