"""Pictures of what hidden differences between the groups could do to an answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

DASHED: Any = (0, (4, 3))
# Larger p-values are all alike to a reader; showing them would flatten what matters.
HIGHEST = 0.5
BEHIND: dict[str, Any] = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8}


def bounds_plot(frame: pd.DataFrame, *, alpha: float, critical: float, ax: Axes | None = None) -> Axes:
    """Draw the range of the p-value that hidden bias leaves open.

    Parameters
    ----------
    frame
        Columns gamma (rising), p_low and p_high.
    alpha
        Where a line is drawn.
    critical
        Gamma at which the upper end reaches that line; NaN if it lies above it everywhere.
    ax
        Axes to draw on; default a new figure in the house style.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"gamma": [1.0, 2.0], "p_low": [0.01, 0.001], "p_high": [0.01, 0.4]})
    >>> bounds_plot(frame, alpha=0.05, critical=1.2).get_ylabel()
    'p-value'
    """
    ax = ax if ax is not None else new_axes()
    tidy(ax)
    gamma, low, high = (frame[name].to_numpy(dtype=float) for name in ("gamma", "p_low", "p_high"))
    top, last = min(1.08 * max(float(high.max()), alpha), max(HIGHEST, 4 * alpha)), float(gamma[-1])
    ax.fill_between(gamma, low, high, color=TREATED_COLOUR, alpha=0.15, linewidth=0)
    ax.plot(gamma, high, color=TREATED_COLOUR, linewidth=2.2)
    ax.plot(gamma, low, color=TREATED_COLOUR, linewidth=1.2, linestyle=DASHED)
    ax.axhline(alpha, color=GREY, linewidth=1, linestyle=DASHED)
    ax.set_xlim(1.0, last)
    ax.set_ylim(0, top)
    _note(ax, f"p = {alpha:g}", (last, alpha), GREY, ha="right")
    shown = min(0.9 * top, float(high[-1]))
    at = float(np.interp(shown, high, gamma))
    side = "right" if at > 1 + 0.3 * (last - 1) else "left"
    _note(ax, "largest p-value", (at, shown), TREATED_COLOUR, ha=side)
    if math.isfinite(critical) and critical <= last:
        ax.plot([critical], [alpha], "o", color=COMPARISON_COLOUR, markersize=8, zorder=4)
        words, far = f"{math.floor(100 * critical + 1e-9) / 100:.2f}", critical > 1 + 0.6 * (last - 1)
        _note(
            ax, words, (critical, alpha), ink(COMPARISON_COLOUR), ha="right" if far else "left", up=-15, weight="bold"
        )
    ax.set_xlabel("Gamma: how many times higher one person's odds of treatment may be")
    ax.set_ylabel("p-value")
    return ax


def contour_plot(frame: pd.DataFrame, marks: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what an estimate would be for every strength of something hidden, with the lines that would overturn it.

    Parameters
    ----------
    frame
        A full grid: r2_treatment, r2_outcome (shares), estimate, limit (of the interval, nearest equality), both made
        positive in the direction of the estimate, so that 0 is equality.
    marks
        Strengths to show as dots: label, r2_treatment, r2_outcome; dots with the same label are joined, and the label
        stands at the last of them.
    ax
        Axes to draw on; default a new figure in the house style.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> grid = pd.DataFrame([(x, y, 1 - 9 * x * y, 0.5 - 9 * x * y) for x in (0.0, 0.5) for y in (0.0, 0.5)],
    ...     columns=["r2_treatment", "r2_outcome", "estimate", "limit"])
    >>> marks = pd.DataFrame({"label": ["Age × 1"], "r2_treatment": [0.1], "r2_outcome": [0.2]})
    >>> [text.get_text() for text in contour_plot(grid, marks).texts][0]
    'Age × 1'
    """
    ax = ax if ax is not None else new_axes(height=5.2)
    tidy(ax)
    ax.grid(visible=False)
    across, up = np.unique(frame["r2_treatment"]), np.unique(frame["r2_outcome"])
    shape = (len(across), len(up))
    ordered = frame.sort_values(["r2_treatment", "r2_outcome"])
    estimate, limit = (ordered[name].to_numpy(dtype=float).reshape(shape).T for name in ("estimate", "limit"))
    handles = []
    for values, colour, style, words in (
        (limit, COMPARISON_COLOUR, DASHED, "the interval includes equality"),
        (estimate, TREATED_COLOUR, "-", "nothing is left of the estimate"),
    ):
        if values.min() >= 0:
            continue
        ax.contourf(across, up, values, levels=[values.min() - 1, 0.0], colors=[_pale(colour)])
        if values.max() > 0:
            ax.contour(across, up, values, levels=[0.0], colors=[ink(colour)], linewidths=2.2, linestyles=[style])
        handles.append(_patch(colour, style, words))
    _dots(ax, marks, far=float(across[-1]), top=float(up[-1]))
    if handles:
        ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=9.5, ncols=2)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    ax.set_xlim(0, float(across[-1]))
    ax.set_ylim(0, float(up[-1]))
    ax.set_xlabel("Share of what is unexplained of who was treated, that something hidden explains")
    ax.set_ylabel("Share of what is unexplained\nof the outcome, that it explains")
    return ax


def e_value_plot(e_value: float, e_value_limit: float, ax: Axes | None = None) -> Axes:
    """Draw which strengths of something hidden, with treatment and with the outcome, would explain an estimate away.

    Parameters
    ----------
    e_value, e_value_limit
        Of the estimate and of the interval limit nearest equality; NaN where there is none.
    ax
        Axes to draw on; default a new figure in the house style.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> [text.get_text() for text in e_value_plot(2.0, 1.5).texts]
    ['2.00', '1.50']
    """
    ax = ax if ax is not None else new_axes()
    tidy(ax)
    if math.isnan(e_value):
        ax.text(0.5, 0.5, "No E-value can be given", transform=ax.transAxes, ha="center", color=GREY)
        return ax
    most = max(2.5 * e_value, 3.0)
    for value, colour, style, words in (
        (e_value, TREATED_COLOUR, "-", "to account for the estimate"),
        (e_value_limit, COMPARISON_COLOUR, DASHED, "to make the interval reach equality"),
    ):
        if math.isnan(value) or value <= 1:
            continue
        ratio = value**2 / (2 * value - 1)  # strengths x and y account for a ratio x * y / (x + y - 1)
        across = np.geomspace(ratio * 1.0001, most, 400)
        ax.plot(across, ratio * (across - 1) / (across - ratio), color=ink(colour), linestyle=style, label=words)
        ax.plot([value], [value], "o", color=ink(colour), markersize=7)
        _note(ax, f"{value:.2f}", (value, value), ink(colour), ha="left", weight="bold")
    ax.set_xlim(1, most)
    ax.set_ylim(1, most)
    if ax.lines:
        ax.legend(loc="upper right", frameon=False, fontsize=9.5)
    ax.set_xlabel("Ratio of risks between something hidden and treatment")
    ax.set_ylabel("Ratio of risks between something\nhidden and the outcome")
    return ax


def _dots(ax: Axes, marks: pd.DataFrame, *, far: float, top: float) -> None:
    """Mark strengths, those of one covariate joined, with its name where it is strongest and no other name is."""
    taken: list[tuple[float, float]] = []
    ends = []
    for words, rows in marks.groupby("label", sort=False):
        across, up = rows["r2_treatment"].to_numpy(dtype=float), rows["r2_outcome"].to_numpy(dtype=float)
        ax.plot(across, up, "-D", color=GREY, markersize=5, linewidth=1, zorder=5, clip_on=False)
        ends.append((float(up[-1]), float(across[-1]), str(words)))
    for y, x, words in sorted(ends):
        right = x > 0.6 * far
        at = (x / far + (-0.02 if right else 0.02), min(y / top + 0.025, 0.92))
        while any(abs(at[0] - other[0]) < 0.45 and abs(at[1] - other[1]) < 0.06 for other in taken):
            at = (at[0], at[1] + 0.02)
        taken.append(at)
        ax.annotate(
            words,
            (x, y),
            xytext=at,
            textcoords="axes fraction",
            ha="right" if right else "left",
            va="bottom",
            color=GREY,
            fontsize=9.5,
            bbox=BEHIND,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 3},
            zorder=6,
        )


def _patch(colour: str, style: Any, words: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=_pale(colour), edgecolor=ink(colour), linestyle=style, linewidth=1.6, label=words)


def _pale(colour: str) -> str:
    """Return the colour mixed with white, so that words and dots upon it can be read."""
    parts = [255 - 0.15 * (255 - int(colour[place : place + 2], 16)) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def _note(
    ax: Axes, words: str, place: tuple[float, float], colour: str, *, ha: str, up: int = 4, weight: str = "normal"
) -> None:
    ax.annotate(
        words,
        place,
        xytext=(-8 if ha == "right" else 8, up),
        textcoords="offset points",
        ha=ha,
        va="bottom",
        color=colour,
        fontsize=9.5,
        fontweight=weight,
        bbox=BEHIND,
        zorder=6,
    )
