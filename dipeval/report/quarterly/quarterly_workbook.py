"""quarterly.xlsx: cover, contents, one named table a sheet, notes; no merged cell, nothing that the page hides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL
from dipeval.indicators.dictionary.recommendations import recommendations
from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.report.quarterly import asked, charted, compared, phrases, section_counted, section_targets, shared_out
from dipeval.report.quarterly.released import figures
from dipeval.report.quarterly.rows import MEANINGS, people
from dipeval.report.workbook_file import filled, put
from dipeval.report.workbook_pages import Book, Column, Content

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dipeval.report.workbook_live import Live
    from dipeval.study.quarterly.result import QuarterlyResult

HOW: Final = (
    "Figures are as in the report: counts of few people, and what rests on them, are [c]; other counts are rounded. "
    "Shares are given as numbers between 0 and 1 under 'Number' and in words under 'Figure'."
)
# Heading, key of the record, characters, style.
Fields = tuple[tuple[str, str, float, str], ...]
_FIGURES: Final[Fields] = (
    ("Indicator", "label", 44, "text"),
    ("Where", "place", 20, "text"),
    ("Period", "period", 10, "text"),
    ("Breakdown", "breakdown", 18, "text"),
    ("Group", "group_label", 22, "text"),
    ("Counted", "shown_n", 11, "text"),
    ("Out of", "shown_of", 11, "text"),
    ("Figure", "shown", 12, "text"),
    ("95% interval", "shown_interval", 20, "text"),
    ("Number", "estimate", 11, "plain"),
    ("Lower", "conf_low", 11, "plain"),
    ("Upper", "conf_high", 11, "plain"),
    ("Unit", "unit", 16, "text"),
    ("Target", "shown_target", 16, "text"),
    ("Is it met?", "shown_met", 13, "text"),
)
_PLAIN: Final = tuple(field for field in _FIGURES if field[1] not in ("breakdown", "group_label"))


def write_workbook(result: QuarterlyResult, path: Path) -> Path:
    """Write the workbook of a quarterly report.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``, or the view of one district.
    path
        The file; one already there is replaced once the new one is whole.

    Returns
    -------
    pathlib.Path
    """
    title = result.spec.title if result.district is None else f"{result.spec.title}: {result.district}"
    sheets = [one for one in _sheets(result) if one.rows]

    def fill(book: Book) -> None:
        _cover(book, result, title, sheets)
        for sheet in sheets:
            sheet.write(book)
        _notes(book, result)

    put(filled(fill, title=title, subject="Indicators by quarter")[1], path)
    return path


class _Sheet:
    """One sheet with one named table."""

    def __init__(self, tab: str, heading: str, about: str, fields: Fields, rows: Sequence[Mapping[str, Any]]) -> None:
        self.tab, self.heading, self.about, self.fields, self.rows = tab, heading, about, fields, rows

    def write(self, book: Book) -> None:
        """Write the sheet."""
        page = book.page(self.tab, self.heading, [self.about, "This sheet holds one table."])
        columns = [
            Column(key=key, header=header, content=_content(key), style=style, width=width, wrap=width > 50)
            for header, key, width, style in self.fields
        ]
        page.table(columns, list(self.rows), name=self.tab.replace(" ", "_"))


def _content(key: str) -> Callable[[Mapping[str, Live], Any], Content]:
    def content(_row: Mapping[str, Live], record: Any) -> Content:
        value = record[key]
        if isinstance(value, float):
            if value == value:
                return value
            return CONFIDENTIAL if record.get("hidden") else ""
        return "" if value is None or value is pd.NA else str(value)

    return content


def _sheets(result: QuarterlyResult) -> list[_Sheet]:
    whole = figures(result, districts=[*asked.here(result), *(result.districts if result.district is None else ())])
    parts = figures(result, districts=asked.here(result), dimension=None)
    return [
        _Sheet("Targets", "Every target with its latest figure", section_targets.HOW, _PLAIN,
               _records(section_targets.rows(result))),
        _Sheet("Indicators", "Every indicator by district and period", phrases.ALPHABETICAL, _PLAIN, _records(whole)),
        _Sheet("Breakdowns", "Every indicator by breakdown", "Of the whole place; rows by substance overlap.", _FIGURES,
               _records(parts[parts["dimension"] != ""])),
        _signals(result),
        _districts(result),
        *_money(result),
        _people(result),
        _dictionary(result),
        _asks(),
    ]  # fmt: skip


def _records(frame: pd.DataFrame) -> list[Mapping[str, Any]]:
    shown = frame.assign(
        place=[phrases.place_words(str(name)) for name in frame["district"]],
        breakdown=[phrases.DIMENSIONS.get(str(name), str(name)) for name in frame["dimension"]],
        group_label=[phrases.group_words(name) for name in frame["group"]],
    )
    return shown.to_dict("records")  # type: ignore[return-value]


def _signals(result: QuarterlyResult) -> _Sheet:
    rows = [
        {
            "label": one.label,
            "place": one.place,
            "period": str(signal["period"]),
            "latest": "yes" if signal["period"] == one.last else "",
            "words": charted.signal_words(one, signal).split(": ", 1)[-1],
        }
        for one in charted.every_chart(result)
        for signal in one.signals.to_dict("records")
    ]
    fields: Fields = (
        ("Indicator", "label", 44, "text"),
        ("Where", "place", 20, "text"),
        ("Known in", "period", 10, "text"),
        ("New in the latest period", "latest", 14, "text"),
        ("What the chart shows", "words", 90, "text"),
    )
    about = "A signal is a reason to ask; it does not say why something changed."
    return _Sheet("Change", "What changed beyond chance", about, fields, rows)


def _districts(result: QuarterlyResult) -> _Sheet:
    rows = [
        {
            "label": one.label,
            "place": row["area"],
            "observed": float(row["observed"]),
            "n": float(row["n"]),
            "value": float(row["value"]),
            "low": float(row["conf_low"]),
            "high": float(row["conf_high"]),
            "position": "withheld" if row["hidden"] else compared.position_words(str(row["position"])),
            "hidden": bool(row["hidden"]),
        }
        for one in compared.every_comparison(result)
        for row in one.frame.to_dict("records")
        if result.district in (None, row["area"])
    ]
    fields: Fields = (
        ("Indicator", "label", 44, "text"),
        ("District", "place", 20, "text"),
        ("Counted", "observed", 11, "count"),
        ("Out of", "n", 11, "count"),
        ("Number", "value", 11, "plain"),
        ("Lower", "low", 11, "plain"),
        ("Upper", "high", 11, "plain"),
        ("Against the limits of chance", "position", 28, "text"),
    )
    return _Sheet("Districts", "Districts beside each other", phrases.ALPHABETICAL, fields, rows)


def _money(result: QuarterlyResult) -> list[_Sheet]:
    fields: Fields = (
        ("District", "district", 20, "text"),
        ("Figure", "label", 40, "text"),
        ("Who paid", "group", 20, "text"),
        ("Number", "estimate", 14, "plain"),
        ("Lower", "conf_low", 11, "plain"),
        ("Upper", "conf_high", 11, "plain"),
        ("Unit", "unit", 10, "text"),
        ("Note", "note", 24, "text"),
    )
    keys = [key for _, key, _, _ in fields]
    rows = [{key: _number(row.get(key, ""), key) for key in keys} for row in shared_out.tidy(result)]
    return [_Sheet("Money", "Who paid, and the budget by the formula", phrases.ALPHABETICAL, fields, rows)]


def _people(result: QuarterlyResult) -> _Sheet:
    """What is counted of people beside the indicators: the rows of results.csv."""
    fields: Fields = (
        ("Figure", "label", 48, "text"),
        ("Period", "period", 28, "text"),
        ("Group", "group_label", 26, "text"),
        ("Counted", "numerator", 11, "count"),
        ("Out of", "denominator", 11, "count"),
        ("Number", "estimate", 11, "plain"),
        ("Lower", "conf_low", 11, "plain"),
        ("Upper", "conf_high", 11, "plain"),
        ("Unit", "unit", 16, "text"),
        ("Note", "note", 40, "text"),
    )
    numbers = ("numerator", "denominator", "estimate", "conf_low", "conf_high")
    rows = [
        {"period": "", "note": "", **row, "group_label": phrases.group_words(row["group"])}
        | {key: _plain(row.get(key, "")) for key in numbers}
        for row in people(result)
    ]
    about = "Everybody counts once; nobody is compared with people who had no help."
    return _Sheet("People", "The people who come in", about, fields, rows)


def _plain(text: str) -> Any:
    return text if text in ("", CONFIDENTIAL) else float(text)


def _number(value: Any, key: str) -> Any:
    if key not in ("estimate", "conf_low", "conf_high"):
        return value
    return float(value) if value != "" else float("nan")


def _dictionary(result: QuarterlyResult) -> _Sheet:
    frame = result.indicators.dictionary()
    own = frame[frame["name"].isin(list(result.indicators.names))]
    rows = [{**section_counted.entry_of(row), "name": str(row["name"])} for row in own.to_dict("records")]
    fields: Fields = (
        ("Name", "name", 24, "text"),
        ("Indicator", "label", 44, "text"),
        ("What is counted", "numerator", 55, "text"),
        ("Out of", "denominator", 55, "text"),
        ("Counted are", "counting", 34, "text"),
        ("Wanted", "direction", 10, "text"),
        ("Who answers for it", "owner", 20, "text"),
        ("Source", "source", 55, "text"),
    )
    return _Sheet("Dictionary", "What each indicator counts", "Definitions common to all districts.", fields, rows)


def _asks() -> _Sheet:
    fields: Fields = (
        ("Number", "number", 14, "text"),
        ("What is asked", "asks", 55, "text"),
        ("Answered here", "answered", 14, "text"),
        ("Section", "section", 30, "text"),
        ("How", "where", 60, "text"),
    )
    rows = recommendations().to_dict("records")
    about = "Recommendations of the West Yorkshire review, shortened; R19 stands twice there."
    return _Sheet("Recommendations", "Recommendations of the review", about, fields, rows)  # type: ignore[arg-type]


def _cover(book: Book, result: QuarterlyResult, title: str, sheets: Sequence[_Sheet]) -> None:
    page = book.page("Cover", title, [])
    last = result.extract_date
    about = [
        ("What this is", "The figures of the quarterly report as tables, one a sheet.", ""),
        ("Latest period", phrases.period_words(result.period) if result.period else "none", ""),
        ("Records to", f"{last.day} {last:%B %Y}", ""),
        ("Disclosure", result.rule.in_words(), ""),
        ("How to read it", HOW, ""),
        ("Do not", f"Rank districts, or call any figure an effect. {phrases.NO_EFFECT}", ""),
    ]
    page.pairs(about)
    page.row += 1
    page.sheet.write_string(page.row, 0, "Contents", book.bold(13))
    page.row += 1
    page.pairs([(one.tab, one.heading, one.tab) for one in sheets] + [("Notes", "How it was counted.", "Notes")])


def _notes(book: Book, result: QuarterlyResult) -> None:
    page = book.page("Notes", "Notes: how it was counted", [])
    rows = [("Intervals and periods", line, "") for line in section_counted.INTERVALS]
    rows += [("Counting", str(note), "") for note in result.indicators.notes]
    rows += [("Not told", line, "") for line in section_counted.not_told(result)]
    rows += [("Whole area", f"'{ALL_DISTRICTS}' counts each person once, whatever the districts.", "")]
    rows += [(f"results.csv, column {name}", words, "") for name, words in MEANINGS.items()]
    page.pairs(rows)
