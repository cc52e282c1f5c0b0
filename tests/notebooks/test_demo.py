"""The README's first command, and that the same study gives the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUARTERLY = "west-yorkshire-quarterly"
EXAMPLES = ("north-carolina", "rossi", QUARTERLY, "west-yorkshire-simulated", "withheld-example")
# The one with an answer in pounds has it as a workbook too, and so have the quarter's figures and its formulas.
WITH_MONEY = "west-yorkshire-simulated"
WORKBOOKS = {
    WITH_MONEY: {"scenarios.xlsx"},
    QUARTERLY: {"quarterly.xlsx", "funding.xlsx", "testing_funding.xlsx"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """`make report` in this checkout, its reports moved aside; without make, the command it is one line round."""
    place = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dipeval"), "demo", str(place)], capture_output=True, text=True, check=False
    )
    return place, done


@pytest.mark.slow
def test_make_report_runs_and_names_the_reports() -> None:
    environment = {**os.environ, "MAKEFLAGS": ""}
    done = subprocess.run(["make", "report"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in EXAMPLES:
        assert (ROOT / "reports" / name / "report.html").exists()
        assert f"{name}/report.html" in done.stdout.split("Reports:")[1]


@pytest.mark.slow
def test_the_demo_shows_progress_and_leaves_whole_folders(made: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    place, done = made
    assert done.returncode == 0, done.stderr
    assert "[3/5]" in done.stdout
    assert done.stdout.count("\n      ") > 10
    for name in EXAMPLES:
        expected = {"report.html", "results.csv", "run.json"} | WORKBOOKS.get(name, set())
        assert {path.name for path in (place / name).iterdir()} == expected
    assert not [path.name for path in place.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_two_runs_with_one_seed_give_the_same_bytes(
    made: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    again = subprocess.run(
        [str(Path(sys.executable).parent / "dipeval"), "demo", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    for name in EXAMPLES:
        for file in ("report.html", "results.csv"):
            assert (made[0] / name / file).read_bytes() == (tmp_path / name / file).read_bytes(), f"{name}/{file}"
    for name, files in WORKBOOKS.items():
        for file in files:
            assert (made[0] / name / file).read_bytes() == (tmp_path / name / file).read_bytes(), f"{name}/{file}"


@pytest.mark.slow
def test_deliverables_hold_no_clock_time_and_no_path(made: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    for name in EXAMPLES:
        record = json.loads((made[0] / name / "run.json").read_text())
        assert len(record["study"]["sha256"]) == 64
        for file in ("report.html", "results.csv", "run.json"):
            text = (made[0] / name / file).read_text(encoding="utf-8")
            assert str(made[0]) not in text
            assert str(ROOT) not in text
    for folder, files in WORKBOOKS.items():
        for file in files:
            with zipfile.ZipFile(made[0] / folder / file) as book:
                text = "".join(book.read(name).decode("utf-8") for name in book.namelist())
            assert str(made[0]) not in text
            assert str(ROOT) not in text
