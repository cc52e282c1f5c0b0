"""A hazard ratio of treatment: a Cox model with the design's weights and clusters.

Cox (1972), *JRSS B* 34, 187-220; ties: Efron (1977), *JASA* 72, 557-565; robust error: Lin and Wei (1989), *JASA* 84,
1074-1078, which takes what each person contributes with everybody's weight in the sums over those at risk.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd

from dipeval.effects.estimators.timed import table_of, with_error
from dipeval.effects.request import Estimate, Request
from dipeval.effects.robust import Floats
from dipeval.survival import cox
from dipeval.survival.columns import read_rows
from dipeval.survival.hazards.kernel import build_cells, evaluate, score_residuals
from dipeval.vocabulary import TREATED

HOW: Final = "Lin and Wei; Cox model of treatment, Efron ties"


def estimate(request: Request) -> Estimate:
    """Estimate the logarithm of a hazard ratio.

    Parameters
    ----------
    request
        The design joined to the outcome: the event (0/1) as outcome, the time until then as time at risk.

    Returns
    -------
    Estimate
        Without means.

    Raises
    ------
    InputError
        If an error is asked for that a hazard ratio does not have.
    EstimationError
        If there is no finite estimate.
    """
    order, frame = table_of(request.sample)
    beta, parts = log_ratio_and_parts(frame)
    influence = np.zeros(request.sample.n)
    influence[order] = parts
    return with_error(request, centre=beta, means=(math.nan, math.nan), influence=influence, how=HOW)


def log_ratio_and_parts(frame: pd.DataFrame) -> tuple[float, Floats]:
    """Return the log hazard ratio of treatment in a table of rows at risk, and what each row contributes to it.

    Parameters
    ----------
    frame
        time, event, weight and treated; ``entry`` where rows start after time zero.

    Returns
    -------
    tuple
        The logarithm, and of every row its weight times the derivative of it (weights in the sums included).
    """
    entry = "entry" if "entry" in frame.columns else None
    model = cox(frame, covariates=[TREATED], time="time", event="event", entry=entry, weights="weight")
    beta = float(model.to_frame()["estimate"].iloc[0])
    rows = read_rows(frame, time="time", event="event", entry=entry, weights="weight", covariates=[TREATED])
    cells, used = build_cells(rows, "efron")
    rows = rows.take(used)
    at = evaluate(cells, rows.covariates, rows.weight, np.array([beta]))
    influence = np.zeros(len(frame))
    influence[rows.position] = score_residuals(cells, rows.covariates, at)[:, 0] * rows.weight / at.information[0, 0]
    return beta, influence
