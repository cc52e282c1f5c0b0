"""Entropy balancing, inverse probability weights and the unadjusted comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError
from tests.unit.matching.matching_people import COVARIATES, people


@pytest.mark.parametrize("estimand", ["ATT", "ATC"])
def test_entropy_weights_balance_every_mean(estimand: str) -> None:
    design = dip.weight(people(300), treated="treated", covariates=COVARIATES, estimand=estimand)
    focal = design.treated if estimand == "ATT" else ~design.treated
    assert (design.weights[focal] == 1).all()
    assert design.weights[~focal].sum() == pytest.approx(int(focal.sum()), rel=1e-12)
    assert design.balance().max_smd < 1e-9
    assert design.balance().band == "green"
    assert design.clusters is None
    assert design.pairs().empty
    assert design.pairs().columns.tolist() == ["treated_index", "comparison_index", "distance"]
    assert design.ess < design.n_comparison or estimand == "ATC"


def test_entropy_weights_are_the_ones_closest_to_equal() -> None:
    """At the optimum the log weights are linear in the covariates (Hainmueller 2012, equation 8)."""
    table = people(300)
    design = dip.weight(table, treated="treated", covariates=["age", "priors"])
    others = ~design.treated
    linear = np.column_stack([np.ones(int(others.sum())), table.loc[others, ["age", "priors"]]])
    log_weight = np.log(design.weights[others])
    fitted = linear @ np.linalg.lstsq(linear, log_weight, rcond=None)[0]
    np.testing.assert_allclose(log_weight, fitted, atol=1e-9)


def test_a_mean_out_of_reach_is_named() -> None:
    table = people(200)
    table["rare"] = np.where((table["treated"] == 1) & (table["age"] > 40), 1.0, 0.0)
    score = pd.Series(0.5, index=table.index)
    with pytest.raises(DesignError, match="cannot balance 'rare'"):
        dip.weight(table, treated="treated", covariates=["age", "rare"], score=score)
    with pytest.raises(DesignError, match="'rare' predicts the treatment"):
        dip.weight(table, treated="treated", covariates=["age", "rare"])


def test_means_that_no_weights_reach_together_are_refused() -> None:
    rng = np.random.default_rng(4)
    first = rng.uniform(0, 1, 100)
    table = pd.DataFrame({"a": first, "b": 1 - first + rng.uniform(0, 0.05, 100), "treated": 0})
    extra = pd.DataFrame({"a": rng.uniform(0.7, 0.8, 20), "b": rng.uniform(0.7, 0.8, 20), "treated": 1})
    both = pd.concat([table, extra], ignore_index=True)
    score = pd.Series(0.5, index=both.index)
    with pytest.raises(DesignError, match="together with the other covariates"):
        dip.weight(both, treated="treated", covariates=["a", "b"], score=score)


def test_odds_weights() -> None:
    table = people(300)
    score = dip.propensity(table, treated="treated", covariates=COVARIATES).score
    treated = table["treated"] == 1
    common: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "method": "ipw"}
    att = dip.weight(table, **common)
    np.testing.assert_allclose(att.weights[~treated], (score / (1 - score))[~treated], rtol=1e-12)
    assert (att.weights[treated] == 1).all()
    atc = dip.weight(table, estimand="ATC", **common)
    np.testing.assert_allclose(atc.weights[treated], ((1 - score) / score)[treated], rtol=1e-12)
    ate = dip.weight(table, estimand="ATE", **common)
    np.testing.assert_allclose(ate.weights, np.where(treated, 1 / score, 1 / (1 - score)), rtol=1e-12)
    assert "all 300 people" in ate.estimand_in_words
    assert "mean of the two groups' variances" in ate.balance().denominator


def test_no_weights_change_nothing() -> None:
    design = dip.weight(people(), treated="treated", covariates=COVARIATES, method="none")
    frame = design.balance().to_frame()
    assert (design.weights == 1).all()
    np.testing.assert_array_equal(frame["smd_before"], frame["smd_after"])
    np.testing.assert_array_equal(frame["ks_before"], frame["ks_after"])
    assert "nothing adjusted" in design.estimand_in_words
    assert design.score is not None


def test_the_unadjusted_comparison_does_without_a_score_if_none_can_be_fitted() -> None:
    table = people().assign(flag=lambda t: t["treated"])
    design = dip.weight(table, treated="treated", covariates=["age", "flag"], method="none")
    assert design.score is None
    assert "propensity score" not in set(design.balance().to_frame()["term"])
    with pytest.raises(InputError, match="no propensity score to draw"):
        design.plot()


@pytest.mark.parametrize("method", ["entropy", "ipw", "none"])
def test_shuffling_the_rows_moves_no_bit(method: str) -> None:
    table = people(300)
    first = dip.weight(table, treated="treated", covariates=COVARIATES, method=method)
    mixed = table.sample(frac=1, random_state=3)
    second = dip.weight(mixed, treated="treated", covariates=COVARIATES, method=method)
    assert first.fingerprint == second.fingerprint
    pd.testing.assert_series_equal(first.weights, second.weights.loc[table.index], check_exact=True)
    pd.testing.assert_frame_equal(first.balance().to_frame(), second.balance().to_frame(), check_exact=True)
    assert (first.ess, first.ess_treated) == (second.ess, second.ess_treated)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "overlap"}, "not built yet"),
        ({"method": "magic"}, "unknown"),
        ({"estimand": "ATE"}, "not built for it"),
        ({"method": "ipw", "estimand": "LATE"}, "not built for it"),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        dip.weight(people(), treated="treated", covariates=COVARIATES, **options)


def test_one_heavy_person_is_noted() -> None:
    table = people(60)
    score = pd.Series(0.3, index=table.index)
    score[table.index[table["treated"] == 0][0]] = 0.98
    design = dip.weight(table, treated="treated", covariates=COVARIATES, method="ipw", score=score)
    assert any("One comparison person carries" in note for note in design.notes)
