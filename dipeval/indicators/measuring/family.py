"""`Family`: indicators that are counted from the same units, one row a unit, ready to be added up by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import datetime as dt

    import ibis.expr.types as ir

    from dipeval.indicators.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One indicator of a family: the columns that are added up.

    Parameters
    ----------
    indicator
        Name in the dictionary.
    numerator, denominator
        Columns of the family's table, numbers; a unit whose denominator is 0 or missing is not among the units.
    """

    indicator: str
    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """Units on the engine.

    Parameters
    ----------
    name
        Of the family.
    table
        One row a unit: person_id (missing without a linkage), district, period (text), the dimensions, and the numeric
        columns named in ``counted``. Already on the engine (``engine.keep``), as it is read once a breakdown.
    counted
        What is added up.
    dimensions
        Columns of the table that break it down, text, never missing (``not recorded``).
    overlapping
        Dimension -> a table like ``table`` with one row a unit *and group*, for groups that overlap.
    """

    name: str
    table: ir.Table
    counted: tuple[Counted, ...]
    dimensions: tuple[str, ...] = ()
    overlapping: Mapping[str, ir.Table] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingRule:
    """How indicators are counted: the same for every family.

    Parameters
    ----------
    every
        ``quarter`` (calendar quarters) or ``month``.
    date_from, date_to
        First and last day of the periods told; units outside are not counted, events before are looked back at.
    seen_within_days
        A positive test was followed up if a drugs worker saw the person within so many days.
    treatment_within_days
        Treatment was entered if it began within so many days of the test.
    washout_days
        Nobody in treatment in so many days before the test can enter it.
    lookback_days
        New to the service: no contact and no treatment in so many days before.
    completion_days
        Days from the start of a stay within which it must have been completed (cohort counting).
    representation_days
        Days after a successful completion within which a new stay counts as a return.
    repeat_days, repeat_tests
        Frequent flyer: so many positive tests within so many days, the last one in the period.
    reoffending_days, waiting_days
        Follow-up of reoffending, and how long a disposal is waited for.
    prior_days
        Earlier proven offences are counted over so many days (for expected reoffending).
    baseline
        First and last period (text) whose rates give the expected number of reoffences; None: all that are complete.
    count_referred_on
        Whether a discharge as referred on is a successful completion.
    """

    every: str = "quarter"
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    seen_within_days: int = 28
    treatment_within_days: int = 42
    washout_days: int = 28
    lookback_days: int = 1826
    completion_days: int = 365
    representation_days: int = 183
    repeat_days: int = 365
    repeat_tests: int = 3
    reoffending_days: int = 365
    waiting_days: int = 182
    prior_days: int = 1826
    baseline: tuple[str, str] | None = None
    count_referred_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for, so that a family need not work out the rest. By default everything.

    Parameters
    ----------
    names
        Indicators, of all families together; None: all.
    by
        Breakdowns; None: all.

    Examples
    --------
    >>> wanted = Wanted(names=frozenset({"seen"}), by=frozenset())
    >>> wanted.counts("seen", "care_plan"), wanted.counts("treatment_entry"), wanted.tells("sex")
    (True, False, False)
    """

    names: frozenset[str] | None = None
    by: frozenset[str] | None = None

    def counts(self, *names: str) -> bool:
        """Whether one of these indicators is wanted."""
        return self.names is None or not self.names.isdisjoint(names)

    def tells(self, *dimensions: str) -> bool:
        """Whether one of these breakdowns is wanted."""
        return self.by is None or not self.by.isdisjoint(dimensions)


EVERYTHING: Final = Wanted()
# A maker of a family: from records, rule, periods and what is wanted to the family, or None where the source lacks what
# it needs.
Maker = Any


def holds_all(records: Records, needs: tuple[str, ...]) -> bool:
    """Say whether a source has the tables and columns an indicator is counted from.

    Parameters
    ----------
    records
        What was loaded.
    needs
        ``"table"`` or ``"table.column"``.
    """
    for need in needs:
        table, _, column = need.partition(".")
        if not records.holds(table, *([column] if column else [])):
            return False
    return True
