"""Greedy nearest-neighbour matching on one score, by rules whose pairs equal those of R (tests/reference).

People stand on a line sorted by score (ties: the order they come in). Each focal person looks left and right for the
nearest person of the pool still free; used people are skipped by union-find, so no distance matrix is ever made and
the work grows as n log n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.matching.found import found_pairs
from dipeval.matching.options import SCALE_WORDS, limit_in_words, ties_in_words
from dipeval.matching.problem import Found, Problem
from dipeval.presenting import format_count

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Condition = tuple[Floats, float]  # values of everybody, largest difference allowed within a pair
FIRST_BLOCK = 32


def nearest_pairs(problem: Problem) -> Found:
    """Match greedily within each exact-matching cell, in the order that the options lay down.

    Parameters
    ----------
    problem
        What was asked for.

    Returns
    -------
    Found
    """
    options, score = problem.options, problem.score
    if score is None or problem.metric is not None or options.order == "closest":
        raise InputError("not built yet")
    focal: list[int] = []
    others: list[int] = []
    tied = short = n_matched = 0
    for rows in problem.cells():
        mine, inside = score[rows], problem.is_focal[rows]
        if not inside.any() or inside.all():
            continue
        people = rows.tolist()
        pairs, ties = greedy_pairs(
            mine,
            inside,
            _sequence(mine, inside, problem.turn[rows], options.order),
            width=problem.width,
            ratio=options.ratio,
            replace=options.replace,
            conditions=[(condition.values[rows], condition.most) for condition in problem.conditions],
        )
        for one, many in pairs.items():
            focal += [people[one]] * len(many)
            others += [people[other] for other in many]
            short += len(many) < options.ratio
        n_matched += len(pairs)
        tied += ties
    how = "with" if options.replace else "without"
    notes = [
        f"Greedy nearest neighbour on {SCALE_WORDS[options.scale]}, {options.ratio}:1 {how} replacement, "
        f"{limit_in_words(options, problem.width)}; every pair was checked against every constraint.",
        ties_in_words(options, tied, len(others)),
    ]
    if short:
        notes.append(
            f"{format_count(short)} of {format_count(n_matched)} matched people have fewer than "
            f"{options.ratio} matches."
        )
    return found_pairs(
        problem,
        np.asarray(focal, dtype=np.int64),
        np.asarray(others, dtype=np.int64),
        facts={"n_tied_choices": tied},
        notes=tuple(notes),
    )


def _sequence(score: Floats, inside: NDArray[np.bool_], turn: Ints, order: str) -> Ints:
    focal = np.flatnonzero(inside)
    keys = {"largest": -score[focal], "smallest": score[focal]}.get(order, turn[focal])
    return focal[np.argsort(keys, kind="stable")]


@dataclass(slots=True)
class _Side:
    """One direction along the line of the pool: where the next free place is."""

    step: int
    parent: list[int]

    def free(self, place: int) -> int:
        """Return the first free place at or beyond `place`; -1 or the size of the pool when there is none."""
        parent = self.parent
        root = place
        while 0 <= root < len(parent) and parent[root] != root:
            root = parent[root]
        while place != root:
            parent[place], place = root, parent[place]
        return root

    def take(self, place: int) -> None:
        """Mark a place as used."""
        self.parent[place] = place + self.step


@dataclass(slots=True)
class _Line:
    """The pool on its sorted line, and the focal people beside it."""

    scores: list[float]
    positions: list[int]
    people: list[int]
    left: _Side
    right: _Side
    replace: bool
    width: float
    free: NDArray[np.bool_]
    conditions: list[Condition]  # values along the line

    def scores_agree(self, place: int, step: int) -> bool:
        """Whether the next place on the line, used or not, has the same score."""
        beyond = place + step
        return 0 <= beyond < len(self.scores) and self.scores[beyond] == self.scores[place]


@dataclass(slots=True)
class _Seeker:
    """A focal person: where it stands, and how far it has already looked on either side."""

    person: int
    score: float
    low: int
    high: int
    low_from: int
    high_from: int
    values: list[float]
    matches: list[int] = field(default_factory=list)


def greedy_pairs(
    score: Floats,
    focal: NDArray[np.bool_],
    sequence: Ints,
    *,
    width: float = np.inf,
    ratio: int = 1,
    replace: bool = False,
    conditions: Sequence[Condition] = (),
) -> tuple[dict[int, list[int]], int]:
    """Match each focal person with up to `ratio` of the others, nearest first.

    Parameters
    ----------
    score
        Matching score; ties keep the order of the rows.
    focal
        Who is to be matched; everybody else is the pool.
    sequence
        Positions of the focal people in the order in which they choose.
    width
        Largest allowed difference in score (inclusive).
    ratio
        Matches wanted each; dealt in rounds.
    replace
        Whether a member of the pool may serve several.
    conditions
        Further columns with the largest difference allowed within a pair (inclusive).

    Returns
    -------
    tuple
        Positions of the matches of each matched focal person, and the number of choices that a tie decided.
    """
    line, seekers = _line_up(score, focal, sequence, width=width, replace=replace, conditions=conditions)
    tied = 0
    waiting = seekers
    for _ in range(ratio):
        served = []
        for seeker in waiting:
            found, was_tied = _serve(line, seeker)
            if found:
                served.append(seeker)
                tied += was_tied
        waiting = served
    return {seeker.person: seeker.matches for seeker in seekers if seeker.matches}, tied


def _line_up(
    score: Floats,
    focal: NDArray[np.bool_],
    sequence: Ints,
    *,
    width: float,
    replace: bool,
    conditions: Sequence[Condition],
) -> tuple[_Line, list[_Seeker]]:
    order = np.argsort(score, kind="stable")
    is_pool = ~focal[order]
    position = np.empty(len(score), dtype=np.int64)
    position[order] = np.arange(len(score))
    places = np.flatnonzero(is_pool)
    people = order[places]
    before = np.searchsorted(places, position[sequence])  # members of the pool further left
    line = _Line(
        scores=score[people].tolist(),
        positions=places.tolist(),
        people=people.tolist(),
        left=_Side(-1, list(range(len(people)))),
        right=_Side(1, list(range(len(people)))),
        replace=replace,
        width=width,
        free=np.ones(len(people), dtype=bool),
        conditions=[(values[people], most) for values, most in conditions],
    )
    own_values = np.column_stack([values[sequence] for values, _ in conditions]).tolist() if conditions else None
    seekers = [
        _Seeker(person, own, place - 1, place, stands, stands, values)
        for person, own, place, stands, values in zip(
            sequence.tolist(),
            score[sequence].tolist(),
            before.tolist(),
            position[sequence].tolist(),
            own_values or [[]] * len(sequence),
            strict=True,
        )
    ]
    return line, seekers


def _serve(line: _Line, seeker: _Seeker) -> tuple[bool, bool]:
    """Give the seeker its nearest free neighbour; say whether there was one and whether a tie decided."""
    low = _look(line, seeker, line.left, seeker.low)
    high = _look(line, seeker, line.right, seeker.high)
    has_low, has_high = low >= 0, high < len(line.people)
    if not (has_low or has_high):
        return False, False
    down = seeker.score - line.scores[low] if has_low else np.inf
    up = line.scores[high] - seeker.score if has_high else np.inf
    level = has_low and has_high and down == up
    # A level tie goes to the one fewer places away, then to the lower score.
    nearer = level and seeker.low_from - line.positions[low] <= line.positions[high] - seeker.high_from
    go_low = nearer if level else down < up
    tied = level or _has_twin(line, seeker, low if go_low else high, line.left if go_low else line.right)
    _take(line, seeker, low if go_low else high, go_low)
    return True, tied


def _look(line: _Line, seeker: _Seeker, side: _Side, start: int) -> int:
    """Return the nearest free and allowed place on one side within the caliper, or a place off the line."""
    size = len(line.people)
    off = -1 if side.step < 0 else size
    place = side.free(start) if 0 <= start < size else off
    if line.conditions:
        place = _scan(line, seeker, side.step, place)
    if 0 <= place < size and abs(line.scores[place] - seeker.score) <= line.width:
        return place
    return off


def _scan(line: _Line, seeker: _Seeker, step: int, place: int) -> int:
    """Go on from a place to the first free one that meets every condition, in blocks that double."""
    size, block = len(line.people), FIRST_BLOCK
    while 0 <= place < size and abs(line.scores[place] - seeker.score) <= line.width:
        low, high = (place, min(size, place + block)) if step > 0 else (max(0, place - block + 1), place + 1)
        hits = np.flatnonzero(_meets(line, seeker, low, high))
        if len(hits):
            return low + int(hits[0] if step > 0 else hits[-1])
        place = high if step > 0 else low - 1
        block *= 2
    return -1 if step < 0 else size


def _meets(line: _Line, seeker: _Seeker, low: int, high: int) -> NDArray[np.bool_]:
    """Which places from `low` up to `high` are free and meet every condition of the seeker."""
    fine = line.free[low:high].copy()
    for (values, most), own in zip(line.conditions, seeker.values, strict=True):
        fine &= np.abs(values[low:high] - own) <= most
    return fine


def _has_twin(line: _Line, seeker: _Seeker, place: int, side: _Side) -> bool:
    """Whether another free and allowed place on the same side has the very same score."""
    beyond = _look(line, seeker, side, place + side.step) if line.scores_agree(place, side.step) else -1
    return 0 <= beyond < len(line.people) and line.scores[beyond] == line.scores[place]


def _take(line: _Line, seeker: _Seeker, place: int, go_low: bool) -> None:
    seeker.matches.append(line.people[place])
    if not line.replace:
        line.left.take(place)
        line.right.take(place)
        line.free[place] = False
    if go_low:
        seeker.low, seeker.low_from = place - 1, line.positions[place]
    else:
        seeker.high, seeker.high_from = place + 1, line.positions[place]
