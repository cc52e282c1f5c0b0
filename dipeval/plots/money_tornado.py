"""What matters most: how far the net value moves when one input at a time goes from its low to its high end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.money_axis import DASHED, SMALL, money_range, pound_axis, row_words, rows_axes, zero_line
from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink
from dipeval.presenting import MINUS, format_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = ("label", "low", "high", "net_low", "net_high", "swing")
TITLE: Final = "Value less cost; below 0 the cost is the larger"
# Inputs that are shares a reader knows as percentages.
SHARES: Final = ("discount_rate", "attribution", "drop_off", "optimism_bias")


def tornado_plot(frame: pd.DataFrame, *, net: float, ax: Axes | None = None) -> Axes:
    """Draw a bar an input, the largest swing on top, from the net value at its low end to that at its high end.

    Parameters
    ----------
    frame
        ``label``, ``low``, ``high`` (ends of the input), ``net_low``, ``net_high`` (pounds, with the input there) and
        ``swing`` (pounds between them). Used where present: ``input`` (its name: shares are shown as percentages) and
        ``low_words``, ``high_words`` (what to write at the ends in place of the figures).
    net
        Net value with every input at its central figure, pounds.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the frame is empty or lacks a column.

    Examples
    --------
    >>> frame = pd.DataFrame({"label": ["Attribution", "Effect"], "input": ["attribution", "effect"],
    ...     "low": [0.5, 0.1], "high": [1.0, 0.9], "net_low": [-5e3, -2e4], "net_high": [1e4, 4e4],
    ...     "swing": [1.5e4, 6e4]})
    >>> [text.get_text() for text in tornado_plot(frame, net=1e4).texts]
    ['Effect', '0.1', '0.9', 'Attribution', '50%', '100%', 'As it stands: £10,000']
    """
    rows = _ordered(frame)
    axes = rows_axes(len(rows), ax)
    zero_line(axes)
    axes.axvline(net, color=GREY, linewidth=1.1, linestyle=DASHED, zorder=2)
    pound_axis(axes, [*frame["net_low"], *frame["net_high"], net], TITLE, room=0.16)
    for place, row in enumerate(rows):
        row_words(axes, place, str(row["label"]), bold=place == 0)
        _bar(axes, place, row, net)
    axes.annotate(
        f"As it stands: {format_money(net)}", xy=(net, 1), xycoords=axes.get_xaxis_transform(), xytext=(0, 2),
        textcoords="offset points", ha="center", va="bottom", fontsize=SMALL, color=GREY,
    )  # fmt: skip
    return axes


def _ordered(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InputError(f"The table of inputs lacks the column(s) {', '.join(missing)}; this picture needs them.")
    if frame.empty:
        raise InputError("There is no uncertain input to draw.")
    return frame.sort_values("swing", ascending=False, kind="stable").to_dict("records")


def _bar(ax: Axes, place: int, row: Mapping[Any, Any], net: float) -> None:
    """One input: from its low end (light) over the central figure to its high end (dark), the ends named."""
    ends = (("low", row["net_low"], COMPARISON_COLOUR), ("high", row["net_high"], TREATED_COLOUR))
    left = min(row["net_low"], row["net_high"])
    # Where both ends lie on one side of the centre, the longer half would hide the shorter.
    for name, value, colour in sorted(ends, key=lambda end: -abs(end[1] - net)):
        ax.barh([place], [value - net], left=net, height=0.38, color=colour, zorder=3)
        outer = value == left if row["net_low"] != row["net_high"] else name == "low"
        ax.annotate(
            end_words(row, name), xy=(value, place), xytext=(-3 if outer else 3, 0), textcoords="offset points",
            ha="right" if outer else "left", va="center", fontsize=SMALL, color=ink(colour), zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
        )  # fmt: skip


def end_words(row: Mapping[Any, Any], end: str) -> str:
    """Return what stands at one end of a bar: the input's figure there.

    Examples
    --------
    >>> end_words({"input": "drop_off", "low": 0.25}, "low"), end_words({"low": 1.64}, "low")
    ('25%', '1.64')
    """
    words = row.get(f"{end}_words")
    if isinstance(words, str) and words:
        return words
    value = float(row[end])
    if math.isnan(value):
        return end
    words = f"{100 * value:.3g}%" if row.get("input") in SHARES else f"{value:.3g}"
    return words.replace("-", MINUS)


def tornado_alt(frame: pd.DataFrame, *, net: float, most: int = 3) -> str:
    """Return the picture in words, the largest bars first.

    Parameters
    ----------
    frame, net
        As in `tornado_plot`.
    most
        How many bars are told.

    Examples
    --------
    >>> frame = pd.DataFrame({"label": ["Effect"], "low": [0.1], "high": [0.9], "net_low": [-2e4], "net_high": [4e4],
    ...     "swing": [6e4]})
    >>> tornado_alt(frame, net=1e4)
    'Value less cost is £10,000. One input at a time: Effect, from 0.1 to 0.9, moves it from −£20,000 to £40,000.'
    """
    told = [
        f"{row['label']}, from {end_words(row, 'low')} to {end_words(row, 'high')}, moves it from "
        f"{money_range(row['net_low'], row['net_high'])}"
        for row in _ordered(frame)[:most]
    ]
    more = len(frame) - len(told)
    rest = f"; {more} more with smaller bars" if more else ""
    return f"Value less cost is {format_money(net)}. One input at a time: {'; '.join(told)}{rest}."
