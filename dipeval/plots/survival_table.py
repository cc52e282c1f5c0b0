"""The table under the axis of curves: how many people are still followed, have reoffended, have left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.plots import style
from dipeval.plots.survival_axis import Clock, limit_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RISK_COLUMNS = ("group", "time_days", "at_risk", "events", "censored")
EVENTS_OF = "events: "
HEADINGS = {
    "at_risk": "Still followed",
    "n_effective": "Effective sample size",
    "events": "Reoffended",
    "censored": "Left",
}
LINE_INCHES = 0.2
_FONT = 9.5
_LETTER = 5.3  # width of a letter of that font, in points
_TO_THE_AXIS = 24.0


def risk_table(frame: pd.DataFrame, times: Sequence[float]) -> pd.DataFrame:
    """Count, at regular times, the people still followed, those who have reoffended and those who have left.

    Parameters
    ----------
    frame
        Steps of curves: group, time_days, n_at_risk, n_events, n_censored (as `Curve.to_frame` gives them) and, for
        weighted curves, n_effective.
    times
        Times within the follow-up, in the unit of the frame.

    Returns
    -------
    pandas.DataFrame
        group, time_days, at_risk (followed up to that time without reoffending by then), events (reoffended by then),
        censored (left before it). Without late entry the three add up to the group at every time; counts are people.
        Where `n_effective` differs from the people at risk, so that the curves are weighted, also n_effective: the
        effective sample size, (sum of weights) squared over the sum of squared weights, of those at risk at that
        time, less the proportion who reoffended at that very time.

    Examples
    --------
    >>> steps = pd.DataFrame({"group": "all", "time_days": [0, 2, 5], "n_at_risk": [4, 4, 2],
    ...                       "n_events": [0, 1, 1], "n_censored": [0, 1, 1]})
    >>> risk_table(steps, [0, 2, 5])
      group  time_days  at_risk  events  censored
    0   all        0.0        4       0         0
    1   all        2.0        3       1         0
    2   all        5.0        1       2         1
    """
    asked = _asked(times)
    parts = [_risk_rows(str(name), steps, asked) for name, steps in frame.groupby("group", sort=False)]
    return _without_idle_size(pd.concat(parts, ignore_index=True), frame)


def incidence_table(frame: pd.DataFrame, times: Sequence[float]) -> pd.DataFrame:
    """Count, at regular times, the people still followed, those to whom each cause happened and those who have left.

    Parameters
    ----------
    frame
        Steps of cumulative incidence: group, cause, time_days, n_at_risk, n_events, n_censored and, for weighted
        curves, n_effective. Counts of those at risk and of those who left are of the group, the same for each cause.
    times
        Times within the follow-up, in the unit of the frame.

    Returns
    -------
    pandas.DataFrame
        group, time_days, at_risk, a column ``events: <cause>`` for each cause, censored, and n_effective as in
        `risk_table`.

    Examples
    --------
    >>> steps = pd.DataFrame({"group": "all", "cause": ["died", "died", "reoffended", "reoffended"],
    ...                       "time_days": [0, 2, 0, 2], "n_at_risk": 4, "n_events": [0, 1, 0, 2],
    ...                       "n_censored": [0, 1, 0, 1]})
    >>> incidence_table(steps, [0, 2]).drop(columns=["group", "censored"])
       time_days  at_risk  events: died  events: reoffended
    0        0.0        4             0                   0
    1        2.0        1             1                   2
    """
    asked = _asked(times)
    causes = [str(cause) for cause in frame["cause"].unique()]
    parts = []
    for name, own in frame.groupby("group", sort=False):
        sizes = [column for column in ("n_at_risk", "n_censored", "n_effective") if column in own]
        steps = own.groupby("time_days")[sizes].max().assign(n_events=own.groupby("time_days")["n_events"].sum())
        rows = _risk_rows(str(name), steps.reset_index(), asked)
        for cause in causes:
            mine = own[own["cause"].astype(str) == cause]
            rows[EVENTS_OF + cause] = _cumulated(mine["time_days"], mine["n_events"], asked)
        parts.append(rows.drop(columns="events"))
    table = _without_idle_size(pd.concat(parts, ignore_index=True), frame)
    size = [column for column in ("n_effective",) if column in table]
    return table[["group", "time_days", "at_risk", *size, *(EVENTS_OF + cause for cause in causes), "censored"]]


def count_table(frame: pd.DataFrame, times: Sequence[float]) -> pd.DataFrame:
    """Count, at regular times, the people under observation and the events so far: for mean cumulative counts.

    Parameters
    ----------
    frame
        Steps of mean cumulative counts: group, time_days, n_at_risk, n_events and, if weighted, n_effective.
    times
        Times within the follow-up, in the unit of the frame.

    Returns
    -------
    pandas.DataFrame
        group, time_days, at_risk (people under observation just before that time: a person in custody is not),
        events (number of events so far: a person may have several), and n_effective as in `risk_table`.
    """
    asked = _asked(times)
    parts = []
    for name, own in frame.groupby("group", sort=False):
        at = np.minimum(np.searchsorted(own["time_days"].to_numpy(dtype=float), asked, side="left"), len(own) - 1)
        rows = pd.DataFrame({"group": str(name), "time_days": asked, "at_risk": own["n_at_risk"].to_numpy()[at]})
        rows["events"] = _cumulated(own["time_days"], own["n_events"], asked)
        if "n_effective" in own:
            rows["n_effective"] = own["n_effective"].to_numpy(dtype=float)[at]
        parts.append(rows)
    return _without_idle_size(pd.concat(parts, ignore_index=True), frame)


def is_weighted(frame: pd.DataFrame) -> bool:
    """Say whether the effective sample size of a frame of steps differs from its people."""
    if "n_effective" not in frame:
        return False
    people, size = (frame[name].to_numpy(dtype=float) for name in ("n_at_risk", "n_effective"))
    return not np.allclose(size[np.isfinite(size)], people[np.isfinite(size)], rtol=1e-9)


def _asked(times: Sequence[float]) -> np.ndarray:
    asked = np.asarray(list(times), dtype=float)
    if (asked < 0).any():
        raise InputError("Times of the table must be 0 or later.")
    return asked


def _cumulated(clock: pd.Series, counts: pd.Series, asked: np.ndarray) -> np.ndarray:
    totals = np.concatenate([[0], np.cumsum(counts.to_numpy())])
    return np.asarray(totals[np.searchsorted(clock.to_numpy(dtype=float), asked, side="right")])


def _without_idle_size(table: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    if "n_effective" not in table:
        return table
    return table if is_weighted(frame) else table.drop(columns="n_effective")


def _risk_rows(name: str, steps: pd.DataFrame, asked: np.ndarray) -> pd.DataFrame:
    clock = steps["time_days"].to_numpy(dtype=float)
    people = steps["n_at_risk"].to_numpy()
    events = np.cumsum(steps["n_events"].to_numpy())
    left = np.cumsum(steps["n_censored"].to_numpy())
    gone = events + left
    # People who had entered before the step after each step: at risk there, plus those gone up to here.
    entered = np.append(people[1:] + gone[:-1], gone[-1])
    upto = np.searchsorted(clock, asked, side="right") - 1
    before = np.searchsorted(clock, asked, side="left")
    censored = np.concatenate([[0], left])[before]
    at_risk = entered[upto] - events[upto] - censored
    rows = {"group": name, "time_days": asked, "at_risk": at_risk, "events": events[upto], "censored": censored}
    if "n_effective" in steps:
        here = np.minimum(before, len(clock) - 1)
        size = steps["n_effective"].to_numpy(dtype=float)[here]
        rows["n_effective"] = size * np.minimum(at_risk / np.maximum(people[here], 1), 1.0)
    return pd.DataFrame(rows)


def headings(table: pd.DataFrame) -> dict[str, str]:
    """Return what stands before each row of a group, in order: column -> words."""
    shown = {column: words for column, words in HEADINGS.items() if column in table}
    left = shown.pop("censored", None)
    causes = [str(column) for column in table if str(column).startswith(EVENTS_OF)]
    shown |= {column: upper(column.removeprefix(EVENTS_OF)) for column in causes}
    return shown if left is None else {**shown, "censored": left}


def upper(name: str) -> str:
    """Return a name with a capital first letter; the only group of all is "Everyone"."""
    return "Everyone" if name == "all" else name[:1].upper() + name[1:]


def table_inches(table: pd.DataFrame | None) -> float:
    """Return the height a picture needs for its table."""
    return 0.0 if table is None else LINE_INCHES * table["group"].nunique() * (len(headings(table)) + 1.25)


def draw_table(
    ax: Axes, table: pd.DataFrame, clock: Clock, colours: dict[str, str], own_words: dict[str, str] | None = None
) -> None:
    """Write the table below the axis, in points, so that its lines stay apart whatever the figure's height.

    Parameters
    ----------
    ax
        Axes below which it stands.
    table
        group, time_days and the columns of `headings`; cells may be text.
    clock
        The time axis.
    colours
        Group -> colour, in the order of the groups.
    own_words
        Column -> heading, where it is not that of `headings`.
    """
    limit_time(ax, clock)  # cells stand at their times, which must lie on the axis before anything is measured
    rows = {column: (own_words or {}).get(column, words) for column, words in headings(table).items()}
    line = 72 * LINE_INCHES
    # Names and headings start at one edge and names run on over the cells' columns: a long one needs no room.
    edge = -_TO_THE_AXIS - _LETTER * max(len(words) for words in rows.values())
    y = -36.0 - line
    for name, colour in colours.items():
        own = table[(table["group"].astype(str) == name) & (table["time_days"].astype(float) <= clock.end)]
        _write(ax, 0.0, (edge, y), upper(name), ha="left", fontweight="bold", color=style.ink(colour))
        for column, heading in rows.items():
            y -= line
            _write(ax, 0.0, (edge, y), heading, ha="left")
            for when, cell in zip(own["time_days"], own[column], strict=True):
                _write(ax, float(when) * clock.factor, (0, y), cell_words(cell), ha="center")
        y -= 1.25 * line


def _write(ax: Axes, x: float, offset: tuple[float, float], words: str, **look: Any) -> None:
    look = {"va": "center", "fontsize": _FONT, "color": style.GREY, **look}
    ax.annotate(
        words,
        xy=(x, 0),
        xycoords=("data", "axes fraction"),
        xytext=offset,
        textcoords="offset points",
        annotation_clip=False,
        **look,
    )


def cell_words(value: Any) -> str:
    """Return a cell of the table as it is written."""
    if isinstance(value, str):
        return value
    return "" if pd.isna(value) else f"{float(value):,.0f}"
