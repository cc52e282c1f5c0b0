"""Families of the reader's own indicators: records of one table, by what their columns hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ibis

from dipeval.cohort.used import EVENT_DATE
from dipeval.extracts.contracts import table_contract
from dipeval.indicators.dictionary.own import OwnIndicator, as_list
from dipeval.indicators.grouping import between
from dipeval.indicators.measuring import breakdowns
from dipeval.indicators.measuring.family import EVERYTHING, Counted, CountingRule, Family, Wanted, holds_all
from dipeval.indicators.measuring.periods import period_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.measuring.periods import Period
    from dipeval.indicators.records import Records


def own_family(
    records: Records,
    rule: CountingRule,
    periods: Sequence[Period],
    own: OwnIndicator,
    wanted: Wanted = EVERYTHING,
) -> Family | None:
    """Count the records that an own indicator asks for.

    Parameters
    ----------
    records
        What was loaded.
    rule
        How indicators are counted.
    periods
        Those that are told, in time order.
    own
        The indicator.
    wanted
        What was asked for.

    Returns
    -------
    Family or None
        One row a record; None where the source lacks a column it needs.
    """
    if not periods or not holds_all(records, own.to_indicator().needs):
        return None
    day = EVENT_DATE[own.table]
    first, last = periods[0].first, periods[-1].last
    rows = between(
        records.tables[own.table],
        day,
        max(first, rule.date_from or first),
        min(last, rule.date_to or last, records.extract_date),
    )
    among = _all_of(own.table, rows, own.denominator)
    marked = among & _all_of(own.table, rows, own.numerator)
    told = breakdowns.dimensions_of(records, own.table, rows, rows[day], wanted)
    table = rows.select(
        "person_id",
        "district",
        period=period_of(rows[day], rule.every),
        **told,
        among=among.ifelse(1, 0),
        wanted=marked.ifelse(1, 0),
    )
    # A count has only the records it counts; those of a share are all in its denominator.
    whole = "wanted" if own.kind == "count" else "among"
    return Family(
        name=f"own_{own.name}",
        table=records.engine.keep(table, f"own_{own.name}"),
        counted=(Counted(indicator=own.name, numerator="wanted", denominator=whole),),
        dimensions=tuple(told),
    )


def _all_of(name: str, rows: ir.Table, wanted: Mapping[str, Any]) -> Any:
    found: Any = ibis.literal(True)
    for column, value in wanted.items():
        found = found & _one_of(name, rows[column], column, as_list(value))
    return found


def _one_of(name: str, cell: Any, column: str, values: list[Any]) -> Any:
    kind = table_contract(name).column(column).kind
    if kind == "date":
        flags: Any = ibis.literal(False)
        for one in values:
            flags = flags | (cell.notnull() if one else cell.isnull())
        return flags
    if kind in ("text", "code"):
        values = [str(one) for one in values]
    return cell.isin(values).fill_null(False)
