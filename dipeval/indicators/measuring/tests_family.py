"""Drug tests, one unit a test: how many, how many positive, refused, and made for a trigger offence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis

from dipeval.indicators.drug_tests import TAKEN
from dipeval.indicators.grouping import between
from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.family import EVERYTHING, Counted, CountingRule, Family, Wanted
from dipeval.indicators.measuring.periods import period_of
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.periods import Period
    from dipeval.indicators.records import Records

NONE_FOUND = "none found"
COUNTS = ("tests", "positivity", "refused", "trigger_share")


def family(
    records: Records, rule: CountingRule, periods: Sequence[Period], wanted: Wanted = EVERYTHING
) -> Family | None:
    """Count drug tests.

    Parameters
    ----------
    records
        What was loaded; people need not be known.
    rule
        How indicators are counted.
    periods
        Those that are told, in time order.
    wanted
        What was asked for.

    Returns
    -------
    Family or None
        One row a test; None without drug tests.
    """
    if not periods or not records.holds("drug_tests", "result"):
        return None
    first, last = periods[0].first, periods[-1].last
    rows = between(
        records.tables["drug_tests"],
        "test_date",
        max(first, rule.date_from or first),
        min(last, rule.date_to or last, records.extract_date),
    )
    told = breakdowns.dimensions_of(records, "drug_tests", rows, rows.test_date, wanted)
    marks = {
        "taken": _mark(rows.result.isin(TAKEN)),
        "positive": _mark(rows.result.isin(POSITIVE_RESULTS)),
        "refused": _mark(rows.result == "refused"),
        "asked": _mark(rows.result.isin((*TAKEN, "refused"))),
        "for_trigger": _mark(rows.result.isin(TAKEN) & (rows.test_ground == "trigger")),
    }
    table = records.engine.keep(
        rows.select("person_id", "district", period=period_of(rows.test_date, rule.every), **told, **marks), "tests"
    )
    counted = [
        Counted(indicator="tests", numerator="taken", denominator="taken"),
        Counted(indicator="positivity", numerator="positive", denominator="taken"),
        Counted(indicator="refused", numerator="refused", denominator="asked"),
    ]
    if records.holds("drug_tests", "test_ground"):
        counted.append(Counted(indicator="trigger_share", numerator="for_trigger", denominator="taken"))
    return Family(
        name="tests",
        table=table,
        counted=tuple(counted),
        dimensions=tuple(told),
        overlapping={breakdowns.SUBSTANCE: _by_substance(table)},
    )


def _mark(flag: Any) -> Any:
    return flag.fill_null(False).ifelse(1, 0)


def _by_substance(table: ir.Table) -> ir.Table:
    """A positive test is one for opiates or cocaine, which are all of class A."""
    found = (table.positive == 1).ifelse(ibis.literal("class_a"), ibis.literal(NONE_FOUND))
    return table.mutate(**{breakdowns.SUBSTANCE: found})
