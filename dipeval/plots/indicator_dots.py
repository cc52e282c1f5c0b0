"""Indicators as dots with their intervals, and a tick where the target is."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Inches: the words can still be read where a page is as wide as a phone.
_NARROW = 5.2


def indicator_dots(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw shares, a row an indicator: a dot, a bar for the interval, an upright tick for the target.

    Parameters
    ----------
    frame
        label, estimate, conf_low, conf_high (missing: not shown), target (missing: none); all between 0 and 1.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["Seen"], "estimate": [0.8], "conf_low": [0.7], "conf_high": [0.9],
    ...                       "target": [0.9]})
    >>> indicator_dots(frame).get_legend_handles_labels()[1]
    ['figure and 95% interval', 'target']
    """
    axes = new_axes(_NARROW, 1.3 + 0.42 * max(len(frame), 2)) if ax is None else ax
    tidy(axes)
    rows = np.arange(len(frame))[::-1]
    known = frame["estimate"].notna().to_numpy()
    own = frame[known]
    axes.hlines(rows[known], own["conf_low"], own["conf_high"], color=TREATED_COLOUR, linewidth=1.8)
    if len(own):
        axes.plot(
            own["estimate"],
            rows[known],
            linestyle="",
            marker="o",
            color=TREATED_COLOUR,
            label="figure and 95% interval",
        )
    aimed = frame["target"].notna().to_numpy()
    if aimed.any():
        axes.plot(
            frame["target"][aimed],
            rows[aimed],
            linestyle="",
            marker="|",
            markersize=16,
            markeredgewidth=2.2,
            color=COMPARISON_COLOUR,
            label="target",
        )
    axes.set_yticks(rows, [textwrap.fill(str(label), 30) for label in frame["label"]])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, max(len(frame), 1) - 0.4)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel("Share (bars: 95% interval)")
    if not len(frame):
        axes.annotate("No share is told", (0.5, 0), ha="center", va="center", color=GREY)
    elif axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=9)
    return axes


def _percent(value: float, _: Any) -> str:
    return f"{value:.0%}"
