"""Optimal pairs on one score without a caliper: one walk along the line, in time n log n.

Between two neighbouring places the pairs that span the gap cost its length each. Walking from left to right, the least
cost so far is a convex function of the surplus: matches begun by the people looking for one, less those begun by
the pool. The function is kept as its list of steps, which stay sorted: crossing a gap of length g adds g to the steps
right of nought and takes g from those left of it; somebody who has to be used moves nought by one; somebody who may be
used puts in a step of nought. Each is done in constant time.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(slots=True)
class _Steps:
    """Steps of a convex function of whole numbers, cut at 0 and at its lowest place.

    Between 0 and the lowest place lie the steps `middle`; `left` and `right` lie beyond, each with its end nearest the
    cut last. What has been added to every step of a part since it was put there is kept in one number a part.
    """

    lowest: int = 0
    left: list[float] = field(default_factory=list)
    middle: deque[float] = field(default_factory=deque)
    right: list[float] = field(default_factory=list)
    to_left: int = 0
    to_middle: int = 0
    to_right: int = 0

    def cross(self, gap: int) -> None:
        """Every match that spans a gap costs its length."""
        self.to_left -= gap
        self.to_right += gap
        middle = self.middle
        if self.lowest > 0:
            self.to_middle += gap
            while middle and middle[-1] + self.to_middle >= 0:
                self._push_right(middle.pop() + self.to_middle)
                self.lowest -= 1
        elif self.lowest < 0:
            self.to_middle -= gap
            while middle and middle[0] + self.to_middle < 0:
                self._push_left(middle.popleft() + self.to_middle)
                self.lowest += 1

    def must_add(self) -> None:
        """Somebody begins a match from the side of those looking: the surplus grows by one."""
        if self.lowest >= 0:
            self.middle.appendleft(self._pop_left() - self.to_middle)
        else:
            self._push_right(self.middle.pop() + self.to_middle)
        self.lowest += 1

    def must_take(self) -> None:
        """Somebody begins a match from the side of the pool: the surplus falls by one."""
        if self.lowest > 0:
            self._push_left(self.middle.popleft() + self.to_middle)
        else:
            self.middle.append(self._pop_right() - self.to_middle)
        self.lowest -= 1

    def may_take(self) -> int:
        """Somebody of the pool may be used: it pays where the surplus, with it used, is below the number returned."""
        before = self.lowest
        if before > 0:
            self._push_left(self.middle.popleft() + self.to_middle)
            self._push_right(0)
        else:
            self.middle.appendleft(-self.to_middle)
        self.lowest -= 1
        return before

    def _push_left(self, step: float) -> None:
        self.left.append(step - self.to_left)

    def _push_right(self, step: float) -> None:
        self.right.append(step - self.to_right)

    def _pop_left(self) -> float:
        return self.left.pop() + self.to_left if self.left else -math.inf

    def _pop_right(self) -> float:
        return self.right.pop() + self.to_right if self.right else math.inf


def sweep(rows: Ints, columns: Ints, ratio: int) -> tuple[Ints, Ints]:
    """Give each of `rows` up to `ratio` of `columns` so that the total distance is the smallest.

    Parameters
    ----------
    rows, columns
        Scores of the two groups as whole numbers, sorted.
    ratio
        Matches wanted each. Where columns are short, all are used and spread evenly: nobody gets one more before
        everybody has as many.

    Returns
    -------
    tuple
        Places of the two people of each pair.

    Notes
    -----
    Rosenbaum, P. R. (1989), Optimal matching for observational studies, Journal of the American Statistical
    Association 84, 1024-1032, gives the problem; the walk is minimum-cost flow along a path with convex costs.

    Examples
    --------
    >>> first, second = sweep(np.array([10, 11]), np.array([0, 10, 13]), 1)
    >>> list(zip(first.tolist(), second.tolist()))
    [(0, 1), (1, 2)]
    """
    if not len(rows) or not len(columns):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    certain = min(ratio, len(columns) // len(rows))
    is_short = certain < ratio and len(columns) > certain * len(rows)
    all_used = certain < ratio
    places = np.concatenate([rows, columns])
    order = np.argsort(places, kind="stable")
    gaps = np.diff(places[order], prepend=places[order[:1]]).tolist()
    is_row = (order < len(rows)).tolist()
    bounds = _forward(gaps, is_row, certain=certain, is_short=is_short, all_used=all_used)
    used = _backward(is_row, bounds, certain=certain, is_short=is_short, all_used=all_used)
    times = np.zeros(len(places), dtype=np.int64)
    times[order] = used
    return np.repeat(np.arange(len(rows)), times[: len(rows)]), np.flatnonzero(times[len(rows) :])


def _forward(gaps: list[int], is_row: list[bool], *, certain: int, is_short: bool, all_used: bool) -> list[int]:
    steps = _Steps()
    bounds: list[int] = []
    for gap, of_rows in zip(gaps, is_row, strict=True):
        if gap:
            steps.cross(gap)
        bound = 0
        if of_rows:
            for _ in range(certain):
                steps.must_add()
            if is_short:  # to add one or not is to take one or not, and then to add one
                bound = steps.may_take()
                steps.must_add()
        elif all_used:
            steps.must_take()
        else:
            bound = steps.may_take()
        bounds.append(bound)
    return bounds


def _backward(is_row: list[bool], bounds: list[int], *, certain: int, is_short: bool, all_used: bool) -> list[int]:
    """Read the choices back from the end, where nothing is left over."""
    surplus = 0
    used = [0] * len(is_row)
    for event in range(len(is_row) - 1, -1, -1):
        if is_row[event]:
            extra = is_short and surplus - 1 >= bounds[event]
            used[event] = certain + extra
            surplus -= used[event]
        elif all_used or surplus < bounds[event]:
            used[event] = 1
            surplus += 1
    return used
