"""One look for every picture: the Analysis Function palette, direct labels, no clock time in the bytes.

Palette: Government Analysis Function, *Data visualisation: colours in charts* (as carried by the afcharts package).
"""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TREATED_COLOUR = "#12436D"
COMPARISON_COLOUR = "#F46A25"
THIRD_COLOUR = "#28A197"
GREY = "#3D3D3D"
PALETTE = (TREATED_COLOUR, COMPARISON_COLOUR, THIRD_COLOUR, "#801650", GREY, "#A285D1")
GROUP_COLOURS = {"treated": TREATED_COLOUR, "comparison": COMPARISON_COLOUR}
GROUP_LINES = {"treated": "-", "comparison": (0, (5, 2))}


def new_axes(width: float = 7.0, height: float = 4.2) -> Axes:
    """Return the Axes of a new figure in the house style, which a notebook shows; no global state is touched."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    ax: Axes = figure.add_subplot(axes_class=_shown_axes())
    tidy(ax)
    return ax


@cache
def _shown_axes() -> type[Axes]:
    """Axes that a notebook shows as a picture when a cell ends with them: pyplot, which does so, is not used."""
    from matplotlib.axes import Axes

    class ShownAxes(Axes):
        def _repr_png_(self) -> bytes:
            return to_png(self)

    return ShownAxes


def tidy(ax: Axes) -> None:
    """Take the box off and draw a light grid behind the data."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="x", color="#DDDDDD", linewidth=0.8)
    ax.set_axisbelow(True)


def ink(colour: str) -> str:
    """Return a darker shade of a colour for words: the palette's orange alone is too pale to read on white.

    Examples
    --------
    >>> ink(COMPARISON_COLOUR)
    '#b74f1b'
    """
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{int(part * 0.75):02x}" for part in parts)


def share_mark(value: float, _: object = None) -> str:
    """Return the mark of an axis with shares on both sides of its zero: no sign, and no rounding to whole per cent.

    Examples
    --------
    >>> share_mark(-0.025), share_mark(0.3)
    ('2.5%', '30%')
    """
    return f"{round(abs(100 * value), 2):g}%"


def to_png(picture: Axes, dpi: int = 120) -> bytes:
    """Return the figure these Axes are on as PNG bytes, with neither time nor library version stamped in."""
    buffer = io.BytesIO()
    figure = picture.get_figure(root=True)
    assert figure is not None
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()
