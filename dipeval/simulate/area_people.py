"""Who is tested in the areas of a quarterly report: people, their drugs, and how often they come to notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dipeval.simulate.arrays import Array, pick
from dipeval.simulate.settings import DISTRICT_WEIGHTS, MALE_SHARE
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import DRUGS

# Every share here is invented. A tenth of the people make about a third of the tests: the frequent flyers.
UNDER_18: Final = 0.05
AGE_MEAN, AGE_SD, AGE_MAX = 34.0, 10.0, 75.0
NOTICE_SHAPE: Final = 0.9
OPIATES, COCAINE_ONLY, CANNABIS, ALCOHOL, NPS, NONE = range(6)
# What people use, of adults and of those under 18.
USE_ADULT: Final = (0.26, 0.30, 0.12, 0.14, 0.02, 0.16)
USE_YOUNG: Final = (0.02, 0.10, 0.45, 0.20, 0.05, 0.18)
LOGIT_SPREAD: Final = 0.12  # of positivity between areas, on the log-odds scale


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaPeople:
    """One entry a person.

    Parameters
    ----------
    district
        Place in the list of districts.
    female
        Sex.
    birth_day
        Day number.
    use
        What they use: `OPIATES` to `NONE`.
    notice
        How often they come to notice, relative to the mean of 1.
    drugs
        Three columns of codes into ``DRUGS``, -1 for none.
    """

    district: Array
    female: Array
    birth_day: Array
    use: Array
    notice: Array
    drugs: Array

    def __len__(self) -> int:
        return len(self.district)


def district_weights(count: int, rng: np.random.Generator) -> Array:
    """Return the shares of people in each district: as in West Yorkshire for five, else drawn."""
    if count == len(DISTRICT_WEIGHTS):
        weights = np.array(DISTRICT_WEIGHTS, dtype=float)
    else:
        weights = np.exp(rng.normal(0.0, 0.6, count))
    shares: Array = weights / weights.sum()
    return shares


def draw_people(size: int, districts: int, middle_day: int, streams: Streams) -> AreaPeople:
    """Draw the people of all areas.

    Parameters
    ----------
    size
        How many people.
    districts
        How many districts.
    middle_day
        Day on which ages are drawn.
    streams
        The random streams.

    Returns
    -------
    AreaPeople
    """
    rng = streams("area_people")
    weights = district_weights(districts, rng)
    young = rng.random(size) < UNDER_18
    age = np.where(young, rng.uniform(13.0, 18.0, size), np.clip(rng.normal(AGE_MEAN, AGE_SD, size), 18.0, AGE_MAX))
    use = np.where(young, pick(rng, USE_YOUNG, size), pick(rng, USE_ADULT, size))
    # People of few are found again and again: gamma with mean 1, higher for opiates.
    notice = rng.gamma(NOTICE_SHAPE, 1 / NOTICE_SHAPE, size) * np.where(use == OPIATES, 1.7, 0.8)
    return AreaPeople(
        district=pick(rng, tuple(weights), size),
        female=rng.random(size) > MALE_SHARE,
        birth_day=(middle_day - age * 365.25).astype(np.int32),
        use=use,
        notice=notice,
        drugs=_drugs(use, rng),
    )


def _drugs(use: Array, rng: np.random.Generator) -> Array:
    """Up to three problem drugs: what they use, and often cannabis or alcohol beside it."""
    code = {name: DRUGS.index(name) for name in DRUGS}
    first = np.array([code["heroin"], code["crack"], code["cannabis"], code["alcohol"], code["nps"], -1])[use]
    second = np.where(
        (use == OPIATES) & (rng.random(len(use)) < 0.6),
        code["crack"],
        np.where((use != ALCOHOL) & (rng.random(len(use)) < 0.35), code["alcohol"], -1),
    )
    third = np.where((use != CANNABIS) & (rng.random(len(use)) < 0.15), code["cannabis"], -1)
    second, third = (np.where(first == -1, -1, column) for column in (second, third))
    return np.column_stack([first, second, third])
