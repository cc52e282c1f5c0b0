"""People who tested positive in a period: assessed, attended, seen, planned for, entered treatment, positive again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis

from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.family import EVERYTHING, Counted, CountingRule, Family, Wanted
from dipeval.indicators.measuring.first_positives import OF_CONTACTS as TOLD_BY_CONTACTS
from dipeval.indicators.measuring.first_positives import (
    days_later,
    first_positives,
    positive_tests,
    window,
    with_contacts,
)
from dipeval.indicators.measuring.frames import DIMENSIONS
from dipeval.indicators.measuring.periods import period_of
from dipeval.indicators.measuring.stays import all_stays
from dipeval.outcomes.spans import day_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.periods import Period
    from dipeval.indicators.records import Records

OF_CONTACTS = ("assessed", "attended", "seen", "care_plan")
COUNTS = (*OF_CONTACTS, "treatment_entry", "frequent_flyers")


def family(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count what followed each person's first positive test in a period.

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
        One row a person and period; None without drug tests, or where it is not known whose they are.

    Notes
    -----
    assessed: a required assessment from the day of the test to ``seen_within_days`` after it; attended: one of those
    was attended; seen: any contact the person came to in these days; care_plan: of those assessed, a plan agreed on or
    after the first of those assessments and within ``treatment_within_days`` of the test. treatment_entry: of those
    not in treatment at the test or in the ``washout_days`` before it, a stay (`dipeval.indicators.journeys`) that
    began within ``treatment_within_days``. frequent_flyers: some test in the period is at least the
    ``repeat_tests``-th positive one within ``repeat_days``.
    """
    if not (records.linked and periods and records.holds("drug_tests", "result")):
        return None
    units, counted = first_positives(records, rule, periods, wanted), []
    if "contacts" in records.given and (wanted.counts(*OF_CONTACTS) or wanted.tells(*TOLD_BY_CONTACTS)):
        units = with_contacts(records, rule, units, wanted)
        counted += _of_contacts(records)
    if "treatment" in records.given and wanted.counts("treatment_entry"):
        units = _with_treatment(records, rule, units)
        counted.append(Counted(indicator="treatment_entry", numerator="entered", denominator="could_enter"))
    if wanted.counts("frequent_flyers"):
        repeated = _repeated(records, rule, periods)
        units = units.left_join(repeated, ["person_id", "period"]).drop("person_id_right", "period_right")
        units = records.engine.keep(units.mutate(repeated=units.repeated.fill_null(0)), "positives")
        counted.append(Counted(indicator="frequent_flyers", numerator="repeated", denominator="one"))
    table = units.mutate(one=ibis.literal(1))
    return Family(
        name="positives",
        table=table,
        counted=tuple(counted),
        dimensions=tuple(name for name in DIMENSIONS if name in table.columns),
        overlapping={breakdowns.SUBSTANCE: breakdowns.class_a(table)},
    )


def _of_contacts(records: Records) -> list[Counted]:
    """What the contacts of this source can tell."""
    found = [Counted(indicator="seen", numerator="seen", denominator="one")]
    if records.holds("contacts", "assessment"):
        found.append(Counted(indicator="assessed", numerator="assessed", denominator="one"))
        if records.holds("contacts", "attended"):
            found.append(Counted(indicator="attended", numerator="attended", denominator="one"))
        if records.holds("contacts", "care_plan_date"):
            found.append(Counted(indicator="care_plan", numerator="care_plan", denominator="assessed"))
    return found


def _with_treatment(records: Records, rule: CountingRule, units: ir.Table) -> ir.Table:
    """Add could_enter and entered, as 1 or 0."""
    stays = all_stays(records, rule).select("person_id", "start_date", "end_date")
    j = stays.join(units.select("unit", "person_id", "day"), "person_id")
    before = (j.start_date < j.day) & (j.end_date >= days_later(j.day, -rule.washout_days))
    started = (j.start_date >= j.day) & (j.start_date <= days_later(j.day, rule.treatment_within_days))
    found = j.group_by("unit").aggregate(before=before.ifelse(1, 0).max(), started=started.ifelse(1, 0).max())
    u = units.left_join(found, "unit").drop("unit_right")
    could: Any = 1 - u.before.fill_null(0)
    u = u.mutate(could_enter=could)
    u = u.mutate(entered=u.could_enter * u.started.fill_null(0))
    return records.engine.keep(u.drop("before", "started"), "units_treated")


def _repeated(records: Records, rule: CountingRule, periods: Sequence[Period]) -> ir.Table:
    """person_id, period, repeated: 1 where a test in the period is one of many within the days set."""
    tests = positive_tests(records)
    tests = tests.select("person_id", "test_date", at=day_number(tests.test_date))
    # By value, so that tests of one day count alike whatever their order.
    back = ibis.window(group_by=tests.person_id, order_by=tests["at"], range=(-rule.repeat_days, 0))
    counted = tests.mutate(n=tests["at"].count().over(back))
    first, last = window(rule, periods)
    inside = counted.filter(counted.test_date >= ibis.date(first), counted.test_date <= ibis.date(last))
    many = (inside.n >= rule.repeat_tests).ifelse(1, 0)
    inside = inside.select("person_id", period=period_of(inside.test_date, rule.every), many=many)
    return inside.group_by(["person_id", "period"]).aggregate(repeated=inside.many.max())
