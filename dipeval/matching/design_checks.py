"""What every design promises, whoever made it: weights that can be, pairs within the caliper, sets that agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InvariantError

Floats = NDArray[np.float64]


def check_weights(people: pd.DataFrame, estimand: str, sample_weights: Floats | None) -> None:
    """Refuse weights that cannot be, and other weights than 0 and 1 for the people the effect is about.

    Parameters
    ----------
    people
        treated, weight; one row a person.
    estimand
        "ATT" and "ATC" are about one group.
    sample_weights
        What each of them counts instead of 1.

    Raises
    ------
    InvariantError
        A broken promise.
    """
    weights = people["weight"].to_numpy()
    treated = people["treated"].to_numpy(dtype=bool)
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise InvariantError("A design came out with weights that are negative or not numbers.")
    if not (weights[treated] > 0).any() or not (weights[~treated] > 0).any():
        raise InvariantError("A design came out with nobody in one of its groups.")
    focal = {"ATT": treated, "ATC": ~treated}.get(estimand)
    whole = np.ones(len(weights)) if sample_weights is None else sample_weights
    if focal is not None and not ((weights == 0.0) | (weights == whole))[focal].all():
        raise InvariantError("A design gave the people it is about weights other than 0 and 1 (or their own).")


def check_pairs(
    people: pd.DataFrame, pairs: pd.DataFrame, options: Mapping[str, Any], used_score: Floats | None
) -> None:
    """Refuse pairs outside the caliper, and pairs or sets that disagree with the weights.

    Parameters
    ----------
    people
        weight, pair; one row a person.
    pairs
        treated_index, comparison_index, distance.
    options
        For ``caliper_width`` and ``mahalanobis``.
    used_score
        The score on the scale of the caliper.

    Raises
    ------
    InvariantError
        A broken promise.
    """
    width = options.get("caliper_width")
    if width is not None and (_apart_in_score(people, pairs, options, used_score) > width).any():
        raise InvariantError("A matched pair lies outside the caliper.")
    used = people["weight"].to_numpy() > 0
    if len(pairs) and {*pairs["treated_index"], *pairs["comparison_index"]} != set(people.index[used]):
        raise InvariantError("The pairs and the weights of a design disagree about who is used.")
    in_set = people["pair"].notna().to_numpy()
    if in_set.any() and (in_set != used).any():
        raise InvariantError("The sets and the weights of a design disagree about who is used.")


def _apart_in_score(
    people: pd.DataFrame, pairs: pd.DataFrame, options: Mapping[str, Any], used_score: Floats | None
) -> Floats:
    """Difference in score within each pair: the distance itself, unless that is the Mahalanobis distance."""
    if not options.get("mahalanobis") or used_score is None or pairs.empty:
        return pairs["distance"].to_numpy(dtype=np.float64)
    ends = [
        used_score[people.index.get_indexer(pd.Index(pairs[name]))] for name in ("treated_index", "comparison_index")
    ]
    return np.asarray(np.abs(ends[0] - ends[1]), dtype=np.float64)
