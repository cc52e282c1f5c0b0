"""A difference in days free of the event up to a horizon: the areas under two weighted Kaplan-Meier curves.

Royston, P. and Parmar, M. K. B. (2013), *BMC Medical Research Methodology* 13, 152. The error is made of the derivative
of each area with respect to each person's weight (the infinitesimal jackknife), which needs no assumption on the shape
of the curves and none of proportional hazards.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from dipeval.effects import wording
from dipeval.effects.asked import is_number
from dipeval.effects.estimators.timed import table_of, with_error
from dipeval.effects.request import Estimate, Request
from dipeval.effects.robust import Floats, Sample
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival.columns import read_rows
from dipeval.survival.curves.restricted import rmst_influence
from dipeval.vocabulary import TREATED

HOW: Final = "infinitesimal jackknife; weighted Kaplan-Meier curves"


def estimate(request: Request) -> Estimate:
    """Estimate the difference in mean time free of the event, treated minus comparison.

    Parameters
    ----------
    request
        The design joined to the outcome: the event (0/1) as outcome, the time until then as time at risk; the horizon
        among its options.

    Returns
    -------
    Estimate

    Raises
    ------
    InputError
        If an error is asked for that this measure does not have.
    EstimationError
        If a group has no event, or is not followed to the horizon.
    """
    horizon = request.options.horizon
    if horizon is None:
        raise InvariantError("A difference in days was reached without a horizon: a bug.")
    order, frame = table_of(request.sample)
    means, parts = means_and_parts(frame, horizon)
    influence = np.zeros(request.sample.n)
    influence[order] = parts
    return with_error(
        request,
        centre=means[0] - means[1],
        means=means,
        influence=influence,
        how=HOW,
        notes=(wording.HORIZON.format(horizon=f"{horizon:g}"),),
    )


def means_and_parts(frame: pd.DataFrame, horizon: float) -> tuple[tuple[float, float], Floats]:
    """Return the mean times of the treated and the comparison people, and what each row contributes to the difference.

    Parameters
    ----------
    frame
        time, event, weight and treated, one row a person.
    horizon
        End of the window, in the unit of the times.

    Returns
    -------
    tuple
        The two means, and of every row its weight times the derivative of the difference.
    """
    rows = read_rows(frame, time="time", event="event", weights="weight", by=TREATED)
    means, slopes = rmst_influence(rows, horizon)
    parts = np.zeros(len(frame))
    parts[rows.position] = np.where(rows.group == 1, 1.0, -1.0) * rows.weight * slopes
    return (float(means[1]), float(means[0])), parts


def checked_horizon(horizon: object, sample: Sample) -> float:
    """Return the horizon asked for; where none is, the last time to which both groups are followed.

    Parameters
    ----------
    horizon
        A time above 0, or None.
    sample
        The people, with their times.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If it is no time above 0.
    EstimationError
        If one of the groups is not followed so long: nothing is extrapolated.
    """
    ends = {words: _followed_until(sample, treated=side) for words, side in (("treated", True), ("comparison", False))}
    if horizon is None:
        nearest = min(ends.values())
        return nearest if np.isfinite(nearest) else float(sample.exposure.max())
    if not is_number(horizon) or float(horizon) <= 0:  # type: ignore[arg-type]
        raise InputError("horizon= is the time up to which days are counted: a number above 0, such as horizon=365.")
    asked = float(horizon)  # type: ignore[arg-type]
    short = [words for words, end in ends.items() if end < asked]
    if short:
        raise EstimationError(
            f"horizon={asked:g} lies beyond the follow-up of the {' and the '.join(short)} people: give a shorter one, "
            "or leave it out to count the days as far as both groups are followed. Nothing is extrapolated."
        )
    return asked


def _followed_until(sample: Sample, *, treated: bool) -> float:
    """The last time at which anybody of a group is seen; no end where all those seen then had the event."""
    side = sample.treated == treated
    times, events = sample.exposure[side], sample.outcome[side]
    last = float(times.max())
    return float("inf") if bool((events[times == last] == 1).all()) else last
