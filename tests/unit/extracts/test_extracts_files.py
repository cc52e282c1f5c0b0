"""Faults of whole files: each a sentence that says what to do, and nothing is half read."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd
import pytest

from dipeval.errors import ExtractError, InputError
from dipeval.extracts import ExtractMapping, make_extracts, read_extracts, write_extracts

GOOD = "record_id,pnc_id,death_date\n1,007,31/01/2024\n"


def put(folder: Path, data: str | bytes, name: str = "deaths.csv") -> Path:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return folder


def fault_of(folder: Path, mapping: ExtractMapping | None = None) -> str:
    with pytest.raises(ExtractError) as caught:
        read_extracts(folder, mapping)
    assert caught.value.__context__ is None
    assert len(caught.value.faults) == 1, caught.value.faults
    return caught.value.faults[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "deaths.csv: is empty. Ask for it again"),
        (b"\xef\xbb\xbf \r\n", "deaths.csv: is empty"),
        (b"record_id,pnc_id,death_date\n", "deaths.csv: has headings but no rows"),
        (b"record_id,pnc_id,death_date\n,,\n\n", "deaths.csv: has headings but no rows"),
        (b"%PDF-1.4 ...", "deaths.csv: is a PDF document, though its name ends in .csv"),
        (b"PK\x03\x04....", "deaths.csv: is an Excel workbook (or another zip file), though its name ends in .csv"),
        (b"\xd0\xcf\x11\xe0....", "is an old or a password-protected Excel workbook"),
        (b"PAR1....", "is a Parquet file, though its name ends in .csv. Rename it to end in .parquet"),
        (GOOD.encode("utf-16"), "is not UTF-8 text: it looks like UTF-16"),
        (GOOD.encode("utf-16-le"), "is not UTF-8 text: it looks like UTF-16"),
        (GOOD.replace("007", "caf\xe9").encode("cp1252"), "deaths.csv, row 2: is not UTF-8 text"),
        (GOOD.replace("007", '"007').encode(), "deaths.csv, row 2: has a quotation mark that is opened"),
        (b"pnc_id,death_date\n007,31/01/2024\n", "column record_id: is required and missing"),
        (b"record_id,pnc_id,pnc_id,death_date\n1,2,3,31/01/2024\n", "column pnc_id: comes 2 times: columns 2 and 3"),
        (b"record_id,surname,death_date\n1,Quack,31/01/2024\n", "has no columns that name a person"),
        (b"1,007,31/01/2024\n2,008,31/01/2024\n", "has none of the headings of its contract"),
        (
            b"Deaths 2024,,\n\nrecord_id,pnc_id,death_date\n1,2,31/01/2024\n",
            "they seem to be in row 3. Say header_rows={'deaths': 3}",
        ),
        (b"record_id,pnc_id,death_date\n1,2,31/01/2024,oh\n", "row 2: has more cells than there are headings"),
    ],
)
def test_a_bad_file_is_a_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    fault = fault_of(put(tmp_path, data))
    assert words in fault
    assert fault.endswith(".")
    assert "Quack" not in fault


def test_headings_that_are_really_a_person_are_not_shown(tmp_path: Path) -> None:
    fault = fault_of(put(tmp_path, "Zebedee,Quackenbush,17/03/1981\nZuleika,Ravensbourne,04/05/1979\n"))
    for value in ("Zebedee", "Quackenbush", "1981", "Zuleika"):
        assert value not in fault


def test_folder_faults(tmp_path: Path) -> None:
    assert "does not exist" in fault_of(tmp_path / "nowhere")
    assert "is a file" in fault_of(put(tmp_path, "x", "file.csv") / "file.csv")
    put(tmp_path, GOOD, "death.csv")
    assert "holds no file of a table that dipeval knows (death.csv could be deaths)" in fault_of(tmp_path)
    put(tmp_path, GOOD)
    put(tmp_path, GOOD, "DEATHS.txt")
    assert "is one of 2 files for deaths (DEATHS.txt, deaths.csv)" in fault_of(tmp_path)
    assert read_extracts(tmp_path, ExtractMapping(files={"deaths": "death.csv"})).files[0].file == "death.csv"
    assert "is not there" in fault_of(tmp_path, ExtractMapping(files={"deaths": "gone.csv"}))
    assert "kind that cannot be read" in fault_of(
        put(tmp_path, "x", "deaths.docx"), ExtractMapping(files={"deaths": "deaths.docx"})
    )


def test_a_workbook_that_is_none_and_a_parquet_that_is_none(tmp_path: Path) -> None:
    put(tmp_path, b"PK\x03\x04 not really", "deaths.xlsx")
    put(tmp_path, b"PAR1 not really", "offences.parquet")
    put(tmp_path, GOOD, "treatment.xlsx")
    with pytest.raises(ExtractError) as caught:
        read_extracts(tmp_path)
    text = str(caught.value)
    assert "deaths.xlsx: cannot be opened as a workbook" in text
    assert "offences.parquet: cannot be read as Parquet" in text
    assert "treatment.xlsx: is not a workbook, though its name ends in .xlsx" in text
    assert caught.value.__context__ is None


def test_encodings_that_are_named_are_read(tmp_path: Path) -> None:
    text = "record_id,pnc_id,surname,death_date\n1,007,Brontë,31/01/2024\n"
    for encoding in ("cp1252", "utf-16", "utf-8-sig", "utf-8"):
        mapping = ExtractMapping(encodings={"deaths": encoding})
        put(tmp_path, text.encode(encoding))
        assert read_extracts(tmp_path, mapping).table("deaths")["surname"].tolist() == ["Brontë"]
    put(tmp_path, text.encode("cp1252"))
    assert "is not utf-8 text, as encodings says" in fault_of(tmp_path, ExtractMapping(encodings={"*": "utf-8"}))


@pytest.mark.parametrize(("sign", "word"), [(";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_other_separators_are_noticed_read_and_told(tmp_path: Path, sign: str, word: str) -> None:
    put(tmp_path, ("record_id,pnc_id,surname,death_date\n1,007,'Q Z',31/01/2024\n").replace(",", sign))
    extracts = read_extracts(tmp_path)
    assert extracts.table("deaths")["pnc_id"].tolist() == ["007"]
    assert f"deaths.csv is separated by {word}s." in extracts.summary().notes


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    put(tmp_path, 'record_id,pnc_id,surname,death_date\n1,9,"two\nlines",2024-01-01\n\n2,9,a,2024-01-02\n3,9,b,soon\n')
    assert fault_of(tmp_path).startswith("deaths.csv, row 5, column death_date: '[4 letters]' is not a real date")
    put(tmp_path, "Deaths,,\nrecord_id,pnc_id,death_date\n1,2,soon\n")
    assert "deaths.csv, row 3," in fault_of(tmp_path, ExtractMapping(header_rows={"deaths": 2}))


def test_unused_columns_are_left_out_and_near_misses_told(tmp_path: Path) -> None:
    put(tmp_path, "record_id,pnc_id,post_code,shoe size,death_date\n1,7,LS1,9,2024-01-01\n")
    extracts = read_extracts(tmp_path)
    assert extracts.table("deaths").columns.tolist() == ["record_id", "pnc_id", "death_date"]
    note = next(note for note in extracts.summary().notes if "left out" in note)
    assert note == "2 columns of deaths.csv not in the contract: left out ('post_code' may be meant for postcode)."


def test_workbook_sheets(tmp_path: Path) -> None:
    deaths = pd.DataFrame({"record_id": ["1"], "pnc_id": ["007"], "death_date": [pd.Timestamp("2024-01-31")]})
    with pd.ExcelWriter(tmp_path / "all.xlsx", engine="openpyxl") as book:
        deaths.to_excel(book, sheet_name="Cover", index=False, startrow=4)
        deaths.to_excel(book, sheet_name="Dead", index=False)
    named = read_extracts(tmp_path, ExtractMapping(files={"deaths": ["all.xlsx", "dead"]}))
    assert named.table("deaths").values.tolist() == [["1", "007", pd.Timestamp("2024-01-31")]]
    assert "has 2 sheets, none of them called deaths" in fault_of(
        tmp_path, ExtractMapping(files={"deaths": "all.xlsx"})
    )
    wrong = ExtractMapping(files={"deaths": ("all.xlsx", "Ded")})
    assert "has no sheet of the name that the mapping gives" in fault_of(tmp_path, wrong)
    lower = ExtractMapping(files={"deaths": ("all.xlsx", "Cover")}, header_rows={"deaths": 5})
    assert len(read_extracts(tmp_path, lower).table("deaths")) == 1


def test_the_mapping_complains_of_everything_at_once() -> None:
    with pytest.raises(InputError) as caught:
        ExtractMapping(
            files={"drug_test": "a.csv"},
            columns={"deaths": {"when": "death_dat"}},
            codes={"*": {"sex": {"1": "mal"}}, "deaths": {"sexx": {}}},
            date_formats={"*": "%d/%m/%Y"},
            placeholder_dates=("31/12/9999",),
            encodings={"*": "utf-9"},
            header_rows={"*": 0},
            two_digit_year_pivot=150,
        )
    text = str(caught.value)
    for words in ("'drug_test'", "'drug_tests'", "'death_dat'", "'death_date'", "'mal'", "'male'", "'sexx'", "'sex'"):
        assert words in text
    for words in ("date_formats", "31/12/9999", "utf-9", "header_rows", "two_digit_year_pivot"):
        assert words in text


def test_a_mapped_heading_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    put(tmp_path, GOOD.replace("death_date", "DoD"))
    fault = fault_of(tmp_path, ExtractMapping(columns={"deaths": {"Date of death": "death_date"}}))
    assert "is mapped from the heading 'Date of death', which is not in the file" in fault
    done = read_extracts(tmp_path, ExtractMapping(columns={"*": {"dod": "death_date"}}))
    assert done.extract_date.isoformat() == "2024-01-31"


def test_options_that_are_not_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'stop'"):
        read_extracts(tmp_path, on_error="stopp")
    with pytest.raises(InputError, match="data_status is 'privat'"):
        read_extracts(tmp_path, data_status="privat")
    with pytest.raises(InputError, match="extract_date must be a date"):
        read_extracts(tmp_path, extract_date="soon")
    extracts = read_extracts(put(tmp_path, GOOD))
    with pytest.raises(InputError, match="format is 'excel'"):
        write_extracts(extracts, tmp_path, format="excel")
    with pytest.raises(InputError, match="is a file"):
        write_extracts(extracts, tmp_path / "deaths.csv")


def test_events_after_the_extract_date_are_faults_but_planned_ends_are_not(tmp_path: Path) -> None:
    text = "record_id,pnc_id,start_date,end_date\n1,7,2024-01-01,2031-01-01\n2,7,2024-06-01,\n"
    put(tmp_path, text, "custody_spells.csv")
    assert read_extracts(tmp_path).extract_date.isoformat() == "2024-06-01"
    assert "(the latest start_date of custody_spells)" in read_extracts(tmp_path).summary().headline
    with pytest.raises(ExtractError, match=r"row 3, column start_date: is after the extract date, 2024-05-31"):
        read_extracts(tmp_path, extract_date="2024-05-31")


def test_tables_without_any_event_need_an_extract_date() -> None:
    crime = pd.DataFrame({"district": ["Leeds"], "period": ["2024"], "offence_group": ["robbery"], "count": [3]})
    with pytest.raises(InputError, match="give extract_date"):
        make_extracts({"crime": crime})


def test_progress_is_logged_without_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="dipeval")
    read_extracts(put(tmp_path, GOOD))
    assert [record.getMessage() for record in caplog.records] == ["reading deaths.csv", "deaths: 1 rows"]
