"""Pictures of match weights: how one pair's weight adds up, what each level of agreement is worth, how many link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, PALETTE, THIRD_COLOUR, TREATED_COLOUR, new_axes, tidy
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BITS = "Match weight (bits: each doubles the odds)"


def draw_waterfall(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how the match weight of a pair adds up from the prior to the total.

    Parameters
    ----------
    frame
        part, level, match_weight, running_weight, in the order in which they are added.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> frame = pd.DataFrame({"part": ["prior", "sex"], "level": ["", "same sex"], "match_weight": [-10.0, 0.6],
    ...                       "running_weight": [-10.0, -9.4]})
    >>> [tick.get_text() for tick in draw_waterfall(frame).get_yticklabels()]
    ['Prior', 'Sex: same sex', 'Total']
    """
    axes = new_axes(height=1.4 + 0.32 * (len(frame) + 1)) if ax is None else ax
    tidy(axes)
    start = (frame["running_weight"] - frame["match_weight"]).to_numpy(dtype="float64")
    change = frame["match_weight"].to_numpy(dtype="float64")
    total = float(frame["running_weight"].iloc[-1]) if len(frame) else 0.0
    rows = np.arange(len(frame))
    colours = [TREATED_COLOUR if value >= 0 else COMPARISON_COLOUR for value in change]
    axes.barh(rows, change, left=start, color=colours, height=0.66)
    axes.barh([len(frame)], [total], color=GREY, height=0.66)
    ends = [*frame["running_weight"], total]
    for row, (value, end) in enumerate(zip([*change, total], ends, strict=True)):
        side = 1 if value >= 0 else -1
        axes.annotate(
            f"{value:+.1f}".replace("-", "\N{MINUS SIGN}"),
            (end, row),
            xytext=(4 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=9,
        )
    names = [
        f"{label(str(part))}: {level}" if level else label(str(part))
        for part, level in zip(frame["part"], frame["level"], strict=True)
    ]
    axes.set_yticks(range(len(frame) + 1), [*names, "Total"])
    axes.invert_yaxis()
    # Bars hold the edge of the axes to their own end: the figures beside them need room.
    low, high = min(0.0, *ends, *start), max(0.0, *ends, *start)
    room = 0.14 * (high - low or 1.0)
    axes.set_xlim(low - room, high + room)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_xlabel(_BITS)
    return axes


def draw_match_weights(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the weight of each level of each comparison as bars, a colour a link.

    Parameters
    ----------
    frame
        link, comparison, level, match_weight.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
    """
    places = frame[["comparison", "level"]].drop_duplicates().reset_index(drop=True)
    axes = new_axes(width=8.0, height=1.6 + 0.24 * max(len(places), 4)) if ax is None else ax
    tidy(axes)
    row = {tuple(pair): place for place, pair in enumerate(places.to_numpy().tolist())}
    links = list(dict.fromkeys(frame["link"]))
    height = 0.8 / max(len(links), 1)
    for number, link in enumerate(links):
        part = frame[frame["link"] == link]
        at = [row[pair] for pair in zip(part["comparison"], part["level"], strict=True)]
        offset = (number - (len(links) - 1) / 2) * height
        colour = PALETTE[number % len(PALETTE)]
        axes.barh(np.asarray(at) + offset, part["match_weight"], height=height, color=colour, label=label(str(link)))
    axes.set_yticks(range(len(places)), [f"{label(str(a))}: {b}" for a, b in row], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_xlabel(_BITS, loc="right")
    if links:
        axes.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    else:
        axes.text(0.5, 0.5, "nothing was learnt", transform=axes.transAxes, ha="center")
    return axes


def draw_review(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of links that a review found right, by band of match probability.

    Parameters
    ----------
    frame
        link, low, high, precision, conf_low, conf_high; missing ones are left out.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = new_axes(height=1.6 + 0.3 * max(len(frame), 4)) if ax is None else ax
    tidy(axes)
    rows = np.arange(len(frame))[::-1]
    axes.hlines(rows, frame["conf_low"], frame["conf_high"], color=TREATED_COLOUR, linewidth=1.6)
    axes.scatter(frame["precision"], rows, s=44, color=TREATED_COLOUR, zorder=3)
    names = [
        f"{label(str(link))}, {low:g} to {high:g}" + (" (all)" if low < 0.01 and high == 1 else "")
        for link, low, high in zip(frame["link"], frame["low"], frame["high"], strict=True)
    ]
    axes.set_yticks(rows, names)
    axes.set_ylim(-0.6, max(len(frame), 1) - 0.4)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("Share of links judged right, 95% interval", loc="right")
    return axes


def draw_link_flow(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw records, people and linked people of each file as bars.

    Parameters
    ----------
    frame
        table, records, persons, linked (missing for the file that the others were linked to).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = new_axes(height=1.6 + 0.55 * max(len(frame), 2)) if ax is None else ax
    tidy(axes)
    rows = np.arange(len(frame))
    stages = {"records": ("Records", GREY), "persons": ("People", TREATED_COLOUR), "linked": ("Linked", THIRD_COLOUR)}
    for place, (name, (words, colour)) in enumerate(stages.items()):
        values = frame[name].astype("Float64").fillna(0).to_numpy(dtype="float64")
        axes.barh(rows + (place - 1) * 0.27, values, height=0.27, color=colour, label=words)
    axes.set_yticks(rows, [label(str(name)) for name in frame["table"]])
    axes.invert_yaxis()
    axes.set_xlabel("Number")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, fontsize=9)
    return axes
