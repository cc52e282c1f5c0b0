"""Events observed and expected by group, the covariance of their difference, and its chi-square.

Sources: Mantel (1966), *Cancer Chemotherapy Reports* 50, 163-170; Harrington and Fleming (1982), *Biometrika* 69,
553-566 (weights from the pooled survival); Lin and Wei (1989), *JASA* 84, 1074-1078 (robust form).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.clusters import squares
from dipeval.survival.columns import Floats, Rows
from dipeval.survival.hazards.cellwise import product_of, shifted, stratum_ends
from dipeval.survival.hazards.kernel import Evaluation, RiskCells, build_cells, evaluate, score_residuals

_SINGULAR = 1e-10  # smallest eigenvalue of a correlation matrix that still tells groups apart
_DUST = 1e-12  # variance relative to the square of the events expected


def _indicators(rows: Rows) -> Floats:
    return np.asfortranarray((rows.group[:, None] == np.arange(len(rows.group_names))).astype(float))


def robust_counts(rows: Rows, rho: float) -> tuple[Floats, Floats, Floats]:
    """Observed and expected weighted events, with the infinitesimal-jackknife variance of their difference."""
    cells, used = build_cells(rows, "efron")
    inside = rows.take(used)
    x = _indicators(inside)
    null = evaluate(cells, x, inside.weight, np.zeros(x.shape[1]))
    died = (x * inside.weight[:, None])[cells.died]
    seen = np.column_stack([cells.total_by_cell(cells.died_cell, column) for column in died.T])
    wanted = null.mean * cells.death_weight[:, None]
    at_risk, at_risk_after = _weight_at_risk(cells, inside)
    early = shifted(cells.stratum, product_of(cells.stratum, at_risk_after / at_risk), 1.0) ** rho
    influence = _early_residuals(cells, x, null, early)
    if rho > 0:
        influence += _influence_through_survival(cells, at_risk, at_risk_after, rho * early[:, None] * (seen - wanted))
    inner = squares((influence * inside.weight[:, None])[:, 1:], inside)
    # The parts add up to zero over the groups: the first group's are minus the sum of the others'.
    whole = np.vstack([-np.ones(x.shape[1] - 1), np.eye(x.shape[1] - 1)])
    return early @ seen, early @ wanted, whole @ inner @ whole.T


def _weight_at_risk(cells: RiskCells, rows: Rows) -> tuple[Floats, Floats]:
    """Weight at risk in each cell and what is left of it after the events; 0 where nobody is left."""
    before = cells.at_risk(rows.weight)
    after = before - cells.death_weight
    everyone = np.rint(cells.at_risk(np.ones(len(rows)))).astype(np.int64)
    after[everyone == cells.deaths] = 0.0  # the difference of two sums may leave dust
    return before, after


def _early_residuals(cells: RiskCells, x: Floats, null: Evaluation, early: Floats) -> Floats:
    """Score residuals of each row with every cell weighted by `early`, the weights taken as given."""
    column = early[:, None]
    scaled = replace(null, a=early * null.a, a_tied=early * null.a_tied, b=column * null.b, b_tied=column * null.b_tied)
    residuals = score_residuals(cells, x, scaled)
    own = cells.died_cell
    residuals[cells.died] += (column[own] - 1.0) * (x[cells.died] - null.mean[own])
    return residuals


def _influence_through_survival(cells: RiskCells, before: Floats, after: Floats, later: Floats) -> Floats:
    """What each row adds by moving the pooled survival, and with it the weight of every later cell.

    A row at risk in a cell moves the logarithm of the survival after it by events / (before x after); one that has
    the event there by a further -1 / after. `later` is what each cell contributes per unit of that logarithm.
    """
    totals = cells.running(later)
    ahead = stratum_ends(cells.stratum, totals) - totals
    left = np.divide(1.0, after, out=np.zeros(len(after)), where=after > 0)[:, None]
    at_risk = cells.over_time_at_risk((cells.death_weight / before)[:, None] * left * ahead)
    at_risk[cells.died] -= (left * ahead)[cells.died_cell]
    return at_risk


def plain_counts(rows: Rows, rho: float) -> tuple[Floats, Floats, Floats]:
    """Observed and expected events with the hypergeometric variance, summed over cells."""
    cells, used = build_cells(rows, "breslow")
    x = _indicators(rows.take(used))
    risk = np.column_stack([cells.at_risk(column) for column in x.T])
    deaths = np.column_stack([cells.total_by_cell(cells.died_cell, column[cells.died]) for column in x.T])
    everyone, all_deaths = risk.sum(axis=1), deaths.sum(axis=1)
    early = shifted(cells.stratum, product_of(cells.stratum, (everyone - all_deaths) / everyone), 1.0) ** rho
    share = risk / everyone[:, None]
    spread = early**2 * all_deaths * (everyone - all_deaths) / np.maximum(everyone - 1, 1)
    variance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return early @ deaths, (early * all_deaths) @ share, variance


def check_seen(names: Sequence[str], expected: Floats) -> None:
    """Refuse a group that is never at risk when an event happens."""
    unseen = [name for name, value in zip(names, expected, strict=True) if value <= 0]
    if unseen:
        raise EstimationError(
            f"Group {', '.join(unseen)} is never at risk when an event happens: it cannot be compared; leave it out."
        )


def chi_square(observed: Floats, expected: Floats, variance: Floats) -> float:
    """Return the quadratic form of observed minus expected, the first group left out: the others settle it."""
    gap, inside = (observed - expected)[1:], variance[1:, 1:]
    if not _tells_apart(inside, expected[1:]):
        raise EstimationError(
            "There are too few events at which several groups are at risk together to compare "
            f"{len(expected)} groups: put groups or strata together."
        )
    return float(gap @ np.linalg.solve(inside, gap))


def _tells_apart(variance: Floats, expected: Floats) -> bool:
    """Whether the variance is more than rounding, and no group's difference is settled by the others'."""
    size = np.diag(variance)
    if not (size > _DUST * expected**2).all():
        return False
    scale = np.sqrt(size)
    return bool(np.linalg.eigvalsh(variance / np.outer(scale, scale)).min() > _SINGULAR)
