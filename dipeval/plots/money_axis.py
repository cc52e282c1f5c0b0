"""What the pictures of money share: an axis in pounds, and words above each row so that they fit a narrow screen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from dipeval.plots.style import GREY, new_axes, tidy
from dipeval.presenting import MINUS, format_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Narrow, so that letters stay readable when a phone shows the picture at half its size.
WIDTH: Final = 5.8
FONT: Final = 10.0
SMALL: Final = 9.0
DASHED: Any = (0, (4, 3))
# Height of a row in inches: a line of words, and what is drawn below it.
ROW: Final = 0.62


def rows_axes(rows: int, ax: Axes | None, *, beside: float = 1.0) -> Axes:
    """Return Axes for some rows of words and marks, the first on top, at 0, 1, 2...

    Parameters
    ----------
    rows
        How many.
    ax
        Axes to draw on; a new figure without it.
    beside
        Inches for what stands above and below the rows.
    """
    axes = new_axes(width=WIDTH, height=beside + ROW * rows) if ax is None else ax
    tidy(axes)
    axes.set_ylim(rows - 0.45, -0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return axes


def row_words(ax: Axes, row: float, words: str, *, bold: bool = False, faint: bool = False) -> None:
    """Write the words of a row above what is drawn in it, from the left edge on."""
    ax.text(
        0.0, row - 0.27, words, transform=ax.get_yaxis_transform(), ha="left", va="bottom", fontsize=FONT,
        fontweight="bold" if bold else "normal", color="#6F777B" if faint else "black", zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip


def pound_axis(ax: Axes, values: Iterable[float], title: str, *, room: float = 0.06) -> None:
    """Give the axis pounds, reaching over all values and 0.

    Parameters
    ----------
    ax
        Whose horizontal axis.
    values
        What is drawn; anything not finite is passed over.
    title
        Of the axis.
    room
        Share of the reach that is left free on both sides.
    """
    from matplotlib.ticker import MaxNLocator

    known = [float(value) for value in values if math.isfinite(value)]
    low, high = min([*known, 0.0]), max([*known, 0.0])
    free = room * (high - low) or 1.0
    ax.set_xlim(low - free, high + free)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    ax.xaxis.set_major_formatter(lambda value, _: short_money(value))
    ax.tick_params(axis="x", labelsize=SMALL)
    ax.set_xlabel(title, fontsize=FONT)


def zero_line(ax: Axes) -> None:
    """Draw the line where nothing is gained and nothing lost."""
    ax.axvline(0.0, color=GREY, linewidth=1.4, zorder=2)


def short_money(value: float) -> str:
    """Return pounds as a mark of an axis.

    Examples
    --------
    >>> short_money(-1_250_000), short_money(25_000), short_money(500)
    ('−£1.25m', '£25k', '£500')
    """
    sign = MINUS if value < 0 else ""
    for unit, letter in ((1e9, "bn"), (1e6, "m"), (1e4, "k")):
        if abs(value) >= unit:
            return f"{sign}£{abs(value) / (1e3 if letter == 'k' else unit):g}{letter}"
    return format_money(value)


def money_range(low: float, high: float) -> str:
    """Return a range of pounds in words.

    Examples
    --------
    >>> money_range(-1000.0, 11000.0)
    '−£1,000 to £11,000'
    """
    return f"{format_money(low)} to {format_money(high)}"
