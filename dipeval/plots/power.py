"""Picture of what a design could detect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dipeval.plots.style import GREY, TREATED_COLOUR, new_axes, tidy

USUAL = 0.8


def power_plot(frame: pd.DataFrame, ax: Any = None) -> Any:
    """Draw the chance of detecting a difference against its size, with the difference detected four times in five.

    Parameters
    ----------
    frame
        Columns difference (0 and up, rising) and power (``design.power_curve()``).
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> power_plot(pd.DataFrame({"difference": [0.0, 0.1], "power": [0.025, 0.9]})).get_ylabel()
    'Chance of detecting it'
    """
    if ax is None:
        ax = new_axes()
    tidy(ax)
    difference, power = frame["difference"].to_numpy(dtype=float), frame["power"].to_numpy(dtype=float)
    ax.plot(difference, power, color=TREATED_COLOUR, linewidth=2)
    ax.axhline(USUAL, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    if power[0] < USUAL <= power[-1]:
        at = float(np.interp(USUAL, power, difference))
        ax.scatter([at], [USUAL], s=44, color=TREATED_COLOUR, zorder=4)
        ax.annotate(
            f"{100 * at:.1f} points, detected 4 times in 5",
            (at, USUAL),
            xytext=(-6, 6),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color=TREATED_COLOUR,
        )
    ax.set_xlim(0, float(difference.max()))
    ax.set_ylim(0, 1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.set_xlabel("True difference in the share, in percentage points")
    ax.set_ylabel("Chance of detecting it")
    return ax
