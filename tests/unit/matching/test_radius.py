"""Radius matching against a double loop over everybody."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.radius import _halving, _one_cell, reach
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "method": "radius"}


def by_double_loop(focal: np.ndarray, others: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours of each focal person, and the sum of 1/neighbours each other person gets."""
    near = np.abs(focal[:, None] - others[None, :]) <= width
    count = near.sum(axis=1)
    return count, (near / np.maximum(count, 1)[:, None]).sum(axis=0)


@pytest.mark.parametrize("seed", range(60))
def test_weights_are_those_of_the_double_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    decimals = int(rng.integers(0, 4))  # many ties, and differences that equal the width, down to none
    focal = np.round(rng.normal(size=int(rng.integers(1, 40))), decimals)
    others = np.round(rng.normal(0.5, 1.5, size=int(rng.integers(1, 60))), decimals)
    width = float(rng.choice([0.0, 0.1, 0.3, 1.0, 50.0]))
    count, raw = _one_cell(focal, others, width)
    expected_count, expected = by_double_loop(focal, others, width)
    np.testing.assert_array_equal(count, expected_count)
    np.testing.assert_allclose(raw, expected, rtol=1e-13, atol=0)
    np.testing.assert_array_equal(raw == 0, expected == 0)


def test_nobody_outside_every_radius_gets_a_rounding_error_and_nobody_inside_gets_nothing() -> None:
    """A running sum of 1/n would leave some 1e-11 between two crowds; whole numbers leave exactly nothing."""
    rng = np.random.default_rng(1)
    crowd = rng.uniform(0, 1, 5000)
    focal = np.concatenate([crowd, [3.0], crowd + 10])
    others = np.concatenate([rng.uniform(0, 1, 3000), [2.0, 5.0], [3.0] * 9, rng.uniform(10, 11, 3000), [20.0]])
    _, raw = _one_cell(focal, others, 0.01)
    assert raw[3000] == raw[3001] == raw[-1] == 0.0
    assert (raw[3002:3011] == 1 / 9).all()
    assert raw.sum() == pytest.approx(_matched(focal, others), abs=1e-9)


def _matched(focal: np.ndarray, others: np.ndarray) -> int:
    ordered = np.sort(others)
    return int((np.searchsorted(ordered, focal + 0.01) > np.searchsorted(ordered, focal - 0.01)).sum())


def test_sums_are_rounded_once_and_not_once_a_person() -> None:
    rng = np.random.default_rng(3)
    focal, others = rng.normal(size=400), np.concatenate([rng.normal(size=500), np.full(300, 2.5)])
    _, raw = _one_cell(focal, others, 0.8)
    near = np.abs(focal[:, None] - others[None, :]) <= 0.8
    count = near.sum(axis=1)
    exact = [math.fsum(1.0 / count[near[:, place]]) for place in range(len(others))]
    np.testing.assert_allclose(raw, exact, rtol=5e-16, atol=0)


def test_edges_count_as_the_rounded_difference_does() -> None:
    """1.1 - 1.0 is more than 0.1 in floating point and 0.3 - 0.2 less: the proof of a pair sees the same."""
    rng = np.random.default_rng(2)
    points = np.unique(np.concatenate([np.arange(0, 60) / 10, rng.uniform(0, 6, 50), [1e-17, 1e-16, 2e-16]]))
    centres = np.unique(np.concatenate([points, points + 1e-16]))
    for width in (0.1, 0.2, 0.3, 0.7, 1e-16):
        low, high = reach(centres, points, width)
        near = np.abs(centres[:, None] - points[None, :]) <= width
        np.testing.assert_array_equal(high - low, near.sum(axis=1))
        np.testing.assert_array_equal(low, _halving(centres, points, width, beyond=False))
        np.testing.assert_array_equal(high, _halving(centres, points, width, beyond=True))


@pytest.mark.parametrize("estimand", ["ATT", "ATC"])
@pytest.mark.parametrize("exact", [(), ("district",)])
def test_a_design_has_the_rescaled_weights_of_the_double_loop(estimand: str, exact: tuple[str, ...]) -> None:
    table = people(200)
    design = dip.match(table, estimand=estimand, exact=exact, caliper=0.05, **COMMON)
    score = np.round(np.log(design.score / (1 - design.score)), 9).to_numpy()
    focal = (design.treated if estimand == "ATT" else ~design.treated).to_numpy()
    near = np.abs(score[:, None] - score[None, :]) <= design.options["caliper_width"]
    near &= focal[:, None] & ~focal[None, :]
    if exact:
        near &= table["district"].to_numpy()[:, None] == table["district"].to_numpy()[None, :]
    count = near.sum(axis=1)
    raw = (near / np.maximum(count, 1)[:, None]).sum(axis=0)
    assert raw.sum() == pytest.approx((count > 0).sum(), abs=1e-9)
    expected = np.where(focal, count > 0, raw / raw[raw > 0].mean())
    np.testing.assert_allclose(design.weights, expected, rtol=1e-12)
    assert design.options["n_links"] == count.sum()
    assert design.options["n_distinct"] == (raw > 0).sum()
    assert design.options["neighbours"] == {
        "fewest": count[focal].min(),
        "median": np.median(count[focal]),
        "most": count[focal].max(),
    }
    assert design.pairs().empty
    assert design.clusters is None
    assert design.sets.isna().all()


@pytest.mark.parametrize("exact", [(), ("district",)])
def test_shuffling_the_rows_moves_no_bit(exact: tuple[str, ...]) -> None:
    table = people(300)
    first = dip.match(table, exact=exact, **COMMON)
    second = dip.match(table.sample(frac=1, random_state=5), exact=exact, **COMMON)
    assert first.fingerprint == second.fingerprint
    pd.testing.assert_series_equal(first.weights, second.weights.loc[table.index], check_exact=True)


def test_trimmed_people_neither_give_nor_get_weight() -> None:
    table = people(200)
    score = pd.Series(np.random.default_rng(8).uniform(0.02, 0.98, 200), index=table.index)
    kept = ((score >= 0.1) & (score <= 0.9)).to_numpy()
    options = {"score": score, "caliper": 0.2, "caliper_unit": "raw"}
    design = dip.match(table, trim="crump", **options, **COMMON)
    alone = dip.match(table[kept], **options, **COMMON)
    assert 0 < kept.sum() < 200
    assert (design.weights[~kept] == 0).all()
    pd.testing.assert_series_equal(design.weights[kept], alone.weights, check_exact=True)
    for fact in ("n_links", "n_distinct", "neighbours"):
        assert design.options[fact] == alone.options[fact]


def test_a_fixed_radius_on_probabilities_is_warned_of_where_few_are_treated() -> None:
    table = people(1000, share=0.03)
    options = {"scale": "probability", "caliper": 0.05, "caliper_unit": "raw"}
    assert any("risky where few are treated" in note for note in dip.match(table, **COMMON, **options).notes)
    assert not any("risky" in note for note in dip.match(table, **COMMON).notes)
    assert not any("risky" in note for note in dip.match(people(300), **COMMON, **options).notes)


def test_a_radius_that_reaches_nobody_is_a_sentence() -> None:
    table = people(60)
    score = pd.Series(np.where(table["treated"] == 1, 0.9, 0.1), index=table.index)
    with pytest.raises(DesignError, match="Nobody could be matched"):
        dip.match(table, score=score, caliper=0.1, **COMMON)


def test_a_radius_needs_a_caliper() -> None:
    with pytest.raises(InputError, match="needs a caliper"):
        dip.match(people(60), caliper=None, **COMMON)


def test_one_treated_person_and_equal_scores() -> None:
    table = people(60)
    alone = table.assign(treated=(np.arange(60) == 7).astype(int))
    score = pd.Series(0.4, index=table.index)
    design = dip.match(alone, score=score, **COMMON)
    assert (design.weights == 1).all()
    assert design.options["n_links"] == 59
