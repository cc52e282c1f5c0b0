"""Pictures of a linkage, drawn from tidy frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.vocabulary import label

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


def draw_quality(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the precision and the recall of each link as two dots in a row.

    Parameters
    ----------
    frame
        link, precision, recall (shares; a missing one is left out).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"link": ["drug_tests - treatment"], "precision": [0.98], "recall": [0.9]})
    >>> [tick.get_text() for tick in draw_quality(frame).get_yticklabels()]
    ['Drug tests - treatment']
    """
    import seaborn

    axes = new_axes(height=1.5 + 0.42 * max(len(frame), 3)) if ax is None else ax
    tidy(axes)
    names = [label(str(name)) for name in frame["link"]]
    rows = list(range(len(frame)))[::-1]
    words = {"precision": "Precision: links made that are right", "recall": "Recall: true links that were found"}
    long = frame.assign(row=rows).melt("row", list(words), var_name="measure", value_name="share")
    # One dot a little above the other: both are often 100%.
    long["row"] += long["measure"].map({"precision": 0.13, "recall": -0.13})
    long = long.assign(measure=long["measure"].map(words)).dropna(subset=["share"])
    if len(long):
        seaborn.scatterplot(
            data=long,
            x="share",
            y="row",
            hue="measure",
            style="measure",
            hue_order=list(words.values()),
            style_order=list(words.values()),
            palette=[TREATED_COLOUR, COMPARISON_COLOUR],
            s=80,
            zorder=3,
            ax=axes,
        )
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=9)
    axes.set_yticks(rows, names)
    axes.set_ylim(-0.6, len(frame) - 0.4)
    axes.set_xlim(min(0.9, float(long["share"].min()) - 0.05) if len(long) else 0.0, 1.01)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Share of links, in pairs of people")
    axes.set_ylabel("")
    return axes
