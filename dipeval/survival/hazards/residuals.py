"""Residuals of a Cox model, a row a row of the caller's table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats
from dipeval.survival.hazards.fitting import Fit
from dipeval.survival.hazards.kernel import exposure, score_residuals

KINDS = ("martingale", "deviance", "score", "schoenfeld", "scaled_schoenfeld", "dfbeta", "dfbetas")


def residual_frame(fit: Fit, kind: str) -> pd.DataFrame:
    """Return the residuals of one kind in the caller's row order, under the caller's index.

    Parameters
    ----------
    fit
        A fitted model.
    kind
        One of `KINDS`.
    """
    if not isinstance(kind, str) or kind not in KINDS:
        raise EstimationError(f"`kind` is one of {', '.join(KINDS)}; '{kind}' is not available.")
    index, names = fit.named.index, list(fit.named.covariates)
    if kind in ("schoenfeld", "scaled_schoenfeld"):
        values, rows = schoenfeld(fit, scaled=kind == "scaled_schoenfeld")
        order = np.argsort(rows)
        return pd.DataFrame(values[order], index=index[rows[order]], columns=names)
    if kind in ("martingale", "deviance"):
        found = martingale(fit)
        values = found if kind == "martingale" else _deviance(fit, found)
        return pd.DataFrame({kind: fit.in_caller_order(values)}, index=index)
    values = score_residuals(fit.cells, fit.x, fit.at)
    values = values * fit.scale if kind == "score" else _change_without_the_row(fit, values)
    if kind == "dfbetas":
        values /= np.sqrt(np.diag(fit.unscaled(fit.bread)))
    return pd.DataFrame(fit.in_caller_order(values), index=index, columns=names)


def martingale(fit: Fit) -> Floats:
    """Return observed less expected events of the rows inside."""
    return fit.inside.event - fit.at.hazard * exposure(fit.cells, fit.at)


def schoenfeld(fit: Fit, *, scaled: bool) -> tuple[Floats, np.ndarray]:
    """Return the covariates of each death less their mean over the risk set, and the caller's row of each death.

    Scaled ones are multiplied by the number of events and the model-based covariance and added to the log hazard
    ratio (Grambsch and Therneau 1994), so that their trend over time is that of the log hazard ratio.
    """
    died = fit.cells.died
    apart = fit.x[died] - fit.at.mean[fit.cells.died_cell]
    values = fit.beta + len(died) * (apart @ fit.bread) / fit.scale if scaled else apart * fit.scale
    return values, fit.inside.position[died]


def _deviance(fit: Fit, found: Floats) -> Floats:
    event = fit.inside.event.astype(float)
    expected = event - found
    # Rows are only taken in where some event is possible, so `expected` is above 0 there unless a hazard underflows.
    logs = np.log(np.where(event > 0, np.maximum(expected, np.finfo(float).tiny), 1.0))
    return np.sign(found) * np.sqrt(np.maximum(-2 * (found + event * logs), 0.0))


def _change_without_the_row(fit: Fit, scores: Floats) -> Floats:
    return (scores * fit.inside.weight[:, None]) @ fit.bread / fit.scale
