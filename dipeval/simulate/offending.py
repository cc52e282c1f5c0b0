"""Offences: gamma-Poisson occasions with marks, and which of them happen with and without treatment.

Both worlds come from one set of occasions. Each occasion has a uniform mark; in a stretch of time where the rate is
multiplied by a ratio, it happens when the mark is below that ratio (over the largest ratio). So the treated world is
the untreated one thinned after the start, and the effect on a person is defined.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array, pick
from dipeval.simulate.custody import Lives
from dipeval.simulate.population import Population
from dipeval.simulate.settings import Settings
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import DISPOSALS, OFFENCE_GROUPS, PROVEN_DISPOSALS

_PROVEN_CODES = tuple(DISPOSALS.index(name) for name in PROVEN_DISPOSALS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occasions:
    """Days on which a person may offend, in either world; the offences that led to the first test are apart.

    Parameters
    ----------
    person, day, mark
        Who, when, and the uniform mark that decides in which world it happens.
    in_base
        Whether it happens when nobody is treated.
    """

    person: Array
    day: Array
    mark: Array
    in_base: Array

    def happens(self, start: Array, settings: Settings) -> Array:
        """Say which occasions happen when people start treatment on the given days (`MISSING` = never)."""
        first = start[self.person]
        treated = (first != MISSING) & (self.day >= first)
        return np.where(treated, self.mark < settings.effect / max(1.0, settings.effect), self.in_base)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offences:
    """Offences with their disposals, and the worlds they belong to.

    Parameters
    ----------
    person, day, group
        Who, when, code into ``OFFENCE_GROUPS``.
    disposal, disposal_day, custodial
        Code into ``DISPOSALS``; `MISSING` when there is none by the extract date.
    occasion
        Position of the occasion, -1 for offences that led to a first test.
    untreated, treated
        Whether the offence belongs to that world (filled in once the starts are known).
    """

    person: Array
    day: Array
    group: Array
    disposal: Array
    disposal_day: Array
    custodial: Array
    occasion: Array
    untreated: Array = field(default_factory=lambda: np.zeros(0, dtype=bool))
    treated: Array = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def proven(self) -> Array:
        """Say which offences ended in a caution or a conviction."""
        return np.isin(self.disposal, _PROVEN_CODES)


def draw_occasions(people: Population, lives: Lives, settings: Settings, streams: Streams) -> Occasions:
    """Draw the days on which people may offend: never before age 12, in custody or after death.

    Parameters
    ----------
    people, lives
        Who they are; their custody and deaths.
    settings
        `effect` above 1 draws more occasions, `hidden` changes the rate after the first test.
    streams
        The random streams.

    Returns
    -------
    Occasions
        In order of person.
    """
    n = people.n_tested
    ceiling = max(1.0, settings.effect)
    rate = people.rate[:n] / 365.25 * ceiling
    after = rate * np.exp(settings.hidden * people.hidden[:n] - settings.hidden**2 / 2)
    youngest = people.birth_day[:n] + np.ceil(365.25 * s.FIRST_OFFENCE_AGE).astype(np.int32)
    begin = np.maximum(s.HISTORY_FROM, youngest)
    first = lives.first_test
    early = _poisson_days(streams("occasions_before"), rate, begin, first)
    late = _poisson_days(streams("occasions_after"), after, first + 1, np.full(n, s.EXTRACT_DAY + 1))
    person = np.concatenate([early[0], late[0]])
    day = np.concatenate([early[1], late[1]])
    free = (lives.custody_end(person, day) == MISSING) & lives.alive(person, day)
    person, day = person[free], day[free]
    mark = streams("thinning").random(len(person), dtype=np.float32)
    return Occasions(person=person, day=day, mark=mark, in_base=mark < 1 / ceiling)


def _poisson_days(rng: np.random.Generator, rate: Array, begin: Array, end: Array) -> tuple[Array, Array]:
    span = np.maximum(end - begin, 0)
    count = rng.poisson(rate * span)
    person = np.repeat(np.arange(len(rate), dtype=np.int32), count)
    share = rng.random(len(person), dtype=np.float32)
    return person, (begin[person] + np.floor(share * span[person])).astype(np.int32).clip(None, end[person] - 1)


def draw_offences(occasions: Occasions, lives: Lives, streams: Streams) -> Offences:
    """Draw the offences of each occasion, and those that led to a first test, with their disposals.

    Parameters
    ----------
    occasions, lives
        When people may offend; when they were first tested.
    streams
        The random streams.

    Returns
    -------
    Offences
        Without worlds yet.
    """
    n_first = len(lives.first_test)
    extra = np.searchsorted(
        1 - s.MORE_ON_THE_DAY ** np.arange(1, 6), streams("bursts").random(len(occasions.person), dtype=np.float32)
    )
    occasion = np.concatenate([np.full(n_first, -1), np.repeat(np.arange(len(occasions.person)), 1 + extra)])
    person = np.concatenate([np.arange(n_first, dtype=np.int32), occasions.person[occasion[n_first:]]])
    day = np.concatenate([lives.trigger_day, occasions.day[occasion[n_first:]]])
    rng = streams("offence_marks")
    mix = [s.OFFENCE_MIX[group] for group in OFFENCE_GROUPS]
    group = pick(rng, mix, len(day)).astype(np.int8)
    disposal = pick(rng, [s.DISPOSAL_MIX[name] for name in DISPOSALS], len(day)).astype(np.int8)
    lag = np.where(
        disposal == DISPOSALS.index("caution"),
        rng.integers(0, 15, len(day), dtype=np.int16),
        1 + rng.gamma(*s.CONVICTION_LAG, len(day)),
    )
    disposal_day = (day + np.floor(lag)).astype(np.int32)
    # What had not been decided by the extract date is not in the extract: no disposal yet.
    undecided = (disposal == DISPOSALS.index("none")) | (disposal_day > s.EXTRACT_DAY)
    custodial = (disposal == DISPOSALS.index("conviction")) & (
        rng.random(len(day), dtype=np.float32) < s.CUSTODIAL_SHARE
    )
    return Offences(
        person=person,
        day=day,
        group=group,
        disposal=np.where(undecided, DISPOSALS.index("none"), disposal).astype(np.int8),
        disposal_day=np.where(undecided, MISSING, disposal_day).astype(np.int32),
        custodial=custodial & ~undecided,
        occasion=occasion,
    )


def in_worlds(offences: Offences, untreated: Array, treated: Array) -> Offences:
    """Say for each offence in which worlds it happens; those in neither are left out.

    Parameters
    ----------
    offences
        All offences.
    untreated, treated
        Whether each *occasion* happens in that world.

    Returns
    -------
    Offences
    """
    first = offences.occasion < 0
    in_untreated = first | (untreated[offences.occasion] if len(untreated) else False)
    in_treated = first | (treated[offences.occasion] if len(treated) else False)
    kept = in_untreated | in_treated
    return Offences(
        person=offences.person[kept],
        day=offences.day[kept],
        group=offences.group[kept],
        disposal=offences.disposal[kept],
        disposal_day=offences.disposal_day[kept],
        custodial=offences.custodial[kept],
        occasion=offences.occasion[kept],
        untreated=in_untreated[kept],
        treated=in_treated[kept],
    )
