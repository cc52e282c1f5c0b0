"""Picture of a test of proportional hazards: each event's residual, and how the log hazard ratio moves over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.vocabulary import term_label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MARKS = 6


def residual_plot(points: pd.DataFrame, smooth: pd.DataFrame, *, term: str, ax: Axes | None = None) -> Axes:
    """Draw scaled Schoenfeld residuals with a smooth and its band; a level smooth means a ratio that stays the same.

    Parameters
    ----------
    points
        time_days, transformed, residual: a row an event.
    smooth
        time_days, transformed, estimate, conf_low, conf_high: the log hazard ratio over time.
    term
        The covariate, for the words.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> points = pd.DataFrame({"time_days": [1.0, 2.0], "transformed": [0.0, 0.5], "residual": [0.2, -0.1]})
    >>> smooth = points.rename(columns={"residual": "estimate"}).assign(conf_low=-1.0, conf_high=1.0)
    >>> residual_plot(points, smooth, term="age").get_ylabel()
    'Log hazard ratio of Age'
    """
    axes = new_axes() if ax is None else ax
    tidy(axes)
    axes.plot(points["transformed"], points["residual"], ".", color=GREY, alpha=0.45, markersize=5, label="One event")
    axes.fill_between(
        smooth["transformed"], smooth["conf_low"], smooth["conf_high"], color=TREATED_COLOUR, alpha=0.15, linewidth=0
    )
    axes.plot(smooth["transformed"], smooth["estimate"], color=TREATED_COLOUR, linewidth=2.2, label="Smooth, with band")
    axes.axhline(0.0, color=COMPARISON_COLOUR, linewidth=1.2, linestyle=(0, (5, 2)), label="Hazard ratio of 1")
    _time_marks(axes, points)
    axes.set_xlabel("Time (spaced as in the test)")
    axes.set_ylabel(f"Log hazard ratio of {term_label(term)}")
    axes.legend(frameon=False, fontsize=9)
    return axes


def _time_marks(axes: Axes, points: pd.DataFrame) -> None:
    """Mark places on the transformed scale with the times they stand for."""
    order = np.argsort(points["transformed"].to_numpy(), kind="stable")
    place, time = points["transformed"].to_numpy()[order], points["time_days"].to_numpy()[order]
    marks = np.linspace(place[0], place[-1], _MARKS)
    near = np.unique(np.searchsorted(place, marks).clip(0, len(place) - 1))
    axes.set_xticks(place[near], [f"{value:g}" for value in time[near]])
