"""What agreement is worth, learnt from the two files themselves.

`u` comes from a seeded random sample of pairs, `m` by expectation maximisation on two sets of pairs (Splink 5). What
was learnt is blended with the assumed values of `dipeval.linkage.model`: the assumption counts as 20 true links and
100 random pairs, so a file too small to learn from is scored with the assumption and a large one hardly feels it. With
fewer than 30 expected links nothing is learnt about `m`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from splink import DuckDBAPI, Linker

from dipeval.engine import Engine
from dipeval.linkage.blocking import BlockCount, block_rules, count_block
from dipeval.linkage.model import PersonModel, Weights, default_weights, splink_settings
from dipeval.linkage.rule import LinkRule

logger = logging.getLogger("dipeval")
_ASSUMED_LINKS, _ASSUMED_PAIRS, _LINKS_TO_TRAIN = 20.0, 100.0, 30.0
_TRAINING_PAIRS = 1_000_000


@contextlib.contextmanager
def quiet_splink() -> Iterator[None]:
    """Splink reports much; only its errors pass, and its logger is left as it was found."""
    splink_logger = logging.getLogger("splink")
    level = splink_logger.level
    splink_logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        splink_logger.setLevel(level)


def open_linker(engine: Engine, left: str, right: str, settings: dict[str, Any]) -> tuple[DuckDBAPI, Linker]:
    """A new interface per linker: display names can be used once each. The names put the anchor on the left.

    They are short because Splink puts them in front of every id of every pair: the engine keeps texts of up to twelve
    letters in place, and longer ones cost twice the memory.
    """
    api = DuckDBAPI(connection=engine.connection)
    frames = [api.register(left, dataset_display_name="a"), api.register(right, dataset_display_name="b")]
    return api, Linker(frames, settings, log_level=None, validate_settings=False)


def estimate_prior(exact: int, n_left: int, n_right: int, recall: float) -> float:
    """Return the probability that two people at random are the same, from the pairs that agree on the strictest key.

    Examples
    --------
    >>> round(estimate_prior(400, 1000, 500, 0.8), 6)
    0.001
    """
    links = min(max(exact / recall, 0.5), float(min(n_left, n_right)))
    return min(links / (n_left * n_right), 0.5)


def _blend(learnt: float | None, assumed: float, evidence: float, weight: float) -> float:
    if learnt is None:
        return assumed
    return (learnt * evidence + assumed * weight) / (evidence + weight)


def _repeatable(share: float) -> float:
    # Sums over threads differ in the 14th digit: rounded, the weights and all that follows are the same every time.
    return float(f"{share:.11g}")


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
        both = list(zip(levels, part.levels, strict=True))
        m = [_blend(got.get("m_probability"), level.m, links, _ASSUMED_LINKS) for got, level in both]
        u = [_blend(got.get("u_probability"), level.u, pairs, _ASSUMED_PAIRS) for got, level in both]
        weights[part.name] = tuple(
            (_repeatable(a / sum(m)), _repeatable(b / sum(u))) for a, b in zip(m, u, strict=True)
        )
    return weights


def learn_weights(
    engine: Engine, left: str, right: str, model: PersonModel, prior: float, size: int, rule: LinkRule
) -> Weights:
    """Learn u, and m where there are enough links, then blend.

    Parameters
    ----------
    engine, left, right
        Where the two tables of people are.
    model
        What is compared.
    prior
        Probability that two people picked at random are the same.
    size
        Number of all pairs.
    rule
        Seed and size of the sample.
    """
    links = prior * size
    counts: list[BlockCount] = []
    if links >= _LINKS_TO_TRAIN:
        counts = [count_block(engine, left, right, block) for block in model.training_blocks]
        counts = [count for count in counts if count.n_pairs >= _LINKS_TO_TRAIN]
    rules = block_rules(engine, left, right, counts, prefix="training")
    api, linker = open_linker(engine, left, right, splink_settings(model, default_weights(model), prior))
    linker.training.estimate_u_using_random_sampling(
        max_pairs=rule.sampled_pairs, seed=rule.seed, min_count_per_level=None, num_chunks=1
    )
    learnt = sum(_learn_m(linker, sql, count) for sql, count in zip(rules, counts, strict=True))
    sampled = float(min(rule.sampled_pairs, size))
    weights = blended_weights(model, linker.misc.save_model_to_json(), links if learnt else 0.0, sampled)
    api.delete_tables_created_by_splink_from_db()
    return weights


def _learn_m(linker: Linker, sql: str, count: BlockCount) -> bool:
    from splink.internals.exceptions import SplinkException

    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            sql,
            estimate_without_term_frequencies=True,
            max_pairs=_TRAINING_PAIRS if count.n_pairs > _TRAINING_PAIRS else None,
        )
    except SplinkException:
        logger.info("linkage: nothing could be learnt from the pairs that agree on %s", ", ".join(count.columns))
        return False
    return True
