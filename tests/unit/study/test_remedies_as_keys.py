"""Faults of the extracts tell the evaluator which key of the study file to write, not which Python argument."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dipeval.errors import ExtractError
from dipeval.study.load import load_extracts
from dipeval.study.reading import parse_study
from dipeval.study.rules import extract_mapping
from dipeval.study.wording import as_study_keys

TREE = {
    "title": "T",
    "question": "Q",
    "programme": "P",
    "data": {"source": "extracts", "folder": "."},
    "outcomes": [{"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True}],
    "design": {"covariates": ["age_at_index"]},
}


@pytest.mark.parametrize(
    ("python", "wanted"),
    [
        ("files={'deaths': 'my file.csv'}", {"file": "my file.csv"}),
        ("columns={'deaths': {'D.O.B.': 'date_of_birth'}}", {"columns": {"D.O.B.": "date_of_birth"}}),
        ("codes={'deaths': {'sex': {'1': 'male'}}}", {"codes": {"sex": {"1": "male"}}}),
        ("encodings={'deaths': 'cp1252'}", {"encoding": "cp1252"}),
        ("header_rows={'deaths': 3}", {"header_row": 3}),
    ],
)
def test_every_remedy_becomes_a_key_that_is_valid(python: str, wanted: dict[str, object]) -> None:
    key, place = as_study_keys(f"Say {python}.").removeprefix("Say ").split(" under ")
    assert place == "[data.tables.deaths]."
    assert tomllib.loads(key) == wanted


def test_a_sheet_is_a_key_of_its_own() -> None:
    said = as_study_keys("Name the sheet: files={'deaths': ('a.xlsx', 'name of the sheet')}.")
    assert said == 'Name the sheet: file = "a.xlsx" and sheet = "name of the sheet" under [data.tables.deaths].'


def test_what_cannot_be_taken_apart_stays_as_it_was() -> None:
    odd = "map it: columns={'deaths': {'Officer's date': 'death_date'}}."
    assert as_study_keys(odd) == odd


def test_the_faults_of_a_study_speak_of_the_study_file(tmp_path: Path) -> None:
    (tmp_path / "deaths.csv").write_bytes("record_id,pnc_id,death_date\n1,É,01/02/2012\n".encode("cp1252"))
    with pytest.raises(ExtractError, match=r'say encoding = "cp1252" under \[data.tables.deaths\]'):
        load_extracts(parse_study(TREE), tmp_path)


def test_the_example_in_the_documentation_is_a_mapping_that_works() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "extracts.md"
    (block,) = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    mapping = extract_mapping(parse_study(TREE | tomllib.loads(block)))
    assert mapping.files["treatment"] == ("ndtms.xlsx", "Episodes")
    assert mapping.header_rows == {"treatment": 3}
