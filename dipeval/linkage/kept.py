"""What a linkage keeps on its engine: identifiers, facts about people, and the weight of every part of every pair.

They stay there, compact, until the linkage is gone; then their tables are dropped.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.engine import Engine
from dipeval.errors import InputError
from dipeval.linkage.about import ABOUT_COLUMNS
from dipeval.linkage.cleaning import NOTHING
from dipeval.linkage.model import PersonModel, level_sql
from dipeval.linkage.trained import LinkModel

PRIOR = "prior"
RARE = " (rare value)"
MISSING = "missing"
_PAIR_COLUMNS = ["left_person", "right_person"]


class Tables:
    """Names of tables on an engine that go when nobody holds this any more."""

    def __init__(self, engine: Engine, names: Iterable[str]) -> None:
        """Take charge of the tables."""
        self.engine = engine
        weakref.finalize(self, _drop, engine, tuple(names)).atexit = False


def _drop(engine: Engine, names: tuple[str, ...]) -> None:
    # An engine that was closed took its tables with it.
    with contextlib.suppress(Exception):
        for name in names:
            engine.connection.execute(f"DROP TABLE IF EXISTS {name}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptGroup:
    """One group of files that share a reference.

    Parameters
    ----------
    tables
        Its files.
    people_table
        Identifiers by unique_id, the person number.
    about_tables
        By file: what is known of its people.
    numbers
        Number in the linkage of each person.
    model, person_model
        How it was linked; None for the anchor's group and where no model was used.
    parts_table
        The candidates with the weights of their parts; empty if there are none.
    """

    tables: tuple[str, ...]
    people_table: str
    about_tables: Mapping[str, str]
    numbers: NDArray[np.int64]
    model: LinkModel | None = None
    person_model: PersonModel | None = None
    parts_table: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """All groups, the anchor's first."""

    groups: tuple[KeptGroup, ...]
    tables: Tables = field(repr=False)
    digits: int

    def group_of(self, table: str) -> KeptGroup:
        """Return the group that a table is in."""
        for group in self.groups:
            if table in group.tables:
                return group
        there = ", ".join(name for group in self.groups for name in group.tables)
        raise InputError(f"There is no table {table!r} in this linkage; there are {there}.")

    def ids(self, numbers: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return person_ids of numbers in the linkage."""
        return id_texts(numbers, self.digits)

    def renumbered(self, numbers: Mapping[tuple[str, ...], NDArray[np.int64]]) -> Kept:
        """Return the same with other numbers for the people of some groups."""
        groups = tuple(replace(group, numbers=numbers.get(group.tables, group.numbers)) for group in self.groups)
        return replace(self, groups=groups)

    def identifiers(self, table: str, columns: list[str]) -> pd.DataFrame:
        """Return the identifiers of the people of a table, by person_id."""
        group = self.group_of(table)
        chosen = ", ".join(f'p."{name}"' for name in columns)
        frame = self.tables.engine.connection.execute(
            f"""SELECT a.person, {chosen} FROM {group.people_table} p
                JOIN {group.about_tables[table]} a ON a.person = p.unique_id ORDER BY a.person"""
        ).df()
        return self._by_id(frame.astype(dict.fromkeys(columns, object)), group)

    def about(self, table: str) -> pd.DataFrame:
        """Return what is known of the people of a table, by person_id."""
        group = self.group_of(table)
        frame = self.tables.engine.connection.execute(f"SELECT * FROM {group.about_tables[table]} ORDER BY person").df()
        frame = frame.astype({"age_years": "float64"} | dict.fromkeys(ABOUT_COLUMNS[1:], object))
        return self._by_id(frame, group)

    def _by_id(self, frame: pd.DataFrame, group: KeptGroup) -> pd.DataFrame:
        ids = self.ids(group.numbers[frame["person"].to_numpy(dtype="int64")])
        frame = frame.drop(columns="person")
        texts = {
            str(name): column.where(column.notna(), NOTHING) for name, column in frame.items() if column.dtype == object
        }
        return frame.assign(**texts).set_axis(pd.Index(ids, name="person_id"), axis=0).sort_index()

    def pair_weights(self, table: str) -> pd.DataFrame:
        """Return the weight of every part of every candidate of a table."""
        group = self.group_of(table)
        columns = [*_PAIR_COLUMNS, "part", "level", "match_weight"]
        if group.model is None or group.person_model is None or not group.parts_table:
            empty = pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
            return empty.astype({"match_weight": "float64"})
        levels = ", ".join(
            f"{level_sql(part)} AS g{place}" for place, part in enumerate(group.person_model.comparisons)
        )
        names = dict.fromkeys(name for part in group.person_model.comparisons for name in part.columns)
        sides = ", ".join(f'l."{name}" AS "{name}_l", r."{name}" AS "{name}_r"' for name in names)
        got = self.tables.engine.connection.execute(
            f"""SELECT * EXCLUDE ({", ".join(f'"{name}_{side}"' for name in names for side in "lr")}), {levels}
                FROM (SELECT c.*, {sides} FROM {group.parts_table} c
                      JOIN {group.about_tables[table]} a ON a.person = c."right"
                      JOIN {self.groups[0].people_table} l ON l.unique_id = c."left"
                      JOIN {group.people_table} r ON r.unique_id = c."right")
                ORDER BY evidence DESC, "left", "right" """
        ).fetchnumpy()
        parts = _unfolded(got, group.model, group.person_model)
        n_pairs, n_parts = len(got["left"]), len(parts)
        left = self.ids(self.groups[0].numbers[got["left"]])
        right = self.ids(group.numbers[got["right"]])
        return pd.DataFrame(
            {
                "left_person": np.repeat(left, n_parts),
                "right_person": np.repeat(right, n_parts),
                "part": np.tile(np.array([name for name, _, _ in parts], dtype=object), n_pairs),
                "level": np.column_stack([level for _, level, _ in parts]).ravel(),
                "match_weight": np.column_stack([weight for _, _, weight in parts]).ravel(),
            }
        )


def _unfolded(
    got: Mapping[str, Any], model: LinkModel, person_model: PersonModel
) -> list[tuple[str, NDArray[np.object_], NDArray[np.float64]]]:
    """(part, level of each pair, weight of each pair) for the prior and every comparison."""
    n_pairs = len(got["left"])
    blank = np.full(n_pairs, "", dtype=object)
    parts = [(PRIOR, blank, np.full(n_pairs, model.prior_weight))]
    for place, comparison in enumerate(person_model.comparisons):
        labels = np.array([*(level.label for level in comparison.levels), MISSING], dtype=object)
        level = labels[np.asarray(got[f"g{place}"], dtype="int64")]
        parts.append((comparison.name, level, np.asarray(got[f"w{place}"], dtype="float64")))
        if f"t{place}" in got:
            parts.append((comparison.name + RARE, level, np.asarray(got[f"t{place}"], dtype="float64")))
    return parts


def id_texts(numbers: NDArray[np.int64], digits: int) -> NDArray[np.object_]:
    """Return P000000, P000001, ... for person numbers."""
    return np.array([f"P{number:0{digits}d}" for number in numbers.tolist()], dtype=object)


def digits_for(n_people: int) -> int:
    """As many digits as the largest number needs, at least six."""
    return max(6, len(str(max(n_people - 1, 0))))
