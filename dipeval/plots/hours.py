"""Picture of tests by hour of the day and the share of positive ones whose person was then seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def hours_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a bar an hour for tests, and above them the share seen with its interval on an axis of its own.

    Parameters
    ----------
    frame
        group (hours in order, ``not recorded`` last), n_tests, n_contacts (missing: not drawn), share_seen, conf_low,
        conf_high.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes
        Those of the bars; the share is drawn on a second one above, within the same place.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"group": ["00", "01"], "n_tests": [10, 5], "n_contacts": [2, 1], "share_seen": [0.5, 0.2],
    ...                       "conf_low": [0.2, 0.1], "conf_high": [0.8, 0.6]})
    >>> axes = hours_plot(frame)
    >>> [text.get_text() for text in axes.get_legend().get_texts()], len(axes.child_axes)
    (['tests', 'contacts'], 1)
    """
    axes = new_axes(8.0, 5.0) if ax is None else ax
    tidy(axes)
    axes.grid(visible=False)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    places = np.arange(len(frame))
    contacts = frame["n_contacts"].notna().to_numpy()
    wide = 0.42 if contacts.any() else 0.8
    axes.bar(places - (wide / 2 if contacts.any() else 0), frame["n_tests"], width=wide, color=TREATED_COLOUR,
             label="tests")  # fmt: skip
    if contacts.any():
        axes.bar(places[contacts] + wide / 2, frame["n_contacts"][contacts].astype("float64"), width=wide,
                 color="white", edgecolor=ink(COMPARISON_COLOUR), hatch="///", label="contacts")  # fmt: skip
    names = [str(group) if str(group).isdigit() else "not\nrecorded" for group in frame["group"]]
    axes.set_xticks(places, names, fontsize=8)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("Hour of the day")
    axes.set_ylabel("Tests and contacts" if contacts.any() else "Tests")
    axes.yaxis.set_major_formatter(_count)
    highest = float(frame[["n_tests", "n_contacts"]].fillna(0).max().max()) or 1.0
    # The lower half for counts, the upper for shares: one over the other, on axes that cannot be mixed up.
    axes.set_ylim(0, 2.3 * highest)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= 1.05 * highest])
    axes.yaxis.set_label_coords(-0.08, 0.22)
    if contacts.any():
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, 0.545), ncols=2, fontsize=9)
    _shares(axes, frame, places)
    return axes


def _shares(axes: Axes, frame: pd.DataFrame, places: Any) -> None:
    above = axes.inset_axes((0.0, 0.57, 1.0, 0.43))
    tidy(above)
    above.grid(visible=False)
    above.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    told = frame["share_seen"].notna().to_numpy()
    own = frame[told]
    above.vlines(places[told], own["conf_low"], own["conf_high"], color=GREY, linewidth=1.4)
    above.plot(places[told], own["share_seen"], "o", color=GREY, markersize=5)
    above.set_xlim(axes.get_xlim())
    above.set_ylim(-0.02, 1.02)
    above.set_yticks([0, 0.5, 1.0], ["0%", "50%", "100%"])
    above.set_xticks([])
    above.spines["bottom"].set_visible(False)
    above.set_ylabel("Share seen\n(95% interval)")
    above.yaxis.set_label_coords(-0.08, 0.5)


def _count(value: float, _: Any) -> str:
    return format_count(value)
