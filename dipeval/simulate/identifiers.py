"""What each file believes about a person: exact in police files, with the benchmark's errors in treatment files.

Rates: those of the benchmark files in tests/simulation. Treatment and contact files hold initials only, so a misspelt
name shows only when the misspelling falls on the first letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dipeval.simulate.arrays import Array, to_text, years_after
from dipeval.simulate.names import name_lists
from dipeval.simulate.population import Population, draw_names
from dipeval.simulate.settings import Settings
from dipeval.simulate.streams import Streams

FORENAME_TYPO: Final = 0.06
SURNAME_TYPO: Final = 0.05
OTHER_SURNAME: Final = 0.03
OTHER_FORENAME: Final = 0.03
SWAPPED: Final = 0.01
BIRTH_DAYS_OFF: Final = 0.02
BIRTH_YEARS_OFF: Final = 0.01
WRONGLY_FEMALE: Final = 0.005
OTHER_ADDRESS: Final = 0.25
MISSING_ADDRESS: Final = 0.08

_LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FullIdentity:
    """Names as positions in `name_lists`, and birth days, as the custody suite holds them.

    Parameters
    ----------
    forename, surname, birth_day
        One entry a person.
    elsewhere
        Whether the suite holds another address than the person's own.
    """

    forename: Array
    surname: Array
    birth_day: Array
    elsewhere: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServiceIdentity:
    """What a treatment or contact file holds of each person.

    Parameters
    ----------
    forename_initial, surname_initial, sex, sector
        Text; ``sector`` may be None.
    birth_day
        Days since 1970.
    """

    forename_initial: Array
    surname_initial: Array
    birth_day: Array
    sex: Array
    sector: Array


def custody_identity(people: Population, settings: Settings, streams: Streams) -> FullIdentity:
    """Return what the custody suites hold: the truth, but for alias users, whose names, birth and address are wrong.

    Parameters
    ----------
    people
        The population.
    settings
        `alias_users` is their share.
    streams
        The random streams.

    Returns
    -------
    FullIdentity
    """
    rng = streams("alias")
    alias = rng.random(people.n) < settings.alias_users
    forename, surname = draw_names(rng, people.female)
    years = rng.integers(1, 6, people.n) * rng.choice([-1, 1], people.n)
    days = rng.integers(-40, 41, people.n)
    birth_day = years_after(people.birth_day, years) + days
    return FullIdentity(
        forename=np.where(alias, forename, people.forename),
        surname=np.where(alias, surname, people.surname),
        birth_day=np.where(alias, birth_day, people.birth_day).astype(np.int32),
        elsewhere=alias & (rng.random(people.n) < 0.5),
    )


def service_identity(people: Population, rng: np.random.Generator, settings: Settings) -> ServiceIdentity:
    """Draw what one service's file holds of each person, errors independent of each other and of other files.

    Parameters
    ----------
    people
        The population.
    rng
        The file's own generator.
    settings
        `identifier_errors` multiplies every rate.

    Returns
    -------
    ServiceIdentity
    """
    n, chance = people.n, _Chance(rng, settings.identifier_errors)
    first, last = _initials()
    forename, surname = draw_names(rng, people.female)
    forename = np.where(chance(OTHER_FORENAME, n), forename, people.forename)
    surname = np.where(chance(OTHER_SURNAME, n), surname, people.surname)
    initials = [
        _misspelt(first[0][forename], first[1][forename], chance(FORENAME_TYPO, n), rng),
        _misspelt(last[0][surname], last[1][surname], chance(SURNAME_TYPO, n), rng),
    ]
    swapped = chance(SWAPPED, n)
    years = rng.integers(1, 6, n) * rng.choice([-1, 1], n)
    days = rng.integers(1, 10, n) * rng.choice([-1, 1], n)
    birth_day = np.where(chance(BIRTH_DAYS_OFF, n), people.birth_day + days, people.birth_day)
    birth_day = np.where(chance(BIRTH_YEARS_OFF, n), years_after(birth_day, years), birth_day)
    female = people.female | chance(WRONGLY_FEMALE, n)
    address = np.where(chance(OTHER_ADDRESS, n), 2, 0)
    sector = people.sector(np.arange(n), address)
    sector[chance(MISSING_ADDRESS, n)] = None
    return ServiceIdentity(
        forename_initial=to_text(np.where(swapped, initials[1], initials[0]), _LETTERS),
        surname_initial=to_text(np.where(swapped, initials[0], initials[1]), _LETTERS),
        birth_day=birth_day.astype(np.int32),
        sex=to_text(female.astype(np.int8), ("male", "female")),
        sector=sector,
    )


class _Chance:
    """Draws who is hit by an error of a given rate."""

    def __init__(self, rng: np.random.Generator, multiplier: float) -> None:
        self.rng, self.multiplier = rng, multiplier

    def __call__(self, rate: float, n: int) -> Array:
        return self.rng.random(n) < rate * self.multiplier


def _initials() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    lists = name_lists()
    found = []
    for names in (lists.forenames, lists.surnames):
        codes = np.array([_LETTERS.index(name[0]) for name in names], dtype=np.int8)
        found.append((codes, np.array([len(name) for name in names])))
    return found[0], found[1]


def _misspelt(initial: Array, length: Array, typo: Array, rng: np.random.Generator) -> Array:
    on_first_letter = typo & (rng.random(len(initial)) * length < 1)
    other = (initial + rng.integers(1, len(_LETTERS), len(initial))) % len(_LETTERS)
    return np.where(on_first_letter, other, initial)
