"""Test of proportional hazards: does a covariate's log hazard ratio change with time?

The score test of adding ``covariate x g(time)`` to the model, with its whole information matrix (Grambsch and Therneau
1994, *Biometrika* 81, 515-526), not the approximation to it that software used to have and that differs several-fold.
The robust form squares the score residuals by row or cluster (Lin and Wei 1989, *JASA* 84, 1074-1078).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from dipeval.errors import EstimationError
from dipeval.survival.clusters import squares
from dipeval.survival.columns import Floats, Rows
from dipeval.survival.hazards.baseline import cell_times
from dipeval.survival.hazards.fitting import Fit, quadratic
from dipeval.survival.hazards.kernel import information_over, score_residuals
from dipeval.survival.hazards.proportional_result import GLOBAL, TRANSFORMS, ProportionalHazardsTest
from dipeval.survival.hazards.residuals import schoenfeld
from dipeval.survival.options import check_yes_no

_DUST = 1e-13  # a variance this small beside the information is rounding


def proportionality_test(fit: Fit, transform: str, *, robust: bool, level: float) -> ProportionalHazardsTest:
    """Test every covariate, and all together.

    Parameters
    ----------
    fit
        A fitted model.
    transform
        One of `TRANSFORMS`: the function of time that a log hazard ratio may change with.
    robust
        Whether the score's variance is taken from the rows or clusters rather than from the model.
    level
        Coverage of the band around the smooth.
    """
    if not isinstance(transform, str) or transform not in TRANSFORMS:
        raise EstimationError(f"`transform` is one of {', '.join(TRANSFORMS)}; '{transform}' is not available.")
    check_yes_no("robust", robust)
    times = cell_times(fit)
    if len(np.unique(times)) < 2:
        raise EstimationError("All events happen at one time: whether hazard ratios change over time cannot be seen.")
    by_cell = _transformed(fit, times, transform)
    # Counted from its mean, time and the covariates themselves are told apart with the least rounding.
    g = by_cell - by_cell[fit.cells.died_cell].mean()
    change, variance = _score(fit, g, robust=robust)
    if (np.diag(variance) <= _DUST * np.ptp(g) ** 2 * np.diag(fit.at.information)).any():
        raise EstimationError(
            f"Time put through transform='{transform}' does not differ between the events at which people can be "
            "compared: whether hazard ratios change over time cannot be seen on that scale; try 'identity' or 'rank'."
        )
    size = len(fit.beta)
    statistics = [quadratic(change[[j]], variance[np.ix_([j], [j])]) for j in range(size)]
    statistics.append(quadratic(change, variance))
    df = np.array([1] * size + [size])
    frame = pd.DataFrame(
        {
            "term": [*fit.named.covariates, GLOBAL],
            "statistic": statistics,
            "df": df,
            "p_value": chdtrc(df, np.array(statistics)),
        }
    )
    values, _ = schoenfeld(fit, scaled=True)
    order = np.argsort(times[fit.cells.died_cell], kind="stable")
    cell = fit.cells.died_cell[order]
    residuals = pd.DataFrame(values[order], columns=list(fit.named.covariates))
    return ProportionalHazardsTest(
        transform=transform,
        robust=robust,
        weighted=fit.rows.weighted,
        clustered=fit.rows.clustered,
        n_events=len(cell),
        level=level,
        _frame=frame,
        _times=times[cell],
        _scale=by_cell[cell],
        _residuals=residuals,
        _spread=len(cell) * np.diag(fit.unscaled(fit.bread)),
    )


def _score(fit: Fit, g: Floats, *, robust: bool) -> tuple[Floats, Floats]:
    """Return the score of the covariates times g, and its variance once the coefficients are estimated."""
    weight = fit.inside.weight
    died, cell = fit.cells.died, fit.cells.died_cell
    apart = (fit.x[died] - fit.at.mean[cell]) * weight[died, None]
    change = g[cell] @ apart
    cross = information_over(fit.cells, fit.x, weight, fit.at, g) @ fit.bread
    if robust:
        parts = score_residuals(fit.cells, fit.x, fit.at, g) - score_residuals(fit.cells, fit.x, fit.at) @ cross.T
        return change, squares(parts * weight[:, None], fit.inside)
    whole = information_over(fit.cells, fit.x, weight, fit.at, g * g)
    return change, whole - cross @ information_over(fit.cells, fit.x, weight, fit.at, g)


def _transformed(fit: Fit, times: Floats, transform: str) -> Floats:
    if transform == "identity":
        return times
    if transform == "log":
        return np.log(times)
    if transform == "rank":
        everyone = np.sort(fit.rows.time)
        return (np.searchsorted(everyone, times) + np.searchsorted(everyone, times, side="right") + 1) / 2
    return _share_before(fit.rows, times)


def _share_before(rows: Rows, times: Floats) -> Floats:
    """Return one less the Kaplan-Meier curve of all rows just before each time, unweighted and over all strata."""
    moments, deaths = np.unique(rows.time[rows.event], return_counts=True)
    stay = len(rows) - np.searchsorted(np.sort(rows.time), moments)
    late = len(rows) - np.searchsorted(np.sort(rows.entry), moments)
    curve = np.cumprod(1 - deaths / (stay - late))
    return 1 - np.concatenate([[1.0], curve[:-1]])[np.searchsorted(moments, times)]
