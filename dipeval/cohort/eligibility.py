"""Index test, exposure and eligibility: Ibis expressions, (tables, rule) -> table.

Facts from after the index date are used here for two things only: whether treatment started within the grace period,
and whether a person is still there to be followed at time zero.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import ibis

from dipeval.cohort.events import first_death
from dipeval.cohort.intervals import completed_years
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule

# The steps that are decided person by person, in order: a person is counted out at the first one that fails.
PERSON_STEPS = ("district", "age_known", "adult", "not_in_treatment", "alive", "at_liberty", "observable")


def positive_tests(tests: ir.Table) -> ir.Table:
    """Tests positive for opiates, cocaine or both."""
    return tests.filter(tests.result.isin(POSITIVE_RESULTS))


def in_window(tests: ir.Table, rule: CohortRule) -> ir.Table:
    """Tests on or between the first and the last day of the window."""
    if rule.index_from is not None:
        tests = tests.filter(tests.test_date >= _day(rule.index_from))
    if rule.index_to is not None:
        tests = tests.filter(tests.test_date <= _day(rule.index_to))
    return tests


def index_tests(tests: ir.Table, rule: CohortRule) -> ir.Table:
    """The first positive test a person in the window; of several on one day the earliest, then the lowest record_id.

    Returns
    -------
    ibis.expr.types.Table
        person_id, index_record_id, index_date, time_zero_date, age_at_index, date_of_birth, sex, ethnicity,
        district, test_result.
    """
    candidates = in_window(positive_tests(tests), rule)
    time = candidates.test_time
    two_digits = (time.find(":") == 1).ifelse(ibis.literal("0") + time, time)
    no_time_last = two_digits.fill_null("99:99")
    order = [candidates.test_date, no_time_last, candidates.record_id]
    ranked = candidates.mutate(place=ibis.row_number().over(ibis.window(group_by=candidates.person_id, order_by=order)))
    first = ranked.filter(ranked.place == 0)
    return first.select(
        "person_id",
        "district",
        "sex",
        "ethnicity",
        "date_of_birth",
        test_result=first.result,
        index_record_id=first.record_id,
        index_date=first.test_date,
        time_zero_date=first.test_date + ibis.interval(days=rule.landmark_days),
        age_at_index=completed_years(first.date_of_birth, first.test_date),
    )


def treatment_flags(index: ir.Table, treatment: ir.Table, rule: CohortRule) -> ir.Table:
    """Per person with any treatment record: prevalent, treated, started_later, prior_treatment (0/1).

    Open ends must have been filled (`intervals.tidy_ends`).
    """
    t = index.select("person_id", "index_date", "time_zero_date").join(treatment, "person_id")
    last_grace = t.index_date + ibis.interval(days=rule.grace_days)
    earlier = t.start_date < t.index_date
    prevalent = earlier & (t.end_date >= t.index_date - ibis.interval(days=rule.washout_days))
    started = (t.start_date >= t.index_date) & (t.start_date <= last_grace)
    later = (t.start_date > last_grace) & (t.start_date <= t.time_zero_date + ibis.interval(days=rule.required_days))
    prior = earlier & ~prevalent & (t.end_date >= t.index_date - ibis.interval(days=rule.lookback_days))
    return t.group_by("person_id").aggregate(
        prevalent=prevalent.ifelse(1, 0).max(),
        treated=started.ifelse(1, 0).max(),
        started_later=later.ifelse(1, 0).max(),
        prior_treatment_5y=prior.ifelse(1, 0).max(),
    )


def in_custody_at_time_zero(index: ir.Table, spells: ir.Table) -> ir.Table:
    """Persons whose united custody spells cover the night of time zero: person_id, in_custody (1)."""
    c = index.select("person_id", "time_zero_date").join(spells, "person_id")
    held = c.filter(c.start_date <= c.time_zero_date, c.end_date > c.time_zero_date)
    return held.select("person_id").distinct().mutate(in_custody=ibis.literal(1))


def assess(
    index: ir.Table, flags: ir.Table, spells: ir.Table, deaths: ir.Table, rule: CohortRule, extract_date: dt.date
) -> ir.Table:
    """One row a person with an index test: exposure flags, and the first step that counts the person out.

    Returns
    -------
    ibis.expr.types.Table
        The index columns, treated, started_later, prior_treatment_5y, lost_at (a name in `PERSON_STEPS`, or "").
    """
    p = index.left_join(flags, "person_id").drop("person_id_right")
    p = p.left_join(first_death(deaths), "person_id").drop("person_id_right")
    p = p.left_join(in_custody_at_time_zero(index, spells), "person_id").drop("person_id_right")
    p = p.mutate(
        **{name: p[name].fill_null(0) for name in ("prevalent", "treated", "started_later", "prior_treatment_5y")},
        in_custody=p.in_custody.fill_null(0),
    )
    last_needed = p.time_zero_date + ibis.interval(days=rule.required_days)
    elsewhere = ~p.district.isin(rule.districts).fill_null(False) if rule.districts else ibis.literal(False)
    fails: dict[str, Any] = {
        "district": elsewhere,
        "age_known": p.age_at_index.isnull(),
        "adult": (p.age_at_index < rule.minimum_age).fill_null(False),
        "not_in_treatment": p.prevalent == 1,
        "alive": (p.death_date <= p.time_zero_date).fill_null(False),
        "at_liberty": p.in_custody == 1,
        "observable": last_needed > _day(extract_date),
    }
    lost_at = ibis.cases(*[(fails[step], step) for step in PERSON_STEPS], else_="")
    return p.mutate(lost_at=lost_at).drop("prevalent", "in_custody", "death_date")


def _day(day: dt.date) -> Any:
    return ibis.date(day.year, day.month, day.day)
