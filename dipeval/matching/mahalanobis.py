"""Greedy matching by Mahalanobis distance among the people within the caliper on the score."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np

from dipeval.matching.metric import comparable
from dipeval.matching.problem import APART, Bools, Floats, Ints, Problem, meets
from dipeval.matching.seekers import NOBODY, in_turn
from dipeval.presenting import format_count

logger = logging.getLogger("dipeval")

REPORT_EVERY = 20_000_000_000  # distances between two messages on long work: some ten seconds


@dataclass(slots=True, eq=False)
class Crowd:
    """The pool, sorted so that those within a seeker's first limit stand together, and the seekers in their order."""

    people: Ints
    rank: Ints  # in the order of ties
    coordinates: Floats  # dimensions x people
    limits: list[tuple[Floats, Floats, float]]  # of the pool, of the seekers, largest difference or APART
    seekers: Ints
    own: Floats  # seekers x dimensions
    first: Ints
    last: Ints
    replace: bool
    used: bytearray = field(init=False)
    given: dict[int, list[int]] = field(init=False, default_factory=dict)
    looked: int = field(init=False, default=0)
    squares: Floats = field(init=False)  # room to work in: fresh arrays for every seeker would take most of the time
    gap: Floats = field(init=False)
    barred: Bools = field(init=False)

    def __post_init__(self) -> None:
        """Nobody is used yet."""
        size = len(self.people)
        self.used = bytearray(size)
        self.squares, self.gap, self.barred = np.empty(size), np.empty(size), np.empty(size, dtype=bool)

    def window(self, seeker: int) -> tuple[int, int]:
        """Return the places, from one up to another, outside which the first limit is broken for certain."""
        low, high = int(self.first[seeker]), int(self.last[seeker])
        if not self.limits or self.limits[0][2] == APART:
            return low, high
        values, own, most = self.limits[0]
        slack = most + 1e-12 * (abs(own[seeker]) + most)  # the limit itself is checked on every person
        return (
            bisect_left(values, own[seeker] - slack, low, high),
            bisect_right(values, own[seeker] + slack, low, high),
        )

    def nearest(self, seeker: int) -> tuple[float, int, bool]:
        """Find one seeker's nearest free and allowed person now: squared distance, place, whether a tie decided."""
        low, high = self.window(seeker)
        if low >= high:
            return np.inf, NOBODY, False
        self._count(high - low)
        squares = comparable(self._squares(seeker, low, high))
        np.copyto(squares, np.inf, where=self._barred(seeker, low, high))
        best = squares.min()
        if best == np.inf:
            return np.inf, NOBODY, False
        hits = np.flatnonzero(squares == best)
        place = low + int(hits[np.argmin(self.rank[low:high][hits])])
        return float(best), place, len(hits) > 1

    def _squares(self, seeker: int, low: int, high: int) -> Floats:
        squares, gap = self.squares[: high - low], self.gap[: high - low]
        squares.fill(0.0)
        for axis, own in zip(self.coordinates, self.own[seeker].tolist(), strict=True):
            np.subtract(axis[low:high], own, out=gap)
            np.multiply(gap, gap, out=gap)
            np.add(squares, gap, out=squares)
        return squares

    def _barred(self, seeker: int, low: int, high: int) -> Bools:
        barred, gap = self.barred[: high - low], self.gap[: high - low]
        np.copyto(barred, np.frombuffer(self.used, dtype=np.bool_)[low:high])
        for values, own, most in self.limits:
            np.subtract(values[low:high], own[seeker], out=gap)
            barred |= ~meets(np.abs(gap, out=gap), most)
        for place in self.given.get(seeker, ()):
            if low <= place < high:
                barred[place - low] = True
        return barred

    def _count(self, more: int) -> None:
        before, self.looked = self.looked, self.looked + more
        if before // REPORT_EVERY != self.looked // REPORT_EVERY:
            logger.info(
                "Mahalanobis matching: %s distances looked at for %s people.",
                format_count(self.looked),
                format_count(len(self.seekers)),
            )

    def look(self, who: Ints) -> tuple[Floats, Ints, Bools]:
        """Find each seeker's nearest person, as if nobody else chose in this round."""
        found = [self.nearest(seeker) for seeker in who.tolist()]
        distance, place, tied = zip(*found, strict=True) if found else ((), (), ())
        return np.array(distance), np.array(place, dtype=np.int64), np.array(tied, dtype=bool)

    def take(self, place: int) -> None:
        """Mark a place as used."""
        self.used[place] = 1

    def move_on(self, who: Ints, place: Ints) -> None:
        """Remember whom each seeker has been given: nobody is given the same person twice."""
        for seeker, spot in zip(who.tolist(), place.tolist(), strict=True):
            self.given.setdefault(seeker, []).append(spot)


def crowd(problem: Problem) -> Crowd:
    """Set up pool and seekers.

    Parameters
    ----------
    problem
        With coordinates.

    Returns
    -------
    Crowd
        The pool sorted by exact-matching cell, then by what the first limit is about (the score where there is a
        caliper, else the first covariate caliper), then in the order of ties.
    """
    metric = problem.metric
    assert metric is not None
    limits = [(each.values, each.most) for each in problem.conditions]
    if problem.score is not None and np.isfinite(problem.width):
        limits.insert(0, (problem.score, problem.width))
    rows = problem.base[problem.kept[problem.base]]
    is_focal = problem.is_focal[rows]
    pool = rows[~is_focal]
    spots = np.flatnonzero(is_focal)
    seekers = rows[spots[in_turn(problem, rows, spots)]]
    rank = np.arange(len(pool))
    cells = np.zeros(len(problem.treated), dtype=np.int64) if problem.strata is None else problem.strata
    order = np.lexsort((rank, limits[0][0][pool] if limits else rank, cells[pool]))
    pool, rank = pool[order], rank[order]
    along, mine = cells[pool], cells[seekers]
    return Crowd(
        people=pool,
        rank=rank,
        coordinates=np.ascontiguousarray(metric[pool].T),
        limits=[(values[pool], values[seekers], most) for values, most in limits],
        seekers=seekers,
        own=metric[seekers],
        first=np.searchsorted(along, mine, side="left"),
        last=np.searchsorted(along, mine, side="right"),
        replace=problem.options.replace,
    )


def one_by_one(people: Crowd, wanted: Ints) -> tuple[list[tuple[Ints, Ints]], int]:
    """Let every seeker in turn take the nearest person who is still free, in rounds.

    Parameters
    ----------
    people
        Pool and seekers.
    wanted
        Matches for each seeker: the rounds it is in. Who goes without in one is out of the later ones.

    Returns
    -------
    tuple
        For each round the seekers served and the places given to them; and how many choices a tie decided.
    """
    who = np.arange(len(people.seekers))
    rounds: list[tuple[Ints, Ints]] = []
    tied = 0
    for number in range(int(wanted.max(initial=0))):
        who = who[wanted[who] > number]
        given = np.full(len(who), NOBODY, dtype=np.int64)
        for at, seeker in enumerate(who.tolist()):
            _, place, by_tie = people.nearest(seeker)
            given[at] = place
            tied += by_tie
            if place >= 0 and not people.replace:
                people.take(place)
        who, given = who[given >= 0], given[given >= 0]
        people.move_on(who, given)
        rounds.append((who, given))
    return rounds, tied
