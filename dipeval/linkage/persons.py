"""Each file collapsed to its own people, before files are compared with each other.

Which records are one person: the same own reference (person_ref, client_ref, pnc_id); where that is missing, the
same forename, surname, date of birth and sex (files with initials: the same initials, date of birth, sex and
postcode area). A record that lacks these stands alone. A record without reference joins the one person with a
reference who has the same forename, surname, date of birth and sex; if several do, it stands apart.

Treatment services number their own clients, so that somebody who went to two services has two references. In contacts
and treatment, people of different references with the same initials, date of birth, sex and sector (all known) are
therefore one person. Two people agree in all of it by chance about once in 550 million pairs: both initials 0.008,
date of birth 0.000083, sex 0.68, sector 0.004 in a police force area (250 sectors in use), the chances from which the
person models start. Expected chance mergers: 0.4 among 20,000 people (0.2 thousand million pairs) and 36 among 200,000
(20 thousand million pairs), or 3 if these live in 3,000 sectors; among 200,000 invented people of 2,700 sectors, none
of whom had two numbers, it was 2. Twins of one sex and one initial are merged too. References of the police are never
merged.

Which identifiers a person has: `dipeval.linkage.settling`. Default dates of birth and default addresses count as
missing: `dipeval.linkage.heaping`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from dipeval.errors import InputError
from dipeval.linkage.cleaning import (
    AREA_COLUMNS,
    BIRTH_COLUMNS,
    NAME_COLUMNS,
    NOTHING,
    RAW_IDENTIFIERS,
    clean_identifiers,
    empty_column,
    is_hashed,
)
from dipeval.linkage.coding import CodedRows, Codes, coded_rows, joined_codes
from dipeval.linkage.heaping import heaped_areas, heaped_dates
from dipeval.linkage.same_person import REFERENCE, merged_keys, person_keys
from dipeval.linkage.settling import settled

PERSON_TABLES = (
    "drug_tests",
    "contacts",
    "treatment",
    "offences",
    "custody_spells",
    "deaths",
    "orders",
    "sentences",
)
_REFERENCES = {"drug_tests": "person_ref", "contacts": "client_ref", "treatment": "client_ref"}
_NUMBERED_BY_SERVICE = "client_ref"
_DATES = {
    "drug_tests": "test_date",
    "contacts": "contact_date",
    "offences": "offence_date",
    "deaths": "death_date",
    "sentences": "sentence_date",
}
_LONG_AGO = pd.Timestamp(1800, 1, 1)
# Heaped values, and which rows have one.
_Heaps = tuple[tuple[str, ...], npt.NDArray[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnPeople:
    """The people of one file, or of several that share one reference.

    Parameters
    ----------
    tables
        Names of the tables pooled here.
    records
        table, record_id, person (0, 1, ... in the order of each person's first record id).
    people
        One row a person, indexed by person: the cleaned identifiers (`dipeval.linkage.cleaning.clean_identifiers`).
    heaped
        Dates of birth that were set to missing because too many people share them.
    n_heaped
        Number of people who had one.
    heaped_areas
        Postcodes and sectors that were set to missing because too many people share them.
    n_heaped_areas
        Number of people who had one.
    n_merged
        Number of people joined to another because a service had numbered them twice.
    """

    tables: tuple[str, ...]
    records: pd.DataFrame = field(repr=False)
    people: pd.DataFrame = field(repr=False)
    heaped: tuple[str, ...] = field(repr=False)
    n_heaped: int
    heaped_areas: tuple[str, ...] = field(default=(), repr=False)
    n_heaped_areas: int = 0
    n_merged: int = 0

    @property
    def has_names(self) -> bool:
        """Whether any person has a whole forename and surname (more than initials)."""
        return bool((self.people["forename"].notna() & self.people["surname"].notna()).any())


def reference_column(table: str) -> str:
    """Return the column that numbers the people of a table."""
    return _REFERENCES.get(table, "pnc_id")


def _reference(table: str, frame: pd.DataFrame) -> pd.Series:
    name = reference_column(table)
    if name not in frame:
        return empty_column(frame.index)
    text = frame[name].map(lambda value: str(value).strip().upper(), na_action="ignore").astype(object)
    return text.where(text.notna() & (text != ""), NOTHING)


def _record_ids(table: str, frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """The record ids as text; refused if one is missing or repeated."""
    if "record_id" not in frame:
        raise InputError(f"{table}: there is no column record_id. Give every record its own record_id.")
    missing = frame["record_id"].isna()
    ids = frame["record_id"].astype(str)
    faulty = int(missing.sum() + ids[~missing].duplicated().sum())
    if faulty:
        raise InputError(
            f"{table}: {faulty:,} records have a missing or repeated record_id. Give every record its own record_id."
        )
    return ids.to_numpy(dtype=object)


def _raw_columns(table: str, frame: pd.DataFrame, also_compare: Sequence[str]) -> list[str]:
    """The columns that say who somebody is; of a pseudonymised table, only its hashes."""
    hashed = [str(name) for name in frame.columns if is_hashed(name)]
    further = [source for name in also_compare for source in (name, f"hashed_{name}")]
    wanted = (reference_column(table), *(hashed or RAW_IDENTIFIERS), *further)
    return [name for name in dict.fromkeys(wanted) if name in frame]


def _check_one_kind(tables: Mapping[str, pd.DataFrame]) -> None:
    hashed = [name for name, frame in tables.items() if any(is_hashed(column) for column in frame.columns)]
    clear = [name for name, frame in tables.items() if name not in hashed and set(RAW_IDENTIFIERS) & set(frame.columns)]
    if hashed and clear:
        raise InputError(
            f"{', '.join(hashed)}: the identifiers are pseudonymised, but those of {', '.join(clear)} are not, so that "
            "their people cannot be compared. Pseudonymise all of them with one key, or none."
        )


def _records(
    table: str, frame: pd.DataFrame, latest: dt.date, also_compare: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records (table, record_id, recorded, row) by record id, and the distinct rows of identifiers they point to.

    A person's records repeat the same few identifiers: cleaning the distinct ones is many times less work.
    """
    order = np.argsort(_record_ids(table, frame), kind="stable")
    raw = frame[_raw_columns(table, frame, also_compare)]
    values = (pd.factorize(raw[name]) for name in raw.columns)
    row, _ = pd.factorize(joined_codes(((codes, len(distinct)) for codes, distinct in values), len(frame)))
    first = raw[~pd.Series(row, index=raw.index).duplicated().to_numpy()].reset_index(drop=True)
    rows = clean_identifiers(first, latest, also_compare).assign(**{REFERENCE: _reference(table, first)})
    dated = frame.get(_DATES.get(table, "start_date"), pd.Series(pd.NaT, index=frame.index))
    recorded = pd.to_datetime(dated, errors="coerce").fillna(_LONG_AGO).to_numpy(dtype="datetime64[s]")
    records = {
        "table": table,
        "record_id": frame["record_id"].to_numpy()[order],
        "recorded": recorded.astype(np.int64)[order],
        "row": row[order],
    }
    return pd.DataFrame(records, index=range(len(frame))), rows


def _pooled(
    tables: Mapping[str, pd.DataFrame], latest: dt.date, also_compare: Sequence[str]
) -> tuple[pd.DataFrame, CodedRows, npt.NDArray[np.bool_]]:
    """Records of all tables in the order of tables and record ids, their rows, and which rows services numbered."""
    all_records, all_rows, numbered = [], [], []
    start = 0
    for name, frame in tables.items():
        records, rows = _records(name, frame, latest, also_compare)
        all_records.append(records.assign(row=records["row"] + start))
        all_rows.append(rows)
        numbered.append(np.full(len(rows), reference_column(name) == _NUMBERED_BY_SERVICE))
        start += len(rows)
    joined = all_records[0] if len(all_records) == 1 else pd.concat(all_records, ignore_index=True)
    return joined, coded_rows(all_rows, list(all_rows[0].columns)), np.concatenate(numbered)


def _marks(rows: CodedRows, columns: Sequence[str]) -> npt.NDArray[np.int64]:
    """One number for each person as far as they can be told apart yet: by reference, else by the columns."""
    n_references = len(rows.texts[REFERENCE])
    return np.where(
        rows.codes[REFERENCE] >= 0, rows.codes[REFERENCE], pd.factorize(rows.joined(columns))[0] + n_references
    )


def _date_heaps(rows: CodedRows) -> _Heaps:
    """Heaped dates of birth, and the rows that have one."""
    marks = _marks(rows, (*NAME_COLUMNS, "sex", *AREA_COLUMNS))
    seen = pd.DataFrame({"mark": marks, "birth": rows.codes["birth_date"]})[rows.known(["birth_date"])]
    texts = rows.texts["birth_date"]
    found = heaped_dates(pd.Series(texts[seen.drop_duplicates()["birth"].to_numpy()], dtype=object))
    return tuple(found), np.isin(rows.codes["birth_date"], np.flatnonzero(np.isin(texts, found)))


def _area_heaps(rows: CodedRows) -> _Heaps:
    """Heaped postcodes, and sectors of people without a whole postcode, and the rows that have one."""
    marks = _marks(rows, (*NAME_COLUMNS, "sex", "birth_date"))
    heaps: list[str] = []
    on_heap = np.zeros(rows.length, dtype=bool)
    for kind in ("postcode", "sector"):
        here = rows.known([kind]) & (rows.codes["postcode"] < 0 if kind == "sector" else True)
        seen = pd.DataFrame({"mark": marks, "area": rows.codes[kind], "outward": rows.codes["outward"]})[here]
        people = seen.drop_duplicates()[["area", "outward"]]
        # Areas go in by number: it is quicker than by text.
        found = {int(place) for place in heaped_areas(people, kind)}
        heaps += sorted(str(rows.texts[kind][place]) for place in found)
        on_heap |= here & np.isin(rows.codes[kind], list(found))
    return tuple(heaps), on_heap


def _without_heaps(rows: CodedRows, *, dates: bool, areas: bool) -> tuple[CodedRows, tuple[_Heaps, _Heaps]]:
    """The rows without heaped dates of birth and areas, as far as these are looked for, and what was found."""
    none: _Heaps = ((), np.zeros(rows.length, dtype=bool))
    found_dates = _date_heaps(rows) if dates else none
    rows = rows.blanked(found_dates[1], BIRTH_COLUMNS)
    found_areas = _area_heaps(rows) if areas else none
    return rows.blanked(found_areas[1], AREA_COLUMNS), (found_dates, found_areas)


def _count_people(records: pd.DataFrame, rows: npt.NDArray[np.bool_]) -> int:
    return int(records.loc[rows[records["row"].to_numpy()], "person"].nunique())


def _numbered(records: pd.DataFrame, keys: Codes) -> pd.DataFrame:
    """Number the people in the order of their first record; a row without a key stands for one person a record."""
    key = keys[records["row"].to_numpy()]
    alone = np.arange(len(records)) + int(keys.max(initial=-1)) + 1
    return records.assign(person=pd.factorize(np.where(key >= 0, key, alone))[0])


def own_people(
    tables: Mapping[str, pd.DataFrame],
    *,
    latest: dt.date,
    find_heaped_dates: bool = True,
    merge_references: bool = True,
    also_compare: Sequence[str] = (),
) -> OwnPeople:
    """Collapse the records of one file, or of files that share a reference, to their own people.

    Parameters
    ----------
    tables
        Table name -> table of the contracts, clear or pseudonymised.
    latest
        The extract date.
    find_heaped_dates
        Whether default dates of birth and default addresses are found and set to missing. Heaps of hashed dates are not
        looked for: hashes have no neighbours, and they were removed before hashing.
    merge_references
        Whether people whom two services have numbered are found in contacts and treatment (see the module's text).
    also_compare
        Further columns that say who somebody is.

    Returns
    -------
    OwnPeople

    Raises
    ------
    InputError
        If a record_id is missing or repeated, or if some of the tables are pseudonymised and others are not.

    Examples
    --------
    >>> tests = pd.DataFrame({"record_id": ["a", "b", "c"], "person_ref": ["7", "7", "8"], "sex": ["male"] * 3,
    ...                       "date_of_birth": pd.to_datetime(["1980-05-01", None, "1980-05-01"])})
    >>> own_people({"drug_tests": tests}, latest=dt.date(2019, 1, 1)).records["person"].tolist()
    [0, 0, 1]
    """
    _check_one_kind(tables)
    records, rows, numbered = _pooled(tables, latest, also_compare)
    hashed = any(is_hashed(column) for frame in tables.values() for column in frame.columns)
    rows, (dates, areas) = _without_heaps(rows, dates=find_heaped_dates and not hashed, areas=find_heaped_dates)
    keys, n_merged = person_keys(rows), 0
    if merge_references:
        keys, n_merged = merged_keys(keys, rows, numbered)
    records = _numbered(records, keys)
    n_people = int(records["person"].max()) + 1 if len(records) else 0
    return OwnPeople(
        tables=tuple(tables),
        records=records[["table", "record_id", "person"]],
        people=settled(records, rows, n_people, also_compare),
        heaped=dates[0],
        n_heaped=_count_people(records, dates[1]),
        heaped_areas=areas[0],
        n_heaped_areas=_count_people(records, areas[1]),
        n_merged=n_merged,
    )
