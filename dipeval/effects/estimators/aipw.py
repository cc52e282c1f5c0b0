"""Augmented inverse probability weighting: a score and models of the outcome, either of which may be wrong.

Everybody is weighted by the score; what a model of the outcome in each group foretells is added, and its mistakes are
averaged by the weights. With parts (``folds``) the score and the models of each person come from the people of the
other parts. Robins, J. M., Rotnitzky, A. and Zhao, L. P. (1994), Journal of the American Statistical Association 89,
846-866; for the treated Moodie, E. E. M., Saarela, O. and Stephens, D. A. (2018), Statistics in Medicine 37, 4120-4134;
cross-fitting Chernozhukov, V. and others (2018), Econometrics Journal 21, C1-C68.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.estimators import aipw_words as words
from dipeval.effects.estimators.aipw_fit import Fitted, Side, fit_all
from dipeval.effects.estimators.aipw_people import TARGETS, People, gather
from dipeval.effects.estimators.m_estimation import M_ESTIMATION, allowance
from dipeval.effects.estimators.weighted import spread_clusters
from dipeval.effects.measures import OF_RATES, OF_SHARES, OF_TIMES, contrast, slope
from dipeval.effects.request import Estimate, Request, from_contributions
from dipeval.effects.robust import Floats, exact_sum
from dipeval.errors import EstimationError, InputError
from dipeval.matching.weight_equations_score import score_equations
from dipeval.presenting import format_count

ERRORS = ("auto", "hc0", "cluster_hc0", M_ESTIMATION, "bootstrap")
EXTREME = 0.001


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Mean:
    """The augmented mean of one group and what each person contributes to it."""

    mean: float
    parts: Floats


def estimate(request: Request) -> Estimate:
    """Estimate by augmented inverse probability weighting.

    Parameters
    ----------
    request
        The design, of `weight`, joined to the outcome; ``folds`` 1 for models fitted once to everybody.

    Returns
    -------
    Estimate
        For the ATE the variance of the contributions is that with n - 1.

    Raises
    ------
    InputError
        If the design, the measure, the model or the error is not one for this estimator.
    EstimationError
        If an outcome model has no solution, or a mean lies outside what the measure can take.
    """
    kind = _kind(request)
    people = gather(request)
    fitted = fit_all(request, people)
    sides = (fitted.treated, fitted.comparison)
    means = (_mean(people, sides[0]), _mean(people, sides[1]))
    _check_means(request, means)
    slopes = slope(request.measure, means[0].mean), slope(request.measure, means[1].mean)
    contributions = _combined(people, fitted, means, slopes, stacked=kind == M_ESTIMATION)
    ratio = math.nan
    clusters, factor = spread_clusters(request), _factor(request, people)
    if min(means[0].mean, means[1].mean) > 0:
        by_ratio = 1 / means[0].mean, 1 / means[1].mean
        on_ratio = _combined(people, fitted, means, by_ratio, stacked=kind == M_ESTIMATION)
        ratio = from_contributions(on_ratio, clusters, factor)
    return Estimate(
        centre=contrast(request.measure, means[0].mean, means[1].mean),
        std_error=from_contributions(contributions, clusters, factor),
        mean_treated=means[0].mean,
        mean_comparison=means[1].mean,
        se_method=_error_words(request, people, kind),
        contributions=contributions,
        clusters=clusters,
        factor=factor,
        notes=_notes(request, people, fitted),
        kind=kind,
        log_ratio_error=ratio,
    )


def _kind(request: Request) -> str:
    asked, clustered = request.options.std_error, request.sample.clusters is not None
    if request.measure in (*OF_RATES, *OF_TIMES):
        raise InputError(words.WRONG_MEASURE.format(measure=request.measure))
    if asked not in ERRORS:
        raise InputError(words.WRONG_ERROR.format(kind=asked))
    if asked == "cluster_hc0" and not clustered:
        raise InputError(words.NO_CLUSTER.format(kind=asked))
    if asked == M_ESTIMATION and request.options.folds != 1:
        raise InputError(words.NOT_CROSS_FITTED)
    if asked in ("auto", "hc0"):  # rows of one person are never taken for independent
        return "cluster_hc0" if clustered else "hc0"
    return asked


def _mean(people: People, side: Side) -> _Mean:
    """Average what is foretold over the people the effect is about, and add the weighted mistakes."""
    total = exact_sum(people.about)
    foretold = people.about * side.mean
    mistakes = side.reach * (people.outcome - side.mean)
    mean = (exact_sum(foretold) + exact_sum(mistakes)) / total
    return _Mean(mean=mean, parts=np.asarray((people.about * (side.mean - mean) + mistakes) / total, dtype=np.float64))


def _combined(
    people: People,
    fitted: Fitted,
    means: tuple[_Mean, _Mean],
    slopes: tuple[float, float],
    *,
    stacked: bool,
) -> Floats:
    """Return what each person of the design contributes to the contrast of the two means."""
    found = slopes[0] * means[0].parts - slopes[1] * means[1].parts
    if not stacked:
        return people.spread_out(found)
    total = exact_sum(people.about)
    by_log_odds = np.zeros(len(found))
    for side, by_mean in ((fitted.treated, slopes[0]), (fitted.comparison, -slopes[1])):
        found = found + by_mean * _moved_by_model(people, side) / total
        by_log_odds += by_mean * side.reach_slope * (people.outcome - side.mean) / total
    allowed = allowance(score_equations(people.design), people.spread_out(by_log_odds))
    return people.spread_out(found) + allowed


def _moved_by_model(people: People, side: Side) -> Floats:
    """Return what each person adds to the mean of a group, times the total, by having moved its outcome model."""
    model = side.model
    if model is None:
        return np.zeros(len(people.outcome))
    by_coefficient = people.rows.T @ ((people.about - side.reach) * model.bend)
    away = np.linalg.pinv(model.information, rcond=1e-12, hermitian=True) @ by_coefficient
    mass = np.where(side.members, people.mass, 0.0)
    return np.asarray(mass * (people.outcome - model.mean) * (people.rows @ away), dtype=np.float64)


def _factor(request: Request, people: People) -> float:
    n_clusters = request.sample.n_clusters
    if n_clusters:
        return n_clusters / (n_clusters - 1)
    n = len(people.outcome)
    return n / (n - 1) if people.estimand == "ATE" else 1.0


def _check_means(request: Request, means: tuple[_Mean, _Mean]) -> None:
    measure = request.measure
    low = 0.0 if measure in ("risk_ratio", "odds_ratio") else -math.inf
    high = 1.0 if measure == "odds_ratio" else math.inf
    outside = [who for who, found in zip(("treated", "comparison"), means, strict=True) if not low < found.mean < high]
    if outside:
        instead = "risk_difference" if measure in OF_SHARES else "mean_difference"
        raise EstimationError(
            words.OUTSIDE.format(groups=" and ".join(outside), measure=measure.replace("_", " "), instead=instead)
        )


def _error_words(request: Request, people: People, kind: str) -> str:
    options = request.options
    pattern = words.FITTED_TO_ALL
    if people.folds > 1:
        pattern = words.CROSS_FITTED if people.score_again else words.OUTCOMES_CROSS_FITTED
    how = pattern.format(folds=people.folds, seed=options.seed)
    groups = f"{request.sample.n_clusters:,}"
    if kind == M_ESTIMATION:
        return (words.STACKED_PERSON_WORDS if request.sample.n_clusters else words.STACKED_WORDS).format(groups=groups)
    if request.sample.n_clusters:
        return words.CLUSTERED_INFLUENCE_WORDS.format(groups=groups, how=how)
    return words.INFLUENCE_WORDS.format(how=how)


def _notes(request: Request, people: People, fitted: Fitted) -> tuple[str, ...]:
    target = TARGETS[people.estimand]
    groups = words.BOTH_GROUPS if len(target) == 2 else words.ONE_GROUP.format(group=_other(target[0]))
    notes = [
        words.MODEL_REMARK.format(
            model=words.MODEL_WORDS[people.model],
            groups=groups,
            terms=_counted(people.rows.shape[1] - 1, "term", "terms"),
        )
    ]
    if fitted.score_kept is not None:
        notes.append(words.SCORE_KEPT.format(reason=fitted.score_kept))
    if request.design.method == "ipw" and people.design.options.get("truncate") is not None:
        notes.append(words.TRUNCATION_UNUSED)
    if fitted.n_repeating:
        notes.append(words.ALIASED_REMARK.format(count=format_count(fitted.n_repeating)))
    extreme = int(_extreme(people, fitted.log_odds).sum())
    if extreme:
        notes.append(
            words.EXTREME_REMARK.format(
                people=_counted(extreme, "person has", "people have"), where=words.EXTREME_ENDS[people.estimand]
            )
        )
    return tuple(notes)


def _counted(count: int, one: str, several: str) -> str:
    return f"{format_count(count)} {one if count == 1 else several}"


def _other(treated: bool) -> str:
    return "comparison" if treated else "treated"


def _extreme(people: People, log_odds: Floats) -> NDArray[np.bool_]:
    edge = math.log(EXTREME / (1 - EXTREME))
    low, high = log_odds < edge, log_odds > -edge
    return {"ATE": low | high, "ATT": high, "ATC": low}[people.estimand]
