"""Candidates compete: a person has at most one partner in a file, so the candidate links are not independent.

The probability of a set of links, given the identifiers, is proportional to the product over its links of
``odds / w``, among the sets in which nobody has two. The odds are those of the Fellegi-Sunter model for the pair alone;
``w = (1 - share of the left file linked)(1 - share of the right file linked)`` is what the constraint takes from the
pairs that are left over, found as a fixed point (Fellegi and Sunter 1969; the prior on sets as in Larsen 2005 and
Sadinle 2017: every one-to-one set with the same number of links is equally likely before the comparison).

The candidates fall into small groups that share nobody. Within each group every allowed set is listed once, so that
probabilities are sums and draws are exact, without a chain to converge. In the rare group that is too large to list
the weakest candidates are left out; how many links that could cost is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from dipeval.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_MOST_EDGES = 40
_MOST_SETS = 4_000
_NEGLIGIBLE = 1e-5
_ROUNDS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkSets:
    """Every allowed set of links among the candidates of two files, group by group. Made by `link_sets`.

    Parameters
    ----------
    left, right
        Whole-number codes of the two people of each candidate.
    log_odds
        Natural logarithm of each candidate's odds.
    w
        What the competition divides the odds by.
    kept
        Whether a candidate takes part; the others cannot be drawn.
    left_out
        Expected links among the candidates that do not take part, at most.
    """

    left: Ints
    right: Ints
    log_odds: Floats
    w: float
    kept: Bools
    left_out: float
    _members: sparse.csr_matrix
    _starts: Ints

    def probabilities(self, log_factor: Floats | None = None) -> Floats:
        """Return the probability that each candidate is a link, exactly.

        Parameters
        ----------
        log_factor
            Natural logarithm of further evidence for each candidate (a likelihood ratio), default none.
        """
        return _marginals(self._members, self._starts, self._log_weights(log_factor), self.kept)

    def draw(self, rng: np.random.Generator, log_factor: Floats | None = None) -> Bools:
        """Return one set of links drawn at random: whether each candidate is a link in it."""
        values = self._log_weights(log_factor)
        drawn = np.zeros(len(self.left), dtype=bool)
        if not len(self._starts):
            return drawn
        values = values + rng.gumbel(size=len(values))
        sizes = np.diff(np.append(self._starts, len(values)))
        best = np.repeat(np.maximum.reduceat(values, self._starts), sizes)
        chosen = self._members[np.flatnonzero(values == best)]
        drawn[np.flatnonzero(self.kept)[chosen.indices]] = True
        return drawn

    def _log_weights(self, log_factor: Floats | None) -> Floats:
        each = self.log_odds - np.log(self.w)
        if log_factor is not None:
            each = each + log_factor
        return np.asarray(self._members @ each[self.kept])


def _marginals(members: sparse.csr_matrix, starts: Ints, values: Floats, kept: Bools) -> Floats:
    """Sums over the sets of each group, on the scale of its most likely set."""
    out = np.zeros(len(kept))
    if len(starts):
        sizes = np.diff(np.append(starts, len(values)))
        weights = np.exp(values - np.repeat(np.maximum.reduceat(values, starts), sizes))
        weights /= np.repeat(np.add.reduceat(weights, starts), sizes)
        out[kept] = members.T @ weights
    return np.minimum(out, 1.0)


def _rough(left: Ints, right: Ints, odds: Floats, w: float) -> Floats:
    """Each candidate against its rivals on both sides: odds / (w + odds of all that share one of its people)."""
    all_left = np.bincount(left, weights=odds)
    all_right = np.bincount(right, weights=odds)
    return odds / (w + all_left[left] + all_right[right] - odds)


def _groups(left: Ints, right: Ints) -> Ints:
    """The group of each candidate: candidates that share people, directly or through others."""
    n_left, n_right = int(left.max()) + 1, int(right.max()) + 1
    size = n_left + n_right
    graph = sparse.coo_matrix((np.ones(len(left)), (left, right + n_left)), shape=(size, size))
    return connected_components(graph, directed=False)[1][left].astype("int64")


def _take_part(left: Ints, right: Ints, rough: Floats) -> Bools:
    """Candidates strong enough to matter; in a group too large to list, the bar is raised until it falls apart."""
    kept = rough >= _NEGLIGIBLE
    bar = _NEGLIGIBLE
    while kept.any():
        places = np.flatnonzero(kept)
        group = _groups(left[places], right[places])
        large = np.bincount(group)[group] > _MOST_EDGES
        if not large.any():
            break
        bar *= 2
        weak = rough[places] < bar
        if bar > 1:
            weak = _beyond(group, rough[places])
        kept[places[large & weak]] = False
    return kept


def _beyond(group: Ints, rough: Floats) -> Bools:
    """All but the strongest candidates of each group."""
    order = np.lexsort((-rough, group))
    starts = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    rank = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))
    beyond = np.zeros(len(group), dtype=bool)
    beyond[order] = rank >= _MOST_EDGES
    return beyond


def _local_codes(group: Ints, people: Ints) -> Ints:
    """0, 1, ... for the people within each group."""
    order = np.lexsort((people, group))
    g, p = group[order], people[order]
    new = np.r_[True, (np.diff(g) != 0) | (np.diff(p) != 0)]
    first = np.r_[True, np.diff(g) != 0]
    count = np.cumsum(new) - 1
    local = np.empty(len(group), dtype="int64")
    local[order] = count - np.repeat(count[first], np.diff(np.append(np.flatnonzero(first), len(g))))
    return local


def _list_sets(left: Ints, right: Ints, strength: Floats) -> tuple[sparse.csr_matrix, Ints, Bools]:
    """List every set of each group: rows of 0/1 by candidate, the first row of each group, candidates left out.

    Candidates join strongest first; a group that has too many sets by then takes no more.
    """
    group = _groups(left, right)
    order = np.lexsort((right, left, -strength, group))
    g = group[order]
    starts = np.flatnonzero(np.r_[True, np.diff(g) != 0])
    sizes = np.diff(np.append(starts, len(g)))
    bit_left = np.left_shift(np.uint64(1), _local_codes(group, left)[order].astype("uint64"))
    bit_right = np.left_shift(np.uint64(1), _local_codes(group, right)[order].astype("uint64"))
    of = np.arange(len(starts))
    used_left, used_right, members = (np.zeros(len(starts), dtype="uint64") for _ in range(3))
    left_out = np.zeros(len(g), dtype=bool)
    for place in range(int(sizes.max())):
        counts = np.bincount(of, minlength=len(starts))
        full = (counts > _MOST_SETS) & (sizes > place)
        left_out[starts[full] + place] = True
        rows = np.flatnonzero((sizes[of] > place) & ~full[of])
        edge = starts[of[rows]] + place
        free = ((used_left[rows] & bit_left[edge]) == 0) & ((used_right[rows] & bit_right[edge]) == 0)
        rows, edge = rows[free], edge[free]
        of = np.concatenate([of, of[rows]])
        used_left = np.concatenate([used_left, used_left[rows] | bit_left[edge]])
        used_right = np.concatenate([used_right, used_right[rows] | bit_right[edge]])
        members = np.concatenate([members, members[rows] | np.left_shift(np.uint64(1), np.uint64(place))])
    by_group = np.argsort(of, kind="stable")
    of, members = of[by_group], members[by_group]
    cells = [np.flatnonzero(members & np.left_shift(np.uint64(1), np.uint64(p))) for p in range(int(sizes.max()))]
    rows = np.concatenate(cells)
    columns = np.concatenate([order[starts[of[cell]] + place] for place, cell in enumerate(cells)])
    matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(of), len(left)))
    out = np.zeros(len(left), dtype=bool)
    out[order] = left_out
    return matrix, np.flatnonzero(np.r_[True, np.diff(of) != 0]), out


def link_sets(pairs: pd.DataFrame, *, n_left: int, n_right: int) -> LinkSets:
    """List the allowed sets of links among the candidates of two files.

    Parameters
    ----------
    pairs
        left_person, right_person, match_weight (bits, the prior included); a pair once, one right-hand file.
    n_left, n_right
        People in each file, those without a candidate included.

    Returns
    -------
    LinkSets

    Raises
    ------
    InputError
        If a pair stands twice or a weight is missing.

    Examples
    --------
    >>> pairs = pd.DataFrame({"left_person": ["a", "b"], "right_person": ["x", "x"], "match_weight": [3.0, 2.0]})
    >>> link_sets(pairs, n_left=10, n_right=10).probabilities().round(3).tolist()
    [0.624, 0.312]
    """
    if pairs["match_weight"].isna().any() or pairs.duplicated(["left_person", "right_person"]).any():
        raise InputError("Candidates need a match weight each, and a pair of people may stand only once.")
    left, right = (pd.factorize(pairs[side], sort=True)[0].astype("int64") for side in ("left_person", "right_person"))
    log_odds = np.clip(pairs["match_weight"].to_numpy(dtype="float64"), -60, 60) * np.log(2)
    kept = np.zeros(len(left), dtype=bool)
    members, starts = sparse.csr_matrix((0, 0)), np.zeros(0, dtype="int64")
    rough = np.zeros(0)
    if len(left):
        rough = _rough(left, right, np.exp(log_odds), 0.25)
        kept = _take_part(left, right, rough)
    if kept.any():
        members, starts, out = _list_sets(left[kept], right[kept], rough[kept])
        members = members[:, ~out]
        kept[np.flatnonzero(kept)[out]] = False
    w = _fixed_point(members, starts, log_odds, kept, n_left, n_right)
    return LinkSets(
        left=left,
        right=right,
        log_odds=log_odds,
        w=w,
        kept=kept,
        left_out=float(rough[~kept].sum()),
        _members=members,
        _starts=starts,
    )


def _fixed_point(
    members: sparse.csr_matrix, starts: Ints, log_odds: Floats, kept: Bools, n_left: int, n_right: int
) -> float:
    """w, from the expected number of links it implies; nobody links more than everybody."""
    w = 1.0
    lowest = 0.5 / max(n_left, n_right, 1)
    for _ in range(_ROUNDS if len(starts) else 0):
        values = np.asarray(members @ (log_odds[kept] - np.log(w)))
        links = float(_marginals(members, starts, values, kept).sum())
        new = max(1 - links / n_left, lowest) * max(1 - links / n_right, lowest)
        if abs(new - w) < 1e-9:
            break
        w = new
    return w


def link_probabilities(pairs: pd.DataFrame, *, n_left: int, n_right: int) -> tuple[pd.Series, float]:
    """Return the one-to-one probability of each candidate, and w.

    Parameters
    ----------
    pairs
        left_person, right_person, match_weight; the candidates of one right-hand file.
    n_left, n_right
        People in each file.

    Returns
    -------
    tuple of Series and float
        On the index of ``pairs``. Unlike the match probability of a pair by itself, these add up to at most one for
        every person.

    Examples
    --------
    >>> pairs = pd.DataFrame({"left_person": ["a", "a"], "right_person": ["x", "y"], "match_weight": [9.0, 9.0]})
    >>> link_probabilities(pairs, n_left=10, n_right=10)[0].round(2).tolist()
    [0.5, 0.5]
    """
    sets = link_sets(pairs, n_left=n_left, n_right=n_right)
    return pd.Series(sets.probabilities(), index=pairs.index, name="link_probability"), sets.w
