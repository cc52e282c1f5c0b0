"""Proven reoffending after a first positive test in a period, and what age, sex and earlier offences made expected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.cohort.cleaning import clean
from dipeval.errors import InputError
from dipeval.indicators.grouping import NOT_RECORDED
from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.family import EVERYTHING, Counted, CountingRule, Family, Wanted, holds_all
from dipeval.indicators.measuring.first_positives import (
    OF_CONTACTS,
    STRATA,
    days_later,
    first_positives,
    window,
    with_contacts,
)
from dipeval.indicators.measuring.frames import DIMENSIONS
from dipeval.outcomes.follow_up import FollowUp
from dipeval.outcomes.spans import counting_span, dated_offences, day_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.periods import Period
    from dipeval.indicators.records import Records

COUNTS = (
    "reoffending",
    "reoffending_frequency",
    "reoffending_acquisitive",
    "reoffending_violent",
    "reoffending_disorder",
    "observed_expected",
)
NEEDS: Final = ("drug_tests.result", "offences.offence_date", "offences.disposal", "offences.disposal_date")
CLASSES: Final = ("acquisitive", "violent", "disorder")
# Fewest earlier proven offences of each band: the first bands of the published reoffending tables (unverified).
PRIOR_BANDS: Final = ((7, "7 or more"), (3, "3-6"), (1, "1-2"), (0, "0"))
# A stratum with fewer people in the baseline has no rate of its own: it shares that of the others as small.
FEWEST: Final = 30


def family(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count the people who reoffended after their first positive test in a period.

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
        One row a person and period; None where the source lacks tests or offences with their disposals, or it is not
        known whose they are.

    Raises
    ------
    InputError
        If the baseline names periods that are not told or not followed for long enough.

    Notes
    -----
    A reoffence is what `dipeval.FollowUp` counts by default: an offence on the day after the test or later, within
    ``reoffending_days``, with a caution or conviction within ``waiting_days`` after those; every offence of an extract
    counts. Earlier offences are those dated in the ``prior_days`` before the test and proven before it. The expected
    number is the mean number of reoffences of the stratum (age group, sex, earlier proven offences: none, 1-2, 3-6, 7
    or more) over all districts in the baseline periods. Strata with fewer than 30 people there share one rate with the
    other small ones of the same number of earlier offences, or if these are still fewer, with all small ones; so that
    over the baseline as many are expected as were observed. Where nobody of a stratum reoffended in the baseline, one
    more person at the mean of all is added, so that something is expected.
    """
    if not (records.linked and periods and holds_all(records, NEEDS)):
        return None
    baseline = _baseline(rule, periods, records.extract_date)
    units = first_positives(records, rule, periods, wanted)
    if "contacts" in records.given and wanted.tells(*OF_CONTACTS):
        units = with_contacts(records, rule, units, wanted)
    expected = wanted.counts("observed_expected")
    offences = _dated(records, rule, window(rule, periods), prior=expected)
    table = records.engine.keep(_reoffended(rule, units, offences, prior=expected), "reoffended")
    counted = [Counted(indicator=f"reoffending_{name}", numerator=name, denominator="one") for name in CLASSES]
    if expected:
        table = records.engine.keep(_with_expected(records, table, baseline), "reoffending")
        counted.append(Counted(indicator="observed_expected", numerator="n_reoffences", denominator="expected"))
    return Family(
        name="reoffending",
        table=table,
        counted=(
            Counted(indicator="reoffending", numerator="reoffended", denominator="one"),
            Counted(indicator="reoffending_frequency", numerator="n_reoffences", denominator="one"),
            *counted,
        ),
        dimensions=tuple(name for name in DIMENSIONS if name in table.columns),
        overlapping={breakdowns.SUBSTANCE: breakdowns.class_a(table)},
    )


def _follow_up(rule: CountingRule) -> FollowUp:
    return FollowUp(days=rule.reoffending_days, waiting_days=rule.waiting_days)


def _dated(records: Records, rule: CountingRule, entered: tuple[dt.date, dt.date], *, prior: bool) -> ir.Table:
    """Proven offences, and the days of entry for which they count; earlier ones only where they are asked for."""
    follow_up, offences = _follow_up(rule), clean("offences", records.tables["offences"])
    first, last = (ibis.date(day) for day in entered)
    # Others are neither earlier nor later offences of anybody.
    from_day = days_later(first, -rule.prior_days) if prior else first
    until = days_later(last, rule.reoffending_days)
    offences = offences.filter(offences.offence_date.between(from_day, until))
    dated = dated_offences(offences, _deaths(records), follow_up)
    dated = dated.filter(dated.qualifies)
    span = counting_span(dated, follow_up)
    return dated.select(
        "person_id",
        "offence_day",
        "dealt_day",
        "offence_group",
        applies=span.applies,
        first_zero=span.first,
        last_zero=span.last,
    )


def _reoffended(rule: CountingRule, units: ir.Table, dated: ir.Table, *, prior: bool) -> ir.Table:
    """Add n_reoffences, reoffended, one a class; where earlier offences are asked for n_prior and the stratum."""
    follow_up = _follow_up(rule)
    j = dated.join(units.select("unit", "person_id", zero=day_number(units.day)), "person_id")
    counts = (j.applies & (j.zero >= j.first_zero) & (j.zero <= j.last_zero)).fill_null(False)
    # As in a cohort's baseline: offence and disposal both before the day on which the person enters.
    before = (j.dealt_day < j.zero) & (j.zero - j.offence_day <= rule.prior_days) if prior else ibis.literal(False)
    j = j.mutate(counts=counts.ifelse(1, 0), prior=before.fill_null(False).ifelse(1, 0))
    j = j.filter((j.counts == 1) | (j.prior == 1))
    of_class = {
        name: ((j.counts == 1) & j.offence_group.isin(groups)).ifelse(1, 0).max()
        for name, groups in _groups(follow_up).items()
    }
    found = j.group_by("unit").aggregate(n_reoffences=j.counts.sum(), n_prior=j.prior.sum(), **of_class)
    u = units.left_join(found, "unit").drop("unit_right")
    whole = {name: u[name].fill_null(0).cast("int64") for name in ("n_reoffences", "n_prior", *CLASSES)}
    u = u.mutate(**whole, one=ibis.literal(1))
    u = u.mutate(reoffended=(u.n_reoffences > 0).ifelse(1, 0))
    if not prior:
        return u.drop("n_prior")
    band = ibis.cases(*((u.n_prior >= fewest, name) for name, fewest in ((n, f) for f, n in PRIOR_BANDS)))
    age, sex = (u[name] if name in u.columns else ibis.literal(NOT_RECORDED) for name in STRATA)
    return u.mutate(prior_band=band, stratum=age + " | " + sex + " | " + band)


def _groups(follow_up: FollowUp) -> dict[str, list[str]]:
    return {name: [group for group, own in follow_up.class_of.items() if own == name] for name in CLASSES}


def _deaths(records: Records) -> ir.Table:
    """Deaths, none where the source has no such table."""
    if "deaths" in records.given:
        return clean("deaths", records.tables["deaths"])
    nobody = records.tables["offences"].limit(0)
    return nobody.select("person_id", death_date=ibis.null("date"))


def _baseline(rule: CountingRule, periods: Sequence[Period], extract_date: dt.date) -> list[str]:
    """The periods whose rates give the expected number: those asked for, else all that are followed long enough."""
    after = dt.timedelta(days=rule.reoffending_days + rule.waiting_days)
    complete = [one.label for one in periods if one.last + after <= extract_date]
    if rule.baseline is None:
        return complete
    labels = [one.label for one in periods]
    first, last = rule.baseline
    unknown = [name for name in (first, last) if name not in labels]
    if unknown or first > last:
        found = " and ".join(unknown) or f"{first} to {last}"
        raise InputError(
            f"The baseline for expected reoffences is {found}, which is not among the periods told in time order "
            f"({labels[0]} to {labels[-1]}); give its first and last period as they are written there."
        )
    chosen = labels[labels.index(first) : labels.index(last) + 1]
    early = [name for name in chosen if name not in complete]
    if early:
        raise InputError(
            f"The baseline for expected reoffences ends with {last}, but {early[0]} is not followed for "
            f"{after.days} days: the data end on {extract_date.isoformat()}. Choose earlier periods."
        )
    return chosen


def _with_expected(records: Records, units: ir.Table, baseline: list[str]) -> ir.Table:
    if not baseline:
        return units.mutate(expected=ibis.null("float64"))
    engine = records.engine
    told = units.mutate(in_baseline=units.period.isin(baseline).ifelse(1, 0))
    strata = told.group_by(["stratum", "prior_band"]).aggregate(
        n=told.in_baseline.sum(), x=(told.in_baseline * told.n_reoffences).sum()
    )
    rates = stratum_rates(engine.to_pandas(strata))
    if rates.empty:
        return units.mutate(expected=ibis.null("float64"))
    known = engine.put(rates, "expected_rates")
    return units.left_join(known, "stratum").drop("stratum_right")


def stratum_rates(strata: pd.DataFrame, fewest: int = FEWEST) -> pd.DataFrame:
    """Return the expected number of reoffences a person for each stratum.

    Parameters
    ----------
    strata
        stratum, prior_band, n (people in the baseline), x (their reoffences); one row a stratum, with 0 people too.
    fewest
        People in the baseline that give a stratum a rate of its own.

    Returns
    -------
    pandas.DataFrame
        stratum, expected; over the baseline they add up to the reoffences observed, but for strata without any, where
        one more person at the mean of all is added.

    Examples
    --------
    >>> strata = pd.DataFrame({"stratum": list("abc"), "prior_band": "0", "n": [40, 4, 6], "x": [20, 1, 4]})
    >>> stratum_rates(strata, fewest=10)["expected"].tolist()
    [0.5, 0.5, 0.5]
    """
    s = strata.sort_values("stratum", ignore_index=True)
    s = s.assign(pool=s["stratum"].where(s["n"] >= fewest, "small, " + s["prior_band"].astype(str)))
    s = s.assign(pool=s["pool"].where(s.groupby("pool")["n"].transform("sum") >= fewest, "small"))
    pooled: Any = s.groupby("pool")[["n", "x"]].transform("sum").astype("float64")
    everyone = s[["n", "x"]].astype("float64").sum()
    if not everyone["n"]:
        return pd.DataFrame({"stratum": pd.Series(dtype="object"), "expected": pd.Series(dtype="float64")})
    mean = everyone["x"] / everyone["n"]
    # A unit of which nothing is expected would be among no units: one more person at the mean keeps it there.
    rate = (pooled["x"] / pooled["n"].where(pooled["n"] > 0)).where(pooled["x"] > 0, mean / (pooled["n"] + 1))
    return pd.DataFrame({"stratum": s["stratum"], "expected": rate})
