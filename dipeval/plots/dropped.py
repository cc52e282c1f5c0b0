"""Picture of the people a design left out, beside those it kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.vocabulary import term_label


def dropped_plot(frame: pd.DataFrame, ax: Any = None) -> Any:
    """Draw, for every term, how far the people left out and the people kept lie from everybody.

    Parameters
    ----------
    frame
        Columns term, smd, shift (``Dropped.to_frame()``); without rows, the picture says that nobody was left out.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> frame = pd.DataFrame({"term": ["age", "priors"], "smd": [0.5, -0.1], "shift": [-0.05, 0.01]})
    >>> [tick.get_text() for tick in dropped_plot(frame).get_yticklabels()]
    ['Priors', 'Age']
    """
    if ax is None:
        ax = new_axes(width=7.0, height=1.6 + 0.3 * max(len(frame), 4))
    tidy(ax)
    if frame.empty:
        ax.text(0.5, 0.5, "Nobody was left out", transform=ax.transAxes, ha="center", va="center", color=GREY)
        ax.set_axis_off()
        return ax
    frame = frame.assign(size=frame["smd"].abs()).sort_values(["size", "term"], kind="stable")
    rows = np.arange(len(frame))
    kept, left_out = frame["shift"], frame["shift"] + frame["smd"]
    ax.hlines(rows, kept, left_out, color="#BBBBBB", linewidth=1.2, zorder=1)
    ax.scatter(kept, rows, s=44, color=TREATED_COLOUR, label="Kept", zorder=4)
    ax.scatter(
        left_out, rows, s=44, facecolors="white", edgecolors=COMPARISON_COLOUR, linewidths=1.8, label="Left out",
        zorder=3,
    )  # fmt: skip
    ax.axvline(0, color=GREY, linewidth=1, zorder=2)
    ax.set_yticks(rows, [term_label(str(term)) for term in frame["term"]])
    ax.set_ylim(-0.6, len(frame) - 0.4)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}".replace("-", "\N{MINUS SIGN}"))
    ax.set_xlabel("Away from the average of all, in % of a standard deviation", loc="right")
    ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    return ax
