"""Split populations: some people never reoffend, and covariates may change who ever does, how soon, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_percent
from dipeval.survival.claims import RATIO, coefficient_frame, ratio_table
from dipeval.survival.columns import Floats, Rows, read_rows
from dipeval.survival.curves.curve import check_level, kaplan_meier
from dipeval.survival.parametric.design import (
    INTERCEPT,
    check_both_sides,
    check_covariates,
    check_names,
    error_words,
    of_people,
    use_robust,
)
from dipeval.survival.parametric.families import FAMILIES, get_family
from dipeval.survival.parametric.prediction import check_times, survival_frame
from dipeval.survival.parametric.splitting import average_curve, fit_split, mean_share
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

LEVELLED_OFF = 0.9  # where fewer of those who ever will have been seen to, most of the rest is the family's guess


def split_population(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    ever: Sequence[str] = (),
    timing: Sequence[str] = (),
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
    strata: str | Sequence[str] | None = None,
    family: str = "lognormal",
    robust: bool | None = None,
    level: float = 0.95,
) -> SplitPopulation:
    """Fit a split population model: the share who ever reoffend (logit), and when, among those who do.

    Parameters
    ----------
    data
        One row a person.
    time, event
        Columns with the time from 0 and with 1 (event) or 0 (left observation).
    ever
        Numeric or yes/no columns for whether a person ever reoffends; none for one share for all.
    timing
        Columns for how soon, among those who ever do.
    entry
        Column with the start of being at risk (left truncation); at risk over (entry, time].
    weights
        Column with case weights above 0.
    cluster
        One column, or a list of two such as ['pair', 'person'], that names what belongs together.
    id
        Column that names the person where people have several rows: they must not overlap, and errors are clustered by
        person unless `cluster` is named.
    strata
        Not offered: the share and a scale a stratum cannot be told apart. Put the column into `ever` and `timing`.
    family
        "lognormal", "weibull", "loglogistic" or "exponential": distribution of the time among those who ever do.
    robust
        Robust (sandwich) standard errors; by default when weights or clusters are named.
    level
        Coverage of the intervals.

    Returns
    -------
    SplitPopulation
        `to_frame()` has part ("ever", "timing", "scale"), term, estimate, std_error, conf_low, conf_high, p_value,
        ratio, ratio_low, ratio_high, n, n_events; `share_ever` has the share with its interval.

    Raises
    ------
    EstimationError
        If the share runs to 1 or 0, the likelihood has no maximum, or a column cannot be analysed.

    Notes
    -----
    Schmidt and Witte (1988), *Predicting Recidivism Using Survival Models*, Springer; Chung, Schmidt and Witte
    (1991), *J. Quantitative Criminology* 7, 59-98. Maximum likelihood from several starting values, the best kept.

    Examples
    --------
    >>> from dipeval import datasets
    >>> from dipeval.survival.parametric import split_population
    >>> model = split_population(datasets.recid(), time="months_to_return", event="returned")
    >>> model.share_ever[["estimate", "conf_low", "conf_high"]].round(3)
       estimate  conf_low  conf_high
    0      0.46     0.416      0.506
    """
    check_level(level)
    chosen = get_family(family)
    if strata is not None:
        raise EstimationError(
            "A split population takes no `strata`: a scale a stratum could not be told from a share a stratum. Put the "
            "column into `ever` and `timing` instead, or fit each stratum on its own."
        )
    whether, when = check_names("ever", ever, needed=False), check_names("timing", timing, needed=False)
    rows = read_rows(
        data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, id=id, covariates=(*whether, *when)
    )
    _check_parts(rows, whether, when)
    errors = use_robust(robust, rows)
    fit = fit_split(rows.take(rows.time > 0), len(whether), chosen, errors, whether)
    seen = kaplan_meier(data, time=time, event=event, entry=entry, weights=weights)
    x = rows.covariates[:, : len(whether)]
    share, slope = mean_share(fit.theta[: 1 + len(whether)], x, rows.weight)
    block = fit.covariance[: len(slope), : len(slope)]
    return SplitPopulation(
        family=chosen.name,
        ever=whether,
        timing=when,
        robust=errors,
        clustered=rows.clustered,
        weighted=rows.weighted,
        late_entry=entry is not None,
        level=level,
        n=len(rows),
        n_events=int(rows.event.sum()),
        followed_to=float(rows.time.max()),
        share_seen=float(1 - seen.to_frame()["estimate"].iloc[-1]),
        loglik=fit.loglik,
        _share=share,
        _share_error=float(np.sqrt(slope @ block @ slope)),
        _average=average_curve(rows, fit, chosen, len(whether), level),
        _steps=seen.to_frame()[["time_days", "estimate"]],
        _theta=fit.theta,
        _covariance=fit.covariance,
    )


def _check_parts(rows: Rows, whether: tuple[str, ...], when: tuple[str, ...]) -> None:
    for names, x, what in (
        (whether, rows.covariates[:, : len(whether)], "odds ratio of ever reoffending"),
        (when, rows.covariates[:, len(whether) :], "time ratio"),
    ):
        check_covariates(x, names)
        check_both_sides(x, names, rows.event, what)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitPopulation(HtmlMixin):
    """A fitted split population model.

    Parameters
    ----------
    family
        Distribution of the time among those who ever reoffend.
    ever, timing
        Covariates of the two parts, in the order given.
    robust, clustered, weighted, late_entry
        What the errors and the model took into account.
    level
        Coverage of the intervals.
    n, n_events
        Rows and events (never weighted).
    followed_to
        Longest time observed.
    share_seen
        Share seen to reoffend by then (Kaplan-Meier).
    loglik
        Log-likelihood of the times (weighted where weights were named).
    """

    family: str
    ever: tuple[str, ...]
    timing: tuple[str, ...]
    robust: bool
    clustered: bool
    weighted: bool
    late_entry: bool
    level: float
    n: int
    n_events: int
    followed_to: float
    share_seen: float
    loglik: float
    _share: float = field(repr=False)
    _share_error: float = field(repr=False)
    _average: pd.DataFrame = field(repr=False)
    _steps: pd.DataFrame = field(repr=False)
    _theta: Floats = field(repr=False)
    _covariance: Floats = field(repr=False)

    def __post_init__(self) -> None:
        size = len(self.terms)
        if self._theta.shape != (size,) or self._covariance.shape != (size, size):
            raise InvariantError("A split population does not have one coefficient a term.")
        if not (np.diag(self._covariance) > 0).all() or not np.isfinite(self._theta).all():
            raise InvariantError("A split population has a coefficient without a standard error.")
        if not 0 < self._share < 1:
            raise InvariantError("A split population's share is not between 0 and 1.")

    @property
    def terms(self) -> tuple[tuple[str, str], ...]:
        """Part and term of every coefficient."""
        scale = (("scale", "log_scale"),) if FAMILIES[self.family].has_scale else ()
        return (
            *(("ever", name) for name in (INTERCEPT, *self.ever)),
            *(("timing", name) for name in (INTERCEPT, *self.timing)),
            *scale,
        )

    @property
    def share_ever(self) -> pd.DataFrame:
        """Share who ever reoffend, averaged over the people (weighted): estimate, std_error, conf_low, conf_high.

        The interval is by the delta method on the logit scale; the covariates are taken as they are.
        """
        inside = self._share * (1 - self._share)
        centre, reach = (
            np.log(self._share / (1 - self._share)),
            ndtri(0.5 + self.level / 2) * self._share_error / inside,
        )
        return pd.DataFrame(
            {
                "estimate": [self._share],
                "std_error": [self._share_error],
                "conf_low": [float(expit(centre - reach))],
                "conf_high": [float(expit(centre + reach))],
                "n": [self.n],
                "n_events": [self.n_events],
            }
        )

    @property
    def seen_of_ever(self) -> float:
        """Share of those who ever reoffend that has been seen to by the end of the follow-up, at most 1."""
        return min(self.share_seen / self._share, 1.0)

    @property
    def levelled_off(self) -> bool:
        """Whether nine in ten of those who ever reoffend are seen to within the follow-up."""
        return self.seen_of_ever >= LEVELLED_OFF

    @property
    def aic(self) -> float:
        """Akaike's criterion; NaN where weights make the log-likelihood none."""
        return float("nan") if self.weighted else 2 * len(self.terms) - 2 * self.loglik

    @property
    def method(self) -> str:
        """Family, weights and errors in words."""
        words = [f"Split population model, {FAMILIES[self.family].words} family, maximum likelihood"]
        words += ["weighted"] if self.weighted else []
        words += ["late entry taken into account"] if self.late_entry else []
        return ", ".join([*words, error_words(self.robust, self.clustered)])

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            part ("ever", "timing" or "scale"), term, estimate (log-odds, log time ratio, log scale), std_error,
            conf_low, conf_high, p_value, ratio (odds ratio of ever reoffending, or time ratio; NaN for the scale),
            ratio_low, ratio_high, n (rows), n_events.
        """
        error = np.sqrt(np.diag(self._covariance))
        parts, names = zip(*self.terms, strict=True)
        told = np.array(parts) != "scale"
        frame = coefficient_frame(names, self._theta, error, self.level, columns=RATIO, told=told)
        frame.insert(0, "part", parts)
        return frame.assign(n=self.n, n_events=self.n_events)

    def covariance(self) -> pd.DataFrame:
        """Return the covariance matrix of all coefficients, rows and columns by part and term."""
        index = pd.MultiIndex.from_tuples(self.terms, names=["part", "term"])
        return pd.DataFrame(self._covariance.copy(), index=index, columns=index)

    def predict(
        self, people: pd.DataFrame, times: Sequence[float] | float, *, beyond_follow_up: bool = False
    ) -> pd.DataFrame:
        """Return the share still free of reoffending for given people at given times.

        Parameters
        ----------
        people
            A column for every covariate of either part, one row a person.
        times
            From 0 to the end of the follow-up, in the unit of the data.
        beyond_follow_up
            Allow times beyond the follow-up; they are marked.

        Returns
        -------
        pandas.DataFrame
            person (index of `people`), time_days, estimate (share free), std_error, conf_low, conf_high (log-log,
            delta method), extrapolated, share_ever (of people like this one).
        """
        asked = check_times(times, self.followed_to, beyond_follow_up)
        whether, when = of_people(people, self.ever), of_people(people, self.timing)
        first, second = whether.shape[1], whether.shape[1] + when.shape[1]
        frame = survival_frame(
            FAMILIES[self.family],
            (whether, when, np.ones((len(people), len(self._theta) - second))),
            (self._theta[:first], self._theta[first:second], self._theta[second:]),
            self._covariance,
            people=list(people.index),
            times=asked,
            followed_to=self.followed_to,
            level=self.level,
        )
        return frame.assign(share_ever=np.repeat(expit(whether @ self._theta[:first]), len(asked)))

    def average_curve(self) -> pd.DataFrame:
        """Return the model's curve averaged over the people, within the follow-up, to hold against Kaplan-Meier.

        Returns
        -------
        pandas.DataFrame
            time_days, estimate (share free), std_error, conf_low, conf_high (log-log, delta method): 41 times from 0.
        """
        return self._average.copy()

    def summary(self) -> Summary:
        """Return the share who ever reoffend, and whether the follow-up is long enough to tell."""
        share, percent = self.share_ever.iloc[0], round(100 * self.level)
        headline = (
            f"An estimated {format_percent(share['estimate'])} ({percent}% interval "
            f"{format_interval(100 * share['conf_low'], 100 * share['conf_high'], 1)}) ever reoffend with the "
            f"{FAMILIES[self.family].words} family; {format_percent(self.share_seen)} were seen to by "
            f"{self.followed_to:g}."
        )
        frame = self.to_frame()
        frame = frame[frame["part"] != "scale"]
        words = {"ever": "Ever reoffending (odds ratio)", "timing": "How soon (time ratio)"}
        table = ratio_table(frame, "Ratio", self.level, RATIO)
        table["Term"] = [label(name) if name != INTERCEPT else "Intercept" for name in frame["term"]]
        table.insert(1, "Part", [words[part] for part in frame["part"]])
        return Summary(title="Who ever reoffends, and how soon", headline=headline, table=table, notes=self._notes())

    def _notes(self) -> tuple[str, ...]:
        seen = format_percent(self.seen_of_ever, 0)
        if self.levelled_off:
            enough = f"By the end of the follow-up {seen} of those who ever do, as the model has it, were seen to."
        else:
            enough = (
                f"The follow-up is too short to see the curve level off: only {seen} of those who ever do, as the "
                "model has it, were seen to. The rest comes from the family; compare families."
            )
        return (
            f"{self.method}; {self.n:,} rows, {self.n_events:,} events. Share averaged over the people; interval by "
            "the delta method on the logit scale.",
            enough,
            f"Log-likelihood {format_number(self.loglik, 2)}. A time ratio above 1 means a longer time among those who "
            "ever reoffend.",
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share reoffended beside Kaplan-Meier, with the share the curve levels off at; return the Axes."""
        from dipeval.plots.parametric import levelling_off

        return levelling_off(
            self._average,
            steps=self._steps,
            share=tuple(self.share_ever.iloc[0][["estimate", "conf_low", "conf_high"]]),
            family=FAMILIES[self.family].words,
            ax=ax,
        )
