"""Matching by the rank-based Mahalanobis distance: small random designs against brute force, and the rows shuffled."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import dipeval as dip
from dipeval.errors import DesignError
from tests.properties.designs import Case, case
from tests.properties.test_random_designs import _one

QUICK, ALL = 30, 200
FAMILIES = ("mahalanobis", "closest", "optimal", "full")


def by_ranks(family: str, number: int) -> Case:
    """A design of a family that can use the Mahalanobis distance, by that of ranks."""
    asked = case(family, number)
    columns = asked.options.get("mahalanobis") or ["age", "height"]
    options = {**asked.options, "mahalanobis": columns, "mahalanobis_ranks": True}
    return Case(name=f"ranks {asked.name}", family=family, people=asked.people, options=options)


@pytest.mark.parametrize("family", FAMILIES)
def test_some_designs_by_ranks_agree_with_brute_force(family: str) -> None:
    counts = Counter(_one(by_ranks(family, number)) for number in range(QUICK))
    assert counts["compared"] > 0.5 * QUICK, counts


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_many_designs_by_ranks_agree_with_brute_force(family: str) -> None:
    counts = Counter(_one(by_ranks(family, number)) for number in range(ALL))
    assert counts["compared"] > 0.5 * ALL, counts


@pytest.mark.parametrize("family", FAMILIES)
def test_shuffled_rows_make_the_same_design_by_ranks(family: str) -> None:
    compared = 0
    for number in range(30_000, 30_012):
        asked = by_ranks(family, number)
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
