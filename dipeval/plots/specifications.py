"""A specification curve: estimates in order of size above, and below each a column of dots saying how it was made."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REQUIRED: Final = ("estimate", "conf_low", "conf_high", "passed", "is_main")
UPPER_INCHES, ROW_INCHES, GAP_INCHES, HEADING = 3.0, 0.24, 0.25, 1.15
NOT_APPLICABLE: Final = "does not apply"
_FAINT: Final = "#DDDDDD"


def specification_plot(
    frame: pd.DataFrame,
    *,
    dimensions: Mapping[str, str],
    names: Mapping[str, Mapping[str, str]] | None = None,
    title: str = "Estimate",
    line: float = 0.0,
    ratio: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw every specification: its estimate and interval, and its choices as dots below.

    Parameters
    ----------
    frame
        One row a specification: estimate, conf_low, conf_high (may be missing), passed, is_main, and a column for each
        dimension (missing where the choice does not apply).
    dimensions
        Column of a choice -> its heading; those with one value alone are left out.
    names
        Column -> value -> words.
    title
        What the estimates are.
    line
        Where a line is drawn: equality, or a limit.
    ratio
        Whether equal ratios are equal distances.
    ax
        Axes to draw in; default new ones, high enough for the choices.

    Returns
    -------
    matplotlib.axes.Axes
        The Axes given or made; the curve and the dots stand inside it.

    Raises
    ------
    InputError
        If the frame is empty or lacks a column.

    Notes
    -----
    A filled dot is a specification whose design passed its checks, an open one failed; the diamond is the main one.

    Examples
    --------
    >>> frame = pd.DataFrame({"estimate": [-0.1, -0.3], "conf_low": [-0.2, -0.5], "conf_high": [0.0, -0.1],
    ...     "passed": [True, False], "is_main": [True, False], "method": ["a", "b"]})
    >>> axes = specification_plot(frame, dimensions={"method": "Method"})
    >>> [panel.get_ylabel() for panel in axes.child_axes]
    ['Estimate', '']
    """
    missing = [name for name in (*REQUIRED, *dimensions) if name not in frame.columns]
    if missing:
        raise InputError(f"The table of specifications lacks the column(s) {', '.join(missing)}.")
    if frame.empty:
        raise InputError("There is no specification to draw; give at least one.")
    ordered = frame.sort_values("estimate", kind="stable", ignore_index=True)
    rows = _rows(frame, ordered, dimensions, names or {})
    lower = ROW_INCHES * sum(HEADING if row[1] is None else 1.0 for row in rows)
    whole = UPPER_INCHES + GAP_INCHES + lower
    if ax is None:
        ax = new_axes(width=7.5, height=whole + 0.4)
    ax.set_axis_off()
    curve = ax.inset_axes((0.0, (lower + GAP_INCHES) / whole, 1.0, UPPER_INCHES / whole))
    _draw_curve(curve, ordered, title, line, ratio=ratio)
    if rows:
        below = ax.inset_axes((0.0, 0.0, 1.0, lower / whole), sharex=curve)
        _draw_choices(below, ordered, rows)
    return ax


Row = tuple[str, np.ndarray[Any, np.dtype[np.bool_]] | None]


def _rows(
    frame: pd.DataFrame, ordered: pd.DataFrame, dimensions: Mapping[str, str], names: Mapping[str, Mapping[str, str]]
) -> list[Row]:
    """Return the lines below the curve: a heading (no marks) for each dimension, then a line for each value."""
    rows: list[Row] = []
    for column, heading in dimensions.items():
        values = ordered[column]
        known = list(dict.fromkeys(frame.loc[frame[column].notna(), column].tolist()))
        known = known if any(isinstance(value, str) for value in known) else sorted(known)
        if len(known) < 2:
            continue
        rows.append((heading, None))
        rows += [(_told(value, names.get(column, {})), (values == value).to_numpy(dtype=bool)) for value in known]
        if values.isna().any():
            rows.append((NOT_APPLICABLE, values.isna().to_numpy(dtype=bool)))
    return rows


def _told(value: Any, names: Mapping[str, str]) -> str:
    words = names.get(value, f"{value:g}" if isinstance(value, (int, float)) else str(value))
    return textwrap.shorten(words, 44, placeholder="...")


def _size(n: int) -> float:
    return float(np.clip(160 / n, 3.0, 7.5))


def _draw_curve(ax: Axes, frame: pd.DataFrame, title: str, line: float, *, ratio: bool) -> None:
    tidy(ax)
    places, passed = np.arange(len(frame)), frame["passed"].to_numpy(dtype=bool)
    numbers = {name: pd.to_numeric(frame[name]).to_numpy(dtype=float) for name in ("estimate", "conf_low", "conf_high")}
    size = _size(len(frame))
    ax.axhline(line, color=GREY, linewidth=1.2, zorder=1)
    for kind, mask in (("solid", passed), ("failed", ~passed)):
        ax.vlines(
            places[mask], numbers["conf_low"][mask], numbers["conf_high"][mask], color=TREATED_COLOUR, zorder=2,
            linewidth=1.6 if kind == "solid" else 0.9, linestyle="-" if kind == "solid" else (0, (2, 2)),
        )  # fmt: skip
        ax.plot(
            places[mask], numbers["estimate"][mask], "o", markersize=size, zorder=3, markeredgecolor=TREATED_COLOUR,
            markerfacecolor=TREATED_COLOUR if kind == "solid" else "white",
            label=_legend("Passed its checks" if kind == "solid" else "Did not pass", int(mask.sum())),
        )  # fmt: skip
    _mark_main(ax, frame, numbers["estimate"], passed, size)
    if ratio:
        _ratio_axis(ax, numbers, line)
    ax.set_ylabel("\n".join(textwrap.wrap(title, 34)))
    ax.set_xlim(-0.8, len(frame) - 0.2)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.grid(axis="x", visible=False)
    ax.grid(axis="y", color=_FAINT, linewidth=0.8)
    ax.spines["bottom"].set_visible(False)
    handles = [found for found in ax.get_legend_handles_labels()[0] if len(found.get_xdata())]  # type: ignore[attr-defined]
    ax.legend(handles=handles, frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)


def _legend(words: str, n: int) -> str:
    return f"{words} ({format_count(n)})"


def _mark_main(ax: Axes, frame: pd.DataFrame, estimates: Any, passed: Any, size: float) -> None:
    main = np.flatnonzero(frame["is_main"].to_numpy(dtype=bool))
    ax.plot(
        main, estimates[main], "D", markersize=size + 3, zorder=4, color=COMPARISON_COLOUR, label="Main specification",
        markerfacecolor=COMPARISON_COLOUR if passed[main].all() else "white", linestyle="none",
    )  # fmt: skip


def _ratio_axis(ax: Axes, numbers: Mapping[str, Any], line: float) -> None:
    """Equal distances for equal ratios, on the upright axis."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ax.set_yscale("log")
    low = float(np.nanmin([*numbers["conf_low"], *numbers["estimate"], line]))
    high = float(np.nanmax([*numbers["conf_high"], *numbers["estimate"], line]))
    ax.set_ylim(low / 1.05, high * 1.05)
    places = (0.1, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 4, 10)
    ax.yaxis.set_major_locator(FixedLocator([place for place in places if low / 1.05 <= place <= high * 1.05]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())


def _draw_choices(ax: Axes, frame: pd.DataFrame, rows: list[Row]) -> None:
    passed, main = (frame[name].to_numpy(dtype=bool) for name in ("passed", "is_main"))
    y, ticks, words, size = 0.0, [], [], 0.8 * _size(len(frame))
    for told, chosen in rows:
        y -= HEADING if chosen is None else 1.0
        if chosen is None:
            ax.annotate(
                told, (0.0, y), xycoords=ax.get_yaxis_transform(), xytext=(-6, 0), textcoords="offset points",
                ha="right", va="center", fontweight="bold", fontsize=9,
            )  # fmt: skip
            continue
        ticks.append(y)
        words.append(told)
        ax.axhline(y, color=_FAINT, linewidth=0.7, zorder=1)
        for mask, face in ((chosen & passed, TREATED_COLOUR), (chosen & ~passed, "white")):
            ax.plot(
                np.flatnonzero(mask), np.full(int(mask.sum()), y), "o", markersize=size, markerfacecolor=face,
                markeredgecolor=TREATED_COLOUR, zorder=3,
            )  # fmt: skip
        first = np.flatnonzero(chosen & main)
        ax.plot(
            first, np.full(len(first), y), "D", markersize=size + 1.5, markeredgecolor=COMPARISON_COLOUR, zorder=4,
            markerfacecolor=COMPARISON_COLOUR if passed[first].all() else "white",
        )  # fmt: skip
    ax.set_ylim(y - 0.6, 0.0)
    ax.set_yticks(ticks, words, fontsize=9)
    ax.tick_params(axis="both", length=0, labelbottom=False)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.grid(visible=False)
