"""How two files are linked, as one small frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal

from dipeval.errors import InputError

PROFILES = ("attributor", "full")
CANDIDATE_FLOOR = 0.001


def _is_number(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRule:
    """How records are linked.

    Parameters
    ----------
    profile
        How files that hold initials only (contacts, treatment) are linked to the anchor: ``"attributor"`` compares
        both initials, year, month and day of birth apart, sex and the area of the postcode; ``"full"`` compares
        whole names where both sides have them, and falls back to ``"attributor"`` where they do not. Police files
        are always linked with ``"full"`` where names exist.
    threshold
        A one-to-one link is made from this match probability up (0.001 to 1). A cut of 0.9 or more loses true
        links, and a missed treatment link puts a treated person among the untreated.
    seed
        Seed of Splink's sample of pairs.
    recall
        Share of true links that agree on the strictest key (names or initials, date of birth, sex): it moves the
        prior only.
    sampled_pairs
        Number of random pairs from which the chance of agreeing by accident is estimated.
    max_pairs
        Most pairs that may be compared in one link; more is refused before any is compared.
    find_heaped_dates
        Whether dates of birth that far too many people share (default dates) are set to missing.

    Raises
    ------
    InputError
        If a value is outside its range.

    Examples
    --------
    >>> LinkRule(profile="attributor").threshold
    0.5
    """

    profile: Literal["attributor", "full"] = "attributor"
    threshold: float = 0.5
    seed: int = 1
    recall: float = 0.8
    sampled_pairs: int = 500_000
    max_pairs: int = 200_000_000
    find_heaped_dates: bool = True

    def __post_init__(self) -> None:
        """Check every value."""
        whole = {"seed": self.seed, "sampled_pairs": self.sampled_pairs, "max_pairs": self.max_pairs}
        wrong = [name for name, value in whole.items() if not _is_number(value, Integral)]
        wrong += [n for n, v in {"threshold": self.threshold, "recall": self.recall}.items() if not _is_number(v, Real)]
        if wrong:
            raise InputError(f"LinkRule: {', '.join(wrong)} must be a number; seeds and numbers of pairs whole ones.")
        if self.profile not in PROFILES:
            raise InputError(f"The link profile must be one of {', '.join(PROFILES)}; got {self.profile!r}.")
        if not CANDIDATE_FLOOR <= self.threshold <= 1:
            raise InputError(f"The link threshold must lie between {CANDIDATE_FLOOR} and 1; got {self.threshold}.")
        if not 0 < self.recall <= 1:
            raise InputError(f"The recall of the strictest key must lie above 0 and up to 1; got {self.recall}.")
        if self.sampled_pairs < 1 or self.max_pairs < 1:
            raise InputError("sampled_pairs and max_pairs must be 1 or more.")
