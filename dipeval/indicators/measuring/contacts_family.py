"""Contacts with the agency: how many, where and when they were made, and who is new to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

from dipeval.indicators import stages
from dipeval.indicators.grouping import between
from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.family import EVERYTHING, Counted, CountingRule, Family, Wanted
from dipeval.indicators.measuring.first_positives import window, with_known_before
from dipeval.indicators.measuring.frames import DIMENSIONS
from dipeval.indicators.measuring.periods import period_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.periods import Period
    from dipeval.indicators.records import Records

COUNTS = ("contacts",)
COUNTS_NEWCOMERS = ("new_to_service",)
CUSTODY = "custody"


def family(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count the contacts made in a period.

    Parameters
    ----------
    records
        What was loaded.
    rule
        How indicators are counted.
    periods
        Those that are told, in time order.
    wanted
        What was asked for.

    Returns
    -------
    Family or None
        One row a contact the person came to (where the source does not tell who came: every contact); None without
        contacts.
    """
    if not (periods and "contacts" in records.given):
        return None
    made = between(stages.came(records.tables["contacts"], records), "contact_date", *window(rule, periods))
    units = _units(records, rule, made, wanted)
    if wanted.tells("new_or_returning"):
        units = _with_returning(records, rule, units)
    return _family("contacts", records.engine.keep(units, "contacts"), "contacts", "one", records)


def newcomers(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count the people with a contact in custody in a period, and those of them who are new to the service.

    Parameters
    ----------
    records, rule, periods, wanted
        As for `family`.

    Returns
    -------
    Family or None
        One row a person and period: the first contact in custody, kept or not; None where contacts do not tell where
        they were made, or it is not known whose they are.

    Notes
    -----
    New: no contact on an earlier day and no treatment begun before it, neither within ``lookback_days``.
    """
    if not (records.linked and periods and records.holds("contacts", "entry_point")):
        return None
    rows = records.tables["contacts"]
    rows = rows.filter(rows.person_id.notnull(), rows.entry_point == CUSTODY)
    units = _units(records, rule, between(rows, "contact_date", *window(rule, periods)), wanted)
    time = breakdowns.two_digits(units.clock).fill_null("99:99")
    order = ibis.window(group_by=[units.person_id, units.period], order_by=[units.day, time, units.unit])
    firsts = units.mutate(place=ibis.row_number().over(order)).filter(ibis._.place == 0).drop("place")
    units = _with_returning(records, rule, firsts)
    kept = records.engine.keep(units.mutate(new=1 - units.returning), "newcomers")
    return _family("newcomers", kept, "new_to_service", "new", records)


def _units(records: Records, rule: CountingRule, rows: ir.Table, wanted: Wanted) -> ir.Table:
    return rows.select(
        "person_id",
        "district",
        unit=rows.record_id,
        day=rows.contact_date,
        clock=rows.contact_time,
        period=period_of(rows.contact_date, rule.every),
        one=ibis.literal(1),
        **breakdowns.dimensions_of(records, "contacts", rows, rows.contact_date, wanted),
        **{column: rows[column] for column in breakdowns.DRUG_COLUMNS},
    )


def _with_returning(records: Records, rule: CountingRule, units: ir.Table) -> ir.Table:
    if not records.linked:
        return units
    kept = with_known_before(records, rule, records.engine.keep(units, "contacts_made"))
    words = breakdowns.yes_or_no(kept.returning, breakdowns.RETURNING, breakdowns.NEW)
    return kept.mutate(new_or_returning=words)


def _family(name: str, units: ir.Table, indicator: str, numerator: str, records: Records) -> Family:
    names_drugs = any(records.holds("contacts", column) for column in breakdowns.DRUG_COLUMNS)
    return Family(
        name=name,
        table=units,
        counted=(Counted(indicator=indicator, numerator=numerator, denominator="one"),),
        dimensions=tuple(one for one in DIMENSIONS if one in units.columns),
        overlapping={breakdowns.SUBSTANCE: breakdowns.by_drugs(units)} if names_drugs else {},
    )
