"""Curves by their definitions, one loop over the times, and their jackknife errors by nudging weights.

Nothing here is shared with the package: columns are entry, time, cause (0 left, 1, 2...), w.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

Figure = Callable[[pd.DataFrame, np.ndarray], float]


def _steps(data: pd.DataFrame, w: np.ndarray, until: float) -> list[tuple[float, float, np.ndarray]]:
    """Time, weight at risk, weight of each cause (from 1), at every time with an event."""
    entry, time, cause = (data[name].to_numpy() for name in ("entry", "time", "cause"))
    found = []
    for t in np.unique(time[cause > 0]):
        if t <= until:
            events = [w[(time == t) & (cause == k)].sum() for k in range(1, int(cause.max()) + 1)]
            found.append((float(t), float(w[(entry < t) & (time >= t)].sum()), np.array(events)))
    return found


def reoffended(until: float) -> Figure:
    """One minus the product-limit estimate, every cause being the event."""

    def figure(data: pd.DataFrame, w: np.ndarray) -> float:
        return 1 - float(np.prod([1 - events.sum() / risk for _, risk, events in _steps(data, w, until)]))

    return figure


def incidence(until: float, cause: int) -> Figure:
    """The share to whom a cause has happened."""

    def figure(data: pd.DataFrame, w: np.ndarray) -> float:
        free, share = 1.0, 0.0
        for _, risk, events in _steps(data, w, until):
            share += free * events[cause - 1] / risk
            free *= 1 - events.sum() / risk
        return float(share)

    return figure


def mean_count(until: float) -> Figure:
    """The mean number of events."""

    def figure(data: pd.DataFrame, w: np.ndarray) -> float:
        return float(sum(events.sum() / risk for _, risk, events in _steps(data, w, until)))

    return figure


def area(horizon: float) -> Figure:
    """The area under the product-limit estimate."""

    def figure(data: pd.DataFrame, w: np.ndarray) -> float:
        free, last, total = 1.0, 0.0, 0.0
        for t, risk, events in _steps(data, w, horizon):
            total += free * (t - last)
            free, last = free * (1 - events.sum() / risk), t
        return total + free * (horizon - last)

    return figure


def derivatives(data: pd.DataFrame, figure: Figure) -> np.ndarray:
    """What nudging each row's weight does to the figure, times the weight."""
    w = data["w"].to_numpy(dtype=float)
    out = np.zeros(len(data))
    for row in range(len(data)):
        nudge = np.zeros(len(data))
        nudge[row] = 1e-5 * w[row]
        out[row] = (figure(data, w + nudge) - figure(data, w - nudge)) / 2e-5
    return out


def by_group(data: pd.DataFrame, figure: Figure) -> tuple[np.ndarray, np.ndarray]:
    """The figure of each group (column g, 0 and 1), and the rows' derivatives: rows by groups."""
    parts = np.zeros((len(data), 2))
    values = np.zeros(2)
    for code in (0, 1):
        own = (data["g"] == code).to_numpy()
        values[code] = figure(data[own], data.loc[own, "w"].to_numpy(dtype=float))
        parts[own, code] = derivatives(data[own], figure)
    return values, parts


def clustered(parts: np.ndarray, data: pd.DataFrame, *clusters: str) -> float:
    """Standard error of a sum over rows with one clustering or two."""
    if not clusters:
        return float(np.sqrt((parts**2).sum()))

    def squares(names: list[str]) -> float:
        return float((pd.Series(parts).groupby([data[n].to_numpy() for n in names]).sum() ** 2).sum())

    total = sum(squares([name]) for name in clusters)
    return float(np.sqrt(total - squares(list(clusters)) if len(clusters) == 2 else total))
