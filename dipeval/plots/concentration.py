"""Picture of a concentration: the Lorenz curve, the same by chance alone, and the line of equal shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def lorenz_plot(frame: pd.DataFrame, *, label: str = "events", ax: Axes | None = None) -> Axes:
    """Draw the share of events of the people with fewest, beside chance alone and equal shares.

    Parameters
    ----------
    frame
        share_of_people, share_of_events, by_chance.
    label
        What is counted.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"share_of_people": [0, 0.5, 1], "share_of_events": [0, 0.1, 1], "by_chance": [0, 0.3, 1]})
    >>> lorenz_plot(frame, label="tests").get_legend_handles_labels()[1]
    ['the same for everybody', 'by chance alone', 'found']
    """
    axes = new_axes(5.6, 4.8) if ax is None else ax
    tidy(axes)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    people = frame["share_of_people"]
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1.2, linestyle=(0, (1, 2)), label="the same for everybody")
    axes.plot(people, frame["by_chance"], color=COMPARISON_COLOUR, linestyle=(0, (5, 2)), label="by chance alone")
    axes.plot(people, frame["share_of_events"], color=TREATED_COLOUR, linewidth=2.2, label="found")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("Share of the people, those with fewest first")
    axes.set_ylabel(f"Share of all {label}")
    axes.legend(frameon=False, loc="upper left", fontsize=10)
    return axes
