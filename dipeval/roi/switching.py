"""Switching values: what one input would have to be, the others at their value, for value and cost to be equal."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import pandas as pd

from dipeval.roi.chain import work_out
from dipeval.roi.drawing import Central, inputs_at
from dipeval.roi.input_names import label_of

COLUMNS: Final = ("input", "label", "value", "needed", "change", "reachable", "note")
NOTE_UNKNOWN: Final = "The value is not known in this perspective, so nothing can be said."
NOTE_WORTHLESS: Final = "Out of reach at any size: more offences averted add no value in this perspective."
NOTE_AWAY: Final = "The estimate points the other way: it would have to change sign."
NOTE_NO_VALUE: Final = "No value would do: at this effect the value of the offences averted is not above 0."
NOTE_NO_SPENDING: Final = (
    "No spending, however small, would be repaid: the value of the offences averted is not above 0."
)
NOTE_ABOVE_ONE: Final = "A share cannot be above 1: even the whole effect would not be enough."
NOTE_BELOW_NONE: Final = "The spending as stated, without any raise, is already above the value."
NOTE_EQUAL: Final = "Value and cost are equal as it is."


class _Needed(NamedTuple):
    needed: float
    reachable: bool
    note: str = ""


def break_even(central: Central, perspective: str = "social") -> pd.DataFrame:
    """Return what each input, by itself, would have to be for the net value to be 0.

    Parameters
    ----------
    central
        Every input at its value.
    perspective
        A name of `Central.worth`.

    Returns
    -------
    pandas.DataFrame
        ``input``, ``label``, ``value``, ``needed`` (missing where there is none), ``change`` (share of the value:
        -0.25 is a quarter less; missing where the value is not above 0), ``reachable`` (whether an input can be that),
        ``note``. Rows: ``effect``, ``unit_cost_factor``, ``cost_factor``, ``attribution``; ``recorded_per_proven`` and
        ``optimism_bias`` where those steps are on.

    Notes
    -----
    Exact: the value is a straight line in the effect, proportional to the unit costs, the attribution and the
    multiplier, and the cost to the spending. An effect by group moves as it does in `inputs_at`. Switching values: HM
    Treasury, Green Book (2026).

    Examples
    --------
    >>> import numpy as np
    >>> from dipeval.roi.chain import Timing
    >>> from dipeval.roi.uncertain import Uncertain
    >>> central = Central(groups=("shoplifting",), people=100, effect=Uncertain(0.5, 0.2, 0.8, "normal"),
    ...     worth={"social": np.array([460.0])}, costs={"treatment": 20_000.0}, timing=Timing(within=1.0),
    ...     mix=np.array([1.0]))
    >>> break_even(central).set_index("input")["needed"].round(4).to_dict()
    {'effect': 0.4348, 'unit_cost_factor': 0.8696, 'cost_factor': 1.15, 'attribution': 0.8696}
    """
    figures = work_out(inputs_at(central, {}))
    benefit, cost = float(figures.benefit[perspective]), float(figures.cost)
    found = {
        "effect": _effect(central, perspective, cost),
        "unit_cost_factor": _factor(central, "unit_cost_factor", perspective, cost),
        "cost_factor": _spending(central, benefit),
        "attribution": _factor(central, "attribution", perspective, cost, most=1.0),
    }
    if not central.recorded_per_proven.is_fixed or central.recorded_per_proven.value != 1:
        found["recorded_per_proven"] = _factor(central, "recorded_per_proven", perspective, cost)
    if not central.optimism_bias.is_fixed or central.optimism_bias.value:
        found["optimism_bias"] = _bias(central, benefit)
    values = {name: getattr(central, name).value for name in found}
    rows = [(name, label_of(name), values[name], *_told(values[name], need)) for name, need in found.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"needed": "float64", "change": "float64"})


def break_even_per_person(central: Central, perspective: str = "social") -> float:
    """Return the proven offences to avert per person for the net value to be 0; missing if no number would do."""
    cost = float(work_out(inputs_at(central, {})).cost)
    return _effect(central, perspective, cost).needed


def _told(value: float, need: _Needed) -> tuple[float, float, bool, str]:
    change = need.needed / value - 1 if value > 0 else math.nan
    note = NOTE_EQUAL if need.needed == value and not need.note else need.note
    return need.needed, change, need.reachable, note


def _effect(central: Central, perspective: str, cost: float) -> _Needed:
    """The value is a straight line in the effect; in an effect by group it need not pass through nothing."""
    none, one = (_benefit(central, perspective, effect=at) for at in (0.0, 1.0))
    if math.isnan(one):
        return _Needed(math.nan, False, NOTE_UNKNOWN)
    if one <= none:
        return _Needed(math.nan, False, NOTE_WORTHLESS)
    needed = (cost - none) / (one - none)
    return _Needed(needed, True, NOTE_AWAY if central.effect.value < 0 < needed else "")


def _factor(central: Central, name: str, perspective: str, cost: float, most: float = math.inf) -> _Needed:
    each = _benefit(central, perspective, **{name: 1.0})
    if math.isnan(each):
        return _Needed(math.nan, False, NOTE_UNKNOWN)
    if each <= 0:
        return _Needed(math.nan, False, NOTE_NO_VALUE)
    needed = cost / each
    return _Needed(needed, needed <= most, "" if needed <= most else NOTE_ABOVE_ONE)


def _spending(central: Central, benefit: float) -> _Needed:
    if math.isnan(benefit):
        return _Needed(math.nan, False, NOTE_UNKNOWN)
    if benefit <= 0:
        return _Needed(math.nan, False, NOTE_NO_SPENDING)
    return _Needed(benefit / _cost(central, cost_factor=1.0), True)


def _bias(central: Central, benefit: float) -> _Needed:
    if math.isnan(benefit):
        return _Needed(math.nan, False, NOTE_UNKNOWN)
    needed = benefit / _cost(central, optimism_bias=0.0) - 1
    return _Needed(needed, True) if needed >= 0 else _Needed(math.nan, False, NOTE_BELOW_NONE)


def _benefit(central: Central, perspective: str, **values: float) -> float:
    return float(work_out(inputs_at(central, values)).benefit[perspective])


def _cost(central: Central, **values: float) -> float:
    return float(work_out(inputs_at(central, values)).cost)
