"""What stands beside the effect on areas: two-way fixed effects as a warning, and how far trends may differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.areas.cells import Cells, Terms
from dipeval.effects.areas.panel import AreaPanel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWay:
    """A regression on area and period effects.

    Parameters
    ----------
    estimate
        Coefficient of having the programme.
    n_negative
        Treated area-periods that enter it with a negative weight.
    n_treated
        Treated area-periods.
    """

    estimate: float
    n_negative: int
    n_treated: int


def two_way(panel: AreaPanel) -> TwoWay:
    """Return what two-way fixed effects would give for the same areas and periods.

    Parameters
    ----------
    panel
        The areas.

    Returns
    -------
    TwoWay

    Notes
    -----
    Goodman-Bacon (2021): areas that have had the programme for long serve as comparison there. By the theorem of
    Frisch, Waugh and Lovell the estimate weighs each value by what is left of treatment after area and period effects;
    treated area-periods where that is negative count the wrong way round (de Chaisemartin & D'Haultfoeuille 2020).
    """
    n, periods = panel.values.shape
    area, period = (part.ravel() for part in np.indices((n, periods)))
    used = (np.arange(periods)[None, :] <= panel.until[:, None]).ravel()
    treated = (np.arange(periods)[None, :] >= panel.start[:, None]).ravel()[used].astype("float64")
    area, period, value = area[used], period[used], panel.values.ravel()[used]
    root = np.sqrt(panel.weights[area])
    dummies = np.zeros((len(value), n + periods))
    dummies[np.arange(len(value)), area] = 1.0
    dummies[np.arange(len(value)), n + period] = 1.0
    fitted = np.linalg.lstsq(dummies * root[:, None], treated * root, rcond=None)[0]
    left = treated - dummies @ fitted
    whole = float((root**2 * left * treated).sum())
    estimate = float((root**2 * left * value).sum()) / whole if whole > 1e-10 * len(value) else float("nan")
    negative = (left < -1e-10) & (treated > 0)
    return TwoWay(estimate=estimate, n_negative=int(negative.sum()), n_treated=int(treated.sum()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """How large a break from parallel trends would have to be, against the largest seen before the start.

    Parameters
    ----------
    largest_before
        Largest difference in change between two neighbouring periods before the start, in size.
    reach
        How often such a difference is added up in the overall effect if every step after the start has one.
    of_estimate
        Multiple of the largest at which the estimate is reached.
    of_interval
        Multiple at which the interval is stretched to equality; 0 if it includes equality, NaN without an interval.
    """

    largest_before: float
    reach: float
    of_estimate: float
    of_interval: float


def breakdown(
    cells: Cells,
    effect: Floats,
    size: Floats,
    terms: Terms,
    *,
    estimate: float,
    low: float,
    high: float,
    anticipation: int,
) -> Breakdown | None:
    """Return the breakdown value by relative magnitudes; None with fewer than two periods before every start.

    Parameters
    ----------
    cells, effect, size
        With the effect and weight of each.
    terms
        The first is the overall effect.
    estimate, low, high
        Overall effect and its interval.
    anticipation
        As in `area_effect`.

    Returns
    -------
    Breakdown or None

    Notes
    -----
    Relative magnitudes as in Rambachan & Roth (2023), in its simplest form: no step after the start departs from
    parallel trends by more than a multiple of the largest step before it, all in one direction, so that the bias of
    the effect e periods after the start is at most (e + 1 + anticipation) times that. Steps before the start are
    compared within the same waves. That they are themselves estimated is not allowed for.
    """
    largest = _largest_step(cells, effect, size, anticipation)
    if largest is None:
        return None
    weights = size * terms.cells[:, 0]
    reach = float((weights * (cells.event_time + 1 + anticipation)).sum() / weights.sum())
    whole = largest * reach
    nearest = float("nan") if low != low else max(0.0, low, -high)
    per_step = [float("inf") if whole == 0 and value > 0 else value / whole if whole else 0.0
                for value in (abs(estimate), nearest)]  # fmt: skip
    return Breakdown(largest_before=largest, reach=reach, of_estimate=per_step[0], of_interval=per_step[1])


def _largest_step(cells: Cells, effect: Floats, size: Floats, anticipation: int) -> float | None:
    """Largest difference between neighbouring times before the start, over the waves that have both."""
    base = -1 - anticipation
    known = {(int(w), int(e)): (float(v), float(s)) for w, e, v, s in
             zip(cells.when.wave, cells.event_time, effect, size, strict=True) if e < base}  # fmt: skip
    steps: dict[int, list[tuple[float, float]]] = {}
    for (wave, time), (value, weight) in known.items():
        later = 0.0 if time + 1 == base else known.get((wave, time + 1), (None, 0.0))[0]
        if later is not None:
            steps.setdefault(time, []).append((later - value, weight))
    sizes = [abs(sum(d * w for d, w in found) / sum(w for _, w in found)) for found in steps.values()]
    return max(sizes, default=None)
