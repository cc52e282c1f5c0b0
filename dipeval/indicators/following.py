"""Cohort counting: each person's first test in the window, and what followed it in order."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import ibis

from dipeval.indicators import stages
from dipeval.indicators.drug_tests import first_of_each_person, taken
from dipeval.indicators.grouping import between, group_of
from dipeval.indicators.journeys import journeys
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.records import Records

AFTER_THE_TEST = ("assessment", "attended", "care_plan", "treatment", "retained_12_weeks", "completed")


def followed(
    records: Records,
    names: tuple[str, ...],
    *,
    by: str | None,
    first: dt.date | None,
    last: dt.date,
    within_days: int,
    successful: tuple[str, ...],
) -> ir.Table:
    """One row a person tested, with the day on which each stage was reached in order.

    Parameters
    ----------
    records
        What was loaded.
    names
        Stages the source can show.
    by
        What decides the group: the index test, or for ``entry_point`` the first contact that led on.
    first, last
        Days of the first tests.
    within_days
        Days after the test in which everything must have happened.
    successful
        Discharge reasons that count.

    Returns
    -------
    ibis.expr.types.Table
        person_id, group (missing where it is not known yet), and for each stage ``in_<stage>`` (1 if reached after
        those before, else 0) and ``past_<stage>`` (1 if it happened although a stage before it is not on record).
    """
    # Each step is stored: a chain of joins on one expression would be written out again and again.
    keep = records.engine.keep
    people = keep(_index(records, first=first, last=last, within_days=within_days, by=by), "pathway_index")
    after = "day_positive"
    for name, events in _contact_days(records, names).items():
        people = keep(_attach(people, _reached(people, events, after, name)), f"pathway_{name}")
        after = f"day_{name}"
    if "treatment" in names:
        mine = records.tables["treatment"].semi_join(people, "person_id")
        stays = keep(journeys(mine, successful), "pathway_journeys")
        people = _treatment_days(people, stays, after, keep)
    if by == "entry_point":
        people = keep(_entry_points(people, records, names), "pathway_entry_points")
    marks: dict[str, Any] = {
        "in_tested": ibis.literal(1),
        "in_positive": people.day_positive.notnull().ifelse(1, 0),
    }
    for name in names:
        if name in AFTER_THE_TEST:
            reached = people[f"day_{name}"].notnull()
            marks[f"in_{name}"] = reached.ifelse(1, 0)
            marks[f"past_{name}"] = ((people[f"any_{name}"] == 1).fill_null(False) & ~reached).ifelse(1, 0)
    return people.select("person_id", "group", **marks)


def _index(records: Records, *, first: dt.date | None, last: dt.date, within_days: int, by: str | None) -> ir.Table:
    tests = between(taken(records.tables["drug_tests"]), "test_date", first, last)
    index = first_of_each_person(tests)
    is_positive = index.result.isin(POSITIVE_RESULTS)
    group = group_of(index, by, index.test_date) if by != "entry_point" else ibis.null().cast("string")
    nothing = ibis.null().cast("string")
    return index.select(
        "person_id",
        group=is_positive.ifelse(group, nothing) if by == "substance" else group,
        day_tested=index.test_date,
        day_positive=is_positive.ifelse(index.test_date, ibis.null().cast("date")),
        until=(index.test_date + ibis.interval(days=within_days)).cast("date"),
    )


def _contact_days(records: Records, names: tuple[str, ...]) -> dict[str, ir.Table]:
    """The events of the stages between the test and treatment: person_id, day."""
    if "attended" not in names:
        return {}
    required = stages.assessments(records)
    attended = stages.came(required, records)
    days = {
        "assessment": required.select("person_id", day=required.contact_date),
        "attended": attended.select("person_id", day=attended.contact_date),
    }
    plans = stages.care_plans(records)
    days["care_plan"] = plans.select("person_id", day=plans.care_plan_date)
    return {name: days[name] for name in names if name in days}


def _reached(people: ir.Table, events: ir.Table, after: str, name: str) -> ir.Table:
    """The first day of an event on or after another day, and whether there was any since the test."""
    joined = people.select("person_id", "day_tested", "until", after=people[after]).join(events, "person_id")
    inside = joined.filter(joined.day >= joined.day_tested, joined.day <= joined.until)
    in_order = (inside.day >= inside.after).ifelse(inside.day, ibis.null().cast("date"))
    return inside.group_by("person_id").aggregate(
        **{f"day_{name}": in_order.min(), f"any_{name}": inside.day.notnull().ifelse(1, 0).max()}
    )


def _treatment_days(people: ir.Table, stays: ir.Table, after: str, keep: Any) -> ir.Table:
    starts = stays.select("person_id", day=stays.start_date)
    people = keep(_attach(people, _reached(people, starts, after, "treatment")), "pathway_treatment")
    joined = people.select("person_id", "day_tested", "until", "day_treatment").join(
        stays.select("person_id", "start_date", "retained_date", "completed_date"), "person_id"
    )
    inside = joined.filter(joined.start_date >= joined.day_tested, joined.start_date <= joined.until)
    nothing = ibis.null().cast("date")
    marks: dict[str, Any] = {}
    for name, column in (("retained_12_weeks", "retained_date"), ("completed", "completed_date")):
        in_time = (inside[column] <= inside.until).fill_null(False)
        # A person starts one journey on a day at the most, so that of the start is found by its day.
        own = in_time & (inside.start_date == inside.day_treatment).fill_null(False)
        marks[f"day_{name}"] = own.ifelse(inside[column], nothing).max()
        marks[f"any_{name}"] = in_time.ifelse(1, 0).max()
    found = inside.group_by("person_id").aggregate(**marks)
    return keep(_attach(people, found), "pathway_stayed")


def _entry_points(people: ir.Table, records: Records, names: tuple[str, ...]) -> ir.Table:
    """Where the first contact on the way was made: that of the assessment stage, else of the attended one."""
    name = "assessment" if "assessment" in names else "attended"
    contacts = stages.assessments(records)
    contacts = contacts if name == "assessment" else stages.came(contacts, records)
    joined = people.select("person_id", reached=people[f"day_{name}"]).join(contacts, "person_id")
    joined = joined.filter(joined.contact_date == joined.reached)
    order = ibis.window(group_by=joined.person_id, order_by=[joined.record_id])
    found = joined.mutate(place=ibis.row_number().over(order)).filter(ibis._.place == 0)
    groups = found.select("person_id", group=group_of(found, "entry_point", found.contact_date))
    return _attach(people.drop("group"), groups)


def _attach(people: ir.Table, found: ir.Table) -> ir.Table:
    return people.left_join(found, "person_id").drop("person_id_right")
