"""The sheet of inputs of the scenario workbook: switches, figures with their range, and what is fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dipeval.report.scenario_chain import MULTIPLIERS, PERSPECTIVES, VIEWS
from dipeval.report.workbook_live import Live
from dipeval.report.workbook_pages import Book, Column, Content, Rule, between, say

if TYPE_CHECKING:
    from dipeval.report.scenario_given import Given
    from dipeval.roi.uncertain import Uncertain

CHANGE: Final = "yes"
MOST_YEARS: Final = 10
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "perspective": tuple(PERSPECTIVES.values()),
    "anticipation": ("out", "in"),
    "multipliers": MULTIPLIERS,
    "scale_to_all_treated": ("no", "yes"),
    "extrapolate_years": tuple(str(year) for year in range(MOST_YEARS + 1)),
}
# Key, label, unit, style, least, most: the figures a scenario may differ in.
FIGURES: Final = (
    ("effect", "Proven offences averted per person within the follow-up", "offences", "each", -1000.0, 1000.0),
    ("attribution", "Share of the effect that is this programme's", "share", "share", 0.0, 1.0),
    ("recorded_per_proven", "Recorded crimes behind each proven reoffence", "crimes", "plain", 0.0, 1000.0),
    ("unit_cost_factor", "What every unit cost is multiplied by", "factor", "plain", 0.0, 1000.0),
    ("drop_off", "Share of the effect lost with each year beyond the follow-up", "share", "share", 0.0, 1.0),
    ("cost_factor", "What all spending is multiplied by", "factor", "plain", 0.001, 1000.0),
    ("optimism_bias", "Share by which the spending is raised for optimism", "share", "share", 0.0, 10.0),
)


def allowed(key: str, given: Given) -> Rule:
    """Return what may be entered for an input."""
    if key in CHOICES or key == "cost_view":
        choices = list(views_of(given)) if key == "cost_view" else list(CHOICES[key])
        return {
            "validate": "list",
            "source": choices,
            "error_title": "Not one of the choices",
            "error_message": f"Choose one of: {', '.join(choices)}.",
        }
    if key == "discount_rate":
        return between("decimal", 0.0, 0.2, "Give a rate a year between 0% and 20%, such as 3.5%.")
    if key == "people":
        return between("integer", 1, "=cost_people", "Give a whole number of people, no more than the money paid for.")
    if key == "cost_people":
        return between("integer", "=people", 1e8, "Give a whole number of people, no fewer than the effect is about.")
    least, most = next((one[4], one[5]) for one in FIGURES if one[0] == key)
    return between("decimal", least, most, f"Give a number between {least:g} and {most:g}; a share as 0.8 or 80%.")


def views_of(given: Given) -> tuple[str, ...]:
    """Return the cost views that the spending can show, as the switch names them."""
    return tuple(words for key, words in VIEWS.items() if key in given.views)


def inputs_sheet(book: Book, given: Given) -> None:
    """Write every input of the chain with its range, unit and source."""
    page = book.page(
        "Inputs",
        "Inputs: change the yellow cells and every other sheet follows",
        [
            "This sheet holds one table. Cells that may be changed say 'yes' under 'May be changed' and are yellow. "
            "A switch takes one of the words in its list.",
            "Low and high are the ends of what is thought possible; they feed the scenarios and, for the effect, the "
            "results at both ends of its interval.",
        ],
    )
    columns = [
        Column(key="label", header="Input", content=say("label"), width=58, wrap=True),
        Column(
            key="value",
            header="Value",
            content=say("value"),
            style=say_style,
            width=22,
            entry=lambda record: bool(record["entry"]),
            allowed=lambda record: record["allowed"],
            names=lambda record: str(record["key"]),
        ),
        Column(
            key="low",
            header="Low",
            content=lambda row, record: _end(row, record, "low"),
            style=say_style,
            width=11,
            entry=lambda record: bool(record["ends"]),
            allowed=lambda record: record["allowed"],
            names=lambda record: f"{record['key']}_low" if record["ends"] else "",
        ),
        Column(
            key="high",
            header="High",
            content=lambda row, record: _end(row, record, "high"),
            style=say_style,
            width=11,
            entry=lambda record: bool(record["ends"]),
            allowed=lambda record: record["allowed"],
            names=lambda record: f"{record['key']}_high" if record["ends"] else "",
        ),
        Column(key="unit", header="Unit", content=say("unit"), width=13),
        Column(key="kind", header="Kind", content=say("kind"), width=20),
        Column(key="change", header="May be changed", content=lambda _row, r: CHANGE if r["entry"] else "no", width=11),
        Column(key="source", header="Source or note", content=say("source"), width=60, wrap=True),
    ]
    page.table(columns, [*_switches(given), *_figures(given), *_facts(given)], name="inputs_table")


def say_style(record: Any) -> str:
    """Return the style a record asks for."""
    return str(record["style"])


def _end(row: Mapping[str, Live], record: Any, which: str) -> Content:
    """An end of the range; a figure without one follows its value."""
    if not record["ends"]:
        return ""
    figure: Uncertain = record["ends"]
    if figure.is_fixed:
        return row["value"]
    return figure.low if which == "low" else figure.high


def _record(key: str, label: str, value: Content, unit: str, style: str, kind: str, source: str, **more: Any) -> Any:
    plain = {"entry": False, "allowed": None, "ends": None}
    return {
        "key": key,
        "label": label,
        "value": value,
        "unit": unit,
        "style": style,
        "kind": kind,
        "source": source,
        **plain,
        **more,
    }


# Key, words, unit, style, note of each switch.
_SWITCHES: Final = (
    (
        "perspective",
        "Whose gain the single answer is about",
        "",
        "text",
        "Nested and never added up: fiscal within economic within social. All of them stand under Results.",
    ),
    (
        "anticipation",
        "Costs in anticipation of crime (security, insurance) in the social value",
        "",
        "text",
        "The publisher's rule for marginal reductions leaves them out.",
    ),
    (
        "multipliers",
        "Actual crimes per recorded crime, by offence group (sheet Offences)",
        "",
        "text",
        "Off: an averted offence counts once. This step is where such figures are most easily inflated.",
    ),
    (
        "extrapolate_years",
        "Years beyond the follow-up in which the effect is taken to go on",
        "years",
        "whole",
        "0: nothing is counted that was not observed.",
    ),
    ("discount_rate", "Discount rate a year", "a year", "share", "HM Treasury's Green Book (2026) uses 3.5%."),
    (
        "scale_to_all_treated",
        "Count everyone the money paid for, not only the people the effect is about",
        "",
        "text",
        "Yes assumes that people who were not analysed gained as much as those who were.",
    ),
    (
        "cost_view",
        "Which spending is set against the value",
        "",
        "text",
        "Sheet Costs shows which lines each view counts.",
    ),
)


def _switches(given: Given) -> list[Any]:
    values: Mapping[str, Content] = {
        "perspective": given.perspective_shown,
        "anticipation": "in" if given.include_anticipation else "out",
        "multipliers": given.multipliers,
        "extrapolate_years": float(given.extrapolate_years),
        "discount_rate": given.discount_rate,
        "scale_to_all_treated": "yes" if given.scaled else "no",
        "cost_view": VIEWS[given.view],
    }
    return [
        _record(key, label, values[key], unit, style, "switch", source, entry=True, allowed=allowed(key, given))
        for key, label, unit, style, source in _SWITCHES
    ]


# What an input is where it does nothing.
_OFF: Final = {"attribution": 1, "recorded_per_proven": 1, "unit_cost_factor": 1, "cost_factor": 1, "optimism_bias": 0}


def _source(key: str, figure: Uncertain, given: Given) -> str:
    """What is said of an input whose source nobody gave."""
    if key == "effect":
        return "the evaluation"
    counts = given.extrapolate_years > 0 if key == "drop_off" else not (figure.is_fixed and figure.value == _OFF[key])
    return "no source given" if counts else "not used unless changed"


def _figures(given: Given) -> list[Any]:
    rows = []
    for key, label, unit, style, _least, _most in FIGURES:
        figure = given.figures[key]
        source = figure.source or _source(key, figure, given)
        rows.append(
            _record(
                key,
                label,
                figure.value,
                unit,
                style,
                "figure",
                source,
                entry=True,
                ends=figure,
                allowed=allowed(key, given),
            )
        )
    people = (
        (
            "people",
            "People the effect is about",
            float(given.people),
            "The value is counted for them unless the switch above says otherwise; no more than the money paid for.",
        ),
        (
            "cost_people",
            "People the spending paid for",
            float(given.cost_people),
            "All of them, not only those analysed.",
        ),
    )
    return rows + [
        _record(key, label, value, "people", "count", "figure", source, entry=True, allowed=allowed(key, given))
        for key, label, value, source in people
    ]


def _facts(given: Given) -> list[Any]:
    one_year = given.follow_ups_a_year
    rows: list[tuple[str, str, float, str, str, str]] = [
        (
            "follow_up_days",
            "Days in which offences were counted",
            float(given.follow_up_days),
            "days",
            "whole",
            "The same for everyone on both sides; another follow-up needs another estimate.",
        ),
        (
            "follow_ups_a_year",
            "Follow-ups in a year",
            one_year,
            "a year",
            "factor",
            "What turns a count within the follow-up into a count a year.",
        ),
        (
            "price_year",
            "Price year, by its first year",
            float(given.price_year),
            "year",
            "whole",
            "All pounds are of this financial year, unless another one stands beside them.",
        ),
        ("interval_level", "Level of the interval of the effect", given.level, "share", "share", "Fixed by the study."),
    ]
    return [
        _record(key, label, value, unit, style, "fixed by the study", source)
        for key, label, value, unit, style, source in rows
    ]
