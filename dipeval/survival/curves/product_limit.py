"""The product-limit estimate of one group: who is at risk when, the curve, its variance.

Sources: Kaplan and Meier (1958), *JASA* 53, 457-481; Greenwood (1926) for the variance without weights; the
infinitesimal jackknife (Efron 1982, *The Jackknife, the Bootstrap and Other Resampling Plans*, SIAM) for the variance
with weights or clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.clusters import alone_in_a_cluster, n_clusters
from dipeval.survival.columns import Flags, Floats, Integers, Rows
from dipeval.survival.curves.running import State, held, running_variance

_DUST = 1e-13  # a variance this small beside the square of its estimate is rounding


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
    n_effective
        Effective number at risk: the squared sum of the weights over the sum of their squares; NaN with nobody there.
    came, left
        For every row the place in `times` of its entry (0 without one) and of its end.
    """

    times: Floats
    at_risk: Integers
    events: Integers
    censored: Integers
    weight_at_risk: Floats
    weight_events: Floats
    n_effective: Floats
    came: Integers
    left: Integers

    @property
    def last(self) -> Flags:
        """Where everyone still at risk has the event, so that the curve reaches 0."""
        return (self.events > 0) & (self.at_risk == self.events)

    @property
    def remaining(self) -> Floats:
        """Weight at risk that does not have the event; 0, and not dust, where everyone has it."""
        return np.where(self.last, 0.0, self.weight_at_risk - self.weight_events)

    @property
    def hazard_over_remaining(self) -> Floats:
        """Events over (at risk times remaining): what Greenwood's sum adds up; 0 where the curve reaches 0."""
        return quotient(self.weight_events, self.weight_at_risk * self.remaining)


def count_steps(rows: Rows) -> Steps:
    """Count one group's rows, in canonical order, at each of its distinct times."""
    times, came, left = _places(rows)
    size = len(times)
    at_risk = np.rint(_at_risk(came, left, np.ones(len(rows)), size)).astype(np.int64)
    events = np.bincount(left[rows.event], minlength=size)
    if rows.weighted:
        weight_at_risk = _at_risk(came, left, rows.weight, size)
        weight_events = np.bincount(left[rows.event], weights=rows.weight[rows.event], minlength=size)
        squared = np.where(at_risk > 0, _at_risk(came, left, rows.weight**2, size), 0.0)
        effective = np.full(size, np.nan)
        np.divide(weight_at_risk**2, squared, out=effective, where=squared > 0)
    else:
        weight_at_risk, weight_events = at_risk.astype(float), events.astype(float)
        effective = np.where(at_risk > 0, weight_at_risk, np.nan)
    return Steps(
        times=times,
        at_risk=at_risk,
        events=events,
        censored=np.bincount(left, minlength=size) - events,
        weight_at_risk=weight_at_risk,
        weight_events=weight_events,
        n_effective=effective,
        came=came,
        left=left,
    )


def _places(rows: Rows) -> tuple[Floats, Integers, Integers]:
    """Return the distinct times and the place of each row's entry and end among them."""
    if (rows.entry > 0).any() or (rows.time[1:] < rows.time[:-1]).any():
        entered = np.maximum(rows.entry, 0.0)
        times = np.unique(np.concatenate([[0.0], rows.time, entered]))
        return times, np.searchsorted(times, entered), np.searchsorted(times, rows.time)
    first = np.empty(len(rows), dtype=bool)  # rows of a group stand in order of time: no search is needed
    first[0] = rows.time[0] > 0
    np.greater(rows.time[1:], rows.time[:-1], out=first[1:])
    return np.append(0.0, rows.time[first]), np.zeros(len(rows), dtype=np.int64), np.cumsum(first)


def _at_risk(came: Integers, left: Integers, weight: Floats, size: int) -> Floats:
    """Add up, at each step, the weight of those who came before it and had not left before it."""
    leaving = np.bincount(left, weights=weight, minlength=size)
    late = came > 0  # entry at the start: at risk from the row at time 0
    if late.any():
        leaving -= np.bincount(came[late], weights=weight[late], minlength=size)
    return np.cumsum(leaving[::-1])[::-1]


def survival(steps: Steps) -> Floats:
    """Return the share who have not yet had the event, after each step."""
    gone = steps.weight_events > 0
    share = np.ones(len(steps.times))
    share[gone] = steps.remaining[gone] / steps.weight_at_risk[gone]
    return np.cumprod(share)


def used_up(free: Floats, at_risk: Integers) -> bool:
    """Whether the event had come to everybody then at risk, so that the curve says nothing of those who enter later.

    Parameters
    ----------
    free
        Share without the event after each step.
    at_risk
        People at risk at each step.
    """
    gone = free <= 0
    return bool(gone.any() and at_risk[int(gone.argmax()) + 1 :].any())


def survival_error(rows: Rows, steps: Steps, curve: Floats, *, robust: bool) -> Floats:
    """Return the standard error of the curve: Greenwood's, or the infinitesimal jackknife's.

    Where everyone left has had the event the curve is 0 and its error is not defined (NaN); neither is it where the
    rows do not differ from each other, such as those of one cluster.
    """
    growth = np.cumsum(steps.hazard_over_remaining)
    variance = _robust_variance(rows, steps, growth) if robust else growth
    gone = np.cumsum(steps.last) > 0
    safe = np.where(gone, 1.0, curve)
    return curve * np.where(gone, np.nan, error_of(variance, -np.log(safe)))


def survival_influence(rows: Rows, steps: Steps, curve: Floats, place: int) -> Floats:
    """Return the derivative of the curve at one step with respect to the weight of each row."""
    until = np.minimum(steps.left, place)
    growth = np.cumsum(steps.hazard_over_remaining)
    kick = np.where(steps.left <= place, _kick(rows, steps), 0.0)
    return curve[place] * (growth[until] - growth[np.minimum(steps.came, place)] - kick)


def _robust_variance(rows: Rows, steps: Steps, growth: Floats) -> Floats:
    """Return the infinitesimal-jackknife variance of log S at every step.

    A row's influence on log S(t) is G(t) - G(entry) while it is at risk (G is Greenwood's running sum), and freezes,
    less 1 / (Y - events) if it had the event, when it leaves.
    """
    if not rows.clusterings and not steps.came.any():
        return _variance_of_rows(rows, steps, growth)
    carried = State(at_entry=-growth[steps.came], at_end=growth[steps.left] - _kick(rows, steps))
    curves = np.column_stack([np.ones(len(growth)), growth])
    return running_variance(rows, came=steps.came, left=steps.left, states=[carried, held(rows)], curves=curves)


def _variance_of_rows(rows: Rows, steps: Steps, growth: Floats) -> Floats:
    """Return the same where everyone is there from the start and each row stands alone.

    What a row contributes then depends only on when it leaves and whether with the event: squared weights are added up
    by step first, and all else is done on steps.
    """
    size, squared = len(growth), rows.weight**2
    left = np.bincount(steps.left, weights=squared, minlength=size)
    with_event = np.bincount(steps.left[rows.event], weights=squared[rows.event], minlength=size)
    frozen = (left - with_event) * growth**2 + with_event * (growth - _per_event(steps)) ** 2
    still_there = np.append(np.cumsum(left[::-1])[::-1][1:], 0.0)
    return np.cumsum(frozen) + still_there * growth**2


def _per_event(steps: Steps) -> Floats:
    return quotient((steps.events > 0).astype(float), steps.remaining)


def _kick(rows: Rows, steps: Steps) -> Floats:
    return np.where(rows.event, _per_event(steps)[steps.left], 0.0)


def check_events(rows: Rows, until: float = np.inf) -> None:
    """Refuse a group in which nothing happened, or nothing up to a time."""
    seen = np.bincount(rows.group[rows.event & (rows.time <= until)], minlength=len(rows.group_names))
    silent = [name for name, count in zip(rows.group_names, seen, strict=True) if not count]
    if silent:
        when = "" if np.isinf(until) else f" by {until:g}"
        raise EstimationError(
            f"No event is seen in group {', '.join(silent)}{when}: its curve would stay at 1 with no honest interval; "
            "follow for longer or put groups together."
        )


def check_clusters(rows: Rows, cluster: object) -> None:
    """Refuse a group that lies in one cluster, or no more clusters than groups, where clusters were named."""
    if cluster is None:
        return
    for code, name in enumerate(rows.group_names):
        if alone_in_a_cluster(rows, rows.group == code):
            raise EstimationError(
                f"Group '{name}' lies in one cluster: no error can be learned from one. Some dozens of clusters "
                "are wanted; leave `cluster` out if nothing belongs together."
            )
    if n_clusters(rows) <= len(rows.group_names):
        raise EstimationError(
            f"{n_clusters(rows)} clusters are too few to compare {len(rows.group_names)} groups: some dozens are "
            "wanted; leave `cluster` out if nothing belongs together."
        )


def error_of(variance: Floats, size: Floats) -> Floats:
    """Return the root of a variance; NaN where it is no more than rounding beside the estimate."""
    error = np.sqrt(variance)
    error[(size > 0) & (variance <= _DUST * size**2)] = np.nan
    return error


def quotient(above: Floats, below: Floats) -> Floats:
    """Divide; 0 where nothing is divided or nothing remains to divide by."""
    out = np.zeros(len(above))
    np.divide(above, below, out=out, where=(above > 0) & (below > 0))
    return out
