"""The plain estimator: the contrast of two weighted means (or rates), and its sandwich error.

White (1980) for HC0, MacKinnon and White (1985) for HC1 to HC3; over pairs, sets or persons Liang and Zeger (1986) with
the small-sample factors of the R package sandwich.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.joining import cluster_word, options_of
from dipeval.effects.measures import contrast, slope
from dipeval.effects.request import Estimate, Request, from_contributions
from dipeval.effects.robust import Floats, Sample, influence, leverage, small_sample_factor
from dipeval.errors import EstimationError

# Methods in which one person may stand beside several, besides those with ``replace=True``.
REUSING: Final = ("radius", "kernel")
CLUSTERED: Final = ("cluster_hc0", "cluster_hc1")
_HC_WORDS: Final = {"hc0": "robust (HC0)", "hc1": "robust (HC1)", "hc2": "robust (HC2)", "hc3": "robust (HC3)"}
_CLUSTER_FACTORS: Final = {"cluster_hc1": "HC1 with G/(G - 1)", "cluster_hc0": "HC0 with G/(G - 1)"}


def estimate(request: Request) -> Estimate:
    """Estimate by the contrast of the weighted means.

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
    kind = usual_error(request)
    parts = influence(sample, request.measure)
    if kind in ("hc2", "hc3"):
        parts = parts / (1 - leverage(sample)) ** (0.5 if kind == "hc2" else 1.0)
    clusters = spread_clusters(request) if kind in CLUSTERED else None
    factor = small_sample_factor(kind, sample.n, sample.n_clusters)
    contributions = request.spread_out(parts)
    error = _count_error(sample, request.measure) if kind == "count" else None
    return Estimate(
        centre=contrast(request.measure, *means),
        std_error=from_contributions(contributions, clusters, factor) if error is None else error,
        mean_treated=means[0],
        mean_comparison=means[1],
        se_method=error_words(request, kind),
        contributions=None if kind == "count" else contributions,
        clusters=clusters,
        factor=factor,
    )


def usual_error(request: Request) -> str:
    """Return the error asked for; for "auto" that which suits the design: clustered where there are clusters."""
    asked = request.options.std_error
    if asked == "auto":
        return "hc0" if request.sample.clusters is None else "cluster_hc1"
    if asked in CLUSTERED and request.sample.clusters is None:
        raise EstimationError(
            f"std_error='{asked}' needs pairs, sets or persons that belong together, and this design has none; use "
            "std_error='hc0' (or 'auto'), or pass cluster=."
        )
    return asked


def spread_clusters(request: Request) -> NDArray[np.intp] | None:
    """Return the cluster of every person of the design; -1 for those it does not use."""
    codes = request.sample.clusters
    if codes is None:
        return None
    whole = np.full(request.n_people, -1, dtype=np.intp)
    whole[request.rows] = codes
    return whole


def _count_error(sample: Sample, measure: str) -> float:
    """Return the plain error from the number of different people: weights are taken to say nothing about precision."""
    variance = 0.0
    for treated in (True, False):
        mean, n = sample.mean(treated=treated), int((sample.treated == treated).sum())
        variance += mean * (1 - mean) / n * slope(measure, mean) ** 2
    return math.sqrt(variance)


def error_words(request: Request, kind: str) -> str:
    """Return how an error was made, in words."""
    sample, design = request.sample, request.design
    if kind == "count":
        return "from the number of different people in each group (weights not allowed for)"
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


def ratio_error(sample: Sample) -> float:
    """Return the error of the logarithm of the ratio of the two means, for the E-value."""
    parts: Floats = influence(sample, "risk_ratio")
    kind = "hc0" if sample.clusters is None else "cluster_hc1"
    factor = small_sample_factor(kind, sample.n, sample.n_clusters)
    return from_contributions(parts, sample.clusters, factor)
