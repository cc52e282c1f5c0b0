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


def means(table: pd.DataFrame, weights: pd.Series, mask: pd.Series) -> pd.Series:
    """Weighted means of the covariates among some people."""
    numbers = pd.get_dummies(table[COVARIATES], dtype=float)[mask]
    return numbers.mul(weights[mask], axis=0).sum() / weights[mask].sum()


def test_entropy_weights_for_everybody_give_both_groups_the_means_of_everybody() -> None:
    table = people(300)
    design = dip.weight(table, treated="treated", covariates=COVARIATES, estimand="ATE")
    everybody = means(table, pd.Series(1.0, index=table.index), pd.Series(True, index=table.index))
    for group in (design.treated, ~design.treated):
        np.testing.assert_allclose(means(table, design.weights, group), everybody, rtol=1e-9)
        assert design.weights[group].sum() == pytest.approx(300, rel=1e-12)
        assert design.weights[group].nunique() > 50
    assert design.estimand_in_words == "the average effect on all 300 people"


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_two_moments_balance_variances_too(estimand: str) -> None:
    table = people(400)
    design = dip.weight(table, treated="treated", covariates=COVARIATES, estimand=estimand, moments=2)
    plain = dip.weight(table, treated="treated", covariates=COVARIATES, estimand=estimand)
    for column in ("age", "priors"):
        spread = {}
        for chosen in (design, plain):
            for group in (True, False):
                mask = chosen.treated == group
                weights, values = chosen.weights[mask], table.loc[mask, column]
                spread[chosen is design, group] = np.average(
                    (values - np.average(values, weights=weights)) ** 2, weights=weights
                )
        assert spread[True, True] == pytest.approx(spread[True, False], rel=1e-9)
        assert spread[False, True] != pytest.approx(spread[False, False], rel=1e-3)
    assert any("means and variances" in note for note in design.notes)
    assert design.options["moments"] == 2


def test_a_variance_out_of_reach_is_named() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"x": np.concatenate([rng.choice([-1.0, 0.0, 1.0], 40), rng.choice([-3.0, 3.0, 3.1], 40)])})
    table["treated"] = np.repeat([1, 0], 40)
    score = pd.Series(0.5, index=table.index)
    dip.weight(table, treated="treated", covariates=["x"], score=score)
    with pytest.raises(DesignError, match="cannot balance the variance of 'x'"):
        dip.weight(table, treated="treated", covariates=["x"], score=score, moments=2)


def test_whole_sample_weights_count_as_that_many_people() -> None:
    """A person with a sample weight of 3 is three people, whatever the method and the estimand."""
    table = people(200).assign(copies=lambda t: 1 + np.arange(len(t)) % 3)
    many = table.loc[table.index.repeat(table["copies"])]
    one_of_each = ~many.index.duplicated()
    many = many.reset_index(drop=True)
    for options in (
        {"method": "entropy"},
        {"method": "entropy", "estimand": "ATC", "moments": 2},
        {"method": "entropy", "estimand": "ATE"},
        {"method": "ipw"},
        {"method": "ipw", "estimand": "ATE", "stabilise": True},
        {"method": "overlap"},
        {"method": "matching_weights"},
        {"method": "none"},
    ):
        design = dip.weight(table, treated="treated", covariates=COVARIATES, sample_weights="copies", **options)
        copied = dip.weight(many, treated="treated", covariates=COVARIATES, **options)
        np.testing.assert_allclose(
            design.weights / table["copies"], copied.weights.to_numpy()[one_of_each], rtol=1e-8, err_msg=str(options)
        )
        assert design.options["sample_weights"] == "copies"
        if options["method"] != "none":
            assert "sample weight 'copies'" in design.estimand_in_words


def test_people_the_effect_is_about_keep_their_sample_weight() -> None:
    table = people(200).assign(stands_for=lambda t: 0.5 + np.arange(len(t)) % 7)
    design = dip.weight(table, treated="treated", covariates=COVARIATES, sample_weights="stands_for")
    treated = design.treated
    np.testing.assert_array_equal(design.weights[treated], table.loc[treated, "stands_for"])
    assert design.weights[~treated].sum() == pytest.approx(table.loc[treated, "stands_for"].sum(), rel=1e-12)
    assert design.balance().max_smd < 1e-9


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


def test_matching_weights_are_the_smaller_chance_over_that_of_what_happened() -> None:
    table = people(300)
    design = dip.weight(table, treated="treated", covariates=COVARIATES, method="matching_weights")
    score, treated = design.score, design.treated
    own = np.where(treated, score, 1 - score)
    np.testing.assert_allclose(design.weights, np.minimum(score, 1 - score) / own, rtol=1e-12)
    assert design.weights[treated & (score <= 0.5)].eq(1.0).all()
    assert design.weights.between(0, 1).all()
    assert design.estimand == "ATM"
    assert "matched population" in design.estimand_in_words
    assert any("Matching weights: at each score the smaller group counts in full" in note for note in design.notes)
    assert design.balance().max_smd < 0.1
    assert design.dropped().n_dropped == 0
    same = dip.weight(table, treated="treated", covariates=COVARIATES, method="matching_weights", estimand="ATM")
    assert same.fingerprint == design.fingerprint
    trimmed = dip.weight(table, treated="treated", covariates=COVARIATES, method="matching_weights", trim="crump")
    assert (trimmed.weights == 0).sum() == trimmed.options["n_trimmed"]


def test_matching_weights_make_groups_of_one_size_at_a_score_that_is_true() -> None:
    table = pd.DataFrame({"treated": [1] * 3 + [0] * 7 + [1] * 12 + [0] * 8, "older": [0] * 10 + [1] * 20})
    design = dip.weight(table, treated="treated", covariates=["older"], method="matching_weights")
    sums = design.weights.groupby([table["older"], table["treated"]]).sum()
    np.testing.assert_allclose(sums, [3, 3, 8, 8], rtol=1e-12)  # of 3 and 7 the 3, of 12 and 8 the 8
    assert design.balance().max_smd < 1e-12


def test_matching_weights_of_scores_next_to_0_and_1_are_finite_and_lose_no_digit() -> None:
    score = pd.Series([1 - 1e-12, 1e-12, 1e-12, 1 - 1e-12, 0.5, 0.5])
    table = pd.DataFrame({"treated": [1, 0, 1, 0, 1, 0], "x": [1.0, 2, 3, 4, 6, 5]})
    design = dip.weight(table, treated="treated", covariates=["x"], method="matching_weights", score=score)
    np.testing.assert_allclose(design.weights, [1e-12, 1e-12, 1, 1, 1, 1], rtol=1e-3)


def test_overlap_weights_balance_every_mean_of_the_logistic_model_exactly() -> None:
    """Li, Morgan and Zaslavsky (2018), theorem 3."""
    table = people(300)
    design = dip.weight(table, treated="treated", covariates=COVARIATES, method="overlap")
    score = design.score
    assert score is not None
    np.testing.assert_allclose(design.weights, np.where(table["treated"] == 1, 1 - score, score), rtol=1e-12)
    frame = design.balance().to_frame()
    assert (frame.loc[frame["kind"] == "covariate", "smd_after"].abs() < 1e-9).all()
    assert design.estimand == "ATO"
    assert "overlap population" in design.estimand_in_words
    same = dip.weight(table, treated="treated", covariates=COVARIATES, method="overlap", estimand="ATO")
    assert same.fingerprint == design.fingerprint


def test_a_fitted_model_or_a_formula_may_give_the_score() -> None:
    model = dip.propensity(people(300), treated="treated", covariates=["age", "priors"])
    design = dip.weight(people(300), treated="treated", covariates=COVARIATES, method="ipw", score=model)
    odds = (model.score / (1 - model.score))[~design.treated]
    np.testing.assert_allclose(design.weights[~design.treated], odds, rtol=1e-12)
    formed = dip.weight(people(300), treated="treated", covariates=COVARIATES, method="ipw", formula="age + priors")
    np.testing.assert_allclose(formed.weights, design.weights, rtol=1e-9)
    alone = dip.weight(people(300), treated="treated", method="ipw", formula="age + priors")
    assert alone.covariates == ("age", "priors")
    np.testing.assert_allclose(alone.weights, design.weights, rtol=1e-9)


def test_a_reference_level_may_be_named() -> None:
    design = dip.weight(people(300), treated="treated", covariates=COVARIATES, references={"district": "Kirklees"})
    assert design.propensity is not None
    assert design.propensity.references == {"district": "Kirklees"}
    assert design.balance().max_smd < 1e-9


def test_stabilised_weights_are_the_plain_ones_times_the_share_of_the_group() -> None:
    table = people(300)
    common: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "method": "ipw", "estimand": "ATE"}
    plain, stable = dip.weight(table, **common), dip.weight(table, stabilise=True, **common)
    share = table["treated"].mean()
    np.testing.assert_allclose(
        stable.weights, plain.weights * np.where(table["treated"] == 1, share, 1 - share), rtol=1e-12
    )
    assert (stable.ess, stable.ess_treated) == pytest.approx((plain.ess, plain.ess_treated), rel=1e-12)
    assert stable.fingerprint != plain.fingerprint


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_truncated_weights_stop_at_the_quantile_of_their_group_and_drop_nobody(estimand: str) -> None:
    table = people(300)
    common: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "method": "ipw", "estimand": estimand}
    plain, cut = dip.weight(table, **common), dip.weight(table, truncate=0.9, **common)
    lowered = {}
    for group, name in ((plain.treated, "treated"), (~plain.treated, "comparison")):
        varies = plain.weights[group].nunique() > 1
        limit = plain.weights[group].quantile(0.9) if varies else 1.0
        np.testing.assert_allclose(cut.weights[group], plain.weights[group].clip(upper=limit), rtol=1e-12)
        lowered[name] = int((plain.weights[group] > limit).sum())
        assert (lowered[name] > 0) == varies
        assert cut.options[f"n_truncated_{name}"] == lowered[name]
    assert (cut.weights > 0).all()
    note = next(note for note in cut.notes if note.startswith("Truncated"))
    assert f"{lowered['treated']} treated and {lowered['comparison']} comparison" in note
    assert "nobody was left out" in note


@pytest.mark.parametrize("method", ["entropy", "ipw", "overlap", "none"])
def test_trimming_leaves_people_out_and_says_whom(method: str) -> None:
    table = people(300)
    score = pd.Series(np.random.default_rng(2).uniform(0.02, 0.98, 300), index=table.index)
    kept = ((score >= 0.1) & (score <= 0.9)).to_numpy()
    common: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "method": method, "score": score}
    design, alone = dip.weight(table, trim="crump", **common), dip.weight(table[kept], **common)
    assert (design.weights[~kept] == 0).all()
    pd.testing.assert_series_equal(design.weights[kept], alone.weights, rtol=1e-12)
    assert design.options["n_trimmed"] == int((~kept).sum())
    assert any("Trimmed beforehand by rule" in note for note in design.notes)
    assert (design.n_treated, design.n_comparison) == (alone.n_treated, alone.n_comparison)


def test_a_covariate_that_trimming_leaves_constant_does_no_harm() -> None:
    table = people(300).assign(flag=lambda t: (t["age"] > 50) * 0.1)
    score = pd.Series(np.where(table["age"] > 50, 0.97, 0.4), index=table.index)
    design = dip.weight(table, treated="treated", covariates=["age", "priors", "flag"], score=score, trim="crump")
    assert (design.weights[(table["age"] > 50).to_numpy()] == 0).all()
    assert design.ess > 10


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_scores_within_1e_12_of_0_and_1_give_finite_weights_and_a_warning(estimand: str) -> None:
    table = people(100)
    score = pd.Series([1e-12, 1 - 1e-12, 1e-13, 1 - 1e-13] + [0.4] * 96, index=table.index)
    table["treated"] = np.where(np.arange(100) < 4, [0, 1, 1, 0] * 25, table["treated"])
    common: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "score": score}
    design = dip.weight(table, method="ipw", estimand=estimand, **common)
    assert np.isfinite(design.weights).all()
    assert design.weights.max() > 1e12
    assert any("carries 100% of the group's weight" in note or "carries 100.0%" in note for note in design.notes)
    overlap = dip.weight(table, method="overlap", **common)
    assert overlap.weights.between(0, 1).all()
    np.testing.assert_allclose(overlap.weights.iloc[0], 1e-12, rtol=1e-9)
    np.testing.assert_allclose(overlap.weights.iloc[1], 1e-12, rtol=1e-3)  # 1 - 1e-12 is itself rounded


def test_weights_beyond_any_number_are_a_sentence() -> None:
    table = people(100)
    score = pd.Series(0.4, index=table.index)
    place = table.index[table["treated"] == 1][0]
    score[place] = 5e-324
    with pytest.raises(DesignError, match="1 of 100 people have a score so close to 0 or 1"):
        dip.weight(table, treated="treated", covariates=COVARIATES, score=score, method="ipw", estimand="ATE")


def test_a_small_group_of_equals_is_not_called_heavy() -> None:
    table = people(100)
    table["treated"] = (np.arange(100) % 12 == 0).astype(int)
    design = dip.weight(table, treated="treated", covariates=["age", "priors"], method="ipw")
    assert design.n_treated == 9
    assert not any("carries" in note for note in design.notes)


def test_one_treated_person() -> None:
    table = people(100)
    table["treated"] = (np.arange(100) == np.argsort(table["age"].to_numpy())[50]).astype(int)
    score = pd.Series(0.1, index=table.index)
    design = dip.weight(table, treated="treated", covariates=["age", "priors"], score=score)
    assert design.n_treated == 1
    assert design.weights[~design.treated].sum() == pytest.approx(1.0, rel=1e-12)
    assert design.balance().to_frame().query("kind == 'covariate'")["smd_after"].abs().max() < 1e-9


def test_no_weights_change_nothing() -> None:
    design = dip.weight(people(), treated="treated", covariates=COVARIATES, method="none")
    frame = design.balance().to_frame()
    assert (design.weights == 1).all()
    np.testing.assert_allclose(frame["smd_before"], frame["smd_after"], rtol=1e-12)
    np.testing.assert_allclose(frame["ks_before"], frame["ks_after"], rtol=1e-12)
    assert "nothing adjusted" in design.estimand_in_words
    assert design.score is not None


def test_the_unadjusted_comparison_does_without_a_score_if_none_can_be_fitted() -> None:
    table = people().assign(flag=lambda t: t["treated"])
    design = dip.weight(table, treated="treated", covariates=["age", "flag"], method="none")
    assert design.score is None
    assert "propensity score" not in set(design.balance().to_frame()["term"])
    with pytest.raises(InputError, match="no propensity score to draw"):
        design.plot()


@pytest.mark.parametrize(
    "options",
    [
        {"method": "entropy"},
        {"method": "entropy", "estimand": "ATE"},
        {"method": "entropy", "moments": 2, "sample_weights": "stands_for"},
        {"method": "entropy", "trim": "common_support", "sample_weights": "stands_for"},
        {"method": "ipw"},
        {"method": "ipw", "estimand": "ATE", "stabilise": True, "truncate": 0.9, "sample_weights": "stands_for"},
        {"method": "overlap"},
        {"method": "matching_weights", "sample_weights": "stands_for"},
        {"method": "none"},
        {"method": "none", "sample_weights": "stands_for"},
    ],
)
def test_shuffling_the_rows_moves_no_bit(options: dict[str, Any]) -> None:
    table = people(300).assign(stands_for=lambda t: 0.1 + np.random.default_rng(1).gamma(3.0, size=len(t)))
    first = dip.weight(table, treated="treated", covariates=COVARIATES, **options)
    mixed = table.sample(frac=1, random_state=3)
    second = dip.weight(mixed, treated="treated", covariates=COVARIATES, **options)
    assert first.fingerprint == second.fingerprint
    pd.testing.assert_series_equal(first.weights, second.weights.loc[table.index], check_exact=True)
    pd.testing.assert_frame_equal(first.balance().to_frame(), second.balance().to_frame(), check_exact=True)
    assert (first.ess, first.ess_treated) == (second.ess, second.ess_treated)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "cbps"}, "'cbps' is unknown"),
        ({"method": "magic"}, "unknown"),
        ({"method": "ipw", "estimand": "LATE"}, "not built for it"),
        ({"method": "ipw", "estimand": "ATO"}, "The ATO is what method='overlap' estimates"),
        ({"method": "overlap", "estimand": "ATT"}, "estimates the ATO; 'ATT' is not built for it"),
        ({"method": "matching_weights", "estimand": "ATT"}, "estimates the ATM; 'ATT' is not built for it"),
        ({"method": "ipw", "estimand": "ATM"}, "The ATM is what method='matching_weights' estimates"),
        ({"method": "matching_weights", "truncate": 0.9}, "truncate= is for method='ipw'"),
        ({"method": "matching_weights", "stabilise": True}, "stabilise= is for"),
        ({"method": "matching_weights", "moments": 2}, "moments= means nothing"),
        ({"moments": 3}, "moments must be 1"),
        ({"moments": True}, "moments must be 1"),
        ({"moments": 2, "method": "ipw"}, "moments= means nothing to method='ipw'"),
        ({"stabilise": "yes", "method": "ipw", "estimand": "ATE"}, "stabilise must be True or False"),
        ({"stabilise": True, "method": "ipw"}, "stabilise= is for method='ipw' with estimand='ATE'"),
        ({"truncate": 0.99}, "truncate= is for method='ipw'"),
        ({"truncate": 1.0, "method": "ipw"}, "from 0.5 to below 1"),
        ({"truncate": 99, "method": "ipw"}, "from 0.5 to below 1"),
        ({"truncate": "most", "method": "ipw"}, "from 0.5 to below 1"),
        ({"trim": "magic"}, "trim must be one of"),
        ({"sample_weights": ["a"]}, "must be the name of one column"),
        ({"sample_weights": "design_weight"}, "no column design_weight"),
        ({"sample_weights": "district"}, "needs a column of positive numbers"),
        ({"sample_weights": "priors"}, "are 0 or below for"),
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
