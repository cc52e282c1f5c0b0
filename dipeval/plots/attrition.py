"""The flow of people into a cohort and on into the two groups compared, with those left out beside the arrows.

After the CONSORT 2010 flow diagram (Schulz, Altman and Moher, BMJ 2010; 340: c332).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, new_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LINE = 74
_MIDDLE, _HALF_WIDTH, _HALF_HEIGHT = 3.6, 3.4, 0.31
_SIDE = 7.3


def attrition_plot(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the steps from the first to the last as boxes with arrows between them.

    Parameters
    ----------
    frame
        One row a step, in order: ``step``, ``label`` and ``n``, which is shown as it stands (released text, such as
        ``"135"`` or ``"[c]"``). A further column ``excluded``, if there, is shown beside the arrow into the step.
    ax
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> steps = pd.DataFrame({"step": ["a", "b"], "label": ["Tested", "Positive"], "n": ["210", "115"]})
    >>> [text.get_text() for text in attrition_plot(steps).texts]
    ['Tested\\n210', 'Positive\\n115']
    """
    axes = new_axes(7.0, 0.72 * len(frame) + 0.2) if ax is None else ax
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(-len(frame) + 0.6, 0.4)
    lost = list(frame["excluded"]) if "excluded" in frame.columns else [None] * len(frame)
    for place, (label, n, gone) in enumerate(zip(frame["label"], frame["n"], lost, strict=True)):
        _box(axes, -place, f"{textwrap.fill(str(label), _LINE)}\n{n}")
        if place:
            _arrow(axes, _MIDDLE, -place + 1 - _HALF_HEIGHT, -place + _HALF_HEIGHT)
            if gone is not None:
                _side(axes, -place + 0.5, f"Left out here: {gone}")
    return axes


def _box(axes: Axes, y: float, text: str) -> None:
    _rectangle(axes, _MIDDLE - _HALF_WIDTH, y - _HALF_HEIGHT, 2 * _HALF_WIDTH, 2 * _HALF_HEIGHT, TREATED_COLOUR)
    axes.text(_MIDDLE, y, text, ha="center", va="center", fontsize=9, color=GREY)


def _rectangle(axes: Axes, x: float, y: float, width: float, height: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y), width, height, facecolor="white", edgecolor=colour, linewidth=1.2))


def _arrow(axes: Axes, x: float, start: float, end: float, size: float = 1.0) -> None:
    shape = {"width": 0.01 * size, "head_width": 0.16 * size, "head_length": 0.12 * size}
    axes.arrow(x, start, 0, end - start, color=GREY, length_includes_head=True, **shape)


def _side(axes: Axes, y: float, text: str) -> None:
    axes.plot([_MIDDLE, _SIDE - 0.1], [y, y], color=GREY, linewidth=0.8)
    axes.text(_SIDE, y, text, ha="left", va="center", fontsize=9, color=GREY)


# The picture in two columns is drawn in inches, narrow enough for its words to be read on a phone.
_WIDTH, _ROW, _PAD, _GAP, _EDGE = 5.0, 0.185, 0.09, 0.26, 0.03
_LEFT, _RIGHT, _ARM = 2.3, 2.5, 2.3
_MAIN_LETTERS, _SIDE_LETTERS, _ARM_LETTERS = 27, 28, 27
_LETTERS = 10


@dataclass(frozen=True, slots=True)
class _Words:
    """A box's words, wrapped, and how high the box must be."""

    text: str
    height: float


def consort_plot(steps: pd.DataFrame, arms: pd.DataFrame | None = None, ax: Axes | None = None) -> Axes:
    """Draw the flow in CONSORT's style: boxes down the left, who was left out and why on the right, then two arms.

    Parameters
    ----------
    steps
        One row a step, in order: ``label`` and ``n`` (what a box says), ``excluded`` and ``reason`` (who was lost at
        the step, and why) and ``box`` (True where the step has a box of its own; the others only stand in the list of
        those left out). All counts are shown as they stand: released text. A step with an empty ``excluded`` is not
        listed. The first and the last step always have a box.
    arms
        One row a group: ``label``, ``n``, ``excluded`` and ``reason`` (left out of this group; empty for nobody) and
        ``analysed`` (empty before there is an analysis: the arm ends with its group). None draws no arms.
    ax
        Axes to draw on; default a new figure, high enough.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> steps = pd.DataFrame({"label": ["Tested", "Eligible"], "n": ["210", "115"], "excluded": ["", "95"],
    ...                       "reason": ["", "in custody"], "box": [True, True]})
    >>> arms = pd.DataFrame({"label": ["Treated", "Comparison"], "n": ["40", "75"], "excluded": ["", "35"],
    ...                      "reason": ["", "not needed"], "analysed": ["40", "40"]})
    >>> [text.get_text().replace("\\n", " / ") for text in consort_plot(steps, arms).texts][:3]
    ['Tested / 210', 'Left out: / 95  in custody', 'Eligible / 115']
    """
    parts = _parts(steps)
    columns = [] if arms is None else [_column(row) for row in arms.to_dict("records")]
    height = sum(box.height + (side.height if side else 0.0) + _GAP for box, side in parts)
    tallest = max((sum(words.height + _GAP for words in column) for column in columns), default=0.0)
    total = height + tallest + (_GAP / 2 if columns else -_GAP)  # the last box has no arrow below it
    axes = new_axes(_WIDTH, total) if ax is None else ax
    axes.set_axis_off()
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(-total, 0)
    bottom = _draw_main(axes, parts)
    if columns:
        _draw_arms(axes, columns, bottom)
    return axes


def _words(lines: Sequence[str]) -> _Words:
    text = "\n".join(lines)
    return _Words(text, (text.count("\n") + 1) * _ROW + 2 * _PAD)


def _parts(steps: pd.DataFrame) -> list[tuple[_Words, _Words | None]]:
    """Each box with the list of those left out on the way to it."""
    rows = steps.to_dict("records")
    parts: list[tuple[_Words, _Words | None]] = []
    lost: list[str] = []
    for place, row in enumerate(rows):
        if row["excluded"]:
            lost += _listed(str(row["excluded"]), str(row["reason"]), _SIDE_LETTERS)
        if row["box"] or place in (0, len(rows) - 1):
            box = _words([*textwrap.wrap(str(row["label"]), _MAIN_LETTERS), str(row["n"])])
            parts.append((box, _words(["Left out:", *lost]) if lost else None))
            lost = []
    return parts


def _listed(count: str, reason: str, letters: int) -> list[str]:
    return textwrap.wrap(f"{count}  {reason}", letters, subsequent_indent="    ", drop_whitespace=True)


def _column(arm: Mapping[Any, Any]) -> list[_Words]:
    column = [_words([*textwrap.wrap(str(arm["label"]), _ARM_LETTERS), str(arm["n"])])]
    if arm["excluded"]:
        column.append(_words(["Left out:", *_listed(str(arm["excluded"]), str(arm["reason"]), _ARM_LETTERS)]))
    return [*column, _words(["Compared", str(arm["analysed"])])] if arm["analysed"] else column


def _draw_main(axes: Axes, parts: Sequence[tuple[_Words, _Words | None]]) -> float:
    """Draw the left column with its side boxes from the top; return how far down it reaches."""
    y, middle = 0.0, _EDGE + _LEFT / 2
    for place, (box, side) in enumerate(parts):
        if place:
            top, way = y, _GAP + (side.height if side else 0.0)
            y -= way
            _arrow(axes, middle, top, y, 0.6)
            if side:
                centre = top - way / 2
                axes.plot([middle, _RIGHT], [centre, centre], color=GREY, linewidth=0.8)
                _put(axes, side, _RIGHT, centre + side.height / 2, _WIDTH - _RIGHT - _EDGE, GREY, centred=False)
        _put(axes, box, _EDGE, y, _LEFT, TREATED_COLOUR)
        y -= box.height
    return y


def _draw_arms(axes: Axes, columns: Sequence[Sequence[_Words]], y: float) -> None:
    fork, lowest = y - _GAP / 2, max(sum(words.height + _GAP for words in column) for column in columns)
    starts = [_EDGE, _WIDTH - _ARM - _EDGE][: len(columns)]
    middles, stem = [start + _ARM / 2 for start in starts], _EDGE + _LEFT / 2
    axes.plot([stem, stem], [y, fork], color=GREY, linewidth=0.8)
    axes.plot([stem, max(middles)], [fork, fork], color=GREY, linewidth=0.8)
    for column, start, middle, colour in zip(
        columns, starts, middles, (TREATED_COLOUR, COMPARISON_COLOUR), strict=False
    ):
        place = fork
        for number, words in enumerate(column):
            # The last boxes of both arms stand side by side.
            top = place - _GAP if number < max(len(column) - 1, 1) else fork - lowest + words.height
            _arrow(axes, middle, place, top, 0.6)
            place = top
            between = 0 < number < len(column) - 1
            _put(axes, words, start, place, _ARM, GREY if between else colour, centred=not between)
            place -= words.height


def _put(axes: Axes, words: _Words, x: float, top: float, width: float, colour: str, *, centred: bool = True) -> None:
    """Draw a box with its words; of lists the words start at the left."""
    _rectangle(axes, x, top - words.height, width, words.height, colour)
    place, side = (x + width / 2, "center") if centred else (x + _PAD, "left")
    axes.text(
        place, top - words.height / 2, words.text, ha=side, va="center", fontsize=_LETTERS, color=GREY, linespacing=1.25
    )
