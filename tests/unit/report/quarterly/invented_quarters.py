"""A quarterly result with invented figures: what the sections read, and nothing counted from records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pandas as pd

import dipeval as dip
from dipeval.indicators.measuring.frames import ALL_DISTRICTS, COLUMNS, EVERYONE

OPEN = dip.DisclosureRule(profile="none", data_status="simulated")
KEPT = dip.DisclosureRule()
ENTRIES = (
    ("tests", "Drug tests", "entry", "count", "drug tests", "", "neither", "tests"),
    ("positivity", "Positive drug tests", "entry", "share", "positive drug tests", "drug tests", "neither", "%"),
    (
        "seen",
        "Seen after a positive test",
        "onward",
        "share",
        "people seen",
        "people who tested positive",
        "higher",
        "%",
    ),
    ("cost_per_test", "Spending for each test", "resources", "quotient", "pounds", "tests", "lower", "pounds a test"),
    ("officer_time", "Hours on the task", "resources", "quotient", "hours on it", "hours funded", "higher", "%"),
)


def dictionary() -> pd.DataFrame:
    """What the invented indicators count."""
    names = ["name", "label", "question", "kind", "numerator", "denominator", "direction", "unit"]
    frame = pd.DataFrame(list(ENTRIES), columns=names)
    return frame.assign(per=1.0, counting="period", owner="", note="", source="invented", told=True)


def row(indicator: str, numerator: float, denominator: float = 1.0, **more: Any) -> dict[str, Any]:
    """One measured row; people are the records unless they are given."""
    known = {entry[0]: entry for entry in ENTRIES}[indicator]
    counts = known[3] != "quotient"
    share = known[3] == "share"
    value = numerator / denominator if denominator else float("nan")
    base: dict[str, Any] = dict.fromkeys(COLUMNS)
    base |= {
        "indicator": indicator, "label": known[1], "unit": known[7], "counting": "period", "district": ALL_DISTRICTS,
        "period": "2014-Q1", "dimension": "", "group": EVERYONE, "numerator": numerator, "denominator": denominator,
        "squares": numerator, "n_people": (denominator if share else numerator) if counts else None,
        "n_people_yes": numerator if counts else None, "n_people_no": denominator - numerator if share else None,
        "estimate": value, "conf_low": 0.9 * value,
        "conf_high": min(1.1 * value, 1.0) if share else 1.1 * value,
        "interval": "Wilson", "status": "ok", "target": float("nan"), "target_direction": "",
        "target_gap": float("nan"),
        "target_met": "no target", "owner": "",
    }  # fmt: skip
    return base | more


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Measured rows with the types of the real ones."""
    made = pd.DataFrame(rows, columns=list(COLUMNS))
    first = [f"{label[:4]}-{3 * int(label[-1]) - 2:02d}-01" for label in made["period"]]
    made["period_from"] = pd.to_datetime(first).astype("datetime64[us]")
    made["period_to"] = made["period_from"] + pd.Timedelta(days=89)
    people = ["n_people", "n_people_yes", "n_people_no"]
    made[people] = made[people].astype("Float64").round().astype("Int64")
    numbers = ["numerator", "denominator", "squares", "estimate", "conf_low", "conf_high", "target", "target_gap"]
    return made.astype(dict.fromkeys(numbers, "float64"))


@dataclass
class InventedIndicators:
    """The part of `Indicators` that the report reads."""

    rows: pd.DataFrame
    missing: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default_factory=lambda: tuple(entry[0] for entry in ENTRIES))

    def to_frame(self) -> pd.DataFrame:
        return self.rows.copy()

    def dictionary(self) -> pd.DataFrame:
        return dictionary()


def invented(rows: list[dict[str, Any]], rule: dip.DisclosureRule = OPEN, **more: Any) -> Any:
    """A result of these rows; parts that are not given are missing and say why."""
    made = frame(rows)
    districts = tuple(sorted(set(made["district"]) - {ALL_DISTRICTS}))
    parts: Mapping[str, Any] = {
        "charts": {}, "benchmarks": {}, "growth": None, "funding": None, "testing_funding": None, "sensitivity": {},
        "accuracy": None, "offence_link": None, "concentration": None, "officers": None, "officers_by_role": {},
        "hours": None,
        "cost_per_stage": None, "funders": None, "pathway": None, "seen": None, "spend_year": "",
        "adult_transition": None, "age_structure": None, "entry_yield": None,
        "quality": pd.DataFrame(columns=["check", "label", "table", "column", "district", "period", "value", "unit",
                                         "n", "wanted", "passed", "note"]),
    }  # fmt: skip
    spec = SimpleNamespace(title="A report", first_line="Invented.", programme="interventions", prepared_for="",
                           benchmark=SimpleNamespace(periods=4))  # fmt: skip
    return SimpleNamespace(
        **{
            "rule": rule, "spec": spec, "indicators": InventedIndicators(made), "districts": districts,
            "district": None, "period": "2014-Q1", "periods": tuple(sorted(set(made["period"]))), "whole_area": (),
            "extract_date": dt.date(2014, 3, 31),
            "not_told": {name: f"No {name} here." for name in parts}, "provenance": lambda: {"seed": 1},
            **parts, **more,
        }
    )  # fmt: skip
