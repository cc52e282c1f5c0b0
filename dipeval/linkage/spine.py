"""The tables a linkage hands out, put together from the linked files: spine, candidates, counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.linkage.kept import id_texts
from dipeval.linkage.persons import PERSON_TABLES, OwnPeople
from dipeval.linkage.result import COUNT_COLUMNS, PAIR_COLUMNS, SPINE_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkedFiles:
    """One group of files after linking.

    Parameters
    ----------
    people
        Its people.
    numbers
        Number in the linkage of each of them.
    probability
        Match probability of each; 1 where unlinked.
    candidates
        left, right (person numbers within the groups), match_weight, match_probability, linked.
    model
        Name of the model; empty for the anchor's group.
    tied, n_compared
        For the counts.
    """

    people: OwnPeople
    numbers: NDArray[np.int64]
    probability: NDArray[np.float64]
    candidates: pd.DataFrame
    model: str
    tied: int
    n_compared: int


def spine_table(done: list[LinkedFiles], ids: NDArray[np.object_]) -> pd.DataFrame:
    """Give every record its person_id; `ids` has the text of every number."""
    parts = []
    for step in done:
        records = step.people.records
        person = records["person"].to_numpy(dtype="int64")
        parts.append(
            pd.DataFrame(
                {
                    "table": records["table"].to_numpy(),
                    "record_id": records["record_id"].to_numpy(),
                    "person_id": ids[step.numbers[person]],
                    "match_probability": step.probability[person],
                }
            )
        )
    return in_order(pd.concat(parts, ignore_index=True)[list(SPINE_COLUMNS)])


def in_order(spine: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the order of the contracts' tables; within a table the order stays."""
    place = pd.Categorical(spine["table"], categories=list(PERSON_TABLES)).codes
    if (place[1:] >= place[:-1]).all():
        return spine.reset_index(drop=True)
    return spine.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def candidate_table(done: list[LinkedFiles], anchor: str, ids: NDArray[np.object_]) -> pd.DataFrame:
    """The candidates once for every table in which the right-hand person has a record, best first in each."""
    parts = []
    for table in sorted(name for step in done[1:] for name in step.people.tables):
        step = next(step for step in done[1:] if table in step.people.tables)
        parts.append(_candidates_of(step, table, anchor, done[0].numbers, ids))
    return pair_table(parts)


def _candidates_of(
    step: LinkedFiles, table: str, anchor: str, anchor_numbers: NDArray[np.int64], ids: NDArray[np.object_]
) -> pd.DataFrame:
    records = step.people.records
    present = np.zeros(len(step.numbers), dtype=bool)
    present[records.loc[records["table"] == table, "person"].to_numpy(dtype="int64")] = True
    rows = step.candidates
    if not present.all():
        rows = rows[present[rows["right"].to_numpy(dtype="int64")]]
    left = anchor_numbers[rows["left"].to_numpy(dtype="int64")]
    right = step.numbers[rows["right"].to_numpy(dtype="int64")]
    return pd.DataFrame(
        {
            "left_table": np.full(len(rows), anchor, dtype=object),
            "right_table": np.full(len(rows), table, dtype=object),
            "left_person": ids[left],
            "right_person": ids[right],
            "match_weight": rows["match_weight"].to_numpy(dtype="float64"),
            "match_probability": rows["match_probability"].to_numpy(dtype="float64"),
            "linked": rows["linked"].to_numpy(dtype=bool),
        }
    )


def pair_table(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put candidate rows together; typed columns even without rows."""
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in PAIR_COLUMNS[:4]})
    empty = empty.assign(
        match_weight=pd.Series(dtype="float64"),
        match_probability=pd.Series(dtype="float64"),
        linked=pd.Series(dtype=bool),
    )
    parts = [part for part in parts if len(part)]
    if not parts:
        return empty
    return pd.concat(parts, ignore_index=True)[list(PAIR_COLUMNS)]


def count_table(
    spine: pd.DataFrame, tables: Iterable[str], anchor: str, facts: Mapping[str, LinkedFiles]
) -> pd.DataFrame:
    """Count records, people and links by table; `facts` has what is known of each linked table."""
    known = {table: (step.model, step.tied, step.people.n_heaped, step.n_compared) for table, step in facts.items()}
    return counted(spine, tables, anchor, known)


def counted(
    spine: pd.DataFrame, tables: Iterable[str], anchor: str, known: Mapping[str, tuple[str, int, int, int]]
) -> pd.DataFrame:
    """The same with (model, tied, heaped, pairs_compared) of each table given."""
    people = {name: spine.loc[spine["table"] == name, "person_id"] for name in tables}
    at_anchor = pd.Index(people[anchor].unique())
    rows = []
    for table, here in people.items():
        persons = here.unique()
        linked = pd.NA if table == anchor else int(pd.Index(persons).isin(at_anchor).sum())
        model, *about = known.get(table, ("", 0, 0, 0))
        rows.append((table, model, len(here), len(persons), linked, *about))
    frame = pd.DataFrame(rows, columns=list(COUNT_COLUMNS))
    return frame.astype(dict.fromkeys(COUNT_COLUMNS[2:], "Int64"))


def person_ids(numbers: pd.Series, digits: int) -> pd.Series:
    """Return P000000, P000001, ... for person numbers."""
    return pd.Series(id_texts(numbers.to_numpy(dtype="int64"), digits), index=numbers.index, dtype=object)
