"""The probit score against statsmodels, the closed form of groups, and what cannot be fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import ndtr, ndtri

import dipeval as dip
from dipeval.errors import DesignError, DipevalError, InputError
from tests.unit.matching.matching_people import COVARIATES, people

PROBIT = sm.families.Binomial(sm.families.links.Probit())
COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "link": "probit"}


def design_matrix(table: pd.DataFrame) -> pd.DataFrame:
    dummies = pd.get_dummies(table["district"], dtype=float)[["Bradford", "Kirklees"]]
    return sm.add_constant(pd.concat([table[["age", "priors"]].astype(float), dummies], axis=1))


def test_agrees_with_statsmodels() -> None:
    table = people(400)
    model = dip.propensity(table, **COMMON)
    fit = sm.GLM(table["treated"], design_matrix(table), family=PROBIT).fit(tol=1e-15, maxiter=200)
    frame = model.to_frame()
    np.testing.assert_allclose(frame["estimate"], fit.params, rtol=1e-7)
    np.testing.assert_allclose(frame["std_error"], fit.bse, rtol=1e-7)
    np.testing.assert_allclose(model.score, fit.fittedvalues, rtol=1e-8)
    assert model.deviance == pytest.approx(fit.deviance, rel=1e-12)
    assert model.learner == "probit regression"
    assert model.penalty == "no penalty"


def test_the_likelihood_is_level_where_the_fit_stops() -> None:
    table = people(400)
    model = dip.propensity(table, **COMMON)
    predictor = design_matrix(table).to_numpy() @ model.to_frame()["estimate"].to_numpy()
    np.testing.assert_allclose(ndtr(predictor), model.score, rtol=1e-12)
    density = np.exp(-(predictor**2) / 2) / np.sqrt(2 * np.pi)
    pull = np.where(table["treated"] == 1, density / ndtr(predictor), -density / ndtr(-predictor))
    level = design_matrix(table).to_numpy().T @ pull
    np.testing.assert_allclose(level / np.abs(design_matrix(table)).sum(), 0, atol=1e-14)


def test_one_yes_or_no_covariate_gives_the_share_of_each_side() -> None:
    table = pd.DataFrame({"treated": [1] * 3 + [0] * 7 + [1] * 12 + [0] * 8, "older": [0] * 10 + [1] * 20})
    model = dip.propensity(table, treated="treated", covariates=["older"], link="probit")
    np.testing.assert_allclose(model.to_frame()["estimate"], [ndtri(0.3), ndtri(0.6) - ndtri(0.3)], rtol=1e-12)
    np.testing.assert_allclose(model.score, np.where(table["older"] == 1, 0.6, 0.3), rtol=1e-13)
    np.testing.assert_allclose(model.logit, np.log(model.score / (1 - model.score)), rtol=1e-12)


def test_sample_weights_give_the_estimates_of_that_many_people_and_the_sandwich_worked_out_by_hand() -> None:
    table = people(300).assign(many=np.random.default_rng(4).integers(1, 4, 300))
    model = dip.propensity(table, **COMMON, sample_weights="many")
    repeated = table.loc[table.index.repeat(table["many"])].reset_index(drop=True)
    plain = dip.propensity(repeated, **COMMON)
    np.testing.assert_allclose(model.to_frame()["estimate"], plain.to_frame()["estimate"], rtol=1e-9)
    terms, weights = design_matrix(table).to_numpy(), table["many"].to_numpy()
    predictor = terms @ model.to_frame()["estimate"].to_numpy()
    density = np.exp(-(predictor**2) / 2) / np.sqrt(2 * np.pi)
    pull = np.where(table["treated"] == 1, density / ndtr(predictor), -density / ndtr(-predictor))
    expected = weights * density**2 / (ndtr(predictor) * ndtr(-predictor))
    bread = np.linalg.inv((terms * expected[:, None]).T @ terms)
    middle = (terms * (weights * pull)[:, None]).T @ (terms * (weights * pull)[:, None]) * 300 / 299
    np.testing.assert_allclose(model.to_frame()["std_error"], np.sqrt(np.diag(bread @ middle @ bread)), rtol=1e-8)
    assert "robust" in model.errors


def test_neither_row_order_nor_ids_move_a_bit() -> None:
    table = people(300)
    model, mixed = dip.propensity(table, **COMMON), table.sample(frac=1, random_state=1)
    other = dip.propensity(mixed.reset_index(drop=True), **COMMON)
    pd.testing.assert_frame_equal(model.to_frame(), other.to_frame(), check_exact=True)
    np.testing.assert_array_equal(model.score.loc[mixed.index].to_numpy(), other.score.to_numpy())


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_unit_of_a_covariate_does_not_matter(scale: float) -> None:
    table = people(300)
    model = dip.propensity(table, **COMMON)
    other = dip.propensity(table.assign(age=table["age"] * scale), **COMMON)
    np.testing.assert_allclose(other.score, model.score, rtol=1e-9)


@pytest.mark.parametrize("method", ["nearest", "radius", "ipw", "overlap"])
def test_a_design_takes_the_score_and_says_what_made_it(method: str) -> None:
    table = people(300)
    model = dip.propensity(table, **COMMON)
    make = dip.match if method in ("nearest", "radius") else dip.weight
    options = {"treated": "treated", "covariates": COVARIATES, "method": method}
    design, plain = make(table, score=model, **options), make(table, **options)
    assert design.fingerprint != plain.fingerprint
    assert design.propensity is model
    pd.testing.assert_series_equal(design.score, model.score)


def test_summary_and_picture() -> None:
    model = dip.propensity(people(300), **COMMON)
    assert "Probit regression by maximum likelihood, no penalty" in str(model.summary())
    assert "log odds" not in str(model.summary())
    assert model.plot().get_xlabel()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"link": "cloglog"}, InputError, "link must be one of logit, probit"),
        ({"link": None}, InputError, "link must be one of logit, probit"),
        ({"link": ["probit"]}, InputError, "link must be one of logit, probit"),
        ({"covariates": ["age", "age2"]}, DesignError, "'age2' follows exactly from age"),
        ({"covariates": ["age", "known"]}, DesignError, "'known' predicts the treatment perfectly"),
        ({"covariates": ["one", "two"]}, DesignError, "together predict the treatment perfectly"),
        ({"covariates": ["same"]}, DesignError, "Constant"),
    ],
)
def test_what_cannot_be_fitted_is_a_sentence(change: dict[str, Any], error: type[Exception], words: str) -> None:
    table = people(200)
    helped, noise = table["treated"], np.random.default_rng(5).normal(size=200) * 10
    table = table.assign(age2=2 * table["age"] - 1, known=helped + 0.5, one=noise, two=2.0 * helped - noise, same=1.0)
    with pytest.raises(error, match=words):
        dip.propensity(table, **COMMON | change)


def test_a_learner_has_its_own_curve() -> None:
    from sklearn.ensemble import RandomForestClassifier

    with pytest.raises(InputError, match="means nothing to a learner"):
        dip.propensity(people(), **COMMON, learner=RandomForestClassifier())


def test_small_random_people_are_fitted_as_statsmodels_fits_them_or_refused() -> None:
    fitted = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        size = int(rng.integers(8, 60))
        table = pd.DataFrame({"x": rng.integers(0, 5, size), "y": rng.normal(size=size)})
        table["treated"] = (rng.random(size) < ndtr(table["y"] * rng.choice([0.3, 3.0]))).astype(int)
        try:
            model = dip.propensity(table, treated="treated", covariates=["x", "y"], link="probit")
        except DipevalError as refusal:
            assert str(refusal).endswith(".")
            continue
        fitted += 1
        own = sm.add_constant(table[["x", "y"]].astype(float))
        fit = sm.GLM(table["treated"], own, family=PROBIT).fit(start_params=model.to_frame()["estimate"], tol=1e-15)
        np.testing.assert_allclose(model.score, fit.fittedvalues, rtol=1e-5, atol=1e-12)
    assert fitted > 30
