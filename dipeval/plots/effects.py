"""Forest-style picture of estimates: a dot and an interval a row, written out beside it, and the line of equality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from dipeval.errors import InputError
from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_interval, format_number, format_percent
from dipeval.vocabulary import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

REQUIRED: Final = ("term", "group", "estimate", "conf_low", "conf_high")
RATIOS: Final = ("risk_ratio", "odds_ratio", "rate_ratio", "hazard_ratio")
AXIS_LABELS: Final[dict[str, str]] = {
    "risk_difference": "Treated minus comparison, percentage points",
    "risk_ratio": "Share among treated over share among comparison (ratio scale)",
    "odds_ratio": "Odds among treated over odds among comparison (ratio scale)",
    "mean_difference": "Treated minus comparison, difference in means",
    "rate_ratio": "Rate among treated over rate among comparison (ratio scale)",
    "hazard_ratio": "Hazard among treated over hazard among comparison (ratio scale)",
    "rmst_difference": "Treated minus comparison, mean days free of the event",
}


def effect_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw one dot and interval a row, with the numbers written beside them and a line where the groups fare alike.

    Parameters
    ----------
    frame
        Columns ``term`` (one measure only), ``group``, ``estimate``, ``conf_low``, ``conf_high``; a column ``label``
        is used for the row names if present, otherwise the labels of ``group``. First row on top.
    ax
        Axes to draw on; default a new figure in the house style.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the frame is empty, lacks a column or mixes measures.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"term": ["risk_difference"], "group": ["reoffended"], "estimate": [-0.058],
    ...     "conf_low": [-0.09], "conf_high": [-0.026]})
    >>> effect_plot(frame).get_xlabel()
    'Treated minus comparison, percentage points'
    """
    measure = _measure(frame)
    ax = ax if ax is not None else new_axes(width=8.0, height=1.3 + 0.45 * len(frame))
    ratio, scale = measure in RATIOS, 100.0 if measure == "risk_difference" else 1.0
    rows = list(range(len(frame)))[::-1]
    values = {name: (scale * frame[name]).astype("float64").tolist() for name in ("estimate", "conf_low", "conf_high")}
    ax.axvline(1.0 if ratio else 0.0, color=GREY, linewidth=1.2, zorder=1)
    ax.hlines(rows, values["conf_low"], values["conf_high"], color=TREATED_COLOUR, linewidth=2.2, zorder=2)
    ax.plot(values["estimate"], rows, "o", color=TREATED_COLOUR, markersize=8, zorder=3)
    if ratio:
        _ratio_axis(ax, values)
    digits = _digits(measure, values)
    for row, *numbers in zip(rows, values["estimate"], values["conf_low"], values["conf_high"], strict=True):
        words = f"{format_number(numbers[0], digits)} ({format_interval(numbers[1], numbers[2], digits)})"
        # Beside the axes, level with its row: no line can run through the figures.
        ax.text(1.03, row, words, transform=ax.get_yaxis_transform(), va="center", ha="left", fontsize=10)
    ax.set_yticks(rows, _labels(frame))
    ax.set_ylim(-0.6, len(frame) - 0.4)
    ax.set_xlabel(AXIS_LABELS.get(measure, label(measure)))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)
    return ax


def _ratio_axis(ax: Axes, values: dict[str, list[float]]) -> None:
    """Equal distances for equal ratios, with plain numbers at a few round places inside the intervals."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ax.set_xscale("log")
    low, high = min([*values["conf_low"], 1.0]) / 1.05, max([*values["conf_high"], 1.0]) * 1.05
    places = (0.1, 0.2, 0.4, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 4, 10)
    ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(FixedLocator([place for place in places if low <= place <= high]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def _measure(frame: pd.DataFrame) -> str:
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise InputError(f"The table of effects lacks the column(s) {', '.join(missing)}; use effects_frame().")
    measures = sorted(set(frame["term"]))
    if len(measures) != 1:
        found = ", ".join(map(str, measures)) or "none"
        raise InputError(f"A picture shows one measure, and the table holds {found}; draw each measure apart.")
    return str(measures[0])


def _labels(frame: pd.DataFrame) -> Sequence[str]:
    if "label" in frame.columns:
        return [str(words) for words in frame["label"]]
    return [label(str(name)) for name in frame["group"]]


def _digits(measure: str, values: dict[str, list[float]]) -> int:
    if measure == "risk_difference":
        return 1
    return 0 if max(map(abs, [*values["conf_low"], *values["conf_high"]])) >= 100 else 2


def true_means_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the mean outcome of the same people with and without treatment; known for simulated people only.

    Parameters
    ----------
    frame
        One row: term (the measure), estimate, mean_treated, mean_untreated.
    ax
        Axes to draw on; default a new figure in the house style.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"term": ["mean_difference"], "estimate": [-0.5], "mean_treated": [2.0],
    ...     "mean_untreated": [2.5]})
    >>> [text.get_text() for text in true_means_plot(frame).texts]
    ['2.00', '2.50']
    """
    ax = ax if ax is not None else new_axes(height=2.4)
    tidy(ax)
    measure, with_it, without = frame.iloc[0][["term", "mean_treated", "mean_untreated"]]
    as_share = measure != "mean_difference"
    ax.barh([1, 0], [with_it, without], height=0.6, color=[TREATED_COLOUR, COMPARISON_COLOUR])
    for row, mean in ((1, with_it), (0, without)):
        words = format_percent(mean) if as_share else format_number(mean)
        ax.text(1.02, row, words, transform=ax.get_yaxis_transform(), va="center", ha="left", fontsize=10)
    ax.set_yticks([1, 0], ["With early\ntreatment", "Without early\ntreatment"])
    ax.set_ylim(-0.6, 1.6)
    ax.tick_params(axis="y", length=0)
    if as_share:
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.set_xlabel(
        "Share who reoffended, the same people in both worlds"
        if as_share
        else "Mean outcome, the same people in both worlds"
    )
    return ax
