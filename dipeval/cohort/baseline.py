"""Facts from strictly before the index date: Ibis expressions, (tables, rule) -> table.

An earlier offence counts when it was proven and known: offence date and disposal date both before the index date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from dipeval.cohort.events import proven
from dipeval.cohort.intervals import AGE_OF_RESPONSIBILITY, completed_years
from dipeval.vocabulary import OFFENCE_CLASS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule

DAYS_12M = 365
COUNTS = ("prior_offences_12m", "prior_offences_5y", "prior_acquisitive_5y", "prior_violent_5y", "n_sanctions")


def groups_of(offence_class: str) -> tuple[str, ...]:
    """Offence groups of a class; robbery is acquisitive here."""
    return tuple(group for group, name in OFFENCE_CLASS.items() if name == offence_class)


def criminal_history(people: ir.Table, offences: ir.Table, rule: CohortRule) -> ir.Table:
    """Counts of earlier proven offences a person, the number of sanctions, and the first offence and sanction dates.

    A sanction is a distinct disposal date: several offences dealt with on one day are one sanction.
    """
    o = people.select("person_id", "index_date").join(proven(offences), "person_id")
    o = o.filter(o.offence_date < o.index_date, o.disposal_date < o.index_date)
    recent = o.offence_date >= o.index_date - ibis.interval(days=rule.lookback_days)
    last_year = o.offence_date >= o.index_date - ibis.interval(days=DAYS_12M)
    acquisitive = recent & o.offence_group.isin(groups_of("acquisitive")).fill_null(False)
    violent = recent & o.offence_group.isin(groups_of("violent")).fill_null(False)
    return o.group_by("person_id").aggregate(
        prior_offences_12m=last_year.ifelse(1, 0).sum(),
        prior_offences_5y=recent.ifelse(1, 0).sum(),
        prior_acquisitive_5y=acquisitive.ifelse(1, 0).sum(),
        prior_violent_5y=violent.ifelse(1, 0).sum(),
        n_sanctions=o.disposal_date.nunique(),
        first_offence_date=o.offence_date.min(),
        first_sanction_date=o.disposal_date.min(),
    )


def custody_history(people: ir.Table, spells: ir.Table, rule: CohortRule) -> ir.Table:
    """Number of united custody spells that began before the index date and reached into the look-back."""
    c = people.select("person_id", "index_date").join(spells, "person_id")
    c = c.filter(c.start_date < c.index_date, c.end_date > c.index_date - ibis.interval(days=rule.lookback_days))
    return c.group_by("person_id").aggregate(prior_custody_5y=c.count())


def baseline(people: ir.Table, offences: ir.Table, spells: ir.Table, rule: CohortRule) -> ir.Table:
    """One row a person with every baseline column complete.

    Copas rate of OGRS3: ln((1 + earlier sanctions) / (10 + age at index - age at first sanction)), ages in completed
    years, sanctions = distinct disposal dates of proven offences known before the index date (Howard, Francis,
    Soothill and Humphreys, *OGRS 3*, Ministry of Justice 2009). With no record the person's first sanction is the
    present one, which gives ln(1/10). Ages at a first offence or sanction are at least 10: a younger age, which only
    a wrong date or a wrong link can give, is taken as 10.
    """
    b = people.left_join(criminal_history(people, offences, rule), "person_id").drop("person_id_right")
    b = b.left_join(custody_history(people, spells, rule), "person_id").drop("person_id_right")
    b = b.mutate(**{name: b[name].fill_null(0) for name in (*COUNTS, "prior_custody_5y")})
    b = b.mutate(
        age_first_offence=_age_then(b, "first_offence_date"), age_first_sanction=_age_then(b, "first_sanction_date")
    )
    years = 10 + b.age_at_index - b.age_first_sanction
    return b.mutate(
        female=(b.sex == "female").fill_null(False).ifelse(1, 0),
        ethnicity=b.ethnicity.fill_null("not_stated"),
        tested_opiates=b.test_result.isin(("opiates", "both")).ifelse(1, 0),
        tested_cocaine=b.test_result.isin(("cocaine", "both")).ifelse(1, 0),
        log_prior_offences_5y=(b.prior_offences_5y.cast("float64") + 1).ln(),
        # Numerators are made float64 before dividing: Spark would otherwise divide decimals.
        copas_rate=((b.n_sanctions + 1).cast("float64") / years).ln(),
    ).drop("n_sanctions", "first_offence_date", "first_sanction_date", "age_first_sanction", "sex", "date_of_birth")


def _age_then(b: ir.Table, column: str) -> ir.Value:
    age = completed_years(b.date_of_birth, b[column])
    sane = (age < AGE_OF_RESPONSIBILITY).ifelse(AGE_OF_RESPONSIBILITY, age)
    return b[column].isnull().ifelse(b.age_at_index, sane)
