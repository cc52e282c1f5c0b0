"""One row of a table of unit costs, brought to the prices of one year; used by `worth_of` only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.checks import check_unit_costs
from dipeval.roi.costs_of_crime.tables import Deflator, first_year
from dipeval.roi.entrance import MOST_POUNDS, check_table, figures

SPLIT: Final = ("consequence", "response", "harm", "multiplier", "fiscal")
# Parts and total are each rounded to 10 pounds, so that three parts may miss their total by this much.
ROUNDING: Final = 15.0


def checked_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table indexed by group, every figure a number, no part above what it is part of."""
    check_table(table, "The unit costs")
    by_group = table.index.name == "offence_group" and "offence_group" not in table.columns
    ready = check_unit_costs(table.reset_index() if by_group else table)
    numbers = {name: _numbers(ready, name) for name in SPLIT if name in ready.columns}
    ready = ready.assign(**numbers)
    if "fiscal" in numbers and ready["unit_cost"].isna().all() and ready["fiscal"].notna().any():
        raise InputError(
            "The unit costs hold fiscal costs only, which say nothing of the rest of what crime costs. Put them beside "
            "an edition: load_unit_costs(fiscal=this_table)."
        )
    if ready["unit_cost"].isna().all():
        raise InputError("The unit costs hold no unit cost at all, so that nothing could be valued; fill them in.")
    for part, whole in (("harm", "consequence"), ("consequence", "unit_cost"), ("response", "unit_cost")):
        if part in numbers and whole in ready.columns and (ready[part] > ready[whole] + ROUNDING).any():
            raise InputError(f"The unit costs hold a '{part}' above its '{whole}'; check the columns.")
    return ready


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    values = figures(table[name].replace("", None))
    if values is None:
        raise InputError(f"The values of '{name}' of the unit costs are not all numbers; give plain figures.")
    if ((values < 0) | (values > MOST_POUNDS)).any():
        raise InputError(f"The unit costs hold a '{name}' below 0 or without end; correct it.")
    return values


def _number(row: Mapping[Any, Any] | None, name: str) -> float:
    return math.nan if row is None else float(row.get(name, math.nan))


def _text(row: Mapping[Any, Any] | None, name: str) -> str:
    value = None if row is None else row.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a year in a column with gaps
    return "" if value is None or pd.isna(value) else str(value)


def row_of(group: str, row: Mapping[Any, Any] | None, deflator: Deflator) -> dict[str, Any]:
    """One group's values in the target year's prices."""
    total, early = _number(row, "unit_cost"), _number(row, "anticipation")
    priced = row is not None and not math.isnan(total)
    factor = deflator.factor(first_year(row["price_year"], "price_year")) if priced and row is not None else math.nan
    own = _number(row, "response") * factor
    fiscal = _number(row, "fiscal") if priced else math.nan
    fiscal_factor = math.nan if math.isnan(fiscal) else _fiscal_factor(row, deflator)
    other = fiscal * fiscal_factor
    # Anticipation is 0 or more, so that the total is an upper bound where the split is not published.
    social = (total if math.isnan(early) else total - early) * factor
    low, middle, high = _economic(own, other, _number(row, "harm") * factor, social)
    note = _text(row, "note") if row is not None else "not in the table of unit costs"
    return {
        "offence_group": group,
        "priced": priced,
        "fiscal": own if math.isnan(other) else other,
        "economic": middle,
        "economic_low": low,
        "economic_high": high,
        "without_anticipation": (total - early) * factor,
        "with_anticipation": total * factor,
        "multiplier": _number(row, "multiplier"),
        "price_year": _text(row, "price_year"),
        "status": (_text(row, "status") or "user") if row is not None else "",
        "note": note,
        "fiscal_from": "" if math.isnan(other) else (_text(row, "fiscal_source") or "a column of its own"),
        "clash": not math.isnan(other) and other > social + ROUNDING,
        "unit_cost": total,
        "anticipation": early,
        "response": _number(row, "response"),
        "harm": _number(row, "harm"),
        "deflator": factor,
        "source": _text(row, "source"),
        "fiscal_cost": fiscal,
        "fiscal_deflator": fiscal_factor,
    }


def _fiscal_factor(row: Mapping[Any, Any] | None, deflator: Deflator) -> float:
    year = _text(row, "fiscal_price_year") or _text(row, "price_year")
    return deflator.factor(first_year(year, "fiscal_price_year"))


def _economic(own: float, other: float, harm: float, social: float) -> tuple[float, float, float]:
    """Lower bound, estimate (NaN where harm is not known), upper bound."""
    known = [value for value in (own, other) if not math.isnan(value)]
    if not known:
        return math.nan, math.nan, math.nan
    if not math.isnan(harm):
        exact = max(social - harm, 0.0)
        return exact, exact, exact
    return min(max(known), social), math.nan, social
