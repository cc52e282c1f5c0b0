"""The likelihood of waiting times in three predictors: whether ever (log-odds), location, and log scale.

Each row adds the log density at an event, the log survival at a censored time, and takes away the log survival at a
late entry (left truncation). In a split population the survival is 1 - p + p S, with p the share who ever have the
event (Schmidt and Witte 1988); without that part p is 1. Derivatives are analytic. Everything is a sum over rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from dipeval.survival.columns import Flags, Floats
from dipeval.survival.parametric.families import Family

_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictors:
    """A row's log-likelihood with its slopes and curvatures in the predictors (ever, location, log scale).

    Parameters
    ----------
    value
        One number a row.
    slope
        Rows by predictors.
    curvature
        For each pair of predictors (i <= j), one number a row.
    """

    value: Floats
    slope: Floats
    curvature: dict[tuple[int, int], Floats]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """What was seen: log times, events, log entries (minus infinity: from the start) and weights."""

    log_time: Floats
    event: Flags
    log_entry: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """A log-likelihood with its slope, its information, and what each row adds to the slope (unweighted)."""

    loglik: float
    score: Floats
    information: Floats
    by_row: Predictors


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Point:
    """A term of z and of the log-odds of ever, with its derivatives."""

    value: Floats
    z: Floats
    zz: Floats
    e: Any = 0.0
    ez: Any = 0.0
    ee: Any = 0.0


def log_survival(family: Family, z: Floats, ever: Floats | None) -> _Point:
    """Return log(1 - p + p S(z)) and its derivatives in z and in the log-odds of p; log S(z) without a split."""
    value, slope, curvature = family.log_survival(z)
    if ever is None:
        return _Point(value=value, z=slope, zz=curvature)
    share = expit(ever)
    still = expit(ever + value)  # the share who will yet have the event, among those who have not had it
    spread = still * (1 - still)
    return _Point(
        value=np.logaddexp(-np.logaddexp(0.0, ever), value - np.logaddexp(0.0, -ever)),
        z=still * slope,
        zz=spread * slope**2 + still * curvature,
        e=still - share,
        ez=spread * slope,
        ee=spread - share * (1 - share),
    )


def _log_density(family: Family, z: Floats, ever: Floats | None) -> _Point:
    value, slope, curvature = family.log_density(z)
    if ever is None:
        return _Point(value=value, z=slope, zz=curvature)
    share = expit(ever)
    return _Point(
        value=value - np.logaddexp(0.0, -ever),
        z=slope,
        zz=curvature,
        e=1 - share,
        ez=0.0,
        ee=-share * (1 - share),
    )


def chain(point: _Point, z: Floats, scale: Floats) -> Predictors:
    """Turn derivatives in z into derivatives in the location and the log scale."""
    shape = z.shape
    curvature = {
        (0, 0): np.broadcast_to(point.ee, shape),
        (0, 1): -point.ez / scale,
        (0, 2): -point.ez * z,
        (1, 1): point.zz / scale**2,
        (1, 2): (point.zz * z + point.z) / scale,
        (2, 2): point.zz * z**2 + point.z * z,
    }
    slope = np.column_stack([np.broadcast_to(point.e, shape), -point.z / scale, -point.z * z])
    return Predictors(value=point.value, slope=slope, curvature=curvature)


def by_row(family: Family, sample: Sample, ever: Floats | None, location: Floats, log_scale: Floats) -> Predictors:
    """Return what each row adds to the log-likelihood at given predictors, with derivatives."""
    n = len(sample.log_time)
    value, slope = np.zeros(n), np.zeros((n, 3))
    curvature = {pair: np.zeros(n) for pair in _PAIRS}
    scale = np.exp(log_scale)
    late = np.isfinite(sample.log_entry)
    for rows, times, term, sign in (
        (sample.event, sample.log_time, _log_density, 1),
        (~sample.event, sample.log_time, log_survival, 1),
        (late, sample.log_entry, log_survival, -1),
    ):
        if not rows.any():
            continue
        z = (times[rows] - location[rows]) / scale[rows]
        found = chain(term(family, z, None if ever is None else ever[rows]), z, scale[rows])
        value[rows] += sign * found.value
        slope[rows] += sign * found.slope
        for pair, numbers in found.curvature.items():
            curvature[pair][rows] += sign * numbers
    value[sample.event] -= log_scale[sample.event] + sample.log_time[sample.event]
    slope[sample.event, 2] -= 1.0
    return Predictors(value=value, slope=slope, curvature=curvature)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likelihood:
    """The log-likelihood as a function of one vector: the coefficients of every part, one after the other.

    Parameters
    ----------
    family
        Distribution of the log time.
    sample
        What was seen.
    ever, location, log_scale
        Columns of each part, rows by terms; no columns for `ever` where everybody has the event in the end, none for
        `log_scale` where the scale is 1.
    """

    family: Family
    sample: Sample
    ever: Floats
    location: Floats
    log_scale: Floats

    @property
    def designs(self) -> tuple[Floats, Floats, Floats]:
        """The three parts in the order of the vector."""
        return self.ever, self.location, self.log_scale

    def split(self, theta: Floats) -> Sequence[Floats]:
        """Return the coefficients part by part."""
        first = self.ever.shape[1]
        return theta[:first], theta[first : first + self.location.shape[1]], theta[first + self.location.shape[1] :]

    def rows(self, theta: Floats) -> Predictors:
        """Return what each row adds."""
        ever, location, scale = (part @ own for part, own in zip(self.designs, self.split(theta), strict=True))
        return by_row(self.family, self.sample, ever if self.ever.shape[1] else None, location, scale)

    def parts(self, found: Predictors) -> Floats:
        """Return what each row adds to the slope, rows by coefficients, not weighted."""
        return np.hstack([part * found.slope[:, [k]] for k, part in enumerate(self.designs)])

    def evaluate(self, theta: Floats) -> Evaluation:
        """Return value, slope and information at a vector."""
        found, weight = self.rows(theta), self.sample.weight
        score = np.concatenate([part.T @ (weight * found.slope[:, k]) for k, part in enumerate(self.designs)])
        edges = np.cumsum([0, *(part.shape[1] for part in self.designs)])
        information = np.zeros((edges[-1], edges[-1]))
        for i, j in _PAIRS:
            block = self.designs[i].T @ (self.designs[j] * (-weight * found.curvature[i, j])[:, None])
            information[edges[i] : edges[i + 1], edges[j] : edges[j + 1]] = block
            information[edges[j] : edges[j + 1], edges[i] : edges[i + 1]] = block.T
        return Evaluation(
            loglik=float(weight @ found.value),
            score=score,
            information=(information + information.T) / 2,
            by_row=found,
        )
