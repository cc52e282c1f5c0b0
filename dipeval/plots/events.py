"""Picture behind a test of equal curves: events observed beside events expected, by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.style import COMPARISON_COLOUR, TREATED_COLOUR, new_axes, tidy
from dipeval.vocabulary import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def observed_expected_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw, for each group, the events seen and those expected if all groups had the same rate at every time.

    Parameters
    ----------
    frame
        group, observed, expected.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["comparison", "treated"], "observed": [66.0, 48.0], "expected": [56.0, 58.0]})
    >>> [tick.get_text() for tick in observed_expected_plot(frame).get_yticklabels()]
    ['Comparison', 'Treated']
    """
    import seaborn

    axes = new_axes(height=1.4 + 0.6 * max(len(frame), 2)) if ax is None else ax
    tidy(axes)
    names = [label(str(name)) for name in frame["group"]]
    long = frame.assign(group=names).melt("group", ["observed", "expected"], var_name="kind", value_name="events")
    seaborn.barplot(
        data=long,
        x="events",
        y="group",
        hue="kind",
        palette={"observed": TREATED_COLOUR, "expected": COMPARISON_COLOUR},
        saturation=1,
        errorbar=None,
        width=0.7,
        ax=axes,
    )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("Events")
    axes.set_ylabel("")
    axes.tick_params(axis="y", length=0)
    handles, words = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        [label(word) for word in words],
        frameon=False,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
    )
    return axes
