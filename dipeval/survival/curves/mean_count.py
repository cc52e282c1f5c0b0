"""The mean cumulative count: how many times people reoffend on average, repeats included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number
from dipeval.survival.columns import Floats, Rows, read_rows
from dipeval.survival.curves.limits import check_level, check_unit, count_limits
from dipeval.survival.curves.lookups import (
    check_span,
    check_time,
    differences,
    each_group,
    followed_to,
    in_group,
    values_at,
    weighted_influences,
)
from dipeval.survival.curves.product_limit import Steps, check_clusters, count_steps, error_of, quotient
from dipeval.survival.curves.running import State, held, running_variance

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

COUNT_COLUMNS = (
    "group",
    "time_days",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n_events",
    "n_at_risk",
    "n_effective",
)


def mean_cumulative_count(
    data: pd.DataFrame,
    *,
    id: str,
    start: str,
    stop: str,
    event: str,
    by: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    level: float = 0.95,
    time_unit: str = "days",
) -> MeanCount:
    """Estimate the mean number of events a person over time, repeats included, by group if asked.

    Parameters
    ----------
    data
        One row a spell at risk: a person has a row up to each event and one up to the end of observation.
    id
        Column that names the person. A person's rows must not overlap; gaps between them, such as custody, are no time
        at risk.
    start, stop
        Columns with the times between which the row is at risk, over (start, stop], in `time_unit`.
    event
        Column with 1 (reoffended at `stop`) or 0.
    by
        Column with the groups. The column ``treated`` (0/1) names them "comparison" and "treated".
    weights
        Column with case weights above 0, such as those of a design, a weight a row.
    cluster
        Column that names what belongs together, such as the matched pair, or a list of two (pair and person); by
        default the person.
    level
        Coverage of the limits.
    time_unit
        Unit of the times, for display only: "days", "weeks", "months" or "years".

    Returns
    -------
    MeanCount
        `to_frame()` has group, time_days (in `time_unit`), estimate (mean number of events a person so far),
        std_error, conf_low, conf_high, n_events, n_at_risk (people, never weights), n_effective: a row at time 0 and
        one for each distinct time of the group.

    Raises
    ------
    EstimationError
        If nobody has an event, rows of a person overlap, or a column cannot be analysed.

    Notes
    -----
    Nelson (1988), *Journal of Quality Technology* 20, 24-35; Lawless and Nadeau (1995), *Technometrics* 37, 158-168.
    The variance is the infinitesimal jackknife's, summed by person or cluster: it takes for granted neither
    independent events nor a common rate. Limits are on the log scale and pointwise. With gaps the count is that of
    somebody who is at risk all the time; a death likewise ends observation, and the mean over everybody, the dead
    included, lies below this one (Ghosh and Lin 2000, *Biometrics* 56, 554-562).

    Examples
    --------
    >>> import pandas as pd
    >>> from dipeval import mean_cumulative_count
    >>> spells = pd.DataFrame({"person": [1, 1, 2, 3, 3], "start": [0, 30, 0, 0, 50], "stop": [30, 90, 90, 40, 90],
    ...                        "reoffended": [1, 0, 0, 1, 1]})
    >>> found = mean_cumulative_count(spells, id="person", start="start", stop="stop", event="reoffended")
    >>> found.at([40, 90])[["group", "time_days", "estimate", "std_error"]].round(3)
      group  time_days  estimate  std_error
    0   all       40.0     0.667      0.272
    1   all       90.0     1.000      0.471
    """
    check_level(level)
    check_unit(time_unit)
    rows = read_rows(data, time=stop, entry=start, event=event, by=by, weights=weights, cluster=cluster, id=id)
    check_clusters(rows, cluster)
    parts = [_group_frame(own, name, level) for name, own in each_group(rows)]
    return MeanCount(
        level=level,
        time_unit=time_unit,
        weighted=rows.weighted,
        by_person=cluster is None,
        _frame=pd.concat(parts, ignore_index=True),
        _rows=rows,
    )


def _group_frame(rows: Rows, name: str, level: float) -> pd.DataFrame:
    steps = count_steps(rows)
    count = np.cumsum(quotient(steps.weight_events, steps.weight_at_risk))
    # Where nothing is seen the jackknife gives 0: that is no error anyone should quote.
    error = _count_error(rows, steps, count) if rows.event.any() else np.full(len(count), np.nan)
    low, high = count_limits(count, error, level)
    return pd.DataFrame(
        {
            "group": name,
            "time_days": steps.times,
            "estimate": count,
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
            "n_events": steps.events,
            "n_at_risk": steps.at_risk,
            "n_effective": steps.n_effective,
        }
    )


def _diluted(rows: Rows, steps: Steps) -> tuple[Floats, Floats]:
    """Return the running sum of events over at risk squared, and what each row's own event adds."""
    growth = np.cumsum(quotient(steps.weight_events, steps.weight_at_risk**2))
    own = quotient((steps.events > 0).astype(float), steps.weight_at_risk)
    return growth, np.where(rows.event, own[steps.left], 0.0)


def _count_error(rows: Rows, steps: Steps, count: Floats) -> Floats:
    """Return the infinitesimal-jackknife standard error after each step; NaN where people do not differ.

    A row's influence is the sum, while it is at risk, of (its event - events / Y) / Y: less the growth of the running
    sum of events / Y^2, plus 1 / Y at its own event.
    """
    growth, own = _diluted(rows, steps)
    carried = State(at_entry=growth[steps.came], at_end=own - growth[steps.left])
    curves = np.column_stack([np.ones(len(growth)), -growth])
    variance = running_variance(rows, came=steps.came, left=steps.left, states=[carried, held(rows)], curves=curves)
    return error_of(variance, count)


def _count_influence(rows: Rows, steps: Steps, place: int) -> Floats:
    growth, own = _diluted(rows, steps)
    came, left = np.minimum(steps.came, place), np.minimum(steps.left, place)
    return growth[came] - growth[left] + np.where(steps.left <= place, own, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeanCount(HtmlMixin):
    """The mean number of events a person over time, one step function a group.

    Parameters
    ----------
    level
        Coverage of the limits.
    time_unit
        Unit of the times.
    weighted
        Whether case weights were used.
    by_person
        Whether errors are summed by person; otherwise by the clusters named.
    """

    level: float
    time_unit: str
    weighted: bool
    by_person: bool
    _frame: pd.DataFrame = field(repr=False)
    _rows: Rows = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COUNT_COLUMNS:
            raise InvariantError("The frame of a mean count does not have the documented columns.")
        for _, steps in self._frame.groupby("group", sort=False):
            if steps["time_days"].iloc[0] != 0 or not steps["time_days"].is_monotonic_increasing:
                raise InvariantError("A mean count does not start at time 0 or runs backwards.")
            if not steps["estimate"].is_monotonic_increasing or steps["estimate"].iloc[0] != 0:
                raise InvariantError("A mean count falls, or does not start at 0.")

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return self._rows.group_names

    @property
    def followed_to(self) -> float:
        """Last time up to which every group is observed."""
        return followed_to(self._frame)

    def to_frame(self) -> pd.DataFrame:
        """Return the steps, a row a group and time.

        Returns
        -------
        pandas.DataFrame
            group, time_days (in the curve's unit), estimate (mean number of events a person so far), std_error,
            conf_low, conf_high, n_events, n_at_risk (people), n_effective (of those at risk).
        """
        return self._frame.copy()

    def at(self, times: Sequence[float] | float) -> pd.DataFrame:
        """Return the mean counts at given times.

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
        """Return each group's mean count by a time, and how far the groups lie apart.

        Parameters
        ----------
        time
            A time in the curve's unit, within the follow-up of every group.

        Returns
        -------
        pandas.DataFrame
            group, time_days, estimate, std_error, conf_low, conf_high, p_value (NaN for the groups): a row a group,
            then "difference", the second group less the first (treated less comparison), with normal limits; with more
            than two groups each against the first. Where a person or cluster spans the groups the error of the
            difference takes that into account.

        Raises
        ------
        EstimationError
            If `time` is no number, or lies beyond the follow-up of a group.
        """
        groups = self.at(check_time(time)).assign(p_value=np.nan)

        def of_one(rows: Rows) -> Floats:
            steps = count_steps(rows)
            return _count_influence(rows, steps, int(np.searchsorted(steps.times, time, side="right")) - 1)

        apart = differences(
            self.groups,
            groups["estimate"].to_numpy(),
            groups["std_error"].to_numpy(),
            parts=weighted_influences(self._rows, of_one) if self._rows.clustered else None,
            rows=self._rows,
            level=self.level,
        )
        return groups if apart.empty else pd.concat([groups, apart.assign(time_days=float(time))], ignore_index=True)

    def summary(self) -> Summary:
        """Return the mean counts by the end of the follow-up that all groups share."""
        end, percent = self.followed_to, round(100 * self.level)
        table = self.at(end)
        means = [format_number(value) for value in table["estimate"]]
        limits = [format_interval(low, high) for low, high in zip(table["conf_low"], table["conf_high"], strict=True)]
        parts = [
            f"{mean}{in_group(name)} ({percent}% interval {interval})"
            for name, mean, interval in zip(table["group"], means, limits, strict=True)
        ]
        people = [len(np.unique(self._people()[self._rows.group == code])) for code in range(len(self.groups))]
        display = pd.DataFrame(
            {
                "Group": table["group"],
                "People": people,
                "Reoffences": self._frame.groupby("group", sort=False)["n_events"].sum().to_numpy(),
                f"Mean by {end:g} {self.time_unit}": means,
                f"{percent}% interval": limits,
            }
        )
        return Summary(
            title="Mean number of reoffences",
            headline=f"By {end:g} {self.time_unit} at risk, the mean number of reoffences a person was "
            f"{' and '.join(parts)}.",
            table=display,
            notes=self._notes(),
        )

    def _people(self) -> np.ndarray:
        return self._rows.position if self._rows.person is None else self._rows.person

    def _notes(self) -> tuple[str, ...]:
        notes = [
            "Mean cumulative count (Nelson-Aalen form), repeats included. Infinitesimal-jackknife variance, summed by "
            f"{'person' if self.by_person else 'cluster'}; limits on the log scale, pointwise.",
            "Time outside a person's rows, such as custody, is no time at risk.",
            "Counts are people and events, not weights." if self.weighted else "",
        ]
        for name, count in self._frame.groupby("group", sort=False)["n_events"].sum().items():
            if not count:
                notes.append(f"No event is seen{in_group(str(name))}: a mean of 0, with no limits claimed.")
        return tuple(note for note in notes if note)

    def plot(self, ax: Axes | None = None, *, horizon: float | None = None, mark: float | None = None) -> Axes:
        """Draw the mean count of every group with its bands and the table of people and events under the axis.

        Parameters
        ----------
        ax
            Axes to draw on; new ones if None.
        horizon
            Last time shown, in the curve's unit; the end of the shared follow-up if None.
        mark
            Time at which the values of `compare_at`, and their difference, are written on the picture.
        """
        from dipeval.plots.mean_count import mean_count_curves
        from dipeval.plots.survival_axis import display_unit, regular_times
        from dipeval.plots.survival_table import count_table

        end = check_span(horizon, self.followed_to, self.time_unit)
        return mean_count_curves(
            self._frame,
            table=count_table(self._frame, regular_times(end, time_unit=self.time_unit)),
            ax=ax,
            horizon=end,
            time_label=display_unit(self.time_unit),
            time_unit=self.time_unit,
            mark=None if mark is None else self.compare_at(mark),
            level=self.level,
        )
