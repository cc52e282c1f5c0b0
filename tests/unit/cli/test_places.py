"""Folders that cannot be used and runs that meet: a sentence, status 2, nothing half written."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import dipeval.report
from dipeval import cli
from dipeval.cli import main

ROSSI = (files("dipeval.examples") / "rossi.toml").read_text(encoding="utf-8")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "rossi.toml"
    path.write_text(ROSSI, encoding="utf-8")
    return path


def _refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 2
    spoken = capsys.readouterr()
    assert "Traceback" not in spoken.out + spoken.err
    return spoken.err


@pytest.mark.parametrize("command", ["init", "demo", "run"])
def test_a_folder_inside_a_file(command: str, study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inside = str(study / "reports")
    words = ["run", str(study), "--to", inside] if command == "run" else [command, inside]
    said = _refused(capsys, *words)
    assert "is a file; name a folder" in said


@pytest.mark.parametrize("command", ["init", "demo", "run"])
def test_a_folder_that_may_not_be_written(
    command: str, study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    target = study.parent / "new"
    words = ["run", str(study), "--to", str(target)] if command == "run" else [command, str(target)]
    assert "Nothing may be written" in _refused(capsys, *words)
    assert not target.exists()


def test_a_disk_that_fills_up(study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dipeval.report, "run_report", full)
    said = _refused(capsys, "run", str(study), "--to", str(study.parent / "out"))
    assert "No space left on device" in said
    assert "unchanged" in said
    assert not list((study.parent / "out").iterdir())


def test_a_fault_of_ours_keeps_its_traceback(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Path:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(dipeval.report, "run_report", broken)
    with pytest.raises(OSError, match="Bad file"):
        main(["run", str(study), "--to", str(study.parent / "out")])


def test_a_second_run_of_the_same_report_is_told_to_wait(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fcntl")
    target = study.parent / "out"
    said: list[str] = []

    def first(*_: object, **__: object) -> Path:
        if not said:
            said.append("first")
            code = [sys.executable, "-m", "dipeval.cli", "run", str(study), "--to", str(target)]
            second = subprocess.run(code, capture_output=True, text=True, timeout=120)
            said.append(f"{second.returncode} {second.stderr}")
        return target / "report.html"

    monkeypatch.setattr(dipeval.report, "run_report", first)
    assert main(["run", str(study), "--to", str(target)]) == 0
    assert said[1].startswith("2 dipeval: Another run is writing the report 'rossi'")
    assert "Traceback" not in said[1]
    assert list(target.iterdir()) == []


def test_every_mistake_of_the_last_study_is_found_before_the_first_is_run(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = study.parent / "other.toml"
    text = (files("dipeval.examples") / "template.toml").read_text(encoding="utf-8")
    other.write_text(text.replace('"copas_rate"', '"copas"'), encoding="utf-8")
    assert "did you mean 'copas_rate'?" in _refused(capsys, "run", str(study), str(other))
    assert capsys.readouterr().out == ""


def test_init_says_the_next_command_as_it_has_to_be_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "étude 1"]) == 0
    assert "dipeval check 'étude 1/study.toml'" in capsys.readouterr().out


def test_a_terminal_of_few_letters_keeps_the_minus_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    cli._speak_plainly()
    print("−0.077 é – ≥", flush=True)
    monkeypatch.undo()  # before the stream is closed
    assert written.getvalue().decode("cp1252").rstrip() == "-0.077 é – ?"


def test_output_that_nobody_reads_to_the_end_is_no_traceback(study: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    code = [sys.executable, "-m", "dipeval.cli", "check", str(study)]
    done = subprocess.run(code, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == ""


def test_a_request_to_end_is_an_interruption(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object, **__: object) -> Path:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("not stopped")

    monkeypatch.setattr(dipeval.report, "run_report", ended)
    target = study.parent / "out"
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(logging.getLogger("asyncio"), "disabled", False)
    assert main(["run", str(study), "--to", str(target)]) == 130
    assert "unchanged" in capsys.readouterr().err
    assert list(target.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before
    assert logging.getLogger("asyncio").disabled, "a traceback of the kernel's task would follow the sentence"
