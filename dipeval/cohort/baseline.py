"""Facts from strictly before the cut-off: Ibis expressions, (tables, rule) -> table.

The cut-off is the index day or, where the exposure comes before the index, the day the exposure began. An earlier
offence counts when it was proven and known: offence date and disposal date both before the cut-off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.cohort.baseline_join import counts_by_join
from dipeval.cohort.baseline_measures import measures
from dipeval.cohort.baseline_spells import CUSTODY, TREATMENT, custody_before, treatment_before
from dipeval.cohort.calendar import era_of
from dipeval.cohort.intervals import AGE_OF_RESPONSIBILITY, completed_years
from dipeval.cohort.windows import counts_by_windows

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule

ADULT: Final = 18
SEASONS: Final = {
    "winter": (12, 1, 2),
    "spring": (3, 4, 5),
    "summer": (6, 7, 8),
    "autumn": (9, 10, 11),
}


def baseline(
    index: ir.Table, events: Mapping[str, ir.Table], rule: CohortRule, *, by_windows: bool | None = None
) -> ir.Table:
    """One row an index with every baseline column complete.

    Parameters
    ----------
    index
        One row an index: index_id, person_id, index_date, cut_off_date, age_at_index, date_of_birth, sex, ethnicity,
        district, test_result, risk_score, exposure_type and whatever else is to be carried along.
    events
        ``offences``, and if there are any ``custody_spells`` (united), ``treatment`` and ``drug_tests``: records of
        the people of the index, each with its person_id.
    rule
        Look-back, and whether a person has one index or many.
    by_windows
        Whether to count by running totals (`windows`), as is done for many indexes a person, or by a join
        (`baseline_join`), as is done for one; the counts are the same. Default as the rule has it.

    Returns
    -------
    ibis.expr.types.Table
        The columns of ``index`` but sex and date_of_birth, and the columns of `covariates.COVARIATES`.

    Notes
    -----
    A sanction is a distinct day on which proven offences were dealt with. Copas rate of OGRS3: ln((1 + earlier
    sanctions) / (10 + age at index - age at first sanction)), ages in completed years (Howard, Francis, Soothill and
    Humphreys, *OGRS 3*, Ministry of Justice 2009); of OGRS4: ln(sanctions / (26 + age at index - age at first
    sanction)), the present sanction counted. With no record the person's first sanction is the present one, which
    gives ln(1/10) and ln(1/26); OGRS4 itself uses its rate from three sanctions up. Ages at a first offence or
    sanction are at least 10: a younger age, which only a wrong date or a wrong link can give, is taken as 10.
    """
    many = rule.unit != "people" if by_windows is None else by_windows
    cuts = index.select("index_id", "person_id", "cut_off_date")
    wanted = measures(rule)
    found = (counts_by_windows if many else counts_by_join)(cuts, events, wanted)
    b = index
    for part in (*found, custody_before(cuts, events, rule), treatment_before(cuts, events, rule)):
        if part is not None:
            b = b.left_join(part, "index_id").drop("index_id_right")
    counts = (*(measure.name for measure in wanted), *CUSTODY, *TREATMENT)
    b = b.mutate(**{name: _count(b, name) for name in counts})
    b = b.mutate(
        age_first_offence=_age_then(b, "first_offence_date"), age_first_sanction=_age_then(b, "first_sanction_date")
    )
    b = b.mutate(**_at_index(b), **_rates(b))
    return b.drop("first_offence_date", "first_sanction_date", "sex", "date_of_birth")


def _count(b: ir.Table, name: str) -> Any:
    """Nothing found is none; so is a table the extracts do not have."""
    return b[name].fill_null(0) if name in b.columns else ibis.literal(0, "int64")


def _at_index(b: ir.Table) -> dict[str, Any]:
    month = b.index_date.month()
    return {
        "female": _one(b.sex == "female"),
        "ethnicity": b.ethnicity.fill_null("not_stated"),
        "district": b.district.fill_null("not_stated"),
        "test_result": b.test_result.fill_null("not_tested"),
        "tested_opiates": _one(b.test_result.isin(("opiates", "both"))),
        "tested_cocaine": _one(b.test_result.isin(("cocaine", "both"))),
        "exposure_type": b.exposure_type.fill_null(""),
        "risk_score": b.risk_score.cast("float64"),
        "age_at_index": b.age_at_index.cast("int64"),
        "age_group": (b.age_at_index >= ADULT).ifelse("adult", "juvenile"),
        "season": ibis.cases(*[(month.isin(months), name) for name, months in SEASONS.items()], else_="none"),
        "index_year": b.index_date.year().cast("int64"),
        "era": era_of(b.index_date),
    }


def _rates(b: ir.Table) -> dict[str, Any]:
    # Numerators are made float64 before dividing: Spark would otherwise divide decimals.
    sanctions = (b.prior_sanctions_ever + 1).cast("float64")
    years = b.age_at_index - b.age_first_sanction
    return {
        "log_prior_offences_5y": (b.prior_offences_5y.cast("float64") + 1).ln(),
        "copas_rate": (sanctions / (years + 10)).ln(),
        "copas_rate_ogrs4": (sanctions / (years + 26)).ln(),
    }


def _one(condition: Any) -> Any:
    return condition.fill_null(False).ifelse(1, 0).cast("int64")


def _age_then(b: ir.Table, column: str) -> Any:
    age = completed_years(b.date_of_birth, b[column])
    sane = (age < AGE_OF_RESPONSIBILITY).ifelse(AGE_OF_RESPONSIBILITY, age)
    return b[column].isnull().ifelse(b.age_at_index, sane).cast("int64")
