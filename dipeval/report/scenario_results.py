"""The sheets of results of the scenario workbook: the ladder step by step, the answer, three scenarios side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dipeval.report.scenario_chain import PERSPECTIVES, Ladder, climb, ends
from dipeval.report.scenario_inputs import FIGURES, allowed
from dipeval.report.workbook_live import Live, add_up, fixed, one_of, shown, when
from dipeval.report.workbook_pages import Book, Column, Content, say

if TYPE_CHECKING:
    from dipeval.report.scenario_given import Given

SCENARIOS: Final = ("pessimistic", "central", "optimistic")
NOT_SETTLED: Final = "not given: the interval of the effect includes none"
_SWITCHES: Final = {
    "scale_to_all_treated": "Count everyone the money paid for",
    "multipliers": "Actual crimes per recorded crime",
    "anticipation": "Costs in anticipation of crime",
    "extrapolate_years": "Years beyond the follow-up",
    "discount_rate": "Discount rate a year",
    "cost_view": "Which spending is set against the value",
}
# More of these is worse for the answer.
_AGAINST: Final = ("drop_off", "cost_factor", "optimism_bias")


def calculation_sheet(book: Book) -> Ladder:
    """Write the chain from the effect to the ratio, one step a row, and return its steps."""
    page = book.page(
        "Calculation",
        "Calculation: from the effect to pounds, one step a row",
        [
            "This sheet holds one table; nothing in it is to be changed. The formulas use names: each name is a cell "
            "of this sheet or of the sheet Inputs, or a part of the sheets Offences, Unit costs, Averages, Costs and "
            "Years.",
            "[x]: not known. [z]: does not apply.",
        ],
    )
    ladder = Ladder(book=book, inputs={})
    climb(ladder)
    _per_unit(ladder)
    ends(ladder)
    columns = [
        Column(key="label", header="Step", content=lambda _r, step: step.label, width=70, wrap=True),
        Column(
            key="value",
            header="Value",
            content=lambda _r, step: step.formula,
            style=lambda step: step.style,
            width=18,
            names=lambda step: ladder.name(step.key),
        ),
        Column(key="unit", header="Unit", content=lambda _r, step: step.unit, width=20),
        Column(key="name", header="Name", content=lambda _r, step: ladder.name(step.key), width=26),
        Column(key="how", header="Formula", content=lambda _r, step: step.formula.text, width=70, wrap=True),
    ]
    page.table(columns, ladder.steps, name="calculation_table")
    return ladder


def _per_unit(at: Ladder) -> None:
    """Spending a treated person and an offence averted, not discounted."""
    book, view = at.book, at["cost_view"]
    cases = {
        "set against": _sum(book, "line_set_against") / at["cost_people"],
        "marginal": _sum(book, "line_marginal") / at["cost_people"],
        "full": _sum(book) / at["cost_people"],
    }
    if "line_reached" in book.names:
        cases = {"own share": _sum(book, divided=True), **cases}
    each = at.add(
        "spent_per_person", "Cost per treated person, not discounted", one_of(view, cases), "pence", "pounds", "result"
    )
    spent = each * at["people_counted"] * at["cost_factor"] * (at["optimism_bias"] + 1)
    at.add(
        "cost_per_offence",
        "Cost per proven offence averted, not discounted",
        when(at["effect_low"].above(0), spent / at["proven_offences"], NOT_SETTLED),
        "pence",
        "pounds",
        "result",
    )


def _sum(book: Book, weight: str = "", *, divided: bool = False) -> Live:
    if divided:
        return add_up(book["line_real"] / book["line_reached"])
    return add_up(book["line_real"], *([book[weight]] if weight else []))


def results_sheet(book: Book, given: Given) -> None:
    """Write the answer by perspective, with both ends of the effect's interval."""
    level = f"{100 * given.level:g}%"
    page = book.page(
        "Results",
        "Results: what the inputs give",
        [
            _answer(book),
            "This sheet holds one table; it follows the sheets Inputs, Offences, Unit costs and Costs. The "
            "perspectives are nested and must never be added up.",
            f"The ends are those of the effect's {level} interval with every other input as it is set: the true "
            "uncertainty is larger (sheet Uncertainty).",
        ],
    )
    rows = [
        ("Proven offences averted", "proven_offences", True, "offences", "offences"),
        ("Actual crimes averted within the follow-up", "actual_offences", False, "offences", "crimes"),
        ("Cost", "cost", False, "money", "pounds"),
    ]
    for key, words in PERSPECTIVES.items():
        rows += [
            (f"Value of the offences averted: {words}", f"benefit_{key}", True, "money", "pounds"),
            (f"Value less cost: {words}", f"net_{key}", True, "money", "pounds"),
            (f"Value per £1 of cost: {words}", f"ratio_{key}", True, "pence", "pounds per pound"),
            (
                f"Break-even effect, offences averted per person before attribution: {words}",
                f"break_even_{key}",
                False,
                "each",
                "offences",
            ),
        ]
    rows += [
        ("Cost per treated person, not discounted", "spent_per_person", False, "pence", "pounds"),
        ("Cost per proven offence averted, not discounted", "cost_per_offence", False, "pence", "pounds"),
    ]
    columns = [
        Column(key="label", header="Figure", content=lambda _r, row: row[0], width=74),
        Column(
            key="value",
            header="With the inputs as set",
            content=lambda _r, row: book[row[1]],
            style=lambda row: row[3],
            width=24,
        ),
        Column(
            key="low",
            header="At the lower end of the effect",
            content=lambda _r, row: _at_end(book, row, "low"),
            style=lambda row: row[3],
            width=24,
        ),
        Column(
            key="high",
            header="At the upper end of the effect",
            content=lambda _r, row: _at_end(book, row, "high"),
            style=lambda row: row[3],
            width=24,
        ),
        Column(key="unit", header="Unit", content=lambda _r, row: row[4], width=18),
    ]
    page.table(columns, rows, name="results_table")


def _at_end(book: Book, row: Any, end: str) -> Content:
    return book[f"{row[1]}_{end}"] if row[2] else ""


def _answer(book: Book) -> Live:
    """One sentence that follows the cells, and says first if the interval of the effect includes none."""
    found = {words: key for key, words in PERSPECTIVES.items()}
    ratio, low, high = (
        one_of(book["perspective"], {words: book[f"ratio_{key}{end}"] for words, key in found.items()})
        for end in ("", "_low", "_high")
    )
    start = when(
        book["effect_high"].above(0),
        when(
            book["effect_low"].above(0),
            "",
            "The data do not settle whether offences were averted: the interval of the effect includes none. ",
        ),
        "The data point to no fewer offences. ",
    )
    rest = fixed("Value per £1 of cost, perspective ").join(book["perspective"]).join(": ").join(shown(ratio, 2))
    rest = rest.join(" (").join(shown(low, 2)).join(" to ").join(shown(high, 2)).join(" at the ends of the effect).")
    return start.join(rest)


def scenarios_sheet(book: Book, given: Given) -> None:
    """Write three whole sets of inputs side by side, each with its results below."""
    page = book.page(
        "Scenarios",
        "Scenarios: three sets of inputs, each with its results below",
        [
            "This sheet holds one table. Every yellow cell may be overwritten; until it is, it follows the sheet "
            "Inputs: the central column takes the values, the others the ends that are worst or best for the answer.",
            "All inputs at their worst (or best) end at once is far less likely than either end of an interval: these "
            "columns are bounds of what is thought possible, not a forecast.",
        ],
    )
    inputs = {name: _inputs_of(book, name) for name in SCENARIOS}
    ladders = {}
    for name in SCENARIOS:
        found = {key: Live(f"{name}_{key}", live.finished) for key, (_, live) in inputs[name].items()}
        ladders[name] = Ladder(book=book, inputs=found, prefix=name)
        climb(ladders[name])
    rows: list[Any] = [
        {
            "key": key,
            "label": words,
            "part": "input",
            "style": _style(key),
            **{name: inputs[name][key][1] for name in SCENARIOS},
            "allowed": allowed(key, given),
        }
        for key, (words, _) in inputs["central"].items()
    ]
    steps = [
        {
            "key": step.key,
            "label": step.label,
            "part": step.part,
            "style": step.style,
            "allowed": None,
            **{name: ladders[name].steps[number].formula for name in SCENARIOS},
        }
        for number, step in enumerate(ladders["central"].steps)
    ]
    rows += sorted(steps, key=lambda row: row["part"])
    columns = [
        Column(key="part", header="Part", content=say("part"), width=10),
        Column(key="label", header="Input, step or result", content=say("label"), width=76, wrap=True),
        *(_scenario_column(name) for name in SCENARIOS),
    ]
    page.table(columns, rows, name="scenarios_table")


def _scenario_column(name: str) -> Column:
    return Column(
        key=name,
        header=name.capitalize(),
        content=say(name),
        style=lambda row: row["style"],
        width=20,
        entry=lambda row: row["part"] == "input",
        allowed=lambda row: row["allowed"],
        names=lambda row: f"{name}_{row['key']}",
    )


def _style(key: str) -> str:
    styles = {one[0]: one[3] for one in FIGURES} | {"extrapolate_years": "whole", "discount_rate": "share"}
    return styles.get(key, "text")


def _inputs_of(book: Book, name: str) -> Mapping[str, tuple[str, Live]]:
    """The inputs of a scenario: words, and the formula that takes them from the sheet Inputs."""
    found = {key: (label, _end_for(book, key, name)) for key, label, *_ in FIGURES}
    for key, words in _SWITCHES.items():
        found[key] = (words, book[key] if key != "multipliers" else _multiplier_for(book, name))
    return found


def _end_for(book: Book, key: str, name: str) -> Live:
    if name == "central":
        return book[key]
    low, high = book[f"{key}_low"], book[f"{key}_high"]
    worst, best = (high, low) if key in _AGAINST else (low, high)
    wanted, other = (worst, best) if name == "pessimistic" else (best, worst)
    if key in ("effect", "cost_factor", "optimism_bias"):
        return wanted
    # What multiplies an effect makes a harm larger as it makes a gain larger.
    return when(_effect_of(book, name).above(0), wanted, other)


def _multiplier_for(book: Book, name: str) -> Live:
    chosen = book["multipliers"]
    if name == "central":
        return chosen
    wanted, other = ("lower", "upper") if name == "pessimistic" else ("upper", "lower")
    return when(chosen.same_as("off"), "off", when(_effect_of(book, name).above(0), wanted, other))


def _effect_of(book: Book, name: str) -> Live:
    return book["effect_low"] if name == "pessimistic" else book["effect_high"]
