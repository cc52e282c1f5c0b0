"""How many offences count, or are left out and why, from each time zero: by a join, or by windows.

With one time zero a person the join is quick. With many it would be every index event times every offence of a
person, so running sums over the ends of the spans are used instead: their work grows with the number of records.
Both ask `dipeval.outcomes.spans.spans`, and the tests hold them equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

from dipeval.outcomes.spans import COUNTED, CUSTODIAL, Span, counting_span, custodial_span, day_number, spans
from dipeval.vocabulary import OFFENCE_GROUPS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.outcomes.follow_up import FollowUp

BUCKET_DAYS = 91
PSEUDO: Final = "pseudo_reconviction"
_NO_GROUP: Final = ""
# Labels of which the number is wanted for each index event.
_OF_EACH: Final = (COUNTED, PSEUDO, CUSTODIAL)
_KEYS: Final = {name: place for place, name in enumerate((*OFFENCE_GROUPS, PSEUDO, CUSTODIAL))}


def labelled(followed: ir.Table, dated: ir.Table, follow_up: FollowUp) -> ir.Table:
    """Return every offence that counts or is left out, by a join: for people with one time zero.

    Parameters
    ----------
    followed
        index_id, person_id, time_zero_date.
    dated
        What `dipeval.outcomes.spans.with_edges` returned.
    follow_up
        What counts.

    Returns
    -------
    ibis.expr.types.Table
        index_id, label, offence_group, days (from time zero to the offence, arrest or charge), custodial (0/1).
    """
    zeros = followed.select("index_id", "person_id", zero=day_number(followed.time_zero_date))
    # The many rows on the left: engines build their hash table from the right.
    o = dated.join(zeros, "person_id")
    holds = [(_holds(span, o), label) for label, span in spans(o, follow_up).items()]
    custodial = _holds(custodial_span(o, follow_up), o).fill_null(False)
    o = o.mutate(label=ibis.cases(*holds), custodial=custodial.ifelse(1, 0).cast("int64"))
    o = o.filter(o.label.notnull())
    return o.select("index_id", "label", "offence_group", "custodial", days=o.event_day - o.zero)


def joined_tallies(found: ir.Table) -> ir.Table:
    """Return index_id, label, offence_group, n, n_custodial, first (days) of what `labelled` found."""
    return found.group_by(["index_id", "label", "offence_group"]).aggregate(
        n=found.count(), n_custodial=found.custodial.sum(), first=found.days.min()
    )


def _holds(span: Span, o: ir.Table) -> ir.BooleanValue:
    return span.applies & (o.zero >= span.first) & (o.zero <= span.last)


def windowed_tallies(followed: ir.Table, dated: ir.Table, follow_up: FollowUp) -> ir.Table:
    """Return index_id, label, offence_group, n, n_custodial, by running sums: for many time zeros a person.

    What is wanted of each index event has its index_id. Of what was left out only the total is wanted: it has none.
    """
    kinds = {**spans(dated, follow_up), CUSTODIAL: custodial_span(dated, follow_up)}
    zeros = followed.select("index_id", "person_id", at=day_number(followed.time_zero_date))
    of_each = _running_counts(zeros, dated, {label: kinds.pop(label) for label in _OF_EACH})
    return of_each.union(_totals(zeros, dated, kinds))


def _running_counts(zeros: ir.Table, dated: ir.Table, kinds: dict[str, Span]) -> ir.Table:
    """The spans that hold a day are those that began on or before it less those that were over."""
    every = ibis.union(*(_ends(dated, label, span) for label, span in kinds.items()))
    # Numbers, not words, and no index_id: these are the most rows of all.
    asked = zeros.select("person_id", "at").join(every.select("person_id", "key").distinct(), "person_id")
    both = every.union(asked.select("person_id", "key", "at", change=ibis.literal(0, "int8")))
    # A frame by value holds every row of the same day, so that no order among them is needed.
    until = ibis.window(group_by=[both.person_id, both.key], order_by=both["at"], range=(None, 0))
    summed = both.mutate(n=both.change.sum().over(until))
    found = summed.filter(summed.change == 0, summed.n > 0).select("person_id", "at", "key", n=summed.n.cast("int64"))
    found = found.join(zeros, ["person_id", "at"])
    custodial = found.key == _KEYS[CUSTODIAL]
    return found.select(
        "index_id",
        label=ibis.cases(*((found.key == _KEYS[label], label) for label in _OF_EACH[1:]), else_=COUNTED),
        offence_group=ibis.cases(*((found.key == _KEYS[name], name) for name in OFFENCE_GROUPS), else_=_NO_GROUP),
        n="n",
        n_custodial=custodial.ifelse(found.n, 0).cast("int64"),
    )


def _ends(dated: ir.Table, label: str, span: Span) -> ir.Table:
    """Both ends of every span of a label: it holds from one day (+1) until the day before another (-1)."""
    if label == COUNTED:
        key = ibis.cases(*((dated.offence_group == name, _KEYS[name]) for name in OFFENCE_GROUPS))
    else:
        key = ibis.literal(_KEYS[label])
    held = dated.select(
        "person_id",
        key=key.cast("int16"),
        first=span.first,
        past=span.last + 1,
        holds=span.applies & (span.first <= span.last),
    )
    held = held.filter(held.holds)
    begins = held.select("person_id", "key", at=held["first"], change=ibis.literal(1, "int8"))
    return begins.union(held.select("person_id", "key", at="past", change=ibis.literal(-1, "int8")))


def _totals(zeros: ir.Table, dated: ir.Table, kinds: dict[str, Span]) -> ir.Table:
    """How many time zeros lie in the spans of each label: those up to the last day less those before the first."""
    rows = [zeros.select("person_id", "at", label=ibis.null("string"), sign=ibis.literal(0, "int8"))]
    for label, span in kinds.items():
        held = dated.select(
            "person_id",
            before=span.first - 1,
            last=span.last,
            label=ibis.literal(label),
            holds=span.applies & (span.first <= span.last),
        )
        held = held.filter(held.holds)
        for day, sign in (("before", -1), ("last", 1)):
            rows.append(held.select("person_id", at=held[day], label="label", sign=ibis.literal(sign, "int8")))
    both = ibis.union(*rows)
    until = ibis.window(group_by=both.person_id, order_by=both["at"], range=(None, 0))
    counted = both.mutate(n=(both.sign == 0).ifelse(1, 0).sum().over(until))
    counted = counted.filter(counted.sign != 0)
    totals = counted.group_by("label").aggregate(n=(counted.n * counted.sign).sum().cast("int64"))
    totals = totals.filter(totals.n > 0)
    return totals.select(
        index_id=ibis.null("string"),
        label="label",
        offence_group=ibis.literal(_NO_GROUP),
        n="n",
        n_custodial=ibis.literal(0, "int64"),
    )


def windowed_firsts(followed: ir.Table, dated: ir.Table, follow_up: FollowUp) -> ir.Table:
    """Return index_id, first: days to the first offence that counts, for many time zeros a person.

    An offence dealt with within the waiting period counts for every time zero in the days before it, so the next one
    is found by a window. The few dealt with later count for fewer time zeros: they are joined to those alone, within
    stretches of 91 days.
    """
    whole = counting_span(dated, follow_up)
    latest = dated.event_day - (0 if follow_up.include_index_day else 1)
    o = dated.select(
        "person_id",
        day="event_day",
        first_zero=whole.first,
        last_zero=whole.last,
        quick=(whole.first == dated.event_day - follow_up.days) & (whole.last == latest),
        counts=whole.applies & (whole.first <= whole.last),
    )
    o = o.filter(o.counts)
    zeros = followed.select("index_id", "person_id", zero=day_number(followed.time_zero_date))
    quick = _next_by_window(zeros, o.filter(o.quick), follow_up)
    slow = _first_by_join(zeros, o.filter(~o.quick))
    either = quick.union(slow)
    return either.group_by("index_id").aggregate(first=either["first"].min())


def _next_by_window(zeros: ir.Table, offences: ir.Table, follow_up: FollowUp) -> ir.Table:
    asked = zeros.select("index_id", "person_id", at="zero", day=ibis.null("int64"))
    there = offences.select("person_id", "day", index_id=ibis.null("string"), at="day")
    both = asked.union(there.select("index_id", "person_id", "at", "day"))
    ahead = ibis.window(
        group_by=both.person_id,
        order_by=both["at"],
        range=(0 if follow_up.include_index_day else 1, follow_up.days),
    )
    found = both.mutate(next=both.day.min().over(ahead))
    found = found.filter(found.index_id.notnull(), found.next.notnull())
    return found.select("index_id", first=found.next - found["at"])


def _first_by_join(zeros: ir.Table, offences: ir.Table) -> ir.Table:
    # A span is at most as long as the follow-up, so it meets only a few stretches.
    stretches = ibis.range(offences.first_zero // BUCKET_DAYS, offences.last_zero // BUCKET_DAYS + 1)
    spread = offences.select("person_id", "day", "first_zero", "last_zero", bucket=stretches.unnest().cast("int64"))
    placed = zeros.mutate(bucket=(zeros.zero // BUCKET_DAYS).cast("int64"))
    met = placed.join(spread, ["person_id", "bucket"])
    met = met.filter(met.zero >= met.first_zero, met.zero <= met.last_zero)
    return met.group_by("index_id").aggregate(first=(met.day - met.zero).min())
