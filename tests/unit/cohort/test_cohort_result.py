"""What a cohort hands out, and the promises it keeps."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from dipeval.cohort import Cohort
from dipeval.errors import InputError, InvariantError
from dipeval.vocabulary import OUTCOME_NAMES
from tests.spec.invented_people import cohort_of

TESTS = "person\nann\nbob\ncat"
TREATMENT = "person | start_date\nann | 2022-03-05\nbob | 2022-06-01"


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return cohort_of(drug_tests=TESTS, treatment=TREATMENT)


def test_frames_are_copies(cohort: Cohort) -> None:
    people, steps = cohort.people, cohort.attrition
    people["treated"] = 9
    steps["n_people"] = 9
    cohort.measured_at.clear()
    assert cohort.people["treated"].to_list() == [1, 0, 0]
    assert cohort.attrition["n_people"].to_list() == [3] * 9
    assert cohort.measured_at["copas_rate"] == "before_index"


def test_every_column_says_when_it_was_measured_and_none_is_an_outcome(cohort: Cohort) -> None:
    assert list(cohort.measured_at) == list(cohort.people.columns)
    assert set(cohort.measured_at.values()) == {"before_index", "at_index", "exposure", "identifier", "design_date"}
    assert not OUTCOME_NAMES & set(cohort.people.columns)
    exposure = [name for name, when in cohort.measured_at.items() if when == "exposure"]
    assert exposure == ["treated", "exposure_date", "exposure_type"]


def test_types_are_fixed(cohort: Cohort) -> None:
    kinds = cohort.people.dtypes.astype(str)
    assert kinds["index_date"] == kinds["time_zero_date"] == "datetime64[us]"
    assert kinds["copas_rate"] == kinds["log_prior_offences_5y"] == "float64"
    assert kinds["treated"] == kinds["age_at_index"] == kinds["prior_custody_5y"] == "int64"
    assert cohort.people.index.name == "person_id"


def test_summary_says_who_is_in_and_what_treated_means(cohort: Cohort) -> None:
    summary = cohort.summary()
    assert summary.headline == (
        "Of 3 people tested, 3 are in the cohort: 1 started treatment within 42 days of the index test and 2 had not."
    )
    assert list(summary.to_frame().columns) == ["Step", "People left", "People lost"]
    assert any("1 of the comparison (50.0%) started treatment later" in note for note in summary.notes)
    assert "<table>" in cohort._repr_html_()


def test_the_flow_is_drawn_down_to_the_two_groups(cohort: Cohort) -> None:
    drawn = [" ".join(text.get_text().split()) for text in cohort.plot().texts]
    assert drawn[0] == "Had a drug test 3"
    assert drawn[-2:] == ["Started treatment within 42 days 1", "Had not started within 42 days 2"]
    assert not any(text.startswith("Left out") for text in drawn), "nobody was left out"


def test_events_are_handed_out_by_name(cohort: Cohort) -> None:
    assert cohort.events("offences").count().execute() == 0
    with pytest.raises(InputError, match="it has offences, custody_spells, deaths"):
        cohort.events("arrests")


def test_broken_promises_are_noticed(cohort: Cohort) -> None:
    people, steps = cohort.people, cohort.attrition
    broken = {
        "one row a person": {"_people": pd.concat([people, people.iloc[[0]]])},
        "in order": {"_people": people.iloc[::-1]},
        "no outcome column": {"_people": people.assign(reoffended=0)},
        "documented columns": {"_people": people.drop(columns="district")},
        "complete numbers": {"_people": people.assign(copas_rate=[0.1, None, 0.2])},
        "treated is 0 or 1": {"_people": people.assign(treated=2)},
        "landmark": {"_people": people.assign(time_zero_date=people["index_date"])},
        "attrition steps add up": {"_attrition": steps.assign(n_excluded=1)},
        "last attrition step": {"_people": people.iloc[:2]},
    }
    for promise, change in broken.items():
        with pytest.raises(InvariantError, match=promise):
            replace(cohort, **change)
