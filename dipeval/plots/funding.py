"""Pictures of money and posts by area: amounts beside those before, their range under other weights, time used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_money, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PALE = "#B7C6D6"


def allocation_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a bar an area in alphabetical order, with a mark at what it got before and one at need alone.

    Parameters
    ----------
    frame
        area, amount, unconstrained, previous (missing where not known), bound (empty where need decided).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": ["Bradford", "Leeds"], "amount": [250.0, 750.0], "previous": [300.0, None],
    ...                       "unconstrained": [200.0, 800.0], "bound": ["floor", ""]})
    >>> [text.get_text() for text in allocation_plot(frame).texts]
    ['£250 (floor)', '£750']
    """
    axes, rows = _axes(frame["area"], ax)
    axes.barh(rows, frame["amount"], color=TREATED_COLOUR, height=0.6, label="under the formula", zorder=2)
    if (frame["bound"] != "").any():
        axes.plot(frame["unconstrained"], rows, "D", color="white", markeredgecolor=GREY, markersize=6,
                  label="by need alone", zorder=3)  # fmt: skip
    before = frame["previous"].notna().to_numpy()
    if before.any():
        axes.plot(frame["previous"][before], rows[before], "|", color=COMPARISON_COLOUR, markersize=19,
                  markeredgewidth=3, label="before", zorder=3)  # fmt: skip
    for place, row in zip(rows, frame.to_dict("records"), strict=True):
        words = format_money(row["amount"]) + (f" ({row['bound']})" if row["bound"] else "")
        _beside(axes, place, words)
    _money_axis(axes, "Pounds", float(frame[["amount", "previous", "unconstrained"]].max().max()))
    _legend(axes)
    return axes


def sensitivity_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each area's amount with the range it takes under other weights, areas in alphabetical order.

    Parameters
    ----------
    frame
        area, amount, amount_low, amount_high.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": ["Leeds"], "amount": [750.0], "amount_low": [700.0], "amount_high": [900.0]})
    >>> [text.get_text() for text in sensitivity_plot(frame).texts]
    ['£700 to £900']
    """
    axes, rows = _axes(frame["area"], ax)
    axes.hlines(rows, frame["amount_low"], frame["amount_high"], color=_PALE, linewidth=11, label="under other weights")
    axes.plot(frame["amount"], rows, "o", color=TREATED_COLOUR, markersize=8, label="under the formula's weights")
    for place, low, high in zip(rows, frame["amount_low"], frame["amount_high"], strict=True):
        _beside(axes, place, format_money(low) if low == high else f"{format_money(low)} to {format_money(high)}")
    _money_axis(axes, "Pounds", float(frame["amount_high"].max()))
    _legend(axes)
    return axes


def officer_time_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw posts used and not used, a bar a group; a group without hours has a pale bar.

    Parameters
    ----------
    frame
        group, funded_fte, used_fte, unused_fte, share_on_task (the last three missing where no hours are on record).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["all"], "funded_fte": [43.0], "used_fte": [7.31], "unused_fte": [35.69],
    ...                       "share_on_task": [0.17]})
    >>> [text.get_text() for text in officer_time_plot(frame).texts]
    ['7.3 of 43.0 (17.0%)']
    """
    # The sum of all would make the others look small.
    shown = frame[frame["group"] != "all"] if len(frame) > 1 else frame
    axes, rows = _axes(shown["group"].str.replace("^all$", "All", regex=True), ax)
    known = shown["used_fte"].notna().to_numpy()
    if known.any():
        axes.barh(rows[known], shown["used_fte"][known], color=TREATED_COLOUR, height=0.6, label="used", zorder=2)
        axes.barh(rows[known], shown["unused_fte"][known].clip(lower=0), left=shown["used_fte"][known], color="white",
                  edgecolor=COMPARISON_COLOUR, hatch="///", height=0.6, label="not used", zorder=2)  # fmt: skip
    if not known.all():
        axes.barh(rows[~known], shown["funded_fte"][~known], color=_PALE, height=0.6, label="hours not recorded",
                  zorder=2)  # fmt: skip
    for place, row in zip(rows, shown.to_dict("records"), strict=True):
        told = row["used_fte"] == row["used_fte"]
        posts = format_number(row["funded_fte"], 1)
        words = f"{format_number(row['used_fte'], 1)} of {posts} ({format_percent(row['share_on_task'])})"
        _beside(axes, place, words if told else f"{posts}, hours not recorded")
    axes.set_xlim(0, 1.02 * max(float(shown[["funded_fte", "used_fte"]].max().max()), 1e-9))
    axes.set_xlabel("Posts paid for, full-time equivalents")
    _legend(axes)
    return axes


def _axes(names: Any, ax: Axes | None) -> tuple[Axes, Any]:
    names = list(names)
    axes = new_axes(7.4, 1.5 + 0.46 * max(len(names), 3)) if ax is None else ax
    tidy(axes)
    rows = np.arange(len(names))[::-1]
    axes.set_yticks(rows, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, max(len(names), 1) - 0.4)
    return axes, rows


def _beside(axes: Axes, place: float, words: str) -> None:
    # In a column of their own, so that no mark stands under them.
    axes.text(1.03, place, words, transform=axes.get_yaxis_transform(), va="center", fontsize=9, color=GREY)


def _money_axis(axes: Axes, label: str, top: float) -> None:
    axes.set_xlim(0, 1.04 * top if top > 0 else 1)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(_pounds)
    axes.set_xlabel(label)


def _pounds(value: float, _: Any) -> str:
    return format_money(value)


def _legend(axes: Axes) -> None:
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=9)
