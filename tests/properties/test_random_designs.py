"""Thousands of small random designs held against brute force, and every constraint checked apart from the library.

The designs are numbered (`designs.case`), so that ten thousand means ten thousand and a failure names the one to run
again. `brute` follows the rules in words by looking at everybody each time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, DipevalError, InvariantError
from tests.properties import brute, brute_sets
from tests.properties.brute import World
from tests.properties.designs import FAMILIES, Case, case
from tests.reference.data import LOADERS

QUICK, ALL = 45, 1112  # of each of the nine families
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def violations(world: World, design: dip.Design) -> list[str]:
    """Every constraint, read off the frame itself."""
    options, found = world.options, brute.pairs_as_sets(design, world.options["estimand"])
    pairs = [(row, other) for row, others in found.items() for other in others]
    faults = [f"{pair} is no pair that may be" for pair in pairs if not world.fine[pair]]
    faults += [f"{pair} does not start with somebody to be matched" for pair in pairs if not world.focal[pair[0]]]
    if len(set(pairs)) < len(pairs):
        faults.append("a pair twice")
    if options["method"] in ("nearest", "optimal"):
        wanted = world.wanted()
        faults += [f"{row} has {len(others)}" for row, others in found.items() if len(others) > wanted[row]]
        if not options.get("replace") and len({other for _, other in pairs}) < len(pairs):
            faults.append("somebody used twice")
    weights = design.weights.to_numpy()
    faults += [f"{row} was trimmed" for row in np.flatnonzero(weights) if not world.kept[row]]
    gaps = design.pairs()["distance"].to_numpy()
    if not np.allclose(gaps, [world.gap[pair] for pair in pairs], rtol=1e-7, atol=1e-9):
        faults.append("a distance is not that of its pair")
    return faults


def refused_rightly(world: World, refusal: DipevalError) -> bool:
    """Whether there is a reason to refuse: one group, nobody within the limits, fewer people than the ratio needs..."""
    words, options = str(refusal), world.options
    assert words.endswith("."), words
    if len(set(world.treated)) < 2 or not world.both_groups_are_there:
        return True
    if world.metric_is_flat:
        return "The Mahalanobis distance cannot use" in words or "Constant covariates" in words
    focal = sum(f and k for f, k in zip(world.focal, world.kept, strict=True))
    pool = sum(not f and k for f, k in zip(world.focal, world.kept, strict=True))
    needed = options.get("ratio", 0) if options.get("replace") else max(options.get("ratio", 0), focal)
    if options["method"] in ("nearest", "optimal") and pool < needed:
        return "fewer" in words
    if options["method"] == "cem":
        constant = [name for name in options["covariates"] if world.case.people[name].nunique() < 2]
        if constant:
            return "Constant covariates" in words
        for name, inner in (options["cutpoints"] or {}).items():
            values = world.case.people[name][world.kept]
            if isinstance(inner, list) and not any(values.min() < edge <= values.max() for edge in inner):
                return "divide nobody" in words
        return brute_sets.weights_of_sets(world, brute_sets.coarsened(world)) == [0.0] * world.size
    if options["method"] == "subclass":
        if sum(world.kept) < options["subclasses"]:
            return "fewer people" in words
        return brute_sets.weights_of_sets(world, brute_sets.classes(world)[1]) == [0.0] * world.size
    if options["method"] == "kernel":
        return brute_sets.kernel(world) == (set(), {}) if world.width else not world.width
    return not world.fine.any() and "Nobody could be matched" in words


def of_nearest(world: World, design: dip.Design) -> None:
    found, order = brute.pairs_as_sets(design, world.options["estimand"]), world.options["order"]
    np.testing.assert_allclose(design.weights, brute_sets.weights_of_pairs(world, found), **CLOSE)
    if order == "random":
        if max(world.wanted().values()) == 1 and not world.options["replace"]:
            assert brute.some_order_explains(world, found)
        return
    assert brute.greedy_faults(world, found, world.queue()) == []
    if not world.options.get("mahalanobis"):
        expected, tied = brute.greedy(world)
        assert found == expected
        assert design.options["n_tied_choices"] == tied


def of_closest(world: World, design: dip.Design) -> None:
    found = brute.pairs_as_sets(design, world.options["estimand"])
    assert brute.closest_faults(world, found) == []
    np.testing.assert_allclose(design.weights, brute_sets.weights_of_pairs(world, found), **CLOSE)


def of_optimal(world: World, design: dip.Design) -> None:
    served, total = brute.smallest_total(world)
    pairs = design.pairs()
    np.testing.assert_allclose([pairs["distance"].sum(), design.options["total_distance"]], total, **CLOSE)
    found = brute.pairs_as_sets(design, world.options["estimand"])
    assert [sum(len(others) > n for others in found.values()) for n in range(world.options["ratio"])] == served
    np.testing.assert_allclose(design.weights, brute_sets.weights_of_pairs(world, found), **CLOSE)


def of_full(world: World, design: dip.Design) -> None:
    covered, total = brute.smallest_cover(world)
    assert set(np.flatnonzero(design.weights)) == covered
    labels = [None if pd.isna(label) else int(label) for label in design.sets]
    links = 0.0
    for label in {label for label in labels if label is not None}:
        rows = [row for row in range(world.size) if labels[row] == label]
        one, many = sorted(([row for row in rows if world.treated[row] is side] for side in (True, False)), key=len)
        assert len(one) == 1, "a set with several people of both groups"
        assert all(world.fine[one[0], other] for other in many), "a set beyond a limit"
        links += sum(world.gap[one[0], other] for other in many)
    np.testing.assert_allclose([links, design.options["total_distance"]], total, **CLOSE)
    np.testing.assert_allclose(design.weights, brute_sets.weights_of_sets(world, labels), **CLOSE)


def of_neighbours(world: World, design: dip.Design) -> None:
    matched, raw = (brute_sets.kernel if world.options["method"] == "kernel" else brute_sets.neighbours)(world)
    expected = np.zeros(world.size)
    expected[list(matched)] = 1.0
    expected[list(raw)] = np.array(list(raw.values())) * len(raw) / sum(raw.values())
    np.testing.assert_allclose(design.weights, expected, **CLOSE)


def of_subclass(world: World, design: dip.Design) -> None:
    breaks, labels = brute_sets.classes(world)
    np.testing.assert_allclose(design.options["breaks"], breaks, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(design.weights, brute_sets.weights_of_sets(world, labels), **CLOSE)


def of_cem(world: World, design: dip.Design) -> None:
    np.testing.assert_allclose(design.weights, brute_sets.weights_of_sets(world, brute_sets.coarsened(world)), **CLOSE)


CHECKS: dict[str, Callable[[World, dip.Design], None]] = {
    "nearest": of_nearest,
    "mahalanobis": of_nearest,
    "closest": of_closest,
    "optimal": of_optimal,
    "full": of_full,
    "radius": of_neighbours,
    "kernel": of_neighbours,
    "subclass": of_subclass,
    "cem": of_cem,
}


def held_against_brute_force(family: str, numbers: range, *, larger: bool = False) -> Counter[str]:
    counts: Counter[str] = Counter()
    for number in numbers:
        counts["designs"] += 1
        counts[one_design(case(family, number, larger=larger))] += 1
    return counts


def one_design(asked: Case) -> str:
    world = World(asked)
    try:
        design = dip.match(asked.people, treated="treated", **asked.arguments)
    except InvariantError as bug:
        raise AssertionError(f"{asked.name}: {bug}") from bug
    except DipevalError as refusal:
        assert refused_rightly(world, refusal), f"{asked.name}: refused for no reason: {refusal}"
        return "refused"
    except Exception as other:
        raise AssertionError(f"{asked.name}: {type(other).__name__}, which is no sentence: {other}") from other
    try:
        world.set_width(design.options["caliper_width"])
        faults = violations(world, design)
        assert faults == [], "; ".join(faults)
        CHECKS[asked.family](world, design)
    except AssertionError as fault:
        raise AssertionError(f"{asked.name} {asked.options}: {fault}") from fault
    return "compared"


@pytest.mark.parametrize("family", FAMILIES)
def test_some_random_designs_agree_with_brute_force(family: str) -> None:
    counts = held_against_brute_force(family, range(QUICK))
    assert counts["compared"] > 0.5 * QUICK, counts


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_ten_thousand_random_designs_agree_with_brute_force(family: str, capsys: pytest.CaptureFixture[str]) -> None:
    counts = held_against_brute_force(family, range(ALL))
    with capsys.disabled():
        print(f" {family}: {counts['designs']} designs, {counts['refused']} refused, {counts['compared']} compared")
    assert counts["compared"] > 0.5 * ALL


@pytest.mark.parametrize("family", FAMILIES)
def test_a_few_hundred_people_agree_with_brute_force(family: str) -> None:
    assert held_against_brute_force(family, range(4), larger=True)["compared"] >= 2


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_many_designs_of_a_few_hundred_people_agree_with_brute_force(family: str) -> None:
    numbers = 20 if family == "full" else 100
    assert held_against_brute_force(family, range(numbers), larger=True)["compared"] > 0.7 * numbers


def test_the_ten_thousand_are_ten_thousand() -> None:
    assert ALL * len(FAMILIES) >= 10_000


@pytest.mark.parametrize("caliper", [1e6, 1e15, 1e30])
@pytest.mark.parametrize("family", ["nearest", "closest", "optimal", "full"])
def test_a_caliper_beyond_everybody_is_no_caliper(family: str, caliper: float) -> None:
    compared = 0
    for number in range(20_000, 20_012):
        asked = case(family, number)
        options = {**asked.arguments, "caliper_unit": "raw"}
        try:
            without = dip.match(asked.people, treated="treated", **{**options, "caliper": None})
        except DesignError:
            continue
        wide = dip.match(asked.people, treated="treated", **{**options, "caliper": caliper})
        compared += 1
        if family in ("optimal", "full"):  # there may be several optima, of one total distance
            totals = [design.options["total_distance"] for design in (wide, without)]
            np.testing.assert_allclose(*totals, **CLOSE)
            assert len(wide.pairs()) == len(without.pairs()), asked.name
        else:
            assert wide.weights.tolist() == without.weights.tolist(), asked.name
            pd.testing.assert_frame_equal(wide.pairs(), without.pairs(), check_exact=True)
    assert compared >= 5


@pytest.mark.parametrize("order", ["data", "largest", "smallest", "random", "closest"])
def test_a_covariate_caliper_holds_beside_mahalanobis_and_exact(order: str) -> None:
    # The path in which other software has been found to pair people 29 years apart under a limit of 10 years.
    people = LOADERS["lalonde"]()
    covariates = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]
    design = dip.match(
        people,
        treated="treat",
        covariates=covariates,
        mahalanobis=["age", "educ", "re74", "re75"],
        exact=["black"],
        covariate_calipers={"age": 10},
        caliper=None,
        order=order,
    )
    pairs = design.pairs()
    one, other = people.loc[pairs["treated_index"]], people.loc[pairs["comparison_index"]]
    years = np.abs(one["age"].to_numpy() - other["age"].to_numpy())
    assert len(pairs) > 50
    assert years.max() <= 10
    assert (one["black"].to_numpy() == other["black"].to_numpy()).all()
    assert not pairs["treated_index"].duplicated().any()
    assert not pairs["comparison_index"].duplicated().any()
    assert math.isfinite(pairs["distance"].sum())
