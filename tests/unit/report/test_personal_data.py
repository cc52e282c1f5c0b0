"""A study on data declared personal: every count in every deliverable is rounded or withheld, and no value leaks."""

from __future__ import annotations

import csv
import logging
import re
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import dipeval as dip
from dipeval.extracts import write_extracts
from dipeval.study import StudyResult

pytestmark = pytest.mark.slow  # a whole study on extracts, linked anew, many times over

STUDY = """
title = "A force's own data"
question = "Did it work?"
programme = "treatment"

[data]
source = "extracts"
folder = "extracts"
status = "personal"
extract_date = 2016-03-31

[[outcomes]]
name = "reoffended"
kind = "yes_no"
label = "Proven reoffence within 12 months"
primary = true

[[outcomes]]
name = "n_reoffences"
kind = "count"
label = "Number of proven reoffences within 12 months"

[[outcomes]]
name = "time_to_reoffence"
kind = "time"
label = "Time to the first proven reoffence"
time = "time_days"
event = "event"

[design]
method = "entropy"
covariates = ["age_at_index", "female", "log_prior_offences_5y", "tested_opiates"]

[costs]
spent_on = ["treatment"]
"""
COUNT_HEADINGS = {"People", "Records", "People in the file", "People left", "Left out here"}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    folder = tmp_path_factory.mktemp("force")
    extracts = dip.simulate(people=700, seed=3)
    (folder / "extracts").mkdir()
    write_extracts(extracts, folder / "extracts")
    (folder / "study.toml").write_text(STUDY)
    return dip.Study.from_toml(folder / "study.toml").run()


@pytest.fixture(scope="module")
def html(result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = dip.write_report(result, tmp_path_factory.mktemp("out") / "report")
    return path.read_text(encoding="utf-8")


def _may_be_shown(cell: str) -> bool:
    if cell in ("[c]", "[z]", ""):
        return True
    number = float(cell.replace(",", ""))
    return number >= 10 and number % 5 == 0


def test_the_study_ran_and_found_something(result: StudyResult) -> None:
    assert not result.withheld
    assert result.rule.protects


def test_every_count_in_the_tables_is_rounded_or_withheld(html: str) -> None:
    checked = 0
    for table in BeautifulSoup(html, "html.parser").find_all("table"):
        headings = [cell.get_text() for cell in table.select("thead th")]
        for row in table.select("tbody tr"):
            cells = [cell.get_text() for cell in row.find_all(["th", "td"])]
            for heading, cell in zip(headings, cells, strict=True):
                if heading in COUNT_HEADINGS:
                    assert _may_be_shown(cell), f"{heading}: a count left unprotected"
                    checked += 1
    assert checked > 20


def test_every_count_in_the_prose_is_rounded(html: str) -> None:
    text = re.sub(r"<table>.*?</table>|<style>.*?</style>|data:image[^\"]*", " ", html, flags=re.DOTALL)
    found = re.findall(r"(\d[\d,]*) (?:of (\d[\d,]*) )?(?:treated people|pairs|people \()", text)
    numbers = [number for pair in found for number in pair if number]
    assert numbers
    assert all(_may_be_shown(number) for number in numbers if number != "100")


def test_the_tidy_file_is_protected_too(result: StudyResult, tmp_path: Path) -> None:
    path = dip.write_report(result, tmp_path / "report").with_name("results.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 30
    assert all(_may_be_shown(row["n"]) for row in rows)


def _text_of(file: Path) -> str:
    """All that can be read out of a file; a workbook is pages of text, zipped."""
    if file.suffix != ".xlsx":
        return file.read_text(encoding="utf-8")
    with zipfile.ZipFile(file) as book:
        return "\n".join(book.read(name).decode("utf-8") for name in book.namelist())


def test_no_name_and_no_record_number_is_in_any_deliverable(result: StudyResult, tmp_path: Path) -> None:
    folder = dip.write_report(result, tmp_path / "report").parent
    extracts = dip.simulate(people=700, seed=3)
    tests = extracts.table("drug_tests")
    secrets = {*tests["record_id"].head(50), *tests["person_ref"].head(50), *result.cohort.people.index[:50]}
    secrets |= {str(name) for name in tests["surname"].head(100) if len(str(name)) > 6}
    for file in folder.iterdir():
        text = _text_of(file)
        assert len(text) > 100
        assert not [secret for secret in secrets if re.search(rf"\b{re.escape(str(secret))}\b", text)], file.name


def test_nothing_personal_is_logged(result: StudyResult, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = {str(name) for name in dip.simulate(people=700, seed=3).table("drug_tests")["surname"].head(200)}
    with caplog.at_level(logging.DEBUG):
        dip.Study.from_toml(result.study_file.path).check()
    assert caplog.records
    said = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("dipeval"))
    assert not [name for name in names if len(name) > 4 and re.search(rf"\b{re.escape(name)}\b", said)]


def test_records_that_were_set_aside_are_shown(tmp_path: Path) -> None:
    extracts = dip.simulate(people=400, seed=4)
    (tmp_path / "extracts").mkdir()
    write_extracts(extracts, tmp_path / "extracts")
    offences = tmp_path / "extracts" / "offences.csv"
    lines = offences.read_text(encoding="utf-8").splitlines(keepends=True)
    broken = [line.replace(",male,", ",mole,", 1) if number < 60 else line for number, line in enumerate(lines)]
    offences.write_text("".join(broken), encoding="utf-8")
    text = STUDY.replace('status = "personal"', 'status = "personal"\non_error = "drop_and_count"')
    (tmp_path / "study.toml").write_text(text)
    path = dip.write_report(dip.Study.from_toml(tmp_path / "study.toml").run(), tmp_path / "report")
    tables = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find_all("table")
    aside = next(table for table in tables if table.caption.get_text() == "Records set aside or mended")
    assert "Offences" in aside.get_text()
