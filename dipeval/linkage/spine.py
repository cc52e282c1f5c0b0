"""The tables a linkage hands out, put together from the linked files: spine, candidates, counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from dipeval.linkage.persons import PERSON_TABLES, OwnPeople
from dipeval.linkage.result import COUNT_COLUMNS, PAIR_COLUMNS, SPINE_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkedFiles:
    """One group of files after linking: its people, the person_id of each, its candidates."""

    people: OwnPeople
    numbers: pd.Series
    probability: pd.Series
    candidates: pd.DataFrame
    model: str
    tied: int
    n_compared: int


def person_ids(numbers: pd.Series, n_people: int) -> pd.Series:
    """Return P000000, P000001, ... for person numbers; as many digits as the largest needs, at least six."""
    digits = max(6, len(str(max(n_people - 1, 0))))
    return ("P" + numbers.astype(str).str.zfill(digits)).astype(object)


def spine_table(done: list[LinkedFiles], n_people: int) -> pd.DataFrame:
    """Give every record its person_id."""
    parts = []
    for step in done:
        records = step.people.records
        person = records["person"].map(step.numbers).astype("int64")
        parts.append(
            pd.DataFrame(
                {
                    "table": records["table"],
                    "record_id": records["record_id"],
                    "person_id": person_ids(person, n_people),
                    "match_probability": records["person"].map(step.probability).astype("float64"),
                }
            )
        )
    return in_order(pd.concat(parts, ignore_index=True)[list(SPINE_COLUMNS)])


def in_order(spine: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the order of the contracts' tables; within a table the order stays."""
    place = spine["table"].map({name: position for position, name in enumerate(PERSON_TABLES)})
    return spine.loc[place.sort_values(kind="stable").index].reset_index(drop=True)


def candidate_table(done: list[LinkedFiles], anchor: str, n_people: int) -> pd.DataFrame:
    """The candidates once for every table in which the right-hand person has a record."""
    parts = []
    for step in done[1:]:
        for table in step.people.tables:
            present = step.people.records.loc[step.people.records["table"] == table, "person"].unique()
            rows = step.candidates[step.candidates["right"].isin(present)]
            parts.append(
                pd.DataFrame(
                    {
                        "left_table": anchor,
                        "right_table": table,
                        "left_person": person_ids(rows["left"].map(done[0].numbers).astype("int64"), n_people),
                        "right_person": person_ids(rows["right"].map(step.numbers).astype("int64"), n_people),
                        "match_probability": rows["match_probability"].astype("float64"),
                        "linked": rows["linked"].astype(bool),
                    }
                )
            )
    return pair_table(parts)


def pair_table(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put candidate rows together, best first within each file; typed columns even without rows."""
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in PAIR_COLUMNS[:4]})
    empty = empty.assign(match_probability=pd.Series(dtype="float64"), linked=pd.Series(dtype=bool))
    parts = [part for part in parts if len(part)]
    if not parts:
        return empty
    order = ["right_table", "match_probability", "left_person", "right_person"]
    frame = pd.concat(parts, ignore_index=True)[list(PAIR_COLUMNS)]
    return frame.sort_values(order, ascending=[True, False, True, True], ignore_index=True)


def count_table(
    spine: pd.DataFrame, tables: Iterable[str], anchor: str, facts: Mapping[str, LinkedFiles]
) -> pd.DataFrame:
    """Count records, people and links by table; `facts` has what is known of each linked table."""
    at_anchor = set(spine.loc[spine["table"] == anchor, "person_id"])
    rows = []
    for table in tables:
        here = spine.loc[spine["table"] == table, "person_id"]
        persons = here.drop_duplicates()
        linked = pd.NA if table == anchor else int(persons.isin(at_anchor).sum())
        step = facts.get(table)
        about = (step.tied, step.people.n_heaped, step.n_compared) if step else (0, 0, 0)
        rows.append((table, step.model if step else "", len(here), len(persons), linked, *about))
    frame = pd.DataFrame(rows, columns=list(COUNT_COLUMNS))
    return frame.astype(dict.fromkeys(COUNT_COLUMNS[2:], "Int64"))
