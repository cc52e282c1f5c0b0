"""Picture of one covariate in the two groups, before and after: bars, never a smooth curve."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.plots.style import GREY, GROUP_COLOURS, ink, new_axes, share_mark, tidy
from dipeval.vocabulary import label

BINS = 30
MOST_WHOLE = 40
GAP = 0.2  # between the bars of words, which are no scale
MOST_UPRIGHT = 6
WIDEST = 14


def density_plot(frame: pd.DataFrame, name: str = "", ax: Any = None) -> Any:
    """Draw one covariate: treated above the line, comparison below; bars after the design, outlines before it.

    Parameters
    ----------
    frame
        Columns value (number, yes/no or word), group ("treated" or "comparison"), weight (after the design), and
        before (weight before it; 1 without it). Each group's bars add up to 100% of it.
    name
        The covariate, for the label of the axis.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If a group is missing or holds nobody with a weight.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"value": [1, 2, 2, 3], "group": ["treated", "treated", "comparison", "comparison"], "weight": 1.0}
    ... )
    >>> density_plot(frame, "priors").get_xlabel()
    'Priors'

    Notes
    -----
    Yes/no and words have a bar each; whole numbers too, up to 40 of them, or two, three... share one; other numbers are
    cut into 30 equal bins.
    """
    groups = set(frame["group"])
    if groups != set(GROUP_COLOURS):
        raise InputError(f"group must hold 'treated' and 'comparison'; it holds {', '.join(sorted(map(str, groups)))}.")
    if ax is None:
        ax = new_axes()
    tidy(ax)
    ax.grid(visible=False, axis="x")
    place, edges, words = _bins(frame["value"])
    tallest = 0.0
    weights = {"after": frame["weight"].to_numpy(dtype=float)}
    weights["before"] = frame["before"].to_numpy(dtype=float) if "before" in frame else np.ones(len(frame))
    for group, side in (("treated", 1.0), ("comparison", -1.0)):
        mask = (frame["group"] == group).to_numpy()
        shares = {moment: _shares(place[mask], weight[mask], len(edges) - 1) for moment, weight in weights.items()}
        _draw(ax, edges, {name: side * found for name, found in shares.items()}, group, gap=words is not None)
        tallest = max(tallest, *(float(found.max()) for found in shares.values()))
    _dress(ax, tallest, name, edges, words)
    return ax


def _draw(
    ax: Any, edges: NDArray[np.float64], heights: dict[str, NDArray[np.float64]], group: str, *, gap: bool
) -> None:
    """Draw one group: filled bars after, an outline before. Only the treated go into the legend."""
    said = {moment: moment.capitalize() if group == "treated" else None for moment in heights}
    width = np.diff(edges) * (1 - GAP if gap else 1)
    middle = (edges[:-1] + edges[1:]) / 2
    colour = GROUP_COLOURS[group]
    ax.bar(middle, heights["after"], width, color=colour, edgecolor="white", linewidth=0.4, label=said["after"])
    if gap:
        ax.bar(middle, heights["before"], width, color="none", edgecolor=GREY, linewidth=1.3, label=said["before"])
    else:
        ax.stairs(heights["before"], edges, color=GREY, linewidth=1.3, label=said["before"])


def _shares(place: NDArray[np.int64], weight: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    total = float(weight.sum())
    if not total > 0:
        raise InputError("A group holds nobody with a weight above 0: there is nothing to draw.")
    return np.bincount(place, weights=weight, minlength=size) / total


def _bins(values: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str] | None]:
    """Return each value's bin, the edges, and the words under the bars where values are no scale."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        place, levels = pd.factorize(values.astype(str), sort=True)
        edges = np.arange(len(levels) + 1.0) - 0.5
        return place.astype(np.int64), edges, [str(level) for level in levels]
    number = values.to_numpy(dtype=float)
    if set(np.unique(number)) <= {0.0, 1.0}:
        return number.astype(np.int64), np.array([-0.5, 0.5, 1.5]), ["No", "Yes"]
    low, high = float(number.min()), float(number.max())
    if (number == np.round(number)).all():
        step = int(np.ceil((high - low + 1) / MOST_WHOLE))
        count = int((high - low) // step) + 1
        return ((number - low) // step).astype(np.int64), low - 0.5 + step * np.arange(count + 1.0), None
    cut: NDArray[np.float64] = np.linspace(low, high, BINS + 1)
    return np.clip(np.searchsorted(cut, number, side="right") - 1, 0, BINS - 1).astype(np.int64), cut, None


def _dress(ax: Any, tallest: float, name: str, edges: NDArray[np.float64], words: list[str] | None) -> None:
    ax.axhline(0, color=GREY, linewidth=1)
    ax.set_ylim(-1.25 * tallest, 1.25 * tallest)
    ax.yaxis.set_major_formatter(share_mark)
    for group, height, place in (("Treated", 0.97, "top"), ("Comparison", 0.03, "bottom")):
        ax.text(
            0.99, height, group, transform=ax.transAxes, ha="right", va=place,
            color=ink(GROUP_COLOURS[group.lower()]), weight="bold",
        )  # fmt: skip
    if words is not None:
        upright = len(words) <= MOST_UPRIGHT
        shown = [textwrap.fill(word, WIDEST) for word in words] if upright else words
        ax.set_xticks(np.arange(len(words)), shown, rotation=0 if upright else 90)
        ax.set_xlim(edges[0] - 0.2, edges[-1] + 0.2)
    else:
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,g}".replace("-", "\N{MINUS SIGN}"))
    ax.set_xlabel(label(name) if name else "Value")
    ax.set_ylabel("Share of each group")
    handles, said = ax.get_legend_handles_labels()
    first = said.index("Before")
    ax.legend(
        [handles[first], handles[1 - first]],
        ["Before", "After"],
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=2,
    )
