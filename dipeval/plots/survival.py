"""The share who reoffended over time, with the table of people under the axis.

Follows the KMunicate findings (Morris, Jarvis, Cragg, Phillips, Choodari-Oskooei and Sydes 2019, *BMJ Open*
9:e030215): a band for every curve, and under the axis how many are still followed, have reoffended, have left; the
three add up to the group. Counts are of people; under weighted curves a row of effective sample sizes says what the
weights leave of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.plots import style
from dipeval.plots.incidence import incidence_alt_text, incidence_curves, incidence_figures
from dipeval.plots.mean_count import mean_count_alt_text, mean_count_curves, mean_count_figures
from dipeval.plots.restricted_mean import restricted_mean_alt_text, restricted_mean_plot
from dipeval.plots.survival_axis import DAYS_IN, Clock, display_unit, look, regular_times
from dipeval.plots.survival_figures import figures_of, mark_figures, table_figures
from dipeval.plots.survival_lines import Line, draw_curves, points_of
from dipeval.plots.survival_mark import Mark, Measure, check_test_words, heading_lines
from dipeval.plots.survival_table import (
    RISK_COLUMNS,
    count_table,
    draw_table,
    headings,
    incidence_table,
    is_weighted,
    risk_table,
    table_inches,
)
from dipeval.plots.survival_words import at_the_mark, told, what_is_drawn, what_the_table_shows, where_curves_end

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "DAYS_IN",
    "RISK_COLUMNS",
    "alt_text",
    "count_table",
    "display_unit",
    "incidence_alt_text",
    "incidence_curves",
    "incidence_figures",
    "incidence_table",
    "mean_count_alt_text",
    "mean_count_curves",
    "mean_count_figures",
    "plotted_figures",
    "regular_times",
    "reoffending_curve",
    "restricted_mean_alt_text",
    "restricted_mean_plot",
    "risk_table",
]
_TITLE = "Share who reoffended"


def reoffending_curve(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    ax: Axes | None = None,
    horizon: float | None = None,
    time_label: str = "Months",
    *,
    time_unit: str | None = None,
    mark: pd.DataFrame | None = None,
    test_words: str | None = None,
    title: str = _TITLE,
    digits: int = 1,
    level: float = 0.95,
) -> Axes:
    """Draw the share who reoffended, rising from zero, with bands, direct labels and the table of people.

    Parameters
    ----------
    frame
        Steps of survival curves: group, time_days, estimate, conf_low, conf_high.
    table
        What stands under the axis: group, time_days, at_risk, events, censored and, under weighted curves,
        n_effective (as `risk_table` gives it, or the released version of it: cells may be text). No table if None.
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
    mark
        Values at one time, where a line is drawn: group, time_days, share, conf_low, conf_high, with a row
        "difference" for two groups (as `Curve.compare_at` gives them, or the released version). Shares and the
        difference with its interval are written above the curves, or at their ends where they end at that time.
    test_words
        A test with its name and p-value, written above the curves; under weighted curves a robust one.
    title
        Heading of the picture.
    digits
        Decimals of the percentages written.
    level
        Coverage of the bands and of the interval written.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the line lies outside the picture, or a p-value is given without its test, or without a robust one under
        weighted curves.
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    measure = Measure(title=title, digits=digits, level=level)
    check_test_words(test_words, weighted=is_weighted(frame))
    read = None if mark is None else Mark.of(mark, clock)
    lines = _lines(frame, clock)
    if ax is None:
        head = len(heading_lines(read, measure, clock, test_words=test_words))
        ax = style.new_axes(7.4, 4.0 + table_inches(table) + 0.2 * head)
    # The table first: names at the ends of the lines are placed when everything round the axes is known.
    if table is not None:
        draw_table(ax, table, clock, {line.group: line.look["color"] for line in lines})
    draw_curves(ax, lines, clock, measure, places=clock.places(table), mark=read, test_words=test_words)
    return ax


def _lines(frame: pd.DataFrame, clock: Clock) -> list[Line]:
    """The curves turned over: what is drawn is the share to whom it has happened."""
    return [
        Line(
            name="Everyone" if str(name) == "all" else str(name),
            group=str(name),
            cause=None,
            look=look(str(name), number),
            points=points_of(steps, clock, falling=True),
        )
        for number, (name, steps) in enumerate(frame.groupby("group", sort=False))
    ]


def alt_text(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    mark: pd.DataFrame | None = None,
    *,
    horizon: float | None = None,
    time_label: str = "Months",
    time_unit: str | None = None,
    test_words: str | None = None,
    title: str = _TITLE,
    digits: int = 1,
    level: float = 0.95,
) -> str:
    """Say in sentences what `reoffending_curve` draws, from the same numbers.

    Parameters
    ----------
    frame, table, mark, horizon, time_label, time_unit, test_words, title, digits, level
        As given to `reoffending_curve`.

    Returns
    -------
    str
        What the axes show, where the curves end, the shares and the difference at the line, what the table shows.
        It says nothing that the picture does not: from released frames it is safe to release.

    Examples
    --------
    >>> steps = pd.DataFrame({"group": "all", "time_days": [0, 90, 365], "estimate": [1, 0.9, 0.75],
    ...                       "conf_low": [1, 0.85, 0.7], "conf_high": [1, 0.93, 0.79]})
    >>> print(alt_text(steps, time_unit="days"))
    Share who reoffended over 12 months, rising from zero: one curve, with 95% bands, for everyone. \
Where the curves end: everyone 25.0% at 12 months (95% interval 21.0% to 30.0%).
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    measure = Measure(title=title, digits=digits, level=level)
    lines = _lines(frame, clock)
    read = None if mark is None else Mark.of(mark, clock)
    return told(
        what_is_drawn(lines, clock, measure),
        where_curves_end(lines, clock, measure),
        at_the_mark(read, clock, measure),
        test_words,
        what_the_table_shows(table, clock),
    )


def plotted_figures(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    mark: pd.DataFrame | None = None,
    *,
    horizon: float | None = None,
    time_label: str = "Months",
    time_unit: str | None = None,
) -> pd.DataFrame:
    """Return every figure that `reoffending_curve` draws, so that the picture can be drawn again from data.

    Parameters
    ----------
    frame, table, mark, horizon, time_label, time_unit
        As given to `reoffending_curve`.

    Returns
    -------
    pandas.DataFrame
        element ("curve", "mark", "difference", or the row of the table: "at_risk", "n_effective", "events",
        "censored"), group, cause (empty), time_days (in the unit of the frame), time_shown (in that of the axis),
        estimate (share who reoffended), conf_low, conf_high, words (name at the line's end; cell of the table).

    Examples
    --------
    >>> steps = pd.DataFrame({"group": "all", "time_days": [0, 90], "estimate": [1, 0.9],
    ...                       "conf_low": [1, 0.85], "conf_high": [1, 0.93]})
    >>> plotted_figures(steps, time_label="Days")[["element", "time_shown", "estimate"]].round(2)
      element  time_shown  estimate
    0   curve         0.0       0.0
    1   curve        90.0       0.1
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    read = None if mark is None else Mark.of(mark, clock)
    rows = {} if table is None else headings(table)
    parts = [figures_of(_lines(frame, clock), clock), mark_figures(read, clock), table_figures(table, clock, rows)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)
