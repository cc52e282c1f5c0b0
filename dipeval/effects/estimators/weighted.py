"""The plain estimator: the contrast of two weighted means (or rates), and its sandwich error.

White (1980) for HC0, MacKinnon and White (1985) for HC1 to HC3; over pairs, sets or persons Liang and Zeger (1986) with
the small-sample factors of the R package sandwich.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.estimators import abadie_imbens
from dipeval.effects.estimators.abadie_imbens_words import NOT_THIS_ESTIMATOR
from dipeval.effects.estimators.m_estimation import M_ESTIMATION, allows_for_weights, m_estimated, remarks_on_weights
from dipeval.effects.estimators.two_way import clustered_both_ways, reused_sets
from dipeval.effects.joining import cluster_word, options_of
from dipeval.effects.measures import contrast, slope
from dipeval.effects.request import SANDWICH, Estimate, Request, from_contributions
from dipeval.effects.robust import Floats, exact_sum, influence, leverage, small_sample_factor
from dipeval.errors import EstimationError

# Methods in which one person may stand beside several, besides those with ``replace=True``.
REUSING: Final = ("radius", "kernel")
CLUSTERED: Final = ("cluster_hc0", "cluster_hc1")
# How strongly HC2 and HC3 enlarge the residuals of people with leverage (MacKinnon and White 1985).
_POWER: Final = {"hc2": 0.5, "hc3": 1.0}
_HC_WORDS: Final = {"hc0": "robust (HC0)", "hc1": "robust (HC1)", "hc2": "robust (HC2)", "hc3": "robust (HC3)"}
_CLUSTER_FACTORS: Final = {"cluster_hc1": "HC1 with G/(G - 1)", "cluster_hc0": "HC0 with G/(G - 1)"}


def estimate(request: Request) -> Estimate:
    """Estimate by the contrast of the weighted means (or rates).

    Parameters
    ----------
    request
        The design joined to the outcome.

    Returns
    -------
    Estimate
    """
    sample = request.sample
    means = sample.mean(treated=True), sample.mean(treated=False)
    kind = usual_error(request, of_matches=True)
    found = with_sandwich(
        request,
        kind=kind,
        centre=contrast(request.measure, *means),
        means=means,
        influence=influence(sample, request.measure),
        leverage=leverage(sample),
        log_ratio_influence=influence(sample, "risk_ratio") if min(means) > 0 else None,
    )
    return _with_count_error(request, found) if kind == "count" else found


def usual_error(
    request: Request, *, plain: str = "hc0", clustered: str = "cluster_hc1", of_matches: bool = False
) -> str:
    """Return the error asked for; for "auto" that which suits the design: clustered where there are clusters.

    Parameters
    ----------
    request
        The design joined to the outcome.
    plain, clustered
        What "auto" stands for without and with clusters, as the estimator has it, where nothing is known of how the
        weights were estimated.
    of_matches
        Whether the estimate is the plain mean over people and their matches, for which Abadie-Imbens errors are made.

    Returns
    -------
    str
        One of ``STD_ERRORS`` but "auto".
    """
    asked = request.options.std_error
    if asked == abadie_imbens.ABADIE_IMBENS and not of_matches:
        raise EstimationError(NOT_THIS_ESTIMATOR)
    if asked == "auto" and of_matches and abadie_imbens.suits(request):
        return abadie_imbens.ABADIE_IMBENS
    if asked == "auto" and allows_for_weights(request.design):
        return M_ESTIMATION
    if asked == "auto":
        return plain if request.sample.clusters is None else clustered
    if asked == "cluster_hc0" and reused_sets(request.design) is not None:
        return asked
    if asked in CLUSTERED and request.sample.clusters is None and reused_sets(request.design) is not None:
        raise EstimationError(
            f"std_error='{asked}' needs people who stand in one set each, and these were matched with replacement; use "
            "std_error='cluster_hc0', which is over sets and people at once."
        )
    if asked in CLUSTERED and request.sample.clusters is None:
        raise EstimationError(
            f"std_error='{asked}' needs pairs, sets or persons that belong together, and this design has none; use "
            "std_error='hc0' (or 'auto'), or pass cluster=."
        )
    return asked


def with_sandwich(
    request: Request,
    *,
    kind: str,
    centre: float,
    means: tuple[float, float],
    influence: Floats,
    contributions: Floats | None = None,
    leverage: Floats | None = None,
    n_coefficients: int = 2,
    log_ratio_influence: Floats | None = None,
    notes: tuple[str, ...] = (),
) -> Estimate:
    """Return an estimate with its sandwich error, from what each person used contributes to it.

    Parameters
    ----------
    request
        The design joined to the outcome.
    kind
        From `usual_error`; of an error that is no sandwich the plain one is given, to be replaced.
    centre, means
        The estimate and the two means.
    influence
        Of every person used: the weight times the derivative of the estimate with respect to it.
    contributions
        What the sandwich is made of, where that is not the influence.
    leverage
        Of every person used, for HC2 and HC3; None where they are not given.
    n_coefficients
        Coefficients of the model behind it, for the correction for small samples.
    log_ratio_influence
        Influence on the logarithm of the ratio of the means, for the E-value.
    notes
        Sentences that belong beside the estimate.

    Returns
    -------
    Estimate
    """
    sample = request.sample
    usual = "hc0" if sample.clusters is None else "cluster_hc1"
    used = kind if kind in SANDWICH else usual
    served = reused_sets(request.design) if kind == "cluster_hc0" else None
    used = "hc0" if served is not None else used
    parts = influence if contributions is None else contributions
    if used in _POWER:
        if leverage is None:
            raise EstimationError(f"std_error='{used}' is not given by this estimator; use 'hc0' (or 'auto').")
        parts = parts / (1 - leverage) ** _POWER[used]
    clusters = spread_clusters(request) if used in CLUSTERED else None
    factor = small_sample_factor(used, sample.n, sample.n_clusters, n_coefficients)
    whole = request.spread_out(parts)
    found = Estimate(
        centre=centre,
        std_error=from_contributions(whole, clusters, factor),
        mean_treated=means[0],
        mean_comparison=means[1],
        se_method=error_words(request, used),
        contributions=whole,
        clusters=clusters,
        factor=factor,
        notes=(*notes, *remarks_on_weights(request, kind)),
        influence=request.spread_out(influence),
        kind=kind,
        log_ratio_error=math.nan
        if log_ratio_influence is None
        else from_contributions(
            log_ratio_influence,
            sample.clusters,
            small_sample_factor(usual, sample.n, sample.n_clusters, n_coefficients),
        ),
    )
    if served is not None:
        return clustered_both_ways(request, found, served, corrected=True)
    return m_estimated(request, found, log_ratio_influence) if kind == M_ESTIMATION else found


def spread_clusters(request: Request) -> NDArray[np.intp] | None:
    """Return the cluster of every person of the design; -1 for those it does not use."""
    codes = request.sample.clusters
    if codes is None:
        return None
    whole = np.full(request.n_people, -1, dtype=np.intp)
    whole[request.rows] = codes
    return whole


def _with_count_error(request: Request, found: Estimate) -> Estimate:
    """Give the plain error from the number of different people: weights are taken to say nothing about precision."""
    sample = request.sample
    if sample.at_risk is not None:
        raise EstimationError("std_error='count' is for shares and means; a rate has 'hc0' (or 'auto').")
    variance = 0.0
    for treated in (True, False):
        rows = sample.treated == treated
        mean, weights = sample.mean(treated=treated), sample.weights[rows]
        spread = exact_sum(weights * (sample.outcome[rows] - mean) ** 2) / exact_sum(weights)
        variance += spread / int(rows.sum()) * slope(request.measure, mean) ** 2
    return replace(
        found,
        std_error=math.sqrt(variance),
        se_method="from the number of different people in each group (weights not allowed for)",
        contributions=None,
        clusters=None,
        factor=1.0,
    )


def error_words(request: Request, kind: str) -> str:
    """Return how an error was made, in words."""
    sample, design = request.sample, request.design
    if kind in CLUSTERED:
        how, groups = _CLUSTER_FACTORS[kind], f"{sample.n_clusters:,}"
        if request.own_clusters:
            return f"clustered by person ({how}, G = {groups} people)"
        if cluster_word(design) == "set":
            return f"clustered by matched set ({how}, G = {groups} sets)"
        return f"pair-cluster ({how}, G = {groups} pairs)"
    if design.method in REUSING or options_of(design).get("replace"):
        who = "treated" if getattr(design, "estimand", "ATT") == "ATC" else "comparison"
        return (
            f"{_HC_WORDS[kind]} over the weighted people; a {who} person used more than once counts once, with a "
            "larger weight: an approximation that takes the matches as given"
        )
    return _HC_WORDS[kind]
