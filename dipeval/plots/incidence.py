"""The share to whom each of several causes happened over time: cumulative incidence, a panel for each cause.

Groups are compared within a cause, so a panel holds one cause and a line for every group, in the colours they have in
all pictures; panels share their axes, so that heights can be compared across causes too. With one group the causes
are the lines. Lines are not stacked: a band belongs to one line, and a stacked line rises when the one below it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.errors import InputError
from dipeval.plots import style
from dipeval.plots.survival_axis import Clock, look
from dipeval.plots.survival_figures import figures_of, mark_figures, table_figures
from dipeval.plots.survival_lines import (
    Line,
    draw_curves,
    highest,
    points_of,
)
from dipeval.plots.survival_mark import Mark, Measure, heading_lines
from dipeval.plots.survival_table import EVENTS_OF, draw_table, headings, incidence_table, table_inches, upper
from dipeval.plots.survival_words import at_the_mark, told, what_is_drawn, what_the_table_shows, where_curves_end

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["incidence_alt_text", "incidence_curves", "incidence_figures", "incidence_table"]
_COLUMNS = ("group", "cause", "time_days", "estimate", "conf_low", "conf_high")
_TITLE = "Share to whom it happened"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    measure: Measure
    lines: list[Line]
    cause: str
    mark: Mark | None


def incidence_curves(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    ax: Axes | None = None,
    horizon: float | None = None,
    time_label: str | None = None,
    *,
    time_unit: str | None = None,
    causes: Sequence[object] | None = None,
    labels: Mapping[str, str] | None = None,
    mark: pd.DataFrame | None = None,
    digits: int = 1,
    level: float = 0.95,
) -> Axes:
    """Draw cumulative incidence, rising from zero: a panel for each cause with a line and band for every group.

    Parameters
    ----------
    frame
        Steps of cumulative incidence: group, cause, time_days, estimate, conf_low, conf_high.
    table
        What stands under the lowest axis, as `incidence_table` gives it, or the released version of it (cells may be
        text). No table if None.
    ax
        Axes to draw on. All lines then share them, told apart by group (colour) and cause (line style). If None a
        panel for each cause, or for one group a single one with a line for each cause.
    horizon
        Last time shown, in the unit of the frame; the end of the longest curve if None.
    time_label
        Unit of the axis; if None months for days, else the unit of the frame.
    time_unit
        Unit of the frame's times; if None that of `time_label`, or days.
    causes
        Which causes to draw, in this order; all of them if None.
    labels
        Cause -> words for it.
    mark
        Values at one time, where a line is drawn: group, time_days, share, conf_low, conf_high and a row "difference"
        (as ``compare_at`` gives them); with a column cause if more than one cause is drawn.
    digits
        Decimals of the percentages written.
    level
        Coverage of the bands and of the interval written.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the first panel.

    Raises
    ------
    InputError
        If a column is missing, a cause is not in the frame, or it is not clear of which cause the mark tells.
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    panels = _panels(frame, clock, causes, labels, mark, Measure(title=_TITLE, digits=digits, level=level), ax)
    places = clock.places(table)
    top = max(highest(panel.lines) for panel in panels)
    axes = _new_axes(panels, table, clock) if ax is None else [ax]
    words = _row_words(table, labels)
    if table is not None:
        colours = {str(name): look(str(name), number)["color"] for number, name in enumerate(frame["group"].unique())}
        draw_table(axes[-1], table, clock, colours if len(colours) > 1 else dict.fromkeys(colours, style.GREY), words)
    for own, panel in zip(axes, panels, strict=True):
        draw_curves(own, panel.lines, clock, panel.measure, places=places, mark=panel.mark, top=top)
        if own is not axes[-1]:
            own.set_xlabel("")
    return axes[0]


def _new_axes(panels: Sequence[_Panel], table: pd.DataFrame | None, clock: Clock) -> list[Axes]:
    """One set of axes below the other: side by side they would be too narrow on a telephone."""
    head = sum(len(heading_lines(panel.mark, panel.measure, clock)) for panel in panels)
    each = 4.0 if len(panels) == 1 else 2.7
    first = style.new_axes(7.4, each * len(panels) + 0.2 * head + table_inches(table))
    figure = first.get_figure(root=True)
    assert figure is not None
    if len(panels) > 1:
        figure.set_layout_engine("constrained", h_pad=0.1)
    grid = figure.add_gridspec(len(panels), 1)
    first.set_subplotspec(grid[0])
    others = [figure.add_subplot(grid[place]) for place in range(1, len(panels))]
    for other in others:
        style.tidy(other)
    return [first, *others]


def _panels(
    frame: pd.DataFrame,
    clock: Clock,
    causes: Sequence[object] | None,
    labels: Mapping[str, str] | None,
    mark: pd.DataFrame | None,
    measure: Measure,
    ax: Axes | None = None,
) -> list[_Panel]:
    """What goes together: a panel a cause, or all lines in one for a single group or on given axes."""
    _check(frame)
    words = {str(cause): (labels or {}).get(str(cause), str(cause)) for cause in _wanted(frame, causes)}
    lines = _lines(frame, clock, words, crowded=ax is not None)
    if len(words) > 1 and (ax is not None or frame["group"].nunique() == 1):
        return [_Panel(measure=measure, lines=lines, cause="", mark=None if mark is None else _single(mark, clock))]
    panels = []
    for cause, name in words.items():
        own = [line for line in lines if line.cause == name]
        read = None if mark is None else _of_cause(mark, cause, clock, len(words))
        title = f"{measure.title}: {name}"
        panels.append(
            _Panel(
                measure=Measure(title=title, digits=measure.digits, level=measure.level),
                lines=own,
                cause=name,
                mark=read,
            )
        )
    return panels


def _check(frame: pd.DataFrame) -> None:
    missing = [name for name in _COLUMNS if name not in frame]
    if missing:
        raise InputError(f"The frame of cumulative incidence lacks the column(s) {', '.join(missing)}.")


def _wanted(frame: pd.DataFrame, causes: Sequence[object] | None) -> list[str]:
    there = [str(cause) for cause in frame["cause"].unique()]
    wanted = there if causes is None else [str(cause) for cause in causes]
    absent = [cause for cause in wanted if cause not in there]
    if absent or not wanted:
        raise InputError(
            f"Causes {', '.join(absent) or '(none)'} are not among those of the frame: {', '.join(there)}."
        )
    return wanted


def _lines(frame: pd.DataFrame, clock: Clock, words: dict[str, str], *, crowded: bool) -> list[Line]:
    """A line a group and cause; causes tell lines apart where one set of axes holds several."""
    groups = [str(name) for name in frame["group"].unique()]
    lines = []
    for place, (cause, name) in enumerate(words.items()):
        for number, group in enumerate(groups):
            own = frame[(frame["group"].astype(str) == group) & (frame["cause"].astype(str) == cause)]
            if own.empty:
                continue
            points = points_of(own, clock, falling=False)
            label, dressed = upper(group), look(group, number)
            if len(groups) == 1 and len(words) > 1:
                label, dressed = name, look("", place)
            elif crowded and len(words) > 1:
                label, dressed = f"{group}: {name}", {**dressed, "linestyle": look("", place)["linestyle"]}
            lines.append(Line(name=label, group=group, cause=name, look=dressed, points=points))
    return lines


def _single(mark: pd.DataFrame, clock: Clock) -> Mark:
    """With the causes in one panel only the time of the line is told; the values belong to different lines."""
    return Mark(time=Mark.of(mark.head(1), clock).time, values={}, differences={})


def _of_cause(mark: pd.DataFrame, cause: str, clock: Clock, n_causes: int) -> Mark | None:
    if "cause" in mark:
        mark = mark[mark["cause"].astype(str) == cause]
        return None if mark.empty else Mark.of(mark, clock)
    if n_causes > 1:
        raise InputError(
            "Several causes are drawn and the frame given as `mark` does not say of which it tells: give it a column "
            "cause, or draw one cause with `causes`."
        )
    return Mark.of(mark, clock)


def _row_words(table: pd.DataFrame | None, labels: Mapping[str, str] | None) -> dict[str, str]:
    named = {EVENTS_OF + cause: upper(words) for cause, words in (labels or {}).items()}
    return {column: words for column, words in named.items() if table is not None and column in table}


def incidence_alt_text(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    mark: pd.DataFrame | None = None,
    *,
    horizon: float | None = None,
    time_label: str | None = None,
    time_unit: str | None = None,
    causes: Sequence[object] | None = None,
    labels: Mapping[str, str] | None = None,
    digits: int = 1,
    level: float = 0.95,
) -> str:
    """Say in sentences what `incidence_curves` draws, from the same numbers.

    Parameters
    ----------
    frame, table, mark, horizon, time_label, time_unit, causes, labels, digits, level
        As given to `incidence_curves`.

    Returns
    -------
    str
        What the axes show, where the curves end, what is marked, what the table shows.
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    measure = Measure(title=_TITLE, digits=digits, level=level)
    panels = _panels(frame, clock, causes, labels, mark, measure)
    lines = [line for panel in panels for line in panel.lines]
    marked = [
        at_the_mark(panel.mark, clock, measure, of=f" for {panel.cause}")
        for panel in panels
        if panel.mark is not None and panel.mark.values
    ]
    return told(
        what_is_drawn(lines, clock, measure),
        where_curves_end(lines, clock, measure),
        *marked,
        what_the_table_shows(table, clock, _row_words(table, labels)),
    )


def incidence_figures(
    frame: pd.DataFrame,
    table: pd.DataFrame | None = None,
    mark: pd.DataFrame | None = None,
    *,
    horizon: float | None = None,
    time_label: str | None = None,
    time_unit: str | None = None,
    causes: Sequence[object] | None = None,
    labels: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return every figure that `incidence_curves` draws.

    Parameters
    ----------
    frame, table, mark, horizon, time_label, time_unit, causes, labels
        As given to `incidence_curves`.

    Returns
    -------
    pandas.DataFrame
        element ("curve", "mark", "difference" or the row of the table), group, cause, time_days, time_shown,
        estimate, conf_low, conf_high, words.
    """
    clock = Clock.of(frame, horizon, time_label, time_unit)
    panels = _panels(frame, clock, causes, labels, mark, Measure(title=_TITLE))
    parts = [figures_of(panel.lines, clock) for panel in panels]
    parts += [mark_figures(panel.mark, clock, cause=panel.cause) for panel in panels]
    parts.append(table_figures(table, clock, {} if table is None else headings(table)))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)
