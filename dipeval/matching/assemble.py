"""From weights and pairs to a `Design`: the frames, the words and the fingerprint, the same way for every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.matching.design import PAIR_COLUMNS, Design
from dipeval.matching.doors import Taken, refuse_outcome_score
from dipeval.matching.fingerprint import fingerprint
from dipeval.matching.logistic import expit
from dipeval.matching.scores import PropensityModel
from dipeval.matching.terms import Terms
from dipeval.presenting import format_count

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SCALES = ("logit", "probability", "given")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Score:
    """A score as shown (a probability, or the caller's own) and as used for matching."""

    shown: Floats
    used: Floats
    scale: str
    model: PropensityModel | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairing:
    """Positions of the two people of each pair, by the focal person's id; distance in the score used."""

    treated: Ints
    comparison: Ints
    distance: Floats
    labels: Ints
    clusters: bool


def no_pairs() -> Pairing:
    """Return the pairing of a design without pairs."""
    empty = np.zeros(0, dtype=np.int64)
    return Pairing(treated=empty, comparison=empty, distance=np.zeros(0), labels=empty, clusters=False)


def score_from_model(model: PropensityModel, scale: str) -> Score:
    """Use a fitted model's score on the logit or probability scale."""
    logit = model.logit.to_numpy()
    shown = expit(logit)
    return Score(shown=shown, used=logit if scale == "logit" else shown, scale=scale, model=model)


def score_from_caller(score: Any, taken: Taken, scale: str) -> Score:
    """Use the caller's own score: a Series on the index of people.

    Raises
    ------
    InputError
        If it is no Series, misses people, is not finite, or is no probability where one is needed.
    DesignError
        If it carries the name of an outcome.
    """
    if not isinstance(score, pd.Series):
        raise InputError(f"score= must be a pandas Series on the index of people; it is a {type(score).__name__}.")
    refuse_outcome_score(score.name)
    if not score.index.is_unique:
        raise InputError("score= has index labels that repeat: give one score a person.")
    values = pd.to_numeric(score.reindex(taken.index), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise InputError(
            f"score= is missing, infinite or no number for {bad} of {len(values)} people; everyone needs a score."
        )
    if scale == "given":
        return Score(shown=values, used=values, scale=scale, model=None)
    outside = int(((values <= 0) | (values >= 1)).sum())
    if outside:
        raise InputError(
            f"score= is not strictly between 0 and 1 for {outside} of {len(values)} people, so it is no probability; "
            "to match on the numbers just as they are, say scale='given'."
        )
    return Score(
        shown=values, used=np.log(values / (1 - values)) if scale == "logit" else values, scale=scale, model=None
    )


def make_design(
    taken: Taken,
    terms: Terms,
    *,
    method: str,
    estimand: str,
    weights: Floats,
    score: Score | None,
    pairing: Pairing,
    options: Mapping[str, Any],
    words: str,
    notes: Sequence[str],
) -> Design:
    """Put a design together.

    Parameters
    ----------
    taken, terms
        What came through the door, and its covariates as numbers.
    method, estimand, words
        What was done and what it estimates.
    weights
        One a person, in the order of the rows.
    score
        The score, if there is one.
    pairing
        The pairs, if there are any.
    options
        Plain values that identify the design.
    notes
        What a reader must be told.

    Returns
    -------
    Design
    """
    pair = np.zeros(len(weights), dtype=np.int64)
    pair[pairing.treated] = pairing.labels
    pair[pairing.comparison] = pairing.labels
    labels = pd.array(pair, dtype="Int64")
    labels[(pair == 0) | (not pairing.clusters)] = pd.NA
    people = pd.DataFrame(
        {
            "id": taken.texts,
            "treated": taken.treated,
            "score": np.nan if score is None else score.shown,
            "weight": weights,
            "pair": labels,
        },
        index=taken.index,
    )
    ends = (taken.index[pairing.treated], taken.index[pairing.comparison], pairing.distance)
    options = {"method": method, "estimand": estimand, "covariates": list(taken.covariates), **options}
    texts = taken.texts
    return Design(
        method=method,
        estimand=estimand,
        estimand_in_words=words,
        covariates=taken.covariates,
        propensity=None if score is None else score.model,
        fingerprint=fingerprint(
            texts=texts,
            order=taken.order,
            terms=terms,
            treated=taken.treated,
            score=None if score is None else score.used,
            weights=weights,
            pairs=[(texts[a], texts[b]) for a, b in zip(pairing.treated, pairing.comparison, strict=True)],
            options=options,
        ),
        notes=(*notes, *taken.notes),
        _options=options,
        _people=people,
        _pairs=pd.DataFrame(dict(zip(PAIR_COLUMNS, ends, strict=True))),
        _has_clusters=pairing.clusters,
        _terms=terms,
        _used_score=None if score is None else score.used,
        _order=taken.order,
    )


def estimand_words(estimand: str, treated: NDArray[np.bool_], weights: Floats) -> str:
    """Say whose average effect a design is about, with the people it leaves out."""
    if estimand == "ATE":
        return f"the average effect on all {format_count(len(treated))} people"
    focal = treated if estimand == "ATT" else ~treated
    who, other = ("treated", "untreated") if estimand == "ATT" else ("untreated", "treated")
    total, used = int(focal.sum()), int((focal & (weights > 0)).sum())
    if used == total:
        return f"the average effect on the {format_count(total)} {who} people"
    return (
        f"the average effect on the {format_count(used)} of {format_count(total)} {who} people for whom a comparable "
        f"{other} person was found"
    )
