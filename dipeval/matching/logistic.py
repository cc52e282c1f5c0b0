"""Unpenalised logistic regression by iteratively reweighted least squares, on the distinct rows.

Rows are grouped by what they hold before anything is summed, so neither the order of the rows nor a person's id can
move a bit of the result, and people with the same covariates have the very same score. McCullagh and Nelder (1989),
Generalized Linear Models, section 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import DesignError
from dipeval.matching.terms import Terms
from dipeval.matching.ties import content_groups

Floats = NDArray[np.float64]

TOLERANCE = 1e-14
MOST_STEPS = 60
LARGEST_LOGIT = 30.0
SAME_DIRECTION = 1e-11  # share of a column's variance that the columns before it must leave unexplained


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
    """Distinct rows, standardised, with the number of people and of treated people on each."""

    rows: Floats
    people: Floats
    treated: Floats
    group: NDArray[np.int64]
    centre: Floats
    scale: Floats


def fit_logit(terms: Terms, treated: NDArray[np.bool_]) -> LogitFit:
    """Fit the treatment on the terms by maximum likelihood, without any penalty.

    Parameters
    ----------
    terms
        Model terms (no reference levels), one row a person.
    treated
        Who was treated.

    Returns
    -------
    LogitFit

    Raises
    ------
    DesignError
        Terms that are linear combinations of others, or that separate the groups perfectly.
    """
    data = _group(terms.values, treated)
    check_rank(terms, data.rows, data.people)
    beta, information, deviance, steps = _iterate(terms, data)
    covariance = np.linalg.inv(information)
    to_data = _back_to_data(data)
    logit = _linear_predictor(data.rows, beta)
    return LogitFit(
        coefficients=to_data @ beta,
        covariance=to_data @ covariance @ to_data.T,
        logit=logit[data.group],
        deviance=deviance,
        condition_number=_condition_number(data.rows, data.people),
        steps=steps,
    )


def expit(logit: Floats) -> Floats:
    """Return probabilities from logits, without overflow on either side."""
    shrunk = np.exp(-np.abs(logit))
    return np.where(logit >= 0, 1.0 / (1.0 + shrunk), shrunk / (1.0 + shrunk))


def _group(values: Floats, treated: NDArray[np.bool_]) -> _Grouped:
    first, group = content_groups(values)
    people = np.bincount(group, minlength=len(first)).astype(np.float64)
    hits = np.bincount(group[treated], minlength=len(first)).astype(np.float64)
    rows = values[first]
    centre = people @ rows / people.sum()
    centred = rows - centre
    scale = np.sqrt(people @ centred**2 / people.sum())
    return _Grouped(rows=centred / scale, people=people, treated=hits, group=group, centre=centre, scale=scale)


def _with_intercept(rows: Floats) -> Floats:
    return np.column_stack([np.ones(len(rows)), rows])


def _linear_predictor(rows: Floats, beta: Floats) -> Floats:
    # Column by column: one fixed order of additions for every row, whatever the BLAS underneath.
    logit = np.full(len(rows), beta[0])
    for column in range(rows.shape[1]):
        logit += rows[:, column] * beta[column + 1]
    return logit


def _iterate(terms: Terms, data: _Grouped) -> tuple[Floats, Floats, float, int]:
    design = _with_intercept(data.rows)
    share = data.treated.sum() / data.people.sum()
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(share / (1 - share))
    deviance = _deviance(_linear_predictor(data.rows, beta), data)
    for step in range(1, MOST_STEPS + 1):
        logit = _linear_predictor(data.rows, beta)
        gradient, information = _score_and_information(design, logit, data)
        try:
            move = np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)
        except np.linalg.LinAlgError:
            raise _separated(terms, beta) from None
        beta, new_deviance = _step(data, beta, move, deviance)
        if np.abs(_linear_predictor(data.rows, beta)).max() > LARGEST_LOGIT and step > 12 and np.abs(move).max() > 0.1:
            raise _separated(terms, beta)
        settled = abs(new_deviance - deviance) <= TOLERANCE * (abs(new_deviance) + 0.1)
        deviance = new_deviance
        if settled and np.abs(move).max() <= 1e-10 * (1 + np.abs(beta).max()):
            logit = _linear_predictor(data.rows, beta)
            return beta, _score_and_information(design, logit, data)[1], deviance, step
    raise _separated(terms, beta)


def _step(data: _Grouped, beta: Floats, move: Floats, deviance: float) -> tuple[Floats, float]:
    """Take the Newton step, halved while it makes the fit worse by more than rounding."""
    for halving in range(30):
        tried = beta + move * 0.5**halving
        new = _deviance(_linear_predictor(data.rows, tried), data)
        if new <= deviance + 1e-12 * (abs(deviance) + 1):
            return tried, new
    return beta, deviance


def _score_and_information(design: Floats, logit: Floats, data: _Grouped) -> tuple[Floats, Floats]:
    share = expit(logit)
    gradient = design.T @ (data.treated - data.people * share)
    weight = data.people * share * expit(-logit)
    return gradient, (design * weight[:, None]).T @ design


def _deviance(logit: Floats, data: _Grouped) -> float:
    log_hit = -np.logaddexp(0.0, -logit)
    log_miss = -np.logaddexp(0.0, logit)
    return float(-2.0 * (data.treated @ log_hit + (data.people - data.treated) @ log_miss))


def _back_to_data(data: _Grouped) -> Floats:
    """Return the matrix that turns coefficients of standardised terms into coefficients of the terms themselves."""
    size = len(data.scale) + 1
    matrix = np.zeros((size, size))
    matrix[0, 0] = 1.0
    matrix[0, 1:] = -data.centre / data.scale
    matrix[np.arange(1, size), np.arange(1, size)] = 1.0 / data.scale
    return matrix


def _correlations(rows: Floats, people: Floats) -> Floats:
    return (rows * people[:, None]).T @ rows / people.sum()


def _condition_number(rows: Floats, people: Floats) -> float:
    """Condition number of the standardised terms (Belsley, Kuh and Welsch 1980): above 30 calls for caution."""
    spectrum = np.linalg.eigvalsh(_correlations(rows, people))
    return float(np.sqrt(spectrum[-1] / max(spectrum[0], np.finfo(float).tiny)))


def check_rank(terms: Terms, rows: Floats, people: Floats) -> None:
    """Refuse terms that are linear combinations of the ones before them, and name both.

    Parameters
    ----------
    terms
        Names of the terms.
    rows, people
        Standardised distinct rows and the number of people on each.

    Raises
    ------
    DesignError
        Naming each such column and those it follows from.
    """
    correlations = _correlations(rows, people)
    kept: list[int] = []
    found: list[str] = []
    for term in range(len(terms.names)):
        if not kept:
            kept.append(term)
            continue
        share = np.linalg.solve(correlations[np.ix_(kept, kept)], correlations[kept, term])
        left = correlations[term, term] - share @ correlations[kept, term]
        if left > SAME_DIRECTION:
            kept.append(term)
            continue
        of = sorted({terms.columns[kept[place]] for place in np.flatnonzero(np.abs(share) > 1e-6)})
        found.append(f"'{terms.columns[term]}' follows exactly from {', '.join(of)}")
    if found:
        raise DesignError(
            f"Covariates that are linear combinations of others: {'; '.join(dict.fromkeys(found))}. "
            "They add nothing and make the model unsolvable: take one of each out."
        )


def refuse_separating_terms(terms: Terms, treated: NDArray[np.bool_]) -> None:
    """Refuse a column that alone tells treated from comparison people.

    Parameters
    ----------
    terms
        All terms, reference levels included: every level of a category counts.
    treated
        Who was treated.

    Raises
    ------
    DesignError
        Naming the columns.
    """
    low_t, high_t = terms.values[treated].min(axis=0), terms.values[treated].max(axis=0)
    low_c, high_c = terms.values[~treated].min(axis=0), terms.values[~treated].max(axis=0)
    apart = (high_t <= low_c) | (high_c <= low_t)
    if apart.any():
        names = ", ".join(dict.fromkeys(f"'{terms.columns[place]}'" for place in np.flatnonzero(apart)))
        raise DesignError(
            f"{names} predicts the treatment perfectly for some or all people (on one side of a value, or at one "
            "level, everybody or nobody is treated): there is nobody to compare them with. Take the column out, merge "
            "its levels, or leave those people out and say so."
        )


def _separated(terms: Terms, beta: Floats) -> DesignError:
    """Name the columns whose coefficients ran away; not always one column alone is to blame."""
    size = np.abs(beta[1:])
    worst = [place for place in np.argsort(-size, kind="stable") if size[place] >= 0.25 * size.max()]
    names = ", ".join(dict.fromkeys(f"'{terms.columns[place]}'" for place in worst))
    return DesignError(
        f"The covariates together predict the treatment perfectly for some or all people; the estimates run away most "
        f"for {names}. There is nobody to compare those people with: take such columns out, merge rare levels, use "
        "fewer covariates, or leave those people out and say so."
    )
