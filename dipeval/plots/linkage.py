"""Pictures of a linkage, drawn from tidy frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def draw_match_probabilities(frame: pd.DataFrame, *, threshold: float, ax: Axes | None = None) -> Axes:
    """Draw the number of candidate links by band of match probability.

    Parameters
    ----------
    frame
        low, high (probabilities), linked (bool), n_pairs; several rows a band are added up.
    threshold
        Where the cut was made.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = new_axes() if ax is None else ax
    tidy(axes)
    table = frame.groupby(["low", "high", "linked"])["n_pairs"].sum().unstack("linked", fill_value=0)
    table = table.reindex(columns=[False, True], fill_value=0)
    labels = [f"{low:g} to {high:g}" for low, high in table.index]
    places = range(len(labels))
    axes.barh(places, table[True], color=TREATED_COLOUR, label="linked")
    axes.barh(places, table[False], left=table[True], color=COMPARISON_COLOUR, hatch="//", label="not linked")
    cut = sum(1 for low, _ in table.index if low < threshold) - 0.5
    axes.axhline(cut, color=GREY, linestyle=":", linewidth=1.2)
    axes.set_yticks(list(places), labels)
    axes.set_ylabel("Match probability")
    axes.set_xlabel("Candidate links (pairs of people)")
    axes.legend(frameon=False)
    return axes
