"""Matching by looking at everybody each time, written from the rules in words and with no regard for speed.

Nothing of ``dipeval.matching`` is used here: what comes out is held against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp

from tests.properties.designs import Case

NEARLY = 1e-9
FAR = 1e3  # more than all distances of a small design together


class World:
    """Everything about a case that the rules speak of: who may be joined to whom, and how far apart they are."""

    def __init__(self, case: Case) -> None:
        people, options = case.people, case.options
        self.case, self.options, self.size = case, options, len(people)
        self.treated = [bool(value) for value in people["treated"]]
        self.focal = [is_treated != (options["estimand"] == "ATC") for is_treated in self.treated]
        self.score = [_on_scale(value, options["scale"]) for value in people["score"]]
        self.kept = self._kept()
        self.width = self._width()
        self.cell = list(zip(*[people[name] for name in options["exact"]], strict=True)) or [()] * self.size
        self.metric_is_flat = False
        self.gap = self._gaps()
        self.fine = self._links()

    @property
    def both_groups_are_there(self) -> bool:
        """Whether anybody of either group is kept."""
        return {group for group, kept in zip(self.treated, self.kept, strict=True) if kept} == {True, False}

    def _kept(self) -> list[bool]:
        if self.options["trim"] == "none" or len(set(self.treated)) < 2:
            return [True] * self.size
        sides = [[s for s, t in zip(self.score, self.treated, strict=True) if t is side] for side in (True, False)]
        low, high = max(map(min, sides)), min(map(max, sides))
        return [low <= value <= high for value in self.score]

    def _width(self) -> float:
        caliper, unit = self.options.get("caliper"), self.options["caliper_unit"]
        if caliper is None or self.options["method"] in ("subclass", "cem"):
            return math.inf
        if unit == "raw":
            return float(caliper)
        if unit == "sd":
            return float(caliper) * math.sqrt(_variance([s for s, k in zip(self.score, self.kept, strict=True) if k]))
        both = [
            _variance([s for s, k, t in zip(self.score, self.kept, self.treated, strict=True) if k and t is side])
            for side in (True, False)
        ]
        return float(caliper) * math.sqrt(sum(both) / 2)

    def set_width(self, width: float | None) -> None:
        """Take the caliper to the last bit from the design, once it has been found to be the same one."""
        if width is None or math.isinf(self.width):
            assert width is None and math.isinf(self.width), self.case.name
            return
        assert abs(width - self.width) <= 1e-12 * max(1.0, width), f"{self.case.name}: caliper {width}, {self.width}"
        if width != self.width:
            self.width = width
            self.fine = self._links()

    def _gaps(self) -> np.ndarray:
        columns = self.options.get("mahalanobis") or ()
        if not columns:
            score = np.array(self.score)
            return np.abs(score[:, None] - score[None, :])
        values = self.case.people[list(columns)].to_numpy(dtype=float)
        if self.options.get("mahalanobis_ranks"):
            return self._rank_gaps(values)
        spread = np.zeros((len(columns), len(columns)))
        n_kept = 0
        for side in (True, False):
            mine = values[[t is side and k for t, k in zip(self.treated, self.kept, strict=True)]]
            if len(mine):
                spread += (mine - mine.mean(axis=0)).T @ (mine - mine.mean(axis=0))
                n_kept += len(mine)
        spread /= max(1, n_kept - 2)
        self.metric_is_flat = n_kept <= 2 or bool(np.linalg.matrix_rank(spread, tol=1e-9) < len(columns))
        inverse = np.linalg.pinv(spread)
        steps = values[:, None, :] - values[None, :, :]
        return np.sqrt(np.maximum(0, np.einsum("ijk,kl,ijl->ij", steps, inverse, steps)))

    def _rank_gaps(self, values: np.ndarray) -> np.ndarray:
        """The robust distance by its definition: ranks, their covariance, both sides times the ratio of deviations."""
        ranks, size = np.zeros_like(values), sum(self.kept)
        for column in range(values.shape[1]):
            own = [value for value, kept in zip(values[:, column], self.kept, strict=True) if kept]
            for row in range(self.size):
                below, level = sum(v < values[row, column] for v in own), sum(v == values[row, column] for v in own)
                ranks[row, column] = below + (level + 1) / 2
        spread = np.atleast_2d(np.cov(ranks[self.kept].T)) if size > 1 else np.zeros((values.shape[1],) * 2)
        untied = float(np.var(np.arange(1, size + 1), ddof=1)) if size > 1 else 1.0
        self.metric_is_flat = size < 2 or bool((np.diag(spread) == 0).any())
        if self.metric_is_flat:
            return np.zeros((self.size, self.size))
        ratio = np.diag(np.sqrt(untied / np.diag(spread)))
        spread = ratio @ spread @ ratio
        self.metric_is_flat = bool(np.linalg.matrix_rank(spread, tol=1e-9 * untied) < len(spread))
        steps = ranks[:, None, :] - ranks[None, :, :]
        inverse = np.linalg.pinv(spread)
        return np.sqrt(np.maximum(0, np.einsum("ijk,kl,ijl->ij", steps, inverse, steps)))

    def _links(self) -> np.ndarray:
        """Who may be joined to whom."""

        def all_pairs(values: Any) -> tuple[np.ndarray, np.ndarray]:
            column = np.asarray(values)
            return column[:, None], column[None, :]

        one, other = all_pairs(self.treated)
        fine = one != other
        one, other = all_pairs(self.kept)
        fine &= one & other
        one, other = all_pairs([sorted(set(self.cell)).index(cell) for cell in self.cell])
        fine &= one == other
        one, other = all_pairs(self.score)
        fine &= np.abs(one - other) <= self.width
        for name in self.options.get("anti_exact") or ():
            one, other = all_pairs(self.case.people[name].tolist())
            fine &= one != other
        for name, most in (self.options.get("covariate_calipers") or {}).items():
            one, other = all_pairs(self.case.people[name])
            fine &= np.abs(one - other) <= most
        return fine

    def queue(self) -> list[int]:
        """The people to be matched in the order in which they choose."""
        turn: Any = {
            "largest": lambda row: -self.score[row],
            "smallest": lambda row: self.score[row],
            "data": lambda row: row,
        }[self.options["order"]]
        return sorted((row for row in range(self.size) if self.focal[row] and self.kept[row]), key=turn)

    def wanted(self) -> dict[int, int]:
        """How many matches each person to be matched is to have: handed out one by one where the ratio varies."""
        low, high = self.options.get("min_ratio"), self.options.get("max_ratio")
        ratio = self.options["ratio"]
        rows = [row for row in range(self.size) if self.focal[row] and self.kept[row]]
        if low is None or high is None:
            return dict.fromkeys(rows, ratio)
        wanted = dict.fromkeys(rows, low)
        crowded_first = -1 if self.options["estimand"] == "ATC" else 1
        for cell in set(self.cell):
            mine = sorted((row for row in rows if self.cell[row] == cell), key=lambda r: crowded_first * self.score[r])
            for _ in range((ratio - low) * len(mine)):
                wanted[next(row for row in mine if wanted[row] < high)] += 1
        return wanted

    def partners(self, row: int) -> list[int]:
        """Everybody a person could be joined to."""
        return [int(other) for other in np.flatnonzero(self.fine[row])]


def _on_scale(value: float, scale: str) -> float:
    if scale == "given":
        return float(value)
    used = math.log(value / (1 - value)) if scale == "logit" else float(value)
    return float(np.round(used * 2.0**33)) / 2.0**33  # computed scores are rounded, so that ties are ties


def _variance(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    exact = [Fraction(value) for value in values]
    middle = sum(exact) / len(exact)
    return float(sum((value - middle) ** 2 for value in exact) / (len(exact) - 1))


def greedy(world: World) -> tuple[dict[int, list[int]], int]:
    """Nearest on a score, and the number of choices for which several people were equally near.

    Rounds: everybody a first, then everybody who got one a second. Equally near: fewest places away on the sorted line
    of the cell, counted from the earlier match on that side; then the lower score.
    """
    line: dict[Any, list[int]] = {}
    for row in sorted(range(world.size), key=lambda row: world.score[row]):
        if world.kept[row]:
            line.setdefault(world.cell[row], []).append(row)
    place = {row: spot for rows in line.values() for spot, row in enumerate(rows)}
    queue = world.queue()
    found: dict[int, list[int]] = {row: [] for row in queue}
    used: set[int] = set()
    tied, wanted = 0, world.wanted()
    for number in range(max(wanted.values(), default=0)):
        for row in queue:
            if len(found[row]) < number or wanted[row] <= number:
                continue
            free = [
                o for o in world.partners(row) if o not in found[row] and (world.options["replace"] or o not in used)
            ]
            if not free:
                continue
            nearest = min(world.gap[row][other] for other in free)
            level = [other for other in free if world.gap[row][other] == nearest]
            best = min(level, key=lambda other: _places(other, row, place, found[row]))
            tied += len(level) > 1
            found[row].append(best)
            used.add(best)
    return {row: others for row, others in found.items() if others}, tied


def _places(other: int, row: int, place: dict[int, int], earlier: list[int]) -> tuple[int, int]:
    low = place[other] < place[row]
    same_side = [place[match] for match in earlier if (place[match] < place[row]) == low]
    start = (min(same_side) if low else max(same_side)) if same_side else place[row]
    return abs(place[other] - start), 0 if low else 1


def greedy_faults(world: World, found: dict[int, list[int]], queue: Iterable[int]) -> list[str]:
    """Follow a greedy matching step by step: each choice must be among the nearest then free, within a last bit."""
    faults, used, queue, wanted = [], set(), list(queue), world.wanted()
    for number in range(max(wanted.values(), default=0)):
        for row in queue:
            have = found.get(row, [])
            if len(have) < number or wanted[row] <= number:
                continue
            free = [
                o for o in world.partners(row) if o not in have[:number] and (world.options["replace"] or o not in used)
            ]
            if len(have) == number:
                faults += [f"{row} went without in round {number} though {free} were free"] if free else []
                continue
            if have[number] not in free:
                faults.append(f"{row} took {have[number]}, who was not free or not allowed, in round {number}")
            elif world.gap[row][have[number]] > min(world.gap[row][o] for o in free) + NEARLY:
                faults.append(f"{row} took {have[number]} though another was nearer in round {number}")
            used.add(have[number])
    return faults


def closest_faults(world: World, found: dict[int, list[int]]) -> list[str]:
    """In each round no two people would both rather have each other: that, and only that, is closest pair first."""
    faults: list[str] = []
    free = {row for row in range(world.size) if not world.focal[row] and world.kept[row]}
    waiting = [row for row in range(world.size) if world.focal[row] and world.kept[row]]
    wanted = world.wanted()
    for number in range(max(wanted.values(), default=0)):
        waiting = [row for row in waiting if wanted[row] > number]
        mine = {row: found[row][number] for row in waiting if len(found.get(row, [])) > number}
        theirs = {other: row for row, other in mine.items()}
        for row in waiting:
            own = world.gap[row][mine[row]] if row in mine else math.inf
            for other in world.partners(row):
                if other not in free:
                    continue
                has = world.gap[theirs[other]][other] if other in theirs else math.inf
                if world.gap[row][other] < min(own, has) - NEARLY:
                    faults.append(f"{row} and {other} are closer than what either got in round {number}")
        free -= set(theirs)
        waiting = list(mine)
    return faults


def some_order_explains(world: World, found: dict[int, list[int]]) -> bool:
    """Whether a 1:1 greedy matching without replacement comes from some order of choosing (order="random")."""
    holder = {others[0]: row for row, others in found.items()}
    before: dict[int, set[int]] = {}
    for row in (r for r in range(world.size) if world.focal[r] and world.kept[r]):
        own = world.gap[row][found[row][0]] if row in found else math.inf
        envied = [other for other in world.partners(row) if world.gap[row][other] < own - NEARLY]
        if any(other not in holder for other in envied):
            return False
        before[row] = {holder[other] for other in envied}
    while before:  # somebody whom nobody left need precede must be there each time
        ready = [row for row, others in before.items() if not others & before.keys()]
        if not ready:
            return False
        for row in ready:
            del before[row]
    return True


def smallest_total(world: World) -> tuple[list[int], float]:
    """How many can have a first match, then a second, and so on; and the smallest total distance of so many."""
    ratio = world.options["ratio"]
    focal = [row for row in range(world.size) if world.focal[row] and world.kept[row]]
    pool = [row for row in range(world.size) if not world.focal[row] and world.kept[row]]
    rows, worth = focal * ratio, np.repeat([FAR * 50.0**number for number in range(ratio)[::-1]], len(focal))
    fine = world.fine[np.ix_(rows, pool)]
    gaps = world.gap[np.ix_(rows, pool)]
    one, other = linear_sum_assignment(np.where(fine, gaps - worth[:, None], 0.0))
    taken = fine[one, other]
    served = np.bincount(one[taken] // max(1, len(focal)), minlength=ratio)
    return served.tolist(), float(gaps[one, other][taken].sum())


def smallest_cover(world: World) -> tuple[set[int], float]:
    """Everybody who can be joined to somebody, and the smallest total distance of links that leave none of them out."""
    links = [(a, int(b)) for a in range(world.size) if world.treated[a] for b in np.flatnonzero(world.fine[a])]
    people = sorted({person for link in links for person in link})
    if not links:
        return set(), 0.0
    inside = np.array([[float(person in link) for link in links] for person in people])
    cost = np.array([world.gap[link] for link in links])
    solved = milp(
        cost, constraints=LinearConstraint(inside, lb=1), integrality=np.ones(len(links)), bounds=Bounds(0, 1)
    )
    assert solved.success
    return set(people), float(solved.fun)


def pairs_as_sets(design: Any, estimand: str) -> dict[int, list[int]]:
    """The pairs of a design by the person matched, in the order in which the matches were made."""
    focal, other = ("treated_index", "comparison_index")[:: 1 if estimand != "ATC" else -1]
    pairs: pd.DataFrame = design.pairs()
    return {int(key): [int(value) for value in group] for key, group in pairs.groupby(focal)[other]}
