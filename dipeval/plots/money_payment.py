"""How likely an outcome contract pays, by what truly happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.money_axis import DASHED, FONT, SMALL, WIDTH
from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import MINUS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES: Final = {
    "yes_no": "True fall in the share who reoffend, percentage points",
    "count": "True fall in reoffences a person",
}
LOOKS: Final = {
    "each": (TREATED_COLOUR, "-", "each cohort by itself"),
    "together": (COMPARISON_COLOUR, (0, (5, 2)), "all together"),
}


def payment_plot(frame: pd.DataFrame, *, promised: float, kind: str, ax: Axes | None = None) -> Axes:
    """Draw the chance of any payment against the true fall, marked where nothing changed and at the promise.

    Parameters
    ----------
    frame
        ``judged`` (each, together), ``fall``, ``probability_paid``, a row a point.
    promised
        Fall that is promised.
    kind
        ``yes_no`` or ``count``: the unit of the axis.
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
    if frame.empty or kind not in TITLES:
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
        axes.plot(one["fall"], one["probability_paid"], color=colour, linestyle=line, linewidth=2, label=words)
        for at in (0.0, promised):
            chance = float(np.interp(at, one["fall"], one["probability_paid"]))
            axes.scatter([at], [chance], s=36, color=colour, zorder=4)
            axes.annotate(
                _percent(chance), (at, chance), xytext=_beside(judged, ways), textcoords="offset points", va="center",
                ha="left" if judged == ways[0] else "right", fontsize=FONT, color=ink(colour), fontweight="bold",
            )  # fmt: skip
    if len(ways) > 1:
        axes.legend(loc="lower right", frameon=False, fontsize=SMALL)
    axes.set_ylim(0, 1)
    axes.set_xlim(float(frame["fall"].min()), float(frame["fall"].max()))
    scale = 100 if kind == "yes_no" else 1
    axes.xaxis.set_major_formatter(lambda value, _: f"{round(scale * value, 3):g}".replace("-", MINUS))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
    axes.set_xlabel(TITLES[kind], fontsize=FONT)
    axes.set_ylabel("Chance of any payment", fontsize=FONT)
    return axes


def _beside(judged: str, ways: list[str]) -> tuple[float, float]:
    return (7, -7) if judged == ways[0] else (-7, 7)


def _percent(chance: float) -> str:
    chance = round(chance, 12)
    if 0 < chance < 0.01:
        return "under 1%"
    if 0.99 < chance < 1:
        return "over 99%"
    return f"{100 * chance:.0f}%"


def payment_alt(frame: pd.DataFrame, *, promised: float) -> str:
    """Return the picture in words.

    Examples
    --------
    >>> frame = pd.DataFrame({"judged": "each", "fall": [0.0, 0.05], "probability_paid": [0.1, 0.6]})
    >>> payment_alt(frame, promised=0.05)
    'Chance that an outcome contract pays anything, by the true fall. Each cohort by itself: 10% if nothing changed,
    60% if the promised fall came about.'
    """
    parts = []
    for judged in dict.fromkeys(frame["judged"]):
        one = frame[frame["judged"] == judged].sort_values("fall")
        nothing, there = (float(np.interp(at, one["fall"], one["probability_paid"])) for at in (0.0, promised))
        words = LOOKS[judged][2]
        parts.append(
            f"{words[:1].upper()}{words[1:]}: {_percent(nothing)} if nothing changed, {_percent(there)} if the "
            "promised fall came about."
        )
    return f"Chance that an outcome contract pays anything, by the true fall. {' '.join(parts)}"
