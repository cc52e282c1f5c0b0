"""The pathway counted again person by person in plain Python, from the words of the documentation."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

GAP, WEEKS = dt.timedelta(days=28), dt.timedelta(days=84)
REQUIRED = ("initial_required", "follow_up_required")
POSITIVE = ("opiates", "cocaine", "both")
SUCCESS = ("completed", "completed_drug_free", "completed_occasional_use")
STAGES = (
    "tested",
    "positive",
    "assessment",
    "attended",
    "care_plan",
    "treatment",
    "retained_12_weeks",
    "completed",
)


def of_persons(frame: pd.DataFrame, spine: pd.DataFrame, table: str) -> dict[str, list[dict[str, Any]]]:
    """Person -> records, dates as dates, missing ones as None."""
    owner = dict(spine.loc[spine["table"] == table, ["record_id", "person_id"]].itertuples(index=False, name=None))
    found: dict[str, list[dict[str, Any]]] = {}
    for record in frame.to_dict("records"):
        tidy = {name: _plain(value) for name, value in record.items()}
        found.setdefault(owner[record["record_id"]], []).append(tidy)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, float | type(pd.NaT) | type(pd.NA)) and pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


def stays(episodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Journeys of a person: start, end (None while it runs), completed, retained (days or None)."""
    ordered = sorted(
        ({**one, "end_date": one["end_date"] or dt.date.max} for one in episodes if one["start_date"]),
        key=lambda one: (one["start_date"], one["end_date"]),
    )
    for one in ordered:
        one["end_date"] = max(one["end_date"], one["start_date"])
    groups: list[list[dict[str, Any]]] = []
    for one in ordered:
        latest = max(other["end_date"] for other in groups[-1]) if groups else None
        if latest is not None and one["start_date"] - GAP <= latest:
            groups[-1].append(one)
        else:
            groups.append([one])
    return [_stay(group) for group in groups]


def _stay(group: list[dict[str, Any]]) -> dict[str, Any]:
    start, end = group[0]["start_date"], max(one["end_date"] for one in group)
    done = any(one["discharge_reason"] in SUCCESS for one in group if one["end_date"] == end)
    completed = end if done and end < dt.date.max else None
    retained = start + WEEKS if end >= start + WEEKS else completed
    return {"start": start, "end": end, "completed": completed, "retained": retained}


def cohort_counts(
    tests: dict[str, list[dict[str, Any]]],
    contacts: dict[str, list[dict[str, Any]]],
    treatment: dict[str, list[dict[str, Any]]],
    *,
    last: dt.date,
    within_days: int,
) -> dict[str, int]:
    """Stage -> people who reached it, one stage after the other."""
    counts = dict.fromkeys(STAGES, 0)
    for person, own in tests.items():
        taken = [one for one in own if one["result"] in (*POSITIVE, "negative") and one["test_date"] <= last]
        if taken:
            reached = _reached(taken, contacts.get(person, []), treatment.get(person, []), within_days)
            for stage in STAGES[:reached]:
                counts[stage] += 1
    return counts


def _reached(taken: list[Any], contacts: list[Any], treatment: list[Any], within_days: int) -> int:
    first = min(taken, key=lambda one: (one["test_date"], (one["test_time"] or "99:99").zfill(5), one["record_id"]))
    if first["result"] not in POSITIVE:
        return 1
    until = first["test_date"] + dt.timedelta(days=within_days)

    def after(days: list[Any], day: dt.date) -> dt.date | None:
        return min((one for one in days if one and day <= one <= until), default=None)

    required = [one for one in contacts if one["assessment"] in REQUIRED]
    day = after([one["contact_date"] for one in required], first["test_date"])
    if day is None:
        return 2
    day = after([one["contact_date"] for one in required if one["attended"] is True], day)
    if day is None:
        return 3
    day = after([one["care_plan_date"] for one in contacts], day)
    if day is None:
        return 4
    started = stays(treatment)
    day = after([one["start"] for one in started], day)
    if day is None:
        return 5
    stay = next(one for one in started if one["start"] == day)
    if stay["retained"] is None or stay["retained"] > until:
        return 6
    return 8 if stay["completed"] is not None and stay["completed"] <= until else 7
