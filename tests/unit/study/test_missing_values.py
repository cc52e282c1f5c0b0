"""Values that are not recorded, and columns of words: refused, left out, or taken, as the study file says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.cohort.missing import ASSUMPTION
from dipeval.errors import InputError, StudyFileError
from dipeval.report import words
from dipeval.study.load import _without_gaps
from dipeval.study.missing import LEFT_OUT
from tests.unit.study.people_study import COVARIATES, people, study


def gappy() -> pd.DataFrame:
    """Thirty people without an age, thirty without priors (ten of them the same), one without the treatment."""
    frame = people().astype({"age": "float64", "priors": "float64", "helped": "float64"})
    frame.loc[:29, "age"] = None
    frame.loc[20:49, "priors"] = None
    frame.loc[299, "helped"] = None
    return frame


def test_gaps_are_refused_with_their_columns_their_people_and_the_choices(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        study(tmp_path, gappy()).check()
    told = str(caught.value)
    assert "of 299 people: age (30 people); priors (30 people)." in told
    for choice in ('"leave_out"', '"indicator"', '"refuse"'):
        assert choice in told


def test_people_with_a_gap_are_left_out_and_counted(tmp_path: Path) -> None:
    result = study(tmp_path, gappy(), design={"missing": "leave_out"}).run()
    assert list(result.flow["n_excluded"])[:2] == [0, 51]
    assert len(result.design.weights) == 249
    assert result.assumptions == (LEFT_OUT,)
    assert LEFT_OUT in result.summary().notes


def test_gaps_are_filled_marked_and_the_assumption_is_told(tmp_path: Path) -> None:
    made = study(tmp_path, gappy(), design={"missing": "indicator"}, people={"labels": {"age": "Age now"}})
    result = made.run()
    assert list(result.flow["n_excluded"])[:2] == [0, 1]
    assert list(result.flow["label"])[1] == "With the treatment recorded"
    assert result.design.covariates == (*COVARIATES, "age_missing", "priors_missing")
    assert result.design.balance().max_smd < 1e-6
    assert result.assumptions[0] == ASSUMPTION
    assert ASSUMPTION in made.check().in_words()
    assert result.provenance()["design"]["assumptions"][0] == ASSUMPTION
    assert words.covariate(result, "age_missing") == "Age now: not recorded"


def test_without_gaps_the_three_choices_are_one(tmp_path: Path) -> None:
    made = [study(tmp_path, design={"missing": how}).run() for how in ("refuse", "leave_out", "indicator")]
    assert len({result.design.fingerprint for result in made}) == 1
    assert all(result.assumptions == () for result in made)


def test_a_design_has_the_marks_of_its_own_columns_only(tmp_path: Path) -> None:
    beside = [{"name": "one", "label": "One", "method": "ipw", "covariates": ["priors", "female"]}]
    check = study(tmp_path, gappy(), design={"missing": "indicator"}, sensitivity=beside).check()
    assert check.sensitivity[0].design.covariates == ("priors", "female", "priors_missing")


@pytest.mark.parametrize(
    "keys",
    [
        {"method": "nearest", "exact": ["district"]},
        {"method": "nearest", "covariate_calipers": {"age": 10.0}},
        {"method": "nearest", "mahalanobis": ["age", "priors"]},
        {"method": "ipw", "formula": "age + priors * female"},
        {"method": "ipw", "learner": "ridge"},
        {"method": "cem", "covariates": ["age", "female"]},
    ],
)
def test_marks_go_with_every_kind_of_design(tmp_path: Path, keys: dict[str, Any]) -> None:
    frame = gappy()
    frame.loc[20:24, "district"] = " "
    changes = {"categories": ["district"]} if "exact" in keys else {}
    design = study(tmp_path, frame, design={"missing": "indicator"} | keys, people=changes).check().design
    assert "age_missing" in design.covariates
    assert len(design.weights) == 299
    if "formula" in keys:
        assert "age_missing" in set(design.propensity.to_frame()["term"])


def test_the_order_of_the_rows_moves_nothing_with_gaps(tmp_path: Path) -> None:
    frame, keys = gappy(), {"missing": "indicator", "method": "nearest"}
    one = study(tmp_path, frame, design=keys).check().design
    other = study(tmp_path, frame.sample(frac=1, random_state=4), design=keys).check().design
    assert one.fingerprint == other.fingerprint


def test_a_sample_weight_is_never_filled_in(tmp_path: Path) -> None:
    frame = people()
    frame.loc[:3, "survey"] = None
    keys = {"method": "ipw", "sample_weights": "survey", "missing": "indicator"}
    with pytest.raises(InputError, match=r"survey \(4 people\).*cannot be filled in"):
        study(tmp_path, frame, design=keys).check()
    left = study(tmp_path, frame, design=keys | {"missing": "leave_out"}).check()
    assert len(left.design.weights) == 296


def test_a_gap_in_the_treatment_is_always_left_out_and_counted(tmp_path: Path) -> None:
    frame = people().astype({"helped": "float64"})
    frame.loc[:4, "helped"] = None
    assert list(study(tmp_path, frame).check().flow["n_excluded"])[:2] == [0, 5]


def test_categories_are_balanced_level_by_level(tmp_path: Path) -> None:
    frame = people()
    frame["district"] = [f" {name} " if place % 2 else name for place, name in enumerate(frame["district"])]
    keys = {"covariates": [*COVARIATES, "district"], "references": {"district": "Wakefield"}, "method": "ipw"}
    check = study(tmp_path, frame, design=keys, people={"categories": ["district"]}).check()
    terms = list(check.to_frame()["term"])
    assert {"district[Bradford]", "district[Leeds]", "district[Wakefield]"} <= set(terms)
    fitted = list(check.design.propensity.to_frame()["term"])
    assert "district[Wakefield]" not in fitted
    assert "district[Bradford]" in fitted


def test_gaps_in_a_category_are_a_level_of_their_own(tmp_path: Path) -> None:
    frame = people()
    frame.loc[:9, "district"] = "  "
    keys = {"covariates": [*COVARIATES, "district"], "missing": "indicator"}
    result = study(tmp_path, frame, design=keys, people={"categories": ["district"]}).run()
    assert "district[(missing)]" in set(result.design.balance().to_frame()["term"])
    assert words.covariate(result, "district[(missing)]").endswith(": not recorded")


@pytest.mark.parametrize(
    ("design", "given", "wanted"),
    [
        ({"covariates": ["age", "district"]}, {}, "people.categories"),
        ({}, {"categories": ["district"]}, "is used by no design"),
        ({"covariates": ["age", "district"]}, {"categories": ["district"], "excluded": {"district": "no"}}, "excluded"),
        (
            {"method": "nearest", "covariate_calipers": {"district": 1.0}},
            {"categories": ["district"]},
            "holds words",
        ),
        ({"method": "cem", "covariates": ["age", "district"], "cutpoints": {"district": 2}},
         {"categories": ["district"]}, "holds words"),
    ],
)  # fmt: skip
def test_words_where_numbers_are_needed_are_named(
    tmp_path: Path, design: dict[str, Any], given: dict[str, Any], wanted: str
) -> None:
    with pytest.raises((InputError, StudyFileError), match=wanted):
        study(tmp_path, design=design, people=given).check()


def test_a_reference_level_that_nobody_has_is_a_sentence(tmp_path: Path) -> None:
    keys = {"covariates": ["age", "district"], "references": {"district": "York"}, "method": "ipw"}
    with pytest.raises(InputError, match="York"):
        study(tmp_path, design=keys, people={"categories": ["district"]}).check()


def test_an_outcome_written_in_words_is_no_category(tmp_path: Path) -> None:
    frame = people().assign(later=lambda f: f["came_back"].map({1: "back", 0: "away"}))
    keys = {"covariates": [*COVARIATES, "later"]}
    with pytest.raises(InputError, match="'later' holds the very values of the outcome 'came_back'"):
        study(tmp_path, frame, design=keys, people={"categories": ["later"]}).check()


class Cohort:
    """A cohort with a gap in its risk score, as far as the people of a study need one."""

    def __init__(self) -> None:
        self.people = pd.DataFrame(
            {"treated": [1, 0, 1, 0], "risk_score": [0.1, None, 0.3, 0.4]},
            index=pd.Index(list("abcd"), name="person_id"),
        )
        self.measured_at = {"treated": "exposure", "risk_score": "at_index"}


def test_gaps_in_the_risk_score_of_a_cohort_are_refused_left_out_or_kept_for_filling(tmp_path: Path) -> None:
    keys = {"covariates": ["risk_score"]}
    made = {
        how: study(tmp_path, people().assign(risk_score=1), design=keys | {"missing": how}).spec
        for how in ("refuse", "leave_out", "indicator")
    }
    cohort: Any = Cohort()
    with pytest.raises(InputError, match=r"risk_score \(1 people\)"):
        _without_gaps(cohort, made["refuse"], [])
    flow: list[Any] = []
    left, known = _without_gaps(cohort, made["leave_out"], flow)
    assert list(left.index) == ["a", "c", "d"]
    assert known == {"risk_score": "at_index"}
    assert (flow[0].n_people, flow[0].n_excluded) == (3, 1)
    assert _without_gaps(cohort, made["indicator"], []) == (cohort, {})


def test_a_whole_cohort_goes_through_with_gaps_filled_or_left_out() -> None:
    from dipeval.linkage import true_linkage
    from dipeval.study import steps
    from dipeval.study.load import from_linkage
    from tests.unit.study.test_study_choices import spec

    extracts = dip.simulate(people=300, seed=1)
    scores = extracts.table("drug_tests")
    scores = scores.assign(risk_score=[0.1 + 0.01 * (place % 50) for place in range(len(scores))])
    scores.loc[scores.index[::7], "risk_score"] = None
    tables = {name: extracts.table(name) for name in extracts.names} | {"drug_tests": scores}
    given = dip.make_extracts(tables, extract_date=extracts.extract_date)
    given = replace(given, truth=extracts.truth)
    told = {
        how: spec(design={"method": "ipw", "covariates": ["age_at_index", "risk_score"], "missing": how})
        for how in ("indicator", "leave_out")
    }
    prepared = from_linkage(told["indicator"], given, true_linkage(given))
    filled = steps.primary_design(prepared, told["indicator"])
    assert filled.covariates == ("age_at_index", "risk_score", "risk_score_missing")
    assert len(filled.weights) == len(prepared.cohort.people)
    left, moments = _without_gaps(prepared.cohort, told["leave_out"], [])
    fewer = steps.primary_design(replace(prepared, people=left, measured_at=moments), told["leave_out"])
    assert fewer.covariates == ("age_at_index", "risk_score")
    assert len(fewer.weights) == int(prepared.cohort.people["risk_score"].notna().sum())
