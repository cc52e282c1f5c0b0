"""What can put a person into the cohort, and which of it does: Ibis expressions, (tables, rule) -> table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort.calendar import inside_eras
from dipeval.cohort.intervals import completed_years, far_future, united_spells
from dipeval.cohort.used import EVENT_DATE, USED
from dipeval.errors import InputError
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule

# What an index record can tell of the person, and its type.
FACTS: Final = {"date_of_birth": "date", "sex": "string", "ethnicity": "string", "district": "string"}
TEST_EVENTS: Final = ("positive_test", "any_test")
_TABLES: Final = {
    "positive_test": "drug_tests",
    "any_test": "drug_tests",
    "caution": "offences",
    "order": "orders",
    "contact": "contacts",
}
_CODED: Final = {"orders": "order_type", "sentences": "type", "contacts": "entry_point"}


def index_table(rule: CohortRule, names: Collection[str]) -> str:
    """Return the table whose records are the index events: of a release or a sentence the better one that is there.

    Raises
    ------
    InputError
        If the table named has no person or is not there, or kinds of sentence are asked for without a table of them.
    """
    if rule.index_event == "column":
        return _named_table(str(rule.index_table), names)
    if rule.index_event == "release":
        return "sentences" if "custody_spells" not in names and "sentences" in names else "custody_spells"
    if rule.index_event == "sentence":
        if "sentences" in names:
            return "sentences"
        if rule.index_types:
            raise InputError(
                "index_types of sentences need the table sentences, where their kind stands; the extracts have none. "
                "Leave index_types out to take every conviction in offences."
            )
        return "offences"
    return _TABLES[rule.index_event]


def _named_table(table: str, names: Collection[str]) -> str:
    if table not in USED or table not in names:
        known = ", ".join(name for name in USED if name in names)
        raise InputError(f"index_table '{table}' is not among the tables that have a person: {known}.")
    return table


def check_column(rule: CohortRule, given: Callable[[str], frozenset[str]]) -> None:
    """Refuse a column of the user's that is not there, or is no date.

    Raises
    ------
    InputError
        Which says what could be named instead.
    """
    if rule.index_event != "column":
        return
    table = str(rule.index_table)
    dates = [name for name in USED[table] if name.endswith("_date") and name in given(table)]
    if rule.index_column not in dates:
        raise InputError(
            f"index_column '{rule.index_column}' is no date of table {table}; it has {', '.join(dates) or 'none'}."
        )


def candidates(name: str, records: ir.Table, rule: CohortRule) -> ir.Table:
    """Everything in a table that could be an index event, on any day.

    Parameters
    ----------
    name
        The table (`index_table`).
    records
        Its clean records.
    rule
        Which event.

    Returns
    -------
    ibis.expr.types.Table
        person_id, index_record_id, index_date, place (order within a day), and the facts of the record.
    """
    day = _index_column(name, rule)
    if rule.index_event == "release" and name == "custody_spells":
        # A stay without a night is no release: as a rule its end was before its start and only the start is believed.
        spells = united_spells(records)
        stays = spells.filter(spells.end_date < far_future(), spells.end_date > spells.start_date)
        return _facts(stays, day, ibis.literal(""))
    found = _counting(name, records, rule)
    return _facts(found.filter(found[day].notnull()), day, found.record_id)


def _index_column(name: str, rule: CohortRule) -> str:
    if rule.index_event == "column":
        return str(rule.index_column)
    if rule.index_event == "release":
        return "end_date" if name == "custody_spells" else "release_date"
    if name == "offences":
        return "disposal_date"
    return EVENT_DATE[name]


def _counting(name: str, records: ir.Table, rule: CohortRule) -> ir.Table:
    """The records that are index events of the rule's kind."""
    event = rule.index_event
    if event == "column":
        return records
    if event == "positive_test":
        return records.filter(records.result.isin(POSITIVE_RESULTS))
    if event == "any_test":
        return records.filter((records.result != "refused").fill_null(True))
    if name == "offences":
        return records.filter(records.disposal == ("caution" if event == "caution" else "conviction"))
    if name == "contacts":
        records = records.filter(records.attended.fill_null(True))
    if rule.index_types:
        records = records.filter(records[_CODED[name]].isin(rule.index_types))
    return records


def _facts(records: ir.Table, day: str, record_id: Any) -> ir.Table:
    own = {name: records[name] if name in records.columns else ibis.null(kind) for name, kind in FACTS.items()}
    risk = records.risk_score if "risk_score" in records.columns else ibis.null("float64")
    result = records.result if "result" in records.columns else ibis.null("string")
    return records.select(
        "person_id",
        index_record_id=record_id,
        index_date=records[day],
        place=_time_of_day(records) if "test_time" in records.columns else ibis.literal(""),
        test_result=result,
        risk_score=risk,
        **own,
    )


def _time_of_day(tests: ir.Table) -> Any:
    """Text that sorts as the clock does, a test without a time last."""
    time = tests.test_time
    two_digits = (time.find(":") == 1).ifelse(ibis.literal("0") + time, time)
    return two_digits.fill_null("99:99")


def in_window(found: ir.Table, rule: CohortRule) -> ir.Table:
    """Events on or between the first and the last day of the window, and in one of the eras."""
    if rule.index_from is not None:
        found = found.filter(found.index_date >= as_date(rule.index_from))
    if rule.index_to is not None:
        found = found.filter(found.index_date <= as_date(rule.index_to))
    if rule.eras:
        found = found.filter(inside_eras(found.index_date, rule.eras))
    return found


def chosen(found: ir.Table, rule: CohortRule) -> ir.Table:
    """The index events among those in the window: a person's first, the first of each quarter, or of each day.

    Of several on one day the earliest counts, then the lowest record_id.

    Returns
    -------
    ibis.expr.types.Table
        index_id, person_id, index_record_id, index_date, time_zero_date, date_of_birth, sex, ethnicity, district,
        test_result, risk_score.
    """
    order = [found.index_date, found.place, found.index_record_id]
    within: list[Any] = [found.person_id]
    if rule.index_choice == "per_quarter":
        within += [found.index_date.year(), found.index_date.quarter()]
    elif rule.index_choice == "every":
        within += [found.index_date]
    ranked = found.mutate(turn=ibis.row_number().over(ibis.window(group_by=within, order_by=order)))
    first = ranked.filter(ranked.turn == 0)
    name = first.person_id
    if rule.unit != "people":
        name = name + ibis.literal("-") + first.index_date.cast("string")
    return first.select(
        "person_id",
        "index_record_id",
        "index_date",
        *FACTS,
        "test_result",
        "risk_score",
        index_id=name,
        time_zero_date=first.index_date + ibis.interval(days=rule.landmark_days),
    )


def with_ages(index: ir.Table) -> ir.Table:
    """Add age_at_index, in completed years."""
    return index.mutate(age_at_index=completed_years(index.date_of_birth, index.index_date))


def happened(found: ir.Table, extract_date: dt.date) -> ir.Table:
    """Leave out events after the last day covered: planned releases and the like."""
    return found.filter(found.index_date <= as_date(extract_date))


def as_date(day: dt.date) -> Any:
    """Return a day as an Ibis date."""
    return ibis.date(day.year, day.month, day.day)


def index_spec(rule: CohortRule) -> dict[str, Any]:
    """Return the options that index events depend on, for the key of a stage."""
    names = (
        "index_event",
        "index_types",
        "index_table",
        "index_column",
        "index_choice",
        "index_from",
        "index_to",
        "eras",
        "landmark_days",
    )
    return spec_of(rule, names)


def spec_of(rule: CohortRule, names: Collection[str]) -> dict[str, Any]:
    """Return options of a rule as plain values."""
    values = {name: getattr(rule, name) for name in names}
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in values.items()}
