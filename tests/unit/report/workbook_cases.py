"""Returns on investment for the tests of the scenario workbook, and ways of reading and changing its cells."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

from dipeval.roi import ReturnOnInvestment, return_on_investment
from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.uncertain import Uncertain

PERSPECTIVES = ("fiscal", "economic_low", "economic_high", "social")
MIX = {"shoplifting": 0.45, "domestic_burglary": 0.1, "robbery": 0.05, "drug_possession": 0.2, "fraud": 0.2}
EVERY_STEP: dict[str, Any] = {
    "attribution": Uncertain(0.8, 0.6, 1.0, source="steering group"),
    "recorded_per_proven": Uncertain(1.5, 1.2, 2.0),
    "actual_per_recorded": "published",
    "extrapolate_years": 2,
    "drop_off": Uncertain(0.5, 0.3, 0.8),
    "optimism_bias": 0.1,
    "unit_cost_factor": Uncertain(1.0, 0.9, 1.1),
    "cost_factor": Uncertain(1.0, 0.9, 1.2),
}


def effect_of(estimate: float = -0.42, low: float = -0.83, high: float = -0.01, **kwargs: Any) -> Any:
    facts: dict[str, Any] = {
        "measure": "mean_difference", "outcome_name": "n_reoffences", "outcome_kind": "count", "estimate": estimate,
        "conf_low": low, "conf_high": high, "n_treated": 133, "level": 0.95, "design_fingerprint": "one",
        "estimand": "the average effect on the 133 treated people",
    }  # fmt: skip
    return SimpleNamespace(**{**facts, **kwargs})


def costs_of(**changes: Any) -> pd.DataFrame:
    facts = {
        "financial_year": ["2019/20", "2020/21", "2019/20", "2019/20"],
        "amount": [90_000.0, 70_000.0, 12_000.0, 30_000.0],
        "spent_on": ["treatment", "treatment", "contact", "testing"],
        "price_year": [2019, 2020, 2019, 2019],
        "funder": ["PCC", "council", "PCC", "PCC"],
        "marginal_share": [0.7, 0.7, 1.0, 1.0],
    }
    return pd.DataFrame({**facts, **changes})


def mix_of(shares: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"offence_group": list(shares), "share": list(shares.values())})


def averted_of(vector: dict[str, float], effect: Any) -> Any:
    """Offences averted estimated by group, as `return_on_investment` takes them."""
    spread = np.array([[0.010, 0.002, 0.000], [0.002, 0.020, 0.001], [0.000, 0.001, 0.005]])
    values = np.array(list(vector.values()))
    return SimpleNamespace(
        total=effect, groups=tuple(vector), vector=values, covariance=lambda: spread[: len(values), : len(values)]
    )


def roi_of(effect: Any = None, *, steps: dict[str, Any] | None = None, **kwargs: Any) -> ReturnOnInvestment:
    facts: dict[str, Any] = {
        "costs": costs_of(), "cost_people": 160, "people_reached": {"testing": 900, "contact": 300}, "draws": 100,
        "assumptions": RoiAssumptions(**(steps or {})),
    }  # fmt: skip
    if "averted" not in kwargs:
        facts["offence_mix"] = mix_of(MIX)
    return return_on_investment(effect or effect_of(), **{**facts, **kwargs})


def place_of(book: openpyxl.Workbook, name: str) -> tuple[Any, str]:
    """The sheet and the cell (or range) that a name stands for."""
    sheet, cells = next(iter(book.defined_names[name].destinations))
    return book[sheet], cells.replace("$", "")


def value_of(book: openpyxl.Workbook, name: str) -> Any:
    sheet, cell = place_of(book, name)
    return sheet[cell].value


def set_value(book: openpyxl.Workbook, name: str, value: Any) -> None:
    sheet, cell = place_of(book, name)
    sheet[cell].value = value


def set_in_table(book: openpyxl.Workbook, tab: str, row: str, column: str, value: Any) -> None:
    """Overwrite the cell of a table that stands in the row of these words and under this heading."""
    sheet = book[tab]
    head = next(line for line in sheet.iter_rows() if any(str(cell.value) == column for cell in line))
    place = next(cell.column for cell in head if str(cell.value) == column)
    line = next(line for line in sheet.iter_rows(min_row=head[0].row + 1) if line[0].value == row)
    sheet.cell(line[0].row, place).value = value


def formulas_of(book: openpyxl.Workbook) -> dict[tuple[str, str], str]:
    found = {}
    for sheet in book:
        for line in sheet.iter_rows():
            for cell in line:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    found[sheet.title, cell.coordinate] = cell.value
    return found


def opened(path: Path, *, values: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path, data_only=values)
