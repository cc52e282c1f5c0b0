"""The clock and the axes of curves over time: regular times in the unit shown, round marks on both axes, one look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dipeval.errors import InputError
from dipeval.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

DAYS_IN = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
_STRIDES = {"weeks": (1, 2, 4, 13, 26, 52, 104), "days": (1, 2, 5, 10, 30, 60, 90, 180, 365)}
_OTHER_STRIDES = (1, 2, 3, 6, 12, 24, 60)
_MOST_TICKS = 6
_LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (8, 3)), (0, (3, 1, 1, 1, 1, 1)))
# First digit of the top of an axis -> how many equal parts it is cut into.
_PARTS = {1: 5, 2: 4, 3: 3, 4: 4, 5: 5, 6: 3, 8: 4}
_LEAST_TOP = 0.02


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
    factor = unit_factor(time_unit, label)
    ticks = _ticks(horizon * factor + (0.5 * factor if time_unit == "days" else 0.0), label)
    times = np.floor(ticks / factor) if time_unit == "days" else ticks / factor
    return [float(value) for value in times if value <= horizon]


def unit_factor(time_unit: str, time_label: str) -> float:
    """Return by what a time of the data is multiplied to be shown."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time axis of a picture.

    Parameters
    ----------
    end
        Last time shown, in the unit of the data.
    unit
        Unit of the data.
    label
        Unit shown.
    """

    end: float
    unit: str
    label: str

    @classmethod
    def of(cls, frame: pd.DataFrame, horizon: float | None, time_label: str | None, time_unit: str | None) -> Clock:
        """Return the clock of a frame of curves: to the horizon, or to the end of the longest curve."""
        end = float(frame["time_days"].max()) if horizon is None else float(horizon)
        label = display_unit(time_unit or "days") if time_label is None else time_label
        held = "days" if time_label is None else time_label.lower()
        return cls(end=end, unit=time_unit or held, label=label)

    @property
    def factor(self) -> float:
        """By what a time of the data is multiplied to be shown."""
        return unit_factor(self.unit, self.label)

    def number(self, time: float) -> str:
        """Return a time as the axis shows it: day 365 is "12" months although it is 11.99 of them."""
        shown = time * self.factor
        return f"{round(shown):,}" if abs(shown - round(shown)) < 0.051 else f"{shown:,.1f}"

    def words(self, time: float) -> str:
        """Return a time with its unit: "12 months"."""
        number, unit = self.number(time), self.label.lower()
        return f"{number} {unit.removesuffix('s') if number == '1' else unit}"

    def places(self, table: pd.DataFrame | None) -> list[float]:
        """Return the times that have a mark on the axis: those of the table, if there is one."""
        if table is None:
            return regular_times(self.end, time_unit=self.unit, time_label=self.label)
        return sorted({float(value) for value in table["time_days"] if float(value) <= self.end})


def look(name: str, number: int) -> dict[str, Any]:
    """Return colour and line style of a group: told apart by both, so that colour alone is never needed."""
    colour = style.GROUP_COLOURS.get(name, style.PALETTE[number % len(style.PALETTE)])
    return {"color": colour, "linestyle": style.GROUP_LINES.get(name, _LINES[number % len(_LINES)])}


def axis_top(value: float, *, percent: bool) -> float:
    """Return a round top for an axis from 0 that has to hold a value.

    Examples
    --------
    >>> axis_top(0.37, percent=True), axis_top(0.97, percent=True), axis_top(1.3, percent=False)
    (0.4, 1.0, 2.0)
    """
    value = max(value, _LEAST_TOP)
    size = 10.0 ** np.floor(np.log10(value))
    top = next((first * size for first in _PARTS if value <= first * size * (1 + 1e-12)), 10 * size)
    return float(min(np.round(top, 12), 1.0)) if percent else float(np.round(top, 12))


def dress(ax: Axes, clock: Clock, *, top: float, percent: bool, places: list[float]) -> None:
    """Give the axes their limits, marks and grid."""
    limit_time(ax, clock)
    ax.set_ylim(0, top)
    first = round(top / 10.0 ** np.floor(np.log10(top) + 1e-9))
    marks = np.linspace(0, top, _PARTS[first] + 1)
    ax.set_yticks(marks, [style.share_mark(value) if percent else f"{value:.3g}" for value in marks])
    ax.set_xticks([place * clock.factor for place in places], [clock.number(place) for place in places])
    ax.set_xlabel(clock.label, color=style.GREY)
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    ax.grid(axis="x", visible=False)


def limit_time(ax: Axes, clock: Clock) -> None:
    """Give the time axis its limits."""
    ax.set_xlim(0, 1.004 * clock.end * clock.factor)  # room for a step on the last day
