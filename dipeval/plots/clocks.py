"""Pictures of estimates on several clocks: the same question, another count of the days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.forest import forest_plot
from dipeval.presenting import format_count

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def clocks_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw estimates on several clocks, a panel for each measure, with people and events written beside them.

    Parameters
    ----------
    frame
        label, term (the measure), panel_title, estimate, conf_low, conf_high, n, n_events; further columns of
        `forest_plot` as they are there.
    ax
        Axes to draw on; default a new figure in the house style.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["Every day", "Days at liberty"], "term": "hazard_ratio", "estimate": [0.9, 0.8],
    ...     "panel_title": "Hazard ratio", "conf_low": [0.8, 0.7], "conf_high": [1.0, 0.9], "n": [800, 790],
    ...     "n_events": [400, 390]})
    >>> [words for words in (text.get_text() for text in clocks_plot(frame).texts) if words in ("People", "Events")]
    ['People', 'Events']
    """
    shown = frame.assign(n=[format_count(n) for n in frame["n"]], n_events=[format_count(n) for n in frame["n_events"]])
    return forest_plot(shown, columns={"n": "People", "n_events": "Events"}, ax=ax)
