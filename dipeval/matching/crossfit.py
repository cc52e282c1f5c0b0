"""Propensity scores from a scikit-learn classifier, each person's from a model that has not seen them.

The people are dealt into folds by a seeded hash of their ids, treated and comparison people apart, and shown to the
classifier in the order of their ids: the order of the rows moves nothing.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError
from dipeval.matching.doors import Taken
from dipeval.matching.learners import last_step, learner_in_words, penalty_cautions, penalty_in_words, refuse_unfit
from dipeval.matching.ties import seeded_order
from dipeval.presenting import format_count, format_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

logger = logging.getLogger("dipeval")

FEW = 10
LONG_WORK = 20_000  # people, from which on progress is logged
WAY_OUT = "use another learner, fewer covariates, or the logistic model (learner=None)."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrossFit:
    """Scores by cross-fitting, with the learner and its penalty in words."""

    score: Floats
    learner: str
    penalty: str
    notes: tuple[str, ...]


def crossfit(
    values: Floats, taken: Taken, *, learner: Any, folds: int, seed: int, sample_weights: Floats | None = None
) -> CrossFit:
    """Score everybody by classifiers fitted to the people of the other folds.

    Parameters
    ----------
    values
        Model terms, one row a person.
    taken
        What came through the door: treatment, ids and their order.
    learner
        Unfitted scikit-learn classifier with ``predict_proba``; a fresh clone is fitted for each fold.
    folds
        Number of folds.
    seed
        Of the folds, and of the learner's own random numbers where it has them and was given no seed.
    sample_weights
        One weight a person.

    Returns
    -------
    CrossFit

    Raises
    ------
    InputError
        No classifier with ``predict_proba``, or a number of folds that cannot be.
    DesignError
        Too few people for the folds, or a learner that fails on these people.

    Notes
    -----
    Cross-fitting: Chernozhukov, V. and others (2018), Double/debiased machine learning for treatment and structural
    parameters, Econometrics Journal 21, C1-C68.
    """
    refuse_unfit(learner)
    _refuse_few(taken.treated, folds)
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
        raise InputError(f"seed must be a whole number, such as 1; it is {seed!r}.")
    fold = _deal(taken, folds, seed)
    ready, seeded = _seeded(learner, seed)
    score = np.empty(len(fold))
    said: list[str] = []
    for number in range(folds):
        if len(fold) >= LONG_WORK:
            logger.info("fitting %s for the scores: fold %s of %s", type(last_step(ready)).__name__, number + 1, folds)
        inside = taken.order[fold[taken.order] != number]
        outside = taken.order[fold[taken.order] == number]
        own = None if sample_weights is None else sample_weights[inside]
        score[outside], heard = _one_fold(ready, values[inside], taken.treated[inside], own, values[outside])
        said += heard
    clipped, note = _strictly_inside(score)
    smaller = int(min(taken.treated.sum(), (~taken.treated).sum()))
    notes = [
        f"Scores by cross-fitting: {format_count(folds)} folds, dealt by a seeded hash of the id (seed {seed}); "
        "everybody is scored by models that have not seen them, so people with the same covariates in different folds "
        "may have different scores.",
        *note,
    ]
    if seeded:
        notes.append(f"The learner was given no seed for its own random numbers: {seed} was used.")
    if smaller < FEW * folds:
        notes.append(
            f"The smaller group has {format_number(smaller / folds, 1)} people in each fold: few for a flexible "
            "learner."
        )
    notes += [f"The learner warned in at least one fold: {text}" for text in dict.fromkeys(said)]
    return CrossFit(
        score=clipped,
        learner=learner_in_words(learner),
        penalty=penalty_in_words(learner),
        notes=(*notes, *penalty_cautions(learner)),
    )


def _refuse_few(treated: NDArray[np.bool_], folds: int) -> None:
    if not isinstance(folds, (int, np.integer)) or isinstance(folds, bool) or folds < 2:
        raise InputError(f"folds must be a whole number of at least 2; it is {folds!r}.")
    for who, group in (("treated", treated), ("comparison", ~treated)):
        if int(group.sum()) < 2 * folds:
            raise DesignError(
                f"There are {int(group.sum())} {who} people for {folds} folds, and each fold needs 2 of them at least: "
                "use fewer folds, or the logistic model (learner=None)."
            )


def _deal(taken: Taken, folds: int, seed: int) -> Ints:
    """Deal treated and comparison people, each group in the order of a seeded hash of the id, into folds in turn."""
    sequence = seeded_order(taken.ids, seed, "folds")
    fold = np.empty(len(sequence), dtype=np.int64)
    for group in (taken.treated, ~taken.treated):
        members = sequence[group[sequence]]
        fold[members] = np.arange(len(members)) % folds
    return fold


def _seeded(learner: Any, seed: int) -> tuple[Any, bool]:
    """Return an unfitted copy whose random numbers are seeded, and whether a seed had to be given."""
    from sklearn.base import clone

    ready = clone(learner)
    settings = ready.get_params(deep=True)
    unset = [name for name, value in settings.items() if name.split("__")[-1] == "random_state" and value is None]
    ready.set_params(**dict.fromkeys(unset, int(seed) % 2**32))
    return ready, bool(unset)


def _one_fold(
    ready: Any, values: Floats, treated: NDArray[np.bool_], weights: Floats | None, wanted: Floats
) -> tuple[Floats, list[str]]:
    """Fit a clone and score; whatever the learner raises becomes a sentence, and its warnings are handed back."""
    from sklearn.base import clone

    fresh = clone(ready)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            fresh.fit(values, treated.astype(np.int64), **_weighting(fresh, weights))
            chances = np.asarray(fresh.predict_proba(wanted), dtype=np.float64)
        except InputError:
            raise
        except Exception as failure:
            raise DesignError(
                f"The learner {type(last_step(ready)).__name__} failed on these people ({type(failure).__name__}): "
                f"{WAY_OUT}"
            ) from failure
    classes = list(getattr(fresh, "classes_", (0, 1)))
    if chances.shape != (len(wanted), 2) or classes != [0, 1] or not np.isfinite(chances).all():
        raise DesignError(
            f"The learner {type(last_step(ready)).__name__} gave no two chances that are numbers for everybody: "
            f"{WAY_OUT}"
        )
    told = [one.category for one in heard if not issubclass(one.category, (FutureWarning, DeprecationWarning))]
    return chances[:, 1], sorted({_warning_in_words(category) for category in told})


def _warning_in_words(category: type[Warning]) -> str:
    """Name a warning; that of failing to converge in plain words."""
    if category.__name__ == "ConvergenceWarning":
        return "it did not converge (allow it more steps, or standardise the columns)."
    return f"{category.__name__}."


def _weighting(fresh: Any, weights: Floats | None) -> dict[str, Floats]:
    if weights is None:
        return {}
    from sklearn.utils.validation import has_fit_parameter

    steps = getattr(fresh, "steps", None)
    last = last_step(fresh)
    if not has_fit_parameter(last, "sample_weight"):
        raise InputError(
            f"The learner {type(last).__name__} takes no sample weights: leave sample_weights= out or use another one."
        )
    return {f"{steps[-1][0]}__sample_weight": weights} if last is not fresh and steps else {"sample_weight": weights}


def _strictly_inside(score: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Move chances of 0 and 1 inside: nearer to either than half a person among all cannot be told from these data."""
    edge = 0.5 / len(score)
    moved = int(((score < edge) | (score > 1 - edge)).sum())
    if not moved:
        return score, ()
    note = (
        f"{format_count(moved)} of {format_count(len(score))} scores were closer to 0 or 1 than half a person among "
        f"all ({edge:.2g}) and were set to that distance."
    )
    return np.clip(score, edge, 1 - edge), (note,)
