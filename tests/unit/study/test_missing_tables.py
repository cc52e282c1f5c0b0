"""Extracts that cannot answer the question are refused before anything is linked, with the files nobody named."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dipeval.cohort import Cohort
from dipeval.errors import InputError
from dipeval.extracts import read_extracts
from dipeval.linkage import link
from dipeval.study import load
from dipeval.study.reading import parse_study
from dipeval.study.spec import StudySpec

EXAMPLE = Path(__file__).resolve().parents[3] / "data" / "example"


def spec(**changes: Any) -> StudySpec:
    tree: dict[str, Any] = {
        "title": "T",
        "question": "Q",
        "programme": "P",
        "data": {"source": "extracts", "folder": "extracts"},
        "outcomes": [
            {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
            {"name": "n_reoffences", "kind": "count", "label": "Reoffences"},
        ],
        "design": {"covariates": ["age_at_index"]},
    }
    return parse_study(tree | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "extracts")
    return tmp_path


def test_tables_that_are_missing_and_files_that_were_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "extracts" / "drug_tests.csv").rename(folder / "extracts" / "Custody Tests 2012.csv")
    (folder / "extracts" / "treatment.csv").unlink()
    monkeypatch.setattr("dipeval.linkage.link", lambda *_, **__: pytest.fail("linked"))
    with pytest.raises(InputError) as caught:
        load.prepare(spec(), folder)
    said = str(caught.value)
    assert "holds no drug_tests and no treatment" in said
    assert "Nothing was read from Custody Tests 2012.csv" in said
    assert '[data.tables.drug_tests] with file = "Custody Tests 2012.csv"' in said


def test_costs_without_spending(folder: Path) -> None:
    (folder / "extracts" / "spend.csv").unlink()
    assert "spend" not in load.load_extracts(spec(), folder).names
    with pytest.raises(InputError, match=r"holds no spend\..*take \[costs\] out"):
        load.load_extracts(spec(costs={}), folder)


def test_a_file_that_was_not_read_is_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "extracts" / "Prison 2012.csv").write_text("a,b\n")
    with caplog.at_level(logging.INFO, logger="dipeval"):
        load.load_extracts(spec(), folder)
    assert [line for line in caplog.messages if "not read" in line] == [
        "not read: 'Prison 2012.csv' is named after no table, nor named in the study file"
    ]


@pytest.mark.parametrize(("value", "who"), [(0, "Nobody"), (1, "Everybody")])
def test_a_cohort_of_one_group_says_what_to_look_at(value: int, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    extracts = read_extracts(EXAMPLE)

    def one_group(*args: Any, **options: Any) -> Cohort:
        from dipeval.cohort.build import build_cohort

        cohort = build_cohort(*args, **options)
        return replace(cohort, _people=cohort.people.assign(treated=value))

    monkeypatch.setattr("dipeval.cohort.build_cohort", one_group)
    with pytest.raises(InputError, match=f"{who} in the cohort started treatment within 42 days"):
        load.from_linkage(spec(), extracts, link(extracts))
