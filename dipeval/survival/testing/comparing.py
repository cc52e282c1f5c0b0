"""Tests of equal curves: the log-rank family, and its robust form where there are weights or clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_number, format_p
from dipeval.survival.clusters import n_clusters, squares
from dipeval.survival.columns import Floats, Rows, is_number, read_rows
from dipeval.survival.hazards.kernel import RiskCells, build_cells, evaluate, score_residuals

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib


def log_rank(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    by: str,
    entry: str | None = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    rho: float = 0.0,
) -> TestResult:
    """Test whether groups reoffend at the same rate over time.

    Parameters
    ----------
    data
        One row a person (or spell, if `entry` is named).
    time, event
        Columns with the time from 0 and with 1 (event) or 0 (left observation).
    by
        Column with the groups, two or more.
    entry
        Column with the start of being at risk; at risk over (entry, time].
    strata
        Column or columns within whose values groups are compared.
    weights
        Column with case weights above 0. The test is then the robust score test of the weighted Cox model: the usual
        weighted log-rank counts weights as people, which finds differences that are not there.
    cluster
        Column that names what belongs together; the test is then robust too.
    rho
        Power of the pooled survival that weighs early differences (Harrington and Fleming's G-rho; 0 is the log-rank).

    Returns
    -------
    TestResult
        `statistic`, `df`, `p_value`; `to_frame()` has group, n (people), observed, expected (weighted where weights
        were named).

    Raises
    ------
    EstimationError
        If there are fewer than two groups, a group is never at risk, or a column cannot be analysed.

    Notes
    -----
    Mantel (1966), *Cancer Chemotherapy Reports* 50, 163-170; Peto and Peto (1972), *JRSS A* 135, 185-207; Harrington
    and Fleming (1982), *Biometrika* 69, 553-566; robust form: Lin and Wei (1989), *JASA* 84, 1074-1078, Efron ties.

    Examples
    --------
    >>> from dipeval import datasets, log_rank
    >>> test = log_rank(datasets.rossi(), time="weeks_to_arrest", event="arrested", by="fin")
    >>> round(test.statistic, 4), test.df, round(test.p_value, 4)
    (3.8376, 1, 0.0501)
    """
    robust = weights is not None or cluster is not None
    if not (is_number(rho) and 0 <= rho < float("inf")):
        raise EstimationError("`rho` is 0 (log-rank) or a positive number such as 1 (early differences count more).")
    if rho and robust:
        raise EstimationError("`rho` is not available with weights or clusters: leave one of them out.")
    rows = read_rows(data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, strata=strata, by=by)
    if len(rows.group_names) < 2:
        raise EstimationError(f"Column '{by}' holds one group only: two or more are needed for a comparison.")
    if rows.clustered and n_clusters(rows) <= len(rows.group_names):
        raise EstimationError(
            f"The clusters in '{cluster}' are too few for a robust test of {len(rows.group_names)} groups: some dozens "
            "are needed."
        )
    observed, expected, variance = _robust_counts(rows) if robust else _plain_counts(rows, rho)
    _check_seen(rows, expected)
    gap = (observed - expected)[1:]
    statistic = float(gap @ np.linalg.lstsq(variance[1:, 1:], gap, rcond=None)[0])
    df = len(rows.group_names) - 1
    frame = pd.DataFrame(
        {
            "group": rows.group_names,
            "n": np.bincount(rows.group, minlength=df + 1),
            "observed": observed,
            "expected": expected,
        }
    )
    return TestResult(
        statistic=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)),
        method=_method_words(rho, strata is not None, weights is not None, cluster is not None),
        _frame=frame,
        _variance=variance,
    )


def _method_words(rho: float, stratified: bool, weighted: bool, clustered: bool) -> str:
    if weighted or clustered:
        kind = "Robust score test of the " + ("weighted " if weighted else "") + "Cox model (log-rank in robust form"
        kind += ", summed by cluster)" if clustered else ")"
    else:
        kind = "Log-rank test" if rho == 0 else f"G-rho test, rho = {rho:g}"
    return kind + (", stratified" if stratified else "")


def _indicators(rows: Rows) -> Floats:
    return np.asfortranarray((rows.group[:, None] == np.arange(len(rows.group_names))).astype(float))


def _robust_counts(rows: Rows) -> tuple[Floats, Floats, Floats]:
    """Observed and expected weighted events, with the empirical variance of their difference by cluster."""
    cells, used = build_cells(rows, "efron")
    inside = rows.take(used)
    x = _indicators(inside)
    null = evaluate(cells, x, inside.weight, np.zeros(x.shape[1]))
    variance = squares(score_residuals(cells, x, null) * inside.weight[:, None], inside)
    observed = inside.weight[cells.died] @ x[cells.died]
    return observed, observed - null.score, variance


def _plain_counts(rows: Rows, rho: float) -> tuple[Floats, Floats, Floats]:
    """Observed and expected events with the hypergeometric variance, summed over cells."""
    cells, used = build_cells(rows, "breslow")
    x = _indicators(rows.take(used))
    risk = np.column_stack([cells.at_risk(column) for column in x.T])
    deaths = np.column_stack([cells.total_by_cell(cells.died_cell, column[cells.died]) for column in x.T])
    everyone, all_deaths = risk.sum(axis=1), deaths.sum(axis=1)
    early = _pooled_survival_before(cells, all_deaths, everyone) ** rho
    share = risk / everyone[:, None]
    spread = early**2 * all_deaths * (everyone - all_deaths) / np.maximum(everyone - 1, 1)
    variance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return early @ deaths, (early * all_deaths) @ share, variance


def _pooled_survival_before(cells: RiskCells, deaths: Floats, everyone: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        after = cells.running(np.log1p(-deaths / everyone))
    return np.array([1.0]) if len(after) == 1 else np.exp(_shifted(cells, after))


def _shifted(cells: RiskCells, after: Floats) -> Floats:
    before = np.concatenate([[0.0], after[:-1]])
    before[np.concatenate([[True], cells.stratum[1:] != cells.stratum[:-1]])] = 0.0
    return before


def _check_seen(rows: Rows, expected: Floats) -> None:
    unseen = [name for name, value in zip(rows.group_names, expected, strict=True) if value <= 0]
    if unseen:
        raise EstimationError(
            f"Group {', '.join(unseen)} is never at risk when an event happens: it cannot be compared; leave it out."
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TestResult(HtmlMixin):
    """A chi-square test of equal curves.

    Parameters
    ----------
    statistic, df, p_value
        The test.
    method
        Its name in words.
    """

    __test__ = False  # not a test case for pytest

    statistic: float
    df: int
    p_value: float
    method: str
    _frame: pd.DataFrame = field(repr=False)
    _variance: Floats = field(repr=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.statistic) and self.statistic >= -1e-12 and 0 <= self.p_value <= 1):
            raise InvariantError("A test has no statistic, or a p-value outside 0 to 1.")
        if abs(self._frame["observed"].sum() - self._frame["expected"].sum()) > 1e-6 * self._frame["observed"].sum():
            raise InvariantError("Observed and expected events do not add up to the same number.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group: group, n (people), observed, expected (events, weighted if there are weights)."""
        return self._frame.copy()

    def variance(self) -> pd.DataFrame:
        """Return the covariance matrix of observed minus expected, by group."""
        names = list(self._frame["group"])
        return pd.DataFrame(self._variance, index=names, columns=names)

    def summary(self) -> Summary:
        """Return the test in one sentence and the observed and expected events."""
        verdict = "differ" if self.p_value < 0.05 else "cannot be told apart"
        table = pd.DataFrame(
            {
                "Group": self._frame["group"],
                "People": self._frame["n"],
                "Observed": [format_number(value, 1) for value in self._frame["observed"]],
                "Expected": [format_number(value, 1) for value in self._frame["expected"]],
            }
        )
        return Summary(
            title="Test of equal curves",
            headline=(
                f"The curves {verdict} at the 5% level: chi-square {format_number(self.statistic)} on {self.df} "
                f"degree{'' if self.df == 1 else 's'} of freedom, p = {format_p(self.p_value)}.".replace("= <", "< ")
            ),
            table=table,
            notes=(self.method + ".", "Expected: if the groups had the same rate at every time."),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the events observed beside those expected, by group, and return the Axes drawn on."""
        from dipeval.plots.events import observed_expected_plot

        return observed_expected_plot(self.to_frame(), ax=ax)
