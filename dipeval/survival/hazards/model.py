"""The Cox model as users see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_p
from dipeval.survival.clusters import n_clusters, squares
from dipeval.survival.columns import Floats, Rows, names_of, read_rows
from dipeval.survival.curves.curve import check_level
from dipeval.survival.hazards.kernel import Evaluation, RiskCells, build_cells, evaluate, score_residuals
from dipeval.survival.hazards.newton import Maximum, maximise
from dipeval.vocabulary import TREATED, label

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

TIES = ("efron", "breslow")


def cox(
    data: pd.DataFrame,
    *,
    covariates: Sequence[str],
    time: str,
    event: str,
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: str = "efron",
    robust: bool | None = None,
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
        Column that names what belongs together: the matched pair, or the person where rows are spells.
    strata
        Column or columns with strata, each with a baseline hazard of its own.
    ties
        "efron" (default) or "breslow".
    robust
        Robust (sandwich) standard errors; by default when weights or clusters are named.
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
    the residuals.

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
    _check_options(covariates, ties, robust, cluster)
    names = tuple(covariates)
    rows = read_rows(
        data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, strata=strata, covariates=names
    )
    _check_covariates(rows, names)
    cells, used = build_cells(rows, ties)
    _check_events_on_both_sides(rows, names)
    fit = _fit(cells, rows.take(used), names)
    use_robust = rows.robust if robust is None else robust
    sandwich = _sandwich(fit, rows, use_robust, cluster)
    return CoxModel(
        terms=names,
        ties=ties,
        robust=use_robust,
        clustered=cluster is not None,
        weighted=rows.weighted,
        stratified=strata is not None,
        level=level,
        n=len(rows),
        n_events=int(rows.event.sum()),
        loglik=fit.maximum.at_maximum.loglik,
        loglik_null=fit.maximum.at_zero.loglik,
        score_statistic=_quadratic(fit.maximum.at_zero.score, fit.maximum.at_zero.information),
        robust_score_statistic=_robust_score(fit) if use_robust else float("nan"),
        _beta=fit.maximum.beta / fit.scale,
        _model_covariance=fit.unscaled(fit.bread),
        _covariance=fit.unscaled(sandwich),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fit:
    """A maximum on standardised covariates and what residuals need."""

    cells: RiskCells
    x: Floats
    rows: Rows
    scale: Floats
    maximum: Maximum
    bread: Floats

    def unscaled(self, covariance: Floats) -> Floats:
        return covariance / np.outer(self.scale, self.scale)

    def parts(self, at: Evaluation) -> Floats:
        return score_residuals(self.cells, self.x, at) * self.rows.weight[:, None]


def _fit(cells: RiskCells, rows: Rows, names: tuple[str, ...]) -> _Fit:
    """Maximise on centred and scaled covariates, where steps mean the same for every covariate."""
    scale = rows.covariates.std(axis=0)
    scale[scale == 0] = 1.0
    x = np.asfortranarray((rows.covariates - rows.covariates.mean(axis=0)) / scale)
    maximum = maximise(lambda beta: evaluate(cells, x, rows.weight, beta), names, float(cells.death_weight.sum()))
    return _Fit(
        cells=cells,
        x=x,
        rows=rows,
        scale=scale,
        maximum=maximum,
        bread=np.linalg.inv(maximum.at_maximum.information),
    )


def _sandwich(fit: _Fit, rows: Rows, robust: bool, cluster: str | None) -> Floats:
    if not robust:
        return fit.bread
    size = n_clusters(rows)
    if size <= len(fit.scale):
        what = "rows" if cluster is None else f"clusters in '{cluster}'"
        raise EstimationError(
            f"{size} {what} are too few for robust errors with {len(fit.scale)} covariates: "
            "more are needed than there are covariates, and some dozens to be believed."
        )
    return squares(fit.parts(fit.maximum.at_maximum) @ fit.bread, fit.rows)


def _robust_score(fit: _Fit) -> float:
    return _quadratic(fit.maximum.at_zero.score, squares(fit.parts(fit.maximum.at_zero), fit.rows))


def _quadratic(vector: Floats, matrix: Floats) -> float:
    return float(vector @ np.linalg.lstsq(matrix, vector, rcond=None)[0])


def _check_options(covariates: Sequence[str], ties: str, robust: bool | None, cluster: object) -> None:
    if isinstance(covariates, str) or not len(names_of("covariates", covariates)):
        raise EstimationError("`covariates` is a list of column names, with at least one: covariates=['treated'].")
    if len(set(covariates)) < len(list(covariates)):
        raise EstimationError("`covariates` names a column twice: name each once.")
    if ties not in TIES:
        raise EstimationError(f"`ties` is 'efron' or 'breslow'; '{ties}' is not available.")
    if robust is False and cluster is not None:
        raise EstimationError("`robust=False` ignores the clusters: leave `robust` out, or leave `cluster` out.")


def _check_covariates(rows: Rows, names: tuple[str, ...]) -> None:
    for name, values in zip(names, rows.covariates.T, strict=True):
        if values[0] == values[-1] and (values == values[0]).all():
            raise EstimationError(f"Covariate '{name}' is constant over all {len(rows)} rows: leave it out.")


def _check_events_on_both_sides(rows: Rows, names: tuple[str, ...]) -> None:
    for name, values in zip(names, rows.covariates.T, strict=True):
        sides = np.unique(values)
        if len(sides) != 2:
            continue
        for side in sides:
            if not rows.event[values == side].any():
                raise EstimationError(
                    f"No event is seen in one of the two groups of '{name}' ({int((values == side).sum())} rows): its "
                    "hazard ratio has no finite estimate. Leave it out, or compare the curves instead."
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxModel(HtmlMixin):
    """A fitted Cox model.

    Parameters
    ----------
    terms
        Covariates, in the order given.
    ties
        "efron" or "breslow".
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
        if self.clustered:
            error = "cluster-robust standard errors"
        else:
            error = "robust standard errors, each row on its own" if self.robust else "model-based standard errors"
        words = [f"Cox model, {self.ties.capitalize()} ties"]
        words += ["weighted"] if self.weighted else []
        words += ["stratified"] if self.stratified else []
        return ", ".join([*words, error])

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            term, estimate (log hazard ratio), std_error, conf_low, conf_high, p_value, hazard_ratio, hr_low, hr_high,
            n (rows), n_events.
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
                "n_events": self.n_events,
            }
        )

    def covariance(self, *, robust: bool | None = None) -> pd.DataFrame:
        """Return the covariance matrix of the log hazard ratios.

        Parameters
        ----------
        robust
            False for the model-based matrix; by default the one the errors come from.
        """
        if robust and not self.robust:
            raise EstimationError("The model was fitted without robust errors: fit it again with robust=True.")
        matrix = self._model_covariance if robust is False else self._covariance
        return pd.DataFrame(matrix, index=list(self.terms), columns=list(self.terms))

    def overall_tests(self) -> pd.DataFrame:
        """Return tests of "no covariate matters": test, statistic, df, p_value.

        The likelihood ratio and the plain score test hold only without weights and clusters; with robust errors the
        Wald test and the robust score test are given instead.
        """
        wald = _quadratic(self._beta, self._covariance)
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

    def summary(self) -> Summary:
        """Return the hazard ratios, the first term in the headline."""
        frame = self.to_frame()
        first = frame.iloc[0]
        percent = round(100 * self.level)
        side = "higher" if first["hazard_ratio"] >= 1 else "lower"
        change = f"{format_number(100 * abs(first['hazard_ratio'] - 1), 0)}% {side}"
        if first["term"] == TREATED:
            claim = f"among the treated was {change} than in the comparison group"
        else:
            claim = f"was {change} per unit of '{label(first['term'])}'"
        held = ", other terms held" if len(frame) > 1 else ""
        headline = (
            f"At any time, the rate of reoffending {claim}{held}: hazard ratio {format_number(first['hazard_ratio'])} "
            f"({percent}% interval {format_interval(first['hr_low'], first['hr_high'])})."
        )
        table = pd.DataFrame(
            {
                "Term": [label(name) for name in frame["term"]],
                "Hazard ratio": [format_number(value) for value in frame["hazard_ratio"]],
                f"{percent}% interval": [
                    format_interval(low, high) for low, high in zip(frame["hr_low"], frame["hr_high"], strict=True)
                ],
                "p": [format_p(value) for value in frame["p_value"]],
            }
        )
        notes = (
            f"{self.method}; {self.n:,} rows, {self.n_events:,} events.",
            "A hazard ratio compares rates among those not yet reoffending; it is assumed the same at all times.",
        )
        return Summary(title="Hazard ratios of reoffending", headline=headline, table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the hazard ratio of every term with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        return coefficient_plot(self.to_frame(), ratio="Hazard ratio", ax=ax)
