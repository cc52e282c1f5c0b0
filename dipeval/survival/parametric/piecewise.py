"""Piecewise exponential models: a rate that is constant between given times and jumps at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtri

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.survival.claims import claim_of_first, coefficient_frame, ratio_table
from dipeval.survival.clusters import totals
from dipeval.survival.columns import Floats, Rows, read_rows
from dipeval.survival.curves.curve import check_level
from dipeval.survival.options import values_of
from dipeval.survival.parametric.design import (
    INTERCEPT,
    check_both_sides,
    check_covariates,
    check_names,
    error_words,
    make_part,
    sandwich,
)
from dipeval.survival.parametric.periods import Periods, check_cuts, spread
from dipeval.survival.parametric.regression import GlmFit, fit_glm

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib


def piecewise_exponential(
    data: pd.DataFrame,
    *,
    covariates: Sequence[str],
    time: str,
    event: str,
    cuts: Sequence[float],
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
    level: float = 0.95,
) -> PiecewiseModel:
    """Fit a proportional hazards model whose rate is constant between cuts.

    Parameters
    ----------
    data
        One row a person, or one a spell at risk if `entry` is named.
    covariates
        Numeric or yes/no columns.
    time, event
        Columns with the time from 0 and with 1 (event) or 0 (left observation).
    cuts
        Increasing times above 0 at which the rate may change.
    entry
        Column with the start of being at risk; at risk over (entry, time].
    weights
        Column with case weights above 0; errors are then robust, by the row of `data`.
    cluster
        One column, or a list of two, that names what belongs together; errors are then robust.
    id
        Column that names the person where people have several rows: they must not overlap, and errors are clustered by
        person unless `cluster` is named.
    level
        Coverage of the intervals.

    Returns
    -------
    PiecewiseModel
        `to_frame()` has term, estimate (log hazard ratio), std_error, conf_low, conf_high, p_value, hazard_ratio,
        hr_low, hr_high, n, n_events: the intercept (log rate in the first period), the periods, the covariates.

    Raises
    ------
    EstimationError
        If a period sees nobody at risk or no event, or a column cannot be analysed.

    Notes
    -----
    Friedman (1982), *Annals of Statistics* 10, 101-113. Fitted by statsmodels as a Poisson regression of the events in
    each period with the time at risk in it as exposure.

    Examples
    --------
    >>> from dipeval import datasets
    >>> from dipeval.survival.parametric import piecewise_exponential
    >>> model = piecewise_exponential(
    ...     datasets.rossi(), covariates=["fin"], time="weeks_to_arrest", event="arrested", cuts=[26])
    >>> model.to_frame()[["term", "estimate", "std_error", "hazard_ratio"]].round(3)
                term  estimate  std_error  hazard_ratio
    0    (Intercept)    -5.118      0.157         0.006
    1  period[26 on]     0.265      0.188         1.304
    2            fin    -0.367      0.190         0.693
    """
    check_level(level)
    names, places = check_names("covariates", covariates), check_cuts(cuts)
    rows = read_rows(
        data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, id=id, covariates=names
    )
    check_covariates(rows.covariates, names)
    check_both_sides(rows.covariates, names, rows.event, "hazard ratio")
    periods = spread(rows, places)
    _check_periods(periods, len(places) + 1)
    fit, back = _fit(rows, periods, len(places))
    bread = fit.bread
    if rows.robust:
        own = np.zeros((len(rows), len(bread)))
        own[: periods.row.max() + 1] = totals(fit.parts, periods.row)
        bread = sandwich(own, bread, rows, len(bread))
    theta = back @ fit.theta
    theta[0] -= float(np.log(periods.exposure).mean())
    return PiecewiseModel(
        covariates=names,
        cuts=tuple(float(value) for value in places),
        followed_to=float(rows.time.max()),
        robust=rows.robust,
        clustered=rows.clustered,
        weighted=rows.weighted,
        level=level,
        n=len(rows),
        n_events=int(rows.event.sum()),
        n_periods=len(periods),
        _means=np.average(rows.covariates, axis=0, weights=rows.weight),
        _theta=theta,
        _covariance=back @ bread @ back.T,
    )


def _check_periods(periods: Periods, count: int) -> None:
    events = np.bincount(periods.interval[periods.event] - 1, minlength=count)
    if (events == 0).any():
        raise EstimationError(
            f"{int((events == 0).sum())} of {count} periods see no event, so their rate has no finite logarithm: take "
            "fewer `cuts`, or cuts within the follow-up."
        )


def _fit(rows: Rows, periods: Periods, n_cuts: int) -> tuple[GlmFit, Floats]:
    import statsmodels.api as sm

    later = (periods.interval[:, None] == np.arange(2, n_cuts + 2)).astype(float)
    part = make_part(np.column_stack([later, rows.covariates[periods.row]]))
    clock = np.log(periods.exposure)
    fit = fit_glm(
        periods.event.astype(float),
        part.columns,
        sm.families.Poisson(),
        weight=rows.weight[periods.row],
        offset=clock - clock.mean(),
        what="piecewise exponential model",
    )
    return fit, part.back


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PiecewiseModel(HtmlMixin):
    """A fitted piecewise exponential model.

    Parameters
    ----------
    covariates
        In the order given.
    cuts
        Times at which the rate changes.
    followed_to
        Longest time observed.
    robust, clustered, weighted
        What the errors took into account.
    level
        Coverage of the intervals.
    n, n_events, n_periods
        Rows, events, and rows by period (never weighted).
    """

    covariates: tuple[str, ...]
    cuts: tuple[float, ...]
    followed_to: float
    robust: bool
    clustered: bool
    weighted: bool
    level: float
    n: int
    n_events: int
    n_periods: int
    _means: Floats = field(repr=False)
    _theta: Floats = field(repr=False)
    _covariance: Floats = field(repr=False)

    def __post_init__(self) -> None:
        size = len(self.terms)
        if self._theta.shape != (size,) or self._covariance.shape != (size, size):
            raise InvariantError("A piecewise exponential model does not have one coefficient a term.")
        if not (np.diag(self._covariance) > 0).all() or not np.isfinite(self._theta).all():
            raise InvariantError("A piecewise exponential model has a coefficient without a standard error.")

    @property
    def terms(self) -> tuple[str, ...]:
        """Intercept, later periods, covariates."""
        ends = [f"{start:g} to {stop:g}" for start, stop in zip(self.cuts, self.cuts[1:], strict=False)]
        return (INTERCEPT, *(f"period[{words}]" for words in [*ends, f"{self.cuts[-1]:g} on"]), *self.covariates)

    @property
    def method(self) -> str:
        """Periods, weights and errors in words."""
        words = [f"Piecewise exponential model, {len(self.cuts) + 1} periods"]
        words += ["weighted"] if self.weighted else []
        return ", ".join([*words, error_words(self.robust, self.clustered)])

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            term, estimate (log hazard ratio; for the intercept the log rate in the first period), std_error, conf_low,
            conf_high, p_value, hazard_ratio, hr_low, hr_high, n (rows), n_events.
        """
        error = np.sqrt(np.diag(self._covariance))
        frame = coefficient_frame(self.terms, self._theta, error, self.level)
        return frame.assign(n=self.n, n_events=self.n_events)

    def covariance(self) -> pd.DataFrame:
        """Return the covariance matrix of all coefficients."""
        return pd.DataFrame(self._covariance.copy(), index=list(self.terms), columns=list(self.terms))

    def rates(self, at: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Return the rate in each period.

        Parameters
        ----------
        at
            A value for every covariate; their (weighted) averages if None.

        Returns
        -------
        pandas.DataFrame
            start_days, stop_days (the last ends with the follow-up), estimate (events per unit of time), std_error,
            conf_low, conf_high (delta method, log scale).
        """
        x = self._means if at is None else values_of(at, self.covariates, all_of_them=True)
        count = len(self.cuts) + 1
        design = np.column_stack([np.ones(count), np.eye(count)[:, 1:], np.tile(x, (count, 1))])
        rate = np.exp(design @ self._theta)
        error = np.sqrt(np.einsum("ij,jk,ik->i", design, self._covariance, design))
        reach = ndtri(0.5 + self.level / 2) * error
        return pd.DataFrame(
            {
                "start_days": [0.0, *self.cuts],
                "stop_days": [*self.cuts, self.followed_to],
                "estimate": rate,
                "std_error": rate * error,
                "conf_low": rate * np.exp(-reach),
                "conf_high": rate * np.exp(reach),
            }
        )

    def summary(self) -> Summary:
        """Return the hazard ratios, the first covariate in the headline."""
        frame = self.to_frame().iloc[1:]
        own = frame.iloc[len(self.cuts) :]
        headline = claim_of_first(own, "At any time, the rate of reoffending", "hazard ratio", self.level)
        table = ratio_table(frame, "Hazard ratio", self.level)
        notes = (
            f"{self.method}; {self.n:,} rows, {self.n_events:,} events.",
            "Periods are compared with the first; the ratio of a covariate is assumed the same in all.",
        )
        return Summary(title="Hazard ratios of reoffending", headline=headline, table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the hazard ratio of every covariate with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        return coefficient_plot(self.to_frame().iloc[1 + len(self.cuts) :], ratio="Hazard ratio", ax=ax)
