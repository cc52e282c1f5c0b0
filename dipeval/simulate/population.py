"""Who the simulated people are: birth, sex, district, names, addresses, drug use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import Array, pick, to_text
from dipeval.simulate.names import name_lists
from dipeval.simulate.settings import Settings
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import WEST_YORKSHIRE_DISTRICTS

_OUTWARDS = tuple(code for district in WEST_YORKSHIRE_DISTRICTS for code in s.OUTWARD[district])
_SECTORS = tuple(f"{outward} {digit}" for outward in _OUTWARDS for digit in range(10))
_UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_UNITS = tuple(a + b for a in _UNIT_LETTERS for b in _UNIT_LETTERS)
_N_ADDRESSES = 3  # first, after a move, and the other one that a service may hold


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """One entry a person; people from `n_tested` on are clients of the services who were never tested.

    Parameters
    ----------
    n, n_tested
        How many people in all, and how many of them were tested.
    female, birth_day, district, ethnicity
        Demographics; days since 1970, codes.
    forename, surname
        Positions in `name_lists`.
    outward, sector_digit, unit, moved_on
        Three addresses a person, and the day of the move from the first to the second.
    user, profile
        Whether the person uses opiates or cocaine, and which (code into ``SUBSTANCE_MIX``).
    rate
        Offence occasions a year, untreated and out of custody.
    hidden
        The unobserved factor, standard normal.
    """

    n: int
    n_tested: int
    female: Array
    birth_day: Array
    district: Array
    ethnicity: Array
    forename: Array
    surname: Array
    outward: Array
    sector_digit: Array
    unit: Array
    moved_on: Array
    user: Array
    profile: Array
    rate: Array
    hidden: Array

    def age(self, person: Array, day: Array) -> Array:
        """Return age in years on a day."""
        return (day - self.birth_day[person]) / 365.25

    def opiate_profile(self) -> Array:
        """Return who uses opiates."""
        return self.user & (self.profile != list(s.SUBSTANCE_MIX).index("cocaine"))

    def address_on(self, person: Array, day: Array) -> Array:
        """Return the number (0 or 1) of the address a person had on a day."""
        return (day >= self.moved_on[person]).astype(np.int8)

    def sector(self, person: Array, address: Array) -> Array:
        """Return postcode sectors such as ``LS6 2`` as text."""
        code = self.outward[person, address].astype(np.int64) * 10 + self.sector_digit[person, address]
        return to_text(code, _SECTORS)

    def postcode(self, person: Array, address: Array) -> Array:
        """Return full postcodes such as ``LS6 2AB`` as text (inward part invented)."""
        sector = self.outward[person, address].astype(np.int64) * 10 + self.sector_digit[person, address]
        code = sector * len(_UNITS) + self.unit[person, address]
        return _all_postcodes()[code]


@lru_cache(maxsize=1)
def _all_postcodes() -> Array:
    return np.array([sector + unit for sector in _SECTORS for unit in _UNITS], dtype=object)


def draw_population(settings: Settings, streams: Streams) -> Population:
    """Draw everybody.

    Parameters
    ----------
    settings
        What was asked for.
    streams
        The random streams.

    Returns
    -------
    Population

    Examples
    --------
    >>> people = draw_population(Settings(people=10, other_clients=0.5), Streams(1))
    >>> people.n, people.n_tested
    (15, 10)
    """
    n = settings.people + round(settings.other_clients * settings.people)
    rng = streams("people")
    female = rng.random(n) >= s.MALE_SHARE
    district = pick(rng, s.DISTRICT_WEIGHTS, n).astype(np.int8)
    ethnicity = pick(rng, list(s.ETHNICITY.values()), n).astype(np.int8)
    birth_day = _births(n, settings, streams)
    use = streams("use")
    user = use.random(n) < s.USER_SHARE
    profile = pick(use, list(s.SUBSTANCE_MIX.values()), n).astype(np.int8)
    forename, surname = draw_names(streams("names"), female)
    outward, sector_digit, unit, moved_on = _addresses(streams("addresses"), district)
    return Population(
        n=n,
        n_tested=settings.people,
        female=female,
        birth_day=birth_day,
        district=district,
        ethnicity=ethnicity,
        forename=forename,
        surname=surname,
        outward=outward,
        sector_digit=sector_digit,
        unit=unit,
        moved_on=moved_on,
        user=user,
        profile=profile,
        rate=_rates(streams("frailty"), user, profile, birth_day),
        hidden=streams("hidden").standard_normal(n),
    )


def _births(n: int, settings: Settings, streams: Streams) -> Array:
    rng = streams("births")
    age = rng.normal(s.AGE_MEAN, s.AGE_SD, n)
    redrawn = rng.uniform(18, 60, n)
    if settings.heaped_births:  # clipping puts 2.9% of people on one date, as the benchmark of linkage.md 4.1 does
        age = age.clip(s.AGE_MIN, s.AGE_MAX)
    else:
        age = np.where((age < s.AGE_MIN) | (age > s.AGE_MAX), redrawn, age)
    return np.floor(s.TESTS_FROM - 365.25 * age).astype(np.int32)


def draw_names(rng: np.random.Generator, female: Array) -> tuple[Array, Array]:
    """Draw a forename by sex and a surname for each person, as positions in `name_lists`."""
    lists = name_lists()
    men = pick(rng, lists.forename_weights[: lists.n_male], len(female))
    women = lists.n_male + pick(rng, lists.forename_weights[lists.n_male :], len(female))
    surname = pick(rng, lists.surname_weights, len(female))
    return np.where(female, women, men).astype(np.int16), surname.astype(np.int32)


def _addresses(rng: np.random.Generator, district: Array) -> tuple[Array, Array, Array, Array]:
    n = len(district)
    first = np.cumsum([0, *(len(s.OUTWARD[name]) for name in WEST_YORKSHIRE_DISTRICTS)])
    outward = np.zeros((n, _N_ADDRESSES), dtype=np.int16)
    popularity = rng.gamma(2.0, size=len(_OUTWARDS))  # Dirichlet(2) within a district
    for code in range(len(WEST_YORKSHIRE_DISTRICTS)):
        rows = np.flatnonzero(district == code)
        weights = popularity[first[code] : first[code + 1]]
        drawn = pick(rng, weights, len(rows) * _N_ADDRESSES)
        outward[rows] = (first[code] + drawn).reshape(len(rows), _N_ADDRESSES)
    sector_digit = rng.integers(0, 10, (n, _N_ADDRESSES)).astype(np.int8)
    unit = rng.integers(0, len(_UNITS), (n, _N_ADDRESSES)).astype(np.int16)
    day = rng.integers(s.HISTORY_FROM, s.EXTRACT_DAY, n)
    moved = rng.random(n) < s.MOVED_SHARE
    return outward, sector_digit, unit, np.where(moved, day, np.iinfo(np.int32).max).astype(np.int32)


def _rates(rng: np.random.Generator, user: Array, profile: Array, birth_day: Array) -> Array:
    frailty = rng.gamma(s.FRAILTY_SHAPE, 1 / s.FRAILTY_SHAPE, len(user))
    age = (s.TESTS_FROM - birth_day) / 365.25
    opiates = profile != list(s.SUBSTANCE_MIX).index("cocaine")
    factor = np.where(user, np.where(opiates, s.OPIATE_RATE, 1.0), s.NON_USER_RATE)
    return s.OCCASIONS_A_YEAR * frailty * factor * s.RATE_A_DECADE ** ((age - s.AGE_MEAN) / 10)
