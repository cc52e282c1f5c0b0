"""Pseudonymised tables at the door: whole, keyed and told apart; hashes without a key are refused with the reason."""

from __future__ import annotations

import base64
import hashlib
import uuid
from pathlib import Path

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import ExtractError, InputError
from dipeval.extracts.pseudonymised import looks_hashed
from dipeval.extracts.writing import write_new_folder

KEY = dip.LinkageKey(b"0a1b2c3d4e5f60718293a4b5c6d7e8f9")
MILLIONS = "about 27 million"


@pytest.fixture(scope="module")
def clear() -> dip.Extracts:
    return dip.simulate(people=60, seed=4)


@pytest.fixture(scope="module")
def blind(clear: dip.Extracts) -> dip.Extracts:
    return dip.pseudonymise(clear, key=KEY)


def refused(folder: Path, name: str, table: pd.DataFrame, on_error: str = "stop") -> str:
    """Both doors must refuse it, the files' one whatever is done with faulty rows."""
    folder.mkdir(exist_ok=True)
    table.to_csv(folder / f"{name}.csv", index=False)
    with pytest.raises(ExtractError) as caught:
        dip.read_extracts(folder, on_error=on_error)
    with pytest.raises(ExtractError) as at_other_door:
        dip.make_extracts({name: table})
    # Rows are counted differently at the two doors; what is wrong is the same.
    assert [one.split(". ")[-1] for one in caught.value.faults] == [
        one.split(". ")[-1] for one in at_other_door.value.faults
    ]
    return str(caught.value)


@pytest.mark.parametrize("column", ["surname", "forename", "date_of_birth", "sex", "postcode", "person_ref"])
@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256", "sha512"])
def test_hashes_without_a_key_are_refused_with_the_reason(
    clear: dip.Extracts, tmp_path: Path, column: str, digest: str
) -> None:
    table = clear.table("drug_tests")
    table[column] = [hashlib.new(digest, str(value).encode()).hexdigest() for value in table[column]]
    said = refused(tmp_path, "drug_tests", table, on_error="drop_and_count")
    assert said.startswith("1 fault ")
    assert f"column {column}: looks like a hash made without a key" in said
    assert MILLIONS in said
    assert "`dipeval pseudonymise`" in said
    assert not any(value in said for value in table[column])


def test_initials_and_other_spellings_of_digests_are_seen_too(clear: dip.Extracts, tmp_path: Path) -> None:
    table = clear.table("treatment")
    raw = [hashlib.sha256(value.encode()).digest() for value in table["forename_initial"]]
    for spelt in ([one.hex().upper() for one in raw], [base64.b64encode(one).decode() for one in raw]):
        assert "looks like a hash" in refused(tmp_path, "treatment", table.assign(forename_initial=spelt))
    table["forename_initial"] = pd.Categorical([one.hex() for one in raw])
    with pytest.raises(ExtractError, match="looks like a hash"):
        dip.make_extracts({"treatment": table})


def test_random_numbers_of_people_are_no_hashes(clear: dip.Extracts) -> None:
    table = clear.table("drug_tests")
    table["person_ref"] = [uuid.UUID(int=place + 1, version=4).hex for place in range(len(table))]
    assert not dip.make_extracts({"drug_tests": table}).pseudonymised
    assert not looks_hashed(pd.Series([1.5, None]))
    assert not looks_hashed(pd.Series([None, None], dtype=object))
    # As a surname such a number has no excuse.
    assert looks_hashed(table["person_ref"])


def test_digests_in_other_dress_are_seen_too(clear: dip.Extracts) -> None:
    raw = [hashlib.sha256(str(place).encode()).digest() for place in range(40)]
    named = [uuid.uuid5(uuid.NAMESPACE_DNS, str(place)) for place in range(40)]
    dressed = {
        "md5:": ["md5:" + one.hex()[:32] for one in raw],
        "bytea": ["\\x" + one.hex() for one in raw],
        "web base 64": [base64.urlsafe_b64encode(one).decode() for one in raw],
        "uuid of a name": [str(one) for one in named],
        "its digits": [one.hex for one in named],
        "after clear rows": [*map(str, range(2000)), *[one.hex() for one in raw]],
    }
    for name, words in dressed.items():
        assert looks_hashed(pd.Series(words), random_numbers=True), name
        assert looks_hashed(pd.Series(words)), name


def test_digests_cut_short_are_seen_where_no_number_can_stand() -> None:
    raw = [hashlib.sha256(str(place).encode()).digest() for place in range(40)]
    for words in ([one.hex()[:16] for one in raw], [base64.b64encode(one).decode().rstrip("=") for one in raw]):
        assert looks_hashed(pd.Series(words))
        assert not looks_hashed(pd.Series(words), random_numbers=True)
    # One odd word among names is a slip of a typist, and dates, postcodes and numbers are what they are.
    assert not looks_hashed(pd.Series(["SMITH", "JONES", "SMITH-JONES-AKA-SMITH2"]))
    for words in (["1980-05-03", "19800503000000"], ["EC1A 1BB", "AB12CD"], ["A", None], ["12/3456A"]):
        assert not looks_hashed(pd.Series(words, dtype=object))


def test_long_numbers_are_no_digests() -> None:
    assert not looks_hashed(pd.Series(["12345678901234567890123456789012"]), random_numbers=True)


def test_random_uuids_are_numbers_of_people() -> None:
    assert not looks_hashed(pd.Series([str(uuid.UUID(int=3, version=4))]), random_numbers=True)


def test_impossible_ages_are_told_and_not_run_into(blind: dip.Extracts, tmp_path: Path) -> None:
    table = blind.table("drug_tests")
    table.loc[2, "age_at_test"] = 5000
    said = refused(tmp_path, "drug_tests", table)
    assert "column age_at_test: '9999' is more than 130" in said


def test_hashed_columns_need_the_fingerprint_of_their_key(blind: dip.Extracts, tmp_path: Path) -> None:
    said = refused(tmp_path, "drug_tests", blind.table("drug_tests").drop(columns="key_fingerprint"))
    assert "column key_fingerprint: is required beside hashed columns" in said
    assert MILLIONS in said


def test_clear_identifiers_beside_hashes_are_refused_all_at_once(
    clear: dip.Extracts, blind: dip.Extracts, tmp_path: Path
) -> None:
    table = blind.table("offences").assign(
        surname=clear.table("offences")["surname"], sex="male", date_of_birth="1980-01-02"
    )
    said = refused(tmp_path, "offences", table, on_error="drop_and_count")
    assert said.startswith("3 faults")
    for column in ("surname", "sex", "date_of_birth"):
        assert f"column {column}: is a clear identifier in a table that is pseudonymised" in said
    assert "Tell the sender" in said


def test_a_clear_number_of_a_person_is_refused_among_hashes(
    clear: dip.Extracts, blind: dip.Extracts, tmp_path: Path
) -> None:
    table = blind.table("deaths").assign(pnc_id=clear.table("deaths")["pnc_id"])
    assert "column pnc_id" in (said := refused(tmp_path, "deaths", table))
    assert "is not a keyed hash of 32 hexadecimal digits" in said
    assert clear.table("deaths")["pnc_id"].iloc[0] not in said


def test_several_keys_in_one_table_are_refused(blind: dip.Extracts, tmp_path: Path) -> None:
    table = blind.table("deaths")
    table.loc[0, "key_fingerprint"] = "ab" * 8
    assert "names more than one key" in refused(tmp_path, "deaths", table, on_error="drop_and_count")


def test_columns_that_are_needed_are_asked_for(blind: dip.Extracts, tmp_path: Path) -> None:
    lacking = blind.table("treatment").drop(columns=["hashed_sex", "hashed_birth_day"])
    said = refused(tmp_path, "treatment", lacking.drop(columns="start_date"))
    assert "has no hashed_birth_day, hashed_sex. Ask for the table again" in said
    assert "start_date: is required and missing" in said
    nobody = blind.table("deaths").drop(columns=["pnc_id", "hashed_sex"])
    assert "no hashed columns that tell people apart" in refused(tmp_path / "b", "deaths", nobody)
    dip.make_extracts({"deaths": blind.table("deaths").drop(columns="pnc_id")})
    dip.make_extracts({"deaths": blind.table("deaths")[["record_id", "pnc_id", "death_date", "key_fingerprint"]]})


def test_the_rest_of_the_contract_still_holds(blind: dip.Extracts, tmp_path: Path) -> None:
    table = blind.table("drug_tests")
    table.loc[0, "age_at_test"] = -3
    table.loc[1, "result"] = "maybe"
    said = refused(tmp_path, "drug_tests", table)
    assert "is less than 0" in said
    assert "is not a known code" in said


def test_one_clear_and_one_hashed_table_can_be_read_and_are_known(clear: dip.Extracts, blind: dip.Extracts) -> None:
    mixed = dip.make_extracts({"drug_tests": clear.table("drug_tests"), "treatment": blind.table("treatment")})
    assert mixed.pseudonymised
    assert mixed.fingerprints("drug_tests") == ()
    assert mixed.fingerprints("treatment") == (KEY.fingerprint,)
    other = dip.pseudonymise(clear, key=dip.LinkageKey(b"another key, not to be guessed")).table("deaths")
    two = dip.make_extracts({"treatment": blind.table("treatment"), "deaths": other})
    assert two.key_fingerprint is not None
    assert len(two.key_fingerprint.split(", ")) == 2


def test_a_new_folder_appears_whole_or_not_at_all(
    blind: dip.Extracts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write_new_folder(blind, tmp_path / "deep" / "sent")
    assert {file.stem for file in written} == set(blind.names)
    assert all(file.is_file() for file in written)
    with pytest.raises(InputError, match="is there already"):
        write_new_folder(blind, tmp_path / "deep" / "sent")

    def stops(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", stops)
    with pytest.raises(KeyboardInterrupt):
        write_new_folder(blind, tmp_path / "deep" / "next")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["sent"]
