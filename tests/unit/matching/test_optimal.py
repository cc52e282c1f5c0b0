"""Optimal pairs: no other pairs, as many and within the same limits, are closer in sum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

import dipeval as dip
from dipeval.errors import DesignError
from dipeval.matching import links as links_module
from dipeval.matching.line import aligned, queues, unit, whole_numbers, windows
from dipeval.matching.optimal import _greedy_in_words, optimal_pairs
from dipeval.matching.problem import Found, Problem
from dipeval.matching.sweep import sweep
from tests.unit.matching.matching_people import COVARIATES, people
from tests.unit.matching.small_problems import allowed, best_pairs, make_problem, random_problem


def levels(found: Found, ratio: int) -> tuple[int, ...]:
    """How many people have at least 1, 2... matches."""
    matches = np.bincount(found.focal, minlength=1)
    return tuple(int((matches > level).sum()) for level in range(ratio))


def assert_optimum(problem: Problem) -> None:
    found, ratio = optimal_pairs(problem), problem.options.ratio
    assert all(allowed(problem, *link) for link in np.column_stack([found.focal, found.others]).tolist())
    assert len(np.unique(found.others)) == len(found.others)
    expected_levels, expected_distance = best_pairs(problem)
    assert levels(found, ratio) == expected_levels
    assert math.isclose(found.facts["total_distance"], expected_distance, abs_tol=1e-8)


@pytest.mark.parametrize("seed", range(40))
def test_pairs_are_the_best_of_all_that_could_be_made_under_every_kind_of_constraint(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        assert_optimum(random_problem(rng, "optimal", most_people=8, ratio=int(rng.integers(1, 4))))


@pytest.mark.slow
def test_five_thousand_more_designs_are_the_best_that_could_be_made() -> None:
    rng = np.random.default_rng(2024)
    for _ in range(5_000):
        assert_optimum(random_problem(rng, "optimal", most_people=9, ratio=int(rng.integers(1, 4))))


def dense_optimum(problem: Problem) -> tuple[int, float]:
    """Number of matches and total distance from scipy's solver on the whole matrix, for one score."""
    assert problem.score is not None
    ratio, focal = problem.options.ratio, np.flatnonzero(problem.is_focal)
    pool = np.flatnonzero(~problem.is_focal)
    distance = np.abs(problem.score[focal][:, None] - problem.score[pool])
    costs = np.vstack([np.where(distance <= problem.width, distance, 1e15)] * ratio)
    alone = np.full((len(costs), len(costs)), 1e15)
    detour = (min(len(costs), len(pool)) + 1) * (distance.max() + 1)
    np.fill_diagonal(alone, detour * np.repeat(np.arange(ratio, 0, -1), len(focal)))
    first, second = linear_sum_assignment(np.hstack([costs, alone]))
    paired = second < len(pool)
    return int(paired.sum()), float(costs[first[paired], second[paired]].sum())


@pytest.mark.parametrize("seed", range(20))
def test_larger_designs_on_one_score_agree_with_a_dense_assignment(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(6):
        size, spread = int(rng.integers(20, 90)), int(rng.choice([5, 40, 1000]))
        score = rng.integers(0, spread, size).astype(float)
        lean = (score - score.mean()) / (score.std() + 1) * rng.normal() * 2
        treated = rng.random(size) < rng.choice([0.3, 0.6, 1.0]) / (1 + np.exp(-lean))
        treated[:2] = [True, False]
        width = float(rng.choice([math.inf, 1, spread / 50, spread / 10, spread / 3]))
        problem = make_problem(score, treated, method="optimal", width=width, ratio=int(rng.integers(1, 4)))
        found = optimal_pairs(problem)
        number, distance = dense_optimum(problem)
        assert (len(found.focal), found.facts["total_distance"]) == (number, pytest.approx(distance, abs=1e-7))


@pytest.mark.parametrize("seed", range(10))
def test_the_walk_along_the_line_and_the_band_agree_without_a_caliper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = (np.sort(rng.integers(0, 60, int(rng.integers(1, 40)))) for _ in range(2))
    one, other = sweep(rows, columns, 1)
    everywhere = np.zeros(len(rows), dtype=np.int64)
    worth = np.full(len(rows), 100_000)
    first, second = aligned(
        rows, columns, everywhere, everywhere + len(columns), worth, np.zeros(len(columns), dtype=np.int64)
    )
    assert len(first) == len(one) == min(len(rows), len(columns))
    assert np.abs(rows[first] - columns[second]).sum() == np.abs(rows[one] - columns[other]).sum()


def test_places_beyond_the_queue_are_not_looked_at() -> None:
    low, high = queues(np.array([1.0, 5.0, 5.1]), np.array([0.0, 2.0, 4.0, 6.0, 8.0]), rows_first=True)
    assert low.tolist() == [0, 1, 2]
    assert high.tolist() == [2, 4, 5]


def test_the_window_is_decided_by_the_very_comparison_of_the_proof() -> None:
    columns = np.array([0.1, 0.2, 0.30000000000000004, 0.3])
    columns.sort()
    low, high = windows(np.array([0.0]), columns, 0.3)
    assert (low.tolist(), high.tolist()) == ([0], [3])
    low, high = windows(np.array([0.0, 9.0]), columns, 0.05)
    assert (low - high).tolist() == [0, 0]


def test_scores_on_the_grid_stay_on_it_as_whole_numbers() -> None:
    score = np.round(np.random.default_rng(1).normal(size=50) * 2.0**33) / 2.0**33
    whole, step = whole_numbers(score, 0.3, 2.0**45)
    assert step <= 2.0**-33
    assert np.array_equal(np.diff(whole) * step, np.diff(score))
    assert unit(0.0, 10.0) == 1.0


def test_most_matches_come_before_the_smallest_distance() -> None:
    """Pairing the two nearest would leave the second person out; moving on keeps both."""
    problem = make_problem([0.0, 1.0, 1.0, 2.0], [1, 0, 1, 0], method="optimal", width=1.0)
    assert len(optimal_pairs(problem).focal) == 2


def test_everybody_gets_a_first_match_before_anybody_gets_a_second() -> None:
    problem = make_problem([0.0, 0.0, 0.0, 3.0, 0.5], [1, 0, 0, 1, 0], method="optimal", ratio=2, width=3.0)
    found = optimal_pairs(problem)
    assert levels(found, 2) == (2, 1)
    assert found.facts["total_distance"] == 2.5


def test_a_person_matched_to_several_has_the_nearest_first() -> None:
    problem = make_problem([0.0, 2.0, 1.0, 3.0], [1, 0, 0, 0], method="optimal", ratio=3)
    found = optimal_pairs(problem)
    assert found.others.tolist() == [2, 1, 3]
    assert found.sets.tolist() == [1, 1, 1, 1]


def test_greedy_is_compared_on_the_same_question() -> None:
    """The largest score takes the person in between, and the other has to go far."""
    problem = make_problem([2.0, 1.0, 1.4, 4.0], [1, 1, 0, 0], method="optimal")
    facts = optimal_pairs(problem).facts
    assert facts["total_distance"] == pytest.approx(2.4)
    assert facts["greedy_pairs"] == 2
    assert facts["greedy_distance"] == pytest.approx(3.6)
    assert facts["optimality_gap"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"greedy_pairs": 8, "optimality_gap": None, "total_distance": 1.0}, "made 2 fewer of the 10 pairs"),
        ({"greedy_pairs": 10, "optimality_gap": 0.0123, "total_distance": 1.0}, "needed 1.23% more total distance"),
        ({"greedy_pairs": 10, "optimality_gap": 1e-6, "total_distance": 1.0}, "needed less than 0.01% more"),
        ({"greedy_pairs": 10, "optimality_gap": 0.0, "total_distance": 1.0}, "needed no more total distance"),
        ({"greedy_pairs": 10, "optimality_gap": None, "total_distance": 0.0}, "Every pair is at distance 0"),
        ({"greedy_pairs": 10, "optimality_gap": None, "total_distance": 1.0}, "shared them out less evenly"),
    ],
)
def test_the_comparison_with_greedy_is_said_in_words(facts: dict[str, Any], words: str) -> None:
    assert words in _greedy_in_words(10, facts)


@pytest.mark.parametrize("limit", [math.inf, 0.5])
def test_a_block_of_people_with_the_same_score_is_no_burden(limit: float) -> None:
    treated = np.arange(7000) < 2000
    found = optimal_pairs(make_problem(np.full(7000, 0.3), treated, method="optimal", width=limit, ratio=2))
    assert levels(found, 2) == (2000, 2000)
    assert found.facts["total_distance"] == 0


def test_nearly_no_pairs_are_weighed_up_where_the_groups_are_well_mixed() -> None:
    rng = np.random.default_rng(2)
    treated = rng.random(20_000) < 0.1
    score = np.sort(rng.normal(size=20_000))
    low, high = queues(score[treated], score[~treated], rows_first=True)
    assert (high - low).sum() < 30 * treated.sum()


OPTIONS: list[dict[str, Any]] = [
    {},
    {"caliper": None},
    {"caliper": None, "ratio": 2},
    {"exact": ["district"], "ratio": 2},
    {"covariate_calipers": {"age": 3}},
    {"mahalanobis": ["age", "priors"]},
    {"estimand": "ATC", "caliper": 0.05},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_order_of_the_rows_changes_nothing(options: dict[str, Any]) -> None:
    data = people(160).assign(treated=lambda frame: frame["treated"].where(frame["age"] < 55, 1))
    if options.get("estimand") == "ATC":
        data["treated"] = 1 - data["treated"]
    if options.get("ratio") == 2:
        data["treated"] *= data["priors"] > 1
    design = dip.match(data, treated="treated", covariates=COVARIATES, method="optimal", **options)
    for seed in (1, 2):
        shuffled = data.sample(frac=1, random_state=seed)
        again = dip.match(shuffled, treated="treated", covariates=COVARIATES, method="optimal", **options)
        assert again.fingerprint == design.fingerprint
        pd.testing.assert_frame_equal(again.pairs(), design.pairs(), check_exact=True)
        pd.testing.assert_series_equal(again.weights.reindex(data.index), design.weights, check_exact=True)
        assert again.options == design.options


def test_the_design_says_what_was_optimised_and_what_greedy_would_have_cost() -> None:
    design = dip.match(people(160), treated="treated", covariates=COVARIATES, method="optimal")
    assert design.options["total_distance"] == pytest.approx(design.pairs()["distance"].sum(), rel=1e-12)
    notes = " ".join(design.notes)
    assert "the smallest total distance in the logit of the propensity score" in notes
    assert "Greedy matching would have" in notes


def test_people_who_got_fewer_matches_than_wanted_are_counted() -> None:
    problem = make_problem([0.0, 0.0, 0.1, 9.0, 9.0], [1, 0, 0, 1, 0], method="optimal", ratio=2, width=1.0)
    assert "1 of 2 matched people have fewer than 2 matches." in optimal_pairs(problem).notes


def test_nobody_within_the_caliper_is_a_sentence() -> None:
    data = pd.DataFrame({"treated": [1, 0, 0], "x": [1, 2, 3]})
    score = pd.Series([0.1, 0.5, 0.9])
    with pytest.raises(DesignError, match="Nobody could be matched"):
        dip.match(data, treated="treated", covariates=["x"], method="optimal", score=score, caliper=0.0)


def test_one_person_of_each_group_is_a_pair() -> None:
    found = optimal_pairs(make_problem([0.2, 0.4], [1, 0], method="optimal"))
    assert (found.focal.tolist(), found.others.tolist()) == ([0], [1])


@pytest.mark.parametrize("name", ["MOST_LINKS", "MOST_LOOKS"])
def test_too_many_pairs_to_weigh_up_is_a_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, name, 50)
    problem = make_problem(np.zeros(30), np.arange(30) < 15, method="optimal", metric=np.zeros((30, 1)))
    with pytest.raises(DesignError, match=r"narrow the caliper.*exact=.*method='nearest'"):
        optimal_pairs(problem)


def test_too_wide_a_band_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dipeval.matching.optimal.MOST_CELLS", 50)
    problem = make_problem(np.arange(30), np.arange(30) < 15, method="optimal", width=28.0)
    with pytest.raises(DesignError, match="have to be weighed up"):
        optimal_pairs(problem)
