"""Pictures of the propensity score: the overlap of preference scores, and how well the score is calibrated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dipeval.plots.style import GREY, GROUP_COLOURS, THIRD_COLOUR, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.vocabulary import term_label


def preference_plot(bands_frame: pd.DataFrame, *, band: tuple[float, float] = (0.3, 0.7), ax: Any = None) -> Any:
    """Draw the preference scores of the two groups as two histograms, treated above the line, comparison below.

    Parameters
    ----------
    bands_frame
        Columns band_from, band_to, n_treated, n_comparison (``Overlap.to_frame()``). Each group's bars add up to 100%.
    band
        Shaded: where people might as well have been treated as not.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> frame = pd.DataFrame({"band_from": [0.0, 0.5], "band_to": [0.5, 1.0], "n_treated": [1, 3]})
    >>> preference_plot(frame.assign(n_comparison=[4, 1])).get_ylabel()
    'Share of each group'
    """
    if ax is None:
        ax = new_axes()
    tidy(ax)
    ax.axvspan(*band, color=THIRD_COLOUR, alpha=0.14, linewidth=0, zorder=0)
    left = bands_frame["band_from"].to_numpy(dtype=float)
    width = bands_frame["band_to"].to_numpy(dtype=float) - left
    tallest = 0.0
    for group, side in (("treated", 1.0), ("comparison", -1.0)):
        count = bands_frame[f"n_{group}"].to_numpy(dtype=float)
        share = count / max(count.sum(), 1.0)
        ax.bar(left, side * share, width, align="edge", color=GROUP_COLOURS[group], edgecolor="white", linewidth=0.4)
        tallest = max(tallest, float(share.max()))
    ax.axhline(0, color=GREY, linewidth=1)
    ax.set_xlim(0, 1)
    ax.set_ylim(-1.3 * tallest, 1.3 * tallest)
    ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0%}")
    for group, height, place in (("treated", 0.97, "top"), ("comparison", 0.03, "bottom")):
        ax.text(
            0.99,
            height,
            group.capitalize(),
            transform=ax.transAxes,
            ha="right",
            va=place,
            color=ink(GROUP_COLOURS[group]),
            weight="bold",
        )
    ax.text(sum(band) / 2, 1.28 * tallest, "As likely one as the other", ha="center", va="top", color=ink(THIRD_COLOUR))
    ax.set_xlabel("Preference score (0.5: as likely treated as anybody)")
    ax.set_ylabel("Share of each group")
    return ax


def calibration_plot(tenths_frame: pd.DataFrame, ax: Any = None) -> Any:
    """Draw the share of people treated in each tenth of the score against the score: on the line, it tells the truth.

    Parameters
    ----------
    tenths_frame
        Columns mean_score and share_treated (``PropensityModel.calibration()``).
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> frame = pd.DataFrame({"mean_score": [0.1, 0.4], "share_treated": [0.2, 0.4]})
    >>> calibration_plot(frame).get_ylabel()
    'Share treated'
    """
    if ax is None:
        ax = new_axes(width=5.2, height=4.6)
    tidy(ax)
    score = tenths_frame["mean_score"].to_numpy(dtype=float)
    share = tenths_frame["share_treated"].to_numpy(dtype=float)
    top = 1.05 * float(max(score.max(), share.max(), 1e-6))
    ax.plot([0, top], [0, top], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    ax.plot(score, share, color=TREATED_COLOUR, marker="o", linewidth=1.4)
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.set_xlabel("Mean score of each tenth of the people")
    ax.set_ylabel("Share treated")
    return ax


def gaps_plot(gaps_frame: pd.DataFrame, ax: Any = None) -> Any:
    """Draw the share of people for whom each column is missing.

    Parameters
    ----------
    gaps_frame
        Columns column and share_missing (``Filled.to_frame()``).
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> gaps_plot(pd.DataFrame({"column": ["age"], "share_missing": [0.25]})).get_xlabel()
    'Share of people for whom it is missing'
    """
    frame = gaps_frame.iloc[::-1]
    if ax is None:
        ax = new_axes(height=1.4 + 0.34 * max(len(frame), 3))
    tidy(ax)
    rows = np.arange(len(frame))
    ax.barh(rows, frame["share_missing"].to_numpy(dtype=float), color=TREATED_COLOUR, height=0.62)
    ax.set_yticks(rows, [term_label(str(name)) for name in frame["column"]])
    ax.set_xlim(0, max(1.1 * float(frame["share_missing"].max()), 0.01))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.set_xlabel("Share of people for whom it is missing")
    return ax
