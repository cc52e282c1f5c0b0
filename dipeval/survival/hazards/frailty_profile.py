"""The likelihood with the frailties integrated out, as a function of their variance: its maximum, interval and test.

With d events in a group, the integrated log-likelihood at a variance ``theta`` is the penalised one of
`frailty_penalty` plus, summed over the groups,

    log(1) + log(1 + theta) + ... + log(1 + (d - 1) theta) + d - (1 / theta + d) log(1 + d theta),

which at theta = 0 is the Cox model's. Under Breslow ties it is the likelihood maximised over the baseline hazard; under
Efron ties his partial likelihood takes Breslow's place, as in R. Its slope in theta needs no further fit: at a maximum
over all else, only the terms that hold theta move.

Sources: Therneau and Grambsch (2000), *Modeling Survival Data*, Springer, chapter 9; Nielsen, Gill, Andersen and
Sorensen (1992), *Scandinavian Journal of Statistics* 19, 25-43; Self and Liang (1987), *JASA* 82, 605-610 (the test of
a variance at the edge of what is possible).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats
from dipeval.survival.hazards.frailty_penalty import Grouped, Point, best_at, first_guess, without_frailties

_GRID = (0.0, 0.02, 0.1, 0.3, 0.8, 2.0, 5.0)
_LARGEST = 1e4  # times the number of groups; should one group have all events, the variance in the sample is once it
_PRECISE = 1e-9
_LIMIT_PRECISE = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VarianceFit:
    """Where the integrated likelihood is largest, and how far it carries.

    Parameters
    ----------
    best, cox
        The maximum, and the model without frailties.
    loglik, loglik_cox
        Integrated log-likelihood at both.
    low, high
        Limits of the variance by the profile likelihood; `high` may be infinite.
    """

    best: Point
    cox: Point
    loglik: float
    loglik_cox: float
    low: float
    high: float


def fit_variance(grouped: Grouped, group: str, level: float) -> VarianceFit:
    """Maximise the integrated likelihood over the variance of the frailties.

    Raises
    ------
    EstimationError
        If the likelihood rises for ever with the variance.
    """
    profile = _Profile(grouped=grouped)
    theta = _maximum(profile, group)
    best = best_at(grouped, theta, profile.at(theta)) if theta > 0 else profile.at(theta)
    low, high = _interval(profile, theta, level)
    return VarianceFit(
        best=best, cox=profile.at(0.0), loglik=profile.loglik(theta), loglik_cox=profile.loglik(0.0), low=low, high=high
    )


def integrated_loglik(events: Floats, point: Point) -> float:
    """Return the integrated log-likelihood at a point that is the penalised maximum for its variance."""
    theta = point.theta
    if theta == 0:
        return point.loglik
    number = np.arange(int(events.max()))
    more = len(events) - np.cumsum(np.bincount(events.astype(np.int64)))[: len(number)]  # groups with more events
    grown = np.log1p(theta * events)
    return (
        point.penalised
        + float(more @ np.log1p(theta * number))
        + float((events - grown / theta - events * grown).sum())
    )


def integrated_slope(grouped: Grouped, point: Point) -> float:
    """Return its derivative in the variance; at 0, the score test's numerator."""
    theta, events = point.theta, grouped.events
    if theta == 0:
        return float(((events - grouped.by_group(point.expected)) ** 2 - events).sum()) / 2
    number = np.arange(int(events.max()))
    more = len(events) - np.cumsum(np.bincount(events.astype(np.int64)))[: len(number)]
    first = float(more @ (number / (1 + theta * number)))
    bent = (np.log1p(theta * events) - theta * events) + (np.expm1(point.omega) - point.omega)
    return first + float(bent.sum()) / theta**2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Profile:
    """Fits at the variances asked for so far, without their rows; each starts from its nearest neighbour."""

    grouped: Grouped
    points: dict[float, Point] = field(default_factory=dict)

    @property
    def largest(self) -> float:
        return _LARGEST * self.grouped.size

    def at(self, theta: float) -> Point:
        if theta not in self.points:
            self.points[theta] = self._fit(theta)
        return self.points[theta]

    def loglik(self, theta: float) -> float:
        return integrated_loglik(self.grouped.events, self.at(theta))

    def slope(self, theta: float) -> float:
        return integrated_slope(self.grouped, self.at(theta))

    def _fit(self, theta: float) -> Point:
        if theta == 0:
            return without_frailties(self.grouped)
        fitted = [known for known in self.points if known > 0]
        if not fitted:
            start = first_guess(self.grouped, self.at(0.0), theta)
        else:
            start = self.points[min(fitted, key=lambda known: abs(np.log(known / theta)))]
        # Some forty variances are tried: of each, what is as long as the table is let go.
        return replace(best_at(self.grouped, theta, start), risk=np.empty(0), expected=np.empty(0))


def _maximum(profile: _Profile, group: str) -> float:
    """Look along a grid for where the slope turns from up to down, and settle each such place; 0 counts if it falls."""
    grid = [*_GRID]
    while profile.slope(grid[-1]) > 0:
        if grid[-1] > profile.largest:
            raise EstimationError(
                f"The variance of the frailties of '{group}' has no finite estimate: events come from too few groups "
                "to tell how far the others differ. Use a coarser group, or andersen_gill() with errors by group."
            )
        grid.append(2 * grid[-1])
    found = [0.0] if profile.slope(0.0) <= 0 else []
    for left, right in pairwise(grid):
        if profile.slope(left) > 0 >= profile.slope(right):
            found.append(float(brentq(profile.slope, left, right, xtol=_PRECISE * right, rtol=_PRECISE)))
    return max(found, key=profile.loglik)


def _interval(profile: _Profile, theta: float, level: float) -> tuple[float, float]:
    floor = profile.loglik(theta) - chdtri(1, 1 - level) / 2

    def above(value: float) -> float:
        return profile.loglik(value) - floor

    low = 0.0 if above(0.0) >= 0 else _crossing(above, 0.0, theta)
    inside, outside = theta, max(2 * theta, _GRID[1])
    while above(outside) >= 0:
        if outside > profile.largest:
            return low, float("inf")
        inside, outside = outside, 2 * outside
    return low, _crossing(above, inside, outside)


def _crossing(above: Callable[[float], float], left: float, right: float) -> float:
    return float(brentq(above, left, right, xtol=_LIMIT_PRECISE * right, rtol=_LIMIT_PRECISE))
