"""What a design says of itself: how it was made, with which score, and about whom."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.balance_words import smd_shown, verdict
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}


def said(design: dip.Design) -> str:
    return " ".join(design.summary().notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"method": "radius"},
            ["on the logit of the propensity score: caliper 0.2", "one comparison person may count"],
        ),
        ({"method": "radius", "estimand": "ATC"}, ["one treated person may count for several"]),
        (
            {"method": "subclass"},
            ["classes of the logit of the propensity score", "the treated people spread evenly over"],
        ),
        ({"method": "subclass", "estimand": "ATE", "subclasses": 3}, ["3 classes", "everybody spread evenly over 3"]),
        ({"anti_exact": ["district"]}, ["People are compared only if different on district."]),
        ({"exact": ["district"], "covariate_calipers": {"age": 8}}, ["equal on district and at most 8 apart on age."]),
        ({"method": "cem", "cutpoints": {"age": 4, "priors": [1]}}, ["Bins in use: age 4, priors 2."]),
    ],
)
def test_a_matched_design_says_how_it_was_made(options: dict[str, Any], words: list[str]) -> None:
    notes = said(dip.match(people(300), **COMMON, **options))
    assert all(word in notes for word in words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "treated people count 1, comparison people p/(1 - p)."),
        ({"estimand": "ATC"}, "comparison people count 1, treated people (1 - p)/p."),
        ({"estimand": "ATE", "stabilise": True}, "comparison people 1/(1 - p), times each group's share (stabilised)."),
    ],
)
def test_inverse_probability_weights_say_what_each_group_counts(options: dict[str, Any], words: str) -> None:
    assert words in said(dip.weight(people(300), method="ipw", **COMMON, **options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "ipw"}, "treated people not trimmed away"),
        ({"method": "ipw", "estimand": "ATE"}, "people, treated or not, not trimmed away"),
        ({"method": "overlap"}, "(overlap population), among the"),
    ],
)
def test_people_trimmed_are_not_called_people_without_a_match(options: dict[str, Any], words: str) -> None:
    design = dip.weight(people(300), trim="preference", **COMMON, **options)
    assert words in design.estimand_in_words
    assert "was found" not in design.estimand_in_words


def test_a_design_repeats_where_its_scores_come_from() -> None:
    forest = pytest.importorskip("sklearn.ensemble").RandomForestClassifier(n_estimators=5, min_samples_leaf=20)
    table = people(400)
    design = dip.match(table, score=dip.propensity(table, learner=forest, folds=4, **COMMON), **COMMON)
    assert "Scores by RandomForestClassifier (no penalty as such; n_estimators = 5" in said(design)
    assert "Scores by cross-fitting: 4 folds" in said(design)
    record = design.options["score"]
    assert (record["learner"], record["folds"], record["formula"]) == ("RandomForestClassifier", 4, None)
    other = dip.match(table, score=dip.propensity(table, learner=forest, folds=5, **COMMON), **COMMON)
    assert other.fingerprint != design.fingerprint


def test_a_formula_stands_in_the_record_and_the_plain_model_does_not() -> None:
    table = people(300)
    plain = dip.match(table, **COMMON)
    assert "score" not in plain.options
    assert dip.match(table, score=dip.propensity(table, **COMMON), **COMMON).fingerprint == plain.fingerprint
    squared = dip.match(table, formula="age + I(age**2) + priors + district", **COMMON)
    assert squared.options["score"]["formula"] == "age + I(age**2) + priors + district"
    own = dip.match(table, score=plain.score, **COMMON)
    assert own.options["score"] == "supplied by the caller"


def test_a_model_of_other_columns_is_named_and_one_of_another_treatment_refused() -> None:
    table = people(300).assign(late=lambda frame: frame["reoffended"])
    design = dip.match(table, treated="treated", covariates=["age"], score=dip.propensity(table, **COMMON))
    assert "The propensity model was made from age, priors, district; balance is judged on age." in design.notes
    model = dip.propensity(table, treated="late", covariates=COVARIATES)
    for made in (dip.match, dip.weight):
        with pytest.raises(InputError, match="a model of another treatment"):
            made(table, score=model, **COMMON)


def test_cautions_about_the_model_are_repeated_where_its_scores_are_used() -> None:
    table = people(30, seed=1, share=0.4)
    words = "people for each term"
    assert words in said(dip.weight(table, method="ipw", **COMMON))
    assert words in said(dip.match(table, caliper=None, method="subclass", subclasses=2, **COMMON))
    assert words not in said(dip.weight(table, method="none", **COMMON))


def test_a_space_about_its_name_hides_no_outcome() -> None:
    table = people(120).rename(columns={"reoffended": " Reoffended "})
    with pytest.raises(DesignError, match="the name of an outcome"):
        dip.match(table, exact=[" Reoffended "], **COMMON)
    with pytest.raises(DesignError, match="the name of an outcome"):
        dip.match(table, score=table[" Reoffended "] * 0.5 + 0.2, **COMMON)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.05, "5.0%"), (0.0501, "5.01%"), (0.0999, "9.99%"), (0.10004, "10.004%"), (0.2, "20.0%")]
)
def test_a_difference_is_shown_on_its_own_side_of_the_band(value: float, shown: str) -> None:
    assert smd_shown(value) == shown
    assert smd_shown(-value) == f"−{shown}"


def test_a_ratio_that_is_outside_does_not_look_as_if_it_were_on_the_limit() -> None:
    frame = pd.DataFrame(
        {"term": ["age"], "kind": "covariate", "smd_after": [0.0501], "variance_ratio_after": [0.4981]}
    )
    words = verdict(frame, people=(40, 40), effective=(40.0, 40.0))
    assert "(Age 5.01%)" in words
    assert "variance ratio 0.4981, outside 0.5 to 2" in words


def test_a_formula_beside_another_score_is_not_passed_over() -> None:
    table = people(300)
    formula = "age + priors + district"
    model = dip.propensity(table, treated="treated", formula=formula)
    for made in (dip.match, dip.weight):
        for score in (model.score, dip.propensity(table, **COMMON)):
            with pytest.raises(InputError, match="formula= is for the model fitted here"):
                made(table, score=score, formula=formula, treated="treated")
        assert made(table, score=model, formula=formula, treated="treated").propensity is model


def test_a_model_fitted_without_the_sample_weights_is_remarked_on() -> None:
    table = people(300).assign(stands_for=2.5)
    table.iloc[::2, -1] = 1.0
    words = "The propensity model was fitted without the sample weights."
    common = {**COMMON, "sample_weights": "stands_for"}
    plain = dip.weight(table, method="ipw", score=dip.propensity(table, **COMMON), **common)
    assert words in plain.notes
    weighted = dip.weight(table, method="ipw", score=dip.propensity(table, **common), **common)
    assert words not in weighted.notes
    assert weighted.balance().max_smd < plain.balance().max_smd
