"""Contacts, people new to the service, and arrests without a test."""

from __future__ import annotations

import pandas as pd

from dipeval.engine import open_engine
from dipeval.indicators.measuring import contacts_family, positives_family, reoffending_family, untested_family
from dipeval.indicators.measuring.family import CountingRule
from dipeval.indicators.records import load
from tests.spec.invented_people import invent
from tests.unit.indicators.families.units_made import TABLES, flags, made, periods_of, records_of

CONTACTS = """
person | contact_date | contact_time | entry_point | attended | district | drug_1 | drug_2   | drug_3
ann    | 2022-01-10   | 10:00        | court       | yes      | Leeds    | heroin | crack    | alcohol
ann    | 2022-02-10   | 23:59        | custody     | yes      | Leeds    | heroin |          |
ann    | 2022-02-11   | 6:05         | custody     | no       | Bradford |        |          |
bob    | 2022-02-10   | 05:59        | custody     | no       | Leeds    |        | cannabis |
cat    | 2022-02-10   |              | custody     | yes      | Leeds    | nps    | other    |
cat    | 2022-02-10   | 12:00        | custody     | yes      | Kirklees |        |          |
"""


def test_contacts_count_where_the_person_came() -> None:
    frame = made(contacts_family.family, "2022-01-01", "2022-03-31", contacts=CONTACTS)
    assert frame["person_id"].tolist() == ["ann", "ann", "cat", "cat"]
    assert frame["hour"].tolist().count("not recorded") == 1
    assert sorted(frame["entry_point"]) == ["court", "custody", "custody", "custody"]
    assert frame["new_or_returning"].tolist() == ["new", "returning", "new", "new"]


def test_contacts_need_no_linkage() -> None:
    extracts, _ = invent(contacts=CONTACTS)
    records = load(extracts, None, TABLES, open_engine(threads=1), persons=False)
    family = contacts_family.family(records, CountingRule(), periods_of("2022-01-01", "2022-03-31"))
    assert family is not None
    assert "new_or_returning" not in family.dimensions
    assert len(records.engine.to_pandas(family.table)) == 4
    assert contacts_family.newcomers(records, CountingRule(), periods_of("2022-01-01", "2022-03-31")) is None
    assert positives_family.family(records, CountingRule(), periods_of("2022-01-01", "2022-03-31")) is None


def test_new_to_the_service_is_who_had_no_contact_on_an_earlier_day() -> None:
    frame = made(contacts_family.newcomers, "2022-01-01", "2022-03-31", contacts=CONTACTS)
    assert flags(frame, "new") == {"ann": 0, "bob": 1, "cat": 1}
    districts = dict(zip(frame["person_id"], frame["district"], strict=True))
    assert districts == {"ann": "Leeds", "bob": "Leeds", "cat": "Kirklees"}
    hours = dict(zip(frame["person_id"], frame["hour"], strict=True))
    assert hours == {"ann": "18-23", "bob": "00-05", "cat": "12-17"}


def test_treatment_begun_before_makes_nobody_new_and_the_look_back_ends() -> None:
    treatment = "person | start_date | end_date | discharge_reason\nbob | 2022-02-10 | |\ncat | 2022-02-09 | |"
    frame = made(contacts_family.newcomers, "2022-01-01", "2022-03-31", contacts=CONTACTS, treatment=treatment)
    assert flags(frame, "new") == {"ann": 0, "bob": 1, "cat": 0}
    for days, new in ((30, 1), (31, 0)):
        rule = CountingRule(lookback_days=days)
        frame = made(contacts_family.newcomers, "2022-01-01", "2022-03-31", contacts=CONTACTS, rule=rule)
        assert flags(frame, "new")["ann"] == new


def test_groups_of_substances_overlap_and_who_names_none_is_not_recorded() -> None:
    records = records_of(*invent(contacts=CONTACTS))
    family = contacts_family.family(records, CountingRule(), periods_of("2022-01-01", "2022-03-31"))
    assert family is not None
    frame = records.engine.to_pandas(family.overlapping["substance"])
    assert frame["substance"].value_counts().to_dict() == {
        "class_a": 2,
        "alcohol": 1,
        "nps": 1,
        "other": 1,
        "not recorded": 1,
    }


ARRESTS = """
person | offence_date | offence_group        | arrest_date
ann    | 2022-02-01   | shoplifting          | 2022-02-10
ann    | 2022-02-02   | robbery              | 2022-02-10
ann    | 2022-02-02   | shoplifting          | 2022-02-20
bob    | 2022-02-01   | other_theft          | 2022-02-10
cat    | 2022-02-01   | violence_with_injury | 2022-02-10
dan    | 2022-02-01   | handling             | 2022-02-10
eve    | 2022-02-01   | handling             |
"""
TESTS = """
person | test_date  | result   | district
ann    | 2022-02-11 | negative | Leeds
ann    | 2022-02-22 | opiates  | Bradford
bob    | 2022-02-10 | refused  | Kirklees
"""


def test_an_arrest_is_untested_without_a_test_on_the_day_or_the_next() -> None:
    frame = made(untested_family.family, "2022-01-01", "2022-03-31", offences=ARRESTS, drug_tests=TESTS)
    rows = frame[["person_id", "day", "untested", "district"]].astype(object).where(frame.notna(), None)
    assert rows.assign(day=frame["day"].dt.day).to_numpy().tolist() == [
        ["ann", 10, 0, "Leeds"],
        ["ann", 20, 1, "Leeds"],
        ["bob", 10, 0, "Kirklees"],
        ["dan", 10, 1, None],
    ]


def test_an_arrest_on_the_last_day_of_the_data_cannot_be_told_yet() -> None:
    given = {"offences": ARRESTS, "drug_tests": TESTS}
    frame = made(untested_family.family, "2022-01-01", "2022-02-10", extract_date="2022-02-10", **given)
    assert frame.empty


def test_sources_that_lack_what_is_counted_give_no_family() -> None:
    records = records_of(*invent(without=("offences", "drug_tests")))
    periods = periods_of("2022-01-01", "2022-03-31")
    for maker in (
        untested_family.family,
        contacts_family.family,
        contacts_family.newcomers,
        positives_family.family,
        reoffending_family.family,
    ):
        assert maker(records, CountingRule(), periods) is None
    empty = records_of(*invent(offences=pd.DataFrame({"person": [], "arrest_date": []}, dtype=object)))
    assert positives_family.family(empty, CountingRule(), ()) is None
    family = positives_family.family(empty, CountingRule(), periods)
    assert family is not None
    assert empty.engine.to_pandas(family.table).empty
