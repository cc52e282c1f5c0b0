"""First contacts by entry point, and what followed: counted by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.indicators.entering import EntryPointYield, entry_point_yield
from tests.spec.invented_people import InventedExtracts, InventedLinkage, invent

# ann did not come at first but did on day 42; bob came a day too late; cat was in treatment already; dan cannot be
# followed for a year, eve not for 42 days; fay has no entry point on record.
CONTACTS = """
person | contact_date | contact_time | entry_point  | attended | care_plan_date
ann    | 2021-01-01   | 9:00         | custody      | no       |
ann    | 2021-01-01   | 10:00        | court        | no       |
ann    | 2021-02-12   |              | community    | yes      | 2021-02-12
bob    | 2021-01-01   |              | custody      | no       | 2021-02-13
bob    | 2021-02-13   |              | custody      | yes      |
cat    | 2021-03-01   |              | out_of_court | yes      |
dan    | 2022-03-01   |              | custody      | yes      | 2022-03-01
eve    | 2022-12-01   |              | custody      | yes      | 2022-12-01
fay    | 2021-05-01   |              |              |          |
"""
TREATMENT = """
person | start_date | end_date   | discharge_reason
ann    | 2021-02-12 | 2022-01-01 | completed
bob    | 2021-02-13 | 2021-06-01 | completed
cat    | 2021-01-01 | 2021-04-01 | completed
dan    | 2022-03-01 | 2022-06-01 | completed
fay    | 2021-05-01 | 2022-05-02 | completed
"""


@cache
def made() -> tuple[InventedExtracts, InventedLinkage]:
    return invent(contacts=CONTACTS, treatment=TREATMENT, extract_date="2022-12-31")


@cache
def shown(**options: Any) -> EntryPointYield:
    return entry_point_yield(*made(), **options)


def at(point: str, **options: Any) -> dict[str, tuple[int, int, int]]:
    frame = shown(**options).to_frame()
    own = frame[frame["entry_point"] == point]
    counts = zip(own["n_people"], own["n_followed"], own["n"], strict=True)
    return {str(stage): (int(a), int(b), int(c)) for stage, (a, b, c) in zip(own["stage"], counts, strict=True)}


def test_everybody_counts_once_at_the_first_contact() -> None:
    assert at("custody") == {
        "attended": (4, 3, 2),
        "care_plan": (4, 3, 2),
        "in_treatment": (4, 3, 0),
        "treatment": (4, 3, 2),
        "completed": (4, 2, 1),  # ann on the 365th day; dan too late to be followed
    }
    assert at("out_of_court")["in_treatment"] == (1, 1, 1)
    assert at("out_of_court")["treatment"] == (1, 1, 0)
    assert at("not recorded")["completed"] == (1, 1, 0)  # on the 366th day
    assert at("everyone")["treatment"] == (6, 5, 3)
    assert shown().to_frame()["entry_point"].drop_duplicates().tolist() == [
        "everyone", "custody", "out_of_court", "not recorded",
    ]  # fmt: skip


def test_days_windows_and_intervals() -> None:
    other = at("custody", within_days=43, completion_days=364)
    assert other["attended"] == (4, 3, 3)
    assert other["completed"] == (4, 2, 1)  # bob, no longer ann
    window = shown(date_from="2021-02-12", date_to="2021-02-12").to_frame()
    assert window["entry_point"].unique().tolist() == ["everyone", "community"]
    first = shown().to_frame().iloc[0]
    assert first["per_100"] == 60.0
    assert (round(first["conf_low"], 1), round(first["conf_high"], 1)) == (23.1, 88.2)  # Wilson, 3 of 5


def test_words_say_that_nothing_is_compared() -> None:
    said = str(shown().summary())
    assert "6 people had a first contact" in said
    assert "no comparison of what works" in said
    assert "cannot begin it, but stays among the 100" in said


@pytest.mark.slow
def test_the_order_of_the_rows_changes_nothing() -> None:
    lines = CONTACTS.strip().splitlines()
    extracts, linkage = invent(
        contacts="\n".join([lines[0], *lines[:0:-1]]), treatment=TREATMENT, extract_date="2022-12-31"
    )
    pd.testing.assert_frame_equal(entry_point_yield(extracts, linkage).to_frame(), shown().to_frame())


def test_what_the_records_lack_is_said() -> None:
    extracts, linkage = invent(contacts=CONTACTS, without=("treatment",))
    extracts.tables["contacts"] = extracts.tables["contacts"].drop(columns="attended")
    found = entry_point_yield(extracts, linkage)
    assert set(found.to_frame()["stage"]) == {"care_plan"}
    assert len(found.missing) == 4
    assert "no contacts with attended" in found.missing[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"within_days": -1}, "within_days must be a whole number"),
        ({"completion_days": True}, "completion_days must be a whole number"),
        ({"date_from": "2030-01-01"}, "There is no contact with a date between these days"),
    ],
)
def test_what_is_wrong_is_told(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        shown(**arguments)


def test_records_without_entry_points_are_refused() -> None:
    extracts, linkage = invent(drug_tests="person\nann")
    with pytest.raises(InputError, match="told by entry_point in contacts"):
        entry_point_yield(extracts, linkage)
