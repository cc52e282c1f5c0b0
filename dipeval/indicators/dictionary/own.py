"""`OwnIndicator`: an indicator of the reader's own, counted from the records of one table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from dipeval.cohort.used import EVENT_DATE, USED
from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean, table_contract
from dipeval.indicators.dictionary.catalogue import CATALOGUE
from dipeval.indicators.dictionary.indicator import DIRECTIONS, QUESTIONS, Indicator
from dipeval.presenting import and_join

# Tables whose records have a day and a district.
OWN_TABLES: Final = tuple(name for name in EVENT_DATE if "district" in USED[name])
OWN_KINDS: Final = ("share", "count")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIndicator:
    """An indicator of your own: records of one table, by the day and the district they carry.

    Parameters
    ----------
    name
        In snake_case; not one of the dictionary.
    label
        For a reader: a noun phrase.
    table
        ``drug_tests``, ``contacts`` or ``treatment``.
    denominator
        Column -> value, or list of values, that a record must have to be counted; empty: every record. For a date,
        True and False mean filled in and empty.
    numerator
        The same, of those in the denominator. A share needs one.
    kind
        ``share`` or ``count`` (records with what the denominator and the numerator ask).
    direction
        ``higher`` or ``lower`` is wanted, or ``neither``.
    owner
        Body that answers for it.
    question
        Part of the report where it is told.

    Raises
    ------
    InputError
        Naming everything that is wrong with it at once.

    Examples
    --------
    >>> own = OwnIndicator(
    ...     name="care_planned", label="Contacts with a care plan", table="contacts",
    ...     denominator={"attended": True}, numerator={"care_plan_date": True}, direction="higher",
    ... )
    >>> own.to_indicator().numerator
    'those with care_plan_date filled in'
    """

    name: str
    label: str
    table: str
    denominator: Mapping[str, Any] = field(default_factory=lambda: _NONE, hash=False)
    numerator: Mapping[str, Any] = field(default_factory=lambda: _NONE, hash=False)
    kind: str = "share"
    direction: str = "neither"
    owner: str = ""
    question: str = "own"

    def __post_init__(self) -> None:
        faults = [*_word_faults(self), *_table_faults(self)]
        if faults:
            raise InputError(f"Own indicator '{self.name}': " + "; ".join(faults) + ".")

    def to_indicator(self) -> Indicator:
        """Return it as an entry of the dictionary."""
        among = f"records of {self.table}" + _asked(self.denominator)
        wanted = "those" + _asked(self.numerator) if self.kind == "share" else among + _asked(self.numerator, among)
        columns = dict.fromkeys([EVENT_DATE[self.table], "district", *self.denominator, *self.numerator])
        return Indicator(
            name=self.name,
            label=self.label,
            question=self.question,
            kind=self.kind,
            numerator=wanted,
            denominator=among if self.kind == "share" else "",
            direction=self.direction,
            unit="%" if self.kind == "share" else "records",
            needs=tuple(f"{self.table}.{column}" for column in columns),
            dimensions=tuple(one for one in ("age_group", "sex", *_GROUPS[self.table])),
            owner=self.owner,
            source="your own definition",
        )


_GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"drug_tests": ("custody_suite", "test_ground"), "contacts": ("entry_point",), "treatment": ()}
)


def check_own(own: Sequence[OwnIndicator]) -> tuple[OwnIndicator, ...]:
    """Refuse anything but own indicators, and two of the same name.

    Examples
    --------
    >>> check_own([])
    ()
    """
    if isinstance(own, OwnIndicator) or not all(isinstance(one, OwnIndicator) for one in own):
        raise InputError("own must be a list of dip.OwnIndicator(...).")
    names = [one.name for one in own]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"Two of your own indicators are named {and_join(twice)}; give each its own name.")
    return tuple(own)


def _word_faults(own: OwnIndicator) -> list[str]:
    faults = []
    if not _NAME.fullmatch(own.name):
        faults.append("the name must be in small letters, digits and underscores, such as care_planned")
    if own.name in CATALOGUE:
        faults.append("dipeval has an indicator of this name; choose another")
    if not own.label.strip():
        faults.append("a label is needed, such as 'Contacts with a care plan'")
    for name, value, known in (
        ("kind", own.kind, OWN_KINDS),
        ("direction", own.direction, DIRECTIONS),
        ("question", own.question, QUESTIONS),
    ):
        if value not in known:
            faults.append(f"{name} '{value}' is not known{did_you_mean(str(value), known)}; use {', '.join(known)}")
    if own.kind == "share" and not own.numerator:
        faults.append("a share needs a numerator, such as {'attended': True}; without one it is always 100%")
    return faults


def _table_faults(own: OwnIndicator) -> list[str]:
    if own.table not in OWN_TABLES:
        near = did_you_mean(str(own.table), OWN_TABLES)
        return [f"table '{own.table}' cannot be counted{near}; use {', '.join(OWN_TABLES)}"]
    faults = []
    for side in ("denominator", "numerator"):
        wanted = getattr(own, side)
        if not isinstance(wanted, Mapping):
            faults.append(f"{side} must say which column has which value, such as {{'attended': True}}")
            continue
        for column, value in wanted.items():
            faults += _column_faults(own.table, side, column, value)
    return faults


def _column_faults(table: str, side: str, column: str, value: Any) -> list[str]:
    if column not in USED[table]:
        near = did_you_mean(str(column), USED[table])
        return [f"{side} asks for column '{column}', which {table} has not or which is not counted{near}"]
    told = table_contract(table).column(column)
    values = as_list(value)
    if not values:
        return [f"{side} gives no value for {column}"]
    if told.kind in ("date", "boolean"):
        flags = all(isinstance(one, bool) for one in values)
        return [] if flags else [f"{side} must ask for true or false of {column}"]
    if told.kind in ("number", "integer"):
        numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)
        return [] if numbers else [f"{side} must ask for numbers of {column}"]
    unknown = [str(one) for one in values if told.codes and str(one) not in told.codes]
    return [
        f"{side} asks for '{one}' of {column}, which is no code of it{did_you_mean(one, told.codes)}; use "
        f"{', '.join(told.codes)}"
        for one in unknown
    ]


def as_list(value: Any) -> list[Any]:
    """Return a value, or the values of a list, as a list."""
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(value, key=str)
    return [] if value is None else [value]


def _asked(wanted: Mapping[str, Any], before: str = "") -> str:
    words = []
    for column, value in wanted.items():
        values = as_list(value)
        if values == [True]:
            words.append(f"{column} filled in" if column.endswith("_date") else column)
        elif values == [False]:
            words.append(f"{column} empty" if column.endswith("_date") else f"not {column}")
        else:
            words.append(f"{column} {' or '.join(str(one) for one in values)}")
    if not words:
        return ""
    return (" and " if " with " in before else " with ") + and_join(words)
