"""Pseudonymised linkage: identifiers are cleaned and shortened, then replaced by keyed hashes of their parts.

Equality survives the hashing and nothing else does, so that the person models, which compare parts for equality, find
the same links; only the similarity of names that are spelt differently is lost. Method: HMAC (RFC 2104) with SHA-256,
one secret key shared by the senders. This is pseudonymisation and not anonymisation: see docs/pseudonymised_linkage.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from os import PathLike
from typing import Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts import Extracts
from dipeval.extracts.assembling import side_by_side
from dipeval.extracts.contracts import TableContract, table_contract
from dipeval.extracts.extracts import build
from dipeval.extracts.pseudonymised import (
    AGE,
    FINGERPRINT,
    HASHED,
    HASHED_PARTS,
    KEPT_FOR_ANALYSIS,
    PARTS,
    REFERENCES,
    is_person_table,
    looks_hashed,
    pseudonymised_contract,
)
from dipeval.linkage.cleaning import NOTHING, clean_identifiers, empty_column
from dipeval.linkage.keys import LinkageKey, as_key
from dipeval.linkage.persons import own_people, reference_column
from dipeval.linkage.telling import refuse_telling_ids, words_about_people

logger = logging.getLogger("dipeval")
# Parts of one domain can be compared with each other: swapped names, initials, day and month; one year apart.
DOMAINS: Final[Mapping[str, str]] = {
    "forename": "name",
    "forename_root": "name",
    "surname": "name",
    "forename_initial": "initial",
    "surname_initial": "initial",
    "birth_year": "birth_year",
    "birth_year_next": "birth_year",
    "birth_month": "day_or_month",
    "birth_day": "day_or_month",
    "sex": "sex",
    "postcode": "postcode",
    "sector": "sector",
    "outward": "outward",
}
_RECORD: Final = "record_id"
_BIRTH: Final = ("birth_year", "birth_month", "birth_day")
_ALL_PARTS: Final = (*HASHED_PARTS[:9], "birth_date", *HASHED_PARTS[9:])


def pseudonymise(
    extracts: Extracts,
    *,
    key: LinkageKey | PathLike[str],
    hash_record_ids: bool = False,
    keep_age_and_sex: bool = True,
    find_heaped_dates: bool = True,
) -> Extracts:
    """Replace the identifiers of every person by keyed hashes, so that agencies can link without sending names.

    Names, dates of birth, sexes and postcodes are cleaned as for a linkage, placeholders and heaped dates of birth are
    removed, the parts are cut (initials; year, month and day; postcode, sector and outward code), and each part is
    hashed by HMAC-SHA-256 with the key. Numbers of people (person_ref, client_ref, pnc_id) are hashed too. What is left
    is `hashed_...` columns and `key_fingerprint`; every other column stays as it is. Tables without people stay too.

    Parameters
    ----------
    extracts
        Clear tables (`dipeval.read_extracts`).
    key
        `LinkageKey.from_file`, `LinkageKey.from_variable`, or the path (a ``Path``) of the key's file. All agencies
        use the same key.
    hash_record_ids
        Whether record numbers are hashed as well. They name nobody, and the sender needs them to answer questions about
        a record; hash them where others know whose they are.
    keep_age_and_sex
        Whether drug_tests keeps the sex, and the age reached in the year of the test (``age_at_test``: the year of the
        test less the year of birth, which it therefore tells). A cohort cannot be built without.
    find_heaped_dates
        Whether dates of birth that far too many people share count as missing; as in the `LinkRule`.

    Returns
    -------
    Extracts
        ``.pseudonymised`` is true and ``.key_fingerprint`` is that of the key. Still personal data if they were.

    Raises
    ------
    InputError
        If the extracts are pseudonymised already, hold no people, or the key is missing or weak; if record numbers are,
        or contain, numbers, names, dates of birth or postcodes of people and are not to be hashed.

    Examples
    --------
    >>> import dipeval as dip
    >>> hashed = pseudonymise(dip.simulate(people=20, seed=1), key=LinkageKey(bytes(range(32))))
    >>> hashed.pseudonymised, "surname" in hashed.table("drug_tests"), len(hashed.table("deaths").columns) > 5
    (True, False, True)
    >>> hashed.table("treatment")["hashed_surname_initial"].str.len().unique().tolist()
    [32]
    """
    secret = as_key(key)
    if not isinstance(extracts, Extracts):
        raise InputError(
            f"extracts must be what dip.read_extracts or dip.make_extracts gives; it is a {type(extracts).__name__}."
        )
    if extracts.pseudonymised:
        raise InputError("These extracts are pseudonymised already: hash the clear extracts, once.")
    people = {name: extracts.table(name) for name in extracts.names if is_person_table(table_contract(name))}
    if not people:
        raise InputError(
            f"The extracts hold no table of people ({', '.join(extracts.names)}), so there is nothing to pseudonymise."
        )
    if not hash_record_ids:
        refuse_telling_ids(people, extracts.extract_date)
    heaped = _heaped_dates(people, extracts) if find_heaped_dates else {}
    tables = {name: extracts.table(name) for name in extracts.names if name not in people}
    notes = []
    for name, clear in people.items():
        hashed = _hashed_table(table_contract(name), clear, secret, extracts, heaped.get(name, ()))
        if keep_age_and_sex and name in KEPT_FOR_ANALYSIS:
            hashed = _for_analysis(clear, hashed)
        if hash_record_ids:
            hashed = hashed.assign(**{_RECORD: _hashed_ids(clear, name, secret)})
        order = pseudonymised_contract(table_contract(name)).column_names
        tables[name] = side_by_side({column: hashed[column] for column in order if column in hashed})
        notes.append(_told(name, clear, hashed, record_ids=hash_record_ids))
        logger.info("pseudonymised %s", notes[-1].rstrip("."))
        notes += [
            f"{name}: {column} holds the name or the date of birth of the record's own person in {told:,} of "
            f"{looked_at:,} records looked at, and stays clear. Take the words out before sending."
            for column, told, looked_at in words_about_people(table_contract(name), clear, extracts.extract_date)
        ]
    return build(
        tables,
        extract_date=extracts.extract_date,
        data_status=extracts.data_status,
        files=(),
        truth=None if hash_record_ids else extracts.truth,
        dropped=extracts.dropped,
        blanked=[{str(name): value for name, value in row.items()} for row in extracts.blanked.to_dict("records")],
        notes=(*notes, *_heap_notes(heaped), f"Identifiers are hashes of the key {secret.fingerprint}."),
    )


def _hashed_ids(clear: pd.DataFrame, table: str, key: LinkageKey) -> pd.Series:
    return hash_values(clear[_RECORD], partial(key.hash, f"{_RECORD} {table}"))


def _told(name: str, clear: pd.DataFrame, hashed: pd.DataFrame, *, record_ids: bool) -> str:
    gone = [column for column in (*PARTS, *REFERENCES) if column in clear] + [_RECORD] * record_ids
    beside = [column for column in (*KEPT_FOR_ANALYSIS.get(name, ()), AGE) if column in hashed]
    kept = f"; clear, for the analysis: {', '.join(beside)}" if beside else ""
    return f"{name}: {len(clear):,} records; hashed: {', '.join(gone)}{kept}."


def hashed_identifiers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the comparable identifiers of a pseudonymised table, one row a record.

    Parameters
    ----------
    frame
        A table with ``hashed_...`` columns.

    Returns
    -------
    pandas.DataFrame
        The columns of `dipeval.linkage.cleaning.clean_identifiers`, filled with hashes; None where missing.
        ``birth_date`` is the hashes of year, month and day joined.

    Examples
    --------
    >>> frame = pd.DataFrame({"hashed_sex": ["0c" * 16, None], "key_fingerprint": "ab" * 8})
    >>> hashed_identifiers(frame)["sex"].str.len().tolist()
    [32.0, nan]
    """
    parts: dict[str, pd.Series] = {}
    for name in HASHED_PARTS:
        there = HASHED + name in frame
        parts[name] = frame[HASHED + name].astype(object) if there else empty_column(frame.index)
        parts[name] = parts[name].where(parts[name].notna(), NOTHING)
    if HASHED + "forename_root" not in frame:
        parts["forename_root"] = parts["forename"]
    born = parts["birth_year"].notna() & parts["birth_month"].notna() & parts["birth_day"].notna()
    year, month, day = (parts[name].where(born, "") for name in _BIRTH)
    parts["birth_date"] = (year + "-" + month + "-" + day).where(born, NOTHING)
    return pd.DataFrame({name: parts[name] for name in _ALL_PARTS}, index=frame.index).astype(object)


def is_pseudonymised(frame: pd.DataFrame) -> bool:
    """Say whether a table holds hashes in place of identifiers.

    Examples
    --------
    >>> is_pseudonymised(pd.DataFrame({"hashed_sex": ["0c" * 16]})), is_pseudonymised(pd.DataFrame({"sex": ["male"]}))
    (True, False)
    """
    return any(str(name) == FINGERPRINT or str(name).startswith(HASHED) for name in frame.columns)


def refuse_unkeyed(frame: pd.DataFrame, table: str) -> None:
    """Refuse identifiers that are hashes made without a key, and hashed columns without the fingerprint of theirs.

    Extracts that were read or made by dipeval have been checked; this is for tables that come another way.

    Parameters
    ----------
    frame
        A table.
    table
        Its name, for the sentence.

    Raises
    ------
    InputError
        Saying why, and what to do.

    Examples
    --------
    >>> refuse_unkeyed(pd.DataFrame({"hashed_sex": ["0c" * 16]}), "deaths")
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: deaths: hashed_sex holds hashes without the fingerprint of a key; ...
    """
    why = (
        "hashes that were made without a key are undone by trying the about 27 million combinations of two initials, "
        "date of birth and sex. Ask for the table again, made by `dipeval pseudonymise` with a secret key."
    )
    hashed = [str(name) for name in frame.columns if str(name).startswith(HASHED)]
    if hashed and (FINGERPRINT not in frame or frame[FINGERPRINT].isna().any()):
        raise InputError(f"{table}: {', '.join(hashed)} holds hashes without the fingerprint of a key; {why}")
    if FINGERPRINT in frame:
        return
    for name in (*PARTS, *REFERENCES):
        if name in frame and looks_hashed(frame[name], random_numbers=name in REFERENCES):
            raise InputError(f"{table}: {name} looks like a hash without a key; {why}")


def hash_values(column: pd.Series, hashed: Callable[[str], str]) -> pd.Series:
    """Return a text column hashed, each distinct value once; missing stays None."""
    positions, values = pd.factorize(column.astype(object))
    done = np.array([*(hashed(str(value)) for value in values), None], dtype=object)
    return pd.Series(done[positions], index=column.index, dtype=object)


def _heaped_dates(tables: Mapping[str, pd.DataFrame], extracts: Extracts) -> dict[str, tuple[str, ...]]:
    """The heaped dates of each table, found among the people that a linkage of these tables would find."""
    pooled = [
        name
        for name, frame in tables.items()
        if reference_column(name) == "pnc_id" and "pnc_id" in frame and frame["pnc_id"].notna().any()
    ]
    groups = [pooled] if pooled else []
    groups += [[name] for name in tables if name not in pooled]
    heaped: dict[str, tuple[str, ...]] = {}
    for group in groups:
        found = own_people({name: tables[name] for name in group}, latest=extracts.extract_date).heaped
        heaped |= dict.fromkeys(group, found)
    return heaped


def _heap_notes(heaped: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(
        f"{name}: dates of birth that far too many people share were treated as missing (dates: {len(dates):,})."
        for name, dates in heaped.items()
        if dates
    )


def _parts(clear: pd.DataFrame, extracts: Extracts, heaped: tuple[str, ...]) -> pd.DataFrame:
    """The parts that are hashed, still clear: cleaned, without placeholders and heaped dates, shortened."""
    cleaned = clean_identifiers(clear, extracts.extract_date)
    born = cleaned["birth_date"].astype(object)
    born = born.where(~born.isin(list(heaped)), NOTHING)
    known = born.notna()
    text = born.where(known, "0000-00-00")
    year = text.str[:4]
    pieces = {
        "birth_year": year,
        "birth_year_next": (year.astype(int) + 1).astype(str),
        "birth_month": text.str[5:7],
        "birth_day": text.str[8:10],
    }
    parts = cleaned.assign(**{name: piece.astype(object).where(known, NOTHING) for name, piece in pieces.items()})
    return parts if "forename_root" in parts else parts.assign(forename_root=parts["forename"])


def _hashed_table(
    contract: TableContract, clear: pd.DataFrame, key: LinkageKey, extracts: Extracts, heaped: tuple[str, ...]
) -> pd.DataFrame:
    parts = _parts(clear, extracts, heaped)
    columns: dict[Hashable, pd.Series] = {}
    for name in clear.columns:
        if name in REFERENCES:
            reference = clear[name].map(lambda value: str(value).strip().upper() or None, na_action="ignore")
            columns[name] = hash_values(reference, partial(key.hash, str(name)))
        elif name not in PARTS:
            columns[name] = clear[name]
    there = {part for source in PARTS if source in clear and source in contract.column_names for part in PARTS[source]}
    for name in HASHED_PARTS:
        if name in there:
            columns[HASHED + name] = hash_values(parts[name], partial(key.hash, DOMAINS[name]))
    columns[FINGERPRINT] = pd.Series(key.fingerprint, index=clear.index, dtype=object)
    return side_by_side(columns)


def _for_analysis(clear: pd.DataFrame, hashed: pd.DataFrame) -> pd.DataFrame:
    """Put the sex, and the age reached in the year of the test, into the drug tests.

    Not the age on the day: it changes on the birthday, and from some thousand tests that would tell the date of birth.
    """
    age = (clear["test_date"].dt.year - clear["date_of_birth"].dt.year).astype("Int64")
    return hashed.assign(**{"sex": clear["sex"], AGE: age})
