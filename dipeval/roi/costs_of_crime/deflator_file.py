"""The GDP deflator that a user holds, as HM Treasury's workbook or a plain table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.costs_of_crime.own_columns import check_year
from dipeval.roi.costs_of_crime.prices import first_year
from dipeval.roi.costs_of_crime.sheets import Faults, Sheet, amount, read_sheets


def read_deflator(
    path: str | Path, *, years: Literal["auto", "financial", "calendar"] = "auto", sheet: str | None = None
) -> pd.DataFrame:
    """Read the GDP deflator that you hold, such as HM Treasury's workbook.

    Parameters
    ----------
    path
        CSV file or workbook (xlsx, ods) with a heading row that has a column of years and one of the index, title
        rows above it and other columns beside it or not.
    years
        Which of two series to take where the file has both; ``auto`` prefers financial years, as price years are.
    sheet
        Sheet of a workbook; default the first that holds such a table.

    Returns
    -------
    pandas.DataFrame
        ``year`` (integer; 2019 stands for 2019/20), ``deflator`` (on the base of the file), ``base``, ``source``,
        ``status`` (``user``), ``note`` (whose years), as `load_gdp_deflator`.

    Raises
    ------
    InputError
        With every fault of the file at once: file, sheet, row and column.

    Notes
    -----
    HM Treasury, GDP deflators at market prices, and money GDP.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "deflator.csv"
    ...     lines = ["GDP deflators", "Financial year,GDP deflator", "2018-19,98.0", "2019-20,100.0"]
    ...     _ = path.write_text("\\n".join(lines))
    ...     read_deflator(path)[["year", "deflator"]].to_numpy().tolist()
    [[2018.0, 98.0], [2019.0, 100.0]]
    """
    if years not in ("auto", "financial", "calendar"):
        raise InputError(f"years is '{years}'; it must be auto, financial or calendar.")
    sheets = read_sheets(path, sheet, "a deflator")
    for one in sheets:
        for top in range(len(one.rows)):
            series = _series(one, top)
            kind = _kind(series, years)
            if kind is not None:
                return _deflator_rows(one, top, kind, *series[kind])
    raise InputError(
        f"{sheets[0].file} has no heading row with a column of {'' if years == 'auto' else years + ' '}years and one "
        "of the deflator; name them 'year' and 'deflator'."
    )


def _series(sheet: Sheet, row: int) -> dict[str, tuple[int, int]]:
    """By kind of year the columns of the years and of the index to their right."""
    texts = sheet.texts(row)
    found: dict[str, tuple[int, int]] = {}
    for column, text in enumerate(texts):
        if len(text) > 40 or not re.search(r"\byears?\b", text) or "deflator" in text:
            continue
        right = range(column + 1, len(texts))
        index = next((one for one in right if re.search(r"deflator|\bindex\b", texts[one])), None)
        if index is not None:
            kind = next((word for word in ("financial", "calendar") if word in text), "")
            found.setdefault(kind, (column, index))
    return found


def _kind(series: Mapping[str, tuple[int, int]], years: str) -> str | None:
    wanted = ("financial", "", "calendar") if years == "auto" else (years, "")
    return next((kind for kind in wanted if kind in series), None)


def _deflator_rows(sheet: Sheet, top: int, kind: str, year_column: int, column: int) -> pd.DataFrame:
    faults = Faults(file=sheet.file, what="a deflator")
    heading = str(sheet.cell(top, column)).strip()
    values: dict[int, float] = {}
    for row in range(top + 1, len(sheet.rows)):
        value, fault = amount(sheet.cell(row, column))
        written = str(sheet.cell(row, year_column)).strip().removesuffix(".0")
        if not fault and (math.isnan(value) or not written):
            continue  # a note below the table, or a year without a figure yet
        if not re.match(r"\d{4}", written):
            continue
        if fault or value == 0:
            faults.add(sheet, row, heading, f"it {fault or 'is 0'}.")
        if not check_year(sheet, row, "year", written, faults):
            continue
        year = first_year(written, "year")
        if year in values:
            faults.add(sheet, row, "year", "the year stands there before; keep one row a year.")
        values[year] = value
    if len(values) < 2:
        faults.say("Fewer than two years with a figure stand below the headings.")
    faults.stop()
    ordered = sorted(values)
    base = re.search(r"[^()]*=\s*100", heading)
    return pd.DataFrame(
        {
            "year": pd.Series(ordered, dtype="int64"),
            "deflator": pd.Series([values[year] for year in ordered], dtype="float64"),
            "base": base[0].strip() if base else "",
            "source": f"{sheet.file}, sheet '{sheet.name}'" if sheet.name else sheet.file,
            "status": "user",
            "note": f"{kind} years" if kind else "",
        }
    )
