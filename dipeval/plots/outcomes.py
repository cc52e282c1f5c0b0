"""Pictures of reoffending: how many reoffences people had, and offences over time in a simulation's two worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.style import COMPARISON_COLOUR, GROUP_LINES, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_WORLDS = {
    "treated": ("With early treatment", TREATED_COLOUR, GROUP_LINES["treated"]),
    "untreated": ("Without early treatment", COMPARISON_COLOUR, GROUP_LINES["comparison"]),
}


def reoffence_histogram(
    frame: pd.DataFrame, *, words: str = "proven reoffences", unit: str = "people", ax: Axes | None = None
) -> Axes:
    """Draw the share of people by band of their number of reoffences.

    Parameters
    ----------
    frame
        band (words, in order), n_people.
    words
        What is counted, in the plural.
    unit
        What the shares are of.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> axes = reoffence_histogram(pd.DataFrame({"band": ["0", "1", "2 or more"], "n_people": [2, 1, 1]}))
    >>> [text.get_text() for text in axes.texts]
    ['50.0%', '25.0%', '25.0%']
    """
    import seaborn

    axes = new_axes() if ax is None else ax
    tidy(axes)
    seaborn.histplot(
        data=frame,
        x="band",
        weights="n_people",
        stat="probability",
        shrink=0.82,
        color=TREATED_COLOUR,
        alpha=1,
        edgecolor="white",
        ax=axes,
    )
    shares = frame["n_people"] / frame["n_people"].sum()
    for place, share in enumerate(shares):
        axes.annotate(
            format_percent(share),
            xy=(place, share),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(axis="x", visible=False)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel(f"{words[:1].upper()}{words[1:]} within the follow-up")
    axes.set_ylabel(f"Share of {unit}")
    return axes


def observed_expected_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw observed over expected numbers by group, with intervals, beside a line at 1.

    Parameters
    ----------
    frame
        group, ratio, conf_low, conf_high; drawn from the top down.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["all"], "ratio": [0.9], "conf_low": [0.8], "conf_high": [1.0]})
    >>> [tick.get_text() for tick in observed_expected_plot(frame).get_yticklabels()]
    ['All']
    """
    axes = new_axes(height=1.6 + 0.45 * len(frame)) if ax is None else ax
    tidy(axes)
    places = list(range(len(frame)))[::-1]
    ratio, low, high = (frame[name].to_numpy() for name in ("ratio", "conf_low", "conf_high"))
    widths = [ratio - low, high - ratio]
    axes.errorbar(ratio, places, xerr=widths, fmt="o", color=TREATED_COLOUR, capsize=4, linewidth=2)
    axes.axvline(1, color=COMPARISON_COLOUR, linestyle=GROUP_LINES["comparison"], linewidth=1.5)
    axes.set_yticks(places, ["All" if name == "all" else str(name) for name in frame["group"]])
    axes.set_ylim(-0.6, len(frame) - 0.4)
    axes.set_xlim(left=0)
    axes.set_xlabel("Reoffended, observed over expected (1 = as many as the score expected)")
    return axes


def two_worlds_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the mean number of offences so far in the world with and in the world without early treatment.

    Parameters
    ----------
    frame
        group ("treated" or "untreated" world), time_days, estimate (offences per person by then).
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["treated", "untreated"], "time_days": [365, 365], "estimate": [2.0, 2.5]})
    >>> len(two_worlds_plot(frame).lines)
    2
    """
    axes = new_axes() if ax is None else ax
    tidy(axes)
    for group, (words, colour, line) in _WORLDS.items():
        own = frame[frame["group"] == group]
        axes.plot(own["time_days"], own["estimate"], color=colour, linestyle=line, linewidth=2, label=words)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.set_xlabel("Days since the first positive test")
    axes.set_ylabel("Offences per person so far")
    axes.legend(frameon=False, loc="upper left")
    return axes
