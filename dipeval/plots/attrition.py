"""The flow of people into a cohort, one box a step, those lost beside the arrow.

After the CONSORT 2010 flow diagram (Schulz, Altman and Moher, BMJ 2010; 340: c332).
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from dipeval.plots.style import GREY, TREATED_COLOUR, new_axes

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
            _arrow(axes, -place)
            if gone is not None:
                _side(axes, -place + 0.5, f"Left out here: {gone}")
    return axes


def _box(axes: Axes, y: float, text: str) -> None:
    from matplotlib.patches import Rectangle

    corner = (_MIDDLE - _HALF_WIDTH, y - _HALF_HEIGHT)
    axes.add_patch(
        Rectangle(corner, 2 * _HALF_WIDTH, 2 * _HALF_HEIGHT, facecolor="white", edgecolor=TREATED_COLOUR, linewidth=1.2)
    )
    axes.text(_MIDDLE, y, text, ha="center", va="center", fontsize=9, color=GREY)


def _arrow(axes: Axes, y: float) -> None:
    start, end = y + 1 - _HALF_HEIGHT, y + _HALF_HEIGHT
    shape = {"width": 0.01, "head_width": 0.16, "head_length": 0.12, "length_includes_head": True}
    axes.arrow(_MIDDLE, start, 0, end - start, color=GREY, **shape)


def _side(axes: Axes, y: float, text: str) -> None:
    axes.plot([_MIDDLE, _SIDE - 0.1], [y, y], color=GREY, linewidth=0.8)
    axes.text(_SIDE, y, text, ha="left", va="center", fontsize=9, color=GREY)
