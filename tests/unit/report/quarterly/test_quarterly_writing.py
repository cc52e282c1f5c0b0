"""What is written for a quarterly study: page, tidy table, workbook, record, a page a district; nothing small."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.report.quarterly.rows import COLUMNS, _indicators
from dipeval.report.quarterly.write import folders, run_quarterly_report, write_quarterly_report

STUDY = """kind = "quarterly"
title = "A small area"
[data]
source = "simulate_areas"
[simulate_areas]
districts = 2
quarters = 6
people = 600
[indicators]
by = ["age_group"]
[disclosure]
profile = "threshold10"
[reports]
each_district = true
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study") / "pcc.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def result(study: Path) -> Any:
    return dip.QuarterlyReview.from_toml(study).run()


@pytest.fixture(scope="module")
def written(result: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_quarterly_report(result, tmp_path_factory.mktemp("out") / "pcc").parent


def test_what_is_no_quarterly_result_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"QuarterlyReview\.run\(\)"):
        write_quarterly_report(None, tmp_path / "out")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"path of a study file; it is a NoneType"):
        run_quarterly_report(None, tmp_path / "out")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_districts_whose_names_look_alike_have_folders_of_their_own() -> None:
    assert len(set(folders(["St. Helens", "St Helens", "ST HELENS"]).values())) == 3
    # A number can be part of a name, a name can be longer than a file system takes, and climb out of its folder.
    names = ["St Helens 2", "St Helens", "St. Helens", "x" * 300, "x" * 301, "../../etc", "\u7701", "\u770c"]
    made = folders(names)
    assert len(set(made.values())) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,90}", name) for name in made.values())
    assert folders(["Leeds", "Leeds"]) == {"Leeds": "leeds"}


@pytest.mark.slow
def test_everything_is_there_and_a_page_a_district(written: Path, result: Any) -> None:
    names = {str(path.relative_to(written)) for path in written.rglob("*") if path.is_file()}
    pages = {f"districts/{where}/report.html" for where in folders(list(result.districts)).values()}
    assert names == {"report.html", "results.csv", "quarterly.xlsx", "run.json"} | pages
    json.loads((written / "run.json").read_text(encoding="utf-8"))
    for page in pages:
        text = (written / page).read_text(encoding="utf-8")
        assert "<script" not in text
        assert re.search(r"<h1[^>]*>A small area: ", text)


@pytest.mark.slow
def test_the_tidy_table_holds_no_small_count(written: Path) -> None:
    with (written / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    assert {row["section"] for row in rows} >= {"entry", "onward", "change", "districts"}
    people = [row for row in rows if row["section"] in ("entry", "onward", "reoffending", "frequent", "districts")]
    for row in people:
        for name in ("numerator", "denominator"):
            if row[name] not in ("", "[c]") and row["unit"] != "of expected":
                assert float(row[name]) >= 10 or (float(row[name]) == 1.0 and row["unit"] in ("tests", "contacts")), row
                assert float(row[name]) % 5 == 0 or float(row[name]) == 1.0, row
    assert any(row["estimate"] == "[c]" for row in people)
    assert all(row["estimate"] in ("", "[c]") for row in rows if row["status"] == "withheld")


@pytest.mark.slow
def test_a_row_of_the_tidy_table_is_named_once_and_dated(written: Path) -> None:
    with (written / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [tuple(row[name] for name in ("section", "indicator", "district", "period", "dimension", "group"))
            for row in rows]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert "%" not in {row["unit"] for row in rows}
    quarters = {(row["period"], row["period_from"], row["period_to"]) for row in rows if "Q" in row["period"][:6]}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for _, *days in quarters for day in days)
    assert {days for label, *days_ in quarters if label == "2011-Q3" for days in [tuple(days_)]} == {
        ("2011-07-01", "2011-09-30")
    }


@pytest.mark.slow
def test_the_workbook_has_one_named_table_a_sheet_and_no_merged_cell(written: Path) -> None:
    book = openpyxl.load_workbook(written / "quarterly.xlsx")
    assert book.sheetnames[0] == "Cover"
    assert book.sheetnames[-1] == "Notes"
    for sheet in book.worksheets:
        assert not sheet.merged_cells.ranges
        assert len(sheet.tables) == (0 if sheet.title in ("Cover", "Notes") else 1)
        assert sheet["A1"].value


@pytest.mark.slow
def test_a_district_page_tells_nothing_that_the_whole_report_withholds(result: Any, written: Path) -> None:
    with (written / "results.csv").open(encoding="utf-8", newline="") as file:
        whole = {
            (row["indicator"], row["district"], row["period"], row["dimension"], row["group"]): row["estimate"]
            for row in csv.DictReader(file)
            if row["section"] not in ("change", "districts")
        }

    for name in result.districts:
        for row in _indicators(result.for_district(name)):
            key = tuple(row[part] for part in ("indicator", "district", "period", "dimension", "group"))
            assert row["estimate"] == whole[key]  # type: ignore[index]


@pytest.mark.slow
def test_the_same_study_gives_the_same_bytes(result: Any, written: Path, tmp_path: Path) -> None:
    again = write_quarterly_report(result, tmp_path / "again").parent
    for name in ("report.html", "results.csv", "quarterly.xlsx"):
        assert (again / name).read_bytes() == (written / name).read_bytes(), name
