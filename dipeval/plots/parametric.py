"""Pictures of models with a distribution for the clock: curves beside Kaplan-Meier, and the share who ever reoffend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dipeval.plots.style import COMPARISON_COLOUR, GREY, PALETTE, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import format_interval, format_percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Families are told by colour and by the dashes of their lines; Kaplan-Meier is the grey steps.
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))


def curves_beside_kaplan_meier(
    frame: pd.DataFrame, *, steps: pd.DataFrame, words: Mapping[str, str], ax: Axes | None = None
) -> Axes:
    """Draw the share reoffended by every parametric curve over the Kaplan-Meier steps.

    Parameters
    ----------
    frame
        group, family, time_days, estimate (share free).
    steps
        group, time_days, estimate: the Kaplan-Meier steps.
    words
        What each family is called; others in the frame are not drawn.
    ax
        Axes to draw on; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = _axes(ax)
    end = float(frame["time_days"].max())
    groups = list(frame["group"].unique())
    for group in groups:
        own = steps[(steps["group"] == group) & (steps["time_days"] <= end)]
        _draw_steps(axes, own, end, "Kaplan-Meier" if group == groups[0] else None)
        for number, (name, called) in enumerate(words.items()):
            line = frame[(frame["group"] == group) & (frame["family"] == name)]
            axes.plot(
                line["time_days"],
                1 - line["estimate"],
                color=PALETTE[number % len(PALETTE)],
                linestyle=_DASHES[number % len(_DASHES)],
                linewidth=1.8,
                label=called if group == groups[0] else None,
            )
        if len(groups) > 1:
            axes.annotate(
                str(group),
                (end, float(1 - own["estimate"].iloc[-1])),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                color=GREY,
            )
    _dress(axes, end, float(1 - min(frame["estimate"].min(), steps["estimate"].min())))
    axes.legend(frameon=False, loc="upper left")
    return axes


def share_by_family(frame: pd.DataFrame, *, share_seen: float, followed_to: float, ax: Axes | None = None) -> Axes:
    """Draw the share who ever reoffend, a row a family, beside the share seen.

    Parameters
    ----------
    frame
        words, share_ever, conf_low, conf_high; first row on top.
    share_seen
        Share seen to reoffend by the end of the follow-up.
    followed_to
        That end, in the unit of the data.
    ax
        Axes to draw on; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"words": ["Weibull"], "share_ever": [0.4], "conf_low": [0.37], "conf_high": [0.43]})
    >>> [text.get_text() for text in share_by_family(frame, share_seen=0.38, followed_to=81).texts]
    ['40.0% (37.0 to 43.0)', 'Seen by 81: 38.0%']
    """
    axes = new_axes(width=8.0, height=1.8 + 0.36 * max(len(frame), 2)) if ax is None else ax
    tidy(axes)
    rows = list(range(len(frame)))[::-1]
    axes.axvline(share_seen, color=GREY, linewidth=1.2, linestyle=(0, (4, 2)), zorder=1)
    axes.hlines(rows, frame["conf_low"], frame["conf_high"], color=TREATED_COLOUR, linewidth=2.2, zorder=2)
    axes.plot(frame["share_ever"], rows, "o", color=TREATED_COLOUR, markersize=7, zorder=3)
    for row, share, low, high in zip(rows, frame["share_ever"], frame["conf_low"], frame["conf_high"], strict=True):
        text = f"{format_percent(share)} ({format_interval(100 * low, 100 * high, 1)})"
        axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), va="center", ha="left", fontsize=9)
    axes.annotate(
        f"Seen by {followed_to:g}: {format_percent(share_seen)}",
        (share_seen, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=9,
        color=GREY,
    )
    axes.set_yticks(rows, list(frame["words"]))
    axes.set_ylim(-0.6, len(frame) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{round(100 * value, 2):g}%")
    axes.set_xlabel("Share who ever reoffend")
    return axes


def levelling_off(
    curve: pd.DataFrame,
    *,
    steps: pd.DataFrame,
    share: tuple[float, float, float],
    family: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw a split population's curve over Kaplan-Meier, with the share at which it levels off.

    Parameters
    ----------
    curve
        time_days, estimate (share free), conf_low, conf_high.
    steps
        time_days, estimate: the Kaplan-Meier steps.
    share
        Share who ever reoffend, with its limits.
    family
        What the family is called.
    ax
        Axes to draw on; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = _axes(ax)
    end = float(curve["time_days"].max())
    _draw_steps(axes, steps, end, "Kaplan-Meier")
    axes.fill_between(
        curve["time_days"], 1 - curve["conf_high"], 1 - curve["conf_low"], color=TREATED_COLOUR, alpha=0.15, linewidth=0
    )
    axes.plot(
        curve["time_days"],
        1 - curve["estimate"],
        color=TREATED_COLOUR,
        linewidth=2,
        label=f"Split population, {family}",
    )
    value, low, high = share
    axes.axhspan(low, high, color=COMPARISON_COLOUR, alpha=0.12, linewidth=0)
    axes.axhline(value, color=COMPARISON_COLOUR, linewidth=1.6, linestyle=(0, (5, 2)))
    axes.annotate(
        f"Ever reoffend: {format_percent(value)} ({format_interval(100 * low, 100 * high, 1)})",
        (0.0, value),
        xytext=(4, 3),
        textcoords="offset points",
        va="bottom",
        color=ink(COMPARISON_COLOUR),
    )
    _dress(axes, end, max(high, float(1 - steps["estimate"].min())))
    axes.legend(frameon=False, loc="lower right")
    return axes


def _axes(ax: Axes | None) -> Axes:
    axes = new_axes(7.4, 4.4) if ax is None else ax
    tidy(axes)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    return axes


def _draw_steps(axes: Axes, steps: pd.DataFrame, end: float, called: str | None) -> None:
    times = np.append(steps["time_days"].to_numpy(dtype=float), end)
    shares = 1 - steps["estimate"].to_numpy(dtype=float)
    axes.step(times, np.append(shares, shares[-1]), where="post", color=GREY, linewidth=1.4, alpha=0.8, label=called)


def _dress(axes: Axes, end: float, top: float) -> None:
    axes.set_xlim(0, end)
    axes.set_ylim(0, min(1.0, 1.15 * top))
    axes.yaxis.set_major_formatter(lambda value, _: f"{round(100 * value, 2):g}%")
    axes.set_xlabel("Time since the index date, in the unit of the data")
    axes.set_ylabel("Share who have reoffended")
