"""What happens to the people of the areas: tests, contacts, treatment, offences, with changes planted in known places.

Every figure is invented. Planted: the last district begins to test in the fifth quarter; workers left the custody
suites of the third district in the ninth, and fewer are seen from then on; drug tests after violence are positive more
and more often; the first district's second suite is served by day only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dipeval.simulate.area_people import CANNABIS, COCAINE_ONLY, LOGIT_SPREAD, NONE, OPIATES, AreaPeople
from dipeval.simulate.arrays import MISSING, Array, pick
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import ASSESSMENTS, DISCHARGE_REASONS, DISPOSALS, ENTRY_POINTS, OFFENCE_CLASS, OFFENCE_GROUPS

LATE_QUARTER, CUSTODY_LEFT_QUARTER, LEFT_DISTRICT = 4, 8, 2
SEEN, SEEN_AFTER_LEAVING, SEEN_AT_NIGHT = 0.74, 0.42, 0.35
TREATED_IF_SEEN: Final = 0.22
STAY_DAYS: Final = 300.0
OFFENCES_A_YEAR: Final = 0.42
TESTS_A_QUARTER: Final = 0.125
HISTORY_DAYS: Final = 1826
VIOLENCE_DRIFT: Final = 1.2  # log-odds of a positive test after violence, from the first quarter to the last
TRIGGERS: Final = ("shoplifting", "other_theft", "domestic_burglary", "robbery", "fraud", "drug_possession",
                   "violence_with_injury", "violence_without_injury", "public_order", "criminal_damage")  # fmt: skip
TRIGGER_MIX: Final = (0.38, 0.10, 0.08, 0.03, 0.04, 0.12, 0.06, 0.10, 0.05, 0.04)
OFFENCE_MIX: Final = (0.36, 0.12, 0.06, 0.02, 0.03, 0.10, 0.07, 0.12, 0.07, 0.05)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaTests:
    """One entry a test: who, when (day, minute), where, why, and what it found (-1: refused)."""

    person: Array
    day: Array
    minute: Array
    district: Array
    second_suite: Array
    quarter: Array
    offence: Array
    result: Array

    @property
    def positive(self) -> Array:
        """Whether a test found opiates (1), cocaine (2) or both (3)."""
        return self.result > 0


def draw_tests(people: AreaPeople, first_day: int, days: int, quarters: int, streams: Streams) -> AreaTests:
    """Draw the tests of all quarters: about 1.9 a person over four years."""
    rng = streams("area_tests")
    districts = int(people.district.max()) + 1 if len(people) else 1
    rate = TESTS_A_QUARTER * quarters * people.notice
    person = np.repeat(np.arange(len(people)), rng.poisson(rate))
    size = len(person)
    day = first_day + rng.integers(0, days, size)
    quarter = (day - first_day) * quarters // days
    elsewhere = (rng.random(size) < 0.06) & (districts > 1)
    district = np.where(elsewhere, rng.integers(0, districts, size), people.district[person])
    # The last district joins late: growth of tests there is no growth of need.
    kept = (district != districts - 1) | (quarter >= LATE_QUARTER) | (districts < 3)
    person, day, quarter, district = (column[kept] for column in (person, day, quarter, district))
    size = len(person)
    offence = pick(rng, TRIGGER_MIX, size)
    spread = rng.normal(0.0, LOGIT_SPREAD, districts)
    use = people.use[person]
    chance = np.array([2.4, 1.9, -1.9, -2.2, -2.0, -3.3])[use] + spread[district]
    violent = np.isin(offence, (6, 7))
    chance = chance + np.where(violent, VIOLENCE_DRIFT * (quarter / max(quarters - 1, 1) - 0.5), 0.0)
    found = rng.random(size) < 1 / (1 + np.exp(-chance))
    kind = np.where(use == OPIATES, np.where(rng.random(size) < 0.6, 3, 1), 2)
    result = np.where(found, kind, 0)
    result[rng.random(size) < 0.015] = -1
    return AreaTests(
        person=person,
        day=day,
        minute=_minutes(size, rng),
        district=district,
        second_suite=rng.random(size) < 0.3,
        quarter=quarter,
        offence=offence,
        result=result,
    )


def _minutes(size: int, rng: np.random.Generator) -> Array:
    """Most tests in the afternoon and evening, some at night."""
    minutes: Array = np.mod(rng.normal(17 * 60, 5.5 * 60, size), 1440).astype(np.int32)
    return minutes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaContacts:
    """One entry a contact: who, when, where, at which entry point, which assessment, whether they came, care plan."""

    person: Array
    day: Array
    minute: Array
    district: Array
    entry_point: Array
    assessment: Array
    attended: Array
    care_plan: Array


def draw_contacts(people: AreaPeople, tests: AreaTests, first_day: int, days: int, streams: Streams) -> AreaContacts:
    """Draw contacts after positive tests, and others who came by court, prison, community or out of court."""
    rng = streams("area_contacts")
    rows = np.flatnonzero(tests.positive)
    served = rows[rng.random(len(rows)) < 0.93]
    lag = np.minimum(rng.geometric(0.35, len(served)) - 1, 40)
    chance = np.full(len(served), SEEN)
    left = (tests.district[served] == LEFT_DISTRICT) & (tests.quarter[served] >= CUSTODY_LEFT_QUARTER)
    chance[left] = SEEN_AFTER_LEAVING
    night = (tests.minute[served] < 6 * 60) | (tests.minute[served] >= 22 * 60)
    void = night & (tests.district[served] == 0) & tests.second_suite[served]
    chance[void] = SEEN_AT_NIGHT
    came = rng.random(len(served)) < chance
    others = rng.poisson(0.35 * people.notice * (people.use != NONE))
    other = np.repeat(np.arange(len(people)), others)
    other_day = first_day + rng.integers(0, days, len(other))
    person = np.concatenate([tests.person[served], other])
    entry = np.concatenate([
        np.where(left | (rng.random(len(served)) < 0.15), ENTRY_POINTS.index("community"), 0),
        1 + pick(rng, (0.30, 0.20, 0.35, 0.15), len(other)),
    ])  # fmt: skip
    assessment = np.concatenate([
        np.full(len(served), ASSESSMENTS.index("initial_required")),
        np.full(len(other), ASSESSMENTS.index("voluntary")),
    ])  # fmt: skip
    day = np.concatenate([tests.day[served] + lag, other_day])
    attended = np.concatenate([came, rng.random(len(other)) < 0.8])
    planned = attended & (rng.random(len(day)) < 0.55)
    return AreaContacts(
        person=person,
        day=day,
        minute=rng.integers(8 * 60, 20 * 60, len(day)),
        district=np.concatenate([tests.district[served], people.district[other]]),
        entry_point=entry,
        assessment=assessment,
        attended=attended,
        care_plan=np.where(planned, day + rng.integers(0, 22, len(day)), MISSING),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaStays:
    """One entry an episode of treatment: who, from when to when, and why it ended (-1: it runs)."""

    person: Array
    start: Array
    end: Array
    reason: Array


def draw_stays(people: AreaPeople, contacts: AreaContacts, first_day: int, streams: Streams) -> AreaStays:
    """Draw treatment after contacts, and the earlier treatment of most who use opiates."""
    rng = streams("area_treatment")
    rows = np.flatnonzero(contacts.attended)
    rows = rows[rng.random(len(rows)) < TREATED_IF_SEEN]
    known = np.flatnonzero(rng.random(len(people)) < np.where(people.use == OPIATES, 0.95, 0.85))
    person = np.concatenate([contacts.person[rows], known])
    start = np.concatenate([
        contacts.day[rows] + rng.integers(2, 45, len(rows)),
        first_day - rng.integers(30, 400, len(known)),
    ])  # fmt: skip
    size = len(person)
    length = _lengths(size, rng)
    reasons = ("completed", "completed_drug_free", "dropped_out", "custody", "transferred", "withdrawn")
    codes = np.array([DISCHARGE_REASONS.index(name) for name in reasons])
    # Who stays longer completes more often.
    done = rng.random(size) < np.where(length >= 84, 0.46, 0.08)
    reason = np.where(done, codes[pick(rng, (0.6, 0.4), size)], codes[2 + pick(rng, (0.62, 0.14, 0.14, 0.10), size)])
    again = np.flatnonzero(done & (rng.random(size) < 0.16))
    back = start[again] + length[again] + rng.integers(35, 180, len(again))
    return AreaStays(
        person=np.concatenate([person, person[again]]),
        start=np.concatenate([start, back]),
        end=np.concatenate(
            [start + length, back + np.maximum(rng.exponential(STAY_DAYS, len(again)), 3).astype(np.int64)]
        ),
        reason=np.concatenate([reason, np.full(len(again), codes[2])]),
    )


def _lengths(size: int, rng: np.random.Generator) -> Array:
    days: Array = np.maximum(rng.exponential(STAY_DAYS, size), 3).astype(np.int64)
    return days


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaOffences:
    """One entry an offence: who, when, which, when and how it was disposed of."""

    person: Array
    day: Array
    group: Array
    disposed: Array
    disposal: Array


def draw_offences(
    people: AreaPeople, tests: AreaTests, first_day: int, last_day: int, streams: Streams
) -> AreaOffences:
    """Draw offences from five years before the first quarter to the end, and one on the day of each test."""
    rng = streams("area_offences")
    start = first_day - HISTORY_DAYS
    years = (last_day - start) / 365.25
    use = np.where(people.use == OPIATES, 1.5, np.where(people.use == COCAINE_ONLY, 1.0, 0.7))
    young = np.where(people.use == CANNABIS, 1.1, 1.0)
    # Arrests before the first quarter were as many as those that led to tests after it.
    earlier = rng.poisson(TESTS_A_QUARTER * HISTORY_DAYS / 91.3 * people.notice)
    others = rng.poisson(OFFENCES_A_YEAR * years * people.notice * use * young)
    everybody = np.arange(len(people))
    person = np.concatenate([np.repeat(everybody, others), np.repeat(everybody, earlier), tests.person])
    day = np.concatenate([
        start + rng.integers(0, last_day - start + 1, others.sum()),
        start + rng.integers(0, HISTORY_DAYS, earlier.sum()),
        tests.day,
    ])  # fmt: skip
    codes = np.array([OFFENCE_GROUPS.index(name) for name in TRIGGERS])
    group = np.concatenate([
        codes[pick(rng, OFFENCE_MIX, others.sum())],
        codes[pick(rng, TRIGGER_MIX, earlier.sum())],
        codes[tests.offence],
    ])  # fmt: skip
    disposal = pick(rng, (0.10, 0.62, 0.08, 0.20), len(person))
    disposed = day + rng.gamma(1.3, 70.0, len(person)).astype(np.int64)
    return AreaOffences(
        person=person,
        day=day,
        group=group,
        disposed=np.where(disposal == DISPOSALS.index("none"), MISSING, disposed),
        disposal=disposal,
    )


def offence_classes() -> Array:
    """Return the class of each offence group, in the order of ``OFFENCE_GROUPS``."""
    return np.array([OFFENCE_CLASS[name] for name in OFFENCE_GROUPS], dtype=object)
