"""Picture of checks against their thresholds, each on its own scale: the threshold is 1."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FURTHEST = 2.0
_LINE = 34


def threshold_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each value as a multiple of its threshold, the allowed side shaded, the figures written beside it.

    Parameters
    ----------
    frame
        check (words), value, threshold, passed, at_most (whether the threshold is the most allowed; otherwise it is
        the fewest). Multiples above 2 are drawn at 2.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"check": ["treated people analysed"], "value": [120.0], "threshold": [50.0],
    ...                       "passed": [True], "at_most": [False]})
    >>> [text.get_text() for text in threshold_plot(frame).texts]
    ['120 (at least 50): passed']
    """
    axes = new_axes(width=8.2, height=1.3 + 0.5 * max(len(frame), 2)) if ax is None else ax
    tidy(axes)
    rows = list(range(len(frame)))[::-1]
    for row, one in zip(rows, frame.to_dict("records"), strict=True):
        left = 0.0 if one["at_most"] else 1.0
        axes.barh(row, FURTHEST / 2, left=left, height=0.5, color="#DCE4EC", zorder=1)
        marker, colour = ("o", TREATED_COLOUR) if one["passed"] else ("X", COMPARISON_COLOUR)
        place = _multiple(one["value"], one["threshold"])
        axes.plot([place], [row], marker=marker, color=colour, markersize=10, zorder=3, clip_on=False)
        words = _beside(one["value"], one["threshold"], bool(one["at_most"]), bool(one["passed"]))
        axes.text(1.04, row, words, transform=axes.get_yaxis_transform(), va="center", ha="left", fontsize=9)
    axes.axvline(1.0, color=GREY, linewidth=1.2, zorder=2)
    axes.set_yticks(rows, [textwrap.fill(str(name)[:1].upper() + str(name)[1:], _LINE) for name in frame["check"]])
    axes.set_ylim(-0.6, len(frame) - 0.4)
    axes.set_xlim(0, FURTHEST)
    axes.set_xticks([0, 0.5, 1, 1.5, FURTHEST], ["0", "0.5", "threshold", "1.5", "2 or more"])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Value as a multiple of its threshold; shaded: what is allowed")
    return axes


def _multiple(value: float, threshold: float) -> float:
    if threshold == 0:
        return 0.0 if value == 0 else FURTHEST
    return min(max(value / threshold, 0.0), FURTHEST)


def _beside(value: float, threshold: float, at_most: bool, passed: bool) -> str:
    digits = 0 if threshold >= 1 else 3
    side = "at most" if at_most else "at least"
    return f"{format_number(value, digits)} ({side} {format_number(threshold, digits)}): " + (
        "passed" if passed else "failed"
    )
