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
from dipeval.survival.clusters import n_clusters
from dipeval.survival.columns import Floats, Integers, Rows, read_rows
from dipeval.survival.curves.product_limit import check_clusters
from dipeval.survival.options import is_number
from dipeval.survival.testing.counting import check_seen, chi_square, plain_counts, robust_counts

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
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
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
        Column that names what belongs together, or a list of two such columns (pair and person); the test is then
        robust too.
    id
        Column that names the person, where people have several rows: these must not overlap, and the test is then
        robust by person unless `cluster` is named.
    rho
        Power of the pooled survival that weighs early differences (Harrington and Fleming's G-rho; 0 is the log-rank).
        With weights the pooled survival is weighted.

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
    The robust variance is the infinitesimal jackknife of the weighted score: with `rho` above 0 it counts that the
    pooled survival is estimated too.

    Examples
    --------
    >>> from dipeval import datasets, log_rank
    >>> test = log_rank(datasets.rossi(), time="weeks_to_arrest", event="arrested", by="fin")
    >>> round(test.statistic, 4), test.df, round(test.p_value, 4)
    (3.8376, 1, 0.0501)
    """
    if not is_number(rho) or not 0 <= rho < np.inf:
        raise EstimationError("`rho` is 0 (log-rank) or a positive number (early differences weigh more).")
    rows = read_rows(
        data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, strata=strata, by=by, id=id
    )
    _check_groups(rows, by, id if cluster is None else cluster)
    observed, expected, variance = robust_counts(rows, rho) if rows.robust else plain_counts(rows, rho)
    check_seen(rows.group_names, expected)
    statistic = chi_square(observed, expected, variance)
    df = len(rows.group_names) - 1
    frame = pd.DataFrame({"group": rows.group_names, "n": _people(rows), "observed": observed, "expected": expected})
    return TestResult(
        statistic=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)),
        method=_method_words(rho, strata is not None, rows.weighted, rows.clustered),
        _frame=frame,
        _variance=variance,
    )


def check_groups_named(names: tuple[str, ...], by: str) -> None:
    """Refuse one group: there is nothing to compare it with."""
    if len(names) < 2:
        raise EstimationError(f"Column '{by}' holds one group only: two or more are needed for a comparison.")


def _check_groups(rows: Rows, by: str, cluster: str | Sequence[str] | None) -> None:
    check_groups_named(rows.group_names, by)
    if rows.clustered and n_clusters(rows) <= len(rows.group_names):
        columns = " and ".join(f"'{name}'" for name in ([cluster] if isinstance(cluster, str) else cluster or ()))
        raise EstimationError(
            f"The clusters in {columns} are too few for a robust test of {len(rows.group_names)} groups: some dozens "
            "are needed."
        )
    check_clusters(rows, cluster)


def _people(rows: Rows) -> Integers:
    """Count rows by group, or people where the rows say whose they are."""
    if rows.person is None:
        return np.bincount(rows.group, minlength=len(rows.group_names))
    once = np.unique(np.column_stack([rows.person, rows.group]), axis=0)
    return np.bincount(once[:, 1], minlength=len(rows.group_names))


def _method_words(rho: float, stratified: bool, weighted: bool, clustered: bool) -> str:
    if weighted or clustered:
        inner = ["log-rank in robust form" if rho == 0 else f"G-rho in robust form, rho = {rho:g}"]
        inner += ["summed by cluster"] if clustered else []
        kind = f"Robust score test of the {'weighted ' if weighted else ''}Cox model ({', '.join(inner)})"
    else:
        kind = "Log-rank test" if rho == 0 else f"G-rho test, rho = {rho:g}"
    return kind + (", stratified" if stratified else "")


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
