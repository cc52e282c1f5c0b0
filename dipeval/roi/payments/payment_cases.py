"""What an outcome contract pays in each case: nothing changed, the promised fall, a baseline that was off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from dipeval.roi.payments.payment_sums import Array, Contract, Judged, Law
from dipeval.roi.payments.payment_terms import PaymentTerms

EACH: Final = "each"
TOGETHER: Final = "together"
COLUMNS: Final = (
    "judged", "case", "label", "people", "without", "outcome", "fall", "probability_one_cohort", "probability_paid",
    "probability_unpaid", "expected", "spread", "low", "high", "most", "exact",
)  # fmt: skip
CURVE_COLUMNS: Final = ("judged", "fall", "outcome", "probability_paid", "expected")
SPREAD_COLUMNS: Final = ("judged", "case", "share", "payment")
DRAWS: Final = 100_000
_CURVE: Final = np.linspace(-0.5, 2.0, 51)
_GROWTH: Final = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One state of the world: what would have been without the programme, and what came about."""

    name: str
    label: str
    without: float
    outcome: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A contract with all cohorts it is about.

    Parameters
    ----------
    terms, law
        What is paid; how outcomes vary.
    people, cohorts
        People a cohort; cohorts.
    comparison_people
        Comparison people a cohort; None: a fixed figure is the yardstick.
    baseline
        Figure expected without the programme.
    """

    terms: PaymentTerms
    law: Law
    people: int
    cohorts: int
    comparison_people: int | None
    baseline: float

    @property
    def ways(self) -> tuple[str, ...]:
        """How it may be judged: with one cohort there is one way."""
        return (EACH,) if self.cohorts == 1 else (EACH, TOGETHER)

    def contract(self, judged: str) -> Contract:
        """Return one judgement: of one cohort, or of all taken together."""
        times = self.cohorts if judged == TOGETHER else 1
        return Contract(
            terms=self.terms,
            law=self.law,
            people=self.people * times,
            cohorts=times,
            comparison_people=None if self.comparison_people is None else self.comparison_people * times,
            baseline=self.baseline,
            at_least=self.terms.together if judged == TOGETHER else self.terms.at_least,
        )

    @property
    def most(self) -> float:
        """The most the whole contract can pay; NaN if nothing bounds it."""
        one = self.contract(EACH).most
        if self.comparison_people is None:
            one = min(one, self.terms.amount * self.people * self.baseline if self.terms.per == "fewer" else one)
        elif self.terms.per == "fewer" and self.law.kind == "yes_no":
            one = min(one, self.terms.amount * self.people)
        return self.cohorts * one if math.isfinite(one) else math.nan


def row(deal: Deal, judged: str, case: Case, *, level: float, seed: int) -> dict[str, Any]:
    """Return what a contract pays in a case, by a way of judging."""
    one = deal.contract(judged).judged(case.without, case.outcome)
    times = deal.cohorts if judged == EACH else 1
    chance = one.chance_paid()
    mean, spread = one.mean_and_spread()
    paid = _any_of(chance, times)
    sides = np.array([(1 - level) / 2, (1 + level) / 2])
    low, high = quantiles(one, times, sides, seed=seed)
    return {
        "judged": judged,
        "case": case.name,
        "label": case.label,
        "people": deal.people * deal.cohorts,
        "without": case.without,
        "outcome": case.outcome,
        "fall": case.without - case.outcome,
        "probability_one_cohort": chance,
        "probability_paid": paid,
        "probability_unpaid": (1 - chance) ** times,
        "expected": times * mean,
        "spread": math.sqrt(times) * spread,
        "low": float(low),
        "high": float(high),
        "most": deal.most,
        "exact": not is_drawn(one, times),
    }


def _any_of(chance: float, times: int) -> float:
    """The chance of at least one of so many."""
    return chance if times == 1 or chance == 1 else -math.expm1(times * math.log1p(-chance))


def is_drawn(one: Judged, times: int) -> bool:
    """Return whether the distribution of the payment has no sum of its own: lines of payment, added over cohorts."""
    return times > 1 and one.contract.terms.per == "fewer"


def quantiles(one: Judged, times: int, shares: Array, *, seed: int) -> Array:
    """Return the payments, over all cohorts, that are not exceeded in these shares of contracts."""
    if times == 1:
        return np.array([one.quantile(float(share)) for share in shares])
    if not is_drawn(one, times):
        return np.asarray(stats.binom(times, one.chance_paid()).ppf(shares) * one.contract.most, dtype=np.float64)
    random = np.random.default_rng(seed)
    paid = np.zeros(DRAWS)
    for _ in range(times):
        paid += one.drawn(random, DRAWS)
    return np.round(np.quantile(paid, shares, method="inverted_cdf"), 2)


def curve(deal: Deal, promised: float) -> pd.DataFrame:
    """Return chance and mean of the payment by the true fall, from a rise of half the promise to twice the promise."""
    most = 1.0 if deal.law.kind == "yes_no" else math.inf
    rows = []
    for judged in deal.ways:
        contract, times = deal.contract(judged), deal.cohorts if judged == EACH else 1
        for fall in promised * _CURVE:
            outcome = deal.baseline - fall
            if not -1e-12 <= outcome <= most:
                continue
            one = contract.judged(deal.baseline, max(outcome, 0.0))
            paid = _any_of(one.chance_paid(), times)
            rows.append((judged, float(fall), max(outcome, 0.0), paid, times * one.mean_and_spread()[0]))
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def people_needed(deal: Deal, promised: float, *, wrongly_paid: float, wrongly_unpaid: float, most: int) -> int | None:
    """Return from how many people a cohort on both mistakes are this rare; None if not up to the most that is tried."""
    per_person = None if deal.comparison_people is None else deal.comparison_people / deal.people
    found = None
    for people in reversed(_sizes(most)):
        one = Contract(
            terms=deal.terms,
            law=deal.law,
            people=people,
            cohorts=1,
            comparison_people=None if per_person is None else max(round(per_person * people), 1),
            baseline=deal.baseline,
            at_least=deal.terms.at_least,
        )
        paid = one.judged(deal.baseline, deal.baseline).chance_paid()
        unpaid = 1 - one.judged(deal.baseline, max(deal.baseline - promised, 0.0)).chance_paid()
        if paid > wrongly_paid or unpaid > wrongly_unpaid:
            break
        found = people
    return found


def _sizes(most: int) -> list[int]:
    """Round numbers of people, each about a tenth larger than the one before."""
    sizes, size = [], 10.0
    while size <= most:
        scale = 10 ** max(math.floor(math.log10(size) + 1e-9) - 1, 0)
        sizes.append(int(round(size / scale) * scale))
        size *= _GROWTH
    return sorted(set(sizes))
