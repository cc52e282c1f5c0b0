"""Records collapsed to the people of their own file: a few invented records in, the people out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.linkage.persons import OwnPeople, own_people

TODAY = dt.date(2019, 12, 31)


def record(record_id: str, **values: Any) -> dict[str, Any]:
    start = {
        "record_id": record_id,
        "forename": "Ann",
        "surname": "Archer",
        "date_of_birth": "1980-05-04",
        "sex": "female",
        "postcode": "LS1 4AB",
    }
    return start | values


def table(*records: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(list(records))
    for name in frame.columns:
        if name == "date_of_birth" or name.endswith("_date"):
            frame[name] = pd.to_datetime(frame[name])
    return frame


def people_of(**tables: pd.DataFrame) -> OwnPeople:
    return own_people(tables, latest=TODAY)


def person(people: OwnPeople, record_id: str) -> int:
    records = people.records.set_index("record_id")["person"]
    return int(records[record_id])


def test_one_reference_is_one_person_whatever_the_names() -> None:
    people = people_of(
        drug_tests=table(
            record("a", person_ref="1"), record("b", person_ref="1", surname="Baker"), record("c", person_ref="2")
        )
    )
    assert person(people, "a") == person(people, "b") != person(people, "c")


def test_without_reference_identical_identifiers_are_one_person() -> None:
    people = people_of(
        drug_tests=table(
            record("a", person_ref=None),
            record("b", person_ref=None, forename="ann", postcode="BD1 1AA"),
            record("c", person_ref=None, date_of_birth="1980-05-05"),
        )
    )
    assert person(people, "a") == person(people, "b") != person(people, "c")


def test_initials_alone_need_the_same_area_too() -> None:
    rows = [
        {"record_id": r, "forename_initial": "A", "surname_initial": "B", "date_of_birth": "1980-05-04", "sex": "male"}
        | {"postcode_sector": sector}
        for r, sector in (("a", "LS1 4"), ("b", "LS1 4"), ("c", "LS1 5"), ("d", None), ("e", None))
    ]
    people = people_of(treatment=table(*rows))
    assert person(people, "a") == person(people, "b")
    assert len({person(people, r) for r in "acde"}) == 4


def test_too_few_identifiers_stand_alone() -> None:
    people = people_of(
        drug_tests=table(
            record("a", person_ref=None, date_of_birth=None), record("b", person_ref=None, date_of_birth=None)
        )
    )
    assert person(people, "a") != person(people, "b")


def test_a_record_without_reference_joins_its_only_namesake() -> None:
    people = people_of(
        offences=table(
            record("a", pnc_id="1"),
            record("b", pnc_id=None),
            record("x", pnc_id="8", forename="Bob"),
            record("y", pnc_id="9", forename="Bob"),
            record("z", pnc_id=None, forename="Bob"),
        )
    )
    assert person(people, "a") == person(people, "b")
    assert len({person(people, r) for r in "xyz"}) == 3


def test_files_with_the_pnc_number_share_their_people() -> None:
    people = people_of(
        offences=table(record("o1", pnc_id="7", offence_date="2015-01-01")),
        custody_spells=table({"record_id": "s1", "pnc_id": "7", "start_date": "2015-02-01"}),
        deaths=table(record("d1", pnc_id="8", forename="Bob", death_date="2016-02-01")),
    )
    assert person(people, "o1") == person(people, "s1") != person(people, "d1")
    assert people.tables == ("offences", "custody_spells", "deaths")


def test_the_most_frequent_name_and_the_latest_address_win() -> None:
    people = people_of(
        drug_tests=table(
            record("a", person_ref="1", test_date="2018-01-01"),
            record("b", person_ref="1", test_date="2018-03-01", surname="Archor", postcode="BD5 7QQ"),
            record("c", person_ref="1", test_date="2018-02-01", date_of_birth=None, postcode=None),
        )
    )
    (only,) = people.people.to_dict("records")
    assert (only["surname"], only["birth_date"], only["sector"]) == ("ARCHER", "1980-05-04", "BD5 7")


def test_ties_go_to_the_latest_record_then_the_alphabet() -> None:
    dated = table(
        record("a", person_ref="1", test_date="2018-05-01", forename="Zoe"),
        record("b", person_ref="1", test_date="2018-01-01", forename="Ann"),
    )
    same_day = dated.assign(test_date=pd.Timestamp(2018, 1, 1))
    assert people_of(drug_tests=dated).people["forename"].tolist() == ["ZOE"]
    assert people_of(drug_tests=same_day).people["forename"].tolist() == ["ANN"]


def test_names_are_taken_together_not_mixed() -> None:
    rows = [record(f"a{i}", person_ref="1", forename="Ann", surname="Archer") for i in range(2)]
    rows += [record(f"b{i}", person_ref="1", forename="Ann", surname="Baker") for i in range(2)]
    rows += [record(f"c{i}", person_ref="1", forename="Bea", surname="Cook") for i in range(3)]
    (only,) = people_of(drug_tests=table(*rows)).people.to_dict("records")
    assert (only["forename"], only["surname"]) == ("BEA", "COOK")


def test_heaped_dates_are_missing_and_counted_in_people() -> None:
    ordinary = [
        record(
            f"o{i}",
            person_ref=f"o{i}",
            date_of_birth=str((pd.Timestamp(1970, 1, 1) + pd.Timedelta(days=31 * i)).date()),
        )
        for i in range(200)
    ]
    heap = [record(f"h{i}", person_ref=f"h{i // 2}", date_of_birth="1985-01-01") for i in range(24)]
    people = people_of(drug_tests=table(*ordinary, *heap))
    assert people.heaped == ("1985-01-01",)
    assert people.n_heaped == 12
    assert people.people["birth_date"].isna().sum() == 12
    untouched = own_people({"drug_tests": table(*ordinary, *heap)}, latest=TODAY, find_heaped_dates=False)
    assert untouched.people["birth_date"].notna().all()


def test_one_person_with_many_records_is_no_heap() -> None:
    people = people_of(drug_tests=table(*(record(f"r{i:02}", person_ref="1") for i in range(40))))
    assert people.heaped == ()


def test_row_order_changes_nothing() -> None:
    frame = table(
        *(record(f"r{i:02}", person_ref=str(i % 7), forename=f"N{'abc'[i % 3]}", postcode=None) for i in range(30)),
        *(record(f"s{i:02}", person_ref=None, surname=f"S{'xyz'[i % 3]}") for i in range(9)),
    )
    first = people_of(drug_tests=frame)
    again = people_of(drug_tests=frame.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(first.records, again.records)
    pd.testing.assert_frame_equal(first.people, again.people)


def test_record_ids_must_be_there_and_unique() -> None:
    with pytest.raises(InputError, match=r"drug_tests: 1 records have a missing or repeated record_id"):
        people_of(drug_tests=table(record("a"), record("a")))
    with pytest.raises(InputError, match="no column record_id"):
        people_of(drug_tests=table(record("a")).drop(columns="record_id"))
