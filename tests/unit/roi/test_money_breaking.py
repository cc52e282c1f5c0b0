"""What nobody should hand to the money, and somebody will: each time a sentence, or the right answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import dipeval as dip
from dipeval.datasets import recid
from dipeval.errors import InputError
from dipeval.roi import (
    load_unit_costs,
    offences_averted,
    read_deflator,
    read_unit_costs,
    return_on_investment,
    value_per_person,
)

EFFECT: dict[str, Any] = {
    "measure": "mean_difference", "outcome_name": "n_reoffences", "outcome_kind": "count", "estimate": -0.5,
    "conf_low": -0.8, "conf_high": -0.2, "n_treated": 100, "level": 0.95,
    "estimand": "the average effect on the 100 treated people",
}  # fmt: skip
LINE: dict[str, Any] = {"financial_year": "2019/20", "amount": 20_000.0, "spent_on": "treatment", "price_year": 2019}
MIX = pd.DataFrame({"offence_group": ["shoplifting"], "share": [1.0]})
NAN = float("nan")


def effect_of(**changes: Any) -> Any:
    return SimpleNamespace(**(EFFECT | changes))


def costs_of(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame([LINE | changes])


def roi_of(**changes: Any) -> Any:
    asked = {"costs": costs_of(), "offence_mix": MIX, "cost_people": 100, "draws": 200} | changes
    return return_on_investment(asked.pop("effect", effect_of()), **asked)


def refused(**changes: Any) -> str:
    with pytest.raises(InputError) as told:
        roi_of(**changes)
    return str(told.value)


@pytest.mark.parametrize("given", [3, "spend.csv", [20_000.0], {"amount": [20_000.0]}])
@pytest.mark.parametrize("name", ["costs", "offence_mix", "unit_costs", "deflator"])
def test_what_is_no_table_is_told_as_such(name: str, given: Any) -> None:
    assert f"must be a pandas DataFrame, one row a line; this is a {type(given).__name__}" in refused(**{name: given})


@pytest.mark.parametrize("name", ["costs", "offence_mix", "unit_costs"])
def test_a_table_names_each_column_once(name: str) -> None:
    table = {"costs": costs_of(), "offence_mix": MIX, "unit_costs": load_unit_costs()}[name]
    assert "hold more than one column named" in refused(**{name: pd.concat([table, table.iloc[:, :2]], axis=1)})


@pytest.mark.parametrize("given", [pd.Timestamp("2019-04-01"), pd.Timedelta(days=3), True])
def test_a_date_or_a_yes_is_no_amount_of_pounds(given: Any) -> None:
    assert "amounts of the costs are not all numbers" in refused(costs=costs_of(amount=given))
    assert "not all numbers" in refused(unit_costs=load_unit_costs().assign(unit_cost=given))


@pytest.mark.parametrize(("amount", "words"), [(1e308, "beyond all pounds"), (5e-324, "add up to nothing")])
def test_amounts_that_sums_cannot_hold(amount: float, words: str) -> None:
    assert words in refused(costs=costs_of(amount=amount))


@pytest.mark.parametrize("given", [None, "x", pd.NA, NAN, np.inf, True])
@pytest.mark.parametrize("name", ["estimate", "conf_low", "conf_high"])
def test_an_effect_without_figures(name: str, given: Any) -> None:
    assert "no finite estimate and interval" in refused(effect=effect_of(**{name: given}))


@pytest.mark.parametrize("given", [None, "x", NAN, np.inf, 2.5, 0, True])
def test_an_effect_without_people(given: Any) -> None:
    assert "how many treated people" in refused(effect=effect_of(n_treated=given))


@pytest.mark.parametrize("given", [None, "x", 0, 1, 95, NAN, 1e-320])
def test_an_effect_without_a_level(given: Any) -> None:
    assert "level of the effect" in refused(effect=effect_of(level=given))


@pytest.mark.parametrize("given", [None, 3, "x", SimpleNamespace(), pd.DataFrame()])
def test_what_is_no_effect(given: Any) -> None:
    with pytest.raises(InputError, match="must be what estimate_effect returns"):
        return_on_investment(given, costs=costs_of(), offence_mix=MIX, cost_people=100)


def test_an_effect_too_large_to_be_one_and_one_of_nothing() -> None:
    assert "beyond 1,000,000,000 offences a person" in refused(effect=effect_of(conf_low=-1e308))
    roi = roi_of(effect=effect_of(estimate=0.0, conf_low=-0.8, conf_high=-0.2))
    assert np.isnan(roi.cost_per_offence_averted)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("discount_rate", "0.035", "discount rate is no number"),
        ("discount_rate", None, "discount rate is no number"),
        ("discount_rate", NAN, "discount rate is no number"),
        ("people", "5", "whole numbers above 0"),
        ("cost_people", [1], "whole numbers above 0"),
        ("cost_people", pd.NA, "whole numbers above 0"),
        ("people_reached", 3, "people by kind of spending"),
        ("people_reached", {"treatment": "x"}, "people_reached must hold whole numbers"),
        ("people_reached", {"treatment": np.inf}, "people_reached must hold whole numbers"),
        ("scale_to_all_treated", "no", "scale_to_all_treated is True or False"),
        ("include_anticipation", "no", "include_anticipation is True or False"),
        ("against", 3, "against must name kinds of spending"),
        ("assumptions", {"attribution": 1.0}, "assumptions must be RoiAssumptions"),
        ("follow_up_days", 10**9, "number of days over which reoffences were counted"),
        ("seed", None, "seed must be a whole number"),
        ("seed", -1, "seed must be a whole number"),
        ("seed", 1.5, "seed must be a whole number"),
        ("level", 1 - 1e-16, "from 0.5 to 0.9999"),
        ("linkage", 3, "must be what propagate_linkage returns"),
        ("unit_costs", pd.DataFrame(), "lack the column"),
        ("unit_costs", load_unit_costs().iloc[:0], "no unit cost at all"),
        ("unit_costs", load_unit_costs().assign(unit_cost=NAN), "no unit cost at all"),
        ("unit_costs", load_unit_costs().assign(unit_cost=np.inf), "above 1,000,000,000,000,000 pounds"),
        ("unit_costs", load_unit_costs().assign(response=1e300), "below 0 or without end"),
    ],
)
def test_options_that_are_none(name: str, given: Any, words: str) -> None:
    assert words in refused(**{name: given})


def test_a_mix_of_next_to_no_offences_is_refused() -> None:
    mix = pd.DataFrame({"offence_group": ["shoplifting", "robbery"], "share": [0.5, 0.5], "n": [1e-3, 1e-3]})
    assert "fewer than one offence behind it" in refused(offence_mix=mix)
    with pytest.raises(InputError, match="must be what offences_averted returns"):
        return_on_investment(effect_of(), costs=costs_of(), averted=3, cost_people=100)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [3, None, Path("costs.csv")])
def test_fiscal_costs_that_are_no_table(given: Any) -> None:
    with pytest.raises(InputError, match="fiscal costs must be a pandas DataFrame"):
        load_unit_costs(fiscal=given)
    wrong = pd.DataFrame({"offence_group": ["robbery"], "fiscal": ["x"], "price_year": [2019]})
    with pytest.raises(InputError, match="not all figures of 0 or more"):
        load_unit_costs(fiscal=wrong)


def written(folder: Path, text: str, name: str = "costs.csv") -> Path:
    place = folder / name
    place.write_text(text)
    return place


HEAD = "offence_group,unit_cost,price_year\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD, "No offence group has a unit cost in it"),
        (HEAD + "robbery,,\nfraud,..,\n", "No offence group has a unit cost in it"),
        (HEAD + "robbery," + "9" * 400 + ",2019\n", "row 2, column 'unit_cost': it is below 0 or without end"),
        (HEAD + "x" * 200_000 + ",5,2019\n", "cannot be read as a table"),
        (HEAD + "robbery,5,2019\n" * 100_001, "more than 100,000 rows"),
        ("Crime,Unit cost,,\n,Low,Central,High\nRobbery,1,2,3\n", "stands over several columns"),
    ],
)
def test_files_of_unit_costs_that_would_be_misread(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_unit_costs(written(tmp_path, text))


def test_the_cells_of_a_file_are_not_quoted(tmp_path: Path) -> None:
    secret = "password=hunter2"
    with pytest.raises(InputError) as told:
        read_unit_costs(written(tmp_path, f"{secret}\n{HEAD}{secret},{secret},{secret}\n"))
    assert "hunter2" not in str(told.value)


def test_headings_and_groups_as_people_spell_them(tmp_path: Path) -> None:
    found = read_unit_costs(written(tmp_path, "Offence group,Unit cost,Price year\nShoplifting,500,2019/20\n"))
    assert found.set_index("offence_group").loc["shoplifting", "unit_cost"] == 500.0


def test_a_workbook_whose_headings_are_merged_over_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Offence", "Unit cost", None], [None, "Low", "High"], ["Robbery", 1, 9]):
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    book.save(tmp_path / "costs.xlsx")
    with pytest.raises(InputError, match="column 'Unit cost': the heading stands over several columns"):
        read_unit_costs(tmp_path / "costs.xlsx", price_year=2019)


@pytest.mark.parametrize(("path", "words"), [(None, "as text"), (3, "as text"), ("x" * 5000 + ".csv", "no file")])
def test_paths_that_are_none(path: Any, words: str) -> None:
    for read in (read_unit_costs, read_deflator):
        with pytest.raises(InputError, match=words) as told:
            read(path)
        assert len(str(told.value)) < 300


def test_decimal_commas_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 2, column 'deflator': it is not a plain figure"):
        read_deflator(written(tmp_path, "year;deflator\n2018;98,5\n2019;100,0\n"))


@pytest.fixture(scope="module")
def released() -> tuple[Any, pd.DataFrame]:
    people = recid()
    design = dip.weight(people, treated="workprg", covariates=["priors", "educ", "age"], method="entropy")
    counts = np.random.default_rng(0).poisson(1.2, len(people))
    groups = np.random.default_rng(1).choice(["shoplifting", "robbery", "fraud"], len(people))
    return design, pd.DataFrame({"person_id": people.index, "n_reoffences": counts, "offence_group": groups})


def test_offences_that_are_none(released: tuple[Any, pd.DataFrame]) -> None:
    design, offences = released
    cases = {
        "1 offence group.s. that dipeval does not know": offences.assign(offence_group="Alex Example"),
        "no whole numbers of 0 or more": offences.assign(n_reoffences=True),
        "holds lists": offences.assign(person_id=[[one] for one in offences["person_id"]]),
        "more than one column named n_reoffences": pd.concat([offences, offences[["n_reoffences"]]], axis=1),
    }
    for words, given in cases.items():
        with pytest.raises(InputError, match=words) as told:
            offences_averted(design, given)
        assert "Example" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("draws", 10**9, "at most 100,000"),
        ("price_year", "x", "not a year"),
        ("include_anticipation", "no", "is True or False"),
    ],
)
def test_values_per_person_of_options_that_are_none(
    released: tuple[Any, pd.DataFrame], name: str, given: Any, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        value_per_person(*released, **{name: given})


def test_shuffled_tables_give_the_same_to_the_last_digit(released: tuple[Any, pd.DataFrame]) -> None:
    design, offences = released
    effect = dip.estimate_effect(
        design, offences.set_index("person_id")["n_reoffences"], measure="mean_difference", outcome_name="n_reoffences"
    )
    mixed = offences.sample(frac=1, random_state=3)
    both = [offences_averted(design, one) for one in (offences, mixed)]
    asked: dict[str, Any] = {"costs": costs_of(amount=2e6), "cost_people": int(effect.n_treated), "draws": 200}
    first, second = (return_on_investment(effect, averted=one, **asked) for one in both)
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame(), check_exact=True)
    pd.testing.assert_frame_equal(first.drawn(), second.drawn(), check_exact=True)


COUNTS = pd.DataFrame({"stage": ["tested", "treatment"], "n": [100, 10]})


@pytest.mark.parametrize("given", [pd.Timestamp("2019-04-01"), True, "x"])
def test_a_date_or_a_yes_is_no_count_of_people(given: Any) -> None:
    with pytest.raises(InputError, match="counts are not all numbers"):
        dip.cost_per_stage(costs_of(), COUNTS.assign(n=given), counting="period")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"costs": None}, "costs must be a pandas DataFrame"),
        ({"counts": COUNTS.assign(n=1e300)}, "not whole numbers of people"),
        ({"counts": pd.concat([COUNTS, COUNTS[["n"]]], axis=1)}, "more than one column named n"),
        ({"spent_on": 3}, "must name kinds of spending"),
        ({"spent_on": []}, "spent_on is empty"),
    ],
)
def test_stages_that_cannot_be_costed(changes: dict[str, Any], words: str) -> None:
    asked: dict[str, Any] = {"costs": costs_of(), "counts": COUNTS, "counting": "period"} | changes
    with pytest.raises(InputError, match=words):
        dip.cost_per_stage(asked.pop("costs"), asked.pop("counts"), **asked)


def test_a_range_without_end_is_none() -> None:
    with pytest.raises(InputError, match="too far apart"):
        dip.Uncertain(0.0, -1e308, 1e308)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (None, "path of the workbook as text"),
        ("x" * 400 + ".xlsx", "cannot be written"),
        ("f/a.xlsx", "another folder"),
    ],
)
def test_workbooks_that_cannot_be_written(tmp_path: Path, path: Any, words: str) -> None:
    (tmp_path / "f").write_text("a file, no folder")
    with pytest.raises(InputError, match=words):
        dip.write_scenario_workbook(roi_of(), tmp_path / path if path else path)
    with pytest.raises(InputError, match="must be what return_on_investment returns"):
        dip.write_scenario_workbook(3, tmp_path / "a.xlsx")  # type: ignore[arg-type]


def test_text_that_looks_like_a_formula_stays_text_in_a_workbook(tmp_path: Path) -> None:
    bad = '=HYPERLINK("http://example.org","see")'
    steps = dip.RoiAssumptions(attribution=dip.Uncertain(0.8, 0.5, 1.0, source=bad))
    table = load_unit_costs().assign(note=bad, source=bad)
    place = dip.write_scenario_workbook(roi_of(assumptions=steps, unit_costs=table), tmp_path / "a.xlsx")
    cells = [cell for sheet in openpyxl.load_workbook(place) for row in sheet.iter_rows() for cell in row]
    found = [cell.data_type for cell in cells if isinstance(cell.value, str) and "HYPERLINK" in cell.value]
    assert found
    assert set(found) == {"s"}
