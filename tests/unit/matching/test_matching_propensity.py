"""The propensity model: estimates, categories, and the sentences for models that cannot be fitted."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.logistic import fit_logit
from dipeval.matching.terms import Terms
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


def with_weights(size: int = 300) -> pd.DataFrame:
    return people(size).assign(survey=np.random.default_rng(7).uniform(0.3, 4.0, size).round(2))


def test_sample_weights_give_the_estimates_of_statsmodels_and_the_sandwich_worked_out_by_hand() -> None:
    table = with_weights()
    model = dip.propensity(table, treated="treated", covariates=["age", "priors"], sample_weights="survey")
    design = sm.add_constant(table[["age", "priors"]].astype(float))
    family = sm.families.Binomial()
    fit = sm.GLM(table["treated"], design, family=family, var_weights=table["survey"]).fit(tol=1e-14, maxiter=100)
    frame = model.to_frame()
    np.testing.assert_allclose(frame["estimate"], fit.params, rtol=1e-9)
    np.testing.assert_allclose(model.score, fit.fittedvalues, rtol=1e-9)
    x, weight, p = design.to_numpy(), table["survey"].to_numpy(), fit.fittedvalues.to_numpy()
    bread = np.linalg.inv((x * (weight * p * (1 - p))[:, None]).T @ x)
    each = x * (weight * (table["treated"].to_numpy() - p))[:, None]
    robust = bread @ (each.T @ each) @ bread * len(x) / (len(x) - 1)
    np.testing.assert_allclose(frame["std_error"], np.sqrt(np.diag(robust)), rtol=1e-8)
    robust_too = sm.GLM(table["treated"], design, family=family, var_weights=table["survey"]).fit(
        cov_type="HC0", tol=1e-14, maxiter=100
    )
    np.testing.assert_allclose(frame["std_error"], robust_too.bse * np.sqrt(len(x) / (len(x) - 1)), rtol=1e-8)
    assert model.errors == "robust (survey-weighted)"
    assert any("sample weights" in note for note in model.summary().notes)


def test_whole_number_weights_estimate_as_that_many_people() -> None:
    table = people(200).assign(times=lambda t: 1 + t["age"] % 3)
    weighted = dip.propensity(table, treated="treated", covariates=["age", "priors"], sample_weights="times")
    many = table.loc[table.index.repeat(table["times"])].reset_index(drop=True)
    plain = dip.propensity(many, treated="treated", covariates=["age", "priors"])
    np.testing.assert_allclose(weighted.to_frame()["estimate"], plain.to_frame()["estimate"], rtol=1e-10)
    same = dip.propensity(table.assign(one=5.0), treated="treated", covariates=["age"], sample_weights="one")
    alone = dip.propensity(table, treated="treated", covariates=["age"])
    np.testing.assert_allclose(same.score, alone.score, rtol=1e-12)
    np.testing.assert_allclose(same.deviance, alone.deviance, rtol=1e-12)


def test_row_order_moves_no_bit_of_a_weighted_fit_with_a_formula_and_named_references() -> None:
    table = with_weights().round({"age": -1})  # many people on each row, with different weights
    options = {
        "treated": "treated",
        "formula": "log(priors + 1) * C(district) + bs(age, 3)",
        "references": {"district": "Kirklees"},
        "sample_weights": "survey",
    }
    model = dip.propensity(table, **options)
    for seed in range(3):
        mixed = table.sample(frac=1, random_state=seed)
        other = dip.propensity(mixed, **options)
        pd.testing.assert_frame_equal(model.to_frame(), other.to_frame(), check_exact=True)
        pd.testing.assert_frame_equal(model.calibration(), other.calibration(), check_exact=True)
        pd.testing.assert_series_equal(model.logit.loc[mixed.index], other.logit, check_exact=True)
        assert (model.deviance, model.auc) == (other.deviance, other.auc)
        renamed = dip.propensity(mixed.reset_index(drop=True), **options)
        pd.testing.assert_frame_equal(model.to_frame(), renamed.to_frame(), check_exact=True)


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("zero", "not above 0 for 120 of 120 people"),
        ("negative", "not above 0 for 120 of 120 people"),
        ("district", "holds no numbers"),
        ("gap", "Incomplete columns"),
        ("nowhere", "There is no column nowhere"),
        (3, "must be the name of a column"),
    ],
)
def test_weights_that_cannot_be_are_sentences(column: object, sentence: str) -> None:
    table = people().assign(zero=0.0, negative=-1.0, gap=np.nan)
    with pytest.raises(InputError, match=sentence):
        dip.propensity(table, treated="treated", covariates=["age"], sample_weights=column)  # type: ignore[arg-type]


def test_named_reference_levels_only_move_what_the_others_are_compared_with() -> None:
    table = people(300)
    usual = dip.propensity(table, treated="treated", covariates=COVARIATES)
    named = dip.propensity(table, treated="treated", covariates=COVARIATES, references={"district": "Kirklees"})
    assert named.references == {"district": "Kirklees"}
    assert named.to_frame()["term"].tolist()[3:] == ["district[Bradford]", "district[Leeds]"]
    np.testing.assert_allclose(usual.score, named.score, rtol=1e-10)


@pytest.mark.parametrize(
    ("references", "sentence"),
    [
        ({"district": "Hull"}, "no level called 'Hull' among these people; its levels are Bradford, Kirklees, Leeds"),
        ({"area": "Leeds"}, "references names area, which is none of the 3 covariates"),
        ({"age": "30"}, "'age', which holds numbers or yes/no and has no reference level"),
        (["Leeds"], "references must be a mapping"),
    ],
)
def test_reference_levels_that_cannot_be_are_sentences(references: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        dip.propensity(people(), treated="treated", covariates=COVARIATES, references=references)  # type: ignore[arg-type]


def test_levels_that_nobody_has_and_every_way_of_writing_yes_and_no() -> None:
    table = people(300)
    typed = table.assign(
        district=pd.Categorical(table["district"], categories=["Hull", "Leeds", "Kirklees", "Bradford"]),
        old=pd.array(table["age"] > 40, dtype="boolean"),
        priors=pd.array(table["priors"], dtype="Int64"),
    )
    plain = table.assign(old=(table["age"] > 40).astype(float))
    names = [*COVARIATES, "old"]
    one = dip.propensity(typed, treated="treated", covariates=names)
    other = dip.propensity(plain, treated="treated", covariates=names)
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame(), check_exact=True)
    with pytest.raises(DesignError, match=r"Constant covariates.*district"):
        dip.propensity(typed[typed["district"] == "Leeds"], treated="treated", covariates=["age", "district"])


def test_a_slope_of_two_columns_that_parts_the_groups_but_for_those_on_the_line() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.integers(-3, 4, 300), "b": rng.integers(-3, 4, 300), "c": rng.normal(size=300)})
    total = table["a"] + table["b"]
    table["treated"] = np.where(total == 0, rng.integers(0, 2, 300), total > 0).astype(int)
    with pytest.raises(DesignError, match=r"together predict the treatment perfectly for some or all people.*'a'"):
        dip.propensity(table, treated="treated", covariates=["a", "b", "c"])


def test_a_thousand_people_on_few_rows_are_fitted_on_the_rows() -> None:
    table = people(5000).assign(age=lambda t: t["age"] // 10)
    model = dip.propensity(table, treated="treated", covariates=["age", "priors"])
    design = sm.add_constant(table[["age", "priors"]].astype(float))
    fit = sm.GLM(table["treated"], design, family=sm.families.Binomial()).fit(tol=1e-14, maxiter=100)
    np.testing.assert_allclose(model.to_frame()["std_error"], fit.bse, rtol=1e-7)
    np.testing.assert_allclose(model.deviance, fit.deviance, rtol=1e-12)
    assert model.score.nunique() == len(table[["age", "priors"]].drop_duplicates())


def test_the_area_under_the_curve_and_the_calibration_are_those_counted_by_hand() -> None:
    table = people(150)
    model = dip.propensity(table, treated="treated", covariates=["age", "priors"])
    score, treated = model.score.to_numpy(), table["treated"].to_numpy() == 1
    above = score[treated][:, None] - score[~treated][None, :]
    assert model.auc == pytest.approx(((above > 0) + 0.5 * (above == 0)).mean(), rel=1e-14)
    tenths = model.calibration()
    assert tenths.columns.tolist() == ["tenth", "n", "mean_score", "share_treated"]
    assert tenths["n"].sum() == 150
    assert (tenths["n"] * tenths["mean_score"]).sum() == pytest.approx(score.sum())
    assert (tenths["n"] * tenths["share_treated"]).sum() == pytest.approx(treated.sum())
    assert any("no measure of the model's quality" in note for note in model.summary().notes)


def test_the_model_keeps_nothing_that_a_reader_could_change() -> None:
    table = people(100)
    model = dip.propensity(table, treated="treated", covariates=["age"])
    for handed_out in (model.is_treated, model.logit, model.score):
        handed_out.iloc[:] = handed_out.iloc[0]
    assert model.is_treated.sum() == table["treated"].sum()
    assert model.logit.nunique() > 1
    assert model.score.nunique() > 1


def test_a_fit_needs_little_more_memory_than_the_covariates() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60_000, 10))
    terms = Terms(
        names=tuple("abcdefghij"), columns=tuple("abcdefghij"), values=values, reference=np.zeros(10, dtype=bool)
    )
    treated = rng.random(60_000) < 0.3
    fit_logit(terms, treated)
    tracemalloc.start()
    fit_logit(terms, treated)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * values.nbytes


@pytest.mark.parametrize("unit", [1e140, 1e-140])
def test_numbers_of_any_size_that_can_be_squared_are_fitted(unit: float) -> None:
    table = people(200)
    model = dip.propensity(table, treated="treated", covariates=["age", "priors"])
    other = dip.propensity(table.assign(age=table["age"] * unit), treated="treated", covariates=["age", "priors"])
    np.testing.assert_allclose(model.score, other.score, rtol=1e-10)


@pytest.mark.parametrize("unit", [1e200, 1e-200, 5e-324])
def test_numbers_beyond_that_are_a_sentence(unit: float) -> None:
    table = people(200).assign(age=lambda t: t["age"] * unit)
    with pytest.raises(InputError, match="'age' holds numbers too large, or too close together"):
        dip.propensity(table, treated="treated", covariates=["age", "priors"])


def test_small_random_people_are_fitted_as_statsmodels_fits_them_or_refused() -> None:
    rng = np.random.default_rng(0)
    fitted = refused = 0
    for number in range(60):
        size, width = int(rng.integers(5, 50)), int(rng.integers(1, 4))
        values = rng.normal(size=(size, width)) * rng.choice([0.1, 1, 10], width)
        table = pd.DataFrame(np.round(values, 1) if number % 2 else values, columns=list("abc")[:width])
        table["treated"] = rng.integers(0, 2, size)
        try:
            model = dip.propensity(table, treated="treated", covariates=list("abc")[:width])
        except DesignError:
            refused += 1
            continue
        design = sm.add_constant(table.drop(columns="treated"), has_constant="add")
        fit = sm.GLM(table["treated"], design, family=sm.families.Binomial()).fit(tol=1e-14, maxiter=200)
        np.testing.assert_allclose(model.score, fit.fittedvalues, rtol=1e-7, atol=1e-12)
        fitted += 1
    assert fitted > 40
    assert refused > 0


def test_a_design_takes_named_references_for_its_own_model() -> None:
    design = dip.match(people(300), treated="treated", covariates=COVARIATES, references={"district": "Kirklees"})
    assert design.propensity is not None
    assert design.propensity.references == {"district": "Kirklees"}
