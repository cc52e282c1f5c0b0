"""Tables of unit costs and deflators that a user holds, read into the shape of those that ship."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.costs_of_crime.deflator_file import read_deflator
from dipeval.roi.costs_of_crime.gmca import gmca, is_gmca
from dipeval.roi.costs_of_crime.official import Entry, Publication, home_office, is_home_office
from dipeval.roi.costs_of_crime.own_columns import FIGURES, has_price_year, own_columns, own_header
from dipeval.roi.costs_of_crime.prices import first_year
from dipeval.roi.costs_of_crime.sheets import Faults, Sheet, read_sheets
from dipeval.roi.costs_of_crime.tables import COLUMNS
from dipeval.vocabulary import OFFENCE_GROUPS

logger = logging.getLogger("dipeval")

__all__ = ["LAYOUTS", "read_deflator", "read_unit_costs"]

Layout = Literal["auto", "dipeval", "home_office", "gmca"]
LAYOUTS: Final = ("auto", "dipeval", "home_office", "gmca")
# Parts and total are each rounded to 10 pounds, so that three parts may miss their total by this much.
ROUNDING: Final = 15.0

_WHAT: Final = "unit costs"


def read_unit_costs(
    path: str | Path,
    *,
    layout: Layout = "auto",
    price_year: int | str | None = None,
    sheet: str | None = None,
    vintage: str = "user",
) -> pd.DataFrame:
    """Read unit costs of crime that you hold: a published table as it is, or one in dipeval's own columns.

    Parameters
    ----------
    path
        CSV file or workbook (xlsx, ods).
    layout
        ``dipeval``: the columns of `load_unit_costs` (``offence_group`` and ``unit_cost`` needed). ``home_office``: the
        publication's tables, title rows and all, rows named as there; multipliers may stand in a table of their own.
        ``gmca``: workbook of the unit cost database, fiscal costs only (see `load_unit_costs`, ``fiscal``). ``auto``
        tells them apart by their headings.
    price_year
        Year of the prices, such as ``2019/20``; needed where the file does not say it, and must not contradict it.
    sheet
        Sheet of a workbook; default every sheet that holds such a table.
    vintage
        Name for the edition.

    Returns
    -------
    pandas.DataFrame
        Columns and rows (one an offence group) of `load_unit_costs`, with ``status`` ``user``. Totals are loaded, never
        recomputed. Rows of the file that no offence group stands for are listed in the ``note`` of group ``other``.

    Raises
    ------
    InputError
        With every fault of the file at once: file, sheet, row and column.

    Notes
    -----
    Layouts: Home Office, Economic and social costs of crime; Greater Manchester Combined Authority, unit cost database.

    Examples
    --------
    >>> import tempfile
    >>> from dipeval.roi.costs_of_crime.tables import load_unit_costs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "costs.csv"
    ...     load_unit_costs().to_csv(path, index=False)
    ...     costs = read_unit_costs(path)
    >>> float(costs.set_index("offence_group").loc["robbery", "unit_cost"]), set(costs["status"])
    (10490.0, {'user'})
    """
    if layout not in LAYOUTS:
        raise InputError(f"There is no layout '{layout}'; choose one of: {', '.join(LAYOUTS)}.")
    given = "" if price_year is None else str(price_year)
    if given:
        first_year(price_year, "price_year")
    sheets = read_sheets(path, sheet, _WHAT)
    faults = Faults(file=sheets[0].file, what=_WHAT)
    found = _read(sheets, _layout_of(sheets) if layout == "auto" else layout, given, faults)
    _check_sums(found.entries, faults)
    _check_figures(found.entries, faults)
    faults.stop()
    if found.left_out:
        logger.info(
            "%s: rows not used, no offence group stands for them: %s", sheets[0].file, "; ".join(found.left_out)
        )
    return _frame(found, sheets[0].file, vintage)


def _layout_of(sheets: Sequence[Sheet]) -> str:
    own = [sheet for sheet in sheets if own_header(sheet) is not None]
    # A publication may well head its rows "offence group"; its names are not dipeval's.
    if any(cell in OFFENCE_GROUPS for sheet in own for row in sheet.rows for cell in row):
        return "dipeval"
    if any(has_price_year(sheet) for sheet in own):
        return "dipeval"
    if is_gmca(sheets):
        return "gmca"
    if is_home_office(sheets):
        return "home_office"
    if own:
        return "dipeval"
    raise InputError(
        f"{sheets[0].file} has no headings that are known: neither dipeval's columns (offence_group, unit_cost, "
        "price_year), nor those of a Home Office table (anticipation, consequence, response, unit cost, multiplier), "
        "nor those of the GMCA workbook (code, detail, unit, original fiscal cost, original price year). Name the "
        "columns as one of them."
    )


def _read(sheets: Sequence[Sheet], layout: str, given: str, faults: Faults) -> Publication:
    if layout == "home_office":
        return home_office(sheets, given, faults)
    if layout == "gmca":
        return gmca(sheets, faults)
    return own_columns(sheets, given, faults)


def _check_figures(entries: Sequence[Entry], faults: Faults) -> None:
    """Refuse a file without a figure: everything would be valued at nothing."""
    figures = (entry.values.get(name, math.nan) for entry in entries for name in ("unit_cost", "fiscal"))
    if not faults.any and all(map(math.isnan, figures)):
        faults.say("No offence group has a unit cost in it; fill the column in, or check which file and sheet it is.")


def _check_sums(entries: Sequence[Entry], faults: Faults) -> None:
    for entry in entries:
        values = {name: entry.values.get(name, math.nan) for name in FIGURES}
        parts = math.fsum(values[name] for name in ("anticipation", "consequence", "response"))
        if abs(parts - values["unit_cost"]) > ROUNDING:
            faults.add(
                entry.sheet,
                entry.row,
                "unit_cost",
                "the total differs from the sum of anticipation, consequence and response by more than rounding "
                f"(£{ROUNDING:.0f}); check the columns.",
            )
        for part, whole in (("anticipation", "unit_cost"), ("response", "unit_cost"), ("harm", "consequence")):
            if values[part] > values[whole] + ROUNDING:
                faults.add(entry.sheet, entry.row, part, f"it is above '{whole}', of which it is a part.")
        if values["multiplier"] == 0:
            faults.add(entry.sheet, entry.row, "multiplier", "it is 0; leave it empty where there is none.")


def _frame(found: Publication, file: str, vintage: str) -> pd.DataFrame:
    by_group = {entry.group: entry for entry in found.entries}
    years = {entry.price_year for entry in found.entries}
    common = years.pop() if len(years) == 1 else ""
    rows: list[dict[str, Any]] = []
    for group in OFFENCE_GROUPS:
        entry = by_group.get(group)
        row: dict[str, Any] = dict.fromkeys(FIGURES, math.nan)
        row |= {"vintage": vintage, "offence_group": group, "status": "user", "source": file, "price_year": common}
        row |= {"mapped_from": "", "fiscal_price_year": "", "fiscal_source": "", "note": "not in the file"}
        if entry is not None:
            row |= entry.values
            row |= {"mapped_from": entry.mapped_from, "price_year": entry.price_year, "note": entry.note}
            row |= {"fiscal_price_year": entry.fiscal_price_year, "fiscal_source": entry.fiscal_source}
            row["source"] = entry.source or (f"{file}, sheet '{entry.sheet.name}'" if entry.sheet.name else file)
        if group == "other" and found.left_out:
            listed = f"rows of the file that no offence group stands for: {'; '.join(found.left_out)}"
            row["note"] = "; ".join(part for part in (row["note"], listed) if part)
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(FIGURES, "float64"))
