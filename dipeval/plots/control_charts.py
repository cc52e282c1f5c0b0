"""Run and control charts: the series, what is expected, the limits, and the periods a signal rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LIGHT = "#8C8C8C"
_MOST_TICKS: Final = 8
# Whole years of quarters and months, so that the same season is named each time.
_STEPS: Final = (1, 2, 4, 12, 24)


def control_chart_plot(frame: pd.DataFrame, *, label: str = "", percent: bool = False, ax: Axes | None = None) -> Axes:
    """Draw a series with its centre and limits, periods of a signal ringed; a period that is not told is a gap.

    Parameters
    ----------
    frame
        period, value (missing: not shown), centre, lower, upper, phase, signal; in time order.
    label
        What is charted.
    percent
        Whether values are shares.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"period": ["2013-Q1", "2013-Q2"], "value": [0.5, 0.6], "centre": 0.5, "lower": 0.4,
    ...                       "upper": 0.58, "phase": 1, "signal": [False, True]})
    >>> control_chart_plot(frame, label="Positivity", percent=True).get_legend_handles_labels()[1]
    ['periods of a signal']
    """
    axes = new_axes() if ax is None else ax
    tidy(axes)
    axes.grid(visible=False, axis="x")
    axes.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    places = np.arange(len(frame))
    for _, own in frame.assign(place=places).groupby("phase"):
        _lines(axes, own)
    axes.plot(places, frame["value"], color=TREATED_COLOUR, marker="o", markersize=4, linewidth=1.4, zorder=3)
    marked = frame["signal"].astype(bool).to_numpy() & frame["value"].notna().to_numpy()
    if marked.any():
        axes.plot(
            places[marked],
            frame["value"][marked],
            linestyle="",
            marker="o",
            markersize=9,
            markerfacecolor="none",
            markeredgecolor=COMPARISON_COLOUR,
            markeredgewidth=2,
            zorder=4,
            label="periods of a signal",
        )
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=9)
    for start in np.flatnonzero(frame["phase"].diff().fillna(0).to_numpy() > 0):
        axes.axvline(start - 0.5, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)))
    _names_of_lines(axes, frame)
    _finish(axes, frame, label, percent)
    return axes


def _lines(axes: Axes, own: pd.DataFrame) -> None:
    """Steps as wide as a period, so that limits that vary with the count are seen to belong to it; curves by season."""
    places = own["place"].to_numpy()
    edges = np.append(places - 0.5, places[-1] + 0.5)
    seasonal = own["centre"].nunique() > 1
    for name, colour, width, dashes in (
        ("centre", GREY, 1.3, "-"),
        ("lower", _LIGHT, 1.2, (0, (5, 2))),
        ("upper", _LIGHT, 1.2, (0, (5, 2))),
    ):
        values = own[name].to_numpy(dtype="float64")
        style: dict[str, Any] = {"color": colour, "linewidth": width, "linestyle": dashes}
        if seasonal:
            axes.plot(places, values, **style)
        elif not np.isnan(values).all():
            axes.stairs(values, edges, baseline=None, **style)


def _names_of_lines(axes: Axes, frame: pd.DataFrame) -> None:
    if frame.empty:
        return
    last = frame[frame["phase"] == frame["phase"].iloc[-1]]
    limited = bool(frame["lower"].notna().any())
    for name, words in (
        ("centre", "expected" if limited else "middle"),
        ("lower", "lower limit"),
        ("upper", "upper limit"),
    ):
        known = last[name].dropna()
        if len(known):
            axes.annotate(
                words,
                (len(frame) - 0.5, float(known.iloc[-1])),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
                color=ink(_LIGHT) if name != "centre" else GREY,
                annotation_clip=False,
            )


def _finish(axes: Axes, frame: pd.DataFrame, label: str, percent: bool) -> None:
    step = next((one for one in _STEPS if len(frame) <= one * _MOST_TICKS), 1 + len(frame) // _MOST_TICKS)
    shown = list(range(0, len(frame), step))
    axes.set_xticks(shown, [str(frame["period"].iloc[place]) for place in shown], fontsize=9)
    axes.set_xlim(-0.7, max(len(frame), 1) - 0.3)
    axes.set_xlabel("Period")
    axes.set_ylabel(label)
    axes.yaxis.set_major_formatter(_percent if percent else _number)


def _percent(value: float, _: Any) -> str:
    return f"{round(100 * value, 1):g}%"


def _number(value: float, _: Any) -> str:
    return format_number(value, 0 if abs(value - round(value)) < 1e-9 else 2)
