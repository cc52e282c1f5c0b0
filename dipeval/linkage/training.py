"""What agreement is worth, learnt from the two files themselves.

`u` comes from a seeded random sample of pairs (for the date of birth from counts, `dipeval.linkage.births`), `m` by
expectation maximisation on two sets of pairs (Splink 5). What was learnt is blended with the assumed values of
`dipeval.linkage.model`: the assumption counts as 20 true links and 100 random pairs, so a file too small to learn from
is scored with the assumption and a large one hardly feels it. With fewer than 30 expected links nothing is learnt
about `m`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from splink import DuckDBAPI, Linker

from dipeval.engine import Engine
from dipeval.linkage.births import chance_agreement
from dipeval.linkage.blocking import BlockCount, block_rules, count_block
from dipeval.linkage.levels import BORN
from dipeval.linkage.model import PersonModel, Weights, default_weights, splink_settings
from dipeval.linkage.rule import LinkRule

logger = logging.getLogger("dipeval")
_ASSUMED_LINKS, _ASSUMED_PAIRS, _LINKS_TO_TRAIN = 20.0, 100.0, 30.0
_TRAINING_PAIRS = 1_000_000
_LEAST_CHANCE = 1e-7


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
    born = chance_agreement(engine, left, right)
    settings = splink_settings(model, _with_chances(default_weights(model), born), prior)
    if born is not None:
        _hold_chances(settings)
    api, linker = open_linker(engine, left, right, settings)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=rule.sampled_pairs, seed=rule.seed, min_count_per_level=None, num_chunks=1
    )
    learnt = sum(_learn_m(linker, sql, count) for sql, count in zip(rules, counts, strict=True))
    sampled = float(min(rule.sampled_pairs, size))
    weights = blended_weights(model, _learnt_settings(linker), links if learnt else 0.0, sampled)
    api.delete_tables_created_by_splink_from_db()
    return _with_chances(weights, born)


def _with_chances(weights: Weights, born: tuple[float, ...] | None) -> Weights:
    """The weights with the date of birth's u counted from the two files, kept from nought for patterns nobody shows."""
    if born is None:
        return weights
    least = [max(u, _LEAST_CHANCE) for u in born]
    levels = zip(weights[BORN.name], least, strict=True)
    return weights | {BORN.name: tuple((m, _repeatable(u / sum(least))) for (m, _), u in levels)}


def _hold_chances(settings: dict[str, Any]) -> None:
    """Tell Splink to leave the date of birth's u as given: it is counted, and a sample would only blur it."""
    for part in settings["comparisons"]:
        if part["output_column_name"] == BORN.name.replace(" ", "_"):
            for level in part["comparison_levels"]:
                if not level.get("is_null_level"):
                    level["fix_u_probability"] = True


def _learnt_settings(linker: Linker) -> dict[str, Any]:
    """What Splink learnt; a level that no pair showed while others of its comparison did was learnt to be rare.

    Splink leaves such a level at the value that training started from, as if that had been seen.
    """
    learnt: dict[str, Any] = linker.misc.save_model_to_json()
    for part, described in zip(linker._settings_obj.comparisons, learnt["comparisons"], strict=True):
        seen = [level._has_estimated_m_values for level in part.comparison_levels]
        named = [not level.is_null_level for level in part.comparison_levels]
        if any(saw and name for saw, name in zip(seen, named, strict=True)):
            for level, saw in zip(described["comparison_levels"], seen, strict=True):
                if not saw:
                    level["m_probability"] = 0.0
    return learnt


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
