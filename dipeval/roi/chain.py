"""The sum itself: offences averted per person, step by step, to pounds; one draw or ten thousand at once.

Every figure may be a number or an array over draws, groups of offences on the last axis. Whatever shows a figure of
money - the answer, its interval, the tornado, the break-even points - is worked out by `work_out`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
# A number, or one value a draw.
Number = float | Array

# Who gains: public budgets; the economy as measured in money (those included); everybody (those included).
PERSPECTIVES: Final = ("fiscal", "economic", "social")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When benefits arise, as factors.

    Parameters
    ----------
    within
        What a pound of benefit within the follow-up is worth in the first year of spending.
    later
        The same for each year beyond the follow-up; empty without extrapolation.
    annual
        What turns a count within the follow-up into a count a year: 2 for half a year.
    """

    within: float
    later: tuple[float, ...] = ()
    annual: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything the sum needs.

    Parameters
    ----------
    averted
        Proven offences averted per person within the follow-up, by group: (G,) or (draws, G).
    people
        People the benefit is counted for.
    recorded_per_proven, actual_per_recorded
        The two multipliers; 1 where they are switched off, never clipped. The second by group: (G,) or (draws, G).
    attribution
        Share of the effect that is the programme's.
    worth
        By perspective: pounds per actual offence by group, (G,) or (draws, G); 0 where no cost is known.
    unit_cost_factor, cost_factor
        What all unit costs, and all spending, are multiplied by; 1 as published.
    drop_off
        Share of the effect lost with each year beyond the follow-up.
    optimism_bias
        Share by which the spending is raised.
    costs
        By what the money was spent on: present pounds set against the benefit.
    timing
        When benefits arise.
    """

    averted: Array
    people: float
    worth: Mapping[str, Array]
    costs: Mapping[str, Number]
    timing: Timing
    actual_per_recorded: Array
    recorded_per_proven: Number = 1.0
    attribution: Number = 1.0
    unit_cost_factor: Number = 1.0
    cost_factor: Number = 1.0
    drop_off: Number = 0.0
    optimism_bias: Number = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What comes out, a number or one a draw each; `proven`, `recorded` and `actual` are within the follow-up.

    Parameters
    ----------
    proven, recorded, actual
        Offences averted after each step.
    later
        Actual offences averted beyond the follow-up; 0 without extrapolation.
    actual_by_group
        (G,) or (draws, G).
    benefit, benefit_by_group
        By perspective, present pounds.
    cost
        Present pounds.
    """

    proven: Array
    recorded: Array
    actual: Array
    later: Array
    actual_by_group: Array
    benefit: Mapping[str, Array]
    benefit_by_group: Mapping[str, Array]
    cost: Array

    def net(self, perspective: str) -> Array:
        """Benefit less cost."""
        return self.benefit[perspective] - self.cost

    def ratio(self, perspective: str) -> Array:
        """Benefit over cost; not a number where there is no cost."""
        return self.benefit[perspective] / np.where(self.cost == 0, np.nan, self.cost)


def work_out(inputs: Inputs) -> Figures:
    """Return every figure of the chain.

    Parameters
    ----------
    inputs
        Numbers, or arrays over the same draws.

    Returns
    -------
    Figures

    Examples
    --------
    >>> one = Inputs(averted=np.array([0.5]), people=100, worth={"social": np.array([460.0])},
    ...              costs={"treatment": 20_000.0}, timing=Timing(within=1.0), actual_per_recorded=np.array([1.0]))
    >>> figures = work_out(one)
    >>> float(figures.actual), float(figures.benefit["social"]), float(figures.ratio("social"))
    (50.0, 23000.0, 1.15)
    """
    proven = inputs.averted * inputs.people * _by_group(inputs.attribution)
    recorded = proven * _by_group(inputs.recorded_per_proven)
    actual = recorded * inputs.actual_per_recorded
    years = np.asarray(inputs.timing.within, dtype=np.float64)
    beyond = np.zeros(())
    kept = 1.0 - np.asarray(inputs.drop_off, dtype=np.float64)
    for number, discounted in enumerate(inputs.timing.later, start=1):
        left = inputs.timing.annual * kept**number
        years, beyond = years + left * discounted, beyond + left
    pounds = {
        name: actual * worth * _by_group(years * np.asarray(inputs.unit_cost_factor))
        for name, worth in inputs.worth.items()
    }
    spent = _total(np.stack(np.broadcast_arrays(*inputs.costs.values()), axis=-1).astype(np.float64))
    in_all = _total(actual)
    return Figures(
        proven=_total(proven),
        recorded=_total(recorded),
        actual=in_all,
        later=in_all * beyond,
        actual_by_group=actual,
        benefit={name: _total(part) for name, part in pounds.items()},
        benefit_by_group=pounds,
        cost=spent * np.asarray(inputs.cost_factor) * (1.0 + np.asarray(inputs.optimism_bias)),
    )


def _total(parts: Array) -> Array:
    """Sum over the last axis, the same to the bit in whatever order the parts stand."""
    if parts.ndim == 1:
        return np.asarray(math.fsum(parts.tolist()))
    # Smallest first, one after the other: exact sums of ten thousand rows would take ten times as long.
    total: Array = np.cumsum(np.sort(parts, axis=-1), axis=-1)[..., -1]
    return total


def _by_group(value: Number | Array) -> Array:
    """A value a draw, made ready to multiply rows of groups."""
    array = np.asarray(value, dtype=np.float64)
    return array[..., np.newaxis] if array.ndim else array
