"""Arrests for acquisitive offences that were followed by no drug test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

from dipeval.indicators.grouping import between
from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.family import EVERYTHING, Counted, CountingRule, Family, Wanted
from dipeval.indicators.measuring.first_positives import days_later, window
from dipeval.indicators.measuring.periods import period_of
from dipeval.outcomes.spans import day_number
from dipeval.vocabulary import OFFENCE_CLASS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.periods import Period
    from dipeval.indicators.records import Records

COUNTS = ("untested_arrests",)
ACQUISITIVE = tuple(group for group, name in OFFENCE_CLASS.items() if name == "acquisitive")


def family(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count the days on which people were arrested for an acquisitive offence, and those without a drug test.

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
        One row a person and day of arrest; None without days of arrest or drug tests, or where it is not known whose
        records they are.

    Notes
    -----
    Tested: a test was asked for on the day of the arrest or the next, refused or not. Offences have no district, so
    an arrest is put into that of the person's last test up to the day after it, else of the first one later; it is
    missing for people never tested, who are among the arrests of all districts only.
    """
    known = records.holds("offences", "arrest_date", "offence_group") and "drug_tests" in records.given
    if not (records.linked and periods and known):
        return None
    units = records.engine.keep(_arrests(records, rule, periods, wanted), "arrests")
    tests = records.tables["drug_tests"]
    tests = tests.filter(tests.person_id.notnull(), tests.test_date.notnull())
    tests = tests.select("person_id", "test_date", place=tests.district, test=tests.record_id)
    j = tests.join(units.select("unit", "person_id", "day"), "person_id")
    j = j.mutate(apart=day_number(j.test_date) - day_number(j.day))
    on_time = ((j.apart >= 0) & (j.apart <= 1)).ifelse(1, 0)
    # Up to the day after the arrest the latest comes first, then what is later.
    far = (j.apart <= 1).ifelse(1 - j.apart, j.apart + 1_000_000)
    nearest = ibis.window(group_by=j.unit, order_by=[far, j.test])
    j = j.mutate(rank=ibis.row_number().over(nearest), on_time=on_time)
    found = j.group_by("unit").aggregate(
        tested=j.on_time.max(), district=(j["rank"] == 0).ifelse(j.place, ibis.null("string")).max()
    )
    u = units.left_join(found, "unit").drop("unit_right")
    table = records.engine.keep(u.mutate(untested=1 - u.tested.fill_null(0), one=ibis.literal(1)), "arrests_tested")
    return Family(
        name="arrests",
        table=table,
        counted=(Counted(indicator="untested_arrests", numerator="untested", denominator="one"),),
        dimensions=tuple(name for name in ("age_group", "sex") if name in table.columns),
    )


def _arrests(records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted) -> ir.Table:
    """One row a person and day: several offences can lead to one arrest."""
    rows = records.tables["offences"]
    rows = rows.filter(rows.person_id.notnull(), rows.offence_group.isin(ACQUISITIVE))
    # A test on the day after counts, so the last day of the data cannot be told yet.
    first, last = window(rule, periods)
    rows = between(rows, "arrest_date", first, last).filter(
        ibis._.arrest_date <= days_later(ibis.date(records.extract_date), -1)
    )
    order = ibis.window(group_by=[rows.person_id, rows.arrest_date], order_by=[rows.record_id])
    once = rows.mutate(place=ibis.row_number().over(order)).filter(ibis._.place == 0)
    return once.select(
        "person_id",
        unit=once.record_id,
        day=once.arrest_date,
        period=period_of(once.arrest_date, rule.every),
        **breakdowns.dimensions_of(records, "offences", once, once.arrest_date, wanted),
    )
