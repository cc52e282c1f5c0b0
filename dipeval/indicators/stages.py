"""The stages of the pathway, from a drug test to a successful completion, and which of them a source can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dipeval.vocabulary import COMPLETED_REASONS, POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.records import Records

COHORT: Final = "cohort"
PERIOD: Final = "period"
COUNTINGS: Final = (COHORT, PERIOD)
REQUIRED: Final = ("initial_required", "follow_up_required")
TABLES: Final = ("drug_tests", "contacts", "treatment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage.

    Parameters
    ----------
    name
        Inside.
    cohort, period
        Words for it in each way of counting.
    table, columns
        What a source must hold to show it.
    """

    name: str
    cohort: str
    period: str
    table: str
    columns: tuple[str, ...] = ()


STAGES: Final = (
    Stage(name="tested", cohort="Had a drug test", period="Had a drug test", table="drug_tests"),
    Stage(name="positive", cohort="Tested positive", period="Had a positive test", table="drug_tests"),
    Stage(
        name="assessment",
        cohort="Required assessment recorded",
        period="Had a required assessment recorded",
        table="contacts",
        columns=("assessment",),
    ),
    Stage(name="attended", cohort="Attended it", period="Attended a required assessment", table="contacts"),
    Stage(
        name="care_plan",
        cohort="Care plan agreed",
        period="Agreed a care plan",
        table="contacts",
        columns=("care_plan_date",),
    ),
    Stage(
        name="treatment",
        cohort="Started structured treatment",
        period="Was in structured treatment",
        table="treatment",
    ),
    Stage(
        name="retained_12_weeks",
        cohort="Stayed 12 weeks, or completed before",
        period="Was in treatment and had stayed 12 weeks, or completed",
        table="treatment",
        columns=("end_date",),
    ),
    Stage(
        name="completed",
        cohort="Completed successfully",
        period="Completed successfully",
        table="treatment",
        columns=("end_date", "discharge_reason"),
    ),
)
NAMES: Final = tuple(stage.name for stage in STAGES)
_ANY_CONTACT: Final = "Seen by a drugs worker"


def shown(records: Records) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which stages a source can show.

    Parameters
    ----------
    records
        What was loaded.

    Returns
    -------
    tuple
        Names of the stages, in order, and a sentence for each stage that is left out.
    """
    names, missing = [], []
    for stage in STAGES:
        if records.holds(stage.table, *stage.columns):
            names.append(stage.name)
            continue
        lacking = [column for column in stage.columns if not records.holds(stage.table, column)]
        there = stage.table in records.given
        what = f"table {stage.table} has no column {' and no column '.join(lacking)}" if there else ""
        missing.append(f"{stage.cohort}: not shown, because {what or f'there is no table {stage.table}'}.")
    return tuple(names), tuple(missing)


def words(name: str, counting: str, *, any_contact: bool = False) -> str:
    """Return the words for a stage.

    Parameters
    ----------
    name
        One of `NAMES`.
    counting
        ``cohort`` or ``period``.
    any_contact
        Whether the source does not tell which contacts were assessments, so that any contact counts.

    Returns
    -------
    str

    Examples
    --------
    >>> words("treatment", "cohort"), words("treatment", "period")
    ('Started structured treatment', 'Was in structured treatment')
    """
    if name == "attended" and any_contact:
        return _ANY_CONTACT
    stage = STAGES[NAMES.index(name)]
    return stage.cohort if counting == COHORT else stage.period


def successful(count_referred_on: bool) -> tuple[str, ...]:
    """Return the discharge reasons that count as a successful completion.

    Examples
    --------
    >>> "referred_on" in successful(False), "referred_on" in successful(True)
    (False, True)
    """
    return (*COMPLETED_REASONS, "referred_on") if count_referred_on else COMPLETED_REASONS


def positive(tests: ir.Table) -> ir.Table:
    """Tests positive for opiates, cocaine or both."""
    return tests.filter(tests.result.isin(POSITIVE_RESULTS))


def assessments(records: Records) -> ir.Table:
    """Contacts that are required assessments; all contacts where the source does not tell."""
    contacts = records.tables["contacts"]
    contacts = contacts.filter(contacts.contact_date.notnull())
    return contacts.filter(contacts.assessment.isin(REQUIRED)) if records.holds("contacts", "assessment") else contacts


def came(contacts: ir.Table, records: Records) -> ir.Table:
    """Contacts the person came to; where the source has no column for it, all. A blank is not taken for a yes."""
    told = records.holds("contacts", "attended")
    return contacts.filter(contacts.attended.fill_null(False)) if told else contacts


def care_plans(records: Records) -> ir.Table:
    """Contacts that led to a care plan."""
    contacts = records.tables["contacts"]
    return contacts.filter(contacts.care_plan_date.notnull())
