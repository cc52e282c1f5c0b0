"""Accelerated failure time models: covariates stretch or shrink the time to reoffending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtri

from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_number
from dipeval.survival.claims import claim_of_first, coefficient_frame, ratio_table
from dipeval.survival.columns import Floats, Rows, column, read_rows
from dipeval.survival.curves.curve import check_level
from dipeval.survival.options import check_yes_no, is_number, one_or_several
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
from dipeval.survival.parametric.fitting import fit_accelerated
from dipeval.survival.parametric.prediction import check_times, survival_frame

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

TIME = ("time_ratio", "tr_low", "tr_high")


def accelerated_failure_time(
    data: pd.DataFrame,
    *,
    covariates: Sequence[str],
    time: str,
    event: str,
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
    strata: str | Sequence[str] | None = None,
    family: str = "lognormal",
    robust: bool | None = None,
    level: float = 0.95,
) -> ParametricModel:
    """Fit an accelerated failure time model of the time to reoffending by maximum likelihood.

    Parameters
    ----------
    data
        One row a person, or one a spell at risk if `entry` is named.
    covariates
        Numeric or yes/no columns.
    time, event
        Columns with the time from 0 and with 1 (event) or 0 (left observation).
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
        Column or columns; each stratum has a scale of its own and shares the coefficients.
    family
        "lognormal", "weibull", "loglogistic" or "exponential".
    robust
        Robust (sandwich) standard errors; by default when weights or clusters are named.
    level
        Coverage of the intervals.

    Returns
    -------
    ParametricModel
        `to_frame()` has term, estimate, std_error, conf_low, conf_high, p_value, time_ratio, tr_low, tr_high, n,
        n_events: the intercept, the covariates, the log scale of every stratum.

    Raises
    ------
    EstimationError
        If the likelihood has no maximum, a covariate is constant or determined by others, or a column cannot be
        analysed.

    Notes
    -----
    Kalbfleisch and Prentice (2002), *The Statistical Analysis of Failure Time Data*, 2nd ed., chapter 3. Errors from
    the observed information, or the sandwich summed by cluster.

    Examples
    --------
    >>> from dipeval import datasets
    >>> from dipeval.survival.parametric import accelerated_failure_time
    >>> model = accelerated_failure_time(
    ...     datasets.rossi(), covariates=["fin", "age"], time="weeks_to_arrest", event="arrested", family="weibull")
    >>> model.to_frame()[["term", "estimate", "std_error", "time_ratio"]].round(3)
              term  estimate  std_error  time_ratio
    0  (Intercept)     3.473      0.354      32.237
    1          fin     0.239      0.139       1.270
    2          age     0.052      0.016       1.053
    3    log_scale    -0.322      0.090         NaN
    """
    check_level(level)
    chosen = get_family(family)
    names = check_names("covariates", covariates)
    if strata is not None and not chosen.has_scale:
        raise EstimationError(
            "The exponential family has no scale for strata to differ in: choose 'weibull', or leave `strata` out."
        )
    rows = read_rows(
        data,
        time=time,
        event=event,
        entry=entry,
        weights=weights,
        cluster=cluster,
        id=id,
        strata=strata,
        covariates=names,
    )
    check_covariates(rows.covariates, names)
    check_both_sides(rows.covariates, names, rows.event, "time ratio")
    levels = _strata_levels(data, strata, rows)
    _check_strata(rows, levels)
    fit = fit_accelerated(rows.take(rows.time > 0), chosen, use_robust(robust, rows))
    return ParametricModel(
        family=chosen.name,
        covariates=names,
        robust=use_robust(robust, rows),
        clustered=rows.clustered,
        weighted=rows.weighted,
        late_entry=entry is not None,
        level=level,
        n=len(rows),
        n_events=int(rows.event.sum()),
        followed_to=float(rows.time.max()),
        loglik=fit.loglik,
        _theta=fit.theta,
        _covariance=fit.covariance,
        _strata=levels,
    )


def _strata_levels(data: pd.DataFrame, strata: str | Sequence[str] | None, rows: Rows) -> pd.DataFrame:
    """Return the strata in the order of their codes, a column a name."""
    named = list(one_or_several("strata", strata))
    first = rows.position[np.unique(rows.stratum, return_index=True)[1]]
    return data[named].iloc[first].reset_index(drop=True) if named else pd.DataFrame()


def _check_strata(rows: Rows, levels: pd.DataFrame) -> None:
    if not len(levels):
        return
    events = np.bincount(rows.stratum[rows.event], minlength=len(levels))
    if (events < 2).any():
        raise EstimationError(
            f"{int((events < 2).sum())} of {len(levels)} strata have fewer than two events: each stratum has a scale "
            "of its own and needs some dozens; put strata together or leave `strata` out."
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParametricModel(HtmlMixin):
    """A fitted accelerated failure time model.

    Parameters
    ----------
    family
        "lognormal", "weibull", "loglogistic" or "exponential".
    covariates
        In the order given.
    robust, clustered, weighted, late_entry
        What the errors and the model took into account.
    level
        Coverage of the intervals.
    n, n_events
        Rows and events (never weighted).
    followed_to
        Longest time observed.
    loglik
        Log-likelihood of the times (weighted where weights were named).
    """

    family: str
    covariates: tuple[str, ...]
    robust: bool
    clustered: bool
    weighted: bool
    late_entry: bool
    level: float
    n: int
    n_events: int
    followed_to: float
    loglik: float
    _theta: Floats = field(repr=False)
    _covariance: Floats = field(repr=False)
    _strata: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        size = len(self.terms)
        if self._theta.shape != (size,) or self._covariance.shape != (size, size):
            raise InvariantError("A parametric model does not have one coefficient a term.")
        if not (np.diag(self._covariance) > 0).all() or not np.isfinite(self._theta).all():
            raise InvariantError("A parametric model has a coefficient without a standard error.")

    @property
    def terms(self) -> tuple[str, ...]:
        """Intercept, covariates, and a log scale a stratum."""
        return (INTERCEPT, *self.covariates, *self._scale_terms)

    @property
    def _scale_terms(self) -> tuple[str, ...]:
        if not FAMILIES[self.family].has_scale:
            return ()
        if not len(self._strata):
            return ("log_scale",)
        names = self._strata.columns
        values = self._strata.itertuples(index=False, name=None)
        return tuple(f"log_scale[{', '.join(f'{n}={v}' for n, v in zip(names, one, strict=True))}]" for one in values)

    @property
    def scale(self) -> dict[str, float]:
        """Scale of the log time by term; 1 for the exponential."""
        found = dict(zip(self._scale_terms, np.exp(self._theta[1 + len(self.covariates) :]).tolist(), strict=True))
        return {name.replace("log_scale", "scale"): value for name, value in found.items()} or {"scale": 1.0}

    @property
    def aic(self) -> float:
        """Akaike's criterion; NaN where weights make the log-likelihood none."""
        return float("nan") if self.weighted else 2 * len(self.terms) - 2 * self.loglik

    @property
    def method(self) -> str:
        """Family, weights and errors in words."""
        words = [f"Accelerated failure time model, {FAMILIES[self.family].words} family, maximum likelihood"]
        words += ["weighted"] if self.weighted else []
        words += ["late entry taken into account"] if self.late_entry else []
        words += [f"a scale of its own in each of {len(self._strata)} strata"] if len(self._strata) else []
        return ", ".join([*words, error_words(self.robust, self.clustered)])

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            term, estimate (log time ratio; intercept and log scale as they are), std_error, conf_low, conf_high,
            p_value (NaN for a log scale), time_ratio, tr_low, tr_high (NaN for a log scale; for the intercept the
            time at which z = 0), n (rows), n_events.
        """
        error = np.sqrt(np.diag(self._covariance))
        timed = np.arange(len(error)) <= len(self.covariates)
        frame = coefficient_frame(self.terms, self._theta, error, self.level, columns=TIME, told=timed)
        return frame.assign(n=self.n, n_events=self.n_events)

    def covariance(self) -> pd.DataFrame:
        """Return the covariance matrix of the coefficients and log scales."""
        return pd.DataFrame(self._covariance.copy(), index=list(self.terms), columns=list(self.terms))

    def predict_survival(
        self, people: pd.DataFrame, times: Sequence[float] | float, *, beyond_follow_up: bool = False
    ) -> pd.DataFrame:
        """Return the share still free of reoffending for given people at given times.

        Parameters
        ----------
        people
            A column for every covariate (and for the strata), one row a person.
        times
            From 0 to the end of the follow-up, in the unit of the data.
        beyond_follow_up
            Allow times beyond the follow-up; they are marked.

        Returns
        -------
        pandas.DataFrame
            person (index of `people`), time_days, estimate (share free), std_error, conf_low, conf_high (log-log, delta
            method), extrapolated (whether the time is beyond the follow-up).

        Raises
        ------
        EstimationError
            If a time is beyond the follow-up and that was not asked for.
        """
        asked = check_times(times, self.followed_to, beyond_follow_up)
        x = of_people(people, self.covariates)
        count = 1 + len(self.covariates)
        return survival_frame(
            FAMILIES[self.family],
            (np.empty((len(people), 0)), x, self._scales_of(people)),
            (np.empty(0), self._theta[:count], self._theta[count:]),
            self._covariance,
            people=list(people.index),
            times=asked,
            followed_to=self.followed_to,
            level=self.level,
        )

    def quantile(self, people: pd.DataFrame, share: float = 0.5, *, beyond_follow_up: bool = False) -> pd.DataFrame:
        """Return the time by which a share of people like these has reoffended.

        Parameters
        ----------
        people
            As for `predict_survival`.
        share
            Between 0 and 1; 0.5 for the median.
        beyond_follow_up
            Also give times beyond the follow-up; without it they are NaN. They are marked either way.

        Returns
        -------
        pandas.DataFrame
            person, share, time_days, std_error, conf_low, conf_high (on the log scale), extrapolated.
        """
        if not (is_number(share) and 0 < share < 1):
            raise EstimationError("`share` is the share who have reoffended, between 0 and 1: 0.5 for the median.")
        check_yes_no("beyond_follow_up", beyond_follow_up)
        x = of_people(people, self.covariates)
        scales, count = self._scales_of(people), 1 + len(self.covariates)
        z = FAMILIES[self.family].quantile(np.array([share]))[0]
        spread = np.exp(scales @ self._theta[count:]) if scales.shape[1] else np.ones(len(people))
        log_time = x @ self._theta[:count] + spread * z
        slope = np.hstack([x, scales * (spread * z)[:, None]])
        error = np.sqrt(np.einsum("ij,jk,ik->i", slope, self._covariance, slope))
        reach = ndtri(0.5 + self.level / 2) * error
        when = np.exp(log_time)
        extrapolated = when > self.followed_to
        hidden = extrapolated & (not beyond_follow_up)
        figures = {
            "time_days": when,
            "std_error": when * error,
            "conf_low": np.exp(log_time - reach),
            "conf_high": np.exp(log_time + reach),
        }
        shown = {name: np.where(hidden, np.nan, values) for name, values in figures.items()}
        return pd.DataFrame({"person": list(people.index), "share": share, **shown, "extrapolated": extrapolated})

    def _scales_of(self, people: pd.DataFrame) -> Floats:
        if not len(self._strata):
            return np.ones((len(people), len(self._scale_terms)))
        names = list(self._strata.columns)
        own = pd.DataFrame({name: column(people, name).to_numpy() for name in names})
        codes = own.merge(self._strata.assign(_code=range(len(self._strata))), how="left", on=names)["_code"]
        if codes.isna().any():
            raise InputError(
                f"{int(codes.isna().sum())} of {len(people)} people are in a stratum ({', '.join(names)}) that the "
                "model has not seen: it has no scale for them."
            )
        return (codes.to_numpy()[:, None] == np.arange(len(self._strata))).astype(float)

    def summary(self) -> Summary:
        """Return the time ratios, the first covariate in the headline."""
        frame = self.to_frame().iloc[1 : 1 + len(self.covariates)]
        headline = claim_of_first(
            frame, "The time to reoffending", "time ratio", self.level, TIME, sides=("longer", "shorter")
        )
        table = ratio_table(frame, "Time ratio", self.level, TIME)
        scales = ", ".join(f"{name} {format_number(value, 3)}" for name, value in self.scale.items())
        notes = (
            f"{self.method}; {self.n:,} rows, {self.n_events:,} events, followed to {self.followed_to:g}.",
            f"Log-likelihood {format_number(self.loglik, 2)}; {scales}.",
            "A time ratio above 1 means a longer time to reoffending. The model takes it that everybody reoffends in "
            "the end; where many never do, a split population fits better.",
        )
        return Summary(title="Time ratios of reoffending", headline=headline, table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the time ratio of every covariate with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        frame = self.to_frame().iloc[1 : 1 + len(self.covariates)]
        return coefficient_plot(frame, ratio="Time ratio", ax=ax)
