"""The amounts under other weights: one weight alone between nothing and everything, then all weights on a grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators.funding.formula import Formula
from dipeval.indicators.funding.weights_result import ALL_WEIGHTS, FundingSensitivity

Weights = Mapping[str, Fraction]
# Points of the grid of all weights: more say little more, and each is a whole division of the budget.
MOST_POINTS: Final = 300


def varied(formula: Formula, steps: int) -> FundingSensitivity:
    """Divide the budget again under other weights.

    Parameters
    ----------
    formula
        The formula.
    steps
        Into how many steps a weight is cut between nothing and everything.

    Raises
    ------
    InputError
        If steps is no whole number between 1 and 100.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= 100:
        raise InputError("steps must be a whole number between 1 and 100.")
    names = list(formula.measures)
    sets = {name: list(_alone(formula.weights, name, steps)) for name in names} if len(names) > 1 else {}
    # With the sets above, so that the range of all weights is never narrower than that of one.
    sets[ALL_WEIGHTS] = [*grid(names, _steps(len(names), steps)), *(one for own in sets.values() for one in own)]
    central = formula.divided().pence
    found = {_key(one): _pence(formula, one) for one in {_key(one): one for one in sets[ALL_WEIGHTS]}.values()}
    parts = []
    for name, weights in sets.items():
        points = [(weight, found[_key(weight)]) for weight in weights]
        possible = [(weight, pence) for weight, pence in points if pence is not None]
        parts.append(_ranges(formula, name, [(formula.weights, central), *possible], central))
    return FundingSensitivity(
        need={name: float(weight) for name, weight in formula.weights.items()},
        n_tried=len(found),
        n_impossible=sum(pence is None for pence in found.values()),
        _frame=pd.concat(parts, ignore_index=True),
    )


def _key(weights: Weights) -> tuple[Fraction, ...]:
    return tuple(weights.values())


def grid(names: list[str], steps: int) -> Iterator[Weights]:
    """Yield every set of weights that are whole numbers of steps and add up to 1.

    Examples
    --------
    >>> [[str(weight) for weight in one.values()] for one in grid(["tests", "crime"], 2)]
    [['0', '1'], ['1/2', '1/2'], ['1', '0']]
    """
    for bars in combinations(range(steps + len(names) - 1), len(names) - 1):
        ends = (-1, *bars, steps + len(names) - 1)
        yield {name: Fraction(ends[place + 1] - ends[place] - 1, steps) for place, name in enumerate(names)}


def _steps(n: int, steps: int) -> int:
    while steps > 1 and comb(steps + n - 1, n - 1) > MOST_POINTS:
        steps -= 1
    return steps


def _alone(weights: Weights, name: str, steps: int) -> Iterator[Weights]:
    """One weight from 0 to 1, the others in their proportions; in equal parts where all of them are 0."""
    others = {other: weight for other, weight in weights.items() if other != name}
    if not any(others.values()):
        others = dict.fromkeys(others, Fraction(1))
    total = sum(others.values())
    for step in range(steps + 1):
        own = Fraction(step, steps)
        yield {other: own if other == name else (1 - own) * others[other] / total for other in weights}


def _pence(formula: Formula, weights: Weights) -> list[int] | None:
    """The amounts, or None where areas without need leave no way of giving the budget out."""
    try:
        return formula.divided(weights).pence
    except InputError:
        return None


def _ranges(formula: Formula, name: str, points: list[tuple[Weights, list[int]]], central: list[int]) -> pd.DataFrame:
    rows = []
    for place, area in enumerate(formula.areas):
        own = [pence[place] for _, pence in points]
        low, high = min(own), max(own)
        at = {end: points[own.index(end)][0].get(name) for end in (low, high)}
        rows.append(
            {
                "varied": name,
                "area": area,
                "amount": central[place] / 100,
                "amount_low": low / 100,
                "amount_high": high / 100,
                "share": central[place] / formula.budget,
                "share_low": low / formula.budget,
                "share_high": high / formula.budget,
                "weight_low": None if at[low] is None else float(at[low] or 0),
                "weight_high": None if at[high] is None else float(at[high] or 0),
            }
        )
    kinds = {"weight_low": "float64", "weight_high": "float64"}
    return pd.DataFrame(rows).astype(kinds)
