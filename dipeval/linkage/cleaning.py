"""Identifiers made comparable: one spelling of a name, parts of a date, areas of a postcode, all as text.

Names: capitals, no accents, no titles, apostrophes and hyphens closed up, the first forename only. A name of one letter
is an initial. Words such as "unknown" count as missing. Day and month that may have been swapped stay as they are, and
so do forename and surname: the person models have levels for both. Each rule works on the distinct values of a column,
never person by person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from dipeval.linkage import spelling
from dipeval.linkage.nicknames import forename_roots
from dipeval.linkage.postcodes import postcode_parts

RAW_IDENTIFIERS = (
    "forename",
    "surname",
    "forename_initial",
    "surname_initial",
    "date_of_birth",
    "sex",
    "postcode",
    "postcode_sector",
)
NAME_COLUMNS = ("forename", "forename_root", "surname", "forename_initial", "surname_initial")
BIRTH_COLUMNS = ("birth_year", "birth_year_next", "birth_month", "birth_day", "birth_date")
AREA_COLUMNS = ("postcode", "sector", "outward")
COMPARABLE = (*NAME_COLUMNS, *BIRTH_COLUMNS, "sex", *AREA_COLUMNS)
# pandas puts None, not NaN, in text columns only when told; its type stubs do not know that it may be told.
NOTHING: Any = None
_SEXES = {"male": "M", "m": "M", "man": "M", "1": "M", "female": "F", "f": "F", "woman": "F", "2": "F"}
_PLACEHOLDER_DATES = frozenset({dt.date(1900, 1, 1), dt.date(1901, 1, 1), dt.date(1899, 12, 30), dt.date(1899, 12, 31)})
_EARLIEST_BIRTH = pd.Timestamp(1900, 1, 1)
_HASHED = ("hashed_", "key_fingerprint")


def empty_column(index: pd.Index) -> pd.Series:
    """Return a text column without a value."""
    return pd.Series(NOTHING, index=index, dtype=object)


def is_hashed(column: object) -> bool:
    """Say whether a column belongs to a pseudonymised table.

    Examples
    --------
    >>> is_hashed("hashed_sex"), is_hashed("sex")
    (True, False)
    """
    return str(column).startswith(_HASHED)


def _by_value(column: pd.Series, clean: Callable[[str], str | None]) -> pd.Series:
    """Clean each distinct value once; missing and empty become None. Equal values are one text in memory."""
    codes, values = pd.factorize(column.astype(object))
    table = np.full(len(values) + 1, None, dtype=object)
    seen: dict[str, str] = {}
    for place, value in enumerate(values):
        text = clean(str(value))
        table[place] = seen.setdefault(text, text) if text else None
    return pd.Series(table[codes], index=column.index, dtype=object)


def clean_forename(column: pd.Series) -> pd.Series:
    """Return the first forename: capitals, no accents, no title, hyphens and apostrophes closed up.

    Examples
    --------
    >>> clean_forename(pd.Series(["Mr. José-Luis Ángel", "d'Arcy", "unknown", None])).tolist()
    ['JOSELUIS', 'DARCY', None, None]
    """
    return _by_value(column, spelling.forename)


def clean_surname(column: pd.Series) -> pd.Series:
    """Return the surname as one word: capitals, no accents, no title, hyphens, spaces and apostrophes closed up.

    Examples
    --------
    >>> clean_surname(pd.Series(["O'Brien", "Smith-Jones", "van der Berg", "Smith Jnr", " "])).tolist()
    ['OBRIEN', 'SMITHJONES', 'VANDERBERG', 'SMITH', None]
    """
    return _by_value(column, spelling.surname)


def clean_initial(column: pd.Series) -> pd.Series:
    """Return the first letter in capitals without accent.

    Examples
    --------
    >>> clean_initial(pd.Series(["é", "S.", "1", None])).tolist()
    ['E', 'S', None, None]
    """
    return _by_value(column, spelling.initial)


def clean_sex(column: pd.Series) -> pd.Series:
    """Return M, F or missing.

    Examples
    --------
    >>> clean_sex(pd.Series(["male", "Female", "unknown"])).tolist()
    ['M', 'F', None]
    """
    return _by_value(column, lambda text: _SEXES.get(text.strip().lower().removesuffix(".0")))


def clean_birth_date(column: pd.Series, latest: dt.date) -> pd.Series:
    """Return the date of birth as ISO text; placeholders and impossible dates are missing.

    Default dates that are possible (1 January 1970) are found by their number: `dipeval.linkage.heaping`.

    Parameters
    ----------
    column
        Dates of birth.
    latest
        Nobody is born after this day (the extract date).

    Examples
    --------
    >>> dates = pd.Series(pd.to_datetime(["1980-02-29", "1900-01-01", "2090-05-05"]))
    >>> clean_birth_date(dates, dt.date(2019, 1, 1)).tolist()
    ['1980-02-29', None, None]
    """
    codes, days = pd.factorize(pd.to_datetime(column, errors="coerce"))
    days = pd.DatetimeIndex(days)
    real = (days > _EARLIEST_BIRTH) & (days <= pd.Timestamp(latest))
    real &= ~days.isin([pd.Timestamp(day) for day in _PLACEHOLDER_DATES])
    table = np.full(len(days) + 1, None, dtype=object)
    table[:-1][real] = days[real].strftime("%Y-%m-%d")
    return pd.Series(table[codes], index=column.index, dtype=object)


def birth_parts(dates: pd.Series) -> pd.DataFrame:
    """Return a date of birth and its parts, all as text.

    Parameters
    ----------
    dates
        ISO text; missing stays missing.

    Returns
    -------
    pandas.DataFrame
        birth_year, birth_year_next (the year after it), birth_month, birth_day, birth_date.

    Examples
    --------
    >>> birth_parts(pd.Series(["1980-02-03", None])).loc[0].tolist()
    ['1980', '1981', '02', '03', '1980-02-03']
    """
    codes, values = pd.factorize(dates)
    one: dict[str, str] = {}
    table = np.full((len(values) + 1, len(BIRTH_COLUMNS)), None, dtype=object)
    for place, date in enumerate(values):
        parts = (date[:4], str(int(date[:4]) + 1), date[5:7], date[8:10], date)
        table[place] = [one.setdefault(part, part) for part in parts]
    return pd.DataFrame(table[codes], columns=list(BIRTH_COLUMNS), index=dates.index, dtype=object)


def clean_postcode(column: pd.Series, *, sectors: bool = False) -> pd.DataFrame:
    """Return postcode, sector and outward part; codes for no address (ZZ99) and broken ones are missing.

    Parameters
    ----------
    column
        Whole postcodes ("LS1 4AB"), sectors ("LS1 4") or outward parts ("LS1").
    sectors
        Whether a code without space that ends in a digit ("LS14") is a sector (LS1 4) or an outward part (LS14).

    Examples
    --------
    >>> clean_postcode(pd.Series(["ls14ab", "BD1 2", "HX", "ZZ99 3VZ"])).to_numpy().tolist()
    [['LS14AB', 'LS1 4', 'LS1'], [None, 'BD1 2', 'BD1'], [None, None, None], [None, None, None]]
    """
    codes, values = pd.factorize(column.astype(object))
    table = np.full((len(values) + 1, len(AREA_COLUMNS)), None, dtype=object)
    for place, value in enumerate(values):
        table[place] = postcode_parts(str(value), sectors=sectors)
    return pd.DataFrame(table[codes], columns=list(AREA_COLUMNS), index=column.index, dtype=object)


def clean_other(column: pd.Series) -> pd.Series:
    """Return any other identifier as text to be compared for equality: capitals, no accents, closed up.

    Examples
    --------
    >>> clean_other(pd.Series(["943 476 5919", "White - British", 7.0, " ", None])).tolist()
    ['9434765919', 'WHITEBRITISH', '7', None, None]
    """

    def clean(text: str) -> str:
        return "".join(c for c in spelling.plain(text.removesuffix(".0")) if c.isalnum())

    return _by_value(column, clean)


def _clear_identifiers(frame: pd.DataFrame, latest: dt.date) -> pd.DataFrame:
    def column(name: str) -> pd.Series:
        return frame[name] if name in frame else empty_column(frame.index)

    parts: dict[str, pd.Series] = {}
    for name, clean in (("forename", clean_forename), ("surname", clean_surname)):
        words = clean(column(name))
        initials = words.str[:1].where(words.notna(), clean_initial(column(f"{name}_initial")))
        parts[f"{name}_initial"] = initials
        parts[name] = words.where(words.str.len() > 1, NOTHING)
    parts["forename_root"] = forename_roots(parts["forename"])
    parts["sex"] = clean_sex(column("sex"))
    births = birth_parts(clean_birth_date(column("date_of_birth"), latest))
    areas = clean_postcode(column("postcode"))
    if "postcode_sector" in frame:
        areas = areas.where(areas["outward"].notna(), clean_postcode(column("postcode_sector"), sectors=True))
    return pd.concat([pd.DataFrame(parts, index=frame.index), births, areas], axis=1).astype(object)


def clean_identifiers(frame: pd.DataFrame, latest: dt.date, also_compare: Iterable[str] = ()) -> pd.DataFrame:
    """Return the comparable identifiers of a table, one row a record.

    Parameters
    ----------
    frame
        A table of the contracts (`dipeval.extracts.contracts`), or a pseudonymised one (columns ``hashed_...``).
    latest
        The extract date: nobody is born after it.
    also_compare
        Further columns to compare for equality; one that the table does not have is missing in every row.

    Returns
    -------
    pandas.DataFrame
        Text only: forename, forename_root (the name it is short for: `dipeval.linkage.nicknames`), surname,
        forename_initial, surname_initial, birth_year, birth_year_next (the year after), birth_month, birth_day,
        birth_date (ISO), sex (M, F), postcode, sector, outward, and the columns of `also_compare`; None where missing
        or where the table has no such column. Of a pseudonymised table, the hashes of the same.

    Examples
    --------
    >>> people = pd.DataFrame({"forename": ["Zoë"], "surname": ["O'Neil"], "postcode": ["LS1 4AB"]})
    >>> clean_identifiers(people, dt.date(2019, 1, 1)).loc[0, ["forename", "surname_initial", "sector"]].tolist()
    ['ZOE', 'O', 'LS1 4']
    """
    if any(is_hashed(name) for name in frame.columns):
        from dipeval.linkage.pseudonyms import hashed_identifiers

        cleaned = hashed_identifiers(frame)
    else:
        cleaned = _clear_identifiers(frame, latest)
    columns = {name: cleaned[name] for name in COMPARABLE}
    for name in also_compare:
        source = next((frame[have] for have in (f"hashed_{name}", name) if have in frame), None)
        columns.setdefault(name, empty_column(frame.index) if source is None else clean_other(source))
    return pd.DataFrame(columns, index=frame.index).astype(object)
