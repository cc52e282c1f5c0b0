"""Sheets of the funding workbook that are worked out: the factor, whole pence, the amounts; cover and notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dipeval.report.funding_workbook_needs import YES, at, budget_pence, measure_words
from dipeval.report.funding_workbook_sums import (
    given_out,
    in_pounds,
    largest,
    place_in_queue,
    thousandths,
    total,
    whole,
)
from dipeval.report.workbook_live import UNKNOWN, Live, if_known, larger, smaller, when
from dipeval.report.workbook_pages import Book, Column, Content, say

if TYPE_CHECKING:
    from dipeval.indicators.funding import FundingAllocation

# Halvings after which two numbers of 15 digits cannot be told apart, however small an area's share of the need.
STEPS: Final = 100
CONTENTS: Final = (
    ("Inputs", "Budget, weights, how far amounts may move. Start here."),
    ("Needs", "Each area's figures of need, floor, ceiling and earlier amount. May be changed as well."),
    ("Shares", "Each area's share of the need; the least and the most it may get."),
    ("Checks", "Whether the budget can be divided within the bounds."),
    ("Factor", "The one factor for which the amounts come to the budget, found by halving."),
    ("Pence", "Amounts before rounding, and the remainders."),
    ("Amounts", "What each area gets, its change, and what decided it."),
    ("Notes", "How it is worked out, what is assumed."),
)


def cover_sheet(book: Book, allocation: FundingAllocation, title: str) -> None:
    """Write what this is, how to use it and what it said when it was written."""
    page = book.page("Cover", title, [])
    page.pairs(
        [
            ("What this is", "A funding formula as a sum that can be followed and changed: a budget divided between "
             "areas by their share of need, within floors, ceilings and a limit on how far amounts may move.", ""),
            ("How to use it", "Change the yellow cells of the sheets Inputs and Needs; the sheet Amounts follows. What "
             "makes no sense is refused; where bounds leave no way, the sheets Amounts and Checks say why.", ""),
            ("As it was written", allocation.summary().headline, ""),
            ("Do not", "Read an amount as what the money achieves, or need as more than the figures it is measured by: "
             "an area that records or tests more shows more need.", ""),
        ]
    )  # fmt: skip
    page.row += 1
    page.sheet.write_string(page.row, 0, "Contents", book.bold(13))
    page.row += 1
    page.pairs((tab, words, tab) for tab, words in CONTENTS)


def factor_sheet(book: Book) -> None:
    """Write the search for the factor: each row halves the range in which it lies."""
    page = book.page(
        "Factor",
        "Factor: how many pence the whole of the need stands for",
        [
            "This sheet holds one table; nothing in it is to be changed. Each area gets the factor times its share of "
            "the need, but not less than its least nor more than its most. What a factor gives out grows with it, so "
            "halving the range again and again finds the one that gives out the budget.",
        ],
    )
    low, high = Live("0", 0.0), largest(book["area_reaches"]) + 1
    rows = []
    columns = _factor_columns(book)
    # Each row rests on the one above it, whose cells are known only by their place.
    top = page.row + 2
    for number in range(STEPS):
        row = top + number + 1
        middle = Live(f"D{row}", (_number(low) + _number(high)) / 2)
        given = Live(f"E{row}", given_out(middle, *_rest(book)).value)
        rows.append({"step": float(number + 1), "low": low, "high": high})
        enough = given.value >= budget_pence(book).value  # type: ignore[operator]
        told = Live(f"E{row}<{budget_pence(book).text}", not enough)
        low = when(told, middle, Live(f"B{row}", _number(low)))
        high = when(told, Live(f"C{row}", _number(high)), middle)
    placed = page.table(columns, rows, name="factor_table")
    if placed.top + 1 != top:
        raise AssertionError("The rows of the sheet Factor do not stand where their formulas look for them.")


def _rest(book: Book) -> tuple[Live, Live, Live]:
    return book["need_share"], book["area_least"], book["area_most"]


def _number(live: Live) -> float:
    assert isinstance(live.value, float)
    return live.value


def _factor_columns(book: Book) -> list[Column]:
    return [
        Column(key="step", header="Step", content=say("step"), style="whole", width=8),
        Column(key="low", header="Too small, or just right", content=say("low"), style="offences", width=24),
        Column(key="high", header="Large enough", content=say("high"), style="offences", width=24,
               names=lambda record: "factor" if record["step"] == STEPS else ""),
        Column(key="middle", header="Between them", content=lambda row, _r: (row["low"] + row["high"]) / 2,
               style="offences", width=24),
        Column(key="given", header="Given out by what is between, pence",
               content=lambda row, _r: given_out(row["middle"], *_rest(book)), style="offences", width=24),
    ]  # fmt: skip


def pence_sheet(book: Book, records: list[dict[str, Any]]) -> None:
    """Write the amounts before rounding and what stands behind the whole pence."""
    page = book.page(
        "Pence",
        "Pence: amounts before rounding, and the remainders",
        [
            "This sheet holds one table; nothing in it is to be changed. Every area first gets its whole pence; the "
            "pence left over go to the largest remainders, one each, equal ones in the order of the table.",
        ],
    )

    def exact(_row: Mapping[str, Live], record: Any) -> Content:
        least, most = at(book, "area_least", record["line"]), at(book, "area_most", record["line"])
        return larger(least, smaller(most, book["factor"] * at(book, "need_share", record["line"])))

    columns = [
        Column(key="area", header="Area", content=say("area"), width=20),
        Column(key="number", header="Number", content=say("number"), style="whole", width=10, name="area_number"),
        Column(key="exact", header="Amount before rounding, pence", content=exact, style="offences", width=24),
        Column(key="parts", header="In thousandths of a penny", content=lambda row, _r: thousandths(row["exact"]),
               style="count", width=24),
        Column(key="whole", header="Whole pence", content=lambda row, _r: whole(row["parts"] / 1000), style="count",
               width=20, name="area_whole"),
        Column(key="rest", header="Remainder, thousandths", content=lambda row, _r: row["parts"] - row["whole"] * 1000,
               style="whole", width=20, name="area_rest"),
    ]  # fmt: skip
    page.table(columns, records, name="pence_table")


def amounts_sheet(book: Book, allocation: FundingAllocation, records: list[dict[str, Any]]) -> None:
    """Write what each area gets."""
    says = when(
        book["possible"].same_as(YES),
        Live('"The amounts add up to the budget of £"', "The amounts add up to the budget of £")
        .join(in_pounds(book["budget"]))
        .join("."),
        book["possible"],
    )
    page = book.page(
        "Amounts",
        "Amounts: what each area gets",
        [says, "This sheet holds one table; nothing in it is to be changed. Areas stand in alphabetical order."],
    )
    columns = [
        Column(key="area", header="Area", content=say("area"), width=20),
        Column(key="need", header="Share of the need", content=lambda _row, r: at(book, "need_share", r["line"]),
               style="share", width=13),
        Column(key="alone", header="By need alone", content=lambda row, _r: row["need"] * book["budget"], style="pence",
               width=17),
        Column(key="amount", header="Amount", content=_amount(book), style="pence", width=17, name="area_amount"),
        Column(key="share", header="Share of the budget",
               content=lambda row, _r: if_known((row["amount"],), row["amount"] / book["budget"]), style="share",
               width=13),
        Column(key="before", header="Earlier amount", content=_before(book), style="pence", width=17),
        Column(key="change", header="Change",
               content=lambda row, _r: if_known((row["amount"], row["before"]), row["amount"] - row["before"]),
               style="pence", width=17),
        Column(key="moved", header="Change, share", content=_moved, style="share", width=13),
        *_per_head(book, allocation),
        Column(key="bound", header="Decided by", content=_decided(book), width=14, name="area_bound"),
    ]  # fmt: skip
    placed = page.table(columns, records, name="amounts_table")
    _chart(book, page, placed.top, len(records))


def _amount(book: Book) -> Any:
    def content(_row: Mapping[str, Live], record: Any) -> Content:
        line = record["line"]
        place = place_in_queue(
            at(book, "area_rest", line), book["area_rest"], at(book, "area_number", line), book["area_number"]
        )
        left = budget_pence(book) - total(book["area_whole"])
        pence = at(book, "area_whole", line) + when(place.at_most(left), 1.0, 0.0)
        return when(book["possible"].same_as(YES), pence / 100, UNKNOWN)

    return content


def _before(book: Book) -> Any:
    def content(_row: Mapping[str, Live], record: Any) -> Content:
        before = at(book, "area_previous", record["line"])
        return if_known((before,), before)

    return content


def _moved(row: Mapping[str, Live], _record: Any) -> Content:
    before = row["before"]
    return if_known((row["change"], before), when(before.above(0), row["change"] / before, UNKNOWN))


def _per_head(book: Book, allocation: FundingAllocation) -> list[Column]:
    if not allocation.per:
        return []

    def content(row: Mapping[str, Live], record: Any) -> Content:
        return if_known((row["amount"],), row["amount"] / at(book, "area_heads", record["line"]))

    words = f"Amount over {measure_words(allocation.per)}"
    return [Column(key="per_head", header=words, content=content, style="pence", width=15)]


def _decided(book: Book) -> Any:
    """Which bound decided an amount; a difference of less than a thousandth of a penny is none."""

    def content(row: Mapping[str, Live], record: Any) -> Content:
        line = record["line"]
        by_need = book["factor"] * at(book, "need_share", line)
        least, most = at(book, "area_least", line), at(book, "area_most", line)
        low = when(at(book, "least_moved", line).above(at(book, "least_floor", line)), "transition", "floor")
        high = when(at(book, "most_ceiling", line).above(at(book, "most_moved", line)), "transition", "ceiling")
        found = when((least - by_need).above(0.001), low, when((by_need - most).above(0.001), high, "need"))
        return if_known((row["amount"],), found)

    return content


def _chart(book: Book, page: Any, top: int, rows: int) -> None:
    """A bar an area, beside what it got before; its words stand on the axis, so that no colour is needed to read it."""
    chart = book.file.add_chart({"type": "bar"})
    for name, column, look in (
        ("Amount", 3, {"fill": {"color": "#12436D"}}),
        ("Earlier amount", 5, {"fill": {"color": "#FFFFFF"}, "border": {"color": "#B74F1B", "width": 1.5}}),
    ):
        chart.add_series(
            {
                "name": name,
                "categories": [page.tab, top + 1, 0, top + rows, 0],
                "values": [page.tab, top + 1, column, top + rows, column],
                "gap": 60,
                **look,
            }
        )
    chart.set_legend({"position": "top"})
    chart.set_title({"name": "Amounts, pounds", "overlay": False, "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 9}})
    # The axis of figures stands below although the areas are read from above.
    chart.set_x_axis(
        {
            "num_format": '"£"#,##0',
            "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
            "label_position": "high",
        }
    )
    chart.set_size({"width": 1000, "height": 150 + 44 * rows})
    words = (
        "Bar chart of the columns Amount and Earlier amount of the table above: two bars an area, in alphabetical "
        "order. The figures stand in the table."
    )
    page.sheet.insert_chart(page.row, 0, chart, {"description": words, "object_position": 2})


def notes_sheet(book: Book, allocation: FundingAllocation) -> None:
    """Write how the amounts are worked out and the notes of the result."""
    page = book.page("Notes", "Notes: how it is worked out, and what is assumed", ["This sheet holds one table."])
    notes = [("How it is worked out", text) for text in _METHOD]
    notes += [("Said when it was written", note) for note in allocation.summary().notes]
    rows = [(f"note {number}", kind, text) for number, (kind, text) in enumerate(notes, 1)]
    columns = [
        Column(key="number", header="Number", content=lambda _r, row: str(row[0]), width=10),
        Column(key="kind", header="Kind", content=lambda _r, row: str(row[1]), width=24),
        Column(key="text", header="Note", content=lambda _r, row: str(row[2]), width=110, wrap=True),
    ]
    page.table(columns, rows, name="notes_table")


_METHOD: Final = (
    "An area's share of the need is the weighted sum of its shares of the measures; weights are divided by their sum.",
    "Each area gets the factor times its share of the need, not less than its least and not more than its most. What a "
    "floor takes, or a ceiling frees, is thereby shared by all other areas in proportion to their need.",
    "Amounts are whole pence and add up to the budget. Pence left over by rounding go to the largest remainders.",
    "More need in one area alone never lowers its amount. Which measures and weights are used is a decision.",
    "[x]: not known, or not given because the budget cannot be divided within the bounds.",
)
