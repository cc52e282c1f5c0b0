"""Who is within reach of whom, counted apart from every matcher: the proof asks this of the people a design left out.

People stand sorted by exact-matching cell and score; everybody within a caliper of somebody is then one run of places,
found by binary search. Covariate calipers are checked link by link, up to a bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.problem import APART, Bools, Floats, Ints, Problem

MOST_LINKS = 500_000  # links looked at one by one when covariate calipers are set
BUCKETS = 4_096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reach:
    """A pool of people laid out by cell and score.

    Parameters
    ----------
    problem
        Whose calipers and exact columns count.
    people
        Positions of the pool, sorted by cell and score.
    keys
        Cell and rank of the score of each of them in one whole number.
    levels
        The different scores of the pool, sorted.
    """

    problem: Problem
    people: Ints
    keys: Ints
    levels: Floats

    def runs(self, seekers: Ints) -> tuple[Ints, Ints]:
        """Return, for each seeker, the first and one beyond the last place of the pool in its cell and caliper."""
        own, back = np.unique(_scores(self.problem, seekers), return_inverse=True)
        low, high = self._ranks(own)
        at = _cells(self.problem, seekers) * (len(self.levels) + 1)
        return (
            np.searchsorted(self.keys, at + low[back], side="left").astype(np.int64),
            np.searchsorted(self.keys, at + high[back], side="left").astype(np.int64),
        )

    def _ranks(self, own: Floats) -> tuple[Ints, Ints]:
        """Return the first rank of the levels within the caliper, and one beyond the last, by the differences alone.

        ``own - width`` is rounded and a difference is rounded in another way: the search gives a guess, and the guess
        is moved until it agrees with "difference at most the width", the rule in words.
        """
        levels, width = self.levels, self.problem.width
        low = np.searchsorted(levels, own - width, side="left").astype(np.int64)
        high = np.searchsorted(levels, own + width, side="right").astype(np.int64)
        beyond = np.concatenate([levels, [np.inf]])
        before = np.concatenate([[-np.inf], levels])
        while (move := (low > 0) & (own - before[low] <= width)).any():
            low -= move
        while (move := (low < len(levels)) & (own - beyond[low] > width)).any():
            low += move
        while (move := (high < len(levels)) & (beyond[high] - own <= width)).any():
            high += move
        while (move := (high > 0) & (before[high] - own > width)).any():
            high -= move
        return low, high

    def count(self, seekers: Ints) -> Ints:
        """Return how many of the pool each seeker could be joined to; -1 beyond the bound on single links."""
        low, high = self.runs(seekers)
        if not self.problem.conditions:
            return high - low
        sizes = high - low
        looked = int(np.searchsorted(np.cumsum(sizes), MOST_LINKS, side="right"))
        sizes = sizes[:looked]
        who = np.repeat(np.arange(looked), sizes)
        first = np.repeat(low[:looked] - (np.cumsum(sizes) - sizes), sizes)
        fine = within(self.problem, seekers[who], self.people[first + np.arange(len(who))])
        counted = np.full(len(seekers), -1, dtype=np.int64)
        counted[:looked] = np.bincount(who[fine], minlength=looked)
        return counted


def reach_of(problem: Problem, pool: Ints, seekers: Ints) -> Reach:
    """Lay out those of a pool whom any of the seekers might reach.

    Parameters
    ----------
    problem
        Whose calipers and exact columns count.
    pool, seekers
        Positions of people.

    Returns
    -------
    Reach
    """
    pool = _near(problem, pool, seekers)
    levels, rank = np.unique(_scores(problem, pool), return_inverse=True)
    keys = _cells(problem, pool) * (len(levels) + 1) + rank
    order = np.argsort(keys, kind="stable")
    return Reach(problem=problem, people=pool[order], keys=keys[order], levels=levels)


def within(problem: Problem, one: Ints, other: Ints) -> Bools:
    """Say which links meet the caliper on the score, the covariate calipers and the exact columns."""
    fine: Bools = np.abs(_scores(problem, one) - _scores(problem, other)) <= problem.width
    fine &= _cells(problem, one) == _cells(problem, other)
    for condition in problem.conditions:
        gap = np.abs(condition.values[one] - condition.values[other])
        fine &= gap != 0 if condition.most == APART else gap <= condition.most
    return fine


def matches_asked(problem: Problem) -> Ints:
    """Return how many matches each person may have at most: the ratio, or its own number where the ratio varies.

    Found by place among the people of a cell who are to be matched: what is left to give above the least is handed
    out from the most crowded end of the scores, so much to each as fits.
    """
    options = problem.options
    asked = np.full(len(problem.treated), options.ratio, dtype=np.int64)
    if options.min_ratio is None or options.max_ratio is None or problem.score is None:
        return asked
    people = problem.base[(problem.is_focal & problem.kept)[problem.base]]
    keys = problem.score[people] * (-1.0 if options.estimand == "ATC" else 1.0)
    cells = _cells(problem, people)
    order = np.lexsort((np.arange(len(people)), keys, cells))
    people, cells = people[order], cells[order]
    sizes = np.bincount(cells, minlength=1)
    place = np.arange(len(people)) - (np.cumsum(sizes) - sizes)[cells]
    step = options.max_ratio - options.min_ratio
    left = sizes[cells] * (options.ratio - options.min_ratio) - place * step
    asked[people] = options.min_ratio + np.clip(left, 0, step)
    return asked


def exact_sums(values: Floats, low: Ints, high: Ints) -> Floats:
    """Add up runs of numbers between 0 and 1 by differences of running totals, without loss.

    Running totals of floats would lose the last digits of short runs far down the line. Each number is split into two
    whole ones of 40 bits, whose totals are exact for up to four million people.
    """
    scaled = values * 2.0**40
    whole = np.floor(scaled)
    parts = (whole, np.rint((scaled - whole) * 2.0**40))
    totals = [np.concatenate([[0], np.cumsum(part.astype(np.int64))]) for part in parts]
    sums: Floats = (totals[0][high] - totals[0][low]) * 2.0**-40 + (totals[1][high] - totals[1][low]) * 2.0**-80
    return sums


def _scores(problem: Problem, people: Ints) -> Floats:
    return np.zeros(len(people)) if problem.score is None else problem.score[people]


def _cells(problem: Problem, people: Ints) -> Ints:
    return np.zeros(len(people), dtype=np.int64) if problem.strata is None else problem.strata[people]


def _near(problem: Problem, pool: Ints, seekers: Ints) -> Ints:
    """Leave out of the pool whoever is surely out of reach, so that a million people are not sorted for a few."""
    if not len(seekers):
        return pool[:0]
    if problem.strata is not None:
        asked = np.zeros(int(problem.strata.max()) + 1, dtype=bool)
        asked[problem.strata[seekers]] = True
        pool = pool[asked[problem.strata[pool]]]
    if problem.score is None or not np.isfinite(problem.width):
        return pool
    return pool[_in_buckets(problem.score[pool], problem.score[seekers], problem.width)]


def _in_buckets(values: Floats, wanted: Floats, width: float) -> NDArray[np.bool_]:
    """Say roughly, and never too narrowly, which values lie within the width of any of those wanted."""
    low, high = float(wanted.min()) - width, float(wanted.max()) + width
    step = (high - low) / BUCKETS
    near: NDArray[np.bool_] = (values >= low - step) & (values <= high + step)
    if not step > 0:
        return near

    def bucket(numbers: Floats) -> Ints:
        return ((numbers - low) / step + 2).astype(np.int64)

    marks = np.zeros(BUCKETS + 6, dtype=np.int64)
    np.add.at(marks, bucket(wanted - width) - 1, 1)
    np.add.at(marks, bucket(wanted + width) + 2, -1)
    near[near] = (np.cumsum(marks) > 0)[bucket(values[near])]
    return near


def repeated(keys: Ints) -> Bools:
    """Say which entries repeat an earlier one in sorted order."""
    ordered = np.sort(keys)
    repeats: Bools = ordered[1:] == ordered[:-1]
    return repeats


def if_any(bad: Bools, what: str) -> Iterator[str]:
    """Yield a broken rule and how often it is broken; nothing if it holds."""
    if bad.any():
        yield count_of(bad, what)


def count_of(bad: Bools, what: str) -> str:
    """Return how many there are of something."""
    return f"{int(np.count_nonzero(bad))} {what}"
