"""Step curves with their bands, names at the ends of the lines that never overlap, and the line at one time."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.plots import style
from dipeval.plots.survival_axis import Clock, axis_top, dress
from dipeval.plots.survival_mark import Mark, Measure, heading_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

POINT_COLUMNS = ("time_days", "estimate", "conf_low", "conf_high")
_NAME_WIDTH = 20
_BESIDE = 8.0  # points between the end of a line and its name
_LEADER_FROM = 6.0  # a name moved further than this gets a thin line back to its own
_HEAD_LINE = 14.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One curve, rising from zero.

    Parameters
    ----------
    name
        What is written at its end.
    group, cause
        Whose it is, and of what.
    look
        Colour and line style.
    points
        Steps: time_days, estimate, conf_low, conf_high; the last row is where the curve ends.
    """

    name: str
    group: str
    cause: str | None
    look: dict[str, Any]
    points: pd.DataFrame

    @property
    def end(self) -> tuple[float, float]:
        """Time and height of the end of the curve."""
        last = self.points.iloc[-1]
        return float(last["time_days"]), float(last["estimate"])


def points_of(steps: pd.DataFrame, clock: Clock, *, falling: bool) -> pd.DataFrame:
    """Return the points of one curve up to the horizon, closed where its own data stop.

    Parameters
    ----------
    steps
        time_days, estimate, conf_low, conf_high of one curve.
    clock
        The time axis.
    falling
        Whether the estimate is the share to whom it has not happened, to be turned over.

    Returns
    -------
    pandas.DataFrame
        `POINT_COLUMNS`.
    """
    until = min(clock.end, float(steps["time_days"].max()))
    own = steps.loc[steps["time_days"] <= clock.end, list(POINT_COLUMNS)].astype(float)
    if own["time_days"].iloc[-1] < until:
        own = pd.concat([own, own.tail(1).assign(time_days=until)])
    if falling:
        own = own.assign(estimate=1 - own["estimate"], conf_low=1 - own["conf_high"], conf_high=1 - own["conf_low"])
    return own.reset_index(drop=True)


def draw_curves(
    ax: Axes,
    lines: Sequence[Line],
    clock: Clock,
    measure: Measure,
    *,
    places: list[float],
    mark: Mark | None = None,
    test_words: str | None = None,
    top: float | None = None,
) -> None:
    """Draw curves on one set of axes, with everything that stands beside and above them.

    Parameters
    ----------
    ax
        Axes to draw on.
    lines
        The curves.
    clock, measure
        What the axes show.
    places
        Times with a mark on the axis.
    mark
        Values at one time; a line is drawn there.
    test_words
        A test with its name and p-value.
    top
        Top of the upright axis; high enough for the bands if None.
    """
    for line in lines:
        _draw_line(ax, line, clock, alpha=0.16 if len(lines) < 3 else 0.1)
    high = highest(lines) if top is None else top
    dress(ax, clock, top=axis_top(high, percent=measure.percent), percent=measure.percent, places=places)
    beside = mark is not None and _stands_at_the_end(lines, mark)
    if mark is not None:
        _draw_mark(ax, lines, mark, clock)
    _draw_heading(ax, measure.title, heading_lines(mark, measure, clock, test_words=test_words, beside=beside))
    values = {line.group: measure.value(mark.values[line.group][0]) for line in lines} if mark and beside else {}
    if len(lines) > 1 or values:
        _label_ends(ax, lines, clock, values)


def highest(lines: Sequence[Line]) -> float:
    """Return the highest point of the curves and their bands."""
    return max(float(np.nanmax(line.points[["estimate", "conf_high"]].to_numpy())) for line in lines)


def _stands_at_the_end(lines: Sequence[Line], mark: Mark) -> bool:
    """Whether the names at the ends can carry the values: one line a group, all ending at that time."""
    groups = [line.group for line in lines]
    known = all(name in mark.values and not np.isnan(mark.values[name][0]) for name in groups)
    return known and len(set(groups)) == len(groups) and all(line.end[0] <= mark.time for line in lines)


def _draw_line(ax: Axes, line: Line, clock: Clock, *, alpha: float) -> None:
    x = line.points["time_days"].to_numpy() * clock.factor
    low, high = (line.points[name].to_numpy() for name in ("conf_low", "conf_high"))
    ax.fill_between(x, low, high, step="post", color=line.look["color"], alpha=alpha, linewidth=0)
    ax.step(x, line.points["estimate"].to_numpy(), where="post", linewidth=2.0, **line.look)


def _draw_mark(ax: Axes, lines: Sequence[Line], mark: Mark, clock: Clock) -> None:
    place = mark.time * clock.factor
    ax.axvline(place, color=style.GREY, linewidth=1.0, linestyle=(0, (2, 2)), zorder=1.5)
    for line in lines:
        if line.group in mark.values:
            ax.plot(
                [place],
                [mark.values[line.group][0]],
                marker="o",
                markersize=6.5,
                color=line.look["color"],
                markeredgecolor="white",
                clip_on=False,
                zorder=4,
            )


def _draw_heading(ax: Axes, title: str, lines: Sequence[str]) -> None:
    pad = 6.0 + _HEAD_LINE * len(lines)
    ax.set_title(title, loc="left", fontsize=11, color=style.GREY, fontweight="bold", pad=pad)
    for number, words in enumerate(reversed(lines)):
        ax.annotate(
            words,
            xy=(0, 1),
            xycoords="axes fraction",
            xytext=(0, 5.0 + _HEAD_LINE * number),
            textcoords="offset points",
            va="bottom",
            fontsize=10,
            color=style.GREY,
            annotation_clip=False,
        )


def _label_ends(ax: Axes, lines: Sequence[Line], clock: Clock, values: dict[str, str]) -> None:
    """Put each name at the end of its line, moved apart as little as needed where lines end close together."""
    order = sorted(lines, key=lambda line: (line.end[1], line.name))
    words = [_words_at_end(line, values.get(line.group, "")) for line in order]
    first = [_label(ax, line, text, clock) for line, text in zip(order, words, strict=True)]
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # only now is it known how high the axes and the names are
    per_point = figure.dpi / 72
    heights = [label.get_window_extent().height / per_point + 3.0 for label in first]
    box = ax.get_window_extent()
    wanted = [(ax.transData.transform((0, line.end[1]))[1] - box.y0) / per_point for line in order]
    centres = spread(wanted, heights, top=max(box.height / per_point, sum(heights)))
    for label in first:
        label.remove()
    moves = [centre - start for centre, start in zip(centres, wanted, strict=True)]
    beside = _BESIDE * (2 if max(map(abs, moves)) > _LEADER_FROM else 1)
    for line, text, moved in zip(order, words, moves, strict=True):
        _label(ax, line, text, clock, moved, beside)


def spread(wanted: Sequence[float], heights: Sequence[float], *, top: float) -> list[float]:
    """Move the middles of boxes apart so that none overlap, as little as possible in least squares.

    Parameters
    ----------
    wanted
        Middles asked for, from the lowest up.
    heights
        Of the boxes.
    top
        Boxes stay between 0 and here if there is room for all of them.

    Returns
    -------
    list of float

    Examples
    --------
    >>> spread([10, 12, 50], [10, 10, 10], top=100)
    [6.0, 16.0, 50.0]
    """
    # Pooling neighbours that collide: each pool keeps [sum of what its bases ask for, members, height].
    pools: list[list[float]] = []
    for middle, height in zip(wanted, heights, strict=True):
        pools.append([middle - height / 2, 1, height])
        while len(pools) > 1 and _base(pools[-2], top) + pools[-2][2] > _base(pools[-1], top):
            above = pools.pop()
            below = pools[-1]
            pools[-1] = [below[0] + above[0] - above[1] * below[2], below[1] + above[1], below[2] + above[2]]
    done: list[float] = []
    for pool in pools:
        base = _base(pool, top)
        for _ in range(int(pool[1])):
            height = heights[len(done)]
            done.append(base + height / 2)
            base += height
    return done


def _base(pool: list[float], top: float) -> float:
    return float(min(max(pool[0] / pool[1], 0.0), top - pool[2]))


def _words_at_end(line: Line, value: str) -> str:
    name = textwrap.fill(line.name[:1].upper() + line.name[1:], _NAME_WIDTH)
    return f"{name}\n{value}".strip()


def _label(ax: Axes, line: Line, words: str, clock: Clock, moved: float = 0.0, beside: float = _BESIDE) -> Annotation:
    from matplotlib.patheffects import withStroke

    colour = style.ink(line.look["color"])
    leader = {"arrowstyle": "-", "color": colour, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 2, "relpos": (0, 0.5)}
    time, height = line.end
    return ax.annotate(
        words,
        xy=(time * clock.factor, height),
        xytext=(beside, moved),
        textcoords="offset points",
        va="center",
        fontsize=10.5,
        fontweight="bold",
        color=colour,
        annotation_clip=False,
        arrowprops=leader if abs(moved) > _LEADER_FROM else None,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )
