"""The sum worked out once at the values, at the limits of the effect, and over the draws.

If the effect is the only uncertain input its own limits give every interval exactly; otherwise the draws do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from dipeval.errors import InputError
from dipeval.roi.chain import Array, Figures, Inputs, work_out
from dipeval.roi.drawing import Central, draw, inputs_at
from dipeval.roi.effect_in import Averted
from dipeval.roi.uncertain import Uncertain

# Draws worked out at once.
_BLOCK: Final = 50_000
_TOTALS: Final = ("proven", "recorded", "actual", "later", "cost")
# Inputs that may differ from draw to draw, and how many axes they have where they do not.
_VARY: Final = {
    **dict.fromkeys(("averted", "actual_per_recorded"), 1),
    **dict.fromkeys(("recorded_per_proven", "attribution", "unit_cost_factor"), 0),
    **dict.fromkeys(("cost_factor", "drop_off", "optimism_bias"), 0),
}


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
    whole, by_group = _drawn(central, perspective, draws, seed)
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
        every = np.broadcast_to(by_group, (draws, len(central.groups)))
        groups_low, groups_high = np.quantile(every, _tails(averted.level), axis=0)
    return Run(
        central=figures,
        ends=None if ends is None else (totals(ends[0]), totals(ends[1])),
        drawn=whole,
        groups_low=groups_low,
        groups_high=groups_high,
        draws=draws,
        level=averted.level,
    )


def totals(figures: Figures) -> Figures:
    """Return the figures without what each offence group adds: draws times groups is too much to keep."""
    return replace(figures, actual_by_group=np.zeros(0), benefit_by_group={})


def if_none(central: Central) -> Central:
    """Return the inputs were the estimate of the effect exactly none, with the error that it has.

    An effect by group is then none in every group: a total of none could still be worth something.
    """
    half = (central.effect.high - central.effect.low) / 2
    averted = None if central.averted is None else np.zeros(len(central.groups))
    return replace(central, effect=Uncertain(0.0, -half, half, "normal"), averted=averted)


def probability_if_none(central: Central, perspective: str, *, draws: int, seed: int) -> float:
    """Return the share of draws with a net benefit were the estimate exactly none, with the error that it has.

    What an estimate this uncertain and spending this low give by chance alone: a share of draws near it shows nothing.
    """
    net = _drawn(if_none(central), perspective, draws, seed)[0].net(perspective)
    return float(np.mean(net > 0)) if np.isfinite(net).all() else float("nan")


def _drawn(central: Central, perspective: str, draws: int, seed: int) -> tuple[Figures, Array]:
    """The totals of every draw, and in one perspective what each offence group adds.

    A block of draws at a time: every perspective by group and draw at once would fill the memory.
    """
    inputs, done, by_group = draw(central, draws, seed), [], []
    for start in range(0, draws, _BLOCK):
        figures = work_out(_part(inputs, slice(start, start + _BLOCK)))
        done.append(totals(figures))
        by_group.append(figures.benefit_by_group[perspective])
    sums: dict[str, Any] = {name: _joined([getattr(one, name) for one in done]) for name in _TOTALS}
    benefit = {name: _joined([one.benefit[name] for one in done]) for name in done[0].benefit}
    return replace(done[0], **sums, benefit=benefit), _joined(by_group, known=1)


def _part(inputs: Inputs, rows: slice) -> Inputs:
    """The inputs of some draws; what is known is one for all of them."""
    some: dict[str, Any] = {name: getattr(inputs, name)[rows] for name, axes in _VARY.items()
                            if np.ndim(getattr(inputs, name)) > axes}  # fmt: skip
    return replace(inputs, **some)


def _joined(parts: list[Array], known: int = 0) -> Array:
    """Blocks of draws one after the other; a figure that does not vary (`known` axes) as it is."""
    return parts[0] if parts[0].ndim <= known else np.concatenate(parts)


def _tails(level: float) -> list[float]:
    return [0.5 - level / 2, 0.5 + level / 2]
