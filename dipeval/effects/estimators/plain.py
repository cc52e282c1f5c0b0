"""Estimates that use the covariates through the design alone: means, rates, a hazard ratio and days to an event."""

from __future__ import annotations

from dipeval.effects.estimators import hazard, restricted, weighted
from dipeval.effects.estimators.regression_averages import treatment_alone
from dipeval.effects.measures import OF_DAYS, OF_RATES, OF_TIMES
from dipeval.effects.request import Estimate, Request
from dipeval.errors import InputError


def estimate(request: Request) -> Estimate:
    """Estimate with treatment alone.

    Parameters
    ----------
    request
        The design joined to the outcome.

    Returns
    -------
    Estimate
    """
    options, measure = request.options, request.measure
    if options.adjust is not None:
        raise InputError(
            "adjust= names covariates of a model of the outcome, and estimator='weighted' has none; use "
            "estimator='regression', or leave it out."
        )
    if options.model is not None and measure not in OF_RATES:
        raise InputError(
            f"model= is for estimator='regression' or a rate ratio; the measure '{measure}' of estimator='weighted' "
            "needs none. Leave it out."
        )
    if measure in OF_TIMES:
        return restricted.estimate(request) if measure in OF_DAYS else hazard.estimate(request)
    if options.model in (None, "poisson"):
        return weighted.estimate(request)
    if options.model == "negative_binomial":
        return treatment_alone(request)
    raise InputError(f"model={options.model!r} gives no rate ratio; use 'poisson' or 'negative_binomial'.")
