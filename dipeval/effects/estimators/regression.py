"""Effects adjusted in a model of the outcome: predictions with and without treatment, averaged (g-computation).

The model has treatment, the covariates and every product of the two, and is fitted to the people the design uses, by
its weights; so the covariates enter twice, once in the design and once here, and either may be wrong to some degree.
Robins, J. (1986), Mathematical Modelling 7, 1393-1512; Ho, D. E., Imai, K., King, G. and Stuart, E. A. (2007),
Political Analysis 15, 199-236 (matching, then regression).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from dipeval.effects import wording
from dipeval.effects.estimators.regression_averages import averaged
from dipeval.effects.estimators.regression_data import read_data
from dipeval.effects.joining import ComparisonDesign
from dipeval.effects.measures import OF_MEANS, OF_RATES, OF_SHARES, OF_TIMES, TIMED_WORDS
from dipeval.effects.request import Estimate, Request
from dipeval.errors import InputError

MODELS: Final = ("linear", "logit", "poisson", "negative_binomial")
# Measure -> the models it can be had from, the usual one first.
SUITED: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(OF_SHARES, ("logit", "linear")),
    **dict.fromkeys(OF_MEANS, ("linear", "poisson", "negative_binomial", "logit")),
    **dict.fromkeys(OF_RATES, ("poisson", "negative_binomial")),
}


def estimate(request: Request) -> Estimate:
    """Estimate by averaging the predictions of a model of the outcome.

    Parameters
    ----------
    request
        The design joined to the outcome.

    Returns
    -------
    Estimate
        The error takes the covariates of the people averaged over as given, as `vcovHC` and `vcovCL` of the R package
        sandwich have it; its ``influence`` does not.

    Raises
    ------
    InputError
        If the model does not suit the outcome, the design has no covariates, or one named is none of them.
    EstimationError
        If the model has no finite estimate, or there are too few people for it.
    """
    model = checked_model(request)
    terms = _model_terms(request.design, request.options.adjust)
    values = terms.to_numpy(dtype=np.float64)[request.rows]
    data = read_data(request.sample, values, tuple(map(str, terms.columns)))
    about = str(getattr(request.design, "estimand", "ATT"))
    return averaged(request, data, model, about, wording.regression(model, values.shape[1], about, data.n_repeating))


def checked_model(request: Request) -> str:
    """Return the model of the outcome that was asked for, or the usual one; refuse one that does not suit."""
    measure, asked = request.measure, request.options.model
    if measure in OF_TIMES:
        raise InputError(
            f"{TIMED_WORDS[measure].capitalize()} is not adjusted by averaging predictions; use estimator='weighted' "
            "(a Cox model of treatment, or Kaplan-Meier curves, with the design's weights)."
        )
    suited = SUITED[measure]
    model = suited[0] if asked is None else asked
    if model not in suited:
        raise InputError(
            f"model={model!r} gives no '{measure}'; use one of {', '.join(map(repr, suited))}, or leave it out."
        )
    if (model == "logit" and request.kind != "yes_no") or (model in MODELS[2:] and request.kind == "number"):
        needed = "an outcome of 0 and 1" if model == "logit" else "a count (whole numbers from 0)"
        raise InputError(
            f"model={model!r} needs {needed}, and '{request.name}' holds other values; use model='linear', or leave it "
            "out."
        )
    return model


def _model_terms(design: ComparisonDesign, adjust: tuple[str, ...] | None) -> pd.DataFrame:
    model_terms = getattr(design, "model_terms", None)
    if model_terms is None:
        raise InputError(
            "estimator='regression' needs the covariates of the design, and this one hands out none; make it with "
            "dip.match or dip.weight."
        )
    if adjust is not None and not adjust:
        raise InputError("adjust= names no covariate; name one or more, or leave it out to take all of the design's.")
    found: pd.DataFrame = model_terms(adjust)
    return found
