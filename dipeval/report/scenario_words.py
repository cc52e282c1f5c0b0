"""The sheets of the scenario workbook that do not follow its cells: cover, uncertainty, what matters most, notes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from dipeval.disclosure import NOT_APPLICABLE
from dipeval.report.scenario_given import FIGURES_SHOWN
from dipeval.report.workbook_pages import Book, Column, say

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.report.scenario_given import Given
    from dipeval.roi import ReturnOnInvestment

STATIC: Final = (
    "The figures of this sheet were worked out before the workbook was written and do not change with its cells."
)
CONTENTS: Final = (
    ("Inputs", "Every input with its range, unit and source; the switches. Start here."),
    ("Offences", "Which offences were averted; actual crimes per recorded crime."),
    ("Unit costs", "What an offence of each group is worth, by part and perspective."),
    ("Averages", "What one recorded offence averted is worth, over the groups."),
    ("Costs", "The spending, line by line, and what of it is set against the value."),
    ("Years", "When the offences averted arise."),
    ("Calculation", "The chain from the effect to pounds, one step a row, with its formulas in words."),
    ("Results", "Value, cost, net value and ratio by perspective; both ends of the effect; break-even."),
    ("Scenarios", "Three whole sets of inputs side by side, each with its results."),
    ("Uncertainty", "What the draws over every uncertain input gave. Does not follow the cells."),
    ("What matters most", "How far each input moves the answer by itself. Does not follow the cells."),
    ("Notes", "What is assumed, what is left out, where the figures come from."),
)
_TOLD: Final = (
    ("benefit", "Value of the offences averted", "money"),
    ("net", "Value less cost", "money"),
    ("ratio", "Value per £1 of cost", "pence"),
)


def cover_sheet(book: Book, roi: ReturnOnInvestment, given: Given, title: str) -> None:
    """Write what this is, how to use it, what it says and what it leaves out."""
    page = book.page("Cover", title, [])
    about = [
        (
            "What this is",
            "The return on investment of a programme as a sum that can be followed and changed: what the "
            "offences averted are worth, against what was spent.",
            "",
        ),
        (
            "Who it is for",
            "Analysts and commissioners who want to see what the answer rests on, or to try other "
            "assumptions than those of the evaluation.",
            "",
        ),
        (
            "How to use it",
            "Change the yellow cells of the sheets Inputs, Offences, Unit costs and Costs; everything else follows. "
            "The sheet Scenarios holds three sets of inputs side by side. What makes no sense is refused.",
            "",
        ),
        ("What the evaluation said", given.told(roi.summary().headline), ""),
        ("Its biggest assumption", _sentence(roi.biggest_assumption), ""),
        ("What it leaves out", " ".join(_sentence(given.told(part)) for part in roi.left_out), ""),
        *(("Disclosure", note, "") for note in given.grouping_notes),
        (
            "Do not",
            "Add the perspectives up (they are nested), call the value cash that a budget gets back, or quote a "
            "ratio without its interval and what it leaves out.",
            "",
        ),
    ]
    page.pairs(about)
    page.row += 1
    page.sheet.write_string(page.row, 0, "Contents", book.bold(13))
    page.row += 1
    page.pairs((tab, words, tab) for tab, words in CONTENTS)


def _sentence(words: str) -> str:
    text = str(words).strip()
    return (text[:1].upper() + text[1:]).rstrip(".") + "."


def uncertainty_sheet(book: Book, roi: ReturnOnInvestment, given: Given) -> None:
    """Write what the draws gave: intervals and probabilities by perspective."""
    level = f"{100 * roi.level:g}%"
    page = book.page(
        "Uncertainty",
        "Uncertainty: what the draws over every uncertain input gave",
        [
            STATIC,
            f"This sheet holds one table. {roi.draws:,} draws, seed {roi.seed}; intervals at {level}. A probability is "
            "the share of draws in which the value exceeds the cost. [x]: not known, or only bounds are.",
        ],
    )
    rows = [*_by_perspective(roi), *_overall(roi)]
    if given.rounded:
        rows = [row | {name: _figures(row[name]) for name in ("value", "low", "high")} for row in rows]
    columns = [
        Column(key="label", header="Figure", content=say("label"), width=66),
        Column(key="value", header="Value", content=say("value"), style=lambda row: row["style"], width=18),
        Column(key="low", header=f"{level} from", content=_or_blank("low"), style=lambda row: row["style"], width=18),
        Column(key="high", header=f"{level} to", content=_or_blank("high"), style=lambda row: row["style"], width=18),
        Column(key="note", header="Note", content=say("note"), width=60, wrap=True),
    ]
    page.table(columns, rows, name="uncertainty_table")


def _or_blank(key: str) -> Any:
    return lambda _row, record: "" if record[key] is None else record[key]


def _row(
    label: str, style: str, value: float, low: float | None = None, high: float | None = None, note: str = ""
) -> Any:
    return {"label": label, "style": style, "value": value, "low": low, "high": high, "note": note}


def _by_perspective(roi: ReturnOnInvestment) -> list[Any]:
    rows = []
    for line in roi.perspectives().to_dict("records"):
        name = str(line["perspective"])
        for key, words, style in _TOLD:
            ends = (float(line[f"{key}_low"]), float(line[f"{key}_high"]))
            note = str(line["note"]) if key == "benefit" else ""
            rows.append(_row(f"{words}: {name}", style, float(line[key]), *ends, note=note))
        words = f"Probability that the value exceeds the cost: {name}"
        rows.append(_row(words, "chance", float(line["probability"])))
    return rows


def _overall(roi: ReturnOnInvestment) -> list[Any]:
    chance = "Near this share, a probability shows nothing: it is what chance and the cost give."
    headline = f"perspective {roi.perspective}"
    return [
        _row(
            "Proven offences averted",
            "offences",
            roi.offences_averted,
            roi.offences_averted_low,
            roi.offences_averted_high,
        ),
        _row("Probability that offences were averted", "chance", roi.probability_averted),
        _row(
            f"Probability of a net benefit were the estimate exactly none, {headline}",
            "chance",
            roi.probability_if_none,
            note=chance,
        ),
        _row(f"Value less cost, mean of the draws, {headline}", "money", roi.mean_net),
        _row(f"Value less cost, median of the draws, {headline}", "money", roi.median_net),
    ]


def _figures(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return value
    return float(f"{value:.{FIGURES_SHOWN}g}")


def matters_sheet(book: Book, roi: ReturnOnInvestment, given: Given) -> None:
    """Write how far each input moves the answer by itself, the largest swing first, with a bar chart of the swings."""
    page = book.page(
        "What matters most",
        "What matters most: how far each input, and each choice, moves the answer by itself",
        [
            STATIC,
            f"This sheet holds one table and one chart of its column Swing. Perspective {roi.perspective}; one input "
            "at a time goes to its low and its high end, the others stay at their values; the largest swing is first. "
            "[z]: a choice, which has no figure.",
        ],
    )
    numbers = ("value", "low", "high", "net_low", "net_high", "ratio_low", "ratio_high", "swing")
    rows = roi.tornado().to_dict("records")
    if given.rounded:
        rows = [row | {name: _figures(_number(row[name])) for name in numbers} for row in rows]
    columns = [
        Column(key="label", header="Input", content=lambda _r, row: str(row["label"]), width=56, wrap=True),
        *(_figure_column(*one) for one in _SWINGS),
        Column(key="note", header="Note", content=lambda _r, row: _text(row.get("note")), width=50, wrap=True),
    ]
    top = page.row + 1
    page.table(columns, rows, name="matters_table")
    _chart(book, page, top, len(rows))


_SWINGS: Final = (
    ("value", "Value", "plain"),
    ("low", "Low", "plain"),
    ("high", "High", "plain"),
    ("net_low", "Value less cost at low", "money"),
    ("net_high", "Value less cost at high", "money"),
    ("ratio_low", "Per £1 of cost at low", "pence"),
    ("ratio_high", "Per £1 of cost at high", "pence"),
    ("swing", "Swing in value less cost", "money"),
)


def _figure_column(key: str, header: str, style: str) -> Column:
    return Column(key=key, header=header, content=lambda _r, row: _applies(row[key]), style=style, width=14)


def _number(value: Any) -> Any:
    """A number as it is; words (the two sides of a choice) as words."""
    return value if isinstance(value, str) else math.nan if value is None else float(value)


def _applies(value: Any) -> Any:
    """A number, or the mark of a choice, which has none."""
    number = _number(value)
    return NOT_APPLICABLE if number != number else number


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _chart(book: Book, page: Any, top: int, rows: int) -> None:
    """A bar a row; its words stand on the axis, so that no colour is needed to read it."""
    chart = book.file.add_chart({"type": "bar"})
    swing = 1 + [key for key, *_ in _SWINGS].index("swing")
    chart.add_series(
        {
            "name": "Swing in value less cost",
            "categories": [page.tab, top + 1, 0, top + rows, 0],
            "values": [page.tab, top + 1, swing, top + rows, swing],
            "fill": {"color": "#12436D"},
            "gap": 60,
            "data_labels": {"value": True, "num_format": '"£"#,##0'},
        }
    )
    chart.set_legend({"none": True})
    chart.set_title({"name": "Swing in value less cost, pounds", "overlay": False, "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 9}})
    chart.set_x_axis({"num_format": '"£"#,##0', "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
    chart.set_size({"width": 1100, "height": 120 + 34 * rows})
    words = (
        "Bar chart of the column Swing of the table above: one bar an input, the longest first, showing how far value "
        "less cost moves between the low and the high end of that input. The figures stand in the table."
    )
    page.sheet.insert_chart(page.row, 0, chart, {"description": words, "object_position": 2})


def notes_sheet(book: Book, roi: ReturnOnInvestment, given: Given) -> None:
    """Write every note of the result and the sources of the figures, numbered."""
    page = book.page(
        "Notes",
        "Notes: what is assumed, what is left out, where the figures come from",
        ["This sheet holds one table."],
    )
    notes = [("Assumption or limit", note) for note in _notes(roi, given)]
    notes += [("Source of unit costs", source) for source in _sources(given.groups)]
    notes += [("How to read it", text) for text in _SIGNS]
    rows = [(f"note {number}", kind, text) for number, (kind, text) in enumerate(notes, 1)]
    columns = [
        Column(key="number", header="Number", content=lambda _r, row: str(row[0]), width=10),
        Column(key="kind", header="Kind", content=lambda _r, row: str(row[1]), width=22),
        Column(key="text", header="Note", content=lambda _r, row: str(row[2]), width=110, wrap=True),
    ]
    page.table(columns, rows, name="notes_table")


_SIGNS: Final = (
    "[x]: not known. [z]: does not apply.",
    "Pounds may be shown to the nearest pound or penny; every formula works with all their digits.",
    "A ratio here is pounds of value for each pound of cost: it is no rate of profit, and no budget receives it.",
)


def _notes(roi: ReturnOnInvestment, given: Given) -> list[str]:
    """The notes of the result; under a protecting rule as they may be told, without those that describe the people."""
    notes = roi.summary().notes
    if not given.rounded:
        return list(notes)
    about = roi.estimand.rstrip(".")
    return [
        *given.grouping_notes,
        *(given.told(note) for note in notes if about not in note and not note.startswith(_UNPRICED)),
    ]


# Says what share of the offences a few people may have committed; the cells show the share as it may be shown.
_UNPRICED: Final = "Valued at nothing"


def _sources(groups: pd.DataFrame) -> list[str]:
    return sorted({str(source) for source in groups["source"] if str(source)})
