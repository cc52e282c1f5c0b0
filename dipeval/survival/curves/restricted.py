"""Mean time free of reoffending within a horizon, by group, and the time gained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtri

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_p
from dipeval.survival.clusters import squares
from dipeval.survival.columns import Floats, Rows, read_rows
from dipeval.survival.curves.area import area_to, rmst_influence
from dipeval.survival.curves.limits import check_level, check_unit
from dipeval.survival.curves.lookups import VALUES, differences, each_group, in_group, of_group
from dipeval.survival.curves.product_limit import check_clusters, error_of

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

__all__ = ["RESTRICTED_COLUMNS", "RestrictedMean", "restricted_mean", "rmst_influence"]

RESTRICTED_COLUMNS = ("group", *VALUES, "p_value", "n", "n_events")


def restricted_mean(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    horizon: float,
    entry: str | None = None,
    by: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    id: str | None = None,
    level: float = 0.95,
    time_unit: str = "days",
) -> RestrictedMean:
    """Estimate the mean time free of reoffending within a horizon, and how much longer one group stays free.

    Parameters
    ----------
    data
        One row a person (or spell, if `entry` is named).
    time
        Column with the time at which the person reoffended or was last followed, from 0, in `time_unit`.
    event
        Column with 1 (reoffended at `time`) or 0 (left observation then).
    horizon
        End of the window, in `time_unit`: every group must have been followed to it, or have reoffended to the last.
    entry
        Column with the time from which the person is at risk; at risk over (entry, time].
    by
        Column with the groups. The column ``treated`` (0/1) names them "comparison" and "treated".
    weights
        Column with case weights above 0, such as those of a design. The standard errors are then robust.
    cluster
        Column that names what belongs together, such as the matched pair, or a list of two (pair and person); the
        standard errors are then robust, and the difference takes into account that clusters span the groups.
    id
        Column that names the person, where people have several rows: they must not overlap, and errors are clustered
        by person unless `cluster` is named.
    level
        Coverage of the limits.
    time_unit
        Unit of the times, for display only: "days", "weeks", "months" or "years".

    Returns
    -------
    RestrictedMean
        `to_frame()` has group, estimate (mean time free within the horizon, in `time_unit`), std_error, conf_low,
        conf_high, p_value (NaN for the groups), n (people), n_events (up to the horizon): a row a group, then
        "difference", the second group less the first (treated less comparison); with more than two groups each
        against the first.

    Raises
    ------
    EstimationError
        If a group has no event by the horizon, was not followed to it, or a column cannot be analysed.

    Notes
    -----
    The area under the Kaplan-Meier curve up to the horizon (Royston and Parmar 2013, *BMC Medical Research Methodology*
    13, 152). Without weights or clusters Greenwood's variance; with them the infinitesimal jackknife (Efron 1982),
    summed by cluster. It needs no constant hazard ratio.

    Examples
    --------
    >>> from dipeval import datasets, restricted_mean
    >>> found = restricted_mean(datasets.rossi(), time="weeks_to_arrest", event="arrested", by="fin", horizon=52,
    ...                         time_unit="weeks")
    >>> found.to_frame()[["group", "estimate", "std_error", "p_value"]].round(4)
            group  estimate  std_error  p_value
    0           0   44.8333     0.9177      NaN
    1           1   46.8750     0.7933      NaN
    2  difference    2.0417     1.2130   0.0924
    """
    check_level(level)
    check_unit(time_unit)
    rows = read_rows(data, time=time, event=event, entry=entry, weights=weights, cluster=cluster, by=by, id=id)
    check_clusters(rows, cluster)
    means, influence = rmst_influence(rows, horizon)
    parts = np.where(rows.group[:, None] == np.arange(len(means)), (rows.weight * influence)[:, None], 0.0)
    errors = _errors(rows, float(horizon), means, parts)
    apart = differences(
        rows.group_names, means, errors, parts=parts if rows.clustered else None, rows=rows, level=level
    )
    return RestrictedMean(
        horizon=float(horizon),
        level=level,
        time_unit=time_unit,
        weighted=rows.weighted,
        clustered=rows.clustered,
        late_entry=entry is not None,
        _frame=_frame(rows, float(horizon), means, errors, apart, level),
    )


def _errors(rows: Rows, horizon: float, means: Floats, parts: Floats) -> Floats:
    """Return the standard error of each group's mean; NaN where there is no spread to learn one from."""
    if rows.robust:
        variances = [squares(part[:, None], rows)[0, 0] for part in parts.T]
    else:
        variances = [area_to(own, name, horizon).greenwood for name, own in each_group(rows)]
    return error_of(np.array(variances), np.maximum(horizon - means, 1e-9 * horizon))


def _frame(
    rows: Rows, horizon: float, means: Floats, errors: Floats, apart: pd.DataFrame, level: float
) -> pd.DataFrame:
    reach = ndtri(0.5 + level / 2) * errors
    groups = pd.DataFrame(
        {
            "group": rows.group_names,
            "estimate": means,
            "std_error": errors,
            "conf_low": np.maximum(means - reach, 0.0),
            "conf_high": np.minimum(means + reach, horizon),
            "p_value": np.nan,
            "n": [_people(rows, rows.group == code) for code in range(len(means))],
            "n_events": np.bincount(rows.group[rows.event & (rows.time <= horizon)], minlength=len(means)),
        }
    )
    if apart.empty:
        return groups
    pairs = [groups.iloc[[0, k]] for k in range(1, len(means))]
    counted = apart.assign(n=[p["n"].sum() for p in pairs], n_events=[p["n_events"].sum() for p in pairs])
    return pd.concat([groups, counted], ignore_index=True)


def _people(rows: Rows, flags: np.ndarray) -> int:
    return int(flags.sum()) if rows.person is None else len(np.unique(rows.person[flags]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RestrictedMean(HtmlMixin):
    """Mean time free of reoffending within a horizon.

    Parameters
    ----------
    horizon
        End of the window, in `time_unit`.
    level
        Coverage of the limits.
    time_unit
        Unit of the times.
    weighted, clustered, late_entry
        What the estimate took into account.
    """

    horizon: float
    level: float
    time_unit: str
    weighted: bool
    clustered: bool
    late_entry: bool
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != RESTRICTED_COLUMNS:
            raise InvariantError("The frame of a restricted mean does not have the documented columns.")
        means = self._frame["estimate"][: self._n_groups]
        if not means.between(0, self.horizon * (1 + 1e-12)).all():
            raise InvariantError("A mean time within the horizon lies outside it.")

    @property
    def _n_groups(self) -> int:
        return (len(self._frame) + 1) // 2  # every group but the first has a difference from it

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return tuple(self._frame["group"][: self._n_groups])

    def to_frame(self) -> pd.DataFrame:
        """Return the means and their differences.

        Returns
        -------
        pandas.DataFrame
            group, estimate (mean time free within the horizon), std_error, conf_low, conf_high, p_value (NaN for the
            groups), n (people), n_events (up to the horizon): a row a group, then the differences.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the mean times and the time gained."""
        frame, percent = self._frame, round(100 * self.level)
        limits = [
            format_interval(low, high, 1) for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
        ]
        display = pd.DataFrame(
            {
                "Group": frame["group"],
                "People": frame["n"],
                "Reoffended": frame["n_events"],
                f"Mean {self.time_unit} free": [format_number(value, 1) for value in frame["estimate"]],
                f"{percent}% interval": limits,
                "p": ["" if k < self._n_groups else format_p(value) for k, value in enumerate(frame["p_value"])],
            }
        )
        return Summary(
            title="Mean time free of reoffending",
            headline=self._headline(limits, percent),
            table=display,
            notes=self._notes(),
        )

    def _headline(self, limits: list[str], percent: int) -> str:
        frame, within = self._frame, f"Within {self.horizon:g} {self.time_unit}"
        if self._n_groups != 2:
            parts = [
                f"{format_number(value, 1)} {self.time_unit} on average{in_group(name)} ({percent}% interval "
                f"{interval})"
                for name, value, interval in zip(self.groups, frame["estimate"], limits, strict=False)
            ]
            return f"{within}, people were free of reoffending for {', '.join(parts)}."
        free = f"{self.time_unit} free of reoffending on average"
        first, second = self.groups
        gained = float(frame["estimate"].iloc[2])
        side = "more" if gained >= 0 else "fewer"
        low, high = (float(frame[name].iloc[2]) for name in ("conf_low", "conf_high"))
        interval = format_interval(*((low, high) if gained >= 0 else (-high, -low)), 1)
        return (
            f"{within}, {_the(second)} had {format_number(abs(gained), 1)} {side} {free} than {_the(first)} "
            f"({percent}% interval {interval}): {format_number(frame['estimate'].iloc[1], 1)} against "
            f"{format_number(frame['estimate'].iloc[0], 1)}."
        )

    def _notes(self) -> tuple[str, ...]:
        if self.weighted or self.clustered:
            error = "Robust variance (infinitesimal jackknife" + (", summed by cluster)" if self.clustered else ")")
        else:
            error = "Greenwood variance"
        rest = self._frame.iloc[self._n_groups :]
        open_ended = ((rest["conf_low"] <= 0) & (rest["conf_high"] >= 0)).any()
        bare = self._frame["group"][: self._n_groups][self._frame["std_error"][: self._n_groups].isna()]
        notes = [
            f"Area under the Kaplan-Meier curve up to {self.horizon:g} {self.time_unit}. {error}; normal limits.",
            "An interval of a difference includes 0: the data do not settle which group stays free for longer."
            if open_ended
            else "",
            "Counts are people, not weights." if self.weighted else "",
            "People enter late: counted at risk only after their entry." if self.late_entry else "",
            *(f"The times{of_group(name)} do not vary: no interval can be given." for name in bare),
        ]
        return tuple(note for note in notes if note)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the mean times and their differences with their intervals and return the Axes drawn on."""
        from dipeval.plots.restricted_mean import restricted_mean_plot

        return restricted_mean_plot(self._frame, ax=ax, horizon=self.horizon, time_unit=self.time_unit)


def _the(group: str) -> str:
    return {"treated": "the treated", "comparison": "the comparison group"}.get(group, f"group {group}")
