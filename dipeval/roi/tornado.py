"""How far the answer moves when one input goes from one end of its range to the other and the rest stay put."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from dipeval.roi.chain import work_out
from dipeval.roi.drawing import Central, draw_vector, inputs_at
from dipeval.roi.input_names import label_of

COLUMNS: Final = (
    *("input", "label", "value", "low", "high"),
    *("net_low", "net_high", "ratio_low", "ratio_high", "swing", "note"),
)
NOTE_VECTOR: Final = "Drawn as a whole: the ends are those of the net value when nothing else varies."
# Draws of the mix alone, and their seed: the bar of the mix must not depend on those of the answer.
_DRAWS, _SEED = 10_000, 0
_UNNUMBERED = (math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Switch:
    """A choice that changes the sum itself, as the two sums it leads to.

    Parameters
    ----------
    input, label
        Short name, and words.
    low, high
        The whole sum with the choice at either end.
    value, low_value, high_value
        The numbers behind it (a discount rate), if it has any.
    note
        What is switched.
    """

    input: str
    label: str
    low: Central
    high: Central
    value: float = math.nan
    low_value: float = math.nan
    high_value: float = math.nan
    note: str = ""


def tornado(
    central: Central, perspective: str = "social", level: float = 0.95, *, switches: Sequence[Switch] = ()
) -> pd.DataFrame:
    """Return how far each uncertain input, by itself, moves the answer.

    Parameters
    ----------
    central
        Every input at its value, with its range.
    perspective
        A name of `Central.worth`.
    level
        Share of each distribution between its two ends: 0.95 goes from its 2.5% to its 97.5% quantile.
    switches
        Choices to show among them.

    Returns
    -------
    pandas.DataFrame
        ``input``, ``label``, ``value``, ``low``, ``high`` (missing where the input is not one number), ``net_low``,
        ``net_high``, ``ratio_low``, ``ratio_high`` (the answer with the input at ``low`` and at ``high``), ``swing``
        (pounds of net value between them), ``note``; the largest swing first. An input that is known has no row.

    Notes
    -----
    One input at a time leaves out that several may be off together; the interval of the answer does not.

    Examples
    --------
    >>> from dipeval.roi.chain import Timing
    >>> from dipeval.roi.uncertain import Uncertain
    >>> central = Central(groups=("shoplifting",), people=100, effect=Uncertain(0.5, 0.2, 0.8, "normal"),
    ...     worth={"social": np.array([460.0])}, costs={"treatment": 20_000.0}, timing=Timing(within=1.0),
    ...     mix=np.array([1.0]), attribution=Uncertain(0.8, 0.6, 1.0, "uniform"))
    >>> tornado(central)[["input", "net_low", "net_high", "swing"]].round(0).values.tolist()
    [['effect', -12640.0, 9440.0, 22080.0], ['attribution', -5970.0, 2770.0, 8740.0]]
    """
    cost = _answer(central, perspective).cost
    rows = [_scalar(central, name, perspective, level) for name in central.uncertain()]
    for name in central.uncertain_vectors():
        at_ends = _mix if name == "mix" else _split
        net = at_ends(central, perspective, level)
        rows.append(_row(name, label_of(name), _UNNUMBERED, tuple(Answer(one, cost) for one in net), NOTE_VECTOR))
    for switch in switches:
        ends = (_answer(switch.low, perspective), _answer(switch.high, perspective))
        at = (switch.value, switch.low_value, switch.high_value)
        rows.append(_row(switch.input, switch.label, at, ends, switch.note))
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[2:-1], "float64"))
    return frame.sort_values(["swing", "input"], ascending=[False, True], kind="stable", ignore_index=True)


class Answer(NamedTuple):
    """A net value and the cost under it, pounds."""

    net: float
    cost: float

    @property
    def ratio(self) -> float:
        """Benefit over cost."""
        return (self.net + self.cost) / self.cost if self.cost else math.nan


def _answer(central: Central, perspective: str, **values: float) -> Answer:
    figures = work_out(inputs_at(central, values))
    return Answer(float(figures.net(perspective)), float(figures.cost))


def _row(
    name: str, words: str, at: tuple[float, float, float], ends: tuple[Answer, ...], note: str = ""
) -> dict[str, object]:
    low, high = ends
    numbers = (*at, low.net, high.net, low.ratio, high.ratio, abs(high.net - low.net))
    return dict(zip(COLUMNS, (name, words, *numbers, note), strict=True))


def _scalar(central: Central, name: str, perspective: str, level: float) -> dict[str, object]:
    low, high = central.quantile(name, np.array(_tails(level))).tolist()
    ends = tuple(_answer(central, perspective, **{name: end}) for end in (low, high))
    return _row(name, label_of(name), (central.figures()[name].value, low, high), ends)


def _mix(central: Central, perspective: str, level: float) -> list[float]:
    drawn = draw_vector(central, "mix", _DRAWS, _SEED)
    net = work_out(inputs_at(central, {}, mix=drawn)).net(perspective)
    ends: list[float] = np.quantile(net, _tails(level)).tolist()
    return ends


def _split(central: Central, perspective: str, level: float) -> list[float]:
    """The benefit is linear in the split, which is normal: its ends need no draws."""
    steps = central.split_steps()
    net = work_out(inputs_at(central, {}, split=steps)).net(perspective)
    plain = _answer(central, perspective).net
    half = float(stats.norm.ppf(0.5 + level / 2)) * math.sqrt(math.fsum(((net - plain) ** 2).tolist()))
    return [plain - half, plain + half]


def _tails(level: float) -> list[float]:
    return [0.5 - level / 2, 0.5 + level / 2]
