"""Extracts to files that `read_extracts` reads back unchanged."""

from __future__ import annotations

import os
import shutil
import tempfile
from os import PathLike
from pathlib import Path
from typing import Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.checking import unknown_word
from dipeval.extracts.extracts import Extracts
from dipeval.extracts.pseudonymised import contract_for

_FORMATS: Final = ("csv", "parquet")


def write_extracts(extracts: Extracts, folder: str | PathLike[str], format: str = "csv") -> list[Path]:
    """Write every table to a file of its name.

    CSV is UTF-8 with ISO dates, yes and no, and empty cells for missing; Parquet holds dates as microseconds.
    A file is replaced in one step, so that no half file is left behind. Tables without rows are not written.

    Parameters
    ----------
    extracts
        What to write.
    folder
        Where to; made if it is not there.
    format
        ``csv`` or ``parquet``.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        If the format is not known or the folder is a file.

    Examples
    --------
    >>> import tempfile
    >>> from dipeval.extracts import make_extracts
    >>> deaths = pd.DataFrame({"record_id": ["1"], "pnc_id": ["07"], "death_date": ["2024-03-01"]})
    >>> files = write_extracts(make_extracts({"deaths": deaths}), tempfile.mkdtemp())
    >>> files[0].read_text(encoding="utf-8").splitlines()
    ['record_id,pnc_id,death_date', '1,07,2024-03-01']
    """
    if format not in _FORMATS:
        raise InputError(unknown_word(format, _FORMATS, "format"))
    place = Path(folder)
    blocking = next((one for one in (place, *place.absolute().parents) if one.exists()), place)
    if blocking.is_file():
        raise InputError(f"'{blocking.name}' is a file; give the folder to write the extracts to.")
    place.mkdir(parents=True, exist_ok=True)
    files = []
    for name in extracts.names:
        table = extracts.table(name)
        if table.empty:
            continue
        target = place / f"{name}.{format}"
        partial = place / f".{name}.{format}.part"
        try:
            if format == "csv":
                _as_written(name, table).to_csv(partial, index=False, encoding="utf-8", lineterminator="\n")
            else:
                table.to_parquet(partial, index=False)
            os.replace(partial, target)
        except BaseException:
            # Half a table of people is not left lying in a hidden file.
            partial.unlink(missing_ok=True)
            raise
        files.append(target)
    return files


def write_new_folder(extracts: Extracts, folder: str | PathLike[str]) -> list[Path]:
    """Write every table into a folder that is not there yet: the whole folder appears at once, or nothing does.

    Parameters
    ----------
    extracts
        What to write, as CSV.
    folder
        A new folder; only its owner may read it.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        If there is something of that name already.

    Examples
    --------
    >>> import tempfile
    >>> from dipeval.extracts import make_extracts
    >>> deaths = pd.DataFrame({"record_id": ["1"], "pnc_id": ["07"], "death_date": ["2024-03-01"]})
    >>> [file.name for file in write_new_folder(make_extracts({"deaths": deaths}), Path(tempfile.mkdtemp()) / "new")]
    ['deaths.csv']
    """
    target = Path(folder)
    _refuse_there(target)
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.absolute().parent))
    try:
        written = write_extracts(extracts, partial)
        _refuse_there(target)
        os.rename(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return [target / file.name for file in written]


def _refuse_there(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise InputError(f"'{target}' is there already and is left as it is; name a new folder.")


def _as_written(name: str, table: pd.DataFrame) -> pd.DataFrame:
    kinds = {column.name: column.kind for column in contract_for(name, table.columns).columns}
    written = {}
    for column in table.columns:
        values = table[column]
        if kinds[column] == "date":
            values = values.dt.strftime("%Y-%m-%d")
        elif kinds[column] == "boolean":
            values = values.astype(object).map({True: "yes", False: "no"})
        written[column] = values
    return pd.DataFrame(written)
