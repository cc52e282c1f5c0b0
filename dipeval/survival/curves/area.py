"""The area under one Kaplan-Meier curve up to a horizon, and what each row's weight does to it.

Sources: Royston and Parmar (2013), *BMC Medical Research Methodology* 13, 152; Efron (1982), *The Jackknife, the
Bootstrap and Other Resampling Plans*, SIAM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats, Rows
from dipeval.survival.curves.product_limit import Steps, check_events, count_steps, quotient, survival, used_up
from dipeval.survival.options import is_number


def rmst_influence(rows: Rows, horizon: float) -> tuple[Floats, Floats]:
    """Return each group's mean time free of the event up to a horizon, and what each row's weight does to it.

    Parameters
    ----------
    rows
        Rows in canonical order, as `read_rows` gives them.
    horizon
        End of the window, in the unit of the times.

    Returns
    -------
    tuple
        The mean of every group, in the order of `rows.group_names`; and for every row the derivative of its own
        group's mean with respect to the row's weight: the sum of the squares of (weight times derivative) is the
        infinitesimal-jackknife variance.

    Raises
    ------
    EstimationError
        If a group has no event by the horizon, or was not followed to it while its curve has not reached 0.
    """
    check_horizon(horizon)
    check_events(rows, until=horizon)
    means, influence = np.zeros(len(rows.group_names)), np.zeros(len(rows))
    for code in range(len(rows.group_names)):
        own = np.flatnonzero(rows.group == code)
        part = rows.take(own)
        area = area_to(part, rows.group_names[code], horizon)
        means[code] = area.mean
        influence[own] = _influence(part, area)
    return means, influence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Area:
    """The area under one group's curve: all of it, and what lies beyond each step up to the horizon."""

    steps: Steps
    beyond: Floats

    @property
    def mean(self) -> float:
        """Mean time free of the event up to the horizon."""
        return float(self.beyond[0])

    @property
    def greenwood(self) -> float:
        """Variance of the mean without weights and clusters."""
        return float((self.beyond**2 * self.steps.hazard_over_remaining).sum())


def area_to(rows: Rows, name: str, horizon: float) -> Area:
    """Return the area under one group's curve up to the horizon; nothing is extrapolated."""
    steps = count_steps(rows)
    curve = survival(steps)
    end = float(steps.times[-1])
    reached = int(np.searchsorted(steps.times, horizon, side="right")) + 1
    if used_up(curve[:reached], steps.at_risk[:reached]):
        raise EstimationError(
            f"In group '{name}' everybody under observation had the event before others entered: the curve stays at 0 "
            "from then on and says nothing of those others. Count from a later time, when more people are under "
            "observation."
        )
    if end < horizon and curve[-1] > 0:
        raise EstimationError(
            f"Group '{name}' was followed for {end:g} and the mean was asked for up to {horizon:g}: give a `horizon` "
            "within the follow-up of every group; nothing is extrapolated."
        )
    edges = np.minimum(np.append(steps.times, max(end, horizon)), horizon)
    pieces = curve * np.diff(edges)
    return Area(steps=steps, beyond=np.cumsum(pieces[::-1])[::-1])


def _influence(rows: Rows, area: Area) -> Floats:
    """Differentiate the area: a row lowers it by its own event and raises it by diluting everybody else's."""
    steps = area.steps
    growth = np.cumsum(area.beyond * steps.hazard_over_remaining)
    kick = quotient(area.beyond, steps.remaining)
    return growth[steps.left] - growth[steps.came] - np.where(rows.event, kick[steps.left], 0.0)


def check_horizon(horizon: object) -> None:
    """Refuse a horizon that is not a time above 0."""
    if not (is_number(horizon) and 0 < float(horizon) < np.inf):  # type: ignore[arg-type]
        raise EstimationError("`horizon` is the end of the window, a number above 0 in the unit of the times.")
