"""How likely people are still, and already, under observation: the weights of competing causes.

G is the Kaplan-Meier estimate of not having left observation; whoever leaves at a time leaves after what happens then.
H is the same in reversed time of having entered, where people enter late. Source: Geskus (2011), *Biometrics* 67,
39-49.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dipeval.survival.columns import Flags, Floats, Integers, Rows
from dipeval.survival.hazards.cellwise import product_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clock:
    """Stratum and time as one whole number, a key: looking up in all strata is then one search.

    Parameters
    ----------
    times
        Every distinct time, ascending; 0 within a stratum is before them all, and `width` - 1 after.
    width
        Keys a stratum.
    stratum
        Stratum of each row.
    came, left
        Keys of each row's entry and end.
    """

    times: Floats
    width: int
    stratum: Integers
    came: Integers
    left: Integers

    def time_of(self, keys: Integers) -> Floats:
        """Return the times of keys."""
        return self.times[keys % self.width - 1]


def clock_of(rows: Rows) -> Clock:
    """Number strata and times; people without an entry came before all times."""
    late = np.isfinite(rows.entry)
    times = np.unique(np.concatenate([rows.time, rows.entry[late]]))
    width = len(times) + 2
    came = np.where(late, np.searchsorted(times, rows.entry) + 1, 0)
    start = rows.stratum * width
    return Clock(
        times=times,
        width=width,
        stratum=rows.stratum,
        came=start + came,
        left=start + np.searchsorted(times, rows.time) + 1,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """G and H as steps: keys of the steps and the products up to (G) or from (H) each."""

    leaving: Integers
    staying: Floats
    entering: Integers
    entered: Floats

    def level(self, keys: Integers) -> Integers:
        """Return a number that is the same for two times of a stratum exactly if no step lies between them."""
        return np.searchsorted(self.leaving, keys) + np.searchsorted(self.entering, keys)

    def just_before(self, keys: Integers) -> Floats:
        """Return G(t-) H(t-)."""
        stayed = self.staying[np.searchsorted(self.leaving, keys) - 1]
        return stayed * self.entered[np.searchsorted(self.entering, keys)]


def observation_of(rows: Rows, clock: Clock, happened: Flags) -> Observation:
    """Estimate G and H with case weights, in each stratum.

    Parameters
    ----------
    rows, clock
        Rows and their keys.
    happened
        Whether anything happened; the others left observation.
    """
    strata = np.unique(rows.stratum) * clock.width
    leaving = np.unique(np.concatenate([clock.left[~happened], strata]))
    entering = np.unique(np.concatenate([clock.came, strata + clock.width - 1]))

    def leave(weight: Floats) -> tuple[Floats, Floats]:
        under = _sum_below(clock.came, weight, leaving) - _sum_below(clock.left, weight, leaving)
        return _sum_at(clock.left, weight * ~happened, leaving), under - _sum_at(clock.left, weight * happened, leaving)

    def enter(weight: Floats) -> tuple[Floats, Floats]:
        under = _sum_below(clock.came, weight, entering + 1) - _sum_below(clock.left, weight, entering + 1)
        return _sum_at(clock.came, weight, entering), under

    return Observation(
        leaving=leaving,
        staying=product_of(leaving // clock.width, _factors(leave, rows)),
        entering=entering,
        entered=product_of(entering[::-1] // clock.width, _factors(enter, rows)[::-1])[::-1],
    )


def _factors(count: Callable[[Floats], tuple[Floats, Floats]], rows: Rows) -> Floats:
    """Return 1 - moving / under observation; exactly 0 where all of them move, which weights alone cannot tell."""
    moving, under = count(rows.weight)
    people_moving, people_under = count(np.ones(len(rows)))
    factors = np.ones(len(moving))
    some = people_moving > 0
    factors[some] = 1.0 - moving[some] / under[some]
    factors[some & (people_moving == people_under)] = 0.0
    return factors


def _sum_below(keys: Integers, weight: Floats, at: Integers) -> Floats:
    order = np.argsort(keys, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weight[order])])
    return sums[np.searchsorted(keys[order], at)]


def _sum_at(keys: Integers, weight: Floats, at: Integers) -> Floats:
    return _sum_below(keys, weight, at + 1) - _sum_below(keys, weight, at)
