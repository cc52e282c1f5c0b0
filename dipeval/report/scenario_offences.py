"""The sheets on offences of the scenario workbook: what each group is worth, and an averted offence on average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dipeval.report.scenario_chain import MULTIPLIERS, WORTHS
from dipeval.report.scenario_given import OTHERS_KEY
from dipeval.report.workbook_live import UNKNOWN, Live, add_up, all_known, if_known, known, larger, smaller, when
from dipeval.report.workbook_pages import Book, Column, Content, Rule, between, say

if TYPE_CHECKING:
    from dipeval.report.scenario_given import Given


def offences_sheet(book: Book, given: Given) -> None:
    """Write which offences were averted, and how many actual crimes stand behind a recorded one."""
    lines = [
        "This sheet holds one table. Yellow cells (headings that say 'may be changed') may be changed.",
        "Actual crimes per recorded crime count only while their switch on the sheet Inputs is not 'off'; where none "
        "is published a recorded crime stays one crime.",
        *given.grouping_notes,
    ]
    page = book.page("Offences", "Offences: which were averted", lines)
    columns = [
        *_mix_columns(given),
        *_multiplier_columns(),
        Column(key="status", header="Status of the unit cost", content=say("status"), width=14),
        Column(key="note", header="Note", content=say("note"), width=60, wrap=True),
    ]
    page.table(columns, given.groups.to_dict("records"), name="offences_table")


def unit_costs_sheet(book: Book, given: Given) -> None:
    """Write what an offence of each group is worth: parts as published, prices, worth by perspective."""
    prices = f"{given.prices} prices"
    lines = [
        "This sheet holds one table. Yellow cells (headings that say 'may be changed') may be changed. Their pounds "
        f"are in the prices of the year beside them; what an offence is worth is in {prices}.",
        "[x]: not known. Groups without any unit cost are counted and valued at nothing. Harm, where it is known, "
        "makes the economic value exact; where it is not, the value has two bounds.",
    ]
    page = book.page("Unit costs", f"Unit costs: what each offence is worth, {prices}", lines)
    rule = between("decimal", 0.0, 1e9, "Give pounds of 0 or more.")
    group = Column(key="label", header="Offence group", content=say("label"), width=24)
    columns = [group, *_part_columns(rule), *_worth_columns()]
    page.table(columns, given.groups.to_dict("records"), name="unit_costs_table")


def _mix_columns(given: Given) -> list[Column]:
    group = Column(key="label", header="Offence group", content=say("label"), width=24)
    if not given.by_group:
        rule = between("decimal", 0.0, 1.0, "Give a share between 0% and 100%; the shares should add up to 100%.")
        return [
            group,
            Column(
                key="share",
                header="Share of the offences averted (may be changed)",
                content=say("moves"),
                style="share",
                entry=True,
                allowed=rule,
                width=18,
                name="offence_moves",
            ),
        ]
    rule = between("decimal", -1000.0, 1000.0, "Give offences averted per person.")
    return [
        group,
        Column(
            key="averted",
            header="Averted per person (may be changed)",
            content=say("averted"),
            style="each",
            entry=True,
            allowed=rule,
            width=18,
            name="offence_averted",
        ),
        Column(
            key="moves", header="How it moves with the whole", content=say("moves"), style="each", name="offence_moves"
        ),
    ]


def _part_columns(rule: Rule) -> list[Column]:
    parts = (
        ("unit_cost", "Unit cost (may be changed)"),
        ("anticipation", "of which anticipation (may be changed)"),
        ("response", "of which police, courts, prisons, probation (may be changed)"),
        ("harm", "of which harm to victims (may be changed)"),
    )
    columns = [
        Column(key=key, header=header, content=say(key), style="money", entry=_own_row, allowed=rule, width=15)
        for key, header in parts
    ]
    year = Column(key="table_price_year", header="Prices of", content=say("table_price_year"), width=9)
    factor = Column(key="deflator", header="Factor to the price year", content=say("deflator"), style="factor", width=9)
    return [*columns, year, factor]


def _own_row(record: Any) -> bool:
    """Whether a row is one offence group, whose worth follows from its parts."""
    return record["offence_group"] != OTHERS_KEY


def _worth_columns() -> list[Column]:
    columns = (
        ("with_anticipation", "Worth with anticipation", _with),
        ("without_anticipation", "Worth without anticipation (social)", _without),
        ("fiscal", "Worth, fiscal", _fiscal),
        ("economic_low", "Worth, economic, lower bound", lambda row: _economic(row, "low")),
        ("economic_high", "Worth, economic, upper bound", lambda row: _economic(row, "high")),
    )
    return [
        Column(
            key=key,
            header=header,
            content=_live_if_equal(key, formula),
            style="money",
            width=15,
            name=f"worth_{key}_by_group",
        )
        for key, header, formula in columns
    ]


def _live_if_equal(key: str, formula: Any) -> Any:
    """The formula, or the figure as it was worked out where another rule made it (a fiscal cost of another source)."""

    def content(row: Mapping[str, Live], record: Any) -> Content:
        live, value = formula(row), record[f"worth_{key}"]
        if not isinstance(live.value, float):
            return live if value != value else float(value)
        return live if abs(live.value - value) <= 1e-9 * max(1.0, abs(value)) else value

    return content


def _with(row: Mapping[str, Live]) -> Live:
    return when(known(row["unit_cost"]), row["unit_cost"] * row["deflator"], 0)


def _without(row: Mapping[str, Live]) -> Live:
    less = (row["unit_cost"] - row["anticipation"]) * row["deflator"]
    return when(known(row["unit_cost"]), if_known((row["anticipation"],), less), 0)


def _fiscal(row: Mapping[str, Live]) -> Live:
    return when(known(row["unit_cost"]), if_known((row["response"],), row["response"] * row["deflator"]), 0)


def _economic(row: Mapping[str, Live], bound: str) -> Live:
    social = when(known(row["without_anticipation"]), row["without_anticipation"], row["with_anticipation"])
    exact = larger(social - row["harm"] * row["deflator"], 0)
    bounds = smaller(row["fiscal"], social) if bound == "low" else social
    return if_known((row["fiscal"],), when(known(row["harm"]), exact, bounds))


def _multiplier_columns() -> list[Column]:
    rule = between("decimal", 0.0, 1000.0, "Give actual crimes per recorded crime, 0 or more; below 1 is possible.")
    columns = (("lower", "multiplier_low"), ("central", "multiplier"), ("upper", "multiplier_high"))
    return [
        Column(
            key=f"multiplier_{words}",
            header=f"Actual per recorded, {words} (may be changed)",
            content=say(key),
            style="plain",
            entry=True,
            allowed=rule,
            width=15,
            name=f"multiplier_{words}",
        )
        for words, key in columns
    ]


def averages_sheet(book: Book, given: Given) -> None:
    """Write what an average averted offence is worth under each choice of multipliers."""
    page = book.page(
        "Averages",
        "Averages: what one recorded offence averted is worth, over the groups of offences",
        [
            "This sheet holds one table; nothing in it is to be changed. Each figure is a sum over the rows of the "
            "sheets Offences and Unit costs: share, times actual crimes per recorded crime, times worth.",
            "[x]: not known, because the worth of at least one group is not.",
        ],
    )
    rows = [(f"average_{worth}", _AVERAGES[worth], worth, False) for worth in WORTHS]
    if given.by_group:
        rows += [
            (
                f"rest_{worth}",
                f"{_AVERAGES[worth]}: part a person that does not move with the effect in all",
                worth,
                True,
            )
            for worth in WORTHS
        ]
    columns = [Column(key="label", header="Average", content=lambda _row, r: str(r[1]), width=78)]
    columns += [
        Column(
            key=choice,
            header=choice,
            content=_average(book, choice),
            width=16,
            style=lambda r: "factor" if r[2] == "count" else "money",
        )
        for choice in MULTIPLIERS
    ]
    placed = page.table(columns, rows, name="averages_table")
    page.name_headings("multiplier_choices", placed, MULTIPLIERS, 1)
    for number, (name, *_) in enumerate(rows):
        page.name_row(name, placed, number, 1)


_AVERAGES: Final[Mapping[str, str]] = {
    "count": "Actual crimes per recorded crime",
    "fiscal": "Pounds, fiscal",
    "economic_low": "Pounds, economic, lower bound",
    "economic_high": "Pounds, economic, upper bound",
    "without_anticipation": "Pounds, social, anticipation out",
    "with_anticipation": "Pounds, social, anticipation in",
}


def _average(book: Book, choice: str) -> Any:
    def content(_row: Mapping[str, Live], record: Any) -> Content:
        times = [] if choice == "off" else [book[f"multiplier_{choice}"]]
        worth = [] if record[2] == "count" else [book[f"worth_{record[2]}_by_group"]]
        moving = add_up(book["offence_moves"], *times, *worth)
        figure = moving
        if record[3]:
            figure = add_up(book["offence_averted"], *times, *worth) - add_up(book["offence_averted"]) * moving
        return when(all_known(worth[0]), figure, UNKNOWN) if worth else figure

    return content
