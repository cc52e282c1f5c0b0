"""Counts before the cut-off when a person can have many indexes: running totals along a line of days, in linear time.

A join of indexes with events grows with the square of a person's events. Here the events and the indexes of a person
stand on one line of days; a running total along it is read at the two ends of each window, and the difference is the
count. An offence stands at its own day, though it is known from its disposal only; those still open at an index are few
and are taken off again by a join within quarters of 91 days. Windows begin at the start of the line, never in the
middle: every engine passes over such a frame once, whereas a sliding one is added up anew for each row by some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort.baseline_join import conditional_counts, sanction_days
from dipeval.cohort.baseline_measures import Measure, drug_tests, proven_offences

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS_BUCKET: Final = 91
FIRST_DATES: Final = ("first_offence_date", "first_sanction_date")


def counts_by_windows(cuts: ir.Table, events: Mapping[str, ir.Table], measures: Sequence[Measure]) -> list[ir.Table]:
    """Work out the measures by running totals; arguments and result as in `baseline_join.counts_by_join`.

    Every index of ``cuts`` is in the table that comes back.
    """
    offences, tests = proven_offences(events), drug_tests(events)
    asked = [measure for measure in measures if measure.source != "tests" or tests is not None]
    totals = _read(_running(_line(cuts, offences, tests, asked)), asked)
    open_cases = [measure for measure in asked if measure.source == "offences"]
    still_open = conditional_counts(_open_at(cuts, offences), open_cases).rename(
        {f"open_{measure.name}": measure.name for measure in open_cases}
    )
    both = totals.left_join(still_open, "index_id").drop("index_id_right")
    return [
        both.select(
            "index_id",
            *FIRST_DATES,
            **{
                measure.name: both[measure.name] - both[f"open_{measure.name}"].fill_null(0)
                if measure.source == "offences"
                else both[measure.name]
                for measure in asked
            },
        )
    ]


def _column(measure: Measure) -> str:
    """Column of the line that a measure adds up; measures that differ by their windows alone share one."""
    return measure.source if measure.mark is None else f"{measure.source}_{measure.mark}"


def _line(cuts: ir.Table, offences: ir.Table, tests: ir.Table | None, measures: Sequence[Measure]) -> ir.Table:
    """Indexes and events on one line of days, a row each; 1 in the columns it counts in, nothing elsewhere."""
    s = sanction_days(offences, "disposal_date", "person_id")
    parts = [
        _on_line(cuts, cuts.cut_off_date, "", measures, index_id=cuts.index_id),
        _on_line(offences, offences.offence_date, "offences", measures),
        _on_line(
            s,
            s.disposal_date,
            "sanctions",
            measures,
            first_offence_date=s.first_offence_date,
            first_sanction_date=s.disposal_date,
        ),
    ]
    if tests is not None:
        parts.append(_on_line(tests, tests.test_date, "tests", measures))
    return ibis.union(*parts)


def _on_line(table: ir.Table, day: Any, source: str, measures: Sequence[Measure], **more: Any) -> ir.Table:
    ones: dict[str, Any] = {}
    for measure in measures:
        one, nothing = ibis.literal(1, "int32"), ibis.null("int32")
        if measure.source != source:
            ones[_column(measure)] = nothing
        else:
            ones[_column(measure)] = one if measure.mark is None else table[measure.mark].ifelse(one, nothing)
    nulls = {"index_id": ibis.null("string"), **{name: ibis.null("date") for name in FIRST_DATES}}
    return table.select("person_id", day=day.epoch_days(), **{**nulls, **more}, **ones)


def _running(line: ir.Table) -> ir.Table:
    """Totals from the person's first day up to and with each day."""
    to_date = ibis.range_window(group_by=line.person_id, order_by=line.day, preceding=None, following=0)
    kept = ("person_id", "index_id", "day")
    counted = [name for name in line.columns if name not in (*kept, *FIRST_DATES)]
    return line.select(
        *kept,
        **{name: line[name].count().over(to_date) for name in counted},
        **{name: line[name].min().over(to_date) for name in FIRST_DATES},
    )


def _read(running: ir.Table, measures: Sequence[Measure]) -> ir.Table:
    """One row an index: each measure as the difference of two totals, and the first dates before the cut-off."""
    needed: dict[int, set[str]] = {1: set(FIRST_DATES)}
    for measure in measures:
        ends = [measure.last] if measure.first is None else [measure.last, measure.first + 1]
        for days in ends:
            needed.setdefault(days, set()).add(_column(measure))
    then = running.select("index_id", **{f"at_{days}": _total(running, days, needed[days]) for days in sorted(needed)})
    then = then.filter(then.index_id.notnull())

    def at(days: int, name: str) -> Any:
        return then[f"at_{days}"][name]

    def count(measure: Measure) -> Any:
        upper = at(measure.last, _column(measure)).fill_null(0)
        return upper if measure.first is None else upper - at(measure.first + 1, _column(measure)).fill_null(0)

    return then.select(
        "index_id",
        **{name: at(1, name) for name in FIRST_DATES},
        **{measure.name: count(measure) for measure in measures},
    )


def _total(running: ir.Table, days: int, names: set[str]) -> Any:
    """The totals as they stood so many days before; rows of one day hold the same totals, so any of them will do."""
    until = ibis.range_window(group_by=running.person_id, order_by=running.day, preceding=(None, days))
    return ibis.struct({name: running[name] for name in sorted(names)}).last().over(until)


def _open_at(cuts: ir.Table, offences: ir.Table) -> ir.Table:
    """Pairs of an index and an offence of its person before the cut-off that was dealt with on it or later."""
    o = offences.filter(offences.disposal_date > offences.offence_date)
    # Cut-offs at which the offence is open lie from the day after it to the day of its disposal.
    first = (o.offence_date.epoch_days() + 1) // DAYS_BUCKET
    last = o.disposal_date.epoch_days() // DAYS_BUCKET
    o = o.mutate(bucket=ibis.range(first, last + 1).unnest())
    at = cuts.select("index_id", "person_id", "cut_off_date", bucket=cuts.cut_off_date.epoch_days() // DAYS_BUCKET)
    pairs = at.join(o, ["person_id", "bucket"])
    pairs = pairs.filter(pairs.offence_date < pairs.cut_off_date, pairs.disposal_date >= pairs.cut_off_date)
    return pairs.mutate(ago=pairs.cut_off_date.delta(pairs.offence_date, unit="day"))
