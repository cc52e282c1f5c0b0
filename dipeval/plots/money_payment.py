"""How likely an outcome contract pays, or how much, by what truly happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.money_axis import DASHED, FONT, SMALL, WIDTH, short_money
from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import MINUS, format_chance, format_money, three_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES: Final = {
    "yes_no": "True fall in the share who reoffend, percentage points",
    "count": "True fall in reoffences a person",
}
SHOWN: Final = {"probability_paid": "Chance of any payment", "expected": "Paid on average"}
# Room above and below the lines, as a share of their height: figures stand there.
ROOM: Final = 0.08
LOOKS: Final = {
    "each": (TREATED_COLOUR, "-", "each cohort by itself"),
    "together": (COMPARISON_COLOUR, (0, (5, 2)), "all together"),
}


def payment_plot(
    frame: pd.DataFrame, *, promised: float, kind: str, shown: str = "probability_paid", ax: Axes | None = None
) -> Axes:
    """Draw what is paid against the true fall, marked where nothing changed and at the promise.

    Parameters
    ----------
    frame
        ``judged`` (each, together), ``fall``, and the column that is shown; a row a point.
    promised
        Fall that is promised.
    kind
        ``yes_no`` or ``count``: the unit of the axis.
    shown
        ``probability_paid`` (chance of any payment) or ``expected`` (paid on average, pounds).
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is nothing to draw.

    Examples
    --------
    >>> frame = pd.DataFrame({"judged": "each", "fall": [0.0, 0.05], "probability_paid": [0.1, 0.6]})
    >>> [text.get_text() for text in payment_plot(frame, promised=0.05, kind="yes_no").texts]
    ['nothing changed', 'as promised', '10%', '60%']
    """
    if frame.empty or kind not in TITLES or shown not in SHOWN:
        raise InputError("The picture of an outcome contract needs the curve of one, of a share or of a count.")
    axes = new_axes(width=WIDTH, height=3.8) if ax is None else ax
    tidy(axes)
    for at, words in ((0.0, "nothing changed"), (promised, "as promised")):
        axes.axvline(at, color=GREY, linewidth=1, linestyle=DASHED, zorder=1)
        axes.text(
            at, 1.01, words, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=SMALL, color=GREY
        )
    ways = list(dict.fromkeys(frame["judged"]))
    for judged in ways:
        colour, line, words = LOOKS[judged]
        one = frame[frame["judged"] == judged].sort_values("fall")
        axes.plot(one["fall"], one[shown], color=colour, linestyle=line, linewidth=2, label=words)
    for at in (0.0, promised):
        _marks(axes, {judged: _at(frame, judged, at, shown) for judged in ways}, at, shown)
    if len(ways) > 1:
        axes.legend(loc="lower right", frameon=False, fontsize=SMALL)
    top = 1.0 if shown == "probability_paid" else float(frame[shown].max()) or 1.0
    axes.set_ylim(-ROOM * top, (1 + ROOM) * top)
    if shown == "probability_paid":
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xlim(float(frame["fall"].min()), float(frame["fall"].max()))
    scale = 100 if kind == "yes_no" else 1
    axes.xaxis.set_major_formatter(lambda value, _: f"{round(scale * value, 3):g}".replace("-", MINUS))
    axes.yaxis.set_major_formatter(lambda value, _: _mark(value, shown))
    axes.set_xlabel(TITLES[kind], fontsize=FONT)
    axes.set_ylabel(SHOWN[shown], fontsize=FONT)
    return axes


def _at(frame: pd.DataFrame, judged: str, fall: float, shown: str) -> float:
    one = frame[frame["judged"] == judged].sort_values("fall")
    return float(np.interp(fall, one["fall"], one[shown]))


def _marks(axes: Axes, heights: dict[str, float], at: float, shown: str) -> None:
    """Mark each line: the higher one's figure on its left, the other's on its right, so that neither is hidden."""
    above = max(heights, key=lambda judged: heights[judged]) if len(heights) > 1 else ""
    for judged, height in heights.items():
        colour = LOOKS[judged][0]
        axes.scatter([at], [height], s=36, color=colour, zorder=4)
        axes.annotate(
            _figure(height, shown),
            (at, height),
            xytext=(-7, 8) if judged == above else (7, -8),
            textcoords="offset points",
            va="center",
            ha="right" if judged == above else "left",
            fontsize=FONT,
            color=ink(colour),
            fontweight="bold",
        )


def _mark(value: float, shown: str) -> str:
    if value < 0:
        return ""
    return f"{100 * value:.0f}%" if shown == "probability_paid" else short_money(value)


def _figure(value: float, shown: str) -> str:
    return format_chance(value) if shown == "probability_paid" else format_money(three_figures(value))


def payment_alt(frame: pd.DataFrame, *, promised: float, shown: str = "probability_paid") -> str:
    """Return the picture in words.

    Examples
    --------
    >>> frame = pd.DataFrame({"judged": "each", "fall": [0.0, 0.05], "probability_paid": [0.1, 0.6]})
    >>> payment_alt(frame, promised=0.05)
    'Chance of any payment by the true fall. Each cohort by itself: 10% if nothing changed, 60% if the promised fall
    came about.'
    """
    parts = []
    for judged in dict.fromkeys(frame["judged"]):
        nothing, there = (_figure(_at(frame, judged, at, shown), shown) for at in (0.0, promised))
        words = LOOKS[judged][2]
        parts.append(
            f"{words[:1].upper()}{words[1:]}: {nothing} if nothing changed, {there} if the promised fall came about."
        )
    return f"{SHOWN[shown]} by the true fall. {' '.join(parts)}"
