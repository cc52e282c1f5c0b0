"""Variable ratio, pairs that must differ, distances of ranks: random designs by brute force, and with rows shuffled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

import dipeval as dip
from dipeval.errors import DesignError
from tests.properties.designs import Case, case
from tests.properties.test_random_designs import one_design


def varied(family: str, number: int) -> Case:
    """A design of a family of nearest neighbours, with a variable ratio."""
    asked = case(family, number)
    rng = np.random.default_rng([number, 77])
    low = int(rng.integers(1, 3))
    ratio = low + int(rng.integers(1, 3))
    most = ratio + int(rng.integers(1, 4))
    options = {**asked.options, "replace": False, "ratio": ratio, "min_ratio": low, "max_ratio": most}
    return Case(name=f"variable {asked.name}", family=family, people=asked.people, options=options)


def apart(family: str, number: int) -> Case:
    """A design of a family of pairs, which must differ on one or two columns."""
    asked = case(family, number)
    rng = np.random.default_rng([number, 5])
    columns = [str(name) for name in rng.choice(["area", "band", "age"], int(rng.integers(1, 3)), replace=False)]
    exact = [name for name in asked.options["exact"] if name not in columns]
    options = {**asked.options, "exact": exact, "anti_exact": columns}
    return Case(name=f"apart {asked.name}", family=family, people=asked.people, options=options)


def by_ranks(family: str, number: int) -> Case:
    """A design of a family that can use the Mahalanobis distance, by that of ranks."""
    asked = case(family, number)
    columns = asked.options.get("mahalanobis") or ["age", "height"]
    options = {**asked.options, "mahalanobis": columns, "mahalanobis_ranks": True}
    return Case(name=f"ranks {asked.name}", family=family, people=asked.people, options=options)


Make = Callable[[str, int], Case]
# How a design is made of a family's, of which families; designs in the quick and in the slow set.
KINDS: list[tuple[Make, tuple[str, ...], int, int]] = [
    (varied, ("nearest", "mahalanobis", "closest"), 30, 300),
    (apart, ("nearest", "mahalanobis", "closest", "optimal"), 25, 200),
    (by_ranks, ("mahalanobis", "closest", "optimal", "full"), 20, 200),
]
QUICK = [(make, family, few) for make, families, few, _ in KINDS for family in families]
MANY = [(make, family, many) for make, families, _, many in KINDS for family in families]


def agree(make: Make, family: str, size: int) -> None:
    counts = Counter(one_design(make(family, number)) for number in range(size))
    assert counts["compared"] > 0.4 * size, counts


@pytest.mark.parametrize(("make", "family", "size"), QUICK)
def test_some_designs_agree_with_brute_force(make: Make, family: str, size: int) -> None:
    agree(make, family, size)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "family", "size"), MANY)
def test_many_designs_agree_with_brute_force(make: Make, family: str, size: int) -> None:
    agree(make, family, size)


@pytest.mark.parametrize(("make", "family"), [(make, family) for make, family, _ in QUICK])
def test_shuffled_rows_make_the_same_design(make: Make, family: str) -> None:
    compared = 0
    for number in range(30_000, 30_012):
        asked = make(family, number)
        if asked.options.get("order") == "data":
            continue
        people = asked.people.set_index(np.arange(len(asked.people)) * 7919 % 10_007)
        mixed = people.iloc[np.random.default_rng(number).permutation(len(people))]
        options = {**asked.options, "ties": "seeded"}
        try:
            one = dip.match(people, treated="treated", **options, score=people["score"])
        except DesignError:
            continue
        two = dip.match(mixed, treated="treated", **options, score=mixed["score"])
        compared += 1
        assert one.fingerprint == two.fingerprint, asked.name
        assert one.weights.tolist() == two.weights.loc[people.index].tolist(), asked.name
    assert compared >= 3
