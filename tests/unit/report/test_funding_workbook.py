"""The funding workbook: a file that can be read aloud, formulas that give Python's amounts, also when cells change."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from dipeval.disclosure import DisclosureRule
from dipeval.errors import DisclosureError, InputError
from dipeval.indicators.funding import FundingAllocation, allocate_funding
from dipeval.report.funding_workbook import write_funding_workbook
from dipeval.report.funding_workbook_results import CONTENTS
from dipeval.report.funding_workbook_sums import given_out, nearest, place_in_queue, thousandths
from dipeval.report.workbook_live import Live
from tests.unit.report.workbook_cases import formulas_of, opened, set_in_table, set_value, value_of

AREAS = ("Bradford", "Calderdale", "Kirklees", "Leeds", "Wakefield")
NEED = {"crime": 0.7, "positive_tests": 0.3}
FULL: dict[str, Any] = {
    "budget": 1_800_000.01, "need": NEED, "floor": 0.1, "ceiling": 700_000, "previous": "before", "max_fall": 0.15,
    "max_rise": 0.3, "per": "people",
}  # fmt: skip


def needs_of(**changes: Any) -> pd.DataFrame:
    facts = {
        "district": AREAS[::-1],
        "crime": [900, 3_000, 1_205, 500, 2_100],
        "positive_tests": [200, 900, 0, 150, 700],
        "before": [300_000.0, 500_000.0, 300_000.0, 200_000.0, 500_000.0],
        "people": [300_000, 700_000, 400_000, 200_000, 500_000],
    }
    return pd.DataFrame({**facts, **changes})


def plain() -> FundingAllocation:
    return allocate_funding(needs_of(), budget=1_000_000.01, need=NEED)


def full() -> FundingAllocation:
    return allocate_funding(needs_of(), **FULL)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_funding_workbook(full(), tmp_path_factory.mktemp("book") / "funding.xlsx", title="Our formula")


def amounts_in(book: openpyxl.Workbook, column: str = "Amount") -> dict[str, Any]:
    """The column of the sheet Amounts, by area."""
    lines = [list(line) for line in book["Amounts"].iter_rows(values_only=True)]
    top = next(place for place, line in enumerate(lines) if line[0] == "Area")
    place = lines[top].index(column)
    rows = lines[top + 1 :]
    end = next((number for number, line in enumerate(rows) if line[0] is None), len(rows))
    return {str(line[0]): line[place] for line in rows[:end]}


def pence_in(book: openpyxl.Workbook) -> dict[str, int]:
    return {area: round(100 * amount) for area, amount in amounts_in(book).items()}


def pence_of(allocation: FundingAllocation) -> dict[str, int]:
    frame = allocation.to_frame()
    return {str(area): int(pence) for area, pence in zip(frame["area"], frame["amount_pence"], strict=True)}


def test_every_sheet_can_be_read_aloud(written: Path) -> None:
    book = opened(written)
    assert book.sheetnames == ["Cover", *(tab for tab, _ in CONTENTS)]
    for sheet in book:
        assert isinstance(sheet["A1"].value, str)
        assert not sheet.merged_cells.ranges
        assert len(sheet.tables) == (0 if sheet.title == "Cover" else 1)
    assert book["Cover"]["A1"].value == "Our formula"
    assert len(formulas_of(book)) > 500


def test_values_stand_beside_the_formulas(written: Path) -> None:
    kept = opened(written, values=True)
    told = full().to_frame()
    assert pence_in(kept) == pence_of(full())
    assert list(amounts_in(kept, "Decided by").values()) == [bound or "need" for bound in told["bound"]]
    assert list(amounts_in(kept, "Amount over people").values()) == pytest.approx(list(told["per_head"]))
    assert list(amounts_in(kept, "Change, share").values()) == pytest.approx(list(told["change_share"]))
    assert kept["Amounts"]["A2"].value == "The amounts add up to the budget of £1,800,000.01."
    assert value_of(kept, "possible") == "yes"


def test_inputs_refuse_nonsense(written: Path) -> None:
    book = opened(written)
    rules = [rule.error for rule in book["Inputs"].data_validations.dataValidation]
    assert "Give pounds above 0." in rules
    assert len(rules) == 3 + len(NEED)
    assert len(book["Needs"].data_validations.dataValidation) == 5 * 6


def test_the_same_result_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    again = write_funding_workbook(full(), tmp_path / "folder" / "again.xlsx", title="Our formula")
    assert again.read_bytes() == written.read_bytes()
    assert [path.name for path in again.parent.iterdir()] == ["again.xlsx"]


@pytest.mark.parametrize("budget", [0.04, 333.33, 98_765_432.1])
def test_pence_are_those_of_python_with_any_budget(budget: float, tmp_path: Path) -> None:
    alike = needs_of(crime=[1, 1, 1, 1, 3], positive_tests=[0, 0, 0, 0, 1])
    for data, need in ((needs_of(), NEED), (alike, {"crime": 1})):
        allocation = allocate_funding(data, budget=budget, need=need)
        assert pence_in(opened(write_funding_workbook(allocation, tmp_path / "a.xlsx"), values=True)) == pence_of(
            allocation
        )


def test_one_area_and_many(tmp_path: Path) -> None:
    one = allocate_funding(pd.DataFrame({"district": ["Leeds"], "tests": [3]}), budget=10, need={"tests": 1})
    assert pence_in(opened(write_funding_workbook(one, tmp_path / "a.xlsx"), values=True)) == {"Leeds": 1_000}
    names = [f"force {number:02d}" for number in range(43)]
    data = pd.DataFrame({"force": names, "tests": [(7 * n) % 43 for n in range(43)], "Tests": range(43)})
    many = allocate_funding(data, area="force", budget=5_000_000, need={"tests": 1, "Tests": 2}, floor=1_000)
    assert pence_in(opened(write_funding_workbook(many, tmp_path / "a.xlsx"), values=True)) == pence_of(many)


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in .xlsx; found 'a.xls'"):
        write_funding_workbook(plain(), tmp_path / "a.xls")
    with pytest.raises(InputError, match="must be what allocate_funding returns; this is a DataFrame"):
        write_funding_workbook(needs_of(), tmp_path / "a.xlsx")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="No measure of this formula is called crimes"):
        write_funding_workbook(plain(), tmp_path / "a.xlsx", public=["crimes"])
    assert list(tmp_path.iterdir()) == []


def test_exact_counts_of_people_do_not_leave(tmp_path: Path) -> None:
    rule = DisclosureRule()
    exact = allocate_funding(needs_of(positive_tests=[203, 900, 0, 150, 700]), budget=10, need=NEED)
    with pytest.raises(DisclosureError, match="The figures of positive_tests may not be shown"):
        write_funding_workbook(exact, tmp_path / "a.xlsx", rule=rule)
    few = allocate_funding(needs_of(positive_tests=[5, 900, 0, 150, 700]), budget=10, need=NEED)
    with pytest.raises(DisclosureError, match="fewer than 10 people"):
        write_funding_workbook(few, tmp_path / "a.xlsx", rule=rule)
    assert write_funding_workbook(plain(), tmp_path / "a.xlsx", rule=rule).exists()
    assert write_funding_workbook(few, tmp_path / "b.xlsx", rule=rule, public=["positive_tests"]).exists()


def test_sums_read_as_a_spreadsheet_does() -> None:
    shares, least, most = Live("n", (0.25, 0.75)), Live("l", (0.0, 90.0)), Live("m", (20.0, 100.0))
    assert given_out(Live("f", 100.0), shares, least, most).value == 110.0
    assert given_out(Live("f", 128.0), shares, least, most).value == 116.0
    assert nearest(Live("x", 2.5)).value == 3.0
    assert nearest(Live("x", "")).value == "#VALUE!"
    assert thousandths(Live("x", 100 / 3)).value == 33_333.0
    rest, order = Live("r", (5.0, 7.0, 5.0)), Live("o", (1.0, 2.0, 3.0))
    assert [place_in_queue(Live("a", value), rest, Live("b", number), order).value
            for value, number in ((5.0, 1.0), (7.0, 2.0), (5.0, 3.0))] == [2.0, 1.0, 3.0]  # fmt: skip


Change = Callable[[openpyxl.Workbook], None]


def cells(**values: Any) -> Change:
    """Give the named cells of the sheet Inputs other values; None clears one."""

    def change(book: openpyxl.Workbook) -> None:
        for name, value in values.items():
            set_value(book, name, value)

    return change


def needs(*changes: tuple[str, str, Any]) -> Change:
    """Give cells of the sheet Needs, by area and heading, other values."""

    def change(book: openpyxl.Workbook) -> None:
        for area, heading, value in changes:
            set_in_table(book, "Needs", area, f"{heading} (may be changed)", value)

    return change


def full_with(**changes: Any) -> FundingAllocation:
    return allocate_funding(needs_of(), **{**FULL, **changes})


CASES: dict[str, tuple[Callable[[], FundingAllocation], Change, Callable[[], FundingAllocation]]] = {
    "as written": (full, cells(), full),
    "plain, as written": (plain, cells(), plain),
    "weights": (full, cells(weight_1=1, weight_2=4), lambda: full_with(need={"crime": 0.2, "positive_tests": 0.8})),
    "one measure": (full, cells(weight_2=0), lambda: full_with(need={"crime": 1, "positive_tests": 0})),
    "budget": (full, cells(budget=2_000_000.37), lambda: full_with(budget=2_000_000.37)),
    "no limits": (full, cells(max_fall=None, max_rise=None), lambda: full_with(max_fall=None, max_rise=None)),
    "narrow": (full, cells(max_fall=0.0333), lambda: full_with(max_fall=0.0333)),
    "a need": (plain, needs(("Kirklees", "crime", 7_777)),
               lambda: allocate_funding(needs_of(crime=[900, 3_000, 7_777, 500, 2_100]), budget=1e6 + 0.01, need=NEED)),
    "bounds of one": (
        plain,
        needs(("Leeds", "Ceiling", 0.25), ("Calderdale", "Floor", 123_456.78),
              ("Wakefield", "Earlier amount, pounds", 99)),
        lambda: allocate_funding(
            needs_of(top=[None, 0.25, None, None, None], low=[None, None, None, 123_456.78, None]), budget=1_000_000.01,
            need=NEED, floor="low", ceiling="top",
        ),
    ),
    "nobody loses": (full, cells(max_fall=0), lambda: full_with(max_fall=0)),
}  # fmt: skip
NO_WAY: dict[str, tuple[Change, str]] = {
    "too little": (cells(budget=1_000_000), "the least comes to more than the budget"),
    "too much": (cells(budget=2_500_000), "the most comes to less than the budget"),
    "crossed": (needs(("Leeds", "Floor", 690_000), ("Leeds", "Ceiling", 600_000)), "the least is above the most"),
    "no weight": (cells(weight_1=0, weight_2=0), "every weight is 0"),
}


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> dict[str, openpyxl.Workbook]:
    """Every case, changed by hand and worked out by LibreOffice: what openpyxl saves has no values."""
    office = shutil.which("localc") or shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("again")
    (folder / "changed").mkdir()
    changes = {name: (made, change) for name, (made, change, _) in CASES.items()}
    changes |= {name: (full, change) for name, (change, _) in NO_WAY.items()}
    files = {}
    for number, (name, (made, change)) in enumerate(changes.items()):
        book = opened(write_funding_workbook(made(), folder / "base.xlsx"))
        change(book)
        files[name] = folder / "changed" / f"{number}.xlsx"
        book.save(files[name])
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, "--headless", profile, "--convert-to", "xlsx", "--outdir", str(folder / "out")]
    told = subprocess.run([*command, *map(str, files.values())], capture_output=True, text=True, check=False)
    assert all((folder / "out" / path.name).exists() for path in files.values()), told.stderr
    return {name: opened(folder / "out" / path.name, values=True) for name, path in files.items()}


@pytest.mark.slow
def test_another_program_works_out_the_amounts_of_python(again: dict[str, openpyxl.Workbook]) -> None:
    for name, (_, _, wanted) in CASES.items():
        allocation = wanted()
        assert pence_in(again[name]) == pence_of(allocation), name
        bounds = {
            area: bound or "need" for area, bound in allocation.to_frame()[["area", "bound"]].itertuples(index=False)
        }
        assert amounts_in(again[name], "Decided by") == bounds, name


@pytest.mark.slow
def test_what_cannot_be_divided_is_told_and_not_shown(again: dict[str, openpyxl.Workbook]) -> None:
    for name, (_, words) in NO_WAY.items():
        assert words in again[name]["Amounts"]["A2"].value, name
        assert set(amounts_in(again[name]).values()) == {"[x]"}, name


@pytest.mark.slow
def test_no_formula_ends_in_an_error(again: dict[str, openpyxl.Workbook]) -> None:
    for name, book in again.items():
        for sheet in book:
            for line in sheet.iter_rows(values_only=True):
                wrong = [value for value in line if isinstance(value, str) and value.startswith("#")]
                assert not wrong, f"{name}: {sheet.title} {wrong}"


@pytest.mark.slow
def test_values_kept_beside_the_formulas_are_those_worked_out_again(
    again: dict[str, openpyxl.Workbook], written: Path
) -> None:
    kept = opened(written, values=True)
    for tab, cell in formulas_of(opened(written)):
        old, new = kept[tab][cell].value, again["as written"][tab][cell].value
        if isinstance(old, (int, float)):
            assert new == pytest.approx(old, rel=1e-9, abs=1e-6), f"{tab} {cell}"
        else:
            assert new == old, f"{tab} {cell}"
