"""Treatment before the first positive test: part of the need that later decides who starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array
from dipeval.simulate.population import Population
from dipeval.simulate.streams import Streams

_OLDEST = 2_700  # days before the index date that earlier treatment may reach back
_CURRENT_SHARE = 0.16  # of those treated before: still in treatment, or out of it for less than 28 days


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Episodes:
    """Treatment episodes: who, first day, last day.

    Parameters
    ----------
    person, start, end
        Days; ``end`` may lie after the extract date.
    """

    person: Array
    start: Array
    end: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EarlierTreatment:
    """Treatment before the index date.

    Parameters
    ----------
    episodes
        The episodes.
    last_five_years
        Who started one in the 1,826 days before.
    current
        Who was in treatment on the index date or in the 28 days before it.
    """

    episodes: Episodes
    last_five_years: Array
    current: Array


def draw_earlier_treatment(
    people: Population, reference: Array, log_prior: Array, streams: Streams
) -> EarlierTreatment:
    """Draw treatment before the index date, by need that is on record: opiates and earlier offences.

    Parameters
    ----------
    people
        The population.
    reference
        The index date, or the first test of those without one.
    log_prior
        log(1 + proven offences in the five years before).
    streams
        The random streams.

    Returns
    -------
    EarlierTreatment
    """
    n = people.n_tested
    rng = streams("prior_treatment")
    opiates = people.opiate_profile()[:n]
    logit = -1.9 + 1.2 * opiates + 0.3 * (log_prior - 1.8) + 0.5 * (people.user[:n] - 0.5)
    ever = rng.random(n) < 1 / (1 + np.exp(-logit))
    current = ever & (rng.random(n) < _CURRENT_SHARE)
    several = rng.integers(1, 4, n)
    person = np.repeat(np.arange(n, dtype=np.int32), np.where(ever & ~current, several, 0))
    # An episode lies wholly within the five years (and ends before the 28 days), or wholly before them.
    ago = np.floor(60 + rng.random(len(person)) * (_OLDEST - 60)).astype(np.int32)
    length = 7 + np.floor(rng.gamma(1.1, 130, len(person))).astype(np.int32)
    start = reference[person] - ago
    wall = np.where(ago > s.LOOKBACK_DAYS, s.LOOKBACK_DAYS + 1, s.WASHOUT_DAYS + 1)
    end = np.minimum(start + length, reference[person] - wall)
    now = np.flatnonzero(current).astype(np.int32)
    now_start = reference[now] - rng.integers(35, 400, len(now))
    now_end = reference[now] + rng.integers(-s.WASHOUT_DAYS + 1, 500, len(now))
    person, start = np.concatenate([person, now]), np.concatenate([start, now_start]).astype(np.int32)
    end = np.concatenate([end, now_end]).astype(np.int32)
    grown = (people.age(person, start) >= 16) & (end >= start)
    person, start, end = person[grown], start[grown], end[grown]
    recent = np.zeros(n, dtype=bool)
    recent[person[start >= reference[person] - s.LOOKBACK_DAYS]] = True
    still = np.zeros(n, dtype=bool)
    still[person[end >= reference[person] - s.WASHOUT_DAYS]] = True
    return EarlierTreatment(
        episodes=Episodes(person=person, start=start, end=end), last_five_years=recent, current=still
    )


def draw_new_episodes(starts: Array, keep_short: Array, rng: np.random.Generator) -> Episodes:
    """Draw how long treatment lasts for those who start: 82% stay 12 weeks (DIP Operational Handbook: 8 in 10).

    Parameters
    ----------
    starts
        Day of the start of each person, `MISSING` for the rest.
    keep_short
        A uniform number a person that decides who stays 12 weeks.
    rng
        Generator for the lengths.

    Returns
    -------
    Episodes
    """
    short = rng.integers(1, 84, len(starts))
    long = 84 + np.floor(rng.gamma(1.3, 150, len(starts))).astype(np.int64)
    length = np.where(keep_short < 0.18, short, long)
    who = np.flatnonzero(starts != MISSING).astype(np.int32)
    return Episodes(person=who, start=starts[who], end=(starts[who] + length[who]).astype(np.int32))
