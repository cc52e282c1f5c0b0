"""Sheets of a workbook that can be read aloud and printed: a title in A1, a line or two, one marked table, no merging.

Cells an analyst may change say so in words and are yellow besides; every other figure is a formula or stands fixed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dipeval.report.workbook_live import UNKNOWN, Live, Scalar, Value

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

# Characters in a line of words above a table; points that one line of a cell takes.
LINE: Final = 125
HEIGHT: Final = 15.0
YELLOW: Final = "#FFF2B2"
INK: Final = "#12436D"
# Of headings beside their words.
PAIR_WIDTHS: Final = (26, 112)
NUMBERS: Final[Mapping[str, str]] = {
    # Never the text format: what is typed over such a cell would stay words, and long ones would show as hashes.
    "text": "General",
    "money": '"£"#,##0;-"£"#,##0',
    "pence": '"£"#,##0.00;-"£"#,##0.00',
    "count": "#,##0",
    "whole": "0",
    "offences": "#,##0.0",
    "each": "0.0000",
    "share": "0.0%",
    # A share of draws: never all of them by rounding.
    "chance": '[=1]0%;[>=0.9995]"over 99.9%";0.0%',
    "factor": "0.0000",
    "plain": "0.00##",
}

Content = Live | float | str
Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    key, header
        Its name within the table, and its heading.
    content
        From the cells of the row made so far, and the record, to what the cell holds.
    style
        A key of `NUMBERS`, or a function of the record that gives one.
    width
        Characters.
    entry
        Whether the analyst may change the cell: yes or no, or a function of the record.
    allowed
        What may be entered, in XlsxWriter's terms: a rule, or a function of the record that gives one or None.
    name
        Name of the whole column in formulas.
    names
        From the record to the name of its cell in formulas.
    wrap
        Whether long words run over several lines.
    """

    key: str
    header: str
    content: Callable[[Mapping[str, Live], Any], Content]
    style: str | Callable[[Any], str] = "text"
    width: float = 12
    entry: bool | Callable[[Any], bool] = False
    allowed: Rule | Callable[[Any], Rule | None] | None = None
    name: str = ""
    names: Callable[[Any], str] | None = None
    wrap: bool = False


def between(kind: str, least: float | str, most: float | str, words: str) -> Rule:
    """Return a rule for a ``decimal`` or ``integer``: its ends (or formulas), and what is said when it fails."""
    return {
        "validate": kind,
        "criteria": "between",
        "minimum": least,
        "maximum": most,
        "error_title": "Outside what makes sense",
        "error_message": words,
    }


def say(text: str) -> Callable[[Mapping[str, Live], Any], Content]:
    """Return the content of a column that holds one field of the record."""
    return lambda _row, record: record[text]


def _of(setting: Any, record: Any) -> Any:
    return setting(record) if callable(setting) else setting


@dataclass(slots=True)
class Book:
    """A workbook in the making, with every name its formulas may use."""

    file: Workbook
    names: dict[str, Live] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    _formats: dict[tuple[str, bool, bool], Format] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Live:
        return self.names[name]

    def named(self, name: str, value: Value, where: str) -> Live:
        """Give a cell or a range a name for formulas and return it."""
        self.file.define_name(name, f"={where}")
        self.names[name] = Live(name, value)
        return self.names[name]

    def page(self, title: str, heading: str, lines: Sequence[str | Live], *, name: str | None = None) -> Page:
        """Begin a sheet: its heading in A1, what it holds in the lines below."""
        tab = name or title
        self.pages.append(tab)
        sheet = self.file.add_worksheet(tab)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.set_footer("&L&A&RPage &P of &N")
        sheet.hide_gridlines(2)
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, heading, self.bold(16))
        page = Page(book=self, sheet=sheet, tab=tab, row=1)
        for line in lines:
            page.line(line)
        return page

    def bold(self, size: int = 11) -> Format:
        """Return the format of headings."""
        return self.file.add_format({"bold": True, "font_size": size, "font_color": INK, "valign": "top"})

    def heading(self, *, left: bool) -> Format:
        """Return the format of the headings of a table."""
        look = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 2, "font_color": INK, "bg_color": "#E8EEF4"}
        return self.file.add_format(look | ({"align": "left", "indent": 1} if left else {"align": "right"}))

    def format(self, style: str, *, entry: bool = False, wrap: bool = False) -> Format:
        """Return the format of a kind of figure."""
        key = (style, entry, wrap)
        if key not in self._formats:
            look: dict[str, Any] = {"num_format": NUMBERS[style], "valign": "top", "text_wrap": wrap}
            look |= {"align": "left", "indent": 1} if style == "text" else {"align": "right"}
            if entry:
                look |= {"bg_color": YELLOW, "border": 1, "border_color": "#7F7F7F", "font_color": "#1F3864"}
            self._formats[key] = self.file.add_format(look)
        return self._formats[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a table stands: the row of its headings, and the values of its columns."""

    top: int
    values: list[list[Scalar]]


@dataclass(slots=True)
class Page:
    """One sheet in the making; `row` is the next free one."""

    book: Book
    sheet: Worksheet
    tab: str
    row: int

    def line(self, text: str | Live) -> None:
        """Write a line of words, broken where it would leave the page."""
        if isinstance(text, Live):
            self.sheet.write_formula(self.row, 0, text.formula, None, text.finished)
            self.row += 1
            return
        for part in textwrap.wrap(text, LINE):
            self.sheet.write_string(self.row, 0, part)
            self.row += 1

    def pairs(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Write headings beside their words, a sheet named in the third place linked."""
        for place, width in enumerate(PAIR_WIDTHS):
            self.sheet.set_column(place, place, width)
        for heading, words, tab in rows:
            if tab:
                self.sheet.write_url(self.row, 0, f"internal:'{tab}'!A1", string=heading)
            else:
                self.sheet.write_string(self.row, 0, heading, self.book.bold())
            self.sheet.write_string(self.row, 1, words, self.book.format("text", wrap=True))
            self.sheet.set_row(self.row, _height([(words, 1.1 * PAIR_WIDTHS[1])]))
            self.row += 1

    def table(self, columns: Sequence[Column], records: Sequence[Any], *, name: str) -> Placed:
        """Write one marked table, a heading a column, a row a record, and return where it stands."""
        top = self.row + 1
        values: list[list[Scalar]] = [[] for _ in columns]
        for number, record in enumerate(records):
            cells: dict[str, Live] = {}
            for place, column in enumerate(columns):
                cell = self._cell(column, record, cells, top + 1 + number, place)
                cells[column.key] = cell
                values[place].append(cell.finished)
            wrapped = [
                (str(values[place][-1]), 1.1 * column.width) for place, column in enumerate(columns) if column.wrap
            ]
            self.sheet.set_row(top + 1 + number, _height(wrapped))
        last = top + len(records)
        self._mark(columns, records, top, last, name)
        for place, column in enumerate(columns):
            self.sheet.set_column(place, place, column.width)
            if column.name:
                self.book.named(column.name, tuple(values[place]), self._where(top + 1, place, last, place))
        self.sheet.repeat_rows(top)
        self.row = last + 2
        return Placed(top=top, values=values)

    def name_headings(self, name: str, placed: Placed, words: Sequence[str], first: int) -> None:
        """Give neighbouring headings of a table a name, from the column `first` on."""
        self.book.named(name, tuple(words), self._where(placed.top, first, placed.top, first + len(words) - 1))

    def name_row(self, name: str, placed: Placed, row: int, first: int) -> None:
        """Give the cells of one row of a table a name, from the column `first` on."""
        values = tuple(column[row] for column in placed.values[first:])
        line = placed.top + 1 + row
        self.book.named(name, values, self._where(line, first, line, len(placed.values) - 1))

    def name_part(self, name: str, placed: Placed, column: int, rows: slice) -> None:
        """Give some rows of one column of a table a name."""
        values = tuple(placed.values[column][rows])
        start, end, _ = rows.indices(len(placed.values[column]))
        top = placed.top + 1
        self.book.named(name, values, self._where(top + start, column, top + end - 1, column))

    def _cell(self, column: Column, record: Any, cells: Mapping[str, Live], row: int, place: int) -> Live:
        content, entry = column.content(cells, record), bool(_of(column.entry, record))
        look = self.book.format(_of(column.style, record), entry=entry, wrap=column.wrap)
        value = self._write(row, place, content, look)
        rule = _of(column.allowed, record) if entry else None
        if rule:
            self.sheet.data_validation(row, place, row, place, dict(rule))
        address = f"{_letters(place)}{row + 1}"
        called = column.names(record) if column.names else ""
        if called:
            return self.book.named(called, value, self._where(row, place, row, place))
        return Live(address, value)

    def _write(self, row: int, place: int, content: Content, look: Format) -> float | str:
        if isinstance(content, Live):
            self.sheet.write_formula(row, place, content.formula, look, content.finished)
            return content.finished
        if isinstance(content, str):
            self.sheet.write_string(row, place, content, look)
            return content
        if content != content:
            self.sheet.write_string(row, place, UNKNOWN, look)
            return UNKNOWN
        self.sheet.write_number(row, place, float(content), look)
        return float(content)

    def _mark(self, columns: Sequence[Column], records: Sequence[Any], top: int, last: int, name: str) -> None:
        """Mark the cells as one table, its headings over their words or figures."""
        headers = []
        for column in columns:
            words = bool(records) and _of(column.style, records[0]) == "text"
            headers.append({"header": column.header, "header_format": self.book.heading(left=words)})
        self.sheet.set_row(top, _height([(column.header, 0.95 * column.width) for column in columns]) + 3)
        options = {"name": name, "columns": headers, "autofilter": False, "style": None, "banded_rows": False}
        self.sheet.add_table(top, 0, last, len(columns) - 1, options)

    def _where(self, row: int, column: int, last_row: int, last_column: int) -> str:
        first, last = f"${_letters(column)}${row + 1}", f"${_letters(last_column)}${last_row + 1}"
        return f"'{self.tab}'!{first}" if first == last else f"'{self.tab}'!{first}:{last}"


def _height(cells: Iterable[tuple[str, float]]) -> float:
    """Points that a row needs for words wrapped to the width of their columns; no program does it alike."""
    lines = (len(textwrap.wrap(words, max(1, int(width)))) for words, width in cells)
    return HEIGHT * max([1, *lines])


def _letters(place: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(place))
