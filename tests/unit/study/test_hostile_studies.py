"""Study files and tables that cannot be used: a sentence in the words of the study file, and nobody's value in it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import DesignError, InputError, StudyFileError
from dipeval.matching import crossfit
from dipeval.report.tidy import results_csv
from dipeval.study.wording import as_design_keys
from tests.unit.study.people_study import COVARIATES, people, study

PERSONAL = {"source": "people_file", "file": "people.csv", "status": "personal"}
STRICT = {"profile": "threshold10"}


def beside(**keys: Any) -> dict[str, Any]:
    return {"name": "other", "label": "Another way"} | keys


def test_every_further_design_that_cannot_be_made_is_told_at_once_with_its_section(tmp_path: Path) -> None:
    designs = [
        beside(method="subclass", subclasses=1000),
        beside(name="fine", label="Fine", method="ipw"),
        beside(name="third", label="Third", method="nearest", ratio=500),
    ]
    with pytest.raises(DesignError) as caught:
        study(tmp_path, sensitivity=designs).check()
    first, second = str(caught.value).splitlines()
    assert first.startswith("Sensitivity design 'Another way': ")
    assert "sensitivity[1] of the study file" in first
    assert second.startswith("Sensitivity design 'Third': ")
    assert "allow replace = true" in second
    assert "dip.weight" not in second


@pytest.mark.parametrize(
    ("python", "key"),
    [
        ("or the logistic model (learner=None).", 'or the logistic model (learner = "logit").'),
        ("Leave it out of mahalanobis= (use exact= to make pairs equal).", None),
        ("exact on district and trim='crump'.", 'exact on district and trim = "crump".'),
        ("use measure='mean_difference', or code it.", 'say kind = "count", or code it.'),
        ("Nobody is treated by 'treated'.", "Nobody is treated by people.treated."),
    ],
)
def test_remedies_of_a_design_are_keys_of_the_study_file(python: str, key: str | None) -> None:
    wanted = key or "Leave it out of mahalanobis (use exact to make pairs equal)."
    assert as_design_keys(python) == wanted
    assert as_design_keys(wanted) == wanted


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"method": "nearest", "caliper": float("inf")}, "design.caliper"),
        ({"method": "nearest", "covariate_calipers": {"age": float("inf")}}, "design.covariate_calipers.age"),
        ({"method": "cem", "cutpoints": {"age": [float("inf")]}}, "design.cutpoints"),
        ({"method": "cem", "cutpoints": {"survey": 5}}, "design.cutpoints: survey is no covariate of this design"),
    ],
)
def test_numbers_without_end_and_columns_of_no_use_are_found_before_any_data(
    tmp_path: Path, keys: dict[str, Any], place: str
) -> None:
    with pytest.raises(StudyFileError, match=place):
        study(tmp_path, design=keys)


def test_a_further_design_may_not_have_the_name_of_the_primary_one(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"sensitivity\[1\]\.name: \"primary\" is the name of \[design\]"):
        study(tmp_path, sensitivity=[beside(name="primary", method="ipw")])


def test_all_columns_of_words_are_told_at_once(tmp_path: Path) -> None:
    frame = people().assign(age="Zyxwv", priors="Zyxwv", came_back="Zyxwv")
    with pytest.raises(InputError) as caught:
        study(tmp_path, frame).check()
    told = str(caught.value)
    assert "Zyxwv" not in told
    assert all(f"olumn '{name}' has 300 values that are not numbers" in told for name in ("age", "priors", "came_back"))
    assert "an outcome is a number" in told


@pytest.mark.parametrize("kind", ["datetime64[ns]", "timedelta64[ns]"])
def test_days_in_a_parquet_file_are_no_numbers_as_in_a_csv_file(tmp_path: Path, kind: str) -> None:
    made = study(tmp_path, data={"source": "people_file", "file": "people.parquet", "status": "simulated"})
    people().assign(age=lambda f: f["age"].astype(kind)).to_parquet(tmp_path / "people.parquet")
    with pytest.raises(InputError, match="Column 'age' has 300 values that are not numbers"):
        made.check()


@pytest.mark.parametrize("columns", [["who", "helped"], ["who", "age", "age"]])
def test_a_file_without_headings_quotes_nobody(tmp_path: Path, columns: list[str]) -> None:
    made = study(tmp_path)
    frame = people().assign(who="Zyxwv")[columns]
    frame.to_csv(tmp_path / "people.csv", index=False, header=False)
    with pytest.raises(InputError, match="first row must hold the headings") as caught:
        made.check()
    assert "Zyxwv" not in str(caught.value)


@pytest.mark.parametrize("key", ["covariates", "exact"])
def test_an_outcome_in_another_unit_is_no_covariate(tmp_path: Path, key: str) -> None:
    frame = people().assign(later=lambda f: 7 - 2 * f["came_back"])
    keys = {"method": "nearest", key: ["age", "later"]}
    with pytest.raises(InputError, match="'later' holds the very values of the outcome 'came_back'"):
        study(tmp_path, frame, design=keys).check()


@pytest.mark.parametrize("words", [True, False])
def test_a_finer_account_of_the_outcome_is_no_covariate(tmp_path: Path, words: bool) -> None:
    frame = people().assign(kind=lambda f: f["came_back"] * (1 + f.index % 3))
    if words:
        frame["kind"] = frame["kind"].map({0: "none", 1: "theft", 2: "violence", 3: "drugs"})
    labels = {"categories": ["kind"]} if words else {}
    with pytest.raises(InputError, match="'kind' tells of everybody the outcome 'came_back': the groups may not"):
        study(tmp_path, frame, design={"covariates": ["age", "kind"]}, people=labels).check()


def test_a_covariate_that_only_goes_with_the_outcome_is_one(tmp_path: Path) -> None:
    frame = people().assign(like=lambda f: f["came_back"].where(f.index > 0, 1 - f["came_back"]))
    assert study(tmp_path, frame, design={"covariates": ["age", "like"]}).check().diagnostics.passed


def test_a_comparison_without_a_score_is_checked_all_the_same(tmp_path: Path) -> None:
    frame = people().assign(age=lambda f: f["helped"] * 30 + 20)
    told = study(tmp_path, frame, design={"method": "none"}, data=PERSONAL, disclosure=STRICT).check().in_words()
    assert "Balance: standardised differences" in told
    assert "Overlap: people by propensity score" not in told


@pytest.mark.parametrize("unit", [1e300, 1e-300])
@pytest.mark.parametrize("method", ["entropy", "ipw", "none"])
def test_sample_weights_beyond_calculation_are_a_sentence(tmp_path: Path, method: str, unit: float) -> None:
    frame = people().assign(survey=lambda f: f["survey"] * unit)
    with pytest.raises(InputError, match="too large or too small"):
        study(tmp_path, frame, design={"method": method, "sample_weights": "survey"}).check()


def test_a_rare_level_is_not_named_where_another_was_misspelt(tmp_path: Path) -> None:
    frame = people().assign(district=lambda f: f["district"].where(f.index != 5, "Zyxwv"))
    made = study(
        tmp_path,
        frame,
        design={"method": "ipw", "covariates": [*COVARIATES, "district"], "references": {"district": "leeds"}},
        people={"categories": ["district"]},
    )
    with pytest.raises(InputError, match="its levels are Bradford, Leeds, Wakefield and rarer ones") as caught:
        made.check()
    assert "Zyxwv" not in str(caught.value)


def with_few() -> pd.DataFrame:
    """Three of the people helped and two of the others have what hardly anybody has."""
    frame = people().assign(rare=0)
    few = [*frame.index[frame["helped"] == 1][:3], *frame.index[frame["helped"] == 0][:2]]
    frame.loc[few, "rare"] = 1
    return frame


def test_the_differences_of_few_people_are_withheld_as_their_sizes_would_follow(tmp_path: Path) -> None:
    made = study(
        tmp_path, with_few(), design={"covariates": ["age", "priors", "rare"]}, data=PERSONAL, disclosure=STRICT
    )
    (line,) = (line for line in made.check().in_words().splitlines() if line.split()[:1] == ["Rare"])
    assert line.split()[1:] == ["[c]", "[c]"]
    rows = [row for row in results_csv(made.run()).splitlines() if ",rare," in row]
    assert len(rows) == 2
    assert all(",rare,[c]," in row for row in rows)


def test_the_reason_for_going_on_stands_in_the_table_of_figures(tmp_path: Path) -> None:
    made = study(tmp_path, diagnostics={"max_ks": 1e-6}, override_reason="The board asked for it.")
    written = results_csv(made.run())
    assert "override,The board asked for it." in written


def test_a_mark_that_tells_the_groups_apart_is_explained(tmp_path: Path) -> None:
    frame = people().astype({"age": "float64"})
    frame.loc[frame["helped"] == 1, "age"] = frame["age"].where(frame.index % 2 == 0)
    with pytest.raises(DesignError, match=r"age_missing marks who has a gap.*\"leave_out\" under \[design\]"):
        study(tmp_path, frame, design={"method": "ipw", "missing": "indicator"}).check()


def test_long_fitting_says_how_far_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = study(tmp_path, design={"method": "ipw", "learner": "ridge", "folds": 3})
    with caplog.at_level(logging.INFO, logger="dipeval"):
        made.check()
        assert "fold" not in caplog.text
        monkeypatch.setattr(crossfit, "LONG_WORK", 300)
        made.check()
    assert "fitting LogisticRegression for the scores: fold 3 of 3" in caplog.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("who,helped,age\nZyxwv,1,30,\nZyxww,0,31,\n", r"more cells than there are headings \(3\)"),
        ("who,helped,age,age\nZyxwv,1,30,31\n", r"the same heading more than once \(columns 3, 4\)"),
    ],
)
def test_a_file_whose_columns_would_be_taken_for_each_other_is_refused(tmp_path: Path, text: str, words: str) -> None:
    made = study(tmp_path)
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        made.check()
    assert "Zyx" not in str(caught.value)


def test_another_column_called_as_the_treatment_is_called_inside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"design\.exact: \"treated\" is what dipeval calls"):
        study(tmp_path, design={"method": "nearest", "exact": ["treated"]})


def test_an_outcome_may_say_yes_and_no_as_the_treatment_may(tmp_path: Path) -> None:
    numbers = people()
    words = numbers.assign(came_back=np.where(numbers["came_back"] == 1, " Yes", "no"))
    effects = [study(folder, frame).run().effects[0] for folder, frame in _two(tmp_path, numbers, words)]
    assert effects[0].estimate == effects[1].estimate
    with pytest.raises(InputError, match="'came_back' has 1 values that are not numbers"):
        study(tmp_path, numbers.assign(came_back=["perhaps", *numbers["came_back"].astype(str)[1:]])).run()


def _two(folder: Path, *frames: pd.DataFrame) -> list[tuple[Path, pd.DataFrame]]:
    found = []
    for number, frame in enumerate(frames):
        (folder / str(number)).mkdir()
        found.append((folder / str(number), frame))
    return found


def test_a_misspelt_category_is_told_with_the_name_it_may_be(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"district is used by no design \(covariates names distrct: is it"):
        study(tmp_path, people={"categories": ["district"]}, design={"covariates": [*COVARIATES, "distrct"]})
