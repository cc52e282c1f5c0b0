"""A hundred typical people of each group, one dot each: filled for those who reoffended."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from dipeval.errors import InputError
from dipeval.plots.style import GREY, GROUP_COLOURS, ink, new_axes
from dipeval.presenting import round_half_up

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_SIDE: Final = 10
_APART: Final = 13.0
_OF_HUNDRED: Final = "Of 100 typical\n{who}"
_WIDEST: Final = 78


def hundred_plot(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    happened: str = "reoffended",
    others: str = "comparable untreated people",
    below: str = "",
) -> Axes:
    """Draw one hundred dots a group, those to whom it happened filled, with their number below.

    Parameters
    ----------
    frame
        Two rows: ``group`` ("treated", "comparison") and ``share`` (0 to 1).
    ax
        Axes to draw on; a new figure without it.
    happened
        What the filled dots did.
    others
        What the comparison people are called.
    below
        A line under both blocks, such as the range of the difference.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If a group is missing or a share is none.

    Examples
    --------
    >>> import pandas as pd
    >>> axes = hundred_plot(pd.DataFrame({"group": ["treated", "comparison"], "share": [0.35, 0.41]}))
    >>> [text.get_text() for text in axes.texts][1::2]
    ['35 reoffended', '41 reoffended']
    """
    shares = dict(zip(frame["group"], frame["share"], strict=True))
    if set(shares) != set(GROUP_COLOURS) or not all(0 <= share <= 1 for share in shares.values()):
        raise InputError(
            "The picture of 100 people needs a row for 'treated' and one for 'comparison', each with a share from 0 to "
            "1; take the two means of a yes/no outcome."
        )
    names = {"treated": "treated people", "comparison": others}
    axes = new_axes(7.0, 4.7) if ax is None else ax
    axes.set_axis_off()
    axes.set_aspect("equal")
    for place, (group, colour) in enumerate(GROUP_COLOURS.items()):
        count = int(round_half_up(100 * shares[group]))
        left = place * _APART
        columns = [left + number % _SIDE for number in range(_SIDE**2)]
        rows = [-(number // _SIDE) for number in range(_SIDE**2)]
        axes.scatter(columns[:count], rows[:count], s=95, color=colour, edgecolors=colour, linewidths=1.2)
        axes.scatter(columns[count:], rows[count:], s=95, facecolors="white", edgecolors="#9A9A9A", linewidths=1.2)
        middle = left + (_SIDE - 1) / 2
        axes.text(
            middle, 1.1, _OF_HUNDRED.format(who=names[group]), ha="center", va="bottom", color=GREY, fontsize=10.5
        )
        words = f"{count} {happened}"
        axes.text(middle, -_SIDE - 0.4, words, ha="center", va="top", color=ink(colour), fontsize=13, weight="bold")
    axes.set_xlim(-1.5, _APART + _SIDE + 0.5)
    if below:
        middle, text = (_APART + _SIDE - 1) / 2, textwrap.fill(below, _WIDEST)
        axes.text(middle, -_SIDE - 2.6, text, ha="center", va="top", color=GREY, fontsize=10)
    axes.set_ylim(-_SIDE - (4.6 if below else 2.4), 3.6)
    return axes
