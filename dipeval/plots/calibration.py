"""Negative controls by their standard error, the effect among them, and how calibration moves the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm

from dipeval.plots.effects import AXIS_LABELS
from dipeval.plots.forest_axis import marks
from dipeval.plots.style import COMPARISON_COLOUR, GREY, TREATED_COLOUR, ink, new_axes, tidy
from dipeval.vocabulary import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_STEPS = 200


def calibration_plot(
    frame: pd.DataFrame,
    *,
    measure: str,
    mean: float,
    spread: float,
    level: float = 0.95,
    ratio: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw estimates against their standard errors, with the limits of chance before and after calibration.

    Parameters
    ----------
    frame
        estimate, std_error (of the logarithm for a ratio), role (``control`` or ``effect``).
    measure
        What is estimated; a risk difference is shown in percentage points.
    mean, spread
        The systematic error, on the scale of the interval.
    level
        Coverage of the limits.
    ratio
        Whether the measure is a ratio.
    ax
        Axes to draw on; default new ones.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"estimate": [0.02, -0.01, -0.06], "std_error": [0.02, 0.02, 0.02],
    ...     "role": ["control", "control", "effect"]})
    >>> calibration_plot(frame, measure="risk_difference", mean=0.005, spread=0.01).get_ylabel()
    'Standard error'
    """
    ax = ax if ax is not None else new_axes(height=4.8)
    tidy(ax)
    scale = 100.0 if measure == "risk_difference" else 1.0
    top = 1.15 * float(frame["std_error"].max())
    errors = np.linspace(0, top, _STEPS)
    reach = float(norm.ppf(0.5 + level / 2))

    def place(centre: np.ndarray) -> np.ndarray:
        return np.exp(centre) if ratio else scale * centre

    wide = reach * np.sqrt(errors**2 + spread**2)
    high = scale * errors if not ratio else errors
    ax.fill_betweenx(
        high, place(mean - wide), place(mean + wide), color=COMPARISON_COLOUR, alpha=0.18, linewidth=0,
        label="Within chance and the bias seen",
    )  # fmt: skip
    for side in (-1, 1):
        ax.plot(
            place(side * reach * errors), high, color=GREY, linewidth=1.2, linestyle=(0, (5, 3)),
            label="Limits of chance alone" if side == 1 else None,
        )  # fmt: skip
    ax.axvline(1.0 if ratio else 0.0, color=GREY, linewidth=1.2)
    _points(ax, frame, scale, ratio=ratio)
    if ratio:
        ax.set_xscale("log")  # equal distances for equal ratios: the limits are then read off the data
        marks(ax, *ax.get_xlim(), ratio=True, empty=False)
    ax.set_ylim(0, float(high[-1]))
    ax.set_xlabel(AXIS_LABELS.get(measure, label(measure)))
    ax.set_ylabel("Standard error" + (" of the logarithm" if ratio else ""))
    ax.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=2)
    return ax


def _points(ax: Axes, frame: pd.DataFrame, scale: float, *, ratio: bool) -> None:
    """Controls as open circles, the effect as a filled diamond: told apart without colour."""
    across, up = (1.0, 1.0) if ratio else (scale, scale)
    looks: dict[str, dict[str, Any]] = {
        "control": {"marker": "o", "facecolor": "white", "s": 34, "label": "Negative controls"},
        "effect": {"marker": "D", "facecolor": TREATED_COLOUR, "s": 70, "label": "The effect, as estimated"},
    }
    for role, look in looks.items():
        rows = frame[frame["role"] == role]
        edge = TREATED_COLOUR if role == "effect" else ink(COMPARISON_COLOUR)
        ax.scatter(across * rows["estimate"], up * rows["std_error"], edgecolor=edge, linewidth=1.4, zorder=4, **look)
