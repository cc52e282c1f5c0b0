"""The steps between the effect and the money that an analyst may switch on, and which of them weighs most."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.presenting import format_number, format_percent
from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.chain import Timing, work_out
from dipeval.roi.checks import check_groups
from dipeval.roi.costs_of_crime.worth import Worth
from dipeval.roi.drawing import NONE, ONE, Central, inputs_at
from dipeval.roi.uncertain import Uncertain, certain

MULTIPLIER_STEPS: Final = ("recorded_per_proven", "actual_per_recorded")
PUBLISHED: Final = "as published with the unit costs"
# What the answer rests on, by the input that moves it most.
RESTS_ON: Final[Mapping[str, str]] = {
    "effect": "the effect itself: that the people compared with show what the treated would have done untreated",
    "attribution": "how much of the effect is this programme's",
    "unit_cost_factor": "the unit costs of crime",
    "cost_factor": "what was spent",
    "optimism_bias": "the allowance for optimism in the spending",
    "mix": "which kinds of offences were averted",
    "split": "which kinds of offences were averted",
}
# Named before anything else: no range of another input makes up for what did the work being left out.
OWN_COST: Final = "that the cost of the {kind} itself is rightly left out"
DEARER: Final = "that each offence costs {factor} times what the table of unit costs says"
CHEAPER: Final = "that the spending was {factor} of what was stated"
MULTIPLIERS: Final = "the multipliers from proven to actual crime"
EXTRAPOLATION: Final = "that the effect goes on for {years} beyond the follow-up"
SCALING: Final = "that people who were not analysed gained as much as those who were"
# How the headline says that a step is on.
ON_MULTIPLIERS: Final = "with multipliers from proven to actual crime"
ON_EXTRAPOLATION: Final = "with the effect counted for {years} beyond the follow-up"
ON_SCALING: Final = "with the effect applied to treated people who were not analysed"
ON_ATTRIBUTION: Final = "with {share} of the effect counted as this programme's"
ON_UNIT_COSTS: Final = "with unit costs multiplied by {factor}"
ON_COSTS: Final = "with the spending multiplied by {factor}"
ON_OPTIMISM: Final = "with the spending raised by {share} for optimism"
ON_LINKAGE: Final = "allowing for linkage error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """Which steps that raise the benefit are on.

    Parameters
    ----------
    multipliers
        From proven to recorded or from recorded to actual crime.
    years
        Years beyond the follow-up.
    scaled
        Whether the effect is applied to people it was not estimated on.
    """

    multipliers: bool
    years: int
    scaled: bool

    @property
    def uplift(self) -> bool:
        """Whether a step that raises the ratio is on: the ratio without it is then printed beside."""
        return self.multipliers or self.years > 0


def multipliers(assumptions: RoiAssumptions, worth: Worth) -> dict[str, Any]:
    """Return the assumptions as the inputs of the sum, for `Central`."""
    drop_off = 0.0 if assumptions.drop_off is None else assumptions.drop_off
    return {
        "recorded_per_proven": certain(assumptions.recorded_per_proven),
        "actual_per_recorded": _by_group(assumptions, worth),
        "attribution": certain(assumptions.attribution),
        "unit_cost_factor": certain(assumptions.unit_cost_factor),
        "cost_factor": certain(assumptions.cost_factor),
        "drop_off": certain(drop_off) if assumptions.extrapolate_years else NONE,
        "optimism_bias": certain(assumptions.optimism_bias),
    }


def _by_group(assumptions: RoiAssumptions, worth: Worth) -> tuple[Uncertain, ...]:
    chosen = assumptions.actual_per_recorded
    if isinstance(chosen, str):
        if chosen == "off":
            return ()
        if np.isnan(worth.multiplier).all():
            raise InputError(
                "actual_per_recorded='published' was asked for, and the unit costs publish no multiplier for any "
                "offence group concerned: use another edition, give figures by offence group, or switch the step off."
            )
        return published(worth)
    check_groups(pd.Series(list(chosen), dtype=object), "The figures of actual_per_recorded")
    return tuple(certain(chosen.get(group, 1.0)) for group in worth.groups)


def published(worth: Worth) -> tuple[Uncertain, ...]:
    """Return the published multipliers; where none was seen a recorded crime stays one crime."""
    return tuple(ONE if np.isnan(one) else Uncertain.exactly(float(one), PUBLISHED) for one in worth.multiplier)


def without_multiplier(assumptions: RoiAssumptions, worth: Worth) -> tuple[str, ...]:
    """Return the offence groups for which the step from recorded to actual is on and no figure is known."""
    chosen = assumptions.actual_per_recorded
    if isinstance(chosen, str):
        return worth.no_multiplier if chosen == "published" else ()
    return tuple(group for group in worth.groups if group not in chosen)


def switched(central: Central, *, years: int, scaled: bool) -> Switched:
    """Return which steps that raise the benefit are on."""
    on = any(one != ONE and (one.value, one.low, one.high) != (1.0, 1.0, 1.0) for one in central.actual_per_recorded)
    return Switched(multipliers=on or not _is_one(central.recorded_per_proven), years=years, scaled=scaled)


def _is_one(figure: Uncertain) -> bool:
    return figure.is_fixed and figure.value == 1.0


def without_uplift(central: Central, *, within: bool = True, plain: bool = True) -> Central:
    """Return the inputs without years beyond the follow-up (`within`) and without multipliers (`plain`)."""
    if within:
        timing = Timing(within=central.timing.within, annual=central.timing.annual)
        central = replace(central, timing=timing, drop_off=NONE)
    return replace(central, recorded_per_proven=ONE, actual_per_recorded=()) if plain else central


def in_headline(central: Central, on: Switched, linked: bool) -> tuple[str, ...]:
    """Return the steps that are on, as the headline says them."""
    found = [ON_LINKAGE] if linked else []
    found += [ON_MULTIPLIERS] if on.multipliers else []
    found += [ON_EXTRAPOLATION.format(years=years_in_words(on.years))] if on.years else []
    found += [ON_SCALING] if on.scaled else []
    for name, words in (("attribution", ON_ATTRIBUTION), ("optimism_bias", ON_OPTIMISM)):
        figure: Uncertain = getattr(central, name)
        if figure != (NONE if name == "optimism_bias" else ONE) and not _left_alone(name, figure):
            found.append(words.format(share=format_percent(figure.value, 0)))
    for name, words in (("unit_cost_factor", ON_UNIT_COSTS), ("cost_factor", ON_COSTS)):
        figure = getattr(central, name)
        if figure.value != 1.0:
            found.append(words.format(factor=format_number(figure.value)))
    return tuple(found)


def _left_alone(name: str, figure: Uncertain) -> bool:
    return figure.is_fixed and figure.value == (0.0 if name == "optimism_bias" else 1.0)


def years_in_words(years: int) -> str:
    """Return ``1 year`` or ``3 years``."""
    return "1 year" if years == 1 else f"{years} years"


def biggest_assumption(
    central: Central,
    on: Switched,
    tornado: pd.DataFrame,
    perspective: str,
    *,
    people_in_effect: int,
    without: str = "",
) -> str:
    """Return in words what the answer rests on most.

    A step that is switched on outranks whatever is merely uncertain; of several, the one that changes the ratio most.
    Otherwise it is the uncertain input that moves the answer most. An effect of treatment (or of contact) without
    the cost of its own (`without`) outranks them all.
    """
    if without:
        return OWN_COST.format(kind=without)
    found = _changed(central)
    if on.multipliers:
        found.append((_factor(central, without_uplift(central, within=False), perspective), MULTIPLIERS))
    if on.years:
        words = EXTRAPOLATION.format(years=years_in_words(on.years))
        found.append((_factor(central, without_uplift(central, plain=False), perspective), words))
    if on.scaled:
        found.append((abs(math.log(central.people / people_in_effect)), SCALING))
    if found:
        return max(found, key=lambda one: (one[0], one[1]))[1]
    # The switches of steps that are off are left out: the answer does not rest on what it does not use.
    own = tornado[tornado["input"].isin([*central.uncertain(), *central.uncertain_vectors()])]
    if own.empty:
        return RESTS_ON["effect"]
    top, label = str(own["input"].iloc[0]), str(own["label"].iloc[0])
    return RESTS_ON.get(top, label[:1].lower() + label[1:])


def _changed(central: Central) -> list[tuple[float, str]]:
    """Unit costs put above those of the table, and spending below that stated: by how much, and in words."""
    found = []
    if central.unit_cost_factor.value > 1:
        dearer = central.unit_cost_factor.value
        found.append((math.log(dearer), DEARER.format(factor=format_number(dearer))))
    if 0 < central.cost_factor.value < 1:
        cheaper = central.cost_factor.value
        found.append((-math.log(cheaper), CHEAPER.format(factor=format_percent(cheaper, 0))))
    return found


def _factor(central: Central, other: Central, perspective: str) -> float:
    # Any effect gives the same factor where one mix is averted whatever its size, also an estimate of none.
    values = {"effect": 1.0} if central.averted is None else {}
    benefits = [abs(float(work_out(inputs_at(one, values)).benefit[perspective])) for one in (central, other)]
    return abs(math.log(benefits[0] / benefits[1])) if min(benefits) > 0 else 0.0
