"""Nearest neighbours with replacement: the estimate and an error that knows how often a person is a match.

Abadie, A. and Imbens, G. W. (2006), Large sample properties of matching estimators for average treatment effects,
Econometrica 74, 235-267; Abadie, A., Drukker, D., Herr, J. L. and Imbens, G. W. (2004), Implementing matching
estimators for average treatment effects in Stata, Stata Journal 4, 290-311; for the correction by regression Abadie, A.
and Imbens, G. W. (2011), Bias-corrected matching estimators, Journal of Business and Economic Statistics 29, 1-11.

Each person compared has the outcome that was seen, and in place of the other the mean of its matches. The variance is
that of a fresh sample of people: how much the differences vary between people, and for everybody who is a match the
spread of outcomes at that point, times how much the number of uses adds to what those differences already hold.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from dipeval.effects.estimators import abadie_imbens_words as words
from dipeval.effects.estimators.abadie_imbens_matches import Matched, matched_people, reason_against
from dipeval.effects.estimators.abadie_imbens_score import (
    can_allow_for_score,
    change_of_variance,
    is_by_estimated_score,
)
from dipeval.effects.estimators.abadie_imbens_spread import local_spread
from dipeval.effects.measures import OF_RATES, OF_SHARES, OF_TIMES, RATIOS, contrast, slope
from dipeval.effects.request import Estimate, Request
from dipeval.effects.robust import Floats, exact_sum
from dipeval.errors import EstimationError, InputError
from dipeval.presenting import format_count, format_number

ABADIE_IMBENS: Final = "abadie_imbens"
# Of the variance with a known score at least so much is left: what to take off is a rough figure in a small sample.
LEAST: Final = 0.25


def estimate(request: Request) -> Estimate:
    """Estimate by matches, corrected by regression where `adjust` names covariates, with the Abadie-Imbens error.

    Parameters
    ----------
    request
        A design of nearest neighbours with replacement, joined to an outcome.

    Returns
    -------
    Estimate

    Raises
    ------
    EstimationError
        For another design, clusters, another measure or another error.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> named = {"treated": "workprg", "covariates": ["priors", "educ", "age", "felon", "married"]}
    >>> design = dip.match(recid(), replace=True, ties="all", caliper=None, **named)
    >>> effect = dip.estimate_effect(
    ...     design, recid()["returned_12m"], estimator="abadie_imbens", adjust=["priors", "age"]
    ... )
    >>> effect.remarks[0].startswith("Corrected for what separates people from their matches")
    True
    """
    options = request.options
    if options.std_error == "bootstrap":
        raise EstimationError(words.NO_BOOTSTRAP)
    if options.std_error not in ("auto", ABADIE_IMBENS):
        raise EstimationError(words.OTHER_ERROR.format(asked=options.std_error))
    if options.model is not None:
        raise InputError(words.NO_MODEL)
    adjust = options.adjust or ()
    if adjust and request.measure in OF_RATES:
        raise EstimationError(words.NO_RATES)
    _check(request)
    matched = matched_people(request, adjust)
    means = matched.means
    _check_means(request, means)
    allowing = not adjust and can_allow_for_score(request, matched)
    return Estimate(
        centre=contrast(request.measure, *means),
        std_error=_standard_error(request, matched, request.measure, allowing=allowing),
        mean_treated=means[0],
        mean_comparison=means[1],
        se_method=_words(request, allowing=allowing),
        notes=(*_correction_in_words(matched, adjust), *_score_in_words(request, allowing=allowing)),
        kind=ABADIE_IMBENS,
        log_ratio_error=_log_ratio_error(request, matched, allowing=allowing),
    )


def with_error(request: Request, found: Estimate) -> Estimate:
    """Give the contrast of weighted means, which is that of the matches, its Abadie-Imbens error.

    Parameters
    ----------
    request
        A design of nearest neighbours with replacement, joined to an outcome.
    found
        The contrast of the weighted means.

    Returns
    -------
    Estimate
    """
    _check(request)
    matched = matched_people(request, ())
    allowing = can_allow_for_score(request, matched)
    return replace(
        found,
        std_error=_standard_error(request, matched, request.measure, allowing=allowing),
        se_method=_words(request, allowing=allowing),
        contributions=None,
        clusters=None,
        factor=1.0,
        kind=ABADIE_IMBENS,
        notes=(*found.notes, *_score_in_words(request, allowing=allowing)),
        log_ratio_error=_log_ratio_error(request, matched, allowing=allowing),
    )


def suits(request: Request) -> bool:
    """Whether this error is the one for a design: nearest neighbours with replacement, people standing alone."""
    return reason_against(request) is None and request.measure not in OF_TIMES


def _check(request: Request) -> None:
    reason = reason_against(request)
    if reason is not None:
        raise EstimationError(reason)
    if request.measure in OF_TIMES:
        raise EstimationError(words.NOT_THIS_MEASURE.format(measure=request.measure))
    given = request.options.neighbours
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 0:
        raise InputError(words.BAD_NEIGHBOURS.format(given=given))


def _check_means(request: Request, means: tuple[float, float]) -> None:
    """Refuse a ratio of corrected means that cannot be one."""
    if request.measure not in RATIOS:
        return
    high = 1.0 if request.measure in OF_SHARES else math.inf
    for mean in means:
        if not 0 < mean < high:
            raise EstimationError(words.OUTSIDE.format(mean=format_number(mean, 3)))


def _standard_error(request: Request, matched: Matched, measure: str, *, allowing: bool) -> float:
    """Return the error of a measure (delta method: each group's outcomes count by the slope at its mean)."""
    slopes = slope(measure, matched.means[0]), slope(measure, matched.means[1])
    centred = (matched.treated_value - matched.shifts[0]) * slopes[0]
    differences = centred - (matched.other_value - matched.shifts[1]) * slopes[1]
    again = matched.uses**2 + 2 * matched.uses * matched.is_matched - matched.squared_uses
    users = np.flatnonzero(again > 0)
    spread = _spread(request, matched, users) * np.where(matched.treated[users], slopes[0], slopes[1]) ** 2
    total = exact_sum(differences**2) + exact_sum(again[users] * spread)
    variance = total / len(matched.people) ** 2
    if allowing:
        variance = max(variance + change_of_variance(request, matched, slopes), LEAST * variance)
    return math.sqrt(variance)


def _spread(request: Request, matched: Matched, users: np.ndarray) -> Floats:
    count = int(request.options.neighbours)
    if count == 0:
        return np.full(len(users), matched.common_spread)
    return local_spread(matched.where, matched.values, matched.treated, users, count)


def _log_ratio_error(request: Request, matched: Matched, *, allowing: bool) -> float:
    """Return the error of the logarithm of the ratio of the means, for the E-value."""
    return _standard_error(request, matched, "risk_ratio", allowing=allowing) if min(matched.means) > 0 else math.nan


def _words(request: Request, *, allowing: bool) -> str:
    count = int(request.options.neighbours)
    spread = words.AROUND.format(count=format_count(count)) if count else words.SAME_EVERYWHERE
    return words.METHOD.format(spread=spread, score=words.SCORE_ALLOWED if allowing else "")


def _correction_in_words(matched: Matched, adjust: tuple[str, ...]) -> tuple[str, ...]:
    if not adjust:
        return ()
    said = words.CORRECTED.format(covariates=", ".join(adjust))
    return (said, words.ALIASED.format(count=matched.n_aliased)) if matched.n_aliased else (said,)


def _score_in_words(request: Request, *, allowing: bool) -> tuple[str, ...]:
    return (words.SCORE_TAKEN,) if is_by_estimated_score(request) and not allowing else ()
