"""A study on pseudonymised files, from the sender's command to the report: nobody and no key is in anything written."""

from __future__ import annotations

import io
import json
import logging
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import dipeval as dip
from dipeval.cli import main
from dipeval.extracts import write_extracts
from dipeval.report.execute import run_in_process
from dipeval.report.notebooks import assemble
from dipeval.report.write import _report_names
from dipeval.study import StudyResult

pytestmark = pytest.mark.slow  # a whole study, linked twice

SECRET = "b7c1f04e9a5d42837fe610c9d8a2b35c"
STUDY = """
title = "Files sent under pseudonyms"
question = "Did it work?"
programme = "treatment"

[data]
source = "extracts"
folder = "sent"
status = "personal"
extract_date = 2016-03-31

[[outcomes]]
name = "reoffended"
kind = "yes_no"
label = "Proven reoffence within 12 months"
primary = true

[design]
method = "entropy"
covariates = ["age_at_index", "female", "log_prior_offences_5y", "tested_opiates"]
"""


@dataclass(frozen=True)
class Everything:
    """What a run leaves behind: its result, the folder, and the text of every artefact by name."""

    clear: dip.Extracts
    result: StudyResult
    texts: dict[str, str]


def _unmistakable(extracts: dip.Extracts) -> dip.Extracts:
    """Names that no other word can be; the initials, and who is called alike, stay as they are."""
    tables = {name: extracts.table(name) for name in extracts.names}
    for table in tables.values():
        for column in ("forename", "surname"):
            if column in table:
                table[column] = table[column].str[0] + "qzx" + table[column].str[1:]
    return dip.make_extracts(tables, extract_date=extracts.extract_date, data_status="simulated")


def _run(folder: Path) -> tuple[StudyResult, str]:
    spoken, logger = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(spoken)
    logger.addHandler(handler)
    level = logging.getLogger("dipeval").level
    logging.getLogger("dipeval").setLevel(logging.DEBUG)
    try:
        with redirect_stdout(spoken), redirect_stderr(spoken):
            key = str(folder / "secret" / "key.txt")
            assert main(["pseudonymise", str(folder / "clear"), str(folder / "work" / "sent"), "--key-file", key]) == 0
            assert main(["check", str(folder / "work" / "study.toml")]) == 0
            result = dip.Study.from_toml(folder / "work" / "study.toml").run()
            dip.write_report(result, folder / "work" / "report")
            notebook = run_in_process(assemble(), {"result": result, "data_folder": "", **_report_names()})
    finally:
        logging.getLogger("dipeval").setLevel(level)
        logger.removeHandler(handler)
    (folder / "work" / "executed.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    return result, spoken.getvalue()


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Everything:
    folder = tmp_path_factory.mktemp("agencies")
    clear = _unmistakable(dip.simulate(people=700, seed=3))
    write_extracts(clear, folder / "clear")
    (folder / "secret").mkdir()
    (folder / "secret" / "key.txt").write_text(SECRET + "\n")
    (folder / "work").mkdir()
    (folder / "work" / "study.toml").write_text(STUDY)
    result, spoken = _run(folder)
    files = [path for path in (folder / "work").rglob("*") if path.is_file()]
    texts = {str(path.relative_to(folder / "work")): path.read_text(encoding="utf-8") for path in files}
    texts |= {"what was said and logged": spoken}
    texts |= {f"repr of {type(one).__name__}": repr(one) for one in (result, result.linkage, result.cohort)}
    return Everything(clear=clear, result=result, texts=texts)


def _values(clear: dip.Extracts, *columns: str) -> set[str]:
    tables = [clear.table(name) for name in clear.names]
    found = [table[column].dropna() for table in tables for column in columns if column in table]
    return {str(value) for values in found for value in values.unique()}


def _words(everything: Everything, pattern: str) -> dict[str, set[str]]:
    # Pictures are text too, but of no language.
    plain = {
        name: re.sub(r"data:image[^\"\\]*|\"image/png\": \"[^\"]*\"", " ", text)
        for name, text in everything.texts.items()
    }
    return {name: {word.upper() for word in re.findall(pattern, text)} for name, text in plain.items()}


def test_what_is_searched_is_what_was_made(everything: Everything) -> None:
    made = set(everything.texts)
    for name in (
        "sent/drug_tests.csv",
        "report/report.html",
        "report/run.json",
        "report/results.csv",
        "executed.ipynb",
    ):
        assert name in made
    assert "pseudonymised drug_tests" in everything.texts["what was said and logged"]
    assert "Key fingerprint" in everything.texts["what was said and logged"]
    assert len(_values(everything.clear, "surname")) > 200


def test_the_key_is_nowhere(everything: Everything) -> None:
    for name, text in everything.texts.items():
        for spelt in (SECRET, SECRET.upper(), SECRET.encode().hex()):
            assert spelt not in text, name


def test_no_name_is_anywhere(everything: Everything) -> None:
    names = {name.upper() for name in _values(everything.clear, "forename", "surname")}
    assert all("QZX" in name for name in names)
    for where, text in _words(everything, r"qzx|QZX").items():
        assert not text, where


def test_no_date_of_birth_is_anywhere(everything: Everything) -> None:
    births = pd.to_datetime(sorted(_values(everything.clear, "date_of_birth")))
    births = births[births < "2000-01-01"]
    spelt = {day.strftime(form).upper() for day in births for form in ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d %B %Y")}
    assert len(births) > 500
    for where, words in _words(
        everything, r"\b\d{4}-\d\d-\d\d\b|\b\d\d/\d\d/\d{4}\b|\b\d{8}\b|\b\d\d \w+ \d{4}\b"
    ).items():
        assert not words & spelt, where


def test_no_postcode_is_anywhere(everything: Everything) -> None:
    codes = {code.replace(" ", "").upper() for code in _values(everything.clear, "postcode", "postcode_sector")}
    pattern = r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]{1,2}\d[A-Z\d]? \d\b"
    for where, words in _words(everything, pattern).items():
        assert not {word.replace(" ", "") for word in words} & codes, where


def test_no_number_of_a_person_is_anywhere(everything: Everything) -> None:
    numbers = {number.upper() for number in _values(everything.clear, "person_ref", "client_ref", "pnc_id")}
    assert len(numbers) > 700
    for where, words in _words(everything, r"[\w/-]+").items():
        assert not words & numbers, where


def test_the_run_records_the_fingerprint_of_the_key(everything: Everything) -> None:
    run = json.loads(everything.texts["report/run.json"])
    prints = {item["name"]: item["key_fingerprint"] for item in run["inputs"] if "key_fingerprint" in item}
    assert set(prints.values()) == {everything.result.files[0].key_fingerprint}
    assert "spend" not in prints
    assert "drug_tests" in prints
    assert prints["drug_tests"] in everything.texts["what was said and logged"]


def test_the_study_gives_an_answer_and_says_what_the_ages_rest_on(everything: Everything) -> None:
    assert not everything.result.withheld
    assert everything.result.effects
    assert "age_at_test in place of the date of birth" in everything.texts["report/report.html"]
