"""Twenty planted faults in one set of files: all told in one pass, each in its place, no personal value anywhere."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pandas as pd
import pytest

from dipeval.errors import ExtractError
from dipeval.extracts import make_extracts, read_extracts
from dipeval.extracts.faults import Fault, mask

DRUG_TESTS = """\
record_id,forename,surname,date_of_birth,sex,postcode,ethnicity,district,test_date,test_time,result
T1,Zebedee,Quackenbush,17/03/1981,male,LS99 9ZZ,NA,Leeds,05/01/2024,10:15,opiates
T2,Zuleika,Ravensbourne,31/02/1984,female,BD98 7QX,B,Bradford,06/01/2024,11:00,negative
T3,Thaddeus,Wigglesworth,04/05/1979,X,HX97 6PY,A,Leeds,99/99/9999,09:30,cocaine
T4,Xanthippe,Oglethorpe,09/08/2025,female,WF96 5KL,A,Kirklees,07/01/2024,26:99,both
T4,Barnaby,Featherstone,02/12/1990,male,HD95 4JH,C,,08/01/2024,12:00,heroine
,Leopold,Cumberbatch,11/11/1988,male,LS94 3GF,A,Leeds,01/01/1900,13:00,both
"""
OFFENCES = """\
record_id,pnc_id,forename,surname,date_of_birth,sex,offence_date,offence_group,disposal_date,disposal,custodial
1,0081/77X,Zebedee,Quackenbush,17/03/1981,male,02/02/2023,shoplifting,01/02/2023,conviction,perhaps
2,0081/78Y,Zuleika,Ravensbourne,14/06/1984,female,3 Feb 23,joyriding,03/03/2023,guilty,no
"""
TREATMENT = """\
record_id,forename_initial,surname_initial,date_of_birth,sex,district,start_date,end_date,modality
1,Zebedee,Q,17/03/1981,male,Leeds,10/01/2024,05/01/2024,pharmacological
2,Z,R,14/06/1984,female,Leeds,,05/02/2024,leeches
"""
SPEND = """\
district,financial_year,funder,amount,spent_on,price_year
Leeds,2019-20,PCC,-500,testing,2019
Leeds,last year,PCC,"1.200,50",testing,2019.5
"""
CONTACTS = "record_id,date_of_birth,sex,district,contact_dte\n1,17/03/1981,male,Leeds,10/01/2024\n"

# (file, row, column, words): one line for each planted fault.
PLANTED = [
    ("drug_tests.csv", 3, "date_of_birth", "'99/99/9999' is not a real date (expected day/month/year or ISO)"),
    ("drug_tests.csv", 4, "sex", "'[1 letter]' is not a known code"),
    ("drug_tests.csv", 4, "test_date", "'99/99/9999' is not a real date (expected day/month/year or ISO)"),
    ("drug_tests.csv", 5, "date_of_birth", "is not before test_date"),
    ("drug_tests.csv", 5, "test_time", "'99:99' is not a time such as 14:05"),
    ("drug_tests.csv", 5, "record_id", "'[1 letter]9' is used more than once - 2 rows, at 5, 6"),
    ("drug_tests.csv", 6, "district", "is empty"),
    ("drug_tests.csv", 6, "result", "'[7 letters]' is not a known code"),
    ("drug_tests.csv", 7, "record_id", "is empty"),
    ("drug_tests.csv", 7, "test_date", "'99/99/9999' is a placeholder for 'not known'"),
    ("contacts.csv", None, "contact_date", "is required and missing; did you mean the column 'contact_dte'"),
    ("treatment.csv", 2, "forename_initial", "'[7 letters]' is not a single letter"),
    ("treatment.csv", 2, "end_date", "is before start_date"),
    ("treatment.csv", 3, "start_date", "is empty"),
    ("treatment.csv", 3, "modality", "'[7 letters]' is not a known code"),
    ("offences.csv", 2, "disposal_date", "is before offence_date"),
    ("offences.csv", 2, "custodial", "'[7 letters]' is neither yes nor no"),
    ("offences.csv", 3, "offence_date", "'9 [3 letters] 99' is not a real date"),
    ("offences.csv", 3, "offence_group", "'[9 letters]' is not a known code"),
    ("offences.csv", 3, "disposal", "'[6 letters]' is not a known code"),
    ("spend.csv", 2, "amount", "'-999' is less than 0"),
    ("spend.csv", 3, "amount", "'9.999,99' is not a number"),
    ("spend.csv", 3, "financial_year", "'[4 letters] [4 letters]' is not a year such as 2019-20"),
    ("spend.csv", 3, "price_year", "'9999.9' is not a whole number"),
    ("deaths.csv", None, "", "is a PDF document, though its name ends in .csv"),
]
PERSONAL = [
    "Zebedee",
    "Quackenbush",
    "Zuleika",
    "Ravensbourne",
    "Thaddeus",
    "Wigglesworth",
    "Xanthippe",
    "Oglethorpe",
    "Barnaby",
    "Featherstone",
    "Leopold",
    "Cumberbatch",
    "17/03/1981",
    "31/02/1984",
    "04/05/1979",
    "09/08/2025",
    "02/12/1990",
    "11/11/1988",
    "14/06/1984",
    "1981-03-17",
    "2025-08-09",
    "LS99",
    "9ZZ",
    "BD98",
    "7QX",
    "HX97",
    "6PY",
    "WF96",
    "5KL",
    "0081/77X",
    "0081/78Y",
    "26:99",
    "heroine",
    "joyriding",
    "leeches",
    "perhaps",
    "guilty",
    "T4",
]


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    for name, text in {
        "drug_tests": DRUG_TESTS,
        "offences": OFFENCES,
        "treatment": TREATMENT,
        "spend": SPEND,
        "contacts": CONTACTS,
        "deaths": "%PDF-1.7 Zebedee Quackenbush",
    }.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_every_planted_fault_is_told_in_one_pass_in_its_place(planted: Path) -> None:
    with pytest.raises(ExtractError) as caught:
        read_extracts(planted)
    faults = list(caught.value.faults)
    for file, row, column, words in PLANTED:
        place = ", ".join([file, *([f"row {row}"] if row else []), *([f"column {column}"] if column else [])])
        found = [fault for fault in faults if fault.startswith(f"{place}: {words}")]
        assert len(found) == 1, (place, words, faults)
        faults.remove(found[0])
    assert faults == [], "only what was planted"
    assert len(PLANTED) >= 20


def test_no_personal_value_is_in_the_error_the_logs_or_a_chained_exception(
    planted: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ExtractError) as caught:
        read_extracts(planted)
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    out = capsys.readouterr()
    said = [str(error), repr(error), *traceback.format_exception(error), caplog.text, out.out, out.err]
    for value in PERSONAL:
        assert not any(value in one for one in said), value


def test_every_fault_says_what_to_do(planted: Path) -> None:
    with pytest.raises(ExtractError) as caught:
        read_extracts(planted)
    for fault in caught.value.faults:
        what, _, remedy = fault.partition(". ")
        assert what
        assert remedy.endswith(".")
    codes = next(fault for fault in caught.value.faults if "column disposal:" in fault)
    assert "caution, conviction, other, none" in codes
    assert "codes={'offences': {'disposal': {'their code': 'caution'}}}" in codes


def test_many_rows_are_counted_and_the_first_three_named() -> None:
    import numpy as np

    rows = np.array([40, 3, 18, *range(50, 59)])
    fault = Fault(where="drug_tests.csv", column="test_date", what="is not a real date", remedy="Mend it.", rows=rows)
    assert fault.sentence == (
        "drug_tests.csv, row 3, column test_date: is not a real date - 12 rows, first at 3, 18, 40. Mend it."
    )


@pytest.mark.parametrize("value", ["O'Connor-Smythe", "1950-03-17", "Ørsted½", "Иван", "李雷", "x" * 400, "a_b²"])
def test_a_mask_keeps_no_letter_and_no_digit_but_nine(value: str) -> None:
    pattern = mask(value)
    plain = pattern.replace("letters", "").replace("letter", "")
    assert not any(sign.isalpha() for sign in plain)
    assert not any(run in pattern for run in ("Connor", "Ørsted", "½", "Иван", "李", "xx", "²"))
    assert len(pattern) <= 40


def test_drop_and_count_drops_each_faulty_row_once(planted: Path) -> None:
    for name in ("deaths", "contacts"):
        (planted / f"{name}.csv").unlink()
    for name, good in {
        "offences": "3,0081/79Z,A,B,01/01/1980,male,04/02/2023,robbery,,,\n",
        "treatment": "3,A,B,01/01/1980,male,Leeds,10/01/2024,,\n",
        "spend": "Leeds,2019-20,PCC,500,testing,2019\n",
    }.items():
        with (planted / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(good)
    extracts = read_extracts(planted, on_error="drop_and_count")
    assert extracts.table("drug_tests")["record_id"].tolist() == ["T1"]
    assert extracts.table("drug_tests")["ethnicity"].tolist() == ["NA"]
    dropped = extracts.dropped
    assert dropped.columns.tolist() == ["table", "reason", "rows"]
    lost = dropped.groupby("table")["rows"].sum().to_dict()
    assert lost == {"drug_tests": 5, "treatment": 2, "offences": 2, "spend": 2}
    for file in extracts.files:
        assert file.rows == lost[file.table] + len(extracts.table(file.table))


def test_dropping_repeats_keeps_one_copy_of_a_whole_record_and_none_of_conflicting_ones(tmp_path: Path) -> None:
    rows = ["1,9,2024-01-01", "1,9,2024-01-01", "2,9,2024-01-02", "2,9,2024-01-03", "3,8,2024-01-04"]
    for order in (rows, rows[::-1]):
        (tmp_path / "deaths.csv").write_text("\n".join(["record_id,pnc_id,death_date", *order]), encoding="utf-8")
        extracts = read_extracts(tmp_path, on_error="drop_and_count")
        assert sorted(extracts.table("deaths")["record_id"]) == ["1", "3"]
        assert extracts.dropped["rows"].tolist() == [1, 2]


def test_a_file_without_a_good_row_stops_even_when_rows_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "deaths.csv").write_text("record_id,pnc_id,death_date\n1,9,soon\n", encoding="utf-8")
    with pytest.raises(ExtractError, match="no row without a fault"):
        read_extracts(tmp_path, on_error="drop_and_count")


@pytest.mark.parametrize(("column", "cell", "known"), [("currency", "EUR", "GBP"), ("unit", "GBP thousand", "pounds")])
def test_spending_in_another_currency_or_unit_is_no_pounds(column: str, cell: str, known: str) -> None:
    spend = pd.DataFrame(
        {"district": ["Leeds"], "financial_year": ["2019-20"], "funder": ["PCC"], "amount": [500.0],
         "spent_on": ["testing"], "price_year": [2019], column: [known]}
    )  # fmt: skip
    assert make_extracts({"spend": spend}, extract_date="2021-01-01").table("spend")[column].tolist() == [known]
    with pytest.raises(ExtractError, match=f"column {column}: .* is not a known code"):
        make_extracts({"spend": spend.assign(**{column: [cell]})}, extract_date="2021-01-01")
