"""Matching against a brute-force matcher written apart from it: drawn designs, which shrink to the smallest failing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import dipeval as dip
from dipeval.errors import DesignError
from tests.properties import brute
from tests.properties.designs import Case


@st.composite
def designs(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, Any]]:
    size = draw(st.integers(4, 24))
    grid = st.integers(0, draw(st.integers(2, 12)))
    people = pd.DataFrame(
        {
            "treated": draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)),
            "score": np.array(draw(st.lists(grid, min_size=size, max_size=size)), dtype=float) / 4,
            "age": draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)),
            "area": draw(st.lists(st.sampled_from(["a", "b"]), min_size=size, max_size=size)),
            "x": range(size),
        }
    )
    limit = draw(st.sampled_from([0, 1, 2, None]))
    options = {
        "covariates": ["x"],
        "method": "nearest",
        "scale": "given",
        "caliper_unit": "raw",
        "trim": "none",
        "ratio": draw(st.integers(1, 3)),
        "replace": draw(st.booleans()),
        "order": draw(st.sampled_from(["largest", "smallest", "data"])),
        "caliper": draw(st.sampled_from([0.0, 0.25, 0.5, 1.0, None])),
        "covariate_calipers": None if limit is None else {"age": limit},
        "exact": draw(st.sampled_from([[], ["area"]])),
        "estimand": draw(st.sampled_from(["ATT", "ATT", "ATC"])),
    }
    return people, options


def ours(people: pd.DataFrame, options: dict[str, Any], **more: Any) -> dip.Design:
    return dip.match(people, treated="treated", score=people["score"], **options, **more)


def feasible(people: pd.DataFrame, options: dict[str, Any]) -> bool:
    focal = int((people["treated"] == (options["estimand"] == "ATT")).sum())
    pool = len(people) - focal
    return focal > 0 and pool >= (options["ratio"] if options["replace"] else max(focal, options["ratio"]))


@settings(max_examples=200)
@given(designs())
def test_agrees_with_brute_force(case: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    people, options = case
    assume(feasible(people, options))
    expected, _ = brute.greedy(brute.World(Case(name="drawn", family="nearest", people=people, options=options)))
    if not expected:
        with pytest.raises(DesignError, match="Nobody could be matched"):
            ours(people, options, ties="row")
        return
    assert brute.pairs_as_sets(ours(people, options, ties="row"), options["estimand"]) == expected


@settings(max_examples=60)
@given(designs(), st.randoms(use_true_random=False))
def test_shuffling_the_rows_moves_nothing(case: tuple[pd.DataFrame, dict[str, Any]], random: Any) -> None:
    people, options = case
    assume(feasible(people, options) and options["order"] != "data")
    positions = list(range(len(people)))
    random.shuffle(positions)
    mixed = people.iloc[positions]
    try:
        first = ours(people, options)
    except DesignError:
        return
    second = ours(mixed, options)
    assert first.fingerprint == second.fingerprint
    pd.testing.assert_series_equal(first.weights, second.weights.loc[people.index], check_exact=True)
    pd.testing.assert_frame_equal(first.pairs(), second.pairs(), check_exact=True)
    pd.testing.assert_frame_equal(first.balance().to_frame(), second.balance().to_frame(), check_exact=True)


@settings(max_examples=60)
@given(designs())
def test_weights_follow_from_the_pairs(case: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    people, options = case
    assume(feasible(people, options))
    try:
        design = ours(people, options)
    except DesignError:
        return
    focal, other = ("treated_index", "comparison_index")[:: 1 if options["estimand"] == "ATT" else -1]
    pairs = design.pairs()
    share = 1 / pairs.groupby(focal)[other].transform("size")
    raw = share.groupby(pairs[other]).sum()
    np.testing.assert_allclose(design.weights.loc[raw.index], raw * len(raw) / raw.sum(), rtol=1e-12)
    assert (design.weights.loc[pairs[focal].unique()] == 1).all()
    assert design.weights.gt(0).sum() == len({*pairs[focal], *pairs[other]})


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_entropy_weights_balance_whatever_can_be_balanced(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(20, 80))
    people = pd.DataFrame({"a": rng.normal(size=size), "b": rng.integers(0, 3, size), "c": rng.random(size) < 0.4})
    people["treated"] = (rng.random(size) < 0.35).astype(int)
    try:
        design = dip.weight(people, treated="treated", covariates=["a", "b", "c"])
    except DesignError:
        return
    others = design.weights[~design.treated]
    assert abs(float(others.sum()) - int(people["treated"].sum())) < 1e-9
    assert design.balance().max_smd < 1e-8
