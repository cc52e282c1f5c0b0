"""How somebody else's columns, codes and dates become ours: `ExtractMapping`."""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dipeval.errors import InputError
from dipeval.extracts.contracts import Column, contracts, did_you_mean

EVERY_TABLE: Final = "*"
ISO_FORMAT: Final = "%Y-%m-%d"
DEFAULT_FORMATS: Final = ("%d/%m/%Y",)
_FORMAT_WORDS: Final = {
    "%d": "day",
    "%m": "month",
    "%Y": "year",
    "%y": "two-digit year",
    "%b": "short month name",
    "%B": "month name",
}


def fold(word: str) -> str:
    """Fold a code or heading: trimmed, lower case, spaces and hyphens as underscores.

    Examples
    --------
    >>> fold(" Non-Trigger ")
    'non_trigger'
    """
    return re.sub(r"[\s\-]+", "_", word.replace("\ufeff", "").strip().casefold())


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractMapping:
    """How the files of one study differ from the contracts. Everything is optional.

    Parameters
    ----------
    files
        Table to file name, or to ``(file name, sheet)`` for workbooks. Tables left out are found by their name.
    columns
        Table (or ``"*"``) to ``{their heading: our column}``.
    codes
        Table (or ``"*"``) to column to ``{their code: our code}``. Capitals, spaces and hyphens do not matter.
    date_formats
        Table (or ``"*"``) to the formats its dates have, in the notation of ``strptime``. ISO dates are always
        read, and tables that are not named keep day/month/year. A date that two formats read as different days
        is a fault, never a guess.
    two_digit_year_pivot
        Births with a two-digit year above it are read as 19xx, the others as 20xx. (Events follow the POSIX
        rule: 69-99 are 19xx.) Two-digit years are only read where a format with ``%y`` is named.
    missing_values
        Words that stand for an empty cell, such as ``"NULL"``; none by default, because NA is an ethnicity code.
    placeholder_dates
        ISO dates that stand for "not known" in every date column.
    placeholder_births
        ISO dates that stand for "not known" in dates of birth only.
    encodings
        Table (or ``"*"``) to the encoding of its CSV file. UTF-8, with or without BOM, if left out.
    header_rows
        Table (or ``"*"``) to the row the headings are in, as counted by a spreadsheet. 1 if left out.

    Raises
    ------
    InputError
        Naming every table, column, code, format, date or encoding that is not known.

    Examples
    --------
    >>> mapping = ExtractMapping(
    ...     columns={"drug_tests": {"Date of test": "test_date"}},
    ...     codes={"drug_tests": {"sex": {"1": "male", "2": "female"}}},
    ... )
    >>> mapping.formats_of("drug_tests")
    ('%Y-%m-%d', '%d/%m/%Y')
    """

    files: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    date_formats: Mapping[str, Sequence[str]] = field(default_factory=lambda: {EVERY_TABLE: DEFAULT_FORMATS})
    two_digit_year_pivot: int = 15
    missing_values: Sequence[str] = ()
    placeholder_dates: Sequence[str] = ("1899-12-30", "1900-01-01", "9999-12-31")
    placeholder_births: Sequence[str] = ("1970-01-01",)
    encodings: Mapping[str, str] = field(default_factory=dict)
    header_rows: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Complain of everything that is not known, at once."""
        complaints = _complain_shapes(self)
        if complaints:
            raise InputError("The mapping of the extracts cannot be used: " + " ".join(complaints))
        complaints = [
            *_complain_tables(self),
            *_complain_columns(self),
            *_complain_codes(self),
            *_complain_settings(self),
        ]
        if complaints:
            raise InputError("The mapping of the extracts cannot be used: " + " ".join(complaints))

    def formats_of(self, table: str) -> tuple[str, ...]:
        """Return the date formats of a table, ISO first.

        Examples
        --------
        >>> ExtractMapping(date_formats={"deaths": ["%d.%m.%y"]}).formats_of("deaths")
        ('%Y-%m-%d', '%d.%m.%y')
        """
        chosen = self.date_formats.get(table, self.date_formats.get(EVERY_TABLE, DEFAULT_FORMATS))
        return tuple(dict.fromkeys((ISO_FORMAT, *chosen)))

    def headings_of(self, table: str) -> dict[str, str]:
        """Return the folded headings of a table that are mapped, with our column for each.

        Examples
        --------
        >>> ExtractMapping(columns={"*": {"DOB": "date_of_birth"}}).headings_of("deaths")
        {'dob': 'date_of_birth'}
        """
        names = set(contracts()[table].column_names)
        general = {k: ours for k, ours in self.columns.get(EVERY_TABLE, {}).items() if ours in names}
        return {fold(str(k)): ours for k, ours in (general | dict(self.columns.get(table, {}))).items()}

    def codes_of(self, table: str, column: str) -> dict[str, str]:
        """Return the folded codes of a column that are mapped, with our code for each.

        Examples
        --------
        >>> ExtractMapping(codes={"*": {"sex": {"1": "male"}}}).codes_of("deaths", "sex")
        {'1': 'male'}
        """
        general = self.codes.get(EVERY_TABLE, {}).get(column, {})
        return {
            fold(str(k)): ours for k, ours in (dict(general) | dict(self.codes.get(table, {}).get(column, {}))).items()
        }


def formats_in_words(formats: Sequence[str]) -> str:
    """Say which dates are expected.

    Examples
    --------
    >>> formats_in_words(["%Y-%m-%d", "%d/%m/%Y"])
    'day/month/year or ISO'
    """
    words = []
    for one in formats:
        if one == ISO_FORMAT:
            continue
        words.append(re.sub(r"%[a-zA-Z]", lambda m: _FORMAT_WORDS.get(m.group(), m.group()), one))
    return " or ".join([*words, "ISO"])


_SHAPES: Final = {
    "files": (1, "{'drug_tests': 'your file.csv'}"),
    "columns": (2, "{'drug_tests': {'Date of test': 'test_date'}}"),
    "codes": (3, "{'drug_tests': {'sex': {'1': 'male'}}}"),
    "date_formats": (1, "{'drug_tests': ['%d/%m/%Y']}"),
    "encodings": (1, "{'drug_tests': 'cp1252'}"),
    "header_rows": (1, "{'drug_tests': 3}"),
}


def _complain_shapes(mapping: ExtractMapping) -> list[str]:
    """Settings that are no mappings, or not deep enough, are said before anything is looked up in them."""
    result = [
        f"{setting} must be given table by table, such as {example}."
        for setting, (depth, example) in _SHAPES.items()
        if not _is_nested(getattr(mapping, setting), depth)
    ]
    result += [
        f"{setting} must be a list of words, such as {example}."
        for setting, example in (
            ("missing_values", "['NULL']"),
            ("placeholder_dates", "['1900-01-01']"),
            ("placeholder_births", "['1970-01-01']"),
        )
        if not _is_words(getattr(mapping, setting))
    ]
    if isinstance(mapping.two_digit_year_pivot, bool) or not isinstance(mapping.two_digit_year_pivot, int):
        result.append("two_digit_year_pivot must be a number from 0 to 99.")
    return result


def _is_nested(given: object, depth: int) -> bool:
    if depth == 0:
        return True
    return isinstance(given, Mapping) and all(_is_nested(inner, depth - 1) for inner in given.values())


def _is_words(given: object) -> bool:
    # A single text is a sequence of letters: missing_values="NULL" would empty every cell that holds L.
    return isinstance(given, Iterable) and not isinstance(given, str) and all(isinstance(one, str) for one in given)


def _complain_tables(mapping: ExtractMapping) -> list[str]:
    known = set(contracts())
    result = []
    for setting in ("files", "columns", "codes", "date_formats", "encodings", "header_rows"):
        allowed = known if setting == "files" else known | {EVERY_TABLE}
        for name in getattr(mapping, setting):
            if name not in allowed:
                near = did_you_mean(str(name), known)
                result.append(f"{setting} names the table '{name}', which is not one of ours{near}.")
    return result


def _columns_of(table: str) -> dict[str, list[Column]]:
    chosen = contracts().values() if table == EVERY_TABLE else [t for t in contracts().values() if t.name == table]
    result: dict[str, list[Column]] = {}
    for contract in chosen:
        for column in contract.columns:
            result.setdefault(column.name, []).append(column)
    return result


def _complain_columns(mapping: ExtractMapping) -> list[str]:
    result = []
    for table, renamed in mapping.columns.items():
        known = _columns_of(table)
        for ours in renamed.values():
            if known and ours not in known:
                result.append(f"columns of {table}: '{ours}' is not one of our columns{did_you_mean(ours, known)}.")
    return result


def _complain_codes(mapping: ExtractMapping) -> list[str]:
    result = []
    for table, by_column in mapping.codes.items():
        known = _columns_of(table)
        for name, recoded in by_column.items():
            if known and name not in known:
                result.append(f"codes of {table}: '{name}' is not one of our columns{did_you_mean(name, known)}.")
                continue
            for column in known.get(name, []):
                result += _complain_targets(table, column, recoded.values())
    return list(dict.fromkeys(result))


def _complain_targets(table: str, column: Column, targets: Iterable[str]) -> list[str]:
    allowed = {"code": column.codes, "boolean": ("yes", "no")}.get(column.kind, ())
    if not allowed:
        return []
    return [
        f"codes of {table}, column {column.name}: '{ours}' is not one of our codes{did_you_mean(str(ours), allowed)}; "
        f"they are {', '.join(allowed)}."
        for ours in targets
        if ours not in allowed
    ]


def _complain_settings(mapping: ExtractMapping) -> list[str]:
    result = [
        f"'{text}' is not an ISO date such as 1900-01-01 (placeholder_dates, placeholder_births)."
        for text in (*mapping.placeholder_dates, *mapping.placeholder_births)
        if not _is_iso(str(text))
    ]
    result += [
        f"encodings of {table}: '{name}' is not an encoding; try utf-8, cp1252 or utf-16."
        for table, name in mapping.encodings.items()
        if not _is_encoding(name)
    ]
    result += [
        f"header_rows of {table} must be a row number from 1."
        for table, row in mapping.header_rows.items()
        if not isinstance(row, int) or row < 1
    ]
    if not 0 <= mapping.two_digit_year_pivot <= 99:
        result.append("two_digit_year_pivot must be a number from 0 to 99.")
    return [*_complain_formats(mapping), *result, *_complain_files(mapping)]


def _complain_formats(mapping: ExtractMapping) -> list[str]:
    result = []
    for table, formats in mapping.date_formats.items():
        listed = [] if isinstance(formats, str) else list(formats)
        if isinstance(formats, str) or not all(_is_date_format(one) for one in listed):
            result.append(f"date_formats of {table} must be a list of formats of day, month, year: ['%d/%m/%Y'].")
    return result


def _complain_files(mapping: ExtractMapping) -> list[str]:
    return [
        f"files of {table} must be a file name, or a file name and a sheet."
        for table, entry in mapping.files.items()
        if not isinstance(entry, str) and (len(entry) != 2 or not all(isinstance(part, str) for part in entry))
    ]


def _is_date_format(text: str) -> bool:
    parts = set(re.findall(r"%[a-zA-Z]", text))
    return {"%d"} < parts and bool(parts & {"%m", "%b", "%B"}) and bool(parts & {"%Y", "%y"})


def _is_iso(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
