"""Unpenalised logistic regression by iteratively reweighted least squares, on the distinct rows.

Rows are grouped by what they hold before anything is summed, so neither the order of the rows nor a person's id can
move a bit of the result, and people with the same covariates have the very same score. The distinct rows stand in an
order made from what they hold, and every sum runs over blocks of that order, one after the other: a block fits the
processor's cache, so a pass costs little more than reading the rows once. McCullagh and Nelder (1989), Generalized
Linear Models, section 2.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.probit import Link
from dipeval.matching.separation import check_rank, separated
from dipeval.matching.terms import Terms
from dipeval.matching.ties import content_groups

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_STEPS = 60
SETTLED = 1e-9  # a Newton step this small leaves an error of its square
LARGEST_LOGIT = 30.0
BLOCK = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogitFit:
    """Maximum likelihood estimates on the scale of the data, intercept first."""

    coefficients: Floats
    covariance: Floats
    logit: Floats
    deviance: float
    condition_number: float
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grouped:
    """Distinct rows, standardised, with the number (or weight) of people and of treated people on each."""

    rows: Floats
    people: Floats
    treated: Floats
    squared_treated: Floats  # weights squared, summed over the treated and over the others: for robust errors
    squared_others: Floats
    group: NDArray[np.int64]
    centre: Floats
    scale: Floats

    def blocks(self) -> Iterator[slice]:
        """Hand out the rows in blocks, always the same ones."""
        return (slice(start, start + BLOCK) for start in range(0, len(self.rows), BLOCK))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pass:
    """What one pass over the rows finds out about a set of coefficients."""

    deviance: float
    gradient: Floats
    information: Floats
    farthest: float


def expit(logit: Floats) -> Floats:
    """Return probabilities from logits, without overflow on either side."""
    shrunk = np.exp(-np.abs(logit))
    return np.where(logit >= 0, 1.0, shrunk) / (1.0 + shrunk)


def _look(logit: Floats, people: Floats, hits: Floats) -> tuple[float, Floats, Floats, float]:
    away = np.abs(logit)
    shrunk = np.exp(-away)
    share = np.where(logit >= 0, 1.0, shrunk) / (1.0 + shrunk)
    # log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
    deviance = float(2.0 * (people @ (np.maximum(logit, 0.0) + np.log1p(shrunk)) - hits @ logit))
    return deviance, hits - people * share, people * (shrunk / (1.0 + shrunk) ** 2), float(away.max())


def _squares(logit: Floats, treated: Floats, others: Floats) -> Floats:
    share = expit(logit)
    return np.asarray(treated * (1 - share) ** 2 + others * share**2, dtype=np.float64)


LOGIT = Link(
    start=lambda share: float(np.log(share / (1 - share))),
    look=_look,
    expected=None,
    squares=_squares,
    log_odds=lambda logit: logit,
)


def fit_logit(terms: Terms, treated: Bools, sample_weights: Floats | None = None, *, link: Link = LOGIT) -> LogitFit:
    """Fit the treatment on the terms by maximum likelihood, without any penalty.

    Parameters
    ----------
    terms
        One row a person; reference levels are left out of the model here, so that a large table need not be copied.
    treated
        Who was treated.
    sample_weights
        One positive weight a person; only their ratios matter. The covariance then is the robust one of survey
        practice, n/(n-1) times the sandwich, and the deviance is that of weights with mean 1.
    link
        The logistic curve, or another one (`probit.PROBIT`).

    Returns
    -------
    LogitFit

    Raises
    ------
    DesignError
        Terms that are linear combinations of others, or that separate the groups perfectly.

    Notes
    -----
    Weighted: Binder, D. A. (1983), On the variances of asymptotically normal estimators from complex surveys,
    International Statistical Review 51, 279-292, for people drawn one by one.
    """
    data = _group(terms, treated, sample_weights)
    terms = terms.labels()
    correlations = _correlations(data)
    check_rank(terms, correlations)
    beta, last, steps = _iterate(terms, data, link)
    information = last.information if link.expected is None else _expected(data, beta, link)
    covariance = np.linalg.inv(information)
    if sample_weights is not None:
        middle = _middle(data, beta, link) * (len(treated) / (len(treated) - 1))
        covariance = covariance @ middle @ covariance
    to_data = _back_to_data(data)
    return LogitFit(
        coefficients=to_data @ beta,
        covariance=to_data @ covariance @ to_data.T,
        logit=link.log_odds(_steady_logit(data, beta))[data.group],
        deviance=last.deviance,
        condition_number=_condition_number(correlations),
        steps=steps,
    )


def _group(terms: Terms, treated: Bools, weights: Floats | None) -> _Grouped:
    first, group = content_groups(terms.values)
    size, keep = len(first), np.flatnonzero(~terms.reference)
    rows = np.empty((size, len(keep)))
    for start in range(0, size, BLOCK):
        rows[start : start + BLOCK] = terms.values[first[start : start + BLOCK]][:, keep]
    if weights is None:
        people = np.bincount(group, minlength=size).astype(np.float64)
        hits = np.bincount(group[treated], minlength=size).astype(np.float64)
        squared = (hits, people - hits)
    else:
        own = weights / (np.sort(weights).sum() / len(weights))
        hits, others = _summed(own, group, treated, size), _summed(own, group, ~treated, size)
        people = hits + others
        squared = (_summed(own**2, group, treated, size), _summed(own**2, group, ~treated, size))
    centre, scale = _standardise(rows, people)
    return _Grouped(
        rows=rows,
        people=people,
        treated=hits,
        squared_treated=squared[0],
        squared_others=squared[1],
        group=group,
        centre=centre,
        scale=scale,
    )


def _summed(weights: Floats, group: NDArray[np.int64], members: Bools, size: int) -> Floats:
    """Sum weights within groups, smallest first: the order of the rows then cannot show in the last bits."""
    places = np.flatnonzero(members)
    places = places[np.lexsort((weights[places], group[places]))]
    sums: Floats = np.bincount(group[places], weights=weights[places], minlength=size).astype(np.float64)
    return sums


def _standardise(rows: Floats, people: Floats) -> tuple[Floats, Floats]:
    """Give every column mean 0 and standard deviation 1, in place; return what they were."""
    total = people.sum()
    centre = people @ rows / total
    squares = np.zeros(rows.shape[1])
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        block -= centre
        squares += people[start : start + BLOCK] @ block**2
    scale = np.sqrt(squares / total)
    for start in range(0, len(rows), BLOCK):
        rows[start : start + BLOCK] /= scale
    return centre, scale


def _iterate(terms: Terms, data: _Grouped, link: Link) -> tuple[Floats, _Pass, int]:
    share = data.treated.sum() / data.people.sum()
    beta = np.zeros(data.rows.shape[1] + 1)
    beta[0] = link.start(share)
    now = _pass(data, beta, link)
    for step in range(1, MOST_STEPS + 1):
        try:
            move = np.asarray(np.linalg.solve(now.information, now.gradient), dtype=np.float64)
        except np.linalg.LinAlgError:
            raise separated(terms, beta) from None
        if not np.isfinite(move).all():
            raise separated(terms, beta)
        settled = bool(np.abs(move).max() <= SETTLED * (1 + np.abs(beta).max()))
        before, (beta, now) = now, _step(data, beta, move, now, link)
        if settled:
            return beta, now, step
        runs_away = now.farthest > LARGEST_LOGIT and step > 12 and np.abs(move).max() > 0.1
        if runs_away or now is before:
            raise separated(terms, beta)
    raise separated(terms, beta)


def _step(data: _Grouped, beta: Floats, move: Floats, now: _Pass, link: Link) -> tuple[Floats, _Pass]:
    """Take the Newton step, halved while it makes the fit worse by more than rounding."""
    for halving in range(30):
        tried = beta + move * 0.5**halving
        then = _pass(data, tried, link)
        if then.deviance <= now.deviance + 1e-12 * (abs(now.deviance) + 1):
            return tried, then
    return beta, now


def _pass(data: _Grouped, beta: Floats, link: Link) -> _Pass:
    """Go over the rows once: deviance, its first and second derivatives, and the largest logit."""
    size = len(beta)
    gradient, information = np.zeros(size), np.zeros((size, size))
    deviance, farthest = 0.0, 0.0
    for block in data.blocks():
        rows = data.rows[block]
        more, left, weight, away = link.look(rows @ beta[1:] + beta[0], data.people[block], data.treated[block])
        deviance += more
        gradient[0] += left.sum()
        gradient[1:] += left @ rows
        _add_square(information, rows, weight)
        farthest = max(farthest, away)
    return _Pass(deviance=deviance, gradient=gradient, information=information, farthest=farthest)


def _add_square(total: Floats, rows: Floats, weight: Floats) -> None:
    """Add the weighted squares and products of the rows, intercept first."""
    weighted = rows * weight[:, None]
    along = weighted.sum(axis=0)
    total[0, 0] += weight.sum()
    total[0, 1:] += along
    total[1:, 0] += along
    total[1:, 1:] += weighted.T @ rows


def _expected(data: _Grouped, beta: Floats, link: Link) -> Floats:
    """Return the information to be expected: the second derivative with everybody's treatment as likely as fitted."""
    assert link.expected is not None
    total = np.zeros((len(beta), len(beta)))
    for block in data.blocks():
        predictor = data.rows[block] @ beta[1:] + beta[0]
        _add_square(total, data.rows[block], link.expected(predictor, data.people[block]))
    return total


def _middle(data: _Grouped, beta: Floats, link: Link) -> Floats:
    """Return the middle of the sandwich: the sum of each person's score, weight included, times itself."""
    total = np.zeros((len(beta), len(beta)))
    for block in data.blocks():
        predictor = data.rows[block] @ beta[1:] + beta[0]
        weight = link.squares(predictor, data.squared_treated[block], data.squared_others[block])
        _add_square(total, data.rows[block], weight)
    return total


def _steady_logit(data: _Grouped, beta: Floats) -> Floats:
    """Return the linear predictor with one fixed order of additions for every row.

    The passes leave that to the linear algebra library, which may add the last rows of a block in another order; the
    scores that are handed out do not hang on it.
    """
    logit = np.empty(len(data.rows))
    for block in data.blocks():
        total = np.full(len(data.rows[block]), beta[0])
        for column, slope in zip(data.rows[block].T, beta[1:], strict=True):
            total += column * slope
        logit[block] = total
    return logit


def _back_to_data(data: _Grouped) -> Floats:
    """Return the matrix that turns coefficients of standardised terms into coefficients of the terms themselves."""
    size = len(data.scale) + 1
    matrix = np.zeros((size, size))
    matrix[0, 0] = 1.0
    matrix[0, 1:] = -data.centre / data.scale
    matrix[np.arange(1, size), np.arange(1, size)] = 1.0 / data.scale
    return matrix


def _correlations(data: _Grouped) -> Floats:
    total = np.zeros((data.rows.shape[1],) * 2)
    for block in data.blocks():
        total += (data.rows[block] * data.people[block, None]).T @ data.rows[block]
    return total / data.people.sum()


def _condition_number(correlations: Floats) -> float:
    """Condition number of the standardised terms (Belsley, Kuh and Welsch 1980): above 30 calls for caution."""
    spectrum = np.linalg.eigvalsh(correlations)
    return float(np.sqrt(spectrum[-1] / max(spectrum[0], np.finfo(float).tiny)))
