"""People who cannot be linked, whoever stands on the other side: too few identifiers, or too common ones.

The idea is that of Splink's "unlinkables": each person is compared with a perfect twin.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from dipeval.engine import Engine
from dipeval.linkage.candidates import put_people
from dipeval.linkage.decoys import person_model
from dipeval.linkage.model import Comparison, PersonModel, Weights
from dipeval.linkage.rule import LinkRule
from dipeval.linkage.trained import LinkModel


def self_match_weights(
    engine: Engine, left: pd.DataFrame, right: pd.DataFrame, trained: LinkModel, rule: LinkRule
) -> tuple[pd.Series, pd.Series]:
    """Return the match weight that each person would have with a perfect twin (bits, prior and rare values included).

    Parameters
    ----------
    engine
        Where the levels are worked out.
    left, right
        Identifiers of the two sides.
    trained
        The model.
    rule
        As linked.

    Returns
    -------
    tuple of Series
        On the index of each side.
    """
    model = person_model(trained, rule)
    people = pd.concat([left, right.reindex(columns=left.columns)])
    table = put_people(engine, people, rule.also_compare)
    try:
        got = engine.connection.execute(_levels_sql(model, table.name)).df()
    finally:
        engine.connection.execute(f"DROP TABLE IF EXISTS {table.name}")
    values = pd.Series(trained.prior_weight + _bits(model, trained.numbers_for(model), got), index=people.index)
    return values.iloc[: len(left)], values.iloc[len(left) :]


def _rare(part: Comparison) -> str | None:
    return next((level.rare_values_of for level in part.levels if level.rare_values_of), None)


def _levels_sql(model: PersonModel, table: str) -> str:
    """For each person: the level of every comparison with the twin (-1 missing), and how common the value is."""
    chosen = []
    columns = {*model.columns, "initials"}
    for place, part in enumerate(model.comparisons):
        missing = " OR ".join(f'"{name}_l" IS NULL' for name in part.needs)
        cases = " ".join(f"WHEN {level.condition} THEN {at}" for at, level in enumerate(part.levels[:-1]))
        chosen.append(f"CASE WHEN {missing} THEN -1 {cases} ELSE {len(part.levels) - 1} END AS c{place}")
        if rare := _rare(part):
            columns.add(rare)
            often = f'count(*) OVER (PARTITION BY "{rare}_l") / (SELECT count("{rare}") FROM {table})'
            chosen.append(f"{often} AS often{place}")
    twins = ", ".join(f'"{name}" AS "{name}_l", "{name}" AS "{name}_r"' for name in sorted(columns))
    return f"SELECT {', '.join(chosen)} FROM (SELECT unique_id, {twins} FROM {table}) ORDER BY unique_id"


def _bits(model: PersonModel, numbers: Weights, got: pd.DataFrame) -> np.ndarray:
    """The weights of the levels added up; agreement on a rare value is worth more, on a common one less."""
    total = np.zeros(len(got))
    for place, part in enumerate(model.comparisons):
        # A level of -1 (missing) picks the last entry: no weight either way.
        bits = np.array([math.log2(m / u) for m, u in numbers[part.name]] + [0.0])
        level = got[f"c{place}"].to_numpy(dtype="int64")
        total += bits[level]
        for at, one in enumerate(part.levels):
            if one.rare_values_of:
                often = np.where(level == at, got[f"often{place}"].to_numpy(dtype="float64"), 1.0)
                total += np.where(level == at, np.log2(numbers[part.name][at][1] / often), 0.0)
    return total
