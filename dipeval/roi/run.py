"""The sum worked out once at the values, at the limits of the effect, and over the draws.

If the effect is the only uncertain input its own limits give every interval exactly; otherwise the draws do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dipeval.errors import InputError
from dipeval.roi.chain import Array, Figures, work_out
from dipeval.roi.drawing import Central, draw, inputs_at
from dipeval.roi.effect_in import Averted
from dipeval.roi.uncertain import Uncertain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """Everything the sum gives.

    Parameters
    ----------
    central
        Every input at its value.
    ends
        At the lower and the upper limit of the effect; None where other inputs are uncertain too.
    drawn
        One figure a draw (totals only: what each group of offences adds is not kept), or one number where nothing
        that it depends on is uncertain.
    groups_low, groups_high
        Interval of what each offence group adds to the benefit, (G,), in the perspective that was asked for.
    draws, level
        How many draws, and the coverage of the intervals.
    """

    central: Figures
    ends: tuple[Figures, Figures] | None
    drawn: Figures
    groups_low: Array
    groups_high: Array
    draws: int
    level: float

    def interval(self, of: Callable[[Figures], Array]) -> tuple[float, float]:
        """Return the interval of a figure."""
        if self.ends is not None:
            low, high = (float(of(end)) for end in self.ends)
            return min(low, high), max(low, high)
        low, high = np.quantile(self.each(of), _tails(self.level))
        return float(low), float(high)

    def each(self, of: Callable[[Figures], Array]) -> Array:
        """Return a figure in every draw."""
        return np.broadcast_to(np.asarray(of(self.drawn), dtype=np.float64), (self.draws,))

    def probability(self, of: Callable[[Figures], Array]) -> float:
        """Return the share of draws in which a figure is above 0; NaN if it is not known."""
        values = self.each(of)
        return float(np.mean(values > 0)) if np.isfinite(values).all() else float("nan")


def run(central: Central, averted: Averted, perspective: str, *, draws: int, seed: int) -> Run:
    """Work the sum out.

    Parameters
    ----------
    central
        The inputs.
    averted
        The effect with its interval.
    perspective
        The perspective for which the offence groups are kept apart.
    draws, seed
        Of the draws.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If a distribution of the spending reaches 0.
    """
    figures = work_out(inputs_at(central, {}))
    whole = work_out(draw(central, draws, seed))
    if not (float(figures.cost) > 0 and np.all(whole.cost > 0)):
        raise InputError(
            "The spending comes to 0 or less, at its value or in some of the draws, so no ratio to it means anything: "
            "correct cost_factor (its low end must be above 0; a 'lognormal' or 'gamma' figure always is)."
        )
    ends = None
    if central.only_the_effect:
        low, high = (work_out(inputs_at(central, {"effect": end})) for end in (averted.low, averted.high))
        ends = (low, high)
        groups = np.stack([low.benefit_by_group[perspective], high.benefit_by_group[perspective]])
        groups_low, groups_high = groups.min(axis=0), groups.max(axis=0)
    else:
        by_group = np.broadcast_to(whole.benefit_by_group[perspective], (draws, len(central.groups)))
        groups_low, groups_high = np.quantile(by_group, _tails(averted.level), axis=0)
    return Run(
        central=figures,
        ends=None if ends is None else (totals(ends[0]), totals(ends[1])),
        drawn=totals(whole),
        groups_low=groups_low,
        groups_high=groups_high,
        draws=draws,
        level=averted.level,
    )


def totals(figures: Figures) -> Figures:
    """Return the figures without what each offence group adds: draws times groups is too much to keep."""
    return replace(figures, actual_by_group=np.zeros(0), benefit_by_group={})


def probability_if_none(central: Central, perspective: str, *, draws: int, seed: int) -> float:
    """Return the share of draws with a net benefit were the estimate exactly none, with the error that it has.

    What an estimate this uncertain and spending this low give by chance alone: a share of draws near it shows nothing.
    """
    half = (central.effect.high - central.effect.low) / 2
    none = replace(central, effect=Uncertain(0.0, -half, half, "normal"))
    net = work_out(draw(none, draws, seed)).net(perspective)
    return float(np.mean(net > 0)) if np.isfinite(net).all() else float("nan")


def _tails(level: float) -> list[float]:
    return [0.5 - level / 2, 0.5 + level / 2]
