"""Sheets of the funding workbook that hold what may be changed: inputs, needs and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dipeval.report.funding_workbook_sums import count_where_above, down, nearest, total, up
from dipeval.report.workbook_live import Live, fixed, known, larger, smaller, when
from dipeval.report.workbook_pages import Book, Column, Content, between, say

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.indicators.funding import FundingAllocation

CHANGE: Final = " (may be changed)"
YES: Final = "yes"
_NO: Final = "No amounts: "


def inputs_sheet(book: Book, allocation: FundingAllocation) -> None:
    """Write the budget, the weights and how far amounts may move."""
    page = book.page(
        "Inputs",
        "Inputs: change the yellow cells and every other sheet follows",
        [
            "This sheet holds one table. Every cell under 'Value' is yellow and may be changed. Needs, floors, "
            "ceilings and earlier amounts stand on the sheet Needs.",
            "Weights may be of any size: what counts is each one's part of their sum. An empty cell for how far an "
            "amount may fall or rise means that nothing limits it.",
        ],
    )
    columns = [
        Column(key="label", header="Input", content=say("label"), width=62, wrap=True),
        Column(
            key="value",
            header="Value",
            content=say("value"),
            style=lambda record: str(record["style"]),
            width=18,
            entry=True,
            allowed=lambda record: record["allowed"],
            names=lambda record: str(record["key"]),
        ),
        Column(key="unit", header="Unit", content=say("unit"), width=26),
        Column(key="note", header="Note", content=say("note"), width=70, wrap=True),
    ]
    weights = [
        _input(
            f"weight_{number}",
            f"Weight of {measure_words(name)}",
            weight,
            "factor",
            "part of the sum of weights",
            "0 leaves the measure out.",
            between("decimal", 0, 1e6, "Give a weight of 0 or more."),
        )
        for number, (name, weight) in enumerate(allocation.need.items(), 1)
    ]
    rows = [
        _input("budget", "Budget to be divided", allocation.budget, "pence", "pounds", "In whole pence.",
               between("decimal", 0.01, 1e10, "Give pounds above 0.")),
        *weights,
        _input("max_fall", "How far an amount may fall", _or_blank(allocation.max_fall), "share",
               "share of the earlier amount", "Empty: no limit. 0%: no area loses anything.",
               between("decimal", 0, 1, "Give a share between 0% and 100%, or clear the cell for no limit.")),
        _input("max_rise", "How far an amount may rise", _or_blank(allocation.max_rise), "share",
               "share of the earlier amount", "Empty: no limit.",
               between("decimal", 0, 1000, "Give a share of 0% or more, or clear the cell for no limit.")),
    ]  # fmt: skip
    placed = page.table(columns, rows, name="inputs_table")
    page.name_part("weights", placed, 1, slice(1, 1 + len(weights)))


def _input(key: str, label: str, value: Content, style: str, unit: str, note: str, allowed: Any) -> Any:
    return {
        "key": key, "label": label, "value": value, "style": style, "unit": unit, "note": note, "allowed": allowed,
    }  # fmt: skip


def _or_blank(value: float | None) -> Content:
    return "" if value is None or value != value else float(value)


def measure_words(name: str) -> str:
    """Return a measure's name for a reader.

    Examples
    --------
    >>> measure_words("crime.acquisitive"), measure_words("positive_tests")
    ('crime: acquisitive', 'positive tests')
    """
    return name.replace(".", ": ").replace("_", " ")


def headers(names: list[str]) -> list[str]:
    """Return headings that differ in more than capitals, as a table wants them.

    Examples
    --------
    >>> headers(["tests", "Tests"])
    ['tests', 'Tests 2']
    """
    found: list[str] = []
    for name in map(measure_words, names):
        again = sum(other.lower().split(" 2")[0] == name.lower() for other in found)
        found.append(f"{name} {again + 1}" if again else name)
    return found


def needs_sheet(book: Book, allocation: FundingAllocation) -> None:
    """Write each area's figures of need, its floor, ceiling and earlier amount."""
    page = book.page(
        "Needs",
        "Needs and bounds: the figures of each area",
        [
            "This sheet holds one table. Headings that end in 'may be changed' stand over yellow cells.",
            "A floor or ceiling up to 1 is a share of the budget, above 1 it is pounds; an empty cell means none. An "
            "empty earlier amount means that nothing limits how far that area's amount may move.",
        ],
    )
    rows = area_records(allocation)
    measures = list(allocation.need)
    count = between("decimal", 0, 1e12, "Give a figure of 0 or more.")
    pounds = between("decimal", 0, 1e10, "Give pounds of 0 or more, or clear the cell.")
    bound = between("decimal", 0, 1e10, "Give a share of the budget up to 1, or pounds above 1, or clear the cell.")
    columns = [
        Column(key="area", header="Area", content=say("area"), width=20),
        *(
            _entry(f"need_{number}", words, "count", count, f"need_{number}")
            for number, words in enumerate(headers(measures), 1)
        ),
        _entry("floor", "Floor", "pence", bound, "area_floor"),
        _entry("ceiling", "Ceiling", "pence", bound, "area_ceiling"),
        _entry("previous", "Earlier amount, pounds", "pence", pounds, "area_previous"),
    ]
    if allocation.per:
        heads = between("decimal", 0.001, 1e12, "Give a figure above 0.")
        columns.append(_entry("heads", measure_words(allocation.per), "count", heads, "area_heads"))
    page.table(columns, rows, name="needs_table")


def _entry(key: str, header: str, style: str, rule: Any, name: str) -> Column:
    def kind(record: Any) -> str:
        value = record[key]
        # A share of the budget among pounds, or a count that is not whole, is shown as it was given.
        plain = isinstance(value, float) and (0 < value <= 1 if style == "pence" else not value.is_integer())
        return "plain" if plain else style

    return Column(key=key, header=header + CHANGE, content=say(key), style=kind, entry=True, allowed=rule, width=17,
                  name=name)  # fmt: skip


def area_records(allocation: FundingAllocation) -> list[dict[str, Any]]:
    """Return what the tables with one row an area are written from."""
    given: pd.DataFrame = allocation.given()
    rows = []
    for line in range(len(given)):
        one = given.iloc[line]
        row: dict[str, Any] = {"number": float(line + 1), "line": line, "area": str(one["area"])}
        row |= {f"need_{n}": float(one[name]) for n, name in enumerate(allocation.need, 1)}
        row |= {name: _or_blank(float(one[name])) for name in ("floor", "ceiling", "previous", "heads")}
        rows.append(row)
    return rows


def shares_sheet(book: Book, allocation: FundingAllocation) -> None:
    """Write each area's share of every measure and of the need, and the least and most it may get."""
    page = book.page(
        "Shares",
        "Shares and bounds: each area's part of the need, and the least and the most it may get",
        [
            "This sheet holds one table; nothing in it is to be changed.",
            "The share of the need is the weighted sum of the shares of the measures. The least is the floor, or what "
            "the limit on falling leaves, whichever is more; the most is the ceiling, or what the limit on rising "
            "allows, whichever is less. Both are in whole pence.",
        ],
    )
    measures = headers(list(allocation.need))
    shares = [
        Column(
            key=f"share_{number}",
            header=f"Share of {words}",
            content=_share_of(book, number),
            style="share",
            width=15,
        )
        for number, words in enumerate(measures, 1)
    ]
    columns = [
        Column(key="area", header="Area", content=say("area"), width=20),
        *shares,
        Column(key="need", header="Share of the need", content=_need(book, len(measures)), style="share", width=13,
               name="need_share"),
        *_bound_columns(book),
    ]  # fmt: skip
    page.table(columns, area_records(allocation), name="shares_table")


def at(book: Book, name: str, line: int) -> Live:
    """Return one cell of a named column."""
    column = book[name]
    values = column.value if isinstance(column.value, tuple) else (column.value,)
    return Live(f"INDEX({column.text},{line + 1})", values[line])


def _share_of(book: Book, number: int) -> Any:
    def content(_row: Mapping[str, Live], record: Any) -> Content:
        column = book[f"need_{number}"]
        whole = total(column)
        return when(whole.above(0), at(book, f"need_{number}", record["line"]) / whole, 0.0)

    return content


def _need(book: Book, n: int) -> Any:
    def content(row: Mapping[str, Live], _record: Any) -> Content:
        weighted = row["share_1"] * book["weight_1"]
        for number in range(2, n + 1):
            weighted = weighted + row[f"share_{number}"] * book[f"weight_{number}"]
        whole = total(book["weights"])
        return when(whole.above(0), weighted / whole, 0.0)

    return content


def budget_pence(book: Book) -> Live:
    """Return the budget in pence."""
    return nearest(book["budget"] * 100)


def _bound_columns(book: Book) -> list[Column]:
    def pence(name: str, record: Any) -> tuple[Live, Live]:
        figure = at(book, name, record["line"])
        return figure, when(figure.at_most(1), figure * budget_pence(book), figure * 100)

    def least_floor(_row: Mapping[str, Live], record: Any) -> Content:
        figure, in_pence = pence("area_floor", record)
        return when(known(figure), up(in_pence), 0.0)

    def most_ceiling(_row: Mapping[str, Live], record: Any) -> Content:
        figure, in_pence = pence("area_ceiling", record)
        return when(known(figure), down(in_pence), budget_pence(book))

    def least_moved(_row: Mapping[str, Live], record: Any) -> Content:
        before, limit = at(book, "area_previous", record["line"]), book["max_fall"]
        return when(known(before, limit), up(nearest(before * 100) * (1 - limit)), 0.0)

    def most_moved(_row: Mapping[str, Live], record: Any) -> Content:
        before, limit = at(book, "area_previous", record["line"]), book["max_rise"]
        return when(known(before, limit), down(nearest(before * 100) * (limit + 1)), budget_pence(book))

    def reaches(row: Mapping[str, Live], _record: Any) -> Content:
        return when(row["need"].above(0), row["most"] / row["need"], 0.0)

    def takes(row: Mapping[str, Live], _record: Any) -> Content:
        return when(row["need"].above(0), row["most"], row["least"])

    one = {"style": "count", "width": 15}
    return [
        Column(key="floor", header="Floor, pence", content=least_floor, name="least_floor", **one),  # type: ignore[arg-type]
        Column(key="fall", header="Least after a fall, pence", content=least_moved, name="least_moved", **one),  # type: ignore[arg-type]
        Column(key="least", header="Least, pence", content=lambda row, _r: larger(row["floor"], row["fall"]),
               name="area_least", **one),  # type: ignore[arg-type]
        Column(key="ceiling", header="Ceiling, pence", content=most_ceiling, name="most_ceiling", **one),  # type: ignore[arg-type]
        Column(key="rise", header="Most after a rise, pence", content=most_moved, name="most_moved", **one),  # type: ignore[arg-type]
        Column(key="most", header="Most, pence", content=lambda row, _r: smaller(row["ceiling"], row["rise"]),
               name="area_most", **one),  # type: ignore[arg-type]
        Column(key="reaches", header="Factor that gives its most", content=reaches, name="area_reaches", **one),  # type: ignore[arg-type]
        Column(key="takes", header="Most it can take, pence", content=takes, name="area_takes", **one),  # type: ignore[arg-type]
    ]  # fmt: skip


def checks_sheet(book: Book, allocation: FundingAllocation) -> None:
    """Write whether these inputs can be met, and what stands in the way."""
    page = book.page(
        "Checks",
        "Checks: whether a budget can be divided within these bounds",
        [
            "This sheet holds one table; nothing in it is to be changed. Without a 'yes' in its last row no amount is "
            "shown.",
        ],
    )
    columns = [
        Column(key="label", header="Check", content=lambda _row, r: str(r[1]), width=70),
        Column(key="value", header="Value", content=lambda _row, r: r[2](), style=lambda r: str(r[3]), width=46,
               names=lambda r: str(r[0])),
    ]  # fmt: skip
    measures = range(1, len(allocation.need) + 1)

    def bare() -> Live:
        found = when(total(book["need_1"]).above(0), 0.0, 1.0)
        for number in measures[1:]:
            found = found + when(total(book[f"need_{number}"]).above(0), 0.0, 1.0)
        return found

    rows: list[Any] = [
        ("weights_total", "Sum of the weights", lambda: total(book["weights"]), "plain"),
        ("measures_empty", "Measures that are 0 in every area", bare, "whole"),
        ("bounds_crossed", "Areas whose least is above their most",
         lambda: count_where_above(book["area_least"], book["area_most"]), "whole"),
        ("least_total", "Least that all areas must get, pounds", lambda: total(book["area_least"]) / 100, "pence"),
        ("takes_total", "Most that all areas can take, pounds", lambda: total(book["area_takes"]) / 100, "pence"),
        ("possible", "Can the budget be divided?", lambda: _possible(book), "text"),
    ]  # fmt: skip
    page.table(columns, rows, name="checks_table")


def _possible(book: Book) -> Live:
    least, takes = total(book["area_least"]), total(book["area_takes"])
    too_little = when(
        budget_pence(book).above(takes), fixed(_NO + "the most comes to less than the budget."), fixed(YES)
    )
    too_much = when(
        least.above(budget_pence(book)), fixed(_NO + "the least comes to more than the budget."), too_little
    )
    crossed = when(book["bounds_crossed"].above(0), fixed(_NO + "somewhere the least is above the most."), too_much)
    empty = when(book["measures_empty"].above(0), fixed(_NO + "a measure is 0 in every area."), crossed)
    return when(book["weights_total"].above(0), empty, fixed(_NO + "every weight is 0."))
