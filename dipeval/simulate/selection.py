"""Who starts treatment, and when: by need that is on record and, when asked for, by a factor that is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array
from dipeval.simulate.custody import Lives
from dipeval.simulate.episodes import EarlierTreatment
from dipeval.simulate.offending import Offences
from dipeval.simulate.population import Population
from dipeval.simulate.settings import Settings
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import TEST_RESULTS

_COCAINE_ONLY = TEST_RESULTS.index("cocaine")
_LATER_AFTER = 150.0  # mean days from the end of the grace period to a later start; invented


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Starts:
    """Starts of treatment after the index date, `MISSING` where there is none.

    Parameters
    ----------
    early
        Whether the person really starts within the grace period.
    early_day
        When a person would start in the treated world (also those who do not).
    later_day
        When a person starts later in the world without an early start.
    """

    early: Array
    early_day: Array
    later_day: Array

    def treated_world(self) -> Array:
        """Return the start of treatment of each person in the treated world."""
        return np.where(self.early_day == MISSING, self.later_day, self.early_day)

    def real_world(self) -> Array:
        """Return the start of treatment that really happens."""
        return np.where(self.early, self.early_day, self.later_day)


def prior_offences(offences: Offences, in_base: Array, reference: Array, n: int) -> Array:
    """Count proven offences of the five years before, dealt with before the index date.

    Parameters
    ----------
    offences
        All offences.
    in_base
        Which of them happen when nobody is treated.
    reference
        The index date of each person, or the first test of those without one.
    n
        How many people were tested.

    Returns
    -------
    numpy.ndarray
        One count a person.
    """
    index = reference[offences.person]
    counted = in_base & offences.proven() & (offences.day < index) & (offences.day >= index - s.LOOKBACK_DAYS)
    counted &= offences.disposal_day < index
    return np.bincount(offences.person[counted], minlength=n)


def draw_starts(
    people: Population,
    lives: Lives,
    index: tuple[Array, Array],
    log_prior: Array,
    earlier: EarlierTreatment,
    settings: Settings,
    streams: Streams,
) -> Starts:
    """Draw who starts treatment within the grace period after the index date, and who later.

    Parameters
    ----------
    people, lives
        Who they are; their custody and deaths.
    index
        Day and result of the first positive test.
    log_prior
        log(1 + proven offences in five years): need on record.
    earlier
        Treatment before: need on record too; whoever is still in treatment starts nothing new.
    settings, streams
        What was asked for; the random streams.

    Returns
    -------
    Starts
    """
    day, result = index
    n, everybody = people.n_tested, np.arange(people.n_tested, dtype=np.int32)
    possible = (day != MISSING) & ~earlier.current
    age = people.age(everybody, np.where(day == MISSING, s.TESTS_FROM, day))
    need = settings.confounding * (
        s.NEED_LOG_OFFENCES * (log_prior - 1.8)
        + s.NEED_OPIATES * (result != _COCAINE_ONLY)
        + s.NEED_PRIOR_TREATMENT * earlier.last_five_years
        + s.NEED_A_DECADE * (age - s.AGE_MEAN) / 10
    )
    need = need + abs(settings.hidden) * people.hidden[:n]
    chosen = streams("selection").random((n, 2))
    chance = 1 / (1 + np.exp(-(need + _intercept(need[possible], settings.treated_share))))
    rng = streams("starts")
    wait = 1 + np.floor(s.GRACE_DAYS * rng.beta(1.3, 2.0, n)).astype(np.int32)
    safe_day = np.where(day == MISSING, s.TESTS_FROM, day)
    # A start that falls in custody waits for the release. So whoever is at liberty on day 42 could have started:
    # being eligible for the analysis says nothing about having been chosen.
    early_day = lives.free_from(everybody, safe_day + wait)
    feasible = possible & (early_day <= safe_day + s.GRACE_DAYS) & lives.alive(everybody, early_day + 1)
    later = safe_day + s.GRACE_DAYS + 1 + np.floor(rng.exponential(_LATER_AFTER, n)).astype(np.int32)
    later = lives.free_from(everybody, later)
    starts_later = possible & (chosen[:, 1] < settings.later_share / (1 - settings.treated_share))
    starts_later &= (later <= s.EXTRACT_DAY) & lives.alive(everybody, later + 1)
    return Starts(
        early=feasible & (chosen[:, 0] < chance),
        early_day=np.where(feasible, early_day, MISSING).astype(np.int32),
        later_day=np.where(starts_later, later, MISSING).astype(np.int32),
    )


def _intercept(need: Array, share: float) -> float:
    """Return the intercept that makes the mean chance equal to the share (bisection)."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        mean = float(np.mean(1 / (1 + np.exp(-(need + middle))))) if len(need) else share
        low, high = (middle, high) if mean < share else (low, middle)
    return (low + high) / 2
