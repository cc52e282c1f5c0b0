"""The equations that estimated weights solve, so that an error can allow for the weights having been estimated.

Weights from `weight` are made from parameters: the coefficients of the propensity model, or the multipliers of entropy
balancing. They solve equations, sums over people of one number times a row of terms, that are 0 at the estimate. What
one person moves the parameters by, and what the parameters move each weight by, is all that an error needs to know; no
outcome comes into it. Weights within a radius, a bandwidth, a class or a cell have no parameters, but one more person
would move them too (`weight_equations_shares`).

Stefanski, L. A. and Boos, D. D. (2002), The calculus of M-estimation, American Statistician 56, 29-38. Lunceford, J. K.
and Davidian, M. (2004), Stratification and weighting via the propensity score in estimation of causal treatment
effects, Statistics in Medicine 23, 2937-2960. Entropy balancing as such equations: Zhao, Q. and Percival, D. (2017),
Entropy balancing is doubly robust, Journal of Causal Inference 5, 20160010.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dipeval.errors import DesignError, InvariantError
from dipeval.matching.design import Design
from dipeval.matching.method_words import WEIGHTED
from dipeval.matching.weight_equations_entropy import entropy_model
from dipeval.matching.weight_equations_parts import SAME, WeightEquations, WeightModel, equations_at
from dipeval.matching.weight_equations_score import score_weight_model, why_no_score_equations
from dipeval.matching.weight_equations_shares import NEAR, STRATA, share_equations

SCORED: Final = ("ipw", "overlap", "matching_weights")
SHARED: Final = (*NEAR, *STRATA)  # methods whose weights are sums of shares

MATCHED_DESIGN: Final = (
    "the design was made by matching, and who is matched with whom is no smooth function of the score: cluster on the "
    "pairs or sets, or with replacement use the error of Abadie and Imbens"
)
SHARES_ONLY: Final = "the weights are shares among people who stand beside one another, and follow from no parameters"
NOTHING_ESTIMATED: Final = "everybody counts once (or with a sample weight): no weight was estimated"
TRIMMED: Final = "people were trimmed away by a rule that looks at the estimated score"
TRUNCATED: Final = "the weights were truncated at an estimated quantile"
UNKNOWN_DESIGN: Final = "the design does not say how its weights were made"


def why_no_equations(design: object) -> str | None:
    """Say why the equations behind a design's weights cannot be written down; None if they can.

    Parameters
    ----------
    design
        A design, or what stands for one.

    Returns
    -------
    str or None

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> named = {"treated": "workprg", "covariates": ["priors", "educ", "age"]}
    >>> why_no_equations(dip.weight(recid(), method="ipw", **named)) is None
    True
    >>> why_no_equations(dip.weight(recid(), method="ipw", truncate=0.99, **named))
    'the weights were truncated at an estimated quantile'
    """
    if not isinstance(design, Design):
        return UNKNOWN_DESIGN
    if design.method in SHARED:
        return None
    if design.method not in WEIGHTED:
        return MATCHED_DESIGN
    options = design.options
    if options.get("trim", "none") != "none":
        return TRIMMED
    if options.get("truncate") is not None:
        return TRUNCATED
    if design.method == "none":
        return NOTHING_ESTIMATED
    return why_no_score_equations(design) if design.method in SCORED else None


def weight_equations(design: Design) -> WeightEquations:
    """Return how the weights of a design move with who is in it: their equations at the design's own parameters.

    Parameters
    ----------
    design
        From `weight`: inverse probability weights, overlap weights, matching weights or entropy balancing, with the
        logistic or probit model of the covariates or of a formula. From `match`: a radius, a kernel, classes of the
        score or coarsened cells, with the score, classes and cells taken as given.

    Returns
    -------
    WeightEquations

    Raises
    ------
    DesignError
        With the reason, for weights that solve no such equations (see `why_no_equations`).

    Notes
    -----
    Matching weights have a kink where the chances of both groups are equal; the derivative taken there is that of the
    weight that stays 1 (Li, L. and Greene, T. 2013, International Journal of Biostatistics 9, 215-234).

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"], method="overlap")
    >>> part = weight_equations(design).parts[0]
    >>> bool(abs(part.residual @ part.rows).max() < 1e-8), part.information.shape
    (True, (4, 4))
    """
    if isinstance(design, Design) and design.method in SHARED:
        return share_equations(design)
    model = weight_model(design)
    predictors = [part.rows @ part.start for part in model.parts]
    weights = model.weigh(predictors)
    own = design.weights.to_numpy()[model.order]
    gap = float(np.abs(weights - own).max() / np.abs(own).max())
    if not gap <= SAME:
        raise InvariantError(
            f"The equations of the weights give other weights than the design has (largest difference {gap:.2g} of the "
            "largest weight). This is a bug in dipeval, please report it; no error was made."
        )
    slopes = model.slopes(predictors)
    parts = tuple(equations_at(*given) for given in zip(model.parts, predictors, slopes, strict=True))
    return WeightEquations(parts=parts, order=model.order)


def weight_model(design: Design) -> WeightModel:
    """Return how the weights of a design of `weight` follow from parameters; raises as `weight_equations` does."""
    reason = SHARES_ONLY if design.method in SHARED else why_no_equations(design)
    if reason is not None:
        raise DesignError(f"The equations behind these weights cannot be given: {reason}.")
    return entropy_model(design) if design.method == "entropy" else score_weight_model(design)
