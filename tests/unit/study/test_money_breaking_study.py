"""Money in studies that go wrong: nothing to value, districts spelt otherwise, people that figures would give back."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pandas as pd
import pytest

import dipeval as dip
from dipeval.disclosure import DisclosureRule
from dipeval.errors import EstimationError, InputError
from dipeval.extracts import make_extracts
from dipeval.report.tidy import results_csv
from dipeval.study import Study, StudyResult, money, money_parts
from dipeval.study import study as order_of_work
from dipeval.study.load import Prepared, prepare
from dipeval.study.money_effects import NothingToValue, comparison_mix
from dipeval.study.reading import StudyFile, parse_study

pytestmark = pytest.mark.slow  # whole studies, many times over

TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "simulate": {"people": 300, "compare_true_links": False},
    "linkage": {"error": {"draws": 0}},
    "outcomes": [
        {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
        {"name": "n_reoffences", "kind": "count", "label": "Reoffences"},
    ],
    "design": {"method": "entropy", "covariates": ["log_prior_offences_5y", "tested_opiates"]},
    "overturn": {"hidden_bias": False},
    "diagnostics": {"min_ess": 2.0, "min_treated": 2, "max_smd": 0.25, "max_share_dropped": 0.9},
    "costs": {"draws": 200, "prolific": False, "stages": False},
    "disclosure": {"profile": "none"},
}


def study(**changes: Any) -> Study:
    costs = TREE["costs"] | changes.pop("costs", {})
    spec = parse_study(TREE | changes | {"costs": costs})
    return Study(file=StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=spec))


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(study().spec, Path())


@pytest.fixture(autouse=True)
def once(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Callable[[Prepared], None]:
    """Linking is the slow part: the tests share one. Gives what puts other tables in its place."""
    used = [prepared]
    monkeypatch.setattr(order_of_work, "prepare", lambda spec, folder: used[-1])
    monkeypatch.setattr("dipeval.study.described.pathway_of", lambda prepared, spec: {})
    monkeypatch.setattr("dipeval.study.simulated.truth_of", lambda *_: ())
    return used.append


def with_spend(prepared: Prepared, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Prepared:
    extracts: Any = prepared.extracts
    tables = {name: extracts.table(name) for name in extracts.names}
    tables["spend"] = change(tables["spend"])
    made = make_extracts(tables, extract_date=extracts.extract_date, data_status="simulated", truth=extracts.truth)
    return replace(prepared, extracts=made)


def rows(result: StudyResult, section: str) -> list[dict[str, str]]:
    return [row for row in csv.DictReader(io.StringIO(results_csv(result))) if row["section"] == section]


def test_districts_spelt_otherwise_are_listed_with_what_may_be_meant(
    prepared: Prepared, once: Callable[[Prepared], None]
) -> None:
    once(with_spend(prepared, lambda spend: spend.assign(district=spend["district"].replace("Leeds", "Leedz"))))
    for costs in ({}, {"people": 500}):
        with pytest.raises(InputError, match=r"1 district\(s\).*'Leedz' \(is 'Leeds' meant\?\)"):
            study(costs=costs).run()


@pytest.mark.parametrize("change", [{"district": "Elsewhere"}, {"financial_year": "2029-30"}])
def test_spending_where_or_when_nobody_was_treated_is_told_as_such(
    prepared: Prepared, once: Callable[[Prepared], None], change: dict[str, str]
) -> None:
    once(with_spend(prepared, lambda spend: spend.assign(**change)))
    with pytest.raises(InputError, match="nobody was treated after a positive test in the districts and years"):
        study().run()


def _nobody(measured: Any, design: Any) -> pd.DataFrame:
    """The mix of a comparison group in which nobody reoffended."""
    treated = design.treated.index[design.treated.astype(bool)]
    offences = measured.by_group
    return comparison_mix(SimpleNamespace(by_group=offences[offences["person_id"].isin(treated)]), design)  # type: ignore[arg-type]


def test_a_study_goes_on_where_nobody_compared_with_reoffended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(money, "comparison_mix", _nobody)
    result = study().run()
    assert result.roi is None
    assert result.effects
    assert "no mix of offences to value" in result.money.not_done["roi"]
    (row,) = rows(result, "money: roi")
    assert (row["status"], "no mix of offences" in row["note"]) == ("not done", True)
    assert "no mix of offences to value" in dip.write_report(result, tmp_path / "r").read_text(encoding="utf-8")
    estimated = study(costs={"averted": "estimated"}).run()
    assert math.isfinite(estimated.roi.benefit)
    assert "no mix of offences to value" in estimated.money.not_done["other"]


def test_protected_people_are_not_said_to_have_kept_out_of_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money, "comparison_mix", _nobody)
    result = study(disclosure={}).run()
    assert result.money.not_done["roi"] == money_parts.TOO_FEW


def test_why_a_part_is_missing_does_not_count_people(monkeypatch: pytest.MonkeyPatch) -> None:
    def few(*_: Any, **__: Any) -> None:
        raise EstimationError("The design uses 13 treated and 7 comparison people.")

    monkeypatch.setattr("dipeval.roi.offences.prolific.value_per_person", few)
    assert study(costs={"prolific": True}).run().money.not_done["per_person"].startswith("The design uses 13")
    protected = study(costs={"prolific": True}, disclosure={}).run()
    assert protected.money.not_done["per_person"] == money_parts.TOO_FEW
    assert "13 treated" not in results_csv(protected)


def test_offences_are_no_finer_in_the_tidy_file_than_an_effect(prepared: Prepared) -> None:
    """A difference of means such as 0.0943 is 5 in 53, and nothing near 55: three figures give the people back."""
    result = study(disclosure={}).run()
    shown = [
        *(row for row in rows(result, "money: by group")),
        *(row for row in rows(result, "money: steps") if (row["measure"], row["group"]) == ("value", "effect")),
        *(row for row in rows(result, "money: what matters most") if row["measure"] == "input"),
    ]
    figures = [
        float(row[name])
        for row in shown
        if row["section"] == "money: by group" or row["group"] == "effect"
        for name in ("estimate", "conf_low", "conf_high")
        if row[name] not in ("", "[c]")
    ]
    assert figures
    assert all(abs(value - round(value, 2)) < 1e-9 for value in figures)
    whole = [row for row in rows(result, "money") if row["measure"] in ("offences_averted", "break_even_offences")]
    whole += [row for row in rows(result, "money: steps") if row["measure"] == "offences"]
    assert all(float(row["estimate"]).is_integer() for row in whole if row["estimate"] not in ("", "[c]"))


def test_the_workbook_holds_the_effect_as_the_report_has_it(tmp_path: Path) -> None:
    result = study(disclosure={}).run()
    roi = result.roi
    dip.write_scenario_workbook(roi, tmp_path / "a.xlsx", rule=DisclosureRule())
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    for name in ("effect", "effect_low", "effect_high"):
        sheet, cell = book.defined_names[name].attr_text.replace("'", "").split("!")
        value = book[sheet][cell.replace("$", "")].value
        assert abs(value - round(value, 2)) < 1e-9
    kept = {float(one) for sheet in book for row in sheet.iter_rows() for one in _numbers(row)}
    assert not any(math.isclose(one, roi.central.effect.value, rel_tol=1e-9) for one in kept)


def _numbers(row: Any) -> list[float]:
    return [cell.value for cell in row if isinstance(cell.value, float)]


def test_nothing_to_value_is_an_input_error() -> None:
    assert issubclass(NothingToValue, InputError)


def test_a_check_tells_what_no_run_could_mend(prepared: Prepared, once: Callable[[Prepared], None]) -> None:
    with pytest.raises(InputError, match=r"price_year: Prices of 2019 cannot be brought to 2090.*in deflator_file"):
        study(costs={"price_year": 2090}).check()
    once(with_spend(prepared, lambda spend: spend.assign(district=spend["district"].replace("Leeds", "Leedz"))))
    with pytest.raises(InputError, match="'Leedz'"):
        study().check()
