"""`dipeval pseudonymise`: tables in, hashed tables out, and not a word of anybody or of the key."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pandas as pd
import pytest

import dipeval as dip
from dipeval.cli import main
from dipeval.extracts import write_extracts

SECRET = "b7c1f04e9a5d42837fe610c9d8a2b35c"
STUDY = """
title = "Test"
question = "Did it work?"
programme = "treatment"

[data]
source = "extracts"
folder = "extracts"
extract_date = 2016-03-31

[data.tables.drug_tests]
file = "custody.csv"

[data.tables.drug_tests.columns]
"DOB" = "date_of_birth"

[data.tables.treatment]
file = "ndtms.csv"

[[outcomes]]
name = "reoffended"
kind = "yes_no"
label = "Proven reoffence within 12 months"
primary = true

[design]
covariates = ["age_at_index", "female"]
"""


@pytest.fixture(scope="module")
def clear() -> dip.Extracts:
    return dip.simulate(people=80, seed=5)


@pytest.fixture
def folder(clear: dip.Extracts, tmp_path: Path) -> Path:
    write_extracts(clear, tmp_path / "police")
    (tmp_path / "key.txt").write_text(SECRET + "\n")
    return tmp_path


def run(folder: Path, *more: str, output: str = "sent", key: tuple[str, ...] = ()) -> int:
    chosen = key or ("--key-file", str(folder / "key.txt"))
    return main(["pseudonymise", str(folder / "police"), str(folder / output), *chosen, *more])


@pytest.mark.slow
def test_it_writes_what_the_function_makes_and_tells_nobody(
    folder: Path, clear: dip.Extracts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder) == 0
    spoken = capsys.readouterr()
    expected = dip.pseudonymise(dip.read_extracts(folder / "police"), key=dip.LinkageKey.from_file(folder / "key.txt"))
    sent = dip.read_extracts(folder / "sent")
    assert sent.key_fingerprint == expected.key_fingerprint
    for name in expected.names:
        pd.testing.assert_frame_equal(sent.table(name), expected.table(name))
    assert f"Key fingerprint: {sent.key_fingerprint}" in spoken.out
    assert "drug_tests.csv" in spoken.out
    assert f"up to {expected.extract_date.isoformat()}" in spoken.out
    assert spoken.err == ""
    everything = spoken.out + "".join(path.read_text() for path in (folder / "sent").iterdir())
    assert SECRET not in everything
    tests = clear.table("drug_tests")
    for name in ("surname", "postcode", "person_ref"):
        for value in tests[name].dropna():
            assert not re.search(rf"\b{re.escape(value)}\b", everything)
    assert sorted(path.name for path in folder.iterdir()) == ["key.txt", "police", "sent"]


def test_the_key_can_come_from_a_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGREED_KEY", SECRET)
    assert run(folder) == 0
    assert run(folder, output="again", key=("--key-variable", "AGREED_KEY")) == 0
    for path in (folder / "sent").iterdir():
        assert path.read_bytes() == (folder / "again" / path.name).read_bytes()


def test_the_study_file_says_how_the_files_differ(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    police = folder / "police"
    for path in police.iterdir():
        if path.name != "drug_tests.csv":
            path.unlink()
    text = (police / "drug_tests.csv").read_text()
    (police / "drug_tests.csv").unlink()
    (police / "custody.csv").write_text(text.replace("date_of_birth", "DOB", 1))
    (folder / "study.toml").write_text(STUDY)
    assert run(folder, "--study", str(folder / "study.toml")) == 0
    assert "not in this folder: ndtms.csv" in capsys.readouterr().out
    assert [path.name for path in (folder / "sent").iterdir()] == ["drug_tests.csv"]
    # Without the study file nothing of the mapping is known.
    assert run(folder, output="other") == 2
    assert not (folder / "other").exists()


def test_options(folder: Path) -> None:
    assert run(folder, "--hash-record-ids", "--without-age-and-sex") == 0
    tests = dip.read_extracts(folder / "sent").table("drug_tests")
    assert tests["record_id"].str.fullmatch("[0-9a-f]{32}").all()
    assert not {"sex", "age_at_test"} & set(tests.columns)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (("--key-file", "nowhere.txt"), "The key file cannot be read"),
        (("--key-file", SECRET), "The key file cannot be read"),
        (("--key-variable", SECRET), "environment variable of the key is not set"),
    ],
)
def test_a_key_that_is_not_there_stops_it(
    folder: Path, key: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, key=key) == 2
    spoken = capsys.readouterr()
    assert words in spoken.err
    assert SECRET not in spoken.out + spoken.err
    assert not (folder / "sent").exists()


def test_a_weak_key_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "key.txt").write_text("password12345678")
    assert run(folder) == 2
    assert "tried first" in capsys.readouterr().err


@pytest.mark.parametrize("typed", [["--key", SECRET], [f"--key={SECRET}"], ["--key"]])
def test_a_key_on_the_command_line_is_refused_unread(
    folder: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(folder, key=tuple(typed))
    spoken = capsys.readouterr()
    assert stopped.value.code == 2
    assert "never given on the command line" in spoken.err
    assert SECRET not in spoken.out + spoken.err


@pytest.mark.parametrize(
    "words",
    [
        ["pseudonymise", "police", "sent", "--key-file", "key.txt", SECRET],
        ["pseudonymise", "police", "sent", "--key-file", "key.txt", "--keyfile", SECRET],
        ["pseudonymise", "police", "sent", "--key-file", "key.txt", "--hash-record-ids=" + SECRET],
        ["--key", SECRET, "pseudonymise", "police", "sent"],
        [SECRET],
    ],
)
def test_a_key_typed_anywhere_is_not_repeated(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert SECRET not in said
    assert "(not repeated)" in said


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_a_key_file_that_others_may_open_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "Other users of this machine may open the key file"
    (folder / "key.txt").chmod(0o644)
    assert run(folder) == 0
    assert words in capsys.readouterr().out
    (folder / "key.txt").chmod(0o600)
    assert run(folder, output="again") == 0
    assert words not in capsys.readouterr().out


def test_nothing_is_overwritten_and_nothing_mixed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sent").mkdir()
    assert run(folder) == 2
    assert "is there already" in capsys.readouterr().err
    assert run(folder, output="police/sent") == 2
    assert "folder of the clear extracts" in capsys.readouterr().err
    assert run(folder, output="key.txt/sent") == 2
    assert main(["pseudonymise", str(folder / "none"), str(folder / "x"), "--key-file", str(folder / "key.txt")]) == 2
    assert not (folder / "x").exists()


def test_faulty_extracts_are_told_in_the_words_of_the_study_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "police" / "drug_tests.csv"
    path.write_text(path.read_text().replace("test_date", "Date of test", 1))
    assert run(folder) == 2
    said = capsys.readouterr().err
    assert "under [data.tables.drug_tests]" in said
    assert not (folder / "sent").exists()


def test_a_study_without_extracts_has_nothing_to_say(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = STUDY.replace('source = "extracts"', 'source = "simulate"').split("[data.tables", 1)
    rest = "[[outcomes]]" + text[1].split("[[outcomes]]", 1)[1]
    lines = [line for line in text[0].splitlines() if not line.startswith(("folder", "extract_date"))]
    (folder / "study.toml").write_text("\n".join(lines) + "\n" + rest)
    assert run(folder, "--study", str(folder / "study.toml")) == 2
    assert "no study of extracts" in capsys.readouterr().err
