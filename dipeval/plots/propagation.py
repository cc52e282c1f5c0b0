"""The estimate by threshold of the links, with the estimate that allows for linkage error beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.effects import AXIS_LABELS
from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.vocabulary import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def propagation_plot(frame: pd.DataFrame, *, measure: str, null_value: float, ax: Axes | None = None) -> Axes:
    """Draw one dot and interval for each threshold, the links as made and the pooled estimate, equality marked.

    Parameters
    ----------
    frame
        step (``point``, ``threshold``, ``pooled``; ``draw`` rows are small dots under the pooled one), threshold,
        estimate, conf_low, conf_high.
    measure
        What is estimated; a risk difference is shown in percentage points.
    null_value
        Where the groups fare alike.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"step": ["point", "threshold", "pooled"], "threshold": [None, 0.9, None],
    ...     "estimate": [-0.1, -0.09, -0.11], "conf_low": [-0.14, -0.13, -0.15], "conf_high": [-0.06, -0.05, -0.07]})
    >>> propagation_plot(frame, measure="risk_difference", null_value=0.0).get_xlabel()
    'Treated minus comparison, percentage points'
    """
    scale = 100.0 if measure == "risk_difference" else 1.0
    cuts = frame[frame["step"] == "threshold"].sort_values("threshold")
    rows = [
        (f"from probability {float(cut):g}", index) for cut, index in zip(cuts["threshold"], cuts.index, strict=True)
    ]
    rows = [("as made", index) for index in frame.index[frame["step"] == "point"]] + rows
    pooled = frame.index[frame["step"] == "pooled"]
    rows += [("allowing for\nlinkage error", index) for index in pooled]
    axes = new_axes(height=1.6 + 0.42 * len(rows)) if ax is None else ax
    tidy(axes)
    axes.axvline(scale * null_value, color=GREY, linewidth=1.2, zorder=1)
    heights = list(range(len(rows)))[::-1]
    for height, (_, index) in zip(heights, rows, strict=True):
        colour = COMPARISON_COLOUR if index in pooled else TREATED_COLOUR
        low, estimate, high = (scale * float(frame.loc[index, name]) for name in ("conf_low", "estimate", "conf_high"))
        axes.hlines(height, low, high, color=colour, linewidth=2.2, zorder=2)
        axes.plot([estimate], [height], "D" if index in pooled else "o", color=colour, markersize=8, zorder=3)
    drawn = scale * frame.loc[frame["step"] == "draw", "estimate"].astype("float64")
    if len(pooled) and len(drawn):
        axes.plot(drawn, [-0.32] * len(drawn), "|", color=GREY, markersize=7, zorder=3)
    axes.set_yticks(heights, [words for words, _ in rows])
    axes.set_ylim(-0.7, len(rows) - 0.4)
    axes.set_ylabel("Links")
    axes.set_xlabel(AXIS_LABELS.get(measure, label(measure)))
    axes.tick_params(axis="y", length=0)
    return axes
