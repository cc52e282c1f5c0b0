"""Maximum likelihood of an accelerated failure time model, from checked rows to coefficients on the caller's scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats, Rows
from dipeval.survival.parametric.climbing import Peak, climb
from dipeval.survival.parametric.design import make_part, sandwich
from dipeval.survival.parametric.families import Family
from dipeval.survival.parametric.likelihood import Likelihood, Sample


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Coefficients on the caller's scale, part by part, with their covariance."""

    theta: Floats
    covariance: Floats
    loglik: float


def sample_of(rows: Rows, shift: float) -> Sample:
    """Return what was seen, log times counted from `shift`; entry at 0 or before is from the start."""
    with np.errstate(divide="ignore"):
        entry = np.log(np.maximum(rows.entry, 0.0)) - shift
    return Sample(log_time=np.log(rows.time) - shift, event=rows.event, log_entry=entry, weight=rows.weight)


def scale_columns(rows: Rows, family: Family) -> Floats:
    """Return a 0/1 column a stratum for its log scale; no column where the scale is 1."""
    if not family.has_scale:
        return np.empty((len(rows), 0))
    return (rows.stratum[:, None] == np.arange(int(rows.stratum.max()) + 1)).astype(float)


def fit_accelerated(rows: Rows, family: Family, robust: bool) -> Fit:
    """Climb from least squares on the log times, which ignores that some are censored."""
    shift = float(np.log(rows.time).mean())
    part = make_part(rows.covariates)
    likelihood = Likelihood(
        family=family,
        sample=sample_of(rows, shift),
        ever=np.empty((len(rows), 0)),
        location=part.columns,
        log_scale=scale_columns(rows, family),
    )
    peak = climb(likelihood.evaluate, _start(likelihood), float(rows.weight.sum()))
    if not peak.settled:
        raise EstimationError(
            f"The {family.words} model of {len(rows)} rows with {int(rows.event.sum())} events has no finite maximum: "
            "leave out covariates that tell perfectly who has the event late, or use fewer covariates or strata."
        )
    back = np.eye(len(peak.theta))
    back[: len(part.back), : len(part.back)] = part.back
    theta = back @ peak.theta
    theta[0] += shift
    return Fit(
        theta=theta,
        covariance=back @ covariance_of(likelihood, peak, rows, robust) @ back.T,
        loglik=peak.at.loglik - shift * float(rows.weight[rows.event].sum()),
    )


def covariance_of(likelihood: Likelihood, peak: Peak, rows: Rows, robust: bool) -> Floats:
    """Return the covariance at a maximum: the inverse information, or the sandwich."""
    bread = np.linalg.inv(peak.at.information)
    if not robust:
        return bread
    parts = likelihood.parts(peak.at.by_row) * rows.weight[:, None]
    return sandwich(parts, bread, rows, len(bread))


def _start(likelihood: Likelihood) -> Floats:
    sample, x = likelihood.sample, likelihood.location
    root = np.sqrt(sample.weight)
    slope = np.linalg.lstsq(x * root[:, None], sample.log_time * root, rcond=None)[0]
    left = sample.log_time - x @ slope
    spread = np.sqrt(np.average(left**2, weights=sample.weight))
    log_scale = np.full(likelihood.log_scale.shape[1], np.log(spread) if spread > 1e-8 else 0.0)
    return np.concatenate([slope, log_scale])
