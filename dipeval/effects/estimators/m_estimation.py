"""Errors that allow for the weights having been estimated.

Weights from a fitted propensity score, or from entropy balancing, move with the people they were fitted to. Taken for
known, they give an error that is as a rule too wide: fitted weights also take chance differences away. What one person
contributes to an estimate is therefore two things: the outcome, times the person's weight; and by how much this person
moved everybody's weights. The same holds of weights within a radius, a bandwidth, a class or a cell, where the error of
known weights can be several times too wide: it counts as chance what those beside one another have in common.

Stefanski, L. A. and Boos, D. D. (2002), The calculus of M-estimation, American Statistician 56, 29-38; for weights from
a propensity score Lunceford, J. K. and Davidian, M. (2004), Statistics in Medicine 23, 2937-2960; for entropy balancing
Zhao, Q. and Percival, D. (2017), Journal of Causal Inference 5, 20160010.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from dipeval.effects.estimators.aipw_words import (
    CANNOT_ALLOW,
    M_ESTIMATION_PERSON_WORDS,
    M_ESTIMATION_SHARES_PERSON_WORDS,
    M_ESTIMATION_SHARES_WORDS,
    M_ESTIMATION_WORDS,
    NO_INFLUENCE,
    SOURCES,
    TAKEN_AS_GIVEN,
)
from dipeval.effects.joining import ComparisonDesign
from dipeval.effects.request import Estimate, Request, from_contributions
from dipeval.effects.robust import Floats
from dipeval.errors import EstimationError
from dipeval.matching.design import Design
from dipeval.matching.weight_equations import TRIMMED, TRUNCATED, weight_equations, why_no_equations
from dipeval.matching.weight_equations_parts import WeightEquations
from dipeval.matching.weight_equations_score import LEARNED, SUPPLIED

M_ESTIMATION: Final = "m_estimation"
# Reasons that a reader should hear of; the others speak of no estimated weights.
SAID: Final = (TRIMMED, TRUNCATED, SUPPLIED, LEARNED)


def allows_for_weights(design: ComparisonDesign) -> bool:
    """Return whether the error of a design can allow for its weights having been estimated."""
    return why_no_equations(design) is None


def check_allowed(design: ComparisonDesign) -> None:
    """Refuse, with the reason, an error that allows for estimated weights where none can be made.

    Raises
    ------
    EstimationError
        For matched designs, trimmed or truncated weights, and scores of the caller or of a learner.
    """
    reason = why_no_equations(design)
    if reason is not None:
        raise EstimationError(CANNOT_ALLOW.format(reason=reason))


def remarks_on_weights(request: Request, kind: str) -> tuple[str, ...]:
    """Return what a reader must hear of an error that takes estimated weights as given because nothing else is known.

    Parameters
    ----------
    request
        The design joined to the outcome.
    kind
        The error that was made.

    Returns
    -------
    tuple of str
    """
    if request.options.std_error != "auto" or kind == M_ESTIMATION:
        return ()
    reason = why_no_equations(request.design)
    return (TAKEN_AS_GIVEN.format(reason=reason),) if reason in SAID else ()


def m_estimated(request: Request, found: Estimate, log_ratio_influence: Floats | None = None) -> Estimate:
    """Return an estimate with an error that allows for the weights having been estimated.

    Parameters
    ----------
    request
        The design joined to the outcome.
    found
        The estimate with its plain error and the influence of every person.
    log_ratio_influence
        Influence of every person used on the logarithm of the ratio of the means, for the E-value.

    Returns
    -------
    Estimate

    Raises
    ------
    EstimationError
        With the reason, where the weights solve no equations that could be written down, or the estimate is no
        function of the weights.
    """
    check_allowed(request.design)
    if found.influence is None:
        raise EstimationError(CANNOT_ALLOW.format(reason=NO_INFLUENCE))
    assert isinstance(request.design, Design)
    equations = weight_equations(request.design)
    contributions = with_estimated_weights(request, found.influence, equations)
    log_ratio_error = found.log_ratio_error
    if log_ratio_influence is not None:
        ratio = with_estimated_weights(request, request.spread_out(log_ratio_influence), equations)
        log_ratio_error = from_contributions(ratio, found.clusters, found.factor)
    return replace(
        found,
        std_error=from_contributions(contributions, found.clusters, found.factor),
        se_method=_words(request),
        contributions=contributions,
        kind=M_ESTIMATION,
        log_ratio_error=log_ratio_error,
    )


def _words(request: Request) -> str:
    source = SOURCES.get(request.design.method)
    alone, clustered = M_ESTIMATION_WORDS, M_ESTIMATION_PERSON_WORDS
    if source is not None:
        alone, clustered = M_ESTIMATION_SHARES_WORDS, M_ESTIMATION_SHARES_PERSON_WORDS
    pattern = alone if request.sample.clusters is None else clustered
    return pattern.format(source=source, groups=f"{request.sample.n_clusters:,}")


def with_estimated_weights(request: Request, influence: Floats, equations: WeightEquations) -> Floats:
    """Return what each person contributes to an estimate, the estimation of the weights included.

    Parameters
    ----------
    request
        The design joined to the outcome.
    influence
        Of each person of the design, with the weights taken as given: the weight times the derivative of the estimate
        by it. Every estimator that knows the design only through its weights has one.
    equations
        Of the weights.

    Returns
    -------
    numpy.ndarray
        One number a person of the design; they too add up to 0.
    """
    weights = request.design.weights.to_numpy()
    by_weight = np.divide(influence, weights, out=np.zeros(len(weights)), where=weights > 0)
    return np.asarray(influence + allowance(equations, by_weight), dtype=np.float64)


def allowance(equations: WeightEquations, by_weight: Floats) -> Floats:
    """Return what each person adds to an estimate by having moved everybody's weights.

    Parameters
    ----------
    equations
        Of the weights.
    by_weight
        Derivative of the estimate by each person's weight.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"], method="entropy")
    >>> age = recid()["age"].to_numpy(dtype=float)  # balanced exactly: no weights in the family can move its mean
    >>> away = np.where(design.treated, 0.0, -(age - age[design.treated].mean()) / 672)
    >>> bool(abs(sum(allowance(weight_equations(design), away))) < 1e-9)
    True
    """
    order = equations.order
    found = np.empty(len(order))
    found[order] = sum(part.moved(by_weight[order]) for part in equations.parts)
    return found
