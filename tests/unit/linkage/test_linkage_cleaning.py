"""Each cleaning rule, on invented values."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from dipeval.linkage.cleaning import (
    BIRTH_COLUMNS,
    COMPARABLE,
    RAW_IDENTIFIERS,
    birth_parts,
    clean_birth_date,
    clean_forename,
    clean_identifiers,
    clean_initial,
    clean_postcode,
    clean_sex,
    clean_surname,
)
from dipeval.linkage.heaping import heaped_areas, heaped_dates

TODAY = dt.date(2019, 12, 31)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("john", "JOHN"),
        ("  John ", "JOHN"),
        ("José", "JOSE"),
        ("D'Arcy", "DARCY"),
        ("D\u2019Arcy", "DARCY"),
        ("Anne-Marie", "ANNEMARIE"),
        ("Anne - Marie", "ANNEMARIE"),
        ("John William", "JOHN"),
        ("Mr John", "JOHN"),
        ("Mr. Dr. John", "JOHN"),
        ("Drew", "DREW"),
        ("Mrs", None),
        ("Mr J", "J"),
        ("John-Paul", "JOHNPAUL"),
        ("John\u2010Paul", "JOHNPAUL"),
        ("D\u02bcArcy", "DARCY"),
        ("D\u00b4Arcy", "DARCY"),
        ("D`Arcy", "DARCY"),
        ("\uff2a\uff4f\uff48\uff4e", "JOHN"),
        ("Jo\u00ado\u200b", "JOO"),
        ("Jose\u0301", "JOSE"),
        ("\u00d8yvind", "OYVIND"),
        ("\u0130lker", "ILKER"),
        ("William (Bill)", "WILLIAM"),
        ("Mohammed/Mo", "MOHAMMED"),
        ("Sister Mary", "SISTER"),
        ("Unknown male", None),
        ("Not given", None),
        ("Not-Known", None),
        ("zzz", None),
        ("(none)", None),
        ("Łukasz", "LUKASZ"),
        ("Not known", None),
        ("N/K", None),
        ("unknown", None),
        ("123", None),
        ("", None),
        (None, None),
    ],
)
def test_a_forename_has_one_spelling(raw: str | None, clean: str | None) -> None:
    assert clean_forename(pd.Series([raw], dtype=object)).tolist() == [clean]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("O'Neill", "ONEILL"),
        ("Smith-Jones", "SMITHJONES"),
        ("Smith Jones", "SMITHJONES"),
        ("Müller", "MULLER"),
        ("Weiß", "WEISS"),
        ("de la Cruz", "DELACRUZ"),
        ("UNKNOWN", None),
        ("-", None),
        ("O\u2018Neill", "ONEILL"),
        ("O Neill", "ONEILL"),
        ("Smith \u2013 Jones", "SMITHJONES"),
        ("Smith Jnr", "SMITH"),
        ("Smith Jr.", "SMITH"),
        ("Smith SNR", "SMITH"),
        ("Smith, II", "SMITH"),
        ("Smith (Mr)", "SMITH"),
        ("Smith, Junior", "SMITH"),
        ("Jones Senior", "JONESSENIOR"),
        ("Senior", "SENIOR"),
        ("Junior", "JUNIOR"),
        ("Jr", "JR"),
        ("Lister", "LISTER"),
        ("Drake", "DRAKE"),
        ("XXXX", None),
        ("Not stated", None),
        ("Withheld", None),
    ],
)
def test_a_surname_has_one_spelling(raw: str, clean: str | None) -> None:
    assert clean_surname(pd.Series([raw], dtype=object)).tolist() == [clean]


def test_initials_come_from_names_where_there_are_names() -> None:
    frame = pd.DataFrame(
        {
            "forename": ["Mr Étienne", None],
            "surname": ["O'Hara", None],
            "forename_initial": ["x", "b."],
            "surname_initial": ["x", "ç"],
        }
    )
    clean = clean_identifiers(frame, TODAY)
    assert clean["forename_initial"].tolist() == ["E", "B"]
    assert clean["surname_initial"].tolist() == ["O", "C"]


def test_an_initial_is_a_letter() -> None:
    assert clean_initial(pd.Series(["j", "?", "7", None], dtype=object)).tolist() == ["J", None, None, None]


def test_a_name_of_one_letter_is_an_initial() -> None:
    clean = clean_identifiers(pd.DataFrame({"forename": ["J.", "Jo"], "surname": ["Smith", "S"]}), TODAY)
    assert clean["forename"].tolist() == [None, "JO"]
    assert clean["surname"].tolist() == ["SMITH", None]
    assert clean["forename_initial"].tolist() == ["J", "J"]
    assert clean["surname_initial"].tolist() == ["S", "S"]


def test_the_root_of_a_forename_stands_beside_it() -> None:
    clean = clean_identifiers(pd.DataFrame({"forename": ["Mr Billy", "Imogen", None]}), TODAY)
    assert clean["forename_root"].tolist() == ["WILLIAM", "IMOGEN", None]


def test_names_and_days_that_may_be_swapped_stay_as_they_are() -> None:
    frame = pd.DataFrame({"forename": ["Smith"], "surname": ["John"], "date_of_birth": [pd.Timestamp(1980, 12, 3)]})
    clean = clean_identifiers(frame, TODAY).iloc[0]
    assert (clean["forename"], clean["surname"]) == ("SMITH", "JOHN")
    assert (clean["birth_month"], clean["birth_day"]) == ("12", "03")


def test_the_parts_of_a_date_of_birth_are_text() -> None:
    parts = birth_parts(pd.Series(["1999-12-31", None], dtype=object))
    assert list(parts.columns) == ["birth_year", "birth_year_next", "birth_month", "birth_day", "birth_date"]
    assert parts.to_numpy().tolist() == [["1999", "2000", "12", "31", "1999-12-31"], [None] * 5]


def test_sex_is_m_f_or_missing() -> None:
    assert clean_sex(pd.Series(["male", "F", "unknown", None, "1"], dtype=object)).tolist() == [
        "M",
        "F",
        None,
        None,
        "M",
    ]


def test_placeholder_and_impossible_dates_of_birth_are_missing() -> None:
    raw = pd.Series(pd.to_datetime(["1900-01-01", "1901-01-01", "1899-12-30", "2020-01-01", "1985-07-09", None]))
    assert clean_birth_date(raw, TODAY).tolist() == [None, None, None, None, "1985-07-09", None]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("LS1 4AB", ["LS14AB", "LS1 4", "LS1"]),
        ("ls14ab", ["LS14AB", "LS1 4", "LS1"]),
        ("EC1A 1BB", ["EC1A1BB", "EC1A 1", "EC1A"]),
        ("WF10 1", [None, "WF10 1", "WF10"]),
        ("LS14", [None, None, "LS14"]),
        ("LS1", [None, None, "LS1"]),
        ("ZZ99 3VZ", [None, None, None]),
        ("NFA", [None, None, None]),
        ("AA1 1AA", [None, None, None]),
        ("XX9 9XX", [None, None, None]),
        ("LS1 4AB9", [None, None, None]),
        (None, [None, None, None]),
    ],
)
def test_the_parts_of_a_postcode(raw: str | None, clean: list[str | None]) -> None:
    assert clean_postcode(pd.Series([raw], dtype=object)).to_numpy().tolist() == [clean]


def test_a_sector_may_come_without_its_space() -> None:
    raw = pd.Series(["LS14", "LS1", "LS1 4", "LS1 4AB"])
    assert clean_postcode(raw, sectors=True)["sector"].tolist() == ["LS1 4", None, "LS1 4", "LS1 4"]


def test_a_sector_fills_in_for_a_missing_postcode() -> None:
    frame = pd.DataFrame({"postcode": ["LS1 4AB", None, "ZZ99 3VZ"], "postcode_sector": ["BD1 2", "BD12", "BD1 2"]})
    clean = clean_identifiers(frame, TODAY)
    assert clean["sector"].tolist() == ["LS1 4", "BD1 2", "BD1 2"]
    assert clean["postcode"].tolist() == ["LS14AB", None, None]


def test_absent_columns_are_missing_identifiers() -> None:
    clean = clean_identifiers(pd.DataFrame({"record_id": ["a", "b"]}), TODAY)
    assert tuple(clean.columns) == COMPARABLE
    assert clean.isna().all(axis=None)


@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("name", [*RAW_IDENTIFIERS, None])
def test_a_column_without_a_value_is_missing_and_the_others_are_cleaned(name: str | None, rows: int) -> None:
    values = ["Ann", "Archer", "A", "A", pd.Timestamp(1980, 5, 4), "female", "LS1 4AB", "LS1 4"]
    frame = pd.DataFrame({raw: [value] * rows for raw, value in zip(RAW_IDENTIFIERS, values, strict=True)})
    if name is None:
        frame = frame.assign(**dict.fromkeys(RAW_IDENTIFIERS))
    else:
        frame = frame.assign(**{name: pd.Series([None] * rows, dtype=object)})
    clean = clean_identifiers(frame, TODAY)
    assert tuple(clean.columns) == COMPARABLE
    assert len(clean) == rows
    assert all(value is None or isinstance(value, str) for column in clean for value in clean[column])
    blank = {"date_of_birth": {*BIRTH_COLUMNS}, "forename": {"forename", "forename_root"}, "surname": {"surname"}}
    blank |= {"sex": {"sex"}, "postcode": {"postcode"}, None: set(COMPARABLE)}
    assert rows == 0 or set(clean.columns[clean.isna().all()]) == blank.get(name, set())


def test_further_columns_are_closed_up() -> None:
    frame = pd.DataFrame({"nhs_number": ["943 476 5919", None], "ethnicity": ["White - British", " "]})
    clean = clean_identifiers(frame, TODAY, ("nhs_number", "ethnicity", "absent", "sex"))
    assert tuple(clean.columns) == (*COMPARABLE, "nhs_number", "ethnicity", "absent")
    assert clean["nhs_number"].tolist() == ["9434765919", None]
    assert clean["ethnicity"].tolist() == ["WHITEBRITISH", None]
    assert clean["absent"].isna().all()


def test_a_pseudonymised_table_keeps_its_hashes() -> None:
    frame = pd.DataFrame({"hashed_sex": ["0c" * 16, None], "key_fingerprint": "ab" * 8, "sex": "male"})
    clean = clean_identifiers(frame, TODAY, ("ward",))
    assert tuple(clean.columns) == (*COMPARABLE, "ward")
    assert clean["sex"].tolist() == ["0c" * 16, None]
    assert clean.drop(columns="sex").isna().all(axis=None)


def _homes(n: int, outward: str = "LS1") -> pd.DataFrame:
    homes = [f"{outward}{i // 26 % 9}A{chr(65 + i % 26)}" for i in range(n)]
    return pd.DataFrame({"area": homes, "outward": outward})


def _at(area: str, n: int, outward: str = "LS1") -> pd.DataFrame:
    return pd.DataFrame({"area": [area] * n, "outward": outward})


def test_the_address_of_a_police_station_is_heaped() -> None:
    people = pd.concat([_homes(60), _homes(60), _at("LS19ZZ", 90), _at("LS18ZZ", 41)])
    assert heaped_areas(people) == ["LS18ZZ", "LS19ZZ"]
    assert heaped_areas(people.sample(frac=1, random_state=2)) == ["LS18ZZ", "LS19ZZ"]


@pytest.mark.parametrize(
    "people",
    [
        pd.concat([_homes(60), _at("LS19ZZ", 19)]),
        pd.concat([_homes(60), _homes(60), _at("LS19ZZ", 39)]),
        pd.concat([_homes(5), _at("LS19ZZ", 500)]),
        _at("LS19ZZ", 500),
        _homes(0),
    ],
    ids=["fewer than 20", "less than 20 times", "nothing to compare with", "one postcode", "nobody"],
)
def test_busy_postcodes_are_not_heaped(people: pd.DataFrame) -> None:
    assert heaped_areas(people) == []


def test_a_sector_is_compared_with_its_neighbours_and_with_the_file() -> None:
    town = pd.concat([_at(f"LS1 {i}", 30) for i in range(1, 6)])
    estate_among_villages = pd.concat([_at("YO7 1", 290, "YO7"), *(_at(f"YO7 {i}", 2, "YO7") for i in range(2, 6))])
    assert heaped_areas(pd.concat([town, estate_among_villages]), "sector") == []
    assert heaped_areas(pd.concat([town, estate_among_villages, _at("LS1 9", 300)]), "sector") == ["LS1 9"]


def test_homes_of_a_whole_region_are_not_heaped() -> None:
    # Postcodes of very different size: a few hold many times the average.
    rng = np.random.default_rng(8)
    place = rng.choice(6_000, 40_000, p=rng.dirichlet(np.full(6_000, 0.7)))
    people = pd.DataFrame({"area": place, "outward": place // 600})
    assert heaped_areas(people) == []


def _births(n: int) -> pd.Series:
    days = np.random.default_rng(5).integers(0, 40 * 365, size=n)
    return pd.Series(pd.Timestamp(1955, 1, 1) + pd.to_timedelta(days, unit="D")).dt.strftime("%Y-%m-%d")


@pytest.mark.parametrize("n", [1, 5, 200, 5_000, 60_000])
def test_ordinary_birthdays_are_not_heaped(n: int) -> None:
    assert heaped_dates(_births(n)) == []


@pytest.mark.parametrize("n", [200, 5_000, 60_000])
def test_default_dates_are_heaped(n: int) -> None:
    heap = pd.Series(["1970-01-01"] * max(12, n // 50) + ["1990-01-01"] * max(12, n // 50))
    assert heaped_dates(pd.concat([_births(n), heap])) == ["1970-01-01", "1990-01-01"]


def test_a_heap_at_the_end_of_the_range_is_found() -> None:
    youngest = pd.Series(["1994-12-31"] * 60)
    assert heaped_dates(pd.concat([_births(3_000), youngest])) == ["1994-12-31"]


def test_fewer_than_ten_people_are_never_a_heap() -> None:
    assert heaped_dates(pd.Series(["1980-06-01"] * 9)) == []
    assert heaped_dates(pd.Series([None, None], dtype=object)) == []
