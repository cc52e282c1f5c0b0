"""The inputs of the sum with what is not known about them: at their values, at other values, or drawn at random.

What is known stays a number and is never drawn, so that with everything known the draws are the plain sum itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy import stats

from dipeval.errors import InputError, InvariantError
from dipeval.roi import sampling
from dipeval.roi.chain import Array, Inputs, Number, Timing
from dipeval.roi.input_names import LIMITS, MULTIPLIER, VECTORS
from dipeval.roi.uncertain import Uncertain

ONE: Final = Uncertain.exactly(1.0)
NONE: Final = Uncertain.exactly(0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Central:
    """Every input of the sum at its value, with its range: what the figures, the draws and the tornado start from.

    Parameters
    ----------
    groups
        Offence groups, each once; every (G,) below is in this order.
    people
        People the benefit is counted for.
    effect
        Proven offences averted per person within the follow-up (above 0: fewer); see `averted_per_person`.
    worth
        By perspective (any names): pounds per actual offence by group, (G,); 0 where no cost is known.
    costs
        By what the money was spent on: present pounds set against the benefit.
    timing
        When benefits arise; see `dipeval.roi.timing.timing`.
    mix, mix_n
        Share of each group among the averted offences, (G,), adding up to 1; and the offences behind the shares, (G,),
        or None for a mix taken as known.
    averted, covariance
        Instead of a mix: offences averted per person by group, (G,), and their covariance, (G, G).
    actual_per_recorded
        One a group, in the order of `groups`; empty leaves the step out.
    recorded_per_proven, attribution, unit_cost_factor, cost_factor, drop_off, optimism_bias
        As in `RoiAssumptions`.

    Notes
    -----
    An effect by group whose total is not the effect (another estimate of the total replaced it) is brought to it along
    the covariance with the total: the best guess of each group given the total. Its covariance is scaled so that the
    total varies as the effect does.
    """

    groups: tuple[str, ...]
    people: float
    effect: Uncertain
    worth: Mapping[str, Array]
    costs: Mapping[str, float]
    timing: Timing
    mix: Array | None = None
    mix_n: Array | None = None
    averted: Array | None = None
    covariance: Array | None = None
    actual_per_recorded: tuple[Uncertain, ...] = ()
    recorded_per_proven: Uncertain = ONE
    attribution: Uncertain = ONE
    unit_cost_factor: Uncertain = ONE
    cost_factor: Uncertain = ONE
    drop_off: Uncertain = NONE
    optimism_bias: Uncertain = NONE
    _split: sampling.Split | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if (self.mix is None) == (self.averted is None):
            raise InvariantError("a sum needs either a mix of offences or an effect by group, and not both")
        count = len(self.groups)
        vectors = [self.mix, self.mix_n, self.averted, *self.worth.values()]
        if len(set(self.groups)) != count or any(one is not None and one.shape != (count,) for one in vectors):
            raise InvariantError("the inputs of the sum are not one a group of offences")
        if self.actual_per_recorded and len(self.actual_per_recorded) != count:
            raise InvariantError("the multipliers are not one a group of offences")
        if self.mix_n is not None and not math.fsum(self.mix_n.tolist()) > 0:
            raise InvariantError("a mix that is drawn needs offences behind it")
        if self.people <= 0 or not math.fsum(self.costs.values()) > 0:
            raise InvariantError("the sum needs people and spending above 0")
        if self.averted is not None:
            covariance = np.zeros((count, count)) if self.covariance is None else self.covariance
            split = sampling.split_of(self.groups, self.averted, covariance, spread_of(self.effect))
            object.__setattr__(self, "_split", split)

    def figures(self) -> dict[str, Uncertain]:
        """Return the scalar inputs that bear on the sum, known or not, in sorted order of their names.

        `drop_off` is there only when years beyond the follow-up are counted; ``actual_per_recorded:<group>`` is there
        for each group when that step is on.
        """
        found = {name: getattr(self, name) for name in LIMITS if name != "drop_off" or self.timing.later}
        for group, figure in zip(self.groups, self.actual_per_recorded, strict=bool(self.actual_per_recorded)):
            found[f"{MULTIPLIER}:{group}"] = figure
        return dict(sorted(found.items()))

    def uncertain(self) -> dict[str, Uncertain]:
        """Return those of `figures` that are drawn."""
        return {name: figure for name, figure in self.figures().items() if not figure.is_fixed}

    def uncertain_vectors(self) -> tuple[str, ...]:
        """Return which of ``mix`` and ``split`` are drawn."""
        mix = self.mix is not None and self.mix_n is not None and int(np.count_nonzero(self.mix)) > 1
        split = self._split is not None and self._split.is_uncertain
        return tuple(name for name, drawn in zip(VECTORS, (mix, split), strict=True) if drawn)

    @property
    def only_the_effect(self) -> bool:
        """Whether nothing but the effect is uncertain: every interval then follows from the effect's own limits."""
        return set(self.uncertain()) <= {"effect"} and not self.uncertain_vectors()

    def quantile(self, name: str, share: Array | float) -> Array:
        """Return quantiles of a scalar input of `figures`, what is impossible cut off."""
        least, most = LIMITS.get(name, (0.0, math.inf))
        return self.figures()[name].quantile(np.asarray(share), least=least, most=most)

    def split_steps(self) -> Array:
        """Return one standard deviation of each independent part of the split, (R, G); R may be 0."""
        return np.empty((0, len(self.groups))) if self._split is None else self._split.root.T


def averted_per_person(estimate: float, conf_low: float, conf_high: float, level: float = 0.95) -> Uncertain:
    """Return an effect on the number of offences as offences averted per person, normal with the interval's error.

    Parameters
    ----------
    estimate, conf_low, conf_high
        The effect on the number of offences (below 0: fewer) and its interval.
    level
        Level of that interval.

    Returns
    -------
    Uncertain
        Family ``normal``; its low and high are the 95% ends whatever the level.

    Examples
    --------
    >>> averted = averted_per_person(-0.5, -0.8, -0.2)
    >>> averted.value, round(averted.low, 6), round(averted.high, 6)
    (0.5, 0.2, 0.8)
    """
    error = (conf_high - conf_low) / (2 * float(stats.norm.ppf(0.5 + level / 2)))
    value = 0.0 - float(estimate)
    half = error * float(stats.norm.ppf(0.975))
    # An error below the rounding of the estimate is none.
    half = half if half > 1e-12 * abs(value) else 0.0
    return Uncertain(value, value - half, value + half, "normal", "the effect and its interval")


def spread_of(figure: Uncertain) -> float:
    """Return the standard deviation of a normal figure from its 95% ends."""
    return (figure.high - figure.low) / (2 * float(stats.norm.ppf(0.975)))


def inputs_at(
    central: Central,
    values: Mapping[str, Number],
    *,
    mix: Array | None = None,
    split: Array | None = None,
) -> Inputs:
    """Return the inputs of the sum with some of them set and the others at their value.

    Parameters
    ----------
    central
        The inputs.
    values
        By name (as in `Central.figures`): a number, or one a draw.
    mix
        Shares by group in place of the central ones, (G,) or (draws, G).
    split
        With an effect by group: what is added to each group, adding up to 0; (G,) or (draws, G).

    Returns
    -------
    Inputs
        For `dipeval.roi.chain.work_out`. What is not set stays a plain number.

    Raises
    ------
    InputError
        If there is no input of that name.

    Examples
    --------
    >>> from dipeval.roi.chain import work_out
    >>> central = Central(groups=("shoplifting",), people=100, effect=Uncertain(0.5, 0.2, 0.8, "normal"),
    ...     worth={"social": np.array([460.0])}, costs={"treatment": 20_000.0}, timing=Timing(within=1.0),
    ...     mix=np.array([1.0]))
    >>> float(work_out(inputs_at(central, {})).benefit["social"])
    23000.0
    >>> float(work_out(inputs_at(central, {"effect": 0.2})).benefit["social"])
    9200.0
    """
    figures = central.figures()
    unknown = sorted(set(values) - set(figures))
    if unknown:
        raise InputError(f"There is no input {', '.join(unknown)}; there are: {', '.join(figures)}.")
    at: dict[str, Number] = {name: values.get(name, float(figure.value)) for name, figure in figures.items()}
    return Inputs(
        averted=_averted(central, at["effect"], mix, split),
        people=central.people,
        worth=central.worth,
        costs=central.costs,
        timing=central.timing,
        actual_per_recorded=_multipliers(central, at),
        **{name: at.get(name, 0.0) for name in LIMITS if name != "effect"},
    )


def draw(central: Central, n: int, seed: int = 0) -> Inputs:
    """Return the inputs of the sum with every uncertain one drawn `n` times.

    Parameters
    ----------
    central
        The inputs.
    n
        Draws.
    seed
        Seed; the same one gives the same draws, whatever the order of the groups.

    Returns
    -------
    Inputs
        What is known is a plain number, not an array; with everything known this is `inputs_at(central, {})`.

    Notes
    -----
    Latin hypercube: McKay, Beckman and Conover (1979), Technometrics 21, 239-245. The mix is drawn from the Dirichlet
    distribution with the central shares as mean and `mix_n` offences behind it, each as if independent of the others:
    where a few people committed many, as many offences as were counted would make the mix far too sure, and `mix_n`
    must be the number of independent ones that would leave the shares as uncertain. An effect by group is multivariate
    normal; its total is the effect's own draw. All else is drawn independently: that the same people may drive both
    the effect and the mix is held by an effect by group only.

    Examples
    --------
    >>> central = Central(groups=("shoplifting",), people=100, effect=Uncertain(0.5, 0.2, 0.8, "normal"),
    ...     worth={"social": np.array([460.0])}, costs={"treatment": 20_000.0}, timing=Timing(within=1.0),
    ...     mix=np.array([1.0]))
    >>> drawn = draw(central, 1000)
    >>> drawn.averted.shape, round(float(drawn.averted.mean()), 3), drawn.attribution
    ((1000, 1), 0.5, 1.0)
    """
    names = list(central.uncertain())
    shares = sampling.latin_hypercube(n, len(names), seed)
    values = {name: central.quantile(name, shares[:, column]) for column, name in enumerate(names)}
    vectors = {name: draw_vector(central, name, n, seed) for name in central.uncertain_vectors()}
    return inputs_at(central, values, mix=vectors.get("mix"), split=vectors.get("split"))


def draw_vector(central: Central, name: str, n: int, seed: int = 0) -> Array:
    """Return draws of the mix, or of how an effect by group splits (``split``: adding up to 0), (n, G)."""
    if name == "mix" and central.mix is not None and central.mix_n is not None:
        return sampling.dirichlet(central.groups, central.mix, math.fsum(central.mix_n.tolist()), n, seed)
    if name == "split" and central._split is not None:
        return sampling.split(central._split, n, seed)
    raise InputError(f"There is nothing to draw under '{name}'.")


def _averted(central: Central, effect: Number, mix: Array | None, split: Array | None) -> Array:
    in_all = np.asarray(effect, dtype=np.float64)
    if central._split is None or central.averted is None:
        shares = central.mix if mix is None else mix
        return in_all[..., np.newaxis] * np.asarray(shares, dtype=np.float64)
    over = in_all - central._split.total
    averted: Array = central.averted + over[..., np.newaxis] * central._split.towards
    return averted if split is None else averted + split


def _multipliers(central: Central, at: Mapping[str, Number]) -> Array:
    if not central.actual_per_recorded:
        return np.ones(len(central.groups))
    return np.stack(np.broadcast_arrays(*(at[f"{MULTIPLIER}:{group}"] for group in central.groups)), axis=-1)
