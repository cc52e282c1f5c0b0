"""The scenario workbook worked out again by another spreadsheet program: the same figures as Python's, to 1e-9."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import openpyxl
import pandas as pd
import pytest

from dipeval.report.scenario_workbook import write_scenario_workbook
from dipeval.roi import ReturnOnInvestment, load_unit_costs
from dipeval.roi.chain import work_out
from dipeval.roi.drawing import inputs_at
from tests.unit.report.workbook_cases import (
    EVERY_STEP,
    MIX,
    PERSPECTIVES,
    averted_of,
    costs_of,
    effect_of,
    formulas_of,
    mix_of,
    opened,
    roi_of,
    set_in_table,
    set_value,
    value_of,
)

pytestmark = pytest.mark.slow

UNCHANGED = ("plain", "every step", "estimated by group", "totals only", "other prices", "harm known")
VIEWS = {"marginal": "marginal", "own_share": "own share", "full": "full"}
FACTORS = {
    "attribution": 0.35,
    "recorded_per_proven": 3.0,
    "unit_cost_factor": 1.3,
    "cost_factor": 0.8,
    "optimism_bias": 0.4,
}
AVERTED = {"shoplifting": 0.5, "robbery": -0.1, "domestic_burglary": 0.02}


@dataclass
class Case:
    """A workbook, what is changed in it by hand, and Python's answer to the same change."""

    base: ReturnOnInvestment
    wanted: ReturnOnInvestment
    names: dict[str, Any] = field(default_factory=dict)
    change: Callable[[openpyxl.Workbook], None] = lambda _book: None


@cache
def plain() -> ReturnOnInvestment:
    return roi_of()


@cache
def full() -> ReturnOnInvestment:
    return roi_of(steps=EVERY_STEP)


@cache
def by_group() -> ReturnOnInvestment:
    effect = effect_of()
    return roi_of(effect, averted=averted_of(AVERTED, effect), steps=EVERY_STEP)


def same(**kwargs: Any) -> Case:
    """A workbook of these inputs in which nothing is changed."""
    roi = roi_of(**kwargs)
    return Case(roi, roi)


def stepped(names: dict[str, Any], steps: dict[str, Any] | None = None, **kwargs: Any) -> Case:
    """Cells changed in the workbook that has every step on, and the same asked of Python."""
    return Case(full(), roi_of(steps={**EVERY_STEP, **(steps or {})}, **kwargs), names)


def table_with(column: str, values: dict[str, float]) -> pd.DataFrame:
    table = load_unit_costs()
    return table.assign(**{column: table["offence_group"].map(values)})


HARM = {"shoplifting": 100.0, "domestic_burglary": 2_000.0, "robbery": 5_000.0, "fraud": 900.0}
WORDS = {"shoplifting": "Shoplifting", "domestic_burglary": "Domestic burglary", "robbery": "Robbery", "fraud": "Fraud"}


def cells_changed(book: openpyxl.Workbook) -> None:
    """Shares of two groups, a unit cost, harm for every group, and a line of spending."""
    heading = "Share of the offences averted (may be changed)"
    set_in_table(book, "Offences", "Shoplifting", heading, 0.25)
    set_in_table(book, "Offences", "Domestic burglary", heading, 0.3)
    set_in_table(book, "Unit costs", "Robbery", "Unit cost (may be changed)", 20_000)
    for group, harm in HARM.items():
        set_in_table(book, "Unit costs", WORDS[group], "of which harm to victims (may be changed)", harm)
    next(cell for line in book["Costs"].iter_rows() for cell in line if cell.value == 90_000).value = 120_000


def cells_changed_case() -> Case:
    table = table_with("harm", HARM)
    table.loc[table["offence_group"] == "robbery", "unit_cost"] = 20_000.0
    wanted = roi_of(
        steps=EVERY_STEP,
        unit_costs=table,
        offence_mix=mix_of({**MIX, "shoplifting": 0.25, "domestic_burglary": 0.3}),
        costs=costs_of(amount=[120_000.0, 70_000.0, 12_000.0, 30_000.0]),
    )
    return Case(full(), wanted, change=cells_changed)


CASES: dict[str, Callable[[], Case]] = {
    "plain": lambda: Case(plain(), plain()),
    "every step": lambda: Case(full(), full()),
    "estimated by group": lambda: Case(by_group(), by_group()),
    "effect by group": lambda: Case(by_group(), by_group(), {"effect": 0.3}),
    "effect": lambda: Case(
        plain(), roi_of(effect_of(-0.2, -0.6, 0.2)), {"effect": 0.2, "effect_low": -0.2, "effect_high": 0.6}
    ),
    "no effect": lambda: Case(
        plain(), roi_of(effect_of(0.0, -0.4, 0.4)), {"effect": 0, "effect_low": -0.4, "effect_high": 0.4}
    ),
    "years and multipliers": lambda: Case(
        plain(),
        roi_of(steps={"extrapolate_years": 7, "drop_off": 0.15, "actual_per_recorded": "published"}),
        {"extrapolate_years": 7, "drop_off": 0.15, "multipliers": "central"},
    ),
    "all lost at once": lambda: Case(
        plain(), roi_of(steps={"extrapolate_years": 3, "drop_off": 1.0}), {"extrapolate_years": 3, "drop_off": 1}
    ),
    "figures": lambda: stepped({"discount_rate": 0.05, **FACTORS}, FACTORS, discount_rate=0.05),
    "switches": lambda: stepped(
        {"anticipation": "in", "multipliers": "off", "scale_to_all_treated": "yes"},
        {"actual_per_recorded": "off"},
        include_anticipation=True,
        scale_to_all_treated=True,
    ),
    "people": lambda: stepped({"people": 90, "cost_people": 210}, people=90, cost_people=210),
    "cells": cells_changed_case,
    "harm known": lambda: same(
        steps=EVERY_STEP, unit_costs=table_with("harm", HARM), perspective="economic", follow_up_days=800
    ),
    "other prices": lambda: same(steps=EVERY_STEP, price_year=2023, follow_up_days=182),
    "totals only": lambda: same(
        offence_mix=mix_of({"robbery": 1.0}), unit_costs=load_unit_costs("2018"), include_anticipation=True
    ),
    "everything against": lambda: same(
        against=("testing", "contact", "treatment"), reason="the whole programme was asked for"
    ),
    **{f"view {view}": (lambda word=word: Case(full(), full(), {"cost_view": word})) for view, word in VIEWS.items()},
}


@pytest.fixture(scope="module")
def office() -> str:
    """LibreOffice with its spreadsheets, which Debian packs apart."""
    if shutil.which("soffice") is None or shutil.which("localc") is None:
        assert "CI" not in os.environ, "LibreOffice Calc is missing: .ci/run installs it"
        pytest.skip("LibreOffice Calc is not installed (Debian: apt-get install libreoffice-calc)")
    return "soffice"


@dataclass
class Done:
    """A case worked out again: the books as written and as worked out by the other program."""

    case: Case
    formulas: dict[tuple[str, str], str]
    kept: openpyxl.Workbook
    again: openpyxl.Workbook


@pytest.fixture(scope="module")
def done(office: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Every case, written, changed, and worked out again, in one run of the program."""
    folder = tmp_path_factory.mktemp("workbooks")
    (folder / "changed").mkdir()
    found = {name: make() for name, make in CASES.items()}
    bases = {id(case.base): case.base for case in found.values()}
    written = {key: write_scenario_workbook(roi, folder / f"{key}.xlsx") for key, roi in bases.items()}
    files = []
    for number, case in enumerate(found.values()):
        book = opened(written[id(case.base)])  # what openpyxl saves has no values: nothing old can be read back
        case.change(book)
        for name, value in case.names.items():
            set_value(book, name, value)
        files.append(str(folder / "changed" / f"{number}.xlsx"))
        book.save(files[-1])
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, "--headless", profile, "--convert-to", "xlsx", "--outdir", str(folder / "out"), *files]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (folder / "out" / f"{len(found) - 1}.xlsx").exists(), told.stderr
    formulas = {key: formulas_of(opened(path)) for key, path in written.items()}
    kept = {key: opened(path, values=True) for key, path in written.items()}
    return {
        name: Done(case, formulas[id(case.base)], kept[id(case.base)],
                   opened(folder / "out" / f"{number}.xlsx", values=True))
        for number, (name, case) in enumerate(found.items())
    }  # fmt: skip


def test_the_figures_are_those_of_python(done: dict[str, Done]) -> None:
    for name, found in done.items():
        case, book, roi = found.case, found.again, found.case.wanted
        values = {"effect": float(case.names["effect"])} if name == "effect by group" else {}
        figures = work_out(inputs_at(roi.central, values))
        assert value_of(book, "people_counted") == roi.people, name
        cost = roi.cost if "cost_view" not in case.names else cost_in_view(roi, name)
        wanted = {"proven_offences": figures.proven, "recorded_offences": figures.recorded, "cost": cost,
                  "actual_offences": figures.actual, "later_offences": figures.later}  # fmt: skip
        for which in PERSPECTIVES:
            benefit = float(figures.benefit[which])
            wanted |= {f"benefit_{which}": benefit, f"net_{which}": benefit - cost, f"ratio_{which}": benefit / cost}
        for key, value in wanted.items():
            shown = value_of(book, key)
            if float(value) != float(value):
                assert shown == "[x]", (name, key)
            else:
                assert shown == pytest.approx(float(value), rel=1e-9, abs=1e-9), (name, key)


def cost_in_view(roi: ReturnOnInvestment, name: str) -> float:
    """The cost by which Python's ratio in this view divides the value."""
    views = roi.cost_views().set_index("view")
    return roi.benefit / float(views.loc[name.removeprefix("view "), "ratio"])


def test_nothing_is_left_unfinished(done: dict[str, Done]) -> None:
    for name, found in done.items():
        for (tab, cell), formula in found.formulas.items():
            value = found.again[tab][cell].value
            assert not (isinstance(value, str) and value.startswith("#")), f"{name}: {tab} {cell} {formula}: {value}"


def test_the_values_kept_beside_the_formulas_are_those_worked_out_again(done: dict[str, Done]) -> None:
    for name in UNCHANGED:
        kept, again = done[name].kept, done[name].again
        assert len(done[name].formulas) > 200
        for tab, cell in done[name].formulas:
            old, new = kept[tab][cell].value, again[tab][cell].value
            if isinstance(old, (int, float)):
                assert new == pytest.approx(old, rel=1e-9, abs=1e-9), f"{name}: {tab} {cell}"
            else:
                assert (old or "") == (new or ""), f"{name}: {tab} {cell}"


def test_ends_of_the_effect_and_break_even_are_those_of_python(done: dict[str, Done]) -> None:
    for name in ("plain", "effect", "everything against", "years and multipliers"):
        wanted, book = done[name].case.wanted, done[name].again
        told = wanted.perspectives().set_index("perspective")
        for which in ("fiscal", "social"):
            line = told.loc[which]
            for term in ("benefit", "net", "ratio"):
                for end in ("low", "high"):
                    found = value_of(book, f"{term}_{which}_{end}")
                    assert found == pytest.approx(float(line[f"{term}_{end}"]), rel=1e-9, abs=1e-9)
            assert value_of(book, f"break_even_{which}") == pytest.approx(
                float(line["break_even_per_person"]), rel=1e-9
            )
        assert value_of(book, "proven_offences_low") == pytest.approx(wanted.offences_averted_low, rel=1e-9)
        assert value_of(book, "spent_per_person") == pytest.approx(wanted.cost_per_treated_person, rel=1e-9)
    wanted = done["plain"].case.wanted
    assert value_of(done["plain"].again, "cost_per_offence") == pytest.approx(wanted.cost_per_offence_averted, rel=1e-9)
    assert value_of(done["effect"].again, "cost_per_offence") == "not given: the interval of the effect includes none"


def test_scenarios_are_python_at_the_ends_of_every_input(done: dict[str, Done]) -> None:
    book = done["every step"].again
    for name, end in (("pessimistic", "low"), ("central", "value"), ("optimistic", "high")):
        worse = {"low": "high", "high": "low", "value": "value"}[end]
        at = {key: getattr(figure, end) for key, figure in EVERY_STEP.items() if hasattr(figure, "low")}
        at |= {key: getattr(EVERY_STEP[key], worse) for key in ("drop_off", "cost_factor")}
        estimate = {"low": -0.01, "value": -0.42, "high": -0.83}[end]
        roi = roi_of(effect_of(estimate, estimate - 0.1, estimate + 0.1), steps={**EVERY_STEP, **at})
        assert value_of(book, f"{name}_cost") == pytest.approx(roi.cost, rel=1e-9)
        assert value_of(book, f"{name}_benefit_social") == pytest.approx(roi.benefit, rel=1e-9)
        assert value_of(book, f"{name}_ratio_social") == pytest.approx(roi.benefit_cost_ratio, rel=1e-9)
