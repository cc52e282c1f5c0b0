"""Entropy balancing: the weights closest to equal that make the means of the two groups the same.

Hainmueller, J. (2012), Entropy balancing for causal effects: a multivariate reweighting method to produce balanced
samples in observational studies, Political Analysis 20, 25-46. Solved in the dual, by Newton steps with a line search,
on the distinct rows of the group that is weighted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import DesignError
from dipeval.matching.terms import Terms
from dipeval.matching.ties import content_groups

Floats = NDArray[np.float64]

LARGEST_GAP = 1e-10  # in standard deviations
AIM = 1e-14
MOST_STEPS = 200


def entropy_weights(terms: Terms, target: NDArray[np.bool_]) -> Floats:
    """Weight the people outside `target` so that their means equal those of the people in it.

    Parameters
    ----------
    terms
        Model terms, one row a person.
    target
        Whose means are to be reached; these people keep weight 1.

    Returns
    -------
    numpy.ndarray
        One weight a person; those outside the target sum to the number in the target.

    Raises
    ------
    DesignError
        Naming the covariate whose mean cannot be reached.
    """
    group, aims, scale = _means(terms, target)
    first, of = content_groups(terms.values[~target])
    rows = (terms.values[~target][first] - aims) / scale
    people = np.bincount(of, minlength=len(first)).astype(np.float64)
    _refuse_out_of_reach(terms, rows)
    share = _solve(rows, people)
    gap = np.abs(share @ rows)
    if gap.max() > LARGEST_GAP:
        raise _cannot_balance(terms, gap)
    weights = np.ones(len(target))
    weights[~target] = (group * share / people)[of]
    return weights


def _means(terms: Terms, target: NDArray[np.bool_]) -> tuple[float, Floats, Floats]:
    """Return the size of the target, its means, and everybody's standard deviations; rows may come in any order."""
    first, of = content_groups(terms.values)
    rows = terms.values[first]
    people = np.bincount(of, minlength=len(first)).astype(np.float64)
    inside = np.bincount(of[target], minlength=len(first)).astype(np.float64)
    aims = inside @ rows / inside.sum()
    middle = people @ rows / people.sum()
    return float(inside.sum()), aims, np.sqrt(people @ (rows - middle) ** 2 / people.sum())


def _solve(rows: Floats, people: Floats) -> Floats:
    """Return the shares of the distinct rows at the optimum of the dual (or as near as the steps come)."""
    multipliers = np.zeros(rows.shape[1])
    share, value = _shares(rows, people, multipliers)
    best, best_gap = share, np.inf
    for _ in range(MOST_STEPS):
        gap = share @ rows
        largest = float(np.abs(gap).max())
        if largest < best_gap:
            best, best_gap = share, largest
        if largest <= AIM:
            break
        spread = (rows * share[:, None]).T @ rows - np.outer(gap, gap)
        move = -np.asarray(np.linalg.lstsq(spread, gap, rcond=1e-13)[0], dtype=np.float64)
        stepped = _line_search(rows, people, multipliers, move, value, float(gap @ move))
        if stepped is None:
            break
        multipliers, share, value = stepped
    return best


def _line_search(
    rows: Floats, people: Floats, multipliers: Floats, move: Floats, value: float, slope: float
) -> tuple[Floats, Floats, float] | None:
    for halving in range(40):
        size = 0.5**halving
        tried = multipliers + size * move
        share, new = _shares(rows, people, tried)
        if new <= value + 1e-4 * size * slope + 1e-15 * (1 + abs(value)):
            return tried, share, new
    return None


def _shares(rows: Floats, people: Floats, multipliers: Floats) -> tuple[Floats, float]:
    """Return the shares for these multipliers, and the value of the dual (a log-sum-exp, kept from overflowing)."""
    exponent = rows @ multipliers
    top = float(exponent.max())
    raw = people * np.exp(exponent - top)
    total = float(raw.sum())
    return raw / total, top + float(np.log(total / people.sum()))


def _refuse_out_of_reach(terms: Terms, rows: Floats) -> None:
    """Refuse at once what no weights could reach: a mean at or beyond the edge of what the weighted group holds."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    level = (np.abs(low) <= LARGEST_GAP) & (np.abs(high) <= LARGEST_GAP)  # constant here and already equal
    beyond = ((low >= -LARGEST_GAP) | (high <= LARGEST_GAP)) & ~level
    if beyond.any():
        names = ", ".join(dict.fromkeys(f"'{terms.columns[place]}'" for place in np.flatnonzero(beyond)))
        raise DesignError(
            f"Entropy balancing cannot balance {names}: the mean to be reached lies at or beyond the edge of what "
            "the other group holds, so no weights reach it. Take the covariate out, merge its levels, or leave out the "
            "people nobody compares with and say so."
        )


def _cannot_balance(terms: Terms, gap: Floats) -> DesignError:
    worst = int(np.argmax(gap))
    return DesignError(
        f"Entropy balancing cannot balance '{terms.columns[worst]}' together with the other covariates "
        f"(largest remaining gap {gap[worst]:.2g} standard deviations): the groups do not overlap there. Use fewer "
        "covariates, merge rare levels, or match with a caliper, which says whom it leaves out."
    )
