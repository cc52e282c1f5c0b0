"""Custody and treatment before the cut-off: a join with the spells of a person, of which there are few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort.covariates import DAYS_12M
from dipeval.cohort.intervals import tidy_ends, united_spells

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule

CUSTODY: Final = (
    "prior_custody_5y",
    "prior_custody_12m",
    "prior_custody_days_12m",
    "prior_custody_days_5y",
)
TREATMENT: Final = ("prior_treatment_5y", "prior_treatment_12m", "prior_treatment_episodes_5y")


def custody_before(cuts: ir.Table, events: Mapping[str, ir.Table], rule: CohortRule) -> ir.Table | None:
    """Spells that reached into each window and the nights in it; None if there is no table of custody.

    ``custody_spells`` hold united spells (`intervals.united_spells`), so that no night is counted twice.
    """
    if "custody_spells" not in events:
        return None
    c = cuts.join(events["custody_spells"].select("person_id", "start_date", "end_date"), "person_id")
    c = c.filter(c.start_date < c.cut_off_date, c.end_date > _day_before(c, rule.lookback_days))
    last_year = c.end_date > _day_before(c, DAYS_12M)
    return c.group_by("index_id").aggregate(
        prior_custody_5y=c.count(),
        prior_custody_12m=c.count(where=last_year),
        prior_custody_days_12m=_whole(_nights(c, DAYS_12M).sum(where=last_year)),
        prior_custody_days_5y=_whole(_nights(c, rule.lookback_days).sum()),
    )


def treatment_before(cuts: ir.Table, events: Mapping[str, ir.Table], rule: CohortRule) -> ir.Table | None:
    """Treated in each window, and the number of periods of treatment; None if there is no table of treatment.

    Records that overlap, such as two modalities at a time, are one period.
    """
    if "treatment" not in events:
        return None
    records = events["treatment"].select("person_id", "start_date", "end_date")
    t = cuts.join(united_spells(tidy_ends(records.filter(records.start_date.notnull()))), "person_id")
    t = t.filter(t.start_date < t.cut_off_date, t.end_date >= _day_before(t, rule.lookback_days))
    last_year = t.end_date >= _day_before(t, DAYS_12M)
    return t.group_by("index_id").aggregate(
        prior_treatment_5y=_any(t.count()),
        prior_treatment_12m=_any(t.count(where=last_year)),
        prior_treatment_episodes_5y=t.count(),
    )


def _day_before(where: ir.Table, days: int) -> Any:
    return where.cut_off_date - ibis.interval(days=days)


def _nights(c: ir.Table, days: int) -> Any:
    """Nights of the spell among those before the cut-off and within so many days of it."""
    first, end = ibis.greatest(c.start_date, _day_before(c, days)), ibis.least(c.end_date, c.cut_off_date)
    return end.delta(first, unit="day")


def _whole(total: Any) -> Any:
    """DuckDB adds whole numbers up in 128 bits, Spark in 64: by way of 32 bits both give 64."""
    return total.cast("int32").cast("int64").fill_null(0)


def _any(count: Any) -> Any:
    return (count > 0).ifelse(1, 0).cast("int64")
