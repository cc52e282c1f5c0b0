"""From a caller's frame to a `Formula`: every fault of the figures told at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.funding.formula import Formula

Bound = float | int | Decimal | str | None


def asked(
    data: pd.DataFrame,
    *,
    area: str,
    budget: float | Decimal,
    need: Mapping[str, float],
    floor: Bound,
    ceiling: Bound,
    previous: str | None,
    max_fall: float | None,
    max_rise: float | None,
    per: str | None,
) -> tuple[Formula, list[float] | None]:
    """Return the formula, and what amounts are divided by for `per`; areas in alphabetical order.

    Raises
    ------
    InputError
        With every fault of the arguments and the figures.
    """
    rows = _rows(data, area, [*_named(need), floor, ceiling, previous, per])
    faults: list[str] = []
    pence = _budget(budget, faults)
    weights = _weights(need, faults)
    measures = {name: _figures(rows, area, name, faults) for name in need}
    faults += [
        f"{name} is 0 in every area, so it divides nothing: leave it out"
        for name, values in measures.items()
        if values and not any(values)
    ]
    if max_fall is not None and not (_is_number(max_fall) and 0 <= max_fall <= 1):
        faults.append("max_fall must be a share of the previous amount between 0 and 1, such as 0.1")
    if max_rise is not None and not (_is_number(max_rise) and max_rise >= 0):
        faults.append("max_rise must be a share of the previous amount, 0 or more, such as 0.1")
    if previous is None and (max_fall is not None or max_rise is not None):
        faults.append("max_fall and max_rise need previous, the column with what each area got before")
    before = _figures(rows, area, previous, faults, missing=True) if previous else [None] * len(rows)
    floors = _bounds(rows, area, floor, "floor", faults)
    ceilings = _bounds(rows, area, ceiling, "ceiling", faults)
    heads = _figures(rows, area, per, faults) if per else None
    if heads is not None and any(not head for head in heads):
        faults.append(f"{per} must be above 0 in every area, as amounts are divided by it")
    if faults:
        raise InputError("The funding formula cannot be worked out: " + "; ".join(faults) + ".")
    formula = Formula(
        areas=tuple(rows[area]),
        measures={name: tuple(value or Fraction(0) for value in values) for name, values in measures.items()},
        weights={name: weight / sum(weights.values()) for name, weight in weights.items()},
        budget=pence,
        floors=tuple(floors),
        ceilings=tuple(ceilings),
        previous=tuple(None if value is None else math.floor(100 * value + Fraction(1, 2)) for value in before),
        max_fall=None if max_fall is None else exactly(max_fall),
        max_rise=None if max_rise is None else exactly(max_rise),
    )
    return formula, None if heads is None else [float(head or 0) for head in heads]


def exactly(value: Any) -> Fraction:
    """Return a number as it is written: 0.1 is a tenth, not the nearest binary fraction.

    Examples
    --------
    >>> exactly(0.1)
    Fraction(1, 10)
    """
    if isinstance(value, Integral):
        return Fraction(int(value))
    return Fraction(value) if isinstance(value, Decimal | Fraction) else Fraction(repr(float(value)))


def _named(need: Any) -> list[str]:
    if not isinstance(need, Mapping) or not need:
        raise InputError(
            "need must name at least one measure and its weight, such as {'acquisitive_crime': 0.7, 'tests': 0.3}."
        )
    return list(need)


def _rows(data: pd.DataFrame, area: str, named: list[Any]) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"data must be a DataFrame with one row an area; this is a {type(data).__name__}.")
    columns = [str(name) for name in data.columns]
    lacking = [name for name in [area, *named] if isinstance(name, str) and name not in columns]
    if lacking:
        words = ", ".join(f"'{name}'{did_you_mean(name, columns)}" for name in dict.fromkeys(lacking))
        raise InputError(f"The data have no column {words}; they have {', '.join(columns) or 'none'}.")
    if data.empty:
        raise InputError("The data have no rows; give one row an area that is to get money.")
    if data[area].isna().any():
        raise InputError(f"{int(data[area].isna().sum())} row(s) have no {area}; give every row its name.")
    rows = data.assign(**{area: data[area].astype(str)})
    repeated = sorted(rows.loc[rows[area].duplicated(), area].unique())
    if repeated:
        raise InputError(
            f"{', '.join(repeated)} stand(s) in more than one row; give one row an area, its figures added up."
        )
    return rows.sort_values(area, kind="stable").reset_index(drop=True)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real | Decimal) and not isinstance(value, bool) and math.isfinite(value)


def _budget(budget: Any, faults: list[str]) -> int:
    if not _is_number(budget) or budget <= 0:
        faults.append("budget must be pounds above 0")
        return 0
    pence = 100 * exactly(budget)
    if pence.denominator != 1:
        faults.append("budget must be in whole pence; round it to two decimals")
    return int(pence)


def _weights(need: Mapping[str, float], faults: list[str]) -> dict[str, Fraction]:
    wrong = [name for name, weight in need.items() if not _is_number(weight) or weight < 0]
    if wrong:
        faults.append(f"the weight of {', '.join(wrong)} must be a number of 0 or more")
        return dict.fromkeys(need, Fraction(1))
    weights = {name: exactly(weight) for name, weight in need.items()}
    if not any(weights.values()):
        faults.append("every weight is 0; give at least one measure a weight above 0")
        return dict.fromkeys(need, Fraction(1))
    return weights


def _figures(
    rows: pd.DataFrame, area: str, column: str, faults: list[str], *, missing: bool = False
) -> list[Fraction | None]:
    """The figures of a column as fractions; what is no number of 0 or more is a fault that names the areas."""
    found: list[Fraction | None] = []
    empty, wrong = [], []
    for name, value in zip(rows[area], rows[column], strict=True):
        if not isinstance(value, str) and pd.isna(value):
            found.append(None)
            empty.append(name)
        elif not _is_number(value) or value < 0:
            found.append(None)
            wrong.append(name)
        else:
            found.append(exactly(value))
    if empty and not missing:
        faults.append(f"{column} is missing for {', '.join(empty)}")
    if wrong:
        faults.append(f"{column} must be a number of 0 or more for {', '.join(wrong)}")
    return found


def _bounds(rows: pd.DataFrame, area: str, bound: Bound, word: str, faults: list[str]) -> list[Fraction | None]:
    """Floors or ceilings, one an area; a column must not mix shares of the budget and pounds."""
    if bound is None:
        return [None] * len(rows)
    if isinstance(bound, str):
        values = _figures(rows, area, bound, faults, missing=True)
        told = [value for value in values if value]
        if any(value <= 1 for value in told) and any(value > 1 for value in told):
            faults.append(f"{bound} mixes shares of the budget (up to 1) and pounds (above 1); use one of them")
        return values
    if not _is_number(bound) or bound < 0:
        faults.append(f"{word} must be a share of the budget (up to 1), pounds (above 1), or a column of either")
        return [None] * len(rows)
    return [exactly(bound)] * len(rows)
