"""Candidate links between two files: pairs counted, model trained, pairs scored. All of it on the engine.

Training: `u` from a seeded random sample of pairs, `m` by expectation maximisation on two sets of pairs (Splink 5).
What was learnt is blended with the assumed values of `dipeval.linkage.model`: the assumption counts as 20 true links
and 100 random pairs, so a file too small to learn from is scored with the assumption and a large one hardly feels
it. With fewer than 30 expected links nothing is learnt about `m`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from splink import DuckDBAPI, Linker

from dipeval.engine import Engine
from dipeval.errors import InputError
from dipeval.linkage.cleaning import NOTHING
from dipeval.linkage.model import PersonModel, Weights, default_weights, splink_settings
from dipeval.linkage.rule import CANDIDATE_FLOOR, LinkRule

logger = logging.getLogger("dipeval")
COLUMNS = ("left", "right", "match_weight", "match_probability")
_ASSUMED_LINKS, _ASSUMED_PAIRS, _LINKS_TO_TRAIN = 20.0, 100.0, 30.0
_TRAINING_PAIRS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Scored pairs (person numbers left and right, match_weight in bits, match_probability) and the pairs compared."""

    pairs: pd.DataFrame
    n_compared: int
    prior: float


def comparison_columns(people: pd.DataFrame, model: PersonModel) -> pd.DataFrame:
    """Return the columns that a model compares, one row a person with its number."""
    frame = people.copy()
    both = frame["forename_initial"].notna() & frame["surname_initial"].notna()
    frame["initials"] = (frame["forename_initial"] + frame["surname_initial"]).where(both, NOTHING)
    text = frame["birth_date"].astype("string")
    for name, place in (("birth_year", slice(0, 4)), ("birth_month", slice(5, 7)), ("birth_day", slice(8, 10))):
        frame[name] = pd.to_numeric(text.str[place]).astype("Int64")
    texts = [name for name in model.columns if not name.startswith("birth_")]
    frame[texts] = frame[texts].astype("string")
    return frame[list(model.columns)].reset_index(names="unique_id")


@contextlib.contextmanager
def _quiet_splink() -> Iterator[None]:
    """Splink reports much; only its errors pass, and its logger is left as it was found."""
    splink_logger = logging.getLogger("splink")
    level = splink_logger.level
    splink_logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        splink_logger.setLevel(level)


def count_pairs(engine: Engine, left: str, right: str, columns: tuple[str, ...]) -> int:
    """Count the pairs that agree on all the columns, without making them."""
    keys = ", ".join(f'"{name}"' for name in columns)
    known = " AND ".join(f'"{name}" IS NOT NULL' for name in columns)
    side = "(SELECT {keys}, count(*) AS n FROM {table} WHERE {known} GROUP BY {keys})"
    sql = (
        f"SELECT coalesce(sum(l.n * r.n), 0) FROM {side.format(keys=keys, table=left, known=known)} l "
        f"JOIN {side.format(keys=keys, table=right, known=known)} r USING ({keys})"
    )
    row = engine.connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def estimate_prior(exact: int, n_left: int, n_right: int, recall: float) -> float:
    """Return the probability that two people at random are the same, from the pairs that agree on the strictest key.

    Examples
    --------
    >>> round(estimate_prior(400, 1000, 500, 0.8), 6)
    0.001
    """
    links = min(max(exact / recall, 0.5), float(min(n_left, n_right)))
    return min(links / (n_left * n_right), 0.5)


def _linker(engine: Engine, left: str, right: str, settings: dict[str, Any]) -> tuple[DuckDBAPI, Linker]:
    """A new interface per linker: display names can be used once each. The names put the anchor on the left."""
    api = DuckDBAPI(connection=engine.connection)
    frames = [api.register(left, dataset_display_name="a_anchor"), api.register(right, dataset_display_name="b_file")]
    return api, Linker(frames, settings, log_level=None, validate_settings=False)


def _blend(learnt: float | None, assumed: float, evidence: float, weight: float) -> float:
    if learnt is None:
        return assumed
    return (learnt * evidence + assumed * weight) / (evidence + weight)


def blended_weights(model: PersonModel, trained: dict[str, Any], links: float, pairs: float) -> Weights:
    """Blend what Splink learnt with the assumed values, and let each comparison's m and u add up to one.

    Parameters
    ----------
    model
        The person model.
    trained
        Splink's model, as it would be saved.
    links, pairs
        The evidence: expected true links, and random pairs sampled.

    Returns
    -------
    dict
        (m, u) of every level, by comparison.
    """
    weights: Weights = {}
    for part, learnt in zip(model.comparisons, trained["comparisons"], strict=True):
        levels = [level for level in learnt["comparison_levels"] if not level.get("is_null_level", False)]
        m = [_blend(got.get("m_probability"), level.m, links, _ASSUMED_LINKS) for got, level in _both(levels, part)]
        u = [_blend(got.get("u_probability"), level.u, pairs, _ASSUMED_PAIRS) for got, level in _both(levels, part)]
        weights[part.name] = tuple((a / sum(m), b / sum(u)) for a, b in zip(m, u, strict=True))
    return weights


def _both(levels: list[dict[str, Any]], part: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    return zip(levels, part.levels, strict=True)


def _train(
    engine: Engine, names: tuple[str, str], model: PersonModel, prior: float, size: int, rule: LinkRule
) -> Weights:
    """Learn u, and m where there are enough links, then blend."""
    links = prior * size
    sampled = float(min(rule.sampled_pairs, size))
    api, linker = _linker(engine, *names, splink_settings(model, default_weights(model), prior))
    linker.training.estimate_u_using_random_sampling(
        max_pairs=rule.sampled_pairs, seed=rule.seed, min_count_per_level=None, num_chunks=1
    )
    learnt = 0
    if links >= _LINKS_TO_TRAIN:
        learnt = sum(_learn_m(engine, names, linker, block) for block in model.training_blocks)
    weights = blended_weights(model, linker.misc.save_model_to_json(), links if learnt else 0.0, sampled)
    api.delete_tables_created_by_splink_from_db()
    return weights


def _learn_m(engine: Engine, names: tuple[str, str], linker: Linker, block: tuple[str, ...]) -> bool:
    from splink.internals.exceptions import SplinkException

    n_pairs = count_pairs(engine, *names, block)
    if n_pairs < _LINKS_TO_TRAIN:
        return False
    sql = " AND ".join(f'l."{name}" = r."{name}"' for name in block)
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            sql,
            estimate_without_term_frequencies=True,
            max_pairs=_TRAINING_PAIRS if n_pairs > _TRAINING_PAIRS else None,
        )
    except SplinkException:
        logger.info("linkage: nothing could be learnt from the pairs that agree on %s", ", ".join(block))
        return False
    return True


def empty_pairs() -> pd.DataFrame:
    """Return a candidate table without rows."""
    return pd.DataFrame(
        {"left": pd.Series(dtype="int64"), "right": pd.Series(dtype="int64")}
        | {name: pd.Series(dtype="float64") for name in COLUMNS[2:]}
    )


def _score(engine: Engine, names: tuple[str, str], settings: dict[str, Any]) -> pd.DataFrame:
    api, linker = _linker(engine, *names, settings)
    predicted = linker.inference.predict(threshold_match_probability=CANDIDATE_FLOOR / 2)
    # Sums over threads differ in the 14th digit: rounding makes the order, and all that follows, repeatable.
    pairs = engine.connection.execute(
        f"""SELECT unique_id_l AS "left", unique_id_r AS "right", round(match_weight, 6) AS match_weight,
                   round(match_probability, 9) AS match_probability
            FROM {predicted.physical_name} WHERE round(match_probability, 9) >= {CANDIDATE_FLOOR}"""
    ).df()
    api.delete_tables_created_by_splink_from_db()
    return pairs.sort_values(["match_weight", "left", "right"], ascending=[False, True, True], ignore_index=True)


def find_candidates(
    engine: Engine, left: pd.DataFrame, right: pd.DataFrame, model: PersonModel, rule: LinkRule, *, label: str
) -> Candidates:
    """Score the pairs of people of two files that may be the same.

    Parameters
    ----------
    engine
        Where the work is done.
    left, right
        Cleaned identifiers, one row a person, indexed by person number.
    model
        The person model.
    rule
        Seed, recall and limits.
    label
        Name of the link in messages.

    Returns
    -------
    Candidates
        Pairs from probability 0.001, best first.

    Raises
    ------
    InputError
        If more pairs would be compared than the rule allows.
    """
    size = len(left) * len(right)
    if size == 0:
        return Candidates(pairs=empty_pairs(), n_compared=0, prior=0.0)
    names = tuple(
        engine.put(comparison_columns(people, model), f"linkage_{side}").get_name().rpartition(".")[2]
        for side, people in (("anchor", left), ("file", right))
    )
    both = (names[0], names[1])
    n_pairs = sum(count_pairs(engine, *both, block) for block in model.blocks)
    logger.info("linkage: %s, %s model, at most %s pairs to compare", label, model.name, f"{n_pairs:,}")
    if n_pairs > rule.max_pairs:
        raise InputError(
            f"Linking {label} would compare up to {n_pairs:,} pairs of people; the limit is {rule.max_pairs:,}. "
            "Link one area or period at a time, or raise max_pairs in LinkRule if the machine can bear it."
        )
    prior = estimate_prior(count_pairs(engine, *both, model.strict_key), len(left), len(right), rule.recall)
    pairs = empty_pairs()
    if n_pairs:
        with _quiet_splink():
            weights = _train(engine, both, model, prior, size, rule)
            pairs = _score(engine, both, splink_settings(model, weights, prior))
    for name in both:
        engine.backend.drop_table(name)
    return Candidates(pairs=pairs, n_compared=n_pairs, prior=prior)
