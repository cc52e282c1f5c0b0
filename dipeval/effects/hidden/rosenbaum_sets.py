"""Tests of treatment within matched sets, at their worst under a given hidden bias.

A set holds one treated person and several comparison people, or one comparison person and several treated. Within each,
the bias that raises the expected score of the treated most is found by itself; over many sets that is the worst there
is. Scores are whole or half numbers, whose sums are exact in any row order.

Sources: Rosenbaum, P. R. (2002), Observational Studies, 2nd edition, section 4.4; Gastwirth, J. L., Krieger, A. M. and
Rosenbaum, P. R. (2000), Asymptotic separability in sensitivity analysis, Journal of the Royal Statistical Society B 62,
545-555.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from dipeval.effects.hidden.rosenbaum_tests import largest_gamma
from dipeval.effects.robust import Floats, exact_sum

Ints = NDArray[np.intp]
# Halvings of the range of the outcome, and the decimals of it that they leave certain.
HALVINGS, DECIMALS = 24, 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """Who is in which set.

    Parameters
    ----------
    treated, groups
        Of each person: whether treated, and the number of the set (0 and up); sorted by set.
    starts, sizes
        Of each set: the place of its first person, and its people.
    """

    treated: NDArray[np.bool_]
    groups: Ints
    starts: Ints
    sizes: Ints

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Whether each set has a single treated person (otherwise a single comparison person)."""
        return np.asarray(np.add.reduceat(self.treated.astype(np.intp), self.starts) == 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws:
    """One score drawn from each set: that of the single person, made negative for a single comparison person.

    Parameters
    ----------
    ranked
        Scores, rising within each set.
    seen
        Sum of the scores of the people who are single.
    members
        The sets.
    """

    ranked: Floats
    seen: float
    members: Members

    def extreme(self, gamma: float) -> tuple[float, float]:
        """Return the largest expected sum under a bias, and its variance."""
        starts, groups = self.members.starts, self.members.groups
        size = self.members.sizes[groups]
        place = np.arange(len(self.ranked)) - starts[groups] + 1
        mean = self._weighed(self.ranked, place, size, gamma)
        variance = self._weighed(self.ranked**2, place, size, gamma) - mean**2
        # The bias must divide the set: somebody above the place, somebody at or below it.
        mean[place == size] = -np.inf
        best = np.maximum.reduceat(mean, starts)
        near = mean >= (best - 1e-12 * (np.abs(best) + 1))[groups]
        spread = np.maximum.reduceat(np.where(near, variance, -np.inf), starts)
        return exact_sum(best), exact_sum(spread)

    def _weighed(self, values: Floats, place: Ints, size: Ints, gamma: float) -> Floats:
        """Mean of what is drawn from each set if everybody above a place has Gamma times the chance of the others."""
        starts, groups = self.members.starts, self.members.groups
        running = np.cumsum(values)
        low = running - (running - values)[starts][groups]
        high = np.add.reduceat(values, starts)[groups] - low
        return np.asarray((low + gamma * high) / (place + gamma * (size - place)), dtype=np.float64)

    def deviate(self, gamma: float) -> float:
        """Return how many standard deviations the sum seen lies above the largest expected."""
        expected, variance = self.extreme(gamma)
        return (self.seen - expected) / math.sqrt(variance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sets:
    """Outcomes within sets; made by `matched_sets`.

    Parameters
    ----------
    outcome
        Of each person, in the order of the members.
    yes_no
        Whether the outcome is yes/no (the scores are the outcomes) or a number (the scores are aligned ranks).
    members
        Who is in which set.
    up, down
        The draws, with scores as they are and with their sign turned.
    """

    outcome: Floats
    yes_no: bool
    members: Members
    up: Draws
    down: Draws

    @property
    def name(self) -> str:
        """Key of the test in the wording."""
        return "events_in_sets" if self.yes_no else "aligned_ranks"

    @property
    def n_informative(self) -> int:
        """Sets in which the outcomes differ."""
        starts = self.members.starts
        return int((np.maximum.reduceat(self.outcome, starts) > np.minimum.reduceat(self.outcome, starts)).sum())

    @property
    def higher(self) -> bool:
        """Whether the treated people's scores exceed what chance alone would give them."""
        return self.up.seen >= self.up.extreme(1.0)[0]

    def p_value(self, gamma: float, *, higher: bool, worst: bool = True) -> float:
        """Return the normal tail of the treated people's scores, each set at its own worst."""
        deviate = (self.up if higher == worst else self.down).deviate(gamma)
        return float(norm.sf(deviate if worst else -deviate))

    def shift(self, gamma: float) -> tuple[float, float]:
        """Return the shifts after which the scores are what the bias would be expected to give."""
        if self.yes_no:
            return math.nan, math.nan

        def above_most(shift: float) -> bool:
            left = draws(aligned_ranks(self.outcome, self.members, shift), self.members)
            return left.seen > left.extreme(gamma)[0]

        def above_least(shift: float) -> bool:
            left = draws(-aligned_ranks(self.outcome, self.members, shift), self.members)
            return left.seen < left.extreme(gamma)[0]

        reach = float(np.ptp(self.outcome))
        return _crossing(above_most, reach), _crossing(above_least, reach)

    def explained_by(self, *, higher: bool) -> float:
        """Return the bias at which the score seen is the largest one expected."""
        side = self.up if higher else self.down
        return largest_gamma(lambda gamma: side.seen > side.extreme(gamma)[0])


def matched_sets(outcome: Floats, treated: NDArray[np.bool_], groups: Ints, *, yes_no: bool) -> Sets:
    """Return the test of people in sets.

    Parameters
    ----------
    outcome, treated, groups
        Of each person: the outcome, whether treated, and the number of the set (0 and up); sorted by set and, within
        it, by outcome.
    yes_no
        Whether the outcome is yes/no.

    Returns
    -------
    Sets
    """
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    members = Members(treated=treated, groups=groups, starts=starts, sizes=np.bincount(groups).astype(np.intp))
    scores = outcome if yes_no else aligned_ranks(outcome, members)
    return Sets(
        outcome=outcome, yes_no=yes_no, members=members, up=draws(scores, members), down=draws(-scores, members)
    )


def aligned_ranks(outcome: Floats, members: Members, shift: float = 0.0) -> Floats:
    """Return the ranks, over everybody, of outcomes less the mean of their set, once a shift is taken off the treated.

    Notes
    -----
    Hodges, J. L. and Lehmann, E. L. (1962), Rank methods for combination of independent experiments in analysis of
    variance, Annals of Mathematical Statistics 33, 482-497.
    """
    values = outcome - shift * members.treated
    aligned = values - (np.add.reduceat(values, members.starts) / members.sizes)[members.groups]
    scale = float(np.abs(outcome).max()) + abs(shift)
    # What is equal but for rounding must tie, or the order of addition would decide.
    return np.asarray(rankdata(np.round(aligned / scale, 11)), dtype=np.float64)


def draws(scores: Floats, members: Members) -> Draws:
    """Return the scores as draws of the single person of each set."""
    alone = members.alone[members.groups]
    signed = np.where(alone, scores, -scores)
    ranked = signed[np.lexsort((signed, members.groups))]
    return Draws(ranked=ranked, seen=exact_sum(signed[members.treated == alone]), members=members)


def _crossing(holds: Callable[[float], bool], reach: float) -> float:
    """Return where a condition that holds below fails above, between -reach and reach."""
    low, high = -reach, reach
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return round((low + high) / 2 / reach, DECIMALS) * reach + 0.0
