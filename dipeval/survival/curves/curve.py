"""Kaplan-Meier curves as a result: a tidy frame, look-ups that refuse to look beyond the data, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_percent
from dipeval.survival.columns import Rows, is_number, read_rows
from dipeval.survival.curves.product_limit import count_steps, log_log_limits, survival_and_error

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
)
_SAME = 1e-9  # shares closer than this are one and the same plateau


def kaplan_meier(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    by: str | None = None,
    weights: str | None = None,
    cluster: str | None = None,
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
        Column that names what belongs together, such as the matched pair; the standard error is then robust.
    level
        Coverage of the limits.
    time_unit
        Unit of `time`, for display only: "days", "weeks", "months" or "years".

    Returns
    -------
    Curve
        `to_frame()` has group, time_days (in `time_unit`), estimate (share still free of reoffending), std_error,
        conf_low, conf_high, n_events, n_at_risk, n_censored: a row at time 0 and one for each distinct time of the
        group. Counts are people, never weights.

    Raises
    ------
    EstimationError
        If nobody has the event, in all or in a group, or a column cannot be analysed.

    Notes
    -----
    Kaplan and Meier (1958), *JASA* 53, 457-481. Without weights or clusters Greenwood's variance; with them the
    infinitesimal jackknife, summed by cluster. Limits are log-log and pointwise.

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
    rows = read_rows(data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, by=by)
    silent = [name for code, name in enumerate(rows.group_names) if not rows.event[rows.group == code].any()]
    if silent:
        raise EstimationError(
            f"No event is seen in group {', '.join(silent)}: its curve would stay at 1 with no honest interval; "
            "follow for longer or put groups together."
        )
    frames = [_group_frame(rows.take(rows.group == code), name, level) for code, name in enumerate(rows.group_names)]
    frame = pd.concat(frames, ignore_index=True)
    return Curve(
        level=level,
        time_unit=time_unit,
        weighted=rows.weighted,
        clustered=rows.clustered,
        late_entry=entry is not None,
        _frame=frame,
    )


def check_level(level: float) -> None:
    """Refuse a coverage that is not between 0 and 1."""
    if not (is_number(level) and 0 < level < 1):
        raise EstimationError("`level` is the coverage of the limits, between 0 and 1: 0.95, for example.")


def _group_frame(rows: Rows, name: str, level: float) -> pd.DataFrame:
    steps = count_steps(rows)
    estimate, error = survival_and_error(rows, steps)
    low, high = log_log_limits(estimate, error, level)
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
    """

    level: float
    time_unit: str
    weighted: bool
    clustered: bool
    late_entry: bool
    _frame: pd.DataFrame = field(repr=False)

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
        return float(self._frame.groupby("group")["time_days"].max().min())

    def to_frame(self) -> pd.DataFrame:
        """Return the steps, a row a group and time.

        Returns
        -------
        pandas.DataFrame
            group, time_days (in the curve's unit), estimate (share still free of reoffending), std_error, conf_low,
            conf_high, n_events, n_at_risk, n_censored (people).
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
        asked = np.atleast_1d(np.asarray(times, dtype=float))
        if not np.isfinite(asked).all() or (asked < 0).any():
            raise EstimationError("Times must be numbers from 0 on.")
        found = [self._at_one(steps, asked) for _, steps in self._frame.groupby("group", sort=False)]
        return pd.concat(found, ignore_index=True)

    def _at_one(self, steps: pd.DataFrame, asked: np.ndarray) -> pd.DataFrame:
        end = float(steps["time_days"].iloc[-1])
        if (asked > end).any():
            raise EstimationError(
                f"Group '{steps['group'].iloc[0]}' was followed for {end:g} {self.time_unit} and a value was asked for "
                f"at {asked.max():g}: ask within the follow-up; nothing is extrapolated."
            )
        place = np.searchsorted(steps["time_days"].to_numpy(), asked, side="right") - 1
        columns = ["group", "time_days", "estimate", "std_error", "conf_low", "conf_high"]
        return steps.iloc[place][columns].assign(time_days=asked)

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
        if not 0 < share < 1:
            raise EstimationError("`share` is the share who have reoffended, between 0 and 1: 0.5 for the median.")
        rows = []
        for name, steps in self._frame.groupby("group", sort=False):
            times = steps["time_days"].to_numpy()
            found = [_crossing(times, steps[c].to_numpy(), 1 - share) for c in ("estimate", "conf_low", "conf_high")]
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
            f"{share}{_of(name)} ({percent}% interval {interval})"
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
        if self.weighted or self.clustered:
            error = "Robust variance (infinitesimal jackknife" + (", summed by cluster)" if self.clustered else ")")
        else:
            error = "Greenwood variance"
        notes = [
            f"Kaplan-Meier estimate. {error}; log-log limits, pointwise.",
            "Counts are people, not weights." if self.weighted else "",
            "People enter late: counted at risk only after their entry." if self.late_entry else "",
        ]
        halves = self.median()
        for name, when in zip(halves["group"], halves["time_days"], strict=True):
            if not np.isnan(when):
                notes.append(f"Half{_of(name)} had reoffended by {format_number(when, 0)} {self.time_unit}.")
        return tuple(note for note in notes if note)

    def plot(self, ax: Axes | None = None, *, horizon: float | None = None) -> Axes:
        """Draw the share reoffended with its bands and the table of people under the axis.

        Parameters
        ----------
        ax
            Axes to draw on; new ones if None.
        horizon
            Last time shown, in the curve's unit; the end of the shared follow-up if None.
        """
        from dipeval.plots.survival import display_unit, regular_times, reoffending_curve, risk_table

        end = self.followed_to if horizon is None else float(horizon)
        if not 0 < end <= self.followed_to:
            raise EstimationError(
                f"The picture can run to {self.followed_to:g} {self.time_unit}, as far as every group was followed; "
                f"{end:g} was asked for."
            )
        label = display_unit(self.time_unit)
        table = risk_table(self._frame, regular_times(end, time_unit=self.time_unit))
        return reoffending_curve(
            self._frame, table=table, ax=ax, horizon=end, time_label=label, time_unit=self.time_unit
        )


def _of(group: str) -> str:
    words = {"all": "", "treated": " of the treated", "comparison": " of the comparison group"}
    return words.get(group, f" of group {group}")


def _crossing(times: np.ndarray, curve: np.ndarray, target: float) -> float:
    with np.errstate(invalid="ignore"):
        reached = np.flatnonzero(curve <= target + _SAME)
    if len(reached) == 0:
        return float("nan")
    first = reached[0]
    if abs(curve[first] - target) < _SAME:
        lower = np.flatnonzero(curve < target - _SAME)
        return float(times[first] + times[lower[0] if len(lower) else -1]) / 2
    return float(times[first])
