"""Invented panels of areas, and the same estimates by the slowest road."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

NEVER = 99
FIRST = 2010


def panel(starts: Sequence[int], periods: int = 6, *, seed: int = 1, effect: float = 0.0) -> pd.DataFrame:
    """Areas with levels of their own, a common trend and noise; starts count from 0, `NEVER` for never."""
    rng = np.random.default_rng(seed)
    start = np.array(starts)
    values = (
        50 + rng.normal(0, 3, len(start))[:, None] + 0.7 * np.arange(periods) + rng.normal(size=(len(start), periods))
    )
    values += effect * (np.arange(periods) >= start[:, None])
    return long(values, start)


def long(values: Any, start: Any) -> pd.DataFrame:
    """Areas by periods as one row each."""
    n, periods = np.shape(values)
    first = np.where(np.asarray(start) < NEVER, FIRST + np.asarray(start, dtype=float), np.nan)
    return pd.DataFrame(
        {
            "area": np.repeat([f"area {place:03}" for place in range(n)], periods),
            "period": np.tile(np.arange(FIRST, FIRST + periods), n),
            "outcome": np.ravel(values),
            "treated_from": np.repeat(first, periods),
        }
    )


def brute(
    frame: pd.DataFrame,
    compare_with: str = "not_yet_treated",
    anticipation: int = 0,
    until: Mapping[str, int] | None = None,
    weights: Mapping[str, float] | None = None,
) -> dict[Any, float]:
    """Every cell and average by loops over rows, from the definitions."""
    value = {(r.area, r.period): r.outcome for r in frame.itertuples()}
    start = {r.area: r.treated_from for r in frame.itertuples()}
    periods, last, weight = sorted(set(frame["period"])), until or {}, weights or dict.fromkeys(start, 1.0)

    def mean(areas: list[str], t: int, base: int) -> float:
        return sum(weight[a] * (value[a, t] - value[a, base]) for a in areas) / sum(weight[a] for a in areas)

    found: dict[Any, float] = {}
    size: dict[Any, float] = {}
    for g in sorted({g for g in start.values() if g == g and g - 1 - anticipation >= periods[0]}):
        base = g - 1 - anticipation
        for t in periods:
            own = [a for a in start if start[a] == g and t <= last.get(a, periods[-1])]
            edge = max(t, base) + anticipation
            other = [a for a in start if start[a] != start[a] or
                     (compare_with == "not_yet_treated" and start[a] > edge and start[a] != g)]  # fmt: skip
            if t != base and own and other:
                found["cell", g, t] = mean(own, t, base) - mean(other, t, base)
                size["cell", g, t] = sum(weight[a] for a in own)
    for name, kept in _averages(found):
        found[name] = sum(found[k] * size[k] for k in kept) / sum(size[k] for k in kept)
    return found


def _averages(found: dict[Any, float]) -> list[tuple[Any, list[Any]]]:
    cells = list(found)
    after = [k for k in cells if k[2] >= k[1]]
    names: list[tuple[Any, list[Any]]] = [(("overall",), after)]
    names += [(("wave", g), [k for k in after if k[1] == g]) for g in sorted({k[1] for k in after})]
    names += [(("event_time", e), [k for k in cells if k[2] - k[1] == e]) for e in sorted({k[2] - k[1] for k in cells})]
    return names
