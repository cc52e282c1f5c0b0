"""Weights and scores made again for a resample of the people: the same terms, with everybody counted several times.

The equations of the weights are solved again by Newton steps from the design's own parameters, so that nothing is
encoded, sorted or checked a second time. Every sum is taken in the order of the ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from dipeval.errors import DesignError
from dipeval.matching.design import Design
from dipeval.matching.method_words import WEIGHTED
from dipeval.matching.weight_equations import SCORED, TRIMMED, UNKNOWN_DESIGN, weight_model
from dipeval.matching.weight_equations_parts import Floats, Part
from dipeval.matching.weight_equations_score import (
    sample_weights,
    score_link,
    score_part,
    score_weight_model,
    why_no_score_equations,
)

# How often each person counts, in the order of people -> one number a person.
Remake = Callable[[Floats], Floats]

MOST_STEPS: Final = 50
MOST_HALVINGS: Final = 20
SETTLED: Final = 1e-9
NEARLY: Final = 1e-6  # a step this small that comes no nearer has met the limits of rounding
REDUNDANT: Final = 1e-14
FARTHEST: Final = 25.0  # a linear predictor beyond this belongs to people who are perfectly told apart
NO_WEIGHTS: Final = "the design was not made by weighting"
NO_SOLUTION: Final = (
    "A resample of the people has no weights: its groups are perfectly told apart. Merge rare levels of the covariates."
)


def why_not_remade(design: object) -> str | None:
    """Say why the weights of a design cannot be made again for a resample; None if they can.

    Parameters
    ----------
    design
        A design, or what stands for one.

    Returns
    -------
    str or None
    """
    if not isinstance(design, Design):
        return UNKNOWN_DESIGN
    if design.method not in WEIGHTED:
        return NO_WEIGHTS
    if design.options.get("trim", "none") != "none":
        return TRIMMED
    return why_no_score_equations(design) if design.method in SCORED else None


def weights_again(design: Design) -> Remake:
    """Return what makes the weights of a design again, for people counted other numbers of times.

    Parameters
    ----------
    design
        From `weight`, without trimming; with a logistic or probit score where the weights come from one.

    Returns
    -------
    Callable
        How often each person counts (whole numbers, in the order of people) -> the weight of one such person. It
        raises a `DesignError` where a resample has no solution.

    Raises
    ------
    DesignError
        With the reason (see `why_not_remade`).

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
    >>> again = weights_again(design)(np.ones(1445))
    >>> bool(np.allclose(again, design.weights, rtol=1e-8))
    True
    """
    reason = why_not_remade(design)
    if reason is not None:
        raise DesignError(f"The weights cannot be made again for a resample: {reason}.")
    if design.method == "none":
        return _as_they_are(design.weights.to_numpy(copy=True))
    quantile = design.options.get("truncate")
    model = weight_model(design) if quantile is None else score_weight_model(design)

    def remake(multiples: Floats) -> Floats:
        ordered = multiples[model.order]
        weights = np.empty(len(ordered))
        weights[model.order] = model.weigh([part.rows @ solve(part, ordered) for part in model.parts])
        return weights if quantile is None else _truncated_again(design, weights, multiples, float(quantile))

    return remake


def _as_they_are(weights: Floats) -> Remake:
    def remake(multiples: Floats) -> Floats:
        del multiples  # nothing was estimated: the weights are the same in every resample
        return weights

    return remake


def scores_again(design: Design) -> Remake:
    """Return what fits the propensity score of a design again, for people counted other numbers of times.

    Parameters
    ----------
    design
        With a logistic or probit score.

    Returns
    -------
    Callable
        How often each person counts (0 for those left out) -> the log odds of treatment of everybody.

    Raises
    ------
    DesignError
        If the score is no such model.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"], method="ipw")
    >>> again = scores_again(design)(np.ones(1445))
    >>> bool(np.allclose(again, design.propensity.logit, atol=1e-8))
    True
    """
    part, link, order = score_part(design), score_link(design), design._order

    def remake(multiples: Floats) -> Floats:
        found = np.empty(len(order))
        found[order] = link.log_odds(part.rows @ solve(part, multiples[order]))
        return found

    return remake


def _truncated_again(design: Design, weights: Floats, multiples: Floats, quantile: float) -> Floats:
    first, treated = sample_weights(design), design.treated.to_numpy(dtype=bool)
    bare = weights / first
    for group, own in ((treated, "ATT"), (~treated, "ATC")):
        if design.estimand != own and (multiples[group] > 0).any():
            drawn = np.sort(np.repeat(bare[group], multiples[group].astype(np.int64)))
            bare[group] = np.minimum(bare[group], np.quantile(drawn, quantile))
    return np.asarray(bare * first, dtype=np.float64)


def solve(part: Part, multiples: Floats) -> Floats:
    """Solve equations with everybody counted a number of times.

    Parameters
    ----------
    part
        The equations.
    multiples
        How often each person counts, in the order of the rows of ``part``.

    Returns
    -------
    numpy.ndarray
        The parameters.

    Raises
    ------
    DesignError
        If there is no solution: the people who count are perfectly told apart.
    """
    parameters = part.start
    pull, spread = _pull(part, parameters, multiples)
    for _ in range(MOST_STEPS):
        if not np.isfinite(spread).all():
            break
        move = np.asarray(np.linalg.lstsq(spread, pull, rcond=REDUNDANT)[0], dtype=np.float64)
        size = float(np.abs(move).max()) / (1 + float(np.abs(parameters).max()))
        stepped = _step(part, parameters, multiples, move, pull)
        if size <= SETTLED or (stepped is None and size <= NEARLY):
            return _within_reach(part, parameters if stepped is None else stepped[0], multiples)
        if stepped is None:
            break
        parameters, pull, spread = stepped
    raise DesignError(NO_SOLUTION)


def _within_reach(part: Part, parameters: Floats, multiples: Floats) -> Floats:
    predictor = part.rows @ parameters
    counted = (multiples > 0) & (part.look(predictor)[1] > 0)
    if float(np.abs(predictor[counted]).max(initial=0.0)) > FARTHEST:
        raise DesignError(NO_SOLUTION)
    return parameters


def _pull(part: Part, parameters: Floats, multiples: Floats) -> tuple[Floats, Floats]:
    """Return the summed equations and minus their derivative."""
    with np.errstate(over="ignore", invalid="ignore"):
        residual, curvature = part.look(part.rows @ parameters)
        pull = (residual * multiples) @ part.rows
        spread = (part.rows * (curvature * multiples)[:, None]).T @ part.rows
    return np.asarray(pull, dtype=np.float64), np.asarray(spread, dtype=np.float64)


def _step(
    part: Part, parameters: Floats, multiples: Floats, move: Floats, pull: Floats
) -> tuple[Floats, Floats, Floats] | None:
    """Take the Newton step, halved while the equations come no nearer to 0."""
    before = float(np.abs(pull).max())
    for halving in range(MOST_HALVINGS):
        tried = parameters + move * 0.5**halving
        then, spread = _pull(part, tried, multiples)
        if float(np.abs(then).max()) < before:
            return tried, then, spread
    return None
