"""Matching against a brute-force matcher written apart from it, on small designs full of ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import dipeval as dip
from dipeval.errors import DesignError


def brute_force(people: pd.DataFrame, options: dict[str, Any]) -> dict[int, list[int]]:
    """Match by looking at everybody each time: the rules in words, with no regard for speed."""
    score, focal = people["score"].tolist(), (people["treated"] == options["focal"]).tolist()
    found: dict[int, list[int]] = {}
    for _, cell in people.groupby(options["exact"] or np.zeros(len(people)), sort=False):
        found |= _brute_cell(people, cell.index.tolist(), score, focal, options)
    return found


def _brute_cell(
    people: pd.DataFrame, rows: list[int], score: list[float], focal: list[bool], options: dict[str, Any]
) -> dict[int, list[int]]:
    place = {row: spot for spot, row in enumerate(sorted(rows, key=lambda row: score[row]))}  # sorted() is stable
    turn = {"largest": lambda row: -score[row], "smallest": lambda row: score[row], "data": lambda row: row}
    queue = sorted((row for row in rows if focal[row]), key=turn[options["order"]])
    found: dict[int, list[int]] = {row: [] for row in queue}
    used: set[int] = set()
    for turn_number in range(options["ratio"]):
        for row in queue:
            if len(found[row]) < turn_number:
                continue  # went without in an earlier round
            free = [
                other
                for other in rows
                if not focal[other]
                and other not in found[row]
                and (options["replace"] or other not in used)
                and abs(score[other] - score[row]) <= options["caliper"]
                and abs(people["age"][other] - people["age"][row]) <= options["age"]
            ]
            if free:
                best = min(free, key=lambda other: _rank(other, row, place, score, found[row]))
                found[row].append(best)
                used.add(best)
    return {row: others for row, others in found.items() if others}


def _rank(other: int, row: int, place: dict[int, int], score: list[float], earlier: list[int]) -> tuple[Any, ...]:
    """Nearest first; then fewest places away, counted from the earlier match on that side; then the lower score."""
    low = place[other] < place[row]
    same_side = [place[match] for match in earlier if (place[match] < place[row]) == low]
    start = (min(same_side) if low else max(same_side)) if same_side else place[row]
    return abs(score[other] - score[row]), abs(place[other] - start), 0 if low else 1


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
    options = {
        "ratio": draw(st.integers(1, 3)),
        "replace": draw(st.booleans()),
        "order": draw(st.sampled_from(["largest", "smallest", "data"])),
        "caliper": draw(st.sampled_from([0.0, 0.25, 0.5, 1.0, np.inf])),
        "age": draw(st.sampled_from([0, 1, 2, 99])),
        "exact": draw(st.sampled_from([[], ["area"]])),
        "focal": draw(st.sampled_from([1, 1, 0])),
    }
    return people, options


def ours(people: pd.DataFrame, options: dict[str, Any], **more: Any) -> dip.Design:
    return dip.match(
        people,
        treated="treated",
        covariates=["x"],
        score=people["score"],
        scale="given",
        caliper=None if np.isinf(options["caliper"]) else options["caliper"],
        caliper_unit="raw",
        ratio=options["ratio"],
        replace=options["replace"],
        order=options["order"],
        exact=options["exact"],
        covariate_calipers={"age": options["age"]} if options["age"] < 99 else None,
        estimand="ATT" if options["focal"] else "ATC",
        **more,
    )


def feasible(people: pd.DataFrame, options: dict[str, Any]) -> bool:
    focal = int((people["treated"] == options["focal"]).sum())
    pool = len(people) - focal
    return focal > 0 and pool >= (options["ratio"] if options["replace"] else max(focal, options["ratio"]))


@settings(max_examples=200)
@given(designs())
def test_agrees_with_brute_force(case: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    people, options = case
    assume(feasible(people, options))
    expected = brute_force(people, options)
    if not expected:
        try:
            ours(people, options, ties="row")
        except DesignError as refusal:
            assert "Nobody could be matched" in str(refusal)
            return
        raise AssertionError("a design was made where nobody can be matched")
    design = ours(people, options, ties="row")
    focal, other = ("treated_index", "comparison_index")[:: 1 if options["focal"] else -1]
    found = {int(key): group.tolist() for key, group in design.pairs().groupby(focal)[other]}
    assert found == expected


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
    focal, other = ("treated_index", "comparison_index")[:: 1 if options["focal"] else -1]
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
