"""Rosenbaum bounds against brute force over every assignment and every hidden factor, and what they refuse."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import dipeval as dip
from dipeval.datasets import recid
from dipeval.effects import RosenbaumBounds, rosenbaum_bounds
from dipeval.effects.hidden.rosenbaum_sets import matched_sets
from dipeval.effects.hidden.rosenbaum_tests import McNemar, signed_ranks, walsh_average
from dipeval.effects.hidden.words import equal_strength
from dipeval.errors import EstimationError, InputError, InvariantError


def design_of(treated: Any, groups: Any, **kwargs: Any) -> Any:
    index = pd.RangeIndex(len(treated))
    facts: dict[str, Any] = {
        "weights": pd.Series(1.0, index),
        "treated": pd.Series(np.asarray(treated, dtype=bool), index),
        "clusters": pd.Series(groups, index),
        "estimand_in_words": "the average effect on the treated people",
        "fingerprint": "invented",
        "method": "nearest",
    }
    return SimpleNamespace(**(facts | kwargs))


def pairs_of(differences: Any) -> tuple[Any, pd.Series]:
    """A design of pairs in which the treated person has so much more than the other."""
    n = len(differences)
    outcome = pd.Series(np.concatenate([np.asarray(differences, dtype=float), np.zeros(n)]), name="n_reoffences")
    return design_of([True] * n + [False] * n, np.tile(np.arange(n), 2)), outcome


def sets_of(rng: np.random.Generator, *, yes_no: bool, n_sets: int = 40) -> tuple[Any, pd.Series]:
    """Sets of one treated and several others, or of one other and several treated, in a drawn order."""
    sizes = rng.integers(2, 6, n_sets)
    groups = np.repeat(np.arange(n_sets), sizes)
    first = np.r_[True, np.diff(groups) > 0]
    treated = first ^ (rng.random(n_sets) < 0.3)[groups]
    outcome = rng.random(len(groups)) < 0.4 if yes_no else rng.poisson(2 + treated) - 1.0
    order = rng.permutation(len(groups))
    return design_of(treated[order], groups[order]), pd.Series(outcome[order].astype(float), name="n_reoffences")


@pytest.mark.parametrize("gamma", (1.0, 1.4, 3.0))
def test_mcnemar_adds_up_every_way_the_pairs_could_have_been_treated(gamma: float) -> None:
    n, seen = 7, 5
    chance = gamma / (1 + gamma)
    tails = {
        p: sum(
            math.prod(p if way else 1 - p for way in ways)
            for ways in itertools.product((0, 1), repeat=n)
            if sum(ways) >= seen
        )
        for p in (chance, 1 - chance)
    }
    test = McNemar(treated_only=seen, comparison_only=n - seen)
    assert test.p_value(gamma, higher=True) == pytest.approx(tails[chance], rel=1e-12)
    assert test.p_value(gamma, higher=True, worst=False) == pytest.approx(tails[1 - chance], rel=1e-12)
    turned = McNemar(treated_only=n - seen, comparison_only=seen)
    assert turned.p_value(gamma, higher=False) == test.p_value(gamma, higher=True)
    assert (test.higher, turned.higher) == (True, False)


@pytest.mark.parametrize("gamma", (1.0, 2.0))
def test_signed_ranks_have_the_moments_of_every_way_the_pairs_could_have_been_treated(gamma: float) -> None:
    differences = np.array([3.0, -1.0, 0.0, 1.0, 5.0, 2.0, -2.0])
    test = signed_ranks(differences)
    ranks = [5.0, 1.5, 1.5, 6.0, 3.5, 3.5]  # 3, 1, 1, 5, 2, 2: the pair that does not differ is left out
    assert test.positive == 5 + 1.5 + 6 + 3.5
    chance = gamma / (1 + gamma)
    mean = sum(chance * rank for rank in ranks)
    variance = sum(chance * (1 - chance) * rank**2 for rank in ranks)
    expected = norm.sf((test.positive - mean) / math.sqrt(variance))
    assert test.p_value(gamma, higher=True) == pytest.approx(expected, rel=1e-12)
    assert signed_ranks(-differences).p_value(gamma, higher=False) == test.p_value(gamma, higher=True)


@pytest.mark.parametrize("seed", range(6))
def test_the_value_a_share_of_the_averages_lies_above_is_that_of_all_averages_written_down(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    differences = np.sort(rng.integers(-4, 5, n).astype(float) if seed % 2 else rng.normal(1000, 700, n))
    rows, columns = np.triu_indices(n)
    averages = np.sort((differences[rows] + differences[columns]) / 2)
    total = len(averages)
    for share in (0.5, 0.6, 2 / 3, 0.25, 0.01, 0.99):
        above, whole = share * total, round(share * total)
        places = (total - math.floor(above),) * 2
        if abs(above - whole) < 1e-9 * total:
            places = max(total - whole, 1), min(total - whole + 1, total)
        expected = sum(averages[place - 1] for place in places) / 2
        assert walsh_average(differences, share) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("yes_no", (True, False))
@pytest.mark.parametrize("gamma", (1.0, 1.7))
@pytest.mark.parametrize("alone", (True, False))
def test_the_worst_in_a_set_is_the_worst_of_every_hidden_factor(yes_no: bool, gamma: float, alone: bool) -> None:
    """Each person's hidden factor is 0 or 1; the single person is drawn with odds in proportion to Gamma to it."""
    outcome = np.array([0.0, 1.0, 1.0, 0.0, 0.0]) if yes_no else np.array([0.0, 1.0, 4.0, 2.0, 9.0])
    treated = np.array([alone, *[not alone] * 4])
    order = np.argsort(outcome, kind="stable")
    sets = matched_sets(outcome[order], treated[order], np.zeros(5, dtype=np.intp), yes_no=yes_no)
    scores = outcome if yes_no else np.argsort(np.argsort(outcome)) + 1.0
    if not alone:
        scores = -scores
    found = []
    for hidden in itertools.product((0, 1), repeat=5):
        chances = np.where(np.array(hidden) == 1, gamma, 1.0)
        chances = chances / chances.sum()
        mean = float(chances @ scores)
        found.append((mean, float(chances @ scores**2) - mean**2))
    worst = max(mean for mean, _ in found)
    spread = max(variance for mean, variance in found if mean > worst - 1e-12)
    mean, variance = sets.up.extreme(gamma)
    assert mean == pytest.approx(worst, rel=1e-12)
    assert variance == pytest.approx(spread, rel=1e-12)
    assert sets.up.seen == scores[0]


def test_pairs_looked_at_as_sets_have_the_moments_of_mcnemar() -> None:
    design, outcome = pairs_of([1, 1, 1, 1, 0, 0])
    outcome.iloc[[7, 10]] = 1.0  # one of the differing pairs, and one of the others, in which now both have it
    outcome.iloc[4] = 1.0
    order = np.lexsort((outcome, design.clusters))
    sets = matched_sets(
        outcome.to_numpy()[order],
        design.treated.to_numpy()[order],
        design.clusters.to_numpy()[order],
        yes_no=True,
    )
    test = McNemar(treated_only=3, comparison_only=0)
    mean, variance = sets.up.extreme(2.0)
    assert sets.n_informative == test.n_informative == 3
    both = 2  # pairs in which both have it add a certain 1
    assert mean - both == pytest.approx(3 * 2 / 3)
    assert variance == pytest.approx(3 * 2 / 9)


@pytest.mark.parametrize("yes_no", (True, False))
def test_neither_the_order_of_rows_nor_the_names_of_sets_change_a_figure(yes_no: bool) -> None:
    design, outcome = sets_of(np.random.default_rng(2), yes_no=yes_no)
    first = rosenbaum_bounds(design, outcome, gammas=[1, 1.3, 2])
    order = np.random.default_rng(3).permutation(len(outcome))
    turned = design_of(
        design.treated.to_numpy()[order], [f"set {99 - number}" for number in design.clusters.to_numpy()[order]]
    )
    again = rosenbaum_bounds(turned, outcome.iloc[order].reset_index(drop=True), gammas=[1, 1.3, 2])
    pd.testing.assert_frame_equal(first.to_frame(), again.to_frame(), check_exact=True)
    assert first.gamma_critical == again.gamma_critical


@pytest.mark.parametrize("yes_no", (True, False))
def test_bounds_widen_and_enclose_what_is_found_without_bias(yes_no: bool) -> None:
    design, outcome = sets_of(np.random.default_rng(4), yes_no=yes_no)
    frame = rosenbaum_bounds(design, outcome).to_frame()
    assert frame["p_low"].iloc[0] == pytest.approx(frame["p_high"].iloc[0], rel=1e-9)
    assert (np.diff(frame["p_low"]) < 0).all()
    assert (np.diff(frame["p_high"]) > 0).all()
    assert frame["hl_low"].isna().all() == yes_no
    if not yes_no:
        assert (np.diff(frame["hl_low"]) <= 0).all()
        assert (np.diff(frame["hl_high"]) >= 0).all()


@pytest.mark.parametrize("of_pairs", (True, False))
def test_a_shift_of_the_treated_shifts_the_estimate_and_its_bounds(of_pairs: bool) -> None:
    rng = np.random.default_rng(5)
    design, outcome = pairs_of(rng.normal(0, 3, 30)) if of_pairs else sets_of(rng, yes_no=False)
    outcome = outcome + rng.normal(0, 0.01, len(outcome))
    columns = ["hl_low", "hl_high"]
    before = rosenbaum_bounds(design, outcome, gammas=[1, 1.5]).to_frame()[columns]
    moved = rosenbaum_bounds(design, outcome + 2.5 * design.treated, gammas=[1, 1.5]).to_frame()[columns]
    np.testing.assert_allclose(moved, before + 2.5, rtol=0, atol=2e-6 * np.ptp(outcome) + 1e-9)


def test_the_largest_gamma_is_where_the_p_value_reaches_alpha() -> None:
    design, outcome = pairs_of(np.r_[np.arange(1, 31), -3.5, -7.5, -9.5])
    found = rosenbaum_bounds(design, outcome)
    for alternative, sides in (("greater", 1), ("two_sided", 2)):
        found = rosenbaum_bounds(design, outcome, alternative=alternative)
        near = [found.gamma_critical, found.gamma_critical + 1e-6]
        low, high = rosenbaum_bounds(design, outcome, gammas=near, alternative="greater").to_frame()["p_high"]
        assert sides * low < 0.05 <= sides * high
        assert found.is_clear
    # At the Gamma that explains the whole difference the chance of what was seen is one half.
    even = rosenbaum_bounds(design, outcome, gammas=[found.gamma_estimate], alternative="greater").to_frame()
    assert even["p_high"].iloc[0] == pytest.approx(0.5)


def test_the_direction_is_that_of_the_data_unless_it_is_named() -> None:
    design, outcome = pairs_of([-3, -2, -4, -1, 2, -6])
    auto = rosenbaum_bounds(design, outcome)
    assert not auto.higher
    less = rosenbaum_bounds(design, outcome, alternative="less")
    pd.testing.assert_frame_equal(auto.to_frame(), less.to_frame())
    assert rosenbaum_bounds(design, outcome, alternative="greater").p_value > 0.5
    assert rosenbaum_bounds(design, outcome, alternative="two_sided").p_value == pytest.approx(2 * auto.p_value)


def test_nothing_can_explain_pairs_that_all_point_one_way() -> None:
    design, outcome = pairs_of([1, 2, 3, 4, 5, 6, 7, 8])
    found = rosenbaum_bounds(design, outcome)
    assert math.isinf(found.gamma_estimate)
    assert any("every pair that differs points one way" in note for note in found.summary().notes)


def test_an_unclear_result_says_so_and_has_nothing_to_overturn() -> None:
    people = recid()
    design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age"])
    found = rosenbaum_bounds(design, people["returned_12m"])
    assert found.gamma_critical == 1.0
    assert not found.is_clear
    assert found.summary().headline == (
        "Returned to prison within 12 months: the p-value is 0.395 before any hidden bias is allowed for, not below "
        "0.05, so that hidden bias has nothing to overturn; more people would be needed to tell whether treatment made "
        "a difference."
    )


def test_a_clear_result_says_how_strong_the_bias_would_have_to_be() -> None:
    design, outcome = pairs_of([1] * 40 + [-1] * 10)
    found = rosenbaum_bounds(design, outcome)
    summary = found.summary()
    assert summary.headline == (
        "Number of proven reoffences: the p-value stays below 0.05 unless two people compared as alike could differ "
        "more than 2.25-fold in their odds of having been treated, because of something not measured."
    )
    assert 2.25 <= found.gamma_critical < 2.26
    assert found.gamma_estimate == pytest.approx(4.0)
    assert list(summary.to_frame().columns) == ["Gamma", "p-value, from and to", "Shift, from and to"]
    strength = equal_strength(found.gamma_critical)
    assert (strength**2 + 1) / (2 * strength) == pytest.approx(found.gamma_critical)


def test_full_matching_and_several_matches_have_bounds_and_few_sets_a_warning() -> None:
    people = recid()
    for options in ({"ratio": 2}, {"method": "full"}):
        design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age"], **options)
        found = rosenbaum_bounds(design, people["returned_12m"], gammas=[1, 2])
        assert found.test == "events_in_sets"
        assert not found.pairs
        assert found.n_treated == design.n_treated
    design, outcome = sets_of(np.random.default_rng(6), yes_no=False, n_sets=12)
    notes = rosenbaum_bounds(design, outcome).summary().notes
    assert any("normal approximation of the p-values is rough" in note for note in notes)


@pytest.mark.parametrize(
    ("options", "message"),
    (
        ({"method": "subclass"}, "has no pairs or sets"),
        ({"method": "radius"}, "has no pairs or sets"),
        ({"replace": True}, "more than once"),
    ),
)
def test_designs_without_sets_of_their_own_are_refused(options: dict[str, Any], message: str) -> None:
    people = recid()
    design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age"], **options)
    with pytest.raises(EstimationError, match=message):
        rosenbaum_bounds(design, people["returned_12m"])


def test_weights_are_refused_with_what_to_use_instead() -> None:
    people = recid()
    design = dip.weight(people, treated="workprg", covariates=["priors", "educ", "age"])
    with pytest.raises(EstimationError, match=r"dip\.robustness_value"):
        rosenbaum_bounds(design, people["returned_12m"])


def test_sets_of_many_with_many_and_outcomes_that_never_differ_are_refused() -> None:
    design = design_of([1, 1, 0, 0, 1, 0], [1, 1, 1, 1, 2, 2])
    with pytest.raises(EstimationError, match="1 of the design's 2 sets"):
        rosenbaum_bounds(design, pd.Series([1.0, 2, 3, 4, 5, 6]))
    design, outcome = pairs_of([0, 0, 0])
    with pytest.raises(EstimationError, match="any of the 3 pairs"):
        rosenbaum_bounds(design, outcome)


@pytest.mark.parametrize(
    "options", ({"gammas": [0.5]}, {"gammas": []}, {"alternative": "upwards"}, {"alpha": 0}, {"alpha": 0.9})
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    design, outcome = pairs_of([1, 2, 3])
    with pytest.raises(InputError):
        rosenbaum_bounds(design, outcome, **options)


def test_bounds_that_cross_cannot_exist() -> None:
    design, outcome = pairs_of([1, 2, -3, 4])
    found = rosenbaum_bounds(design, outcome)
    facts = {name: getattr(found, name) for name in RosenbaumBounds.__slots__}
    crossed = found.to_frame().assign(p_low=1.0, p_high=0.0)
    with pytest.raises(InvariantError):
        RosenbaumBounds(**facts | {"_frame": crossed})


@pytest.mark.parametrize("numbers", (False, True))
def test_the_worst_p_value_holds_its_level_under_the_bias_it_allows_for_and_the_naive_one_does_not(
    numbers: bool,
) -> None:
    """Treatment changes nobody; the person with the worse outcome has twice the odds of having been treated."""
    rng, gamma, runs = np.random.default_rng(1), 2.0, 600
    worst = naive = 0
    for _ in range(runs):
        first = rng.random(150) < gamma / (1 + gamma)
        if numbers:
            sizes = rng.gamma(1.0, 2.0, 150)
            test: Any = signed_ranks(np.where(first, sizes, -sizes))
        else:
            test = McNemar(treated_only=int(first.sum()), comparison_only=int((~first).sum()))
        worst += test.p_value(gamma, higher=True) < 0.05
        naive += test.p_value(1.0, higher=True) < 0.05
    assert worst / runs < 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert naive / runs > 0.9
