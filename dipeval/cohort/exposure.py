"""Exposure: who started what is evaluated, and when. Ibis expressions, (tables, rule) -> table.

Facts from after the index date are used here to say whether the exposure started within the grace period, and for
nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.cohort.demographics import first_part, keyed, last_part
from dipeval.cohort.intervals import far_future
from dipeval.cohort.rule_words import short_exposure, started
from dipeval.vocabulary import COMPLETED_REASONS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule

EXPOSURE_TABLES: Final = {"treatment": "treatment", "order": "orders", "contact": "contacts"}
EXPOSURE_OPTIONS: Final = (
    "grace_days",
    "washout_days",
    "required_days",
    "exposure",
    "exposure_types",
    "exposure_timing",
    "before_days",
    "completed_only",
    "immortal_time",
)
# Disposals that are over when they are given: one without an end is not one that still runs.
OF_ONE_DAY: Final = ("penalty_notice", "community_resolution", "brief_intervention")
FLAGS: Final = ("prevalent", "treated", "started_later")


def exposures(records: ir.Table, rule: CohortRule) -> ir.Table:
    """Everything that is an exposure of the rule's kind.

    Parameters
    ----------
    records
        Clean records of treatment, orders or contacts (`EXPOSURE_TABLES`).
    rule
        Which of them.

    Returns
    -------
    ibis.expr.types.Table
        person_id, record_id, start_date, end_date, kind (text, "" if not known), of_kind (0/1: makes a person treated).
        A contact that is marked as missed is none; its end is its day, as is that of an order of one day
        (`OF_ONE_DAY`) without an end.
    """
    if rule.exposure == "order":
        endless = records.order_type.isin(OF_ONE_DAY).fill_null(False) & (records.end_date >= far_future())
        records = records.mutate(end_date=endless.ifelse(records.start_date, records.end_date))
    if rule.exposure == "contact":
        records = records.filter(records.attended.fill_null(True))
        found = records.select(
            "person_id",
            "record_id",
            start_date=records.contact_date,
            end_date=records.contact_date,
            kind=records.assessment,
        )
    else:
        kind = records.modality if rule.exposure == "treatment" else records.order_type
        also = {"ended": records.discharge_reason} if rule.completed_only else {}
        found = records.select("person_id", "record_id", "start_date", "end_date", kind=kind, **also)
    return _of_kind(found, rule)


def _of_kind(found: ir.Table, rule: CohortRule) -> ir.Table:
    of_kind = found.kind.isin(rule.exposure_types) if rule.exposure_types else ibis.literal(True)
    if rule.exposure != "treatment" and rule.exposure_types:
        # Another order is no reason to leave somebody out; other treatment is.
        found = found.filter(of_kind.fill_null(False))
        of_kind = ibis.literal(True)
    if rule.completed_only:
        of_kind = of_kind & found.ended.isin(COMPLETED_REASONS)
    found = found.mutate(of_kind=of_kind.fill_null(False).ifelse(1, 0), kind=found.kind.fill_null(""))
    return found.select("person_id", "record_id", "start_date", "end_date", "kind", "of_kind")


def exposure_flags(index: ir.Table, found: ir.Table, rule: CohortRule) -> ir.Table:
    """Say of each index event with any exposure on record whether it is treated.

    Parameters
    ----------
    index
        index_id, person_id, index_date, time_zero_date.
    found
        From `exposures`; open ends filled.
    rule
        Windows, wash-out and what counts.

    Returns
    -------
    ibis.expr.types.Table
        index_id, prevalent (in it when the window opens, or in the wash-out before), treated, started_later (0/1),
        exposure_date, exposure_type (of the first start that makes a person treated; missing for others).
    """
    x = index.select("index_id", "person_id", "index_date", "time_zero_date").join(found, "person_id")
    opens, closes = _window(x, rule)
    prevalent = (x.start_date < opens) & (x.end_date >= opens - ibis.interval(days=rule.washout_days))
    inside = (x.start_date >= opens) & (x.start_date <= closes) & (x.of_kind == 1)
    later = (x.start_date > closes) & (x.of_kind == 1)
    later = later & (x.start_date <= x.time_zero_date + ibis.interval(days=rule.required_days))
    told = keyed(x.start_date.cast("string"), x.record_id, x.kind)
    flags = x.group_by("index_id").aggregate(
        prevalent=prevalent.ifelse(1, 0).max(),
        treated=inside.ifelse(1, 0).max(),
        started_later=later.ifelse(1, 0).max(),
        first=inside.ifelse(told, ibis.null("string")).min(),
    )
    return flags.mutate(exposure_date=first_part(flags["first"]), exposure_type=last_part(flags["first"])).drop("first")


def _window(x: ir.Table, rule: CohortRule) -> tuple[Any, Any]:
    """First and last day on which a start makes a person treated."""
    if rule.exposure_timing == "before_index":
        return x.index_date - ibis.interval(days=rule.before_days), x.index_date - ibis.interval(days=1)
    last = rule.required_days if rule.immortal_time == "ever_treated" else rule.grace_days
    return x.index_date, x.index_date + ibis.interval(days=last)


def exposed(index: ir.Table, flags: ir.Table) -> ir.Table:
    """Add the flags to every index event, and cut_off_date: the earlier of the index and the start of the exposure."""
    p = index.left_join(flags, "index_id").drop("index_id_right")
    p = p.mutate(**{name: p[name].fill_null(0) for name in FLAGS})
    early = (p.exposure_date < p.index_date).fill_null(False)
    return p.mutate(
        exposure_type=p.exposure_type.fill_null(""), cut_off_date=early.ifelse(p.exposure_date, p.index_date)
    )


def exposure_figures(eligible: ir.Table) -> dict[str, Any]:
    """Return the aggregates of who is in that `exposure_frame` tells: n, treated, later, days to the start."""
    compared = (eligible.treated == 0) & (eligible.started_later == 1)
    waited = eligible.exposure_date.delta(eligible.time_zero_date, unit="day")
    return {
        "n": eligible.count(),
        "treated": eligible.treated.sum().fill_null(0),
        "later": compared.ifelse(1, 0).sum().fill_null(0),
        "days": (eligible.treated == 1).ifelse(waited, 0).sum().fill_null(0),
    }


def exposure_frame(n: int, treated: int, later: int, rule: CohortRule) -> pd.DataFrame:
    """Return group, label, n_people, share, share_of: started in time, had not, and of these started later."""
    what, unit = short_exposure(rule), rule.unit
    when = started(rule).replace(" of the index test", "") if rule.immortal_time == "landmark" else started(rule)
    done = " and completed it" if rule.completed_only else ""
    rows = [
        ("started_within_grace", f"Started {what} {when}{done}", treated, n, unit),
        ("not_started_within_grace", f"Had not started {when}{done}", n - treated, n, unit),
        (
            "started_later",
            f"Of these, started later (within {rule.required_days} days of time zero)",
            later,
            n - treated,
            "comparison",
        ),
    ]
    return pd.DataFrame(
        {
            "group": [row[0] for row in rows],
            "label": [row[1] for row in rows],
            "n_people": [row[2] for row in rows],
            "share": [row[2] / row[3] if row[3] else float("nan") for row in rows],
            "share_of": [row[4] for row in rows],
        }
    )
