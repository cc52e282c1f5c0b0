"""Pictures of a design: the love plot of its balance and the overlap of its scores."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.style import COMPARISON_COLOUR, GREY, GROUP_COLOURS, TREATED_COLOUR, ink, new_axes, share_mark, tidy
from dipeval.vocabulary import term_label

SCORE_TERM = "propensity score"
BINS = 30
BANDS = ((0.0, 0.05, "#D5E8E6"), (0.05, 0.10, "#EEF5F4"))
MANY = 30
WIDEST_LABEL = 36


def love_plot(balance_frame: pd.DataFrame, ax: Any = None, threshold: float = 0.1) -> Any:
    """Draw each term's absolute standardised difference before and after, over the bands up to 5% and 10%.

    Parameters
    ----------
    balance_frame
        Columns term, smd_before, smd_after (``Balance.to_frame()``). The score's row is left out; squares and products
        are drawn where the frame has them.
    ax
        Axes to draw on; a new figure without it.
    threshold
        Where the guide line stands (0.1 = 10% of a standard deviation).

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    The bands (up to 5% well matched, up to 10% reasonably) are a second-hand convention: they are ascribed to the
    Justice Data Lab, whose own text was not seen.

    Examples
    --------
    >>> frame = pd.DataFrame({"term": ["age", "priors"], "smd_before": [0.4, -0.2], "smd_after": [0.03, 0.01]})
    >>> [tick.get_text() for tick in love_plot(frame).get_yticklabels()]
    ['Priors', 'Age']
    """
    is_score = balance_frame["kind"] == "score" if "kind" in balance_frame else balance_frame["term"] == SCORE_TERM
    frame = balance_frame[~is_score]
    frame = frame.assign(before=frame["smd_before"].abs(), after=frame["smd_after"].abs())
    frame = frame.sort_values(["before", "term"], kind="stable")
    labels = [textwrap.fill(term_label(str(term)), WIDEST_LABEL) for term in frame["term"]]
    many = len(frame) > MANY
    if ax is None:
        lines = sum(1 + 0.55 * text.count("\n") for text in labels)
        ax = new_axes(width=7.0, height=1.7 + (0.24 if many else 0.32) * max(lines, 4))
    tidy(ax)
    rows, size = np.arange(len(frame)), 30 if many else 44
    for low, high, shade in BANDS:
        ax.axvspan(low, high, color=shade, linewidth=0, label=f"Up to {high:.0%}", zorder=0)
    ax.hlines(rows, frame["before"], frame["after"], color="#BBBBBB", linewidth=1.2, zorder=1)
    ax.scatter(
        frame["before"],
        rows,
        s=size,
        facecolors="white",
        edgecolors=COMPARISON_COLOUR,
        linewidths=1.8,
        label="Before",
        zorder=3,
    )
    ax.scatter(frame["after"], rows, s=size, color=TREATED_COLOUR, label="After", zorder=4)
    ax.axvline(threshold, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label=f"{threshold:.0%} guide line", zorder=2)
    ax.set_yticks(rows, labels, fontsize=8.5 if many else None)
    ax.set_ylim(-0.6, len(frame) - 0.4)
    # The left edge is a hair below 0, where the best terms lie: their dots would be cut in half.
    right = max(1.08 * float(frame[["before", "after"]].to_numpy().max()), 1.3 * threshold, 1.3 * BANDS[-1][1])
    ax.set_xlim(left=-0.015 * right, right=right)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    # Long names of terms leave the axes narrow: what is wider than them grows to the left, where there is room.
    ax.set_xlabel("Difference between the groups, in % of a standard deviation", loc="right")
    handles, words = ax.get_legend_handles_labels()
    place = [words.index(word) for word in ("Before", "After", *words[:2], *words[4:])]
    ax.legend(
        [handles[at] for at in place],
        [words[at] for at in place],
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=5,
        columnspacing=1.0,
        handletextpad=0.5,
        handlelength=1.4,
    )
    return ax


def overlap_plot(scores_frame: pd.DataFrame, ax: Any = None) -> Any:
    """Draw the scores of the two groups as two histograms, treated above the line and comparison below.

    Parameters
    ----------
    scores_frame
        Columns score and group ("treated" or "comparison"), and weight if the people are weighted. Each group's bars
        add up to 100% of it.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> frame = pd.DataFrame({"score": [0.2, 0.4, 0.3], "group": ["treated", "comparison", "comparison"]})
    >>> overlap_plot(frame).get_xlabel()
    'Propensity score: chance of being treated'
    """
    groups = set(scores_frame["group"])
    if groups != set(GROUP_COLOURS):
        raise InputError(f"group must hold 'treated' and 'comparison'; it holds {', '.join(sorted(map(str, groups)))}.")
    if ax is None:
        ax = new_axes()
    tidy(ax)
    score = scores_frame["score"].to_numpy(dtype=float)
    probability = bool(((score >= 0) & (score <= 1)).all())
    low, high = (0.0, 1.0) if probability else (float(score.min()), float(score.max()))
    edges = np.linspace(low, high, BINS + 1)
    weight = scores_frame["weight"].to_numpy(dtype=float) if "weight" in scores_frame else np.ones(len(score))
    tallest = 0.0
    for group, side in (("treated", 1.0), ("comparison", -1.0)):
        mask = (scores_frame["group"] == group).to_numpy()
        share = np.histogram(score[mask], bins=edges, weights=weight[mask] / weight[mask].sum())[0]
        ax.bar(
            edges[:-1],
            side * share,
            np.diff(edges),
            align="edge",
            color=GROUP_COLOURS[group],
            edgecolor="white",
            linewidth=0.4,
        )
        tallest = max(tallest, float(share.max()))
    ax.axhline(0, color=GREY, linewidth=1)
    ax.set_ylim(-1.25 * tallest, 1.25 * tallest)
    ax.yaxis.set_major_formatter(share_mark)
    for group, height, place in (("Treated", 0.97, "top"), ("Comparison", 0.03, "bottom")):
        ax.text(
            0.99,
            height,
            group,
            transform=ax.transAxes,
            ha="right",
            va=place,
            color=ink(GROUP_COLOURS[group.lower()]),
            weight="bold",
        )
    ax.set_xlabel("Propensity score: chance of being treated" if probability else "Score")
    ax.set_ylabel("Share of each group")
    return ax
