"""The equations of the propensity score, and how the weights made from it move with its coefficients.

Lunceford, J. K. and Davidian, M. (2004), Stratification and weighting via the propensity score in estimation of causal
treatment effects, Statistics in Medicine 23, 2937-2960.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dipeval.errors import DesignError
from dipeval.matching.design import Design
from dipeval.matching.inverse import score_weights
from dipeval.matching.logistic import LOGIT, expit
from dipeval.matching.probit import PROBIT, Link
from dipeval.matching.propensity_model import LOGISTIC, PROBIT_REGRESSION
from dipeval.matching.weight_equations_parts import Bools, Floats, Part, WeightEquations, WeightModel, equations_at

LINKS: Final[dict[str, Link]] = {LOGISTIC: LOGIT, PROBIT_REGRESSION: PROBIT}

SUPPLIED: Final = "the score was supplied by the caller, so it is not known how it was estimated"
LEARNED: Final = "the score comes from a cross-fitted learner, which solves no equations that could be written down"


def why_no_score_equations(design: Design) -> str | None:
    """Say why the equations behind a design's propensity score cannot be written down; None if they can."""
    model = design.propensity
    if model is None:
        return SUPPLIED
    return None if model.learner in LINKS and model._terms is not None else LEARNED


def sample_weights(design: Design) -> Floats:
    """Return what each person counted before the design, in the order of people: 1, or the sample weight."""
    given = design._sample_weights
    return np.ones(len(design.treated)) if given is None else given.copy()


def log_odds(design: Design) -> Floats:
    """Return the log odds of treatment of each person, by the score of a design made by `weight`.

    Raises
    ------
    DesignError
        If the design has no score.
    """
    found = design._used_score
    if found is None:
        raise DesignError("This design has no propensity score: none could be fitted (see its notes).")
    return found.copy()


def score_equations(design: Design) -> WeightEquations:
    """Return the equations of the propensity score; their slopes are those of the log odds.

    Parameters
    ----------
    design
        Whose score is a logistic or probit model.

    Returns
    -------
    WeightEquations
    """
    part, link = score_part(design), score_link(design)
    predictor = part.rows @ part.start
    slope = _log_odds_slope(predictor, link)
    return WeightEquations(parts=(equations_at(part, predictor, slope),), order=design._order)


def score_part(design: Design) -> Part:
    """Return the equations of the propensity model of a design.

    Parameters
    ----------
    design
        Whose score is a logistic or probit model.

    Returns
    -------
    Part
    """
    model, order = design.propensity, design._order
    if model is None or model._terms is None:
        raise DesignError(f"The equations of the score cannot be given: {why_no_score_equations(design)}.")
    treated = design.treated.to_numpy(dtype=bool)[order]
    mass = np.ones(len(order)) if model._sample_weights is None else model._sample_weights[order]
    values = model._terms.model().values[order]
    centre, spread = values.mean(axis=0), values.std(axis=0)
    rows = np.column_stack([np.ones(len(order)), (values - centre) / spread])
    raw = model.to_frame()["estimate"].to_numpy(dtype=np.float64)
    start = np.concatenate([[raw[0] + raw[1:] @ centre], raw[1:] * spread])
    link, hits = LINKS[model.learner], np.where(treated, mass, 0.0)

    def look(predictor: Floats) -> tuple[Floats, Floats]:
        _, residual, curvature, _ = link.look(predictor, mass, hits)
        return residual, curvature

    return Part(rows=rows, look=look, start=start)


def score_link(design: Design) -> Link:
    """Return the curve of a design's propensity model."""
    assert design.propensity is not None
    return LINKS[design.propensity.learner]


def score_weight_model(design: Design) -> WeightModel:
    """Return how the weights of a design follow from its propensity score, before any truncation."""
    part, link, order = score_part(design), score_link(design), design._order
    treated = design.treated.to_numpy(dtype=bool)[order]
    first = sample_weights(design)[order]
    estimand = design.estimand
    sign = np.where(treated, 1.0, -1.0)
    shares = bool(design.options.get("stabilise"))

    def weigh(predictors: list[Floats]) -> Floats:
        weights = first * score_weights(link.log_odds(predictors[0]), treated, estimand)
        return weights * _group_share(predictors[1], treated) if shares else weights

    def slopes(predictors: list[Floats]) -> list[Floats]:
        own = sign * link.log_odds(predictors[0])
        by_log_odds = -sign * first * _fall(own, treated, estimand)
        found = [by_log_odds * _log_odds_slope(predictors[0], link)]
        if not shares:
            return found
        weights = weigh(predictors)
        share = _group_share(predictors[1], treated)
        return [found[0] * share, sign * weights / share]

    return WeightModel(
        parts=(part, _share_part(treated, first)) if shares else (part,), weigh=weigh, slopes=slopes, order=order
    )


def _fall(own: Floats, treated: Bools, estimand: str) -> Floats:
    """Return minus the derivative of a weight by the log odds of what happened to the person."""
    if estimand == "ATO":
        chance = expit(own)
        return np.asarray(chance * (1 - chance), dtype=np.float64)
    if estimand == "ATM":
        return np.asarray(np.where(own > 0, np.exp(np.minimum(-own, 0.0)), 0.0), dtype=np.float64)
    moves = {"ATT": ~treated, "ATC": treated, "ATE": np.ones(len(treated), dtype=bool)}[estimand]
    return np.asarray(np.where(moves, np.exp(np.where(moves, -own, 0.0)), 0.0), dtype=np.float64)


def _log_odds_slope(predictor: Floats, link: Link) -> Floats:
    """Return how fast the log odds move with the linear predictor: 1, or for the normal curve d/(p(1 - p))."""
    if link is LOGIT:
        return np.ones(len(predictor))
    everybody = np.ones(len(predictor))
    pull = link.look(predictor, everybody, everybody)[1]  # density over the chance of treatment
    push = -link.look(predictor, everybody, np.zeros(len(predictor)))[1]  # density over that of none
    return np.asarray(pull + push, dtype=np.float64)


def _share_part(treated: Bools, first: Floats) -> Part:
    """The share of treated people by which stabilised weights are multiplied."""

    def look(predictor: Floats) -> tuple[Floats, Floats]:
        return first * (treated - predictor), first

    return Part(
        rows=np.ones((len(treated), 1)),
        look=look,
        start=np.array([float(first[treated].sum()) / float(first.sum())]),
    )


def _group_share(share: Floats, treated: Bools) -> Floats:
    return np.where(treated, share, 1.0 - share)
