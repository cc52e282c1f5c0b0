"""Permuted starts: which areas had the programme when, dealt out again among the same areas (Fisher 1935)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.areas.cells import Cells, Terms, averages, effects, sides
from dipeval.effects.areas.panel import AreaPanel
from dipeval.effects.areas.periods import Ints
from dipeval.effects.areas.spread import Spread

Floats = NDArray[np.float64]

# So many arrangements are looked at one by one; of more, as many as there are draws.
COMPLETE_UP_TO: Final = 2_000
# Numbers held in memory at once.
_AT_ONCE: Final = 2_000_000
_BY_ROUNDING: Final = 1e-9


def permuted(
    panel: AreaPanel,
    cells: Cells,
    terms: Terms,
    estimates: Floats,
    *,
    draws: int,
    seed: int,
    level: float,
    interval: bool,
) -> Spread:
    """Return rank p-values, and for the overall effect the interval of constant effects that are not rejected.

    Parameters
    ----------
    panel, cells, terms
        The areas, and what is estimated from them.
    estimates
        One value a term.
    draws, seed, level
        As in `area_effect`.
    interval
        Whether an interval is wanted.

    Returns
    -------
    Spread
        ``std_error`` is the spread of the estimates over the arrangements.

    Notes
    -----
    Two-sided, by absolute size; the arrangement seen is one of those counted. Areas whose periods after leaving are
    not recorded keep their own start, for another's could not be computed from them.
    """
    arrangements, complete = _arrangements(panel, draws, np.random.default_rng(seed))
    change = panel.values[:, cells.when.period] - panel.values[:, cells.when.base]
    with_programme = _indicator(panel)
    shift = with_programme[:, cells.when.period] - with_programme[:, cells.when.base]
    parts, slopes = [], []
    known = np.where(np.isnan(change), 0.0, change)
    seen = sides(panel.start, panel.until, cells.when)
    at_once = max(1, _AT_ONCE // change.size)
    for first in range(0, len(arrangements), at_once):
        these = arrangements[first : first + at_once]
        own, other = (side[these] for side in seen)
        effect, size = effects(own, other, known, panel.weights)
        parts.append(averages(effect, size, terms))
        if interval:
            effect, size = effects(own, other, shift, panel.weights)
            slopes.append(averages(effect, size, terms)[:, 0])
    drawn = np.concatenate(parts)
    if len(drawn) < 2:
        nothing = np.full(len(estimates), np.nan)
        return Spread(std_error=nothing, conf_low=nothing, conf_high=nothing, p_value=nothing, pre_trend_p=math.nan,
                      draws=len(drawn), complete=complete)  # fmt: skip
    tiny = _BY_ROUNDING * (1 + np.abs(estimates))
    p = (np.abs(drawn) >= np.abs(estimates) - tiny).mean(axis=0)
    low, high = np.full(len(estimates), np.nan), np.full(len(estimates), np.nan)
    if interval:
        low[0], high[0] = _not_rejected(drawn[:, 0], np.concatenate(slopes), float(estimates[0]), level)
    spread = drawn.std(axis=0)
    return Spread(
        std_error=spread,
        conf_low=low,
        conf_high=high,
        p_value=p,
        pre_trend_p=_joint(drawn, estimates, terms.before & (spread > tiny), spread),
        draws=len(drawn),
        complete=complete,
    )


def _joint(drawn: Floats, estimates: Floats, tested: NDArray[np.bool_], spread: Floats) -> float:
    if not tested.any():
        return math.nan
    largest = np.abs(drawn[:, tested] / spread[tested]).max(axis=1)
    seen = np.abs(estimates[tested] / spread[tested]).max()
    return float((largest >= seen * (1 - _BY_ROUNDING)).mean())


def _indicator(panel: AreaPanel) -> Floats:
    """1 where an area has the programme."""
    at = np.arange(panel.n_periods)
    found: Floats = ((at >= panel.start[:, None]) & (at <= panel.until[:, None])).astype("float64")
    return found


def _arrangements(panel: AreaPanel, draws: int, rng: np.random.Generator) -> tuple[Ints, bool]:
    """Rows of places: the area whose start each area is given; the first row is what was seen."""
    n = len(panel.areas)
    seen = np.arange(n)
    free = np.flatnonzero(~np.isnan(panel.values).any(axis=1))
    kinds = np.unique(np.column_stack([panel.start, panel.until])[free], axis=0, return_inverse=True)[1].ravel()
    total = math.factorial(len(free))
    for count in np.bincount(kinds).tolist() if len(free) else []:
        total //= math.factorial(count)
    rows = []
    if total <= COMPLETE_UP_TO:
        holders = {kind: free[kinds == kind].tolist() for kind in range(int(kinds.max(initial=-1)) + 1)}
        for dealt in _deals(kinds.tolist()):
            left = {kind: iter(areas) for kind, areas in holders.items()}
            row = seen.copy()
            row[free] = [next(left[kind]) for kind in dealt]
            rows.append(row)
        return np.array(rows), True
    for _ in range(draws):
        row = seen.copy()
        row[free] = rng.permutation(free)
        rows.append(row)
    return np.array([seen, *rows]), False


def _deals(kinds: list[int]) -> Iterator[tuple[int, ...]]:
    """Return every different order of the kinds, those that are alike not told apart, in the order of a dictionary."""
    now = sorted(kinds)
    while True:
        yield tuple(now)
        rise = next((at for at in range(len(now) - 2, -1, -1) if now[at] < now[at + 1]), None)
        if rise is None:
            return
        swap = next(at for at in range(len(now) - 1, rise, -1) if now[at] > now[rise])
        now[rise], now[swap] = now[swap], now[rise]
        now[rise + 1 :] = now[:rise:-1]


def _not_rejected(drawn: Floats, slopes: Floats, estimate: float, level: float) -> tuple[float, float]:
    """Return the constant effects that the permutation test does not reject; NaN where there are too few arrangements.

    Taking a constant effect c out of the treated periods moves each arrangement's estimate along a line, drawn - c *
    slope, and the one seen to estimate - c. An arrangement counts against rejection where its line is the larger in
    size: between two values of c on either side of the estimate, as its slope is at most 1.
    """
    a, b = slopes**2 - 1, drawn * slopes - estimate
    bends = a < -_BY_ROUNDING
    safe = np.where(bends, a, -1.0)
    root = np.sqrt(np.maximum(b**2 - safe * (drawn**2 - estimate**2), 0.0))
    low = np.where(bends, (b + root) / safe, -np.inf)
    high = np.where(bends, (b - root) / safe, np.inf)
    # The same arrangement under another name, or its mirror image, is never smaller than what was seen.
    needed = math.floor((1 - level) * len(drawn) + _BY_ROUNDING)
    lowest, highest = np.sort(low)[needed], np.sort(high)[::-1][needed]
    return (float(lowest), float(highest)) if math.isfinite(lowest) and math.isfinite(highest) else (math.nan, math.nan)
