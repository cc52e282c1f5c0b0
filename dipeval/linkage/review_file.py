"""The review sheet as a file: CSV or Excel, safe to open, read back whatever the spreadsheet made of it."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

import pandas as pd

from dipeval.errors import InputError, MissingDependencyError

DECISIONS = ("same", "different", "unsure")
_NEEDED = ("pair_id", "linkage", "stratum", "sampling_weight", "decision")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


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
            file.write(content.getvalue())
    except FileExistsError as error:
        raise InputError(f"{path} is there already and may hold decisions. Choose another name.") from error
    except OSError as error:
        raise InputError(f"The review sheet cannot be written to {path}: {error.strerror}.") from error
    return path


def read_sheet(path: Path) -> pd.DataFrame:
    """Read a sheet: all text but the weights; `line` is the row in the spreadsheet.

    Raises
    ------
    InputError
        If the file cannot be read or a column is missing.
    """
    try:
        frame = _excel(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    except OSError as error:
        raise InputError(f"The review sheet {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError) as error:
        raise InputError(f"{path.name} is no table that can be read. Save the sheet as .csv or .xlsx.") from error
    frame = frame.rename(columns=lambda name: str(name).strip())
    missing = [name for name in _NEEDED if name not in frame]
    if missing:
        raise InputError(f"{path.name} has no column {', '.join(missing)}. Keep the columns of the sheet as written.")
    text = frame[list(_NEEDED)].fillna("").astype(str).apply(lambda column: column.str.strip())
    text = text.assign(line=range(2, len(text) + 2))
    text = text[(text[list(_NEEDED)] != "").any(axis=1)].reset_index(drop=True)
    # Some spreadsheets write a decimal comma.
    weight = pd.to_numeric(text["sampling_weight"].str.replace(",", ".", regex=False), errors="coerce")
    return text.assign(decision=text["decision"].str.lower(), sampling_weight=weight)


def _csv(path: Path) -> pd.DataFrame:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    head = text.partition("\n")[0]
    separator = max((",", ";", "\t"), key=head.count)
    return pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skip_blank_lines=False)


def _excel(path: Path) -> pd.DataFrame:
    from python_calamine import CalamineError

    # calamine reads what any spreadsheet writes and is always installed.
    try:
        return pd.read_excel(path, dtype=str, keep_default_na=False, engine="calamine")
    except CalamineError as error:
        raise ValueError("no spreadsheet") from error
