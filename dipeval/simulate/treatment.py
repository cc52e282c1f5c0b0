"""Treatment records: earlier episodes, those after the test, and those of clients who were never tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array, pick
from dipeval.simulate.custody import Lives
from dipeval.simulate.episodes import Episodes, draw_new_episodes
from dipeval.simulate.population import Population
from dipeval.simulate.selection import Starts
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import DISCHARGE_REASONS

REFERRAL_SOURCES = ("arrest_referral", "cjit", "probation", "prison", "self", "gp", "other")
_FROM_TEST = (0.30, 0.60, 0.04, 0.0, 0.04, 0.0, 0.02)
_FROM_ELSEWHERE = (0.08, 0.12, 0.12, 0.10, 0.34, 0.14, 0.10)
# Discharges of those who stayed 12 weeks and of those who did not; shapes from domain.md 2.2 and 2.4, shares invented.
# Order: completed, dropped out, transferred, custody, declined, died, other, not known.
_LEFT_LATE = (0.42, 0.32, 0.14, 0.0, 0.0, 0.0, 0.09, 0.03)
_LEFT_EARLY = (0.03, 0.66, 0.10, 0.0, 0.12, 0.0, 0.07, 0.02)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreatmentRecords:
    """Treatment episodes as the service records them, in order of start.

    Parameters
    ----------
    person, triage, start, end
        Who, and days; ``end`` is `MISSING` for open episodes.
    after_test
        Whether the episode followed the index test.
    referral, modality, discharge
        Codes; ``discharge`` is -1 for open episodes.
    """

    person: Array
    triage: Array
    start: Array
    end: Array
    after_test: Array
    referral: Array
    modality: Array
    discharge: Array


def draw_treatment(
    people: Population, lives: Lives, earlier: Episodes, starts: Starts, streams: Streams
) -> TreatmentRecords:
    """Draw the records of every treatment episode.

    Parameters
    ----------
    people, lives
        Who they are; their custody and deaths.
    earlier
        Episodes that began before the index date.
    starts
        Starts after it.
    streams
        The random streams.

    Returns
    -------
    TreatmentRecords
    """
    rng = streams("episodes")
    stay = rng.random(people.n_tested)
    new = draw_new_episodes(starts.real_world(), stay, rng)
    new = Episodes(person=new.person, start=new.start, end=_ends_in_custody(new, lives, rng))
    others = _other_clients(people, streams("other_clients"))
    parts = (earlier, new, others)
    person = np.concatenate([part.person for part in parts])
    start = np.concatenate([part.start for part in parts])
    end = np.concatenate([part.end for part in parts])
    after_test = np.repeat([False, True, False], [len(part.person) for part in parts])
    tested = person < people.n_tested
    who = np.where(tested, person, 0)
    death = np.where(tested, lives.death[who], MISSING)
    died = (death != MISSING) & (end >= death)
    end = np.where(died, death, end)
    in_custody = after_test & (lives.custody_end(who, end) != MISSING)
    size = len(person)
    late = end - start >= 84
    reason = np.where(late, pick(rng, _LEFT_LATE, size), pick(rng, _LEFT_EARLY, size))
    reason = np.where(in_custody, DISCHARGE_REASONS.index("custody"), reason)
    reason = np.where(died, DISCHARGE_REASONS.index("died"), reason)
    open_still = end > s.EXTRACT_DAY
    wait = np.floor(rng.random(size) * 15).astype(np.int32)
    records = TreatmentRecords(
        person=person,
        triage=np.where(after_test, start - np.minimum(wait, 1), start - wait),
        start=start,
        end=np.where(open_still, MISSING, end),
        after_test=after_test,
        referral=np.where(after_test, pick(rng, _FROM_TEST, size), pick(rng, _FROM_ELSEWHERE, size)),
        modality=_modalities(people, person, rng),
        discharge=np.where(open_still, -1, reason),
    )
    order = np.lexsort((end, person, start))
    order = order[start[order] <= s.EXTRACT_DAY]
    return TreatmentRecords(**{name: getattr(records, name)[order] for name in TreatmentRecords.__dataclass_fields__})


def _ends_in_custody(episodes: Episodes, lives: Lives, rng: np.random.Generator) -> Array:
    taken = lives.next_custody(episodes.person, episodes.start)
    stops = (taken != MISSING) & (taken <= episodes.end) & (rng.random(len(taken)) < 0.6)
    return np.where(stops, taken, episodes.end)


def _other_clients(people: Population, rng: np.random.Generator) -> Episodes:
    person = np.arange(people.n_tested, people.n, dtype=np.int32)
    start = rng.integers(s.TESTS_FROM - 1500, s.EXTRACT_DAY + 1, len(person)).astype(np.int32)
    length = 1 + np.floor(rng.gamma(1.2, 170, len(person))).astype(np.int32)
    return Episodes(person=person, start=start, end=start + length)


def _modalities(people: Population, person: Array, rng: np.random.Generator) -> Array:
    opiates = people.opiate_profile()[person]
    with_opiates = pick(rng, (0.68, 0.22, 0.06, 0.03, 0.01), len(person))
    without = pick(rng, (0.04, 0.76, 0.15, 0.03, 0.02), len(person))
    return np.where(opiates, with_opiates, without)
