"""Who is in, where the rulebook (tests/spec/rules/01_who_is_in.toml) has no table for it: two people taken for one."""

from __future__ import annotations

from tests.spec.invented_people import cohort_of


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
