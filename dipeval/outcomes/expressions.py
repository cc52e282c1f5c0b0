"""Reoffending as Ibis expressions, (tables, follow-up) -> table: one rule for observed and for simulated worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from dipeval.cohort.events import first_death, proven
from dipeval.cohort.intervals import far_future

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.outcomes.follow_up import FollowUp


def reoffences(people: ir.Table, offences: ir.Table, deaths: ir.Table, follow_up: FollowUp) -> ir.Table:
    """Every proven reoffence in the follow-up.

    Parameters
    ----------
    people
        person_id, time_zero_date; one row a person.
    offences
        person_id, offence_date, offence_group, disposal_date, disposal.
    deaths
        person_id, death_date. An offence dated after the death is not the person's and does not count.

    Returns
    -------
    ibis.expr.types.Table
        person_id, offence_group, days (from time zero to the offence, at least 1); one row an offence.
    """
    o = people.select("person_id", "time_zero_date").join(proven(offences), "person_id")
    o = o.left_join(first_death(deaths), "person_id").drop("person_id_right")
    counts = [
        o.offence_date > o.time_zero_date,
        o.offence_date <= o.time_zero_date + ibis.interval(days=follow_up.days),
        o.disposal_date <= o.time_zero_date + ibis.interval(days=follow_up.needed_days),
        o.offence_date <= o.death_date.fill_null(far_future()),
    ]
    if follow_up.offence_groups:
        counts.append(o.offence_group.isin(follow_up.offence_groups))
    counted = o.filter(*counts)
    return counted.select("person_id", "offence_group", days=_days_from(counted.time_zero_date, counted.offence_date))


def reoffending(people: ir.Table, counted: ir.Table, deaths: ir.Table, follow_up: FollowUp) -> ir.Table:
    """One row a person: reoffended, n_reoffences, days_to_first_reoffence, time_days, event, censor_reason.

    Parameters
    ----------
    people, deaths, follow_up
        As for `reoffences`.
    counted
        What `reoffences` returned.
    """
    per_person = counted.group_by("person_id").aggregate(n=counted.count(), first=counted.days.min())
    p = people.select("person_id", "time_zero_date").left_join(per_person, "person_id").drop("person_id_right")
    p = p.left_join(first_death(deaths), "person_id").drop("person_id_right")
    days_to_death = _days_from(p.time_zero_date, p.death_date)
    p = p.mutate(
        died=((days_to_death >= 1) & (days_to_death <= follow_up.days)).fill_null(False),
        days_to_death=days_to_death,
        event=p["first"].notnull().ifelse(1, 0),
    )
    observed = p.died.ifelse(p.days_to_death, follow_up.days)
    reason = ibis.cases((p.event == 1, ""), (p.died, "death"), else_="end_of_follow_up")
    return p.select(
        "person_id",
        reoffended=p.event,
        n_reoffences=p.n.fill_null(0),
        days_to_first_reoffence=p["first"].cast("float64"),
        time_days=(p.event == 1).ifelse(p["first"], observed).cast("float64"),
        event=p.event,
        censor_reason=reason,
    )


def custody_days(people: ir.Table, spells: ir.Table, deaths: ir.Table, follow_up: FollowUp) -> ir.Table:
    """Days of the follow-up that began in custody: person_id, custody_days (only people with any).

    A day counts from the day of reception to the day before release; nobody is in custody after death.

    Parameters
    ----------
    spells
        United spells (`dipeval.cohort.intervals.united_spells`), open ends in the far future.
    """
    s = people.select("person_id", "time_zero_date").join(spells, "person_id")
    s = s.left_join(first_death(deaths), "person_id").drop("person_id_right")
    first_day = s.time_zero_date + ibis.interval(days=1)
    past_last = s.time_zero_date + ibis.interval(days=follow_up.days + 1)
    ends = ibis.least(s.end_date, past_last, s.death_date.fill_null(far_future()))
    inside = _days_from(ibis.greatest(s.start_date, first_day), ends)
    s = s.mutate(inside=(inside > 0).ifelse(inside, 0))
    return s.group_by("person_id").aggregate(custody_days=s.inside.sum())


def _days_from(start: Any, end: Any) -> Any:
    return end.delta(start, unit="day")
