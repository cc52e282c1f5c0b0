"""`Indicator`: what is counted, out of what, how, and which direction is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from dipeval.errors import InputError

# share: units with something out of units (Wilson). rate: events a unit (exact Poisson, or Fay-Feuer where a unit can
# have several). ratio: events over expected events (the same). count: events alone. quotient: two sums that are no
# counts of one another (hours of hours, pounds a test): no interval.
KINDS: Final = ("share", "rate", "ratio", "count", "quotient")
COUNTINGS: Final = ("cohort", "period")
DIRECTIONS: Final = ("higher", "lower", "neither")
# Parts of the quarterly report, in the order of the review's questions.
QUESTIONS: Final = ("entry", "onward", "reoffending", "frequent", "resources", "own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator of the dictionary.

    Parameters
    ----------
    name
        Inside: snake_case.
    label
        For a reader: a noun phrase, as it stands in a table.
    question
        One of `QUESTIONS`: where it is told.
    kind
        One of `KINDS`.
    numerator, denominator
        What is counted, in words; the denominator is empty for a count.
    counting
        ``cohort``: units that entered in the period, and what became of them. ``period``: what happened in it.
    direction
        ``higher`` or ``lower`` is wanted, or ``neither``: then it can have no target without a direction of its own.
    unit
        What the estimate counts, in words: "%", "per 100 people", "tests", "of expected", "hours".
    per
        Estimates are numerator / denominator times this (100 for "per 100 people"; 1 otherwise).
    needs
        Tables and columns it is counted from: ``"contacts.attended"``, ``"drug_tests"``.
    follow_up_days
        Cohorts only: days after the end of a period that must be covered before it can be told.
    dimensions
        Breakdowns it can be told by, besides district and period.
    owner
        Body that answers for it; the targets table may name another.
    note
        What a reader must bear in mind, in a sentence.
    source
        Where the definition comes from, in words; "unverified" where it is from memory.

    Examples
    --------
    >>> from dipeval.indicators.dictionary.catalogue import indicator
    >>> indicator("positivity").denominator
    'drug tests that gave a result'
    """

    name: str
    label: str
    question: str
    kind: str
    numerator: str
    denominator: str = ""
    counting: str = "period"
    direction: str = "neither"
    unit: str = "%"
    per: float = 1.0
    needs: tuple[str, ...] = ()
    follow_up_days: int = 0
    dimensions: tuple[str, ...] = ()
    owner: str = ""
    note: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, KINDS),
            ("counting", self.counting, COUNTINGS),
            ("direction", self.direction, DIRECTIONS),
            ("question", self.question, QUESTIONS),
        ):
            if value not in known:
                raise InputError(f"Indicator '{self.name}': {name} '{value}' is not known; use {', '.join(known)}.")
        if self.kind != "count" and not self.denominator:
            raise InputError(f"Indicator '{self.name}' is no count, so it needs a denominator in words.")

    def owned_by(self, owner: str) -> Indicator:
        """Return the same indicator with another owner."""
        return replace(self, owner=owner)
