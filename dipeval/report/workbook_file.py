"""A workbook as a file: the same bytes whenever it is made, its language told, put in its place whole or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from dipeval.errors import InputError
from dipeval.report.workbook_pages import Book

# Office programs want a date, and it is nobody's.
_NO_DATE: Final = dt.datetime(2000, 1, 1)
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
_LIVE: Final = "Change the yellow cells; every other sheet follows."
_LANGUAGE: Final = b"<dc:language>en-GB</dc:language>"


def filled(fill: Callable[[Book], None], *, title: str, subject: str, live: bool = False) -> tuple[Book, bytes]:
    """Make a workbook.

    Parameters
    ----------
    fill
        Writes the sheets.
    title, subject
        Its properties.
    live
        Whether it has cells to be changed, from which formulas follow.

    Returns
    -------
    tuple
        The book, and the bytes of the file.
    """
    import xlsxwriter

    out = io.BytesIO()
    file = xlsxwriter.Workbook(out, {"in_memory": True, "default_format_properties": {"font_name": "Arial"}})
    told = {"title": title, "subject": subject, "author": "dipeval", "created": _NO_DATE}
    file.set_properties(told | ({"comments": _LIVE} if live else {}))
    if live:
        file.set_calc_mode("auto")
    book = Book(file=file)
    fill(book)
    file.close()
    return book, _with_language(out.getvalue())


def check_name(path: object) -> Path:
    """Return the path of a workbook, which has to end in .xlsx.

    Raises
    ------
    InputError
        If it is none.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"Give the path of the workbook as text; this is a {type(path).__name__}.")
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise InputError(f"A workbook needs a name that ends in .xlsx; found '{target.name}'.")
    return target


def put(content: bytes, target: Path) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    content
        Its bytes.
    target
        Where it goes; the folder is made if it is not there.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    fresh = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        os.replace(fresh, target)
    except OSError as problem:
        raise InputError(
            f"The workbook cannot be written where the path says ({problem.strerror}): give another folder or name, "
            "or close the file if it is open."
        ) from None
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def _with_language(content: bytes) -> bytes:
    """Say in the properties of the file which language it is in; screen readers ask for it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as again:
        for name in made.namelist():
            part = made.read(name)
            if name == "docProps/core.xml":
                part = part.replace(b"</cp:coreProperties>", _LANGUAGE + b"</cp:coreProperties>")
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            again.writestr(entry, part)
    return out.getvalue()
