"""Picture of a return on investment: the value of the offences averted, with its interval, against the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.money_axis import DASHED, FONT, SMALL, money_range, pound_axis, rows_axes, zero_line
from dipeval.plots.style import COMPARISON_COLOUR, TREATED_COLOUR, ink
from dipeval.presenting import format_money

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

NAMES = {"benefit": "Value of the offences averted", "cost": "Cost"}


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
    ['£5,000 (−£1,000 to £11,000)', '£3,000', 'Value of the offences averted', 'Cost', 'Value equals cost']
    """
    axes = rows_axes(2, ax)
    benefit, cost = (frame[frame["term"] == name].iloc[0] for name in ("benefit", "cost"))
    zero_line(axes)
    axes.axvline(cost["estimate"], color=COMPARISON_COLOUR, linewidth=1.4, linestyle=DASHED, zorder=1)
    axes.hlines([0], benefit["conf_low"], benefit["conf_high"], color=TREATED_COLOUR, linewidth=2.6, zorder=2)
    axes.plot([benefit["estimate"]], [0], "o", color=TREATED_COLOUR, markersize=9, zorder=3)
    axes.barh([1], [cost["estimate"]], height=0.3, color=COMPARISON_COLOUR, zorder=2)
    interval = money_range(benefit["conf_low"], benefit["conf_high"])
    written = (f"{format_money(benefit['estimate'])} ({interval})", format_money(cost["estimate"]))
    for texts, at, weight in ((written, 1.0, "bold"), (tuple(NAMES.values()), 0.0, "normal")):
        for row, words in enumerate(texts):
            axes.text(
                at, row - 0.27, words, transform=axes.get_yaxis_transform(), va="bottom", zorder=6, fontsize=FONT,
                fontweight=weight, ha="right" if at else "left",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip
    axes.annotate(
        "Value equals cost", xy=(cost["estimate"], 1), xycoords=axes.get_xaxis_transform(), xytext=(0, 2),
        textcoords="offset points", ha="center", va="bottom", fontsize=SMALL, color=ink(COMPARISON_COLOUR),
    )  # fmt: skip
    drawn = [benefit["estimate"], benefit["conf_low"], benefit["conf_high"], cost["estimate"]]
    pound_axis(axes, map(float, drawn), "Pounds; below 0 more offences than without treatment")
    return axes
