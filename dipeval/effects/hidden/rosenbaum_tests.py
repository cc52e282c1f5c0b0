"""Tests of treatment within matched pairs, at their worst under a given hidden bias.

Two people with the same covariates may differ in their odds of having been treated by a factor of up to Gamma. Each
test here gives the largest and the smallest p-value this leaves open, and, for numbers, the range of a shift that is
the same for everybody. All ranks are whole or half numbers, whose sums are exact in any row order.

Source: Rosenbaum, P. R. (2002), Observational Studies, 2nd edition, section 4.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm, rankdata

from dipeval.effects.robust import Floats, exact_sum

# Halvings of a range that leave no more than rounding.
HALVINGS = 50


class BiasedTest(Protocol):
    """What a test of treatment can say under hidden bias."""

    @property
    def name(self) -> str:
        """Key of the test in the wording."""
        ...

    @property
    def n_informative(self) -> int:
        """Pairs or sets in which the outcomes differ."""
        ...

    @property
    def higher(self) -> bool:
        """Whether the outcome is higher among the treated, without any bias."""
        ...

    def p_value(self, gamma: float, *, higher: bool, worst: bool = True) -> float:
        """Return the largest (or smallest) one-sided p-value under a bias."""
        ...

    def shift(self, gamma: float) -> tuple[float, float]:
        """Return the range of the Hodges-Lehmann estimate; NaN where there is none."""
        ...

    def explained_by(self, *, higher: bool) -> float:
        """Return the bias at which the whole difference seen is what would be expected."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class McNemar:
    """Pairs of a yes/no outcome of which only one person has it.

    Parameters
    ----------
    treated_only, comparison_only
        Pairs in which only the treated, only the comparison person has the outcome.
    count_observed
        Whether the p-value counts the number of pairs observed itself, as an exact test does.
    """

    treated_only: int
    comparison_only: int
    count_observed: bool = True

    @property
    def name(self) -> str:
        """Key of the test in the wording."""
        return "mcnemar" if self.count_observed else "mcnemar_beyond"

    @property
    def n_informative(self) -> int:
        """Pairs that differ."""
        return self.treated_only + self.comparison_only

    @property
    def higher(self) -> bool:
        """Whether more treated people have the outcome."""
        return self.treated_only >= self.comparison_only

    def p_value(self, gamma: float, *, higher: bool, worst: bool = True) -> float:
        """Return the binomial tail with chance Gamma/(1 + Gamma), or 1/(1 + Gamma), a pair."""
        count = self.treated_only if higher else self.comparison_only
        chance = (gamma if worst else 1.0) / (1 + gamma)
        return float(binom.sf(count - self.count_observed, self.n_informative, chance))

    def shift(self, gamma: float) -> tuple[float, float]:  # noqa: ARG002
        """Return NaN: a yes/no outcome cannot shift by an amount."""
        return math.nan, math.nan

    def explained_by(self, *, higher: bool) -> float:
        """Return the ratio of the two kinds of pairs, at least 1."""
        most, least = self.treated_only, self.comparison_only
        if not higher:
            most, least = least, most
        return max(1.0, most / least) if least else math.inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignedRanks:
    """Differences (treated minus comparison) of the pairs, by Wilcoxon's signed ranks; made by `signed_ranks`.

    Parameters
    ----------
    differences
        Of all pairs, sorted. Pairs that do not differ do not enter the test; they do enter the estimate of the shift.
    positive, total, squares
        Sum of the ranks of the pairs in which the treated person has more, of all ranks, and of their squares.
    """

    differences: Floats
    positive: float
    total: float
    squares: float

    @property
    def name(self) -> str:
        """Key of the test in the wording."""
        return "signed_rank"

    @property
    def n_informative(self) -> int:
        """Pairs that differ."""
        return int(np.count_nonzero(self.differences))

    @property
    def higher(self) -> bool:
        """Whether the ranks of the pairs in which the treated person has more outweigh the others."""
        return 2 * self.positive >= self.total

    def _seen(self, higher: bool) -> float:
        return self.positive if higher else self.total - self.positive

    def p_value(self, gamma: float, *, higher: bool, worst: bool = True) -> float:
        """Return the normal tail of the sum of the ranks that point this way."""
        chance = (gamma if worst else 1.0) / (1 + gamma)
        spread = math.sqrt(chance * (1 - chance) * self.squares)
        return float(norm.sf((self._seen(higher) - chance * self.total) / spread))

    def shift(self, gamma: float) -> tuple[float, float]:
        """Return the shifts after which the signed ranks are what the bias would be expected to give."""
        chance = gamma / (1 + gamma)
        return walsh_average(self.differences, chance), walsh_average(self.differences, 1 - chance)

    def explained_by(self, *, higher: bool) -> float:
        """Return the ratio of the ranks that point this way to the others, at least 1."""
        seen = self._seen(higher)
        return max(1.0, seen / (self.total - seen)) if seen < self.total else math.inf


def signed_ranks(differences: Floats) -> SignedRanks:
    """Rank the differences that are not 0, ties sharing their mean rank.

    Examples
    --------
    >>> found = signed_ranks(np.array([3.0, -1.0, 0.0, 2.0]))
    >>> found.positive, found.total, found.n_informative
    (5.0, 6.0, 3)
    """
    told = differences[differences != 0]
    ranks = np.asarray(rankdata(np.abs(told)), dtype=np.float64)
    return SignedRanks(
        differences=np.sort(differences),
        positive=exact_sum(ranks[told > 0]),
        total=exact_sum(ranks),
        squares=exact_sum(ranks**2),
    )


def walsh_average(differences: Floats, share_above: float) -> float:
    """Return the value that a share of the averages of two differences (each with itself as well) lie above.

    Parameters
    ----------
    differences
        Sorted.
    share_above
        Between 0 and 1; one half gives the Hodges-Lehmann estimate.

    Returns
    -------
    float
        Midway between the two averages where the share falls exactly between them.

    Examples
    --------
    >>> walsh_average(np.array([1.0, 2.0, 6.0]), 0.5)
    2.75
    """
    # Of a count many differences are the same, and only different ones need be looked through.
    values, counts = np.unique(differences, return_counts=True)
    n = len(differences)
    total = n * (n + 1) // 2
    above = share_above * total
    whole = round(above)
    if abs(above - whole) > 1e-9 * total:
        return _walsh_rank(values, counts, total - math.floor(above))
    ends = (min(max(place, 1), total) for place in (total - whole, total - whole + 1))
    return sum(_walsh_rank(values, counts, place) for place in ends) / 2


def _walsh_rank(values: Floats, counts: NDArray[np.intp], rank: int) -> float:
    """Return one of the sorted averages (1: the smallest) without writing them all down."""
    low, high = float(values[0]), float(values[-1])
    below = np.concatenate([[0], np.cumsum(counts)])

    def not_above(end: float) -> float:
        ordered = int(counts @ below[np.searchsorted(values, 2 * end - values, side="right")])
        return (ordered + int(below[np.searchsorted(values, end, side="right")])) / 2

    if not_above(low) >= rank:
        return low
    rounding = 1e-12 * max(abs(low), abs(high))
    while high - low > rounding / 8:
        middle = low + (high - low) / 2
        low, high = (low, middle) if not_above(middle) >= rank else (middle, high)
    # The average that is there, rather than one close to it: what lies within rounding of the end is that average.
    places = np.searchsorted(values, 2 * (low - rounding) - values, side="left")
    there = places < len(values)
    return float(((values[there] + values[places[there]]) / 2).min())


def largest_gamma(holds: Callable[[float], bool], most: float = 1e6) -> float:
    """Return the largest Gamma for which a condition holds that fails from some Gamma on.

    Parameters
    ----------
    holds
        Gamma -> whether it holds.
    most
        Where the search ends.

    Returns
    -------
    float
        1 if it does not hold at 1; infinite if it still holds at `most`.

    Examples
    --------
    >>> round(largest_gamma(lambda gamma: gamma < 2.5), 6), largest_gamma(lambda gamma: False)
    (2.5, 1.0)
    """
    if not holds(1.0):
        return 1.0
    low, high = 1.0, 2.0
    while holds(high):
        low, high = high, 2 * high
        if low > most:
            return math.inf
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
