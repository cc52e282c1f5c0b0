"""Kernel matching against a double loop over everybody."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError, InvariantError
from dipeval.matching.kernel import kernel_weights, one_cell
from dipeval.matching.problem import Problem
from dipeval.matching.proof import prove
from tests.unit.matching.matching_people import COVARIATES, people
from tests.unit.matching.small_problems import make_problem

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "method": "kernel"}


def by_double_loop(near: np.ndarray, apart: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours of each focal person (rows), and the sum of each other person's (columns) shares in them."""
    kernel = np.where(near, 0.75 * (1 - apart / width) * (1 + apart / width), 0.0)
    total = kernel.sum(axis=1)
    return near.sum(axis=1), (kernel / np.where(total > 0, total, 1.0)[:, None]).sum(axis=0)


@pytest.mark.parametrize("seed", range(150))
def test_weights_are_those_of_the_double_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    decimals = int(rng.integers(0, 5))  # many ties, and differences that equal the width, down to none
    scale = float(rng.choice([1.0, 1e-8, 1e6]))
    focal = np.round(rng.normal(size=int(rng.integers(1, 60))), decimals) * scale
    others = np.round(rng.normal(0.5, 1.5, size=int(rng.integers(1, 80))), decimals) * scale
    width = float(rng.choice([1e-12, 0.001, 0.1, 0.3, 1.0, 50.0, 1e30]))
    apart = np.abs(focal[:, None] - others[None, :])
    count, raw = one_cell(focal, others, width)
    expected_count, expected = by_double_loop(apart < width, apart, width)
    np.testing.assert_array_equal(count, expected_count)
    np.testing.assert_allclose(raw, expected, rtol=1e-10, atol=0)
    np.testing.assert_array_equal(raw == 0, expected == 0)


def test_no_digit_is_lost_far_from_zero_beside_a_crowd_or_at_the_very_rim() -> None:
    rng = np.random.default_rng(1)
    crowd = rng.uniform(0, 1, 3000)
    focal = np.concatenate([crowd, [5.0, 9.0], 4096 + np.arange(64) / 64])
    others = np.concatenate([rng.uniform(0, 1, 2000), [4.0, 5.0 + 1 - 2.0**-50, 8.0 + 2.0**-40, 20.0], 4096 + crowd])
    count, raw = one_cell(focal, others, 1.0)
    apart = np.abs(focal[:, None] - others[None, :])
    expected_count, expected = by_double_loop(apart < 1.0, apart, 1.0)
    np.testing.assert_array_equal(count, expected_count)
    np.testing.assert_allclose(raw, expected, rtol=1e-10, atol=0)
    assert raw[2000] == 0.0  # at the bandwidth itself: no weight
    assert raw[2001] == raw[2002] == 1.0  # the only neighbour of somebody, however little the kernel gives
    assert raw[2003] == 0.0


@pytest.mark.parametrize("estimand", ["ATT", "ATC"])
@pytest.mark.parametrize("exact", [(), ("district",)])
def test_a_design_has_the_rescaled_weights_of_the_double_loop(estimand: str, exact: tuple[str, ...]) -> None:
    table = people(200)
    design = dip.match(table, estimand=estimand, exact=exact, caliper=0.05, **COMMON)
    score = np.round(np.log(design.score / (1 - design.score)) * 2.0**33).to_numpy() / 2.0**33
    focal = (design.treated if estimand == "ATT" else ~design.treated).to_numpy()
    apart = np.abs(score[:, None] - score[None, :])
    near = (apart < design.options["caliper_width"]) & focal[:, None] & ~focal[None, :]
    if exact:
        near &= table["district"].to_numpy()[:, None] == table["district"].to_numpy()[None, :]
    count, raw = by_double_loop(near, apart, design.options["caliper_width"])
    expected = np.where(focal, count > 0, raw / raw[raw > 0].mean())
    np.testing.assert_allclose(design.weights, expected, rtol=1e-9)
    assert design.options["n_links"] == count.sum()
    assert design.options["n_distinct"] == (raw > 0).sum()
    assert design.pairs().empty
    assert design.clusters is None
    assert design.sets.isna().all()
    assert design.method_words == "kernel matching on the propensity score"
    assert any("nothing from the bandwidth on" in note for note in design.notes)


def test_a_narrow_kernel_keeps_those_who_are_equal() -> None:
    table = people(300)
    narrow = dip.match(table, caliper=1e-9, caliper_unit="raw", **COMMON)
    radius = dip.match(table, caliper=0.0, **COMMON | {"method": "radius"})
    pd.testing.assert_series_equal(narrow.weights, radius.weights, rtol=1e-12)


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
    design = dip.match(table, score=score, trim="crump", **COMMON)
    assert not design.weights[(score < 0.1) | (score > 0.9)].any()
    assert design.options["n_trimmed"] > 0


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"caliper": None}, InputError, "needs a caliper above 0: the bandwidth"),
        ({"caliper": 0}, InputError, "needs a caliper above 0: the bandwidth"),
        ({"caliper": 1e-300, "caliper_unit": "raw", "score": "apart"}, DesignError, "Nobody could be matched"),
        ({"ratio": 2}, InputError, "means nothing to method='kernel'"),
        ({"covariate_calipers": {"age": 2}}, InputError, "means nothing to method='kernel'"),
        ({"estimand": "ATE"}, InputError, "cannot give the ATE"),
    ],
)
def test_what_a_kernel_cannot_use_is_a_sentence(options: dict[str, Any], error: type[Exception], words: str) -> None:
    table = people()
    if options.get("score") == "apart":
        options = options | {"score": pd.Series(np.linspace(0.1, 0.9, len(table)), index=table.index)}
    with pytest.raises(error, match=words):
        dip.match(table, **COMMON, **options)


def far_and_wide(seed: int) -> Problem:
    """People in crowds, with ties, whose scores range over many bandwidths or few."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.normal(size=150) * rng.choice([1, 10]), int(rng.integers(1, 9)))
    return make_problem(
        score,
        rng.random(150) < 0.4,
        method="kernel",
        width=float(rng.choice([0.2, 0.4, 3.0])),
        estimand=str(rng.choice(["ATT", "ATC"])),
        strata=rng.integers(0, 2, 150),
        kept=rng.random(150) < 0.9,
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_proof_passes_what_is_right_and_catches_any_weight_that_is_not(seed: int) -> None:
    problem = far_and_wide(seed)
    found = kernel_weights(problem)
    prove(problem, found)
    pool = np.flatnonzero(~problem.is_focal & (found.weights > 0))
    weights = found.weights.copy()
    weights[pool[seed % len(pool)]] *= 1 + 1e-6
    with pytest.raises(InvariantError, match="1 weights are not those of the kernel"):
        prove(problem, changed(found, weights=weights))
    weights[pool[seed % len(pool)]] = 0.0
    with pytest.raises(InvariantError, match="1 people are used without a neighbour, or left out"):
        prove(problem, changed(found, weights=weights))
    with pytest.raises(InvariantError, match="the number of neighbours reported"):
        prove(problem, changed(found, facts={"n_links": 1}))
    with pytest.raises(InvariantError, match="numbered as if"):
        prove(problem, changed(found, sets=(found.weights > 0).astype(np.int64)))
