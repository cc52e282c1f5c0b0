"""For which time zeros an offence counts, and for which it is left out: one rule, asked by join or by windows.

Each offence counts for the time zeros between two days, and is left out for each reason between two others. "Between
which days" depends on the offence alone, never on the person's index, so the same expressions serve people with one
time zero (a join) and people with many (running sums over the ends of the spans).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import ibis

from dipeval.cohort.events import first_death
from dipeval.cohort.intervals import far_future
from dipeval.vocabulary import OFFENCE_CLASSES, OFFENCE_GROUPS, PROVEN_DISPOSALS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.outcomes.follow_up import FollowUp

COUNTED: Final = "counted"
CUSTODIAL: Final = "custodial"
# When several offences of a day count as one and there are no weights: violent first, other last, then by name.
_CLASS_ORDER: Final = ("violent", "acquisitive", "disorder", "drug", "other")
# Far enough from any day since 1970 to be beyond every span, near enough to add days to.
_NEVER: Final = 10_000_000


class Span(NamedTuple):
    """Time zeros (as day numbers, both ends in) for which a label holds for an offence, if it holds at all."""

    applies: Any
    first: Any
    last: Any


def day_number(day: Any) -> Any:
    """Days since 1 January 1970 as a whole number of one type on every engine."""
    return day.epoch_days().cast("int64")


def dated_offences(
    offences: ir.Table, deaths: ir.Table, follow_up: FollowUp, extract_date: dt.date | None = None
) -> ir.Table:
    """Return every offence with the days and facts the rules ask for.

    Parameters
    ----------
    offences
        person_id, offence_date, offence_group, disposal_date, disposal; custodial if there is one; arrest_date or
        charge_date if the basis asks for it.
    deaths
        person_id, death_date.
    follow_up
        What counts.
    extract_date
        Last day of the extract, where follow-up is to end early for it; None for no such end.

    Returns
    -------
    ibis.expr.types.Table
        person_id, offence_group; offence_day, event_day, dealt_day, disposed_day (day numbers); qualifies, alive, seen,
        kind, custodial (true or false).
    """
    o = offences.left_join(first_death(deaths), "person_id").drop("person_id_right")
    proven = (o.disposal.isin(PROVEN_DISPOSALS) & o.disposal_date.notnull()).fill_null(False)
    if follow_up.basis == "proven":
        dealt, qualifies, event = o.disposal_date, proven, o.offence_date
    else:
        dealt = o[f"{follow_up.basis}_date"]
        qualifies, event = dealt.notnull(), dealt.fill_null(o.offence_date)
    seen = ibis.literal(True)
    if extract_date is not None:
        seen = event <= ibis.date(extract_date - dt.timedelta(days=follow_up.waiting))
        qualifies = qualifies & (dealt <= ibis.date(extract_date)).fill_null(False)
    groups = follow_up.offence_groups
    return o.select(
        "person_id",
        offence_group=o.offence_group.isin(OFFENCE_GROUPS).fill_null(False).ifelse(o.offence_group, "other"),
        offence_day=day_number(o.offence_date),
        event_day=day_number(event),
        dealt_day=day_number(dealt),
        disposed_day=day_number(o.disposal_date),
        qualifies=qualifies,
        alive=event <= o.death_date.fill_null(far_future()),
        seen=seen,
        kind=o.offence_group.isin(groups).fill_null(False) if groups else ibis.literal(True),
        custodial=_is_custodial(o) & proven & (o.disposal == "conviction").fill_null(False),
    )


def _is_custodial(offences: ir.Table) -> Any:
    """The extract's yes or no, however the engine holds it; no column or no entry is a no."""
    if "custodial" not in offences.columns:
        return ibis.literal(False)
    custodial = offences.custodial
    yes = custodial if custodial.type().is_boolean() else custodial.cast("string").lower().isin(("true", "yes", "1"))
    return yes.fill_null(False)


def with_edges(dated: ir.Table, follow_up: FollowUp) -> ir.Table:
    """Add ``edge`` where several offences of a day count as one: where the span of a better one of that day begins.

    Beyond it (or before it, see below) an offence is a repeat of a day that already counts.
    """
    if follow_up.same_day == "each":
        return dated
    whole = counting_span(dated, follow_up)
    counts = whole.applies & (whole.first <= whole.last)
    marked = dated.mutate(
        first_zero=counts.ifelse(whole.first, ibis.null("int64")),
        last_zero=counts.ifelse(whole.last, ibis.null("int64")),
        rank=_rank(dated.offence_group, follow_up),
    )
    better = ibis.window(
        group_by=[marked.person_id, marked.event_day],
        order_by=[marked.rank, marked.first_zero, marked.last_zero],
        preceding=(None, 1),
    )
    # Proven offences of a day all count until that day, each from a day that its disposal decides; arrests or charges
    # of a day all count from one day, each until a day that its offence decides.
    if follow_up.basis == "proven":
        edge = marked.first_zero.min().over(better).fill_null(_NEVER)
    else:
        edge = marked.last_zero.max().over(better).fill_null(-_NEVER)
    return marked.mutate(edge=edge).drop("first_zero", "last_zero", "rank")


def spans(dated: ir.Table, follow_up: FollowUp) -> dict[str, Span]:
    """Return label -> span: ``counted`` and every reason for leaving out. No two hold for one time zero.

    Parameters
    ----------
    dated
        What `with_edges` returned, or a join of it.
    """
    o, days, needed = dated, follow_up.days, follow_up.needed_days
    same = 1 if follow_up.include_index_day else 0
    found = {COUNTED: _kept_span(o, follow_up)}
    known = o.kind & o.qualifies & o.alive & o.seen
    found["pseudo_reconviction"] = Span(
        o.kind & o.qualifies, ibis.greatest(o.offence_day + same, o.dealt_day - needed), o.dealt_day - 1
    )
    if not same:
        pseudo = (o.dealt_day > o.offence_day) & (o.dealt_day - o.offence_day <= needed)
        found["on_index_day"] = Span(o.kind & o.qualifies & ~pseudo.fill_null(False), o.offence_day, o.offence_day)
    if follow_up.same_day == "one_a_day":
        found["same_day_repeat"] = _repeat_span(o, follow_up)
    window = (o.offence_day - days, o.offence_day - 1 + same)
    found["after_death"] = Span(o.kind & ~o.alive, *window)
    found["not_proven"] = Span(o.kind & o.alive & o.seen & ~o.qualifies, *window)
    found["disposed_too_late"] = Span(known, window[0], ibis.least(window[1], o.dealt_day - needed - 1))
    found["after_extract_end"] = Span(o.kind & o.alive & ~o.seen, *window)
    if follow_up.offence_groups:
        found["other_kind"] = Span(~o.kind & o.qualifies & o.alive & o.seen, *_counting_days(o, follow_up))
    return found


def custodial_span(dated: ir.Table, follow_up: FollowUp) -> Span:
    """Return when an offence that counts, repeats of a day included, is a conviction to custody in time."""
    whole = counting_span(dated, follow_up)
    in_time = dated.disposed_day - follow_up.needed_days
    return Span(whole.applies & dated.custodial, ibis.greatest(whole.first, in_time.fill_null(_NEVER)), whole.last)


def _counting_days(o: ir.Table, follow_up: FollowUp) -> tuple[Any, Any]:
    first = o.event_day - follow_up.days
    if follow_up.basis == "proven":
        first = ibis.greatest(first, o.dealt_day - follow_up.needed_days)
    last = ibis.least(o.event_day, o.offence_day) - (0 if follow_up.include_index_day else 1)
    return first, last


def counting_span(o: ir.Table, follow_up: FollowUp) -> Span:
    """Return when an offence counts, before the rule for several on one day."""
    return Span(o.kind & o.qualifies & o.alive & o.seen, *_counting_days(o, follow_up))


def _kept_span(o: ir.Table, follow_up: FollowUp) -> Span:
    whole = counting_span(o, follow_up)
    if follow_up.same_day == "each":
        return whole
    if follow_up.basis == "proven":
        return Span(whole.applies, whole.first, ibis.least(whole.last, o.edge - 1))
    return Span(whole.applies, ibis.greatest(whole.first, o.edge + 1), whole.last)


def _repeat_span(o: ir.Table, follow_up: FollowUp) -> Span:
    whole = counting_span(o, follow_up)
    if follow_up.basis == "proven":
        return Span(whole.applies, ibis.greatest(whole.first, o.edge), whole.last)
    return Span(whole.applies, whole.first, ibis.least(whole.last, o.edge))


def _rank(offence_group: Any, follow_up: FollowUp) -> Any:
    """Place of a group when one offence stands for a day; every group has its own, so that ties are of one kind."""
    places = {name: place for place, name in enumerate(sorted(OFFENCE_GROUPS, key=_order_of(follow_up)))}
    return ibis.cases(*((offence_group == name, place) for name, place in places.items()), else_=len(places))


def _order_of(follow_up: FollowUp) -> Any:
    weights, class_of = follow_up.severity or {}, follow_up.class_of
    assert set(_CLASS_ORDER) == set(OFFENCE_CLASSES)
    return lambda name: (-weights.get(name, 0.0), _CLASS_ORDER.index(class_of[name]), name)
