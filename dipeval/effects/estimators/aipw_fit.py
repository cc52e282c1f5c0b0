"""Score and outcome models of an augmented estimate, fitted once or part by part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.estimators import aipw_words as words
from dipeval.effects.estimators.aipw_models import ArmModel, fit_arm
from dipeval.effects.estimators.aipw_people import TARGETS, People
from dipeval.effects.request import Request
from dipeval.effects.robust import Floats
from dipeval.errors import DesignError, EstimationError
from dipeval.matching.weight_equations_again import scores_again
from dipeval.matching.weight_equations_score import log_odds, why_no_score_equations


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """What the mean of one group is made from.

    Parameters
    ----------
    members
        Who is in the group.
    mean
        Outcome foretold for each person in this group; 0 where no model is needed.
    reach
        How much the mistake of each member counts.
    reach_slope
        Its derivative by the log odds of treatment.
    model
        The outcome model, if one was fitted to everybody at once.
    n_repeating
        Most terms that followed from others in one model.
    """

    members: NDArray[np.bool_]
    mean: Floats
    reach: Floats
    reach_slope: Floats
    model: ArmModel | None
    n_repeating: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """Both sides, the log odds used, and why the score was kept where it was not fitted again.

    Parameters
    ----------
    treated, comparison
        The two groups.
    log_odds
        Of treatment, of each person.
    score_kept
        Reason, where the models were cross-fitted and the score was not.
    """

    treated: Side
    comparison: Side
    log_odds: Floats
    score_kept: str | None

    @property
    def n_repeating(self) -> int:
        """Most terms that followed from others in one outcome model."""
        return max(self.treated.n_repeating, self.comparison.n_repeating)


def fit_all(request: Request, people: People) -> Fitted:
    """Fit the score and the outcome models that an augmented estimate needs.

    Parameters
    ----------
    request
        The design joined to the outcome.
    people
        From `gather`.

    Returns
    -------
    Fitted

    Raises
    ------
    EstimationError
        If the score or an outcome model has no solution, or too few people.
    """
    scores = _scores(people)
    kept = why_no_score_equations(people.design) if people.folds > 1 and not people.score_again else None
    sides = [_side(request, people, scores, treated=treated) for treated in (True, False)]
    return Fitted(treated=sides[0], comparison=sides[1], log_odds=scores, score_kept=kept)


def _scores(people: People) -> Floats:
    """Return the log odds of treatment, each person's from the people of the other parts."""
    if not people.score_again:
        return log_odds(people.design)[people.places]
    again = scores_again(people.design)
    if people.folds == 1:
        return again(people.multiples)[people.places]
    found = np.empty(len(people.places))
    for part in range(people.folds):
        outside = people.part == part
        counted = np.zeros(len(people.multiples))
        counted[people.places] = np.where(outside, 0.0, people.multiples[people.places])
        try:
            found[outside] = again(counted)[people.places[outside]]
        except DesignError:
            raise EstimationError(words.SEPARATED_SCORE.format(folds=people.folds)) from None
    return found


def _side(request: Request, people: People, scores: Floats, *, treated: bool) -> Side:
    """Lay out one group: it stands for itself with weight 1, and for the other group by the odds of being in it."""
    members = people.treated == treated
    target = TARGETS[people.estimand]
    mass = np.where(members, people.mass, 0.0)
    sign = -1.0 if treated else 1.0
    needed = (not treated) in target
    odds = np.exp(np.where(members & needed, sign * scores, -np.inf))
    mean, model, n_repeating = np.zeros(len(mass)), None, 0
    if needed:
        mean, model, n_repeating = _foretold(request, people, mass, treated=treated)
    return Side(
        members=members,
        mean=mean,
        reach=mass * ((treated in target) + odds),
        reach_slope=sign * mass * odds,
        model=model,
        n_repeating=n_repeating,
    )


def _foretold(request: Request, people: People, mass: Floats, *, treated: bool) -> tuple[Floats, ArmModel | None, int]:
    """Foretell everybody's outcome in one group, from models of the people of the other parts."""
    if people.folds == 1:
        model = _fit(request, people, mass, treated=treated)
        return model.mean, model, model.n_repeating
    mean, most = np.empty(len(mass)), 0
    for part in range(people.folds):
        outside = people.part == part
        model = _fit(request, people, np.where(outside, 0.0, mass), treated=treated)
        mean[outside], most = model.mean[outside], max(most, model.n_repeating)
    return mean, None, most


def _fit(request: Request, people: People, mass: Floats, *, treated: bool) -> ArmModel:
    group, terms, count = "treated" if treated else "comparison", people.rows.shape[1] - 1, int((mass > 0).sum())
    if count < terms + 2:
        raise EstimationError(words.TOO_FEW.format(count=count, group=group, terms=terms))
    model = fit_arm(people.rows, people.outcome, mass, people.model)
    if model is None:
        raise EstimationError(
            words.SEPARATED_OUTCOME.format(model=words.MODEL_WORDS[people.model], name=request.name, group=group)
        )
    return model
