"""Identifiers made comparable: one spelling of a name, parts of a date, areas of a postcode.

Names: capitals, no accents, no title in front, apostrophes and hyphens closed up, the first forename only. Words
such as "unknown" count as missing. Each rule works on the distinct values of a column, never person by person.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

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
# pandas puts None, not NaN, in text columns only when told; its type stubs do not know that it may be told.
NOTHING: Any = None
_TITLES = r"^(?:(?:MR|MRS|MS|MISS|MX|MASTER|DR|SIR|REV|PROF)[. ]+)+(?=\w)"
_NOT_NAMES = frozenset({"UNKNOWN", "NOTKNOWN", "NK", "NA", "NONE", "NULL", "NOTGIVEN", "REFUSED", "XX", "XXX", "XXXX"})
_LETTERS = str.maketrans({"Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Æ": "AE", "Œ": "OE", "Þ": "TH", "Ħ": "H", "ẞ": "SS"})
_SEXES = {"male": "M", "m": "M", "1": "M", "female": "F", "f": "F", "2": "F"}
_PLACEHOLDER_DATES = frozenset({dt.date(1900, 1, 1), dt.date(1901, 1, 1), dt.date(1899, 12, 30), dt.date(1899, 12, 31)})
_EARLIEST_BIRTH = pd.Timestamp(1900, 1, 1)
_OUTWARD = r"[A-Z]{1,2}[0-9][A-Z0-9]?"


def empty_column(index: pd.Index) -> pd.Series:
    """Return a text column without a value."""
    return pd.Series(NOTHING, index=index, dtype=object)


def _by_value(column: pd.Series, clean: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Clean each distinct value once; missing stays None."""
    codes, values = pd.factorize(column.astype(object))
    cleaned = clean(pd.Series(values, dtype=object).astype(str)).astype(object)
    cleaned = cleaned.where(cleaned.notna() & (cleaned != ""), NOTHING)
    table = pd.concat([cleaned, pd.Series([None], dtype=object)], ignore_index=True)
    return pd.Series(table.to_numpy()[codes], index=column.index, dtype=object)


def _plain(values: pd.Series) -> pd.Series:
    """Capitals without accents."""
    upper = values.str.upper().str.translate(_LETTERS)
    marks = upper.map(
        lambda text: "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    )
    return marks.str.strip()


def _letters_only(values: pd.Series) -> pd.Series:
    letters = values.str.replace(r"[^\w]|[\d_]", "", regex=True)
    return letters.where(~letters.isin(_NOT_NAMES), "")


def clean_forename(column: pd.Series) -> pd.Series:
    """Return the first forename: capitals, no accents, no title, hyphens and apostrophes closed up.

    Examples
    --------
    >>> clean_forename(pd.Series(["Mr. José-Luis Ángel", "d'Arcy", "unknown", None])).tolist()
    ['JOSELUIS', 'DARCY', None, None]
    """

    def clean(values: pd.Series) -> pd.Series:
        named = _plain(values).str.replace(_TITLES, "", regex=True)
        named = named.str.replace(r"\s*-\s*", "-", regex=True)
        whole = _letters_only(named)
        return _letters_only(named.str.split(n=1).str[0].fillna("")).where(whole != "", "")

    return _by_value(column, clean)


def clean_surname(column: pd.Series) -> pd.Series:
    """Return the surname as one word: capitals, no accents, no title, hyphens, spaces and apostrophes closed up.

    Examples
    --------
    >>> clean_surname(pd.Series(["O'Brien", "Smith-Jones", "van der Berg", " "])).tolist()
    ['OBRIEN', 'SMITHJONES', 'VANDERBERG', None]
    """
    return _by_value(column, lambda values: _letters_only(_plain(values).str.replace(_TITLES, "", regex=True)))


def clean_initial(column: pd.Series) -> pd.Series:
    """Return the first letter in capitals without accent.

    Examples
    --------
    >>> clean_initial(pd.Series(["é", "S.", "1", None])).tolist()
    ['E', 'S', None, None]
    """
    return _by_value(column, lambda values: _letters_only(_plain(values)).str[:1])


def clean_sex(column: pd.Series) -> pd.Series:
    """Return M, F or missing.

    Examples
    --------
    >>> clean_sex(pd.Series(["male", "Female", "unknown"])).tolist()
    ['M', 'F', None]
    """
    return _by_value(column, lambda values: values.str.strip().str.lower().map(_SEXES))


def clean_birth_date(column: pd.Series, latest: dt.date) -> pd.Series:
    """Return the date of birth as ISO text; placeholders and impossible dates are missing.

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
    dates = pd.to_datetime(column, errors="coerce")
    real = dates.notna() & (dates > _EARLIEST_BIRTH) & (dates <= pd.Timestamp(latest))
    real &= ~dates.isin([pd.Timestamp(day) for day in _PLACEHOLDER_DATES])
    text = dates.dt.strftime("%Y-%m-%d").astype(object)
    return text.where(real, NOTHING)


def _first_known(*columns: pd.Series) -> pd.Series:
    first, *others = (column.astype("string") for column in columns)
    for other in others:
        first = first.fillna(other)
    return first


def clean_postcode(column: pd.Series, *, sectors: bool = False) -> pd.DataFrame:
    """Return postcode, sector and outward part; "no fixed abode" codes (ZZ99) and broken ones are missing.

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
    spaced = pd.Series(values, dtype=object).astype(str).str.upper().str.replace(r"[^A-Z0-9 ]", "", regex=True)
    spaced = spaced.str.strip()
    closed = spaced.str.replace(" ", "", regex=False)
    whole = closed.str.extract(rf"^({_OUTWARD})([0-9])[A-Z]{{2}}$")
    apart = spaced.str.extract(rf"^({_OUTWARD}) +([0-9])$")
    short = spaced.str.extract(rf"^({_OUTWARD})([0-9])$" if sectors else r"^(?!)(.)(.)$")
    alone = spaced.str.extract(rf"^({_OUTWARD})$")
    outward = _first_known(whole[0], apart[0], short[0], alone[0])
    digit = _first_known(whole[1], apart[1], short[1])
    real = outward.notna() & outward.ne("ZZ99").fillna(False)
    table = pd.DataFrame(
        {"postcode": closed.where(whole[0].notna(), NOTHING), "sector": outward + " " + digit, "outward": outward}
    ).astype(object)
    keep = table.notna().to_numpy() & real.to_numpy(dtype=bool)[:, None]
    cells = np.full((len(table) + 1, 3), None, dtype=object)
    cells[:-1][keep] = table.to_numpy(dtype=object)[keep]
    return pd.DataFrame(cells[codes], columns=table.columns, index=column.index)


def clean_identifiers(frame: pd.DataFrame, latest: dt.date) -> pd.DataFrame:
    """Return the comparable identifiers of a table, one row a record.

    Parameters
    ----------
    frame
        A table of the contracts (`dipeval.extracts.contracts`).
    latest
        The extract date: nobody is born after it.

    Returns
    -------
    pandas.DataFrame
        forename, surname, forename_initial, surname_initial, birth_date (ISO text), sex (M, F), postcode, sector,
        outward; None where missing or where the table has no such column.

    Examples
    --------
    >>> people = pd.DataFrame({"forename": ["Zoë"], "surname": ["O'Neil"], "postcode": ["LS1 4AB"]})
    >>> clean_identifiers(people, dt.date(2019, 1, 1)).loc[0, ["forename", "surname_initial", "sector"]].tolist()
    ['ZOE', 'O', 'LS1 4']
    """

    def column(name: str) -> pd.Series:
        return frame[name] if name in frame else empty_column(frame.index)

    forename, surname = clean_forename(column("forename")), clean_surname(column("surname"))
    whole_postcode = "postcode" in frame
    area = clean_postcode(column("postcode" if whole_postcode else "postcode_sector"), sectors=not whole_postcode)
    initials = {
        name: whole.str[:1].where(whole.notna(), clean_initial(column(name)))
        for name, whole in (("forename_initial", forename), ("surname_initial", surname))
    }
    born = column("date_of_birth")
    return pd.DataFrame(
        {
            "forename": forename,
            "surname": surname,
            **initials,
            "birth_date": clean_birth_date(born, latest),
            "sex": clean_sex(column("sex")),
            "postcode": area["postcode"],
            "sector": area["sector"],
            "outward": area["outward"],
        },
        index=frame.index,
    ).astype(object)
