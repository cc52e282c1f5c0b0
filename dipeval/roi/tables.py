"""The dated look-up tables: unit costs of crime and the GDP deflator. See `dipeval/data/unit_costs.md`."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError

DEFAULT_VINTAGE: Final = "2026"
MONEY: Final = ("anticipation", "consequence", "response", "unit_cost")
_YEAR: Final = re.compile(r"(\d{4})(?:[-/](\d{2}|\d{4}))?")


def _read(name: str) -> pd.DataFrame:
    with (files("dipeval") / "data" / name).open("rb") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False, encoding="utf-8")


def load_unit_costs(vintage: str = DEFAULT_VINTAGE) -> pd.DataFrame:
    """Return the unit costs of crime that ship with dipeval, one row an offence group.

    Parameters
    ----------
    vintage
        ``2026`` (Home Office, costs of crime 2019 to 2020) or ``2018`` (Research Report 99, many groups missing).

    Returns
    -------
    pandas.DataFrame
        ``vintage``, ``offence_group``, ``mapped_from`` (row of the publication), ``anticipation``, ``consequence``,
        ``response``, ``unit_cost`` (pounds per crime, as published; missing where no cost exists), ``price_year``,
        ``source``, ``status`` (``secondary``: seen second-hand), ``note``. A fresh copy.

    Raises
    ------
    InputError
        If there is no such vintage.

    Examples
    --------
    >>> costs = load_unit_costs().set_index("offence_group")
    >>> float(costs.loc["shoplifting", "unit_cost"]), costs.loc["shoplifting", "mapped_from"]
    (570.0, 'Commercial theft')
    """
    table = _read("unit_costs.csv")
    known = sorted(set(table["vintage"]))
    if str(vintage) not in known:
        raise InputError(f"There are no unit costs of vintage '{vintage}'; there are: {', '.join(known)}.")
    rows = table[table["vintage"] == str(vintage)].reset_index(drop=True)
    return rows.assign(**{name: pd.to_numeric(rows[name].replace("", None)).astype("float64") for name in MONEY})


def load_gdp_deflator() -> pd.DataFrame:
    """Return the GDP deflator that ships with dipeval.

    Returns
    -------
    pandas.DataFrame
        ``year`` (calendar year, integer), ``deflator`` (2024 = 100), ``base``, ``source``, ``status``, ``note``.

    Examples
    --------
    >>> deflator = load_gdp_deflator().set_index("year")["deflator"]
    >>> float(round(deflator[2024] / deflator[2019], 3))
    1.233
    """
    table = _read("gdp_deflator.csv")
    return table.assign(year=table["year"].astype("int64"), deflator=table["deflator"].astype("float64"))


def first_year(value: Any, what: str) -> int:
    """Read ``2019``, ``2019/20`` or ``2019-20`` as 2019.

    Examples
    --------
    >>> first_year("2019/20", "price_year"), first_year(2019, "price_year")
    (2019, 2019)
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    match = _YEAR.fullmatch(str(value).strip())
    if match is None or (match[2] and (int(match[1]) + 1) % 100 != int(match[2]) % 100):
        raise InputError(f"A value of '{what}' is not a year such as 2019 or 2019/20; correct it.")
    return int(match[1])


def year_in_words(year: int) -> str:
    """Return 2019 as ``2019/20``.

    Examples
    --------
    >>> year_in_words(1999)
    '1999/00'
    """
    return f"{year}/{(year + 1) % 100:02d}"


class Deflator:
    """Takes amounts from the prices of one year to those of another, and remembers whether it had to.

    Parameters
    ----------
    target
        Year whose prices everything is brought to.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.used = False
        table = load_gdp_deflator()
        self._index = dict(zip(table["year"], table["deflator"], strict=True))

    def factor(self, year: int) -> float:
        """Return what an amount in prices of `year` is multiplied by.

        Raises
        ------
        InputError
            If either year is not in the table.
        """
        if year == self.target:
            return 1.0
        missing = [str(one) for one in (year, self.target) if one not in self._index]
        if missing:
            raise InputError(
                f"Prices of {year} cannot be brought to {self.target}: the GDP deflator table has no value for "
                f"{' and '.join(missing)} (it runs from {min(self._index)} to {max(self._index)}, with gaps before "
                "2006). Choose another price_year, or convert the amounts first."
            )
        self.used = True
        return float(self._index[self.target] / self._index[year])
