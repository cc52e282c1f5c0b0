"""Period counting: what happened between two days, whoever it happened to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from dipeval.indicators import stages
from dipeval.indicators.drug_tests import taken
from dipeval.indicators.grouping import TIMES, group_of
from dipeval.indicators.journeys import journeys

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.records import Records


def happened(
    records: Records, names: tuple[str, ...], periods: ir.Table, *, by: str | None, successful: tuple[str, ...]
) -> ir.Table:
    """Count the people to whom each stage happened in each period.

    Parameters
    ----------
    records
        What was loaded.
    names
        Stages the source can show.
    periods
        period, period_from, period_to.
    by
        What a record's group is: that of the record itself, or the period.
    successful
        Discharge reasons that count.

    Returns
    -------
    ibis.expr.types.Table
        stage, group, n: different people of a group. A person can be in several groups of a breakdown.
    """
    parts = [_spans(stage, name, by) for name, stage in _of_stages(records, names, successful).items()]
    spans = parts[0]
    for part in parts[1:]:
        spans = spans.union(part)
    during = spans.join(periods, [spans.day_from <= periods.period_to, spans.day_to >= periods.period_from])
    group = during.period if by in TIMES else during.group
    during = during.select("stage", "person_id", group=group)
    return during.group_by(["stage", "group"]).aggregate(n=during.person_id.nunique())


def _of_stages(
    records: Records, names: tuple[str, ...], successful: tuple[str, ...]
) -> dict[str, tuple[ir.Table, str, str]]:
    """Stage -> its records, and the columns of their first and last day."""
    found: dict[str, tuple[ir.Table, str, str]] = {}
    if "tested" in names:
        tests = taken(records.tables["drug_tests"])
        found["tested"] = (tests, "test_date", "test_date")
        found["positive"] = (stages.positive(tests), "test_date", "test_date")
    if "attended" in names:
        required = stages.assessments(records)
        found["assessment"] = (required, "contact_date", "contact_date")
        found["attended"] = (stages.came(required, records), "contact_date", "contact_date")
    if "care_plan" in names:
        found["care_plan"] = (stages.care_plans(records), "care_plan_date", "care_plan_date")
    if "treatment" in names:
        stays = records.engine.keep(journeys(records.tables["treatment"], successful), "journeys")
        found["treatment"] = (stays, "start_date", "end_date")
        found["retained_12_weeks"] = (_retained(stays), "retained_date", "retained_to")
        found["completed"] = (stays.filter(stays.completed_date.notnull()), "completed_date", "completed_date")
    return {name: found[name] for name in names}


def _retained(stays: ir.Table) -> ir.Table:
    """From the day of the twelfth week to the end of the journey; who completed before it, on that day."""
    kept = stays.filter(stays.retained_date.notnull())
    return kept.mutate(retained_to=(kept.end_date >= kept.retained_date).ifelse(kept.end_date, kept.retained_date))


def _spans(stage: tuple[ir.Table, str, str], name: str, by: str | None) -> ir.Table:
    table, first, last = stage
    table = table.filter(table[first].notnull())
    group: Any = ibis.literal("") if by in TIMES else group_of(table, by, table[first])
    return table.select("person_id", stage=ibis.literal(name), group=group, day_from=table[first], day_to=table[last])
