"""Picture of positivity by offence over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dipeval.plots.style import PALETTE, new_axes, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MARKS = ("o", "s", "D", "^", "v", "P")
_MOST_NAMED = 10


def offence_link_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of positive tests over the periods, a line an offence.

    Parameters
    ----------
    frame
        label (of the offence), period, share, conf_low, conf_high (missing: not shown).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["Acquisitive"] * 2, "period": ["2024-Q1", "2024-Q2"], "share": [0.5, 0.6],
    ...                       "conf_low": [0.4, 0.5], "conf_high": [0.6, 0.7]})
    >>> offence_link_plot(frame).get_legend_handles_labels()[1]
    ['Acquisitive']
    """
    axes = new_axes(7.4, 4.4) if ax is None else ax
    tidy(axes)
    axes.grid(visible=False, axis="x")
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    periods = list(dict.fromkeys(frame["period"]))
    places = {period: place for place, period in enumerate(periods)}
    labels = list(dict.fromkeys(frame["label"]))
    for place, name in enumerate(labels):
        own = frame[frame["label"] == name]
        # Side by side, for intervals of offences often lie one upon the other.
        across = own["period"].map(places).to_numpy("float64") + 0.1 * (place - (len(labels) - 1) / 2)
        colour, mark = PALETTE[place % len(PALETTE)], _MARKS[place % len(_MARKS)]
        share = own["share"].to_numpy("float64")
        axes.vlines(across, own["conf_low"], own["conf_high"], color=colour, linewidth=1.0, alpha=0.4)
        axes.plot(across, share, color=colour, marker=mark, markersize=5, linewidth=1.4, label=name)
    step = -(-len(periods) // _MOST_NAMED) if periods else 1
    axes.set_xticks(np.arange(len(periods))[::step], periods[::step])
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_ylabel("Share of tests that were positive")
    axes.set_xlabel("Period of the test (bars: 95% interval)")
    if labels:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9)
    return axes
