"""The ladder from the effect to pounds, one step a row, with the offences averted after each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from dipeval.roi.chain import Array, Figures, work_out
from dipeval.roi.drawing import Central, inputs_at
from dipeval.roi.effect_in import Averted
from dipeval.roi.run import Run
from dipeval.roi.steps import Switched
from dipeval.roi.uncertain import Uncertain

COLUMNS: Final = (
    "step",
    "label",
    "on",
    "value",
    "low",
    "high",
    "source",
    "offences",
    "offences_low",
    "offences_high",
)
Count = Callable[[Figures], Array]


def ladder(
    run: Run, central: Central, averted: Averted, on: Switched, *, people_in_effect: int, perspective: str
) -> pd.DataFrame:
    """Return the steps in the order in which the sum takes them; a step that is off leaves the count as it was.

    The value of a step is what the count is multiplied by: offences a person, people, a share, a multiplier (of the
    averted mix), years beyond the follow-up; of the last two rows pounds an actual offence, and pounds. Where some
    kinds of offence were averted and others added there is no mix: their multiplier and their worth are missing.
    """
    whole, per_group = _to_divide(run, central), (1.0, 1.0, 1.0)
    if central.actual_per_recorded:
        mean = math.nan if whole is None else _ratio(whole.actual, whole.recorded)
        per_group = (mean, *_ends(central.actual_per_recorded))
    in_effect = people_in_effect * averted.value
    first = (in_effect, people_in_effect * averted.low, people_in_effect * averted.high)
    worth = math.nan if whole is None else _ratio(whole.benefit[perspective], whole.actual + whole.later)
    benefit = (float(run.central.benefit[perspective]), *run.interval(lambda figures: figures.benefit[perspective]))
    scale = central.people / people_in_effect
    counted = tuple(scale * one for one in first)
    after = [
        _row("effect", "Offences averted per person analysed", True, (averted.value, averted.low, averted.high), first,
             "the effect and its interval"),
        _row("people", "People the benefit is counted for", on.scaled, _thrice(central.people), counted, ""),
        _step(run, "attribution", "Share that is this programme's", central.attribution, lambda one: one.proven, 1.0),
        _step(run, "recorded_per_proven", "Recorded crimes for each proven reoffence", central.recorded_per_proven,
              lambda one: one.recorded, 1.0),
        _row("actual_per_recorded", "Actual crimes for each recorded crime", bool(central.actual_per_recorded),
             per_group, _count(run, lambda one: one.actual), _sources(central.actual_per_recorded)),
        _row("extrapolation", "Years beyond the follow-up", on.years > 0, _thrice(on.years),
             _count(run, lambda one: one.actual + one.later), ""),
        _row("worth", "Pounds of value for each actual crime, discounted", True, _thrice(worth),
             _count(run, lambda one: one.actual + one.later), "the unit costs of crime"),
        _row("benefit", "Value of the offences averted, pounds", True, benefit,
             _count(run, lambda one: one.actual + one.later), ""),
    ]  # fmt: skip
    return pd.DataFrame(after, columns=list(COLUMNS))


def _to_divide(run: Run, central: Central) -> Figures | None:
    """The sum whose steps give the multiplier and the worth of the averted mix; None where there is no such mix."""
    if central.averted is None:
        # The mix is the same at any effect, also at an estimate of none.
        return work_out(inputs_at(central, {"effect": 1.0}))
    averted = inputs_at(central, {}).averted
    return None if averted.min() < 0 < averted.max() else run.central


def _row(
    step: str,
    label: str,
    on: bool,
    value: tuple[float, ...],
    offences: tuple[float, ...],
    source: str,
) -> tuple[object, ...]:
    return (step, label, on, *(float(one) for one in value), source, *(float(one) for one in offences))


def _step(run: Run, step: str, label: str, figure: Uncertain, of: Count, off: float) -> tuple[object, ...]:
    on = not (figure.is_fixed and figure.value == off)
    return _row(step, label, on, (figure.value, figure.low, figure.high), _count(run, of), figure.source)


def _count(run: Run, of: Count) -> tuple[float, float, float]:
    return (float(of(run.central)), *run.interval(of))


def _thrice(value: float) -> tuple[float, float, float]:
    return value, value, value


def _ratio(above: Array, below: Array) -> float:
    return float(above) / float(below) if float(below) != 0 else math.nan


def _ends(figures: tuple[Uncertain, ...]) -> tuple[float, float]:
    """The least and the most any group is multiplied by: their mean has no ends of its own."""
    return float(np.min([one.low for one in figures])), float(np.max([one.high for one in figures]))


def _sources(figures: tuple[Uncertain, ...]) -> str:
    return "; ".join(sorted({one.source for one in figures if one.source}))
