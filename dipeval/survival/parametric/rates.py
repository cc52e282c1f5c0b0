"""Rates of events with unequal exposure: negative binomial and Poisson regression, rate ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_number
from dipeval.survival.claims import claim_of_first, coefficient_frame, ratio_table
from dipeval.survival.columns import Floats, Rows, numeric_column, read_rows
from dipeval.survival.curves.curve import check_level
from dipeval.survival.options import one_of
from dipeval.survival.parametric.counting import Counts, fit_negative_binomial, fit_poisson
from dipeval.survival.parametric.design import (
    INTERCEPT,
    check_both_sides,
    check_covariates,
    check_names,
    error_words,
    make_part,
    sandwich,
)

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

RATE_FAMILIES = {"negative_binomial": "negative binomial", "poisson": "Poisson"}

RATE = ("rate_ratio", "rr_low", "rr_high")


def event_rate(
    data: pd.DataFrame,
    *,
    covariates: Sequence[str],
    events: str,
    exposure: str,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    family: str = "negative_binomial",
    level: float = 0.95,
) -> RateModel:
    """Fit a model of the number of events a person, given the time that person was at risk.

    Parameters
    ----------
    data
        One row a person.
    covariates
        Numeric or yes/no columns.
    events
        Column with the number of events: 0, 1, 2...
    exposure
        Column with the time at risk, above 0 (days free, for example).
    weights
        Column with case weights above 0; errors are then robust.
    cluster
        One column, or a list of two, that names what belongs together; errors are then robust.
    family
        "negative_binomial" (people differ in their rates) or "poisson" (errors always robust).
    level
        Coverage of the intervals.

    Returns
    -------
    RateModel
        `to_frame()` has term, estimate (log rate ratio), std_error, conf_low, conf_high, p_value, rate_ratio, rr_low,
        rr_high, n (people), n_events: the intercept (log rate per unit of exposure), then the covariates.

    Raises
    ------
    EstimationError
        If somebody has no exposure, the counts are no whole numbers, they vary no more than Poisson (negative
        binomial), or a column cannot be analysed.

    Notes
    -----
    Lawless (1987), *Canadian J. Statistics* 15, 209-225; Gardner, Mulvey and Shaw (1995), *Psychological Bulletin*
    118, 392-404. Fitted by statsmodels and polished; without weights and clusters the negative binomial's errors come
    from the full observed information (R's glm.nb holds theta fixed in them).

    Examples
    --------
    >>> import pandas as pd
    >>> from dipeval.survival.parametric import event_rate
    >>> people = pd.DataFrame({"treated": [0, 0, 0, 1, 1, 1], "offences": [0, 2, 7, 0, 1, 3],
    ...                        "days": [365, 200, 300, 365, 365, 250]})
    >>> model = event_rate(people, covariates=["treated"], events="offences", exposure="days", family="poisson")
    >>> model.to_frame()[["term", "estimate", "std_error", "rate_ratio"]].round(3)
              term  estimate  std_error  rate_ratio
    0  (Intercept)    -4.566      0.603       0.010
    1      treated    -0.936      0.873       0.392
    """
    check_level(level)
    names = check_names("covariates", covariates)
    one_of("family", family, tuple(RATE_FAMILIES))
    rows, count = _read(data, names, events, exposure, weights, cluster)
    check_covariates(rows.covariates, names)
    check_both_sides(rows.covariates, names, count > 0, "rate ratio")
    part = make_part(rows.covariates)
    unit = float(np.log(rows.time).mean())
    counts = Counts(count=count, x=part.columns, offset=np.log(rows.time) - unit, weight=rows.weight)
    fit = fit_poisson(counts) if family == "poisson" else fit_negative_binomial(counts)
    robust = rows.robust or family == "poisson"
    covariance = sandwich(fit.parts, fit.bread, rows, len(fit.bread)) if robust else fit.bread
    back = np.eye(len(fit.theta))
    back[: len(part.back), : len(part.back)] = part.back
    theta = back @ fit.theta
    theta[0] -= unit
    return RateModel(
        family=family,
        covariates=names,
        exposure=exposure,
        robust=robust,
        clustered=rows.clustered,
        weighted=rows.weighted,
        level=level,
        n=len(rows),
        n_events=int(count.sum()),
        total_exposure=float(rows.time.sum()),
        loglik=fit.loglik,
        _theta=theta,
        _covariance=back @ covariance @ back.T,
    )


def _read(
    data: pd.DataFrame,
    names: tuple[str, ...],
    events: str,
    exposure: str,
    weights: str | None,
    cluster: str | Sequence[str] | None,
) -> tuple[Rows, Floats]:
    """Return the rows in canonical order with the counts; exposure takes the place of time."""
    _check_counts(data, events, exposure)
    some = next(f"_any{number}" for number in range(len(data.columns) + 1) if f"_any{number}" not in data.columns)
    marked = data.assign(**{some: 1})
    rows = read_rows(marked, time=exposure, event=some, weights=weights, cluster=cluster, covariates=(events, *names))
    count = rows.covariates[:, 0]
    return replace(rows, covariates=rows.covariates[:, 1:]), count


def _check_counts(data: pd.DataFrame, events: str, exposure: str) -> None:
    """Refuse counts that are none, and people without time at risk."""
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"A pandas DataFrame is needed, one row a person; a {type(data).__name__} was given.")
    if data.empty:
        raise EstimationError("The table has no rows: nothing can be estimated from it.")
    counts, time = numeric_column(data, events), numeric_column(data, exposure)
    wrong = int(((counts < 0) | (counts != np.floor(counts))).sum())
    if wrong:
        raise EstimationError(
            f"Column '{events}' must hold whole numbers of events from 0; {wrong} of {len(data)} rows hold something "
            "else."
        )
    if (time <= 0).any():
        raise EstimationError(
            f"'{exposure}' is zero or negative in {int((time <= 0).sum())} of {len(data)} rows: nobody without time at "
            "risk has a rate; drop those people and count them."
        )
    if not counts.any():
        raise EstimationError(f"All {len(data)} rows have 0 in '{events}': a rate of nothing cannot be compared.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateModel(HtmlMixin):
    """A fitted model of event rates.

    Parameters
    ----------
    family
        "negative_binomial" or "poisson".
    covariates
        In the order given.
    exposure
        Column with the time at risk.
    robust, clustered, weighted
        What the errors took into account.
    level
        Coverage of the intervals.
    n, n_events, total_exposure
        People, events, and their time at risk (never weighted).
    loglik
        Log-likelihood (weighted where weights were named).
    """

    family: str
    covariates: tuple[str, ...]
    exposure: str
    robust: bool
    clustered: bool
    weighted: bool
    level: float
    n: int
    n_events: int
    total_exposure: float
    loglik: float
    _theta: Floats = field(repr=False)
    _covariance: Floats = field(repr=False)

    def __post_init__(self) -> None:
        size = 1 + len(self.covariates) + (self.family == "negative_binomial")
        if self._theta.shape != (size,) or self._covariance.shape != (size, size):
            raise InvariantError("A rate model does not have one coefficient a term.")
        if not (np.diag(self._covariance) > 0).all() or not np.isfinite(self._theta).all():
            raise InvariantError("A rate model has a coefficient without a standard error.")

    @property
    def theta(self) -> float:
        """Size of the negative binomial (variance: mean + mean^2 / theta); infinite for Poisson."""
        return float(np.exp(self._theta[-1])) if self.family == "negative_binomial" else float("inf")

    @property
    def alpha(self) -> float:
        """Overdispersion, 1 / theta; 0 for Poisson."""
        return 1 / self.theta

    @property
    def _words(self) -> str:
        words = RATE_FAMILIES[self.family]
        return words[0].upper() + words[1:]

    @property
    def method(self) -> str:
        """Family, weights and errors in words."""
        words = [f"{self._words} regression with offset log({self.exposure})"]
        words += ["weighted"] if self.weighted else []
        return ", ".join([*words, error_words(self.robust, self.clustered)])

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            term, estimate (log rate ratio; for the intercept the log rate per unit of exposure), std_error, conf_low,
            conf_high, p_value, rate_ratio, rr_low, rr_high, n (people), n_events.
        """
        own = slice(0, 1 + len(self.covariates))
        estimate, error = self._theta[own], np.sqrt(np.diag(self._covariance))[own]
        frame = coefficient_frame((INTERCEPT, *self.covariates), estimate, error, self.level, columns=RATE)
        return frame.assign(n=self.n, n_events=self.n_events)

    def covariance(self) -> pd.DataFrame:
        """Return the covariance matrix of the coefficients (and of log theta)."""
        names = [INTERCEPT, *self.covariates, *(["log_theta"] if self.family == "negative_binomial" else [])]
        return pd.DataFrame(self._covariance.copy(), index=names, columns=names)

    def summary(self) -> Summary:
        """Return the rate ratios, the first covariate in the headline."""
        frame = self.to_frame().iloc[1:]
        headline = claim_of_first(frame, "The rate of reoffending per time at risk", "rate ratio", self.level, RATE)
        table = ratio_table(frame, "Rate ratio", self.level, RATE)
        spread = f" Theta {format_number(self.theta)}." if self.family == "negative_binomial" else ""
        notes = (
            f"{self.method}; {self.n:,} people, {self.n_events:,} events, {format_number(self.total_exposure, 0)} "
            f"units of exposure.{spread}",
            "All events of a person count, not the first alone.",
        )
        return Summary(title="Rate ratios of reoffending", headline=headline, table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the rate ratio of every covariate with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        return coefficient_plot(self.to_frame().iloc[1:], ratio="Rate ratio", ax=ax)
