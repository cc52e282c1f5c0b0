"""The definition of the outcome, as one small frozen object."""

from __future__ import annotations

from dataclasses import dataclass

from dipeval.errors import InputError
from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_CLASSES

ROBBERY_CLASSES = ("acquisitive", "violent")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What counts as a reoffence, and for how long people are followed from time zero.

    Parameters
    ----------
    days
        Follow-up in days: offences dated from the day after time zero to this many days after it.
    waiting_days
        Further days allowed for the caution or conviction.
    robbery
        Whether robbery counts as ``acquisitive`` or ``violent``.
    classes
        Offence classes that count (acquisitive, violent, disorder, drug, other); empty for all.

    Raises
    ------
    InputError
        If an option cannot be used; the sentence says which and why.

    Notes
    -----
    12 months of follow-up and six of waiting: Ministry of Justice, *Proven Reoffending Statistics Quarterly
    Bulletin*, July 2016, introduction.

    Examples
    --------
    >>> FollowUp().needed_days
    547
    >>> "robbery" in FollowUp(robbery="violent", classes=("acquisitive",)).offence_groups
    False
    """

    days: int = 365
    waiting_days: int = 182
    robbery: str = "acquisitive"
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, lowest in (("days", 1), ("waiting_days", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
                raise InputError(f"{name} is {value!r}; it must be a whole number of at least {lowest}.")
        if self.robbery not in ROBBERY_CLASSES:
            raise InputError(f"robbery is {self.robbery!r}; it must be {' or '.join(ROBBERY_CLASSES)}.")
        if isinstance(self.classes, str):
            raise InputError("classes must be a list of names, such as ('acquisitive',), not one text.")
        object.__setattr__(self, "classes", tuple(self.classes))
        unknown = [name for name in self.classes if name not in OFFENCE_CLASSES]
        if unknown:
            raise InputError(
                f"Offence class {', '.join(map(repr, unknown))} is not known; use {', '.join(OFFENCE_CLASSES)}."
            )

    @property
    def needed_days(self) -> int:
        """Days after time zero that the extract must cover."""
        return self.days + self.waiting_days

    @property
    def class_of(self) -> dict[str, str]:
        """Offence group -> class, with robbery on the side chosen."""
        return {**OFFENCE_CLASS, "robbery": self.robbery}

    @property
    def offence_groups(self) -> tuple[str, ...]:
        """The offence groups that count; empty when all do."""
        if not self.classes:
            return ()
        return tuple(group for group, name in self.class_of.items() if name in self.classes)

    def in_words(self) -> str:
        """Return the sentence that defines the outcome."""
        kinds = f" ({' or '.join(self.classes)} offences only)" if self.classes else ""
        return (
            f"A proven reoffence{kinds} is an offence committed within {self.days} days after time zero that led to a "
            f"caution or conviction within those days or a further {self.waiting_days}."
        )
