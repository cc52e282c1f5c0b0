"""The sums behind an acceptability curve: offences and cost in every draw, and what each payment makes of them.

Always differences, never ratios: over the cost of a draw with more offences a ratio would look like one of a draw with
fewer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.chain import Array, Inputs, Timing, work_out
from dipeval.roi.drawing import Central, draw, inputs_at
from dipeval.roi.run import if_none

if TYPE_CHECKING:
    from dipeval.roi.result import ReturnOnInvestment

PER: Final = ("offence", "actual_offence")
CURVE_COLUMNS: Final = (
    "threshold", "probability", "probability_if_none", "net", "net_low", "net_high", "evpi", "evpi_per_person",
)  # fmt: skip
MOST_THRESHOLDS: Final = 1_000
POINTS: Final = 100
_COUNT: Final = "offences"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """Offences averted and cost, one a draw.

    Parameters
    ----------
    offences
        Each counting for as much as its value would: discounted as the benefits are.
    cost
        Present pounds, above 0.
    """

    offences: Array
    cost: Array

    @property
    def limit(self) -> float:
        """Share of the draws with fewer offences: that which no payment goes beyond."""
        return float(np.mean(self.offences > 0))

    @property
    def turning(self) -> Array:
        """Pounds for each offence above which a draw is worth its cost, rising; only draws with fewer offences."""
        fewer = self.offences > 0
        return np.sort(self.cost[fewer] / self.offences[fewer])

    @property
    def expected(self) -> float:
        """Pounds for each offence at which value is expected to equal cost; NaN without fewer offences on average."""
        offences = float(np.mean(self.offences))
        return float(np.mean(self.cost)) / offences if offences > 0 else math.nan

    def reached_at(self, share: float) -> float:
        """Pounds for each offence above which at least this share of the draws is worth its cost; NaN if none is."""
        turning = self.turning
        # 0.95 of the draws is a whole number of them, whatever the last bit of the product says.
        place = math.ceil(share * len(self.offences) - 1e-9)
        return float(turning[max(place, 1) - 1]) if place <= len(turning) and len(turning) else math.nan

    def net(self, threshold: float) -> Array:
        """Return the net monetary benefit of every draw."""
        return threshold * self.offences - self.cost


def check_per(per: str) -> str:
    """Return what the payment is for, or say what it can be for."""
    if per not in PER:
        raise InputError(
            f"There is no curve per '{per}': use 'offence' (each proven offence averted within the follow-up) or "
            "'actual_offence' (each offence averted after every step that is switched on)."
        )
    return per


def check_share(share: float) -> float:
    """Return a share of the draws, or say what is wrong with it."""
    if isinstance(share, bool) or not isinstance(share, int | float | np.number) or not 0 < share <= 1:
        raise InputError(f"A share of the draws lies above 0 and is 1 at most, such as 0.8; got {share!r}.")
    return float(share)


def check_thresholds(thresholds: Iterable[float]) -> Array:
    """Return the payments in rising order, each once, or say what is wrong with them."""
    try:
        given = np.asarray(list(thresholds), dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("thresholds are pounds for each offence averted, such as [0, 500, 1000].") from None
    if given.ndim != 1 or not 1 <= len(given) <= MOST_THRESHOLDS:
        raise InputError(
            f"thresholds are a list of 1 to {MOST_THRESHOLDS:,} figures in pounds for each offence averted."
        )
    wrong = int((~(np.isfinite(given) & (given >= 0))).sum())
    if wrong:
        raise InputError(
            f"{wrong} of the {len(given)} thresholds are missing or below 0; what is paid for an offence averted is 0 "
            "pounds or more."
        )
    return np.unique(given)


def counted(roi: ReturnOnInvestment, per: str) -> Counted:
    """Return offences and cost of the very draws that the return on investment was worked out from."""
    if per != "offence":
        return _counted(roi.central, roi, per)
    drawn = roi.drawn()
    offences, cost = (drawn[name].to_numpy(dtype=np.float64) for name in ("offences_averted", "cost"))
    return Counted(offences=offences * roi.discount_factor, cost=cost)


def counted_if_none(roi: ReturnOnInvestment, per: str) -> Counted:
    """Return the same were the estimate exactly none, with the error that it has."""
    return _counted(if_none(roi.central), roi, per)


def _counted(central: Central, roi: ReturnOnInvestment, per: str) -> Counted:
    figures = work_out(_counting(draw(central, roi.draws, roi.seed), len(central.groups), per))
    each = (figures.benefit[_COUNT], figures.cost)
    offences, cost = (np.array(np.broadcast_to(one, (roi.draws,)), dtype=np.float64) for one in each)
    return Counted(offences=offences, cost=cost)


def _counting(inputs: Inputs, groups: int, per: str) -> Inputs:
    """The sum with every offence worth one, so that it counts them, discounted as their value would be."""
    ones = np.ones(groups)
    counting = replace(inputs, worth={_COUNT: ones}, unit_cost_factor=1.0)
    if per == "actual_offence":
        return counting
    within = Timing(within=inputs.timing.within)
    return replace(counting, recorded_per_proven=1.0, actual_per_recorded=ones, timing=within)


def value_of_one(roi: ReturnOnInvestment, per: str) -> float:
    """Return the pounds that the unit costs put on one such offence, every input at its value; NaN if on none.

    With the averted offences estimated by group, a total near 0 of parts that are not would make any value of it: it is
    given only if the data settle that offences were averted.
    """
    central = roi.central
    if central.mix is None and not roi.settled:
        return math.nan
    inputs = inputs_at(central, {} if central.mix is None else {"effect": 1.0})
    offences = float(work_out(_counting(inputs, len(central.groups), per)).benefit[_COUNT])
    value = float(work_out(inputs).benefit[roi.perspective])
    return value / offences if offences > 0 and value > 0 else math.nan


def default_thresholds(draws: Counted, value: float, people: int) -> Array:
    """Return round payments from 0 to where the curve has nearly levelled off."""
    turning = draws.turning
    if len(turning):
        middle = float(np.median(turning))
        nearly = draws.reached_at(0.95)
        # The last of the draws may lie far out: a curve drawn to there would show nothing of its rise.
        top = max(3 * middle, min(1.25 * nearly, 6 * middle) if math.isfinite(nearly) else 0.0)
    else:
        top = value if math.isfinite(value) else float(np.mean(draws.cost)) / people
    return np.linspace(0.0, _round_up(top), POINTS + 1)


def _round_up(value: float) -> float:
    scale = 10.0 ** math.floor(math.log10(value))
    return next(scale * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if scale * step >= value * (1 - 1e-12))


def curve(draws: Counted, none: Counted, thresholds: Array, *, people: int, level: float) -> pd.DataFrame:
    """Return a row for each payment; see `AcceptabilityCurve.to_frame`."""
    tails = [0.5 - level / 2, 0.5 + level / 2]
    rows: list[dict[str, Any]] = []
    for threshold in thresholds.tolist():
        net = draws.net(threshold)
        low, high = np.quantile(net, tails)
        evpi = perfect_information(net)
        rows.append(
            {
                "threshold": threshold,
                "probability": float(np.mean(net > 0)),
                "probability_if_none": float(np.mean(none.net(threshold) > 0)),
                "net": float(np.mean(net)),
                "net_low": float(low),
                "net_high": float(high),
                "evpi": evpi,
                "evpi_per_person": evpi / people,
            }
        )
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def perfect_information(net: Array) -> float:
    """Return what it would be worth to know, before deciding, which of the draws is the true one.

    Parameters
    ----------
    net
        Net benefit in every draw, pounds; not spending anything is worth 0.

    Returns
    -------
    float
        Pounds, 0 or more: the mean of the better of the two choices in each draw, less the better of the two means.

    Examples
    --------
    >>> perfect_information(np.array([-100.0, 300.0])), perfect_information(np.array([100.0, 300.0]))
    (50.0, 0.0)
    """
    return max(0.0, float(np.mean(np.maximum(net, 0.0))) - max(0.0, float(np.mean(net))))


def information_at_unit_costs(roi: ReturnOnInvestment) -> float:
    """Return the same for the value that the unit costs give; NaN if they give none."""
    if not (roi.worth.perspectives[roi.perspective] > 0).any():
        return math.nan
    return perfect_information(roi.drawn()["net"].to_numpy(dtype=np.float64))
