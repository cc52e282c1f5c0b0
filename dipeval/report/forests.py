"""Forest plots for a page: no wider than a reader with a narrow screen can bear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.plots.forest import forest_plot
from dipeval.plots.style import to_png

if TYPE_CHECKING:
    import pandas as pd

# Inches: the narrower the picture, the larger its letters on a phone; but long labels need room.
NARROW, WIDE, LONG_LABEL = 7.0, 9.0, 24


def forest_png(frame: pd.DataFrame) -> bytes:
    """Return a forest plot of released figures as PNG bytes.

    Parameters
    ----------
    frame
        As `dipeval.plots.forest.forest_plot` takes it; every figure finished for release.

    Returns
    -------
    bytes
    """
    axes = forest_plot(frame)
    figure = axes.get_figure(root=True)
    assert figure is not None
    wide = frame["label"].str.len().max() > LONG_LABEL
    figure.set_size_inches(WIDE if wide else NARROW, figure.get_figheight())
    return to_png(axes)
