"""Counts before the cut-off when a person has one index: one join with the events, then conditional counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dipeval.cohort.baseline_measures import Measure, drug_tests, proven_offences

if TYPE_CHECKING:
    import ibis.expr.types as ir


def counts_by_join(cuts: ir.Table, events: Mapping[str, ir.Table], measures: Sequence[Measure]) -> list[ir.Table]:
    """Work out the measures by joining every index with the earlier events of its person.

    Parameters
    ----------
    cuts
        index_id, person_id, cut_off_date.
    events
        ``offences`` and, if there are any, ``drug_tests``.
    measures
        What is to be counted.

    Returns
    -------
    list of ibis.expr.types.Table
        Tables with an index_id and some of the measures, or first_offence_date and first_sanction_date; an index
        without events is in none.
    """
    o = cuts.join(proven_offences(events), "person_id")
    # A disposal before the cut-off is of an offence before it.
    o = o.filter(o.disposal_date < o.cut_off_date)
    o = o.mutate(
        ago=o.cut_off_date.delta(o.offence_date, unit="day"),
        sanction_ago=o.cut_off_date.delta(o.disposal_date, unit="day"),
    )
    sanctions = sanction_days(o, "sanction_ago").rename(ago="sanction_ago")
    found = [
        conditional_counts(o, _of("offences", measures)),
        conditional_counts(
            sanctions,
            _of("sanctions", measures),
            first_offence_date=sanctions.first_offence_date.min(),
            first_sanction_date=sanctions.sanction_date.min(),
        ),
    ]
    tests = drug_tests(events)
    if tests is not None:
        t = cuts.join(tests, "person_id")
        t = t.filter(t.test_date < t.cut_off_date)
        t = t.mutate(ago=t.cut_off_date.delta(t.test_date, unit="day"))
        found.append(conditional_counts(t, _of("tests", measures)))
    return found


def sanction_days(offences: ir.Table, day: str, key: str = "index_id") -> ir.Table:
    """Offences dealt with on one day are one sanction: key, day, sanction_date, first_offence_date, custodial."""
    return offences.group_by([key, day]).aggregate(
        sanction_date=offences.disposal_date.min(),
        first_offence_date=offences.offence_date.min(),
        custodial=offences.count(where=offences.custodial) > 0,
    )


def conditional_counts(pairs: ir.Table, measures: Sequence[Measure], **more: Any) -> ir.Table:
    """Count, for each index_id, the rows that each measure asks for; `ago` is the days from event to cut-off."""
    return pairs.group_by("index_id").aggregate(
        **{measure.name: _count(pairs, measure) for measure in measures}, **more
    )


def _count(pairs: ir.Table, measure: Measure) -> ir.IntegerScalar:
    conditions = [] if measure.mark is None else [pairs[measure.mark]]
    if measure.first is not None:
        conditions.append(pairs.ago <= measure.first)
    if measure.last > 1:
        conditions.append(pairs.ago >= measure.last)
    if not conditions:
        return pairs.count()
    both = conditions[0]
    for condition in conditions[1:]:
        both = both & condition
    return pairs.count(where=both)


def _of(source: str, measures: Sequence[Measure]) -> list[Measure]:
    return [measure for measure in measures if measure.source == source]
