"""The ladder from the effect to offences that count: how many after each step, and which steps are switched on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.plots.money_axis import row_words, rows_axes
from dipeval.plots.style import GREY, TREATED_COLOUR
from dipeval.presenting import MINUS, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = ("label", "on", "offences", "offences_low", "offences_high")
TITLE: Final = "Offences averted after the step; below 0 there were more"
OFF: Final = "switched off"
# The step that is never left out, and the rows whose figure is in pounds.
PEOPLE, SAME_PEOPLE, POUNDS = "people", "those in the effect", ("worth", "benefit")


def ladder_plot(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the offences averted after each step with their interval; a step that is switched off is hollow.

    Parameters
    ----------
    frame
        A row a step, in order: ``label``, ``on`` (whether it is switched on), ``offences``, ``offences_low``,
        ``offences_high`` (after the step; missing where it is none of offences: the row is left out). Used where
        present: ``step`` (its name: those in pounds are left out).
    ax
        Axes to draw on; a new figure without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If no row has offences, or a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"label": ["Effect", "Recorded behind each proven"], "on": [True, False],
    ...     "offences": [50.0, 50.0], "offences_low": [20.0, 20.0], "offences_high": [80.0, 80.0]})
    >>> [text.get_text() for text in ladder_plot(frame).texts]
    ['Effect: 50 (20 to 80)', 'Recorded behind each proven: switched off']
    """
    rows = _checked(frame)
    axes = rows_axes(len(rows), ax)
    axes.axvline(0.0, color=GREY, linewidth=1.4, zorder=2)
    for place, row in enumerate(rows):
        row_words(axes, place, step_in_words(row), faint=not row["on"])
        colour = TREATED_COLOUR if row["on"] else "#6F777B"
        low, high = row["offences_low"], row["offences_high"]
        if math.isfinite(low) and math.isfinite(high):
            axes.hlines([place], low, high, color=colour, linewidth=2.6 if row["on"] else 1.4, zorder=3)
        axes.plot(
            [row["offences"]], [place], "o", markersize=8, zorder=4, markeredgecolor=colour,
            markerfacecolor=colour if row["on"] else "white", markeredgewidth=1.6,
        )  # fmt: skip
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.6g}".replace("-", MINUS))
    axes.set_xlabel(TITLE)
    return axes


def _checked(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InputError(f"The table of steps lacks the column(s) {', '.join(missing)}; this picture needs them.")
    rows = frame[frame["offences"].notna()].to_dict("records")
    rows = [row for row in rows if row.get("step") not in POUNDS]
    if not rows:
        raise InputError("No step has a number of offences to draw.")
    return rows


def step_in_words(row: Mapping[Any, Any]) -> str:
    """Return one step with the offences after it."""
    if not row["on"]:
        return f"{row['label']}: {SAME_PEOPLE if row.get('step') == PEOPLE else OFF}"
    offences = format_number(row["offences"], 0)
    if math.isnan(row["offences_low"]) or math.isnan(row["offences_high"]):
        return f"{row['label']}: {offences}"
    low, high = (format_number(row[name], 0) for name in ("offences_low", "offences_high"))
    return f"{row['label']}: {offences} ({low} to {high})"


def ladder_alt(frame: pd.DataFrame) -> str:
    """Return the picture in words.

    Examples
    --------
    >>> frame = pd.DataFrame({"label": ["Effect"], "on": [True], "offences": [50.0],
    ...     "offences_low": [20.0], "offences_high": [80.0]})
    >>> ladder_alt(frame)
    'Offences averted after each step of the sum, with intervals: Effect: 50 (20 to 80).'
    """
    told = "; ".join(step_in_words(row) for row in _checked(frame))
    return f"Offences averted after each step of the sum, with intervals: {told}."
