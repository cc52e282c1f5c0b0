"""Many offences, tests or days can be those of few people: what counts is how many people are behind a number."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from dipeval.disclosure import DisclosureRule
from dipeval.outcomes import FollowUp
from dipeval.report import section_reoffending, section_testing, time_zero
from dipeval.study import tidy_described

KEPT = DisclosureRule()
OPEN = DisclosureRule(profile="none", data_status="simulated")
EXCLUDED = pd.DataFrame(
    {
        "reason": ["pseudo_reconviction", "not_proven", "after_death"],
        "label": ["dealt with later", "not proven", "after death"],
        "n": [48, 33, 0],
        "n_people": [3, 30, 0],
    }
)


def _rows(rule: DisclosureRule) -> list[list[str]]:
    measured: Any = SimpleNamespace(excluded=EXCLUDED, follow_up=FollowUp())
    result: Any = SimpleNamespace(rule=rule)
    table = section_reoffending._excluded(result, measured)[-1]
    return [list(row) for row in table.released.rows]


def test_many_offences_of_few_people_are_few() -> None:
    assert [row[1] for row in _rows(KEPT)] == ["[c]", "35", "[c]"]
    assert [row[1] for row in _rows(OPEN)] == ["48", "33", "0"]
    result: Any = SimpleNamespace(rule=KEPT, outcomes_measured=SimpleNamespace(excluded=EXCLUDED))
    told = list(tidy_described._excluded(result))
    assert [(row["n"], row["n_smallest"]) for row in told] == [(3, 3), (33, 30), (0, 0)]


def test_many_tests_of_few_people_are_few_in_the_tidy_file_too() -> None:
    frame = pd.DataFrame(
        {
            "group": ["everyone", "Leeds"],
            "within_days": [7, 7],
            "n_tests": [400, 60],
            "n_people": [300, 4],
            "n_seen": [200, 30],
            "n_people_seen": [150, 2],
            "n_people_not_seen": [150, 2],
            "share": [0.5, 0.5],
            "conf_low": [0.4, 0.4],
            "conf_high": [0.6, 0.6],
        }
    )
    result: Any = SimpleNamespace(rule=KEPT, seen=SimpleNamespace(to_frame=lambda: frame))
    assert [row["n"] for row in tidy_described._seen(result)] == [400, 4]


def test_days_credited_to_treatment_are_not_told_if_few_started_later() -> None:
    def credited(n_later: int, rule: DisclosureRule) -> str:
        zero = pd.Timestamp("2012-01-01")
        starts = [zero + pd.Timedelta(days=30)] * n_later + [zero] * (40 - n_later) + [pd.NaT] * 40
        people = pd.DataFrame({"time_zero_date": [zero] * 80, "exposure_date": starts})
        cohort = SimpleNamespace(people=people, immortal_days=30.0 * n_later)
        design = SimpleNamespace(treated=pd.Series([1] * 40 + [0] * 40))
        result: Any = SimpleNamespace(rule=rule, cohort=cohort, design=design)
        return time_zero._credited(result)

    assert "about" not in credited(1, KEPT)
    assert "about 600 in all" in credited(20, KEPT)
    assert "about 30 in all" in credited(1, OPEN)


def test_tests_in_a_district_and_month_do_not_give_the_exact_number() -> None:
    assert section_testing._per_area(153.0, 153, KEPT) == "155"
    assert section_testing._per_area(153.0, 153, OPEN) == "153.0"
