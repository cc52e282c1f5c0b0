"""What a table of spending must hold; every fault in it is named at once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.costs_of_crime.tables import Deflator, first_year
from dipeval.roi.entrance import MOST_POUNDS, check_table, figures
from dipeval.vocabulary import SPENT_ON

REQUIRED: Final = ("financial_year", "amount", "spent_on", "price_year")
NOT_STATED: Final = "not stated"
_UNIT_COLUMNS: Final = ("currency", "unit", "units", "amount_unit")
_POUNDS: Final = ("gbp", "£", "pound", "pounds", "pounds sterling", "gbp (£)", "£ (gbp)")
_YEARS: Final = (1950, 2100)
PENNY: Final = 0.01


def in_order(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return kinds of spending in the order in which a person meets them, each once.

    Examples
    --------
    >>> in_order(["treatment", "testing", "treatment"])
    ('testing', 'treatment')
    """
    given = set(kinds)
    return tuple(kind for kind in SPENT_ON if kind in given)


def clean_lines(costs: pd.DataFrame, deflator: Deflator) -> pd.DataFrame:
    """Return the lines of spending, checked, each in the prices of one year.

    Parameters
    ----------
    costs
        ``financial_year``, ``amount`` (pounds), ``spent_on``, ``price_year``; optional ``district``, ``funder``,
        ``people`` (people the line paid for), ``marginal_share`` (0 to 1).
    deflator
        Brings the amounts to one price year.

    Returns
    -------
    pandas.DataFrame
        ``district``, ``funder`` (text), ``spent_on``, ``year`` (first calendar year), ``price_year``, ``amount``,
        ``deflator`` (what it is multiplied by), ``real`` (pounds of the deflator's year), ``people`` (missing where not
        stated), ``marginal_share`` (1 where not stated); sorted.

    Raises
    ------
    InputError
        Naming everything that is wrong with the table at once.
    """
    check_table(costs, "The costs")
    missing = [name for name in REQUIRED if name not in costs.columns]
    if missing:
        raise InputError(
            f"The costs lack the column(s) {', '.join(missing)}; add them. Each line of spending needs "
            f"{', '.join(REQUIRED)}."
        )
    if costs.empty:
        raise InputError("The costs are empty; without spending there is no return on it. Pass the rows that paid.")
    faults = [*_unit_faults(costs), *_kind_faults(costs)]
    years = _years(costs, "financial_year", faults)
    prices = _years(costs, "price_year", faults)
    amount = _amounts(costs, faults)
    people = _optional(costs, "people", math.nan, math.inf, faults)
    share = _optional(costs, "marginal_share", 1.0, 1.0, faults)
    if faults:
        raise InputError(_all(faults))
    if not (math.isfinite(math.fsum(amount)) and math.fsum(amount) >= PENNY):
        raise InputError(
            "The costs add up to nothing (or to no finite sum), so there is no spending to set the value against."
        )
    lines = pd.DataFrame(
        {
            "district": _words(costs, "district"),
            "funder": _words(costs, "funder"),
            "spent_on": costs["spent_on"].astype(str).tolist(),
            "year": years,
            "price_year": prices,
            "amount": list(amount),
            "deflator": [deflator.factor(price) for price in prices],
            "real": [one * deflator.factor(price) for one, price in zip(amount, prices, strict=True)],
            "people": people,
            "marginal_share": share,
        }
    )
    return lines.sort_values(list(lines.columns), kind="stable", ignore_index=True)


def _unit_faults(costs: pd.DataFrame) -> list[str]:
    faults = []
    for name in _UNIT_COLUMNS:
        if name not in costs.columns:
            continue
        given = costs[name].astype("string").str.strip().str.casefold()
        odd = int((~given.isin(_POUNDS)).sum())
        if odd:
            faults.append(
                f"The costs hold a currency or unit other than GBP in {odd} of their {len(costs)} lines (column "
                f"{name}); convert them to single pounds, in the prices of a stated year, first."
            )
    return faults


def _kind_faults(costs: pd.DataFrame) -> list[str]:
    odd = ~costs["spent_on"].isin(SPENT_ON)
    if not odd.any():
        return []
    return [
        f"{int(odd.sum())} of the {len(costs)} lines of the costs do not say what they were spent on in a word dipeval "
        f"knows (column spent_on; first in line {_first(odd)}). The kinds are: {', '.join(SPENT_ON)}."
    ]


def _years(costs: pd.DataFrame, name: str, faults: list[str]) -> list[int]:
    years, odd = [], []
    for place, value in enumerate(costs[name].tolist(), start=1):
        try:
            years.append(first_year(value, name))
        except InputError:
            years.append(0)
        if not _YEARS[0] <= years[-1] <= _YEARS[1]:
            odd.append(place)
    if odd:
        faults.append(
            f"The column {name} of the costs holds {len(odd)} value(s) that are missing or not a year such as 2019 or "
            f"2019/20 (first in line {odd[0]}); correct them."
        )
    return years


def _amounts(costs: pd.DataFrame, faults: list[str]) -> list[float]:
    numbers = figures(costs["amount"])
    if numbers is None:
        faults.append("The amounts of the costs are not all numbers; give plain figures without signs or commas.")
        return []
    for bad, words in (
        (numbers.isna(), "are missing; fill them in or take the rows out."),
        (numbers < 0, "are below 0; spending is given as positive pounds."),
        (numbers > MOST_POUNDS, "are not finite, or beyond all pounds there are; give plain figures."),
    ):
        if bad.any():
            faults.append(f"{int(bad.sum())} of the {len(costs)} amounts of the costs {words}")
    return numbers.tolist()


def _optional(costs: pd.DataFrame, name: str, default: float, most: float, faults: list[str]) -> list[float]:
    if name not in costs.columns:
        return [default] * len(costs)
    numbers = figures(costs[name])
    if numbers is None:
        faults.append(f"The column {name} of the costs does not hold numbers only; correct it or take it out.")
        return []
    odd = numbers.lt(0) | numbers.gt(most)
    if name == "people":
        odd |= numbers.eq(0) | (numbers % 1).gt(0) | numbers.eq(math.inf)
    if odd.any():
        needed = "a whole number above 0" if name == "people" else "a share between 0 and 1 (0.4, not 40)"
        faults.append(
            f"{int(odd.sum())} of the {len(costs)} values of {name} in the costs are not {needed} (first in line "
            f"{_first(odd)})."
        )
    return numbers.fillna(default).tolist()


def _words(costs: pd.DataFrame, name: str) -> list[str]:
    if name not in costs.columns:
        return [NOT_STATED] * len(costs)
    given: list[Any] = costs[name].astype("string").str.strip().replace("", pd.NA).fillna(NOT_STATED).tolist()
    return [str(one) for one in given]


def _first(odd: pd.Series) -> int:
    return int(odd.to_numpy().argmax()) + 1


def _all(faults: list[str]) -> str:
    return faults[0] if len(faults) == 1 else "\n  - ".join([f"{len(faults)} faults in the costs:", *faults])
