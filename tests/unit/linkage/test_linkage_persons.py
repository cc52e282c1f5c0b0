"""Records collapsed to the people of their own file: a few invented records in, the people out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.linkage.cleaning import COMPARABLE, clean_identifiers
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


def test_ties_go_to_the_latest_record_then_the_lowest_record_id() -> None:
    dated = table(
        record("a", person_ref="1", test_date="2018-01-01", forename="Ann"),
        record("b", person_ref="1", test_date="2018-05-01", forename="Zoe"),
        record("c", person_ref="2", test_date="2018-01-01", forename="Zoe"),
        record("d", person_ref="2", test_date="2018-01-01", forename="Ann"),
    )
    assert people_of(drug_tests=dated).people["forename"].tolist() == ["ZOE", "ZOE"]
    assert people_of(drug_tests=dated.iloc[::-1]).people["forename"].tolist() == ["ZOE", "ZOE"]


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


def client(record_id: str, reference: str | None, **values: Any) -> dict[str, Any]:
    start = {
        "record_id": record_id,
        "client_ref": reference,
        "forename_initial": "A",
        "surname_initial": "B",
        "date_of_birth": "1980-05-04",
        "sex": "male",
        "postcode_sector": "LS1 4",
    }
    return start | values


@pytest.mark.parametrize("name", ["contacts", "treatment"])
def test_a_client_with_two_numbers_is_one_person(name: str) -> None:
    clients = table(
        client("a", "x1"),
        client("b", "y7", postcode_sector="BD1 2"),
        client("c", "y7"),
        client("d", "z3", postcode_sector="BD1 2"),
        client("e", None),
        client("f", "w4", postcode_sector="BD9 9"),
    )
    people = people_of(**{name: clients})
    assert len({person(people, r) for r in "abcde"}) == 1
    assert person(people, "f") != person(people, "a")
    assert people.n_merged == 3
    apart = own_people({name: clients}, latest=TODAY, merge_references=False)
    assert apart.records["person"].nunique() == 5
    assert apart.n_merged == 0


@pytest.mark.parametrize("missing", ["forename_initial", "surname_initial", "date_of_birth", "sex", "postcode_sector"])
def test_clients_are_joined_only_if_everything_is_known(missing: str) -> None:
    people = people_of(treatment=table(client("a", "1", **{missing: None}), client("b", "2", **{missing: None})))
    assert person(people, "a") != person(people, "b")


def test_clients_with_different_names_stay_apart() -> None:
    rows = [client(r, r, forename=name, surname="Baker") for r, name in (("a", "Adam"), ("b", "Alan"), ("c", "Adam"))]
    people = people_of(contacts=table(*rows))
    assert person(people, "a") == person(people, "c") != person(people, "b")


def test_identifiers_that_many_numbers_share_join_nobody() -> None:
    people = people_of(treatment=table(*(client(f"r{i}", str(i)) for i in range(6))))
    assert people.n_merged == 0
    assert people_of(treatment=table(*(client(f"r{i}", str(i)) for i in range(5)))).n_merged == 4


def test_numbers_of_the_police_are_never_merged() -> None:
    tests = people_of(drug_tests=table(record("a", person_ref="1"), record("b", person_ref="2")))
    offences = people_of(offences=table(record("a", pnc_id="1"), record("b", pnc_id="2")))
    assert (len(tests.people), tests.n_merged) == (len(offences.people), offences.n_merged) == (2, 0)


def at_home(n: int) -> list[dict[str, Any]]:
    births = pd.date_range("1960-01-01", periods=n, freq="47D").strftime("%Y-%m-%d")
    homes = [f"LS1 {1 + i % 9}A{chr(65 + i % 24)}" for i in range(n)]
    return [
        record(
            f"h{i:03}", person_ref=f"h{i}", date_of_birth=births[i], postcode=homes[i], surname=f"S{chr(65 + i % 9)}"
        )
        for i in range(n)
    ]


def test_people_at_a_default_address_have_no_address_and_are_counted() -> None:
    births = pd.date_range("1962-01-01", periods=45, freq="61D").strftime("%Y-%m-%d")
    station = [
        record(f"s{i:03}", person_ref=f"s{i // 2}", date_of_birth=births[i // 2], postcode="LS1 9ZZ") for i in range(90)
    ]
    housed = [record("t1", person_ref="s3", date_of_birth=births[3], test_date="2010-01-01", postcode="LS1 1AA")]
    people = people_of(drug_tests=table(*at_home(120), *station, *housed))
    assert people.heaped_areas == ("LS19ZZ",)
    assert people.n_heaped_areas == 45
    assert people.people.loc[person(people, "s000"), ["postcode", "sector", "outward"]].isna().all()
    assert people.people.loc[person(people, "t1"), "postcode"] == "LS11AA"
    assert people.people["postcode"].notna().sum() == 121
    untouched = own_people({"drug_tests": table(*at_home(120), *station)}, latest=TODAY, find_heaped_dates=False)
    assert (untouched.heaped_areas, untouched.n_heaped_areas) == ((), 0)


def test_a_heaped_date_takes_its_parts_with_it() -> None:
    heap = [record(f"x{i}", person_ref=f"x{i}", date_of_birth="1985-01-01") for i in range(15)]
    people = people_of(drug_tests=table(*at_home(120), *heap))
    assert people.heaped == ("1985-01-01",)
    born = people.people[["birth_date", "birth_year", "birth_year_next", "birth_month", "birth_day"]]
    assert born.isna().sum().tolist() == [15] * 5


def test_further_columns_go_with_the_person_as_most_often_recorded() -> None:
    frame = table(
        record("a", person_ref="1", ward="North"),
        record("b", person_ref="1", ward="SOUTH"),
        record("c", person_ref="1", ward="south "),
        record("d", person_ref="2", ward=None),
    )
    people = own_people({"drug_tests": frame}, latest=TODAY, also_compare=("ward", "absent", "sex")).people
    assert people["ward"].tolist() == ["SOUTH", None]
    assert people["absent"].tolist() == [None, None]
    assert people.columns.tolist() == [*COMPARABLE, "ward", "absent"]


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_files_without_a_single_identifier_have_people_all_the_same(rows: int) -> None:
    people = people_of(deaths=pd.DataFrame({"record_id": [str(i) for i in range(rows)]}, dtype=object))
    assert len(people.people) == len(people.records) == rows
    assert people.people.isna().all(axis=None)
    assert not people.has_names


def test_a_printed_form_holds_no_personal_value() -> None:
    shown = repr(people_of(drug_tests=table(record("a", person_ref="1"))))
    assert "ARCHER" not in shown
    assert "1980" not in shown


def hashes(frame: pd.DataFrame) -> pd.DataFrame:
    """Stand-ins for keyed hashes: equal where the identifiers are equal, and nothing else."""
    clean = clean_identifiers(frame, TODAY).drop(columns="birth_date")
    hashed = {f"hashed_{name}": clean[name].map(lambda v: f"#{v}", na_action="ignore") for name in clean}
    kept = frame[[name for name in ("record_id", "person_ref", "client_ref", "test_date") if name in frame]]
    return kept.assign(**hashed, key_fingerprint="ab" * 8)


def test_pseudonymised_files_have_the_same_people() -> None:
    births = pd.date_range("1962-01-01", periods=40, freq="61D").strftime("%Y-%m-%d")
    station = [record(f"s{i}", person_ref=None, date_of_birth=births[i], postcode="LS1 9ZZ") for i in range(40)]
    clear = table(*at_home(120), *station, record("u", person_ref="h9", surname="A"))
    first, again = people_of(drug_tests=clear), people_of(drug_tests=hashes(clear))
    pd.testing.assert_frame_equal(first.records, again.records)
    assert first.n_heaped_areas == 40
    for name in first.people:
        same = pd.DataFrame({"clear": first.people[name], "hashed": again.people[name]}).dropna().drop_duplicates()
        assert same["clear"].is_unique
        assert same["hashed"].is_unique
    assert first.people.notna().equals(again.people.notna())
    assert (first.n_heaped_areas, len(first.heaped_areas)) == (again.n_heaped_areas, len(again.heaped_areas))
    clients = table(client("a", "x1"), client("b", "y7"), client("c", "z3", sex="female"))
    assert people_of(treatment=hashes(clients)).n_merged == people_of(treatment=clients).n_merged == 1


def test_dates_are_not_called_heaped_among_hashes() -> None:
    same_day = [record(f"r{i:02}", person_ref=str(i), surname=f"S{chr(65 + i)}") for i in range(20)]
    people = people_of(drug_tests=hashes(table(*same_day)))
    assert people.heaped == ()
    assert people.people["birth_date"].notna().all()


def test_clear_and_pseudonymised_files_are_not_pooled() -> None:
    clear = table(record("a", pnc_id="1"))
    with pytest.raises(InputError, match="offences: the identifiers are pseudonymised, but those of deaths are not"):
        people_of(offences=hashes(clear), deaths=clear)


def test_row_order_changes_no_merger_and_no_heap() -> None:
    rows = [
        client(f"r{i:03}", f"c{i % 40}", surname_initial="ABCDE"[i % 5], postcode_sector=f"LS1 {1 + i % 3}")
        for i in range(120)
    ]
    frame = table(*rows)
    first, again = people_of(treatment=frame), people_of(treatment=frame.sample(frac=1, random_state=9))
    pd.testing.assert_frame_equal(first.records, again.records)
    pd.testing.assert_frame_equal(first.people, again.people)
    assert first.n_merged == again.n_merged
