"""What is told and what is not: too early, part of a period, no units, gaps."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.indicators.measuring.completing import late_starts
from dipeval.indicators.measuring.measure import indicators
from tests.spec.invented_people import invent

TESTS = """
person | test_date  | result   | district
ann    | 2013-01-05 | cocaine  | Leeds
bob    | 2013-02-05 | negative | Leeds
cat    | 2013-05-10 | opiates  | Leeds
dan    | 2013-08-11 | both     | Leeds
eve    | 2013-01-12 | opiates  | Wakefield
"""
CONTACTS = """
person | contact_date | district  | attended
ann    | 2013-01-07   | Leeds     | yes
cat    | 2013-05-12   | Leeds     | yes
fay    | 2013-05-12   | Kirklees  | yes
"""


def _rows(shown: object, name: str, district: str = "all districts") -> pd.DataFrame:
    return shown.series(name, district).set_index("period")  # type: ignore[attr-defined]


def test_a_district_without_units_has_rows_that_say_so() -> None:
    extracts, linkage = invent("2013-12-31", drug_tests=TESTS, contacts=CONTACTS)
    shown = indicators(extracts, linkage, names=["positivity", "tests", "seen", "contacts"])
    assert shown.districts == ("Kirklees", "Leeds", "Wakefield")
    kirklees = _rows(shown, "positivity", "Kirklees")
    assert kirklees["status"].tolist() == ["no_units"] * 4
    assert kirklees["denominator"].tolist() == [0.0] * 4
    assert kirklees["estimate"].isna().all()
    assert _rows(shown, "tests", "Wakefield")["status"].tolist() == ["ok", "no_units", "no_units", "no_units"]
    assert _rows(shown, "contacts", "Kirklees")["numerator"].tolist() == [0.0, 1.0, 0.0, 0.0]


def test_a_cohort_is_told_once_it_was_followed() -> None:
    extracts, linkage = invent("2013-10-20", drug_tests=TESTS, contacts=CONTACTS)
    seen = _rows(indicators(extracts, linkage, names=["seen", "positivity"]), "seen")
    # Tests up to 30 September are followed for 28 days: until 28 October.
    assert seen["status"].tolist() == ["ok", "ok", "too_early", "too_early"]
    assert seen["numerator"].tolist()[:2] == [1.0, 1.0]
    assert seen["denominator"].tolist()[:3] == [2.0, 1.0, 1.0]
    assert seen[["numerator", "estimate", "conf_low"]].iloc[2].isna().all()


def test_the_last_period_is_part_of_one_unless_covered_to_its_end() -> None:
    for day, status in (("2013-09-29", "part_period"), ("2013-09-30", "ok")):
        extracts, linkage = invent(day, drug_tests=TESTS)
        shown = indicators(extracts, linkage, names=["positivity"])
        assert shown.periods[-1] == "2013-Q3"
        assert _rows(shown, "positivity")["status"].iloc[-1] == status


def test_dates_that_cut_a_period_are_told_and_cut_the_counts() -> None:
    extracts, linkage = invent("2013-12-31", drug_tests=TESTS)
    shown = indicators(extracts, linkage, names=["positivity"], date_from="2013-02-01", date_to="2013-08-10")
    rows = _rows(shown, "positivity")
    assert rows["status"].tolist() == ["part_period", "ok", "no_units"]
    assert rows["denominator"].tolist() == [1.0, 1.0, 0.0]


def test_a_district_that_joins_late_in_a_period_is_part_of_one() -> None:
    days = pd.date_range("2013-01-01", "2013-12-31")
    leeds = pd.DataFrame({"person": [f"a{n}" for n in range(len(days))], "test_date": days, "district": "Leeds"})
    joined = days[days >= "2013-05-20"]
    late = pd.DataFrame({"person": [f"b{n}" for n in range(len(joined))], "test_date": joined, "district": "Kirklees"})
    extracts, linkage = invent("2013-12-31", drug_tests=pd.concat([leeds, late], ignore_index=True))
    shown = indicators(extracts, linkage, names=["tests"])
    assert _rows(shown, "tests", "Kirklees")["status"].tolist() == ["no_units", "part_period", "ok", "ok"]
    assert _rows(shown, "tests")["status"].tolist() == ["ok"] * 4
    assert any("Kirklees has drug tests from some way into 2013-Q2" in note for note in shown.notes)


def test_a_few_late_records_are_no_late_start() -> None:
    first = pd.DataFrame({"table": ["drug_tests"] * 2, "district": ["Leeds", "Wakefield"], "period": ["2013-02"] * 2,
                          "first_day": pd.to_datetime(["2013-02-15", "2013-02-15"]), "n": [3, 30]})  # fmt: skip
    # 14 of 28 days without a record: by chance one in 8 with three records, one in 2 to the power 30 with thirty.
    found = late_starts(first)
    assert ("drug_tests", "Wakefield", "2013-02") in found
    assert ("drug_tests", "Leeds", "2013-02") not in found


def test_a_missing_quarter_is_told_in_a_sentence() -> None:
    days = pd.date_range("2013-01-01", "2013-12-31", freq="3D")
    days = days[(days < "2013-04-01") | (days > "2013-06-30")]
    tests = pd.DataFrame({"person": [f"a{n}" for n in range(len(days))], "test_date": days})
    extracts, linkage = invent("2013-12-31", drug_tests=tests)
    shown = indicators(extracts, linkage, names=["tests"])
    (note,) = [note for note in shown.notes if "ask whether records are missing" in note]
    assert note.startswith("There are no drug tests of Leeds in 2013-Q2, though there are before and after")
    assert _rows(shown, "tests")["status"].tolist() == ["ok", "no_units", "ok", "ok"]


def test_faults_of_arguments_are_sentences() -> None:
    extracts, linkage = invent("2013-12-31", drug_tests=TESTS)
    for given, words in (
        ({"names": ["positivty"]}, "'positivty' \\(did you mean 'positivity'\\?\\) not known"),
        ({"names": []}, "names is empty"),
        ({"names": "tests"}, "names must be a list"),
        ({"by": ["agegroup"]}, "did you mean 'age_group'"),
        ({"every": "year"}, "every='year' is not known"),
        ({"date_from": "2014-02-01"}, "lies after the last day covered"),
        ({"date_from": "2013-05-01", "date_to": "2013-04-01"}, "date_to lies before date_from"),
        ({"districts": ["Leedes"]}, "no records of district 'Leedes' \\(did you mean 'Leeds'\\?\\)"),
        ({"rule": "quarter"}, "rule must be a dip.CountingRule"),
        ({"names": ["crime"]}, "None of these indicators can be told"),
    ):
        with pytest.raises(InputError, match=words):
            indicators(extracts, linkage, **given)  # type: ignore[arg-type]


def test_nothing_at_all_is_told_in_words() -> None:
    empty, linkage = invent("2013-12-31")
    with pytest.raises(InputError, match="nothing to count"):
        indicators(empty, linkage)
