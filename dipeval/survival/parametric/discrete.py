"""Discrete-time models: the chance of reoffending in each interval among those still free, by regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.survival.claims import RATIO, claim_of_first, coefficient_frame, ratio_table
from dipeval.survival.clusters import totals
from dipeval.survival.columns import Floats, Rows, read_rows
from dipeval.survival.curves.curve import check_level
from dipeval.survival.options import is_number, is_whole, one_of, values_of
from dipeval.survival.parametric.design import (
    INTERCEPT,
    check_both_sides,
    check_covariates,
    check_names,
    error_words,
    make_part,
    sandwich,
)
from dipeval.survival.parametric.periods import Periods, regular_cuts, spread
from dipeval.survival.parametric.regression import GlmFit, fit_glm, natural_spline

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

LINKS = {"logit": "odds ratio", "cloglog": "hazard ratio"}
_MOST_KNOTS = 50


def discrete_time(
    data: pd.DataFrame,
    *,
    covariates: Sequence[str],
    time: str,
    event: str,
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
    link: str = "logit",
    width: float = 1,
    knots: int = 3,
    level: float = 0.95,
) -> DiscreteTimeModel:
    """Fit a discrete-time model: one row a person and interval at risk, a smooth course of time, and covariates.

    Parameters
    ----------
    data
        One row a person, or one a spell at risk if `entry` is named.
    covariates
        Numeric or yes/no columns.
    time, event
        Columns with the time from 0 and with 1 (event) or 0 (left observation).
    entry
        Column with the start of being at risk; at risk over (entry, time]. An interval entered or left halfway counts
        as one.
    weights
        Column with case weights above 0; errors are then robust, by the row of `data`.
    cluster
        One column, or a list of two, that names what belongs together; errors are then robust.
    id
        Column that names the person where people have several rows: they must not overlap, and errors are clustered by
        person unless `cluster` is named.
    link
        "logit" (odds ratios) or "cloglog" (hazard ratios of a proportional hazards model in grouped time).
    width
        Length of an interval, in the unit of `time`.
    knots
        Degrees of freedom of the natural cubic spline of time, 1 (a straight line) or more.
    level
        Coverage of the intervals.

    Returns
    -------
    DiscreteTimeModel
        `to_frame()` has term, estimate (log odds or hazard ratio), std_error, conf_low, conf_high, p_value, ratio,
        ratio_low, ratio_high, n, n_events; `hazard()` the course of time.

    Raises
    ------
    EstimationError
        If the model does not settle, there are too few intervals for the spline, or a column cannot be analysed.

    Notes
    -----
    Allison (1982), *Sociological Methodology* 13, 61-98; Prentice and Gloeckler (1978), *Biometrics* 34, 57-67. Fitted
    by statsmodels; inner knots at quantiles of the intervals at risk, outer knots at the first and the last.

    Examples
    --------
    >>> from dipeval import datasets
    >>> from dipeval.survival.parametric import discrete_time
    >>> model = discrete_time(
    ...     datasets.rossi(), covariates=["fin", "age", "prio"], time="weeks_to_arrest", event="arrested")
    >>> model.to_frame()[["term", "estimate", "std_error", "ratio"]].round(3)
       term  estimate  std_error  ratio
    0   fin    -0.349      0.191  0.705
    1   age    -0.067      0.021  0.935
    2  prio     0.098      0.027  1.103
    """
    check_level(level)
    names = check_names("covariates", covariates)
    _check_options(link, width, knots)
    rows = read_rows(
        data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, id=id, covariates=names
    )
    check_covariates(rows.covariates, names)
    check_both_sides(rows.covariates, names, rows.event, LINKS[link])
    cuts = regular_cuts(rows, float(width))
    periods = spread(rows, cuts)
    places = _places(periods, knots)
    fit, back = _fit(rows, periods, places, link)
    bread = back @ fit.bread @ back.T
    if rows.robust:
        own = np.zeros((len(rows), len(bread)))
        own[: periods.row.max() + 1] = totals(fit.parts, periods.row)
        covariance = back @ sandwich(own, fit.bread, rows, len(bread)) @ back.T
    else:
        covariance = bread
    return DiscreteTimeModel(
        link=link,
        covariates=names,
        width=float(width),
        n_intervals=len(cuts),
        robust=rows.robust,
        clustered=rows.clustered,
        weighted=rows.weighted,
        level=level,
        n=len(rows),
        n_events=int(rows.event.sum()),
        n_periods=len(periods),
        deviance=fit.deviance,
        _places=places,
        _seen=(int(periods.interval.min()), int(periods.interval.max())),
        _means=np.average(rows.covariates, axis=0, weights=rows.weight),
        _theta=back @ fit.theta,
        _covariance=covariance,
    )


def _check_options(link: object, width: object, knots: object) -> None:
    one_of("link", link, tuple(LINKS))
    if not is_number(width) or not 0 < width < np.inf:  # type: ignore[operator]
        raise EstimationError("`width` is the length of an interval, a number above 0 in the unit of the time.")
    if not is_whole(knots, 1, _MOST_KNOTS):
        raise EstimationError(
            f"`knots` is the spline's degrees of freedom, a whole number from 1 to {_MOST_KNOTS}: 3, for example."
        )


def _places(periods: Periods, knots: int) -> tuple[float, ...]:
    """Return the knots: inner ones at quantiles of the intervals at risk, outer ones at the first and the last."""
    inner = np.quantile(periods.interval, np.arange(1, knots) / knots) if knots > 1 else np.empty(0)
    places = np.concatenate([[periods.interval.min()], inner, [periods.interval.max()]])
    if (np.diff(places) <= 0).any():
        raise EstimationError(
            f"{len(np.unique(periods.interval))} intervals are too few for a spline with {knots} degrees of freedom: "
            "take fewer `knots`, or a smaller `width`."
        )
    return tuple(float(value) for value in places)


def _fit(rows: Rows, periods: Periods, places: tuple[float, ...], link: str) -> tuple[GlmFit, Floats]:
    import statsmodels.api as sm

    links = {"logit": sm.families.links.Logit(), "cloglog": sm.families.links.CLogLog()}
    course = natural_spline(periods.interval.astype(float), places)
    part = make_part(np.column_stack([course, rows.covariates[periods.row]]))
    fit = fit_glm(
        periods.event.astype(float),
        part.columns,
        sm.families.Binomial(link=links[link]),
        weight=rows.weight[periods.row],
        offset=None,
        what="discrete-time model",
    )
    return fit, part.back


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiscreteTimeModel(HtmlMixin):
    """A fitted discrete-time model.

    Parameters
    ----------
    link
        "logit" or "cloglog".
    covariates
        In the order given.
    width, n_intervals
        Length of an interval and how many cover the follow-up.
    robust, clustered, weighted
        What the errors took into account.
    level
        Coverage of the intervals.
    n, n_events, n_periods
        Rows, events, and rows by interval (never weighted).
    deviance
        Minus twice the log-likelihood (weighted where weights were named).
    """

    link: str
    covariates: tuple[str, ...]
    width: float
    n_intervals: int
    robust: bool
    clustered: bool
    weighted: bool
    level: float
    n: int
    n_events: int
    n_periods: int
    deviance: float
    _places: tuple[float, ...] = field(repr=False)
    _seen: tuple[int, int] = field(repr=False)
    _means: Floats = field(repr=False)
    _theta: Floats = field(repr=False)
    _covariance: Floats = field(repr=False)

    def __post_init__(self) -> None:
        size = len(self._places) + len(self.covariates)
        if self._theta.shape != (size,) or self._covariance.shape != (size, size):
            raise InvariantError("A discrete-time model does not have one coefficient a term.")
        if not (np.diag(self._covariance) > 0).all() or not np.isfinite(self._theta).all():
            raise InvariantError("A discrete-time model has a coefficient without a standard error.")

    @property
    def method(self) -> str:
        """Link, weights and errors in words."""
        words = [f"Discrete-time model, {self.link} link, natural cubic spline of time ({len(self._places) - 1} df)"]
        words += ["weighted"] if self.weighted else []
        return ", ".join([*words, error_words(self.robust, self.clustered)])

    def to_frame(self) -> pd.DataFrame:
        """Return the covariates' coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            term, estimate (log odds ratio, or log hazard ratio with "cloglog"), std_error, conf_low, conf_high,
            p_value, ratio, ratio_low, ratio_high, n (rows), n_events. The course of time, which depends on the spline's
            columns, is in `hazard`.
        """
        own = slice(len(self._places), None)
        estimate, error = self._theta[own], np.sqrt(np.diag(self._covariance))[own]
        frame = coefficient_frame(self.covariates, estimate, error, self.level, columns=RATIO)
        return frame.assign(n=self.n, n_events=self.n_events)

    def covariance(self) -> pd.DataFrame:
        """Return the covariance matrix of all coefficients: intercept, columns of the spline, covariates."""
        names = [INTERCEPT, *(f"time[{number}]" for number in range(1, len(self._places))), *self.covariates]
        return pd.DataFrame(self._covariance.copy(), index=names, columns=names)

    def hazard(self, at: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Return the chance of reoffending in each interval among those still free at its start.

        Parameters
        ----------
        at
            A value for every covariate; their (weighted) averages if None.

        Returns
        -------
        pandas.DataFrame
            interval (from 1), time_days (its end), estimate (chance), std_error, conf_low, conf_high (delta method on
            the scale of the link), share_free (product of the chances of staying free so far).
        """
        x = self._means if at is None else self._values(at)
        interval = np.arange(self._seen[0], self._seen[1] + 1)
        course = natural_spline(interval.astype(float), self._places)
        design = np.column_stack([np.ones(len(interval)), course, np.tile(x, (len(interval), 1))])
        predictor = design @ self._theta
        error = np.sqrt(np.einsum("ij,jk,ik->i", design, self._covariance, design))
        reach = ndtri(0.5 + self.level / 2) * error
        chance = self._chance(predictor)
        slope = chance * (1 - chance) if self.link == "logit" else (1 - chance) * np.exp(predictor)
        return pd.DataFrame(
            {
                "interval": interval,
                "time_days": interval * self.width,
                "estimate": chance,
                "std_error": slope * error,
                "conf_low": self._chance(predictor - reach),
                "conf_high": self._chance(predictor + reach),
                "share_free": np.cumprod(1 - chance),
            }
        )

    def _chance(self, predictor: Floats) -> Any:
        return expit(predictor) if self.link == "logit" else -np.expm1(-np.exp(np.minimum(predictor, 30.0)))

    def _values(self, at: Mapping[str, float]) -> Floats:
        return values_of(at, self.covariates, all_of_them=True)

    def summary(self) -> Summary:
        """Return the ratios, the first covariate in the headline."""
        frame, kind = self.to_frame(), LINKS[self.link]
        what, verb = ("odds", "were") if self.link == "logit" else ("rate", "was")
        headline = claim_of_first(
            frame, f"In any interval, the {what} of reoffending", kind, self.level, RATIO, verb=verb
        )
        table = ratio_table(frame, kind.capitalize(), self.level, RATIO)
        notes = (
            f"{self.method}; {self.n:,} rows, {self.n_events:,} events, {self.n_periods:,} rows by interval of width "
            f"{self.width:g}.",
            "The ratio is assumed the same in every interval. An interval entered or left halfway counts as one.",
        )
        return Summary(title="Reoffending by interval", headline=headline, table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ratio of every covariate with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        return coefficient_plot(self.to_frame(), ratio=LINKS[self.link].capitalize(), ax=ax)
