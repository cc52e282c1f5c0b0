"""Columns that stay clear when a table is pseudonymised, and tell all the same who somebody is.

A record number may hold a person's number, name or date of birth; a column of words may hold notes about people. Only a
sample of the rows is looked at, spread over the table, and each value only for the identifiers of its own person.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import TableContract
from dipeval.extracts.pseudonymised import PARTS, REFERENCES
from dipeval.linkage.cleaning import clean_identifiers
from dipeval.linkage.spelling import letters_only, plain

# Rows looked at, and how long a value must be to be told apart from an accident.
_SAMPLE: Final = 1000
_LONG_REFERENCE: Final = 5
_LONG_NAME: Final = 3
# Record numbers of so large a share of the rows are no accident: a whole number by itself may be (1, 2, 3), a name or a
# date of birth hardly ever is.
_SHARE_WITH_REFERENCE: Final = 0.5
_SHARE_WITH_IDENTIFIER: Final = 0.1
_BIRTH_FORMS: Final = ("%Y%m%d", "%d%m%Y", "%m%d%Y", "%y%m%d", "%d%m%y")
_RECORD: Final = "record_id"


def _sampled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:: max(1, -(-len(frame) // _SAMPLE))]


def refuse_telling_ids(people: Mapping[str, pd.DataFrame], latest: dt.date) -> None:
    """Refuse record numbers that are, or contain, numbers of people, names, dates of birth or postcodes.

    Parameters
    ----------
    people
        Clear tables by name.
    latest
        The extract date.

    Raises
    ------
    InputError
        Naming the table and what its record numbers hold.
    """
    for table, frame in people.items():
        for held in _held_in_ids(_sampled(frame), latest):
            raise InputError(
                f"{table}: record_id holds the {held} of the person, which would be sent clear. Number records "
                "otherwise, or hash the record numbers too (--hash-record-ids; hash_record_ids=True)."
            )


def _held_in_ids(frame: pd.DataFrame, latest: dt.date) -> Iterable[str]:
    for column in (one for one in REFERENCES if one in frame):
        both = frame[[_RECORD, column]].dropna().astype(str)
        told = [ref == own or (len(ref) >= _LONG_REFERENCE and ref in own) for own, ref in both.itertuples(index=False)]
        if told and sum(told) > len(told) * _SHARE_WITH_REFERENCE:
            yield column
    ids = [plain(str(own)) for own in frame[_RECORD]]
    letters, digits = [letters_only(own) for own in ids], [re.sub(r"[^0-9]", "", own) for own in ids]
    closed = [re.sub(r"[^A-Z0-9]", "", own) for own in ids]
    person = clean_identifiers(frame, latest)
    looked_for = (
        ("surname", [_name(word) for word in person["surname"]], letters),
        ("forename", [_name(word) for word in person["forename"]], letters),
        ("date of birth", [_births(day) for day in person["birth_date"]], digits),
        ("postcode", [() if pd.isna(code) else (code,) for code in person["postcode"]], closed),
    )
    for name, values, places in looked_for:
        told = [any(one in place for one in own) for own, place in zip(values, places, strict=True) if own]
        if told and sum(told) > len(told) * _SHARE_WITH_IDENTIFIER:
            yield name


def _name(word: object) -> tuple[str, ...]:
    return (word,) if isinstance(word, str) and len(word) >= _LONG_NAME else ()


def _births(day: object) -> tuple[str, ...]:
    if not isinstance(day, str):
        return ()
    born = dt.date.fromisoformat(day)
    return tuple(born.strftime(form) for form in _BIRTH_FORMS)


def words_about_people(contract: TableContract, frame: pd.DataFrame, latest: dt.date) -> list[tuple[str, int, int]]:
    """Return the columns of words in which people's own names or dates of birth stand.

    Parameters
    ----------
    contract
        Of the clear table.
    frame
        The clear table.
    latest
        The extract date.

    Returns
    -------
    list of tuple
        Column, rows in which the name or the date of birth of the row's own person stands, rows looked at.
    """
    sample = _sampled(frame)
    free = [
        column.name
        for column in contract.columns
        if column.kind == "text" and not (column.spellings or column.pattern) and column.name in sample
        if column.name not in (*PARTS, *REFERENCES, _RECORD)
    ]
    if not free:
        return []
    person = clean_identifiers(sample, latest)
    names = [{*_name(first), *_name(last)} for first, last in zip(person["forename"], person["surname"], strict=True)]
    births = [_births(day)[:3] for day in person["birth_date"]]
    found = []
    for name in free:
        texts = ["" if pd.isna(text) else plain(str(text)) for text in sample[name]]
        told = sum(
            not own.isdisjoint(re.findall(r"[^\W\d_]+", text))
            or any(day in re.sub(r"[^0-9]", "", text) for day in born)
            for text, own, born in zip(texts, names, births, strict=True)
        )
        if told:
            found.append((name, told, len(texts)))
    return found
