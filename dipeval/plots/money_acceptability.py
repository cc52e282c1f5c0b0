"""In which share of the draws a programme is worth its cost, by what is paid for an offence averted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from dipeval.errors import InputError
from dipeval.plots.money_axis import DASHED, FONT, SMALL, WIDTH, pound_axis
from dipeval.plots.style import COMPARISON_COLOUR, GREY, THIRD_COLOUR, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import format_chance, format_money

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLUMNS: Final = ("threshold", "probability", "probability_if_none")
EACH: Final = "proven offence averted"
CURVE: Final = "Worth its cost"
CHANCE: Final = "By chance alone, were the effect none"
VALUE: Final = "Unit costs of crime: {value}"
FURTHER: Final = "Unit costs of crime: {value}, further right"
# A line that ends higher than this has no room for its name above itself.
HIGH: Final = 0.9
# Of the picture's own height, in points: from nothing to all draws; a line of words; how far words stand off a line.
POINTS: Final = 185
LINE: Final = 14
NEAR: Final = 4
FAR: Final = 12
# How much of the width the longer name takes.
SPAN: Final = 0.6


def acceptability_plot(
    frame: pd.DataFrame, *, value: float = math.nan, each: str = EACH, ax: Axes | None = None
) -> Axes:
    """Draw the curve, what chance alone would give, and where the unit costs of crime lie.

    Parameters
    ----------
    frame
        One row a payment, rising: ``threshold`` (pounds for each offence averted), ``probability`` and
        ``probability_if_none`` (shares of the draws).
    value
        Pounds that the unit costs put on one such offence; NaN leaves the line out.
    each
        What is paid for, in words.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no payment, or a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"threshold": [0.0, 500.0, 1000.0], "probability": [0.0, 0.6, 0.9],
    ...                       "probability_if_none": [0.0, 0.2, 0.4]})
    >>> [text.get_text() for text in acceptability_plot(frame, value=800.0).texts]
    ['Worth its cost', 'By chance alone, were the effect none', 'Unit costs of crime: £800']
    """
    _check(frame)
    axes = new_axes(width=WIDTH, height=3.6) if ax is None else ax
    tidy(axes)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    payments = frame["threshold"].to_numpy(dtype=np.float64)
    found, chance = (frame[name].to_numpy(dtype=np.float64) for name in COLUMNS[1:])
    axes.plot(payments, chance, color=COMPARISON_COLOUR, linewidth=1.6, linestyle=DASHED, zorder=2)
    axes.plot(payments, found, color=TREATED_COLOUR, linewidth=2.6, zorder=3)
    pound_axis(axes, payments, f"Paid for each {each}", room=0.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}%")
    axes.tick_params(axis="y", labelsize=SMALL)
    axes.set_ylabel("Share of draws", fontsize=FONT)
    _names(axes, payments, found, chance)
    _value_line(axes, value)
    return axes


def _check(frame: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing or frame.empty:
        what = f"lacks the column(s) {', '.join(missing)}" if missing else "holds no payment"
        raise InputError(
            f"The table of the curve {what}; this picture needs a row a payment with {', '.join(COLUMNS)}."
        )


def _names(axes: Axes, payments: np.ndarray, found: np.ndarray, chance: np.ndarray) -> None:
    """Each line named at its right end: above it, where it is rising from below, as far as there is room."""
    first, second = (found, CURVE, TREATED_COLOUR), (chance, CHANCE, COMPARISON_COLOUR)
    upper, lower = (first, second) if found[-1] >= chance[-1] else (second, first)
    high = upper[0][-1] > HIGH
    room = (upper[0][-1] - lower[0][-1]) * POINTS - (LINE + FAR if high else 0)
    # Below a line its name has to clear what of the line stands above it.
    beside = payments >= payments[-1] - SPAN * (payments[-1] - payments[0])
    lowest = float(lower[0][beside].min()) * POINTS
    below = float(lower[0][-1]) * POINTS - lowest + NEAR if lowest > LINE + FAR else -(LINE + NEAR)
    for (line, words, colour), offset in (
        (upper, -FAR if high else NEAR),
        (lower, NEAR if room > 2 * LINE else -below),
    ):
        axes.annotate(
            words, xy=(1.0, float(line[-1])), xycoords=axes.get_yaxis_transform(), xytext=(-2, offset),
            textcoords="offset points", ha="right", va="bottom" if offset > 0 else "top", fontsize=SMALL + 0.5,
            fontweight="bold", color=ink(colour), zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
        )  # fmt: skip


def _value_line(axes: Axes, value: float) -> None:
    """Where the unit costs lie; further right than the axis reaches they are only named."""
    if not math.isfinite(value):
        return
    _, last = axes.get_xlim()
    inside = value <= last
    if inside:
        axes.axvline(value, color=THIRD_COLOUR, linewidth=1.4, zorder=1)
    words = (VALUE if inside else FURTHER).format(value=format_money(value))
    right = inside and value < 0.5 * last
    axes.annotate(
        words, xy=(value if inside else last, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 3),
        textcoords="offset points", ha="left" if right else "right", va="bottom", fontsize=SMALL,
        color=ink(THIRD_COLOUR) if inside else GREY,
    )  # fmt: skip


def acceptability_alt(frame: pd.DataFrame, *, value: float = math.nan, each: str = EACH) -> str:
    """Return the picture in words.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"threshold": [0.0, 500.0, 1000.0], "probability": [0.0, 0.6, 0.9],
    ...                       "probability_if_none": [0.0, 0.2, 0.4]})
    >>> acceptability_alt(frame, value=800.0)
    'Share of draws in which the programme is worth its cost, by what is paid for each proven offence averted: 60% at
    £500, 90% at £1,000. By chance alone, were the effect none, it would be 20% and 40%. The unit costs of crime put
    £800 on one.'
    """
    _check(frame)
    rows = frame.iloc[sorted({len(frame) // 2, len(frame) - 1})]
    pairs = zip(rows["threshold"], rows["probability"], strict=True)
    shares = ", ".join(f"{format_chance(share)} at {format_money(payment)}" for payment, share in pairs)
    chances = " and ".join(format_chance(share) for share in rows["probability_if_none"])
    worth = f" The unit costs of crime put {format_money(value)} on one." if math.isfinite(value) else ""
    return (
        f"Share of draws in which the programme is worth its cost, by what is paid for each {each}: {shares}. "
        f"By chance alone, were the effect none, it would be {chances}.{worth}"
    )
