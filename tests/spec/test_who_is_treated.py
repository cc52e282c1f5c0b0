"""Treated means: started structured treatment within 42 days of the index test. Everybody else is the comparison.

Everybody below was tested on 1 March 2022; day 42 is 12 April 2022, which is also time zero.
"""

from __future__ import annotations

import pytest

from dipeval.cohort import Cohort, CohortRule
from dipeval.errors import InputError
from tests.spec.invented_people import cohort_of, rows

TESTS = """
person
never
day 0
day 42
day 43
after the follow-up
two starts
year before
end before start
"""

TREATMENT = """
person              | start_date | end_date
day 0               | 2022-03-01 | 2022-03-01
day 42              | 2022-04-12 |
day 43              | 2022-04-13 | 2022-06-01
after the follow-up | 2023-10-12 |
two starts          | 2022-03-20 | 2022-03-25
two starts          | 2022-06-01 |
year before         | 2020-03-01 | 2021-03-01
end before start    | 2022-03-10 | 2022-03-01
"""

# prior: treated for drugs at some time in the five years before (and not in the last 28 days).
EXPECTED = """
person              | treated | prior
never               | 0       | 0
day 0               | 1       | 0
day 42              | 1       | 0
day 43              | 0       | 0
after the follow-up | 0       | 0
two starts          | 1       | 0
year before         | 0       | 1
end before start    | 1       | 0
"""


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return cohort_of(drug_tests=TESTS, treatment=TREATMENT)


@pytest.mark.parametrize("row", rows(EXPECTED), ids=lambda row: str(row[0]))
def test_each_person_is_treated_or_not(cohort: Cohort, row: tuple[str, str, str]) -> None:
    person, treated, prior = row
    assert cohort.people.loc[person, "treated"] == int(treated)
    assert cohort.people.loc[person, "prior_treatment_5y"] == int(prior)


def test_later_starters_stay_in_the_comparison_and_are_counted(cohort: Cohort) -> None:
    exposure = cohort.exposure.set_index("group")
    assert exposure["n_people"].to_dict() == {
        "started_within_grace": 4,
        "not_started_within_grace": 4,
        "started_later": 1,  # day 43; 12 October 2023 is 548 days after time zero
    }
    assert exposure["share"].to_list() == [0.5, 0.5, 0.25]


def test_an_end_before_its_start_is_counted(cohort: Cohort) -> None:
    records = cohort.records
    assert records.to_dict("records") == [
        {"table": "treatment", "reason": "end before start: only the start is used", "n_records": 1}
    ]


def test_with_a_landmark_longer_than_the_grace_period_a_start_in_between_is_comparison() -> None:
    cohort = cohort_of(CohortRule(grace_days=14, landmark_days=42), drug_tests=TESTS, treatment=TREATMENT)
    assert cohort.people["treated"].to_dict()["day 42"] == 0
    assert cohort.people["treated"].to_dict()["end before start"] == 1
    assert int(cohort.exposure.set_index("group").loc["started_later", "n_people"]) == 3


def test_treatment_that_may_start_after_time_zero_cannot_define_the_groups() -> None:
    with pytest.raises(InputError, match="immortal time"):
        CohortRule(grace_days=43, landmark_days=42)
