"""Resamples of the people of a design, as the weights they give to every level of cost in each group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from dipeval.effects.estimators.bootstrap import Plan, plan_of
from dipeval.effects.request import Request
from dipeval.errors import DesignError, EstimationError
from dipeval.matching.method_words import WEIGHTED
from dipeval.presenting import format_count
from dipeval.roi.chain import Array
from dipeval.roi.offences.concentration import Levels

# Draws held in memory at once.
BLOCK: Final = 100
MOST_FAILED: Final = 0.05
FAILED: Final = (
    "{failed} of {draws} resamples of the people could not be weighted again, so the bootstrap would rest on those "
    "that could. Merge rare levels of the covariates, or match instead."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampled:
    """Weights of the levels of both groups in some resamples: (draws, levels) each."""

    treated: Array
    comparison: Array


def resamples(
    request: Request, treated: Levels, comparison: Levels, draws: int, seed: int
) -> tuple[Plan, Iterator[Resampled]]:
    """Return what is drawn, and the resamples, a block at a time.

    Parameters
    ----------
    request
        The design joined to the cost of each person.
    treated, comparison
        The levels of cost.
    draws, seed
        How many resamples, and what draws them.

    Returns
    -------
    tuple
        The plan, and an iterator over blocks.

    Raises
    ------
    EstimationError
        If more than 5% of the resamples have no weights.
    """
    plan = plan_of(request)
    return plan, _blocks(request, plan, (treated, comparison), draws, seed)


def _blocks(request: Request, plan: Plan, levels: tuple[Levels, Levels], draws: int, seed: int) -> Iterator[Resampled]:
    held: tuple[list[Array], list[Array]] = ([], [])
    failed = 0
    for weights in _weights(request, plan, draws, seed):
        if weights is None:
            failed += 1
            continue
        for rows, group in zip(held, levels, strict=True):
            rows.append(group.weights(weights))
        if len(held[0]) == BLOCK:
            yield Resampled(treated=np.stack(held[0]), comparison=np.stack(held[1]))
            held = ([], [])
    if failed > MOST_FAILED * draws:
        raise EstimationError(FAILED.format(failed=format_count(failed), draws=format_count(draws)))
    if held[0]:
        yield Resampled(treated=np.stack(held[0]), comparison=np.stack(held[1]))


def _weights(request: Request, plan: Plan, draws: int, seed: int) -> Iterator[Array | None]:
    """The weight of everybody in each resample, 0 for those not drawn; None where there is no solution."""
    random, inside = np.random.default_rng(seed), plan.units >= 0
    own = request.design.weights.to_numpy(copy=True)
    again = request.design.method in WEIGHTED and request.design.method != "none"
    for _ in range(draws):
        often = np.bincount(random.integers(0, plan.n_units, plan.n_units), minlength=plan.n_units)
        multiples = np.zeros(len(plan.units))
        multiples[inside] = often[plan.units[inside]]
        try:
            weights = (plan.weigh(multiples) if again else own) * multiples
        except DesignError:
            weights = None
        yield weights if weights is not None and _both(weights, request) else None


def _both(weights: Array, request: Request) -> bool:
    treated = request.design.treated.to_numpy(dtype=bool)
    return bool((weights[treated] > 0).any() and (weights[~treated] > 0).any())
