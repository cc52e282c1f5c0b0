"""Every figure that is drawn as a row of a frame, so that a picture can be drawn again from data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dipeval.plots.survival_axis import Clock
from dipeval.plots.survival_lines import POINT_COLUMNS, Line
from dipeval.plots.survival_mark import Mark
from dipeval.plots.survival_table import cell_words


def figures_of(lines: Sequence[Line], clock: Clock) -> pd.DataFrame:
    """Return the points of curves as drawn: element "curve", group, cause, time_days, time_shown, estimate, limits."""
    parts = [
        line.points.assign(element="curve", group=line.group, cause=line.cause or "", words=line.name) for line in lines
    ]
    return _ordered(pd.concat(parts, ignore_index=True), clock)


def mark_figures(mark: Mark | None, clock: Clock, *, cause: str = "") -> pd.DataFrame:
    """Return what is read off at one time as figures: elements "mark" and "difference"."""
    if mark is None:
        return _ordered(pd.DataFrame(columns=["element", "group", "cause", *POINT_COLUMNS, "words"]), clock)
    rows = [("mark", name, *values) for name, values in mark.values.items()]
    rows += [("difference", name, *values) for name, values in mark.differences.items()]
    out = pd.DataFrame(rows, columns=["element", "group", "estimate", "conf_low", "conf_high"])
    return _ordered(out.assign(time_days=mark.time, cause=cause, words=""), clock)


def table_figures(table: pd.DataFrame | None, clock: Clock, rows: dict[str, str]) -> pd.DataFrame:
    """Return the cells of the table as figures: element names the row, words are the cell as written."""
    if table is None:
        return mark_figures(None, clock)
    own = table[table["time_days"].astype(float) <= clock.end]
    parts = [
        pd.DataFrame(
            {
                "element": column,
                "group": own["group"].astype(str),
                "cause": "",
                "time_days": own["time_days"].astype(float),
                "estimate": np.nan,
                "conf_low": np.nan,
                "conf_high": np.nan,
                "words": [cell_words(value) for value in own[column]],
            }
        )
        for column in rows
    ]
    return _ordered(pd.concat(parts, ignore_index=True), clock)


def _ordered(frame: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    shown = frame["time_days"].astype(float) * clock.factor
    columns = ["element", "group", "cause", "time_days", "time_shown", *POINT_COLUMNS[1:], "words"]
    return frame.assign(time_shown=shown)[columns]
