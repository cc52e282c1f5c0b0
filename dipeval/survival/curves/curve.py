"""Kaplan-Meier curves as a result: a tidy frame, look-ups that refuse to look beyond the data, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_percent
from dipeval.survival.columns import Rows, read_rows
from dipeval.survival.curves.limits import LIMITS, check_level, check_limits, check_unit, share_limits
from dipeval.survival.curves.lookups import (
    check_span,
    check_time,
    crossing,
    differences,
    each_group,
    followed_to,
    of_group,
    used_up_notes,
    values_at,
    weighted_influences,
)
from dipeval.survival.curves.product_limit import (
    check_clusters,
    check_events,
    count_steps,
    survival,
    survival_error,
    survival_influence,
)
from dipeval.survival.options import check_yes_no, is_number

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

CURVE_COLUMNS = (
    "group",
    "time_days",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n_events",
    "n_at_risk",
    "n_censored",
    "n_effective",
)

# The time at which shares are compared unless another is named.
A_YEAR: Final = {"days": 365.0, "weeks": 52.0, "months": 12.0, "years": 1.0}


def kaplan_meier(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    by: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
    robust: bool | None = None,
    limits: str = "log_log",
    level: float = 0.95,
    time_unit: str = "days",
) -> Curve:
    """Estimate the share who have not yet reoffended over time, by group if asked.

    Parameters
    ----------
    data
        One row a person (or spell, if `entry` is named).
    time
        Column with the time at which the person reoffended or was last followed, from 0, in `time_unit`.
    event
        Column with 1 (reoffended at `time`) or 0 (left observation then).
    entry
        Column with the time from which the person is at risk; at risk over (entry, time].
    by
        Column with the groups. The column ``treated`` (0/1) names them "comparison" and "treated".
    weights
        Column with case weights above 0, such as those of a design. The standard error is then robust.
    cluster
        Column that names what belongs together, such as the matched pair, or a list of two (pair and person); the
        standard error is then robust.
    id
        Column that names the person, where people have several rows: they must not overlap, and errors are clustered
        by person unless `cluster` is named.
    robust
        Whether the standard error is the infinitesimal jackknife's. By default with weights or clusters. False with
        weights takes Greenwood's variance with weighted counts, which is right only for weights that count people.
    limits
        Scale of the limits: "log_log", "log" or "plain". The first stays within 0 and 1 by itself.
    level
        Coverage of the limits.
    time_unit
        Unit of `time`, for display only: "days", "weeks", "months" or "years".

    Returns
    -------
    Curve
        `to_frame()` has group, time_days (in `time_unit`), estimate (share still free of reoffending), std_error,
        conf_low, conf_high, n_events, n_at_risk, n_censored, n_effective: a row at time 0 and one for each distinct
        time of the group. Counts are people, never weights; n_effective is the number of equally weighted people who
        would tell as much as those at risk: the squared sum of their weights over the sum of the squares.

    Raises
    ------
    EstimationError
        If nobody has the event, in all or in a group, or a column cannot be analysed.

    Notes
    -----
    Kaplan and Meier (1958), *JASA* 53, 457-481. Without weights or clusters Greenwood's variance; with them the
    infinitesimal jackknife, summed by cluster; with two clusterings the sum of both less what they share (Cameron,
    Gelbach and Miller 2011, *JBES* 29, 238-249). Limits are pointwise.

    Examples
    --------
    >>> from dipeval import datasets, kaplan_meier
    >>> curve = kaplan_meier(datasets.rossi(), time="weeks_to_arrest", event="arrested", by="fin", time_unit="weeks")
    >>> curve.at([52])[["group", "time_days", "estimate", "conf_low", "conf_high"]].round(3)
      group  time_days  estimate  conf_low  conf_high
    0     0       52.0     0.694     0.628      0.751
    1     1       52.0     0.778     0.716      0.828
    """
    check_level(level)
    check_unit(time_unit)
    check_limits(limits)
    check_yes_no("robust", robust, may_be_none=True)
    if robust is not None and not robust and cluster is not None:
        raise EstimationError("`robust=False` ignores the clusters: leave `robust` out, or leave `cluster` out.")
    rows = read_rows(data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, by=by, id=id)
    check_events(rows)
    check_clusters(rows, cluster)
    use_robust = rows.robust if robust is None else bool(robust)
    frames = [_group_frame(own, name, use_robust, level, limits) for name, own in each_group(rows)]
    return Curve(
        level=level,
        time_unit=time_unit,
        weighted=rows.weighted,
        clustered=use_robust and rows.clustered,
        late_entry=entry is not None,
        robust=use_robust,
        limits=limits,
        _frame=pd.concat(frames, ignore_index=True),
        _rows=rows,
    )


def _group_frame(rows: Rows, name: str, robust: bool, level: float, limits: str) -> pd.DataFrame:
    steps = count_steps(rows)
    estimate = survival(steps)
    error = survival_error(rows, steps, estimate, robust=robust)
    low, high = share_limits(estimate, error, level, limits)
    return pd.DataFrame(
        {
            "group": name,
            "time_days": steps.times,
            "estimate": estimate,
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
            "n_events": steps.events,
            "n_at_risk": steps.at_risk,
            "n_censored": steps.censored,
            "n_effective": steps.n_effective,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve(HtmlMixin):
    """The share still free of reoffending over time, one step function a group.

    Parameters
    ----------
    level
        Coverage of the limits.
    time_unit
        Unit of the times.
    weighted, clustered, late_entry
        What the estimate took into account.
    robust
        Whether the errors are the infinitesimal jackknife's; otherwise Greenwood's.
    limits
        Scale of the limits.
    """

    level: float
    time_unit: str
    weighted: bool
    clustered: bool
    late_entry: bool
    robust: bool = False
    limits: str = "log_log"
    _frame: pd.DataFrame = field(repr=False)
    _rows: Rows | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != CURVE_COLUMNS:
            raise InvariantError("A curve's frame does not have the documented columns.")
        for _, steps in self._frame.groupby("group", sort=False):
            if steps["time_days"].iloc[0] != 0 or not steps["time_days"].is_monotonic_increasing:
                raise InvariantError("A curve does not start at time 0 or runs backwards.")
            if not steps["estimate"].is_monotonic_decreasing or not steps["estimate"].between(0, 1).all():
                raise InvariantError("A survival curve rises, or leaves the range 0 to 1.")

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return tuple(self._frame["group"].unique())

    @property
    def followed_to(self) -> float:
        """Last time up to which every group is observed."""
        return followed_to(self._frame)

    def to_frame(self) -> pd.DataFrame:
        """Return the steps, a row a group and time.

        Returns
        -------
        pandas.DataFrame
            group, time_days (in the curve's unit), estimate (share still free of reoffending), std_error, conf_low,
            conf_high, n_events, n_at_risk, n_censored (people), n_effective (of those at risk).
        """
        return self._frame.copy()

    def at(self, times: Sequence[float] | float) -> pd.DataFrame:
        """Return the curve at given times.

        Parameters
        ----------
        times
            Times in the curve's unit, from 0 to the end of the observed follow-up.

        Returns
        -------
        pandas.DataFrame
            group, time_days, estimate, std_error, conf_low, conf_high: a row a group and time.

        Raises
        ------
        EstimationError
            If a time lies before 0 or beyond the observed follow-up of a group: there is no value there.
        """
        return values_at(self._frame, ["group"], times, self.time_unit)

    def compare_at(self, time: float) -> pd.DataFrame:
        """Return the share of each group who had reoffended by a time, and how far the groups lie apart.

        Parameters
        ----------
        time
            A time in the curve's unit, within the follow-up of every group.

        Returns
        -------
        pandas.DataFrame
            group, time_days, share (reoffended), std_error, conf_low, conf_high, p_value (NaN for the groups): a row a
            group, then "difference", the second group less the first (treated less comparison), with normal limits;
            with more than two groups each against the first. Where clusters span the groups, such as matched pairs,
            the error of the difference takes that into account.

        Raises
        ------
        EstimationError
            If `time` is no number, or lies beyond the follow-up of a group.
        """
        found = self.at(check_time(time))
        groups = found.assign(
            estimate=1 - found["estimate"],
            conf_low=1 - found["conf_high"],
            conf_high=1 - found["conf_low"],
            p_value=np.nan,
        )
        shares, errors = groups["estimate"].to_numpy(), groups["std_error"].to_numpy()
        parts = self._influences(float(time)) if self.clustered else None
        apart = differences(self.groups, shares, errors, parts=parts, rows=self._rows, level=self.level)
        table = groups if apart.empty else pd.concat([groups, apart.assign(time_days=float(time))], ignore_index=True)
        return table.rename(columns={"estimate": "share"})

    def _influences(self, time: float) -> np.ndarray | None:
        def of_one(rows: Rows) -> np.ndarray:
            steps = count_steps(rows)
            place = int(np.searchsorted(steps.times, time, side="right")) - 1
            return survival_influence(rows, steps, survival(steps), place)

        return None if self._rows is None else weighted_influences(self._rows, of_one)

    def quantile(self, share: float) -> pd.DataFrame:
        """Return the time by which a share of each group has reoffended.

        Parameters
        ----------
        share
            Share who have reoffended, between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            group, share, time_days, conf_low, conf_high; NaN where the curve (or its limit) does not get that far.
            Where the curve rests at exactly that share, the middle of the rest.
        """
        if not (is_number(share) and 0 < share < 1):
            raise EstimationError("`share` is the share who have reoffended, between 0 and 1: 0.5 for the median.")
        rows = []
        for name, steps in self._frame.groupby("group", sort=False):
            times = steps["time_days"].to_numpy()
            found = [crossing(times, steps[c].to_numpy(), 1 - share) for c in ("estimate", "conf_low", "conf_high")]
            rows.append((name, share, *found))
        return pd.DataFrame(rows, columns=["group", "share", "time_days", "conf_low", "conf_high"])

    def median(self) -> pd.DataFrame:
        """Return the time by which half of each group has reoffended: `quantile` at 0.5."""
        return self.quantile(0.5)

    def summary(self) -> Summary:
        """Return the shares who had reoffended by the end of the follow-up that all groups share."""
        end = self.followed_to
        table = self.at(end)
        percent = round(100 * self.level)
        shares = [format_percent(1 - value) for value in table["estimate"]]
        limits = [
            format_interval(100 * (1 - high), 100 * (1 - low), 1)
            for low, high in zip(table["conf_low"], table["conf_high"], strict=True)
        ]
        parts = [
            f"{share}{of_group(name)} ({percent}% interval {interval})"
            for name, share, interval in zip(table["group"], shares, limits, strict=True)
        ]
        counts = self._frame.groupby("group", sort=False).agg(
            n_events=("n_events", "sum"), n_censored=("n_censored", "sum")
        )
        display = pd.DataFrame(
            {
                "Group": table["group"],
                "People": (counts["n_events"] + counts["n_censored"]).to_numpy(),
                "Reoffended": counts["n_events"].to_numpy(),
                f"Share by {end:g} {self.time_unit}": shares,
                f"{percent}% interval": limits,
            }
        )
        return Summary(
            title="Time to reoffending",
            headline=f"By {end:g} {self.time_unit}, {' and '.join(parts)} had reoffended.",
            table=display,
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        if self.robust:
            error = "Robust variance (infinitesimal jackknife" + (", summed by cluster)" if self.clustered else ")")
        else:
            error = "Greenwood variance" + (" with weighted counts" if self.weighted else "")
        notes = [
            f"Kaplan-Meier estimate. {error}; {LIMITS[self.limits]} limits, pointwise.",
            "Counts are people, not weights." if self.weighted else "",
            "People enter late: counted at risk only after their entry." if self.late_entry else "",
            *used_up_notes(self._frame.rename(columns={"estimate": "free"})),
        ]
        halves = self.median()
        for name, when in zip(halves["group"], halves["time_days"], strict=True):
            if not np.isnan(when):
                notes.append(f"Half{of_group(name)} had reoffended by {format_number(when, 0)} {self.time_unit}.")
        return tuple(note for note in notes if note)

    def plot(
        self, ax: Axes | None = None, *, horizon: float | None = None, mark: float | Literal[False] | None = None
    ) -> Axes:
        """Draw the share reoffended with its bands and the table of people under the axis.

        Parameters
        ----------
        ax
            Axes to draw on; new ones if None.
        horizon
            Last time shown, in the curve's unit; the end of the shared follow-up if None.
        mark
            Time at which the shares of `compare_at`, and their difference, are written on the picture. By default a
            year, where two groups are followed for that long; False for none.
        """
        from dipeval.plots.survival import reoffending_curve

        return reoffending_curve(ax=ax, level=self.level, **self._drawn(horizon, mark))

    def alt_text(self, *, horizon: float | None = None, mark: float | Literal[False] | None = None) -> str:
        """Return the picture in words, for those who cannot see it; exact figures, parameters as in `plot`."""
        from dipeval.plots.survival import alt_text

        return alt_text(level=self.level, **self._drawn(horizon, mark))

    def plotted_figures(
        self, *, horizon: float | None = None, mark: float | Literal[False] | None = None
    ) -> pd.DataFrame:
        """Return every figure of the picture; exact, parameters as in `plot`.

        Returns
        -------
        pandas.DataFrame
            element, group, cause, time_days, time_shown, estimate, conf_low, conf_high, words.
        """
        from dipeval.plots.survival import plotted_figures

        return plotted_figures(**self._drawn(horizon, mark))

    def _drawn(self, horizon: float | None, mark: float | Literal[False] | None) -> dict[str, Any]:
        from dipeval.plots.survival import display_unit, regular_times, risk_table

        end = check_span(horizon, self.followed_to, self.time_unit)
        if mark is None:
            year = A_YEAR.get(self.time_unit)
            mark = year if year is not None and year <= end and len(self.groups) == 2 else False
        return {
            "frame": self._frame,
            "table": risk_table(self._frame, regular_times(end, time_unit=self.time_unit)),
            "horizon": end,
            "time_label": display_unit(self.time_unit),
            "time_unit": self.time_unit,
            "mark": None if mark is False else self.compare_at(mark),
        }
