"""The command line: quick help, sentences on standard error, statuses, and nothing half written."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import dipeval.report
from dipeval import cli
from dipeval.errors import ReportError

HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "duckdb", "splink", "pydantic", "sklearn")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dipeval.cli", *arguments], capture_output=True, text=True, timeout=120
    )


def study(folder: Path, name: str = "rossi") -> Path:
    target = folder / f"{name}.toml"
    target.write_bytes((files("dipeval.examples") / f"{name}.toml").read_bytes())
    return target


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch):
    made: list[Path] = []

    def fake(study_file: Path, folder: Path, *, progress) -> Path:
        progress("working")
        made.append(Path(study_file))
        return Path(folder) / Path(study_file).stem / "report.html"

    for name in ("run_report", "run_quarterly_report"):
        monkeypatch.setattr(dipeval.report, name, fake)
    return made


@pytest.mark.parametrize("words", ["import dipeval", "import dipeval.cli", "--help"])
def test_nothing_heavy_is_imported(words: str) -> None:
    start = (
        words
        if words.startswith("import")
        else "from dipeval import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass"
    )
    code = f"import sys\n{start}\nprint('LOADED', [m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().endswith("LOADED []"), done.stdout + done.stderr


def test_version_and_help() -> None:
    assert run("--version").stdout.startswith("dipeval ")
    shown = run("--help").stdout
    assert all(command in shown for command in ("demo", "init", "check", "run"))


def test_a_study_with_three_typos_ends_with_status_2_and_no_traceback(tmp_path: Path) -> None:
    path = study(tmp_path)
    text = (
        path.read_text()
        .replace("method =", "metod =", 1)
        .replace("max_smd", "max_smdd")
        .replace("[people]", "[poeple]")
    )
    path.write_text(text)
    done = run("run", str(path), "--to", str(tmp_path / "reports"))
    assert done.returncode == 2
    assert "3 mistakes" in done.stderr
    assert done.stderr.count("did you mean") == 3
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "reports").exists()


def test_a_mistake_in_the_last_study_stops_before_the_first_is_run(tmp_path: Path, reports, capsys) -> None:
    good, bad = study(tmp_path), tmp_path / "bad.toml"
    bad.write_text("title = 3\n")
    assert cli.main(["run", str(good), str(bad)]) == 2
    assert reports == []
    assert "bad.toml" in capsys.readouterr().err


def test_run_names_the_reports(tmp_path: Path, reports, capsys) -> None:
    assert cli.main(["run", str(study(tmp_path)), "--to", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "[1/1] Maryland financial aid experiment" in shown
    assert "      working" in shown
    assert shown.rstrip().endswith(str(tmp_path / "out" / "rossi" / "report.html"))


def test_two_studies_of_one_name_are_refused(tmp_path: Path, reports, capsys) -> None:
    (tmp_path / "b").mkdir()
    assert cli.main(["run", str(study(tmp_path)), str(study(tmp_path / "b"))]) == 2
    assert "same name" in capsys.readouterr().err
    assert reports == []


def test_demo_copies_the_examples_and_runs_them_all(tmp_path: Path, reports, capsys) -> None:
    assert cli.main(["demo", str(tmp_path / "demo")]) == 0
    assert [path.name for path in reports] == list(cli.EXAMPLES)
    assert all((tmp_path / "demo" / name).is_file() for name in cli.EXAMPLES)
    shown = capsys.readouterr().out
    assert "Reports:" in shown
    assert shown.count("report.html") == len(cli.EXAMPLES)


def test_init_writes_a_template_and_never_over_a_file(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "new"
    assert cli.main(["init", str(folder)]) == 0
    written = folder / "study.toml"
    assert "# A study file." in written.read_text()
    written.write_text("mine")
    assert cli.main(["init", str(folder)]) == 2
    assert written.read_text() == "mine"
    assert "left as it is" in capsys.readouterr().err
    assert cli.main(["init", str(written)]) == 2


def test_check_prints_the_design_and_no_outcome(tmp_path: Path, capsys) -> None:
    assert cli.main(["check", str(study(tmp_path))]) == 0
    shown = capsys.readouterr().out
    for words in ("Who would be compared", "Overlap", "Balance", "Checks before the outcome", "percentage points"):
        assert words in shown
    assert shown.rstrip().endswith("No outcome was looked at.")


def test_a_report_that_cannot_be_made_and_an_interruption(tmp_path: Path, monkeypatch, capsys) -> None:
    def stops(error: BaseException):
        def fake(*_: object, **__: object) -> Path:
            raise error

        monkeypatch.setattr(dipeval.report, "run_report", fake)
        return cli.main(["run", str(study(tmp_path))])

    assert stops(ReportError("Cell 3 failed.")) == 1
    assert stops(KeyboardInterrupt()) == 130
    assert "Interrupted" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        stops(ZeroDivisionError())
