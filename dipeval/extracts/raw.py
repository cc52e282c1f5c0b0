"""Files into text cells: CSV, Parquet, workbooks. What a file really is, is read from its bytes, not its name."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from dipeval.extracts.faults import Fault
from dipeval.extracts.finding import EXCEL_ENDINGS, Source
from dipeval.extracts.mapping import EVERY_TABLE, ExtractMapping
from dipeval.extracts.parsing import as_text, blank_to_none

_SIGNATURES: Final = (
    (b"%PDF", "a PDF document", ()),
    (b"PK\x03\x04", "an Excel workbook (or another zip file)", (".xlsx", ".xlsm", ".ods")),
    (b"\xd0\xcf\x11\xe0", "an old or a password-protected Excel workbook", (".xls",)),
    (b"PAR1", "a Parquet file", (".parquet",)),
)
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_ROWS_BELOW: Final = 10
_RESEND: Final = "Ask for the table as CSV (UTF-8), Parquet or Excel and put it in its place."


class UnreadableFile(Exception):
    """A file that cannot be turned into cells; holds its fault. Never leaves this room."""

    def __init__(self, fault: Fault) -> None:
        """Keep the fault; its sentence is the message."""
        super().__init__(fault.sentence)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RawTable:
    """The cells of one file as text.

    Parameters
    ----------
    source
        Where it came from.
    sha256
        Digest of the bytes read.
    headings
        Headings as written.
    cells
        Columns 0, 1, ...; index = row as a spreadsheet shows it.
    below
        The first rows in their full width, where headings may hide.
    overfull
        Rows with more cells than headings.
    notes
        What is worth telling.
    """

    source: Source
    sha256: str
    headings: list[str]
    cells: pd.DataFrame
    below: pd.DataFrame
    overfull: np.ndarray
    notes: tuple[str, ...] = ()


def read_raw(source: Source, mapping: ExtractMapping) -> RawTable:
    """Read one file as text.

    Parameters
    ----------
    source
        The file and, for a workbook, its sheet.
    mapping
        Encodings and heading rows.

    Returns
    -------
    RawTable

    Raises
    ------
    UnreadableFile
        With the fault, where there is no table to be had from the file.
    """
    data = _bytes_of(source)
    digest = hashlib.sha256(data).hexdigest()
    _refuse_disguise(source, data)
    ending = source.path.suffix.lower()
    header_row = mapping.header_rows.get(source.table, mapping.header_rows.get(EVERY_TABLE, 1))
    notes: tuple[str, ...] = ()
    if ending == ".parquet":
        headings, cells = _read_parquet(source, data)
    else:
        if ending in EXCEL_ENDINGS:
            grid = _read_excel(source, data)
        else:
            grid, notes = _read_csv(source, data, mapping)
        headings, cells = _split_headings(source, grid, header_row)
    return _tidy(source, digest, headings, cells, notes)


def _stop(source: Source, what: str, remedy: str, row: int | None = None) -> UnreadableFile:
    rows = np.array([] if row is None else [row], dtype=np.int64)
    return UnreadableFile(Fault(where=source.name, table=source.table, what=what, remedy=remedy, rows=rows))


def _bytes_of(source: Source) -> bytes:
    try:
        data = source.path.read_bytes()
    except OSError:
        data = None
    if data is None:
        raise _stop(source, "cannot be opened", "Close it in other programs and check that you may read it.")
    if not data.strip(b"\xef\xbb\xbf\x00 \t\r\n"):
        raise _stop(source, "is empty", "Ask for it again, or take it out of the folder if there is nothing to send.")
    return data


def _refuse_disguise(source: Source, data: bytes) -> None:
    ending = source.path.suffix.lower()
    for signature, words, endings in _SIGNATURES:
        if not data.startswith(signature) or ending in endings:
            continue
        remedy = f"Rename it to end in {endings[0]}, or save it as CSV (UTF-8)." if endings else _RESEND
        raise _stop(source, f"is {words}, though its name ends in {ending}", remedy)
    if ending in EXCEL_ENDINGS and not data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise _stop(source, f"is not a workbook, though its name ends in {ending}", _RESEND)


# --- CSV -------------------------------------------------------------------------------------------------------


def _read_csv(source: Source, data: bytes, mapping: ExtractMapping) -> tuple[pd.DataFrame, tuple[str, ...]]:
    named = mapping.encodings.get(source.table, mapping.encodings.get(EVERY_TABLE))
    text = _decode(source, data, named)
    delimiter, width = _shape(text)
    # One column more than the first lines have, to notice rows that are too long; an empty line of that width goes
    # first, because pandas takes the width of the table from its first line.
    columns = list(range(width + 1))
    padded = delimiter * width + "\n" + text
    message = ""
    try:
        grid = pd.read_csv(
            io.StringIO(padded),
            header=None,
            names=columns,
            usecols=columns,
            sep=delimiter,
            dtype=str,
            na_filter=False,
            keep_default_na=False,
            skip_blank_lines=False,
            low_memory=False,  # in chunks, the width of the first line would be forgotten
        )
    except pd.errors.ParserError as problem:
        message = str(problem)
    if message:
        found = re.search(r"EOF inside string starting at row (\d+)", message)
        if found is None:
            raise _stop(source, "cannot be taken apart into cells", _RESEND)
        what = "has a quotation mark that is opened and never closed"
        raise _stop(source, what, "Close it, or send the file again.", int(found.group(1)))
    grid = grid.iloc[1:].reset_index(drop=True)
    note = (f"{source.name} is separated by {_DELIMITERS[delimiter]}s.",) if delimiter != "," else ()
    return grid, note


def _decode(source: Source, data: bytes, named: str | None) -> str:
    if named is None and (data.startswith(_UTF16_MARKS) or b"\x00" in data[:4096]):
        what = "is not UTF-8 text: it looks like UTF-16 ('Unicode text')" if _looks_utf16(data) else "is not text"
        remedy = f"Save it as 'CSV UTF-8', or say encodings={{'{source.table}': 'utf-16'}}."
        raise _stop(source, what, remedy)
    encoding = "utf-8-sig" if named is None or re.sub(r"[\W_]", "", named.lower()) == "utf8" else named
    place = -1
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        place = problem.start
    if named is None:
        what, remedy = "is not UTF-8 text", f"Save it as 'CSV UTF-8', or say encodings={{'{source.table}': 'cp1252'}}."
    else:
        what, remedy = f"is not {named} text, as encodings says", "Name the encoding it was saved in, or leave it out."
    raise _stop(source, what, remedy, data[:place].count(b"\n") + 1)


def _looks_utf16(data: bytes) -> bool:
    return data.startswith(_UTF16_MARKS) or max(data[:4096:2].count(0), data[1:4096:2].count(0)) > 8


def _shape(text: str) -> tuple[str, int]:
    # The separator is the one that splits the first lines most often; a title line alone cannot decide it.
    lines = text[:65536].splitlines()[:20]
    counts = {one: max((_width(line, one) for line in lines), default=1) for one in _DELIMITERS}
    first = {one: _width(lines[0], one) for one in _DELIMITERS} if lines else counts
    best = max(_DELIMITERS, key=lambda one: first[one])
    if first[best] == 1:
        best = max(_DELIMITERS, key=lambda one: counts[one])
    return best, counts[best]


def _width(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 1


# --- workbooks and Parquet -------------------------------------------------------------------------------------


def _read_excel(source: Source, data: bytes) -> pd.DataFrame:
    book = None
    try:
        book = pd.ExcelFile(io.BytesIO(data), engine="calamine")
    except Exception:  # the reader's own errors may quote what they read
        book = None
    if book is None:
        raise _stop(source, "cannot be opened as a workbook: it is damaged or protected by a password", _RESEND)
    sheet = _sheet_of(source, [str(name) for name in book.sheet_names])
    grid = None
    try:
        grid = book.parse(sheet, header=None, na_filter=False, dtype=object)
    except Exception:
        grid = None
    if grid is None:
        raise _stop(source, "holds a sheet that cannot be read", _RESEND)
    return grid.replace({"": None}).apply(_excel_text) if len(grid) else grid


def _excel_text(values: pd.Series) -> pd.Series:
    # A column of dates comes with midnight times; they are dropped later with every other time of day.
    return as_text(blank_to_none(values)).fillna("")


def _sheet_of(source: Source, sheets: Sequence[str]) -> str:
    say = f"Name the sheet: files={{'{source.table}': ('{source.name}', 'name of the sheet')}}."
    wanted = source.sheet or source.table
    found = [name for name in sheets if name.strip().casefold() == wanted.casefold()]
    if found:
        return found[0]
    if source.sheet:
        raise _stop(source, "has no sheet of the name that the mapping gives", say)
    if len(sheets) != 1:
        raise _stop(source, f"has {len(sheets)} sheets, none of them called {source.table}", say)
    return sheets[0]


def _read_parquet(source: Source, data: bytes) -> tuple[list[str], pd.DataFrame]:
    frame = None
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except Exception:  # Arrow's errors may quote what they read
        frame = None
    if frame is None:
        raise _stop(source, "cannot be read as Parquet: it is damaged or of another kind", _RESEND)
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    headings = [str(name) for name in frame.columns]
    cells = pd.DataFrame({place: as_text(frame.iloc[:, place]) for place in range(len(headings))})
    cells.index = pd.RangeIndex(2, len(cells) + 2)
    return headings, cells


# --- headings, blank rows --------------------------------------------------------------------------------------


def _split_headings(source: Source, grid: pd.DataFrame, header_row: int) -> tuple[list[str], pd.DataFrame]:
    if len(grid) < header_row:
        remedy = f"Name the row that holds the headings: header_rows={{'{source.table}': 1}}."
        raise _stop(source, f"ends before row {header_row}, where its headings should be", remedy)
    headings = [str(name) if name is not None else "" for name in grid.iloc[header_row - 1]]
    cells = grid.iloc[header_row:]
    return headings, cells.set_axis(pd.RangeIndex(header_row + 1, len(grid) + 1))


def _tidy(source: Source, digest: str, headings: list[str], cells: pd.DataFrame, notes: tuple[str, ...]) -> RawTable:
    while headings and not headings[-1].strip():
        headings = headings[:-1]
    cells = cells.set_axis(range(cells.shape[1]), axis=1)
    filled = cells.notna() & (cells != "")
    if len(cells):
        # Only now look for cells of spaces: few rows are nearly empty, so few are looked at.
        sparse = filled.sum(axis=1) <= 1
        filled[sparse] = cells[sparse].apply(lambda column: column.fillna("").astype(str).str.strip().ne(""))
    keep = filled.any(axis=1)
    overfull = filled.loc[:, len(headings) :].any(axis=1)
    return RawTable(
        source=source,
        sha256=digest,
        headings=headings,
        cells=cells.loc[keep, : max(len(headings) - 1, 0)],
        below=cells.head(_ROWS_BELOW),
        overfull=cells.index[overfull & keep].to_numpy(dtype=np.int64),
        notes=notes,
    )
