"""By what units are broken down: text that is never missing, told only where the source has the columns for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort import trigger_offences
from dipeval.cohort.intervals import completed_years
from dipeval.indicators.grouping import NOT_RECORDED
from dipeval.indicators.measuring.family import EVERYTHING, Wanted
from dipeval.indicators.measuring.frames import AGE_GROUPS
from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_CLASSES, SUBSTANCE_GROUPS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.records import Records

SUBSTANCE: Final = "substance"
SEEN, NOT_SEEN = "seen", "not seen"
NEW, RETURNING = "new", "returning"
DRUG_COLUMNS: Final = ("drug_1", "drug_2", "drug_3")
# First completed year of each group of `AGE_GROUPS`.
_FROM_AGE: Final = (0, 18, 25, 35, 45)
_HOURS: Final = (("00-05", range(6)), ("06-11", range(6, 12)), ("12-17", range(12, 18)), ("18-23", range(18, 24)))
# Trigger offences are theft and its kin but for those of two acts.
_CLASS_OF_ACT: Final = {"Misuse of Drugs Act 1971": "drug", "Vagrancy Act 1824": "other"}
_CLOCK: Final = {"drug_tests": "test_time", "contacts": "contact_time"}
# Dimension -> the column it is read from, as it stands.
_AS_RECORDED: Final = {
    "sex": "sex",
    "custody_suite": "custody_suite",
    "test_ground": "test_ground",
    "entry_point": "entry_point",
}


def dimensions_of(records: Records, name: str, rows: ir.Table, day: Any, wanted: Wanted = EVERYTHING) -> dict[str, Any]:
    """Return the breakdowns that the records of a table tell by themselves.

    Parameters
    ----------
    records
        What was loaded.
    name
        Table the rows are from: ``drug_tests``, ``contacts``, ``treatment`` or ``offences``.
    rows
        Its records, or a selection of them.
    day
        The column of ``rows`` on which the age is taken.
    wanted
        What was asked for; other breakdowns are left out.

    Returns
    -------
    dict
        Dimension -> expression.
    """
    found: dict[str, Any] = {}
    if wanted.tells("age_group") and records.holds(name, "date_of_birth"):
        found["age_group"] = age_group(rows.date_of_birth, day)
    for dimension, column in _AS_RECORDED.items():
        if wanted.tells(dimension) and records.holds(name, column):
            found[dimension] = rows[column].fill_null(NOT_RECORDED)
    if wanted.tells("offence_class") and records.holds(name, "trigger_offence"):
        found["offence_class"] = offence_class(rows.trigger_offence)
    clock = _CLOCK.get(name, "")
    if clock and wanted.tells("hour") and records.holds(name, clock):
        found["hour"] = hours(rows[clock])
    return found


def age_group(born: Any, day: Any) -> Any:
    """The group of `AGE_GROUPS` on a day; ``not recorded`` without a date of birth."""
    age = completed_years(born, day)
    cases = [(age >= first, name) for first, name in zip(_FROM_AGE[:0:-1], AGE_GROUPS[:0:-1], strict=True)]
    return ibis.cases(*cases, (age.notnull(), AGE_GROUPS[0]), else_=NOT_RECORDED)


def offence_class(offence: Any) -> Any:
    """The class of a trigger offence, told by an offence group or in the words of the list of trigger offences.

    What is recorded but is neither is ``other``.
    """
    # No strip: on Spark it takes the letter v for white space as well, and violence begins with one.
    said = offence.lower().replace("_", " ")
    of_class: dict[str, list[str]] = {name: [] for name in OFFENCE_CLASSES}
    for words, name in offence_words().items():
        of_class[name].append(words)
    cases = [(said.isin(words), name) for name, words in of_class.items() if words]
    return ibis.cases((offence.isnull(), NOT_RECORDED), (said == "", NOT_RECORDED), *cases, else_="other")


def offence_words() -> dict[str, str]:
    """Words for an offence, in small letters, and its class.

    Examples
    --------
    >>> words = offence_words()
    >>> words["handling stolen goods"], words["drug possession"], words["begging"]
    ('acquisitive', 'drug', 'other')
    """
    listed = trigger_offences()
    words = {
        str(offence).lower(): _CLASS_OF_ACT.get(str(act), "acquisitive")
        for act, offence in zip(listed["act"], listed["offence"], strict=True)
    }
    return words | {group.replace("_", " "): name for group, name in OFFENCE_CLASS.items()}


def two_digits(time: Any) -> Any:
    """A time such as 9:05 with two digits for the hour, so that text sorts as time does."""
    return (time.find(":") == 1).ifelse(ibis.literal("0") + time, time)


def hours(time: Any) -> Any:
    """The quarter of the day a time is in; ``not recorded`` without one."""
    hour = two_digits(time).substr(0, 2)
    cases = [(hour.isin([f"{one:02d}" for one in within]), name) for name, within in _HOURS]
    return ibis.cases(*cases, else_=NOT_RECORDED)


def yes_or_no(flag: Any, yes: str, no: str) -> Any:
    """Words for a column of ones and zeros."""
    return (flag == 1).fill_null(False).ifelse(yes, no)


def by_drugs(units: ir.Table) -> ir.Table:
    """Return one row a unit and group of substances that its three drugs name; the groups overlap.

    Parameters
    ----------
    units
        With drug_1, drug_2 and drug_3.

    Returns
    -------
    ibis.expr.types.Table
        The columns of ``units`` and ``substance``.
    """
    parts = [
        units.filter(_names_any(units, drugs)).mutate(**{SUBSTANCE: ibis.literal(group)})
        for group, drugs in SUBSTANCE_GROUPS.items()
    ]
    every = tuple(drug for drugs in SUBSTANCE_GROUPS.values() for drug in drugs)
    parts.append(units.filter(~_names_any(units, every)).mutate(**{SUBSTANCE: ibis.literal(NOT_RECORDED)}))
    return ibis.union(*parts)


def class_a(units: ir.Table) -> ir.Table:
    """Return the units with ``substance``: a positive test is one for opiates or cocaine, which are all of class A."""
    return units.mutate(**{SUBSTANCE: ibis.literal("class_a")})


def _names_any(units: ir.Table, drugs: tuple[str, ...]) -> Any:
    found = [units[column].isin(drugs).fill_null(False) for column in DRUG_COLUMNS]
    return found[0] | found[1] | found[2]
