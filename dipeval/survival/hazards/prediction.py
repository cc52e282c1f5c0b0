"""The share still free of the event that a Cox model predicts for given people, with log-log intervals.

Model-based errors are those of Tsiatis (1981), *Annals of Statistics* 9, 93-108, with Efron's or Breslow's terms as
the model has them. Robust errors are an infinitesimal jackknife of the whole curve: what each row, through the baseline
and through the coefficients, contributes to the cumulative hazard, squared by row, cluster or two clusterings (Reid and
Crepeau 1985, *Biometrika* 72, 1-9; Lin and Wei 1989, *JASA* 84, 1074-1078).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from dipeval.errors import EstimationError, InputError
from dipeval.survival.clusters import totals
from dipeval.survival.columns import Floats, Integers, column, numeric_column
from dipeval.survival.hazards.baseline import cell_times, follow_up
from dipeval.survival.hazards.fitting import Fit
from dipeval.survival.hazards.kernel import score_residuals
from dipeval.survival.options import finite_numbers, one_name


def predicted_survival(
    fit: Fit, people: pd.DataFrame, times: Sequence[float] | float, strata: object, level: float
) -> pd.DataFrame:
    """Return the predicted share free of the event, a row a person and time.

    Parameters
    ----------
    fit
        A fitted model.
    people
        One row a person: the covariates, the offset if the model has one, and the strata unless `strata` says which.
    times
        Times from 0 to the end of follow-up of the person's stratum.
    strata
        One stratum for all the people: its value, or a tuple of values; None reads it from `people`.
    level
        Coverage of the intervals.
    """
    if not isinstance(people, pd.DataFrame) or people.empty:
        raise InputError("`people` is a pandas DataFrame with a row a person and the model's covariates as columns.")
    asked = finite_numbers(times)
    if asked is None or not len(asked) or (asked < 0).any():
        raise EstimationError("`times` must be numbers from 0 on.")
    x, eta = _standardised_people(fit, people)
    codes = _strata_of(fit, people, strata)
    _check_follow_up(fit, codes, asked)
    hazard, error = np.empty((len(people), len(asked))), np.empty((len(people), len(asked)))
    pieces = _robust_pieces(fit) if fit.meat is not None else None
    for stratum in np.unique(codes):
        those = codes == stratum
        for j, moment in enumerate(asked):
            hazard[those, j], error[those, j] = _at(fit, pieces, _Moment.of(fit, stratum, moment), x[those], eta[those])
    return _frame(people.index, asked, hazard, error, level)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Moment:
    """Sums over the cells of one stratum up to a time."""

    upto: Floats  # 1.0 in those cells
    a: float
    b: Floats
    q: float

    @classmethod
    def of(cls, fit: Fit, stratum: int, time: float) -> _Moment:
        inside = (fit.cells.stratum == stratum) & (cell_times(fit) <= time)
        a, b, q = fit.at.a[inside].sum(), fit.at.b[inside].sum(axis=0), fit.at.q[inside].sum()
        return cls(upto=inside.astype(float), a=float(a), b=b, q=float(q))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    """What each row contributes to the standardised coefficients, with its sums of squares by clustering."""

    change: tuple[Floats, ...]
    squares: Floats


def _at(fit: Fit, pieces: _Pieces | None, now: _Moment, x: Floats, eta: Floats) -> tuple[Floats, Floats]:
    """Return cumulative hazard and the error of its logarithm for people of one stratum at one time."""
    size = np.exp(eta - fit.at.shift)
    slope = x * now.a - now.b  # how the cumulative hazard, over `size`, turns with the coefficients
    if now.a == 0:
        return np.zeros(len(x)), np.zeros(len(x))
    if pieces is None:
        variance = now.q + np.einsum("ij,jk,ik->i", slope, fit.bread, slope)
    else:
        variance = _robust_variance(fit, pieces, now, slope)
    return now.a * size, np.sqrt(variance) / now.a


def _robust_pieces(fit: Fit) -> _Pieces:
    change = (score_residuals(fit.cells, fit.x, fit.at) * fit.inside.weight[:, None]) @ fit.bread
    by = [totals(change, codes) for _, codes in fit.inside.clusterings] or [change]
    return _Pieces(change=tuple(by), squares=fit.standardised_covariance)


def _robust_variance(fit: Fit, pieces: _Pieces, now: _Moment, slope: Floats) -> Floats:
    own = _baseline_contribution(fit, now)[:, None]
    clusterings = fit.inside.clusterings
    together = [totals(own, codes)[:, 0] for _, codes in clusterings] or [own[:, 0]]
    signs = [sign for sign, _ in clusterings] or [1]
    found = [
        alone @ alone + 2 * slope @ (change.T @ alone) + np.einsum("ij,jk,ik->i", slope, change.T @ change, slope)
        for alone, change in zip(together, pieces.change, strict=True)
    ]
    variance = np.sum([sign * one for sign, one in zip(signs, found, strict=True)], axis=0)
    # As for coefficients: where two clusterings leave less than nothing, the larger of the two stands in.
    return np.where(variance > 0, variance, np.max(found[:2], axis=0))


def _baseline_contribution(fit: Fit, now: _Moment) -> Floats:
    """Return the weight of each row times the derivative of the baseline by that weight, coefficients held."""
    cells, at, weight = fit.cells, fit.at, fit.inside.weight
    spent = cells.over_time_at_risk(at.q * now.upto)
    spent[cells.died] -= (at.q_tied * now.upto)[cells.died_cell]
    out = -at.hazard * spent
    out[cells.died] += (at.a * now.upto / cells.death_weight)[cells.died_cell]
    return out * weight


def _standardised_people(fit: Fit, people: pd.DataFrame) -> tuple[Floats, Floats]:
    raw = np.column_stack([numeric_column(people, name) for name in fit.named.covariates])
    x = (raw - fit.centre) / fit.scale
    eta = x @ fit.maximum.beta
    offset = fit.named.columns.get("offset")
    return x, eta if offset is None else eta + numeric_column(people, offset)


def _strata_of(fit: Fit, people: pd.DataFrame, strata: object) -> Integers:
    known = fit.named.strata
    names = list(known.columns)
    if not names:
        if strata is not None:
            raise EstimationError("The model has no strata: leave `strata` out.")
        return np.zeros(len(people), dtype=np.int64)
    if strata is None:
        wanted = pd.DataFrame({name: column(people, name).to_numpy() for name in names})
    else:
        values = strata if isinstance(strata, tuple) else (strata,)
        if len(values) != len(names):
            raise EstimationError(f"`strata` takes one value for each of {', '.join(map(str, names))}.")
        for value in values:
            one_name("strata", value)
        wanted = pd.DataFrame(
            {name: pd.Series([value] * len(people), dtype=object) for name, value in zip(names, values, strict=True)}
        )
    place = {values: code for code, values in enumerate(known.itertuples(index=False, name=None))}
    codes = np.array([place.get(values, -1) for values in wanted.itertuples(index=False, name=None)])
    if (codes < 0).any():
        raise EstimationError(
            f"{int((codes < 0).sum())} people are in a stratum the model was not fitted on: it has no baseline hazard "
            "for them; leave them out."
        )
    return codes


def _check_follow_up(fit: Fit, codes: Integers, asked: Floats) -> None:
    ends, labels = follow_up(fit), fit.named.stratum_labels()
    for stratum in np.unique(codes):
        if asked.max() > ends[stratum]:
            where = f" in stratum {labels[stratum]}" if len(labels) > 1 else ""
            raise EstimationError(
                f"Follow-up{where} ends at {ends[stratum]:g} and a value was asked for at {asked.max():g}: ask within "
                "the follow-up; nothing is extrapolated."
            )


def _frame(index: pd.Index, asked: Floats, hazard: Floats, error: Floats, level: float) -> pd.DataFrame:
    reach = np.exp(ndtri(0.5 + level / 2) * error)
    return pd.DataFrame(
        {
            "person": np.repeat(index.to_numpy(), len(asked)),
            "time_days": np.tile(asked, len(index)),
            "estimate": np.exp(-hazard).ravel(),
            "std_error": (np.exp(-hazard) * hazard * error).ravel(),
            "conf_low": np.exp(-hazard * reach).ravel(),
            "conf_high": np.exp(-hazard / reach).ravel(),
        }
    )
