"""Fiscal costs of an incident as the unit cost database of Greater Manchester lays them out: one entry a code.

A code is mapped to offence groups by `fiscal_unit_costs.csv`, and its description must say what the mapping rests on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dipeval.errors import InputError
from dipeval.roi.costs_of_crime.fiscal import load_fiscal_unit_costs
from dipeval.roi.costs_of_crime.official import Entry, Publication
from dipeval.roi.costs_of_crime.prices import first_year, year_in_words
from dipeval.roi.costs_of_crime.sheets import Faults, Sheet, amount, plain
from dipeval.vocabulary import OFFENCE_GROUPS

_UPDATED: Final = re.compile(r"updat|uprat|inflat|current|real terms")
_DATABASE: Final = "Unit cost database of the Greater Manchester Combined Authority"


def is_gmca(sheets: Sequence[Sheet]) -> bool:
    """Whether any sheet has a heading row as in the unit cost database."""
    return any(_gmca_columns(sheet.texts(row)) for sheet in sheets for row in range(len(sheet.rows)))


def gmca(sheets: Sequence[Sheet], faults: Faults) -> Publication:
    """Return the fiscal costs by offence group in a workbook of the unit cost database, noting faults.

    Parameters
    ----------
    sheets
        The file.
    faults
        Where faults are noted.
    """
    mapping: dict[str, list[dict[str, Any]]] = {}
    for one in load_fiscal_unit_costs().to_dict("records"):
        mapping.setdefault(one["code"], []).append({str(name): value for name, value in one.items()})
    entries: dict[str, Entry] = {}
    left_out: set[str] = set()
    for sheet in sheets:
        top = next((row for row in range(len(sheet.rows)) if _gmca_columns(sheet.texts(row))), None)
        if top is None:
            continue
        columns = _gmca_columns(sheet.texts(top))
        for row in range(top + 1, len(sheet.rows)):
            code = str(sheet.cell(row, columns["code"])).strip()
            if code in mapping:
                _gmca_entries(sheet, row, columns, mapping[code], entries, faults)
            elif re.fullmatch(r"CR8\.\d+", code):
                left_out.add(code)
    if not entries:
        faults.say("No entry of the database that an offence group is mapped to was found (codes CR8.3 to CR8.18).")
    ordered = [entries[group] for group in OFFENCE_GROUPS if group in entries]
    return Publication(entries=ordered, left_out=sorted(left_out))


def _gmca_columns(texts: Sequence[str]) -> dict[str, int]:
    """Where code, description, unit, original fiscal cost and its price year stand; nothing unless all do."""
    wanted: dict[str, Sequence[str]] = {
        "code": ("code",),
        "detail": ("detail", "description"),
        "unit": ("unit",),
        "fiscal": ("original fiscal", "fiscal"),
        "year": ("original price year", "price year", "original year"),
    }
    found: dict[str, int] = {}
    # The workbook holds figures in updated prices beside the original ones; those have no price year of their own.
    texts = ["" if _UPDATED.search(text) else text for text in texts]
    for name, words in wanted.items():
        for word in words:
            hits = [column for column, text in enumerate(texts) if word in text and column not in found.values()]
            if hits:
                found[name] = hits[0]
                break
    return found if len(found) == len(wanted) else {}


def _gmca_entries(
    sheet: Sheet,
    row: int,
    columns: Mapping[str, int],
    mapped: Sequence[Mapping[str, Any]],
    entries: dict[str, Entry],
    faults: Faults,
) -> None:
    code, detail = str(mapped[0]["code"]), plain(sheet.cell(row, columns["detail"]))
    value, fault = amount(sheet.cell(row, columns["fiscal"]))
    if fault or math.isnan(value):
        faults.add(sheet, row, "original fiscal cost", f"that of entry {code} {fault or 'is missing'}.")
    if not set(plain(mapped[0]["mapped_from"]).split()) <= set(detail.split()):
        faults.add(
            sheet,
            row,
            "detail",
            f"entry {code} is not described as '{mapped[0]['mapped_from']}', on which the mapping to offence groups "
            "rests; give these figures in dipeval's own columns instead.",
        )
    if "incident" not in plain(sheet.cell(row, columns["unit"])):
        faults.add(sheet, row, "unit", f"entry {code} is not a cost per incident.")
    year = _year_cell(sheet, row, columns["year"], code, faults)
    for one in mapped:
        group = str(one["offence_group"])
        if group in entries:
            faults.add(sheet, row, "code", f"entry {code} is in the file more than once.")
            return
        entries[group] = Entry(
            group=group,
            sheet=sheet,
            row=row,
            mapped_from=str(one["mapped_from"]),
            values={"fiscal": value},
            price_year=year,
            note=str(one["note"]),
            fiscal_price_year=year,
            fiscal_source=f"{_DATABASE} ({sheet.file}), entry {code}",
        )


def _year_cell(sheet: Sheet, row: int, column: int, code: str, faults: Faults) -> str:
    try:
        return year_in_words(first_year(sheet.cell(row, column), "price year"))
    except InputError:
        faults.add(sheet, row, "original price year", f"that of entry {code} is not a year such as 2010/11.")
        return ""
