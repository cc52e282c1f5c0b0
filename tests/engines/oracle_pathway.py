"""The pandas oracle, fourth part: from the first test to a successful completion, one person at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pandas as pd

from tests.engines.oracle_cohort import COMPLETED, Tables
from tests.engines.oracle_events import FAR, POSITIVE, date_of, number

STAGES = ("tested", "positive", "assessment", "attended", "care_plan", "treatment", "retained_12_weeks", "completed")
REQUIRED = ("initial_required", "follow_up_required")
BRIDGED, TWELVE_WEEKS = 28, 84


def pathway(tables: Tables, by: str, within_days: int, extract_date: Any) -> pd.DataFrame:
    """Columns group, stage, n: everyone, and each district or quarter of the first test."""
    contacts, stays = _by_person(tables["contacts"]), _by_person(tables["treatment"])
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for test in _first_tests(tables["drug_tests"], number(extract_date) - within_days):
        until = test["test_date"] + within_days
        group = test["district"] if by == "district" else _quarter(test["test_date"])
        reached = _reached(test, contacts.get(test["person_id"], []), stays.get(test["person_id"], []), until)
        for stage in STAGES:
            for name in ("everyone", group):
                counts[name, stage] += int(stage in reached)
    rows = [(group, stage, n) for (group, stage), n in counts.items()]
    return pd.DataFrame(rows, columns=["group", "stage", "n"])


def _by_person(table: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_dict("records"):
        found[row["person_id"]].append(row)
    return found


def _first_tests(tests: pd.DataFrame, last: float) -> list[dict[str, Any]]:
    """A person's first test with a result; of several on one day the earliest, then the lowest record_id."""
    taken = tests[(tests["result"] != "refused") & (tests["test_date"] <= last)]
    clock = [
        int(t.split(":")[0]) * 60 + int(t.split(":")[1]) if isinstance(t, str) else 9999 for t in taken["test_time"]
    ]
    ordered = taken.assign(clock=clock).sort_values(["person_id", "test_date", "clock", "record_id"])
    return ordered.drop_duplicates("person_id").to_dict("records")


def _quarter(day: float) -> str:
    return f"{date_of(day).year}-Q{(date_of(day).month + 2) // 3}"


def _reached(
    test: dict[str, Any], contacts: list[dict[str, Any]], episodes: list[dict[str, Any]], until: float
) -> set[str]:
    """The stages reached in order, each on or after the day of the one before."""
    reached = {"tested"}
    if test["result"] not in POSITIVE:
        return reached
    reached.add("positive")
    required = [contact for contact in contacts if contact["assessment"] in REQUIRED]
    came = [contact["contact_date"] for contact in required if contact["attended"] is True]
    day: float | None = test["test_date"]
    for stage, days in (
        ("assessment", [contact["contact_date"] for contact in required]),
        ("attended", came),
        ("care_plan", [contact["care_plan_date"] for contact in contacts]),
    ):
        day = _first(days, day, until)
        if day is None:
            return reached
        reached.add(stage)
    return reached | _in_treatment(episodes, day, until)


def _first(days: Iterable[float], earliest: float | None, until: float) -> float | None:
    return min((day for day in days if earliest is not None and earliest <= day <= until), default=None)


def _in_treatment(episodes: list[dict[str, Any]], earliest: float | None, until: float) -> set[str]:
    stays = _stays(episodes)
    start = _first([stay[0]["start_date"] for stay in stays], earliest, until)
    if start is None:
        return set()
    stay = next(stay for stay in stays if stay[0]["start_date"] == start)
    end = max(episode["end_date"] for episode in stay)
    last = [episode for episode in stay if episode["end_date"] == end]
    completed = end < FAR and any(episode["discharge_reason"] in COMPLETED for episode in last)
    reached = {"treatment"}
    if completed and end <= until:
        reached.add("completed")
    kept = start + TWELVE_WEEKS if end >= start + TWELVE_WEEKS else end if completed else FAR
    return reached | ({"retained_12_weeks"} if kept <= until else set())


def _stays(episodes: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Episodes of which each begins at most 28 days after the end of those before."""
    stays: list[list[dict[str, Any]]] = []
    for episode in sorted(episodes, key=lambda e: (e["start_date"], e["end_date"])):
        if stays and episode["start_date"] - BRIDGED <= max(e["end_date"] for e in stays[-1]):
            stays[-1].append(episode)
        else:
            stays.append([episode])
    return stays
