"""How often the rules together signal in a series in which nothing changes, by drawing such series."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from dipeval.indicators.change.limits import D2, Lines, Points, draw_counts
from dipeval.indicators.change.rules import any_signal, zones

DRAWS: Final = 2_000
_SEED = 20_130_401


@lru_cache(maxsize=256)
def false_alarm_share(n: int, n_base: int, kind: str, rules: tuple[str, ...], draws: int = DRAWS) -> float:
    """Return the share of steady series of normal values with a signal, centre and limits estimated as the chart does.

    Parameters
    ----------
    n, n_base
        Points, and baseline points (the first ones).
    kind
        ``plain`` (spread known from the law), ``estimated`` (spread from moving ranges), ``median`` or ``points``.
    rules
        Rules that are looked at.
    draws
        Number of series; the seed is fixed.

    Examples
    --------
    >>> false_alarm_share(20, 20, "points", ())
    0.0
    """
    if kind == "points" or not rules or n == 0:
        return 0.0
    values = np.random.default_rng(_SEED).standard_normal((draws, n))
    return float(_alarmed(values, n_base, kind, rules).mean())


def false_alarm_of_counts(points: Points, line: Lines, chart: str, rules: tuple[str, ...], draws: int = DRAWS) -> float:
    """Return the same for a phase in which few are counted: counts drawn by their law, against the limits as drawn."""
    if not rules:
        return 0.0
    values = draw_counts(points, line, chart, draws, _SEED)
    told = points.denominator > 0
    zone = zones(values, *(getattr(line, name)[told] for name in ("centre", "lower", "upper", "lower_2", "upper_2")))
    joined = np.broadcast_to(np.arange(values.shape[1]) > 0, values.shape)
    adjusted = values / points.factor[told]
    found = np.zeros(draws, dtype=bool)
    for rule in rules:
        found |= any_signal(rule, zone, adjusted, joined)
    return float(found.mean())


def _alarmed(values: np.ndarray, n_base: int, kind: str, rules: tuple[str, ...]) -> np.ndarray:
    base = values[:, :n_base]
    if kind == "median":
        centre, sigma = np.median(base, axis=1), np.full(len(values), np.inf)
    elif kind == "plain":
        centre, sigma = base.mean(axis=1), np.ones(len(values))
    else:
        centre, sigma = base.mean(axis=1), np.abs(np.diff(base, axis=1)).mean(axis=1) / D2
    middle, spread = centre[:, None], sigma[:, None]
    zone = zones(values, middle, middle - 3 * spread, middle + 3 * spread, middle - 2 * spread, middle + 2 * spread)
    joined = np.ones(values.shape, dtype=bool)
    joined[:, 0] = False
    found = np.zeros(len(values), dtype=bool)
    for rule in rules:
        found |= any_signal(rule, zone, values, joined)
    return found
