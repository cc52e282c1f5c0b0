"""The arithmetic of dividing a budget: exact fractions of pence, kept inside bounds, rounded to whole pence.

Each area gets ``factor * share``, never less than its least and never more than its most; the factor is the one number
for which the amounts come to the budget. Everything is done in fractions, so that no figure hangs on how a computer
rounds and the order of the areas cannot matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from dipeval.errors import InvariantError

# Remainders are compared in thousandths of a penny. What is added before the rest is cut off lies on no round figure,
# so that a spreadsheet, which works with 15 digits, cuts where exact fractions do.
PARTS: Final = 1_000
NUDGE: Final = Fraction(3183, 10_000)


def divide(
    shares: Sequence[Fraction], least: Sequence[int], most: Sequence[int], budget: int
) -> tuple[list[Fraction], Fraction]:
    """Divide a budget by need within bounds.

    Parameters
    ----------
    shares
        Shares of need, one an area; not negative.
    least, most
        Bounds in pence; the least must not come to more than the budget, nor the most that can be given out to less.
    budget
        Pence.

    Returns
    -------
    list of Fraction
        Pence, not rounded; they come to the budget.
    Fraction
        The factor: pence for the whole of the need.

    Examples
    --------
    >>> from fractions import Fraction
    >>> amounts, factor = divide([Fraction(1, 2), Fraction(1, 2)], [0, 70], [100, 100], 100)
    >>> [int(amount) for amount in amounts], int(factor)
    ([30, 70], 60)
    """
    factor = _factor(shares, least, most, budget)
    amounts = [_within(factor * share, low, high) for share, low, high in zip(shares, least, most, strict=True)]
    if sum(amounts) != budget:
        raise InvariantError("The amounts do not come to the budget.")
    return amounts, factor


def _within(amount: Fraction, low: int, high: int) -> Fraction:
    return max(Fraction(low), min(Fraction(high), amount))


def _factor(shares: Sequence[Fraction], least: Sequence[int], most: Sequence[int], budget: int) -> Fraction:
    """The factor by which the amounts come to the budget: between two points where an area meets a bound it is linear.

    Where a range of factors gives the same amounts (every area at a bound) the lowest is returned.
    """
    areas = list(zip(shares, least, most, strict=True))
    points = sorted({Fraction(end) / share for share, low, high in areas if share > 0 for end in (low, high)})

    def given(point: Fraction) -> Fraction:
        return sum((_within(point * share, low, high) for share, low, high in areas), Fraction(0))

    first, last = 0, len(points) - 1
    if not points or given(points[last]) < budget:
        raise InvariantError("The budget cannot be given out within these bounds.")
    while first < last:
        middle = (first + last) // 2
        first, last = (first, middle) if given(points[middle]) >= budget else (middle + 1, last)
    end = given(points[first])
    if first == 0 or end == budget:
        return points[first]
    start = given(points[first - 1])
    return points[first - 1] + (budget - start) / (end - start) * (points[first] - points[first - 1])


def to_pence(amounts: Sequence[Fraction], budget: int) -> list[int]:
    """Round amounts to whole pence that come to the budget: the pence left over go to the largest remainders.

    Parameters
    ----------
    amounts
        Pence, in the order in which equal remainders are served.
    budget
        Pence they come to.

    Returns
    -------
    list of int

    Notes
    -----
    The largest remainder is known for paradoxes when several needs change at once. If one need alone rises, it has
    none: every other amount falls or stays while the own rises (an area at a bound stays on whole pence), and each
    whole penny that another area drops below adds one penny to those left over, so that the own place is never lost.

    Examples
    --------
    >>> from fractions import Fraction
    >>> to_pence([Fraction(100, 3)] * 3, 100)
    [34, 33, 33]
    """
    units = [math.floor(PARTS * amount + NUDGE) for amount in amounts]
    whole = [unit // PARTS for unit in units]
    rest = [unit % PARTS for unit in units]
    left = budget - sum(whole)
    if not 0 <= left <= sum(part > 0 for part in rest):
        raise InvariantError("The pence left over are not the sum of the remainders.")
    served = sorted(range(len(units)), key=lambda place: (-rest[place], place))[:left]
    return [pence + (place in set(served)) for place, pence in enumerate(whole)]
