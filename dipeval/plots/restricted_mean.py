"""The mean time free of reoffending until a horizon: a dot and interval for each group, and the difference below."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.plots import style
from dipeval.plots.survival_axis import look
from dipeval.plots.survival_mark import group_words
from dipeval.plots.survival_table import upper
from dipeval.plots.survival_words import told
from dipeval.presenting import format_interval, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("group", "estimate", "conf_low", "conf_high")
_ROW_INCHES = 0.42


def restricted_mean_plot(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    time_unit: str = "days",
    horizon: float | None = None,
    digits: int = 1,
) -> Axes:
    """Draw the mean time free of reoffending in each group with its interval, and the differences on their own axis.

    Parameters
    ----------
    frame
        group, estimate, conf_low, conf_high: a row a group, then the row "difference", or one named "B minus A" for
        each further group (as `RestrictedMean.to_frame` gives them).
    ax
        Axes to draw on; new ones if None. The differences stand on axes of their own, for which these give up their
        lower part (or in the heading, if they have no place in a grid to share).
    time_unit
        Unit of the estimates.
    horizon
        Time to which the mean is restricted, for the axis label.
    digits
        Decimals written.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the groups.

    Raises
    ------
    InputError
        If the frame lacks a column or holds no group.

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["comparison", "treated", "difference"], "estimate": [290.0, 310.0, 20.0],
    ...                       "conf_low": [280.0, 300.0, 6.0], "conf_high": [300.0, 320.0, 34.0]})
    >>> restricted_mean_plot(frame, horizon=365).get_xlabel()
    'Mean days free of reoffending, of 365'
    """
    groups, between = _split(frame)
    if ax is None:
        ax = style.new_axes(
            7.4, 1.1 + _ROW_INCHES * len(groups) + (1.0 + _ROW_INCHES * len(between) if len(between) else 0)
        )
    colours = [look(str(name), number)["color"] for number, name in enumerate(groups["group"])]
    _draw_rows(ax, groups, [upper(str(name)) for name in groups["group"]], colours, digits)
    ax.set_xlabel(_axis_words(time_unit, horizon), color=style.GREY)
    names = [upper(name) for name in _contrasts(groups, between)]
    lower = _below(ax, len(groups), len(between)) if names else None
    if lower is None:
        told = [f"{name}: {_value(row, digits)}" for name, row in zip(names, _records(between), strict=True)]
        ax.set_title("\n".join(told), loc="left", fontsize=10, color=style.GREY)
    else:
        _draw_rows(lower, between, names, [style.GREY] * len(names), digits)
        lower.axvline(0, color=style.GREY, linewidth=1.2, zorder=1)
        lower.set_xlabel(f"Difference in {time_unit}", color=style.GREY)
    return ax


def _below(ax: Axes, n_above: int, n_below: int) -> Axes | None:
    """Share the place of the axes with new ones below; None where they have no place in a grid to share."""
    place = ax.get_subplotspec()
    figure = ax.get_figure()
    if place is None or figure is None:
        return None
    grid = place.subgridspec(2, 1, height_ratios=[n_above + 0.2, n_below + 0.2])
    ax.set_subplotspec(grid[0])
    lower: Axes = figure.add_subplot(grid[1])
    style.tidy(lower)
    return lower


def _split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    missing = [name for name in _COLUMNS if name not in frame]
    if missing:
        raise InputError(f"The frame of restricted means lacks the column(s) {', '.join(missing)}.")
    names = frame["group"].astype(str)
    between = (names == "difference") | names.str.contains(" minus ", regex=False)
    if between.all():
        raise InputError("The frame of restricted means holds no group: give it as `to_frame()` returns it.")
    return frame[~between], frame[between]


def _contrasts(groups: pd.DataFrame, between: pd.DataFrame) -> list[str]:
    names = [str(name) for name in groups["group"]]
    pair = f"{names[1]} minus {names[0]}" if len(names) == 2 else "difference"
    return [pair if str(name) == "difference" else str(name) for name in between["group"]]


def _axis_words(time_unit: str, horizon: float | None) -> str:
    return f"Mean {time_unit} free of reoffending" + ("" if horizon is None else f", of {horizon:g}")


def _draw_rows(ax: Axes, rows: pd.DataFrame, names: list[str], colours: list[str], digits: int) -> None:
    heights = np.arange(len(rows))[::-1]
    for y, colour, row in zip(heights, colours, _records(rows), strict=True):
        ax.hlines(y, row["conf_low"], row["conf_high"], color=colour, linewidth=2.4, zorder=2)
        ax.plot([row["estimate"]], [y], "o", color=colour, markersize=8, zorder=3)
        # Beside the axes, level with its row: no line can run through the figures.
        ax.text(1.03, y, _value(row, digits), transform=ax.get_yaxis_transform(), va="center", fontsize=10)
    ax.set_yticks(heights, [textwrap.fill(name, 24) for name in names])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.margins(x=0.08)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _value(row: dict[str, Any], digits: int) -> str:
    limits = format_interval(row["conf_low"], row["conf_high"], digits)
    return f"{format_number(row['estimate'], digits)} ({limits})"


def restricted_mean_alt_text(
    frame: pd.DataFrame,
    *,
    time_unit: str = "days",
    horizon: float | None = None,
    digits: int = 1,
    level: float = 0.95,
) -> str:
    """Say in sentences what `restricted_mean_plot` draws, from the same numbers.

    Parameters
    ----------
    frame, time_unit, horizon, digits
        As given to `restricted_mean_plot`.
    level
        Coverage of the limits.

    Returns
    -------
    str

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["all"], "estimate": [290.0], "conf_low": [280.0], "conf_high": [300.0]})
    >>> restricted_mean_alt_text(frame, horizon=365)
    'Mean days free of reoffending, of 365, with 95% intervals. Everyone 290.0 (280.0 to 300.0).'
    """
    groups, between = _split(frame)
    parts = [f"{_axis_words(time_unit, horizon)}, with {round(100 * level, 1):g}% intervals."]
    parts += [f"{upper(group_words(str(row['group'])))} {_value(row, digits)}." for row in _records(groups)]
    named = zip(_contrasts(groups, between), _records(between), strict=True)
    parts += [f"{upper(name)}: {_value(row, digits)} {time_unit}." for name, row in named]
    return told(parts)
