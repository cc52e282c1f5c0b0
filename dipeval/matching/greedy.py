"""Greedy matching on one score: everybody on a line, the nearest free person on either side.

Nothing but the line is kept: the pool sorted by score within its exact-matching cell, and for each seeker how far it
has looked on either side. First choices are found for all seekers at once; only where two want the same person, or a
tie has to be looked at, does one seeker after the other look again, skipping used people by union-find (Tarjan 1975).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dipeval.matching.problem import Bools, Floats, Ints, Problem, meets
from dipeval.matching.seekers import NOBODY, Seekers, in_turn, stable_order

STEPS_TOGETHER = 32  # steps past people who break a condition that all seekers take at once; after that one by one
FIRST_BLOCK = 64


@dataclass(slots=True, eq=False)
class Line:
    """The pool on its sorted line, with the seekers beside it."""

    people: Ints
    scores: Floats
    positions: Ints
    seekers: Seekers
    width: float
    replace: bool
    conditions: list[tuple[Floats, Floats, float]]  # along the line, of the seekers, largest difference or APART
    used: bytearray = field(init=False)
    left: dict[int, int] = field(init=False, default_factory=dict)  # used place -> a place further on
    right: dict[int, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Nobody is used yet."""
        self.used = bytearray(len(self.people))

    def look(self, who: Ints) -> tuple[Floats, Ints, Bools]:
        """Find the nearest free and allowed person of each seeker, as if nobody else chose in this round.

        Parameters
        ----------
        who
            Which of the seekers look.

        Returns
        -------
        tuple
            Distance, place (`NOBODY` for none), and where a tie decides or may decide.
        """
        seekers = self.seekers
        low = seekers.low[who] = self._along(who, seekers.low[who], -1)
        high = seekers.high[who] = self._along(who, seekers.high[who], 1)
        own = seekers.score[who]
        down = np.where(low >= 0, own - self.scores[low], np.inf)
        up = np.where(high >= 0, self.scores[high] - own, np.inf)
        level = (down == up) & (low >= 0)
        fewer = seekers.low_from[who] - self.positions[low] <= self.positions[high] - seekers.high_from[who]
        go_low = np.where(level, fewer, down < up)  # a level tie: fewer places away, then the lower score
        place = np.where(go_low, low, high)
        return np.minimum(down, up), place, level | self._has_twins(who, place, go_low)

    def _along(self, who: Ints, at: Ints, step: int) -> Ints:
        """Go on from each place to the first that is free, within the caliper and meets every condition."""
        found = np.full(len(who), NOBODY, dtype=np.int64)
        skip = self._skips(step)
        waiting = np.arange(len(who))
        for _ in range(STEPS_TOGETHER):
            inside = (at >= self.seekers.first[who]) & (at < self.seekers.last[who])
            if skip is not None:
                at = np.where(inside, skip[at * inside], NOBODY)
                inside = (at >= self.seekers.first[who]) & (at < self.seekers.last[who])
            inside &= np.abs(self.scores[at * inside] - self.seekers.score[who]) <= self.width
            if not inside.all():
                waiting, who, at = waiting[inside], who[inside], at[inside]
            fits = self._meets(who, at)
            found[waiting[fits]] = at[fits]
            waiting, who, at = waiting[~fits], who[~fits], at[~fits] + step
            if not len(waiting):
                return found
        for spot, seeker, place in zip(waiting.tolist(), who.tolist(), at.tolist(), strict=True):
            found[spot] = self._scan(seeker, place, step)
        return found

    def _skips(self, step: int) -> Ints | None:
        """Return for every place the first free one at or beyond it; None while nobody is used."""
        if not self.left:
            return None
        used = np.frombuffer(self.used, dtype=np.bool_)
        places = np.arange(len(used))
        if step < 0:
            return np.maximum.accumulate(np.where(used, NOBODY, places))
        return np.minimum.accumulate(np.where(used, len(used), places)[::-1])[::-1]

    def _meets(self, who: Ints, at: Ints) -> Bools:
        fine = np.ones(len(who), dtype=bool)
        for values, own, most in self.conditions:
            fine &= meets(np.abs(values[at] - own[who]), most)
        return fine

    def _has_twins(self, who: Ints, place: Ints, go_low: Bools) -> Bools:
        """Whether the next one beyond a choice has the very same score (used or not, unless people are used often)."""
        step = np.where(go_low, -1, 1)
        beyond = place + step
        inside = (place >= 0) & (beyond >= self.seekers.first[who]) & (beyond < self.seekers.last[who])
        twin = inside & (self.scores[beyond * inside] == self.scores[place])
        if self.replace and self.conditions:  # nobody looks again: find out now whether the twin is allowed
            for spot in np.flatnonzero(twin).tolist():
                ahead = self._scan(int(who[spot]), int(beyond[spot]), int(step[spot]))
                twin[spot] = ahead >= 0 and self.scores[ahead] == self.scores[place[spot]]
        return twin

    def nearest(self, seeker: int) -> tuple[float, int, bool]:
        """Find one seeker's nearest free and allowed person now: distance, place, whether a tie decided."""
        seekers, scores = self.seekers, self.scores
        low = self._next(seeker, int(seekers.low[seeker]), -1)
        high = self._next(seeker, int(seekers.high[seeker]), 1)
        if low < 0 and high < 0:
            return np.inf, NOBODY, False
        own = seekers.score[seeker]
        down = float(own - scores[low]) if low >= 0 else np.inf
        up = float(scores[high] - own) if high >= 0 else np.inf
        go_low, level = down < up, down == up
        if level:
            positions = self.positions
            go_low = bool(seekers.low_from[seeker] - positions[low] <= positions[high] - seekers.high_from[seeker])
        place, step = (low, -1) if go_low else (high, 1)
        return min(down, up), place, level or self._has_twin(seeker, place, step)

    def _next(self, seeker: int, place: int, step: int) -> int:
        """Go on from a place to the first that is free, within the caliper and meets every condition."""
        if place < 0:
            return NOBODY
        place = _free(self.left if step < 0 else self.right, place)
        if self.conditions:
            return self._scan(seeker, place, step)
        return place if self._reaches(seeker, place) else NOBODY

    def _reaches(self, seeker: int, place: int) -> bool:
        seekers = self.seekers
        if not seekers.first[seeker] <= place < seekers.last[seeker]:
            return False
        return bool(abs(self.scores[place] - seekers.score[seeker]) <= self.width)

    def _scan(self, seeker: int, place: int, step: int) -> int:
        """Look for the first place that is free and meets every condition, in blocks that double."""
        first, last, block = int(self.seekers.first[seeker]), int(self.seekers.last[seeker]), FIRST_BLOCK
        used = np.frombuffer(self.used, dtype=np.bool_)
        while self._reaches(seeker, place):
            low, high = (place, min(last, place + block)) if step > 0 else (max(first, place - block + 1), place + 1)
            fine = ~used[low:high]
            for values, own, most in self.conditions:
                fine &= meets(np.abs(values[low:high] - own[seeker]), most)
            found = int(fine.argmax()) if step > 0 else len(fine) - 1 - int(fine[::-1].argmax())
            if fine[found]:
                return low + found if self._reaches(seeker, low + found) else NOBODY
            place = high if step > 0 else low - 1
            block *= 2
        return NOBODY

    def _has_twin(self, seeker: int, place: int, step: int) -> bool:
        """Whether another free and allowed place on the same side has the very same score."""
        beyond = place + step
        if not 0 <= beyond < len(self.scores) or self.scores[beyond] != self.scores[place]:
            return False
        beyond = self._next(seeker, beyond, step)
        return beyond >= 0 and bool(self.scores[beyond] == self.scores[place])

    def take(self, place: int) -> None:
        """Mark a place as used."""
        self.used[place] = 1
        self.left[place] = place - 1
        self.right[place] = place + 1

    def move_on(self, who: Ints, place: Ints) -> None:
        """Let seekers look beyond the person whom they were given, and count places from there."""
        seekers = self.seekers
        low = place < seekers.start[who]
        seekers.low[who[low]], seekers.low_from[who[low]] = place[low] - 1, self.positions[place[low]]
        seekers.high[who[~low]], seekers.high_from[who[~low]] = place[~low] + 1, self.positions[place[~low]]


def _free(parent: dict[int, int], place: int) -> int:
    """Return the first free place at or beyond `place`, shortening the way for the next one who asks."""
    root = place
    while root in parent:
        root = parent[root]
    while place != root:
        parent[place], place = root, parent[place]
    return root


def line_up(problem: Problem) -> Line:
    """Put the people who may be used on their line.

    Parameters
    ----------
    problem
        With a score.

    Returns
    -------
    Line
        Sorted by exact-matching cell, score and `base`.
    """
    score = problem.score
    assert score is not None
    rows = problem.base if problem.kept.all() else problem.base[problem.kept[problem.base]]
    order = stable_order(score[rows])
    codes = None
    if problem.strata is not None:
        codes = problem.strata[rows]
        order = order[np.argsort(codes[order].astype(np.min_scalar_type(codes.max(initial=0))), kind="stable")]
    inside = problem.is_focal[rows[order]]
    here, places = np.flatnonzero(inside), np.flatnonzero(~inside)
    spots = order[here]  # in `rows`: the smaller, the earlier in `base`
    turn = in_turn(problem, rows, spots)
    start = (here - np.arange(len(here)))[turn]  # members of the pool further left
    here, people, pool = here[turn], rows[spots[turn]], rows[order[places]]
    first, last = np.zeros(len(here), dtype=np.int64), np.full(len(here), len(places), dtype=np.int64)
    if codes is not None:
        mine, along = codes[spots[turn]], codes[order[places]]
        first, last = np.searchsorted(along, mine, side="left"), np.searchsorted(along, mine, side="right")
    return Line(
        people=pool,
        scores=score[pool],
        positions=places,
        width=problem.width,
        replace=problem.options.replace,
        conditions=[(each.values[pool], each.values[people], each.most) for each in problem.conditions],
        seekers=Seekers(
            people=people,
            score=score[people],
            low=start - 1,
            high=start.copy(),
            low_from=here,
            high_from=here.copy(),
            first=first,
            last=last,
            start=start,
        ),
    )


def one_after_the_other(line: Line, wanted: Ints) -> tuple[list[tuple[Ints, Ints]], int]:
    """Deal the pool out in rounds: every seeker in turn takes the nearest person who is still free.

    Parameters
    ----------
    line
        Pool and seekers.
    wanted
        Matches for each seeker: the rounds it is in. Who goes without in one is out of the later ones.

    Returns
    -------
    tuple
        For each round the seekers served and the places given to them; and how many choices a tie decided.
    """
    who = np.arange(len(line.seekers.people))
    rounds: list[tuple[Ints, Ints]] = []
    tied = 0
    for number in range(int(wanted.max(initial=0)) if len(line.people) else 0):
        who = who[wanted[who] > number]
        _, place, doubtful = line.look(who)
        if line.replace:
            tied += int(doubtful.sum())
        else:
            place, by_tie = _give_away(line, who, place, doubtful)
            tied += by_tie
        who, place = who[place >= 0], place[place >= 0]
        line.move_on(who, place)
        rounds.append((who, place))
    return rounds, tied


def _give_away(line: Line, who: Ints, place: Ints, doubtful: Bools) -> tuple[Ints, int]:
    """Give each seeker its first choice where that is free still and no tie is in the way; else let it look again."""
    used, left, right = line.used, line.left, line.right
    given = place.tolist()
    tied = 0
    for at, (seeker, spot, unsure) in enumerate(zip(who.tolist(), given, doubtful.tolist(), strict=True)):
        if spot < 0:
            continue
        if unsure or used[spot]:
            _, spot, by_tie = line.nearest(seeker)
            given[at] = spot
            tied += by_tie
            if spot < 0:
                continue
        used[spot] = 1
        left[spot] = spot - 1
        right[spot] = spot + 1
    return np.asarray(given, dtype=np.int64), tied
