"""The horizontal axis of a forest plot: how far it reaches, its marks, and room for what is written beside it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# An interval that reaches this many times further than the middle one is cut at the edge.
FURTHEST: Final = 5.0
# Highest over lowest ratio up to which an axis has marks in equal steps.
SHORT: Final = 1.6
_PLACES: Final = (
    (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2),
    (0.1, 0.2, 0.4, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 4, 10),
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 5, 10, 20, 50, 100),
    (0.01, 0.1, 1, 10, 100),
)
_MOST: Final = 9
_FEWEST: Final = 3


def limits(numbers: Sequence[tuple[float, float, float]], null: float, *, ratio: bool) -> tuple[float, float]:
    """Return from where to where an axis goes: over all intervals, but for those far wider than most.

    Parameters
    ----------
    numbers
        Estimate and interval of each row.
    null
        Where the groups fare alike.
    ratio
        Whether equal ratios are equal distances.

    Returns
    -------
    tuple of float

    Examples
    --------
    >>> limits([(-0.5, -1.0, 0.0), (0.0, -1.0, 1.0), (0.0, -1.0, 1.0), (2.0, -40.0, 44.0)], 0.0, ratio=False)
    (-5.3, 5.3)
    """

    def there(value: float) -> float:
        return (math.log(value) if value > 0 else -math.inf) if ratio else value - null

    ends = [(there(low), there(high)) for _, low, high in numbers]
    reaches = [max(abs(low), abs(high)) for low, high in ends]
    usual = statistics.median([reach for reach in reaches if math.isfinite(reach)] or [1.0])
    most = FURTHEST * usual if usual > 0 else 1.0
    left = max(min([low for low, _ in ends] + [0.0]), -most)
    right = min(max([high for _, high in ends] + [0.0]), most)
    room = 0.03 * (right - left) or 0.1
    left, right = left - room, right + room
    return (math.exp(left), math.exp(right)) if ratio else (null + left, null + right)


def marks(ax: Axes, low: float, high: float, *, ratio: bool, empty: bool) -> None:
    """Set the reach of an axis and put marks on it: round ratios where equal ratios are equal distances."""
    from matplotlib.ticker import MaxNLocator

    if ratio:
        ax.set_xscale("log")
    ax.set_xlim(low, high)
    if empty:  # nothing to read off
        ax.set_xticks([])
    elif ratio:
        _ratio_marks(ax, low, high)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))


def _ratio_marks(ax: Axes, low: float, high: float) -> None:
    """Name round ratios; where the axis is too short or too long for those, the places matplotlib chose."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

    # On so short an axis equal steps are nearly equal ratios.
    steps = [MaxNLocator(nbins=6).tick_values(low, high)] if high < SHORT * low else []
    for places in (*steps, *_PLACES):
        inside = [place for place in places if low <= place <= high]
        if _FEWEST <= len(inside) <= _MOST:
            ax.xaxis.set_major_locator(FixedLocator(inside))
            ax.xaxis.set_minor_locator(NullLocator())
            break
    else:
        ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def keep_room(texts: Sequence[Sequence[str]], font: float) -> list[float]:
    """Return where columns of text start, in points to the right of the axes.

    Parameters
    ----------
    texts
        The texts of each column.
    font
        Size of the letters in points; one is taken to be 0.6 of it wide.

    Returns
    -------
    list of float

    Examples
    --------
    >>> keep_room([["1.00 (0.90 to 1.10)"], ["12"]], 10.0)
    [10.0, 138.0]
    """
    places, at = [], 10.0
    for column in texts:
        places.append(round(at, 1))
        at += 0.6 * font * max(map(len, column), default=0) + 14.0
    return places
