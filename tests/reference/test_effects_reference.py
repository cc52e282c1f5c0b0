"""Effects against figures computed in R (MatchIt 4.7.2, sandwich 3.0-2, ebal 0.1-8), from R's own pairs and scores."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects import Effect, estimate_effect
from dipeval.matching import weight
from tests.helpers import assert_close_to_reference, load_reference
from tests.reference.data import LOADERS

NEAREST_PAIRS = ("nn_default", "nn_smallest", "nn_data", "nn_closest_cal", "nn_cal02", "nn_logit_cal02", "nn_exact")
WITHOUT_CLUSTERS = ("nn_repl", "nn_repl_r3_cal")
MEASURE = {"recid": "risk_difference", "lalonde": "mean_difference", "nsw_cps": "mean_difference"}


def _case(name: str) -> tuple[dict[str, Any], pd.DataFrame]:
    return load_reference("matching")[name], LOADERS[name]()


def _effect(name: str, design: Any, std_error: str = "auto") -> Effect:
    block, data = _case(name)
    return estimate_effect(design, data[block["outcome"]], measure=MEASURE[name], std_error=std_error)


def _design(block: dict[str, Any], data: pd.DataFrame, weights: np.ndarray, clusters: pd.Series | None) -> Any:
    return SimpleNamespace(
        weights=pd.Series(weights, data.index),
        treated=data[block["treatment"]] == 1,
        clusters=clusters,
        estimand_in_words="the average effect on the treated people",
        fingerprint="reference",
        method="reference",
        n_treated_dropped=0,
    )


def _matched(block: dict[str, Any], data: pd.DataFrame, match: dict[str, Any], *, clustered: bool) -> Any:
    weights = np.zeros(len(data))
    pair = pd.Series(np.nan, data.index)
    for number, (treated, *comparison) in enumerate(match["pairs"]):
        weights[treated - 1] = 1
        for row in comparison:
            weights[row - 1] += 1 / len(comparison)
        pair.iloc[[treated - 1, *(row - 1 for row in comparison)]] = number
    comparison_rows = (data[block["treatment"]] == 0).to_numpy() & (weights > 0)
    weights[comparison_rows] *= comparison_rows.sum() / weights[comparison_rows].sum()
    return _design(block, data, weights, pair if clustered else None)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("key", NEAREST_PAIRS)
def test_nearest_pairs_give_the_effect_and_pair_cluster_error_of_r(name: str, key: str) -> None:
    block, data = _case(name)
    match = block["matches"].get(key)
    if not match:
        pytest.skip("not run in R on this data set")
    effect, expected = _effect(name, _matched(block, data, match, clustered=True)), match["effect"]
    assert effect.n_treated + effect.n_comparison == expected["n"]
    assert_close_to_reference(effect.mean_treated, expected["mean_treated"])
    assert_close_to_reference(effect.mean_comparison, expected["mean_control"])
    assert_close_to_reference(effect.estimate, expected["att"])
    assert_close_to_reference(effect.std_error, expected["se_cluster_hc1"])
    plain = _effect(name, _matched(block, data, match, clustered=False))
    assert_close_to_reference(plain.std_error, expected["se_hc0"])


@pytest.mark.parametrize("name", ("recid", "lalonde"))
@pytest.mark.parametrize("key", ("nn_logit_cal02_r3", "nn_r2"))
def test_sets_of_several_comparison_people_are_clusters_too(name: str, key: str) -> None:
    block, data = _case(name)
    expected = block["matches"][key]["effect"]
    effect = _effect(name, _matched(block, data, block["matches"][key], clustered=True))
    assert_close_to_reference(effect.estimate, expected["att"])
    assert_close_to_reference(effect.std_error, expected["se_cluster_hc1"])


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("key", WITHOUT_CLUSTERS)
def test_with_replacement_the_error_is_hc0_over_the_weighted_people(name: str, key: str) -> None:
    block, data = _case(name)
    expected = block["matches"][key]["effect"]
    effect = _effect(name, _matched(block, data, block["matches"][key], clustered=False))
    assert_close_to_reference(effect.estimate, expected["att"])
    assert_close_to_reference(effect.std_error, expected["se_hc0"])


@pytest.mark.parametrize("key", ("nn_logit_cal02", "nn_logit_cal02_r3", "nn_repl"))
def test_the_risk_ratio_agrees_with_the_marginal_log_ratio_of_r(key: str) -> None:
    block, data = _case("recid")
    match = block["matches"][key]
    clustered = "se_cluster_hc1" in match["effect"]
    design = _matched(block, data, match, clustered=clustered)
    effect = estimate_effect(design, data["reoff12"], measure="risk_ratio")
    expected = match["binary_unadjusted"]
    assert_close_to_reference(math.log(effect.estimate), expected["log_rr"])
    # R's clustered figure is HC0 with G/(G - 1); ours is HC1, (n - 1)/(n - 2) more. Without clusters both are HC0.
    n = match["effect"]["n"]
    factor = math.sqrt((n - 1) / (n - 2)) if clustered else 1.0
    assert_close_to_reference(effect.std_error, expected["se_log_rr"] * factor)


@pytest.mark.parametrize("name", LOADERS)
def test_inverse_probability_weights_give_the_att_and_hc0_of_r(name: str) -> None:
    block, data = _case(name)
    score = np.asarray(block["ps_model"]["ps_all_default"])
    weights = np.where(data[block["treatment"]] == 1, 1.0, score / (1 - score))
    effect = _effect(name, _design(block, data, weights, None))
    assert_close_to_reference(effect.estimate, block["ipw"]["att"]["att"])
    assert_close_to_reference(effect.std_error, block["ipw"]["att"]["se_hc0"])


@pytest.mark.parametrize("name", LOADERS)
def test_entropy_balancing_gives_the_att_and_hc0_of_r(name: str) -> None:
    block, data = _case(name)
    # The file holds only the first weights, so they come from our own balancing, checked in its own test.
    design = weight(data, treated=block["treatment"], covariates=block["covariates"], method="entropy")
    effect = _effect(name, design, std_error="hc0")
    assert_close_to_reference(effect.estimate, block["entropy_balancing"]["att"])
    assert_close_to_reference(effect.std_error, block["entropy_balancing"]["se_hc0"])


@pytest.mark.parametrize("name", LOADERS)
def test_the_unadjusted_difference_is_that_of_r(name: str) -> None:
    block, data = _case(name)
    effect = _effect(name, _design(block, data, np.ones(len(data)), None))
    assert_close_to_reference(effect.estimate, block["naive"]["att"])
    assert_close_to_reference(effect.std_error, block["naive"]["se_hc0"])


def test_the_e_value_is_that_of_r() -> None:
    block, data = _case("recid")
    design = _matched(block, data, block["matches"]["nn_logit_cal02"], clustered=True)
    effect = estimate_effect(design, data["reoff12"], measure="risk_ratio")
    expected = block["sensitivity"]["evalue_point"]
    assert_close_to_reference(effect.estimate, expected["rr"])
    assert_close_to_reference(effect.e_value, expected["evalue"])
    assert effect.e_value_limit == 1.0
