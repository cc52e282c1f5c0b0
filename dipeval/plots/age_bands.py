"""Picture of the ages of people by year: shares of age groups on top of each other, a panel a group of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dipeval.plots.style import GREY, new_axes, share_mark, tidy
from dipeval.presenting import format_number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# From pale to dark as people grow older.
_SHADES: Final = ("#D9E4EE", "#A9BFD4", "#7598B9", "#42709B", "#12436D")
_MOST_NAMED: Final = 8


def age_bands_plot(frame: pd.DataFrame, *, medians: pd.DataFrame | None = None, ax: Axes | None = None) -> Axes:
    """Draw a bar a year, made of the shares of the age groups; panels side by side.

    Parameters
    ----------
    frame
        label (a panel each), year, age_group (youngest first), share (a bar of which one is missing is not drawn).
    medians
        label, year, median_age (missing: not written): written above the bars.
    ax
        Axes to draw on; default new ones. The panels lie inside.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": "Opiates", "year": ["2013"] * 2, "age_group": ["under 35", "35 and over"],
    ...                       "share": [0.6, 0.4]})
    >>> len(age_bands_plot(frame).child_axes)
    1
    """
    labels = list(dict.fromkeys(frame["label"]))
    axes = new_axes(max(4.2, 1.0 + 3.4 * len(labels)), 4.2) if ax is None else ax
    axes.set_axis_off()
    gap = 0.04
    wide = (1 - gap * (len(labels) - 1)) / max(len(labels), 1)
    for place, label in enumerate(labels):
        panel = axes.inset_axes((place * (wide + gap), 0.13, wide, 0.66))
        own = frame[frame["label"] == label]
        above = {} if medians is None else _above(medians, label)
        _bars(panel, own, above, first=place == 0)
        panel.set_title(str(label), loc="left", fontsize=9.5, pad=18 if above else 6)
        handles, names = panel.get_legend_handles_labels()
    if labels:
        axes.legend(handles, names, frameon=False, loc="upper left", ncols=len(names), fontsize=8.5,
                    handlelength=1.0, columnspacing=1.2, borderaxespad=0.0)  # fmt: skip
    return axes


def _above(medians: pd.DataFrame, label: str) -> dict[str, float]:
    own = medians[medians["label"] == label]
    return {str(year): float(age) for year, age in zip(own["year"], own["median_age"], strict=True)}


def _bars(panel: Any, own: pd.DataFrame, above: dict[str, float], *, first: bool) -> None:
    tidy(panel)
    panel.grid(visible=False)
    years, bands = list(dict.fromkeys(own["year"])), list(dict.fromkeys(own["age_group"]))
    wide = own.pivot(index="year", columns="age_group", values="share").loc[years, bands].astype("float64")
    told = wide.notna().all(axis=1).to_numpy()
    places, base = np.arange(len(years)), np.zeros(len(years))
    shades = _SHADES[len(_SHADES) - len(bands) :] if len(bands) <= len(_SHADES) else None
    for at, band in enumerate(bands):
        share = np.where(told, wide[band].fillna(0.0), 0.0)
        colour = shades[at] if shades else None
        panel.bar(places, share, bottom=base, width=0.8, color=colour, edgecolor="white", linewidth=0.5, label=band)
        base = base + share
    for place, year in enumerate(years):
        age = above.get(str(year), float("nan"))
        if age == age:
            panel.text(place, 1.02, format_number(age, 0 if age == int(age) else 1), ha="center", va="bottom",
                       fontsize=8, color=GREY)  # fmt: skip
    panel.set_xlabel("Above the bars: median age" if above else "", fontsize=8, color=GREY)
    step = -(-len(years) // _MOST_NAMED) if years else 1
    panel.set_xticks(places[::step], [str(year) for year in years[::step]], fontsize=8)
    panel.tick_params(axis="x", length=0)
    panel.set_ylim(0, 1.0)
    panel.yaxis.set_major_formatter(share_mark)
    if not first:
        panel.set_yticklabels([])
