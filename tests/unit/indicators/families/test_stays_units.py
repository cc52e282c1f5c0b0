"""Stays in treatment: kept 84 days, completed, completed of those open, back within 183 days."""

from __future__ import annotations

from functools import cache

import pandas as pd

from dipeval.indicators.measuring import treatment_family
from dipeval.indicators.measuring.family import CountingRule
from tests.unit.indicators.families.units_made import flags, made

TREATMENT = """
person | start_date | end_date   | discharge_reason
ann    | 2022-01-01 | 2022-03-26 | dropped_out
bob    | 2022-01-01 | 2022-03-25 | dropped_out
cat    | 2022-01-01 | 2022-01-20 | completed
dan    | 2022-01-01 |            |
eve    | 2022-01-01 | 2022-01-20 | transferred
eve    | 2022-02-17 | 2022-04-30 | completed_drug_free
fay    | 2021-12-31 | 2022-06-30 | completed
gus    | 2022-01-01 | 2023-01-01 | completed
hal    | 2022-01-01 | 2023-01-02 | completed
ida    | 2022-03-31 | 2022-04-20 | referred_on
"""


@cache
def _stays() -> pd.DataFrame:
    return made(treatment_family.family, "2022-01-01", "2022-03-31", treatment=TREATMENT)


def test_kept_for_84_days_or_completed_before() -> None:
    assert flags(_stays(), "kept") == {
        "ann": 1,
        "bob": 0,
        "cat": 1,
        "dan": 1,
        "eve": 1,
        "gus": 1,
        "hal": 1,
        "ida": 0,
    }


def test_completed_within_the_days_of_the_start() -> None:
    done = {name for name, value in flags(_stays(), "done").items() if value}
    assert done == {"cat", "eve", "gus"}
    rule = CountingRule(count_referred_on=True)
    with_referred = made(treatment_family.family, "2022-01-01", "2022-03-31", treatment=TREATMENT, rule=rule)
    assert flags(with_referred, "done")["ida"] == 1


def test_an_episode_after_29_days_is_another_stay() -> None:
    treatment = """
    person | start_date | end_date   | discharge_reason
    ann    | 2022-01-01 | 2022-01-20 | dropped_out
    ann    | 2022-02-18 | 2022-02-28 | dropped_out
    bob    | 2022-01-01 | 2022-01-20 | dropped_out
    bob    | 2022-02-17 | 2022-02-28 | dropped_out
    """
    frame = made(treatment_family.family, "2022-01-01", "2022-03-31", treatment=treatment)
    assert frame["person_id"].tolist() == ["ann", "ann", "bob"]


def test_stays_open_in_a_period_and_those_completed_in_it() -> None:
    frame = made(treatment_family.open_stays, "2022-01-01", "2022-06-30", treatment=TREATMENT)
    by_period = frame.groupby("period")
    assert by_period.size().to_dict() == {"2022-Q1": 9, "2022-Q2": 6}
    assert {key: set(own.loc[own["done"] == 1, "person_id"]) for key, own in by_period} == {
        "2022-Q1": {"cat"},
        "2022-Q2": {"eve", "fay"},
    }


def test_an_end_planned_for_after_the_data_completes_nothing() -> None:
    treatment = "person | start_date | end_date | discharge_reason\nann | 2022-03-01 | 2022-04-15 | completed"
    for maker in (treatment_family.family, treatment_family.open_stays):
        frame = made(maker, "2022-01-01", "2022-03-31", treatment=treatment, extract_date="2022-03-31")
        assert flags(frame, "done") == {"ann": 0}
    begun = made(treatment_family.family, "2022-01-01", "2022-03-31", treatment=treatment, extract_date="2022-03-31")
    assert flags(begun, "kept") == {"ann": 0}


def test_back_within_183_days_of_completing() -> None:
    treatment = """
    person | start_date | end_date   | discharge_reason
    ann    | 2021-06-01 | 2022-01-30 | completed
    ann    | 2022-08-01 |            |
    bob    | 2021-06-01 | 2022-01-30 | completed
    bob    | 2022-08-02 |            |
    cat    | 2021-06-01 | 2022-01-30 | completed
    cat    | 2022-03-02 |            |
    dan    | 2021-06-01 | 2022-01-30 | completed
    """
    frame = made(treatment_family.completed_stays, "2022-01-01", "2022-03-31", treatment=treatment)
    # After 183 days, 184 days, 30 days, never.
    assert flags(frame, "back") == {"ann": 1, "bob": 0, "cat": 1, "dan": 0}


def test_an_episode_within_28_days_goes_on_with_the_stay() -> None:
    treatment = """
    person | start_date | end_date   | discharge_reason
    ann    | 2021-06-01 | 2022-01-30 | completed
    ann    | 2022-02-27 |            |
    """
    frame = made(treatment_family.completed_stays, "2022-01-01", "2022-03-31", treatment=treatment)
    assert frame.empty


def test_a_completion_on_the_first_or_last_day_of_a_period_or_of_the_data_is_in_it() -> None:
    treatment = """
    person | start_date | end_date   | discharge_reason
    ann    | 2022-01-10 | 2022-04-01 | completed
    bob    | 2022-01-10 | 2022-03-31 | completed
    cat    | 2022-01-10 | 2022-06-30 | completed
    """
    frame = made(
        treatment_family.open_stays, "2022-01-01", "2022-06-30", treatment=treatment, extract_date="2022-06-30"
    )
    done = frame[frame["done"] == 1]
    assert done[["person_id", "period"]].to_numpy().tolist() == [
        ["ann", "2022-Q2"],
        ["bob", "2022-Q1"],
        ["cat", "2022-Q2"],
    ]
    assert frame.groupby("period").size().to_dict() == {"2022-Q1": 3, "2022-Q2": 2}
