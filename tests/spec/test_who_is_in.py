"""Who is in the cohort, and at which step everybody else is left out.

Everybody below was tested on 1 March 2022 unless it says otherwise, born in 1990, with the usual rule: window 2022,
aged 18 or over, 28 days without treatment before, alive and free 42 days later (time zero, 12 April 2022), and
547 days observable after that. The extract ends on 31 December 2023.
"""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.cohort import Cohort, CohortRule
from tests.spec.invented_people import cohort_of, rows, table

TESTS = """
person                       | test_date  | result   | date_of_birth
ordinary                     | 2022-03-01 | opiates  | 1990-06-15
only negative                | 2022-03-01 | negative | 1990-06-15
only refused                 | 2022-03-01 | refused  | 1990-06-15
positive on the first day    | 2022-01-01 | cocaine  | 1990-06-15
positive the day before      | 2021-12-31 | cocaine  | 1990-06-15
positive after the window    | 2023-01-01 | cocaine  | 1990-06-15
before and in the window     | 2021-12-31 | cocaine  | 1990-06-15
before and in the window     | 2022-03-01 | both     | 1990-06-15
negative then positive       | 2022-02-01 | negative | 1990-06-15
negative then positive       | 2022-03-01 | both     | 1990-06-15
no date of birth             | 2022-03-01 | opiates  |
eighteen today               | 2022-03-01 | opiates  | 2004-03-01
eighteen tomorrow            | 2022-03-01 | opiates  | 2004-03-02
born on 29 February          | 2022-03-01 | opiates  | 2004-02-29
in treatment now             | 2022-03-01 | opiates  | 1990-06-15
treatment ended 28 days ago  | 2022-03-01 | opiates  | 1990-06-15
treatment ended 29 days ago  | 2022-03-01 | opiates  | 1990-06-15
started on the day           | 2022-03-01 | opiates  | 1990-06-15
died at time zero            | 2022-03-01 | opiates  | 1990-06-15
died the day after           | 2022-03-01 | opiates  | 1990-06-15
in prison at time zero       | 2022-03-01 | opiates  | 1990-06-15
prison with no end           | 2022-03-01 | opiates  | 1990-06-15
released on time zero        | 2022-03-01 | opiates  | 1990-06-15
imprisoned the day after     | 2022-03-01 | opiates  | 1990-06-15
last day that can be seen    | 2022-05-21 | opiates  | 1990-06-15
a day too late               | 2022-05-22 | opiates  | 1990-06-15
"""

TREATMENT = """
person                       | start_date | end_date
in treatment now             | 2021-06-01 |
treatment ended 28 days ago  | 2021-06-01 | 2022-02-01
treatment ended 29 days ago  | 2021-06-01 | 2022-01-31
started on the day           | 2022-03-01 |
"""

CUSTODY = """
person                       | start_date | end_date
in prison at time zero       | 2022-04-01 | 2022-05-01
prison with no end           | 2022-04-01 |
released on time zero        | 2022-03-05 | 2022-04-12
imprisoned the day after     | 2022-04-13 | 2022-05-01
"""

DEATHS = """
person                       | death_date
died at time zero            | 2022-04-12
died the day after           | 2022-04-13
"""

EXPECTED = """
person                       | left out at
ordinary                     |
only negative                | positive
only refused                 | positive
positive on the first day    |
positive the day before      | in_window
positive after the window    | in_window
before and in the window     |
negative then positive       |
no date of birth             | age_known
eighteen today               |
eighteen tomorrow            | adult
born on 29 February          |
in treatment now             | not_in_treatment
treatment ended 28 days ago  | not_in_treatment
treatment ended 29 days ago  |
started on the day           |
died at time zero            | alive
died the day after           |
in prison at time zero       | at_liberty
prison with no end           | at_liberty
released on time zero        |
imprisoned the day after     |
last day that can be seen    |
a day too late               | observable
"""

RULE = CohortRule(index_from="2022-01-01", index_to="2022-12-31")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return cohort_of(
        RULE, extract_date="2023-12-31", drug_tests=TESTS, treatment=TREATMENT, custody_spells=CUSTODY, deaths=DEATHS
    )


@pytest.mark.parametrize("row", rows(EXPECTED), ids=lambda row: str(row[0]))
def test_each_person_is_in_or_out(cohort: Cohort, row: tuple[str, str | None]) -> None:
    person, left_out_at = row
    assert (person in cohort.people.index) == (left_out_at is None)


def test_everybody_left_out_is_counted_at_the_right_step(cohort: Cohort) -> None:
    lost = table(EXPECTED)["left out at"].value_counts()
    attrition = cohort.attrition.set_index("step")
    assert attrition["n_people"].iloc[0] == len(table(EXPECTED))
    for step, n in attrition["n_excluded"].items():
        assert n == lost.get(step, 0), step
    assert attrition["n_people"].iloc[-1] == len(cohort.people) == int(table(EXPECTED)["left out at"].isna().sum())


def test_the_index_is_the_first_positive_test_in_the_window(cohort: Cohort) -> None:
    people = cohort.people
    assert people.loc["before and in the window", "index_date"] == pd.Timestamp("2022-03-01")
    assert people.loc["negative then positive", "test_result"] == "both"
    assert people.loc["ordinary", "time_zero_date"] == pd.Timestamp("2022-04-12")


def test_of_several_positive_tests_on_one_day_the_earliest_counts_then_the_lowest_record_id() -> None:
    tests = """
    person | record_id | test_time | result
    ann    | 3         | 10:30     | cocaine
    ann    | 2         | 9:15      | both
    ann    | 1         |           | opiates
    bob    | 5         |           | cocaine
    bob    | 4         |           | opiates
    """
    people = cohort_of(drug_tests=tests).people
    assert people["index_record_id"].to_dict() == {"ann": "2", "bob": "4"}
    assert people["test_result"].to_dict() == {"ann": "both", "bob": "opiates"}


def test_a_person_tested_in_several_districts_belongs_to_that_of_the_index_test() -> None:
    tests = """
    person | test_date  | district
    ann    | 2022-03-01 | Leeds
    ann    | 2022-02-01 | Bradford
    bob    | 2022-03-01 | Leeds
    """
    assert cohort_of(drug_tests=tests).people["district"].to_dict() == {"ann": "Bradford", "bob": "Leeds"}
    only = cohort_of(CohortRule(districts=("Leeds",)), drug_tests=tests)
    assert list(only.people.index) == ["bob"]
    assert only.attrition.set_index("step").loc["district", "n_excluded"] == 1


def test_two_people_merged_by_the_linkage_give_one_row_and_the_first_death_counts() -> None:
    tests = """
    person | test_date  | date_of_birth | sex
    merged | 2022-05-01 | 1980-01-01    | female
    merged | 2022-03-01 | 1990-06-15    | male
    other  | 2022-03-01 | 1990-06-15    | male
    """
    deaths = """
    person | death_date
    merged | 2023-01-01
    merged | 2022-04-01
    """
    cohort = cohort_of(drug_tests=tests, deaths=deaths)
    assert list(cohort.people.index) == ["other"]
    assert cohort.attrition.set_index("step").loc["alive", "n_excluded"] == 1
