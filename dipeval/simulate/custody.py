"""First test, death and custody of each person: the same with and without treatment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array
from dipeval.simulate.population import Population
from dipeval.simulate.streams import Streams

_SPAN = 1 << 15  # more days than any date in the study: keys person * _SPAN + day never overlap
_REASONS = ("sentence", "remand")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lives:
    """First tests, deaths and custody spells; spells sorted by person and day, never overlapping.

    Parameters
    ----------
    first_test, trigger_day
        Day of the first test, and of the offence that led to it.
    death
        Day of death, `MISSING` for the living.
    person, start, end, remand
        Custody spells; ``end`` may lie after the extract date.
    """

    first_test: Array
    trigger_day: Array
    death: Array
    person: Array
    start: Array
    end: Array
    remand: Array

    def custody_end(self, person: Array, day: Array) -> Array:
        """Return the last day of the spell a person is in on a day, `MISSING` for those at liberty."""
        if len(self.person) == 0:
            return np.full(len(person), MISSING, dtype=np.int32)
        position = self._last_spell(person, day)
        safe = position.clip(0)
        inside = (position >= 0) & (self.person[safe] == person) & (self.end[safe] >= day)
        return np.where(inside, self.end[safe], MISSING).astype(np.int32)

    def next_custody(self, person: Array, day: Array) -> Array:
        """Return the first day of the next spell after a day, `MISSING` if there is none."""
        if len(self.person) == 0:
            return np.full(len(person), MISSING, dtype=np.int32)
        position = self._last_spell(person, day) + 1
        safe = position.clip(0, len(self.person) - 1)
        found = (position < len(self.person)) & (self.person[safe] == person)
        return np.where(found, self.start[safe], MISSING).astype(np.int32)

    def free_from(self, person: Array, day: Array) -> Array:
        """Return the first day at liberty from a day on."""
        for _ in range(2):
            end = self.custody_end(person, day)
            day = np.where(end == MISSING, day, end + 1)
        return day.astype(np.int32)

    def alive(self, person: Array, day: Array) -> Array:
        """Say who is still alive on a day."""
        return (self.death[person] == MISSING) | (day <= self.death[person])

    def _last_spell(self, person: Array, day: Array) -> Array:
        keys = self.person.astype(np.int64) * _SPAN + (self.start - s.HISTORY_FROM)
        wanted = person.astype(np.int64) * _SPAN + (day - s.HISTORY_FROM)
        return np.searchsorted(keys, wanted, side="right") - 1


def draw_lives(people: Population, streams: Streams) -> Lives:
    """Draw the first test, the death and the custody spells of everybody who was tested.

    Parameters
    ----------
    people
        The population.
    streams
        The random streams.

    Returns
    -------
    Lives

    Examples
    --------
    >>> from dipeval.simulate.population import draw_population
    >>> from dipeval.simulate.settings import Settings
    >>> lives = draw_lives(draw_population(Settings(people=200), Streams(1)), Streams(1))
    >>> bool((lives.end >= lives.start).all())
    True
    """
    n = people.n_tested
    rng = streams("first_test")
    first_test = rng.integers(s.TESTS_FROM, s.TESTS_TO + 1, n).astype(np.int32)
    lag = np.searchsorted([0.7, 0.9], rng.random(n), side="right")
    trigger_day = (first_test - lag).astype(np.int32)
    deaths = streams("deaths")
    hazard = s.DEATHS_A_YEAR * np.where(people.opiate_profile()[:n], 1.8, 0.8)
    death = first_test + 1 + np.floor(deaths.exponential(365.25 / hazard))
    death = np.where(death <= s.EXTRACT_DAY, death, MISSING).astype(np.int32)
    spells = _spells(people, streams("custody"), first_test, trigger_day, death)
    return Lives(first_test=first_test, trigger_day=trigger_day, death=death, **spells)


def _spells(
    people: Population, rng: np.random.Generator, first_test: Array, trigger_day: Array, death: Array
) -> dict[str, Array]:
    n = people.n_tested
    relative = (people.rate[:n] / s.OCCASIONS_A_YEAR).clip(0, 8) ** 0.7
    years = (s.EXTRACT_DAY - s.HISTORY_FROM) / 365.25
    count = rng.poisson(s.SPELLS_A_YEAR * relative * years)
    person = np.repeat(np.arange(n, dtype=np.int32), count)
    start = rng.integers(s.HISTORY_FROM, s.EXTRACT_DAY + 1, len(person)).astype(np.int32)
    length = 7 + np.floor(rng.gamma(*s.SPELL_LENGTH, len(person))).astype(np.int32)
    remanded = np.flatnonzero(rng.random(n) < s.REMAND_AT_TEST).astype(np.int32)
    held = 3 + np.floor(rng.exponential(50, len(remanded))).astype(np.int32)
    person = np.concatenate([person, remanded])
    start = np.concatenate([start, first_test[remanded] + 1])
    end = start + np.concatenate([length, held])
    remand = np.concatenate([rng.random(len(length)) < 0.3, np.ones(len(held), dtype=bool)])
    # Nobody is in prison on the day of the offence or of the test, nor as a child, nor after death.
    keep = (end < trigger_day[person]) | (start > first_test[person])
    keep &= people.age(person, start) >= 18
    dead = death[person] != MISSING
    keep &= ~dead | (start < death[person])
    end = np.where(dead, np.minimum(end, death[person]), end)
    order = np.lexsort((end, start, person))
    order = order[keep[order]]
    person, start, end, remand = person[order], start[order], end[order].astype(np.int32), remand[order]
    apart = _apart(person, start, end)
    return {"person": person[apart], "start": start[apart], "end": end[apart], "remand": remand[apart]}


def _apart(person: Array, start: Array, end: Array) -> Array:
    """Say which spells begin after every earlier spell of the same person has ended."""
    base = person.astype(np.int64) * _SPAN
    latest = np.maximum.accumulate(base + (end - s.HISTORY_FROM)) if len(person) else base
    before = np.concatenate([[-1], latest[:-1]]) if len(person) else base
    return base + (start - s.HISTORY_FROM) > before
