"""Candidate links between two files: pairs counted, model trained, pairs scored. All of it on the engine."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from splink import Linker

from dipeval.engine import Engine
from dipeval.linkage.blocking import MARK, Plan, block_rules, choose_blocks, count_block, fixed_blocks
from dipeval.linkage.cleaning import COMPARABLE, NOTHING
from dipeval.linkage.fitting import fitted_to
from dipeval.linkage.model import Comparison, PersonModel, Weights, default_weights, splink_settings
from dipeval.linkage.priors import estimate_prior, highest_prior, prior_bits, refined_prior
from dipeval.linkage.rule import CANDIDATE_FLOOR, LinkRule
from dipeval.linkage.trained import LinkModel, named_weights
from dipeval.linkage.training import learn_weights, open_linker, quiet_splink

logger = logging.getLogger("dipeval")
COLUMNS = ("left", "right", "match_weight", "match_probability")
CHUNK_PAIRS = 3_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Scored pairs and how they came about.

    Parameters
    ----------
    pairs
        left, right (index values of the two frames of people), match_weight (bits), match_probability; best first.
    n_compared
        Pairs compared, at most.
    prior
        Probability that two people picked at random are the same.
    model
        What was learnt or given; None if there was nobody to compare.
    notes
        What the size of the files made necessary, in words.
    parts_table
        Name of the engine's table with the weight of every part of every pair, if it was asked for.
    """

    pairs: pd.DataFrame
    n_compared: int
    prior: float
    model: LinkModel | None = None
    notes: tuple[str, ...] = ()
    parts_table: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeopleTable:
    """The people of one file on the engine: a table with unique_id 0, 1, ... and their identifiers."""

    name: str
    n_people: int


def comparison_columns(people: pd.DataFrame, model: PersonModel) -> pd.DataFrame:
    """Return the columns that a model compares, one row a person with its number."""
    return _all_columns(people, model.columns)


def _all_columns(people: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Every column in this order; those that the file has not are missing throughout."""
    nothing = pd.Series(NOTHING, index=people.index, dtype=object)
    found = {name: people.get(name, nothing) for name in columns if name != "initials"}
    frame = pd.DataFrame({"unique_id": np.arange(len(people), dtype="int32"), **found}, index=people.index)
    return frame.assign(initials=joined_initials(people))


def put_people(engine: Engine, people: pd.DataFrame, also_compare: tuple[str, ...] = ()) -> PeopleTable:
    """Copy the identifiers of one file's people into a table of the engine; the caller drops it."""
    frame = _all_columns(people, (*COMPARABLE, *also_compare))
    name = engine.put(frame, "linkage_people").get_name().rpartition(".")[2]
    return PeopleTable(name=name, n_people=len(people))


def joined_initials(people: pd.DataFrame) -> pd.Series:
    """Both initials as one text, missing if one is."""
    both = people["forename_initial"].notna() & people["surname_initial"].notna()
    return (people["forename_initial"].fillna("") + people["surname_initial"].fillna("")).where(both, NOTHING)


def empty_pairs() -> pd.DataFrame:
    """Return a candidate table without rows."""
    return pd.DataFrame(
        {"left": pd.Series(dtype="int64"), "right": pd.Series(dtype="int64")}
        | {name: pd.Series(dtype="float64") for name in COLUMNS[2:]}
    )


def part_columns(place: int, part: Comparison) -> dict[str, str]:
    """Column of the table of parts -> column of Splink's table, for the comparison at this place."""
    name = part.name.replace(" ", "_")
    columns = {f"w{place}": f"mw_{name}"}
    if any(level.rare_values_of for level in part.levels):
        columns[f"t{place}"] = f"mw_tf_adj_{name}"
    return columns


@contextlib.contextmanager
def _any_order(engine: Engine) -> Iterator[None]:
    """Rows are put in order at the end; in between the engine need not hold them back to keep them so."""
    found = engine.connection.execute("SELECT current_setting('preserve_insertion_order')").fetchone()
    engine.connection.execute("SET preserve_insertion_order = false")
    try:
        yield
    finally:
        kept = "true" if found is None or found[0] else "false"
        engine.connection.execute(f"SET preserve_insertion_order = {kept}")


def _store_chunk(linker: Linker, chunk: tuple[int, int], parts: dict[str, str], engine: Engine, table: str) -> None:
    """Score one part of the left-hand people, keep what is above the floor, drop the rest at once."""
    predicted = linker.inference.predict_chunk(
        left_chunk=chunk, right_chunk=(1, 1), threshold_match_probability=0.99 * CANDIDATE_FLOOR, warning_mode="never"
    )
    more = "".join(f', "{theirs}" AS {ours}' for ours, theirs in parts.items())
    evidence = " + ".join(f'"{theirs}"' for theirs in parts.values())
    select = f"""SELECT unique_id_l AS "left", unique_id_r AS "right", round({evidence}, 9) AS evidence{more}
            FROM {predicted.physical_name}"""
    first = chunk[0] == 1
    engine.connection.execute(f"CREATE TABLE {table} AS {select}" if first else f"INSERT INTO {table} {select}")
    predicted.drop_table_from_database_and_remove_from_cache()
    for key, frame in list(linker._intermediate_table_cache.items()):
        if key.startswith("__splink__blocked_id_pairs"):
            frame.drop_table_from_database_and_remove_from_cache()


def _score(
    engine: Engine, names: tuple[str, str], model: PersonModel, weights: Weights, prior: float, plan: Plan, label: str
) -> str:
    """Score all pairs, a few million at a time; the name of the table that holds the candidates."""
    rules = block_rules(engine, *names, plan.counts, prefix="scoring")
    settings = splink_settings(model, weights, prior, rules)
    api, linker = open_linker(engine, *names, settings)
    table = f"{names[1]}_pairs"
    parts: dict[str, str] = {}
    for place, part in enumerate(model.comparisons):
        parts |= part_columns(place, part)
    n_chunks = max(1, math.ceil(plan.n_pairs / CHUNK_PAIRS))
    for place in range(1, n_chunks + 1):
        at = f", part {place} of {n_chunks}" if n_chunks > 1 else ""
        logger.info("linkage: %s, comparing %s pairs%s", label, f"{plan.n_pairs:,}", at)
        _store_chunk(linker, (place, n_chunks), parts, engine, table)
    api.delete_tables_created_by_splink_from_db()
    return table


def _fetched(engine: Engine, table: str) -> pd.DataFrame:
    """Every scored pair and its evidence in bits, the prior not included."""
    got = engine.connection.execute(f'SELECT "left", "right", evidence FROM {table}').fetchnumpy()
    left, right, evidence = (np.asarray(got[name]) for name in ("left", "right", "evidence"))
    order = np.lexsort((right, left, -evidence))
    return pd.DataFrame(
        {"left": left[order].astype("int64"), "right": right[order].astype("int64"), "evidence": evidence[order]}
    )


def _weighted(engine: Engine, table: str, scored: pd.DataFrame, prior: float) -> pd.DataFrame:
    """The candidates under this prior; pairs below the floor leave the table of parts too."""
    evidence = scored["evidence"].to_numpy()
    weight = (evidence + prior_bits(prior)).round(6)
    probability = (1 / (1 + np.exp2(-weight))).round(9)
    enough = int(np.count_nonzero(probability >= CANDIDATE_FLOOR))
    least = f"WHERE evidence < {float(evidence[enough - 1])!r}" if enough else ""
    engine.connection.execute(f"DELETE FROM {table} {least}")
    kept = scored.iloc[:enough].drop(columns="evidence")
    return kept.assign(match_weight=weight[:enough], match_probability=probability[:enough])


def find_candidates(
    engine: Engine,
    left: pd.DataFrame,
    right: pd.DataFrame,
    model: PersonModel,
    rule: LinkRule,
    *,
    label: str,
    trained: LinkModel | None = None,
) -> Candidates:
    """Score the pairs of people of two files that may be the same.

    Parameters
    ----------
    engine
        Where the work is done.
    left, right
        Cleaned identifiers, one row a person; the index tells who.
    model
        The person model.
    rule
        Seed, recall, blocks and limits.
    label
        Name of the link in messages.
    trained
        A model to score with: then nothing is learnt, and its blocking rules are used.

    Returns
    -------
    Candidates
        Pairs from probability 0.001, best first.

    Raises
    ------
    InputError
        If more pairs would be compared than the rule allows, or the trained model compares something else.
    """
    if not len(left) or not len(right):
        return Candidates(pairs=empty_pairs(), n_compared=0, prior=0.0)
    sides = [put_people(engine, people, rule.also_compare) for people in (left, right)]
    try:
        found = score_people(engine, sides[0], sides[1], model, rule, label=label, trained=trained)
    finally:
        for side in sides:
            engine.connection.execute(f"DROP TABLE IF EXISTS {side.name}")
    engine.connection.execute(f"DROP TABLE IF EXISTS {found.parts_table}")
    numbers = {"left": found.pairs["left"], "right": found.pairs["right"]}
    pairs = found.pairs.assign(
        left=left.index.to_numpy()[numbers["left"]], right=right.index.to_numpy()[numbers["right"]]
    )
    return replace(found, pairs=pairs, parts_table="")


def score_people(
    engine: Engine,
    left: PeopleTable,
    right: PeopleTable,
    model: PersonModel,
    rule: LinkRule,
    *,
    label: str,
    trained: LinkModel | None = None,
    tables: tuple[str, ...] = (),
) -> Candidates:
    """Do the work of `find_candidates` between two tables of the engine; left and right are their unique_ids.

    ``parts_table`` names a table with the weight of every part of every pair, which the caller drops; ``tables`` are
    the names of the right-hand tables, for the model that is learnt.
    """
    names = (left.name, right.name)
    if trained is None:
        model = fitted_to(engine, *names, model)
        largest = max(left.n_people, right.n_people)
        plan = choose_blocks(engine, *names, model, rule, largest=largest, label=label)
    else:
        trained.numbers_for(model)
        plan = fixed_blocks(engine, *names, trained.blocks, rule, label=label)
    logger.info("linkage: %s, %s model, at most %s pairs to compare", label, model.name, f"{plan.n_pairs:,}")
    with quiet_splink(), _any_order(engine):
        if trained is None:
            scored, table, trained = _learnt(engine, (left, right), model, rule, plan, label)
            trained = replace(trained, tables=tables)
        else:
            table = _score(engine, names, model, trained.numbers_for(model), trained.prior, plan, label)
            scored = _fetched(engine, table)
        pairs = _weighted(engine, table, scored, trained.prior)
    _forget_marks(engine, names)
    return Candidates(
        pairs=pairs,
        n_compared=plan.n_pairs,
        prior=trained.prior,
        model=trained,
        notes=plan.notes,
        parts_table=table,
    )


def _learnt(
    engine: Engine, sides: tuple[PeopleTable, PeopleTable], model: PersonModel, rule: LinkRule, plan: Plan, label: str
) -> tuple[pd.DataFrame, str, LinkModel]:
    """The pairs scored with what is learnt, the table of their parts, and the model."""
    left, right = sides
    n_left, n_right = left.n_people, right.n_people
    exact = count_block(engine, left.name, right.name, model.strict_key)
    prior = estimate_prior(exact.n_pairs, n_left, n_right, rule.recall)
    weights = default_weights(model)
    if plan.n_pairs:
        logger.info("linkage: %s, learning what agreement is worth", label)
        weights = learn_weights(engine, left.name, right.name, model, prior, n_left * n_right, rule)
    highest = highest_prior(prior, n_left, n_right)
    table = _score(engine, (left.name, right.name), model, weights, highest, plan, label)
    scored = _fetched(engine, table)
    numbers = (scored["left"].to_numpy(), scored["right"].to_numpy(), scored["evidence"].to_numpy())
    learnt = LinkModel(
        tables=(),
        profile=model.name,
        prior=refined_prior(prior, *numbers, n_left, n_right),
        blocks=plan.blocks,
        weights=named_weights(model, weights),
        hashed=model.hashed,
    )
    return scored, table, learnt


def _forget_marks(engine: Engine, names: tuple[str, str]) -> None:
    """Drop the columns that leave outsized values out of a blocking rule: they belong to this link alone."""
    for name in names:
        for (column,) in engine.connection.execute(f"SELECT name FROM pragma_table_info('{name}')").fetchall():
            if column.startswith(MARK):
                engine.connection.execute(f'ALTER TABLE {name} DROP COLUMN "{column}"')
