"""The definition of the outcome, as one small frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dipeval.errors import InputError
from dipeval.outcomes.follow_up_checks import as_names, as_weights, check_choices, require_whole
from dipeval.outcomes.wording import definition
from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_CLASSES, OFFENCE_GROUPS

ROBBERY_CLASSES = ("acquisitive", "violent")
BASES = ("proven", "arrest", "charge")
SAME_DAY_RULES = ("each", "one_a_day")
EXTRACT_END_RULES = ("refuse", "censor")
DAYS_OF_MONTHS = {12: 365, 24: 730}


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What counts as a reoffence, and for how long people are followed from time zero.

    Parameters
    ----------
    days
        Follow-up in days: offences dated from the day after time zero to this many days after it.
    waiting_days
        Further days allowed for the caution or conviction; not used with another basis than ``proven``.
    robbery
        Whether robbery counts as ``acquisitive`` or ``violent``.
    classes
        Offence classes that count (acquisitive, violent, disorder, drug, other); empty for all.
    groups
        Offence groups that count, beside those of ``classes``; both empty for all.
    basis
        ``proven``: an offence that led to a caution or conviction, dated by the offence. ``arrest`` or ``charge``: an
        arrest or a charge for an offence after time zero, whatever came of it, dated by the arrest or the charge;
        needs ``arrest_date`` or ``charge_date`` in the offences. Figures of different bases cannot be compared.
    same_day
        ``each``: several offences of a person on one day all count. ``one_a_day``: they count as one, the one with
        the greatest weight if there are weights, otherwise violent before acquisitive before disorder before drug
        before other.
    include_index_day
        Whether offences on the day of time zero itself count; they are often the one that led to the index event.
    severity
        Offence group -> weight of one offence, for ``severity_score``; None for no score. A weight of 0 leaves a group
        out of the score. Weights are never filled in for you.
    at_extract_end
        ``refuse`` a cohort whose follow-up and waiting period pass the last day of the extract, or ``censor`` each
        person's follow-up on the last day whose offences had the whole waiting period.

    Raises
    ------
    InputError
        If an option cannot be used; the sentence says which and why.

    Notes
    -----
    12 months of follow-up and six of waiting: Ministry of Justice, *Proven Reoffending Statistics Quarterly
    Bulletin*, July 2016, introduction. That bulletin's list of excluded offences was not found in a readable file:
    which records count is what the offences of the extracts hold, and ``classes`` and ``groups`` choose among them.

    Examples
    --------
    >>> FollowUp().needed_days, FollowUp(basis="arrest").needed_days
    (547, 365)
    >>> "robbery" in FollowUp(robbery="violent", classes=("acquisitive",)).offence_groups
    False
    >>> FollowUp(classes=("drug",), groups=("shoplifting",)).offence_groups
    ('shoplifting', 'drug_possession', 'drug_supply')
    """

    days: int = 365
    waiting_days: int = 182
    robbery: str = "acquisitive"
    classes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    basis: str = "proven"
    same_day: str = "each"
    include_index_day: bool = False
    severity: Mapping[str, float] | None = field(default=None, hash=False)
    at_extract_end: str = "refuse"

    def __post_init__(self) -> None:
        require_whole("days", self.days, 1)
        require_whole("waiting_days", self.waiting_days, 0)
        check_choices(
            robbery=(self.robbery, ROBBERY_CLASSES),
            basis=(self.basis, BASES),
            same_day=(self.same_day, SAME_DAY_RULES),
            at_extract_end=(self.at_extract_end, EXTRACT_END_RULES),
        )
        if not isinstance(self.include_index_day, bool):
            raise InputError(f"include_index_day is {self.include_index_day!r}; it must be true or false.")
        object.__setattr__(self, "classes", as_names("classes", self.classes, OFFENCE_CLASSES))
        object.__setattr__(self, "groups", as_names("groups", self.groups, OFFENCE_GROUPS))
        object.__setattr__(self, "severity", as_weights(self.severity))

    @classmethod
    def months(cls, months: int, **options: Any) -> FollowUp:
        """Return a follow-up of 12 or 24 months, in days.

        Parameters
        ----------
        months
            12 (365 days) or 24 (730 days).
        **options
            Any other option of `FollowUp`.

        Examples
        --------
        >>> FollowUp.months(24, basis="arrest").days
        730
        """
        if months not in DAYS_OF_MONTHS:
            raise InputError(f"months is {months!r}; it must be 12 or 24. For another length give FollowUp(days=...).")
        return cls(days=DAYS_OF_MONTHS[months], **options)

    @property
    def needed_days(self) -> int:
        """Days after time zero that the extract must cover."""
        return self.days + self.waiting

    @property
    def waiting(self) -> int:
        """Days of waiting that this basis asks for: ``waiting_days`` for proven reoffences, else none."""
        return self.waiting_days if self.basis == "proven" else 0

    @property
    def class_of(self) -> dict[str, str]:
        """Offence group -> class, with robbery on the side chosen."""
        return {**OFFENCE_CLASS, "robbery": self.robbery}

    @property
    def offence_groups(self) -> tuple[str, ...]:
        """The offence groups that count; empty when all do."""
        if not self.classes and not self.groups:
            return ()
        return tuple(group for group, name in self.class_of.items() if name in self.classes or group in self.groups)

    def in_words(self) -> str:
        """Return the sentences that define the outcome."""
        return definition(self)
