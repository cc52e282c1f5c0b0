"""Rules that say a series is not steady, on zones: which side of the centre a point lies, and how far out.

Zones are 0 (on the centre), 1 (on a side), 2 (beyond two sigma) and 3 (beyond the limits), with the sign of the side.
Everything works along the last axis, for one series or for thousands of invented ones. Sources: Nelson (1984),
*The Shewhart control chart: tests for special causes*; Anhøj and Olesen (2014), *Run charts revisited*, PLoS ONE 9(11).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from scipy import stats

Array = np.ndarray
CONTROL_RULES: Final = ("outside", "two_of_three", "run_of_8", "trend_of_6")
RUN_RULES: Final = ("longest_run", "crossings")
RULES: Final = (*CONTROL_RULES, *RUN_RULES)
NEED_LIMITS: Final = ("outside", "two_of_three")
RUN: Final = 8
TREND: Final = 6
# A value computed in another order of sums is still on its line.
_SAME = 1e-12


def zones(value: Array, centre: Array, lower: Array, upper: Array, lower_2: Array, upper_2: Array) -> Array:
    """Return the zone of each point; comparisons with a missing limit are false.

    Examples
    --------
    >>> zones(np.array([5.0, 6.0, 9.0, 1.0]), 5.0, 2.0, 8.0, 3.0, 7.0)
    array([ 0,  1,  3, -3])
    """
    room = _SAME * np.maximum(1.0, np.abs(centre))
    above = (value > centre + room).astype(int) + (value > upper_2 + room) + (value > upper + room)
    below = (value < centre - room).astype(int) + (value < lower_2 - room) + (value < lower - room)
    return np.asarray(above - below)


def run_lengths(sides: Array) -> Array:
    """Return how long the run on one side is at each point; a point on the centre neither adds to it nor ends it.

    Examples
    --------
    >>> run_lengths(np.array([1, 1, 0, 1, -1]))
    array([1, 2, 2, 3, 1])
    """
    signs = np.sign(sides)
    lengths = np.zeros(signs.shape, dtype=int)
    last = np.zeros(signs.shape[:-1], dtype=int)
    length = np.zeros(signs.shape[:-1], dtype=int)
    for place in range(signs.shape[-1]):
        now = signs[..., place]
        length = np.where(now == 0, length, np.where(now == last, length + 1, 1))
        last = np.where(now == 0, last, now)
        lengths[..., place] = length
    return lengths


def trend_lengths(values: Array, joined: Array) -> Array:
    """Return how many points in a row rise (above 0) or fall (below 0) up to each; a tie or a gap starts anew.

    Parameters
    ----------
    values
        Points.
    joined
        Whether each point follows the one before without a gap (the first never does).

    Examples
    --------
    >>> trend_lengths(np.array([1.0, 2.0, 3.0, 2.0, 2.0]), np.array([False, True, True, True, True]))
    array([ 1,  2,  3, -2,  1])
    """
    lengths = np.ones(values.shape, dtype=int)
    for place in range(1, values.shape[-1]):
        step = np.sign(np.round(values[..., place] - values[..., place - 1], 12)).astype(int) * joined[..., place]
        before = lengths[..., place - 1]
        goes_on = (np.sign(before) == step) & (np.abs(before) > 1)
        lengths[..., place] = np.where(step == 0, 1, np.where(goes_on, before + step, 2 * step))
    return lengths


def two_of_three(zone: Array) -> Array:
    """Return where a point is the second of three in a row beyond two sigma on the same side."""
    found = np.zeros(zone.shape, dtype=bool)
    for side in (1, -1):
        out = side * zone >= 2
        earlier = np.zeros(zone.shape, dtype=bool)
        earlier[..., 1:] |= out[..., :-1]
        earlier[..., 2:] |= out[..., :-2]
        found |= out & earlier
    return found


@cache
def longest_allowed(n: int) -> int:
    """Longest run that chance is allowed among n points off the centre: round(log2 n) + 3.

    Examples
    --------
    >>> longest_allowed(24), longest_allowed(12)
    (8, 7)
    """
    return round(np.log2(n)) + 3 if n > 0 else 0


@cache
def crossings_wanted(n: int) -> int:
    """Fewest crossings of the centre that chance is expected to give: the 5% point of a binomial of n - 1 coins.

    Examples
    --------
    >>> crossings_wanted(24), crossings_wanted(12)
    (8, 3)
    """
    return int(stats.binom.ppf(0.05, n - 1, 0.5)) if n > 1 else 0


def crossings(sides: Array) -> Array:
    """Return how often a series crosses its centre.

    Examples
    --------
    >>> crossings(np.array([1, 0, -1, -1, 1]))
    array(2)
    """
    lengths = run_lengths(sides)
    # A new run starts where the length is 1 at a point off the centre; the first run crosses nothing.
    starts = ((lengths == 1) & (np.sign(sides) != 0)).sum(axis=-1)
    return np.asarray(np.maximum(starts - 1, 0))


def any_signal(rule: str, zone: Array, values: Array, joined: Array) -> Array:
    """Return for each series whether a rule signals anywhere in it."""
    if rule == "outside":
        return np.asarray((np.abs(zone) >= 3).any(axis=-1))
    if rule == "two_of_three":
        return np.asarray(two_of_three(zone).any(axis=-1))
    if rule == "run_of_8":
        return np.asarray((run_lengths(zone) >= RUN).any(axis=-1))
    if rule == "trend_of_6":
        return np.asarray((np.abs(trend_lengths(values, joined)) >= TREND).any(axis=-1))
    useful = (zone != 0).sum(axis=-1)
    if rule == "longest_run":
        return np.asarray(run_lengths(zone).max(axis=-1, initial=0) > _each(longest_allowed, useful))
    return np.asarray(crossings(zone) < _each(crossings_wanted, useful))


def _each(bound: object, useful: Array) -> Array:
    counts = np.atleast_1d(useful)
    found = {int(n): bound(int(n)) for n in np.unique(counts)}  # type: ignore[operator]
    return np.array([found[int(n)] for n in counts.ravel()]).reshape(np.shape(useful))
