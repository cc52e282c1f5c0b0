"""Names for simulated people: short lists with invented weights, and a synthetic tail of surnames.

Provenance: ``dipeval/data/names_provenance.md``. Shares as in the linkage benchmark: 55% of surnames from the list.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import numpy as np

from dipeval.simulate.arrays import Array

LISTED_SURNAME_SHARE: Final = 0.55


def _syllables(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_STARTS: Final = _syllables(
    "Ash Al Bar Bram Bel Cal Cor Dar Dun El Fen Far Gar Gil Hal Hol Har In Jar Kel Kir Lan Lam Mar Mel Mor Nor Nes "
    "Ock Pen Par Ral Ros Sal Sta Tan Tor Ul Wal Wes"
)
_MIDDLES: Final = _syllables("a e i o u an ber cot den der ding el en er fer gar ing ker lin man mer nel ow sen tin")
_ENDS: Final = _syllables(
    "by croft dale den field ford ham hurst land ley low man more sall son stead ton ward well wick"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NameLists:
    """The names to draw from, men first, with the weight of each.

    Parameters
    ----------
    forenames
        All forenames (upper case), men's first.
    n_male
        How many of them are men's.
    forename_weights
        Invented weights, each sex adding to 1.
    surnames
        Listed surnames, then the synthetic tail.
    surname_weights
        Weights adding to 1; the tail is flat.
    """

    forenames: tuple[str, ...]
    n_male: int
    forename_weights: Array
    surnames: tuple[str, ...]
    surname_weights: Array


def _rows(file: str) -> list[dict[str, str]]:
    text = files("dipeval.data").joinpath(file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def synthetic_surnames() -> tuple[str, ...]:
    """Return about 20,000 surnames made of syllables, always the same.

    Examples
    --------
    >>> tail = synthetic_surnames()
    >>> len(tail), tail[0]
    (20000, 'ASHABY')
    """
    return tuple((start + middle + end).upper() for start in _STARTS for middle in _MIDDLES for end in _ENDS)


@lru_cache(maxsize=1)
def name_lists() -> NameLists:
    """Load the name lists of the package.

    Examples
    --------
    >>> lists = name_lists()
    >>> round(float(lists.surname_weights.sum()), 9)
    1.0
    """
    forenames, surnames = _rows("names_forenames.csv"), _rows("names_surnames.csv")
    male = [row for row in forenames if row["sex"] == "male"]
    female = [row for row in forenames if row["sex"] == "female"]
    weights = [np.array([float(row["weight"]) for row in part]) for part in (male, female, surnames)]
    tail = synthetic_surnames()
    listed = LISTED_SURNAME_SHARE * weights[2] / weights[2].sum()
    return NameLists(
        forenames=tuple(row["forename"].upper() for row in male + female),
        n_male=len(male),
        forename_weights=np.concatenate([weights[0] / weights[0].sum(), weights[1] / weights[1].sum()]),
        surnames=tuple(row["surname"].upper() for row in surnames) + tail,
        surname_weights=np.concatenate([listed, np.full(len(tail), (1 - LISTED_SURNAME_SHARE) / len(tail))]),
    )
