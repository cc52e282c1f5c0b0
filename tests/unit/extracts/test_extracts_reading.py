"""What is read: formats, pivots, serials, placeholders, codes, numbers; and that writing and reading agree."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import ExtractError, InputError, InvariantError
from dipeval.extracts import (
    ExtractMapping,
    Extracts,
    contracts,
    data_dictionary,
    make_extracts,
    read_extracts,
    table_contract,
    table_schema,
    write_extracts,
)


def sample() -> dict[str, pd.DataFrame]:
    """A row or two of every table; no real person."""
    who = {"pnc_id": ["007", "008"], "date_of_birth": ["1950-02-01", None], "sex": ["male", None]}
    days = pd.to_datetime(["2024-01-05", "2024-02-29"])
    return {
        "drug_tests": pd.DataFrame(
            {
                "record_id": ["01", "02"],
                "forename": ["Ann 'Q'", None],
                "surname": ['Say "x", y', "Œ"],
                "date_of_birth": [dt.date(1950, 2, 1), None],
                "sex": ["F", "unknown"],
                "ethnicity": ["NA", None],
                "district": ["LEEDS", "Bradford"],
                "test_date": days,
                "test_time": ["09:05", None],
                "test_ground": ["Non-trigger", None],
                "result": ["both", "Negative "],
            }
        ),
        "contacts": pd.DataFrame(
            {
                "record_id": [1, 2],
                "forename_initial": ["a", None],
                "surname_initial": ["B", "C"],
                "date_of_birth": ["1950-02-01", "1951-02-01"],
                "sex": ["male", "female"],
                "district": ["Leeds", "Leeds"],
                "contact_date": days,
                "attended": [True, None],
                "drug_1": ["heroin", None],
            }
        ),
        "offences": pd.DataFrame(
            {
                "record_id": ["1", "2"],
                **who,
                "offence_date": days,
                "offence_group": ["shoplifting", "robbery"],
                "disposal_date": [None, pd.Timestamp("2024-03-01")],
                "custodial": pd.array([None, False], dtype="boolean"),
            }
        ),
        "deaths": pd.DataFrame({"record_id": ["1", "2"], **who, "death_date": days}),
        "sentences": pd.DataFrame(
            {"record_id": ["1", "2"], **who, "sentence_date": days, "length_days": pd.array([90, None], dtype="Int64")}
        ),
        "orders": pd.DataFrame({"record_id": ["1", "2"], **who, "order_type": ["drr", "ATR"], "start_date": days}),
        "spend": pd.DataFrame(
            {
                "district": ["Leeds"],
                "financial_year": ["2019/20"],
                "funder": ["PCC"],
                "amount": [1200.123456789],
                "spent_on": ["testing"],
                "price_year": [2019],
            }
        ),
    }


def same(left: Extracts, right: Extracts) -> None:
    assert left.names == right.names
    assert left.extract_date == right.extract_date
    for name in left.names:
        pd.testing.assert_frame_equal(left.table(name), right.table(name))


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_what_is_written_is_read_back_unchanged(tmp_path: Path, format: str) -> None:
    extracts = make_extracts(sample())
    files = write_extracts(extracts, tmp_path / "out", format=format)
    assert [file.name for file in files] == [f"{name}.{format}" for name in extracts.names]
    again = read_extracts(tmp_path / "out")
    same(extracts, again)
    assert again.dropped.empty
    assert {len(file.sha256) for file in again.files} == {64}
    digests = [file.read_bytes() for file in files]
    assert [file.read_bytes() for file in write_extracts(again, tmp_path / "out", format=format)] == digests
    assert not list((tmp_path / "out").glob(".*"))


def test_excel_holds_the_same_as_csv(tmp_path: Path) -> None:
    extracts = make_extracts(sample())
    for name in extracts.names:
        extracts.table(name).to_excel(tmp_path / f"{name}.xlsx", index=False)
    same(extracts, read_extracts(tmp_path))


def test_types_and_missing_values_are_as_promised() -> None:
    extracts = make_extracts(sample())
    for name in extracts.names:
        table = extracts.table(name)
        for column in table_contract(name).columns:
            if column.name in table:
                expected = {"date": "datetime64[us]", "boolean": "boolean", "number": "float64", "integer": "Int64"}
                assert str(table[column.name].dtype) == expected.get(column.kind, "object"), (name, column.name)
                if table[column.name].dtype == object:
                    assert all(value is None or isinstance(value, str) for value in table[column.name])
    tests = extracts.table("drug_tests")
    assert tests["sex"].tolist() == ["female", "unknown"]
    assert tests["district"].tolist() == ["Leeds", "Bradford"]
    assert tests["test_ground"].tolist() == ["non_trigger", None]
    assert tests["ethnicity"].tolist() == ["NA", None]
    assert extracts.table("contacts")["forename_initial"].tolist() == ["A", None]
    assert extracts.table("orders")["order_type"].tolist() == ["DRR", "ATR"]


def births(folder: Path, cells: list[str], mapping: ExtractMapping | None = None) -> tuple[Extracts, list[object]]:
    lines = ["record_id,pnc_id,date_of_birth,death_date", *(f"{n},9,{cell},01/01/2024" for n, cell in enumerate(cells))]
    (folder / "deaths.csv").write_text("\n".join(lines), encoding="utf-8")
    extracts = read_extracts(folder, mapping)
    days = extracts.table("deaths")["date_of_birth"]
    return extracts, [None if pd.isna(day) else day.date().isoformat() for day in days]


def test_dates_are_read_under_explicit_formats_only(tmp_path: Path) -> None:
    cells = ["01/02/1980", "1980-02-01", "1/2/1980", "1980-02-01 13:45:10", "01/02/1980 00:00", " 01/02/1980 ", "29252"]
    extracts, days = births(tmp_path, cells)
    assert days == ["1980-02-01"] * 7
    assert "deaths.csv: 1 dates in date_of_birth were read as Excel serial numbers." in extracts.summary().notes
    for cell in ("1980/02/01", "02-01-1980", "1980", "198002", "now", "today", "31/02/1980", "1/1/0190", "13/13/1980"):
        with pytest.raises(ExtractError, match="is not a real date"):
            births(tmp_path, [cell])


def test_a_two_digit_birth_year_never_lies_in_the_future(tmp_path: Path) -> None:
    mapping = ExtractMapping(date_formats={"*": ["%d/%m/%y", "%d/%m/%Y"]})
    assert births(tmp_path, ["17/03/50", "17/03/99", "17/03/00", "17/03/1950"], mapping)[1] == [
        "1950-03-17",
        "1999-03-17",
        "2000-03-17",
        "1950-03-17",
    ]
    late = ExtractMapping(date_formats={"deaths": ["%d/%m/%y", "%d/%m/%Y"]}, two_digit_year_pivot=0)
    assert births(tmp_path, ["17/03/01"], late)[1] == ["1901-03-17"]
    with pytest.raises(ExtractError, match=r"add '%d/%m/%y' to date_formats"):
        births(tmp_path, ["17/03/50"])
    with pytest.raises(ExtractError, match="not a real date"):  # 1900 had no 29 February
        births(tmp_path, ["29/02/00"], late.__class__(date_formats={"*": ["%d/%m/%y"]}, two_digit_year_pivot=0))


def test_tables_without_formats_of_their_own_keep_day_month_year() -> None:
    mapping = ExtractMapping(date_formats={"offences": ["%d.%m.%Y"]})
    assert mapping.formats_of("offences") == ("%Y-%m-%d", "%d.%m.%Y")
    assert mapping.formats_of("deaths") == ("%Y-%m-%d", "%d/%m/%Y")


def test_an_ambiguous_order_is_never_guessed(tmp_path: Path) -> None:
    both = ExtractMapping(date_formats={"*": ["%d/%m/%Y", "%m/%d/%Y"]})
    with pytest.raises(ExtractError) as caught:
        births(tmp_path, ["05/04/1980", "05/05/1980", "25/04/1980"], both)
    assert "'99/99/9999' could be two different days" in str(caught.value)
    american = ExtractMapping(date_formats={"*": ["%m/%d/%Y"]})
    assert births(tmp_path, ["04/25/1980"], american)[1] == ["1980-04-25"]


def test_placeholders_are_missing_and_counted(tmp_path: Path) -> None:
    cells = ["01/01/1900", "1/1/1970", "1970-01-01", "31/12/9999", "9999-12-31 00:00:00", "", "02/01/1970"]
    extracts, days = births(tmp_path, cells)
    assert days == [None] * 6 + ["1970-01-02"]
    assert extracts.blanked.values.tolist() == [["deaths", "date_of_birth", "placeholder date", 5]]
    assert "deaths: 5 values of date_of_birth set to missing (placeholder date)." in extracts.summary().notes
    none = ExtractMapping(placeholder_births=())
    assert births(tmp_path, ["01/01/1970"], none)[1] == ["1970-01-01"]
    # 1 January 1970 is only suspicious as a birth.
    text = "record_id,pnc_id,start_date,end_date\n1,9,01/01/1970,31/12/9999\n"
    (tmp_path / "custody_spells.csv").write_text(text, encoding="utf-8")
    spells = read_extracts(tmp_path).table("custody_spells")
    assert spells["start_date"].dt.year.tolist() == [1970]
    assert spells["end_date"].isna().all()


def test_columns_and_codes_are_mapped(tmp_path: Path) -> None:
    text = (
        "Ref;Date of Test;DOB;Gender;Borough;Outcome\n"
        "0001;05/01/2024;01/02/1980;1;E08000035;COC \n"
        "0002;06/01/2024;NULL;2;E08000035;Opiates\n"
    )
    (tmp_path / "custody.txt").write_text(text, encoding="utf-8")
    mapping = ExtractMapping(
        files={"drug_tests": "custody.txt"},
        columns={
            "*": {"dob": "date_of_birth", "GENDER": "sex"},
            "drug_tests": {"ref": "record_id", "date-of-test": "test_date", "borough": "district", "outcome": "result"},
        },
        codes={
            "*": {"sex": {"1": "male", "2": "female"}},
            "drug_tests": {"result": {"coc": "cocaine"}, "district": {"e08000035": "Leeds"}},
        },
        missing_values=["null"],
    )
    table = read_extracts(tmp_path, mapping).table("drug_tests")
    assert table["record_id"].tolist() == ["0001", "0002"]
    assert table["sex"].tolist() == ["male", "female"]
    assert table["district"].tolist() == ["Leeds", "Leeds"]
    assert table["result"].tolist() == ["cocaine", "opiates"]
    assert table["date_of_birth"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("cell", "amount"), [("£1,200.50", 1200.5), (" 1200 ", 1200), ("1,234,567", 1234567), ("0", 0), ("1e3", 1000)]
)
def test_money_is_read(cell: str, amount: float) -> None:
    spend = sample()["spend"].assign(amount=[cell])
    assert make_extracts({"spend": spend}, extract_date="2024-01-01").table("spend")["amount"].tolist() == [amount]


@pytest.mark.parametrize("cell", ["-5", "(1,200)", "-£5", "12,00", "1.200,50", "about 5", "£", "inf", "nan", "1,2,3"])
def test_other_amounts_are_refused(cell: str) -> None:
    with pytest.raises(ExtractError, match="column amount"):
        make_extracts({"spend": sample()["spend"].assign(amount=[cell])}, extract_date="2024-01-01")


def test_make_extracts_checks_the_same_contracts_and_leaves_its_input_alone() -> None:
    tables = sample()
    before = {name: frame.copy() for name, frame in tables.items()}
    extracts = make_extracts(tables, data_status="simulated", truth="the truth")
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])
    assert extracts.truth == "the truth"
    assert extracts.summary().headline.startswith("No real person is in these data.")
    copy = extracts.table("deaths")
    copy["pnc_id"] = "changed"
    assert extracts.table("deaths")["pnc_id"].tolist() == ["007", "008"]
    bad = tables["deaths"].assign(record_id=["1", "1"], death_date=pd.to_datetime(["2024-01-01", None]))
    with pytest.raises(ExtractError) as caught:
        make_extracts({"deaths": bad, "offences": tables["offences"].drop(columns="offence_date")})
    assert len(caught.value.faults) == 3
    assert caught.value.__context__ is None
    assert "table deaths, row 1, column death_date: is empty" in str(caught.value)
    with pytest.raises(InputError, match="did you mean 'deaths'"):
        make_extracts({"death": tables["deaths"]})
    with pytest.raises(InputError, match="at least one"):
        make_extracts({})


def test_an_empty_frame_is_a_table_with_the_right_types(tmp_path: Path) -> None:
    tables = {"deaths": sample()["deaths"].head(0), "orders": sample()["orders"]}
    extracts = make_extracts(tables)
    assert str(extracts.table("deaths")["death_date"].dtype) == "datetime64[us]"
    assert extracts.to_frame()["rows"].tolist() == [0, 2]
    assert [file.name for file in write_extracts(extracts, tmp_path)] == ["orders.csv"]


def test_what_extracts_say_of_themselves() -> None:
    extracts = make_extracts(sample())
    frame = extracts.to_frame()
    assert frame.columns.tolist() == ["table", "file", "rows", "first_date", "last_date"]
    assert extracts.names == tuple(name for name in contracts() if name in sample())
    assert "deaths" in extracts
    assert "crime" not in extracts
    with pytest.raises(InputError, match=r"no table 'death' \(did you mean 'deaths'\?\)"):
        extracts.table("death")
    assert extracts.extract_date == dt.date(2024, 3, 1)
    assert "2024-03-01 (the latest disposal_date of offences)" in extracts.summary().headline
    for told in (repr(extracts), str(extracts.summary()), extracts._repr_html_()):
        assert "007" not in told
    with pytest.raises(InvariantError):
        Extracts(
            extract_date=dt.date(2024, 1, 1),
            data_status="public",
            _tables={},
            _dropped=extracts.dropped,
            _blanked=extracts.blanked,
        )


def test_the_dictionary_and_the_table_schema_come_from_the_contracts() -> None:
    dictionary = data_dictionary()
    assert set(dictionary["table"]) == set(contracts())
    assert dictionary["meaning"].str.endswith(".").all()
    assert not dictionary.duplicated(["table", "column"]).any()
    for name, contract in contracts().items():
        schema = json.loads(json.dumps(table_schema(name)))
        assert [field["name"] for field in schema["fields"]] == list(contract.column_names)
        assert {field["type"] for field in schema["fields"]} <= {"string", "date", "boolean", "number", "integer"}
        assert set(contract.observed) | {one for pair in contract.order for one in pair} <= set(contract.column_names)
    with pytest.raises(InputError, match="did you mean 'drug_tests'"):
        table_contract("drug_test")
    with pytest.raises(InputError, match="did you mean 'test_date'"):
        table_contract("drug_tests").column("test_dat")


def test_two_hundred_thousand_rows_are_parsed_by_distinct_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dipeval.extracts import parsing

    rows = 200_000
    rng = np.random.default_rng(1)
    days = pd.date_range("2019-01-01", "2023-12-31").strftime("%d/%m/%Y").to_numpy()
    table = pd.DataFrame(
        {
            "record_id": np.arange(rows).astype(str),
            "pnc_id": rng.integers(0, 9999, rows).astype(str),
            "date_of_birth": rng.choice(pd.date_range("1950-01-02", "2001-01-01").strftime("%d/%m/%Y"), rows),
            "sex": rng.choice(["M", "F"], rows),
            "offence_date": rng.choice(days, rows),
            "offence_group": rng.choice(["Shoplifting", "robbery"], rows),
        }
    )
    table.to_csv(tmp_path / "offences.csv", index=False)
    seen: list[int] = []
    parse_dates = parsing.parse_dates
    monkeypatch.setattr(parsing, "parse_dates", lambda text, rule: (seen.append(len(text)), parse_dates(text, rule))[1])
    extracts = read_extracts(tmp_path)
    assert len(extracts.table("offences")) == rows
    assert max(seen) <= table["date_of_birth"].nunique(), "dates are parsed once for each distinct text"
    # A fault in every row is a common accident, and must not take hours.
    table["offence_group"] = "nonsense"
    table["disposal_date"] = "01/01/2018"
    with pytest.raises(ExtractError) as caught:
        make_extracts({"offences": table})
    assert [f"{rows:,} rows" in fault for fault in caught.value.faults] == [True, True]
