"""From checked rows to a fitted Cox model: standardised covariates, the maximum, and both kinds of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError
from dipeval.survival.clusters import alone_in_a_cluster, n_clusters, n_event_clusters, squares
from dipeval.survival.columns import Flags, Floats, Rows
from dipeval.survival.hazards.exact import check_exact_is_possible, evaluate_exact
from dipeval.survival.hazards.kernel import Evaluation, RiskCells, build_cells, evaluate, score_residuals
from dipeval.survival.hazards.newton import Maximum, maximise
from dipeval.survival.hazards.small_sample import corrected_squares
from dipeval.survival.options import check_yes_no, names_of, one_of, one_or_several

TIES = ("efron", "breslow", "exact")
ALL = "all"  # the name of the one stratum where none were named


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Named:
    """The caller's words: columns by option, labels of the strata, and the index of the table.

    Parameters
    ----------
    covariates
        Columns, in the order given.
    columns
        Column of each option that was named: time, event, entry, weights, offset.
    together
        Columns whose values errors are clustered by.
    strata
        One row a stratum code, one column a column named in `strata` (none without).
    index
        Index of the caller's table.
    """

    covariates: tuple[str, ...]
    columns: dict[str, str]
    together: tuple[str, ...]
    strata: pd.DataFrame
    index: pd.Index

    def stratum_labels(self) -> list[str]:
        """Return one label a stratum: its values, separated by commas."""
        if not len(self.strata.columns):
            return [ALL]
        return [", ".join(map(str, values)) for values in self.strata.itertuples(index=False)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A maximum on centred and scaled covariates, where steps mean the same for every covariate.

    Parameters
    ----------
    rows, inside
        All rows, and those at risk at some event (the others carry no information), in canonical order.
    used
        Which of `rows` are `inside`.
    cells, x
        Risk sets and standardised covariates of the rows inside.
    centre, scale
        What the covariates were standardised by.
    maximum, bread
        Where the likelihood is largest and the inverse information there, on the standardised scale.
    meat
        Sum of squares of the weighted score residuals by cluster; None with model-based errors.
    freedom
        Degrees of freedom of each error if corrected for few clusters; None otherwise.
    named
        The caller's words.
    ties
        How tied events were treated.
    """

    rows: Rows
    inside: Rows
    used: Flags
    cells: RiskCells
    x: Floats
    centre: Floats
    scale: Floats
    maximum: Maximum
    bread: Floats
    meat: Floats | None
    freedom: Floats | None
    named: Named
    ties: str

    @property
    def beta(self) -> Floats:
        """Log hazard ratios on the caller's scale."""
        return self.maximum.beta / self.scale

    @property
    def at(self) -> Evaluation:
        """The likelihood at its maximum, with the sums residuals are made of."""
        if self.ties == "exact":
            raise EstimationError(
                "ties='exact' gives hazard ratios and concordance alone: fit the model with 'efron' for residuals, "
                "baseline, predictions and the test of proportional hazards."
            )
        return self.maximum.at_maximum

    @property
    def standardised_covariance(self) -> Floats:
        """Covariance of the standardised coefficients: robust, or model-based without a sandwich."""
        if self.meat is None:
            return self.bread
        sandwich = self.bread @ self.meat @ self.bread
        return (sandwich + sandwich.T) / 2

    def unscaled(self, covariance: Floats) -> Floats:
        """Bring a covariance of standardised coefficients to the caller's scale."""
        return covariance / np.outer(self.scale, self.scale)

    def in_caller_order(self, inside: Floats) -> Floats:
        """Return values of the rows inside in the caller's order, with 0 for rows never at risk at an event."""
        out = np.zeros((len(self.rows), *inside.shape[1:]))
        out[self.inside.position] = inside
        return out


def check_options(
    covariates: Sequence[str], ties: str, robust: bool | None, cluster: object, *, small_sample: bool
) -> tuple[str, ...]:
    """Return the covariates; options that cannot be meant are refused."""
    names = () if isinstance(covariates, str) else names_of("covariates", covariates)
    if not names:
        raise EstimationError("`covariates` is a list of column names, with at least one: covariates=['treated'].")
    if len(set(names)) < len(names):
        raise EstimationError("`covariates` names a column twice: name each once.")
    one_of("ties", ties, TIES)
    check_yes_no("robust", robust, may_be_none=True)
    if robust is False and cluster is not None:
        raise EstimationError("`robust=False` ignores the clusters: leave `robust` out, or leave `cluster` out.")
    if not isinstance(small_sample, (bool, np.bool_)):
        raise EstimationError(f"`small_sample` is True or False; a {type(small_sample).__name__} was given.")
    if robust is False and small_sample:
        raise EstimationError("`small_sample` corrects robust errors: leave `robust=False` out, or leave it out.")
    return names


def together(cluster: str | Sequence[str] | None, id: str | None) -> tuple[str, ...]:
    """Return the columns that errors are clustered by: the clusters, or the person."""
    if cluster is not None:
        return one_or_several("cluster", cluster)
    return () if id is None else (id,)


def strata_values(data: pd.DataFrame, strata: str | Sequence[str] | None, rows: Rows) -> pd.DataFrame:
    """Return the values each stratum stands for, a row a stratum."""
    columns = list(one_or_several("strata", strata))
    first = rows.position[np.unique(rows.stratum, return_index=True)[1]]
    return data[columns].iloc[first].reset_index(drop=True)


def fit_rows(rows: Rows, named: Named, *, ties: str, robust: bool, small_sample: bool = False) -> Fit:
    """Maximise the partial likelihood of checked rows.

    Raises
    ------
    EstimationError
        If a covariate is constant or determined by others, the likelihood has no maximum, or the clusters are too few.
    """
    _check_covariates(rows, named.covariates)
    cells, used = build_cells(rows, ties)
    inside = rows if used.all() else rows.take(used)
    x, centre, scale = _standardised(inside.covariates)
    offset = inside.offset if inside.offset.any() else None

    def likelihood(beta: Floats) -> Evaluation:
        if ties == "exact":
            return evaluate_exact(cells, x, beta, offset)
        return evaluate(cells, x, inside.weight, beta, offset)

    if ties == "exact":
        _check_exact(rows, cells, named, robust=robust)
    maximum = maximise(likelihood, named.covariates, float(cells.death_weight.sum()))
    at = maximum.at_maximum
    bread = np.linalg.inv(at.information)
    meat = freedom = None
    if robust:
        _check_clusters(inside, named)
        scores = _weighted_residuals(cells, x, inside, at)
        if small_sample:
            meat, freedom = corrected_squares(cells, x, inside, at, bread, scores)
        else:
            meat = squares(scores, inside)
    return Fit(
        rows=rows,
        inside=inside,
        used=used,
        cells=cells,
        x=x,
        centre=centre,
        scale=scale,
        maximum=maximum,
        bread=bread,
        meat=meat,
        freedom=freedom,
        named=named,
        ties=ties,
    )


def robust_score_statistic(fit: Fit) -> float:
    """Return the robust score test of "no covariate matters"."""
    at_zero = fit.maximum.at_zero
    return quadratic(at_zero.score, squares(_weighted_residuals(fit.cells, fit.x, fit.inside, at_zero), fit.inside))


def quadratic(vector: Floats, matrix: Floats) -> float:
    """Return v' M^-1 v."""
    return float(vector @ np.linalg.lstsq(matrix, vector, rcond=None)[0])


def _check_clusters(inside: Rows, named: Named) -> None:
    size, terms = n_clusters(inside), len(named.covariates)
    columns = " and ".join(f"'{name}'" for name in named.together)
    # The totals of all clusters add up to zero: with one more than covariates nothing is left to learn a spread from.
    if size <= terms + inside.clustered:
        raise EstimationError(
            f"{size} {f'clusters in {columns}' if inside.clustered else 'rows'} are too few for robust errors with "
            f"{terms} covariates: more are needed than there are covariates, and some dozens to be believed."
        )
    if not inside.clustered:
        return
    if n_event_clusters(inside) <= terms:
        raise EstimationError(
            f"The events lie in {n_event_clusters(inside)} of the clusters in {columns}, too few for robust errors "
            f"with {terms} covariates: clusters without events teach next to nothing. Some dozens with events are "
            "wanted."
        )
    for name, values in zip(named.covariates, inside.covariates.T, strict=True):
        upper = values == values.max()
        two_groups = bool((upper | (values == values.min())).all())
        if two_groups and (alone_in_a_cluster(inside, upper) or alone_in_a_cluster(inside, ~upper)):
            raise EstimationError(
                f"One of the two groups of '{name}' lies in one cluster of {columns}: no robust error can be learned "
                "from one. Leave the covariate out, or `cluster` if nothing belongs together."
            )


def _check_exact(rows: Rows, cells: RiskCells, named: Named, *, robust: bool) -> None:
    if rows.weighted or robust:
        raise EstimationError("ties='exact' has no weighted or robust form: use 'efron' with weights or clusters.")
    check_exact_is_possible(cells, len(named.covariates))


def _weighted_residuals(cells: RiskCells, x: Floats, inside: Rows, at: Evaluation) -> Floats:
    residuals = score_residuals(cells, x, at)
    residuals *= inside.weight[:, None]
    return residuals


def _standardised(covariates: Floats) -> tuple[Floats, Floats, Floats]:
    size = covariates.shape[1]
    x = np.empty((size, len(covariates))).T
    centre, scale = np.empty(size), np.empty(size)
    for j, values in enumerate(covariates.T):
        centre[j] = values.mean()
        apart = values - centre[j]
        spread = float(np.sqrt((apart * apart).mean()))
        scale[j] = spread if spread > 0 else 1.0
        x[:, j] = apart / scale[j]
    return x, centre, scale


def _check_covariates(rows: Rows, names: Sequence[str]) -> None:
    for name, values in zip(names, rows.covariates.T, strict=True):
        low, high = values.min(), values.max()
        if low == high:
            raise EstimationError(f"Covariate '{name}' is constant over all {len(rows)} rows: leave it out.")
        upper = values == high
        if not (upper | (values == low)).all():
            continue
        for side in (upper, ~upper):
            if not (rows.event & side).any():
                raise EstimationError(
                    f"No event is seen in one of the two groups of '{name}' ({int(side.sum())} rows): its hazard "
                    "ratio has no finite estimate. Leave it out, or compare the curves instead."
                )
