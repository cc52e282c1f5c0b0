"""Start-stop rows of a cohort: what its rule says of treatment, and where its records end."""

from __future__ import annotations

from typing import Any

import pytest

import dipeval as dip
from tests.spec.invented_people import cohort_of

# Index tests on 1 March 2022. "early" starts within 42 days, "late" after them, "never" not at all.
PEOPLE: dict[str, Any] = {
    "drug_tests": "person|test_date\nearly|2022-03-01\nlate|2022-03-01\nnever|2022-03-01",
    "treatment": "person|start_date\nearly|2022-03-11\nlate|2022-07-01",
    "offences": """
        person | offence_date | disposal_date | disposal
        early  | 2022-06-01   | 2022-07-01    | conviction
        late   | 2022-03-21   | 2022-04-21    | caution
        late   | 2022-08-01   | 2022-09-01    | other
        late   | 2022-09-01   | 2023-09-30    | conviction
    """,
    "custody_spells": "person|start_date|end_date\nnever|2022-05-01|2022-06-01\nnever|2022-05-20|2022-06-10",
}


def rows(episodes: dip.Episodes) -> list[list[Any]]:
    return episodes.to_frame()[["person_id", "start", "stop", "event", "treated", "reason"]].to_numpy().tolist()


def test_with_a_landmark_the_status_at_time_zero_stands() -> None:
    cohort = cohort_of(**PEOPLE)
    assert rows(dip.episodes(cohort, waiting_days=182)) == [
        ["early", 0, 50, 1, 1, "event"],
        # Time zero is 12 April: the caution is before it, "other" proves nothing, the conviction of 2023 is in time.
        ["late", 0, 142, 1, 0, "event"],
        ["never", 0, 19, 0, 0, "custody"],
        ["never", 58, 365, 0, 0, "end_of_follow_up"],
    ]
    found = dip.episodes(cohort, waiting_days=100)
    assert found.events.set_index("fate")["n_events"][["counted", "dealt_with_later", "before_time_zero"]].tolist() == [
        1, 1, 1,
    ]  # fmt: skip
    assert not found.time_varying


def test_from_the_index_with_the_landmark_in_between_an_earlier_offence_leaves_a_person_out() -> None:
    found = dip.episodes(cohort_of(**PEOPLE), time_zero="index_date", landmark_days=42)
    assert found.flow.set_index("step")["n_excluded"].to_dict()["event_free"] == 1
    assert found.to_frame()["person_id"].unique().tolist() == ["early", "never"]


def test_followed_from_the_index_treatment_counts_from_its_day() -> None:
    rule = dip.CohortRule(immortal_time="time_varying", landmark_days=0, grace_days=200)
    found = dip.episodes(cohort_of(rule, **PEOPLE), recurrent=True, waiting_days=182)
    assert found.time_varying
    assert [row for row in rows(found) if row[0] != "never"] == [
        ["early", 0, 10, 0, 0, "treatment"],
        ["early", 10, 92, 1, 1, "event"],
        ["early", 92, 365, 0, 1, "end_of_follow_up"],
        ["late", 0, 20, 1, 0, "event"],
        ["late", 20, 122, 0, 0, "treatment"],
        ["late", 122, 365, 0, 1, "end_of_follow_up"],
    ]


def test_rows_end_where_the_records_do() -> None:
    rule = dip.CohortRule(late_index="keep")
    cohort = cohort_of(rule, extract_date="2023-01-09", **PEOPLE)
    assert rows(dip.episodes(cohort, waiting_days=182))[-1] == ["never", 58, 90, 0, 0, "extract_end"]


@pytest.mark.parametrize("gaps", [True, False])
def test_it_agrees_with_the_outcomes_measured(gaps: bool) -> None:
    cohort = cohort_of(**PEOPLE)
    frame = dip.measure_reoffending(cohort).to_frame()
    ends = dip.episodes(cohort, custody_gaps=gaps).to_frame().groupby("index_id")[["stop", "event"]].max()
    assert ends["stop"].tolist() == frame["time_days"].tolist()
    assert ends["event"].tolist() == frame["event"].tolist()
