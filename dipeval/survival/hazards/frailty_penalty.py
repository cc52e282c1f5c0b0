"""The partial likelihood with a frailty a group, at one variance of the frailties: its maximum and its information.

A row's hazard is the baseline of its stratum times ``z exp(x beta)``, where z, the frailty of its group, has a gamma
distribution with mean 1 and variance ``theta``. With ``omega = log z``, the maximum over (beta, omega) of

    log partial likelihood + sum over groups of (omega - exp(omega) + 1) / theta

is where the EM algorithm for the likelihood with the frailties integrated out comes to rest: there z is
``(1 / theta + events) / (1 / theta + expected events)``, the mean of a group's frailty given what it did. It is found
by Newton's method. The groups-by-groups information is a diagonal less a matrix of as many ranks as there are terms in
the likelihood; it is never formed. Each step is solved by conjugate gradients, for which one pass over the rows gives
the product of the information and a direction: O(rows) time and memory, however many groups there are.

Sources: Therneau and Grambsch (2000), *Modeling Survival Data*, Springer, chapter 9; Therneau, Grambsch and Pankratz
(2003), *Journal of Computational and Graphical Statistics* 12, 156-175; Klein (1992), *Biometrics* 48, 795-806 (EM);
Nocedal and Wright (2006), *Numerical Optimization*, Springer, chapter 7 (Newton's method by conjugate gradients).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats, Integers
from dipeval.survival.hazards.fitting import Fit
from dipeval.survival.hazards.kernel import linear_predictor

_MOST_STEPS = 60
_MOST_HALVINGS = 40
_SMALL_STEP = 1e-8  # in log frailties and standardised coefficients; the last step is taken too
_ROUNDING = 1e-11  # a likelihood may fall by this much, relatively, through rounding alone
_STEP_TOLERANCE = 1e-6  # of the conjugate gradients within a step: the next step mends what is left
_FINE_TOLERANCE = 1e-11  # of those that give the standard errors
_MOST_DIRECTIONS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouped:
    """The rows of a Cox model with the group of each.

    Parameters
    ----------
    cox
        The same model without frailties.
    group
        Code from 0 of the group of each row inside the risk sets.
    size
        Number of groups, those without a row at risk at an event included.
    events
        Events of each group.
    """

    cox: Fit
    group: Integers
    size: int
    events: Floats

    def by_group(self, values: Floats) -> Floats:
        """Add values, one a row inside, up by group."""
        return np.bincount(self.group, weights=values, minlength=self.size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """The partial likelihood at (beta, omega), with what the information's products are made of.

    Parameters
    ----------
    theta
        Variance of the frailties.
    beta, omega
        Standardised coefficients, and log frailties of the groups.
    loglik
        Log partial likelihood.
    penalised
        The same with the penalty.
    score
        First derivatives of the penalised one, those of the coefficients first.
    risk, expected
        Risk score and expected events of each row.
    sums
        By cell, sums over its terms of weight / denominator squared times the tied share to the power 0, 1 and 2.
    """

    theta: float
    beta: Floats
    omega: Floats
    loglik: float
    penalised: float
    score: Floats
    risk: Floats
    expected: Floats
    sums: tuple[Floats, Floats, Floats]


def best_at(grouped: Grouped, theta: float, start: Point) -> Point:
    """Climb to the maximum over coefficients and frailties at one variance above 0.

    Raises
    ------
    EstimationError
        If no maximum is found.
    """
    now = _evaluate(grouped, theta, start.beta, start.omega)
    for _ in range(_MOST_STEPS):
        step = _solve(grouped, now, now.score, _STEP_TOLERANCE)
        now, step = _climb(grouped, now, step)
        if np.abs(step).max() < _SMALL_STEP:
            return now
    raise EstimationError(_unsettled(f"did not settle in {_MOST_STEPS} steps"))


def without_frailties(grouped: Grouped) -> Point:
    """Return the Cox model as the point at which the variance of the frailties is 0."""
    return _evaluate(grouped, 0.0, grouped.cox.maximum.beta, np.zeros(grouped.size))


def first_guess(grouped: Grouped, cox: Point, theta: float) -> Point:
    """Return the frailties one step of the EM algorithm makes of the Cox model."""
    omega = np.log1p(theta * grouped.events) - np.log1p(theta * grouped.by_group(cox.expected))
    return _evaluate(grouped, theta, cox.beta, omega)


def covariance_at(grouped: Grouped, point: Point) -> Floats:
    """Return the covariance of the standardised coefficients, the frailties estimated with them.

    It is the coefficients' block of the inverse of the whole information; a column of it is one solved system.
    """
    if point.theta == 0:
        return grouped.cox.bread
    size = len(point.beta)
    columns = np.empty((size, size))
    for j in range(size):
        unit = np.zeros(size + grouped.size)
        unit[j] = 1.0
        columns[:, j] = _solve(grouped, point, unit, _FINE_TOLERANCE)[:size]
    return (columns + columns.T) / 2


def _evaluate(grouped: Grouped, theta: float, beta: Floats, omega: Floats) -> Point:
    fit = grouped.cox
    cells = fit.cells
    eta = linear_predictor(fit.x, beta, omega[grouped.group])
    shift = float(eta.max())
    risk = np.exp(eta - shift)
    s0, d0 = cells.at_risk(risk), cells.deaths_by_cell(risk)
    fraction = cells.term_fraction
    denominator = s0[cells.term_cell] - fraction * d0[cells.term_cell]
    by_term = [cells.total_by_cell(cells.term_cell, fraction**power / denominator) for power in (0, 1)]
    expected = cells.over_time_at_risk(by_term[0])
    expected[cells.died] -= by_term[1][cells.died_cell]
    expected *= risk
    residual = -expected
    residual[cells.died] += 1.0
    loglik = float(eta[cells.died].sum()) - float(np.log(denominator).sum()) - shift * len(cells.died)
    grown = np.expm1(omega)
    penalty = float((omega - grown).sum()) / theta if theta > 0 else 0.0
    pull = grown / theta if theta > 0 else np.zeros(grouped.size)
    squared = [cells.total_by_cell(cells.term_cell, fraction**power / denominator**2) for power in (0, 1, 2)]
    return Point(
        theta=theta,
        beta=beta,
        omega=omega,
        loglik=loglik,
        penalised=loglik + penalty,
        score=np.concatenate([_by_column(fit.x, residual), grouped.by_group(residual) - pull]),
        risk=risk,
        expected=expected,
        sums=(squared[0], squared[1], squared[2]),
    )


def _climb(grouped: Grouped, now: Point, step: Floats) -> tuple[Point, Floats]:
    """Take the step, or half of it, or half of that, until the likelihood is no lower."""
    floor = now.penalised - _ROUNDING * (1 + abs(now.penalised))
    size = len(now.beta)
    for _ in range(_MOST_HALVINGS):
        with np.errstate(all="ignore"):  # a step too far may overflow: it is then halved
            there = _evaluate(grouped, now.theta, now.beta + step[:size], now.omega + step[size:])
        if np.isfinite(there.score).all() and np.isfinite(there.penalised) and there.penalised >= floor:
            return there, step
        step = step / 2
    raise EstimationError(_unsettled("found no step that raises the likelihood"))


def _solve(grouped: Grouped, point: Point, target: Floats, tolerance: float) -> Floats:
    """Solve information times v = target, the information penalised, by preconditioned conjugate gradients."""
    size, bread = len(point.beta), grouped.cox.bread
    stiffness = np.exp(point.omega) / point.theta
    spread = grouped.by_group(point.expected) + stiffness

    def product(v: Floats) -> Floats:
        by_row = _information_times(grouped, point, grouped.cox.x @ v[:size] + v[size:][grouped.group])
        whole = np.concatenate([_by_column(grouped.cox.x, by_row), grouped.by_group(by_row)])
        whole[size:] += stiffness * v[size:]
        return whole

    def nearly_solved(v: Floats) -> Floats:
        return np.concatenate([bread @ v[:size], v[size:] / spread])

    return _conjugate_gradients(product, nearly_solved, target, tolerance)


def _information_times(grouped: Grouped, point: Point, u: Floats) -> Floats:
    """Return the information on the rows' linear predictors times the direction `u`."""
    cells, (q0, q1, q2) = grouped.cox.cells, point.sums
    moved = point.risk * u
    s, d = cells.at_risk(moved), cells.deaths_by_cell(moved)
    shared = cells.over_time_at_risk(q0 * s - q1 * d)
    shared[cells.died] -= (q1 * s - q2 * d)[cells.died_cell]
    return point.expected * u - point.risk * shared


def _conjugate_gradients(
    product: Callable[[Floats], Floats], nearly_solved: Callable[[Floats], Floats], target: Floats, tolerance: float
) -> Floats:
    solution, residual = np.zeros_like(target), target.copy()
    scaled = nearly_solved(residual)
    direction, size = scaled.copy(), float(residual @ scaled)
    enough = size * tolerance**2
    for _ in range(_MOST_DIRECTIONS):
        if size <= enough:
            return solution
        image = product(direction)
        length = size / float(direction @ image)
        solution += length * direction
        residual -= length * image
        scaled = nearly_solved(residual)
        before, size = size, float(residual @ scaled)
        direction = scaled + (size / before) * direction
    raise EstimationError(_unsettled("lost the information on a covariate on its way"))


def _by_column(x: Floats, values: Floats) -> Floats:
    return np.array([column @ values for column in x.T])


def _unsettled(what: str) -> str:
    return (
        f"The model with frailties {what}: fit `cox` first, and leave out covariates that say nearly the same or "
        "nearly tell which group has the events."
    )
