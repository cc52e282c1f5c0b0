"""How many wrong links of the worst kind would turn the conclusion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from dipeval.effects.links.linked_people import Analysis, Answer, LinkedPeople, run
from dipeval.errors import DipevalError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Who in words, which people, the value they would then have.
Case = tuple[str, Bools, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingPoint:
    """The number of wrong links of one kind that brings the interval to equality.

    Parameters
    ----------
    kind
        ``missed_links`` or ``false_links``.
    who
        The people whose links would have to be wrong, in words.
    n_people
        How many of them, to within 2%; None if none of the numbers tried would do.
    n_among
        How many such people there are.
    n_expected
        How many people the linkage itself expects to have a link of that kind wrong, of whatever outcome.
    n_tried
        The largest number tried that would not do; less than ``n_among`` with ``n_people`` missing if the analysis
        can no longer be made with more.
    """

    kind: str
    who: str
    n_people: int | None
    n_among: int
    n_expected: float
    n_tried: int | None = None


def tipping_points(
    analysis: Analysis,
    linked: LinkedPeople,
    values: Floats,
    answer: Answer,
    *,
    level: float,
    expected: dict[str, float],
    seed: int,
) -> tuple[TippingPoint, ...]:
    """Find the tipping points of missed and of false links.

    Errors that fall on everybody alike draw an estimate towards equality, so only errors that depend on the outcome
    can overturn it: links missed (or made falsely) for exactly those people whose outcome speaks for the treatment's
    effect. That is the worst case. Which people those are is tried out, for of some measures more is better (days
    without an offence); who among them comes first is drawn. The number is found by halving, to within 2%, which takes
    the estimate to move one way as more people are moved; where people are matched it does so only roughly.

    Parameters
    ----------
    analysis, linked, values, answer
        The analysis, its people, the column as the point linkage has it, and the estimate.
    level
        Coverage of the interval.
    expected
        Kind -> people with a wrong link of that kind, as the linkage itself expects.
    seed
        Chooses among people who are alike.

    Returns
    -------
    tuple of TippingPoint
        Empty if the interval includes equality already.
    """
    sign = side(answer, level)
    if sign == 0:
        return ()
    order = np.random.default_rng(seed).permutation(len(values))
    search = _Search(analysis=analysis, linked=linked, values=values, order=order, sign=sign, level=level)
    found = []
    for kind, cases in _cases(linked, values, sign).items():
        case = min(cases, key=search.moved_by)
        n_people, n_tried = search.smallest(case)
        found.append(
            TippingPoint(
                kind=kind,
                who=case[0],
                n_people=n_people,
                n_among=int(case[1].sum()),
                n_expected=expected[kind],
                n_tried=n_tried,
            )
        )
    return tuple(found)


def side(answer: Answer, level: float) -> int:
    """Return on which side of equality the interval lies: -1, 1, or 0 if it includes equality."""
    reach = float(norm.ppf(0.5 + level / 2)) * answer.std_error
    return int(answer.estimate - reach > 0) - int(answer.estimate + reach < 0)


def _cases(linked: LinkedPeople, values: Floats, sign: int) -> dict[str, tuple[Case, Case]]:
    """Kind -> the two groups of people who could be meant, the likelier first."""
    if linked.role == "outcome":
        treated, word = linked.frame[linked.others[0]].to_numpy() > 0, "outcome"
        groups = [("treated", treated), ("comparison", ~treated)][::-sign]
        missed = [(f"{name} people without a linked {word}", who & (values == 0), 1.0) for name, who in groups]
        false = [(f"{name} people with a linked {word}", who & (values > 0), 0.0) for name, who in groups[::-1]]
        return {"missed_links": (missed[0], missed[1]), "false_links": (false[0], false[1])}
    name = "event" if "event" in linked.others else linked.others[0]
    outcome = linked.frame[name].to_numpy(dtype="float64")
    if np.isin(outcome, (0.0, 1.0)).all():
        high, words = outcome > 0, ("with the outcome", "without the outcome")
    else:
        high, words = outcome > np.median(outcome), ("with an outcome above the median", "with no more than the median")
    treated = values > 0
    groups = [(words[0], high), (words[1], ~high)][::-sign]
    missed = [(f"comparison people {word}", ~treated & who, 1.0) for word, who in groups]
    false = [(f"treated people {word}", treated & who, 0.0) for word, who in groups[::-1]]
    return {"missed_links": (missed[0], missed[1]), "false_links": (false[0], false[1])}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The analysis with the links of some people changed."""

    analysis: Analysis
    linked: LinkedPeople
    values: Floats
    order: NDArray[np.int64]
    sign: int
    level: float

    def _with(self, case: Case, n: int) -> Answer | None:
        _, members, replacement = case
        changed = self.values.copy()
        changed[self.order[members[self.order]][:n]] = replacement
        try:
            return run(self.analysis, self.linked.with_values(changed))
        except DipevalError:
            return None

    def moved_by(self, case: Case) -> float:
        """Return the estimate, away from equality positive, with a tenth of these people moved."""
        n = int(case[1].sum())
        answer = self._with(case, max(n // 10, 1)) if n else None
        return math.inf if answer is None else self.sign * answer.estimate

    def smallest(self, case: Case) -> tuple[int | None, int]:
        """Halve the range: the number that does (None: none found), and the largest tried that does not."""

        def turned(n: int) -> bool | None:
            answer = self._with(case, n)
            return None if answer is None else side(answer, self.level) != self.sign

        low, high = 0, int(case[1].sum())
        if high == 0 or (found := turned(high)) is False:
            return None, high
        while high - low > max(1, high // 50):
            middle = (low + high) // 2
            answer = turned(middle)
            if answer is False:
                low = middle
            else:
                high, found = middle, answer
        return (high if found else None), low
