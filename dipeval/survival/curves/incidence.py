"""Cumulative incidence: how many reoffend when death, custody and the like may come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_percent
from dipeval.survival.columns import CENSORED, Floats, Rows, read_causes, read_rows
from dipeval.survival.curves.aalen_johansen import (
    INCIDENCE_COLUMNS,
    cause_share,
    group_steps,
    happened,
    share_influence,
)
from dipeval.survival.curves.limits import check_level, check_unit
from dipeval.survival.curves.lookups import (
    check_span,
    check_time,
    differences,
    each_group,
    followed_to,
    in_group,
    of_group,
    used_up_notes,
    values_at,
    weighted_influences,
)
from dipeval.survival.curves.product_limit import check_clusters, count_steps
from dipeval.survival.options import names_of

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

_SHORT = 1e-12  # shares that add up to 1 but for rounding
_ANY, _CODE = "whether anything happened", "code of what happened"


def cumulative_incidence(
    data: pd.DataFrame,
    *,
    time: str,
    cause: str,
    entry: str | None = None,
    by: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
    censored: Sequence[str] = CENSORED,
    level: float = 0.95,
    time_unit: str = "days",
) -> Incidence:
    """Estimate the share to whom each of several causes has happened over time, by group if asked.

    Parameters
    ----------
    data
        One row a person (or spell, if `entry` is named).
    time
        Column with the time at which something happened or observation ended, from 0, in `time_unit`.
    cause
        Column with what ended each row: whole numbers, 0 for leaving observation and 1, 2... for what happened; or
        words, of which those in `censored` mean leaving observation.
    entry
        Column with the time from which the person is at risk; at risk over (entry, time].
    by
        Column with the groups. The column ``treated`` (0/1) names them "comparison" and "treated".
    weights
        Column with case weights above 0, such as those of a design.
    cluster
        Column that names what belongs together, such as the matched pair, or a list of two (pair and person).
    id
        Column that names the person, where people have several rows: they must not overlap, and errors are clustered
        by person unless `cluster` is named.
    censored
        Words that mean no more than that observation ended. Death and custody are not among them: they are causes.
    level
        Coverage of the limits.
    time_unit
        Unit of `time`, for display only: "days", "weeks", "months" or "years".

    Returns
    -------
    Incidence
        `to_frame()` has group, cause, time_days (in `time_unit`), estimate (share to whom the cause has happened),
        std_error, conf_low, conf_high, n_events (of the cause), n_at_risk, n_censored (people), n_effective: a row at
        time 0 and one for each distinct time of the group. The shares of all causes, and of those to whom nothing has
        happened, add up to 1.

    Raises
    ------
    EstimationError
        If nothing ever happens, or a column cannot be analysed.

    Notes
    -----
    Aalen and Johansen (1978), *Scandinavian Journal of Statistics* 5, 141-150. Causes that tie on a day are taken
    together, without jitter. The variance is the infinitesimal jackknife's, summed by cluster; limits are log-log and
    pointwise. Where a cause never happens in a group its share is 0 and no limits are claimed.

    Examples
    --------
    >>> import pandas as pd
    >>> from dipeval import cumulative_incidence
    >>> people = pd.DataFrame({"days": [20, 35, 35, 60, 90, 90], "ended": ["reoffended", "death", "reoffended",
    ...                        "reoffended", "end_of_follow_up", "end_of_follow_up"]})
    >>> found = cumulative_incidence(people, time="days", cause="ended")
    >>> found.at(60)[["cause", "time_days", "estimate", "std_error"]].round(3)
            cause  time_days  estimate  std_error
    0       death       60.0     0.167      0.152
    1  reoffended       60.0     0.500      0.204
    """
    check_level(level)
    check_unit(time_unit)
    rows, causes = _read(data, cause, censored, time=time, entry=entry, by=by, weights=weights, cluster=cluster, id=id)
    check_clusters(rows, cluster)
    parts = [group_steps(own, name, causes, level) for name, own in each_group(rows)]
    return Incidence(
        level=level,
        time_unit=time_unit,
        causes=causes,
        weighted=rows.weighted,
        clustered=rows.clustered,
        late_entry=entry is not None,
        _frame=pd.concat(parts, ignore_index=True),
        _rows=rows,
    )


def _read(
    data: pd.DataFrame, cause: str, censored: Sequence[str], *, time: str, **options: Any
) -> tuple[Rows, tuple[str, ...]]:
    """Return the rows, with the code of what ended each as their only covariate, and the names of the causes."""
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"A pandas DataFrame is needed, one row a person or spell; a {type(data).__name__} was given.")
    if data.empty:
        raise EstimationError("The table has no rows: nothing can be estimated from it.")
    causes, codes = read_causes(data, cause, censored)
    table = data.copy(deep=False)
    table[_ANY], table[_CODE] = (codes > 0).astype(np.int64), codes
    return read_rows(table, time=time, event=_ANY, covariates=[_CODE], **options), causes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Incidence(HtmlMixin):
    """The share to whom each cause has happened over time, one step function a group and cause.

    Parameters
    ----------
    level
        Coverage of the limits.
    time_unit
        Unit of the times.
    causes
        Names of the causes, in order.
    weighted, clustered, late_entry
        What the estimate took into account.
    """

    level: float
    time_unit: str
    causes: tuple[str, ...]
    weighted: bool
    clustered: bool
    late_entry: bool
    _frame: pd.DataFrame = field(repr=False)
    _rows: Rows = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != INCIDENCE_COLUMNS:
            raise InvariantError("The frame of a cumulative incidence does not have the documented columns.")
        for _, steps in self._frame.groupby(["group", "cause"], sort=False):
            if steps["time_days"].iloc[0] != 0 or not steps["time_days"].is_monotonic_increasing:
                raise InvariantError("A cumulative incidence does not start at time 0 or runs backwards.")
            if not steps["estimate"].is_monotonic_increasing or steps["estimate"].iloc[0] < 0:
                raise InvariantError("A cumulative incidence falls, or lies below 0.")
        if (self._frame.groupby(["group", "time_days"])["estimate"].sum() > 1 + 1e-9).any():
            raise InvariantError("The shares of all causes add up to more than 1.")

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return self._rows.group_names

    @property
    def followed_to(self) -> float:
        """Last time up to which every group is observed."""
        return followed_to(self._frame)

    def to_frame(self) -> pd.DataFrame:
        """Return the steps, a row a group, cause and time.

        Returns
        -------
        pandas.DataFrame
            group, cause, time_days (in the curve's unit), estimate (share to whom the cause has happened), std_error,
            conf_low, conf_high, n_events (of the cause), n_at_risk, n_censored (people), n_effective (of those at
            risk).
        """
        return self._frame.copy()

    def at(self, times: Sequence[float] | float) -> pd.DataFrame:
        """Return the shares at given times.

        Parameters
        ----------
        times
            Times in the curve's unit, from 0 to the end of the observed follow-up.

        Returns
        -------
        pandas.DataFrame
            group, cause, time_days, estimate, std_error, conf_low, conf_high: a row a group, cause and time.

        Raises
        ------
        EstimationError
            If a time lies before 0 or beyond the observed follow-up of a group: there is no value there.
        """
        return values_at(self._frame, ["group", "cause"], times, self.time_unit)

    def compare_at(self, time: float, cause: str | int | None = None) -> pd.DataFrame:
        """Return each group's share by a time, and how far the groups lie apart.

        Parameters
        ----------
        time
            A time in the curve's unit, within the follow-up of every group.
        cause
            The cause compared; all of them in turn if None.

        Returns
        -------
        pandas.DataFrame
            group, cause, time_days, share, std_error, conf_low, conf_high, p_value (NaN for the groups): for every
            cause a row a group, then "difference", the second group less the first (treated less comparison), with
            normal limits; with more than two groups each against the first. Where clusters span the groups, such as
            matched pairs, the error of the difference takes that into account.

        Raises
        ------
        EstimationError
            If the cause is not known, `time` is no number, or it lies beyond the follow-up of a group.
        """
        found = self.at(check_time(time)).assign(p_value=np.nan)
        asked = self.causes if cause is None else (self._known(cause),)
        parts = []
        for name in asked:
            groups = found[found["cause"] == name]
            apart = differences(
                self.groups,
                groups["estimate"].to_numpy(),
                groups["std_error"].to_numpy(),
                parts=self._influences(float(time), name) if self.clustered else None,
                rows=self._rows,
                level=self.level,
            )
            parts += [groups] if apart.empty else [groups, apart.assign(cause=name, time_days=float(time))]
        return pd.concat(parts, ignore_index=True).rename(columns={"estimate": "share"})

    def _known(self, cause: str | int) -> str:
        if str(cause) not in self.causes:
            raise EstimationError(f"There is no cause '{cause}'; the causes are: {', '.join(self.causes)}.")
        return str(cause)

    def _influences(self, time: float, cause: str) -> Floats:
        code = self.causes.index(cause) + 1

        def of_one(rows: Rows) -> Floats:
            steps = count_steps(rows)
            place = int(np.searchsorted(steps.times, time, side="right")) - 1
            return share_influence(rows, cause_share(rows, steps, happened(rows, code)), place)

        return weighted_influences(self._rows, of_one)

    def _main_cause(self) -> str:
        """Return the cause of the headline: reoffending where it is one of them, else the most frequent."""
        named = [name for name in self.causes if name.lower().startswith("reoff")]
        counts = self._frame.groupby("cause", sort=False)["n_events"].sum()
        return named[0] if named else str(counts.idxmax())

    def summary(self) -> Summary:
        """Return the shares by the end of the follow-up that all groups share, the main cause in the headline."""
        end, percent = self.followed_to, round(100 * self.level)
        table = self.at(end)
        limits = [
            format_interval(100 * low, 100 * high, 1)
            for low, high in zip(table["conf_low"], table["conf_high"], strict=True)
        ]
        shares = [format_percent(value) for value in table["estimate"]]
        main = self._main_cause()
        parts = [
            f"{share}{of_group(group)} ({percent}% interval {interval})"
            for group, cause, share, interval in zip(table["group"], table["cause"], shares, limits, strict=True)
            if cause == main
        ]
        counts = self._frame.groupby(["group", "cause"], sort=False)["n_events"].sum()
        display = pd.DataFrame(
            {
                "Group": table["group"],
                "Cause": [_words(name) for name in table["cause"]],
                "People": counts.to_numpy(),
                f"Share by {end:g} {self.time_unit}": shares,
                f"{percent}% interval": limits,
            }
        )
        by, shown = f"By {end:g} {self.time_unit}", " and ".join(parts)
        if main.lower().startswith("reoff"):
            headline = f"{by}, {shown} had reoffended."
        else:
            headline = f"{by}, '{_words(main)}' had happened to {shown}."
        return Summary(
            title="Share by cause",
            headline=headline,
            table=display,
            notes=self._notes(counts),
        )

    def _notes(self, counts: pd.Series) -> tuple[str, ...]:
        by_step = self._frame.groupby(["group", "time_days"], sort=False)
        steps = by_step.agg(share=("estimate", "sum"), n_at_risk=("n_at_risk", "first")).reset_index()
        notes = [
            "Aalen-Johansen estimate: every cause, such as custody and death, is counted as a cause of its own and "
            "never as censored, so the shares of all causes, and of those to whom nothing happened, add up to 100%.",
            f"Infinitesimal-jackknife variance{', summed by cluster' if self.clustered else ''}; log-log limits, "
            "pointwise.",
            "Counts are people, not weights." if self.weighted else "",
            "People enter late: counted at risk only after their entry." if self.late_entry else "",
            *used_up_notes(steps.assign(free=1 - _SHORT - steps["share"])),
        ]
        silent = counts[counts == 0].reset_index()
        for group, cause in zip(silent["group"], silent["cause"], strict=True):
            notes.append(f"'{_words(cause)}' is never seen{in_group(group)}: a share of 0, with no limits claimed.")
        return tuple(note for note in notes if note)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        horizon: float | None = None,
        causes: Sequence[str | int] | None = None,
        mark: float | None = None,
    ) -> Axes:
        """Draw the share of every cause with its bands and the table of people under the axis.

        Parameters
        ----------
        ax
            Axes to draw on; new ones, a panel a cause, if None.
        horizon
            Last time shown, in the curve's unit; the end of the shared follow-up if None.
        causes
            The causes drawn, in this order; all of them if None.
        mark
            Time at which the shares of `compare_at`, and their difference, are written on the picture.
        """
        from dipeval.plots.incidence import incidence_curves
        from dipeval.plots.survival_axis import display_unit, regular_times
        from dipeval.plots.survival_table import incidence_table

        end = check_span(horizon, self.followed_to, self.time_unit)
        drawn = None if causes is None else [self._known(name) for name in names_of("causes", causes)]
        frame = self._frame if drawn is None else self._frame[self._frame["cause"].isin(drawn)]
        marked = None if mark is None else self.compare_at(mark)
        return incidence_curves(
            frame,
            table=incidence_table(self._frame, regular_times(end, time_unit=self.time_unit)),
            ax=ax,
            horizon=end,
            time_label=display_unit(self.time_unit),
            time_unit=self.time_unit,
            causes=drawn,
            labels={name: _words(name) for name in self.causes},
            mark=marked if marked is None or drawn is None else marked[marked["cause"].isin(drawn)],
            level=self.level,
        )


def _words(cause: str) -> str:
    shown = cause.replace("_", " ").strip()
    return shown[:1].upper() + shown[1:]
