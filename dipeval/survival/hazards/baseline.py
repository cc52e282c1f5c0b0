"""The baseline hazard of a Cox model: Efron's or Breslow's estimate, matching how the model broke ties.

Sources: Breslow (1974), *Biometrics* 30, 89-99; Efron (1977), *JASA* 72, 557-565; Therneau and Grambsch (2000),
*Modeling Survival Data*, Springer, chapter 10.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dipeval.survival.columns import Floats
from dipeval.survival.hazards.fitting import Fit
from dipeval.survival.options import values_of


def cell_times(fit: Fit) -> Floats:
    """Return the event time of every cell."""
    times = np.empty(fit.cells.n_cells)
    times[fit.cells.died_cell] = fit.inside.time[fit.cells.died]
    return times


def follow_up(fit: Fit) -> Floats:
    """Return the last time observed in each stratum."""
    ends = np.full(len(fit.named.stratum_labels()), -np.inf)
    np.maximum.at(ends, fit.rows.stratum, fit.rows.time)
    return ends


def baseline_frame(fit: Fit, at: Mapping[str, float] | None) -> pd.DataFrame:
    """Return the cumulative hazard and survival at each event time for one set of covariate values.

    Parameters
    ----------
    fit
        A fitted model.
    at
        Value of each covariate; those left out, and all without `at`, are 0. An offset is taken as 0.
    """
    point = values_of({} if at is None else at, fit.named.covariates, all_of_them=False)
    # So far from everybody in the table that the hazard is beyond counting: infinite, and nobody left.
    with np.errstate(over="ignore"):
        size = np.exp(_linear(fit, point) - fit.at.shift)
    hazard = fit.cells.running(fit.at.a) * size
    labels = np.array(fit.named.stratum_labels(), dtype=object)
    return pd.DataFrame(
        {
            "stratum": labels[fit.cells.stratum],
            "time_days": cell_times(fit),
            "cumulative_hazard": hazard,
            "survival": np.exp(-hazard),
        }
    )


def _linear(fit: Fit, point: Floats) -> float:
    return float(((point - fit.centre) / fit.scale) @ fit.maximum.beta)
