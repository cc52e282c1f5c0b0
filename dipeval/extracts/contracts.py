"""Contracts as data: what a column is, what it may hold, what is known to be weak about it.

The checks, the data dictionary and the Table Schema are all made from these objects, so they cannot drift apart.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError

KINDS: Final = ("text", "code", "date", "boolean", "number", "integer")
_SCHEMA_TYPES: Final = {"text": "string", "code": "string"}
_KIND_WORDS: Final = {
    "text": "text",
    "code": "one of the listed codes",
    "date": "date",
    "boolean": "yes or no",
    "number": "number",
    "integer": "whole number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a contract.

    Parameters
    ----------
    name
        Our name for it.
    kind
        ``text``, ``code``, ``date``, ``boolean``, ``number`` or ``integer``.
    meaning
        One sentence for the data dictionary.
    required
        Whether the column has to be in the file.
    may_be_missing
        Whether single cells may be empty.
    codes
        The allowed codes of a ``code`` column.
    spellings
        Words of a ``text`` column whose capitals are brought into line; other words are kept as they are.
    aliases
        Folded words that everybody writes for a code, such as ``m`` for ``male``.
    minimum, maximum
        Smallest and largest number allowed.
    pattern
        What the whole text has to look like (a regular expression), with `pattern_words` to say it.
    weakness
        A known weakness of this column in real extracts.

    Examples
    --------
    >>> Column(name="suite", kind="text", meaning="Custody suite.").may_be_missing
    True
    """

    name: str
    kind: str
    meaning: str
    required: bool = False
    may_be_missing: bool = True
    codes: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    pattern_words: str = ""
    weakness: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableContract:
    """One table: its columns and the rules between them.

    Parameters
    ----------
    name
        Name of the table, and of its file without the ending.
    meaning
        One sentence.
    columns
        The columns, in the order they are kept.
    event
        The date column that says when the record happened; empty for tables of totals.
    observed
        Date columns that can only lie in the past, from which the last day covered is read.
    order
        Pairs of date columns: the first may not lie after the second.
    identifiers
        Whether a person must be recognisable: ``pnc_id``, or date of birth with sex and names or initials.
    pseudonymised
        Whether it is the contract of the table once its identifiers are keyed hashes.

    Examples
    --------
    >>> contract = table_contract("treatment")
    >>> contract.event, contract.order
    ('start_date', (('start_date', 'end_date'),))
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    event: str = ""
    observed: tuple[str, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    identifiers: bool = False
    pseudonymised: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that have to be there."""
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """Return one column of the contract.

        Parameters
        ----------
        name
            One of `column_names`.

        Returns
        -------
        Column

        Raises
        ------
        InputError
            If the table has no such column.

        Examples
        --------
        >>> table_contract("drug_tests").column("result").codes
        ('negative', 'opiates', 'cocaine', 'both', 'refused')
        """
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            raise InputError(f"Table {self.name} has no column '{name}'{did_you_mean(name, self.column_names)}.")
        return found


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the nearest known word, or nothing.

    Examples
    --------
    >>> did_you_mean("drug_test", ["drug_tests", "deaths"])
    " (did you mean 'drug_tests'?)"
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f" (did you mean '{near[0]}'?)" if near else ""


def contracts() -> Mapping[str, TableContract]:
    """Return the contract of every table dipeval knows.

    Returns
    -------
    Mapping of str to TableContract
        By table name, in reading order.

    Examples
    --------
    >>> list(contracts())[:3]
    ['drug_tests', 'contacts', 'treatment']
    """
    from dipeval.extracts.tables import TABLES

    return dict(TABLES)


def table_contract(name: str) -> TableContract:
    """Return the contract of one table.

    Parameters
    ----------
    name
        Such as ``drug_tests``.

    Returns
    -------
    TableContract

    Raises
    ------
    InputError
        If no table has that name.

    Examples
    --------
    >>> table_contract("deaths").required
    ('record_id', 'death_date')
    """
    known = contracts()
    if name not in known:
        near = did_you_mean(name, known)
        raise InputError(f"No table is called '{name}'{near}; the tables are {', '.join(known)}.")
    return known[name]


def _chosen(name: str, *, pseudonymised: bool) -> TableContract:
    table = table_contract(name)
    if not pseudonymised:
        return table
    from dipeval.extracts.pseudonymised import is_person_table, pseudonymised_contract

    return pseudonymised_contract(table) if is_person_table(table) else table


def data_dictionary(name: str | None = None, *, pseudonymised: bool = False) -> pd.DataFrame:
    """Return the data dictionary of one table, or of all of them.

    Parameters
    ----------
    name
        A table; all tables if left out.
    pseudonymised
        As the table is once its identifiers are keyed hashes (`dipeval.pseudonymise`).

    Returns
    -------
    DataFrame
        One row a column: table, column, required, may_be_missing, type, codes, meaning, known_weakness.

    Raises
    ------
    InputError
        If no table has that name.

    Examples
    --------
    >>> data_dictionary("spend")[["column", "type"]].head(2).values.tolist()
    [['district', 'text'], ['financial_year', 'text']]
    """
    chosen = [_chosen(one, pseudonymised=pseudonymised) for one in (contracts() if name is None else [name])]
    rows = [
        {
            "table": table.name,
            "column": column.name,
            "required": column.required,
            "may_be_missing": column.may_be_missing,
            "type": _KIND_WORDS[column.kind],
            "codes": ", ".join(column.codes),
            "meaning": column.meaning,
            "known_weakness": column.weakness,
        }
        for table in chosen
        for column in table.columns
    ]
    return pd.DataFrame(rows)


def table_schema(name: str, *, pseudonymised: bool = False) -> dict[str, Any]:
    """Return the contract of a table as a Table Schema, ready for ``json.dumps``, for data-sharing agreements.

    Source: the Table Schema standard (specs.frictionlessdata.io/table-schema).

    Parameters
    ----------
    name
        A table.
    pseudonymised
        As the table is once its identifiers are keyed hashes (`dipeval.pseudonymise`).

    Returns
    -------
    dict
        ``fields``, ``missingValues`` and, where the table has one, ``primaryKey``.

    Raises
    ------
    InputError
        If no table has that name.

    Examples
    --------
    >>> table_schema("deaths")["primaryKey"]
    'record_id'
    """
    table = _chosen(name, pseudonymised=pseudonymised)
    schema: dict[str, Any] = {
        "name": table.name,
        "description": table.meaning,
        "fields": [_schema_field(column) for column in table.columns],
        "missingValues": [""],
    }
    if "record_id" in table.column_names:
        schema["primaryKey"] = "record_id"
    return schema


def _schema_field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": column.required and not column.may_be_missing}
    if column.codes:
        constraints["enum"] = list(column.codes)
    if column.minimum is not None:
        constraints["minimum"] = column.minimum
    if column.maximum is not None:
        constraints["maximum"] = column.maximum
    if column.pattern:
        constraints["pattern"] = column.pattern
    result: dict[str, Any] = {
        "name": column.name,
        "type": _SCHEMA_TYPES.get(column.kind, column.kind),
        "description": " ".join(part for part in (column.meaning, column.weakness) if part),
        "constraints": constraints,
    }
    if column.kind == "boolean":
        result |= {"trueValues": ["yes"], "falseValues": ["no"]}
    return result
