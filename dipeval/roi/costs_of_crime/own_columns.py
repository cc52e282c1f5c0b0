"""Unit costs in dipeval's own columns, those of `load_unit_costs`."""

from __future__ import annotations

import difflib
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Final

from dipeval.errors import InputError
from dipeval.roi.costs_of_crime.official import Entry, Publication
from dipeval.roi.costs_of_crime.prices import first_year
from dipeval.roi.costs_of_crime.sheets import TOO_WIDE, Faults, Sheet, amount, plain
from dipeval.roi.costs_of_crime.tables import COLUMNS, MONEY
from dipeval.vocabulary import OFFENCE_GROUPS

logger = logging.getLogger("dipeval")

NEEDED: Final = ("offence_group", "unit_cost")
FIGURES: Final = (*MONEY, "multiplier", "fiscal")


def own_header(sheet: Sheet) -> int | None:
    """Return the row of dipeval's headings, if the sheet has one."""
    rows = range(min(len(sheet.rows), 50))
    return next((row for row in rows if set(NEEDED) <= set(_names(sheet, row))), None)


def has_price_year(sheet: Sheet) -> bool:
    """Whether dipeval's headings are there with that of the price year, which no publication has beside its rows."""
    top = own_header(sheet)
    return top is not None and "price_year" in _names(sheet, top)


def _names(sheet: Sheet, row: int) -> list[str]:
    return [text.replace(" ", "_") for text in sheet.texts(row)]


def own_columns(sheets: Sequence[Sheet], given: str, faults: Faults) -> Publication:
    """Return what a file in dipeval's own columns says, noting faults; `given` is the price year the user named."""
    tops = [(sheet, top) for sheet in sheets if (top := own_header(sheet)) is not None]
    if not tops:
        faults.say("No heading row with the columns offence_group and unit_cost was found; add them.")
        return Publication(entries=[])
    if len(tops) > 1:
        faults.say(f"{len(tops)} sheets hold dipeval's columns; say which with sheet='...'.")
        return Publication(entries=[])
    sheet, top = tops[0]
    names = _names(sheet, top)
    _check_names(sheet, top, names, faults)
    columns = {name: place for place, name in reversed(list(enumerate(names))) if name}
    rows = [row for row in range(top + 1, len(sheet.rows)) if any(sheet.texts(row))]
    entries: dict[str, Entry] = {}
    for row in rows:
        entry = _entry(sheet, top, row, columns, given, faults)
        if entry.group in entries:
            faults.add(
                sheet, row, "offence_group", "the group has a row before; keep one row a group (and one edition)."
            )
        entries.setdefault(entry.group, entry)
    return Publication(entries=list(entries.values()))


def _check_names(sheet: Sheet, top: int, names: Sequence[str], faults: Faults) -> None:
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        faults.add(sheet, top, name, "the heading stands there more than once.")
    for name in sorted(set(names) - set(COLUMNS) - {"", "currency"}):
        meant = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.8)
        if meant:
            faults.add(sheet, top, name, f"is '{meant[0]}' meant? Correct the heading, or take the column out.")
        else:
            logger.info("%s: column '%s' is not used", sheet.file, name)


def _entry(sheet: Sheet, top: int, row: int, columns: Mapping[str, int], given: str, faults: Faults) -> Entry:
    def text(name: str) -> str:
        written = str(sheet.cell(row, columns[name])).strip() if name in columns else ""
        return written.removesuffix(".0") if name.endswith("price_year") else written  # a workbook's number

    group = plain(text("offence_group")).replace(" ", "_")  # as in the vocabulary, however the cell is spelt
    if group not in OFFENCE_GROUPS:
        faults.add(
            sheet,
            row,
            "offence_group",
            f"it is not an offence group of dipeval; these are: {', '.join(OFFENCE_GROUPS)}.",
        )
    if text("currency") not in ("", "GBP", "£"):
        faults.add(sheet, row, "currency", "it is not GBP; convert the amounts to pounds first.")
    if sheet.overflows(row, top):
        faults.add(sheet, row, "", TOO_WIDE)
    values = {}
    for name in FIGURES:
        if name in columns:
            value, fault = amount(sheet.cell(row, columns[name]))
            values[name] = value
            if fault:
                faults.add(sheet, row, name, f"it {fault}.")
    priced = not math.isnan(values.get("unit_cost", math.nan))
    year = _year(sheet, row, text("price_year"), given, priced, faults)
    fiscal_year = text("fiscal_price_year")
    if fiscal_year:
        check_year(sheet, row, "fiscal_price_year", fiscal_year, faults)
    return Entry(
        group=group,
        sheet=sheet,
        row=row,
        mapped_from=text("mapped_from"),
        values=values,
        price_year=year,
        note=text("note"),
        source=text("source"),
        fiscal_price_year=fiscal_year,
        fiscal_source=text("fiscal_source"),
    )


def _year(sheet: Sheet, row: int, stated: str, given: str, priced: bool, faults: Faults) -> str:
    if not stated:
        if priced and not given:
            faults.add(sheet, row, "price_year", "it is missing; fill it in, or pass price_year='2019/20'.")
        return given
    if not check_year(sheet, row, "price_year", stated, faults):
        return ""
    if given and priced and first_year(stated, "price_year") != first_year(given, "price_year"):
        faults.add(
            sheet, row, "price_year", f"the file says {stated} and the argument price_year {given}; check which."
        )
    return stated


def check_year(sheet: Sheet, row: int, column: str, year: str, faults: Faults) -> bool:
    """Whether a year is written as one; a fault is noted if not."""
    try:
        first_year(year, column)
    except InputError:
        faults.add(sheet, row, column, "it is not a year such as 2019 or 2019/20.")
        return False
    return True
