"""Person-level studies from end to end: reference figures, order of rows, missing values, provenance."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from dipeval import datasets
from dipeval.errors import DesignError, EstimationError, InputError, InvariantError, StudyFileError
from dipeval.study import Study
from dipeval.study.flow import FlowRow, flow_frame
from dipeval.study.inputs import frame_hash

PEOPLE = """
title = "A table of one's own"
question = "Did it help?"
programme = "help"
[data]
source = "people_file"
file = "people.csv"
status = "public"
citation = "made for a test"
[people]
id = "who"
treated = "fin"
measured_at = "before_index"
excluded = { weeks_worked = "worked after release" }
[[outcomes]]
name = "arrested"
kind = "yes_no"
label = "Arrested"
primary = true
[design]
method = "entropy"
covariates = ["age", "prio"]
[disclosure]
profile = "none"
"""


def example(name: str) -> Study:
    return Study.from_toml(Path(str(files("dipeval.examples") / f"{name}.toml")))


@pytest.fixture(scope="module")
def carolina():
    return example("north_carolina").run()


def table() -> pd.DataFrame:
    return datasets.rossi().rename_axis("who").reset_index().assign(weeks_worked=1)


def run(folder: Path, frame: pd.DataFrame, text: str = PEOPLE):
    frame.to_csv(folder / "people.csv", index=False)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return Study.from_toml(folder / "study.toml").run()


def test_north_carolina_equals_the_r_figures(carolina, tmp_path: Path) -> None:
    # reference_matching.json, recid.entropy_balancing, recid.naive and recid.matches.nn_default
    assert carolina.primary.estimate == pytest.approx(-0.00674433779641399, rel=1e-8)
    assert "allows for the weights having been estimated" in carolina.primary.se_method
    text = (files("dipeval.examples") / "north_carolina.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(f'{text}\n[effect]\nstd_error = "hc0"\n', encoding="utf-8")
    plain_errors = Study.from_toml(tmp_path / "study.toml").run().primary  # R's figure takes the weights as given
    assert plain_errors.estimate == carolina.primary.estimate
    assert plain_errors.std_error == pytest.approx(0.0214261072272025, rel=1e-8)
    assert carolina.unadjusted[0].estimate == pytest.approx(-0.00585420131830172, rel=1e-10)
    plain = next(item for item in carolina.sensitivity if item.name == "nearest_no_caliper")
    assert not plain.diagnostics.passed
    assert plain.effects[0].estimate == pytest.approx(-0.00148809523809513, rel=1e-8)


def test_north_carolina_says_what_is_left_out_and_why(carolina) -> None:
    assert set(carolina.excluded_columns) == {"rules", "tserved"}
    assert carolina.curve.time_unit == "months"
    assert carolina.rule.profile == "none"
    assert "Chung" in carolina.rule.citation


def test_rossi_is_not_moved_by_matching() -> None:
    result = example("rossi").run()
    check = result.randomised_check
    assert check.passed
    assert check.shift < 1
    assert list(check.to_frame()["label"]) == ["Adjusted", "Unadjusted"]
    assert "Adjusting moved the estimate by" in check.summary().headline


def test_flow_adds_up(carolina) -> None:
    flow = carolina.flow
    assert list(flow.columns) == ["step", "label", "n_people", "n_excluded"]
    assert (flow["n_people"].shift(1).iloc[1:] - flow["n_excluded"].iloc[1:] == flow["n_people"].iloc[1:]).all()
    with pytest.raises(InvariantError, match="does not add up at step 'b'"):
        flow_frame([FlowRow("a", "A", 10, 0), FlowRow("b", "B", 8, 1)])


def test_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = run(tmp_path / "a", table())
    second = run(tmp_path / "b", table().sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame(), check_exact=True)
    assert first.design.fingerprint == second.design.fingerprint


def test_people_with_missing_values_are_counted_out(tmp_path: Path) -> None:
    frame = table().astype({"age": "float64"})
    frame.loc[:4, "age"] = None
    result = run(tmp_path, frame, PEOPLE.replace("[design]", '[design]\nmissing = "leave_out"'))
    assert list(result.flow["n_excluded"])[1] == 5
    assert result.primary.n_treated + result.primary.n_comparison == 427


def test_a_missing_outcome_is_refused(tmp_path: Path) -> None:
    frame = table().astype({"arrested": "float64"})
    frame.loc[:2, "arrested"] = None
    with pytest.raises(InputError, match="missing"):
        run(tmp_path, frame)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda f: f.drop(columns="prio"), "has no column 'prio'"),
        (lambda f: f.drop(columns="weeks_worked"), "has no column 'weeks_worked'"),
        (lambda f: pd.concat([f, f.head(3)]), "repeated in 3"),
        (lambda f: f.assign(fin=["perhaps"] * 2 + ["1", "0"] * 215), "has 2 values that are neither"),
        (lambda f: f.assign(age="old"), "432 values that are not numbers"),
        (lambda f: f.assign(prio=None), r"of 432 people: prio \(432 people\)"),
    ],
)
def test_faults_of_a_table_are_sentences(tmp_path: Path, change, wanted: str) -> None:
    with pytest.raises(InputError, match=wanted) as caught:
        run(tmp_path, change(table()))
    assert "perhaps" not in str(caught.value)
    assert "old" not in str(caught.value)


def test_a_missing_table_and_a_picture_named_csv(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(PEOPLE, encoding="utf-8")
    with pytest.raises(InputError, match="There is no file"):
        Study.from_toml(tmp_path / "study.toml").run()
    (tmp_path / "people.csv").write_bytes(b"%PDF-1.7\xff\xfe\x00")
    with pytest.raises(InputError, match="could not be read as a table"):
        Study.from_toml(tmp_path / "study.toml").run()


def test_words_for_treated_and_other_formats_are_read(tmp_path: Path) -> None:
    expected = run(tmp_path, table()).primary.estimate
    words = table().assign(fin=table()["fin"].map({1: "Yes", 0: "no"}))
    assert run(tmp_path, words).primary.estimate == expected
    table().to_parquet(tmp_path / "people.parquet", index=False)
    (tmp_path / "study.toml").write_text(PEOPLE.replace("people.csv", "people.parquet"), encoding="utf-8")
    assert Study.from_toml(tmp_path / "study.toml").run().primary.estimate == expected


def test_provenance_is_complete_and_holds_no_clock(carolina) -> None:
    record = carolina.provenance()
    text = json.dumps(record, sort_keys=True)
    assert record["study"]["sha256"] == carolina.study_file.sha256
    assert record["inputs"][0]["rows"] == 1445
    assert len(record["inputs"][0]["sha256"]) == 64
    assert {"dipeval", "python", "pandas", "splink"} <= set(record["versions"])
    assert record["counts"]["analysed"] == 1445
    assert record["seed"] == 1
    assert str(carolina.study_file.path.parent) not in text
    assert example("north_carolina").run().provenance() == record


def test_counts_in_provenance_pass_the_disclosure_rule(tmp_path: Path) -> None:
    frame = table().head(433)
    result = run(tmp_path, frame, PEOPLE.replace('profile = "none"', 'profile = "threshold10"'))
    assert result.provenance()["counts"]["submitted"] == 430


def test_the_hash_of_a_table_follows_its_content() -> None:
    frame = datasets.rossi()
    assert frame_hash(frame) == frame_hash(frame.sample(frac=1, random_state=1))
    assert frame_hash(frame) != frame_hash(frame.assign(age=frame["age"] + 1))


def test_rules_that_contradict_each_other_are_found_before_data_are_read(tmp_path: Path) -> None:
    text = (files("dipeval.examples") / "withheld_example.toml").read_text(encoding="utf-8")
    path = tmp_path / "study.toml"
    text = text.replace("[design]", "[cohort]\nlandmark_days = 30\n\n[design]").replace("copas_rate", "copas_rat")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        Study.from_toml(path)
    assert len(caught.value.complaints) == 2
    line = next(number for number, words in enumerate(text.splitlines(), 1) if words.startswith("covariates"))
    assert caught.value.complaints[0] == (
        f"line {line}, design.covariates: a cohort has no 'copas_rat'; did you mean 'copas_rate'?"
    )
    assert "cohort: grace_days" in caught.value.complaints[1]


NEAREST = PEOPLE.replace('name = "arrested"', 'name = "rearrested"').replace('"entropy"', '"nearest"')
SENSITIVITY = '\n[[sensitivity]]\nname = "other"\nlabel = "Another way"\nmethod = "nearest"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NEAREST.replace("[disclosure]", 'exact = ["rearrested"]\n[disclosure]'), "rearrested.* is an outcome"),
        (NEAREST + SENSITIVITY + 'exact = ["rearrested"]\n', "rearrested.* is an outcome"),
        (NEAREST.replace("[disclosure]", 'exact = ["weeks_worked"]\n[disclosure]'), "under people.excluded"),
        (NEAREST.replace('treated = "fin"', 'treated = "rearrested"'), "rearrested.* an outcome"),
    ],
)
def test_no_key_of_the_study_file_lets_the_design_see_an_outcome(tmp_path: Path, text: str, words: str) -> None:
    # The name is one that no vocabulary knows: only the study file says that it is an outcome.
    with pytest.raises((DesignError, StudyFileError), match=words):
        run(tmp_path, table().rename(columns={"arrested": "rearrested"}), text)


def test_a_refusal_says_which_of_the_further_designs_it_is_about(tmp_path: Path) -> None:
    one = table().assign(few=[1, 1] + [0] * 430)
    text = PEOPLE + SENSITIVITY + 'covariates = ["few"]\nratio = 300\n'
    with pytest.raises((DesignError, EstimationError), match=r"^Sensitivity design 'Another way': "):
        run(tmp_path, one, text)


def test_matching_needs_each_persons_own_number(tmp_path: Path) -> None:
    text = PEOPLE.replace('id = "who"\n', "")
    assert run(tmp_path, table(), text).primary.n_treated == 216
    with pytest.raises(InputError, match=r"under people\.id"):
        run(tmp_path, table(), text.replace('"entropy"', '"nearest"'))


@pytest.mark.parametrize("copy", [lambda y: y, lambda y: 1 - y])
def test_an_outcome_under_another_name_is_no_covariate(tmp_path: Path, copy) -> None:
    frame = table().assign(later=copy(table()["arrested"]))
    with pytest.raises(InputError, match="'later' holds the very values of the outcome 'arrested'"):
        run(tmp_path, frame, PEOPLE.replace('"prio"]', '"prio", "later"]'))
