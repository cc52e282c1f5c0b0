"""Reoffending as Ibis expressions, (tables, follow-up) -> table: one rule for observed and for simulated worlds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort.events import first_death
from dipeval.outcomes.spans import COUNTED, dated_offences, day_number, with_edges
from dipeval.outcomes.tallies import labelled
from dipeval.vocabulary import OFFENCE_CLASSES, OFFENCE_GROUPS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.outcomes.follow_up import FollowUp

# A reoffence on the day of time zero itself, where those count: survival methods need a time above zero.
HALF_A_DAY: Final = 0.5


def reoffences(
    people: ir.Table,
    offences: ir.Table,
    deaths: ir.Table,
    follow_up: FollowUp,
    extract_date: dt.date | None = None,
) -> ir.Table:
    """Every reoffence in the follow-up.

    Parameters
    ----------
    people
        person_id, time_zero_date; one row a person.
    offences
        person_id, offence_date, offence_group, disposal_date, disposal.
    deaths
        person_id, death_date. An offence dated after the death is not the person's and does not count.
    follow_up
        What counts.
    extract_date
        Last day of the extract, where follow-up is to end early for it; None for no such end.

    Returns
    -------
    ibis.expr.types.Table
        person_id, offence_group, days (from time zero to the offence); one row an offence.
    """
    followed = people.select("person_id", "time_zero_date", index_id="person_id")
    dated = dated_offences(offences, deaths, follow_up, extract_date)
    found = labelled(followed, with_edges(dated, follow_up), follow_up)
    counted = found.filter(found.label == COUNTED)
    return counted.select("offence_group", "days", person_id="index_id")


def reoffending(people: ir.Table, counted: ir.Table, deaths: ir.Table, follow_up: FollowUp) -> ir.Table:
    """One row a person: reoffended, n_reoffences, days_to_first_reoffence, time_days, event, censor_reason.

    Parameters
    ----------
    people, deaths, follow_up
        As for `reoffences`.
    counted
        What `reoffences` returned.
    """
    followed = people.select("person_id", "time_zero_date", index_id="person_id")
    tallied = counted.group_by("person_id").aggregate(n_reoffences=counted.count(), first=counted.days.min())
    f = followed_up(followed, tallied.select("first", index_id="person_id"), deaths, follow_up)
    f = f.left_join(tallied.select("person_id", "n_reoffences"), "person_id").drop("person_id_right")
    return f.select(
        "person_id",
        reoffended=f.event,
        n_reoffences=f.n_reoffences.fill_null(0),
        days_to_first_reoffence=f["first"].cast("float64"),
        time_days=f.time_days,
        event=f.event,
        censor_reason=f.censor_reason,
    )


def followed_up(
    followed: ir.Table,
    firsts: ir.Table,
    deaths: ir.Table,
    follow_up: FollowUp,
    extract_date: dt.date | None = None,
) -> ir.Table:
    """How long each index event was followed, and what ended it.

    Parameters
    ----------
    followed
        index_id, person_id, time_zero_date.
    firsts
        index_id, first: days to the first reoffence; only where there is one.
    deaths, follow_up
        As for `reoffences`.
    extract_date
        Last day of the extract, where follow-up is to end early for it; None for no such end.

    Returns
    -------
    ibis.expr.types.Table
        index_id, person_id, zero (day number), first, event (0/1), observed_days (to death or the end), time_days (to
        the first reoffence, or as observed_days), censor_reason, past_nights (day number of the first night on which
        custody no longer counts).
    """
    f = followed.select("index_id", "person_id", zero=day_number(followed.time_zero_date))
    f = f.left_join(firsts, "index_id").drop("index_id_right")
    f = f.left_join(first_death(deaths), "person_id").drop("person_id_right")
    limit = ibis.literal(follow_up.days, "int64")
    if extract_date is not None:
        last_day = day_number(ibis.date(extract_date - dt.timedelta(days=follow_up.waiting)))
        limit = ibis.least(limit, last_day - f.zero)
    f = f.mutate(longest=limit, days_to_death=day_number(f.death_date) - f.zero)
    f = f.mutate(
        died=((f.days_to_death >= 1) & (f.days_to_death <= f.longest)).fill_null(False),
        event=f["first"].notnull().ifelse(1, 0).cast("int64"),
    )
    f = f.mutate(observed_days=f.died.ifelse(f.days_to_death, f.longest))
    until_first = (f["first"] == 0).ifelse(HALF_A_DAY, f["first"].cast("float64"))
    return f.select(
        "index_id",
        "person_id",
        "zero",
        "first",
        "event",
        "observed_days",
        time_days=(f.event == 1).ifelse(until_first, f.observed_days.cast("float64")),
        censor_reason=ibis.cases(
            (f.event == 1, ""),
            (f.died, "death"),
            (f.longest < follow_up.days, "extract_end"),
            else_="end_of_follow_up",
        ),
        # Nobody is in custody after death; the day of death is no night in custody either.
        past_nights=f.zero + f.observed_days + f.died.ifelse(0, 1),
    )


def custody_days(periods: ir.Table, spells: ir.Table) -> ir.Table:
    """Days of the follow-up that began in custody: index_id, custody_days, custody_before (only where there are any).

    A day counts from the day of reception to the day before release; nobody is in custody after death. Custody before
    the first reoffence leaves out the day of that offence. A join: spells of custody are few a person.

    Parameters
    ----------
    periods
        What `followed_up` returned.
    spells
        United spells (`dipeval.cohort.intervals.united_spells`), open ends in the far future.
    """
    s = periods.join(spells.select("person_id", "start_date", "end_date"), "person_id")
    start = ibis.greatest(day_number(s.start_date), s.zero + 1)
    end = day_number(s.end_date)
    until = (s.event == 1).ifelse(s.zero + s["first"], s.past_nights)
    inside = ibis.least(end, s.past_nights) - start
    before = ibis.least(end, until) - start
    s = s.mutate(inside=(inside > 0).ifelse(inside, 0), before=(before > 0).ifelse(before, 0))
    s = s.filter(s.inside > 0)
    return s.group_by("index_id").aggregate(custody_days=s.inside.sum(), custody_before=s.before.sum())


def outcome_columns(
    periods: ir.Table, tallies: ir.Table, held: ir.Table, follow_up: FollowUp, *, custodial_known: bool
) -> ir.Table:
    """One row an index event with every outcome column.

    Parameters
    ----------
    periods
        What `followed_up` returned.
    tallies
        index_id, label, offence_group, n, n_custodial.
    held
        What `custody_days` returned.
    custodial_known
        Whether the extract says which sentences were custodial; if not, nobody's custodial reconviction is known.
    """
    counts = _counts(tallies, follow_up)
    t = periods.left_join(counts, "index_id").drop("index_id_right")
    t = t.left_join(held, "index_id").drop("index_id_right")
    whole = {name: t[name].fill_null(0).cast("int64") for name in counts.columns if name.startswith("n_")}
    inside, before = (t[name].fill_null(0).cast("int64") for name in ("custody_days", "custody_before"))
    custodial = (whole.pop("n_custodial") > 0).ifelse(1, 0).cast("float64")
    unknown = ibis.null("float64")
    return t.select(
        "index_id",
        "time_days",
        "event",
        "censor_reason",
        "observed_days",
        **whole,
        reoffended=t.event,
        days_to_first_reoffence=t["first"].cast("float64"),
        custody_days=inside,
        custodial_reconviction=custodial if custodial_known else unknown,
        severity_score=unknown if follow_up.severity is None else t.severity_score.fill_null(0).cast("float64"),
        at_risk_days=t.observed_days - inside,
        time_at_risk_days=t.time_days - before.cast("float64"),
    )


def _counts(tallies: ir.Table, follow_up: FollowUp) -> ir.Table:
    counts = tallies.label == COUNTED

    def total(which: Any) -> Any:
        return (counts & which).ifelse(tallies.n, 0).sum()

    of_class: dict[str, Any] = {}
    for name in OFFENCE_CLASSES:
        groups = [group for group, its_class in follow_up.class_of.items() if its_class == name]
        of_class[f"n_{name}"] = total(tallies.offence_group.isin(groups))
    measures: dict[str, Any] = {
        "n_reoffences": total(ibis.literal(True)),
        **of_class,
        "n_custodial": tallies.n_custodial.sum(),
        "n_pseudo_reconvictions": (tallies.label == "pseudo_reconviction").ifelse(tallies.n, 0).sum(),
    }
    if follow_up.severity is not None:
        # Added up in one order of the groups, so that no order of rows can change the last digit.
        score: Any = ibis.literal(0, "float64")
        for group in OFFENCE_GROUPS:
            if follow_up.severity.get(group):
                score = score + total(tallies.offence_group == group).cast("float64") * follow_up.severity[group]
        measures["severity_score"] = score
    return tallies.group_by("index_id").aggregate(**measures)
