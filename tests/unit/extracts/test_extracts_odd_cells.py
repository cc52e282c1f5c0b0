"""Cells that no file could hold, tables cut off in the middle, and that nothing in between shows what it holds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dipeval.errors import ExtractError
from dipeval.extracts import make_extracts, read_extracts
from dipeval.extracts.assembling import Assembled
from dipeval.extracts.faults import mask
from dipeval.extracts.finding import Source
from dipeval.extracts.mapping import ExtractMapping
from dipeval.extracts.parsing import ParsedColumn, as_text, clean_text, parse_column
from dipeval.extracts.raw import read_raw
from dipeval.extracts.tables import TABLES
from dipeval.extracts.writing import write_extracts


def deaths(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"record_id": ["1", "2"], "pnc_id": ["07", "08"], "death_date": ["2024-03-01"] * 2} | columns)


@pytest.mark.parametrize("cell", [["Secretname"], {"Secretname": 1}, {"Secretname"}])
def test_lists_are_a_fault_and_no_crash(cell: object) -> None:
    with pytest.raises(ExtractError, match="column surname: has cells that hold a list") as caught:
        make_extracts({"deaths": deaths(surname=pd.Series([cell, "Jones"], dtype=object))})
    assert "Secretname" not in str(caught.value)


def test_broken_letters_are_a_fault_and_no_crash() -> None:
    with pytest.raises(ExtractError, match="column surname: has text with broken letters") as caught:
        make_extracts({"deaths": deaths(surname=["Secretname\ud800", "Jones"])})
    assert "Secretname" not in str(caught.value)


def test_bytes_are_the_text_they_hold() -> None:
    assert as_text(pd.Series([b"Ann", "Zo\u00eb".encode(), None], dtype=object)).tolist() == ["Ann", "Zo\u00eb", None]


def test_a_parquet_file_with_a_column_of_lists_is_read_without_it(tmp_path: Path) -> None:
    deaths().assign(tags=[["a", "b"], []]).to_parquet(tmp_path / "deaths.parquet")
    assert read_extracts(tmp_path).table("deaths").columns.tolist() == ["record_id", "pnc_id", "death_date"]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_half_a_table_is_not_left_in_a_hidden_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    def cut_off(_: pd.DataFrame, path: Path, **__: object) -> None:
        path.write_text("record_id,pnc_id\n1,07")
        raise OSError(28, "No space left on device")

    extracts = make_extracts({"deaths": deaths()})
    monkeypatch.setattr(pd.DataFrame, f"to_{format}", cut_off)
    with pytest.raises(OSError, match="No space left"):
        write_extracts(extracts, tmp_path, format=format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["\u0938\u0940\u0924\u093e", "Zoe\u0301", "\u202eSmith", "\U0001f600"])
def test_a_pattern_shows_no_sign_of_any_script(name: str) -> None:
    assert mask(name).isascii()


def test_what_holds_cells_does_not_show_them(tmp_path: Path) -> None:
    (tmp_path / "deaths.csv").write_text("record_id,pnc_id,surname,death_date\n1,07,Secretname,2024-03-01\n")
    raw = read_raw(Source(table="deaths", path=tmp_path / "deaths.csv"), ExtractMapping())
    text = clean_text(pd.Series(["Secretname"]))
    parsed: ParsedColumn = parse_column(text, TABLES["deaths"].column("surname"), "deaths", ExtractMapping())
    table = Assembled(frame=deaths(surname=["Secretname"] * 2), faults=[], blanked=[])
    assert not any("Secretname" in repr(one) for one in (raw, parsed, table))
