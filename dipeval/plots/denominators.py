"""Denominators that move: units, areas that report, and units an area, each against its first period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_TICKS: Final = 7
# Points between the middles of two names at the right edge.
_APART: Final = 12.0


def denominator_growth_plot(frame: pd.DataFrame, *, label: str = "Tests", ax: Axes | None = None) -> Axes:
    """Draw three lines that begin at 100: where the first two run together, the growth is that of areas.

    Parameters
    ----------
    frame
        period, index_units, index_areas, index_per_area (missing: a gap); in time order.
    label
        What the units are called.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"period": ["2022-Q2", "2024-Q1"], "index_units": [100, 185.0],
    ...                       "index_areas": [100, 181.2], "index_per_area": [100, 102.1]})
    >>> sorted(text.get_text() for text in denominator_growth_plot(frame).texts)
    ['areas reporting 181', 'tests 185', 'tests an area 102']
    """
    axes = new_axes() if ax is None else ax
    tidy(axes)
    axes.grid(visible=False, axis="x")
    axes.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    places = np.arange(len(frame))
    axes.axhline(100, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)))
    ends: list[tuple[float, str, str]] = []
    for name, words, colour, dashes in (
        ("index_units", label.lower(), TREATED_COLOUR, "-"),
        ("index_areas", "areas reporting", COMPARISON_COLOUR, (0, (5, 2))),
        ("index_per_area", f"{label.lower()} an area", GREY, "-"),
    ):
        values = frame[name]
        axes.plot(places, values, color=colour, linestyle=dashes, marker="o", markersize=3.5, linewidth=1.6)
        known = values.dropna()
        if len(known):
            ends.append((float(known.iloc[-1]), f"{words} {format_number(float(known.iloc[-1]), 0)}", colour))
    step = max(1, int(np.ceil(len(frame) / _MOST_TICKS)))
    shown = list(range(0, len(frame), step))
    axes.set_xticks(shown, [str(frame["period"].iloc[place]) for place in shown], fontsize=9)
    axes.set_xlim(-0.4, max(len(frame), 1) - 0.6)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Period")
    axes.set_ylabel(
        "First period = 100 (a month)" if "months" in frame and frame["months"].nunique() > 1 else "First period = 100"
    )
    _write(axes, ends, max(len(frame), 1) - 1)
    return axes


def _write(axes: Axes, ends: list[tuple[float, str, str]], place: float) -> None:
    """Names at the right edge, pushed apart where lines end together."""
    low, high = axes.get_ylim()
    figure = axes.get_figure(root=True)
    assert figure is not None
    a_point = (high - low) / (axes.get_position().height * float(figure.get_size_inches()[1]) * 72)
    last: Any = None
    for value, words, colour in sorted(ends):
        at = value if last is None else max(value, last + _APART * a_point)
        last = at
        axes.annotate(
            words,
            (place, value),
            xytext=(8, (at - value) / a_point),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=ink(colour),
            annotation_clip=False,
        )
