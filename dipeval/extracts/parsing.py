"""Columns from text: trimmed, recoded, parsed. Work is done once per distinct text, never row by row."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from dipeval.extracts.contracts import Column
from dipeval.extracts.dates import DateRule, parse_dates
from dipeval.extracts.mapping import ExtractMapping, fold, formats_in_words

_YES_NO: Final = {"yes": True, "y": True, "true": True, "t": True, "1": True} | {
    "no": False,
    "n": False,
    "false": False,
    "f": False,
    "0": False,
}
_NUMBER: Final = r"-?£?-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?"
_INITIALS: Final = ("forename_initial", "surname_initial")
_BRACKETED: Final = r"\((.*)\)"
# Digits that a double holds exactly; beyond that an identifier or a count would change silently.
LARGEST_WHOLE: Final = 2**53


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ParsedColumn:
    """A column in its final type, with what went wrong.

    Parameters
    ----------
    values
        Object text, ``datetime64[us]``, ``boolean``, ``float64`` or ``Int64``.
    faults
        What is wrong (words) to a boolean Series of the rows, with a remedy.
    blanked
        Why a value was set to missing, to a boolean Series of the rows.
    notes
        What is worth telling though it is no fault.
    """

    values: pd.Series
    faults: dict[str, tuple[pd.Series, str]] = field(default_factory=dict)
    blanked: dict[str, pd.Series] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def parse_column(text: pd.Series, column: Column, table: str, mapping: ExtractMapping) -> ParsedColumn:
    """Turn the text of one column into its type.

    Parameters
    ----------
    text
        Object Series, None where missing, already trimmed by `clean_text`.
    column
        Its contract.
    table
        Name of the table, for the mapping.
    mapping
        Codes and date formats of the study.

    Returns
    -------
    ParsedColumn

    Examples
    --------
    >>> from dipeval.extracts.contracts import table_contract
    >>> column = table_contract("spend").column("amount")
    >>> parse_column(pd.Series(["£1,200.50"]), column, "spend", ExtractMapping()).values.tolist()
    [1200.5]
    """
    recoded = mapping.codes_of(table, column.name)
    if recoded and column.kind != "date":
        text = _by_distinct(text, lambda words: words.map(lambda word: recoded.get(fold(word), word)))
    if column.kind == "date":
        return _dates(text, column, table, mapping)
    if column.kind in ("number", "integer"):
        return _numbers(text, column)
    if column.kind == "boolean":
        return _booleans(text)
    return ParsedColumn(values=standard_words(text, column))


def clean_text(text: pd.Series, missing_values: tuple[str, ...] = ()) -> pd.Series:
    """Trim a text column; empty cells, and words that stand for them, become None.

    Parameters
    ----------
    text
        Object Series.
    missing_values
        Words that stand for an empty cell.

    Returns
    -------
    Series
        Object text, None where missing.

    Examples
    --------
    >>> clean_text(pd.Series([" a ", " ", "NA"])).tolist()
    ['a', None, 'NA']
    """
    nothing = {"", *(word.strip().casefold() for word in missing_values)}

    def trimmed(words: pd.Series) -> pd.Series:
        words = words.astype(object).str.strip()
        return words.mask(words.str.casefold().isin(nothing))

    return _by_distinct(text, trimmed)


def blank_to_none(values: pd.Series) -> pd.Series:
    """Return the values as objects, every kind of missing as None.

    Examples
    --------
    >>> blank_to_none(pd.Series(["a", float("nan"), pd.NA])).tolist()
    ['a', None, None]
    """
    plain = values.astype(object).to_numpy(copy=True)
    plain[values.isna().to_numpy()] = None
    return pd.Series(plain, index=values.index, name=values.name, dtype=object)


def as_text(values: pd.Series) -> pd.Series:
    """Write the values of a typed column (Parquet, Excel, a DataFrame) as text, missing ones as None.

    Whole floats lose their ``.0``; dates are ISO; true and false are yes and no.

    Examples
    --------
    >>> as_text(pd.Series([3.0, None])).tolist(), as_text(pd.Series([True])).tolist()
    (['3', None], ['yes'])
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype if len(values.cat.categories) else object)
    if pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty"):
        return blank_to_none(values)
    if holds_containers(values):
        return blank_to_none(values).map(_cell_text, na_action="ignore")
    return _by_distinct(values, lambda distinct: distinct.astype(object).map(_cell_text))


def holds_containers(values: pd.Series) -> bool:
    """Say whether cells hold lists or other things that are no single value.

    Examples
    --------
    >>> holds_containers(pd.Series([["a", "b"], None])), holds_containers(pd.Series(["a", 1]))
    (True, False)
    """
    if values.dtype == object and not pd.api.types.infer_dtype(values, skipna=True).startswith("mixed"):
        return False
    if values.dtype != object and not str(values.dtype).startswith(("list", "large_list", "struct", "map")):
        return False
    return any(not isinstance(cell, Hashable) for cell in values)


def _cell_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _by_distinct(values: pd.Series, work: Callable[[pd.Series], pd.Series]) -> pd.Series:
    positions, distinct = pd.factorize(values)
    if not len(distinct):
        return blank_to_none(values)
    done = blank_to_none(work(pd.Series(distinct))).tolist()
    if values.dtype == object and done == list(distinct) and _none_elsewhere(values, positions):
        return values
    # Position -1 (missing) takes the None put at the end.
    known = np.array([*done, None], dtype=object)
    return pd.Series(known[positions], index=values.index)


def _none_elsewhere(values: pd.Series, positions: np.ndarray) -> bool:
    return all(cell is None for cell in values.to_numpy()[positions < 0])


def _take(distinct: pd.Series, positions: pd.Series) -> pd.Series:
    # Position -1 (missing) is no label of the distinct values, so it stays missing.
    taken = distinct.array.take(positions.to_numpy(), allow_fill=True)
    return pd.Series(taken, index=positions.index, copy=False)


def _spread(flags: pd.Series, positions: pd.Series) -> pd.Series:
    # Position -1 (missing) takes the False put at the end.
    known = np.append(flags.to_numpy(dtype=bool), False)
    return pd.Series(known[positions.to_numpy()], index=positions.index)


def _distinct(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    positions, distinct = pd.factorize(text)
    return pd.Series(positions, index=text.index), pd.Series(distinct, dtype=object)


def standard_words(text: pd.Series, column: Column) -> pd.Series:
    """Bring codes, known words and initials to our spelling; other words stay as they are.

    Parameters
    ----------
    text
        As from `clean_text`.
    column
        Its contract.

    Returns
    -------
    Series
        `text` itself if there is nothing to change.

    Examples
    --------
    >>> from dipeval.extracts.contracts import table_contract
    >>> standard_words(pd.Series(["M", "Female"]), table_contract("deaths").column("sex")).tolist()
    ['male', 'female']
    """
    known = {fold(code): code for code in (*column.codes, *column.spellings)} | dict(column.aliases)
    if not known:
        return _by_distinct(text, lambda words: words.str.upper()) if column.name in _INITIALS else text
    return _by_distinct(text, lambda words: words.map(lambda word: known.get(fold(word), word)))


def _dates(text: pd.Series, column: Column, table: str, mapping: ExtractMapping) -> ParsedColumn:
    birth = column.name == "date_of_birth"
    placeholders = (*mapping.placeholder_dates, *(mapping.placeholder_births if birth else ()))
    rule = DateRule(
        formats=mapping.formats_of(table),
        birth_pivot=mapping.two_digit_year_pivot if birth else None,
        placeholders=tuple(placeholders),
    )
    positions, distinct = _distinct(text)
    parsed = parse_dates(distinct, rule)
    values = _take(parsed.values, positions).astype("datetime64[us]")
    expected = formats_in_words(rule.formats)
    remedy = (
        "Mend the cells in the extract; a format can be added to date_formats, a word for 'not known' to "
        "missing_values."
    )
    faults = {
        f"is not a real date (expected {expected})": (_spread(parsed.unreadable, positions), remedy),
        "could be two different days under the formats given": (
            _spread(parsed.ambiguous, positions),
            "Say which order this table has: name a single order of day and month in date_formats.",
        ),
    }
    placeholder = _spread(parsed.placeholder, positions)
    blanked = {}
    if column.may_be_missing:
        blanked["placeholder date"] = placeholder
    else:
        faults["is a placeholder for 'not known', and this column must be known"] = (
            placeholder,
            "Send the true date, or leave the record out.",
        )
    serial = int(_spread(parsed.serial, positions).sum())
    notes = (f"{serial:,} dates in {column.name} were read as Excel serial numbers.",) if serial else ()
    return ParsedColumn(values=values, faults=faults, blanked=blanked, notes=notes)


def _numbers(text: pd.Series, column: Column) -> ParsedColumn:
    positions, distinct = _distinct(text)
    words = distinct.astype(object).astype(str).str.replace(_BRACKETED, r"-\1", regex=True)
    words = words.str.replace(r"\s", "", regex=True)
    shaped = words.str.fullmatch(_NUMBER) & words.str.contains(r"\d")
    numbers = pd.to_numeric(words.where(shaped).str.replace(r"[£,]", "", regex=True), errors="coerce").astype("float64")
    bad = numbers.isna()
    whole = column.kind == "integer"
    if whole:
        bad |= (numbers % 1 != 0) | (numbers.abs() > LARGEST_WHOLE)
    numbers = numbers.where(~bad)
    values = _take(numbers.astype("Int64") if whole else numbers, positions)
    what = f"is not a {'whole ' if whole else ''}number"
    remedy = "Write it as in 1200.50: a full stop before the pence, no other words in the cell."
    if whole:
        remedy = "Write a whole number and nothing else in the cell; for a financial year its first, 2019 for 2019/20."
    return ParsedColumn(
        values=values.astype("Int64" if whole else "float64"), faults={what: (_spread(bad, positions), remedy)}
    )


def _booleans(text: pd.Series) -> ParsedColumn:
    positions, distinct = _distinct(text)
    found = distinct.astype(object).map(lambda word: _YES_NO.get(fold(word)))
    bad = found.isna()
    values = _take(found.astype("boolean"), positions).astype("boolean")
    remedy = "Write yes or no, or map the codes: codes={table: {column: {their code: 'yes'}}}."
    return ParsedColumn(values=values, faults={"is neither yes nor no": (_spread(bad, positions), remedy)})
