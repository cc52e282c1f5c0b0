"""How many wrong links of the worst kind would turn the conclusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from dipeval.effects.linked_people import Analysis, Answer, LinkedPeople, run
from dipeval.errors import DipevalError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingPoint:
    """The smallest number of wrong links of one kind that brings the interval to equality.

    Parameters
    ----------
    kind
        ``missed_links`` or ``false_links``.
    who
        The people whose links would have to be wrong, in words.
    n_people
        The smallest number of them; None if not even all would do.
    n_among
        How many such people there are.
    n_expected
        How many people the linkage itself expects to have a link of that kind wrong, of whatever outcome.
    """

    kind: str
    who: str
    n_people: int | None
    n_among: int
    n_expected: float


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
    effect. That is the worst case, and what is searched here by halving.

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
    sign = _side(answer, level)
    if sign == 0:
        return ()
    order = np.random.default_rng(seed).permutation(len(values))
    found = []
    for kind, (who, members, replacement) in _worst_cases(linked, values, sign).items():
        chosen = order[members[order]]
        found.append(
            TippingPoint(
                kind=kind,
                who=who,
                n_people=_smallest(analysis, linked, values, chosen, replacement, sign, level),
                n_among=len(chosen),
                n_expected=expected[kind],
            )
        )
    return tuple(found)


def _side(answer: Answer, level: float) -> int:
    reach = float(norm.ppf(0.5 + level / 2)) * answer.std_error
    return int(answer.estimate - reach > 0) - int(answer.estimate + reach < 0)


def _worst_cases(linked: LinkedPeople, values: Floats, sign: int) -> dict[str, tuple[str, NDArray[np.bool_], float]]:
    """Kind -> (who in words, which people, the value they would then have)."""
    if linked.role == "outcome":
        treated = linked.frame[linked.others[0]].to_numpy() > 0
        group, name = (treated, "treated") if sign < 0 else (~treated, "comparison")
        other, other_name = (~treated, "comparison") if sign < 0 else (treated, "treated")
        return {
            "missed_links": (f"{name} people without a linked reoffence", group & (values == 0), 1.0),
            "false_links": (f"{other_name} people with a linked reoffence", other & (values > 0), 0.0),
        }
    name = "event" if "event" in linked.others else linked.others[0]
    outcome = linked.frame[name].to_numpy(dtype="float64")
    high = outcome > 0 if np.isin(outcome, (0.0, 1.0)).all() else outcome > np.median(outcome)
    treated = values > 0
    worse, better = (high, ~high) if sign < 0 else (~high, high)
    with_outcome, without = (
        ("with the outcome", "without the outcome")
        if sign < 0
        else (
            "without the outcome",
            "with the outcome",
        )
    )
    return {
        "missed_links": (f"comparison people {with_outcome}", ~treated & worse, 1.0),
        "false_links": (f"treated people {without}", treated & better, 0.0),
    }


def _smallest(
    analysis: Analysis,
    linked: LinkedPeople,
    values: Floats,
    chosen: NDArray[np.int64],
    replacement: float,
    sign: int,
    level: float,
) -> int | None:
    """Halve the range; the estimate moves one way as more people are moved."""

    def turned(n: int) -> bool:
        changed = values.copy()
        changed[chosen[:n]] = replacement
        try:
            return _side(run(analysis, linked.with_values(changed)), level) != sign
        except DipevalError:
            return True

    low, high = 0, len(chosen)
    if high == 0 or not turned(high):
        return None
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if turned(middle) else (middle, high)
    return high
