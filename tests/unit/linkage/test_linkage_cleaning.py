"""Each cleaning rule, on invented values."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from dipeval.linkage.cleaning import (
    clean_birth_date,
    clean_forename,
    clean_identifiers,
    clean_initial,
    clean_postcode,
    clean_sex,
    clean_surname,
)
from dipeval.linkage.heaping import heaped_dates

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
        ("Mrs", "MRS"),
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
        (None, [None, None, None]),
    ],
)
def test_the_parts_of_a_postcode(raw: str | None, clean: list[str | None]) -> None:
    assert clean_postcode(pd.Series([raw], dtype=object)).to_numpy().tolist() == [clean]


def test_a_sector_may_come_without_its_space() -> None:
    raw = pd.Series(["LS14", "LS1", "LS1 4", "LS1 4AB"])
    assert clean_postcode(raw, sectors=True)["sector"].tolist() == ["LS1 4", None, "LS1 4", "LS1 4"]


def test_absent_columns_are_missing_identifiers() -> None:
    assert clean_identifiers(pd.DataFrame({"record_id": ["a", "b"]}), TODAY).isna().all(axis=None)


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
