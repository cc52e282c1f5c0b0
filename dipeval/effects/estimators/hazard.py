"""A hazard ratio of treatment: a Cox model with the design's weights and clusters.

Cox (1972), *JRSS B* 34, 187-220; ties: Efron (1977), *JASA* 72, 557-565; robust error: Lin and Wei (1989), *JASA* 84,
1074-1078, which takes what each person contributes with everybody's weight in the sums over those at risk.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from dipeval.effects.estimators.weighted import usual_error, with_sandwich
from dipeval.effects.joining import cluster_word
from dipeval.effects.request import Estimate, Request, from_contributions
from dipeval.effects.robust import Floats
from dipeval.errors import InputError
from dipeval.survival import cox
from dipeval.survival.columns import read_rows
from dipeval.survival.hazards.kernel import build_cells, evaluate, score_residuals
from dipeval.vocabulary import TREATED

# Errors of a hazard ratio: summed over people, or over pairs, sets or persons; neither has a correction in R.
OFFERED: Final = ("hc0", "cluster_hc0", "m_estimation", "bootstrap")


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
    kind = usual_error(request, plain="hc0", clustered="cluster_hc0")
    if kind not in OFFERED:
        raise InputError(
            f"std_error='{kind}' is not given for a hazard ratio; use 'auto', which is robust and clustered where the "
            "design has pairs or sets."
        )
    beta, influence = _fitted(request)
    found = with_sandwich(
        request,
        kind=kind,
        centre=beta,
        means=(math.nan, math.nan),
        influence=influence,
        n_coefficients=1,
        notes=(),
    )
    if found.kind not in ("hc0", "cluster_hc0") or found.contributions is None:
        return found
    return replace(
        found,
        std_error=from_contributions(found.contributions, found.clusters, 1.0),
        factor=1.0,
        se_method=_words(request, found.kind),
    )


def _fitted(request: Request) -> tuple[float, Floats]:
    """Return the log hazard ratio and what each person used contributes to it."""
    sample = request.sample
    # Sorted by what the rows hold: their numbers then say nothing of where they stood.
    order = np.lexsort((sample.treated, sample.weights, sample.outcome, sample.exposure))
    frame = pd.DataFrame(
        {
            "time": sample.exposure[order],
            "event": sample.outcome[order],
            "weight": sample.weights[order],
            TREATED: sample.treated[order].astype(np.float64),
        }
    )
    model = cox(frame, covariates=[TREATED], time="time", event="event", weights="weight")
    beta = float(model.to_frame()["estimate"].iloc[0])
    rows = read_rows(frame, time="time", event="event", weights="weight", covariates=[TREATED])
    cells, used = build_cells(rows, "efron")
    rows = rows.take(used)
    at = evaluate(cells, rows.covariates, rows.weight, np.array([beta]))
    parts = score_residuals(cells, rows.covariates, at)[:, 0] * rows.weight / at.information[0, 0]
    influence = np.zeros(sample.n)
    influence[order[rows.position]] = parts
    return beta, influence


def _words(request: Request, kind: str) -> str:
    if kind == "hc0":
        return "robust (Lin and Wei; Cox model of treatment, Efron ties)"
    word = "person" if request.own_clusters else cluster_word(request.design)
    return (
        f"robust, clustered by {word} (Lin and Wei; Cox model of treatment, Efron ties, "
        f"G = {request.sample.n_clusters:,} {'people' if word == 'person' else word + 's'})"
    )
