"""Picture of what extracts cover: one bar a table, from its first event to its last."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.plots.style import GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_count
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def coverage_plot(frame: pd.DataFrame, *, until: dt.date, ax: Axes | None = None) -> Axes:
    """Draw the days each table covers, with its number of records beside it and a line at the last day covered.

    Parameters
    ----------
    frame
        table, rows, first_date, last_date; a table whose dates are missing (totals) is listed without a bar.
    until
        Last day the data cover.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-01", "2024-03-01"])
    >>> frame = pd.DataFrame({"table": ["deaths"], "rows": [2], "first_date": days[:1], "last_date": days[1:]})
    >>> [tick.get_text() for tick in coverage_plot(frame, until=dt.date(2024, 3, 31)).get_yticklabels()]
    ['Deaths']
    """
    from matplotlib.dates import date2num

    axes = new_axes(height=1.2 + 0.42 * max(len(frame), 3)) if ax is None else ax
    tidy(axes)
    rows = list(range(len(frame)))[::-1]
    dated = frame["first_date"].notna().tolist()
    for row, known, first, last in zip(rows, dated, frame["first_date"], frame["last_date"], strict=True):
        if known:
            axes.plot([first, last], [row, row], color=TREATED_COLOUR, linewidth=7, solid_capstyle="butt")
    axes.axvline(date2num(until), color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    for row, known, count in zip(rows, dated, frame["rows"], strict=True):
        words = f"{format_count(count)} records" + ("" if known else ", no dates")
        axes.text(1.02, row, words, transform=axes.get_yaxis_transform(), va="center", ha="left", fontsize=9)
    axes.set_yticks(rows, [label(str(name)) for name in frame["table"]])
    axes.set_ylim(-0.6, len(frame) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"First to last event of each table; the data cover the days up to {until.isoformat()}")
    return axes
