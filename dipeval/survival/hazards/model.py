"""The Cox model as users see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.survival.claims import coefficient_frame
from dipeval.survival.columns import Floats, read_rows
from dipeval.survival.curves.curve import check_level
from dipeval.survival.hazards.baseline import baseline_frame
from dipeval.survival.hazards.concordance import concordance_frame
from dipeval.survival.hazards.fitting import (
    Fit,
    Named,
    check_options,
    fit_rows,
    quadratic,
    robust_score_statistic,
    strata_values,
    together,
)
from dipeval.survival.hazards.interchange import lifelines_of
from dipeval.survival.hazards.prediction import predicted_survival
from dipeval.survival.hazards.proportional import proportionality_test
from dipeval.survival.hazards.proportional_result import ProportionalHazardsTest
from dipeval.survival.hazards.residuals import residual_frame
from dipeval.survival.hazards.wording import error_words, few_clusters, model_summary
from dipeval.survival.options import check_yes_no

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib


def cox(
    data: pd.DataFrame,
    *,
    covariates: Sequence[str],
    time: str,
    event: str,
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    offset: str | None = None,
    id: str | None = None,
    ties: str = "efron",
    robust: bool | None = None,
    small_sample: bool = False,
    level: float = 0.95,
) -> CoxModel:
    """Fit a Cox proportional hazards model of the time to reoffending.

    Parameters
    ----------
    data
        One row a person, or one a spell at risk if `entry` is named (start-stop rows; gaps are time not at risk).
    covariates
        Numeric or yes/no columns.
    time
        Column with the time of the event or of leaving observation, from 0.
    event
        Column with 1 (event at `time`) or 0.
    entry
        Column with the start of being at risk; at risk over (entry, time].
    weights
        Column with case weights above 0, such as those of a design.
    cluster
        Column that names what belongs together: the matched pair, or the person where rows are spells. A list of two
        columns (pair and person) adds up both.
    strata
        Column or columns with strata, each with a baseline hazard of its own.
    offset
        Column added to the linear predictor with a coefficient of 1.
    id
        Column with the person. A person's rows must not overlap; where a person has several, errors are clustered by
        person unless `cluster` is named.
    ties
        "efron" (default), "breslow", or "exact": the discrete likelihood, for few people at few times, without weights
        or robust errors.
    robust
        Robust (sandwich) standard errors; by default when weights or clusters are named.
    small_sample
        Robust errors corrected for what each cluster (or row) draws the estimate to itself, and limits of Student's t:
        without it intervals are too narrow where few clusters carry a comparison. The default is the error of R.
        Predictions and tests of the model keep the errors without it.
    level
        Coverage of the intervals.

    Returns
    -------
    CoxModel
        `to_frame()` has term, estimate (log hazard ratio), std_error, conf_low, conf_high, p_value, hazard_ratio,
        hr_low, hr_high, n (rows), n_events.

    Raises
    ------
    EstimationError
        If the likelihood has no maximum (separation, a group without events), a covariate is constant or determined
        by others, nobody has the event, or a column cannot be analysed.

    Notes
    -----
    Cox (1972), *JRSS B* 34, 187-220; ties: Efron (1977), *JASA* 72, 557-565, or Breslow (1974), *Biometrics* 30,
    89-99; robust variance: Lin and Wei (1989), *JASA* 84, 1074-1078, with Efron's averaging over tied deaths also in
    the residuals; two clusterings at once: Cameron, Gelbach and Miller (2011), *JBES* 29, 238-249; few clusters: Mancl
    and DeRouen (2001), *Biometrics* 57, 126-134, with degrees of freedom of Pan and Wall (2002), *SiM* 21, 1429-1441.

    Examples
    --------
    >>> from dipeval import cox, datasets
    >>> model = cox(datasets.rossi(), covariates=["fin", "age", "prio"], time="weeks_to_arrest", event="arrested")
    >>> model.to_frame()[["term", "estimate", "std_error", "hazard_ratio"]].round(4)
       term  estimate  std_error  hazard_ratio
    0   fin   -0.3470     0.1902        0.7068
    1   age   -0.0671     0.0209        0.9351
    2  prio    0.0969     0.0273        1.1017
    """
    check_level(level)
    names = check_options(covariates, ties, robust, cluster, small_sample=small_sample)
    rows = read_rows(
        data,
        time=time,
        event=event,
        entry=entry,
        weights=weights,
        cluster=cluster,
        strata=strata,
        covariates=names,
        offset=offset,
        id=id,
    )
    options = {"time": time, "event": event, "entry": entry, "weights": weights, "offset": offset}
    named = Named(
        covariates=names,
        columns={option: name for option, name in options.items() if name is not None},
        together=together(cluster, id),
        strata=strata_values(data, strata, rows),
        index=data.index,
    )
    use_robust = bool((rows.robust or small_sample) if robust is None else robust)
    fit = fit_rows(rows, named, ties=ties, robust=use_robust, small_sample=small_sample)
    return CoxModel(
        terms=names,
        ties=ties,
        robust=use_robust,
        clustered=rows.clustered and use_robust,
        weighted=rows.weighted,
        stratified=strata is not None,
        level=level,
        n=len(rows),
        n_events=int(rows.event.sum()),
        loglik=fit.maximum.at_maximum.loglik,
        loglik_null=fit.maximum.at_zero.loglik,
        score_statistic=quadratic(fit.maximum.at_zero.score, fit.maximum.at_zero.information),
        robust_score_statistic=robust_score_statistic(fit) if use_robust else float("nan"),
        _beta=fit.beta,
        _model_covariance=fit.unscaled(fit.bread),
        _covariance=fit.unscaled(fit.standardised_covariance),
        _fit=fit,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxModel(HtmlMixin):
    """A fitted Cox model.

    Parameters
    ----------
    terms
        Covariates, in the order given.
    ties
        "efron", "breslow" or "exact".
    robust, clustered, weighted, stratified
        What the errors and the model took into account.
    level
        Coverage of the intervals.
    n, n_events
        Rows and events (never weighted).
    loglik, loglik_null
        Log partial likelihood at the estimate and at zero.
    score_statistic, robust_score_statistic
        Score tests of "no covariate matters"; the robust one is NaN when errors are model-based.
    """

    terms: tuple[str, ...]
    ties: str
    robust: bool
    clustered: bool
    weighted: bool
    stratified: bool
    level: float
    n: int
    n_events: int
    loglik: float
    loglik_null: float
    score_statistic: float
    robust_score_statistic: float
    _beta: Floats = field(repr=False)
    _model_covariance: Floats = field(repr=False)
    _covariance: Floats = field(repr=False)
    _fit: Fit = field(repr=False)

    def __post_init__(self) -> None:
        size = len(self.terms)
        if self._beta.shape != (size,) or self._covariance.shape != (size, size):
            raise InvariantError("A Cox model does not have one coefficient a covariate.")
        if not (np.diag(self._covariance) > 0).all() or not np.isfinite(self._beta).all():
            raise InvariantError("A Cox model has a coefficient without a standard error.")
        if self.loglik < self.loglik_null - 1e-8 * (1 + abs(self.loglik_null)):
            raise InvariantError("A Cox model fits worse than no covariates at all.")

    @property
    def method(self) -> str:
        """Ties, strata, weights and errors in words."""
        offset = "offset" in self._fit.named.columns
        words = [f"Cox model, {self.ties.capitalize()} ties"]
        words += [word for word, said in {"weighted": self.weighted, "stratified": self.stratified}.items() if said]
        words += [f"offset '{self._fit.named.columns['offset']}'"] if offset else []
        return ", ".join([*words, error_words(self._fit, robust=self.robust)])

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            term, estimate (log hazard ratio), std_error, conf_low, conf_high, p_value, hazard_ratio, hr_low, hr_high,
            n (rows), n_events.
        """
        error = np.sqrt(np.diag(self._covariance))
        frame = coefficient_frame(self.terms, self._beta, error, self.level, self._fit.freedom)
        return frame.assign(n=self.n, n_events=self.n_events)

    def covariance(self, *, robust: bool | None = None) -> pd.DataFrame:
        """Return the covariance matrix of the log hazard ratios.

        Parameters
        ----------
        robust
            False for the model-based matrix; by default the one the errors come from.
        """
        check_yes_no("robust", robust, may_be_none=True)
        if robust and not self.robust:
            raise EstimationError("The model was fitted without robust errors: fit it again with robust=True.")
        matrix = self._covariance if robust is None or robust else self._model_covariance
        return pd.DataFrame(matrix, index=list(self.terms), columns=list(self.terms))

    def overall_tests(self) -> pd.DataFrame:
        """Return tests of "no covariate matters": test, statistic, df, p_value.

        The likelihood ratio and the plain score test hold only without weights and clusters; with robust errors the
        Wald test and the robust score test are given instead.
        """
        wald = quadratic(self._beta, self._covariance)
        if self.robust:
            found = {"Wald (robust)": wald, "score (robust)": self.robust_score_statistic}
        else:
            ratio = 2 * (self.loglik - self.loglik_null)
            found = {"likelihood ratio": ratio, "Wald": wald, "score": self.score_statistic}
        df = len(self.terms)
        return pd.DataFrame(
            {
                "test": list(found),
                "statistic": list(found.values()),
                "df": df,
                "p_value": [float(chdtrc(df, value)) for value in found.values()],
            }
        )

    def residuals(self, kind: str = "martingale") -> pd.DataFrame:
        """Return residuals under the index of the table the model was fitted on, in its row order.

        Parameters
        ----------
        kind
            "martingale" (observed less expected events) or "deviance": one column of that name. "score", "dfbeta" (the
            change in a coefficient were the row left out, its weight included) or "dfbetas" (in model-based standard
            errors): a column a term. "schoenfeld" or "scaled_schoenfeld": a column a term, rows with the event only.

        Notes
        -----
        Score, Schoenfeld and martingale residuals are not multiplied by the weights. Tied deaths share risk sets as the
        model's `ties` say. Therneau and Grambsch (2000), *Modeling Survival Data*, Springer, chapters 4 to 7.
        """
        return residual_frame(self._fit, kind)

    def baseline(self, at: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Return the cumulative hazard at each event time, by the estimate that matches the ties (Efron or Breslow).

        Parameters
        ----------
        at
            Value of each covariate, such as ``{"age": 25}``; 0 for those left out (an offset is 0).

        Returns
        -------
        pandas.DataFrame
            stratum ("all" without strata), time_days, cumulative_hazard, survival.
        """
        return baseline_frame(self._fit, at)

    def predict_survival(
        self, people: pd.DataFrame, times: Sequence[float] | float, strata: object = None
    ) -> pd.DataFrame:
        """Return the share of people like these who are predicted to be free of reoffending at given times.

        Parameters
        ----------
        people
            One row a person, with the model's covariates (and offset) as columns.
        times
            Times from 0 to the end of the observed follow-up.
        strata
            One stratum for all: its value, or a tuple of values; by default each person's, from their own columns.

        Returns
        -------
        pandas.DataFrame
            person (index of `people`), time_days, estimate, std_error, conf_low, conf_high (log-log).

        Raises
        ------
        EstimationError
            If a time lies beyond the follow-up, or a person is in a stratum the model does not know.

        Notes
        -----
        Errors take in both the baseline and the coefficients. They are model-based (Tsiatis 1981) if the model's are,
        and otherwise an infinitesimal jackknife of the whole curve by row or cluster; R puts the robust errors of the
        coefficients beside a model-based error of the baseline.
        """
        return predicted_survival(self._fit, people, times, strata, self.level)

    def proportional_hazards_test(
        self, transform: str = "km", *, robust: bool | None = None
    ) -> ProportionalHazardsTest:
        """Test whether hazard ratios change with time, each term and all together.

        Parameters
        ----------
        transform
            Function of time they may change with: "km", "rank", "identity" or "log".
        robust
            Whether the variance comes from the rows or clusters, as weighted or clustered models need; None does as the
            model's own errors. False is the test of R (cox.zph), which takes weights as people and clustered rows as
            unrelated: with weights from a propensity score it finds changes that are not there.

        Returns
        -------
        ProportionalHazardsTest
            `to_frame()` has term (then GLOBAL), statistic, df, p_value; `plot()` draws scaled Schoenfeld residuals.
        """
        own = self.robust if robust is None else robust
        return proportionality_test(self._fit, transform, robust=own, level=self.level)

    def concordance(self) -> pd.DataFrame:
        """Return how often the person with the higher predicted rate reoffends first.

        Returns
        -------
        pandas.DataFrame
            estimate, std_error (infinitesimal jackknife, by cluster if the model has clusters), conf_low, conf_high
            (logit scale), n_concordant, n_discordant, n_tied_risk, n_tied_time, n_tied_both (pairs, weighted if the
            model is), n, n_events.
        """
        return concordance_frame(self._fit, self.level)

    def to_lifelines(self) -> pd.DataFrame:
        """Return the rows of the model as a table for lifelines: ``fit(table, **model.lifelines_arguments())``.

        ``CoxPHFitter`` takes it, or ``CoxTimeVaryingFitter`` where rows have an entry time. Strata and clusters are
        codes.
        """
        return lifelines_of(self._fit)[0]

    def lifelines_arguments(self) -> dict[str, object]:
        """Return the names of the columns of `to_lifelines` as lifelines' fitters call them."""
        return lifelines_of(self._fit)[1]

    def summary(self) -> Summary:
        """Return the hazard ratios, the first term in the headline."""
        return model_summary(self.to_frame(), self.method, self.level, few_clusters(self._fit))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the hazard ratio of every term with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        return coefficient_plot(self.to_frame(), ratio="Hazard ratio", ax=ax)
