"""Motoring offences: the same with and without treatment, so that they can serve as a negative control.

They are drawn from a random stream of their own and only where they are asked for, and from the day after the index
date on: what is on record before it, who starts treatment and every other offence stay as they are.
"""

from __future__ import annotations

import numpy as np

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array, pick
from dipeval.simulate.custody import Lives
from dipeval.simulate.offending import Offences
from dipeval.simulate.population import Population
from dipeval.simulate.settings import Settings
from dipeval.simulate.streams import Streams
from dipeval.vocabulary import DISPOSALS, OFFENCE_GROUPS


def with_motoring(
    offences: Offences, people: Population, lives: Lives, reference: Array, settings: Settings, streams: Streams
) -> Offences:
    """Add motoring offences, in both worlds, to the offences of everybody.

    Parameters
    ----------
    offences
        All other offences, in their worlds.
    people, lives
        Who they are; nobody offends in custody or after death.
    reference
        Index date of each person, or the first test of those without one.
    settings
        ``motoring``: offences a year, on average; people who offend much do so here too, and the hidden factor moves
        the rate as it does that of other offences.
    streams
        The random streams.

    Returns
    -------
    Offences
    """
    n = people.n_tested
    rng = streams("motoring")
    own = people.rate[:n] / people.rate[:n].mean()
    pull = np.exp(settings.hidden * people.hidden[:n] - settings.hidden**2 / 2)
    span = np.maximum(s.EXTRACT_DAY - reference, 0)
    count = rng.poisson(settings.motoring / 365.25 * own * pull * span)
    person = np.repeat(np.arange(n, dtype=np.int32), count)
    day = (reference[person] + 1 + np.floor(rng.random(len(person)) * span[person])).astype(np.int32)
    disposal = pick(rng, [s.DISPOSAL_MIX[name] for name in DISPOSALS], len(person)).astype(np.int8)
    cautioned = disposal == DISPOSALS.index("caution")
    lag = np.where(cautioned, rng.integers(0, 15, len(person)), 1 + rng.gamma(*s.CONVICTION_LAG, len(person)))
    disposal_day = (day + np.floor(lag)).astype(np.int32)
    undecided = (disposal == DISPOSALS.index("none")) | (disposal_day > s.EXTRACT_DAY)
    free = (lives.custody_end(person, day) == MISSING) & lives.alive(person, day)
    drawn = {
        "person": person,
        "day": day,
        "group": np.full(len(person), OFFENCE_GROUPS.index("motoring"), dtype=np.int8),
        "disposal": np.where(undecided, DISPOSALS.index("none"), disposal).astype(np.int8),
        "disposal_day": np.where(undecided, MISSING, disposal_day).astype(np.int32),
        "custodial": np.zeros(len(person), dtype=bool),
        # Of no occasion: no test follows from them.
        "occasion": np.full(len(person), -1, dtype=offences.occasion.dtype),
        "untreated": np.ones(len(person), dtype=bool),
        "treated": np.ones(len(person), dtype=bool),
    }
    return Offences(**{name: np.concatenate([getattr(offences, name), new[free]]) for name, new in drawn.items()})
