"""Pictures of a linkage, drawn from tidy frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.vocabulary import label

if TYPE_CHECKING:
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
    axes.xaxis.set_major_formatter(_count)
    # Above the bars: the longest are at either end of the axis.
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    return axes


def draw_quality(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the precision and the recall of each link as two dots in a row.

    Parameters
    ----------
    frame
        link, precision, recall (shares; a missing one is left out), and group if there are subgroups: they are named
        below their link.
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
    if "group" in frame:
        groups = [str(group) for group in frame["group"]]
        names = [name if group == "everyone" else f"  {group}" for name, group in zip(names, groups, strict=True)]
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
    axes.xaxis.set_major_formatter(_percent)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Share of links, in pairs of people")
    axes.set_ylabel("")
    return axes


def draw_calibration(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of candidates that are right against their mean probability; honest ones lie on the diagonal.

    Parameters
    ----------
    frame
        mean_link_probability, share_true, share_low, share_high (shares).
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = new_axes(width=5.0, height=4.8) if ax is None else ax
    tidy(axes)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.2, label="as sure as it should be")
    x, y = frame["mean_link_probability"], frame["share_true"]
    axes.vlines(x, frame["share_low"], frame["share_high"], color=TREATED_COLOUR, linewidth=1.6)
    axes.scatter(x, y, s=44, color=TREATED_COLOUR, zorder=3, label="candidates of one band, 95% interval")
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_percent)
    axes.set_xlabel("Mean probability of being a link")
    axes.set_ylabel("Share that is right")
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    return axes


def draw_estimated_quality(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw estimates of precision and recall with their intervals, a row a link and method.

    Parameters
    ----------
    frame
        link, method, measure, estimate, conf_low, conf_high.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
    """
    frame = frame[frame["measure"].isin(["precision", "recall"])].reset_index(drop=True)
    axes = new_axes(height=1.6 + 0.3 * max(len(frame), 4)) if ax is None else ax
    tidy(axes)
    rows = list(range(len(frame)))[::-1]
    for measure, colour, words in (
        ("precision", TREATED_COLOUR, "Precision: links made that are right"),
        ("recall", COMPARISON_COLOUR, "Recall: true links that were found"),
    ):
        part = frame.assign(row=rows)[frame["measure"] == measure].dropna(subset=["estimate"])
        axes.hlines(part["row"], part["conf_low"], part["conf_high"], color=colour, linewidth=1.6)
        marker = "o" if measure == "precision" else "D"
        axes.scatter(part["estimate"], part["row"], s=44, color=colour, marker=marker, label=words, zorder=3)
    names = [f"{label(str(link))}, {method}" for link, method in zip(frame["link"], frame["method"], strict=True)]
    axes.set_yticks(rows, names)
    axes.set_ylim(-0.6, max(len(frame), 1) - 0.4)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    axes.set_xlabel("Share of links, estimated without the truth", loc="right")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, fontsize=9)
    return axes


def draw_linked_comparison(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the size of each standardised difference between linked and unlinked people.

    Parameters
    ----------
    frame
        link, side ("anchor" or "file"), characteristic, smd.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
    """
    places = frame[["link", "characteristic"]].drop_duplicates().reset_index(drop=True)
    axes = new_axes(height=1.6 + 0.28 * max(len(places), 4)) if ax is None else ax
    tidy(axes)
    row = {tuple(pair): len(places) - 1 - place for place, pair in enumerate(places.to_numpy().tolist())}
    at = pd.Series([row[pair] for pair in zip(frame["link"], frame["characteristic"], strict=True)], index=frame.index)
    for side, colour, marker in (("anchor", TREATED_COLOUR, "o"), ("file", COMPARISON_COLOUR, "D")):
        mine = frame["side"] == side
        axes.scatter(
            frame.loc[mine, "smd"].abs(), at[mine], s=40, color=colour, marker=marker, label=f"people of the {side}"
        )
    axes.axvline(0.1, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_yticks(range(len(places)), [f"{label(str(a))}: {label(str(b)).lower()}" for a, b in row][::-1])
    axes.set_ylim(-0.6, max(len(places), 1) - 0.4)
    axes.set_xlim(left=-0.01)
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel("Linked less unlinked, in % of a standard deviation", loc="right")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, fontsize=9)
    return axes


def draw_sweep(frame: pd.DataFrame, *, threshold: float, ax: Axes | None = None) -> Axes:
    """Draw the expected false and missed links by threshold, all links together; with truth precision and recall.

    Parameters
    ----------
    frame
        threshold, n_links, expected_false, expected_missed, precision, recall; several rows a threshold are added up
        (precision and recall: the lowest of them).
    threshold
        The one in use.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = new_axes() if ax is None else ax
    tidy(axes)
    known = frame["recall"].notna().any()
    by = frame.groupby("threshold")
    table = by[["precision", "recall"]].min() if known else by[["expected_false", "expected_missed"]].sum()
    words = {
        "precision": "Precision (lowest of the links)",
        "recall": "Recall (lowest of the links)",
        "expected_false": "Expected false links",
        "expected_missed": "Expected missed links",
    }
    for name, colour, marker in zip(table.columns, (TREATED_COLOUR, COMPARISON_COLOUR), "oD", strict=True):
        axes.plot(table.index, table[name], color=colour, marker=marker, label=words[str(name)])
    axes.axvline(threshold, color=GREY, linestyle=":", linewidth=1.2)
    axes.yaxis.set_major_formatter(_percent if known else _count)
    axes.set_xlabel("Threshold of the match probability (dotted: the one in use)")
    axes.set_ylabel("Share of links" if known else "Pairs of people")
    axes.legend(frameon=False)
    return axes


def _percent(value: float, _: object) -> str:
    return f"{value:.0%}"


def _count(value: float, _: object) -> str:
    return f"{value:,.0f}" if value == round(value) else ""
