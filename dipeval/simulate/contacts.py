"""The pathway from a positive test to a care plan: people are lost at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array, pick
from dipeval.simulate.custody import Lives
from dipeval.simulate.population import Population
from dipeval.simulate.selection import Starts
from dipeval.simulate.streams import Streams
from dipeval.simulate.testing import DrugTests
from dipeval.vocabulary import ASSESSMENTS, ENTRY_POINTS

# Chances for those who go on to start treatment, and for the rest. Over nine in ten positives are offered an
# assessment (domain.md 2.2, DToA); the other figures are invented so that about a third of contacts start treatment.
SERVED = (0.97, 0.93)
ATTENDED = (0.97, 0.82)
CARE_PLANNED = (0.95, 0.25)
FOLLOWED_UP = 0.55
_VOLUNTARY_AFTER_NEGATIVE = 0.03
_OTHER_CLIENTS_SEEN = 0.25
_LATER_STARTERS_SEEN = 0.80


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contacts:
    """Contacts with the criminal justice drug workers.

    Parameters
    ----------
    person, day
        Who and when.
    entry_point, assessment
        Codes into ``ENTRY_POINTS`` and ``ASSESSMENTS``.
    attended
        Whether the person came and stayed.
    care_plan, exit_day
        Days, `MISSING` if none.
    starter
        Whether this contact led to treatment.
    """

    person: Array
    day: Array
    entry_point: Array
    assessment: Array
    attended: Array
    care_plan: Array
    exit_day: Array
    starter: Array


def draw_contacts(
    people: Population, lives: Lives, tests: DrugTests, index_day: Array, starts: Starts, streams: Streams
) -> Contacts:
    """Draw contacts after the tests that were taken, before later starts, and of people never tested.

    Parameters
    ----------
    people, lives, tests
        Who they are, their custody and deaths, the tests that were taken.
    index_day
        Day of the first positive test.
    starts
        Starts of treatment.
    streams
        The random streams.

    Returns
    -------
    Contacts
        In order of day.
    """
    rng = streams("contacts")
    required = _required(tests, index_day, starts, rng)
    voluntary = _voluntary(people, tests, starts, rng)
    person, day, limit, starter, kind = (np.concatenate(parts) for parts in zip(required, voluntary, strict=True))
    size = len(person)
    plain = np.where(starter, 0, 1)
    attended = (rng.random(size) < np.array(ATTENDED)[plain]) | (kind == ASSESSMENTS.index("voluntary"))
    planned = attended & (rng.random(size) < np.array(CARE_PLANNED)[plain])
    wait = np.floor(rng.random(size) * np.where(starter, limit - day + 1, 22)).astype(np.int32)
    again = np.flatnonzero(
        (rng.random(size) < FOLLOWED_UP) & attended & (kind == ASSESSMENTS.index("initial_required"))
    )
    again_day = day[again] + rng.integers(5, 22, len(again))
    contacts = Contacts(
        person=np.concatenate([person, person[again]]).astype(np.int32),
        day=np.concatenate([day, again_day]).astype(np.int32),
        entry_point=_entry_points(np.concatenate([kind, np.full(len(again), 1)]), rng),
        assessment=np.concatenate([kind, np.full(len(again), ASSESSMENTS.index("follow_up_required"))]),
        attended=np.concatenate([attended, rng.random(len(again)) < 0.8]),
        care_plan=np.concatenate([np.where(planned, day + wait, MISSING), np.full(len(again), MISSING)]),
        exit_day=_exits(np.concatenate([day, again_day]), rng),
        starter=np.concatenate([starter, starter[again]]),
    )
    return _within_life(contacts, people, lives)


def _required(tests: DrugTests, index_day: Array, starts: Starts, rng: np.random.Generator) -> tuple[Array, ...]:
    rows = np.flatnonzero(tests.positive())
    person, test_day = tests.person[rows], tests.day[rows]
    starter = starts.early[person] & (test_day == index_day[person])
    served = rng.random(len(rows)) < np.array(SERVED)[np.where(starter, 0, 1)]
    lag = np.searchsorted([0.6, 0.75, 0.85, 0.92, 0.96], rng.random(len(rows)), side="right")
    start = np.where(starter, starts.early_day[person], test_day + 42)
    day = np.minimum(test_day + lag, start)
    kind = np.full(len(rows), ASSESSMENTS.index("initial_required"))
    return person[served], day[served], start[served], starter[served], kind[served]


def _voluntary(people: Population, tests: DrugTests, starts: Starts, rng: np.random.Generator) -> tuple[Array, ...]:
    negative = np.flatnonzero(~tests.positive())
    negative = negative[rng.random(len(negative)) < _VOLUNTARY_AFTER_NEGATIVE]
    later = np.flatnonzero(~starts.early & (starts.later_day != MISSING))
    later = later[rng.random(len(later)) < _LATER_STARTERS_SEEN]
    others = np.arange(people.n_tested, people.n)
    others = others[rng.random(len(others)) < _OTHER_CLIENTS_SEEN]
    person = np.concatenate([tests.person[negative], later, others]).astype(np.int32)
    later_day = starts.later_day[later] - rng.integers(0, 15, len(later))
    other_day = rng.integers(s.TESTS_FROM, s.TESTS_TO + 1, len(others))
    day = np.concatenate([tests.day[negative] + 1, later_day, other_day]).astype(np.int32)
    limit = np.concatenate([day[: len(negative)], starts.later_day[later], day[len(negative) + len(later) :]])
    starter = np.zeros(len(person), dtype=bool)
    starter[len(negative) : len(negative) + len(later)] = True
    return person, day, limit, starter, np.full(len(person), ASSESSMENTS.index("voluntary"))


def _entry_points(kind: Array, rng: np.random.Generator) -> Array:
    required = pick(rng, (0.88, 0.04, 0.0, 0.06, 0.02), len(kind))
    voluntary = pick(rng, (0.25, 0.25, 0.05, 0.40, 0.05), len(kind))
    return np.where(kind == ASSESSMENTS.index("voluntary"), voluntary, required)


def _exits(day: Array, rng: np.random.Generator) -> Array:
    end = day + 14 + np.floor(rng.gamma(1.2, 60, len(day))).astype(np.int64)
    return np.where(end <= s.EXTRACT_DAY, end, MISSING)


def _within_life(contacts: Contacts, people: Population, lives: Lives) -> Contacts:
    tested = contacts.person < people.n_tested
    who = np.where(tested, contacts.person, 0).astype(np.int32)
    dead = np.where(tested, lives.death[who], MISSING)
    keep = (contacts.day <= s.EXTRACT_DAY) & ((dead == MISSING) | (contacts.day <= dead))
    inside = tested & (lives.custody_end(who, contacts.day) != MISSING)
    last = np.where(dead == MISSING, s.EXTRACT_DAY, np.minimum(dead, s.EXTRACT_DAY))
    order = np.lexsort((contacts.assessment, contacts.person, contacts.day))
    order = order[keep[order]]
    rows = {name: getattr(contacts, name)[order] for name in Contacts.__dataclass_fields__}
    prison = ENTRY_POINTS.index("prison")
    rows["entry_point"] = np.where(inside[order], prison, rows["entry_point"])
    rows["care_plan"] = np.where(rows["care_plan"] > last[order], MISSING, rows["care_plan"])
    rows["exit_day"] = np.where(rows["exit_day"] == MISSING, MISSING, np.minimum(rows["exit_day"], last[order]))
    return Contacts(**rows)
