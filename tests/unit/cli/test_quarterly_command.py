"""The command line on quarterly files: told apart from evaluations by themselves, written, checked, run."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import dipeval.report
from dipeval import cli
from dipeval.cli import main

HERE = files("dipeval.examples")
SMALL = """kind = "quarterly"
title = "Two districts"
[data]
source = "simulate_areas"
[simulate_areas]
districts = ["Leeds", "Wakefield"]
quarters = 4
people = 60
"""


@pytest.fixture
def pcc(tmp_path: Path) -> Path:
    path = tmp_path / "pcc.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_init_writes_the_quarterly_template_and_never_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "new"), "--quarterly"]) == 0
    target = tmp_path / "new" / "pcc.toml"
    assert target.read_bytes() == (HERE / "quarterly_template.toml").read_bytes()
    assert f"dipeval check {target}" in capsys.readouterr().out
    assert main(["init", str(tmp_path / "new"), "--quarterly"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["init", str(tmp_path / "new")]) == 0
    assert (tmp_path / "new" / "study.toml").is_file()


def test_check_tells_what_can_be_told_without_small_counts(pcc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(pcc)]) == 0
    said = capsys.readouterr().out
    assert "Districts: Leeds, Wakefield." in said
    assert "No indicator was counted." in said
    assert "Traceback" not in said


def test_check_tells_every_mistake_and_ends_with_2(pcc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pcc.write_text(SMALL + '[change]\nindicators = ["sen"]\n[benchmark]\nstrata = "sex"\n', encoding="utf-8")
    assert main(["check", str(pcc)]) == 2
    said = capsys.readouterr().err
    assert "2 mistakes" in said
    assert "line 10, change.indicators: there is no indicator 'sen'" in said


def test_run_reads_both_kinds_before_the_first_is_run(
    pcc: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Path] = []

    def run_report(study: Path, folder: Path, **_: Any) -> Path:
        made.append(study)
        return folder / "report.html"

    for name in ("run_report", "run_quarterly_report"):
        monkeypatch.setattr(dipeval.report, name, run_report)
    rossi = pcc.with_name("rossi.toml")
    rossi.write_bytes((HERE / "rossi.toml").read_bytes())
    to = str(pcc.with_name("reports"))
    assert main(["run", str(pcc), str(rossi), "--to", to]) == 0
    assert made == [pcc, rossi]
    assert "[1/2] Two districts" in capsys.readouterr().out
    rossi.write_text('kind = "quarterly"\ntitle = "x"\n', encoding="utf-8")
    assert main(["run", str(pcc), str(rossi), "--to", to]) == 2
    assert made == [pcc, rossi]
    assert "data: this is missing" in capsys.readouterr().err


def test_compare_says_what_a_quarterly_file_is(pcc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(pcc), str(pcc), "--to", str(pcc.with_name("out"))]) == 2
    assert "this is the file of a quarterly report" in capsys.readouterr().err


def test_the_demo_has_a_quarterly_example() -> None:
    assert "west_yorkshire_quarterly.toml" in cli.EXAMPLES
    assert cli._read(HERE / "west_yorkshire_quarterly.toml").spec.title.endswith("quarterly report")  # type: ignore[arg-type]


def test_pseudonymise_takes_the_names_of_files_from_a_quarterly_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'kind = "quarterly"\ntitle = "x"\n[data]\nsource = "extracts"\nfolder = "in"\nextract_date = 2011-12-31\n'
    text += '[data.tables.drug_tests]\nfile = "tests.csv"\n'
    (tmp_path / "pcc.toml").write_text(text, encoding="utf-8")
    mapped = cli._as_in_the_study(tmp_path / "pcc.toml", tmp_path)
    assert mapped["mapping"].files == {"drug_tests": "tests.csv"}
    assert mapped["data_status"] == "personal"
