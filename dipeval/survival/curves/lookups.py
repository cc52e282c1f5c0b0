"""What every step curve is asked: its values at given times, and how far groups lie apart at one time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError
from dipeval.survival.clusters import squares
from dipeval.survival.columns import Floats, Rows
from dipeval.survival.curves.limits import normal_limits
from dipeval.survival.curves.product_limit import used_up
from dipeval.survival.options import finite_numbers, is_number

VALUES = ("estimate", "std_error", "conf_low", "conf_high")
USED_UP = (
    "Everybody{group} who was under observation had had the event before others entered: from then on the curve stays "
    "where it is and says nothing of those others. Count from a later time, when more people are under observation."
)
_DUST = 1e-10
_SAME = 1e-9  # shares closer than this are one and the same plateau
# A group's rows and the place of its first column in, the derivative of one figure for each row out.
Influence = Callable[[Rows], Floats]


def check_time(time: object) -> float:
    """Return one time as a number; anything else is a sentence."""
    if not is_number(time):
        raise EstimationError("`time` is one time, a number from 0 on in the unit of the curve.")
    return float(time)  # type: ignore[arg-type]


def check_span(horizon: float | None, followed: float, unit: str) -> float:
    """Return the last time a picture shows; none beyond the follow-up of every group."""
    if horizon is not None and not is_number(horizon):
        raise EstimationError(f"`horizon` is the last time shown, a number of {unit}.")
    end = followed if horizon is None else float(horizon)
    if not 0 < end <= followed:
        raise EstimationError(
            f"The picture can run to {followed:g} {unit}, as far as every group was followed; {end:g} was asked for."
        )
    return end


def values_at(frame: pd.DataFrame, keys: Sequence[str], times: Sequence[float] | float, unit: str) -> pd.DataFrame:
    """Return the steps in force at given times, a row a key and time; none beyond the follow-up of a group."""
    asked = finite_numbers(times)
    if asked is None or not len(asked) or (asked < 0).any():
        raise EstimationError("Times must be numbers from 0 on.")
    columns = [*keys, "time_days", *VALUES]
    parts = []
    for _, steps in frame.groupby(list(keys), sort=False):
        clock = steps["time_days"].to_numpy()
        if (asked > clock[-1]).any():
            raise EstimationError(
                f"Group '{steps['group'].iloc[0]}' was followed for {clock[-1]:g} {unit} and a value was asked for "
                f"at {asked.max():g}: ask within the follow-up; nothing is extrapolated."
            )
        place = np.searchsorted(clock, asked, side="right") - 1
        parts.append(steps.iloc[place][columns].assign(time_days=asked))
    return pd.concat(parts, ignore_index=True)


def followed_to(frame: pd.DataFrame) -> float:
    """Return the last time up to which every group is observed."""
    return float(frame.groupby("group", sort=False)["time_days"].max().min())


def crossing(times: Floats, curve: Floats, target: float) -> float:
    """Return when a falling curve reaches a value; NaN if it never does, the middle of a rest at that value."""
    with np.errstate(invalid="ignore"):
        reached = np.flatnonzero(curve <= target + _SAME)
    if len(reached) == 0:
        return float("nan")
    first = reached[0]
    if abs(curve[first] - target) < _SAME:
        lower = np.flatnonzero(curve < target - _SAME)
        return float(times[first] + times[lower[0] if len(lower) else -1]) / 2
    return float(times[first])


def each_group(rows: Rows) -> list[tuple[str, Rows]]:
    """Return the name and the rows of every group."""
    if len(rows.group_names) == 1:
        return [(rows.group_names[0], rows)]
    return [(name, rows.take(rows.group == code)) for code, name in enumerate(rows.group_names)]


def weighted_influences(rows: Rows, influence: Influence) -> Floats:
    """Return what each row adds to the figure of its own group: rows by groups, zero elsewhere."""
    parts = np.zeros((len(rows), len(rows.group_names)))
    for code in range(len(rows.group_names)):
        own = np.flatnonzero(rows.group == code)
        part = rows.take(own)
        parts[own, code] = part.weight * influence(part)
    return parts


def differences(
    names: Sequence[str], estimates: Floats, errors: Floats, *, parts: Floats | None, rows: Rows | None, level: float
) -> pd.DataFrame:
    """Compare every group with the first: estimate, error, normal limits, p-value.

    Parameters
    ----------
    names, estimates, errors
        One a group.
    parts, rows
        What each row adds to each group's figure, and the rows: where a cluster spans groups the error of a difference
        takes their covariance. None where the groups are independent.
    level
        Coverage of the limits.

    Returns
    -------
    pandas.DataFrame
        group ("difference", or with more than two groups "B minus A"), estimate, std_error, conf_low, conf_high,
        p_value.
    """
    found = []
    for k in range(1, len(names)):
        name = "difference" if len(names) == 2 else f"{names[k]} minus {names[0]}"
        estimate = float(estimates[k] - estimates[0])
        error = apart = float(np.hypot(errors[k], errors[0]))
        if parts is not None and rows is not None and not np.isnan(apart):
            error = float(np.sqrt(squares((parts[:, k] - parts[:, 0])[:, None], rows)[0, 0]))
        if error <= _DUST * apart:  # nothing has happened yet, or clusters fare exactly alike: no spread to learn from
            error = float("nan")
        found.append((name, estimate, error, *normal_limits(estimate, error, level)))
    return pd.DataFrame(found, columns=["group", *VALUES, "p_value"])


def used_up_notes(steps: pd.DataFrame) -> list[str]:
    """Return a sentence a group in which all at risk had the event before others entered.

    Parameters
    ----------
    steps
        group, free (share to whom nothing has happened yet) and n_at_risk, in order of time.
    """
    return [
        USED_UP.format(group=in_group(str(name)))
        for name, own in steps.groupby("group", sort=False)
        if used_up(own["free"].to_numpy(), own["n_at_risk"].to_numpy())
    ]


def of_group(group: str) -> str:
    """Return " of ..." in words for a group; nothing for the only one."""
    words = {"all": "", "treated": " of the treated", "comparison": " of the comparison group"}
    return words.get(group, f" of group {group}")


def in_group(group: str) -> str:
    """Return " in ..." in words for a group; nothing for the only one."""
    words = {"all": "", "treated": " among the treated", "comparison": " in the comparison group"}
    return words.get(group, f" in group {group}")
