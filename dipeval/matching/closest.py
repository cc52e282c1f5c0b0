"""The closest pair of all first: greedy matching that lets distance, not a person, decide who chooses."""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace
from typing import Protocol

import numpy as np

from dipeval.matching.problem import Bools, Floats, Ints


class Finder(Protocol):
    """Whoever can say who is nearest: the line of the score, or the space of the Mahalanobis distance."""

    used: bytearray
    replace: bool

    def look(self, who: Ints) -> tuple[Floats, Ints, Bools]:
        """Find each seeker's nearest person: distance, place (negative for none), whether a tie may decide."""

    def nearest(self, seeker: int) -> tuple[float, int, bool]:
        """Find one seeker's nearest person who is free now."""

    def take(self, place: int) -> None:
        """Mark a place as used."""

    def move_on(self, who: Ints, place: Ints) -> None:
        """Let seekers look for another person than the one whom they were given."""


def closest_first(finder: Finder, wanted: Ints) -> tuple[list[tuple[Ints, Ints]], int]:
    """Make the closest pair among all that can still be made, then the next closest, until none is left.

    Parameters
    ----------
    finder
        Says who is nearest. Its seekers stand in the order that settles ties.
    wanted
        Matches for each seeker: everybody gets a first match, closest pairs first, before anybody gets a second.

    Returns
    -------
    tuple
        For each round the seekers served and the places given to them; and how many choices a tie decided.

    Notes
    -----
    Of equally close pairs the one whose focal person comes first in the order of ties is made first, and of equally
    near people a focal person takes the one it would take in any other order. A choice counts as decided by a tie when
    the person had another just as near, or when somebody just as near wanted the same one.

    The heap is lazy: a distance can only grow as people are used, so a pair is looked at again only when it comes up
    and its person has gone. The whole takes n log n steps on a score, and no list of all pairs is ever made.
    """
    who = np.arange(len(wanted))
    rounds: list[tuple[Ints, Ints]] = []
    tied = 0
    for number in range(int(wanted.max(initial=0))):
        who = who[wanted[who] > number]
        served, places, by_tie = _one_round(finder, who)
        tied += by_tie
        finder.move_on(served, places)
        rounds.append((served, places))
        who = np.sort(served)
    return rounds, tied


def _one_round(finder: Finder, who: Ints) -> tuple[Ints, Ints, int]:
    distance, place, doubtful = finder.look(who)
    if finder.replace:  # nobody stands in anybody's way
        found = place >= 0
        return who[found], place[found], int(doubtful[found].sum())
    some = np.flatnonzero(place >= 0)
    entries = (distance[some].tolist(), who[some].tolist(), place[some].tolist(), doubtful[some].tolist())
    heap = list(zip(*entries, strict=True))
    heapify(heap)
    taken: dict[int, tuple[float, bool]] = {}  # place -> distance at which it went, whether a tie is counted already
    given: list[tuple[int, int]] = []
    while heap:
        gap, seeker, spot, unsure = heap[0]
        if finder.used[spot]:
            at, counted = taken.get(spot, (-1.0, True))
            if at == gap and not counted:
                taken[spot] = (at, True)
            gap, spot, unsure = finder.nearest(seeker)
            if spot < 0:
                heappop(heap)
            else:
                heapreplace(heap, (gap, seeker, spot, unsure))
            continue
        heappop(heap)
        taken[spot] = (gap, unsure and finder.nearest(seeker)[2])
        given.append((seeker, spot))
        finder.take(spot)
    pairs = np.asarray(given, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], sum(by_tie for _, by_tie in taken.values())
