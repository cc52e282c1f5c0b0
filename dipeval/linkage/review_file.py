"""The review sheet as a file: CSV or Excel, safe to open, read back whatever the spreadsheet made of it."""

from __future__ import annotations

import codecs
import csv
import importlib.util
import io
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from dipeval.errors import InputError, MissingDependencyError

DECISIONS = ("same", "different", "unsure")
_NEEDED = ("pair_id", "linkage", "stratum", "sampling_weight", "decision")
# Some spreadsheets take the wide signs of East Asian keyboards for the plain ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_WORKBOOK = b"PK\x03\x04"


def harmless(value: Any) -> Any:
    """Return a text that no spreadsheet takes for a formula (CWE-1236): an apostrophe is put in front where needed.

    Examples
    --------
    >>> harmless("=HYPERLINK(1)"), harmless("ANN"), harmless(1.5)
    ("'=HYPERLINK(1)", 'ANN', 1.5)
    """
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_sheet(frame: pd.DataFrame, path: Path) -> Path:
    """Write a sheet as CSV or Excel; a file that is there already is left alone.

    Raises
    ------
    InputError
        If the name ends in neither, the file exists, or it cannot be written.
    MissingDependencyError
        If Excel is asked for without openpyxl.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise InputError("The review sheet must end in .csv or .xlsx.")
    if kind == ".xlsx" and importlib.util.find_spec("openpyxl") is None:
        raise MissingDependencyError(
            "To write .xlsx the package openpyxl is needed, and it is not installed. Write a .csv instead (Excel opens "
            "it), or install openpyxl."
        )
    frame = frame.map(harmless)
    content = io.BytesIO()
    if kind == ".csv":
        content.write(frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"))
    else:
        frame.to_excel(content, index=False, engine="openpyxl")
    try:
        # Never over a sheet that somebody has filled in.
        with path.open("xb") as file:
            _filled(file, content.getvalue(), path)
    except FileExistsError as error:
        raise InputError(f"{path} is there already and may hold decisions. Choose another name.") from error
    except OSError as error:
        raise InputError(f"The review sheet cannot be written to {path}: {error.strerror}.") from error
    return path


def _filled(file: BinaryIO, content: bytes, path: Path) -> None:
    try:
        file.write(content)
        file.flush()
    except BaseException:
        # Half a sheet would be taken for one with decisions, and is personal data all the same.
        path.unlink(missing_ok=True)
        raise


def read_sheet(path: Path) -> pd.DataFrame:
    """Read a sheet: all text but the weights; `line` is the row in the spreadsheet.

    Raises
    ------
    InputError
        If the file cannot be read, a row of it cannot be taken apart, or a column is missing.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The review sheet {path} cannot be read: {error.strerror}.") from error
    # By what it is, not by its name: people rename files.
    is_book = path.suffix.lower() == ".xlsx" or data.startswith(_WORKBOOK)
    frame = _excel(path.name, data) if is_book else _csv(path.name, data)
    frame = frame.rename(columns=lambda name: _ours(str(name)))
    missing = [name for name in _NEEDED if name not in frame]
    if missing:
        raise InputError(f"{path.name} has no column {', '.join(missing)}. Keep the columns of the sheet as written.")
    twice = [name for name in _NEEDED if list(frame.columns).count(name) > 1]
    if twice:
        raise InputError(f"{path.name} has the column {', '.join(twice)} more than once. Take away what was added.")
    text = frame[list(_NEEDED)].fillna("").astype(str).apply(lambda column: column.str.strip())
    text = text.assign(line=frame.index)
    text = text[(text[list(_NEEDED)] != "").any(axis=1)].reset_index(drop=True)
    # Some spreadsheets write a decimal comma.
    weight = pd.to_numeric(text["sampling_weight"].str.replace(",", ".", regex=False), errors="coerce")
    weight = weight.where(np.isfinite(weight))
    return text.assign(decision=text["decision"].str.lower(), sampling_weight=weight)


def _ours(heading: str) -> str:
    return heading.strip().casefold()


def _no_table(name: str) -> InputError:
    return InputError(f"{name} is no table that can be read. Save the sheet as .csv or .xlsx.")


def _csv(name: str, data: bytes) -> pd.DataFrame:
    text = _decoded(data)
    lines = text.lstrip("\r\n").split("\n", 2)
    # Some programs say the separator in a line of its own.
    told = lines[0].strip().casefold() if len(lines) > 1 else ""
    said = told[4:] if told.startswith("sep=") and len(told) == 5 else ""
    head = lines[1] if said else lines[0]
    separator = said or max((",", ";", "\t"), key=head.count)
    rows: list[list[str]] = []
    try:
        # Strict: a quotation mark that is never closed would swallow the rows after it.
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        faulty = 0
    except csv.Error:
        faulty = len(rows) + 1
    if faulty:
        raise InputError(
            f"{name}: row {faulty}: a quotation mark is opened and never closed, or stands inside a text. Mend the "
            "row, or open and save the sheet with a spreadsheet program."
        )
    first = next((place for place, row in enumerate(rows) if _ours("".join(row)) and not _says_separator(row)), None)
    if first is None:
        raise _no_table(name)
    headings, body = rows[first], rows[first + 1 :]
    long = [place for place, row in enumerate(body) if any(cell.strip() for cell in row[len(headings) :])]
    if long:
        raise InputError(
            f"{name}: row {first + long[0] + 2}: there are more cells than headings. Put a text that holds the sign "
            f"{separator!r} into quotation marks."
        )
    width = len(headings)
    cells = [[*row[:width], *[""] * (width - len(row))] for row in body]
    return pd.DataFrame(cells, columns=headings, index=range(first + 2, first + 2 + len(body)), dtype=object)


def _says_separator(row: list[str]) -> bool:
    return "".join(row).strip().casefold().startswith("sep=")


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _excel(name: str, data: bytes) -> pd.DataFrame:
    sheets: dict[str, pd.DataFrame] = {}
    try:
        # calamine reads what any spreadsheet writes and is always installed.
        sheets = pd.read_excel(io.BytesIO(data), sheet_name=None, dtype=str, keep_default_na=False, engine="calamine")
    except Exception:  # its own errors may quote what it read
        sheets = {}
    if not sheets:
        raise _no_table(name)
    ours = (one for one in sheets.values() if set(_NEEDED) <= {_ours(str(heading)) for heading in one.columns})
    # Somebody may have put a sheet of notes in front.
    frame = next(ours, next(iter(sheets.values())))
    return frame.set_axis(range(2, len(frame) + 2), axis=0)
