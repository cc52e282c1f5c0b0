"""The units of everything that follows a positive test: a person's first one in each period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.indicators import stages
from dipeval.indicators.grouping import between
from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.family import EVERYTHING, Wanted
from dipeval.indicators.measuring.periods import period_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.family import CountingRule
    from dipeval.indicators.measuring.periods import Period
    from dipeval.indicators.records import Records

UNIT: Final = ("unit", "person_id", "district", "period", "day")
# What makes reoffending more or less to be expected, beside earlier offences.
STRATA: Final = ("age_group", "sex")
# What the contacts tell of a unit.
OF_CONTACTS: Final = ("seen_or_not", "new_or_returning")


def window(rule: CountingRule, periods: Sequence[Period]) -> tuple[dt.date, dt.date]:
    """First and last day on which a unit is counted."""
    first, last = periods[0].first, periods[-1].last
    return max(first, rule.date_from or first), min(last, rule.date_to or last)


def days_later(day: Any, days: int) -> Any:
    """The day so many days after another (before it, if negative)."""
    return day + ibis.interval(days=days) if days >= 0 else day - ibis.interval(days=-days)


def positive_tests(records: Records) -> ir.Table:
    """Positive tests of people who are known."""
    tests = stages.positive(records.tables["drug_tests"])
    return tests.filter(tests.person_id.notnull(), tests.test_date.notnull())


def first_positives(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> ir.Table:
    """Return each person's first positive test in each period, as the quarterly reoffending cohorts take people in.

    Of several on a day the one with the earliest time counts, then the one with the lowest record_id. The district is
    that of this test, so that a person tested in two districts in a period is counted once, in the first, and the
    districts add up to the whole.

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
    ibis.expr.types.Table
        Stored on the engine: unit (record_id of the test), person_id, district, period, day, and the dimensions the
        tests tell (`dipeval.indicators.measuring.breakdowns.dimensions_of`).
    """
    if wanted.by is not None and wanted.counts("observed_expected"):
        wanted = replace(wanted, by=wanted.by.union(STRATA))
    key = ("first_positives", repr(rule), tuple(periods), wanted.by)
    return records.once(key, lambda: _first_positives(records, rule, periods, wanted))


def _first_positives(records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted) -> ir.Table:
    tests = between(positive_tests(records), "test_date", *window(rule, periods))
    tests = tests.mutate(period=period_of(tests.test_date, rule.every))
    time = breakdowns.two_digits(tests.test_time).fill_null("99:99")
    order = ibis.window(group_by=[tests.person_id, tests.period], order_by=[tests.test_date, time, tests.record_id])
    firsts = tests.mutate(place=ibis.row_number().over(order)).filter(ibis._.place == 0)
    told = breakdowns.dimensions_of(records, "drug_tests", firsts, firsts.test_date, wanted)
    chosen = firsts.select("person_id", "district", "period", unit=firsts.record_id, day=firsts.test_date, **told)
    return records.engine.keep(chosen, "first_positives")


def with_contacts(records: Records, rule: CountingRule, units: ir.Table, wanted: Wanted = EVERYTHING) -> ir.Table:
    """Add what the contacts say of each unit.

    Parameters
    ----------
    records
        What was loaded; with contacts.
    rule
        How indicators are counted.
    units
        What `first_positives` returned.
    wanted
        What was asked for.

    Returns
    -------
    ibis.expr.types.Table
        Stored on the engine: the units and, as 1 or 0, assessed, attended, seen, care_plan; and the dimensions
        seen_or_not and, where it is wanted, new_or_returning.
    """
    key = ("units_seen", repr(rule), units.get_name(), wanted.tells("new_or_returning"))
    return records.once(key, lambda: _with_contacts(records, rule, units, wanted))


def _with_contacts(records: Records, rule: CountingRule, units: ir.Table, wanted: Wanted) -> ir.Table:
    told = records.engine.keep(_from_contacts(records, rule, units), "units_contacts")
    u = units.left_join(told, "unit").drop("unit_right")
    if wanted.tells("new_or_returning"):
        u = u.left_join(_known_before(records, rule, units), "unit").drop("unit_right")
        words = breakdowns.yes_or_no(u.known_before, breakdowns.RETURNING, breakdowns.NEW)
        u = u.mutate(new_or_returning=words).drop("known_before")
    flags = {name: u[name].fill_null(0).cast("int64") for name in ("assessed", "attended", "seen", "care_plan")}
    u = u.mutate(
        **flags,
        seen_or_not=breakdowns.yes_or_no(u.seen, breakdowns.SEEN, breakdowns.NOT_SEEN),
    )
    return records.engine.keep(u, "units_seen")


def _from_contacts(records: Records, rule: CountingRule, units: ir.Table) -> ir.Table:
    """unit, assessed, attended, seen, care_plan."""
    c = records.tables["contacts"].select("person_id", "contact_date", "assessment", "attended", "care_plan_date")
    if rule.date_from is not None:
        # Nothing before the first unit can follow one.
        c = c.filter((c.contact_date >= ibis.date(rule.date_from)) | (c.care_plan_date >= ibis.date(rule.date_from)))
    # The many rows on the left: engines build their hash table from the right.
    j = c.join(units.select("unit", "person_id", "day"), "person_id")
    last, last_plan = days_later(j.day, rule.seen_within_days), days_later(j.day, rule.treatment_within_days)
    inside = (j.contact_date >= j.day) & (j.contact_date <= last)
    planned = ((j.care_plan_date >= j.day) & (j.care_plan_date <= last_plan)).fill_null(False)
    came = j.attended.fill_null(False) if records.holds("contacts", "attended") else ibis.literal(True)
    required = ibis.literal(True)
    if records.holds("contacts", "assessment"):
        required = j.assessment.isin(stages.REQUIRED).fill_null(False)
    j = j.mutate(inside=inside.fill_null(False), planned=planned, came=came, required=required)
    j = j.filter(j.inside | j.planned)
    nothing = ibis.null("date")
    found = j.group_by("unit").aggregate(
        assessed_on=(j.inside & j.required).ifelse(j.contact_date, nothing).min(),
        attended=(j.inside & j.required & j.came).ifelse(1, 0).max(),
        seen=(j.inside & j.came).ifelse(1, 0).max(),
        plan_on=j.planned.ifelse(j.care_plan_date, nothing).max(),
    )
    # A plan agreed before the person was assessed is of an earlier spell with the agency.
    agreed = (found.plan_on >= found.assessed_on).fill_null(False)
    return found.select(
        "unit", "attended", "seen", assessed=found.assessed_on.notnull().ifelse(1, 0), care_plan=agreed.ifelse(1, 0)
    )


def _known_before(records: Records, rule: CountingRule, units: ir.Table) -> ir.Table:
    """unit, known_before (1): a contact before its day, or treatment that began before it, within the look-back."""
    asked = units.select("unit", "person_id", "day")
    contacts = records.tables["contacts"]
    spans = contacts.select("person_id", first=contacts.contact_date, last=contacts.contact_date)
    if "treatment" in records.given:
        episodes = records.tables["treatment"]
        # An end before the start cannot be right: only the start is believed.
        end = (episodes.end_date < episodes.start_date).ifelse(episodes.start_date, episodes.end_date)
        until = end.fill_null(ibis.date(9999, 12, 31))
        spans = spans.union(episodes.select("person_id", first=episodes.start_date, last=until))
    j = spans.distinct().join(asked, "person_id")
    j = j.filter(j["first"] < j.day, j["last"] >= days_later(j.day, -rule.lookback_days))
    return j.select("unit").distinct().mutate(known_before=ibis.literal(1))


def with_known_before(records: Records, rule: CountingRule, units: ir.Table) -> ir.Table:
    """Add ``returning``: 1 where the service or treatment knew the person in the look-back before the unit's day.

    Parameters
    ----------
    records
        What was loaded; with contacts.
    rule
        How indicators are counted.
    units
        unit, person_id, day.
    """
    u = units.left_join(_known_before(records, rule, units), "unit").drop("unit_right")
    return u.mutate(returning=u.known_before.fill_null(0)).drop("known_before")
