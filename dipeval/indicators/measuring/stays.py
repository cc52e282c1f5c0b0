"""Stays in treatment, put together once for all indicators that ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from dipeval.indicators import stages
from dipeval.indicators.journeys import journeys

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.family import CountingRule
    from dipeval.indicators.records import Records


def all_stays(records: Records, rule: CountingRule) -> ir.Table:
    """Return the stays of all people who are known, completed only where that day has come.

    Parameters
    ----------
    records
        What was loaded; with treatment.
    rule
        How indicators are counted.

    Returns
    -------
    ibis.expr.types.Table
        Stored on the engine: what `dipeval.indicators.journeys.journeys` returns.
    """
    key = ("stays", rule.washout_days, rule.count_referred_on)
    return records.once(key, lambda: records.engine.keep(_stays(records, rule), "stays"))


def _stays(records: Records, rule: CountingRule) -> ir.Table:
    rows = records.tables["treatment"]
    rows = rows.filter(rows.person_id.notnull())
    stays = journeys(rows, stages.successful(rule.count_referred_on), gap_days=rule.washout_days)
    ended = (stays.completed_date <= ibis.date(records.extract_date)).fill_null(False)
    planned = stays.completed_date.notnull() & ~ended
    # Somebody whose completion is only planned has been kept for 12 weeks only by having stayed so long.
    early = planned & (stays.retained_date == stays.completed_date)
    nothing = ibis.null("date")
    return stays.mutate(
        completed_date=ended.ifelse(stays.completed_date, nothing),
        retained_date=early.fill_null(False).ifelse(nothing, stays.retained_date),
    )
