"""Pseudonymised tables as contracts: which columns stand in place of names, births, sexes, postcodes and numbers.

A table is pseudonymised as a whole or not at all: keyed hashes with the fingerprint of their key in every row, and no
clear identifier beside them. Hashes without a key are refused, because whoever holds them can undo them by trying.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from dipeval.extracts.contracts import Column, TableContract, contracts
from dipeval.extracts.faults import Fault

HASHED: Final = "hashed_"
FINGERPRINT: Final = "key_fingerprint"
AGE: Final = "age_at_test"
OLDEST: Final = 130
REFERENCES: Final = ("person_ref", "client_ref", "pnc_id")
# Clear column -> the parts of it that are hashed.
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "forename": ("forename", "forename_root", "forename_initial"),
    "surname": ("surname", "surname_initial"),
    "forename_initial": ("forename_initial",),
    "surname_initial": ("surname_initial",),
    "date_of_birth": ("birth_year", "birth_year_next", "birth_month", "birth_day"),
    "sex": ("sex",),
    "postcode": ("postcode", "sector", "outward"),
    "postcode_sector": ("sector", "outward"),
}
# In the order they are written in.
_PART_WORDS: Final[Mapping[str, str]] = {
    "forename": "the first forename, cleaned",
    "forename_root": "the name that the forename is short for (the forename itself if it is not)",
    "surname": "the surname, cleaned",
    "forename_initial": "the first letter of the forename",
    "surname_initial": "the first letter of the surname",
    "birth_year": "the year of birth",
    "birth_year_next": "the year after the year of birth",
    "birth_month": "the month of birth",
    "birth_day": "the day of birth within its month",
    "sex": "the sex",
    "postcode": "the whole postcode",
    "sector": "the postcode without its last two letters",
    "outward": "the first half of the postcode",
}
HASHED_PARTS: Final = tuple(_PART_WORDS)
# Clear columns that a pseudonymised table keeps because the cohort is built with them.
KEPT_FOR_ANALYSIS: Final[Mapping[str, tuple[str, ...]]] = {"drug_tests": ("sex",)}
HASH_PATTERN: Final = r"[0-9a-f]{32}"
_AGAIN: Final = "Ask for the table again, made by `dipeval pseudonymise`."
_SAMPLE: Final = 1000
# Hexadecimal digests of MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512, the same in base 64 (also the kind for web
# addresses), with what databases and programs write in front, and UUIDs of versions 3 and 5, which are MD5 and SHA-1.
_DIGEST: Final = re.compile(
    r"(?:0x|\\x|(?:md5|sha-?\d+)[:=$])?"
    r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})"
    r"|[a-z0-9+/_-]{22}==|[a-z0-9+/_-]{27}=|[a-z0-9+/_-]{43}=|[a-z0-9+/_-]{86}=="
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[35][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
_RANDOM_NUMBER: Final = re.compile(r"[0-9a-f]{12}[124678][0-9a-f]{3}[89ab][0-9a-f]{15}", re.IGNORECASE)
# Digests cut short, or in base 64 without the signs at the end: one such word may be a name, most of a column is not.
_CUT_DIGEST: Final = re.compile(
    r"(?=.*\d)(?=.*[a-f])[0-9a-f]{10,}|(?=.*\d)(?:[a-z0-9+/_-]{22}|[a-z0-9+/_-]{27}|[a-z0-9+/_-]{43}|[a-z0-9+/_-]{86})",
    re.IGNORECASE,
)


def is_person_table(contract: TableContract) -> bool:
    """Say whether a table holds people, and so something to hash.

    Examples
    --------
    >>> from dipeval.extracts.contracts import table_contract
    >>> is_person_table(table_contract("deaths")), is_person_table(table_contract("spend"))
    (True, False)
    """
    return "date_of_birth" in contract.column_names


def hashed_columns(contract: TableContract) -> tuple[str, ...]:
    """Return the hashed columns a table can have, in order.

    Examples
    --------
    >>> from dipeval.extracts.contracts import table_contract
    >>> hashed_columns(table_contract("drug_tests"))[:3]
    ('hashed_forename', 'hashed_forename_root', 'hashed_surname')
    """
    parts = {part for source in PARTS if source in contract.column_names for part in PARTS[source]}
    return tuple(HASHED + part for part in HASHED_PARTS if part in parts)


def pseudonymised_contract(contract: TableContract) -> TableContract:
    """Return what a table holds once it is pseudonymised.

    Parameters
    ----------
    contract
        Of the clear table, one that holds people.

    Returns
    -------
    TableContract
        Clear identifiers are gone, references are hashes, and ``hashed_...`` and ``key_fingerprint`` are there.

    Examples
    --------
    >>> from dipeval.extracts.contracts import table_contract
    >>> pseudonymised_contract(table_contract("deaths")).column_names[:4]
    ('record_id', 'pnc_id', 'death_date', 'hashed_forename')
    """
    kept = KEPT_FOR_ANALYSIS.get(contract.name, ())
    columns = [
        _reference(column) if column.name in REFERENCES else _optional(column) if column.name in kept else column
        for column in contract.columns
        if column.name not in PARTS or column.name in kept
    ]
    if kept:
        columns.append(
            Column(
                name=AGE,
                kind="integer",
                meaning="Age reached in the year of the test (test year less birth year), for the date of birth.",
                minimum=0,
                maximum=OLDEST,
            )
        )
    required = {HASHED + part for source in ("date_of_birth", "sex") for part in PARTS[source]}
    required = required if contract.column("date_of_birth").required else set()
    columns += [_hashed(name, required=name in required) for name in hashed_columns(contract)]
    columns.append(
        Column(
            name=FINGERPRINT,
            kind="text",
            meaning="Fingerprint of the key of the hashes: the same in every row, and in every table to be linked.",
            required=True,
            may_be_missing=False,
            pattern=r"[0-9a-f]{16}",
            pattern_words="the fingerprint of a key, 16 hexadecimal digits",
        )
    )
    return TableContract(
        name=contract.name,
        meaning=contract.meaning,
        columns=tuple(columns),
        event=contract.event,
        observed=contract.observed,
        order=contract.order,
        identifiers=contract.identifiers,
        pseudonymised=True,
    )


def _hashed(name: str, *, required: bool) -> Column:
    return Column(
        name=name,
        kind="text",
        meaning=f"Keyed hash of {_PART_WORDS[name.removeprefix(HASHED)]}; empty where it is not known.",
        required=required,
        pattern=HASH_PATTERN,
        pattern_words="a keyed hash of 32 hexadecimal digits",
    )


def _reference(column: Column) -> Column:
    return Column(
        name=column.name,
        kind="text",
        meaning=f"Keyed hash. {column.meaning}",
        pattern=HASH_PATTERN,
        pattern_words="a keyed hash of 32 hexadecimal digits",
        weakness=column.weakness,
    )


def _optional(column: Column) -> Column:
    return Column(
        name=column.name, kind=column.kind, codes=column.codes, aliases=column.aliases, meaning=column.meaning
    )


def contract_for(name: str, columns: Iterable[str]) -> TableContract:
    """Return the contract that a table with these columns is held to.

    Parameters
    ----------
    name
        Of the table.
    columns
        Its columns, in our names.

    Returns
    -------
    TableContract
        The one for pseudonymised tables if there is a hashed column or the fingerprint of a key.

    Examples
    --------
    >>> contract_for("deaths", ["record_id", "pnc_id"]).pseudonymised
    False
    >>> contract_for("deaths", ["record_id", "pnc_id", "key_fingerprint"]).pseudonymised
    True
    """
    contract = contracts()[name]
    marked = any(column == FINGERPRINT or column.startswith(HASHED) for column in columns)
    return pseudonymised_contract(contract) if marked and is_person_table(contract) else contract


def pseudonym_faults(
    contract: TableContract, columns: Iterable[str], cells: Mapping[str, pd.Series], *, where: str
) -> list[Fault]:
    """Return why the identifiers of a table cannot be taken as they are.

    Parameters
    ----------
    contract
        As `contract_for` gives it.
    columns
        Every column of the table, in our names, those outside the contract too.
    cells
        Our columns as they were sent.
    where
        Name of the file.

    Returns
    -------
    list of Fault
        Faults of the whole table: a pseudonymised one with clear identifiers or several keys, or hashes without a key.
    """
    if contract.pseudonymised:
        return [*_half(contract, columns, where), *_keys(contract, cells, where)]
    return [
        _unkeyed(contract, name, where)
        for name, values in cells.items()
        if (name in PARTS or name in REFERENCES) and looks_hashed(values, random_numbers=name in REFERENCES)
    ]


def _half(contract: TableContract, columns: Iterable[str], where: str) -> list[Fault]:
    allowed = KEPT_FOR_ANALYSIS.get(contract.name, ())
    clear = [name for name in columns if name in PARTS and name not in allowed]
    return [
        Fault(
            where=where,
            table=contract.name,
            column=name,
            what="is a clear identifier in a table that is pseudonymised: the hashes beside it are undone by it",
            remedy=f"Tell the sender, destroy the copies, and do not just take the column out. {_AGAIN}",
        )
        for name in dict.fromkeys(clear)
    ]


def _keys(contract: TableContract, cells: Mapping[str, pd.Series], where: str) -> list[Fault]:
    if FINGERPRINT not in cells or cells[FINGERPRINT].dropna().nunique() < 2:
        return []
    return [
        Fault(
            where=where,
            table=contract.name,
            column=FINGERPRINT,
            what="names more than one key, and hashes of different keys cannot be compared",
            remedy=f"Use one key for the whole table. {_AGAIN}",
        )
    ]


def _unkeyed(contract: TableContract, name: str, where: str) -> Fault:
    own = " If these are random numbers and no hashes, write a hyphen into them." if name in REFERENCES else ""
    return Fault(
        where=where,
        table=contract.name,
        column=name,
        what=(
            "looks like a hash made without a key (as by MD5 or SHA-256), which is refused: two initials, a date of "
            "birth and a sex make about 27 million combinations, and anybody can hash them all and look each person up"
        ),
        remedy=f"Ask for the table again, made by `dipeval pseudonymise` with a secret key.{own}",
    )


def looks_hashed(values: pd.Series, *, random_numbers: bool = False) -> bool:
    """Say whether a column holds digests such as MD5 or SHA-256 make.

    Parameters
    ----------
    values
        A column as it was sent.
    random_numbers
        Whether the 32 digits of a random UUID, and digests cut short, are something else (a system's own number of a
        person).

    Returns
    -------
    bool

    Examples
    --------
    >>> looks_hashed(pd.Series(["d41d8cd98f00b204e9800998ecf8427e"])), looks_hashed(pd.Series(["SMITH"]))
    (True, False)
    """
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return False
    # Millions of clear names need not all be looked at: rows spread over the whole column, for two files may have been
    # put one under the other.
    known = values.dropna()
    some = known.iloc[:: max(1, -(-len(known) // _SAMPLE))]
    words = list(dict.fromkeys(word.strip() for word in some if isinstance(word, str)))
    # Without a single letter it is a long number: of a million digests not one has none.
    digests = [word for word in words if _DIGEST.fullmatch(word) and not word.isdecimal()]
    if random_numbers:
        return bool(digests) and not all(_RANDOM_NUMBER.fullmatch(word) for word in digests)
    # Systems number people in hexadecimal too; nobody is called so.
    return bool(digests) or sum(_CUT_DIGEST.fullmatch(word) is not None for word in words) > len(words) / 2


def missing_pseudonyms(contract: TableContract, found: set[str], where: str) -> list[Fault]:
    """Return a fault for each column without which hashes are not keyed, or name nobody.

    Parameters
    ----------
    contract
        Of a pseudonymised table.
    found
        The columns that are there.
    where
        Name of the file.

    Returns
    -------
    list of Fault
    """
    faults = []
    if FINGERPRINT not in found:
        what = (
            "is required beside hashed columns and missing: without the fingerprint of a key they count as hashes "
            "made without one, which anybody can undo by trying the about 27 million combinations of two initials, "
            "date of birth and sex"
        )
        faults.append(Fault(where=where, table=contract.name, column=FINGERPRINT, what=what, remedy=_AGAIN))
    lacking = [name for name in contract.required if name.startswith(HASHED) and name not in found]
    if lacking:
        what = f"has no {', '.join(lacking)}"
        faults.append(Fault(where=where, table=contract.name, what=what, remedy=_AGAIN))
    if contract.identifiers and not _hashes_name_a_person(found):
        what = "has no hashed columns that tell people apart"
        faults.append(Fault(where=where, table=contract.name, what=what, remedy=_AGAIN))
    return faults


def _hashes_name_a_person(found: set[str]) -> bool:
    parts: Sequence[str] = (*PARTS["date_of_birth"], "sex", "forename_initial", "surname_initial")
    return "pnc_id" in found or {HASHED + part for part in parts} <= found
