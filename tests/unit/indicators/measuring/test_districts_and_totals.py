"""Names of districts across tables; hours, pounds and crimes from tables of totals."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.indicators.measuring.districts import check_districts, refuse_districts
from dipeval.indicators.measuring.measure import indicators
from dipeval.indicators.measuring.resources import roles_that_test
from dipeval.indicators.measuring.side_tables import checked
from tests.spec.invented_people import table
from tests.unit.indicators.measuring.measured_by_hand import totals


def test_names_are_listed_with_what_they_may_be() -> None:
    found = check_districts(
        {"drug_tests": ["Leeds", "Stoke-on-Trent"], "crime": pd.DataFrame({"district": ["LEEDS", "Stoke on Trent"]})}
    )
    assert len(found) == 4
    crime = found[found["table"] == "crime"]
    assert crime["suggestion"].tolist() == ["Leeds", "Stoke-on-Trent"]
    assert crime["same_but_spelling"].all()
    assert check_districts({"drug_tests": ["Leeds"], "crime": ["Leeds"]}).empty


def test_all_faults_of_names_are_one_sentence() -> None:
    with pytest.raises(InputError) as told:
        refuse_districts(
            {
                "drug_tests": ["Leeds", "Wakefield"],
                "contacts": ["leeds", "Kirklees"],
                "spend": ["Wakefeild", "All districts"],
                "targets": ["Barnsley"],
            }
        )
    for words in (
        "one district is written 'Leeds' in drug_tests and 'leeds' in contacts",
        "spend has 'Wakefeild', which is in no table of people's records (did you mean 'Wakefield'?)",
        "targets has 'Barnsley', which is in no table of people's records.",
    ):
        assert words in str(told.value) + "."
    with pytest.raises(InputError, match="'All Districts' in contacts means all of them"):
        refuse_districts({"drug_tests": ["Leeds"], "contacts": ["Leeds", "All Districts"]})
    # A district with contacts and without tests is no fault.
    refuse_districts({"drug_tests": ["Leeds"], "contacts": ["Kirklees"], "crime": ["Kirklees"]})


STAFFING = table("""
district | period | role                        | funded_fte | hours_funded | hours_on_task
Leeds    | 2013   | detention officer (testing) | 43         | 70000        | 11900
Leeds    | 2013   | drugs worker (custody)      | 4          | 6500         | 1300
""").astype({"funded_fte": "float64", "hours_funded": "float64", "hours_on_task": "float64"})
SPEND = table("""
district | financial_year | funder  | amount  | spent_on | price_year
Leeds    | 2012-13        | PCC     | 36500   | testing  | 2013
Leeds    | 2013-14        | PCC     | 73000   | testing  | 2013
Leeds    | 2013-14        | council | 7300    | testing  | 2013
Leeds    | 2013-14        | council | 9999    | contact  | 2013
""").astype({"amount": "float64", "price_year": "int64"})
CRIME = table("""
district | period  | offence_group        | count
Leeds    | 2013-01 | shoplifting          | 10
Leeds    | 2013-02 | shoplifting          | 20
Leeds    | 2013-03 | shoplifting          | 30
Leeds    | 2013-01 | violence_with_injury | 5
Leeds    | 2013-Q2 | shoplifting          | 50
Leeds    | 2013-07 | shoplifting          | 7
Leeds    | 2014    | shoplifting          | 999
""").astype({"count": "int64"})
NAMES = ["officer_time", "void_time", "hours_per_test", "cost_per_test", "cost_per_contact", "crime"]


@pytest.fixture(scope="module")
def told() -> object:
    return indicators(totals(staffing=STAFFING, spend=SPEND, crime=CRIME), names=NAMES, by=["offence_class"])


def _cell(told: object, name: str, period: str = "2013-Q2", column: str = "estimate") -> float:
    frame = told.to_frame()  # type: ignore[attr-defined]
    rows = frame[(frame["indicator"] == name) & (frame["period"] == period) & (frame["dimension"] == "")]
    (value,) = rows.loc[rows["district"] == "Leeds", column]
    (whole,) = rows.loc[rows["district"] == "all districts", column]
    # With one district the whole is that district.
    assert pd.isna(value) or value == whole
    return value


def test_seventeen_per_cent_of_the_time_of_43_officers(told: object) -> None:
    assert _cell(told, "officer_time") == pytest.approx(0.17)
    assert 43 * _cell(told, "officer_time") == pytest.approx(7.31)
    assert _cell(told, "void_time") == pytest.approx(0.8)
    # Of the year's 11,900 hours 91 of 365 days; one test a day.
    assert _cell(told, "hours_per_test") == pytest.approx(11_900 / 365)
    assert _cell(told, "officer_time", column="interval") == "none"
    assert _cell(told, "officer_time", column="n_people") is pd.NA


def test_spending_of_a_financial_year_is_spread_over_its_days(told: object) -> None:
    assert _cell(told, "cost_per_test", "2013-Q1") == pytest.approx(100)
    assert _cell(told, "cost_per_test", "2013-Q2") == pytest.approx(220)
    assert any("spread evenly over its days" in note for note in told.notes)  # type: ignore[attr-defined]
    assert dict(told.missing)["cost_per_contact"].startswith("The extracts tell no contacts")  # type: ignore[attr-defined]


def test_crimes_are_told_from_lines_within_a_period(told: object) -> None:
    assert _cell(told, "crime", "2013-Q1", "numerator") == 65
    assert _cell(told, "crime", "2013-Q2", "numerator") == 50
    status = [_cell(told, "crime", period, "status") for period in ("2013-Q1", "2013-Q2", "2013-Q3", "2013-Q4")]
    assert status == ["ok", "ok", "part_period", "not_recorded"]
    frame = told.to_frame()  # type: ignore[attr-defined]
    groups = frame[(frame["indicator"] == "crime") & (frame["dimension"] == "offence_class")]
    violent = groups[(groups["group"] == "violent") & (groups["district"] == "Leeds")].set_index("period")
    assert violent["numerator"].fillna(-1).tolist() == [5.0, 0.0, 0.0, -1.0]


def test_roles_that_test() -> None:
    assert roles_that_test(["Testing officer", "custody contest lead", "nurse"]) == ["Testing officer"]


def test_faults_of_totals_are_sentences() -> None:
    for lines, words in (
        ({"staffing": STAFFING.assign(hours_on_task=-1.0)}, "2 line\\(s\\) have a number below 0 in hours_on_task"),
        ({"staffing": STAFFING.assign(period="soon")}, "1 period label\\(s\\) are not a month"),
        (
            {"staffing": pd.concat([STAFFING, STAFFING.assign(period="2013-Q1")])},
            "1 line\\(s\\) are for a period that overlaps",
        ),
        ({"staffing": STAFFING.assign(district="LEEDS")}, "did you mean 'Leeds'"),
    ):
        with pytest.raises(InputError, match=words):
            indicators(totals(**lines), names=["officer_time"])
    with pytest.raises(InputError, match="must be a pandas DataFrame"):
        checked([1], "targets")  # type: ignore[arg-type]
