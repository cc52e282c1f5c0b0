"""Picture of shares as dots with their intervals: a row a thing, a colour and mark a series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dipeval.plots.style import PALETTE, new_axes, share_mark, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MARKS = ("o", "s", "D", "^", "v", "P")


def share_dots_plot(frame: pd.DataFrame, *, axis: str, ax: Axes | None = None) -> Axes:
    """Draw shares as dots with intervals.

    Parameters
    ----------
    frame
        label (a row each, the first at the top), series (empty: no legend), share, conf_low, conf_high (missing: not
        drawn).
    axis
        Words below.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["Tested", "Seen"], "series": ["", ""], "share": [0.5, 0.2],
    ...                       "conf_low": [0.4, 0.1], "conf_high": [0.6, 0.3]})
    >>> [text.get_text() for text in share_dots_plot(frame, axis="Share").get_yticklabels()]
    ['Tested', 'Seen']
    """
    labels, series = list(dict.fromkeys(frame["label"])), list(dict.fromkeys(frame["series"]))
    axes = new_axes(7.4, 1.2 + (0.25 + 0.17 * len(series)) * max(len(labels), 1)) if ax is None else ax
    tidy(axes)
    places = {label: place for place, label in enumerate(labels)}
    for at, name in enumerate(series):
        own = frame[(frame["series"] == name) & frame["share"].notna()]
        down = own["label"].map(places).to_numpy("float64") + 0.7 / len(series) * (at - (len(series) - 1) / 2)
        colour = PALETTE[at % len(PALETTE)]
        axes.hlines(down, own["conf_low"], own["conf_high"], color=colour, linewidth=1.4)
        axes.plot(own["share"].to_numpy("float64"), down, _MARKS[at % len(_MARKS)], color=colour, markersize=5,
                  label=name or "_")  # fmt: skip
    axes.set_yticks(np.arange(len(labels)), labels)
    axes.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(share_mark)
    axes.set_xlabel(f"{axis} (bars: 95% interval)")
    if len(series) > 1:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, fontsize=9)
    return axes
