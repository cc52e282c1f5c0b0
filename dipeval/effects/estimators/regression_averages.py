"""Averages of the predictions of a model with and without treatment, and what each person contributes to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import solve_triangular

from dipeval.effects import wording
from dipeval.effects.estimators.count_models import fit_negative_binomial
from dipeval.effects.estimators.regression_data import RegressionData, read_data
from dipeval.effects.estimators.regression_models import Fit, fit_model, link_scale, solved, triangle
from dipeval.effects.estimators.weighted import usual_error, with_sandwich
from dipeval.effects.measures import RATIOS, contrast, slope
from dipeval.effects.request import SANDWICH, Estimate, Request
from dipeval.effects.robust import Floats
from dipeval.errors import EstimationError, InputError

# The error of a model without and with clusters: those of the R package sandwich for the two kinds of model.
USUAL: Final = {"linear": ("hc3", "cluster_hc1")}
USUAL_OTHERWISE: Final = ("hc0", "cluster_hc0")
TREATMENT_ALONE: Final = 2  # columns of a model without covariates
ENLARGED: Final = ("hc2", "hc3")
# A leverage this near 1: the model goes through this person's outcome, whatever it is.
ALONE: Final = 1 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Averages:
    """Mean predictions with and without treatment, and how they move.

    Parameters
    ----------
    means
        With treatment, and without.
    gradients
        Their derivatives by the coefficients.
    deviations
        What one person of each row contributes to them by being among those averaged over.
    """

    means: tuple[float, float]
    gradients: tuple[Floats, Floats]
    deviations: tuple[Floats, Floats]


def averaged(request: Request, data: RegressionData, model: str, about: str, notes: tuple[str, ...]) -> Estimate:
    """Fit a model, average its predictions and give the contrast of the averages with its error.

    Parameters
    ----------
    request
        The design joined to the outcome.
    data
        Its people, laid out for a regression.
    model
        "linear", "logit", "poisson" or "negative_binomial".
    about
        Whom to average over, by their weights (and time at risk): the treated ("ATT"), the comparison people ("ATC"),
        else everybody.
    notes
        Sentences that belong beside the estimate.

    Returns
    -------
    Estimate
    """
    fit = fit_negative_binomial(data) if model == "negative_binomial" else fit_model(data, model)
    over = average(data, fit, about)
    _check_means(request.measure, over.means)
    root = triangle(data.matrix, data.mass * fit.pull.bend)
    slopes = slope(request.measure, over.means[0]), slope(request.measure, over.means[1])
    given, full = influences(data, fit, root, over, slopes)
    plain, clustered = USUAL.get(model, USUAL_OTHERWISE)
    kind, leverage = usual_error(request, plain=plain, clustered=clustered), None
    if kind == "count":
        raise InputError("std_error='count' is for estimator='weighted'; a model of the outcome has 'hc0' (or 'auto').")
    if kind in ENLARGED:
        leverage = leverages(data, fit, root)
        if (leverage > ALONE).any():
            kind, notes = _without_leverage(request), (*notes, wording.NOTE_ALONE)
    if kind in SANDWICH and len(data.names) > TREATMENT_ALONE:
        notes = (*notes, wording.NOTE_THESE_PEOPLE)
    ratio = None
    if min(over.means) > 0:
        ratio = influences(data, fit, root, over, (1 / over.means[0], 1 / over.means[1]))[1][data.row]
    return with_sandwich(
        request,
        kind=kind,
        centre=contrast(request.measure, *over.means),
        means=over.means,
        influence=full[data.row],
        contributions=given[data.row],
        leverage=None if leverage is None else leverage[data.row],
        n_coefficients=len(data.names),
        log_ratio_influence=ratio,
        notes=(*notes, *wording.dispersion(fit.dispersion if model == "negative_binomial" else None)),
    )


def _without_leverage(request: Request) -> str:
    """Return the error to fall back on where somebody has leverage 1; refuse if that one was asked for by name."""
    asked = request.options.std_error
    if asked in ENLARGED:
        raise EstimationError(
            f"std_error='{asked}' cannot be given: somebody alone settles a coefficient of the model, so that outcome "
            "tells nothing of the spread. Name fewer covariates with adjust=, or use std_error='hc1'."
        )
    return "hc1"


def _check_means(measure: str, means: tuple[float, float]) -> None:
    within = min(means) > 0 and (measure != "odds_ratio" or max(means) < 1)
    if measure in RATIOS and not within:
        raise EstimationError(
            f"The mean prediction of the model is not above 0 in both groups (or not below 1), so it gives no "
            f"'{measure}'; use model='logit' for a share, or measure='risk_difference'."
        )


def average(data: RegressionData, fit: Fit, about: str) -> Averages:
    """Average the predictions with and without treatment.

    Parameters
    ----------
    data
        The people.
    fit
        Their model.
    about
        As in `averaged`.

    Returns
    -------
    Averages
    """
    among = {"ATT": data.treated, "ATC": ~data.treated}.get(about, np.ones(len(data.outcome), dtype=bool))
    held = np.where(among, data.weight * data.exposure, 0.0)
    total = float(held @ data.people)
    means, gradients, deviations = [], [], []
    for matrix in (data.with_treatment, data.without_treatment):
        predicted, steepness = link_scale(fit.model, matrix @ fit.coefficients)
        mean = float((held * data.people) @ predicted) / total
        means.append(mean)
        gradients.append(matrix.T @ (held * data.people * steepness) / total)
        deviations.append(held * (predicted - mean) / total)
    return Averages(
        means=(means[0], means[1]),
        gradients=(gradients[0], gradients[1]),
        deviations=(deviations[0], deviations[1]),
    )


def influences(
    data: RegressionData, fit: Fit, root: Floats, over: Averages, slopes: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Return what one person of each row contributes to a contrast of the averages.

    Parameters
    ----------
    data, fit, root, over
        The people, their model, the triangle of its second derivatives (`triangle`) and its averages.
    slopes
        Derivatives of the contrast by the two means (the second enters with a minus sign).

    Returns
    -------
    tuple of numpy.ndarray
        With the people averaged over taken as given, and without: the latter is the weight times the derivative of the
        contrast by it.
    """
    gradient = slopes[0] * over.gradients[0] - slopes[1] * over.gradients[1]
    direction = solved(root, gradient)
    pulls = fit.pull.slope * (data.matrix @ direction)
    if fit.nuisance_slope.size:  # the shape of a negative binomial is estimated too: its equation joins the others
        cross = data.matrix.T @ (data.mass * fit.nuisance_cross)
        through = solved(root, cross)
        along = -float(cross @ direction) / (fit.nuisance_bend - float(cross @ through))
        pulls = fit.pull.slope * (data.matrix @ (direction - along * through)) + along * fit.nuisance_slope
    given = data.weight * pulls
    return given, given + slopes[0] * over.deviations[0] - slopes[1] * over.deviations[1]


def leverages(data: RegressionData, fit: Fit, root: Floats) -> Floats:
    """Return how far one person of each row draws the prediction of that row."""
    half = solve_triangular(root, data.matrix.T, trans="T")
    return np.asarray(data.weight * fit.pull.bend * (half**2).sum(axis=0), dtype=np.float64)


def treatment_alone(request: Request) -> Estimate:
    """Estimate a rate ratio in a negative binomial model with treatment alone.

    Parameters
    ----------
    request
        The design joined to the outcome.

    Returns
    -------
    Estimate
    """
    sample = request.sample
    return averaged(request, read_data(sample, np.zeros((sample.n, 0)), ()), "negative_binomial", "ATT", ())
