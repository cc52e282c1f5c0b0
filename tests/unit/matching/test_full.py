"""Full matching: everybody who has anybody is in a set, and no other sets have a smaller total distance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InvariantError
from dipeval.matching.full import full_sets, star_labels
from dipeval.matching.problem import Found, Problem
from tests.unit.matching.matching_people import COVARIATES, people
from tests.unit.matching.small_problems import allowed, best_cover, make_problem, random_problem


def assert_stars(problem: Problem, found: Found) -> None:
    """Every set has one person of one group; links join people of one set; everybody linkable is in a set."""
    assert all(allowed(problem, *link) for link in np.column_stack([found.focal, found.others]).tolist())
    assert np.array_equal(found.sets[found.focal], found.sets[found.others])
    assert (problem.is_focal[found.focal] & ~problem.is_focal[found.others]).all()
    for number in range(1, int(found.sets.max(initial=0)) + 1):
        treated = problem.treated[found.sets == number]
        assert min(treated.sum(), (~treated).sum()) == 1
        assert (found.sets[found.focal] == number).sum() == len(treated) - 1
    focal, others = np.flatnonzero(problem.is_focal).tolist(), np.flatnonzero(~problem.is_focal).tolist()
    reachable = {end for one in focal for other in others if allowed(problem, one, other) for end in (one, other)}
    assert reachable == set(np.flatnonzero(found.sets > 0).tolist()) == set(np.flatnonzero(found.weights).tolist())


def assert_optimum(problem: Problem) -> None:
    """The least total distance, and with it the fewest links, which is the most sets."""
    found = full_sets(problem)
    assert_stars(problem, found)
    distance, links = best_cover(problem)
    assert math.isclose(found.facts["total_distance"], distance, abs_tol=1e-7)
    assert len(found.focal) == links
    assert found.facts["n_sets"] == np.count_nonzero(found.sets) - links


@pytest.mark.parametrize("seed", range(40))
def test_sets_are_the_best_of_all_that_could_be_made_under_every_kind_of_constraint(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        assert_optimum(random_problem(rng, "full", most_people=10))


@pytest.mark.slow
def test_five_thousand_more_designs_are_the_best_that_could_be_made() -> None:
    rng = np.random.default_rng(2024)
    for _ in range(5_000):
        assert_optimum(random_problem(rng, "full", most_people=11))


@pytest.mark.parametrize("seed", range(10))
def test_the_line_and_the_list_of_pairs_agree(seed: int) -> None:
    """A metric of one dimension is the score again, but solved in the other way."""
    rng = np.random.default_rng(seed)
    size, spread = int(rng.integers(20, 200)), int(rng.choice([5, 50, 5000]))
    score = rng.integers(0, spread, size) / 8
    treated = rng.random(size) < rng.uniform(0.1, 0.9)
    treated[:2] = [True, False]
    width = float(rng.choice([math.inf, spread / 100, spread / 20]))
    line = full_sets(make_problem(score, treated, method="full", width=width))
    metric = score[:, None]
    pairs = full_sets(make_problem(score, treated, method="full", width=width, metric=metric))
    for name in ("total_distance", "n_sets"):
        assert line.facts[name] == pairs.facts[name]


def test_a_full_match_costs_no_more_than_any_pairs_that_use_everybody() -> None:
    score, treated = [0.0, 1.0, 1.1, 5.0], [1, 0, 0, 1]
    found = full_sets(make_problem(score, treated, method="full"))
    assert found.facts["total_distance"] == pytest.approx(1.0 + 3.9)
    assert found.sets.tolist() == [1, 1, 2, 2]


def test_people_who_could_join_several_are_dealt_out_evenly() -> None:
    """Four treated and ten comparison people with one score: four sets, of two or three comparison people each."""
    treated = np.arange(14) < 4
    found = full_sets(make_problem(np.full(14, 0.5), treated, method="full"))
    assert np.bincount(found.sets)[1:].tolist() == [4, 4, 3, 3] or sorted(np.bincount(found.sets)[1:]) == [3, 3, 4, 4]
    by_metric = full_sets(make_problem(None, treated, method="full", metric=np.zeros((14, 2))))
    assert sorted(np.bincount(by_metric.sets)[1:]) == [3, 3, 4, 4]


def test_a_block_of_people_with_the_same_score_is_no_burden() -> None:
    treated = np.arange(7000) < 2000
    for limit in (math.inf, 0.5):
        found = full_sets(make_problem(np.full(7000, 0.3), treated, method="full", width=limit))
        assert found.facts["total_distance"] == 0
        assert found.facts["n_sets"] == 2000
        assert found.facts["largest_set"] == 4


def test_people_without_anybody_within_the_caliper_are_left_out_and_counted() -> None:
    found = full_sets(make_problem([0, 1, 9, 20, 30], [1, 0, 1, 0, 0], method="full", width=2.0))
    assert found.sets.tolist() == [1, 1, 0, 0, 0]
    assert "Left out, with nobody within the limits: 1 treated and 2 comparison people." in found.notes


def test_few_pairs_are_weighed_up_even_without_a_caliper() -> None:
    rng = np.random.default_rng(2)
    treated = rng.random(20_000) < 0.1
    found = full_sets(make_problem(rng.normal(size=20_000), treated, method="full"))
    assert found.facts["n_candidate_links"] < 3 * 20_000


def test_weights_are_those_of_the_sets_for_each_estimand() -> None:
    score, treated = [0.0, 0.1, 0.2, 5.0, 5.1, 5.2], [1, 0, 0, 0, 1, 1]
    expected = {
        "ATT": [1, 0.5, 0.5, 2, 1, 1],
        "ATC": [2, 1, 1, 1, 0.5, 0.5],
        "ATE": [3, 1.5, 1.5, 3, 1.5, 1.5],
    }
    for estimand, raw in expected.items():
        found = full_sets(make_problem(score, treated, method="full", estimand=estimand))
        for group in (True, False):
            mine = np.asarray(treated, dtype=bool) == group
            assert np.allclose(found.weights[mine], np.asarray(raw)[mine] / np.mean(np.asarray(raw)[mine]))


def test_a_set_with_several_of_both_groups_would_be_a_bug() -> None:
    first, second = np.array([0, 0, 1]), np.array([2, 3, 3])
    with pytest.raises(InvariantError, match="several people of both groups"):
        star_labels(first, second, 4)


def test_too_wide_a_band_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dipeval.matching.full.MOST_CELLS", 50)
    problem = make_problem(np.zeros(30), np.arange(30) < 15, method="full")
    with pytest.raises(DesignError, match="have to be weighed up"):
        full_sets(problem)


def test_nobody_within_the_caliper_is_a_sentence() -> None:
    data = pd.DataFrame({"treated": [1, 0, 0], "x": [1, 2, 3]})
    score = pd.Series([0.1, 0.5, 0.9])
    with pytest.raises(DesignError, match="Nobody could be matched"):
        dip.match(data, treated="treated", covariates=["x"], method="full", score=score, caliper=0.0)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"caliper": None, "estimand": "ATE"},
    {"exact": ["district"], "estimand": "ATC"},
    {"covariate_calipers": {"age": 3}},
    {"mahalanobis": ["age", "priors"]},
    {"mahalanobis": ["age", "priors"], "caliper": None},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_order_of_the_rows_changes_nothing(options: dict[str, Any]) -> None:
    data = people(200)
    design = dip.match(data, treated="treated", covariates=COVARIATES, method="full", **options)
    for seed in (1, 2):
        again = dip.match(
            data.sample(frac=1, random_state=seed), treated="treated", covariates=COVARIATES, method="full", **options
        )
        assert again.fingerprint == design.fingerprint
        pd.testing.assert_frame_equal(again.pairs(), design.pairs(), check_exact=True)
        pd.testing.assert_series_equal(again.weights.reindex(data.index), design.weights, check_exact=True)
        assert again.options == design.options


def test_the_design_says_how_many_sets_there_are_and_what_was_optimised() -> None:
    design = dip.match(people(200), treated="treated", covariates=COVARIATES, method="full")
    notes = " ".join(design.notes)
    assert "Optimal full matching, caliper 0.2" in notes
    assert f"{design.options['n_sets']} sets; the largest has {design.options['largest_set']} people" in notes
