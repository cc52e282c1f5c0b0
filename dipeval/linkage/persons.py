"""Each file collapsed to its own people, before files are compared with each other.

Which records are one person: the same own reference (person_ref, client_ref, pnc_id); where that is missing, the
same forename, surname, date of birth and sex (files with initials: the same initials, date of birth, sex and
postcode area). A record that lacks these stands alone. A record without reference joins the one person with a
reference who has the same forename, surname, date of birth and sex; if several do, it stands apart.

Which identifiers such a person has: names together, date of birth and sex as most often recorded (ties: the latest
record, then alphabetical order); the address of the latest record that has one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dipeval.errors import InputError
from dipeval.linkage.cleaning import NOTHING, RAW_IDENTIFIERS, clean_identifiers, empty_column
from dipeval.linkage.heaping import heaped_dates

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
_DATES = {
    "drug_tests": "test_date",
    "contacts": "contact_date",
    "offences": "offence_date",
    "deaths": "death_date",
    "sentences": "sentence_date",
}
_SEPARATOR = "\x1f"
_LONG_AGO = pd.Timestamp(1800, 1, 1)
_NAMES = ["forename", "surname", "forename_initial", "surname_initial"]
_AREA = ["postcode", "sector", "outward"]


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
        One row a person, indexed by person: the cleaned identifiers.
    heaped
        Dates of birth that were set to missing because too many people share them.
    n_heaped
        Number of people who had one.
    """

    tables: tuple[str, ...]
    records: pd.DataFrame
    people: pd.DataFrame
    heaped: tuple[str, ...]
    n_heaped: int

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


def _check_ids(table: str, frame: pd.DataFrame) -> None:
    if "record_id" not in frame:
        raise InputError(f"{table}: there is no column record_id. Give every record its own record_id.")
    ids = frame["record_id"]
    faulty = int(ids.isna().sum() + ids.dropna().duplicated().sum())
    if faulty:
        raise InputError(
            f"{table}: {faulty:,} records have a missing or repeated record_id. Give every record its own record_id."
        )


def _records(table: str, frame: pd.DataFrame, latest: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records (table, record_id, recorded, row) and the distinct rows of reference and identifiers they point to.

    A person's records repeat the same few identifiers: cleaning the distinct ones is many times less work.
    """
    _check_ids(table, frame)
    raw = [name for name in (reference_column(table), *RAW_IDENTIFIERS) if name in frame]
    row = pd.Series(0, index=frame.index)
    if raw:
        row = frame.groupby(raw, dropna=False, sort=False, observed=True).ngroup()
    first = frame.loc[~row.duplicated()]
    rows = clean_identifiers(first, latest).assign(reference=_reference(table, first))
    recorded = frame.get(_DATES.get(table, "start_date"), pd.Series(pd.NaT, index=frame.index))
    records = pd.DataFrame(
        {
            "table": table,
            "record_id": frame["record_id"],
            "recorded": pd.to_datetime(recorded, errors="coerce").fillna(_LONG_AGO),
            "row": row,
        },
        index=frame.index,
    )
    return records, rows.set_axis(row.loc[first.index].to_numpy(), axis=0)


def _pooled(tables: Mapping[str, pd.DataFrame], latest: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records of all tables in the order of tables and record ids, and their distinct rows."""
    all_records, all_rows = [], []
    start = 0
    for place, (name, frame) in enumerate(tables.items()):
        records, rows = _records(name, frame.reset_index(drop=True), latest)
        all_records.append(records.assign(place=place, row=records["row"] + start))
        all_rows.append(rows.set_axis(rows.index + start, axis=0))
        start += len(rows)
    joined = pd.concat(all_records, ignore_index=True)
    joined = joined.assign(id=joined["record_id"].astype(str)).sort_values(["place", "id"], ignore_index=True)
    return joined.drop(columns=["place", "id"]), pd.concat(all_rows).astype(object)


def _cat(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Several columns as one text, missing as empty."""
    texts = [frame[name].astype(object).where(frame[name].notna(), "") for name in columns]
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + _SEPARATOR + text
    return joined


def _identity(rows: pd.DataFrame) -> pd.Series:
    """The identifiers that make two records without reference one person; None where too little is known."""
    born = rows["birth_date"].notna() & rows["sex"].notna()
    named = born & rows["forename"].notna() & rows["surname"].notna()
    initials = born & rows["forename_initial"].notna() & rows["surname_initial"].notna()
    initials &= ~named & rows["outward"].notna()
    whole = _cat(rows, ["forename", "surname", "birth_date", "sex"])
    short = _cat(rows, ["forename_initial", "surname_initial", "birth_date", "sex", "sector", "outward"])
    return whole.where(named, short.where(initials, NOTHING))


def _keys(rows: pd.DataFrame) -> pd.Series:
    """One key a person; None where a record stands alone."""
    identity = _identity(rows)
    reference = ("reference" + _SEPARATOR + rows["reference"]).where(rows["reference"].notna(), NOTHING)
    named = rows["forename"].notna() & rows["surname"].notna()
    known = pd.DataFrame({"identity": identity, "reference": reference})[reference.notna() & identity.notna() & named]
    known = known.drop_duplicates()
    single = known[~known["identity"].duplicated(keep=False)].set_index("identity")["reference"]
    same = ("identifiers" + _SEPARATOR + identity).where(identity.notna(), NOTHING)
    borrowed = identity.map(single).astype(object)
    return reference.where(reference.notna(), borrowed.where(borrowed.notna(), same))


def _heaps(rows: pd.DataFrame) -> list[str]:
    """Heaped dates of birth over people as far as they can be told apart yet."""
    marks = rows["reference"].where(rows["reference"].notna(), _cat(rows, [*_NAMES, "sex", *_AREA]))
    people = pd.DataFrame({"mark": marks, "birth_date": rows["birth_date"]}).dropna(subset="birth_date")
    return heaped_dates(people.drop_duplicates()["birth_date"])


def _settle(uses: pd.DataFrame, columns: list[str], *, latest_first: bool) -> pd.DataFrame:
    """The values of one person: most often recorded, or latest; the other breaks ties, then the alphabet."""
    known = uses[uses[columns].notna().any(axis=1)]
    known = known.assign(value=_cat(known, columns))
    seen = known.groupby(["person", "value"]).agg(times=("times", "sum"), last=("last", "max")).reset_index()
    order = ["last", "times"] if latest_first else ["times", "last"]
    chosen = seen.sort_values(["person", *order, "value"], ascending=[True, False, False, True])
    chosen = chosen.drop_duplicates("person")[["person", "value"]]
    rows = known.drop_duplicates(["person", "value"])[["person", "value", *columns]]
    return chosen.merge(rows, on=["person", "value"]).set_index("person")[columns]


def _settled(records: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """One row a person: the identifiers chosen."""
    persons = pd.RangeIndex(int(records["person"].max()) + 1 if len(records) else 0, name="person")
    uses = records.groupby(["person", "row"])["recorded"].agg(times="size", last="max").reset_index()
    uses = uses.join(rows, on="row")
    parts = [
        _settle(uses, _NAMES, latest_first=False),
        _settle(uses, ["birth_date"], latest_first=False),
        _settle(uses, ["sex"], latest_first=False),
        _settle(uses, _AREA, latest_first=True),
    ]
    people = pd.concat([part.reindex(persons) for part in parts], axis=1).astype(object)
    return people.where(people.notna(), NOTHING)


def own_people(tables: Mapping[str, pd.DataFrame], *, latest: dt.date, find_heaped_dates: bool = True) -> OwnPeople:
    """Collapse the records of one file, or of files that share a reference, to their own people.

    Parameters
    ----------
    tables
        Table name -> table of the contracts.
    latest
        The extract date.
    find_heaped_dates
        Whether default dates of birth are found and set to missing.

    Returns
    -------
    OwnPeople

    Raises
    ------
    InputError
        If a record_id is missing or repeated.

    Examples
    --------
    >>> tests = pd.DataFrame({"record_id": ["a", "b", "c"], "person_ref": ["7", "7", "8"], "sex": ["male"] * 3,
    ...                       "date_of_birth": pd.to_datetime(["1980-05-01", None, "1980-05-01"])})
    >>> own_people({"drug_tests": tests}, latest=dt.date(2019, 1, 1)).records["person"].tolist()
    [0, 0, 1]
    """
    records, rows = _pooled(tables, latest)
    heaps = _heaps(rows) if find_heaped_dates else []
    on_heap = rows["birth_date"].isin(heaps)
    rows = rows.assign(birth_date=rows["birth_date"].where(~on_heap, NOTHING))
    key = records["row"].map(_keys(rows))
    alone = "record" + _SEPARATOR + records["table"] + _SEPARATOR + records["record_id"].astype(str)
    records["person"] = pd.factorize(key.where(key.notna(), alone))[0]
    return OwnPeople(
        tables=tuple(tables),
        records=records[["table", "record_id", "person"]],
        people=_settled(records, rows),
        heaped=tuple(heaps),
        n_heaped=int(records.loc[records["row"].map(on_heap).astype(bool), "person"].nunique()),
    )
