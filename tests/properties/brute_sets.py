"""Radius, subclasses, coarsened cells and weights straight from their definitions (see `brute`)."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.properties.brute import World


def neighbours(world: World) -> tuple[set[int], dict[int, float]]:
    """Radius: who is matched, and the raw weight of everybody near them, by a double loop."""
    raw: dict[int, float] = {}
    matched = set()
    for row in range(world.size):
        near = world.partners(row) if world.focal[row] else []
        matched |= {row} if near else set()
        for other in near:
            raw[other] = raw.get(other, 0.0) + 1 / len(near)
    return matched, raw


def kernel(world: World) -> tuple[set[int], dict[int, float]]:
    """Epanechnikov kernel: who is matched, and the raw weight of everybody nearer than the bandwidth."""
    raw: dict[int, float] = {}
    matched = set()
    for row in range(world.size):
        near = {
            other: 1 - (world.gap[row][other] / world.width) ** 2
            for other in (world.partners(row) if world.focal[row] else [])
            if world.gap[row][other] < world.width
        }
        matched |= {row} if near else set()
        for other, count in near.items():
            raw[other] = raw.get(other, 0.0) + count / math.fsum(near.values())
    return matched, raw


def classes(world: World) -> tuple[list[float], list[Any]]:
    """Subclasses by definition: type 7 quantiles of the people the effect is about, a tie with a break goes up.

    Classes that lack a group are merged, from the lowest up, with the neighbour of nearer mean (the lower if level).
    """
    about = [
        Fraction(world.score[row])
        for row in range(world.size)
        if world.kept[row] and (world.options["estimand"] == "ATE" or world.focal[row])
    ]
    about.sort()
    wanted = world.options["subclasses"]
    breaks: list[Fraction] = []
    for number in range(1, wanted):
        at = Fraction((len(about) - 1) * number, wanted)
        low = at.numerator // at.denominator
        high = min(low + 1, len(about) - 1)
        breaks.append(about[low] + (at - low) * (about[high] - about[low]))
    edges = [-math.inf, *map(float, sorted(set(breaks))), math.inf]
    rows = [row for row in range(world.size) if world.kept[row]]
    groups = [[r for r in rows if lo <= world.score[r] < hi] for lo, hi in pairwise(edges)]
    edges = edges[1:-1]
    spot = 0
    while spot < len(groups) and edges:
        if {world.treated[row] for row in groups[spot]} == {True, False}:
            spot += 1
            continue
        into = _nearer_class(world, groups, spot)
        low = min(spot, into)
        groups[low : low + 2] = [groups[low] + groups[low + 1]]
        edges.pop(low)
        spot = low
    label = {row: number for number, group in enumerate(groups) for row in group}
    return edges, [(label[row], world.cell[row]) if world.kept[row] else None for row in range(world.size)]


def _nearer_class(world: World, groups: list[list[int]], spot: int) -> int:
    if spot in (0, len(groups) - 1):
        return 1 if spot == 0 else spot - 1
    if not groups[spot]:
        return spot - 1

    def mean(group: list[int]) -> Fraction:
        return sum((Fraction(world.score[row]) for row in group), Fraction(0)) / len(group)

    gaps = [abs(mean(groups[near]) - mean(groups[spot])) if groups[near] else 0 for near in (spot - 1, spot + 1)]
    return spot - 1 if gaps[0] <= gaps[1] else spot + 1


def coarsened(world: World) -> list[Any]:
    """Cells by definition: bins of equal width (Sturges' number unless told), a tie with a break goes up."""
    people, options = world.case.people, world.options
    rows = [row for row in range(world.size) if world.kept[row]]
    sturges = math.ceil(math.log2(len(rows)) + 1)
    keys: list[list[Any]] = [[world.cell[row]] for row in range(world.size)]
    for name in options["covariates"]:
        if people[name].dtype == object:
            bins = people[name].tolist()
        else:
            wanted = (options["cutpoints"] or {}).get(name, sturges)
            values = [Fraction(float(value)) for value in people[name]]
            low, high = min(values[row] for row in rows), max(values[row] for row in rows)
            inner = (
                [Fraction(value) for value in wanted]
                if isinstance(wanted, list)
                else [low + (high - low) * k / wanted for k in range(1, wanted)]
            )
            bins = [sum(value >= edge for edge in inner) for value in values]
        for row in range(world.size):
            keys[row].append(bins[row])
    return [tuple(key) if world.kept[row] else None for row, key in enumerate(keys)]


def weights_of_sets(world: World, labels: list[Any]) -> list[float]:
    """Weights of people in sets by definition, sets without both groups dissolved."""
    weights = [0.0] * world.size
    members: dict[Any, list[int]] = {}
    for row, label in enumerate(labels):
        if label is not None:
            members.setdefault(label, []).append(row)
    for rows in members.values():
        n = {side: sum(world.treated[row] is side for row in rows) for side in (True, False)}
        if n[True] and n[False]:
            stands_for = {"ATT": n[True], "ATC": n[False], "ATE": len(rows)}[world.options["estimand"]]
            for row in rows:
                weights[row] = stands_for / n[world.treated[row]]
    return _mean_one(world, weights)


def weights_of_pairs(world: World, found: dict[int, list[int]]) -> list[float]:
    """Weights of pairs by definition."""
    weights = [0.0] * world.size
    for row, others in found.items():
        weights[row] = 1.0
        for other in others:
            weights[other] += 1 / len(others)
    return _mean_one(world, weights)


def _mean_one(world: World, weights: list[float]) -> list[float]:
    for side in (True, False):
        mine = [row for row in range(world.size) if world.treated[row] is side and weights[row] > 0]
        total = math.fsum(weights[row] for row in mine)
        for row in mine:
            weights[row] *= len(mine) / total
    return weights
