"""How the net value varies: all draws of the uncertain inputs, and the share in which value exceeds cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.money_axis import FONT, SMALL, WIDTH, pound_axis, zero_line
from dipeval.plots.style import COMPARISON_COLOUR, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import format_chance, format_money, three_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE: Final = "Value less cost"
BINS: Final = 40
# Draws further out than this share on either side are put into the outermost bars: a long tail would flatten the rest.
TAIL: Final = 0.002
MIDDLE: Final = 0.95


def draws_plot(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often each net value came up, with a line at 0 and the shares on both sides of it.

    Parameters
    ----------
    frame
        One row a draw: ``net``, pounds.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no draw, or no column of that name.

    Notes
    -----
    Bars end at 0, so that no bar holds draws of both sides; the outermost ones hold what lies further out.

    Examples
    --------
    >>> axes = draws_plot(pd.DataFrame({"net": [-2000.0, 1000.0, 3000.0, 4000.0]}))
    >>> [text.get_text() for text in axes.texts]
    ['Cost is larger: 25% of draws', 'Value is larger: 75% of draws']
    """
    net = _net(frame)
    axes = new_axes(width=WIDTH, height=3.3) if ax is None else ax
    tidy(axes)
    zero_line(axes)
    edges = _edges(net)
    counts, _ = np.histogram(np.clip(net, edges[0], edges[-1]), bins=edges)
    shares = counts / len(net)
    colours = [TREATED_COLOUR if left >= 0 else COMPARISON_COLOUR for left in edges[:-1]]
    axes.bar(edges[:-1], shares, width=np.diff(edges), align="edge", color=colours, edgecolor="white", linewidth=0.5)
    pound_axis(axes, edges, TITLE, room=0.03)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    above = share_above(frame)
    for at, words, colour, side in (
        (0.0, f"Cost is larger: {format_chance(1 - above)} of draws", COMPARISON_COLOUR, "left"),
        (1.0, f"Value is larger: {format_chance(above)} of draws", TREATED_COLOUR, "right"),
    ):
        axes.text(
            at, 1.03, words, transform=axes.transAxes, ha=side, va="bottom", fontsize=SMALL + 0.5, color=ink(colour),
            fontweight="bold",
        )  # fmt: skip
    axes.set_ylabel("How often", fontsize=FONT)
    return axes


def _net(frame: pd.DataFrame) -> np.ndarray:
    if "net" not in frame.columns or frame.empty:
        raise InputError("The table of draws holds no net value; this picture needs a row a draw and the column net.")
    return frame["net"].to_numpy(dtype=np.float64)


def _edges(net: np.ndarray) -> np.ndarray:
    """Bars of one round width that meet at 0 and cover all but the far tails."""
    low, high = (float(end) for end in np.quantile(net, [TAIL, 1 - TAIL]))
    low, high = min(low, 0.0), max(high, 0.0)
    width = _round_up((high - low) / BINS)
    first, last = math.floor(low / width), math.ceil(high / width)
    return width * np.arange(first, max(last, first + 1) + 1)


def _round_up(width: float) -> float:
    """The next of 1, 2, 2.5, 5 and 10 times a power of ten."""
    if width <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(width))
    return next(scale * step for step in (1, 2, 2.5, 5, 10, 20) if scale * step >= width)


def share_above(frame: pd.DataFrame) -> float:
    """Return the share of draws in which the value exceeds the cost.

    Examples
    --------
    >>> share_above(pd.DataFrame({"net": [-1.0, 0.0, 2.0, 3.0]}))
    0.5
    """
    return float((_net(frame) > 0).mean())


def draws_alt(frame: pd.DataFrame) -> str:
    """Return the picture in words.

    Examples
    --------
    >>> draws_alt(pd.DataFrame({"net": [1000.0, 1000.0]}))
    'Value less cost in 2 draws of the uncertain inputs: above 0 in 100% of them; 95% of the draws lie between
    £1,000 and £1,000, half of them above £1,000.'
    """
    net = _net(frame)
    side = (1 - MIDDLE) / 2
    low, middle, high = (format_money(three_figures(value)) for value in np.quantile(net, [side, 0.5, 1 - side]))
    return (
        f"Value less cost in {len(net):,} draws of the uncertain inputs: above 0 in "
        f"{format_chance(share_above(frame))} of them; {100 * MIDDLE:g}% of the draws lie between {low} and {high}, "
        f"half of them above {middle}."
    )
