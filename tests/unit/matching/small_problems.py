"""Small matching problems drawn at random, with every kind of constraint, and the best answer by trying them all."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from dipeval.matching.options import MatchOptions
from dipeval.matching.problem import Condition, Problem
from dipeval.matching.terms import encode


def make_problem(
    score: Any,
    treated: Any,
    *,
    method: str,
    width: float = math.inf,
    estimand: str = "ATT",
    ratio: int = 1,
    strata: Any = None,
    covariate: Any = None,
    most: float = 0.0,
    metric: Any = None,
    kept: Any = None,
    ids: Any = None,
) -> Problem:
    """A problem as `match` would put it, without its doors."""
    treated = np.asarray(treated, dtype=bool)
    size = len(treated)
    ids = np.arange(size) if ids is None else np.asarray(ids)
    return Problem(
        options=MatchOptions(
            method=method, estimand=estimand, ratio=ratio, caliper=None if math.isinf(width) else width, scale="given"
        ),
        treated=treated,
        kept=np.ones(size, dtype=bool) if kept is None else np.asarray(kept),
        score=None if score is None else np.asarray(score, dtype=np.float64),
        width=width,
        base=np.argsort(ids * 7919 % 10007, kind="stable").astype(np.int64),
        by_id=np.argsort(ids, kind="stable").astype(np.int64),
        turn=np.arange(size, dtype=np.int64),
        strata=None if strata is None else np.asarray(strata, dtype=np.int64),
        conditions=()
        if covariate is None
        else (Condition(name="age", values=np.asarray(covariate, dtype=np.float64), most=most),),
        metric=None if metric is None else np.asarray(metric, dtype=np.float64),
        terms=encode(pd.DataFrame({"x": np.arange(size)})),
    )


def random_problem(rng: np.random.Generator, method: str, *, most_people: int, ratio: int = 1) -> Problem:
    """Ties, duplicates, empty cells, calipers of nought, people trimmed away: anything may occur."""
    size = int(rng.integers(2, most_people + 1))
    spread = int(rng.choice([1, 3, 8, 30]))
    draws = {
        "width": float(rng.choice([math.inf, 0, 1, 2, 5])),
        "estimand": str(rng.choice(["ATT", "ATC"] if method == "optimal" else ["ATT", "ATC", "ATE"])),
        "strata": rng.integers(0, 3, size) if rng.random() < 0.3 else None,
        "covariate": rng.integers(0, 4, size) if rng.random() < 0.4 else None,
        "most": float(rng.integers(0, 3)),
        "metric": rng.integers(0, 3, (size, 2)) if rng.random() < 0.3 else None,
        "kept": rng.random(size) < 0.9,
    }
    treated = rng.random(size) < rng.choice([0.2, 0.5, 0.7])
    return make_problem(rng.integers(0, spread, size) / 4, treated, method=method, ratio=ratio, **draws)


def allowed(problem: Problem, one: int, other: int) -> bool:
    """Whether two people may be linked, one condition after the other."""
    return bool(
        problem.kept[one]
        and problem.kept[other]
        and (problem.strata is None or problem.strata[one] == problem.strata[other])
        and (problem.score is None or abs(problem.score[one] - problem.score[other]) <= problem.width)
        and all(abs(item.values[one] - item.values[other]) <= item.most for item in problem.conditions)
    )


def length(problem: Problem, one: int, other: int) -> float:
    """Distance between two people."""
    if problem.metric is not None:
        return math.dist(problem.metric[one], problem.metric[other])
    assert problem.score is not None
    return float(abs(problem.score[one] - problem.score[other]))


def best_pairs(problem: Problem) -> tuple[tuple[int, ...], float]:
    """How many people have at least 1, 2... matches, and the total distance, at the optimum: all choices are tried."""
    focal = np.flatnonzero(problem.is_focal).tolist()
    pool = np.flatnonzero(~problem.is_focal).tolist()
    ratio = problem.options.ratio

    @cache
    def best(number: int, used: int) -> tuple[tuple[int, ...], float]:
        if number == len(focal):
            return (0,) * ratio, 0.0
        one = focal[number]
        free = [place for place, other in enumerate(pool) if not used >> place & 1 and allowed(problem, one, other)]
        found = []
        for many in range(min(ratio, len(free)) + 1):
            for chosen in combinations(free, many):
                levels, rest = best(number + 1, used | sum(1 << place for place in chosen))
                distance = rest - sum(length(problem, one, pool[place]) for place in chosen)
                found.append((tuple(count + (level < many) for level, count in enumerate(levels)), distance))
        return max(found)

    levels, distance = best(0, 0)
    return levels, -distance


def best_cover(problem: Problem) -> tuple[float, int]:
    """Least total distance of links that reach everybody who has anybody, and then the fewest links: all are tried."""
    people = range(len(problem.treated))
    links = [
        (one, other)
        for one in people
        for other in people
        if problem.treated[one] and not problem.treated[other] and allowed(problem, one, other)
    ]
    reachable = sum(1 << person for person in {end for link in links for end in link})

    @cache
    def best(reached: int) -> tuple[float, int]:
        missing = reachable & ~reached
        if not missing:
            return 0.0, 0
        person = (missing & -missing).bit_length() - 1
        found = []
        for one, other in links:
            if person in (one, other):
                distance, number = best(reached | 1 << one | 1 << other)
                found.append((round(distance + length(problem, one, other), 9), number + 1))
        return min(found)

    return best(0)
