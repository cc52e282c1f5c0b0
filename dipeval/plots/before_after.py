"""Picture of offending before and after, with what would be seen after without any effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dipeval.plots.style import COMPARISON_COLOUR, GREY, GROUP_LINES, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.presenting import format_number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_OWN, _THEIRS = "mean_offences", "mean_offences_comparison"
_COMPARISON: Final = "Comparable untreated people"
_ENDS: Final = ("estimate", "conf_high", "expected_high")
_BAND: Final = "#A285D1"
# No wider, and letters no smaller, than can be read on a telephone.
_WIDTH, _LETTERS = 6.6, 10.5


def before_after_plot(frame: pd.DataFrame, *, days: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw the offences a person in each window, and beside those after the range expected without any effect.

    Parameters
    ----------
    frame
        Columns term (mean_offences, and mean_offences_comparison if there are comparison people), group (the window:
        earlier_2, earlier_1, before, after), estimate, conf_low, conf_high, expected, expected_low, expected_high.
        Rows of other terms are passed over.
    days
        Length of a window, for the marks of the axis; None if it is not known.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"term": "mean_offences", "group": ["before", "after"], "estimate": [3.0, 2.2],
    ...     "conf_low": [2.8, 2.0], "conf_high": [3.2, 2.4], "expected": [None, 2.3], "expected_low": [None, 2.1],
    ...     "expected_high": [None, 2.5]})
    >>> [tick.get_text() for tick in before_after_plot(frame, days=365).get_xticklabels()]
    ['365 days before', '365 days after']
    """
    axes = new_axes(width=_WIDTH, height=4.6) if ax is None else ax
    tidy(axes)
    axes.grid(axis="x", visible=False)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    own = frame[frame["term"] == _OWN].reset_index(drop=True)
    theirs = frame[frame["term"] == _THEIRS].reset_index(drop=True)
    last = len(own) - 1
    _expected(axes, own.iloc[-1], last)
    if len(theirs):
        _line(axes, theirs, COMPARISON_COLOUR, GROUP_LINES["comparison"], _COMPARISON, own)
    _line(
        axes,
        own,
        TREATED_COLOUR,
        "-",
        "Treated people" if len(theirs) else "The people compared",
        theirs if len(theirs) else None,
    )
    axes.axvline(last - 0.5, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    axes.set_xticks(range(len(own)), [_mark(str(name), days) for name in own["group"]])
    axes.set_xlim(-0.4, last + 0.75)
    axes.set_ylim(0, 1.1 * _highest(own, theirs))
    axes.set_ylabel("Offences a person")
    # Above the picture: within it there may be figures anywhere.
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=_LETTERS, ncols=2)
    return axes


def _highest(*frames: pd.DataFrame) -> float:
    """Return the highest figure drawn."""
    ends = [frame[name].astype("float64").max() for frame in frames if len(frame) for name in _ENDS]
    return max(float(end) for end in ends if end == end)


def _line(axes: Any, rows: pd.DataFrame, colour: str, line: Any, words: str, other: pd.DataFrame | None) -> None:
    from matplotlib.patheffects import withStroke

    side = 1 if words == _COMPARISON else -1
    places = [place + (0.1 if side > 0 else 0.0) for place in range(len(rows))]
    middle = rows["estimate"].astype("float64").to_numpy()
    low, high = (rows[name].astype("float64").to_numpy() for name in ("conf_low", "conf_high"))
    axes.plot(places, middle, color=colour, linestyle=line, linewidth=1.8, zorder=3)
    axes.vlines(places, low, high, color=colour, linewidth=2.2, zorder=3)
    axes.plot(places, middle, "o" if side < 0 else "s", color=colour, markersize=7, zorder=4, label=words)
    # The two groups' figures stand on opposite sides, so that they cannot meet where the lines cross.
    # Away from the other group; without one, away from where the line comes from.
    away = [*middle[:1], *middle[:-1]] if other is None else other["estimate"].astype("float64")
    for place, value, neighbour in zip(places, middle, away, strict=True):
        axes.annotate(
            format_number(float(value)),
            xy=(place, value),
            xytext=(7 * side, -8 if neighbour > value else 8),
            textcoords="offset points",
            ha="right" if side < 0 else "left",
            va="center",
            fontsize=_LETTERS,
            color=ink(colour),
            path_effects=[withStroke(linewidth=3, foreground="white")],
            zorder=6,
        )


def _expected(axes: Any, after: pd.Series, place: int) -> None:
    """A bar over the range, at the side of the mean after; a thick line where it is one value."""
    low, high, centre = (float(after[name]) for name in ("expected_low", "expected_high", "expected"))
    if low != low:
        return
    side = place + 0.3
    words = "Expected without any effect"
    middle = centre if centre == centre else (low + high) / 2
    # A narrow range would be a line too thin to see: the stroke is drawn in any case.
    axes.hlines([middle], side - 0.08, side + 0.08, color=_BAND, linewidth=5, zorder=2, label=words)
    axes.bar([side], [high - low], bottom=low, width=0.16, color=_BAND, zorder=2)
    if centre == centre:
        axes.hlines([centre], side - 0.11, side + 0.11, color=GREY, linewidth=1.8, zorder=3)
    told = format_number(centre) if centre == centre else f"{format_number(low)} to {format_number(high)}"
    axes.annotate(
        told,
        xy=(side + 0.12, middle),
        xytext=(2, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=_LETTERS,
        color=GREY,
    )


def _mark(name: str, days: int | None) -> str:
    window = "Window" if days is None else f"{days} days"
    if name in ("before", "after"):
        return f"{window} {name}"
    number = int(name.rpartition("_")[2])
    if days is None:
        return f"{number} window{'s' if number > 1 else ''}\nfurther back"
    return f"{(number + 1) * days} to {number * days + 1}\ndays before"
