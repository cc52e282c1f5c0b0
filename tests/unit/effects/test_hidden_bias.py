"""Everything on hidden bias in one table: what stands in it, what is left out and why, and words never used."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import dipeval as dip
from dipeval.datasets import recid
from dipeval.effects.hidden import words as hidden_words
from dipeval.errors import InputError
from dipeval.plots.style import to_png

COVARIATES = ["priors", "educ", "age"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    data = recid()
    rng = np.random.default_rng(1)
    return data.assign(n_reoffences=rng.poisson(2 - 0.5 * data["workprg"]).astype(float))


@pytest.fixture(scope="module")
def pairs(people: pd.DataFrame) -> Any:
    return dip.match(people, treated="workprg", covariates=COVARIATES)


@pytest.fixture(scope="module")
def found(people: pd.DataFrame, pairs: Any) -> dip.HiddenBias:
    effect = dip.estimate_effect(pairs, people["n_reoffences"], measure="mean_difference")
    return dip.hidden_bias(pairs, people["n_reoffences"], effect)


def test_no_template_reads_an_unclear_answer_as_nothing_having_happened() -> None:
    assert len(hidden_words.TEMPLATES) > 50
    for text in hidden_words.TEMPLATES:
        plain = text.lower()
        for banned in ("no effect", "no difference in outcome", "did not work", "control", "significant", "robust to"):
            assert banned not in plain, text


def test_the_table_has_a_row_for_each_way_of_asking(found: dip.HiddenBias) -> None:
    frame = found.to_frame().set_index("method")
    assert frame.index.tolist() == ["e_value", "rosenbaum_bounds", "robustness_value", "benchmark"]
    assert found.bounds is not None
    assert found.robustness is not None
    assert frame.loc["e_value", ["value", "limit_value"]].tolist() == [found.effect.e_value, found.effect.e_value_limit]
    assert frame.loc["rosenbaum_bounds", "limit_value"] == found.bounds.gamma_critical
    assert frame.loc["rosenbaum_bounds", "value"] == found.bounds.gamma_estimate
    assert found.bounds.alternative == "two_sided"
    assert frame.loc["robustness_value", ["value", "limit_value"]].tolist() == [
        found.robustness.rv,
        found.robustness.rv_limit,
    ]
    moved = found.robustness.to_frame().set_index(["term", "multiple"]).loc[(found.robustness.strongest(1)[0], 1.0)]
    assert frame.loc["benchmark", "value"] == moved["estimate"]
    assert frame.loc["benchmark", "limit_value"] == moved["conf_high"]
    assert found.left_out == ()
    assert (found.to_frame()["reading"].str.len() > 20).all()


def test_the_headline_says_what_it_would_take_and_that_it_cannot_be_known(found: dip.HiddenBias) -> None:
    headline = found.summary().headline
    assert headline.startswith(
        "Number of proven reoffences: to make the interval reach equality, something not measured"
    )
    assert headline.endswith("Whether anything like that exists cannot be learned from these figures.")


def test_an_interval_that_includes_equality_has_nothing_to_overturn(people: pd.DataFrame, pairs: Any) -> None:
    effect = dip.estimate_effect(pairs, people["returned_12m"])
    summary = dip.hidden_bias(pairs, people["returned_12m"], effect, benchmarks=["age"]).summary()
    assert "more people would be needed to tell" in summary.headline
    readings = " ".join(summary.to_frame()["What it would take"])
    assert readings.count("the interval already includes equality") == 2
    assert "not below 0.05 to begin with" in readings
    assert summary.to_frame()["Method"].iloc[-1].startswith("As strong as Age")


def test_without_pairs_the_bounds_are_left_out_with_the_reason(people: pd.DataFrame) -> None:
    design = dip.weight(people, treated="workprg", covariates=COVARIATES)
    effect = dip.estimate_effect(design, people["n_reoffences"], measure="mean_difference")
    found = dip.hidden_bias(design, people[["n_reoffences"]], effect)
    assert found.bounds is None
    assert found.to_frame()["method"].tolist() == ["e_value", "robustness_value", "benchmark"]
    assert found.left_out[0].startswith("Not given: Rosenbaum bounds (Gamma). The design ('entropy') has no pairs")
    assert found.left_out[0] in found.summary().notes


def test_an_outcome_below_nil_has_no_e_value_and_the_rest_stands(people: pd.DataFrame, pairs: Any) -> None:
    score = people["n_reoffences"] - 1.5
    effect = dip.estimate_effect(pairs, score, measure="mean_difference")
    found = dip.hidden_bias(pairs, score, effect)
    assert "e_value" not in set(found.to_frame()["method"])
    assert any(note.startswith("Not given: E-value.") for note in found.left_out)
    assert math.isnan(effect.e_value)


def test_a_rate_has_its_e_value_alone(people: pd.DataFrame, pairs: Any) -> None:
    days = pd.Series(365.0, people.index)
    effect = dip.estimate_effect(pairs, people["n_reoffences"], measure="rate_ratio", at_risk=days)
    found = dip.hidden_bias(pairs, people["n_reoffences"], effect)
    assert found.to_frame()["method"].tolist() == ["e_value"]
    assert len(found.left_out) == 2
    assert isinstance(found.plot(), Axes)


def test_what_does_not_belong_together_is_refused(people: pd.DataFrame, pairs: Any, found: dip.HiddenBias) -> None:
    other = dip.match(people, treated="workprg", covariates=["age"])
    with pytest.raises(InputError, match="another design"):
        dip.hidden_bias(other, people["n_reoffences"], found.effect)
    with pytest.raises(InputError, match="the outcome passed is 'returned_12m'"):
        dip.hidden_bias(pairs, people["returned_12m"], found.effect)
    with pytest.raises(InputError, match=r"what dip\.estimate_effect gives"):
        dip.hidden_bias(pairs, people["n_reoffences"], "effect")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="No covariate of the design"):
        dip.hidden_bias(pairs, people["n_reoffences"], found.effect, benchmarks=["married"])


def test_frames_are_copies_and_pictures_the_same_bytes(found: dip.HiddenBias) -> None:
    assert found.bounds is not None
    assert found.robustness is not None
    for result in (found, found.bounds, found.robustness):
        first = result.to_frame()
        first.iloc[0, 1] = "changed" if result is found else -1.0
        assert result.to_frame().iloc[0, 1] != first.iloc[0, 1]
        assert to_png(result.plot()) == to_png(result.plot())
        assert "_frame" not in repr(result)
        html = result._repr_html_()
        assert html.count("<table") == 1
        assert len(html) < 12_000
