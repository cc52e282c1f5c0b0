"""What cannot be used is refused in a sentence, by every function that estimates: no other error, nobody's value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.asked import names_asked, numbers_asked, words_asked
from dipeval.effects.checks.specifications_grid import SpecificationLimits
from dipeval.effects.design_analysis import DesignAnalysis, make_groups_comparable
from dipeval.errors import EstimationError, InputError
from tests.unit.effects.crowd import COVARIATES, crowd
from tests.unit.effects.jdl_people import analysed, invented

PEOPLE = crowd(200, seed=3)
PEOPLE["treated"] = PEOPLE["treated"] * (np.arange(200) % 2)
BASELINE = PEOPLE.drop(columns=["reoffended", "n_reoffences", "harm"])
WEIGHTS = dip.weight(PEOPLE, treated="treated", covariates=COVARIATES, method="ipw")
PAIRS = dip.match(PEOPLE, treated="treated", covariates=COVARIATES)
ANALYSIS = DesignAnalysis(covariates=COVARIATES, outcome="reoffended", method="none")
OUTCOMES = PEOPLE[["reoffended", "n_reoffences", "harm"]]
COUNTS = pd.DataFrame({"before": [1, 2, 0, 3], "after": [0, 1, 1, 2]})
SECRET = "QQ123"


def effect(outcome: Any = PEOPLE["reoffended"], **options: Any) -> Any:
    return dip.estimate_effect(WEIGHTS, outcome, **options)


def groups(**options: Any) -> Any:
    return dip.subgroup_effects(WEIGHTS, PEOPLE["reoffended"], BASELINE, **{"by": ["district"], **options})


def several(outcomes: Any = OUTCOMES, **options: Any) -> Any:
    return dip.estimate_effects(WEIGHTS, outcomes, **{"primary": "reoffended", **options})


def controls(people: Any = PEOPLE, **options: Any) -> Any:
    asked = {"analysis": ANALYSIS, "controls": [dip.NegativeControl(column="survey")]}
    return dip.negative_controls(people, **{**asked, **options})


def grid(**options: Any) -> Any:
    return dip.SpecificationGrid(**{"covariates": COVARIATES, "methods": ["none"], **options})


def curve(**options: Any) -> Any:
    return dip.specification_curve(PEOPLE, PEOPLE["reoffended"], **{"grid": grid(), **options})


def change(people: Any = COUNTS, **options: Any) -> Any:
    return dip.before_after(people, **options)


CASES: dict[str, tuple[Callable[[], Any], str]] = {
    "adjust is a number": (lambda: effect(estimator="regression", adjust=5), "adjust must be a list of names"),
    "adjust of subgroups": (lambda: groups(estimator="regression", adjust=5), "adjust must be a list of names"),
    "model is a list": (lambda: effect(estimator="aipw", model=["logit"]), "model must be a piece of text"),
    "name is a number": (lambda: effect(outcome_name=3), "outcome_name must be a piece of text"),
    "name is a list": (lambda: effect(outcome_name=["a"]), "outcome_name must be a piece of text"),
    "too large to square": (lambda: effect(PEOPLE["harm"] * 1e300, measure="mean_difference"), "too large"),
    "too small to square": (lambda: effect(PEOPLE["harm"] * 1e-300, measure="mean_difference"), "too small"),
    "another index": (lambda: effect(PEOPLE["reoffended"].reset_index(drop=True)), "stands on another index"),
    "text at risk": (
        lambda: effect(PEOPLE["n_reoffences"], measure="rate_ratio", at_risk=PEOPLE["age"].astype(str) + SECRET),
        "The time at risk is not numeric",
    ),
    "two columns of a name": (
        lambda: effect(pd.concat([OUTCOMES, OUTCOMES], axis=1), outcome_name="harm"),
        "more than one column 'harm'",
    ),
    "rosenbaum gammas": (lambda: dip.rosenbaum_bounds(PAIRS, PEOPLE["harm"], gammas=3), "gammas must be a list"),  # type: ignore[arg-type]
    "rosenbaum words": (lambda: dip.rosenbaum_bounds(PAIRS, PEOPLE["harm"], gammas=["x"]), "gammas must be a list"),  # type: ignore[list-item]
    "multiples": (lambda: dip.robustness_value(PAIRS, PEOPLE["harm"], multiples=3), "multiples must be a list"),  # type: ignore[arg-type]
    "benchmarks": (lambda: dip.robustness_value(PAIRS, PEOPLE["harm"], benchmarks=3), "benchmarks must be a list"),  # type: ignore[arg-type]
    "by is nothing": (lambda: groups(by=None), "by must be a list of names"),
    "cut is a list": (lambda: groups(by=["age"], cut=[1]), "cut must be a mapping"),
    "cut by words": (lambda: groups(by=["age"], cut={"age": [SECRET]}), "must be a list of finite numbers"),
    "labels of groups": (lambda: groups(labels={"district": 3}), "labels must give words"),
    "labels of outcomes": (lambda: several(labels={"harm": None}), "labels must give words"),
    "families": (lambda: several(families={"harm": ["a"]}), "families must give words"),
    "measures": (lambda: several(measures={"harm": 3}), "must be a list of names"),
    "one outcome's measure": (lambda: several(measure="risk_ratio"), "measures= gives each its measure"),
    "two rows a person": (lambda: several(pd.concat([OUTCOMES, OUTCOMES])), "more than one row for 200 people"),
    "nameless outcomes": (lambda: several(OUTCOMES.set_axis([0, 1, 2], axis=1), primary=0), "names are no text"),
    "analysis": (lambda: controls(analysis=None), "analysis must be a DesignAnalysis"),
    "cohort": (lambda: controls(cohort=3), "cohort must be what dip.build_cohort gives"),
    "nobody is treated": (lambda: controls(PEOPLE.drop(columns="treated")), "no column 'treated'"),
    "window of no column": (lambda: controls(windows={"survy": (-9, -1)}), "survy, which is no column of people"),
    "windows": (lambda: controls(windows=pd.DataFrame()), "no column column, from_days, to_days"),
    "label": (lambda: dip.NegativeControl(column="survey", label=3), "label must be a piece of text"),  # type: ignore[arg-type]
    "limits": (lambda: curve(limits=3), "limits must be SpecificationLimits"),
    "limit of nothing": (lambda: SpecificationLimits(max_smd=float("nan")), "no limit of a design"),
    "grid options": (lambda: grid(options=3), "options of the grid must be a mapping"),
    "grid estimation": (lambda: grid(estimation=3), "estimation of the grid must be a mapping"),
    "left out": (lambda: grid(leave_out=3), "leave_out must be a list of names"),
    "unknown option": (lambda: curve(grid=grid(options={"none": {"wrong": 1}})), "wrong, which is no option of dip"),
    "unknown score": (lambda: curve(grid=grid(score={"wrong": 1})), "wrong, which is no option of dip.propensity"),
    "similar": (lambda: change(similar="x"), "must be shares"),
    "level": (lambda: change(level="x"), "no coverage"),
    "k": (lambda: change(k="x"), "no spread of rates"),
    "days": (lambda: change(days=0), "days"),
    "gap": (lambda: change(gap_days=3), "are for a cohort"),
    "time at risk": (lambda: change(time_at_risk=3), "time_at_risk must be a mapping"),
    "no rows": (lambda: change(COUNTS.iloc[:0]), "no rows"),
    "no count": (lambda: change(COUNTS.assign(before=1e300)), "missing, or no whole number"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_used_is_refused_in_a_sentence(name: str) -> None:
    ask, words = CASES[name]
    with pytest.raises(InputError, match=words) as caught:
        ask()
    assert SECRET not in str(caught.value)


def test_a_single_name_is_a_list_of_one() -> None:
    regression: dict[str, Any] = {"estimator": "regression"}
    assert effect(adjust="age", **regression).estimate == effect(adjust=["age"], **regression).estimate
    first, second = (groups(adjust=asked, **regression).to_frame() for asked in ("age", ["age"]))
    pd.testing.assert_frame_equal(first, second)
    assert names_asked("by", {"age"}) == ("age",)
    assert numbers_asked("gammas", np.array([1, 2]), "[1]") == (1.0, 2.0)
    assert words_asked("labels", None, "column") == {}


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ([[1]] * 200, "make no levels"),
        ((np.arange(200) % 2).astype(complex), "make no levels"),
    ],
)
def test_values_without_an_order_make_no_subgroups(levels: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        dip.subgroup_effects(WEIGHTS, PEOPLE["reoffended"], BASELINE.assign(kind=list(levels)), by=["kind"])


def test_dates_make_subgroups_without_a_warning() -> None:
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(200) % 2, unit="D")
    found = dip.subgroup_effects(WEIGHTS, PEOPLE["reoffended"], BASELINE.assign(quarter=dates), by=["quarter"])
    assert len(found.to_frame()) == 2


def test_people_on_another_index_are_refused_without_a_warning() -> None:
    with pytest.raises(InputError, match="no row for 200 of the 200 people"):
        dip.subgroup_effects(WEIGHTS, PEOPLE["reoffended"], BASELINE.reset_index(drop=True), by=["district"])


@pytest.mark.parametrize("times", [8, 1])
def test_a_share_beyond_0_and_1_is_refused_or_said(times: int) -> None:
    far = PEOPLE.assign(far=np.exp(times * PEOPLE["age"]), young=(PEOPLE["age"] > 0).astype(int))
    far["treated"] = (PEOPLE["age"] + np.sin(np.arange(200)) > 1).astype(int)
    design = dip.weight(far, treated="treated", covariates=["age", "far"], method="none")
    asked: dict[str, Any] = {"estimator": "regression", "model": "linear"}
    if times > 1:
        with pytest.raises(EstimationError, match="more than 100 percentage points"):
            dip.estimate_effect(design, far["young"], **asked)
    else:
        found = dip.estimate_effect(design, far["young"], **asked)
        assert max(found.mean_treated, found.mean_comparison) > 1
        assert any("no share can be" in note for note in found.summary().notes)


def test_a_score_that_separates_in_a_part_says_so() -> None:
    far = PEOPLE.assign(rare=(np.arange(200) < 3).astype(int), treated=PEOPLE["treated"].where(np.arange(200) > 2, 1))
    far.loc[far.index[2], "treated"] = 0
    design = dip.weight(far, treated="treated", covariates=["age", "rare"], method="ipw")
    with pytest.raises(EstimationError, match="outside one of the 20 parts"):
        dip.estimate_effect(design, far["harm"], measure="mean_difference", estimator="aipw", folds=20, adjust=["age"])


def test_a_score_that_separates_is_a_sentence_of_the_outcome_model_too() -> None:
    far = PEOPLE.assign(young=(PEOPLE["age"] > 0).astype(int))
    design = dip.weight(far, treated="treated", covariates=COVARIATES, method="none")
    with pytest.raises(EstimationError, match="Leave such covariates out"):
        dip.estimate_effect(design, far["young"], estimator="regression")


@pytest.mark.parametrize("column", ["n_reoffences", "time_days"])
def test_what_lies_below_nought_is_no_count_and_no_time(column: str) -> None:
    people = invented(600)
    with pytest.raises(InputError, match="below 0 for"):
        analysed(people.assign(**{column: -1}))


def test_a_unit_of_time_is_a_word() -> None:
    with pytest.raises(InputError, match="time_unit must be a word"):
        analysed(invented(600), time_unit=3)


def test_an_option_of_a_design_must_be_one() -> None:
    with pytest.raises(InputError, match="no option of dip"):
        make_groups_comparable(PEOPLE, covariates=COVARIATES, method="nearest", options={"calliper": 0.1})
