"""Picture of a model's coefficients: a dot and an interval a term, on a scale where equal ratios look equal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dipeval.plots.style import GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_interval, format_number
from dipeval.vocabulary import term_label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Finest first: an axis takes the first of these of which not too many fall on it.
_PLACES = (
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 4, 5, 10, 20, 50, 100),
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 5, 10, 20, 50, 100),
    (0.01, 0.1, 1, 10, 100),
)
_MOST_PLACES, _FEWEST_PLACES = 9, 3


def coefficient_plot(frame: pd.DataFrame, *, ratio: str, ax: Axes | None = None) -> Axes:
    """Draw one dot and interval a term, the ratios written beside them, and a line at 1.

    Parameters
    ----------
    frame
        term, estimate, conf_low, conf_high, all three as logarithms of ratios; first row on top.
    ratio
        What the ratios are, for the axis: "Odds ratio of being treated".
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"term": ["age"], "estimate": [0.0], "conf_low": [-0.1], "conf_high": [0.1]})
    >>> [text.get_text() for text in coefficient_plot(frame, ratio="Hazard ratio").texts]
    ['1.00 (0.90 to 1.11)']
    """
    axes = new_axes(width=8.0, height=1.3 + 0.36 * max(len(frame), 2)) if ax is None else ax
    tidy(axes)
    rows = list(range(len(frame)))[::-1]
    axes.axvline(0.0, color=GREY, linewidth=1.2, zorder=1)
    axes.hlines(rows, frame["conf_low"], frame["conf_high"], color=TREATED_COLOUR, linewidth=2.2, zorder=2)
    axes.plot(frame["estimate"], rows, "o", color=TREATED_COLOUR, markersize=7, zorder=3)
    for row, *logs in zip(rows, frame["estimate"], frame["conf_low"], frame["conf_high"], strict=True):
        value, low, high = (_ratio(number) for number in logs)
        words = f"{format_number(value)} ({format_interval(low, high)})"
        axes.text(1.03, row, words, transform=axes.get_yaxis_transform(), va="center", ha="left", fontsize=9)
    _ratio_ticks(axes)
    axes.set_yticks(rows, [term_label(str(term)) for term in frame["term"]])
    axes.set_ylim(-0.6, len(frame) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"{ratio} (ratio scale)")
    return axes


def _ratio(logarithm: float) -> float:
    return math.exp(logarithm) if logarithm < 700 else math.inf


def _ratio_ticks(axes: Axes) -> None:
    """Name round ratios; where the axis is too short or too long for those, the places matplotlib chose."""
    low, high = axes.get_xlim()
    for places in _PLACES:
        inside = [place for place in places if low <= math.log(place) <= high]
        if _FEWEST_PLACES <= len(inside) <= _MOST_PLACES:
            axes.set_xticks([math.log(place) for place in inside], [f"{place:g}" for place in inside])
            return
    axes.xaxis.set_major_formatter(lambda value, _: f"{_ratio(value):.3g}")
