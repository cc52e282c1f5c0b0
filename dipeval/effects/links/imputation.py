"""Draws of who was treated (or who reoffended), from candidate links that compete one to one.

Given the identifiers, the probability of a set of links is that of `dipeval.linkage.competition`. A link to a record
that says "treated" makes its person treated; somebody without such a link is not, unless the record was never among
the candidates. Given in addition what is known of the person, each candidate's odds are multiplied by

    P(outcome, covariates | treated) / P(outcome, covariates | untreated)

which a logistic regression of the status on outcome, covariates and their products gives as its odds over the odds in
the population. The products let the effect differ between people: without them what is drawn is drawn as if it did not,
and differences between subgroups are diluted. Of an outcome that is a count, how well its size fits the person speaks
for a link too (`dipeval.effects.links.imputed_values`).
The regression is fitted to the statuses of the last draw, its coefficients drawn from their approximate posterior,
and the links drawn again: data augmentation (Tanner and Wong 1987; for links Gutman et al. 2013, Goldstein et al.
2012). Without the outcome in the draw the association with it is diluted, and without the covariates that with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from dipeval.effects.links.imputed_values import value_factor
from dipeval.linkage.competition import LinkSets

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
# Standard deviation 2.5 a coefficient (Gelman et al. 2008, Annals of Applied Statistics 2, 1360-1383), columns being
# scaled as in `informative_terms`: without it a rare level in which nobody has the status could be drawn as certain.
_PRECISION = 1 / 2.5**2
# Products have standard deviation 1: effects differ less between people than people do.
_PRODUCT_SCALE = 0.4
_BURN_IN, _APART = 20, 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imputation:
    """What the draws are made from.

    Parameters
    ----------
    sets
        The allowed sets of links, candidates of people outside the analysis included: they compete too.
    place
        Row of each candidate's person in the analysis; -1 for people outside it.
    says
        Whether the status follows from the candidate, were it the link.
    n
        People in the analysis.
    missed
        Share of the true links that are not among the candidates.
    values
        The outcome of each candidate's person, were it the link, if it is more than yes or no; else None.
    """

    sets: LinkSets
    place: Ints
    says: Bools
    n: int
    missed: float
    values: Floats | None = None

    @property
    def inside(self) -> Bools:
        """Whether a candidate's person is in the analysis."""
        return self.place >= 0

    def expected(self) -> Floats:
        """Return each person's probability of having the status, from the identifiers alone."""
        q = self.sets.probabilities()
        rows = self.inside & self.says
        found = np.bincount(self.place[rows], weights=q[rows], minlength=self.n)
        return np.minimum(found, 1.0)

    def unfound_odds(self) -> float:
        """Odds that somebody without a link has the status all the same, before outcome and covariates."""
        q = self.sets.probabilities()[self.inside]
        unlinked = max(self.n - float(q.sum()), 1.0)
        unfound = min(self.missed / (1 - self.missed) * float(self.expected().sum()), 0.9 * unlinked)
        return unfound / (unlinked - unfound)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StatusDraw:
    """One draw: the status of each person, the candidates that are links, and who has the status without a record."""

    status: Bools
    links: Bools
    unfound: Bools


def draw_statuses(
    setup: Imputation, terms: Floats | None, *, draws: int, rng: np.random.Generator
) -> Iterator[StatusDraw]:
    """Draw statuses.

    Parameters
    ----------
    setup
        Candidates and people.
    terms
        One row a person: outcome and covariates as numbers (no intercept). None: the links are drawn from the
        identifiers alone, which dilutes the effect.
    draws
        How many; those between are passed over, so that a draw hardly depends on the one before.
    rng
        Source of randomness.

    Yields
    ------
    StatusDraw
    """
    odds = setup.unfound_odds()
    even = np.ones(setup.n)
    if terms is None:
        for _ in range(draws):
            yield _draw(setup, even, odds, rng)
        return
    rows = np.column_stack([np.ones(setup.n), terms])
    last, start = _draw(setup, even, odds, rng), np.zeros(rows.shape[1])
    for step in range(1, _BURN_IN + _APART * draws + 1):
        ratio, start = _likelihood_ratio(rows, last.status, start, rng)
        also = None
        if setup.values is not None:
            also = value_factor(rows, setup.place, setup.values, last.links, _PRECISION, rng)
        last = _draw(setup, ratio, odds, rng, also)
        if step > _BURN_IN and (step - _BURN_IN) % _APART == 0:
            yield last


def _draw(
    setup: Imputation, ratio: Floats, odds: float, rng: np.random.Generator, also: Floats | None = None
) -> StatusDraw:
    """Links, then the status of the unlinked.

    All weights are relative to "no link", which before outcome and covariates is 1: 1 / (1 + odds) for those without
    the status, odds / (1 + odds) for those whose record was not found.
    """
    factor = np.zeros(len(setup.place))
    inside = setup.inside
    rows = setup.place[inside]
    no_link = np.log1p(odds * ratio[rows]) - np.log1p(odds)
    factor[inside] = np.where(setup.says[inside], np.log(ratio[rows]), 0.0) - no_link
    links = setup.sets.draw(rng, factor if also is None else factor + also)
    status, linked = np.zeros(setup.n, dtype=bool), np.zeros(setup.n, dtype=bool)
    linked[setup.place[links & inside]] = True
    status[setup.place[links & inside & setup.says]] = True
    unfound = ~linked & (rng.random(setup.n) < odds * ratio / (1 + odds * ratio))
    return StatusDraw(status=status | unfound, links=links, unfound=unfound)


def _likelihood_ratio(rows: Floats, status: Bools, start: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """P(what is known | status) / P(what is known | not), coefficients drawn from their posterior; and their mode."""
    share = np.clip(status.mean(), 0.5 / len(status), 1 - 0.5 / len(status))
    drawn, mode = _posterior_draw(rows, status.astype("float64"), start, rng)
    fitted = np.clip(expit(rows @ drawn), 1e-9, 1 - 1e-9)
    return np.asarray(fitted / (1 - fitted) * (1 - share) / share), mode


def _posterior_draw(rows: Floats, status: Floats, start: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """One draw of logistic coefficients from the normal approximation round their mode (Newton's method); the mode.

    Not the fit of `dipeval.matching`, which has no prior and rightly refuses columns that separate the groups.
    """
    precision = np.full(rows.shape[1], _PRECISION)
    precision[0] = 1e-8
    beta = start
    hessian = np.eye(rows.shape[1])
    for _ in range(50):
        fitted = expit(rows @ beta)
        weights = np.maximum(fitted * (1 - fitted), 1e-12)
        hessian = (rows * weights[:, None]).T @ rows + np.diag(precision)
        step = np.linalg.solve(hessian, rows.T @ (status - fitted) - precision * beta)
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-6:
            break
    noise = np.linalg.solve(np.linalg.cholesky(hessian).T, rng.standard_normal(len(beta)))
    return np.asarray(beta + noise), np.asarray(beta)


def informative_terms(people: pd.DataFrame, covariates: Sequence[str], others: Sequence[str]) -> Floats:
    """Return covariates, outcome (or treatment) and their products as numbers, one row a person.

    Columns are centred; yes/no columns keep their unit, others are divided by their standard deviation.

    Parameters
    ----------
    people
        One row a person.
    covariates
        Numbers, yes/no or text; text becomes one column a value, a missing number a column of its own.
    others
        The outcome for a treatment link, the treatment for an outcome link. A number from 0 up that is not yes/no
        enters twice: whether it is above 0, and its logarithm (plus one). Time and event of a survival outcome
        (``time_days``, ``event``) enter as the event and the Nelson-Aalen cumulative hazard at the time (White and
        Royston 2009, Statistics in Medicine 28, 1982-1998).

    Returns
    -------
    numpy.ndarray
        Columns without variation are left out.
    """
    known: list[Floats] = []
    for name in covariates:
        known.extend(_numbers(people[name]))
    columns: list[Floats] = []
    survival = {"time_days", "event"} <= set(others)
    for name in others:
        if survival and name == "time_days":
            columns.append(_cumulative_hazard(people["time_days"], people["event"]))
            continue
        for column in _numbers(people[name]):
            columns.extend(_outcome_columns(column))
    scaled, answers = _scaled(known), _scaled(columns)
    products = [_PRODUCT_SCALE * (a * b) for a in scaled for b in answers]
    terms = [*scaled, *answers, *(c - c.mean() for c in products)]
    return np.column_stack(terms) if terms else np.zeros((len(people), 0))


def _scaled(columns: list[Floats]) -> list[Floats]:
    spread = [c for c in columns if c.std() > 0]
    return [(c - c.mean()) / (1.0 if np.isin(c, (0.0, 1.0)).all() else c.std()) for c in spread]


def _numbers(values: pd.Series) -> list[Floats]:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        numbers = values.astype("Float64").astype("float64")
        filled = numbers.fillna(numbers.mean()).fillna(0.0)
        return [np.asarray(column, dtype="float64") for column in (filled, numbers.isna())]
    known = sorted(values.dropna().astype(str).unique())
    text = values.astype("string")
    return [(text == value).fillna(False).to_numpy(dtype="float64") for value in known]


def _outcome_columns(column: Floats) -> list[Floats]:
    if np.isin(column, (0.0, 1.0)).all() or (column < 0).any():
        return [column]
    return [(column > 0).astype("float64"), np.log1p(column)]


def _cumulative_hazard(time: pd.Series, event: pd.Series) -> Floats:
    times, events = time.to_numpy(dtype="float64"), event.to_numpy(dtype="float64")
    order = np.argsort(times, kind="stable")
    unique, first = np.unique(times[order], return_index=True)
    happened = np.add.reduceat(events[order], first)
    at_risk = len(times) - first
    return np.asarray(np.cumsum(happened / at_risk)[np.searchsorted(unique, times)])
