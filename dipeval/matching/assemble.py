"""From weights and pairs to a `Design`: the frames, the words and the fingerprint, the same way for every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError
from dipeval.matching.design import PAIR_COLUMNS, Design
from dipeval.matching.doors import Taken, refuse_outcome_score
from dipeval.matching.fingerprint import fingerprint
from dipeval.matching.logistic import expit
from dipeval.matching.neighbours import Closeness
from dipeval.matching.problem import Found
from dipeval.matching.propensity_model import LOGISTIC
from dipeval.matching.scores import PropensityModel, fit_propensity
from dipeval.matching.terms import Terms
from dipeval.presenting import format_count

Floats = NDArray[np.float64]
MOST_SCORE = 1e150


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Score:
    """A score as shown (a probability, or the caller's own) and as used for matching."""

    shown: Floats
    used: Floats
    scale: str
    model: PropensityModel | None


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
    if pd.api.types.is_complex_dtype(score.dtype):
        raise InputError("score= holds complex numbers; a score is one plain number a person.")
    if not score.index.is_unique:
        raise InputError("score= has index labels that repeat: give one score a person.")
    values = pd.to_numeric(score.reindex(taken.index), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise InputError(
            f"score= is missing, infinite or no number for {bad} of {len(values)} people; everyone needs a score."
        )
    if np.abs(values).max(initial=0.0) > MOST_SCORE:
        raise InputError("score= holds numbers so large that their variance cannot be computed: divide them first.")
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


def find_score(
    taken: Taken,
    terms: Terms,
    score: pd.Series | PropensityModel | None,
    *,
    scale: str,
    formula: str | None = None,
    references: Mapping[str, str] | None = None,
    sample_weights: Floats | None = None,
    tolerant: bool = False,
) -> tuple[Score | None, tuple[str, ...]]:
    """Find the score: the caller's, a model's, or one fitted here.

    Parameters
    ----------
    taken, terms
        What came through the door, and its covariates as numbers.
    score
        Own score or model; None to fit the logistic model.
    scale
        Scale it is to be used on.
    formula, references, sample_weights
        For the model fitted here.
    tolerant
        Whether a score that cannot be fitted is no fault: the method works without one.

    Returns
    -------
    tuple
        The score, or None; and what a reader must be told about it.
    """
    if score is not None and formula is not None and getattr(score, "formula", None) != formula:
        raise InputError(
            "formula= is for the model fitted here, and a score was passed besides: leave formula= out and name the "
            "covariates, or give the formula to dip.propensity and pass the model as score=."
        )
    if isinstance(score, PropensityModel):
        used = score_from_model(_same_people(score, taken), scale)
        unweighted = sample_weights is not None and not score.is_weighted
        said = ("The propensity model was fitted without the sample weights.",) if unweighted else ()
        return used, (*_other_columns(score, taken), *said, *score.remarks)
    if score is not None:
        remark = "The score was supplied by the caller; what it was made from is not known here."
        return score_from_caller(score, taken, scale), (remark,)
    try:
        model = fit_propensity(taken, terms, formula=formula, references=references, sample_weights=sample_weights)
    except DesignError as refusal:
        if not tolerant:
            raise
        return None, (f"No propensity score: {refusal}",)
    return score_from_model(model, scale), model.remarks


def _same_people(model: PropensityModel, taken: Taken) -> PropensityModel:
    if not model.logit.index.equals(taken.index):
        raise InputError("score= is a model fitted to other people, or to the same in another order: fit it to these.")
    if not np.array_equal(model.is_treated.to_numpy(), taken.treated):
        raise InputError(
            f"score= is a model of another treatment ('{model.treated}') than that of this design "
            f"('{taken.treated_name}'): fit it to the treatment whose effect is asked for."
        )
    return model


def _other_columns(model: PropensityModel, taken: Taken) -> tuple[str, ...]:
    if set(model.covariates) == set(taken.covariates):
        return ()
    return (
        f"The propensity model was made from {', '.join(map(str, model.covariates))}; balance is judged on "
        f"{', '.join(map(str, taken.covariates))}.",
    )


def _score_record(score: Score | None, covariates: Sequence[str]) -> dict[str, Any]:
    """Say where the score came from, unless it is the plain logistic model of the covariates."""
    if score is None:
        return {}
    if score.model is None:
        return {"score": "supplied by the caller"}
    model = score.model
    plain = model.learner == LOGISTIC and model.formula is None and list(model.covariates) == list(covariates)
    names = ("learner", "penalty", "folds", "formula")
    record = {name: getattr(model, name) for name in names} | {"covariates": list(model.covariates)}
    return {} if plain else {"score": record}


def make_design(
    taken: Taken,
    terms: Terms,
    *,
    method: str,
    estimand: str,
    score: Score | None,
    found: Found,
    distance: Floats,
    options: Mapping[str, Any],
    words: str,
    notes: Sequence[str],
    sample_weights: Floats | None = None,
    closeness: Closeness | None = None,
) -> Design:
    """Put a design together.

    Parameters
    ----------
    taken, terms
        What came through the door, and its covariates as numbers.
    method, estimand, words
        What was done and what it estimates.
    score
        The score, if there is one.
    found
        Weights, pairs and sets.
    distance
        Within each pair.
    options
        Plain values that identify the design.
    notes
        What a reader must be told.
    sample_weights
        What each person counted before the design; None when everybody counts once.
    closeness
        Where everybody stands on what they were matched by, where an error asks for it; None otherwise.

    Returns
    -------
    Design
    """
    labels = pd.arrays.IntegerArray(found.sets, found.sets == 0)
    people = pd.DataFrame(
        {
            "id": taken.id_values.to_numpy() if isinstance(taken.id_values, pd.MultiIndex) else taken.id_values.array,
            "treated": taken.treated,
            "score": np.nan if score is None else score.shown,
            "weight": found.weights,
            "pair": labels,
        },
        index=taken.index,
    )
    ends = (found.focal, found.others) if estimand != "ATC" else (found.others, found.focal)
    common = {"method": method, "estimand": estimand, "covariates": list(taken.covariates)}
    options = {**common, **options, **_score_record(score, taken.covariates)}
    columns = (taken.index[ends[0]], taken.index[ends[1]], distance)
    return Design(
        method=method,
        estimand=estimand,
        estimand_in_words=words,
        covariates=taken.covariates,
        propensity=None if score is None else score.model,
        fingerprint=fingerprint(
            ids=taken.ids,
            terms=terms,
            treated=taken.treated,
            score=None if score is None else score.used,
            weights=found.weights,
            pairs=ends,
            sets=found.sets,
            options=options,
            sample_weights=sample_weights,
        ),
        notes=tuple(dict.fromkeys((*notes, *taken.notes))),
        _options=options,
        _people=people,
        _pairs=_pair_frame(columns, found),
        _has_clusters=found.clusters,
        _terms=terms,
        _used_score=None if score is None else score.used,
        _order=taken.order,
        _sample_weights=sample_weights,
        _closeness=closeness,
    )


def _pair_frame(columns: tuple[Any, ...], found: Found) -> pd.DataFrame:
    pairs = pd.DataFrame(dict(zip(PAIR_COLUMNS, columns, strict=True)))
    if found.backwards is None:
        return pairs
    return pairs.assign(match_of=np.where(found.backwards, "comparison", "treated").astype(object))


POPULATIONS = {  # of weights that decide themselves whom the effect is about
    "ATO": "the people who might as well have been treated as not (overlap population)",
    "ATM": "the people for whom pairs could be found: the smaller group's number at each score (matched population)",
}


def estimand_words(estimand: str, treated: NDArray[np.bool_], weights: Floats, *, matched: bool = True) -> str:
    """Say whose average effect a design is about, with the people it leaves out.

    Parameters
    ----------
    estimand, treated, weights
        The design.
    matched
        Whether people are left out for want of a match; otherwise it was by a rule laid down beforehand.

    Returns
    -------
    str
    """
    used = int((weights > 0).sum())
    everybody = f"the {format_count(used)} of {format_count(len(treated))} people"
    if estimand in POPULATIONS:
        whom = POPULATIONS[estimand]
        return f"the average effect on {whom}{'' if used == len(treated) else f', among {everybody} not trimmed away'}"
    if estimand == "ATE" and used == len(treated):
        return f"the average effect on all {format_count(len(treated))} people"
    if estimand == "ATE":
        why = "for whom somebody comparable was found" if matched else "not trimmed away"
        return f"the average effect on {everybody}, treated or not, {why}"
    focal = treated if estimand == "ATT" else ~treated
    who, other = ("treated", "untreated") if estimand == "ATT" else ("untreated", "treated")
    total, used = int(focal.sum()), int((focal & (weights > 0)).sum())
    if used == total:
        return f"the average effect on the {format_count(total)} {who} people"
    why = f"for whom a comparable {other} person was found" if matched else "not trimmed away"
    return f"the average effect on the {format_count(used)} of {format_count(total)} {who} people {why}"
