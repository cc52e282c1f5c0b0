"""Unit costs of crime as the Home Office lays them out: title rows, headings in words, rows named as published.

A row of the publication is mapped to an offence group by its name (`unit_cost_rows.csv`). What no group stands for is
left out and listed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dipeval.roi.costs_of_crime.prices import first_year, stored, year_in_words
from dipeval.roi.costs_of_crime.sheets import TOO_WIDE, Faults, Sheet, amount, plain
from dipeval.vocabulary import OFFENCE_GROUPS

# Looked for in this order: "unit cost in anticipation" is the anticipation column, not the total.
_HEADINGS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("multiplier", ("multiplier",)),
    ("anticipation", ("anticipation",)),
    ("consequence", ("consequence",)),
    ("response", ("response",)),
    ("harm", ("harm",)),
    ("unit_cost", ("unit cost", "average cost", "cost per crime", "cost per offence")),
)
_KEYS: Final = ("unit_cost", "multiplier")
_LONGEST_HEADING: Final = 80
_TITLE_ROWS: Final = 4
_NOT_POUNDS: Final = re.compile(r"£\s?(m|k|bn|000s?)\b|\b(million|thousand|billion)s?\b")
_YEAR: Final = r"((?:19|20)\d\d)(?:\s?(?:/|to)?\s?(?:\d{4}|\d{2}))?"
_YEARS: Final = re.compile(
    rf"\b{_YEAR}\s+(?:(?:real|constant)\s+)?prices?\b|\bprices?\s+(?:(?:year|base|level|in|of|at|for)\s+)*{_YEAR}\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a file says about one offence group, and where; `row` from 0."""

    group: str
    sheet: Sheet
    row: int
    mapped_from: str
    values: Mapping[str, float]
    price_year: str
    note: str = ""
    source: str = ""
    fiscal_price_year: str = ""
    fiscal_source: str = ""


@dataclass(slots=True)
class Publication:
    """What was found in a file: entries by group, and the rows that no group stands for."""

    entries: list[Entry]
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One row of a publication's table, as far as it was read."""

    name: str
    sheet: Sheet
    row: int
    values: dict[str, float]


def is_home_office(sheets: Sequence[Sheet]) -> bool:
    """Whether any sheet has a heading row as in the Home Office's tables."""
    return any("unit_cost" in _headings(sheet, row) for sheet in sheets for row in range(len(sheet.rows)))


def home_office(sheets: Sequence[Sheet], price_year: str, faults: Faults) -> Publication:
    """Return what a file in the Home Office's layout says, noting faults.

    Parameters
    ----------
    sheets
        The file.
    price_year
        As the user gave it; empty to take it from the file.
    faults
        Where faults are noted.
    """
    known = _known_rows()
    names = {name for _, name, _ in known}
    lines: dict[str, _Line] = {}
    left_out: set[str] = set()
    used: list[tuple[Sheet, int]] = []
    for sheet in sheets:
        for top, bottom in _tables(sheet):
            found = _read_table(sheet, range(top, bottom), names, left_out, faults)
            used += [(sheet, top)] if found else []
            for line in found:
                _merge(lines, line, faults)
    priced = {name: line for name, line in lines.items() if "unit_cost" in line.values}
    if not priced:
        faults.say(
            "No row named as in the publication with a unit cost was found: there must be a heading row with the "
            "words 'unit cost' and rows such as 'Robbery' or 'Domestic burglary' below it."
        )
        return Publication(entries=[])
    year = _price_year(sheets, used, price_year, faults)
    return Publication(entries=_chosen(known, priced, year), left_out=sorted(left_out))


def _known_rows() -> list[tuple[str, str, str]]:
    """Group, name of the row and note, in order of preference within each group."""
    rows = stored("unit_cost_rows.csv").to_dict("records")
    ordered = sorted(rows, key=lambda row: int(row["rank"]))  # the order of the file within a rank
    return [(row["offence_group"], plain(row["row_name"]), row["note"]) for row in ordered]


def _chosen(known: Iterable[tuple[str, str, str]], priced: Mapping[str, _Line], year: str) -> list[Entry]:
    """For each group the first of its rows that the file has."""
    chosen: dict[str, Entry] = {}
    for group, name, note in known:
        if name in priced and group not in chosen:
            line = priced[name]
            chosen[group] = Entry(
                group=group,
                sheet=line.sheet,
                row=line.row,
                mapped_from=line.name,
                values=line.values,
                price_year=year,
                note=note,
            )
    return [chosen[group] for group in OFFENCE_GROUPS if group in chosen]


def _headings(sheet: Sheet, row: int) -> dict[str, list[int]]:
    """Columns of a heading row by field; nothing if the row is none: a title stands alone in its row."""
    texts = sheet.texts(row)
    if sum(bool(text) for text in texts) < 2:
        return {}
    found: dict[str, list[int]] = {}
    for column, text in enumerate(texts):
        name = next((name for name, words in _HEADINGS if any(word in text for word in words)), None)
        if name is not None and len(text) <= _LONGEST_HEADING:
            found.setdefault(name, []).append(column)
    return found if any(key in found for key in _KEYS) else {}


def _tables(sheet: Sheet) -> list[tuple[int, int]]:
    """Heading row of each table of a sheet, and the row after its last."""
    tops = [row for row in range(len(sheet.rows)) if _headings(sheet, row)]
    ends = [*tops[1:], len(sheet.rows)]
    return [(top, ends[place]) for place, top in enumerate(tops)]


def _read_table(sheet: Sheet, rows: range, names: set[str], left_out: set[str], faults: Faults) -> list[_Line]:
    top, body = rows[0], rows[1:]
    headings = _headings(sheet, top)
    width = max((len(sheet.rows[row]) for row in body), default=0)
    first = min(column for columns in headings.values() for column in columns)
    hits = {column: sum(plain(sheet.cell(row, column)) in names for row in body) for column in range(min(first, width))}
    if not any(hits.values()):
        return []
    name_column = max(hits, key=lambda column: (hits[column], -column))
    if (
        _second_row(sheet, top, headings, faults)
        or _twice(sheet, top, headings, faults)
        or _not_pounds(sheet, top, headings, faults)
    ):
        return []
    columns = {name: found[0] for name, found in headings.items()}
    lines = [_read_line(sheet, top, row, name_column, columns, names, left_out, faults) for row in body]
    return [line for line in lines if line is not None]


def _second_row(sheet: Sheet, top: int, headings: Mapping[str, Sequence[int]], faults: Faults) -> bool:
    """A heading over several columns, as "low, central, high" below one "unit cost": which of them is not said."""
    texts = sheet.texts(top)
    below = sheet.texts(top + 1) if top + 1 < len(sheet.rows) else []
    words = {column for column, text in enumerate(below) if text and not text[0].isdigit()}
    for columns in headings.values():
        for column in columns:
            if column in words and column + 1 in words and not "".join(texts[column + 1 : column + 2]):
                faults.add(
                    sheet,
                    top,
                    str(sheet.cell(top, column)).strip(),
                    "the heading stands over several columns with headings of their own; give one row of headings with "
                    "the column to use.",
                )
                return True
    return False


def _twice(sheet: Sheet, top: int, headings: Mapping[str, Sequence[int]], faults: Faults) -> bool:
    several = [name for name, columns in headings.items() if len(columns) > 1]
    for name in several:
        faults.add(
            sheet,
            top,
            "",
            f"{len(headings[name])} headings look like '{name}'; keep one, or use dipeval's own columns.",
        )
    return bool(several)


def _not_pounds(sheet: Sheet, top: int, headings: Mapping[str, Sequence[int]], faults: Faults) -> bool:
    if "unit_cost" not in headings:
        return False
    above = [sheet.texts(row) for row in range(max(0, top - _TITLE_ROWS), top + 1)]
    if not any(_NOT_POUNDS.search(text) for texts in above for text in texts):
        return False
    faults.add(sheet, top, "", "the title or a heading speaks of thousands or millions; unit costs are in full pounds.")
    return True


def _read_line(
    sheet: Sheet,
    top: int,
    row: int,
    name_column: int,
    columns: Mapping[str, int],
    names: set[str],
    left_out: set[str],
    faults: Faults,
) -> _Line | None:
    name = plain(sheet.cell(row, name_column))
    read = {field_: amount(sheet.cell(row, column)) for field_, column in columns.items()}
    figures = {field_: value for field_, (value, _) in read.items() if not math.isnan(value)}
    shown = str(sheet.cell(row, name_column)).strip()
    if name not in names:
        if name and figures:
            left_out.add(shown)
        return None
    if sheet.overflows(row, top):
        faults.add(sheet, row, "", TOO_WIDE)
    for field_, (_, fault) in read.items():
        if fault:
            faults.add(sheet, row, str(sheet.cell(top, columns[field_])).strip(), f"it {fault}.")
    return _Line(name=shown, sheet=sheet, row=row, values=figures) if figures else None


def _merge(lines: dict[str, _Line], line: _Line, faults: Faults) -> None:
    """Put a row beside what other tables of the file say of the same name: the multipliers often stand apart."""
    name = plain(line.name)
    before = lines.get(name)
    if before is None:
        lines[name] = line
        return
    clash = [field_ for field_, value in line.values.items() if before.values.get(field_, value) != value]
    if clash:
        faults.add(
            line.sheet,
            line.row,
            "",
            f"'{line.name}' stands in the file before, with another {' and '.join(clash)}; name the sheet to use.",
        )
    lines[name] = _Line(name=before.name, sheet=before.sheet, row=before.row, values={**line.values, **before.values})


def _price_year(sheets: Sequence[Sheet], used: Sequence[tuple[Sheet, int]], given: str, faults: Faults) -> str:
    """The price year that the file states near its tables, else anywhere; the user's word decides between several."""
    found = {year for sheet, top in used for year in _years_of_prices(sheet, top + 1)}
    if not found:
        found = {year for sheet in sheets for year in _years_of_prices(sheet, len(sheet.rows))}
    stated = ", ".join(year_in_words(year) for year in sorted(found))
    if given:
        if found and first_year(given, "price_year") not in found:
            faults.say(f"The file says prices of {stated}, and price_year says {given}; check which it is.")
        return given
    if len(found) == 1:
        return stated
    faults.say(
        f"The file speaks of prices of {stated}; say which with price_year='2019/20'."
        if found
        else "The price year is nowhere in the file; say it with price_year='2019/20' (the year of the prices, not of "
        "the publication)."
    )
    return ""


def _years_of_prices(sheet: Sheet, rows: int) -> set[int]:
    cells = (text for row in range(rows) for text in sheet.texts(row))
    return {int(match[1] or match[2]) for text in cells for match in _YEARS.finditer(text)}
