"""Picture of the errors of a drug test: positivity as counted beside the share who had used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def corrected_plot(frame: pd.DataFrame, *, nobody: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw the share of positive tests and the share who had used, one above the other, a row a group.

    Parameters
    ----------
    frame
        group, positivity, positivity_low, positivity_high, estimate, conf_low, conf_high (missing: not shown).
    nobody
        Positivity that the test gives if nobody had used: a line.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["everyone"], "positivity": [0.52], "positivity_low": [0.49],
    ...                       "positivity_high": [0.55], "estimate": [0.54], "conf_low": [0.5], "conf_high": [0.58]})
    >>> corrected_plot(frame).get_legend_handles_labels()[1]
    ['tested positive (as counted)', 'had used (corrected)']
    """
    axes = new_axes(height=1.8 + 0.5 * max(len(frame), 1)) if ax is None else ax
    tidy(axes)
    rows = np.arange(len(frame))[::-1]
    kinds = (
        (
            "positivity",
            "positivity_low",
            "positivity_high",
            0.14,
            "o",
            COMPARISON_COLOUR,
            "tested positive (as counted)",
        ),
        ("estimate", "conf_low", "conf_high", -0.14, "s", TREATED_COLOUR, "had used (corrected)"),
    )
    for middle, low, high, shift, marker, colour, words in kinds:
        known = frame[middle].notna().to_numpy()
        own, places = frame[known], rows[known] + shift
        axes.hlines(places, own[low], own[high], color=colour, linewidth=1.8)
        axes.plot(own[middle], places, linestyle="", marker=marker, color=colour, label=words, clip_on=False)
    if nobody is not None:
        axes.axvline(nobody, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.annotate(
            f"if nobody had used: {format_percent(nobody)} positive",
            (nobody, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(4, 4),
            textcoords="offset points",
            fontsize=9,
            color=GREY,
        )
    names = [str(group)[:1].upper() + str(group)[1:] for group in frame["group"]]
    axes.set_yticks(rows, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.75, max(len(frame), 1) - 0.4)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("Share of tests (bars: interval)")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=9)
    return axes
