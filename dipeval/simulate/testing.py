"""Drug tests on arrest: the first of each person, and later ones when a later offence leads to a test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array, pick
from dipeval.simulate.custody import Lives
from dipeval.simulate.offending import Occasions
from dipeval.simulate.population import Population
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import POSITIVE_RESULTS, TEST_RESULTS

_POSITIVE_CODES = np.array([TEST_RESULTS.index(name) for name in POSITIVE_RESULTS])
_MIX_TO_RESULT = np.array([TEST_RESULTS.index(name) for name in s.SUBSTANCE_MIX])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrugTests:
    """Tests that were taken, or would have been, in order of person and day.

    Parameters
    ----------
    person, day, result, ground
        Who, when, codes into ``TEST_RESULTS`` and ``TEST_GROUNDS``.
    occasion
        The occasion that led to the test, -1 for a first test.
    minute
        Minutes after midnight.
    elsewhere
        Tested in another district than the person's own.
    """

    person: Array
    day: Array
    result: Array
    ground: Array
    occasion: Array
    minute: Array
    elsewhere: Array

    def positive(self) -> Array:
        """Say which tests were positive."""
        return np.isin(self.result, _POSITIVE_CODES)

    def rows(self, keep: Array) -> DrugTests:
        """Return some of the tests."""
        return DrugTests(**{name: getattr(self, name)[keep] for name in self.__dataclass_fields__})


def draw_tests(people: Population, lives: Lives, occasions: Occasions, streams: Streams) -> DrugTests:
    """Draw every test that could be taken in either world; at most one a person and day.

    Parameters
    ----------
    people, lives, occasions
        Who they are, their first test, when they may offend again.
    streams
        The random streams.

    Returns
    -------
    DrugTests
    """
    rng = streams("tests")
    chosen = rng.random(len(occasions.person), dtype=np.float32) < s.RETEST_SHARE
    chosen &= (occasions.day > lives.first_test[occasions.person]) & (occasions.day <= s.TESTS_TO)
    again = np.flatnonzero(chosen)
    n = people.n_tested
    person = np.concatenate([np.arange(n, dtype=np.int32), occasions.person[again]])
    day = np.concatenate([lives.first_test, occasions.day[again]])
    size = len(person)
    tests = DrugTests(
        person=person,
        day=day,
        result=_results(people, person, rng),
        ground=pick(rng, (0.75, 0.11, 0.14), size),
        occasion=np.concatenate([np.full(n, -1), again]),
        minute=rng.integers(0, 1440, size),
        elsewhere=rng.random(size) < 0.08,
    )
    order = np.lexsort((tests.occasion, day, person))
    same = np.zeros(size, dtype=bool)
    same[1:] = (person[order][1:] == person[order][:-1]) & (day[order][1:] == day[order][:-1])
    return tests.rows(order[~same])


def _results(people: Population, person: Array, rng: np.random.Generator) -> Array:
    size = len(person)
    chance = np.where(people.user[person], s.POSITIVE_IF_USER, s.POSITIVE_IF_NOT)
    positive = rng.random(size) < chance
    usual = rng.random(size) < s.SAME_SUBSTANCE
    other = pick(rng, list(s.SUBSTANCE_MIX.values()), size)
    substance = _MIX_TO_RESULT[np.where(usual, people.profile[person], other)]
    refused = rng.random(size) < s.REFUSED_SHARE
    result = np.where(positive, substance, TEST_RESULTS.index("negative"))
    return np.where(refused, TEST_RESULTS.index("refused"), result).astype(np.int8)


def first_positive(tests: DrugTests, occasions: Occasions, n: int) -> tuple[Array, Array]:
    """Return the day and the result of each person's first positive test, `MISSING` and -1 without one.

    Parameters
    ----------
    tests, occasions
        All possible tests; only those that happen when nobody is treated count, as nobody is treated before this.
    n
        How many people were tested.

    Returns
    -------
    tuple
        Days and result codes, one a person.
    """
    real = (tests.occasion < 0) | (occasions.in_base[tests.occasion] if len(occasions.person) else True)
    rows = np.flatnonzero(tests.positive() & real)[::-1]  # the earliest is written last
    day, result = np.full(n, MISSING, dtype=np.int32), np.full(n, -1, dtype=np.int8)
    day[tests.person[rows]] = tests.day[rows]
    result[tests.person[rows]] = tests.result[rows]
    return day, result
