"""Prices of different years: the deflator, the discount-rate schedule, and how years are written."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.entrance import check_table

_YEAR: Final = re.compile(r"(\d{4})(?:\s*[-/–]\s*(\d{2}|\d{4}))?")


def stored(name: str) -> pd.DataFrame:
    """Return a look-up table that ships with dipeval, every cell as text."""
    with (files("dipeval") / "data" / name).open("rb") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False, encoding="utf-8")


def as_pounds(values: pd.Series) -> pd.Series:
    """Return text figures of a stored table as floats, missing where empty."""
    return pd.to_numeric(values.replace("", None)).astype("float64")


def load_gdp_deflator() -> pd.DataFrame:
    """Return the GDP deflator that ships with dipeval.

    Returns
    -------
    pandas.DataFrame
        ``year`` (calendar year, integer), ``deflator`` (2024 = 100), ``base``, ``source``, ``status``, ``note``.

    Notes
    -----
    HM Treasury, GDP deflators at market prices, release of December 2025, seen second-hand.

    Examples
    --------
    >>> deflator = load_gdp_deflator().set_index("year")["deflator"]
    >>> float(round(deflator[2024] / deflator[2019], 3))
    1.233
    """
    table = stored("gdp_deflator.csv")
    return table.assign(year=table["year"].astype("int64"), deflator=table["deflator"].astype("float64"))


def load_discount_rates() -> pd.DataFrame:
    """Return the dated schedule of discount rates that ships with dipeval.

    Returns
    -------
    pandas.DataFrame
        ``schedule`` (``standard`` or ``health``), ``from_year``, ``to_year`` (years from the first, integer; the last
        has no end), ``rate`` (a year, as a share), ``as_of`` (date at which it was in force), ``source``, ``status``,
        ``note``. A fresh copy.

    Notes
    -----
    HM Treasury, Green Book (2026), chapter 6. A return on investment discounts at one declared rate, 3.5% by default;
    the health schedule is for health effects in QALYs and is used for nothing here.

    Examples
    --------
    >>> rates = load_discount_rates()
    >>> rates.loc[rates["schedule"] == "standard", "rate"].head(3).tolist()
    [0.035, 0.03, 0.025]
    """
    table = stored("discount_rates.csv")
    return table.assign(
        from_year=table["from_year"].astype("int64"),
        to_year=pd.to_numeric(table["to_year"].replace("", None)).astype("Int64"),
        rate=table["rate"].astype("float64"),
    )


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
    table
        ``year`` and ``deflator`` (any base), as `load_gdp_deflator` or `read_deflator` return them; default the first.

    Raises
    ------
    InputError
        If the table lacks a column, repeats a year or holds a value that is not above 0.

    Examples
    --------
    >>> round(Deflator(2024).factor(2019), 3)
    1.233
    """

    def __init__(self, target: int, table: pd.DataFrame | None = None) -> None:
        self.target = target
        self.used = False
        self._index = _index(load_gdp_deflator() if table is None else table)

    def reaches(self, year: int) -> bool:
        """Whether amounts in prices of `year` can be brought to the target."""
        return year == self.target or {year, self.target} <= set(self._index)

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
            first, last = min(self._index), max(self._index)
            gaps = ", with gaps" if len(self._index) < last - first + 1 else ""
            raise InputError(
                f"Prices of {year} cannot be brought to {self.target}: the GDP deflator table has no value for "
                f"{' and '.join(missing)} (it runs from {first} to {last}{gaps}). Choose another price_year, pass a "
                "table that has the year (read_deflator), or convert the amounts first."
            )
        self.used = True
        return float(self._index[self.target] / self._index[year])


def _index(table: pd.DataFrame) -> dict[int, float]:
    check_table(table, "The deflator table")
    missing = [name for name in ("year", "deflator") if name not in table.columns]
    if missing:
        raise InputError(f"The deflator lacks the column(s) {', '.join(missing)}; add them.")
    years = [first_year(year, "year") for year in table["year"]]
    values = pd.to_numeric(table["deflator"], errors="coerce").astype("float64").to_numpy()
    if not years or len(set(years)) < len(years):
        raise InputError("The deflator holds no year, or one year more than once; keep one row a year.")
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise InputError("The deflator holds values that are missing or not above 0; give one index for each year.")
    return dict(zip(years, map(float, values), strict=True))
