"""Pictures of money person by person: offences averted by group, and how far a few people drive the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_money, format_number
from dipeval.vocabulary import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

AVERAGE_WORDS: Final = {
    "mean": "Mean (adds up to money)",
    "mean_bootstrap": "Mean, bootstrap interval",
    "trimmed_mean": "Without the dearest {share}",
    "without_top_1": "Without the dearest 1%",
    "median": "Middle person",
}


def averted_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw offences averted per person: a dot and an interval a group, all groups together on top.

    Parameters
    ----------
    frame
        ``group`` ("all" first, then offence groups), ``estimate``, ``conf_low``, ``conf_high``.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["all", "shoplifting"], "estimate": [0.4, 0.4], "conf_low": [0.1, 0.1],
    ...                       "conf_high": [0.7, 0.7]})
    >>> [text.get_text() for text in averted_plot(frame).get_yticklabels()]
    ['All offences', 'Shoplifting']
    """
    names = ["All offences" if group == "all" else label(group) for group in frame["group"]]
    axes = _dots(frame, names, ax)
    _beside(axes, frame, lambda value: format_number(value, 3))
    axes.set_xlabel("Offences averted per person; below 0 more offences than without treatment")
    return axes


def averages_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the value averted per person by every kind of average, with intervals where there are any.

    Parameters
    ----------
    frame
        ``term`` (mean, mean_bootstrap, trimmed_mean, without_top_1, median), ``estimate``, ``conf_low``,
        ``conf_high`` in pounds, ``trim`` (share cut off); rows without an estimate are left out.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"term": ["mean", "median"], "estimate": [900.0, -20.0], "conf_low": [100.0, -50.0],
    ...                       "conf_high": [1700.0, 10.0], "trim": [0.0, 0.45]})
    >>> [text.get_text() for text in averages_plot(frame).get_yticklabels()]
    ['Mean (adds up to money)', 'Middle person']
    """
    shown = frame[frame["estimate"].notna()]
    names = [
        AVERAGE_WORDS[term].format(share=f"{100 * trim:g}%")
        for term, trim in zip(shown["term"], shown["trim"], strict=True)
    ]
    axes = _dots(shown, names, ax)
    _beside(axes, shown, format_money)
    axes.xaxis.set_major_formatter(lambda value, _: format_money(value))
    axes.set_xlabel("Cost of reoffending averted per person, pounds; below 0 the treated cost more")
    return axes


def _dots(frame: pd.DataFrame, names: list[str], ax: Axes | None) -> Axes:
    from matplotlib.ticker import MaxNLocator

    axes = new_axes(width=8.0, height=1.3 + 0.42 * len(frame)) if ax is None else ax
    tidy(axes)
    rows = list(range(len(frame)))[::-1]
    axes.axvline(0.0, color=GREY, linewidth=1.2, zorder=1)
    axes.hlines(rows, frame["conf_low"], frame["conf_high"], color=TREATED_COLOUR, linewidth=2.2, zorder=2)
    # The first row is the one the others are read against.
    colours = [TREATED_COLOUR, *[COMPARISON_COLOUR] * (len(rows) - 1)]
    axes.scatter(frame["estimate"], rows, s=56, color=colours, zorder=3)
    axes.set_yticks(rows, names)
    axes.set_ylim(-0.6, len(frame) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    return axes


def _beside(axes: Axes, frame: pd.DataFrame, shown: object) -> None:
    """Write the figures beside the axes, level with their rows."""
    assert callable(shown)
    figures = zip(frame["estimate"], frame["conf_low"], frame["conf_high"], strict=True)
    for row, (estimate, low, high) in zip(range(len(frame))[::-1], figures, strict=True):
        words = shown(estimate)
        if low == low:
            words += f" ({shown(low)} to {shown(high)})"
        axes.text(1.03, row, words, transform=axes.get_yaxis_transform(), va="center", ha="left", fontsize=10)
