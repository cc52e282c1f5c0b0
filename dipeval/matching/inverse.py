"""Weights from the propensity score: inverse probability (stabilised, truncated), overlap and matching weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.errors import DesignError
from dipeval.matching.logistic import expit
from dipeval.matching.problem import Bools, Floats
from dipeval.presenting import format_count


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truncated:
    """Weights with the largest of each weighted group set to one of its quantiles.

    Parameters
    ----------
    weights
        After truncation.
    n_treated, n_comparison
        How many weights were lowered in each group.
    """

    weights: Floats
    n_treated: int
    n_comparison: int


def score_weights(logit: Floats, treated: Bools, estimand: str) -> Floats:
    """Return weights from the log odds of treatment.

    Parameters
    ----------
    logit
        Log odds of treatment of every person.
    treated
        Who was treated.
    estimand
        "ATT": treated 1, comparison p/(1 - p); "ATC": the other way round; "ATE": 1/p and 1/(1 - p); "ATO": 1 - p and
        p (overlap weights); "ATM": the smaller of p and 1 - p over the chance of what happened (matching weights).

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    DesignError
        Weights beyond what a number can hold: scores that are 0 or 1 to all intents.

    Notes
    -----
    Matching weights: Li, L. and Greene, T. (2013), A weighting analogue to pair matching in propensity score analysis,
    International Journal of Biostatistics 9, 215-234.

    Computed from the log odds, not from the probability: 1 - p keeps its digits where p is within 1e-12 of 1.
    """
    sign = np.where(treated, 1.0, -1.0)  # the log odds of what really happened to each person
    own = sign * logit
    if estimand == "ATO":
        return np.asarray(expit(-own), dtype=np.float64)
    if estimand == "ATM":
        return np.asarray(np.exp(np.minimum(-own, 0.0)), dtype=np.float64)
    with np.errstate(over="ignore"):
        against = np.exp(-own)  # (1 - p)/p of the treated, p/(1 - p) of the comparison people
    weights = {
        "ATT": np.where(treated, 1.0, against),
        "ATC": np.where(treated, against, 1.0),
        "ATE": 1.0 + against,
    }[estimand]
    endless = int((~np.isfinite(weights)).sum())
    if endless:
        raise DesignError(
            f"{format_count(endless)} of {format_count(len(logit))} people have a score so close to 0 or 1 that their "
            "inverse is beyond any number: the groups do not overlap there. Trim (trim='crump'), or use "
            "method='overlap', whose weights stay between 0 and 1."
        )
    return weights


def stabilised(weights: Floats, treated: Bools, first_weights: Floats, order: np.ndarray) -> Floats:
    """Multiply each group by its share, so that weights are about 1 on average (Robins, Hernan and Brumback 2000).

    Parameters
    ----------
    weights
        Inverse probability weights for the ATE; 0 for people left out.
    treated
        Who was treated.
    first_weights
        Sample weights; 0 for people left out.
    order
        Positions sorted by id: the sums are taken in it.

    Returns
    -------
    numpy.ndarray
    """
    mass = first_weights[order]
    share = float(mass[treated[order]].sum()) / float(mass.sum())
    return np.asarray(weights * np.where(treated, share, 1.0 - share), dtype=np.float64)


def truncated(weights: Floats, groups: tuple[Bools, ...], treated: Bools, quantile: float) -> Truncated:
    """Set the weights of each group above its own quantile to that quantile; nobody is dropped.

    Parameters
    ----------
    weights
        Weights.
    groups
        The groups whose weights vary; each has its own quantile (type 7).
    treated
        Who was treated.
    quantile
        Such as 0.99.

    Returns
    -------
    Truncated

    Notes
    -----
    Cole, S. R. and Hernan, M. A. (2008), Constructing inverse probability weights for marginal structural models,
    American Journal of Epidemiology 168, 656-664.
    """
    lowered = weights.copy()
    for group in groups:
        if group.any():
            lowered[group] = np.minimum(weights[group], np.quantile(np.sort(weights[group]), quantile))
    changed = lowered < weights
    return Truncated(
        weights=lowered,
        n_treated=int((changed & treated).sum()),
        n_comparison=int((changed & ~treated).sum()),
    )
