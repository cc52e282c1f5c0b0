"""Nearest neighbours in a variable ratio: small random designs against brute force, and the rows shuffled."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import dipeval as dip
from dipeval.errors import DesignError
from tests.properties.designs import Case, case
from tests.properties.test_random_designs import _one

QUICK, ALL = 60, 300
FAMILIES = ("nearest", "mahalanobis", "closest")


def varied(family: str, number: int) -> Case:
    """A design of a family of nearest neighbours, with a variable ratio."""
    asked = case(family, number)
    rng = np.random.default_rng([number, 77])
    low = int(rng.integers(1, 3))
    ratio = low + int(rng.integers(1, 3))
    most = ratio + int(rng.integers(1, 4))
    options = {**asked.options, "replace": False, "ratio": ratio, "min_ratio": low, "max_ratio": most}
    return Case(name=f"variable {asked.name}", family=family, people=asked.people, options=options)


@pytest.mark.parametrize("family", FAMILIES)
def test_some_designs_of_variable_ratio_agree_with_brute_force(family: str) -> None:
    counts = Counter(_one(varied(family, number)) for number in range(QUICK))
    assert counts["compared"] > 0.5 * QUICK, counts


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_thousands_of_designs_of_variable_ratio_agree_with_brute_force(family: str) -> None:
    counts = Counter(_one(varied(family, number)) for number in range(ALL))
    assert counts["compared"] > 0.5 * ALL, counts


@pytest.mark.parametrize("family", FAMILIES)
def test_shuffled_rows_have_the_same_matches_in_a_variable_ratio(family: str) -> None:
    compared = 0
    for number in range(30_000, 30_012):
        asked = varied(family, number)
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
