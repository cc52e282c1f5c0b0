"""Pseudonymised tables: what is hashed, what stays, and what can still be seen in the hashes."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import io
import logging
import re

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.extracts import data_dictionary, table_schema
from dipeval.linkage.cleaning import clean_identifiers
from dipeval.linkage.pseudonyms import hash_values, hashed_identifiers, is_pseudonymised, refuse_unkeyed

SECRET = b"0a1b2c3d4e5f60718293a4b5c6d7e8f9"
CLEAR = {
    "forename",
    "surname",
    "forename_initial",
    "surname_initial",
    "date_of_birth",
    "postcode",
    "postcode_sector",
}


def drug_tests_of(**columns: list[object]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    frame = {
        "record_id": [f"r{place}" for place in range(n)],
        "date_of_birth": [pd.Timestamp("1980-05-03")] * n,
        "sex": ["male"] * n,
        "district": ["Leeds"] * n,
        "test_date": [pd.Timestamp("2018-05-02")] * n,
        "result": ["opiates"] * n,
    }
    return pd.DataFrame(frame | columns)


def hashed(**columns: list[object]) -> pd.DataFrame:
    extracts = dip.make_extracts({"drug_tests": drug_tests_of(**columns)}, extract_date="2019-12-31")
    return dip.pseudonymise(extracts, key=dip.LinkageKey(SECRET)).table("drug_tests")


@pytest.fixture(scope="module")
def clear() -> dip.Extracts:
    return dip.simulate(people=150, seed=4)


@pytest.fixture(scope="module")
def blind(clear: dip.Extracts) -> dip.Extracts:
    return dip.pseudonymise(clear, key=dip.LinkageKey(SECRET))


def test_every_identifier_is_gone_and_every_other_column_stays(clear: dip.Extracts, blind: dip.Extracts) -> None:
    for name in clear.names:
        before, after = clear.table(name), blind.table(name)
        if name == "spend":
            pd.testing.assert_frame_equal(before, after)
            continue
        assert not CLEAR & set(after.columns)
        assert ("sex" in after) == ("age_at_test" in after) == (name == "drug_tests")
        assert set(after["key_fingerprint"]) == {blind.key_fingerprint}
        gone = {*CLEAR, "sex", "person_ref", "client_ref", "pnc_id"}
        same = [column for column in before.columns if column not in gone]
        pd.testing.assert_frame_equal(before[same], after[same])


def test_the_extracts_know_what_they_are(clear: dip.Extracts, blind: dip.Extracts) -> None:
    assert (clear.pseudonymised, clear.key_fingerprint) == (False, None)
    assert blind.pseudonymised
    assert blind.key_fingerprint == hmac.digest(SECRET, b"dipeval key fingerprint", "sha256").hex()[:16]
    assert blind.data_status == clear.data_status
    assert blind.extract_date == clear.extract_date
    assert blind.truth is clear.truth
    assert blind.fingerprints("spend") == ()


def test_the_hash_is_hmac_sha_256_of_domain_and_value() -> None:
    found = hashed(surname=["o'neil"], forename=["Zoë"])
    for column, message in (
        ("hashed_surname", b"name\x1fONEIL"),
        ("hashed_forename_initial", b"initial\x1fZ"),
        ("hashed_birth_year_next", b"birth_year\x1f1981"),
        ("hashed_birth_day", b"day_or_month\x1f03"),
        ("hashed_sex", b"sex\x1fM"),
    ):
        assert found.loc[0, column] == hmac.new(SECRET, message, hashlib.sha256).hexdigest()[:32]


def test_swaps_and_neighbouring_years_stay_visible() -> None:
    found = hashed(
        forename=["Ada", "Grace"],
        surname=["Grace", "Ada"],
        date_of_birth=pd.to_datetime(["1980-05-03", "1981-03-05"]).tolist(),
    )
    one, other = found.iloc[0], found.iloc[1]
    assert (one["hashed_forename"], one["hashed_surname"]) == (other["hashed_surname"], other["hashed_forename"])
    assert one["hashed_forename_initial"] == other["hashed_surname_initial"]
    assert one["hashed_birth_month"] == other["hashed_birth_day"]
    assert one["hashed_birth_year_next"] == other["hashed_birth_year"]
    # Equal text in two domains is not seen to be equal.
    assert hashed(surname=["M"]).loc[0, "hashed_surname_initial"] != hashed(surname=["M"]).loc[0, "hashed_sex"]


def test_cleaning_and_shortening_come_before_hashing() -> None:
    found = hashed(
        surname=["O'Neil", " ONEIL "], forename=["Dr. Ann-Marie Lou", "annmarie"], postcode=["ls1 4ab", "LS14AB"]
    )
    same = [name for name in found.columns if name.startswith("hashed_")]
    assert (found.loc[0, same] == found.loc[1, same]).all()
    services = pd.DataFrame(
        {
            "record_id": ["a"],
            "forename_initial": ["A"],
            "surname_initial": ["O"],
            "date_of_birth": [pd.Timestamp("1980-05-03")],
            "sex": ["male"],
            "postcode_sector": ["LS1 4"],
            "district": ["Leeds"],
            "start_date": [pd.Timestamp("2018-06-01")],
        }
    )
    extracts = dip.make_extracts({"treatment": services}, extract_date="2019-12-31")
    sent = dip.pseudonymise(extracts, key=dip.LinkageKey(SECRET)).table("treatment")
    shared = [name for name in sent.columns if name.startswith("hashed_")]
    assert "hashed_postcode" not in shared
    assert "hashed_surname" not in shared
    assert (sent.loc[0, shared] == found.loc[0, shared]).all()


def test_placeholders_and_heaped_dates_are_removed_before_hashing() -> None:
    spread = pd.date_range("1970-01-01", periods=400, freq="17D").tolist()
    born = [*spread, *[pd.Timestamp("1980-01-01")] * 40, pd.Timestamp("1900-01-01"), None]
    names = [f"P{chr(65 + place % 26)}{chr(65 + place // 26)}" for place in range(len(born))]
    extracts = dip.make_extracts({"drug_tests": drug_tests_of(surname=names, forename=names, date_of_birth=born)})
    key = dip.LinkageKey(SECRET)
    found = dip.pseudonymise(extracts, key=key)
    assert found.table("drug_tests")["hashed_birth_year"].isna().sum() == 42
    assert any("(dates: 1)" in note for note in found.summary().notes)
    kept = dip.pseudonymise(extracts, key=key, find_heaped_dates=False).table("drug_tests")
    assert kept["hashed_birth_year"].isna().sum() == 2
    # The age is what the file says, heaped or not, as in a cohort from clear tables.
    assert found.table("drug_tests")["age_at_test"].isna().sum() == 1


def test_numbers_of_people_keep_their_equality() -> None:
    key = dip.LinkageKey(SECRET)
    deaths = pd.DataFrame({"record_id": ["1", "2"], "pnc_id": ["07/1a", None], "death_date": ["2018-03-01"] * 2})
    spells = pd.DataFrame({"record_id": ["1"], "pnc_id": [" 07/1A"], "start_date": ["2018-01-01"]})
    found = dip.pseudonymise(dip.make_extracts({"deaths": deaths, "custody_spells": spells}), key=key)
    first, second = found.table("deaths")["pnc_id"]
    assert first == found.table("custody_spells").loc[0, "pnc_id"]
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert second is None
    assert first != key.hash("person_ref", "07/1A")


def test_record_numbers_are_hashed_on_request(clear: dip.Extracts) -> None:
    found = dip.pseudonymise(clear, key=dip.LinkageKey(SECRET), hash_record_ids=True)
    ids = found.table("deaths")["record_id"]
    assert ids.str.fullmatch("[0-9a-f]{32}").all()
    assert ids.is_unique
    assert not set(ids) & set(clear.table("deaths")["record_id"])
    assert found.truth is None


@pytest.mark.parametrize("pattern", ["{}", "2018-{}-1"])
def test_record_numbers_that_are_numbers_of_people_are_not_sent(clear: dip.Extracts, pattern: str) -> None:
    deaths = clear.table("deaths")
    deaths["record_id"] = [pattern.format(number) for number in deaths["pnc_id"]]
    extracts, key = dip.make_extracts({"deaths": deaths}), dip.LinkageKey(SECRET)
    with pytest.raises(InputError, match="record_id holds the pnc_id") as caught:
        dip.pseudonymise(extracts, key=key)
    assert deaths["pnc_id"].iloc[0] not in str(caught.value)
    assert dip.pseudonymise(extracts, key=key, hash_record_ids=True).pseudonymised


@pytest.mark.parametrize(
    ("held", "make"),
    [
        ("surname", lambda row: f"T-{row.surname}-01"),
        ("forename", lambda row: f"{row.forename.lower()}/01"),
        ("date of birth", lambda row: f"2018-{row.date_of_birth:%Y%m%d}-1"),
        ("date of birth", lambda row: f"X{row.date_of_birth:%d/%m/%y}"),
        ("postcode", lambda row: f"1 {row.postcode} 2"),
    ],
)
def test_record_numbers_that_tell_who_somebody_is_are_not_sent(clear: dip.Extracts, held: str, make) -> None:  # type: ignore[no-untyped-def]
    tests = clear.table("drug_tests").dropna(subset=["surname", "forename", "date_of_birth", "postcode"])
    # One number in five, at the end of the table, is enough.
    own = [f"{make(row)}~{place}" if place % 5 == 4 else f"D{place}" for place, row in enumerate(tests.itertuples())]
    extracts, key = dip.make_extracts({"drug_tests": tests.assign(record_id=own)}), dip.LinkageKey(SECRET)
    with pytest.raises(InputError, match=f"drug_tests: record_id holds the {held} of the person") as caught:
        dip.pseudonymise(extracts, key=key)
    assert own[4] not in str(caught.value)
    assert dip.pseudonymise(extracts, key=key, hash_record_ids=True).pseudonymised


def test_words_about_people_are_told_by_number_and_never_quoted() -> None:
    frame = drug_tests_of(
        forename=["Ann", "Bo", "Cy"],
        surname=["Smith", "Jones", "Marsh"],
        trigger_offence=["theft (Mrs Smith)", "theft, b. 3/5/1980; 03/05/1980", "theft in Marshfield"],
        custody_suite=["Leeds"] * 3,
    )
    found = dip.pseudonymise(
        dip.make_extracts({"drug_tests": frame}, extract_date="2019-12-31"), key=dip.LinkageKey(SECRET)
    )
    told = [note for note in found.summary().notes if "stays clear" in note]
    assert len(told) == 1
    assert "drug_tests: trigger_offence holds the name or the date of birth" in told[0]
    assert "in 2 of 3 records looked at" in told[0]
    assert "Smith" not in told[0]


def test_ages_tell_the_year_of_birth_and_no_more() -> None:
    """An age on the day of the test would change on the birthday, and so tell the date behind the hashes."""
    clear = dip.simulate(people=500, seed=3)
    tests = dip.pseudonymise(clear, key=dip.LinkageKey(SECRET)).table("drug_tests")
    born = clear.table("drug_tests")["date_of_birth"]
    told = tests["test_date"].dt.year - tests["age_at_test"].astype("Int64")
    pd.testing.assert_series_equal(told, born.dt.year, check_names=False, check_dtype=False)


def test_broken_letters_are_hashed_without_an_error_that_holds_them() -> None:
    key = dip.LinkageKey(SECRET)
    assert len(key.hash("name", "ANN\ud800")) == 32
    assert key.hash("name", "\u00c9") == key.hash("name", "\u00c9".encode().decode())


def test_age_and_sex_can_be_left_out(clear: dip.Extracts) -> None:
    found = dip.pseudonymise(clear, key=dip.LinkageKey(SECRET), keep_age_and_sex=False)
    assert not {"sex", "age_at_test"} & set(found.table("drug_tests").columns)
    assert "hashed_sex" in found.table("drug_tests")


def test_the_age_is_the_one_reached_in_the_year_of_the_test() -> None:
    days = pd.to_datetime(["2018-01-01", "2018-05-03", "2018-12-31"]).tolist()
    assert hashed(test_date=days)["age_at_test"].nunique() == 1


def test_another_key_gives_other_hashes_and_another_fingerprint(clear: dip.Extracts, blind: dip.Extracts) -> None:
    other = dip.pseudonymise(clear, key=dip.LinkageKey(SECRET[::-1]))
    assert other.key_fingerprint != blind.key_fingerprint
    ours, theirs = (set(one.table("offences")["hashed_surname"]) for one in (blind, other))
    assert len(ours) == len(theirs)
    assert not ours & theirs


def test_the_order_of_rows_changes_no_hash(clear: dip.Extracts, blind: dip.Extracts) -> None:
    shuffled = {name: clear.table(name).sample(frac=1, random_state=1) for name in ("drug_tests", "treatment")}
    again = dip.pseudonymise(dip.make_extracts(shuffled), key=dip.LinkageKey(SECRET))
    for name in shuffled:
        expected = blind.table(name).sort_values("record_id", ignore_index=True)
        pd.testing.assert_frame_equal(again.table(name).sort_values("record_id", ignore_index=True), expected)


def test_files_written_are_read_back_the_same(blind: dip.Extracts, tmp_path) -> None:
    dip.write_extracts(blind, tmp_path)
    back = dip.read_extracts(tmp_path, extract_date=blind.extract_date)
    assert back.key_fingerprint == blind.key_fingerprint
    for name in blind.names:
        pd.testing.assert_frame_equal(back.table(name), blind.table(name))


def test_it_is_done_once_and_only_to_people(blind: dip.Extracts, clear: dip.Extracts) -> None:
    key = dip.LinkageKey(SECRET)
    with pytest.raises(InputError, match="pseudonymised already"):
        dip.pseudonymise(blind, key=key)
    spend = dip.make_extracts({"spend": clear.table("spend")}, extract_date="2019-12-31")
    with pytest.raises(InputError, match="nothing to pseudonymise"):
        dip.pseudonymise(spend, key=key)
    with pytest.raises(InputError, match="it is a DataFrame"):
        dip.pseudonymise(clear.table("deaths"), key=key)


def test_the_log_tells_columns_and_counts_only(clear: dip.Extracts) -> None:
    stream, logger = io.StringIO(), logging.getLogger("dipeval")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        dip.pseudonymise(clear, key=dip.LinkageKey(SECRET))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    told = stream.getvalue()
    assert "drug_tests" in told
    assert SECRET.decode() not in told
    for name in ("forename", "surname", "postcode", "person_ref"):
        for value in clear.table("drug_tests")[name].dropna().head(50):
            assert not re.search(rf"\b{re.escape(str(value))}\b", told)


def test_comparable_columns_are_those_of_clear_tables(clear: dip.Extracts, blind: dip.Extracts) -> None:
    day = dt.date(2016, 3, 31)
    for name in ("drug_tests", "treatment", "deaths"):
        plain = clean_identifiers(clear.table(name), day)
        blinded = hashed_identifiers(blind.table(name))
        assert sorted(plain.columns) == sorted(blinded.columns)
        for column in plain.columns:
            assert plain[column].isna().tolist() == blinded[column].isna().tolist(), (name, column)
            assert plain[column].nunique() == blinded[column].nunique(), (name, column)
            pairs = pd.DataFrame({"plain": plain[column], "blinded": blinded[column]}).dropna().drop_duplicates()
            assert pairs["plain"].is_unique


def test_hashed_columns_that_are_not_there_are_missing() -> None:
    found = hashed_identifiers(pd.DataFrame({"hashed_forename": ["ab" * 16], "key_fingerprint": ["cd" * 8]}))
    assert found.loc[0, "forename_root"] == "ab" * 16
    assert found["birth_date"].tolist() == [None]


def test_tables_are_told_apart() -> None:
    assert is_pseudonymised(pd.DataFrame(columns=["key_fingerprint"]))
    assert not is_pseudonymised(pd.DataFrame(columns=["sex"]))


def test_missing_values_have_no_hash() -> None:
    assert hash_values(pd.Series(["a", None, "a"]), str.upper).tolist() == ["A", None, "A"]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"hashed_sex": ["0c" * 16]}, "without the fingerprint of a key"),
        ({"hashed_sex": ["0c" * 16], "key_fingerprint": [None]}, "without the fingerprint of a key"),
        ({"surname": [hashlib.md5(b"SMITH").hexdigest()]}, "looks like a hash without a key"),
    ],
)
def test_hashes_without_a_key_are_refused_at_the_link_too(frame: dict[str, list[object]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        refuse_unkeyed(pd.DataFrame(frame), "deaths")
    refuse_unkeyed(pd.DataFrame({"surname": ["SMITH"], "hashed": ["x"]}), "deaths")
    refuse_unkeyed(pd.DataFrame({"hashed_sex": ["0c" * 16], "key_fingerprint": ["ab" * 8]}), "deaths")


def test_the_dictionary_and_the_schema_know_pseudonymised_tables() -> None:
    told = data_dictionary("drug_tests", pseudonymised=True).set_index("column")
    assert told.loc["key_fingerprint", "required"]
    assert told.loc["hashed_birth_day", "required"]
    assert "surname" not in told.index
    assert len(data_dictionary(pseudonymised=True)) > len(data_dictionary())
    fields = {field["name"] for field in table_schema("deaths", pseudonymised=True)["fields"]}
    assert {"hashed_surname", "pnc_id", "death_date"} <= fields
