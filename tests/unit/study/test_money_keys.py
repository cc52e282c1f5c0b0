"""The keys on money: each reaches its option, and each mistake is told with its key, its line and what to do."""

from __future__ import annotations

import dataclasses
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dipeval.errors import InputError, StudyFileError
from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.uncertain import Uncertain
from dipeval.study import Study
from dipeval.study.money_options import against, assumptions_of, effect_of, in_cost_keys
from dipeval.study.money_tables import money_files, money_tables_of
from dipeval.study.reading import parse_study
from dipeval.study.spec import StudySpec
from dipeval.study.spec_money import AssumptionsSpec
from dipeval.study.wording import known_keys

TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "outcomes": [
        {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
        {"name": "n_reoffences", "kind": "count", "label": "Reoffences"},
    ],
    "design": {"method": "entropy", "covariates": ["age_at_index"]},
    "disclosure": {"profile": "none"},
}
WHY = "The commissioner asked for the cost of everything."
TEMPLATE = (files("dipeval.examples") / "template.toml").read_text(encoding="utf-8")


def spec(costs: dict[str, Any], **changes: Any) -> StudySpec:
    return parse_study(TREE | {"costs": costs} | changes)


def complaint(costs: dict[str, Any], **changes: Any) -> str:
    with pytest.raises(StudyFileError) as caught:
        spec(costs, **changes)
    assert len(caught.value.complaints) == 1, caught.value.complaints
    return caught.value.complaints[0]


def test_without_a_word_only_the_cost_of_what_the_effect_is_of_is_set_against_it() -> None:
    plain = spec({})
    assert (effect_of(plain), against(plain)) == ("treatment", ("treatment",))
    met = spec({"people": 300}, cohort={"exposure": "contact"}, linkage={"error": {"draws": 0}})
    assert (effect_of(met), against(met)) == ("contact", ("contact",))
    whole = spec({"effect_of": "programme"})
    assert (effect_of(whole), against(whole)) == ("programme", ("testing", "contact", "treatment"))


@pytest.mark.parametrize(
    "costs",
    [
        {"spent_on": ["contact", "treatment"]},
        {"spent_on": ["testing", "contact", "treatment"], "reason": WHY},
        {"spent_on": ["contact"], "reason": WHY},
        {"effect_of": "programme", "spent_on": ["testing", "contact", "treatment"]},
        {"effect_of": "programme", "spent_on": ["treatment"], "reason": WHY},
        {"assumptions": {"extrapolate_years": 2, "drop_off": 0.5}},
        {"linkage": True},
        {"discount_rate": 0.0},
    ],
)
def test_what_may_be_asked(costs: dict[str, Any]) -> None:
    assert spec(costs).costs is not None


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ({"spent_on": ["contact"]}, r'costs\.spent_on: found spent_on = \["contact"\]\. An effect of treatment'),
        ({"spent_on": ["contact"]}, r'Write "treatment" in costs\.spent_on\..* write why in costs\.reason'),
        ({"spent_on": ["testing", "contact", "treatment"]}, r"set against testing too: .* write why in costs\.reason"),
        ({"spent_on": ["treatment", "other"], "reason": "short"}, r"costs\.reason: .*\(15 letters or more\)\.$"),
        ({"spent_on": ["contact"], "reason": "1234567890 1234567890"}, r"costs\.reason: "),
        ({"effect_of": "programme", "spent_on": ["treatment"]}, r"costs\.spent_on: .*the whole programme"),
        ({"effect_of": "contact"}, r'costs\.effect_of: found "contact"; with cohort\.exposure = "treatment"'),
        ({"discount_rate": 35}, r"costs\.discount_rate: found 35; this looks like a percentage; needed is a share"),
        ({"discount_rate": -0.1}, r"costs\.discount_rate: found -0\.1; needed is a share between 0 and 0\.2 a year"),
        ({"discount_rate": "3.5%"}, r"costs\.discount_rate: found \"3\.5%\"; needed is a number"),
        ({"perspective": "everyone"}, r"costs\.perspective: found \"everyone\"; needed is one of"),
        ({"draws": 10}, r"costs\.draws: found 10; needed is a number greater than or equal to 100"),
        ({"averted": "guessed"}, r"costs\.averted: found \"guessed\""),
        ({"spent_no": ["treatment"]}, r"costs\.spent_no: there is no key 'spent_no' here; did you mean 'spent_on'"),
        ({"unit_costs": "2018", "unit_costs_file": "a.csv"}, r"costs\.unit_costs: .*names one of your own; keep one"),
        ({"fiscal": "gmca", "fiscal_file": "a.xlsx"}, r"costs\.fiscal: .*keep one of the two"),
        ({"unit_costs_file": 3}, r"costs\.unit_costs_file: found 3; needed is \"costs.xlsx\", or a table"),
        ({"unit_costs_file": {"flie": "a.csv"}}, r"there is no key 'flie' here; did you mean 'file'"),
    ],
)
def test_a_mistake_is_told_once_with_its_key(costs: dict[str, Any], said: str) -> None:
    assert re.search(said, complaint(costs)), complaint(costs)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"attribution": 80}, r"attribution: attribution must lie between 0 and 1.*Give a share as 0\.8, not 80"),
        ({"attribution": "most"}, r'attribution: found "most"; needed is a number, or a table such as \{ value'),
        ({"attribution": True}, r"attribution: found true; needed is a number"),
        ({"attribution": {"valu": 0.8}}, r"attribution\.valu: there is no key 'valu' here; did you mean 'value'"),
        ({"attribution": {"low": 0.8, "high": 0.9}}, r"attribution\.value: this is missing"),
        ({"attribution": {"value": 0.8, "low": 0.7}}, r"attribution: .*both ends: give low and high, or neither"),
        ({"attribution": {"value": 0.8, "low": 0.9, "high": 1.0}}, r"attribution: the value 0\.8 .* its own range"),
        ({"attribution": {"value": 0.8, "family": "bell"}}, r'attribution\.family: found "bell"; needed is one of'),
        ({"extrapolate_years": 2}, r"extrapolate_years: found 2; years beyond the follow-up need drop_off beside them"),
        ({"extrapolate_years": 40}, r"extrapolate_years: found 40; needed is a number less than or equal to 10"),
        ({"drop_off": 0.5}, r"drop_off: this is about years beyond the follow-up: write extrapolate_years"),
        ({"extrapolate_years": 1, "drop_off": 50}, r"drop_off: drop_off must lie between 0 and 1"),
        ({"unit_cost_factor": -1.0}, r"unit_cost_factor: "),
        ({"actual_per_recorded": "on"}, r'found "on"; needed is "off", "published", or a table of figures by'),
        ({"actual_per_recorded": {}}, r"actual_per_recorded: found a table; needed is \"off\""),
        ({"actual_per_recorded": {"shop": 5.0}}, r"there is no offence group 'shop'; the groups are shoplifting"),
        ({"actual_per_recorded": {"shoplifting": "5"}}, r'"shoplifting" needs a number, or a table'),
        ({"actual_per_recorded": {"robbery": {"value": 2, "low": 3, "high": 4}}}, r"actual_per_recorded\.robbery: the"),
    ],
)
def test_a_mistake_in_an_assumption_is_told_once_with_its_key(written: dict[str, Any], said: str) -> None:
    found = complaint({"assumptions": written})
    assert found.startswith("costs.assumptions.")
    assert re.search(said, found), found


@pytest.mark.parametrize(
    ("costs", "changes", "said"),
    [
        ({"averted": "estimated"}, {"effect": {"estimator": "regression"}}, "costs.averted: found"),
        ({"linkage": True}, {"linkage": {"profile": "deterministic"}}, "has no probabilities to draw from"),
        ({"linkage": True}, {"linkage": {"error": {"draws": 0}}}, "linkage.error.draws = 0 draws no links"),
        ({"linkage": True, "people": 9}, {"cohort": {"exposure": "order"}}, "after a person's first index event"),
        ({}, {"cohort": {"exposure": "order"}}, "costs.people: this is missing"),
        ({}, {"outcomes": TREE["outcomes"][:1]}, "costs: offences averted need the outcome n_reoffences"),
    ],
)
def test_agreements_with_other_sections(costs: dict[str, Any], changes: dict[str, Any], said: str) -> None:
    assert said in complaint(costs, **changes)


def test_a_mistake_has_its_line(tmp_path: Path) -> None:
    text = (files("dipeval.examples") / "west_yorkshire_simulated.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        text.replace("cost_factor = { value = 1.0, low = 0.9", "cost_factor = { low = 0.9")
    )
    with pytest.raises(StudyFileError) as caught:
        Study.from_toml(tmp_path / "study.toml")
    lines = text.splitlines()
    for found in caught.value.complaints:
        line = int(re.search(r"line (\d+)", found).group(1))  # type: ignore[union-attr]
        assert "cost_factor" in lines[line - 1]


def test_each_assumption_has_the_name_of_its_option_and_reaches_it() -> None:
    assert set(AssumptionsSpec.model_fields) == {item.name for item in dataclasses.fields(RoiAssumptions)}
    assert assumptions_of(AssumptionsSpec()) == RoiAssumptions()
    written = {
        "recorded_per_proven": 2,
        "actual_per_recorded": {"shoplifting": {"value": 5.0, "low": 3.0, "high": 8.0}, "robbery": 2.0},
        "attribution": {"value": 0.8, "low": 0.6, "high": 1.0, "family": "triangular", "source": "steering group"},
        "extrapolate_years": 2,
        "drop_off": 0.5,
        "optimism_bias": 0.1,
        "unit_cost_factor": {"value": 1.0, "low": 0.8, "high": 1.2},
        "cost_factor": 1.0,
    }
    found = assumptions_of(spec({"assumptions": written}).costs.assumptions)  # type: ignore[union-attr]
    assert found.attribution == Uncertain(0.8, 0.6, 1.0, "triangular", "steering group")
    assert found.actual_per_recorded == {"shoplifting": Uncertain(5.0, 3.0, 8.0), "robbery": Uncertain.exactly(2.0)}
    assert found.recorded_per_proven == Uncertain.exactly(2.0)
    assert (found.extrapolate_years, found.drop_off) == (2, Uncertain.exactly(0.5))
    assert found.unit_cost_factor == Uncertain(1.0, 0.8, 1.2)


def test_the_template_names_every_key() -> None:
    for key in [*known_keys(("costs",)), *known_keys(("costs", "assumptions"))]:
        assert re.search(rf"^(# )?(\[costs\.)?{key}( =|\])", TEMPLATE, re.MULTILINE), key


def test_the_template_can_be_used_with_every_line_on_money_switched_on(tmp_path: Path) -> None:
    start, end = TEMPLATE.index("# [costs]"), TEMPLATE.index("# ---- from test to treatment: described")
    own = {"unit_costs_file", "fiscal_file", "deflator_file"}
    lines = [line.removeprefix("# ") for line in TEMPLATE[start:end].splitlines()]
    kept = [line for line in lines if re.match(r"\[costs|\w+ = ", line) and line.split(" =")[0] not in own]
    text = TEMPLATE[:start] + "\n".join(kept).replace("extrapolate_years = 0", "extrapolate_years = 1") + TEMPLATE[end:]
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    found = Study.from_toml(tmp_path / "study.toml").spec.costs
    assert found is not None
    assert found.model_fields_set >= set(type(found).model_fields) - own


def test_the_example_declares_how_sure_its_figures_are() -> None:
    costs = Study.from_toml(files("dipeval.examples") / "west_yorkshire_simulated.toml").spec.costs  # type: ignore[arg-type]
    assert costs is not None
    assert costs.spent_on == ["contact", "treatment"]
    figures = costs.assumptions.figures
    assert set(figures) == {"unit_cost_factor", "cost_factor"}
    assert {figure.source for figure in figures.values()} == {"declared for the example"}


@pytest.mark.parametrize("key", ["unit_costs_file", "fiscal_file", "deflator_file"])
def test_a_table_that_is_not_there_is_said_before_anything_is_linked(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dipeval.study.study.prepare", lambda *_: pytest.fail("linked"))
    (tmp_path / "study.toml").write_text("x", encoding="utf-8")
    from dipeval.study.reading import StudyFile

    file = StudyFile(path=tmp_path / "study.toml", text="", sha256="0" * 64, spec=spec({key: "nowhere.csv"}))
    with pytest.raises(InputError, match=rf"no file 'nowhere.csv' where the study file says \(costs.{key}\)"):
        Study(file=file).run()


def test_a_table_of_your_own_is_read_and_recorded(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        "offence_group,unit_cost,anticipation,consequence,response\nshoplifting,600,100,400,100\n"
    )
    asked = spec({"unit_costs_file": {"file": "mine.csv", "price_year": 2019}})
    tables = money_tables_of(asked.costs, tmp_path)  # type: ignore[arg-type]
    row = tables.unit_costs.set_index("offence_group").loc["shoplifting"]
    assert (row["unit_cost"], row["status"]) == (600.0, "user")
    assert tables.deflator is None
    assert [(item.name, item.file) for item in money_files(asked, tmp_path)] == [("unit costs", "mine.csv")]
    with pytest.raises(InputError, match=r"\[costs\] unit_costs_file: .*price_year in costs.unit_costs_file"):
        money_tables_of(spec({"unit_costs_file": "mine.csv"}).costs, tmp_path)  # type: ignore[arg-type]


def test_a_deflator_of_your_own_is_read_and_recorded(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("year,deflator\n2018,98\n2019,100\n2020,105\n")
    asked = spec({"deflator_file": "prices.csv"})
    tables = money_tables_of(asked.costs, tmp_path)  # type: ignore[arg-type]
    assert tables.deflator is not None
    assert [item.name for item in money_files(asked, tmp_path)] == ["deflator"]
    assert money_files(parse_study(TREE), tmp_path) == ()


def test_remedies_are_told_as_keys() -> None:
    assert in_cost_keys("write why in reason= (at least") == "write why in costs.reason (at least"
    assert in_cost_keys("pass include_anticipation=True, or") == "pass costs.include_anticipation = true, or"
    assert in_cost_keys("(effect_of='programme')") == '(costs.effect_of = "programme")'
