"""The equations of entropy balancing: in each weighted group the terms must sum to their target.

The weights are exponentials of the terms, so entropy balancing is an estimator of that family with as many equations
as multipliers: Zhao, Q. and Percival, D. (2017), Entropy balancing is doubly robust, Journal of Causal Inference 5,
20160010.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from dipeval.matching.design import Design
from dipeval.matching.weight_equations_parts import Bools, Floats, Ints, Part, WeightModel
from dipeval.matching.weight_equations_score import sample_weights

CONSTANT: Final = 1e-12
REDUNDANT: Final = 1e-12


def entropy_model(design: Design) -> WeightModel:
    """Return how the weights of entropy balancing follow from its multipliers.

    Parameters
    ----------
    design
        Made with ``method="entropy"``, without trimming.

    Returns
    -------
    WeightModel
    """
    order = design._order
    treated = design.treated.to_numpy(dtype=bool)[order]
    first, weights = sample_weights(design)[order], design.weights.to_numpy()[order]
    rows = _balanced_terms(design, order)
    aimed_at = {"ATT": treated, "ATC": ~treated, "ATE": np.ones(len(order), dtype=bool)}[design.estimand]
    target = np.where(aimed_at, first, 0.0)
    groups = [group for group, own in ((treated, "ATT"), (~treated, "ATC")) if design.estimand != own]

    def weigh(predictors: list[Floats]) -> Floats:
        found = first.copy()
        for group, predictor in zip(groups, predictors, strict=True):
            found[group] = first[group] * np.exp(predictor[group])
        return found

    def slopes(predictors: list[Floats]) -> list[Floats]:
        found = weigh(predictors)
        return [np.where(group, found, 0.0) for group in groups]

    parts = tuple(_entropy_part(rows, group, first, target, weights) for group in groups)
    return WeightModel(parts=parts, weigh=weigh, slopes=slopes, order=order)


def _entropy_part(rows: Floats, group: Bools, first: Floats, target: Floats, weights: Floats) -> Part:
    def look(predictor: Floats) -> tuple[Floats, Floats]:
        mass = np.where(group, first * np.exp(np.where(group, predictor, 0.0)), 0.0)
        return target - mass, mass

    start: Any = np.linalg.lstsq(rows[group], np.log(weights[group] / first[group]), rcond=REDUNDANT)[0]
    return Part(rows=rows, look=look, start=np.asarray(start, dtype=np.float64))


def _balanced_terms(design: Design, order: Ints) -> Floats:
    """Return what entropy balancing made equal: a constant, the terms and, for two moments, the squares."""
    terms = design._terms.model()
    columns = _standardised(terms.values[order])
    if design.options.get("moments") == 2:
        columns = np.column_stack([columns, _standardised(columns[:, ~terms.binary] ** 2)])
    spread = columns.std(axis=0) > 0
    return np.column_stack([np.ones(len(order)), columns[:, spread]])


def _standardised(columns: Floats) -> Floats:
    """Measure columns from their mean in standard deviations; 0 where everybody has the same."""
    size = np.abs(columns).max(axis=0)
    away = columns - columns.mean(axis=0)
    spread = away.std(axis=0)
    constant = spread <= CONSTANT * size
    return np.asarray(np.where(constant, 0.0, away / np.where(constant, 1.0, spread)), dtype=np.float64)
