"""One forest plot for every table of estimates: headings, intervals written out, columns of counts, a panel a scale.

Differences and ratios, and outcomes in different units, never share an axis: each has a panel of its own, one below
the other. Whatever is told by colour is told by shape or weight of the letters too.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dipeval.errors import InputError
from dipeval.plots.effects import AXIS_LABELS, RATIOS
from dipeval.plots.forest_axis import keep_room, limits, marks
from dipeval.plots.style import GREY, TREATED_COLOUR, new_axes, tidy
from dipeval.presenting import format_interval, format_number
from dipeval.vocabulary import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

REQUIRED: Final = ("label", "estimate", "conf_low", "conf_high")
NOT_ESTIMATED: Final = "not estimated"
FIGURES: Final = "Estimate (interval)"
OWN_SCALE: Final = "Each panel has a scale of its own"
# What the numbers and the title of an axis take below its panel.
AXIS_INCHES: Final = 0.75
WIDEST_LABEL: Final = 44
MANY: Final = 16
_FAINT: Final = "#6F777B"


@dataclass(slots=True, kw_only=True)
class _Panel:
    """The rows of one scale: lines of text and numbers, from the top down."""

    measure: str
    title: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_ratio(self) -> bool:
        return self.measure in RATIOS

    @property
    def scale(self) -> float:
        return 100.0 if self.measure == "risk_difference" else 1.0

    @property
    def null(self) -> float:
        return 1.0 if self.is_ratio else 0.0

    @property
    def numbers(self) -> list[tuple[float, float, float]]:
        return [row["numbers"] for row in self.rows if row["numbers"] is not None]

    @property
    def digits(self) -> int:
        if self.measure == "risk_difference":
            return 1
        sizes = [abs(number) for numbers in self.numbers for number in numbers if math.isfinite(number)]
        largest = max(sizes, default=1.0)
        if largest >= 100:
            return 0
        return 2 if self.is_ratio or largest >= 0.05 else 3


def forest_plot(frame: pd.DataFrame, *, columns: Mapping[str, str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw a dot and an interval a row, the figures written beside it, and a line where the groups fare alike.

    Parameters
    ----------
    frame
        One row an estimate, first row on top: ``label``, ``estimate``, ``conf_low``, ``conf_high`` (missing: said to be
        not estimated). Used where present: ``term`` (the measure: its scale and axis), ``panel`` (rows with the same
        value share an axis; default the measure), ``panel_title`` (what the axis shows; the same within a panel),
        ``heading`` (printed in bold above the first of the rows next to each other that share it), ``heading_note``
        (printed to the right of the heading), ``role`` (a row with "primary" has a diamond and bold letters, one with
        "hollow" an open circle) and ``note`` (printed in place of the figures of a row that is not estimated).
    columns
        Further columns of the frame to print on the right -> their headings.
    ax
        Axes to draw on; default a new figure in the house style, high enough for the rows.

    Returns
    -------
    matplotlib.axes.Axes
        The Axes given or made; where there are several panels they stand inside it.

    Raises
    ------
    InputError
        If the frame is empty or lacks a column, or if a panel holds more than one measure.

    Notes
    -----
    An interval that reaches many times further than most is cut at the edge and ends in an arrow there; its figures
    are written in full.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["Men", "Women"], "term": "risk_difference", "estimate": [-0.05, -0.02],
    ...     "conf_low": [-0.09, -0.10], "conf_high": [-0.01, 0.06], "n": ["800", "210"]})
    >>> axes = forest_plot(frame, columns={"n": "People"})
    >>> [text.get_text() for text in axes.texts if "(" in text.get_text()][:2]
    ['−5.0 (−9.0 to −1.0)', '−2.0 (−10.0 to 6.0)']
    """
    extra = dict(columns or {})
    missing = [name for name in (*REQUIRED, *extra) if name not in frame.columns]
    if missing:
        raise InputError(f"The table of estimates lacks the column(s) {', '.join(missing)}; a forest plot needs them.")
    if not len(frame):
        raise InputError("There is no estimate to draw; give at least one row.")
    panels = _panels(frame, tuple(extra))
    lines = [_height(panel) for panel in panels]
    many = sum(lines) > MANY
    row_inches, font = (0.25, 8.5) if many else (0.34, 10.0)
    if ax is None:
        ax = new_axes(width=9.0, height=0.55 + row_inches * sum(lines) + AXIS_INCHES * len(panels))
    headings = [FIGURES, *extra.values()]
    places = _column_places(panels, headings, font)
    on = [ax] if len(panels) == 1 else _inside(ax, lines, AXIS_INCHES / row_inches, font)
    for axes, panel in zip(on, panels, strict=True):
        tidy(axes)
        _draw(axes, panel, places, font)
    _column_headings(on[0], places, headings, font)
    return ax


def _inside(ax: Axes, lines: Sequence[float], below: float, font: float) -> list[Axes]:
    """Lay panels inside one pair of axes, one below the other: each as high as its rows, with room for its axis."""
    ax.set_axis_off()
    total = sum(lines) + below * (len(lines) - 1)
    top, panels = 1.0, []
    for height in lines:
        panels.append(ax.inset_axes((0.0, top - height / total, 1.0, height / total)))
        top -= (height + below) / total
    ax.text(0.0, 1.01, OWN_SCALE, transform=ax.transAxes, ha="left", va="bottom", fontsize=font - 1, color=_FAINT)
    return panels


def _panels(frame: pd.DataFrame, extra: Sequence[str]) -> list[_Panel]:
    terms = frame["term"].astype(str).tolist() if "term" in frame else [""] * len(frame)
    keys = frame["panel"].astype(str).tolist() if "panel" in frame else terms
    found: dict[str, _Panel] = {}
    for place, (key, term) in enumerate(zip(keys, terms, strict=True)):
        row = frame.iloc[place]
        if key not in found:
            found[key] = _Panel(measure=term, title=str(row.get("panel_title", "") or "") or _title(term))
        panel = found[key]
        if term != panel.measure:
            raise InputError(
                f"One panel holds two measures, {panel.measure} and {term}: they have no axis in common. Give each "
                "measure a panel of its own."
            )
        panel.rows.append(_row(row, panel.scale, extra))
    return list(found.values())


def _title(measure: str) -> str:
    return AXIS_LABELS.get(measure, label(measure)) if measure else ""


def _row(row: pd.Series, scale: float, extra: Sequence[str]) -> dict[str, Any]:
    numbers = tuple(scale * float(row[name]) for name in ("estimate", "conf_low", "conf_high"))
    return {
        "label": textwrap.fill(str(row["label"]), WIDEST_LABEL),
        "numbers": None if math.isnan(numbers[0]) else numbers,
        "heading": _text(row, "heading"),
        "heading_note": _text(row, "heading_note"),
        "role": _text(row, "role"),
        "note": _text(row, "note") or NOT_ESTIMATED,
        "extra": [_text(row, name) for name in extra],
    }


def _text(row: pd.Series, name: str) -> str:
    value = row.get(name, "")
    return "" if value is None or value != value else str(value)


def _headed(panel: _Panel) -> list[bool]:
    """Say before which rows a heading is printed: where it differs from the row above."""
    headings = [row["heading"] for row in panel.rows]
    return [bool(now) and now != before for before, now in zip(["", *headings[:-1]], headings, strict=True)]


def _height(panel: _Panel) -> float:
    """Lines of text in a panel, and the room above and below them."""
    return 0.25 + sum(1.0 + 0.6 * row["label"].count("\n") for row in panel.rows) + 1.15 * sum(_headed(panel))


def _draw(ax: Axes, panel: _Panel, columns: Sequence[float], font: float) -> None:
    low, high = limits(panel.numbers, panel.null, ratio=panel.is_ratio)
    places, y = [], 0.0
    for row, headed in zip(panel.rows, _headed(panel), strict=True):
        if headed:
            y -= 1.15
            _heading(ax, row, y, font)
        tall = 1.0 + 0.6 * row["label"].count("\n")
        y -= tall
        places.append(y + (tall - 1.0) / 2)
        _interval(ax, row, places[-1], low, high)
        _written(ax, panel, row, places[-1], columns, font)
    ax.axvline(panel.null, color=GREY, linewidth=1.2, zorder=1)
    ax.set_yticks(places, [row["label"] for row in panel.rows], fontsize=font)
    for tick, row in zip(ax.get_yticklabels(), panel.rows, strict=True):
        tick.set_fontweight("bold" if row["role"] == "primary" else "normal")
    ax.set_ylim(y - 0.6, -0.35)
    marks(ax, low, high, ratio=panel.is_ratio, empty=not panel.numbers)
    ax.set_xlabel(panel.title, fontsize=font)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=font - 1)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)


def _heading(ax: Axes, row: Mapping[str, Any], y: float, font: float) -> None:
    along = ax.get_yaxis_transform()
    ax.annotate(
        row["heading"], (0.0, y), xycoords=along, xytext=(-4, 0), textcoords="offset points", ha="right", va="center",
        fontsize=font, fontweight="bold",
    )  # fmt: skip
    if row["heading_note"]:
        ax.annotate(
            row["heading_note"], (1.0, y), xycoords=along, xytext=(10, 0), textcoords="offset points", ha="left",
            va="center", fontsize=font - 0.5, fontstyle="italic", color=GREY,
        )  # fmt: skip


def _interval(ax: Axes, row: Mapping[str, Any], y: float, low: float, high: float) -> None:
    """Draw one interval; what lies beyond the axis ends in an arrow at its edge."""
    if row["numbers"] is None:
        return
    estimate, start, end = row["numbers"]
    primary = row["role"] == "primary"
    ax.hlines(y, max(start, low), min(end, high), color=TREATED_COLOUR, linewidth=3.0 if primary else 1.8, zorder=2)
    for outside, edge, marker in ((start < low, low, "<"), (end > high, high, ">")):
        if outside:
            ax.plot([edge], [y], marker, color=TREATED_COLOUR, markersize=7, clip_on=False, zorder=3)
    if low <= estimate <= high:
        ax.plot(
            [estimate], [y], "D" if primary else "o", markersize=8 if primary else 6.5, zorder=4,
            markerfacecolor="white" if row["role"] == "hollow" else TREATED_COLOUR, markeredgecolor=TREATED_COLOUR,
            markeredgewidth=1.6,
        )  # fmt: skip


def _words(panel: _Panel, row: Mapping[str, Any]) -> str:
    if row["numbers"] is None:
        return str(row["note"])
    estimate, low, high = row["numbers"]
    return f"{format_number(estimate, panel.digits)} ({format_interval(low, high, panel.digits)})"


def _column_places(panels: Sequence[_Panel], headings: Sequence[str], font: float) -> list[float]:
    """Return how far right of the axes (in points) each written column starts: as wide as its longest text asks."""
    rows = [(panel, row) for panel in panels for row in panel.rows]
    texts = [[headings[0], *(_words(panel, row) for panel, row in rows if row["numbers"] is not None)]]
    texts += [[words, *(row["extra"][at] for _, row in rows)] for at, words in enumerate(headings[1:])]
    return keep_room(texts, font)


def _written(ax: Axes, panel: _Panel, row: Mapping[str, Any], y: float, columns: Sequence[float], font: float) -> None:
    known = row["numbers"] is not None
    texts = [_words(panel, row), *row["extra"]] if known else [_words(panel, row)]
    for place, words in zip(columns, texts, strict=False):
        ax.annotate(
            words, (1.0, y), xycoords=ax.get_yaxis_transform(), xytext=(place, 0), textcoords="offset points",
            ha="left", va="center", fontsize=font, color="black" if known else _FAINT,
            fontweight="bold" if row["role"] == "primary" else "normal",
        )  # fmt: skip


def _column_headings(ax: Axes, columns: Sequence[float], headings: Sequence[str], font: float) -> None:
    for place, words in zip(columns, headings, strict=True):
        ax.annotate(
            words, (1.0, 1.0), xycoords="axes fraction", xytext=(place, 1), textcoords="offset points", ha="left",
            va="bottom", fontsize=font - 1, color=_FAINT,
        )  # fmt: skip
