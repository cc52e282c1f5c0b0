"""Where in a series each rule signals, from which period to which, and on which side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dipeval.indicators.change.rules import (
    RUN,
    TREND,
    crossings,
    crossings_wanted,
    longest_allowed,
    run_lengths,
    trend_lengths,
    two_of_three,
)

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal, by places among the told points of a phase.

    Parameters
    ----------
    rule
        One of `rules.RULES`.
    known
        The point that made it a signal.
    points
        Points it rests on, in order.
    side
        1 above (or rising), -1 below (or falling), 0 where it has no side.
    count, bound
        Length of the run or trend, or number of crossings; and the bound it passed.
    """

    rule: str
    known: int
    points: tuple[int, ...]
    side: int
    count: int = 0
    bound: int = 0


def locate(rule: str, zone: Array, values: Array, joined: Array) -> list[Signal]:
    """Return the signals of one rule in one series without missing points, in time order.

    Parameters
    ----------
    rule
        One of `rules.RULES`.
    zone, values, joined
        As in `rules`.

    Examples
    --------
    >>> zone = np.array([1, 3, -1])
    >>> locate("outside", zone, zone * 1.0, np.array([False, True, True]))[0].known
    1
    """
    found: dict[str, Callable[[], Iterator[Signal]]] = {
        "outside": lambda: _outside(zone),
        "two_of_three": lambda: _near_limits(zone),
        "run_of_8": lambda: _runs(zone, RUN, "run_of_8"),
        "trend_of_6": lambda: _trends(values, joined),
        "longest_run": lambda: _runs(zone, longest_allowed(int((zone != 0).sum())) + 1, "longest_run"),
        "crossings": lambda: _crossings(zone),
    }
    return list(found[rule]())


def _outside(zone: Array) -> Iterator[Signal]:
    """Neighbours beyond the same limit are one signal."""
    group: list[int] = []
    for place in np.flatnonzero(np.abs(zone) >= 3).tolist():
        if group and (place > group[-1] + 1 or np.sign(zone[place]) != np.sign(zone[group[-1]])):
            yield _beyond(group, zone)
            group = []
        group.append(place)
    if group:
        yield _beyond(group, zone)


def _beyond(group: list[int], zone: Array) -> Signal:
    side = int(np.sign(zone[group[0]]))
    return Signal(rule="outside", known=group[0], points=tuple(group), side=side, count=len(group))


def _near_limits(zone: Array) -> Iterator[Signal]:
    """Windows that share points on one side are one signal."""
    for side in (1, -1):
        group: list[int] = []
        known = -1
        for place in np.flatnonzero(two_of_three(np.where(np.sign(zone) == side, zone, 0))).tolist():
            window = [one for one in range(max(0, place - 2), place + 1) if side * zone[one] >= 2]
            if group and window[0] > group[-1]:
                yield Signal(rule="two_of_three", known=known, points=tuple(group), side=side)
                group = []
            known = known if group else int(place)
            group += [int(one) for one in window if one not in group]
        if group:
            yield Signal(rule="two_of_three", known=known, points=tuple(group), side=side)


def _runs(zone: Array, least: int, rule: str) -> Iterator[Signal]:
    lengths = run_lengths(zone)
    useful = np.flatnonzero(zone != 0)
    starts = [place for place in range(len(useful)) if lengths[useful[place]] == 1]
    for start, end in zip(starts, [*starts[1:], len(useful)][: len(starts)], strict=True):
        if end - start >= least:
            own = tuple(int(place) for place in useful[start:end])
            side = int(np.sign(zone[own[0]]))
            yield Signal(rule=rule, known=own[least - 1], points=own, side=side, count=len(own), bound=least - 1)


def _trends(values: Array, joined: Array) -> Iterator[Signal]:
    lengths = [int(length) for length in trend_lengths(values, joined)]
    for place, length in enumerate(lengths):
        ends = place + 1 == len(lengths) or abs(lengths[place + 1]) <= abs(length)
        if abs(length) >= TREND and ends:
            own = tuple(range(place + 1 - abs(length), place + 1))
            side = int(np.sign(length))
            yield Signal(
                rule="trend_of_6", known=own[TREND - 1], points=own, side=side, count=len(own), bound=TREND - 1
            )


def _crossings(zone: Array) -> Iterator[Signal]:
    useful = np.flatnonzero(zone != 0)
    n, wanted = int(crossings(zone)), crossings_wanted(len(useful))
    if n < wanted:
        own = tuple(int(place) for place in useful)
        yield Signal(rule="crossings", known=own[-1], points=own, side=0, count=n, bound=wanted)
