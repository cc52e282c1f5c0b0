"""The funnel: areas by size, the limits of chance around the centre, and names for those outside alone."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.plots.survival_lines import spread
from dipeval.presenting import format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INSIDE = ("inside", "not told", "not compared")
_FONT = 9.0
# Points: height of a line of words, and how far names stand from their marks.
_LINE = 11.5
_BESIDE = 7.0
_LINES = ((1.4, "-"), (1.1, (0, (5, 3))), (0.9, (0, (1, 2))))
_MOST_STEPS = 12
# Characters of a line beside the axis: a longer one would be cut off at its ends.
_LABEL_WIDTH = 42
_MOST_DECIMALS = 6


def limits_plot(
    frame: pd.DataFrame,
    limits: pd.DataFrame,
    ax: Axes | None = None,
    *,
    is_share: bool = False,
    value_label: str = "Value",
    size_label: str = "Size",
    centre_label: str = "all areas",
) -> Axes:
    """Draw a funnel: a mark an area, the limits of chance as lines; only areas outside the limits are named.

    Parameters
    ----------
    frame
        area, size, value, position (``inside``, ``above 95%``, ...).
    limits
        size, centre, pairs of columns ``lower_95``, ``upper_95``, ..., and smooth; without rows no line is drawn.
    ax
        Axes to draw on; default new ones.
    is_share
        Whether values are shown in per cent.
    value_label, size_label
        What the axes say.
    centre_label
        What the middle line is.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": ["Leeds", "Wakefield"], "size": [500, 200], "value": [0.66, 0.5],
    ...                       "position": ["above 95%", "inside"]})
    >>> limits = pd.DataFrame({"size": [200, 500], "centre": 0.55, "lower_95": [0.48, 0.5], "upper_95": [0.62, 0.6],
    ...                        "smooth": True})
    >>> [text.get_text() for text in limits_plot(frame, limits, is_share=True).texts]
    ['95%', 'all areas: 55.0%', 'Leeds']
    """
    from matplotlib.ticker import MaxNLocator

    axes = new_axes(7.0, 4.6) if ax is None else ax
    tidy(axes)
    axes.grid(axis="x", visible=False)
    shown = frame[frame["value"].notna() & (frame["size"] > 0)]
    if len(limits):
        _lines(axes, limits)
    is_outside = ~shown["position"].isin(_INSIDE)
    for chosen, colour, mark in ((~is_outside, TREATED_COLOUR, "o"), (is_outside, COMPARISON_COLOUR, "D")):
        own = shown[chosen]
        axes.plot(own["size"], own["value"], linestyle="", marker=mark, color=colour, markersize=6, zorder=3,
                  markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip
    axes.set_xlabel(size_label)
    axes.set_ylabel(textwrap.fill(value_label, _LABEL_WIDTH))
    axes.xaxis.set_major_formatter(lambda value, _: format_count(value))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: _tick(value, axes.get_yticks(), is_share))
    _frame_axes(axes, shown, limits, is_share)
    if len(limits):
        _name_lines(axes, limits, is_share, centre_label)
    if is_outside.any():
        _name_areas(axes, shown, is_outside.to_numpy())
    return axes


def _levels(limits: pd.DataFrame) -> list[str]:
    return [name.removeprefix("upper_") for name in limits.columns if str(name).startswith("upper_")]


def _lines(axes: Axes, limits: pd.DataFrame) -> None:
    axes.hlines(
        limits["centre"].iloc[0], limits["size"].min(), limits["size"].max(), color=GREY, linewidth=1.0, zorder=1
    )
    for place, level in enumerate(reversed(_levels(limits))):
        width, dash = _LINES[min(place, len(_LINES) - 1)]
        for side in ("lower", "upper"):
            if bool(limits["smooth"].iloc[0]):
                axes.plot(
                    limits["size"], limits[f"{side}_{level}"], color=GREY, linewidth=width, linestyle=dash, zorder=1
                )
            else:
                # Each area has limits of its own, which no curve of size alone runs through.
                axes.plot(limits["size"], limits[f"{side}_{level}"], color=GREY, linestyle="", marker="_",
                          markersize=9 - 3 * place, markeredgewidth=width, zorder=1)  # fmt: skip


def _frame_axes(axes: Axes, shown: pd.DataFrame, limits: pd.DataFrame, is_share: bool) -> None:
    """So wide that every area is in, and so high that limits of the smallest do not squash all others."""
    values = [*shown["value"]]
    if len(limits):
        inner = _levels(limits)[-1]
        at = int(len(limits) * 0.06)
        values += [*limits[f"lower_{inner}"].iloc[at:], *limits[f"upper_{inner}"].iloc[at:]]
    if not values:
        return
    low, high = min(values), max(values)
    room = 0.08 * (high - low) or 0.1 * abs(high) or 0.1
    axes.set_ylim(max(low - room, 0.0), min(high + room, 1.0) if is_share else high + room)
    sizes = [*shown["size"], *limits["size"]] if len(limits) else [*shown["size"]]
    wide = max(sizes) - min(sizes) or max(sizes)
    axes.set_xlim(max(min(sizes) - 0.03 * wide, 0.0), max(sizes) + 0.01 * wide)


def _name_lines(axes: Axes, limits: pd.DataFrame, is_share: bool, centre_label: str) -> None:
    """Names at the ends of the lines, above the right edge of the axes, moved apart where lines end close together."""
    last = limits.iloc[-1]
    names = [(last[f"upper_{level}"], _level_words(level)) for level in _levels(limits)]
    names.append((last["centre"], f"{centre_label}: {_words(last['centre'], is_share, 1)}"))
    names.sort(key=lambda pair: pair[0])
    per_point, box = _measure(axes)
    heights = [_LINE] * len(names)
    wanted = [(axes.transData.transform((0, value))[1] - box.y0) / per_point for value, _ in names]
    middles = spread(wanted, heights, top=max(box.height / per_point, sum(heights)))
    for (value, words), start, middle in sorted(
        zip(names, wanted, middles, strict=True), key=lambda one: one[0][1].startswith(centre_label)
    ):
        axes.annotate(words, (1.0, value), xycoords=("axes fraction", "data"), xytext=(5, middle - start),
                      textcoords="offset points", va="center", fontsize=_FONT, color=GREY,
                      annotation_clip=False)  # fmt: skip


def _level_words(level: str) -> str:
    return f"{level[:2]}.{level[2:]}%" if len(level) > 2 else f"{level}%"


def _words(value: float, is_share: bool, digits: int) -> str:
    return format_percent(value, digits) if is_share else format_number(value, digits + 1)


def _tick(value: float, ticks: np.ndarray, is_share: bool) -> str:
    """A tick with as many decimals as the ticks of its axis need to be written exactly."""
    scale = 100 if is_share else 1
    digits = next((n for n in range(_MOST_DECIMALS) if np.allclose(np.round(ticks * scale, n), ticks * scale,
                                                                   rtol=0, atol=1e-9)), _MOST_DECIMALS)  # fmt: skip
    return format_percent(value, digits) if is_share else format_number(value, digits)


def _measure(axes: Axes) -> tuple[float, Any]:
    """Pixels a point, and the box of the axes, as they will be when drawn."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    return figure.dpi / 72, axes.get_window_extent()


def _name_areas(axes: Axes, shown: pd.DataFrame, is_outside: np.ndarray) -> None:
    """A name beside each mark outside, at the nearest place that is free of other names and marks."""
    per_point, box = _measure(axes)
    at = axes.transData.transform(shown[["size", "value"]].to_numpy(float)) / per_point
    edges = np.array([box.x0, box.y0, box.x1, box.y1]) / per_point
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in at]
    rows = [int(row) for row in np.flatnonzero(is_outside)]
    # The fullest part of the picture first, so that names there find a place near their marks.
    crowded = [-int((np.abs(at - at[row]).max(axis=1) < 60).sum()) for row in rows]
    names: list[tuple[int, str, tuple[float, float], str]] = []
    for _, row in sorted(zip(crowded, rows, strict=True)):
        name = str(shown["area"].iloc[row])
        move, side, boxed = _place(at[row], 0.64 * _FONT * len(name), taken, edges)
        taken.append(boxed)
        names.append((row, name, move, side))
    colour = ink(COMPARISON_COLOUR)
    for row, name, move, side in sorted(names):
        leader = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2,
                  "relpos": (0 if side == "left" else 1, 0.5)} if move[1] else None  # fmt: skip
        axes.annotate(name, (shown["size"].iloc[row], shown["value"].iloc[row]), xytext=move, ha=side, va="center",
                      textcoords="offset points", fontsize=_FONT, color=colour, zorder=4, annotation_clip=False,
                      arrowprops=leader, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip


def _place(
    mark: np.ndarray, width: float, taken: list[tuple[float, float, float, float]], edges: np.ndarray
) -> tuple[tuple[float, float], str, tuple[float, float, float, float]]:
    """The nearest free place: right or left of the mark, then further and further up and down."""
    first = None
    for step in range(_MOST_STEPS):
        for up in (step, -step) if step else (0,):
            for side in ("left", "right"):
                move = (_BESIDE if side == "left" else -_BESIDE, up * _LINE)
                start = mark[0] + move[0] - (0 if side == "left" else width)
                middle = mark[1] + move[1]
                boxed = (start, middle - _LINE / 2, start + width, middle + _LINE / 2)
                first = first or (move, side, boxed)
                if _inside(boxed, edges) and not any(_meet(boxed, other) for other in taken):
                    return move, side, boxed
    assert first is not None
    return first


def _inside(boxed: tuple[float, float, float, float], edges: np.ndarray) -> bool:
    return bool(boxed[0] >= edges[0] and boxed[1] >= edges[1] and boxed[2] <= edges[2] and boxed[3] <= edges[3])


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
