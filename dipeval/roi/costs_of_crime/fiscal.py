"""What offences cost public budgets by other sources than the cost-of-crime tables; every one of them is a switch."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.costs_of_crime.prices import Deflator, as_pounds, first_year, stored
from dipeval.roi.entrance import MOST_POUNDS, check_table, figures

FISCAL_SOURCES: Final = ("home_office", "gmca")
DRUG_OFFENCES: Final = ("none", "police_and_court")
DRUG_GROUPS: Final = ("drug_possession", "drug_supply")
NOTE_PROXY: Final = (
    "a stand-in, switched on: one arrest (2006/07 prices) and one court event (2008/09 prices), each brought to the "
    "price year; nothing for harm, security, prison or probation. Too high for possession that ends in a caution or "
    "out of court"
)


def load_fiscal_unit_costs() -> pd.DataFrame:
    """Return the fiscal cost of an incident by offence group from the GMCA unit cost database that ships with dipeval.

    Returns
    -------
    pandas.DataFrame
        ``edition``, ``offence_group``, ``code`` and ``mapped_from`` (the entry used), ``fiscal`` (pounds per incident),
        ``of_which_health`` (the part of it borne by the health service), ``price_year``, ``source``, ``licence``,
        ``status`` (``secondary``), ``note``. Groups without an entry are not in it. A fresh copy.

    Notes
    -----
    Greater Manchester Combined Authority, unit cost database v1.4, entries CR8.3 to CR8.18, 2010/11 prices. Its fiscal
    cost counts the health service, which the response part of the Home Office figures does not.

    Examples
    --------
    >>> fiscal = load_fiscal_unit_costs().set_index("offence_group")
    >>> fiscal.loc["shoplifting", "code"], float(fiscal.loc["shoplifting", "fiscal"])
    ('CR8.18', 26.0)
    """
    table = stored("fiscal_unit_costs.csv")
    return table.assign(fiscal=as_pounds(table["fiscal"]), of_which_health=as_pounds(table["of_which_health"]))


def load_drug_offence_costs() -> pd.DataFrame:
    """Return what was found on the cost of a drug offence to police and courts, used and unused.

    Returns
    -------
    pandas.DataFrame
        ``component``, ``code``, ``mapped_from``, ``amount`` (pounds), ``price_year`` (empty: not known), ``used``
        (bool: whether ``drug_offences='police_and_court'`` counts it), ``source``, ``status``, ``note``. A fresh copy.

    Notes
    -----
    No cost of crime is published for drug offences: they have no individual or business victim.

    Examples
    --------
    >>> found = load_drug_offence_costs()
    >>> found.loc[found["used"], ["component", "amount", "price_year"]].to_numpy().tolist()
    [['arrest', 593.0, '2006/07'], ['court', 2500.0, '2008/09']]
    """
    table = stored("drug_offence_costs.csv")
    return table.assign(amount=as_pounds(table["amount"]), used=table["used"] == "yes")


def with_fiscal(table: pd.DataFrame, fiscal: str | pd.DataFrame) -> pd.DataFrame:
    """Return unit costs with ``fiscal``, ``fiscal_price_year`` and ``fiscal_source`` filled from a source."""
    known = _fiscal_rows(fiscal)
    rows = [known.get(group, (math.nan, "", "")) for group in table["offence_group"]]
    return table.assign(
        fiscal=pd.Series([row[0] for row in rows], index=table.index, dtype="float64"),
        fiscal_price_year=[row[1] for row in rows],
        fiscal_source=[row[2] for row in rows],
    )


def _fiscal_rows(fiscal: str | pd.DataFrame) -> dict[str, tuple[float, str, str]]:
    if isinstance(fiscal, str):
        if fiscal not in FISCAL_SOURCES:
            raise InputError(
                f"There is no source of fiscal costs '{fiscal}'; choose one of: {', '.join(FISCAL_SOURCES)}."
            )
        if fiscal == "home_office":
            return {}
        fiscal = load_fiscal_unit_costs()
    check_table(fiscal, "The fiscal costs")
    year = "fiscal_price_year" if "fiscal_price_year" in fiscal.columns else "price_year"
    source = "fiscal_source" if "fiscal_source" in fiscal.columns else "source"
    missing = [name for name in ("offence_group", "fiscal", year) if name not in fiscal.columns]
    if missing:
        raise InputError(f"The fiscal costs lack the column(s) {', '.join(missing)}; add them.")
    if fiscal["offence_group"].duplicated().any():
        raise InputError("The fiscal costs hold an offence group more than once; keep one row a group.")
    values = figures(fiscal["fiscal"])
    if values is None or ((values < 0) | (values > MOST_POUNDS)).any():
        raise InputError("The fiscal costs are not all figures of 0 or more pounds; correct the column 'fiscal'.")
    filled = fiscal.assign(fiscal=values)[values.notna()]
    return {str(row["offence_group"]): _cells(row, year, source) for row in filled.to_dict("records")}


def _cells(row: dict[Any, Any], year: str, source: str) -> tuple[float, str, str]:
    where = str(row.get(source, "")) or "the fiscal costs passed in"
    code = str(row.get("code", ""))
    first_year(row[year], year)
    return float(row["fiscal"]), str(row[year]), f"{where}, entry {code}" if code else where


def with_drug_offences(table: pd.DataFrame, drug_offences: str, deflator: pd.DataFrame | None) -> pd.DataFrame:
    """Return unit costs in which drug offences cost an arrest and a court event, or the table as it is."""
    if drug_offences not in DRUG_OFFENCES:
        raise InputError(f"drug_offences is '{drug_offences}'; it must be one of: {', '.join(DRUG_OFFENCES)}.")
    if drug_offences == "none":
        return table
    used = load_drug_offence_costs().query("used")
    out = table.copy()
    for place in out.index[out["offence_group"].isin(DRUG_GROUPS)]:
        prices = Deflator(first_year(out.loc[place, "price_year"], "price_year"), deflator)
        parts = zip(used["amount"], used["price_year"], strict=True)
        cost = math.fsum(amount * prices.factor(first_year(year, "price_year")) for amount, year in parts)
        entries = " and ".join(
            f"{component} ({code})" for component, code in zip(used["component"], used["code"], strict=True)
        )
        out.loc[place, ["anticipation", "consequence", "response", "unit_cost", "harm"]] = [0.0, 0.0, cost, cost, 0.0]
        out.loc[place, "mapped_from"] = f"Sum of {entries}"
        out.loc[place, "source"] = used["source"].iloc[0]
        out.loc[place, "status"] = "secondary"
        out.loc[place, "note"] = NOTE_PROXY
    return out
