"""The propensity model: estimates, categories, and the sentences for models that cannot be fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import dipeval as dip
from dipeval.errors import DesignError
from tests.unit.matching.matching_people import COVARIATES, people


def test_agrees_with_statsmodels_on_a_design_with_categories() -> None:
    table = people(400)
    model = dip.propensity(table, treated="treated", covariates=COVARIATES)
    dummies = pd.get_dummies(table["district"], dtype=float)[["Bradford", "Kirklees"]]
    design = sm.add_constant(pd.concat([table[["age", "priors"]].astype(float), dummies], axis=1))
    fit = sm.GLM(table["treated"], design, family=sm.families.Binomial()).fit(tol=1e-14, maxiter=100)
    frame = model.to_frame()
    assert frame["term"].tolist() == ["(Intercept)", "age", "priors", "district[Bradford]", "district[Kirklees]"]
    np.testing.assert_allclose(frame["estimate"], fit.params, rtol=1e-9)
    np.testing.assert_allclose(frame["std_error"], fit.bse, rtol=1e-7)
    np.testing.assert_allclose(frame["p_value"], fit.pvalues, rtol=1e-6)
    np.testing.assert_allclose(frame[["conf_low", "conf_high"]], fit.conf_int(), rtol=1e-6)
    np.testing.assert_allclose(model.score, fit.fittedvalues, rtol=1e-9)
    assert model.references == {"district": "Leeds"}
    assert any("Reference level of district: Leeds" in note for note in model.summary().notes)


def test_reference_level_ties_go_to_the_alphabet() -> None:
    table = people(40).assign(side=["b", "a"] * 20)
    assert dip.propensity(table, treated="treated", covariates=["age", "side"]).references == {"side": "a"}


def test_people_with_the_same_covariates_have_the_same_score_to_the_bit() -> None:
    table = people(300)
    score = dip.propensity(table, treated="treated", covariates=COVARIATES).score
    distinct = table.assign(score=score).groupby(COVARIATES)["score"].nunique()
    assert (distinct == 1).all()


def test_neither_row_order_nor_ids_move_a_bit() -> None:
    table = people(300)
    model = dip.propensity(table, treated="treated", covariates=COVARIATES)
    mixed = table.sample(frac=1, random_state=1)
    other = dip.propensity(mixed.reset_index(drop=True), treated="treated", covariates=COVARIATES)
    pd.testing.assert_frame_equal(model.to_frame(), other.to_frame(), check_exact=True)
    np.testing.assert_array_equal(model.score.loc[mixed.index].to_numpy(), other.score.to_numpy())


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_unit_of_a_covariate_does_not_matter(scale: float) -> None:
    table = people(300)
    model = dip.propensity(table, treated="treated", covariates=["age", "priors"])
    other = dip.propensity(table.assign(age=table["age"] * scale), treated="treated", covariates=["age", "priors"])
    np.testing.assert_allclose(model.score, other.score, rtol=1e-10)
    far = dip.propensity(table.assign(age=table["age"] + 1e7), treated="treated", covariates=["age", "priors"])
    np.testing.assert_allclose(model.score, far.score, rtol=1e-8)


def test_redundant_columns_are_named_with_what_they_follow_from() -> None:
    table = people().assign(years=lambda t: t["age"] / 12, total=lambda t: t["age"] + 2 * t["priors"])
    with pytest.raises(DesignError, match="'years' follows exactly from age"):
        dip.propensity(table, treated="treated", covariates=["age", "priors", "years"])
    with pytest.raises(DesignError, match="'total' follows exactly from age, priors"):
        dip.weight(table, treated="treated", covariates=["age", "priors", "total"])
    table["leeds"] = (table["district"] == "Leeds").astype(int)
    with pytest.raises(DesignError, match="'leeds' follows exactly from district"):
        dip.match(table, treated="treated", covariates=["district", "leeds"])


@pytest.mark.parametrize("call", [dip.propensity, dip.match, dip.weight])
def test_a_column_that_predicts_the_treatment_is_named(call: object) -> None:
    table = people().assign(
        flag=lambda t: t["treated"], place=lambda t: np.where(t["treated"] == 1, "clinic", "street")
    )
    with pytest.raises(DesignError, match="'flag' predicts the treatment perfectly"):
        call(table, treated="treated", covariates=["age", "flag"])  # type: ignore[operator]
    with pytest.raises(DesignError, match="'place' predicts the treatment perfectly"):
        call(table, treated="treated", covariates=["age", "place"])  # type: ignore[operator]


def test_a_level_where_nobody_is_treated_is_named_even_if_it_is_the_reference() -> None:
    table = people(200)
    table.loc[table["district"] == "Leeds", "treated"] = 0
    with pytest.raises(DesignError, match="'district' predicts the treatment perfectly"):
        dip.propensity(table, treated="treated", covariates=COVARIATES)


def test_columns_that_only_together_separate_the_groups() -> None:
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"a": rng.normal(size=80), "b": rng.normal(size=80), "c": rng.normal(size=80)})
    table["treated"] = (table["a"] + table["b"] > 0).astype(int)
    with pytest.raises(DesignError, match=r"together predict the treatment perfectly.*('a'.*'b'|'b'.*'a')"):
        dip.propensity(table, treated="treated", covariates=["a", "b", "c"])


def test_one_treated_person() -> None:
    table = people(60)
    table["treated"] = 0
    middle = ((table["age"] - 39).abs() + (table["priors"] - 2).abs()).idxmin()
    table.loc[middle, "treated"] = 1
    design = dip.match(table, treated="treated", covariates=["age", "priors"], caliper=None)
    assert (design.n_treated, design.n_comparison) == (1, 1)
    assert np.isfinite(design.balance().max_smd)
    assert any("that of all people is used" in note for note in design.balance().notes)
    weighted = dip.weight(table, treated="treated", covariates=["age", "priors"])
    assert weighted.weights[~weighted.treated].sum() == pytest.approx(1)


def test_few_people_for_each_term_and_near_repeats_are_noted() -> None:
    rng = np.random.default_rng(1)
    table = people(60).assign(near=lambda t: t["age"] + rng.normal(scale=0.05, size=60))
    notes = dip.propensity(table, treated="treated", covariates=["age", "near", "priors"]).summary().notes
    assert any("condition number" in note for note in notes)
    assert any("people for each term" in note for note in notes)
