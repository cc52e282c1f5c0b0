"""Which columns count, at least in part, the same events as a held-out window before the index date.

An outcome from before the index date says something about the comparison only if the groups were not made alike on it.
A covariate that counts the same thing over days that take in those of the window has made them alike on it, whatever
it is called: so has one that shares some of the days, or some of the events.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.vocabulary import OFFENCE_CLASSES

# What is counted: a word for the events, and the kinds of them. An empty set of kinds stands for all.
Subject = tuple[str, frozenset[str]]
_ALL: Final[frozenset[str]] = frozenset()
# Of a cohort's columns: a sanction is a day on which offences were dealt with, so it counts the same events.
SUBJECTS: Final[dict[str, Subject]] = {
    "offences": ("offences", _ALL),
    **{name: ("offences", frozenset({name})) for name in OFFENCE_CLASSES},
    "sanctions": ("offences", _ALL),
    "custodial_sanctions": ("offences", _ALL),
    "custody": ("custody", _ALL),
    "custody_days": ("custody", _ALL),
    "tests": ("tests", _ALL),
    "positive_tests": ("tests", _ALL),
    "treatment": ("treatment", _ALL),
    "treatment_episodes": ("treatment", _ALL),
}
_BY_NAME: Final = re.compile(r"(?:log_)?prior_(?P<what>\w+?)_(?:12m|5y|ever)|(?P<quarter>offences)_quarter_\d+")
_FROM_SANCTIONS: Final = ("copas_rate", "copas_rate_ogrs4")
ANYTHING: Final = ""  # what is counted was not said

CONTAINS, SHARES = "contains", "shares"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a column counts, and over which days.

    Parameters
    ----------
    what
        A word for the events; "" where it was not said: it may then be anything.
    kinds
        Which of these events; empty for all of them.
    first, last
        First and last day, counted from the index date (-1 is the day before it); None for no bound.
    """

    what: str = ANYTHING
    kinds: frozenset[str] = _ALL
    first: int | None = None
    last: int | None = None

    def relation(self, held_out: Counted) -> str | None:
        """Say how this column stands to a held-out window.

        Parameters
        ----------
        held_out
            What the negative control counts.

        Returns
        -------
        str or None
            ``contains`` (the same thing, over days that take in its days), ``shares`` (some of the same days and
            events) or None.

        Examples
        --------
        >>> quarter = Counted(what="offences", first=-91, last=-1)
        >>> Counted(what="offences", first=-365, last=-1).relation(quarter)
        'contains'
        >>> Counted(what="offences", kinds=frozenset({"violent"}), first=-365, last=-1).relation(quarter)
        'shares'
        >>> Counted(what="offences", first=-365, last=-92).relation(quarter) is None
        True
        """
        if ANYTHING not in (self.what, held_out.what) and self.what != held_out.what:
            return None
        if self.kinds and held_out.kinds and not self.kinds & held_out.kinds:
            return None
        (first, last), (from_day, to_day) = self.days, held_out.days
        if first > to_day or last < from_day:
            return None
        all_kinds = not self.kinds or (bool(held_out.kinds) and held_out.kinds <= self.kinds)
        return CONTAINS if all_kinds and first <= from_day and last >= to_day else SHARES

    @property
    def days(self) -> tuple[float, float]:
        """First and last day, without bound where there is none."""
        return (
            -math.inf if self.first is None else float(self.first),
            math.inf if self.last is None else float(self.last),
        )


def counted_by_cohort(table: pd.DataFrame) -> dict[str, Counted]:
    """Return what the columns of a cohort's people count, of those that count events before the index date.

    Parameters
    ----------
    table
        ``cohort.covariates()``: column, measured_at, from_days, to_days.

    Returns
    -------
    dict
        Column -> `Counted`. Ages at a first offence or sanction are no counts and are left out.

    Examples
    --------
    >>> table = pd.DataFrame({"column": ["prior_violent_12m", "age_at_index"], "measured_at": "before_index",
    ...     "from_days": [-365, 0], "to_days": [-1, 0]})
    >>> counted_by_cohort(table)["prior_violent_12m"].first
    -365
    """
    absent = [name for name in ("column", "from_days", "to_days") if name not in table.columns]
    if absent:
        raise InputError(
            f"windows as a table must be that of cohort.covariates(): it has no column {', '.join(absent)}."
        )
    found = {}
    rows = zip(table["column"], table["from_days"], table["to_days"], strict=True)
    for column, first, last in rows:
        subject = _subject(str(column))
        if subject is not None:
            days = (None if pd.isna(day) else int(day) for day in (first, last))
            found[str(column)] = Counted(
                what=subject[0], kinds=subject[1], **dict(zip(("first", "last"), days, strict=True))
            )
    return found


def _subject(column: str) -> Subject | None:
    if column in _FROM_SANCTIONS:
        return SUBJECTS["sanctions"]
    found = _BY_NAME.fullmatch(column)
    return None if found is None else SUBJECTS.get(found["what"] or found["quarter"])


def declared(windows: Mapping[str, Sequence[Any]] | None) -> dict[str, Counted]:
    """Return what the caller says that columns count.

    Parameters
    ----------
    windows
        Column -> (first day, last day), or (what is counted, first day, last day).

    Returns
    -------
    dict
        Column -> `Counted`.

    Raises
    ------
    InputError
        If a window is not one.

    Examples
    --------
    >>> declared({"prior_12m": ("offences", -365, -1)})["prior_12m"].what
    'offences'
    """
    if windows is not None and not isinstance(windows, Mapping):
        raise InputError('windows must be a mapping of column to days, such as {"prior_12m": ("offences", -365, -1)}.')
    return {column: as_counted(column, given) for column, given in (windows or {}).items()}


def as_counted(column: str, given: Sequence[Any]) -> Counted:
    """Read one window; parameters and errors as in `declared`."""
    parts = tuple(given) if isinstance(given, (tuple, list)) else ()
    what, days = (parts[0], parts[1:]) if len(parts) == 3 else (ANYTHING, parts)
    if len(days) != 2 or not isinstance(what, str) or not all(_is_day(day) for day in days):
        raise InputError(
            f"The window of '{column}' must be (first day, last day) or (what is counted, first day, last day), whole "
            "days from the index date (-1 is the day before it) or None for no bound, such as ('offences', -365, -1)."
        )
    counted = Counted(what=what, first=days[0], last=days[1])
    if counted.days[0] > counted.days[1]:
        raise InputError(
            f"The window of '{column}' ends before it begins: the first day comes first, as in (-365, -1)."
        )
    return counted


def _is_day(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
