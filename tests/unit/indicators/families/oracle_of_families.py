"""Every unit counted again in plain Python, person by person, from the words of the documentation."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from tests.unit.indicators.counted_by_hand import POSITIVE, REQUIRED, stays

PROVEN = ("caution", "conviction")
CLASS = {
    "acquisitive": {
        "shoplifting",
        "other_theft",
        "theft_from_person",
        "theft_of_vehicle",
        "theft_from_vehicle",
        "domestic_burglary",
        "other_burglary",
        "robbery",
        "fraud",
        "handling",
    },
    "violent": {"violence_with_injury", "violence_without_injury"},
    "disorder": {"criminal_damage", "public_order"},
}
Rows = dict[str, list[dict[str, Any]]]
Sums = dict[str, dict[tuple[str, str], list[float]]]


def quarter(day: dt.date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


def age_group(born: dt.date | None, day: dt.date) -> str:
    if born is None:
        return "not recorded"
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    names = ((18, "under 18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (999, "45 and over"))
    return next(name for limit, name in names if age < limit)


def _days(one: dt.date, other: dt.date) -> int:
    return (one - other).days


def first_positives(tests: Rows, labels: set[str]) -> list[dict[str, Any]]:
    """One a person and quarter."""
    found = []
    for person, own in tests.items():
        by_quarter: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for one in own:
            if one["result"] in POSITIVE and quarter(one["test_date"]) in labels:
                by_quarter[quarter(one["test_date"])].append(one)
        for label, there in by_quarter.items():
            first = min(
                there, key=lambda one: (one["test_date"], (one["test_time"] or "99:99").zfill(5), one["record_id"])
            )
            found.append({**first, "person": person, "period": label, "day": first["test_date"]})
    return found


def after_positives(tests: Rows, contacts: Rows, treatment: Rows, offences: Rows, labels: set[str]) -> Sums:
    """Indicator -> (district, period) -> numerator, denominator."""
    sums: Sums = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    for unit in first_positives(tests, labels):
        person, day = unit["person"], unit["day"]
        told = _contact_marks(contacts.get(person, []), day)
        told |= _treatment_marks(treatment.get(person, []), day)
        told |= _reoffences(offences.get(person, []), day)
        told["frequent_flyers"] = (_is_frequent(tests[person], unit["period"]), 1)
        for name, (above, below) in told.items():
            if below:
                cell = sums[name][unit["district"], unit["period"]]
                cell[0] += above
                cell[1] += below
    return sums


def _contact_marks(own: list[dict[str, Any]], day: dt.date) -> dict[str, tuple[int, int]]:
    inside = [one for one in own if 0 <= _days(one["contact_date"], day) <= 28]
    required = [one for one in inside if one["assessment"] in REQUIRED]
    plans = [one["care_plan_date"] for one in own if one["care_plan_date"]]
    plans = [plan for plan in plans if 0 <= _days(plan, day) <= 42]
    planned = bool(required) and any(plan >= min(one["contact_date"] for one in required) for plan in plans)
    return {
        "assessed": (int(bool(required)), 1),
        "attended": (int(any(one["attended"] is True for one in required)), 1),
        "seen": (int(any(one["attended"] is True for one in inside)), 1),
        "care_plan": (int(planned), int(bool(required))),
    }


def _treatment_marks(own: list[dict[str, Any]], day: dt.date) -> dict[str, tuple[int, int]]:
    journeys = stays(own)
    closed = any(one["start"] < day and one["end"] >= day - dt.timedelta(days=28) for one in journeys)
    entered = any(0 <= _days(one["start"], day) <= 42 for one in journeys)
    return {"treatment_entry": (int(entered and not closed), int(not closed))}


def _reoffences(own: list[dict[str, Any]], day: dt.date) -> dict[str, tuple[int, int]]:
    counted = [
        one["offence_group"]
        for one in own
        if one["disposal"] in PROVEN
        and one["disposal_date"]
        and one["disposal_date"] >= one["offence_date"]
        and 1 <= _days(one["offence_date"], day) <= 365
        and _days(one["disposal_date"], day) <= 547
    ]
    told = {"reoffending": (int(bool(counted)), 1), "reoffending_frequency": (len(counted), 1)}
    for name, groups in CLASS.items():
        told[f"reoffending_{name}"] = (int(any(one in groups for one in counted)), 1)
    return told


def _is_frequent(own: list[dict[str, Any]], label: str) -> int:
    days = [one["test_date"] for one in own if one["result"] in POSITIVE]
    return int(any(sum(0 <= _days(day, other) <= 365 for other in days) >= 3 for day in days if quarter(day) == label))


def of_stays(treatment: Rows, periods: dict[str, tuple[dt.date, dt.date]], extract_date: dt.date) -> Sums:
    """Indicator -> (district, period) -> numerator, denominator."""
    sums: Sums = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))

    def add(name: str, district: str, label: str, above: bool) -> None:
        cell = sums[name][district, label]
        cell[0] += above
        cell[1] += 1

    for own in treatment.values():
        journeys = stays(own)
        for place, one in enumerate(journeys):
            first = min(
                (episode for episode in own if episode["start_date"] == one["start"]),
                key=lambda episode: episode["record_id"],
            )
            done = one["completed"] if one["completed"] and one["completed"] <= extract_date else None
            long = _days(one["end"], one["start"]) >= 84
            district, label = first["district"], quarter(one["start"])
            if label in periods:
                add("retention_12_weeks", district, label, long or done is not None)
                add("completion", district, label, done is not None and _days(done, one["start"]) <= 365)
            for name, (opens, closes) in periods.items():
                if one["start"] <= closes and one["end"] >= opens:
                    add("completion_period", district, name, done is not None and opens <= done <= closes)
            if done and quarter(done) in periods:
                later = journeys[place + 1]["start"] if place + 1 < len(journeys) else None
                add("re_presentation", district, quarter(done), later is not None and _days(later, done) <= 183)
    return sums


def of_contacts(contacts: Rows, treatment: Rows, labels: set[str]) -> Sums:
    """Indicator -> (district, period) -> numerator, denominator."""
    sums: Sums = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    for person, own in contacts.items():
        for label in labels:
            there = [one for one in own if quarter(one["contact_date"]) == label]
            for one in there:
                if one["attended"] is True:
                    sums["contacts"][one["district"], label][0] += 1
                    sums["contacts"][one["district"], label][1] += 1
            custody = [one for one in there if one["entry_point"] == "custody"]
            if custody:
                first = min(custody, key=lambda one: (one["contact_date"], one["record_id"]))
                cell = sums["new_to_service"][first["district"], label]
                cell[0] += not _known(own, treatment.get(person, []), first["contact_date"])
                cell[1] += 1
    return sums


def _known(contacts: list[dict[str, Any]], treatment: list[dict[str, Any]], day: dt.date) -> bool:
    back = day - dt.timedelta(days=1826)
    treated = any(
        one["start_date"] < day and max(one["end_date"] or dt.date.max, one["start_date"]) >= back for one in treatment
    )
    return treated or any(back <= one["contact_date"] < day for one in contacts)
