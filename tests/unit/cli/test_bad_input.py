"""Bad input from the keyboard: a sentence that says what to do, status 2, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from dipeval.cli import main

pytestmark = pytest.mark.slow  # a study begun anew for every fault

STUDY = """
title = "Test"
question = "Did it work?"
programme = "treatment"

[data]
source = "extracts"
folder = "extracts"

[[outcomes]]
name = "reoffended"
kind = "yes_no"
label = "Proven reoffence within 12 months"
primary = true

[design]
covariates = ["age_at_index", "female"]
"""
TESTS = "record_id,person_ref,forename,surname,date_of_birth,sex,district,test_date,result\n"
PERSON = "r1,p1,Aloysia,Zwingelspan,03/04/1981,female,Leeds,02/05/2012,opiates\n"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "extracts").mkdir()
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def _run(study: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the study; return what was said, having checked that it was said well."""
    target = study.parent / "reports"
    status = main(["run", str(study), "--to", str(target)])
    spoken = capsys.readouterr()
    everything = spoken.out + spoken.err
    assert status == 2, everything
    assert "Traceback" not in everything
    for value in ("Aloysia", "Zwingelspan", "1981", "zwingelspan"):
        assert value not in everything
    assert not list(target.rglob("*")) if target.exists() else True
    return spoken.err


def test_empty_file(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "extracts" / "drug_tests.csv").write_text("")
    assert "drug_tests.csv" in (said := _run(study, capsys))
    assert "empty" in said


def test_missing_column(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "extracts" / "drug_tests.csv").write_text((TESTS + PERSON).replace("test_date", "when"))
    said = _run(study, capsys)
    assert "drug_tests.csv" in said
    assert "test_date" in said


def test_wrong_encoding(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = TESTS + PERSON.replace("Aloysia", "Aloÿsia")
    (study.parent / "extracts" / "drug_tests.csv").write_bytes(text.encode("utf-16"))
    said = _run(study, capsys)
    assert "drug_tests.csv" in said
    assert "UTF-8" in said


def test_pdf_named_csv(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "extracts" / "drug_tests.csv").write_bytes(b"%PDF-1.7\n1 0 obj << /Type /Catalog >>\n%%EOF")
    said = _run(study, capsys)
    assert "drug_tests.csv" in said
    assert "PDF" in said


def test_study_file_with_three_typos(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study.write_text(
        STUDY.replace("programme =", "program =").replace("covariates", "covariats").replace("primary", "primry")
    )
    said = _run(study, capsys)
    for typo, meant in (("program", "programme"), ("covariats", "covariates"), ("primry", "primary")):
        assert typo in said
        assert meant in said


def test_everybody_tests_negative(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "extracts" / "drug_tests.csv").write_text(TESTS + PERSON.replace("opiates", "negative"))
    assert _run(study, capsys)


def test_one_person(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "extracts" / "drug_tests.csv").write_text(TESTS + PERSON)
    assert _run(study, capsys)


def test_no_such_file_and_no_such_folder(study: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["run", str(tmp_path / "absent.toml")]) == 2
    assert "absent.toml" in capsys.readouterr().err
    study.write_text(STUDY.replace('folder = "extracts"', 'folder = "nowhere"'))
    assert "nowhere" in _run(study, capsys)
