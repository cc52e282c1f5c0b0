"""Seen and not seen: which tests were followed by a contact, and how soon."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import dipeval as dip
from dipeval.linkage import true_linkage
from tests.spec.invented_people import invent
from tests.unit.indicators.counted_by_hand import POSITIVE, of_persons

TESTS = """
person | test_date  | result   | district
ann    | 2022-03-01 | cocaine  | Leeds
ann    | 2022-06-01 | opiates  | Leeds
bob    | 2022-03-01 | both     | Kirklees
cat    | 2022-03-01 | negative | Leeds
dan    | 2022-03-01 | refused  | Leeds
"""
CONTACTS = """
person | contact_date | attended
ann    | 2022-03-08   | yes
ann    | 2022-06-30   | yes
bob    | 2022-02-28   | yes
bob    | 2022-03-02   | no
bob    | 2022-04-13   |
cat    | 2022-03-01   | yes
"""


def _shown(**options: Any) -> dip.Seen:
    extracts, linkage = invent(drug_tests=TESTS, contacts=CONTACTS, extract_date="2022-12-31")
    return dip.seen(extracts, linkage, **options)


def test_a_contact_counts_from_the_day_of_the_test_to_the_last_of_the_days() -> None:
    frame = _shown(within=(6, 7, 28, 29)).to_frame()
    assert frame["n_tests"].tolist() == [3] * 4
    assert frame["n_people"].tolist() == [2] * 4
    assert frame["n_seen"].tolist() == [0, 1, 1, 2]
    assert frame["n_people_seen"].tolist() == [0, 1, 1, 1]
    assert frame["n_people_not_seen"].tolist() == [2, 2, 2, 1]
    assert (frame["conf_low"] <= frame["share"]).all()


def test_all_tests_with_a_result_can_be_asked_for() -> None:
    frame = _shown(within=0, who="all").to_frame()
    assert (frame["n_tests"].item(), frame["n_seen"].item()) == (4, 1)


def test_a_contact_without_a_mark_counts_only_where_nobody_marks() -> None:
    assert _shown(within=43, by="district").to_frame().set_index("group").loc["Kirklees", "n_seen"] == 0
    extracts, linkage = invent(drug_tests=TESTS, contacts=CONTACTS, extract_date="2022-12-31")
    extracts.tables["contacts"] = extracts.tables["contacts"].drop(columns="attended")
    shown = dip.seen(extracts, linkage, within=43, by="district")
    assert shown.to_frame().set_index("group").loc["Kirklees", "n_seen"] == 1
    assert shown.unmarked_contacts
    assert "any contact on record" in shown.how_counted


def test_tests_too_late_to_be_followed_are_left_out_and_counted() -> None:
    extracts, linkage = invent(drug_tests=TESTS, contacts=CONTACTS, extract_date="2022-07-12")
    shown = dip.seen(extracts, linkage, within=(7, 42))
    assert (shown.to_frame()["n_tests"].tolist(), shown.n_later, shown.date_to) == ([2, 2], 1, dt.date(2022, 5, 31))
    assert "too soon to follow them for 42 days" in str(shown.summary())


def test_wrong_arguments_are_told() -> None:
    extracts, linkage = invent(drug_tests=TESTS, contacts=CONTACTS)
    with pytest.raises(dip.InputError, match="whole numbers of days"):
        dip.seen(extracts, linkage, within=(7, -1))
    with pytest.raises(dip.InputError, match="use positive or all"):
        dip.seen(extracts, linkage, who="negative")
    with pytest.raises(dip.InputError, match="did you mean 'custody_suite'"):
        dip.seen(extracts, linkage, by="custody_suit")
    without, linkage = invent(drug_tests=TESTS)
    with pytest.raises(dip.InputError, match="no contacts"):
        dip.seen(without, linkage)


def test_simulated_tests_counted_one_by_one_give_the_same() -> None:
    extracts = dip.simulate(people=500, seed=5)
    linkage = true_linkage(extracts)
    spine = linkage.to_frame()
    tests = of_persons(extracts.table("drug_tests"), spine, "drug_tests")
    contacts = of_persons(extracts.table("contacts"), spine, "contacts")
    shown = dip.seen(extracts, linkage)
    expected = dict.fromkeys(shown.within, 0)
    for person, own in tests.items():
        days = [one["contact_date"] for one in contacts.get(person, []) if one["attended"] is True]
        for test in own:
            if test["result"] in POSITIVE and test["test_date"] <= shown.date_to:
                waits = [(day - test["test_date"]).days for day in days if day >= test["test_date"]]
                for within in shown.within:
                    expected[within] += bool(waits and min(waits) <= within)
    assert dict(zip(shown.to_frame()["within_days"], shown.to_frame()["n_seen"], strict=True)) == expected
