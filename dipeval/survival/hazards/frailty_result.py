"""A Cox model with frailties as users see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc, gammainc, gammaincinv, ndtr, ndtri

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_p
from dipeval.survival.claims import claim_of_first, ratio_table
from dipeval.survival.columns import Floats, Integers

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

RATIO = "Hazard ratio"
_FEW = 20  # groups
_FEW_WITH_EVENTS = 10
_FEW_A_STRATUM = 10  # each stratum's baseline takes up one group's worth of the differences, so a tenth of them here
_ROUNDING = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrailtyModel(HtmlMixin):
    """A fitted Cox model with a gamma frailty a group.

    Parameters
    ----------
    terms
        Covariates, in the order given.
    group
        Column that names what shares a frailty.
    ties
        "efron" or "breslow".
    stratified, groups_a_stratum
        Whether strata have baselines of their own, and the mean number of groups in one.
    level
        Coverage of the intervals.
    n, n_groups, n_events
        Rows, groups and events.
    theta, theta_low, theta_high
        Variance of the frailties and its profile-likelihood limits; the upper one may be infinite.
    loglik, loglik_cox
        Log-likelihood with the frailties integrated out, at the estimate and without frailties.
    """

    terms: tuple[str, ...]
    group: str
    ties: str
    stratified: bool
    groups_a_stratum: float
    level: float
    n: int
    n_groups: int
    n_events: int
    theta: float
    theta_low: float
    theta_high: float
    loglik: float
    loglik_cox: float
    _beta: Floats = field(repr=False)
    _covariance: Floats = field(repr=False)
    _log_frailties: Floats = field(repr=False)
    _events: Floats = field(repr=False)
    _expected: Floats = field(repr=False)
    _rows: Integers = field(repr=False)
    _labels: Integers = field(repr=False)

    def __post_init__(self) -> None:
        size = len(self.terms)
        if self._beta.shape != (size,) or self._covariance.shape != (size, size):
            raise InvariantError("A model with frailties does not have one coefficient a covariate.")
        if not (np.diag(self._covariance) > 0).all() or not np.isfinite(self._beta).all():
            raise InvariantError("A model with frailties has a coefficient without a standard error.")
        if not 0 <= self.theta_low <= self.theta <= self.theta_high or not np.isfinite(self.theta):
            raise InvariantError("The variance of the frailties is negative or outside its interval.")
        if self.loglik < self.loglik_cox - _ROUNDING * (1 + abs(self.loglik_cox)):
            raise InvariantError("A model with frailties fits worse than the Cox model without.")
        if int(self._events.sum()) != self.n_events or int(self._rows.sum()) != self.n:
            raise InvariantError("A model with frailties has lost or doubled rows or events.")
        if abs(np.exp(self._log_frailties).mean() - 1) > 1e-6:
            raise InvariantError("The predicted frailties do not average 1.")

    @property
    def method(self) -> str:
        """Model, ties, strata and errors in words."""
        words = [f"Cox model with a gamma frailty for each '{self.group}', {self.ties.capitalize()} ties"]
        words += ["stratified"] if self.stratified else []
        return ", ".join([*words, "standard errors of the integrated likelihood"])

    @property
    def statistic(self) -> float:
        """Likelihood-ratio statistic of the model without frailties, that is of a variance of 0."""
        return max(0.0, 2 * (self.loglik - self.loglik_cox)) if self.theta > 0 else 0.0

    @property
    def p_value(self) -> float:
        """Half the p-value of a chi-square with 1 degree of freedom: a variance cannot lie below 0."""
        return float(chdtrc(1, self.statistic)) / 2 if self.statistic > 0 else 1.0

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            term, estimate (log hazard ratio at the same frailty), std_error, conf_low, conf_high, p_value,
            hazard_ratio, hr_low, hr_high, n (rows), n_groups, n_events.
        """
        error = np.sqrt(np.diag(self._covariance))
        reach = ndtri(0.5 + self.level / 2) * error
        low, high = self._beta - reach, self._beta + reach
        return pd.DataFrame(
            {
                "term": self.terms,
                "estimate": self._beta,
                "std_error": error,
                "conf_low": low,
                "conf_high": high,
                "p_value": 2 * ndtr(-np.abs(self._beta / error)),
                "hazard_ratio": np.exp(self._beta),
                "hr_low": np.exp(low),
                "hr_high": np.exp(high),
                "n": self.n,
                "n_groups": self.n_groups,
                "n_events": self.n_events,
            }
        )

    def covariance(self) -> pd.DataFrame:
        """Return the covariance matrix of the log hazard ratios."""
        return pd.DataFrame(self._covariance, index=list(self.terms), columns=list(self.terms))

    def variance(self) -> pd.DataFrame:
        """Return how far groups differ, in one row.

        Returns
        -------
        pandas.DataFrame
            estimate (variance of the frailties, whose mean is 1), conf_low, conf_high (profile likelihood), statistic
            (likelihood ratio against 0), p_value (of the even mixture of 0 and a chi-square with 1 degree of freedom),
            top_tenth (share of the events the most prone tenth of groups would have, all else alike), n_groups,
            n_events.
        """
        return pd.DataFrame(
            {
                "estimate": [self.theta],
                "conf_low": [self.theta_low],
                "conf_high": [self.theta_high],
                "statistic": [self.statistic],
                "p_value": [self.p_value],
                "top_tenth": [_top_tenth(self.theta)],
                "n_groups": [self.n_groups],
                "n_events": [self.n_events],
            }
        )

    def frailties(self) -> pd.DataFrame:
        """Return the predicted frailty of every group: **where groups are people this is a personal score**.

        Each is drawn towards 1 by how little is known of the group, and its interval is wide for most. It is there to
        check the model; it is no ground for a decision about a person, and belongs in no report: a row names its group.

        Returns
        -------
        pandas.DataFrame
            group, estimate (mean of the frailty given what the group did; 1 is average), std_error, conf_low, conf_high
            (of its gamma distribution), n (rows), n_events, expected_events (of a group like it of average frailty).
        """
        estimate = np.exp(self._log_frailties)
        error, low, high = np.zeros_like(estimate), estimate, estimate
        if self.theta > 0:
            shape, rate = 1 / self.theta + self._events, 1 / self.theta + self._expected
            error = np.sqrt(shape) / rate
            low, high = (gammaincinv(shape, 0.5 + side * self.level / 2) / rate for side in (-1, 1))
        return pd.DataFrame(
            {
                "group": self._labels,
                "estimate": estimate,
                "std_error": error,
                "conf_low": low,
                "conf_high": high,
                "n": self._rows,
                "n_events": self._events.astype(np.int64),
                "expected_events": self._expected,
            }
        )

    def summary(self) -> Summary:
        """Return the hazard ratios at the same frailty, the first term in the headline, and how far groups differ."""
        frame = self.to_frame()
        return Summary(
            title="Hazard ratios among the equally prone",
            headline=claim_of_first(
                frame, f"The rate of reoffending at the same frailty of '{self.group}'", RATIO, self.level
            ),
            table=ratio_table(frame, RATIO, self.level),
            notes=self._notes(),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the hazard ratio of every term with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        return coefficient_plot(self.to_frame(), ratio=RATIO, ax=ax)

    def _notes(self) -> tuple[str, ...]:
        return (
            f"{self.method}; {self.n:,} rows, {self.n_groups:,} groups, {self.n_events:,} events; nobody was dropped.",
            "A ratio compares people of the same frailty (conditional). Where the first event ends the time at risk, "
            "the ratio in the population as a whole (marginal) lies nearer to 1, since the most prone leave first; "
            "where people stay at risk for further events, the ratio of mean rates is the same.",
            self._variance_words(),
            "Frailties are taken to have nothing to do with the terms: people who were treated because they were more "
            "prone than the terms show are not allowed for. Standard errors take the variance of frailties as found.",
            *self._cautions(),
        )

    def _cautions(self) -> list[str]:
        """Say where the data are too thin for what is asked of them."""
        found = []
        if self.n_groups < _FEW or (self._events > 0).sum() < _FEW_WITH_EVENTS:
            found.append(
                f"Few groups are behind this (fewer than {_FEW}, or fewer than {_FEW_WITH_EVENTS} with an event): how "
                "far groups differ then leans on the gamma distribution."
            )
        if self.stratified and self.groups_a_stratum < _FEW_A_STRATUM:
            found.append(
                f"Strata hold {format_number(self.groups_a_stratum, 1)} groups on average: their baselines take up "
                "part of the differences between groups, so the variance of the frailties is estimated too low."
            )
        return found

    def _variance_words(self) -> str:
        percent = round(100 * self.level)
        if np.isfinite(self.theta_high):
            interval = f"{percent}% interval {format_interval(self.theta_low, self.theta_high)}, profile likelihood"
        else:
            interval = (
                f"{percent}% interval from {format_number(self.theta_low)} without an upper limit, profile likelihood"
            )
        if self.theta == 0:
            return (
                "Events were not seen to cluster in groups beyond chance: the variance of the frailties is estimated "
                f"at 0 ({interval}), and the hazard ratios are those of the Cox model. A variance up to the upper "
                "limit is not ruled out."
            )
        return (
            f"Frailties differ with a variance of {format_number(self.theta)} ({interval}): all else alike, the most "
            f"prone tenth of groups would have {format_number(100 * _top_tenth(self.theta), 0)}% of the events. Test "
            f"against a variance of 0: p {format_p(self.p_value)} (likelihood ratio {format_number(self.statistic)}, "
            "half a chi-square's p-value)."
        )


def _top_tenth(theta: float) -> float:
    """Share of a gamma distribution's total that lies above its 90th percentile."""
    if theta == 0:
        return 0.1
    shape = 1 / theta
    return float(1 - gammainc(shape + 1, gammaincinv(shape, 0.9)))
