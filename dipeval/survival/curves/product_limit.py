"""The product-limit estimate of one group: who is at risk when, the curve, its variance, its limits.

Sources: Kaplan and Meier (1958), *JASA* 53, 457-481; Greenwood (1926) for the variance without weights; the
infinitesimal jackknife (Efron 1982, *The Jackknife, the Bootstrap and Other Resampling Plans*, SIAM) for the variance
with weights or clusters; log-log limits, Kalbfleisch and Prentice (2002), *The Statistical Analysis of Failure Time
Data*, Wiley.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from dipeval.survival.columns import Floats, Integers, Rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """The steps of one curve: people at risk, leaving and reoffending at each distinct time.

    Parameters
    ----------
    times
        0 and every distinct time (and entry time) of the group, ascending.
    at_risk, events, censored
        People, never weighted.
    weight_at_risk, weight_events
        The same with weights.
    """

    times: Floats
    at_risk: Integers
    events: Integers
    censored: Integers
    weight_at_risk: Floats
    weight_events: Floats


def count_steps(rows: Rows) -> Steps:
    """Count one group's rows at each of its distinct times."""
    entered = np.maximum(rows.entry, 0.0)
    times = np.unique(np.concatenate([[0.0], rows.time, entered]))
    left = np.searchsorted(times, rows.time)
    came = np.searchsorted(times, entered, side="right")
    came[entered <= 0] = 0  # no entry, or entry at the start: at risk from the row at time 0
    ones = np.ones(len(rows))
    return Steps(
        times=times,
        at_risk=np.rint(_at_risk(came, left, ones, len(times))).astype(np.int64),
        events=np.bincount(left[rows.event], minlength=len(times)),
        censored=np.bincount(left[~rows.event], minlength=len(times)),
        weight_at_risk=_at_risk(came, left, rows.weight, len(times)),
        weight_events=np.bincount(left[rows.event], weights=rows.weight[rows.event], minlength=len(times)),
    )


def _at_risk(came: Integers, left: Integers, weight: Floats, size: int) -> Floats:
    leaving = np.bincount(left, weights=weight, minlength=size)
    late = came > 0
    leaving -= np.bincount(came[late] - 1, weights=weight[late], minlength=size)
    return np.cumsum(leaving[::-1])[::-1]


def survival_and_error(rows: Rows, steps: Steps) -> tuple[Floats, Floats]:
    """Return the curve and its standard error: Greenwood's, or the robust one with weights or clusters.

    Where everyone left has had the event the curve is 0 and its error is not defined (NaN).
    """
    gone = steps.weight_events > 0
    remaining = np.ones(len(steps.times))
    remaining[gone] = (steps.weight_at_risk[gone] - steps.weight_events[gone]) / steps.weight_at_risk[gone]
    last = gone & (steps.at_risk == steps.events)
    remaining[last] = 0.0  # with weights the difference of two sums may leave dust
    curve = np.cumprod(remaining)
    robust = rows.robust
    variance = _robust_variance(rows, steps, last) if robust else _greenwood(steps, last)
    error = curve * np.sqrt(variance)
    error[np.cumsum(last) > 0] = np.nan
    return curve, error


def _ratio(events: Floats, below: Floats, skip: np.ndarray) -> Floats:
    out = np.zeros(len(events))
    use = (events > 0) & ~skip
    out[use] = events[use] / below[use]
    return out


def _greenwood(steps: Steps, last: np.ndarray) -> Floats:
    risk, events = steps.weight_at_risk, steps.weight_events
    return np.cumsum(_ratio(events, risk * (risk - events), last))


def _robust_variance(rows: Rows, steps: Steps, last: np.ndarray) -> Floats:
    """Return the infinitesimal-jackknife variance of log S at every step, in O(n log n).

    A row's influence on -log S(t) is G(t) - G(entry) while it is at risk (G sums events / (Y (Y - events))), and
    freezes, less 1 / (Y - events) if it had the event, when it leaves. A cluster's total is therefore
    ``alpha - G(t) R`` with alpha and R constant between its members' comings and goings, and the sum of squares over
    clusters needs only the running totals of alpha^2, alpha R and R^2.
    """
    risk, events = steps.weight_at_risk, steps.weight_events
    growth = np.cumsum(_ratio(events, risk * (risk - events), last))
    left = np.searchsorted(steps.times, rows.time)
    came = np.searchsorted(steps.times, np.maximum(rows.entry, 0.0))
    kick = np.zeros(len(rows))
    use = rows.event & ~last[left]
    kick[use] = 1.0 / (risk - events)[left[use]]
    cluster = rows.clusterings[0][1] if rows.clusterings else np.arange(len(rows))
    when = np.concatenate([came, left])
    who = np.concatenate([cluster, cluster])
    change_alpha = np.concatenate([rows.weight * growth[came], rows.weight * (kick - growth[left])])
    change_r = np.concatenate([rows.weight, -rows.weight])
    order = np.lexsort([np.repeat([0, 1], len(rows)), when, who])
    who, when = who[order], when[order]
    alpha, alpha_before = _within(change_alpha[order], who)
    held, held_before = _within(change_r[order], who)
    totals = (
        np.cumsum(np.bincount(when, weights=now - before, minlength=len(growth)))
        for now, before in (
            (alpha**2, alpha_before**2),
            (alpha * held, alpha_before * held_before),
            (held**2, held_before**2),
        )
    )
    alpha_alpha, alpha_held, held_held = totals
    return np.maximum(alpha_alpha - 2 * growth * alpha_held + growth**2 * held_held, 0.0)


def _within(changes: Floats, who: Integers) -> tuple[Floats, Floats]:
    """Running totals of `changes` within each cluster (rows sorted by cluster), after and before each change."""
    after = pd.Series(changes).groupby(who, sort=False).cumsum().to_numpy()
    before = np.concatenate([[0.0], after[:-1]])
    before[np.concatenate([[True], who[1:] != who[:-1]])] = 0.0
    return after, before


def log_log_limits(curve: Floats, error: Floats, level: float) -> tuple[Floats, Floats]:
    """Return limits that stay within 0 and 1: S to the power exp(-+ z se / (S |log S|)).

    Before the first event both are 1; where the error is undefined so are they.
    """
    low, high = np.ones(len(curve)), np.ones(len(curve))
    low[np.isnan(error)] = high[np.isnan(error)] = np.nan
    inside = (curve > 0) & (curve < 1) & ~np.isnan(error)
    s = curve[inside]
    width = ndtri(0.5 + level / 2) * error[inside] / (s * -np.log(s))
    low[inside], high[inside] = s ** np.exp(width), s ** np.exp(-width)
    return low, high
