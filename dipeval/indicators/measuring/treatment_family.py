"""Stays in treatment: kept for 12 weeks, completed, completed of those open in a period, come back after completing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis

from dipeval.indicators.grouping import between
from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.family import EVERYTHING, Counted, CountingRule, Family, Wanted
from dipeval.indicators.measuring.first_positives import days_later, window
from dipeval.indicators.measuring.periods import period_frame, period_of
from dipeval.indicators.measuring.stays import all_stays

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.periods import Period
    from dipeval.indicators.records import Records

COUNTS = ("retention_12_weeks", "completion")
COUNTS_OPEN = ("completion_period",)
COUNTS_COMPLETED = ("re_presentation",)


def family(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count the stays that began in a period: kept for 12 weeks, completed within so many days.

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
        One row a stay; None without treatment and its ends, or where it is not known whose records they are.

    Notes
    -----
    A stay is a journey: episodes of a person that follow each other within ``washout_days`` are one
    (`dipeval.indicators.journeys`). Its district is that of its first episode. Kept for 12 weeks: its end is 84 days
    after its start or later, or it was completed before. An end after the last day of the data is a plan, and
    completes nothing.
    """
    if not _told(records, periods, "end_date"):
        return None
    begun = between(all_stays(records, rule), "start_date", *window(rule, periods))
    marks = {
        "kept": begun.retained_date.notnull(),
        "done": begun.completed_date <= days_later(begun.start_date, rule.completion_days),
    }
    units = _units(records, begun, begun.start_date, period_of(begun.start_date, rule.every), marks, wanted)
    counted = [Counted(indicator="retention_12_weeks", numerator="kept", denominator="one")]
    if records.holds("treatment", "discharge_reason"):
        counted.append(Counted(indicator="completion", numerator="done", denominator="one"))
    return _family("stays_begun", records.engine.keep(units, "stays_begun"), counted, records)


def open_stays(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count the stays that were open on some day of a period, and those completed in it.

    Parameters
    ----------
    records, rule, periods, wanted
        As for `family`.

    Returns
    -------
    Family or None
        One row a stay and period.
    """
    if not _told(records, periods, "end_date", "discharge_reason"):
        return None
    stays, spans = all_stays(records, rule), records.engine.put(period_frame(periods), "periods")
    first, last = window(rule, periods)
    # Where the window opens or closes within a period, only those of its days are asked.
    opens, closes = ibis.greatest(spans.period_from, ibis.date(first)), ibis.least(spans.period_to, ibis.date(last))
    spans = spans.select("period", opens=opens, closes=closes)
    during = stays.join(spans, [stays.start_date <= spans.closes, stays.end_date >= spans.opens])
    marks = {"done": (during.completed_date >= during.opens) & (during.completed_date <= during.closes)}
    day = ibis.greatest(during.start_date, during.opens)
    units = records.engine.keep(_units(records, during, day, during.period, marks, wanted), "stays_open")
    counted = [Counted(indicator="completion_period", numerator="done", denominator="one")]
    return _family("stays_open", units, counted, records)


def completed_stays(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count the stays completed in a period, and those followed by a new one.

    Parameters
    ----------
    records, rule, periods, wanted
        As for `family`.

    Returns
    -------
    Family or None
        One row a completed stay. A new episode within ``washout_days`` belongs to the same stay, which is then not
        completed yet.
    """
    if not _told(records, periods, "end_date", "discharge_reason"):
        return None
    stays = all_stays(records, rule)
    in_time = ibis.window(group_by=stays.person_id, order_by=[stays.start_date])
    ahead = stays.mutate(next_start=stays.start_date.lead(1).over(in_time))
    done = between(ahead, "completed_date", *window(rule, periods))
    marks = {"back": done.next_start <= days_later(done.completed_date, rule.representation_days)}
    units = _units(records, done, done.completed_date, period_of(done.completed_date, rule.every), marks, wanted)
    counted = [Counted(indicator="re_presentation", numerator="back", denominator="one")]
    return _family("stays_completed", records.engine.keep(units, "stays_completed"), counted, records)


def _told(records: Records, periods: Sequence[Period], *columns: str) -> bool:
    return records.linked and bool(periods) and records.holds("treatment", *columns)


def _units(records: Records, rows: ir.Table, day: Any, period: Any, marks: dict[str, Any], wanted: Wanted) -> ir.Table:
    flags = {name: mark.fill_null(False).ifelse(1, 0) for name, mark in marks.items()}
    drugs = {column: rows[column] for column in breakdowns.DRUG_COLUMNS}
    told = breakdowns.dimensions_of(records, "treatment", rows, day, wanted)
    return rows.select("person_id", "district", period=period, one=ibis.literal(1), **flags, **told, **drugs)


def _family(name: str, units: ir.Table, counted: list[Counted], records: Records) -> Family:
    names_drugs = any(records.holds("treatment", column) for column in breakdowns.DRUG_COLUMNS)
    return Family(
        name=name,
        table=units,
        counted=tuple(counted),
        dimensions=tuple(one for one in ("age_group", "sex") if one in units.columns),
        overlapping={breakdowns.SUBSTANCE: breakdowns.by_drugs(units)} if names_drugs else {},
    )
