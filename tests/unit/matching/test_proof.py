"""The proof: a design made by hand passes, and every way of breaking one rule of it is caught by name."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

import numpy as np
import pytest

from dipeval.errors import InvariantError
from dipeval.matching.found import found_pairs, found_sets
from dipeval.matching.options import MatchOptions
from dipeval.matching.problem import Condition, Found, Problem
from dipeval.matching.proof import RULES, prove
from dipeval.matching.proof_reach import exact_sums, reach_of
from dipeval.matching.terms import Terms

# Ten people: four treated (0-3), six comparison people (4-9); two areas; nobody is further apart than 0.5 in a pair.
TREATED = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], dtype=bool)
SCORE = np.array([0.0, 1.0, 2.0, 9.0, 0.1, 0.4, 1.2, 2.5, 1.9, 5.0])
AREA = np.array([0, 0, 1, 1, 0, 0, 0, 1, 1, 1])
AGE = np.array([20, 30, 40, 50, 21, 25, 33, 42, 49, 50], dtype=float)


def asked(
    method: str = "nearest", *, width: float = 0.5, exact: bool = True, most: float = 5.0, **more: Any
) -> Problem:
    options = MatchOptions(method=method, caliper=width, caliper_unit="raw", scale="given", **more)
    size = len(SCORE)
    return Problem(
        options=options,
        treated=TREATED,
        kept=np.ones(size, dtype=bool),
        score=SCORE,
        width=width,
        base=np.arange(size),
        by_id=np.arange(size),
        turn=np.arange(size),
        strata=AREA if exact else None,
        conditions=(Condition(name="age", values=AGE, most=most),) if np.isfinite(most) else (),
        metric=None,
        terms=Terms(names=("age",), columns=("age",), values=AGE[:, None], reference=np.zeros(1, dtype=bool)),
    )


def paired(problem: Problem, *pairs: tuple[int, int], **facts: Any) -> Found:
    ends = np.array(pairs, dtype=np.int64)
    return found_pairs(problem, ends[:, 0], ends[:, 1], facts=facts)


def caught(problem: Problem, found: Found, words: str) -> None:
    with pytest.raises(InvariantError, match=words) as refusal:
        prove(problem, found)
    assert str(refusal.value).endswith("please report it; no design was made.")


GOOD = ((0, 4), (1, 6), (2, 7))


def test_a_design_that_keeps_every_rule_passes() -> None:
    problem = asked()
    prove(problem, paired(problem, *GOOD))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (((0, 4), (1, 6), (2, 3)), "1 pairs join people of one group"),
        (((0, 4), (1, 6), (8, 7)), "1 pairs join people of one group"),
        (((0, 4), (1, 6), (2, 9)), "1 pairs lie outside the caliper"),
        (((0, 4), (1, 6), (2, 8)), "1 pairs lie outside the caliper on age"),
        (((0, 4), (1, 6), (2, 6)), "1 pairs differ on an exact column"),
        (((0, 4), (1, 6), (2, 7), (0, 5)), "2 pairs exceed the ratio"),
        (((0, 4), (1, 6), (2, 7), (1, 4)), "1 pairs use a person twice"),
        (((0, 4), (2, 7)), "1 people were left without a match they could have had"),
        (((0, 4), (0, 4), (1, 6), (2, 7)), "1 pairs occur twice"),
    ],
)
def test_a_forged_pair_is_caught(pairs: tuple[tuple[int, int], ...], words: str) -> None:
    problem = asked()
    caught(problem, paired(problem, *pairs), words)


def test_a_limit_is_inclusive_to_the_last_bit() -> None:
    width = 2.5 - 2.0
    prove(asked(width=width), paired(asked(width=width), *GOOD))
    caught(asked(width=np.nextafter(width, 0)), paired(asked(), *GOOD), "1 pairs lie outside the caliper")


def test_a_person_trimmed_away_is_not_used() -> None:
    kept = np.ones(len(SCORE), dtype=bool)
    kept[[7, 9]] = False
    problem = changed(asked(), kept=kept)
    caught(problem, paired(problem, *GOOD), "1 pairs hold somebody trimmed away")
    clean = paired(problem, (0, 4), (1, 6))
    prove(problem, clean)
    weights = clean.weights.copy()
    weights[9] = 1.0
    caught(problem, changed(clean, weights=weights), "1 people trimmed away are used")


@pytest.mark.parametrize(
    ("person", "weight", "words"),
    [
        (0, 0.5, "1 of the people matched have a weight other than 0 or 1"),
        (3, 1.0, "1 weights are not those of the pairs"),
        (4, 1.0000001, "1 weights are not those of the pairs"),
        (9, 0.2, "1 weights are not those of the pairs"),
        (4, -1.0, "1 weights are negative"),
        (4, np.nan, "1 weights are no finite numbers"),
    ],
)
def test_a_forged_weight_is_caught(person: int, weight: float, words: str) -> None:
    problem = asked()
    good = paired(problem, *GOOD)
    weights = good.weights.copy()
    weights[person] = weight
    caught(problem, changed(good, weights=weights), words)


def test_arrays_of_a_wrong_shape_are_caught() -> None:
    problem = asked()
    good = paired(problem, *GOOD)
    caught(problem, changed(good, weights=good.weights[:-1]), "9 weights and 10 set numbers")
    caught(problem, changed(good, others=good.others[:-1]), "3 people were paired with 2")
    caught(problem, changed(good, others=good.others + 10), "3 pairs name a person who is not there")
    caught(problem, changed(good, weights=np.zeros(10)), "nobody is left of the people matched;")


@pytest.mark.parametrize(
    ("person", "number", "words"),
    [
        (4, 2, "1 pairs lie in two sets"),
        (4, 0, "1 people are used without a set"),
        (9, 3, "1 people are used without a set, or in a set without a use"),
        (1, 1, "1 people matched share a set"),
    ],
)
def test_a_forged_pair_number_is_caught(person: int, number: int, words: str) -> None:
    problem = asked()
    good = paired(problem, *GOOD)
    sets = good.sets.copy()
    sets[person] = number
    caught(problem, changed(good, sets=sets), words)


def test_pairs_without_replacement_are_clusters_and_others_are_not() -> None:
    problem = asked()
    caught(problem, changed(paired(problem, *GOOD), clusters=False), "taken for clusters")
    again = asked(replace=True)
    good = paired(again, *GOOD)
    prove(again, good)
    caught(again, changed(good, clusters=True), "taken for clusters")
    caught(again, changed(good, sets=paired(problem, *GOOD).sets), "6 people are numbered as if each were in one pair")


def test_with_replacement_everybody_gets_as_many_as_there_are() -> None:
    problem = asked(replace=True, ratio=2)
    prove(problem, paired(problem, (0, 4), (0, 5), (1, 6), (2, 7)))
    caught(problem, paired(problem, (0, 4), (1, 6), (2, 7)), "1 people were left without a match they could have had")
    caught(problem, paired(problem, (0, 4), (0, 4), (0, 5), (1, 6), (2, 7)), "1 pairs occur twice")


def test_a_variable_ratio_holds_for_each_person() -> None:
    # In each area the lower score may have three matches, the higher one.
    problem = asked(width=4.0, most=np.inf, ratio=2, min_ratio=1, max_ratio=3)
    good = ((0, 4), (0, 5), (1, 6), (2, 7), (2, 8), (3, 9))
    prove(problem, paired(problem, *good))
    caught(problem, paired(problem, (0, 4), (1, 5), (1, 6), *good[3:]), "2 pairs exceed the ratio")
    caught(problem, paired(problem, *good[1:]), "1 people were left without a match they could have had")


def test_nobody_free_is_overlooked_without_covariate_calipers() -> None:
    problem = asked(most=np.inf)
    prove(problem, paired(problem, *GOOD))
    prove(problem, paired(problem, (0, 4), (1, 6), (2, 8)))
    caught(problem, paired(problem, (1, 6), (2, 8)), "1 people were left without")
    wide = asked(most=np.inf, width=4.0)
    caught(wide, paired(wide, *GOOD), "1 people were left without")  # 3 could have 9, four away in the same area
    prove(wide, paired(wide, *GOOD, (3, 9)))


def test_the_caliper_is_on_the_score_where_the_distance_is_another() -> None:
    metric = np.column_stack([AGE, SCORE])
    problem = changed(asked(mahalanobis=("age",), most=np.inf), metric=metric)
    prove(problem, paired(problem, (0, 5), (1, 6), (2, 7)))  # 25 is far from 20 in the metric, near in the score
    far = paired(problem, (0, 6), (2, 7))
    caught(problem, far, "1 pairs lie outside the caliper")


def test_an_optimum_is_no_worse_than_greedy_and_adds_up() -> None:
    problem = asked("optimal")
    facts = {"total_distance": 0.1 + 0.2 + 0.5, "greedy_distance": 0.9, "greedy_pairs": 3}
    prove(problem, paired(problem, *GOOD, **facts))
    for name, value, words in (
        ("total_distance", 0.7, "total distance reported is not that of the pairs"),
        ("greedy_distance", 0.7, "as many greedy pairs have a smaller total distance"),
        ("greedy_pairs", 4, "greedy matching made more pairs"),
    ):
        caught(problem, paired(problem, *GOOD, **{**facts, name: value}), words)
    several = asked("optimal", ratio=2)  # as many greedy pairs, but for fewer people, may be shorter
    pairs = ((0, 4), (0, 5), (1, 6), (2, 7))
    prove(several, paired(several, *pairs, total_distance=1.2, greedy_distance=1.0, greedy_pairs=4))


FULL = np.array([1, 2, 3, 0, 1, 1, 2, 3, 3, 0])


def starred(problem: Problem, labels: Any, **more: Any) -> Found:
    return found_sets(problem, np.asarray(labels, dtype=np.int64), clusters=True, facts={}, **more)


def full() -> Problem:
    return asked("full", most=10.0)


def test_full_matching_sets_pass() -> None:
    prove(full(), starred(full(), FULL))
    links = (np.array([0, 0, 1, 2, 2]), np.array([4, 5, 6, 7, 8]))
    prove(full(), starred(full(), FULL, pairs=links))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([1, 1, 3, 0, 1, 1, 1, 3, 3, 0], "1 sets have several people of both groups"),
        ([1, 2, 3, 0, 1, 0, 2, 3, 3, 0], "1 people were left out whom somebody could have been joined to"),
        ([1, 2, 3, 0, 1, 1, 2, 3, 3, 3], "1 people lie outside a caliper of the one they were joined to"),
        ([1, 2, 3, 0, 1, 1, 2, 2, 3, 0], "1 sets differ on an exact column"),
    ],
)
def test_a_forged_full_matching_set_is_caught(labels: list[int], words: str) -> None:
    caught(full(), starred(full(), labels), words)


def test_forged_links_of_full_matching_are_caught() -> None:
    def linked(focal: list[int], others: list[int]) -> Found:
        return starred(full(), FULL, pairs=(np.array(focal), np.array(others)))

    caught(full(), linked([0, 0, 1, 2], [4, 5, 6, 7]), "1 sets have too few or too many pairs")
    caught(full(), linked([0, 0, 1, 2, 1], [4, 5, 6, 7, 8]), "1 pairs lie in two sets")
    caught(full(), linked([0, 0, 1, 2, 2], [4, 4, 6, 7, 8]), "1 pairs occur twice")
    caught(full(), changed(starred(full(), FULL), facts={"n_sets": 4}), "the number of sets reported")
    caught(full(), changed(starred(full(), FULL), clusters=False), "sets are taken for clusters")


def test_a_set_of_one_group_is_caught() -> None:
    good = starred(full(), FULL)
    sets, weights = good.sets.copy(), good.weights.copy()
    sets[3], weights[3] = 4, 1.0
    caught(full(), changed(good, sets=sets, weights=weights), "1 sets hold one group only")


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_forged_set_weights_are_caught(estimand: str) -> None:
    problem = asked("full", most=10.0, estimand=estimand)
    good = starred(problem, FULL)
    prove(problem, good)
    other = found_sets(
        asked("full", estimand={"ATT": "ATC", "ATC": "ATE", "ATE": "ATT"}[estimand]), FULL, clusters=True, facts={}
    )
    caught(problem, changed(good, weights=other.weights), "weigh more than they stand for|weight other than 0 or 1")
    twice = np.where(problem.is_focal, good.weights, good.weights * 2)
    caught(problem, changed(good, weights=twice), "the weights of a group do not have mean 1")
    tilted = good.weights.copy()
    tilted[7], tilted[8] = tilted[7] * 1.5, tilted[8] * 0.5
    caught(problem, changed(good, weights=tilted), "weights differ within a group of a set|other than 0 or 1")


CLASSES = np.array([1, 1, 2, 0, 1, 1, 1, 2, 2, 0])


def classes(labels: Any = CLASSES, *, breaks: tuple[float, ...] = (1.5, 4.0), **facts: Any) -> Found:
    facts = {"breaks": list(breaks), "n_merged_classes": 0, **facts}
    return found_sets(asked("subclass", exact=False), np.asarray(labels, dtype=np.int64), clusters=False, facts=facts)


def test_classes_are_held_to_their_breaks() -> None:
    problem = asked("subclass", exact=False, most=np.inf)
    one_class = np.array([1, 1, 2, 3, 1, 1, 1, 2, 2, 3])
    prove(problem, classes(one_class))
    caught(problem, classes(CLASSES), "2 people are left out though both groups are there")
    caught(problem, classes([1, 1, 2, 3, 1, 1, 2, 2, 2, 3]), "1 groups of people who belong together are split")
    caught(problem, classes([1, 1, 2, 2, 1, 1, 1, 2, 2, 2]), "1 sets mix people who belong apart")
    caught(problem, classes(one_class, breaks=(4.0, 1.5)), "breaks that do not rise")
    caught(problem, classes(one_class, breaks=(1.0, 4.0)), "groups of people who belong together are split")


def test_a_score_equal_to_a_break_goes_up() -> None:
    problem = asked("subclass", exact=False, most=np.inf)
    labels = [1, 2, 2, 3, 1, 1, 2, 2, 2, 3]
    prove(problem, classes(labels, breaks=(1.0, 4.0)))
    caught(problem, classes(labels, breaks=(float(np.nextafter(1.0, 2)), 4.0)), "split")


def test_coarsened_cells_are_checked_both_ways() -> None:
    problem = asked("cem", exact=False, most=np.inf)

    def cells(labels: list[int], bins: dict[str, list[float]]) -> Found:
        return found_sets(problem, np.array(labels), clusters=False, facts={"bins": bins})

    labels = [1, 2, 3, 3, 1, 1, 2, 3, 3, 3]
    bins = {"age": [29.0, 35.0]}
    prove(problem, cells(labels, bins))
    caught(problem, cells([1, 2, 3, 3, 1, 1, 2, 3, 3, 0], bins), "people are left out though both groups are there")
    caught(problem, cells([1, 1, 3, 3, 1, 1, 1, 3, 3, 3], bins), "1 sets mix people who belong apart")
    caught(problem, cells([1, 2, 3, 4, 1, 1, 2, 3, 3, 4], bins), "1 groups of people who belong together are split")
    caught(problem, cells(labels, {}), "sets mix people")
    area = changed(problem, strata=AREA)
    caught(area, cells([1, 1, 3, 3, 1, 1, 1, 3, 1, 3], {"age": []}), "differ on an exact column")


def neighbours() -> tuple[Problem, Found]:
    problem = asked("radius", most=np.inf)
    # 0 reaches 4 and 5, 1 reaches 6, 2 reaches 7 and 8; 3 reaches nobody
    raw = np.array([0.5, 0.5, 1.0, 0.5, 0.5])
    weights = np.zeros(10)
    weights[[0, 1, 2]], weights[[4, 5, 6, 7, 8]] = 1.0, raw / raw.mean()
    facts = {"n_links": 5}
    return problem, Found(weights=weights, sets=np.zeros(10, dtype=np.int64), clusters=False, facts=facts, notes=())


def test_neighbours_are_counted_again() -> None:
    problem, good = neighbours()
    prove(problem, good)

    def weighing(**changes: float) -> Found:
        weights = good.weights.copy()
        for person, weight in changes.items():
            weights[int(person[1:])] = weight
        return changed(good, weights=weights)

    caught(problem, weighing(p4=0.9), "1 weights do not count the neighbours")
    caught(problem, weighing(p9=1.0), "1 weights do not count the neighbours")
    caught(problem, weighing(p5=0.0), "1 weights do not count the neighbours")
    caught(problem, weighing(p3=1.0), "1 people are used without a neighbour")
    caught(problem, weighing(p1=0.0), "1 people are used without a neighbour, or left out")
    caught(problem, changed(good, facts={"n_links": 6}), "the number of neighbours reported")
    caught(problem, changed(good, clusters=True), "numbered as if each person were in one")
    elsewhere = np.where(np.arange(10) == 8, 0, AREA)
    caught(changed(problem, strata=elsewhere), good, "weights do not count the neighbours")


def test_every_method_has_rules_and_no_rule_is_idle() -> None:
    from dipeval.matching.options import METHODS

    assert set(RULES) == set(METHODS)
    assert all(len(rules) >= 2 for rules in RULES.values())


@pytest.mark.parametrize("conditions", [False, True])
def test_reach_agrees_with_looking_at_every_link(conditions: bool) -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        size, width = int(rng.integers(2, 40)), float(rng.choice([0.0, 0.1, 0.3, 1.0, np.inf]))
        score = np.round(rng.normal(size=size), int(rng.integers(0, 3))) / 10 * int(rng.integers(1, 30))
        age, strata = rng.integers(0, 5, size).astype(float), rng.integers(0, 3, size)
        treated = rng.random(size) < 0.5
        problem = changed(
            asked(),
            treated=treated,
            score=score,
            width=width,
            strata=strata,
            conditions=(Condition(name="age", values=age, most=2.0),) if conditions else (),
        )
        seekers, pool = np.flatnonzero(treated), np.flatnonzero(~treated)
        gaps = np.abs(score[seekers][:, None] - score[pool][None, :]) <= width
        gaps &= strata[seekers][:, None] == strata[pool][None, :]
        if conditions:
            gaps &= np.abs(age[seekers][:, None] - age[pool][None, :]) <= 2
        assert reach_of(problem, pool, seekers).count(seekers).tolist() == gaps.sum(axis=1).tolist()


def test_running_totals_lose_nothing() -> None:
    from fractions import Fraction

    rng = np.random.default_rng(1)
    values = 1.0 / rng.integers(1, 1_000_000, 200_000)
    low = np.array([0, 199_990, 150_000, 7])
    high = np.array([3, 200_000, 150_001, 7])
    sums = exact_sums(values, low, high)
    expected = [float(sum(map(Fraction, values[a:b].tolist()))) for a, b in zip(low, high, strict=True)]
    np.testing.assert_allclose(sums, expected, rtol=1e-14)
