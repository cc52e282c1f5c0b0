"""The sheets on spending and on years of the scenario workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.report.scenario_inputs import MOST_YEARS
from dipeval.report.workbook_pages import Book, Column, Rule, between, say
from dipeval.roi.timing import YEAR, years_of

if TYPE_CHECKING:
    from dipeval.report.scenario_given import Given


def costs_sheet(book: Book, given: Given) -> None:
    """Write the spending, line by line, real and discounted, and which lines each cost view counts."""
    page = book.page(
        "Costs",
        "Costs: what was spent, when, on what, and what of it is set against the value",
        [
            f"This sheet holds one table. Pounds are brought to {given.prices} prices and to {given.base_year}, the "
            "first year in which money set against the value was spent, at the discount rate of the sheet Inputs.",
            "The share columns say how much of a line each cost view counts: 100% all of it, 0% none. Own share: each "
            "kind of spending shared by everyone it reached.",
        ],
    )
    columns = [*_amounts(book, given), *_shares(given)]
    page.table(columns, given.costs.to_dict("records"), name="costs_table")


def _amounts(book: Book, given: Given) -> list[Column]:
    """What was spent: as given, in the common prices, discounted."""
    rate = book["discount_rate"]
    return [
        Column(key="financial_year", header="Financial year", content=say("year_shown"), width=12),
        Column(key="spent_on", header="Spent on", content=say("spent_on"), width=14),
        _entry("amount", "Amount", "money", between("decimal", 0.0, 1e12, "Give pounds of 0 or more.")),
        Column(key="prices", header="Prices of", content=say("prices_shown"), width=10),
        Column(key="deflator", header="Factor to the price year", content=say("deflator"), style="factor", width=11),
        Column(
            key="real",
            header=f"Amount, {given.prices} prices",
            content=lambda row, _r: row["amount"] * row["deflator"],
            style="money",
            width=15,
            name="line_real",
        ),
        Column(
            key="year",
            header="Years after the first",
            content=say("years_after"),
            style="whole",
            width=10,
            name="line_year",
        ),
        Column(
            key="present",
            header="Discounted",
            width=15,
            style="money",
            content=lambda row, _r: row["real"] / (rate + 1) ** row["year"],
        ),
    ]


def _shares(given: Given) -> list[Column]:
    """How much of a line each cost view counts."""
    share = between("decimal", 0.0, 1.0, "Give a share between 0% and 100%.")
    columns = [
        _entry("set_against", "Set against the value", "share", share, "line_set_against"),
        _entry("marginal", "Marginal", "share", share, "line_marginal"),
    ]
    if "own_share" in given.views:
        whole = between("integer", 1, 100_000_000, "Give a whole number of people, 1 or more.")
        columns.append(_entry("reached", "People it reached", "count", whole, "line_reached"))
    return columns


def _entry(key: str, header: str, style: str, rule: Rule, name: str = "") -> Column:
    words = f"{header} (may be changed)"
    return Column(key=key, header=words, content=say(key), style=style, entry=True, allowed=rule, width=15, name=name)


def years_sheet(book: Book, given: Given) -> None:
    """Write when benefits arise: the years of the follow-up and those that may be counted beyond it."""
    page = book.page(
        "Years",
        "Years: when the offences averted arise",
        [
            "This sheet holds one table; nothing in it is to be changed. Offences averted within the follow-up are "
            "taken to be spread evenly over its days. How many later years count is a switch of the sheet Inputs.",
        ],
    )
    rows = year_rows(given.follow_up_days)
    columns = [
        Column(key="kind", header="Which year", content=lambda _row, r: str(r[0]), width=44),
        Column(
            key="later",
            header="Number of the year beyond the follow-up",
            content=lambda _row, r: float(r[1]),
            style="whole",
            width=24,
        ),
        Column(
            key="year", header="Years after the start", content=lambda _row, r: float(r[2]), style="whole", width=18
        ),
        Column(
            key="share",
            header="Share of the follow-up's days",
            content=lambda _row, r: float(r[3]),
            style="share",
            width=22,
        ),
    ]
    placed = page.table(columns, rows, name="years_table")
    within = slice(0, len(rows) - MOST_YEARS)
    beyond = slice(len(rows) - MOST_YEARS, len(rows))
    page.name_part("follow_up_year", placed, 2, within)
    page.name_part("follow_up_share", placed, 3, within)
    page.name_part("later_number", placed, 1, beyond)
    page.name_part("later_year", placed, 2, beyond)


def year_rows(follow_up_days: int) -> list[tuple[str, int, int, float]]:
    """Return the years in which offences averted may arise: words, number beyond the follow-up, discounted by, share.

    Examples
    --------
    >>> year_rows(365)[:2]
    [('Year 1 of the follow-up', 0, 0, 1.0), ('Year 1 beyond the follow-up, if it is counted', 1, 1, 0.0)]
    """
    years = years_of(follow_up_days)
    days = [YEAR] * (years - 1)
    days.append(follow_up_days - sum(days))
    within = [
        (f"Year {number + 1} of the follow-up", 0, number, part / follow_up_days) for number, part in enumerate(days)
    ]
    beyond = [
        (f"Year {number} beyond the follow-up, if it is counted", number, years - 1 + number, 0.0)
        for number in range(1, MOST_YEARS + 1)
    ]
    return [*within, *beyond]
