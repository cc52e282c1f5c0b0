"""Picture of a return on investment: the value of the offences averted, with its interval, against the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_money

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_WORDS = {"benefit": "Value of the\noffences averted", "cost": "Cost"}


def value_against_cost(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the value with its interval above the cost, and a line where the two are equal.

    Parameters
    ----------
    frame
        One row each with term "benefit" and "cost": estimate, conf_low, conf_high in pounds (no interval for the
        cost).
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"term": ["benefit", "cost"], "estimate": [5000.0, 3000.0],
    ...                       "conf_low": [-1000.0, None], "conf_high": [11000.0, None]})
    >>> [text.get_text() for text in value_against_cost(frame).texts]
    ['£5,000 (−£1,000 to £11,000)', '£3,000', 'Value equals cost']
    """
    from matplotlib.ticker import MaxNLocator

    axes = new_axes(width=8.0, height=2.6) if ax is None else ax
    tidy(axes)
    benefit, cost = (frame[frame["term"] == name].iloc[0] for name in ("benefit", "cost"))
    axes.axvline(0.0, color=GREY, linewidth=1.2, zorder=1)
    axes.axvline(cost["estimate"], color=COMPARISON_COLOUR, linewidth=1.4, linestyle=(0, (4, 3)), zorder=1)
    axes.hlines([1], benefit["conf_low"], benefit["conf_high"], color=TREATED_COLOUR, linewidth=2.4, zorder=2)
    axes.plot([benefit["estimate"]], [1], "o", color=TREATED_COLOUR, markersize=9, zorder=3)
    axes.barh([0], [cost["estimate"]], height=0.34, color=COMPARISON_COLOUR, zorder=2)
    interval = f"{format_money(benefit['conf_low'])} to {format_money(benefit['conf_high'])}"
    for row, words in ((1, f"{format_money(benefit['estimate'])} ({interval})"), (0, format_money(cost["estimate"]))):
        axes.text(1.02, row, words, transform=axes.get_yaxis_transform(), va="center", ha="left", fontsize=10)
    axes.annotate(
        "Value equals cost",
        xy=(cost["estimate"], 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        color=GREY,
    )
    axes.set_yticks([1, 0], [_WORDS["benefit"], _WORDS["cost"]])
    axes.set_ylim(-0.5, 1.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.xaxis.set_major_formatter(lambda value, _: format_money(value))
    axes.set_xlabel("Pounds; below 0 more offences than without treatment")
    return axes
