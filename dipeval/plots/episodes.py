"""The picture of time at risk: how many are at risk, in custody and treated on each day of follow-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Column of shares -> words, colour, line: told apart without colour too.
_LINES: Final = {
    "at_risk": ("At risk", GREY, "-"),
    "treated": ("Treated, of those at risk", TREATED_COLOUR, (0, (6, 2))),
    "in_custody": ("In custody", COMPARISON_COLOUR, (0, (1, 1.5))),
}


def episodes_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw by day the share of people at risk and in custody, and the share treated of those at risk.

    Parameters
    ----------
    frame
        day, n_at_risk, n_treated (of those at risk), n_in_custody, n_followed; shares are of those followed on day 1.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"day": [1, 2], "n_at_risk": [4, 2], "n_treated": [0, 1], "n_in_custody": [0, 1],
    ...                       "n_followed": [4, 3]})
    >>> [text.get_text() for text in episodes_plot(frame).get_legend().get_texts()]
    ['At risk', 'Treated, of those at risk', 'In custody']
    """
    axes = new_axes() if ax is None else ax
    tidy(axes)
    everybody = max(int(frame["n_followed"].iloc[0]), 1)
    shares = {
        "at_risk": frame["n_at_risk"] / everybody,
        "treated": (frame["n_treated"] / frame["n_at_risk"]).where(frame["n_at_risk"] > 0),
        "in_custody": frame["n_in_custody"] / everybody,
    }
    for name, (words, colour, line) in _LINES.items():
        axes.step(frame["day"], shares[name], where="mid", color=ink(colour), linestyle=line, linewidth=2, label=words)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("Day of follow-up")
    axes.set_ylabel("Share of people")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return axes
