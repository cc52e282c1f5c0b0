"""The methods of the design stage in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WEIGHTED = ("entropy", "ipw", "overlap", "matching_weights", "none")
METHOD_WORDS = {
    "nearest": "nearest-neighbour matching on the propensity score",
    "optimal": "optimal pair matching on the propensity score",
    "radius": "radius matching on the propensity score",
    "kernel": "kernel matching on the propensity score",
    "full": "full matching on the propensity score",
    "subclass": "subclassification on the propensity score",
    "cem": "coarsened exact matching",
    "entropy": "entropy balancing",
    "ipw": "inverse probability weighting",
    "overlap": "overlap weighting",
    "matching_weights": "matching weights",
    "none": "no adjustment",
}


def method_in_words(method: str, options: Mapping[str, Any]) -> str:
    """Return a method in words, for a heading or a sentence.

    Examples
    --------
    >>> method_in_words("optimal", {"mahalanobis": ["age"]})
    'optimal pair matching on the Mahalanobis distance'
    """
    words = METHOD_WORDS[method]
    if options.get("mahalanobis"):
        if options.get("mahalanobis_scaling") == "variance":
            return words.replace("on the propensity score", "by distance in standard deviations")
        kind = "rank-based Mahalanobis" if options.get("mahalanobis_ranks") else "Mahalanobis"
        return words.replace("the propensity score", f"the {kind} distance")
    return words
