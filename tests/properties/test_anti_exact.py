"""Pairs that must differ on a column: small random designs against brute force, and the rows shuffled."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import dipeval as dip
from dipeval.errors import DesignError
from tests.properties.designs import Case, case
from tests.properties.test_random_designs import _one

QUICK, ALL = 40, 200
FAMILIES = ("nearest", "mahalanobis", "closest", "optimal")


def apart(family: str, number: int) -> Case:
    """A design of a family of pairs, which must differ on one or two columns."""
    asked = case(family, number)
    rng = np.random.default_rng([number, 5])
    columns = [str(name) for name in rng.choice(["area", "band", "age"], int(rng.integers(1, 3)), replace=False)]
    exact = [name for name in asked.options["exact"] if name not in columns]
    options = {**asked.options, "exact": exact, "anti_exact": columns}
    return Case(name=f"apart {asked.name}", family=family, people=asked.people, options=options)


@pytest.mark.parametrize("family", FAMILIES)
def test_some_designs_of_people_who_differ_agree_with_brute_force(family: str) -> None:
    counts = Counter(_one(apart(family, number)) for number in range(QUICK))
    assert counts["compared"] > 0.4 * QUICK, counts


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_many_designs_of_people_who_differ_agree_with_brute_force(family: str) -> None:
    counts = Counter(_one(apart(family, number)) for number in range(ALL))
    assert counts["compared"] > 0.4 * ALL, counts


@pytest.mark.parametrize("family", FAMILIES)
def test_shuffled_rows_make_the_same_pairs_of_people_who_differ(family: str) -> None:
    compared = 0
    for number in range(30_000, 30_020):
        asked = apart(family, number)
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
