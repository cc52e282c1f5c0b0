"""Who gains: the value of the offences averted from each perspective beside the cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.money_axis import DASHED, SMALL, money_range, pound_axis, row_words, rows_axes, zero_line
from dipeval.plots.style import COMPARISON_COLOUR, TREATED_COLOUR, ink
from dipeval.presenting import format_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = ("perspective", "benefit", "benefit_low", "benefit_high")
TITLE: Final = "Value of the offences averted; below 0 there were more offences"


def perspectives_plot(frame: pd.DataFrame, *, cost: float, ax: Axes | None = None) -> Axes:
    """Draw the value with its interval from each perspective, and a line at the cost.

    Parameters
    ----------
    frame
        ``perspective``, ``benefit``, ``benefit_low``, ``benefit_high`` in pounds. Where the benefit is missing and its
        ends are not, only bounds are known: a hollow bar without a point. Where all are missing, words say so.
    cost
        Pounds.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the frame is empty or lacks a column.

    Notes
    -----
    The perspectives are nested, one inside the next: they are never added up.

    Examples
    --------
    >>> frame = pd.DataFrame({"perspective": ["fiscal", "economic", "social"], "benefit": [3e3, None, 9e3],
    ...     "benefit_low": [1e3, 1e3, 2e3], "benefit_high": [5e3, 1.6e4, 1.6e4]})
    >>> [text.get_text() for text in perspectives_plot(frame, cost=5e3).texts][:2]
    ['Fiscal: £3,000 (£1,000 to £5,000)',
     'Economic: £1,000 to £16,000 (bounds only)']
    """
    rows = _checked(frame)
    axes = rows_axes(len(rows), ax)
    zero_line(axes)
    axes.axvline(cost, color=COMPARISON_COLOUR, linewidth=1.8, linestyle=DASHED, zorder=2)
    drawn = [row[name] for row in rows for name in ("benefit", "benefit_low", "benefit_high")]
    pound_axis(axes, [*map(float, drawn), cost], TITLE)
    for place, row in enumerate(rows):
        row_words(axes, place, row_in_words(row))
        _interval(axes, place, row)
    axes.annotate(
        f"Cost {format_money(cost)}", xy=(cost, 1), xycoords=axes.get_xaxis_transform(), xytext=(0, 2),
        textcoords="offset points", ha="center", va="bottom", fontsize=SMALL, color=ink(COMPARISON_COLOUR),
    )  # fmt: skip
    return axes


def _checked(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InputError(
            f"The table of perspectives lacks the column(s) {', '.join(missing)}; this picture needs them."
        )
    if frame.empty:
        raise InputError("There is no perspective to draw.")
    numbers = frame[list(COLUMNS[1:])].astype("float64")
    return frame[["perspective"]].join(numbers).to_dict("records")


def _interval(ax: Axes, place: int, row: Mapping[Any, Any]) -> None:
    low, high = row["benefit_low"], row["benefit_high"]
    if not (math.isfinite(low) and math.isfinite(high)):
        return
    if math.isnan(row["benefit"]):
        ax.barh(
            [place], [high - low], left=low, height=0.26, facecolor="white", edgecolor=TREATED_COLOUR, hatch="////",
            linewidth=1.4, zorder=3,
        )  # fmt: skip
        return
    ax.hlines([place], low, high, color=TREATED_COLOUR, linewidth=2.6, zorder=3)
    ax.plot([row["benefit"]], [place], "o", color=TREATED_COLOUR, markersize=8, zorder=4)


def row_in_words(row: Mapping[Any, Any]) -> str:
    """Return one perspective with its value in words."""
    name = str(row["perspective"]).capitalize()
    low, high = row["benefit_low"], row["benefit_high"]
    if math.isnan(low) or math.isnan(high):
        value = "not known" if math.isnan(row["benefit"]) else format_money(row["benefit"])
        return f"{name}: {value}"
    between = money_range(low, high)
    return f"{name}: " + (
        f"{between} (bounds only)" if math.isnan(row["benefit"]) else f"{format_money(row['benefit'])} ({between})"
    )


def perspectives_alt(frame: pd.DataFrame, *, cost: float, level: float = 0.95) -> str:
    """Return the picture in words.

    Examples
    --------
    >>> frame = pd.DataFrame({"perspective": ["social"], "benefit": [9e3], "benefit_low": [2e3],
    ...     "benefit_high": [1.6e4]})
    >>> perspectives_alt(frame, cost=5e3)
    'Value of the offences averted with 95% intervals beside a cost of £5,000. Social: £9,000 (£2,000 to £16,000).'
    """
    told = "; ".join(row_in_words(row) for row in _checked(frame))
    return (
        f"Value of the offences averted with {100 * level:g}% intervals beside a cost of {format_money(cost)}. {told}."
    )
