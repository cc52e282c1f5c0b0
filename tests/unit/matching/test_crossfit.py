"""Scores from scikit-learn classifiers by cross-fitting: folds, order, penalties in words, and refusals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.learners import penalty_in_words
from tests.unit.matching.matching_people import COVARIATES, people

RIDGE = make_pipeline(StandardScaler(), LogisticRegression())


def scored(table: pd.DataFrame, learner: Any, **options: Any) -> dip.PropensityModel:
    return dip.propensity(table, treated="treated", **{"covariates": COVARIATES, **options}, learner=learner)


class Remembering(DummyClassifier):
    """Keeps the rows it was shown, in one list for all clones."""

    shown: list[tuple[np.ndarray, np.ndarray]] = []

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        self.shown.append((np.asarray(X).copy(), np.asarray(y).copy()))
        return super().fit(X, y, sample_weight)


def test_everybody_is_scored_by_the_other_folds_and_folds_have_both_groups_alike() -> None:
    table = people(203)
    Remembering.shown.clear()
    scored(table, Remembering(strategy="prior"), covariates=["age", "priors"], folds=4)
    assert len(Remembering.shown) == 4
    held_out = [203 - len(rows) for rows, _ in Remembering.shown]
    assert sum(held_out) == 203
    treated = [int(table["treated"].sum() - hits.sum()) for _, hits in Remembering.shown]
    assert sum(treated) == table["treated"].sum()
    assert max(treated) - min(treated) <= 1
    assert max(held_out) - min(held_out) <= 2


def test_a_learner_is_shown_people_in_the_order_of_their_ids() -> None:
    table = people(80)
    Remembering.shown.clear()
    scored(table, Remembering(strategy="prior"), covariates=["age", "priors"])
    first = [(rows.copy(), hits.copy()) for rows, hits in Remembering.shown]
    Remembering.shown.clear()
    scored(table.sample(frac=1, random_state=8), Remembering(strategy="prior"), covariates=["age", "priors"])
    for (rows, hits), (other, others) in zip(first, Remembering.shown, strict=True):
        np.testing.assert_array_equal(rows, other)
        np.testing.assert_array_equal(hits, others)


@pytest.mark.parametrize(
    "learner",
    [
        RandomForestClassifier(n_estimators=12, min_samples_leaf=5),
        RIDGE,
        DecisionTreeClassifier(max_depth=4, max_features=1),
    ],
    ids=["forest", "ridge", "tree"],
)
def test_row_order_moves_no_bit_and_the_seed_does(learner: Any) -> None:
    table = people(240)
    model = scored(table, learner)
    mixed = table.sample(frac=1, random_state=2)
    other = scored(mixed, learner)
    pd.testing.assert_series_equal(model.score.loc[mixed.index], other.score, check_exact=True)
    assert (model.deviance, model.auc) == (other.deviance, other.auc)
    pd.testing.assert_frame_equal(model.calibration(), other.calibration(), check_exact=True)
    assert not (scored(table, learner, seed=1).score == model.score).all()
    assert any("was given no seed" in note for note in model.notes)


def test_scores_of_an_unpenalised_learner_are_those_of_the_logistic_model_fitted_to_the_other_folds() -> None:
    table = people(300)
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000))
    model = scored(table, learner, folds=3)
    plain = dip.propensity(table, treated="treated", covariates=COVARIATES)
    assert model.penalty == "no penalty"
    assert np.corrcoef(model.score, plain.score)[0, 1] > 0.9
    assert not any("shrinks" in note for note in model.notes)


def test_what_a_model_by_a_learner_says_and_shows() -> None:
    table = people(300)
    model = scored(table, RandomForestClassifier(n_estimators=15, min_samples_leaf=10, random_state=3))
    assert (model.learner, model.folds, model.steps, model.condition_number) == ("RandomForestClassifier", 5, 0, None)
    assert "min_samples_leaf = 10" in model.penalty
    assert not any("was given no seed" in note for note in model.notes)
    assert ((model.score > 0) & (model.score < 1)).all()
    frame = model.to_frame()
    assert frame.empty
    assert (
        frame.columns.tolist()
        == dip.propensity(table, treated="treated", covariates=["age"]).to_frame().columns.tolist()
    )
    summary = model.summary()
    assert "by RandomForestClassifier, cross-fitted in 5 folds." in summary.headline
    assert any("may have different scores" in note for note in summary.notes)
    assert any("no measure of the model's quality" in note for note in summary.notes)
    assert model.plot().get_ylabel() == "Share treated"


def test_a_design_made_on_it_knows_its_model_and_its_people() -> None:
    table = people(300)
    model = scored(table, GaussianNB())
    design = dip.match(table, treated="treated", covariates=COVARIATES, score=model)
    assert design.propensity is model
    pd.testing.assert_series_equal(design.score, model.score, check_names=False)


def test_chances_of_nought_and_one_are_moved_inside_and_counted() -> None:
    table = people(200)
    model = scored(table, DecisionTreeClassifier(random_state=0))
    assert model.score.min() == pytest.approx(0.5 / 200)
    assert model.score.max() == pytest.approx(1 - 0.5 / 200)
    ends = int(((model.score < 0.003) | (model.score > 0.997)).sum())
    assert any(f"{ends} of 200 scores were closer to 0 or 1" in note for note in model.notes)


@pytest.mark.parametrize(
    ("learner", "words"),
    [
        (LogisticRegression(), "L2 penalty, C = 1"),
        (LogisticRegression(C=0.5, l1_ratio=1.0, solver="saga"), "L1 penalty, C = 0.5"),
        (LogisticRegression(l1_ratio=0.3, solver="saga"), "elastic-net penalty with an L1 share of 0.3, C = 1"),
        (LogisticRegression(C=np.inf), "no penalty"),
        (make_pipeline(StandardScaler(), LogisticRegression(C=0.1)), "L2 penalty, C = 0.1"),
        (KNeighborsClassifier(7), "no penalty as such; n_neighbors = 7"),
        (GaussianNB(), "settings of the learner as given; no penalty known"),
    ],
)
def test_the_penalty_is_said_in_words(learner: Any, words: str) -> None:
    assert penalty_in_words(learner) == words


def test_the_default_penalty_is_warned_of_and_so_is_the_unit_it_depends_on() -> None:
    notes = scored(people(200), LogisticRegression(max_iter=1000)).notes
    assert any("shrinks its coefficients (L2 penalty, C = 1)" in note for note in notes)
    assert any("depends on the unit of each column" in note for note in notes)
    assert not any("depends on the unit" in note for note in scored(people(200), RIDGE).notes)


def test_a_learner_that_does_not_settle_says_so_in_a_note_and_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        notes = scored(people(200), LogisticRegression(solver="saga", max_iter=1)).notes
    assert any("it did not converge" in note for note in notes)


def test_sample_weights_reach_a_learner_that_takes_them_and_no_other() -> None:
    table = people(200).assign(survey=lambda t: 1 + t["age"] % 4)
    assert not (scored(table, RIDGE, sample_weights="survey").score == scored(table, RIDGE).score).all()
    with pytest.raises(InputError, match="KNeighborsClassifier takes no sample weights"):
        scored(table, KNeighborsClassifier(), sample_weights="survey")


class Failing(GaussianNB):
    """Breaks on any data."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        raise RuntimeError("row 17 holds 123")


class OneColumn(GaussianNB):
    """Gives one chance where two are due."""

    def predict_proba(self, X: Any) -> Any:
        return super().predict_proba(X)[:, :1]


@pytest.mark.parametrize(
    ("learner", "kind", "sentence"),
    [
        (LinearRegression(), InputError, "must be a classifier; LinearRegression is none"),
        (LinearSVC(), InputError, "LinearSVC has no predict_proba"),
        (RandomForestClassifier, InputError, r"write RandomForestClassifier\(\)"),
        (5, InputError, "must be a scikit-learn classifier.*it is a int"),
        ("forest", InputError, "must be a scikit-learn classifier.*it is a str"),
        (Failing(), DesignError, r"The learner Failing failed on these people \(RuntimeError\)"),
        (OneColumn(), DesignError, "gave no two chances"),
        (RandomForestClassifier(n_estimators=-1), DesignError, "failed on these people"),
    ],
)
def test_what_cannot_score_people_is_refused_in_a_sentence(learner: Any, kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind, match=sentence) as refusal:
        scored(people(), learner)
    assert "123" not in str(refusal.value)


@pytest.mark.parametrize(
    ("folds", "sentence"), [(1, "at least 2; it is 1"), (2.5, "it is 2.5"), (True, "it is True"), (30, "for 30 folds")]
)
def test_folds_that_cannot_be(folds: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        scored(people(), GaussianNB(), folds=folds)


def test_few_people_in_a_fold_are_noted() -> None:
    assert any("in each fold: few for a flexible learner" in note for note in scored(people(100), GaussianNB()).notes)


def test_a_seed_that_cannot_be() -> None:
    with pytest.raises(InputError, match="seed must be a whole number, such as 1; it is 'x'"):
        scored(people(), GaussianNB(), seed="x")
