"""Unit costs and deflators that a user holds: every layout, every kind of file, and every fault with its place."""

from __future__ import annotations

import logging
import math
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

from dipeval.errors import InputError
from dipeval.roi.costs_of_crime.prices import Deflator, load_gdp_deflator
from dipeval.roi.costs_of_crime.reading import read_deflator, read_unit_costs
from dipeval.roi.costs_of_crime.sheets import amount, plain
from dipeval.roi.costs_of_crime.tables import COLUMNS, load_unit_costs, vintages
from dipeval.roi.costs_of_crime.worth import worth_of
from dipeval.vocabulary import OFFENCE_GROUPS

Rows = list[list[Any]]

PUBLICATION: Rows = [
    ["Economic and social costs of crime"],
    ["Table 1: unit cost by type of crime, England and Wales, 2019/20 prices"],
    [],
    ["Offence", "Costs in anticipation", "Costs as a consequence", "Costs in response", "Unit cost"],
    ["Crimes against individuals"],
    ["Homicide", "£68,700", "£2,637,190", "£640,780", "£3,346,680"],
    ["Violence with injury", "£280", "£13,390", "£2,050", "£15,720"],
    ["Violence without injury", "£120", "£5,480", "£1,540", "£7,150"],
    ["Robbery [note 2]", "£480", "£8,560", "£1,450", "£10,490"],
    ["Domestic burglary", 1030, 5510, 1180, 7720],
    ["Theft of a vehicle", "£2,750", "£14,960", "£2,620", "£20,330"],
    ["Theft from the person", "£290", "£1,120", "£180", "£1,590"],
    ["Criminal damage – arson", "£1", "£1", "£1", "£3"],
    ["Criminal damage – other", "£300", "£1,430", "£240", "£1,970"],
    ["Crimes against businesses"],
    ["Commercial burglary", "£3,690", "£5,460", "£870", "£10,020"],
    ["Commercial theft", "£110", "£380", "£90", "£570"],
    [],
    ["Notes: totals may not sum because of rounding."],
]
MULTIPLIERS: Rows = [
    ["Table 3: volumes"],
    ["Offence", "Recorded crimes", "Multiplier"],
    ["Violence without injury", "1,000,000", 0.98],
    ["Robbery", "80,000", 2.02],
    ["Theft of a vehicle", "100,000", 0.71],
]
DATABASE: Rows = [
    ["Unit cost database"],
    [],
    [
        "",
        "Category",
        "Cost code",
        "Cost/saving detail",
        "Unit",
        "Agency",
        "",
        "Original fiscal cost",
        "Original price year",
    ],
    ["", "ALL CRIME", "CR8.0", "Crime - average cost per incident", "Per incident", "Multiple", "", 609, "2010/11"],
    [
        "",
        "CRIME",
        "CR8.6",
        "Robbery - average cost per incident of crime",
        "Per incident",
        "Multiple",
        "",
        3674,
        "2010/11",
    ],
    ["", "CRIME", "CR8.6.1", "Robbery - fiscal cost to the police", "Per incident", "Police", "", 1041, "2010/11"],
    ["", "CRIME", "CR8.8", "Theft - not vehicle related - average", "Per incident", "CJS", "", "£358", "2010/11"],
    ["", "CRIME", "CR8.18", "Shoplifting - average cost per incident", "Per incident", "CJS", "", 26.0, "2010/11"],
]


def csv_of(folder: Path, rows: Rows, name: str = "costs.csv") -> Path:
    path = folder / name
    pd.DataFrame(rows).to_csv(path, index=False, header=False)
    return path


def xlsx_of(folder: Path, sheets: dict[str, Rows]) -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row, cells in enumerate(rows, start=1):
            for column, cell in enumerate(cells, start=1):
                sheet.cell(row, column, cell)
    path = folder / "costs.xlsx"
    book.save(path)
    return path


def ods_of(folder: Path, sheets: dict[str, Rows]) -> Path:
    names = {one: f"urn:oasis:names:tc:opendocument:xmlns:{one}:1.0" for one in ("office", "table", "text", "manifest")}
    tables = "".join(
        f'<table:table table:name="{escape(name)}">{"".join(map(_ods_row, rows))}</table:table>'
        for name, rows in sheets.items()
    )
    spaces = " ".join(f'xmlns:{one}="{url}"' for one, url in names.items() if one != "manifest")
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    path = folder / "costs.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        root = f'office:document-content {spaces} office:version="1.2"'
        archive.writestr("content.xml", f"{head}<{root}>{body}</office:document-content>")
        listed = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        archive.writestr(
            "META-INF/manifest.xml",
            f'{head}<manifest:manifest xmlns:manifest="{names["manifest"]}">{listed}</manifest:manifest>',
        )
    return path


def _ods_row(cells: list[Any]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, cells)) or '<table:table-cell/>'}</table:table-row>"


def _ods_cell(cell: Any) -> str:
    kind = f'float" office:value="{cell}' if isinstance(cell, int | float) else "string"
    return f'<table:table-cell office:value-type="{kind}"><text:p>{escape(str(cell))}</text:p></table:table-cell>'


def changed(rows: Rows, row: int, column: int, value: Any) -> Rows:
    """The same table with one cell changed; row and column as in the file, from 1."""
    copy = [list(one) for one in rows]
    copy[row - 1][column - 1] = value
    return copy


# --- dipeval's own columns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("vintage", vintages())
def test_what_ships_comes_back_as_it_was(vintage: str, tmp_path: Path) -> None:
    shipped = load_unit_costs(vintage, fiscal="gmca", drug_offences="police_and_court")
    for index in (False, True):
        path = tmp_path / "costs.csv"
        shipped.to_csv(path, index=index)
        read = read_unit_costs(path, vintage=vintage)
        pd.testing.assert_frame_equal(read, shipped.assign(status="user"), check_exact=True)
    assert read_unit_costs(path)["vintage"].unique().tolist() == ["user"]


def test_workbooks_of_either_kind_give_the_same_table(tmp_path: Path) -> None:
    shipped = load_unit_costs().astype(object)
    rows: Rows = [list(shipped.columns), *shipped.where(shipped.notna(), "").to_numpy().tolist()]
    for path in (xlsx_of(tmp_path, {"mine": rows}), ods_of(tmp_path, {"mine": rows})):
        pd.testing.assert_frame_equal(read_unit_costs(path), load_unit_costs().assign(status="user", vintage="user"))


def test_the_least_columns_are_enough_with_money_as_people_write_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        'Offence group;Unit cost;Price year\nrobbery;"£10,490";2019\nfraud;..;\nshoplifting;570.50;2019/20\n'
    )
    table = read_unit_costs(path)
    assert table.columns.tolist() == list(COLUMNS) and table["offence_group"].tolist() == list(OFFENCE_GROUPS)
    by_group = table.set_index("offence_group")
    assert by_group.loc["robbery", ["unit_cost", "price_year"]].tolist() == [10_490.0, "2019"]
    assert by_group.loc["shoplifting", "unit_cost"] == 570.5
    assert math.isnan(by_group.loc["fraud", "unit_cost"])
    assert by_group.loc["motoring", "note"] == "not in the file"
    assert set(table["status"]) == {"user"} and set(table["source"]) == {"mine.csv"}


@pytest.mark.parametrize("make", [xlsx_of, ods_of])
def test_years_that_a_workbook_holds_as_numbers_are_years(make: Any, tmp_path: Path) -> None:
    rows: Rows = [["offence_group", "unit_cost", "price_year", "fiscal", "fiscal_price_year"]]
    table = read_unit_costs(make(tmp_path, {"one": [*rows, ["robbery", 10_490, 2019, 3_674, 2010.0]]}))
    assert table.set_index("offence_group").loc["robbery", ["price_year", "fiscal_price_year"]].tolist() == [
        "2019",
        "2010",
    ]
    assert worth_of(["robbery"], load_unit_costs(fiscal=table), Deflator(2010)).fiscal.tolist() == [3_674.0]


def test_the_price_year_may_be_said_and_may_not_be_missing(tmp_path: Path) -> None:
    rows: Rows = [["offence_group", "unit_cost", "price_year"], ["robbery", 10_490, ""], ["fraud", 2_884, ""]]
    path = csv_of(tmp_path, rows)
    with pytest.raises(InputError, match=r"2 faults.*row 2, column 'price_year'.*row 3, column 'price_year'"):
        read_unit_costs(path)
    assert set(read_unit_costs(path, price_year="2019/20")["price_year"]) == {"2019/20"}
    assert set(read_unit_costs(path, price_year=2019)["price_year"]) == {"2019"}
    with pytest.raises(InputError, match="the file says 2015/16 and the argument price_year 2019"):
        read_unit_costs(csv_of(tmp_path, changed(rows, 2, 3, "2015/16")), price_year=2019)
    with pytest.raises(InputError, match="'price_year' is not a year"):
        read_unit_costs(path, price_year="now")


def test_all_faults_of_a_file_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    rows: Rows = [
        ["offence_group", "anticipation", "consequence", "response", "unit_cost", "price_year", "currency", "respons"],
        ["robbery", "480", "8560", "1450", "10.5m", "2019/20", "GBP", ""],
        ["burglary", "", "", "", "7720", "2019/21", "GBP", ""],
        ["fraud", "-5", "2256", "354", "2884", "2023/24", "EUR", ""],
        ["shoplifting", "110", "380", "90", "700", "2019/20", "", ""],
        ["shoplifting", "110", "380", "90", "570", "2019/20", "", ""],
    ]
    with pytest.raises(InputError) as caught:
        read_unit_costs(csv_of(tmp_path, rows))
    text = str(caught.value)
    for part in (
        "costs.csv cannot be used as unit costs: 8 faults.",
        "row 1, column 'respons': is 'response' meant?",
        "row 2, column 'unit_cost': it is not a plain figure such as 1,234",
        "row 3, column 'offence_group': it is not an offence group of dipeval",
        "row 3, column 'price_year': it is not a year",
        "row 4, column 'anticipation': it is below 0",
        "row 4, column 'currency': it is not GBP",
        "row 6, column 'offence_group': the group has a row before",
        "more than rounding (£15)",
    ):
        assert part in text, part


@pytest.mark.parametrize(("off", "fine"), [(0, True), (15, True), (-15, True), (16, False), (-16, False)])
def test_a_total_may_miss_its_parts_by_rounding_only(off: int, fine: bool, tmp_path: Path) -> None:
    rows: Rows = [
        ["offence_group", "anticipation", "consequence", "response", "unit_cost", "price_year"],
        ["robbery", 480, 8_560, 1_450, 10_490 + off, 2019],
    ]
    path = csv_of(tmp_path, rows)
    if fine:
        assert read_unit_costs(path)["unit_cost"].max() == 10_490 + off, "loaded, not recomputed"
    else:
        with pytest.raises(InputError, match="row 2, column 'unit_cost': the total differs from the sum"):
            read_unit_costs(path)


@pytest.mark.parametrize(
    ("columns", "values", "sentence"),
    [
        (["anticipation"], ["20000"], "column 'anticipation': it is above 'unit_cost'"),
        (["consequence", "harm"], ["5", "500"], "column 'harm': it is above 'consequence'"),
        (["multiplier"], ["0"], "column 'multiplier': it is 0"),
        (["fiscal", "fiscal_price_year"], ["5", "soon"], "column 'fiscal_price_year': it is not a year"),
        (["unit_cost"], ["3"], "column 'unit_cost': the heading stands there more than once"),
    ],
)
def test_parts_must_fit_their_whole(columns: list[str], values: list[str], sentence: str, tmp_path: Path) -> None:
    rows: Rows = [["offence_group", "unit_cost", "price_year", *columns], ["robbery", 10_490, 2019, *values]]
    with pytest.raises(InputError, match=sentence):
        read_unit_costs(csv_of(tmp_path, rows))


def test_an_amount_with_a_comma_outside_quotation_marks_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("offence_group,price_year,unit_cost\nrobbery,2019,10,490\n")
    with pytest.raises(InputError, match="row 2: there are more cells than headings"):
        read_unit_costs(path)


def test_only_the_first_faults_are_listed(tmp_path: Path) -> None:
    rows: Rows = [["offence_group", "unit_cost", "price_year"], *([f"group {place}", 1, 2019] for place in range(30))]
    with pytest.raises(InputError, match=r"30 faults.*And 10 more of the kind"):
        read_unit_costs(csv_of(tmp_path, rows))


def test_columns_that_are_not_known_are_left_alone_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows: Rows = [["offence_group", "unit_cost", "price_year", "weather"], ["robbery", 10_490, 2019, "rain"]]
    with caplog.at_level(logging.INFO, logger="dipeval"):
        table = read_unit_costs(csv_of(tmp_path, rows))
    assert "weather" in caplog.text and "weather" not in table


def test_one_sheet_must_be_named_if_several_fit(tmp_path: Path) -> None:
    rows: Rows = [["offence_group", "unit_cost", "price_year"], ["robbery", 10_490, 2019]]
    path = xlsx_of(tmp_path, {"old": rows, "new": changed(rows, 2, 2, 11_000)})
    with pytest.raises(InputError, match="2 sheets hold dipeval's columns"):
        read_unit_costs(path)
    table = read_unit_costs(path, sheet="new")
    assert table["unit_cost"].max() == 11_000 and "costs.xlsx, sheet 'new'" in set(table["source"])
    with pytest.raises(InputError, match="no sheet 'newer'; it has: 'old', 'new'"):
        read_unit_costs(path, sheet="newer")


# --- the Home Office's tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
def test_a_publications_sheet_is_read_as_it_stands(kind: str, tmp_path: Path) -> None:
    if kind == "csv":
        path = csv_of(tmp_path, PUBLICATION)
    else:
        make = xlsx_of if kind == "xlsx" else ods_of
        path = make(tmp_path, {"Cover": [["Notes"]], "Table 1": PUBLICATION, "Table 3": MULTIPLIERS})
    table = read_unit_costs(path).set_index("offence_group")
    shipped = load_unit_costs().set_index("offence_group")
    same = [
        "shoplifting", "other_theft", "theft_from_person", "theft_of_vehicle", "domestic_burglary", "other_burglary",
        "robbery", "violence_with_injury", "violence_without_injury", "criminal_damage",
    ]  # fmt: skip
    money = ["anticipation", "consequence", "response", "unit_cost"]
    pd.testing.assert_frame_equal(table.loc[same, money], shipped.loc[same, money])
    assert table.drop(index=same)["unit_cost"].isna().all()
    assert set(table["price_year"]) == {"2019/20"} and set(table["status"]) == {"user"}
    assert table.loc["robbery", "mapped_from"] == "Robbery [note 2]"
    assert "no row for other theft" in table.loc["other_theft", "note"]
    expected = {"violence_without_injury": 0.98, "robbery": 2.02, "theft_of_vehicle": 0.71}
    assert table["multiplier"].dropna().to_dict() == ({} if kind == "csv" else expected)


def test_rows_that_no_group_stands_for_are_listed_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="dipeval"):
        table = read_unit_costs(csv_of(tmp_path, PUBLICATION)).set_index("offence_group")
    assert table.loc["other", "note"] == (
        "not in the file; rows of the file that no offence group stands for: Criminal damage – arson; Homicide"
    )
    assert "Homicide" in caplog.text and 3_346_680 not in table["unit_cost"].tolist()


def test_the_table_read_can_be_used_straight_away(tmp_path: Path) -> None:
    table = read_unit_costs(csv_of(tmp_path, PUBLICATION))
    worth = worth_of(["shoplifting", "robbery"], table, Deflator(2019))
    assert worth.social.tolist() == [460.0, 10_010.0] and worth.statuses == ("user",)


def test_the_year_in_a_title_is_that_of_the_prices(tmp_path: Path) -> None:
    titles = {
        "Costs of crime 2018/19, 2015/16 prices": "2015/16",
        "Costs of crime (prices: 2015/16)": "2015/16",
        "Unit costs in price year 2020/21": "2020/21",
        "Costs of crime 2019 to 2020, 2019 to 2020 prices": "2019/20",
    }
    for title, year in titles.items():
        table = read_unit_costs(csv_of(tmp_path, changed(PUBLICATION, 2, 1, title)))
        assert set(table["price_year"]) == {year}, title


def test_a_price_year_that_is_missing_or_contradicted_is_refused(tmp_path: Path) -> None:
    silent = csv_of(tmp_path, changed(PUBLICATION, 2, 1, "Table 1: costs of crime 2019/20"), "silent.csv")
    with pytest.raises(InputError, match="price year is nowhere in the file"):
        read_unit_costs(silent)
    assert set(read_unit_costs(silent, price_year="2019/20")["price_year"]) == {"2019/20"}
    with pytest.raises(InputError, match="says prices of 2019/20, and price_year says 2015"):
        read_unit_costs(csv_of(tmp_path, PUBLICATION), price_year=2015)
    both = csv_of(tmp_path, changed(PUBLICATION, 2, 1, "In 2019/20 prices, before in 2015/16 prices"), "both.csv")
    with pytest.raises(InputError, match="prices of 2015/16, 2019/20; say which"):
        read_unit_costs(both)
    assert set(read_unit_costs(both, price_year="2015/16")["price_year"]) == {"2015/16"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (changed(PUBLICATION, 9, 5, "about 10,000"), r"row 9, column 'Unit cost': it is not a plain figure"),
        (changed(PUBLICATION, 9, 5, "£12,000"), r"row 9, column 'unit_cost': the total differs"),
        (
            changed(PUBLICATION, 4, 5, "Unit cost (£ million)"),
            "row 4: the title or a heading speaks of thousands or million",
        ),
        (changed(PUBLICATION, 2, 1, "Unit costs, £m, 2019/20 prices"), "unit costs are in full pounds"),
        (changed(PUBLICATION, 4, 4, "Average cost"), "row 4: 2 headings look like 'unit_cost'"),
        ([*PUBLICATION[:4], ["Arson", 1, 1, 1, 3]], "No row named as in the publication"),
        ([*PUBLICATION, ["Robbery", 1, 1, 1, 3]], "'Robbery' stands in the file before, with another anticipation and"),
    ],
)
def test_faults_of_a_publications_sheet_have_their_place(rows: Rows, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        read_unit_costs(csv_of(tmp_path, rows))


def test_older_publications_fill_violence_and_say_what_it_is(tmp_path: Path) -> None:
    rows: Rows = [
        ["Average costs, 2003/04 prices"],
        ["Offence", "Average cost (£)"],
        ["Violence against the person", 10_407],
        ["Common assault", 1_440],
        ["Burglary in a dwelling", 3_268],
        ["Theft", 844],
    ]
    table = read_unit_costs(csv_of(tmp_path, rows)).set_index("offence_group")
    known = {"violence_with_injury": 10_407, "violence_without_injury": 1_440, "domestic_burglary": 3_268}
    assert table["unit_cost"].dropna().to_dict() == {"other_theft": 844, **known}
    assert "all violence against the person" in table.loc["violence_with_injury", "note"]


def test_the_row_that_fits_a_group_best_is_taken_if_several_do(tmp_path: Path) -> None:
    rows: Rows = [
        ["Costs, 2019/20 prices", ""],
        ["Offence", "Unit cost"],
        ["Commercial theft", 570],
        ["Shop theft", 100],
        ["Other theft", 800],
        ["Violence against the person", 19_000],
        ["Violence with injury", 15_720],
    ]
    table = read_unit_costs(csv_of(tmp_path, rows)).set_index("offence_group")
    assert table.loc[["shoplifting", "other_theft", "violence_with_injury"], "unit_cost"].tolist() == [570, 800, 15_720]
    assert table.loc["other_theft", "note"] == "" and table.loc["violence_with_injury", "note"] == ""


# --- the GMCA workbook --------------------------------------------------------------------------------------------


def test_the_workbook_of_fiscal_costs_stands_beside_an_edition(tmp_path: Path) -> None:
    path = xlsx_of(tmp_path, {"Introduction": [["Licence"]], "Crime": DATABASE, "Health": [["none"]]})
    table = read_unit_costs(path)
    by_group = table.set_index("offence_group")
    assert by_group["fiscal"].dropna().to_dict() == {
        "shoplifting": 26, "other_theft": 358, "theft_from_person": 358, "robbery": 3_674,
    }  # fmt: skip
    assert table["unit_cost"].isna().all()
    assert by_group.loc["robbery", "fiscal_price_year"] == "2010/11"
    assert by_group.loc["robbery", "fiscal_source"].endswith("(costs.xlsx), entry CR8.6")
    assert "CR8.0" in by_group.loc["other", "note"] and "CR8.6.1" not in by_group.loc["other", "note"]
    beside = load_unit_costs(fiscal=table)
    worth = worth_of(["robbery"], beside, Deflator(2010))
    assert worth.fiscal.tolist() == [3_674.0]
    with pytest.raises(InputError, match="fiscal costs only"):
        worth_of(["robbery"], table, Deflator(2019))


@pytest.mark.parametrize(
    ("row", "column", "value", "sentence"),
    [
        (5, 8, "n/a", "row 5, column 'original fiscal cost': that of entry CR8.6 is missing"),
        (5, 8, "lots", "column 'original fiscal cost': that of entry CR8.6 is not a plain figure"),
        (5, 9, "recent", "column 'original price year': that of entry CR8.6 is not a year"),
        (5, 4, "Homicide", "column 'detail': entry CR8.6 is not described as 'Robbery'"),
        (5, 5, "Per year", "column 'unit': entry CR8.6 is not a cost per incident"),
        (6, 3, "CR8.6", "column 'code': entry CR8.6 is in the file more than once"),
    ],
)
def test_faults_of_the_workbook_have_their_place(
    row: int, column: int, value: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=f"sheet 'Crime', .*{sentence}"):
        read_unit_costs(xlsx_of(tmp_path, {"Crime": changed(DATABASE, row, column, value)}))


def test_a_workbook_without_the_entries_wanted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No entry of the database"):
        read_unit_costs(xlsx_of(tmp_path, {"Crime": DATABASE[:4]}))


# --- any layout ---------------------------------------------------------------------------------------------------


def test_the_layout_may_be_said(tmp_path: Path) -> None:
    assert read_unit_costs(csv_of(tmp_path, PUBLICATION), layout="home_office")["unit_cost"].max() == 20_330
    with pytest.raises(InputError, match="columns offence_group and unit_cost was found"):
        read_unit_costs(csv_of(tmp_path, PUBLICATION), layout="dipeval")
    with pytest.raises(InputError, match="no layout 'ho'; choose one of: auto, dipeval, home_office, gmca"):
        read_unit_costs(csv_of(tmp_path, PUBLICATION), layout="ho")  # type: ignore[arg-type]


def test_a_publication_that_heads_its_rows_offence_group_is_still_one(tmp_path: Path) -> None:
    assert read_unit_costs(csv_of(tmp_path, changed(PUBLICATION, 4, 1, "Offence group")))["unit_cost"].max() == 20_330


def test_titles_with_commas_outside_quotation_marks_are_no_headings(tmp_path: Path) -> None:
    path = csv_of(tmp_path, PUBLICATION)
    path.write_text(
        path.read_text().replace(
            '"Table 1: unit cost by type of crime, England and Wales, 2019/20 prices"',
            "Table 1: unit cost by type of crime, England and Wales, 2019/20 prices",
        )
    )
    assert '"Table 1' not in path.read_text()
    assert set(read_unit_costs(path)["price_year"]) == {"2019/20"}


def test_updated_prices_of_the_workbook_are_not_the_original_ones(tmp_path: Path) -> None:
    rows = [
        [*row[:7], "Updated fiscal cost" if place == 2 else 9_999, *row[7:]] if len(row) > 7 else row
        for place, row in enumerate(DATABASE)
    ]
    table = read_unit_costs(xlsx_of(tmp_path, {"Crime": rows})).set_index("offence_group")
    assert table.loc["robbery", "fiscal"] == 3_674


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file 'nowhere\.csv'"):
        read_unit_costs(tmp_path / "nowhere.csv")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"not a workbook")
    with pytest.raises(InputError, match="damaged or protected"):
        read_unit_costs(broken)
    text = tmp_path / "costs.pdf"
    text.write_bytes(b"%PDF")
    with pytest.raises(InputError, match="neither a CSV file nor a workbook"):
        read_unit_costs(text)
    with pytest.raises(InputError, match="has no headings that are known"):
        read_unit_costs(csv_of(tmp_path, [["name", "value"], ["robbery", 5]]))
    with pytest.raises(InputError, match="has no sheets"):
        read_unit_costs(csv_of(tmp_path, PUBLICATION), sheet="Table 1")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="has no headings that are known"):
        read_unit_costs(tmp_path / "empty.csv")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_texts_of_any_usual_encoding_are_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_bytes("offence_group\tunit_cost\tprice_year\r\nrobbery\t£10,490\t2019\r\n".encode(encoding))
    assert read_unit_costs(path)["unit_cost"].max() == 10_490


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("£1,234", 1_234), ("1234.50", 1_234.5), (1_234, 1_234), (0.71, 0.71), ("£ 1,234,567", 1_234_567),
        ("£570 [note 1]", 570), ("GBP 90", 90), ("", math.nan), ("..", math.nan), ("–", math.nan), (None, math.nan),
        ("[x]", math.nan), (math.nan, math.nan), ("-", math.nan),
    ],
)  # fmt: skip
def test_amounts_are_read_as_they_are_written(cell: Any, value: float) -> None:
    found, fault = amount(cell)
    np.testing.assert_equal(found, value)
    assert fault == ""


@pytest.mark.parametrize(
    "cell", ["12k", "1.2m", "1,23", "1.234,50", "(570)", "-5", -5, math.inf, "5%", "€5", "ten", True]
)
def test_amounts_that_may_mean_something_else_are_faults(cell: Any) -> None:
    found, fault = amount(cell)
    assert math.isnan(found) and fault.startswith("is ")


def test_names_are_compared_without_their_ornaments() -> None:
    assert plain("  Robbery (personal) [2]") == plain("ROBBERY - personal") == "robbery personal"
    assert plain(None) == plain(math.nan) == ""


# --- the deflator -------------------------------------------------------------------------------------------------

TREASURY: Rows = [
    ["GDP deflators at market prices, and money GDP"],
    [],
    ["Financial year", "GDP deflator (2025-26 = 100)", "per cent change", "", "Calendar year", "Deflator", "change"],
    ["2018-19", 80.5, "", "", 2018, 80.1, ""],
    ["2019-20", 82.0, 1.9, "", 2019, 81.9, 2.2],
    ["2020-21", 86.3, 5.2, "", 2020, 86.0, 5.0],
    ["2021-22", "", "", "", "", "", ""],
    ["Source: Office for National Statistics", "", "", "", "", "", ""],
]  # fmt: skip


def test_what_ships_comes_back_as_a_deflator(tmp_path: Path) -> None:
    shipped = load_gdp_deflator()
    path = tmp_path / "deflator.csv"
    shipped.to_csv(path, index=False)
    read = read_deflator(path)
    assert read.columns.tolist() == shipped.columns.tolist()
    pd.testing.assert_frame_equal(read[["year", "deflator"]], shipped[["year", "deflator"]])
    assert set(read["status"]) == {"user"}


@pytest.mark.parametrize("make", [xlsx_of, ods_of])
def test_the_treasurys_layout_is_read_with_either_kind_of_year(make: Any, tmp_path: Path) -> None:
    path = make(tmp_path, {"Notes": [["none"]], "Deflators": TREASURY})
    table = read_deflator(path)
    assert dict(zip(table["year"], table["deflator"], strict=True)) == {2018: 80.5, 2019: 82.0, 2020: 86.3}
    assert set(table["note"]) == {"financial years"} and set(table["base"]) == {"2025-26 = 100"}
    calendar = read_deflator(path, years="calendar", sheet="Deflators")
    assert calendar["deflator"].tolist() == [80.1, 81.9, 86.0] and set(calendar["note"]) == {"calendar years"}
    assert Deflator(2020, table).factor(2018) == 86.3 / 80.5


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [["year", "deflator"], [2018, "high"], [2019, 0], [2020, -1]],
            "3 faults.*row 2.*row 3.*it is 0.*row 4.*below 0",
        ),
        (
            [["year", "deflator"], [2018, 90], [2018, 91], [2019, 92]],
            "row 3, column 'year': the year stands there before",
        ),
        ([["year", "deflator"], ["2018-20", 90], [2019, 92], [2020, 93]], "row 2, column 'year': it is not a year"),
        ([["year", "deflator"], [2018, 90]], "Fewer than two years"),
        ([["place", "deflator"], ["Leeds", 90]], "no heading row with a column of years"),
    ],
)
def test_faults_of_a_deflator_have_their_place(rows: Rows, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        read_deflator(csv_of(tmp_path, rows))


def test_the_kind_of_year_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be auto, financial or calendar"):
        read_deflator(csv_of(tmp_path, TREASURY), years="fiscal")  # type: ignore[arg-type]
