"""The mean number of reoffences per person over time, with the people under observation below the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.plots import style
from dipeval.plots.survival_axis import Clock, look
from dipeval.plots.survival_figures import figures_of, mark_figures, table_figures
from dipeval.plots.survival_lines import Line, draw_curves, points_of
from dipeval.plots.survival_mark import Mark, Measure, heading_lines
from dipeval.plots.survival_table import count_table, draw_table, headings, table_inches, upper
from dipeval.plots.survival_words import at_the_mark, told, what_is_drawn, what_the_table_shows, where_curves_end

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["count_table", "mean_count_alt_text", "mean_count_curves", "mean_count_figures"]
_TITLE = "Mean number of reoffences per person"
_ROWS = {"at_risk": "Under observation", "events": "Reoffences"}


def mean_count_curves(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    ax: Axes | None = None,
    horizon: float | None = None,
    time_label: str | None = None,
    *,
    time_unit: str | None = None,
    mark: pd.DataFrame | None = None,
    title: str = _TITLE,
    digits: int = 2,
    level: float = 0.95,
) -> Axes:
    """Draw the mean cumulative number of events per person, rising from zero, with bands and direct labels.

    Parameters
    ----------
    frame
        Steps of mean cumulative counts: group, time_days, estimate, conf_low, conf_high.
    table
        What stands under the axis, as `count_table` gives it, or the released version of it (cells may be text). The
        first row counts people, "Reoffences" counts events. No table if None.
    ax
        Axes to draw on; new ones, tall enough for the table, if None.
    horizon
        Last time shown, in the unit of the frame; the end of the longest curve if None.
    time_label
        Unit of the axis; if None months for days, else the unit of the frame.
    time_unit
        Unit of the frame's times; if None that of `time_label`, or days.
    mark
        Values at one time, where a line is drawn: group, time_days, share (or mean or estimate), conf_low, conf_high
        and a row "difference" (as ``compare_at`` gives them).
    title
        Heading of the picture.
    digits
        Decimals of the means written.
    level
        Coverage of the bands and of the interval written.

    Returns
    -------
    matplotlib.axes.Axes
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    measure = Measure(title=title, percent=False, digits=digits, level=level)
    read = None if mark is None else Mark.of(mark, clock)
    lines = _lines(frame, clock)
    if ax is None:
        ax = style.new_axes(7.4, 4.0 + table_inches(table) + 0.2 * len(heading_lines(read, measure, clock)))
    if table is not None:
        draw_table(ax, table, clock, {line.group: line.look["color"] for line in lines}, _ROWS)
    draw_curves(ax, lines, clock, measure, places=clock.places(table), mark=read)
    return ax


def _lines(frame: pd.DataFrame, clock: Clock) -> list[Line]:
    return [
        Line(
            name=upper(str(name)),
            group=str(name),
            cause=None,
            look=look(str(name), number),
            points=points_of(steps, clock, falling=False),
        )
        for number, (name, steps) in enumerate(frame.groupby("group", sort=False))
    ]


def mean_count_alt_text(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    mark: pd.DataFrame | None = None,
    *,
    horizon: float | None = None,
    time_label: str | None = None,
    time_unit: str | None = None,
    title: str = _TITLE,
    digits: int = 2,
    level: float = 0.95,
) -> str:
    """Say in sentences what `mean_count_curves` draws, from the same numbers.

    Parameters
    ----------
    frame, table, mark, horizon, time_label, time_unit, title, digits, level
        As given to `mean_count_curves`.

    Returns
    -------
    str
        What the axes show, where the curves end, what is marked, what the table shows.
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    measure = Measure(title=title, percent=False, digits=digits, level=level)
    lines = _lines(frame, clock)
    return told(
        what_is_drawn(lines, clock, measure),
        where_curves_end(lines, clock, measure),
        at_the_mark(None if mark is None else Mark.of(mark, clock), clock, measure),
        what_the_table_shows(table, clock, _ROWS),
    )


def mean_count_figures(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    mark: pd.DataFrame | None = None,
    *,
    horizon: float | None = None,
    time_label: str | None = None,
    time_unit: str | None = None,
) -> pd.DataFrame:
    """Return every figure that `mean_count_curves` draws.

    Parameters
    ----------
    frame, table, mark, horizon, time_label, time_unit
        As given to `mean_count_curves`.

    Returns
    -------
    pandas.DataFrame
        element ("curve", "mark", "difference" or the row of the table), group, cause (empty), time_days, time_shown,
        estimate, conf_low, conf_high, words.
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    read = None if mark is None else Mark.of(mark, clock)
    rows = {} if table is None else headings(table)
    parts = [figures_of(_lines(frame, clock), clock), mark_figures(read, clock), table_figures(table, clock, rows)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)
