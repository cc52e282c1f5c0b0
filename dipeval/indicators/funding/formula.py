"""What a funding formula is made of: needs and weights, floors and ceilings, and how far money may move in one year."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from dipeval.errors import InputError
from dipeval.indicators.funding.dividing import divide, to_pence
from dipeval.presenting import format_money

# Where a figure of pounds turns into pence, digits beyond the sixth are those of the computer.
_DIGITS: Final = 10**6
FLOOR, CEILING, TRANSITION, FREE = "floor", "ceiling", "transition", ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Formula:
    """One funding formula, checked, areas by name.

    Parameters
    ----------
    areas
        Names, in alphabetical order.
    measures
        Measure of need -> its figure in each area.
    weights
        Measure -> weight; they add up to 1.
    budget
        Pence.
    floors, ceilings
        As given, one an area, None without: a figure up to 1 is a share of the budget, above it pounds.
    previous
        Pence of the year before, None where not known.
    max_fall, max_rise
        Shares of the previous amount by which it may fall and rise at the most; None without.
    """

    areas: tuple[str, ...]
    measures: Mapping[str, tuple[Fraction, ...]]
    weights: Mapping[str, Fraction]
    budget: int
    floors: tuple[Fraction | None, ...]
    ceilings: tuple[Fraction | None, ...]
    previous: tuple[int | None, ...]
    max_fall: Fraction | None
    max_rise: Fraction | None

    def shares(self, weights: Mapping[str, Fraction] | None = None) -> list[Fraction]:
        """Return the share of the need of each area: the weighted sum of its shares of every measure."""
        weights = self.weights if weights is None else weights
        totals = {name: sum(values) for name, values in self.measures.items()}
        return [
            sum((weights[name] * values[place] / totals[name] for name, values in self.measures.items()), Fraction(0))
            for place in range(len(self.areas))
        ]

    def least(self) -> list[tuple[int, str]]:
        """Return the least each area gets in pence, and why."""
        return [_tightest(self._low_ends(place), highest=True, default=0) for place in range(len(self.areas))]

    def most(self) -> list[tuple[int, str]]:
        """Return the most each area gets in pence, and why; the budget where nothing says so."""
        return [
            _tightest(self._high_ends(place), highest=False, default=self.budget) for place in range(len(self.areas))
        ]

    def divided(self, weights: Mapping[str, Fraction] | None = None) -> Divided:
        """Divide the budget.

        Parameters
        ----------
        weights
            Other weights than the formula's.

        Raises
        ------
        InputError
            If the bounds leave no way of dividing this budget.
        """
        shares, least, most = self.shares(weights), self.least(), self.most()
        self._check(shares, least, most)
        lows, highs = [end for end, _ in least], [end for end, _ in most]
        amounts, factor = divide(shares, lows, highs, self.budget)
        bounds = [
            low[1] if factor * share < low[0] else high[1] if factor * share > high[0] else FREE
            for share, low, high in zip(shares, least, most, strict=True)
        ]
        return Divided(shares=shares, amounts=amounts, pence=to_pence(amounts, self.budget), bounds=bounds)

    def _low_ends(self, place: int) -> list[tuple[int, str]]:
        ends = []
        floor, before = self.floors[place], self.previous[place]
        if floor is not None:
            ends.append((_up(self._pence(floor)), FLOOR))
        if before is not None and self.max_fall is not None:
            ends.append((_up(before * (1 - self.max_fall)), TRANSITION))
        return ends

    def _high_ends(self, place: int) -> list[tuple[int, str]]:
        ends = []
        ceiling, before = self.ceilings[place], self.previous[place]
        if ceiling is not None:
            ends.append((_down(self._pence(ceiling)), CEILING))
        if before is not None and self.max_rise is not None:
            ends.append((_down(before * (1 + self.max_rise)), TRANSITION))
        return ends

    def _pence(self, figure: Fraction) -> Fraction:
        return figure * self.budget if figure <= 1 else 100 * figure

    def _check(self, shares: list[Fraction], least: list[tuple[int, str]], most: list[tuple[int, str]]) -> None:
        crossed = [
            f"{area} must get at least {_pounds(low)} ({low_why}) and at most {_pounds(high)} ({high_why}), "
            f"{_pounds(low - high)} less"
            for area, (low, low_why), (high, high_why) in zip(self.areas, least, most, strict=True)
            if low > high
        ]
        if crossed:
            raise InputError(
                f"The bounds contradict each other: {'; '.join(crossed)}. Lower the floor, raise the ceiling, or widen "
                "max_fall or max_rise."
            )
        needed = sum(end for end, _ in least)
        if needed > self.budget:
            raise InputError(
                f"The least that the areas must get comes to {_pounds(needed)}, {_pounds(needed - self.budget)} more "
                f"than the budget of {_pounds(self.budget)}: {_who(self.areas, least)}. Lower the floors, let amounts "
                "fall further (max_fall), or raise the budget."
            )
        # An area without need gets no more than its floor, whatever its ceiling.
        ends = [high if share > 0 else low for share, low, high in zip(shares, least, most, strict=True)]
        possible = sum(end for end, _ in ends)
        if possible < self.budget:
            raise InputError(
                f"The most that the areas may get comes to {_pounds(possible)}, so {_pounds(self.budget - possible)} "
                f"of the budget of {_pounds(self.budget)} cannot be given out: {_who(self.areas, ends)}. Raise the "
                "ceilings, let amounts rise further (max_rise), or lower the budget."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Divided:
    """What a formula gives: shares of need, amounts in pence before and after rounding, what bound each area."""

    shares: list[Fraction]
    amounts: list[Fraction]
    pence: list[int]
    bounds: list[str]


def _tightest(ends: list[tuple[int, str]], *, highest: bool, default: int) -> tuple[int, str]:
    if not ends:
        return default, FREE
    return max(ends, key=lambda end: end[0]) if highest else min(ends, key=lambda end: end[0])


def _up(pence: Fraction) -> int:
    return math.ceil(Fraction(round(pence * _DIGITS), _DIGITS))


def _down(pence: Fraction) -> int:
    return math.floor(Fraction(round(pence * _DIGITS), _DIGITS))


def _pounds(pence: int) -> str:
    return format_money(pence / 100, 0 if pence % 100 == 0 else 2)


def _who(areas: tuple[str, ...], ends: list[tuple[int, str]]) -> str:
    named = [f"{area} {_pounds(end)} ({why})" for area, (end, why) in zip(areas, ends, strict=True) if why]
    return ", ".join(named) or "none has a bound"
