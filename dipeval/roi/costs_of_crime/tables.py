"""The dated tables of unit costs of crime. See `dipeval/data/unit_costs.md`."""

from __future__ import annotations

from typing import Final, Literal

import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.costs_of_crime.fiscal import (
    load_drug_offence_costs,
    load_fiscal_unit_costs,
    with_drug_offences,
    with_fiscal,
)
from dipeval.roi.costs_of_crime.prices import (
    Deflator,
    as_pounds,
    first_year,
    load_discount_rates,
    load_gdp_deflator,
    stored,
    year_in_words,
)

__all__ = [
    "COLUMNS",
    "DEFAULT_VINTAGE",
    "MONEY",
    "Deflator",
    "first_year",
    "load_discount_rates",
    "load_drug_offence_costs",
    "load_fiscal_unit_costs",
    "load_gdp_deflator",
    "load_unit_costs",
    "vintages",
    "year_in_words",
]

DEFAULT_VINTAGE: Final = "2026"
MONEY: Final = ("anticipation", "consequence", "response", "unit_cost", "harm")
COLUMNS: Final = (
    "vintage",
    "offence_group",
    "mapped_from",
    *MONEY,
    "multiplier",
    "price_year",
    "fiscal",
    "fiscal_price_year",
    "fiscal_source",
    "source",
    "status",
    "note",
)


def vintages() -> tuple[str, ...]:
    """Return the editions of unit costs that ship, oldest first."""
    return tuple(sorted(set(stored("unit_costs.csv")["vintage"])))


def load_unit_costs(
    vintage: str = DEFAULT_VINTAGE,
    *,
    fiscal: Literal["home_office", "gmca"] | pd.DataFrame = "home_office",
    drug_offences: Literal["none", "police_and_court"] = "none",
    deflator: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the unit costs of crime that ship with dipeval, one row an offence group.

    Parameters
    ----------
    vintage
        ``2026`` (Home Office, costs of crime 2019 to 2020); to reproduce older work, totals only and many groups
        missing: ``2018`` (Research Report 99, 2015/16 prices), ``2005`` (Online Report 30/05, 2003/04 prices), ``2000``
        (Research Study 217, 2000 prices).
    fiscal
        What the fiscal perspective rests on: ``home_office``, the response part of this table; ``gmca``, the
        database of the Greater Manchester Combined Authority where it has an entry; or a table of fiscal costs, as
        `load_fiscal_unit_costs` or `read_unit_costs` with layout ``gmca`` return it.
    drug_offences
        ``none``: drug offences have no cost. ``police_and_court``: they cost one arrest and one court event, the
        response part only, each brought from its own price year to the table's.
    deflator
        GDP deflator for that, as `read_deflator` returns it; default the one that ships.

    Returns
    -------
    pandas.DataFrame
        ``vintage``, ``offence_group``, ``mapped_from`` (row of the publication), ``anticipation``, ``consequence``,
        ``response``, ``unit_cost`` (pounds per crime, as published; missing where no cost exists), ``harm`` (physical
        and emotional, within consequence; missing: not published by group), ``multiplier`` (actual crimes per recorded
        crime; missing: not seen), ``price_year``, ``fiscal`` (pounds, only from another source),
        ``fiscal_price_year``, ``fiscal_source``, ``source``, ``status`` (``secondary``: seen second-hand), ``note``. A
        fresh copy.

    Raises
    ------
    InputError
        If there is no such vintage, source or switch.

    Notes
    -----
    Totals are loaded as published and differ from the sum of their rounded parts by up to 10 pounds.

    Examples
    --------
    >>> costs = load_unit_costs().set_index("offence_group")
    >>> float(costs.loc["shoplifting", "unit_cost"]), costs.loc["shoplifting", "mapped_from"]
    (570.0, 'Commercial theft')
    >>> proxy = load_unit_costs(drug_offences="police_and_court").set_index("offence_group")
    >>> round(float(proxy.loc["drug_possession", "response"]))
    3789
    """
    table = stored("unit_costs.csv")
    known = vintages()
    if str(vintage) not in known:
        raise InputError(f"There are no unit costs of vintage '{vintage}'; there are: {', '.join(known)}.")
    rows = table[table["vintage"] == str(vintage)].reset_index(drop=True)
    rows = rows.assign(**{name: as_pounds(rows[name]) for name in (*MONEY, "multiplier")})
    rows = with_drug_offences(rows, drug_offences, deflator)
    return with_fiscal(rows, fiscal)[list(COLUMNS)]
