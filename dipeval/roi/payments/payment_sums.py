"""The sums behind an outcome contract: how a cohort's total varies, and what is paid for each.

The total of a cohort is binomial (reoffenders), Poisson or negative binomial (reoffences). For each figure the cohort
may be measured against, there is a highest total that still meets the test and a highest total that is paid the most;
between them the payment is a straight line. So every chance, mean and spread is a finite sum and is not simulated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import stats

from dipeval.roi.payments.payment_terms import PaymentTerms

Array = np.ndarray[Any, np.dtype[np.float64]]

# Totals further out than this in either tail are left out.
_TAIL: Final = 1e-14
# A fall of exactly the size asked for meets the test, whatever the last bit of a product says.
_SLACK: Final = 1e-9
_PENCE: Final = 0.004


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """How the outcome of one person varies.

    Parameters
    ----------
    kind
        ``yes_no`` or ``count``.
    dispersion
        Of a count: its variance is mean + dispersion x mean squared.
    """

    kind: str
    dispersion: float = 0.0

    def variance(self, mean: Array) -> Array:
        """Return the variance of one person's outcome."""
        return mean * (1 - mean) if self.kind == "yes_no" else mean + self.dispersion * mean**2

    def cells(self, people: int, mean: float) -> float:
        """Return about how many totals so many people may have, the far tails left out."""
        spread = math.sqrt(people * float(self.variance(np.array(mean))))
        return 20 * spread + 40 * (1 + self.dispersion * mean)

    def total(self, people: int, mean: float) -> Totals:
        """Return how the total of so many people varies."""
        if mean <= 0:
            return Totals(first=0, chances=np.ones(1))
        if self.kind == "yes_no":
            frozen = stats.binom(people, mean)
        elif self.dispersion == 0:
            frozen = stats.poisson(people * mean)
        else:
            frozen = stats.nbinom(people / self.dispersion, 1 / (1 + self.dispersion * mean))
        first, last = max(int(frozen.ppf(_TAIL)) - 1, 0), int(frozen.isf(_TAIL)) + 1
        last = min(last, people) if self.kind == "yes_no" else last
        return Totals(first=first, chances=np.asarray(frozen.pmf(np.arange(first, last + 1)), dtype=np.float64))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Totals:
    """The totals a cohort may have, from `first` on, with the chance of each."""

    first: int
    chances: Array

    @property
    def values(self) -> Array:
        """The totals."""
        return self.first + np.arange(len(self.chances), dtype=np.float64)

    def up_to(self, limit: Array) -> Array:
        """Return the chance of a total up to a limit."""
        return self._prefix(self.chances, limit)

    def moments(self, limit: Array, centre: float) -> tuple[Array, Array, Array]:
        """Return chance, sum and sum of squares of (total - centre) over totals up to a limit."""
        away = self.values - centre
        parts = (self.chances, self.chances * away, self.chances * away**2)
        return tuple(self._prefix(part, limit) for part in parts)  # type: ignore[return-value]

    def _prefix(self, part: Array, limit: Array) -> Array:
        sums = np.concatenate([[0.0], np.cumsum(part)])
        place = np.clip(limit - self.first + 1, 0, len(part)).astype(np.int64)
        return np.asarray(sums[place], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contract:
    """One judgement of one group of people.

    Parameters
    ----------
    terms
        What is paid.
    law
        How outcomes vary.
    people
        People judged at once.
    cohorts
        Cohorts they make up: a payment per cohort, and the most that is paid, are multiplied by it.
    comparison_people
        People they are measured against; None: against a fixed figure.
    baseline
        The figure expected without the programme, on which a fixed yardstick rests.
    at_least
        The fall asked for.
    """

    terms: PaymentTerms
    law: Law
    people: int
    cohorts: int
    comparison_people: int | None
    baseline: float
    at_least: float

    @property
    def most(self) -> float:
        """The most that can be paid; infinite if nothing bounds it."""
        if self.terms.per == "cohort":
            return self.terms.amount * self.cohorts
        return math.inf if self.terms.most is None else self.terms.most * self.cohorts

    def judged(self, without: float, outcome: float) -> Judged:
        """Return how the judgement goes if people would have had one figure without the programme and have another."""
        if self.comparison_people is None:
            yardstick, weights = np.array([self.baseline]), np.ones(1)
        else:
            totals = self.law.total(self.comparison_people, without)
            yardstick, weights = totals.values / self.comparison_people, totals.chances
        met = self._met(yardstick)
        return Judged(
            contract=self,
            yardstick=yardstick,
            weights=weights,
            met=met,
            full=np.minimum(self._full(yardstick), met),
            totals=self.law.total(self.people, outcome),
            centre=self.people * outcome,
        )

    def _met(self, yardstick: Array) -> Array:
        """The highest total that meets the test, for each figure measured against; -1 if none does."""
        expected = self.people * yardstick
        slack = _SLACK * np.maximum(1.0, expected)
        fall = self.at_least * yardstick if self.terms.relative else self.at_least
        enough = np.floor(expected - self.people * fall + slack)
        limit = np.minimum(enough, np.ceil(expected - slack) - 1)
        if self.terms.significant is not None:
            limit = np.minimum(limit, self._significant(yardstick, self.terms.significant))
        return np.maximum(limit, -1.0)

    def _significant(self, yardstick: Array, level: float) -> Array:
        if self.comparison_people is None:
            totals = self.law.total(self.people, self.baseline)
            tail = (1 - level) / 2 * (1 + _SLACK)
            return np.array([totals.first - 1.0 + np.searchsorted(np.cumsum(totals.chances), tail, side="right")])
        error = stats.norm.ppf((1 + level) / 2)
        other = self.law.variance(yardstick) / self.comparison_people
        low, high = np.full(len(yardstick), -1.0), np.ceil(self.people * yardstick)
        # For each comparison the larger the total, the less sure the fall: the last sure one is between low and high.
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            mean = middle / self.people
            fall = yardstick - mean
            own = np.maximum(self.law.variance(mean), 0.0) / self.people
            sure = (fall > 0) & (fall**2 >= error**2 * (own + other))
            moves = high - low > 1
            low, high = np.where(moves & sure, middle, low), np.where(moves & ~sure, middle, high)
        return low

    def _full(self, yardstick: Array) -> Array:
        """The highest total that is paid the most there is."""
        if self.terms.per == "cohort" or math.isinf(self.most):
            return np.full(len(yardstick), -1.0)
        expected = self.people * yardstick
        return np.floor(expected - self.most / self.terms.amount + _SLACK * np.maximum(1.0, expected))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """A judgement with its chances.

    Parameters
    ----------
    contract
        What is judged, by which terms.
    yardstick, weights
        The figures it may be measured against, with their chances.
    met, full
        For each: the highest total that is paid for, and that is paid the most.
    totals
        The totals the people may have.
    centre
        Their mean.
    """

    contract: Contract
    yardstick: Array
    weights: Array
    met: Array
    full: Array
    totals: Totals
    centre: float

    def chance_paid(self) -> float:
        """Return the chance that something is paid."""
        return self._weigh(self.totals.up_to(self.met))

    def mean_and_spread(self) -> tuple[float, float]:
        """Return mean and standard deviation of the payment, in pounds."""
        if self.contract.terms.per == "cohort":
            paid, most = self.chance_paid(), self.contract.most
            return paid * most, most * math.sqrt(max(paid * (1 - paid), 0.0))
        amount = self.contract.terms.amount
        away = self.contract.people * self.yardstick - self.centre
        whole, part = self.totals.moments(self.full, self.centre), self.totals.moments(self.met, self.centre)
        chance, first, second = (up - low for up, low in zip(part, whole, strict=True))
        most = 0.0 if math.isinf(self.contract.most) else self.contract.most
        mean = self._weigh(most * whole[0] + amount * (away * chance - first), cap=False)
        square = self._weigh(most**2 * whole[0] + amount**2 * (away**2 * chance - 2 * away * first + second), cap=False)
        return mean, math.sqrt(max(square - mean**2, 0.0))

    def chance_above(self, pounds: float) -> float:
        """Return the chance that more than so many pounds are paid."""
        if pounds >= self.contract.most:
            return 0.0
        limit = self.met
        if self.contract.terms.per == "fewer":
            line = self.contract.people * self.yardstick - pounds / self.contract.terms.amount
            limit = np.minimum(limit, np.ceil(line - _SLACK * np.maximum(1.0, line)) - 1)
        return self._weigh(self.totals.up_to(limit))

    def quantile(self, share: float) -> float:
        """Return the payment that is not exceeded in this share of contracts, in pounds and pence."""
        if self.chance_above(0.0) <= 1 - share:
            return 0.0
        if self.contract.terms.per == "cohort":
            return self.contract.most
        low, high = 0.0, min(self.contract.most, self._largest())
        while high - low > _PENCE:
            middle = (low + high) / 2
            low, high = (low, middle) if self.chance_above(middle) <= 1 - share else (middle, high)
        return round(high, 2)

    def drawn(self, random: np.random.Generator, draws: int) -> Array:
        """Return so many payments, drawn."""
        total = self.totals.first + _place(self.totals.chances, random.random(draws))
        against = _place(self.weights, random.random(draws)) if len(self.weights) > 1 else np.zeros(draws, np.int64)
        met = total <= self.met[against]
        if self.contract.terms.per == "cohort":
            return np.where(met, self.contract.most, 0.0)
        fewer = self.contract.people * self.yardstick[against] - total
        return np.where(met, np.minimum(self.contract.terms.amount * fewer, self.contract.most), 0.0)

    def _largest(self) -> float:
        fewest = float(self.totals.first)
        return self.contract.terms.amount * max(self.contract.people * float(self.yardstick.max()) - fewest, 0.0)

    def _weigh(self, figures: Array, *, cap: bool = True) -> float:
        found = math.fsum(self.weights * figures)
        return min(max(found, 0.0), 1.0) if cap else max(found, 0.0)


def _place(chances: Array, uniform: Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    found = np.searchsorted(np.cumsum(chances), uniform, side="right")
    return np.minimum(found, len(chances) - 1).astype(np.int64)
