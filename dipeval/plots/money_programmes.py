"""Several programmes on one scale: value less cost a person, each with its interval, none above the others by rank."""

from __future__ import annotations

import math
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.money_axis import pound_axis, row_words, rows_axes, zero_line
from dipeval.plots.style import TREATED_COLOUR
from dipeval.presenting import format_money, three_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = ("programme", "estimate", "conf_low", "conf_high")
# A longer name would run out of the picture: the table beside it has it in full.
LONGEST: Final = 42
TITLE: Final = "Value less cost per person; below 0 it cost more than it was worth"


def programmes_plot(frame: pd.DataFrame, *, title: str = TITLE, ax: Axes | None = None) -> Axes:
    """Draw one figure of every programme with its interval, and a line at 0.

    Parameters
    ----------
    frame
        A row a programme, in the order to be drawn: ``programme``, ``estimate``, ``conf_low``, ``conf_high`` (pounds;
        the last two missing for a figure that is known).
    title
        Of the axis.
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no programme, or a column is missing.

    Notes
    -----
    All are of one colour, and in the order given: a picture sorted by height would be a league table.

    Examples
    --------
    >>> frame = pd.DataFrame({"programme": ["North", "South"], "estimate": [120.0, -40.0],
    ...                       "conf_low": [-80.0, -90.0], "conf_high": [320.0, 10.0]})
    >>> [text.get_text() for text in programmes_plot(frame).texts]
    ['North: £120 (−£80 to £320)', 'South: −£40 (−£90 to £10)']
    """
    rows = _checked(frame)
    axes = rows_axes(len(rows), ax)
    zero_line(axes)
    pound_axis(axes, [row[name] for row in rows for name in COLUMNS[1:]], title)
    for place, row in enumerate(rows):
        row_words(
            axes, place, _in_words({**row, "programme": shorten(str(row["programme"]), LONGEST, placeholder="...")})
        )
        if math.isfinite(row["conf_low"]) and math.isfinite(row["conf_high"]):
            axes.hlines([place], row["conf_low"], row["conf_high"], color=TREATED_COLOUR, linewidth=2.6, zorder=3)
        axes.plot([row["estimate"]], [place], "o", color=TREATED_COLOUR, markersize=8, zorder=4)
    return axes


def _checked(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing or frame.empty:
        what = f"lacks the column(s) {', '.join(missing)}" if missing else "holds none"
        raise InputError(f"The table of programmes {what}; this picture needs a row a programme: {', '.join(COLUMNS)}.")
    return frame[["programme"]].join(frame[list(COLUMNS[1:])].astype("float64")).to_dict("records")


def _in_words(row: dict[Any, Any]) -> str:
    value, low, high = (format_money(three_figures(row[name])) for name in COLUMNS[1:])
    between = "" if math.isnan(row["conf_low"]) else f" ({low} to {high})"
    return f"{row['programme']}: {value}{between}"


def programmes_alt(frame: pd.DataFrame, *, level: float = 0.95) -> str:
    """Return the picture in words.

    Examples
    --------
    >>> frame = pd.DataFrame({"programme": ["North"], "estimate": [120.0], "conf_low": [-80.0], "conf_high": [320.0]})
    >>> programmes_alt(frame)
    'Value less cost per person of each programme, in alphabetical order, with 95% intervals. North: £120 (−£80 to
    £320).'
    """
    told = "; ".join(_in_words(row) for row in _checked(frame))
    return (
        f"Value less cost per person of each programme, in alphabetical order, with {100 * level:g}% intervals. {told}."
    )
