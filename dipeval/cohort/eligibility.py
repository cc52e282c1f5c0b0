"""Eligibility: Ibis expressions, (tables, rule) -> table.

Facts from after the index date are used here for one thing only: whether a person is still there to be followed at
time zero, and for long enough.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort.events import first_death, proven
from dipeval.cohort.exposure import EXPOSURE_OPTIONS, exposed
from dipeval.cohort.index_events import as_date

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule

# The steps that are decided one by one, in order: a person is counted out at the first one that fails.
INDEX_STEPS: Final = ("district", "age_known", "adult")
PERSON_STEPS: Final = (*INDEX_STEPS, "not_in_treatment", "alive", "at_liberty", "offence_free", "observable")
INDEX_OPTIONS: Final = ("districts", "minimum_age", "maximum_age")
ASSESSED_OPTIONS: Final = (*EXPOSURE_OPTIONS, "late_index", "offence_free_landmark")


def fit_to_be_index(index: ir.Table, rule: CohortRule) -> ir.Table:
    """Add lost_at: the first step that the index record itself fails, "" if none."""
    elsewhere = ~index.district.isin(rule.districts).fill_null(False) if rule.districts else ibis.literal(False)
    out_of_range = index.age_at_index < rule.minimum_age
    if rule.maximum_age is not None:
        out_of_range = out_of_range | (index.age_at_index > rule.maximum_age)
    fails = (elsewhere, index.age_at_index.isnull(), out_of_range.fill_null(False))
    return index.mutate(lost_at=ibis.cases(*zip(fails, INDEX_STEPS, strict=True), else_=""))


def in_custody_at_time_zero(index: ir.Table, spells: ir.Table) -> ir.Table:
    """Index events whose person's united custody spells cover the night of time zero: index_id, in_custody (1)."""
    c = index.select("index_id", "person_id", "time_zero_date").join(spells, "person_id")
    held = c.filter(c.start_date <= c.time_zero_date, c.end_date > c.time_zero_date)
    return held.select("index_id").distinct().mutate(in_custody=ibis.literal(1))


def offended_before_time_zero(index: ir.Table, offences: ir.Table) -> ir.Table:
    """Index events with a proven offence after the index day and up to time zero: index_id, offended (1)."""
    o = index.select("index_id", "person_id", "index_date", "time_zero_date").join(proven(offences), "person_id")
    inside = o.filter(o.offence_date > o.index_date, o.offence_date <= o.time_zero_date)
    return inside.select("index_id").distinct().mutate(offended=ibis.literal(1))


def assess(index: ir.Table, events: Mapping[str, ir.Table], rule: CohortRule, extract_date: dt.date) -> ir.Table:
    """One row an index event that is fit to be one: its exposure, and the first step that counts it out.

    Parameters
    ----------
    index
        From `fit_to_be_index`, those with lost_at "".
    events
        flags (from `exposure.exposure_flags`), custody_spells (united), deaths; offences where the rule asks for
        people without one until time zero.
    rule
        Who is in.
    extract_date
        Last day covered.

    Returns
    -------
    ibis.expr.types.Table
        The index columns, treated, started_later, exposure_date, exposure_type, cut_off_date, lost_at (a name in
        `PERSON_STEPS`, or "").
    """
    p = exposed(index, events["flags"])
    p = p.left_join(first_death(events["deaths"]), "person_id").drop("person_id_right")
    p = p.left_join(in_custody_at_time_zero(index, events["custody_spells"]), "index_id").drop("index_id_right")
    fails: dict[str, Any] = {
        "not_in_treatment": p.prevalent == 1,
        "alive": (p.death_date <= p.time_zero_date).fill_null(False),
        "at_liberty": p.in_custody.notnull(),
        "observable": _too_late(p, rule, extract_date),
    }
    if rule.offence_free_landmark:
        p = p.left_join(offended_before_time_zero(index, events["offences"]), "index_id").drop("index_id_right")
        fails["offence_free"] = p.offended.notnull()
    lost_at = ibis.cases(*[(fails[step], step) for step in PERSON_STEPS if step in fails], else_="")
    return p.mutate(lost_at=lost_at).drop("prevalent", "in_custody", "death_date", *_if_there(p, "offended"))


def _if_there(table: ir.Table, name: str) -> list[str]:
    return [name] if name in table.columns else []


def _too_late(p: ir.Table, rule: CohortRule, extract_date: dt.date) -> Any:
    if rule.late_index == "keep":
        # Followed until the extract ends; on the last day itself there is nothing left to follow.
        return p.time_zero_date >= as_date(extract_date)
    return p.time_zero_date + ibis.interval(days=rule.required_days) > as_date(extract_date)
