"""Picture of an effect on areas by time since the start of a programme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.plots.style import COMPARISON_COLOUR, GREY, THIRD_COLOUR, TREATED_COLOUR, ink, new_axes, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_AXES: Final = {"difference": "Difference in {outcome}", "log_ratio": "Difference in the logarithm of {outcome}"}
_BEFORE: Final = "Before the start: nothing should differ yet"
_ANTICIPATION: Final = "May differ already"
_AFTER: Final = "With the programme"
_REFERENCE: Final = "Compared with this period"
_WIDEST: Final = 46


def event_study_plot(
    frame: pd.DataFrame, *, measure: str = "difference", outcome: str = "the outcome", ax: Axes | None = None
) -> Axes:
    """Draw the effect at each time since the start with its interval, and a line where areas fare alike.

    Parameters
    ----------
    frame
        Columns event_time (periods since the start), group (before, reference, anticipation, after), estimate,
        conf_low, conf_high (missing where no interval is given).
    measure
        ``difference`` or ``log_ratio``.
    outcome
        In words.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"event_time": [-2, -1, 0], "group": ["before", "reference", "after"],
    ...     "estimate": [0.1, 0.0, -1.0], "conf_low": [-0.4, None, -1.6], "conf_high": [0.6, None, -0.4]})
    >>> event_study_plot(frame, outcome="thefts").get_ylabel()
    'Difference in thefts'
    """
    from matplotlib.ticker import MaxNLocator

    axes = new_axes(width=8.0, height=4.4) if ax is None else ax
    tidy(axes)
    axes.grid(axis="x", visible=False)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    axes.axhline(0.0, color=GREY, linewidth=1.2, zorder=1)
    axes.axvline(-0.5, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    _points(axes, frame[frame["group"] == "after"], TREATED_COLOUR, "o", TREATED_COLOUR, _AFTER)
    _points(axes, frame[frame["group"] == "before"], COMPARISON_COLOUR, "s", "white", _BEFORE)
    _points(axes, frame[frame["group"] == "anticipation"], THIRD_COLOUR, "^", "white", _ANTICIPATION)
    _points(axes, frame[frame["group"] == "reference"], GREY, "D", "white", _REFERENCE)
    axes.set_xlabel("Periods since the start")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    title = _AXES[measure].format(outcome=outcome)
    axes.set_ylabel(_wrapped(title))
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=4, fontsize=8.5)
    return axes


def _wrapped(words: str) -> str:
    import textwrap

    return textwrap.fill(words, _WIDEST)


def _points(axes: Axes, rows: pd.DataFrame, colour: str, marker: str, face: str, words: str) -> None:
    if not len(rows):
        return
    known = rows[rows["conf_low"].notna() & rows["conf_high"].notna()]
    axes.vlines(
        known["event_time"].astype(float), known["conf_low"].astype(float), known["conf_high"].astype(float),
        color=ink(colour), linewidth=1.8, zorder=2,
    )  # fmt: skip
    axes.plot(
        rows["event_time"].astype(float), rows["estimate"].astype(float), marker, color=colour, markerfacecolor=face,
        markeredgecolor=ink(colour), markeredgewidth=1.4, markersize=7, zorder=3, label=words,
    )  # fmt: skip
