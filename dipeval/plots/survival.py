"""The share who reoffended over time, with the table of people under the axis.

Follows the KMunicate findings (Morris, Jarvis, Cragg, Phillips, Choodari-Oskooei and Sydes 2019, *BMJ Open*
9:e030215): a band for every curve, and under the axis how many are still followed, have reoffended, have left; the
three add up to the group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DAYS_IN = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
RISK_COLUMNS = ("group", "time_days", "at_risk", "events", "censored")
_ROWS = (("at_risk", "Still followed"), ("events", "Reoffended"), ("censored", "Left"))
_STRIDES = {"weeks": (1, 2, 4, 13, 26, 52, 104), "days": (1, 2, 5, 10, 30, 60, 90, 180, 365)}
_OTHER_STRIDES = (1, 2, 3, 6, 12, 24, 60)
_MOST_TICKS = 6
_LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (8, 3)), (0, (3, 1, 1, 1, 1, 1)))
_LINE_INCHES = 0.19


def display_unit(time_unit: str) -> str:
    """Return the unit a reader is shown: days become months, other units stay.

    Examples
    --------
    >>> display_unit("days"), display_unit("weeks")
    ('Months', 'Weeks')
    """
    return "Months" if time_unit == "days" else time_unit.capitalize()


def regular_times(horizon: float, *, time_unit: str = "days", time_label: str | None = None) -> list[float]:
    """Return regular times from 0 to the horizon, whole in the unit shown, in the unit of the data.

    Parameters
    ----------
    horizon
        Last time, in `time_unit`.
    time_unit
        Unit of the data.
    time_label
        Unit shown; by default `display_unit`.

    Returns
    -------
    list of float
        Six at most; days are rounded down to whole days, so that 12 months is day 365.

    Examples
    --------
    >>> regular_times(365)
    [0.0, 91.0, 182.0, 273.0, 365.0]
    >>> regular_times(52, time_unit="weeks")
    [0.0, 13.0, 26.0, 39.0, 52.0]
    """
    label = display_unit(time_unit) if time_label is None else time_label
    factor = _factor(time_unit, label)
    ticks = _ticks(horizon * factor + (0.5 * factor if time_unit == "days" else 0.0), label)
    times = np.floor(ticks / factor) if time_unit == "days" else ticks / factor
    return [float(value) for value in times if value <= horizon]


def risk_table(frame: pd.DataFrame, times: Sequence[float]) -> pd.DataFrame:
    """Count, at regular times, the people still followed, those who have reoffended and those who have left.

    Parameters
    ----------
    frame
        Steps of curves: group, time_days, n_at_risk, n_events, n_censored (as `Curve.to_frame` gives them).
    times
        Times within the follow-up, in the unit of the frame.

    Returns
    -------
    pandas.DataFrame
        group, time_days, at_risk (followed up to that time without reoffending by then), events (reoffended by then),
        censored (left before it). Without late entry the three add up to the group at every time; counts are people.

    Examples
    --------
    >>> steps = pd.DataFrame({"group": "all", "time_days": [0, 2, 5], "n_at_risk": [4, 4, 2],
    ...                       "n_events": [0, 1, 1], "n_censored": [0, 1, 1]})
    >>> risk_table(steps, [0, 2, 5])
      group  time_days  at_risk  events  censored
    0   all        0.0        4       0         0
    1   all        2.0        3       1         0
    2   all        5.0        1       2         1
    """
    asked = np.asarray(list(times), dtype=float)
    if (asked < 0).any():
        raise InputError("Times of the table must be 0 or later.")
    parts = [_risk_rows(str(name), steps, asked) for name, steps in frame.groupby("group", sort=False)]
    return pd.concat(parts, ignore_index=True)


def _risk_rows(name: str, steps: pd.DataFrame, asked: np.ndarray) -> pd.DataFrame:
    clock = steps["time_days"].to_numpy(dtype=float)
    events = np.cumsum(steps["n_events"].to_numpy())
    left = np.cumsum(steps["n_censored"].to_numpy())
    gone = events + left
    # People who had entered before the step after each step: at risk there, plus those gone up to here.
    entered = np.append(steps["n_at_risk"].to_numpy()[1:] + gone[:-1], gone[-1])
    upto = np.searchsorted(clock, asked, side="right") - 1
    before = np.searchsorted(clock, asked, side="left")
    censored = np.concatenate([[0], left])[before]
    return pd.DataFrame(
        {
            "group": name,
            "time_days": asked,
            "at_risk": entered[upto] - events[upto] - censored,
            "events": events[upto],
            "censored": censored,
        }
    )


def reoffending_curve(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    ax: Axes | None = None,
    horizon: float | None = None,
    time_label: str = "Months",
    *,
    time_unit: str | None = None,
) -> Axes:
    """Draw the share who reoffended, rising from zero, with bands, direct labels and the table of people.

    Parameters
    ----------
    frame
        Steps of survival curves: group, time_days, estimate, conf_low, conf_high.
    table
        What stands under the axis: group, time_days, at_risk, events, censored (as `risk_table` gives it, or the
        released version of it: cells may be text). No table if None.
    ax
        Axes to draw on; new ones, tall enough for the table, if None.
    horizon
        Last time shown, in the unit of the frame; the end of the longest curve if None. A curve stops where its own
        data stop.
    time_label
        Unit of the axis.
    time_unit
        Unit of the frame's times ("days", "weeks", "months" or "years") where it is not that of the axis: "days" with
        the label "Months" draws months.

    Returns
    -------
    matplotlib.axes.Axes
    """
    groups = [str(name) for name in frame["group"].unique()]
    end = float(frame["time_days"].max()) if horizon is None else float(horizon)
    time_unit = time_label.lower() if time_unit is None else time_unit
    factor = _factor(time_unit, time_label)
    n_rows = 0 if table is None else len(groups) * (len(_ROWS) + 1)
    if ax is None:
        ax = style.new_axes(7.4, 4.0 + _LINE_INCHES * n_rows)
    ends: dict[str, tuple[float, float]] = {}
    top = 0.0
    for number, name in enumerate(groups):
        own = frame[frame["group"].astype(str) == name]
        until = min(end, float(own["time_days"].max()))  # a curve stops where its data stop
        steps = own[own["time_days"] <= end]
        ends[name] = (until * factor, _draw_group(ax, steps, _look(name, number), until, factor))
        top = max(top, float(np.nanmax(np.append(1 - steps["conf_low"].to_numpy(), ends[name][1]))))
    _dress(ax, end * factor, _axis_top(top), time_label, _tick_places(table, end, factor, time_unit, time_label))
    if len(groups) > 1:
        _label_ends(ax, ends)
    if table is not None:
        _draw_table(ax, table, groups, end, factor)
    return ax


def _factor(time_unit: str, time_label: str) -> float:
    shown, held = time_label.lower(), time_unit.lower()
    if shown == held:
        return 1.0
    if shown not in DAYS_IN or held not in DAYS_IN:
        raise InputError(f"Times can be shown in {', '.join(DAYS_IN)}; '{time_unit}' to '{time_label}' is not known.")
    return DAYS_IN[held] / DAYS_IN[shown]


def _ticks(shown: float, label: str) -> np.ndarray:
    strides = _STRIDES.get(label.lower(), _OTHER_STRIDES)
    stride = next((s for s in strides if shown / s < _MOST_TICKS), np.ceil(shown / (_MOST_TICKS - 1)))
    return np.arange(0, np.floor(shown / stride + 1e-9) + 1) * float(stride)


def _tick_places(
    table: pd.DataFrame | None, end: float, factor: float, time_unit: str, time_label: str
) -> list[tuple[float, str]]:
    times = regular_times(end, time_unit=time_unit, time_label=time_label)
    if table is not None:
        times = sorted({float(value) for value in table["time_days"] if float(value) <= end})
    shown = [value * factor for value in times]
    # Day 365 is "12" months although it is 11.99 of them.
    words = [f"{round(v):,}" if abs(v - round(v)) < 0.051 else f"{v:,.1f}" for v in shown]
    return list(zip(shown, words, strict=True))


def _look(name: str, number: int) -> dict[str, Any]:
    colour = style.GROUP_COLOURS.get(name, style.PALETTE[number % len(style.PALETTE)])
    return {"color": colour, "linestyle": style.GROUP_LINES.get(name, _LINES[number % len(_LINES)])}


def _draw_group(ax: Axes, steps: pd.DataFrame, look: dict[str, Any], end: float, factor: float) -> float:
    x = np.append(steps["time_days"].to_numpy(dtype=float), end) * factor
    share, low, high = (
        1 - np.append(steps[name].to_numpy(dtype=float), steps[name].iloc[-1])
        for name in ("estimate", "conf_high", "conf_low")
    )
    ax.fill_between(x, low, high, step="post", color=look["color"], alpha=0.16, linewidth=0)
    ax.step(x, share, where="post", linewidth=2.0, **look)
    return float(share[-1])


def _axis_top(share: float) -> float:
    return next(top for top in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0) if share <= top + 1e-12)


def _dress(ax: Axes, right: float, top: float, time_label: str, ticks: list[tuple[float, str]]) -> None:
    ax.set_xlim(0, 1.004 * right)  # room for a step on the last day
    ax.set_ylim(0, top)
    marks = np.linspace(0, top, 5 if top in (0.2, 0.4, 0.8) else 6 if top in (0.1, 0.5, 1.0) else 4)
    digits = 0 if np.allclose(100 * marks, np.round(100 * marks)) else 1
    ax.set_yticks(marks, [f"{100 * value:.{digits}f}%" for value in marks])
    ax.set_xticks([place for place, _ in ticks], [words for _, words in ticks])
    ax.set_xlabel(time_label, color=style.GREY)
    ax.set_title("Share who reoffended", loc="left", fontsize=10, color=style.GREY)
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    ax.grid(axis="x", visible=False)


def _label_ends(ax: Axes, ends: dict[str, tuple[float, float]]) -> None:
    """Put each name at the end of its line, pushed apart where lines end close together."""
    gap = 0.06 * ax.get_ylim()[1]
    height = -np.inf
    for name, (right, share) in sorted(ends.items(), key=lambda item: (item[1][1], item[0])):
        height = max(share, height + gap)
        words = name[:1].upper() + name[1:]
        ax.annotate(
            words,
            xy=(right, share),
            xytext=(8, (height - share) / gap * 14),
            textcoords="offset points",
            va="center",
            fontsize=10,
            fontweight="bold",
            color=style.ink(_look(name, list(ends).index(name))["color"]),
            annotation_clip=False,
        )


def _draw_table(ax: Axes, table: pd.DataFrame, groups: list[str], end: float, factor: float) -> None:
    """Write the table below the axis, in points, so that its lines stay apart whatever the figure's height."""
    line = 72 * _LINE_INCHES
    y = -34.0 - line
    for number, name in enumerate(groups):
        own = table[(table["group"].astype(str) == name) & (table["time_days"].astype(float) <= end)]
        words = "Everyone" if name == "all" else name[:1].upper() + name[1:]
        _write(ax, 0.0, (-24, y), words, ha="right", fontweight="bold", color=style.ink(_look(name, number)["color"]))
        for column, heading in _ROWS:
            y -= line
            _write(ax, 0.0, (-24, y), heading, ha="right")
            for when, cell in zip(own["time_days"], own[column], strict=True):
                _write(ax, float(when) * factor, (0, y), _cell(cell), ha="center")
        y -= line


def _write(ax: Axes, x: float, offset: tuple[float, float], words: str, **look: Any) -> None:
    look = {"va": "center", "fontsize": 8.5, "color": style.GREY, **look}
    ax.annotate(
        words,
        xy=(x, 0),
        xycoords=("data", "axes fraction"),
        xytext=offset,
        textcoords="offset points",
        annotation_clip=False,
        **look,
    )


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if pd.isna(value) else f"{float(value):,.0f}"
