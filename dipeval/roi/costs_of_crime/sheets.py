"""Tables that a user holds as a file: CSV and workbooks as plain rows of cells, and all their faults told at once.

Row numbers are those of the file, from 1, so that a fault can be found.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError

_BOOKS: Final = (".xlsx", ".xlsm", ".xls", ".ods")
_TEXTS: Final = (".csv", ".txt", ".tsv")
# What publishers put where there is no figure.
_MISSING: Final = frozenset(("", "-", "..", ":", "[x]", "[z]", "[c]", "n/a", "na", "nan", "none", "not available"))
_AMOUNT: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_FOOTNOTE: Final = re.compile(r"\s*(?:\[[^\]]*\]|\((?:note )?\d\))\s*$")
_DASHES: Final = re.compile("[\N{NON-BREAKING HYPHEN}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}]")
_MOST_SHOWN: Final = 20
# Tables of money have a few hundred rows; the workbook of a whole database some thousands.
MOST_ROWS: Final = 100_000
MOST_BYTES: Final = 50_000_000
_LONGEST_NAME: Final = 100
TOO_WIDE: Final = "there are more cells than headings; put amounts such as 1,234 into quotation marks."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of a file; `name` is empty for a text file."""

    file: str
    name: str
    rows: tuple[tuple[Any, ...], ...]

    def cell(self, row: int, column: int) -> Any:
        """Return a cell, `row` and `column` from 0; empty beyond the edge."""
        line = self.rows[row]
        return line[column] if 0 <= column < len(line) else ""

    def overflows(self, row: int, top: int) -> bool:
        """Whether a row of a text file has more cells than its headings: an amount with a comma, not in quotes."""
        return not self.name and any(map(plain, self.rows[row][len(self.rows[top]) :]))

    def texts(self, row: int) -> list[str]:
        """Return a row's cells as plain lower-case words."""
        return [plain(cell) for cell in self.rows[row]]


@dataclass(slots=True)
class Faults:
    """Everything that is wrong with a file, told at once."""

    file: str
    what: str
    _lines: list[str] = field(default_factory=list)

    def add(self, sheet: Sheet, row: int, column: str, sentence: str) -> None:
        """Note a fault; `row` from 0, `column` as its heading, or empty."""
        place = [f"sheet '{sheet.name}'"] if sheet.name else []
        place.append(f"row {row + 1}")
        self._lines.append(", ".join([*place, *([f"column '{column}'"] if column else [])]) + f": {sentence}")

    def say(self, sentence: str) -> None:
        """Note a fault of the whole file."""
        self._lines.append(sentence)

    @property
    def any(self) -> bool:
        """Whether a fault was noted."""
        return bool(self._lines)

    def stop(self) -> None:
        """Raise one InputError with every fault, if there is any."""
        if not self._lines:
            return
        count = len(self._lines)
        shown = self._lines[:_MOST_SHOWN]
        more = f" And {count - len(shown)} more of the kind." if count > len(shown) else ""
        noun = "fault" if count == 1 else "faults"
        raise InputError(f"{self.file} cannot be used as {self.what}: {count} {noun}. {' '.join(shown)}{more}")


def plain(cell: Any) -> str:
    """Return a cell as lower-case words: no footnote marks, dashes, brackets or repeated spaces.

    Examples
    --------
    >>> plain("Robbery (personal) [note 3]"), plain("Criminal damage – other")
    ('robbery personal', 'criminal damage other')
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    text = _FOOTNOTE.sub("", str(cell))
    return " ".join(re.sub(r"[^\w£%/.]+", " ", _DASHES.sub("-", text).casefold()).split())


def amount(cell: Any) -> tuple[float, str]:
    """Return a figure as written (``£1,234``, ``1234.5``, a number) and what is wrong with it, or nothing.

    Examples
    --------
    >>> amount("£1,234"), amount("2.5m")[1]
    ((1234.0, ''), 'is not a plain figure such as 1,234')
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        value = float(cell)
        if math.isnan(value):
            return math.nan, ""
        return (value, "") if 0 <= value < math.inf else (math.nan, "is below 0 or without end")
    text = _DASHES.sub("-", _FOOTNOTE.sub("", "" if cell is None else str(cell))).strip()
    bare = text.replace("£", "").replace("GBP", "").replace("\N{NO-BREAK SPACE}", "").strip()
    if bare.casefold() in _MISSING or text.casefold() in _MISSING:
        return math.nan, ""
    if _AMOUNT.fullmatch(bare):
        value = float(bare.replace(",", ""))
        return (value, "") if value < math.inf else (math.nan, "is below 0 or without end")
    if bare.startswith("-") and _AMOUNT.fullmatch(bare[1:]):
        return math.nan, "is below 0 or without end"
    return math.nan, "is not a plain figure such as 1,234"


def read_sheets(path: str | Path, sheet: str | None, what: str) -> tuple[Sheet, ...]:
    """Return every sheet of a file, or the one asked for.

    Raises
    ------
    InputError
        If there is no such file or sheet, or it cannot be opened.
    """
    place = _place(path, what)
    suffix = place.suffix.casefold()
    if suffix in _TEXTS:
        if sheet is not None:
            raise InputError(f"{place.name} is a text file and has no sheets; leave 'sheet' out.")
        return (_text_sheet(place, what),)
    if suffix not in _BOOKS:
        raise InputError(f"{place.name} is neither a CSV file nor a workbook (xlsx, ods); save it as one of these.")
    return _book(place, sheet, what)


def _place(path: Any, what: str) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"Give the path of a file of {what} as text; this is a {type(path).__name__}.")
    place = Path(path)
    try:
        there = place.is_file()
    except OSError:  # a name longer than any file's
        there = False
    if not there:
        name = place.name if len(place.name) <= _LONGEST_NAME else f"{place.name[:_LONGEST_NAME]}..."
        raise InputError(f"There is no file '{name}' at the path given; give the path of a file of {what}.")
    if place.stat().st_size > MOST_BYTES:
        raise InputError(
            f"{place.name} holds more than {MOST_BYTES // 1_000_000} million bytes, and a file of {what} a few "
            "thousand: is it the right file? Save the sheet with the table by itself."
        )
    return place


def _check_length(place: Path, rows: int, what: str) -> None:
    if rows > MOST_ROWS:
        raise InputError(
            f"{place.name} has more than {MOST_ROWS:,} rows, and a file of {what} a few hundred: is it the right file? "
            "Save the table by itself."
        )


def _book(place: Path, sheet: str | None, what: str) -> tuple[Sheet, ...]:
    found: dict[str, pd.DataFrame] = {}
    try:
        found = pd.read_excel(
            place,
            sheet_name=None,
            header=None,
            na_filter=False,
            dtype=object,
            engine="calamine",
            nrows=MOST_ROWS + 1,
        )
    except Exception:  # the reader's own errors differ by format and version
        found = {}
    if not found:
        raise InputError(f"{place.name} cannot be opened as a workbook: it is damaged or protected. Save it again.")
    _check_length(place, max(map(len, found.values())), what)
    if sheet is not None and sheet not in found:
        names = ", ".join(f"'{name}'" for name in found)
        raise InputError(f"{place.name} has no sheet '{sheet}'; it has: {names}.")
    return tuple(
        Sheet(file=place.name, name=str(name), rows=tuple(map(tuple, frame.to_numpy(dtype=object))))
        for name, frame in found.items()
        if sheet is None or name == sheet
    )


def _text_sheet(place: Path, what: str) -> Sheet:
    data = place.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    lines = text.splitlines()
    _check_length(place, len(lines), what)
    try:
        best = max(",;\t", key=lambda one: _widths(lines[:30], one))
        return Sheet(file=place.name, name="", rows=tuple(map(tuple, _split(lines, best))))
    except csv.Error:
        raise InputError(
            f"{place.name} cannot be read as a table: a cell is longer than any table's, or a quotation mark is left "
            f"open. Save the table of {what} by itself as CSV."
        ) from None


def _widths(lines: Sequence[str], separator: str) -> tuple[int, int]:
    """The widest row decides, for title lines hold no separator; of two as wide that which more rows have."""
    found = [len(row) for row in _split(lines, separator)]
    return max(found, default=0), sum(found)


def _split(lines: Sequence[str], separator: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO("\n".join(map(str.rstrip, lines)), newline=""), delimiter=separator))
