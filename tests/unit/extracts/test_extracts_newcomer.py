"""What newcomers pass by mistake, and placeholders in files whose years have two digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import ExtractError, InputError
from dipeval.extracts import ExtractMapping, make_extracts, read_extracts, write_extracts

DEATHS = pd.DataFrame({"record_id": ["1"], "pnc_id": ["07"], "death_date": ["2024-03-01"]})


@pytest.mark.parametrize("birth", ["01/01/1900", "1900-01-01", "31/12/9999"])
def test_placeholders_are_known_whatever_the_formats(tmp_path: Path, birth: str) -> None:
    rows = f"1,A,B,{birth},male,31/01/12\n2,C,D,05/06/71,female,01/02/12\n"
    (tmp_path / "deaths.csv").write_text("record_id,forename,surname,date_of_birth,sex,death_date\n" + rows)
    births = read_extracts(tmp_path, ExtractMapping(date_formats={"deaths": ["%d/%m/%y"]})).table("deaths")
    assert births["date_of_birth"].isna().tolist() == [True, False]
    assert births["death_date"].dt.year.tolist() == [2012, 2012]


@pytest.mark.parametrize(
    "setting",
    [
        {"missing_values": "NULL"},
        {"date_formats": "%d/%m/%Y"},
        {"files": ["a.csv"]},
        {"columns": {"DOB": "date_of_birth"}},
        {"codes": {"drug_tests": {"sex": "male"}}},
        {"encodings": "cp1252"},
        {"header_rows": 3},
        {"two_digit_year_pivot": "15"},
        {"placeholder_births": "1970-01-01"},
    ],
)
def test_settings_of_the_wrong_shape_are_sentences(setting: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(setting))} must be"):
        ExtractMapping(**setting)


def test_a_mapping_and_a_folder_are_what_they_should_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mapping must be an ExtractMapping\(...\); it is a dict"):
        read_extracts(tmp_path, {"files": {}})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="it is a NoneType"):
        read_extracts(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("tables", [[DEATHS], DEATHS, {"deaths": [1, 2]}, None])
def test_tables_are_frames_by_name(tables: Any) -> None:
    with pytest.raises(InputError, match="tables must be DataFrames by name"):
        make_extracts(tables)


def test_a_folder_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="'file' is a file"):
        write_extracts(make_extracts({"deaths": DEATHS}), tmp_path / "file" / "inside")


def test_a_file_that_is_named_and_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="Put it into the folder, or correct its name"):
        read_extracts(tmp_path, ExtractMapping(files={"deaths": "gone.csv"}))
