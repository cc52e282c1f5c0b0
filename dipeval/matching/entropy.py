"""Entropy balancing: the weights closest to equal that make the means of the two groups the same.

Hainmueller, J. (2012), Entropy balancing for causal effects: a multivariate reweighting method to produce balanced
samples in observational studies, Political Analysis 20, 25-46. Solved in the dual, by Newton steps with a line search,
on the distinct rows of the group that is weighted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import DesignError, InvariantError
from dipeval.matching.terms import Terms
from dipeval.matching.ties import content_groups

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LARGEST_GAP = 1e-10  # in standard deviations
AIM = 1e-14
PROVED = 1e-8
MOST_STEPS = 200
CONSTANT = 1e-12
VARIANCE = "the variance of"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Distinct:
    """Distinct rows of everybody: what is to be balanced, and how much of either group stands on each row."""

    names: tuple[str, ...]  # of what is balanced, for a sentence
    rows: Floats
    of: Ints  # row of every person
    treated: Floats
    others: Floats


def entropy_weights(
    terms: Terms,
    treated: Bools,
    *,
    order: Ints,
    estimand: str = "ATT",
    moments: int = 1,
    sample_weights: Floats | None = None,
) -> Floats:
    """Weight people so that the means of the two groups are equal, as near to their first weights as can be.

    Parameters
    ----------
    terms
        Model terms, one row a person.
    treated
        Who was treated.
    order
        Positions sorted by id: sums of sample weights are taken in it.
    estimand
        "ATT": comparison people are given the means of the treated; "ATC": the other way round; "ATE": both groups
        are given the means of everybody.
    moments
        1: means; 2: variances of terms that are not yes/no as well.
    sample_weights
        First weights: they make the means to be reached, and the weights stay as near to them as they can.

    Returns
    -------
    numpy.ndarray
        The people an ATT or ATC is about keep their sample weight (or 1), the others sum to those people's sum; for
        the ATE each group sums to everybody's sum.

    Raises
    ------
    DesignError
        Naming the covariate whose mean, or variance, cannot be reached.
    InvariantError
        The means of the weighted groups differ after all (a bug: never a result).
    """
    first_weights = np.ones(len(treated)) if sample_weights is None else sample_weights
    people = _distinct(terms, treated, order, sample_weights)
    aimed_at = {"ATT": people.treated, "ATC": people.others, "ATE": people.treated + people.others}[estimand]
    people = _scaled(people, aimed_at, terms, moments)
    weights = first_weights.copy()
    for group, mass, stays in (
        (treated, people.treated, estimand == "ATT"),
        (~treated, people.others, estimand == "ATC"),
    ):
        if not stays:
            factor = float(aimed_at.sum()) * _shares_of(people, mass)
            weights[group] *= factor[people.of[group]]
    _verify(terms, treated, weights, moments)
    return weights


def _distinct(terms: Terms, treated: Bools, order: Ints, sample_weights: Floats | None) -> _Distinct:
    first, of = content_groups(terms.values)
    both: list[Floats] = []
    for group in (treated, ~treated):
        if sample_weights is None:
            both.append(np.bincount(of[group], minlength=len(first)).astype(np.float64))
        else:
            mine = order[group[order]]  # summed in the order of the ids: that of the rows does not matter
            mass = np.bincount(of[mine], weights=sample_weights[mine], minlength=len(first))
            both.append(mass.astype(np.float64))
    return _Distinct(
        names=tuple(f"'{column}'" for column in terms.columns),
        rows=terms.values[first],
        of=of,
        treated=both[0],
        others=both[1],
    )


def _scaled(people: _Distinct, aimed_at: Floats, terms: Terms, moments: int) -> _Distinct:
    """Measure every row from the mean to be reached, in standard deviations; add squares where they are asked for."""
    mass = people.treated + people.others
    rows = _standardised(people.rows, mass, aimed_at)
    if moments == 1:
        return replace(people, rows=rows)
    wide = ~terms.binary
    squares = _standardised(rows[:, wide] ** 2, mass, aimed_at)
    names = tuple(f"{VARIANCE} {name}" for name, is_wide in zip(people.names, wide, strict=True) if is_wide)
    return replace(people, rows=np.column_stack([rows, squares]), names=(*people.names, *names))


def _standardised(rows: Floats, mass: Floats, aimed_at: Floats) -> Floats:
    size = np.abs(mass @ rows) / mass.sum()
    rows = rows - rows.min(axis=0)  # a large offset would cost the digits that tell people apart
    aims = aimed_at @ rows / aimed_at.sum()
    middle = mass @ rows / mass.sum()
    spread = np.sqrt(mass @ (rows - middle) ** 2 / mass.sum())
    constant = spread <= CONSTANT * size  # the same for all, but for rounding: balanced as it is
    return np.asarray(np.where(constant, 0.0, (rows - aims) / np.where(constant, 1.0, spread)), dtype=np.float64)


def _shares_of(people: _Distinct, mass: Floats) -> Floats:
    """Return by how much the weight of a group's people on each row is multiplied for the group to sum to 1."""
    there = mass > 0
    rows = people.rows[there]
    _refuse_out_of_reach(people.names, rows)
    share = _solve(rows, mass[there])
    gap = np.abs(share @ rows)
    if gap.max() > LARGEST_GAP:
        raise _cannot_balance(people.names, gap)
    factor = np.zeros(len(mass))
    factor[there] = share / mass[there]
    return factor


def _solve(rows: Floats, people: Floats) -> Floats:
    """Return the shares of the distinct rows at the optimum of the dual (or as near as the steps come).

    The optimum is minus a Kullback-Leibler distance from the first shares, which is never larger than minus the
    logarithm of the smallest of them: a value below that proves that no weights reach the means.
    """
    multipliers = np.zeros(rows.shape[1])
    share, value = _shares(rows, people, multipliers)
    lowest = float(np.log(people.min() / people.sum())) - 1.0
    best, best_gap = share, np.inf
    for _ in range(MOST_STEPS):
        gap = share @ rows
        largest = float(np.abs(gap).max())
        if largest < best_gap:
            best, best_gap = share, largest
        if largest <= AIM or value < lowest:
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


def _refuse_out_of_reach(names: tuple[str, ...], rows: Floats) -> None:
    """Refuse at once what no weights could reach: a mean at or beyond the edge of what the weighted group holds."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    level = (np.abs(low) <= LARGEST_GAP) & (np.abs(high) <= LARGEST_GAP)  # constant here and already equal
    beyond = ((low >= -LARGEST_GAP) | (high <= LARGEST_GAP)) & ~level
    if beyond.any():
        found = ", ".join(dict.fromkeys(names[place] for place in np.flatnonzero(beyond)))
        raise DesignError(
            f"Entropy balancing cannot balance {found}: the mean to be reached lies at or beyond the edge of what "
            "the other group holds, so no weights reach it. Take the covariate out, merge its levels, or leave out the "
            "people nobody compares with and say so."
        )


def _cannot_balance(names: tuple[str, ...], gap: Floats) -> DesignError:
    worst = int(np.argmax(gap))
    squares = any(name.startswith(VARIANCE) for name in names)
    return DesignError(
        f"Entropy balancing cannot balance {names[worst]} together with the other covariates "
        f"(largest remaining gap {gap[worst]:.2g} standard deviations): the groups do not overlap there. Use fewer "
        f"covariates, merge rare levels{', balance means only (moments=1)' if squares else ''}, or match with a "
        "caliper, which says whom it leaves out."
    )


def _verify(terms: Terms, treated: Bools, weights: Floats, moments: int) -> None:
    """Check the balance again, from the people and their weights, not from what the steps worked on."""
    mine, theirs = np.where(treated, weights, 0.0), np.where(treated, 0.0, weights)
    mine, theirs = mine / mine.sum(), theirs / theirs.sum()
    worst = 0.0
    for place, is_binary in enumerate(terms.binary):
        column = terms.values[:, place]
        spread = float(column.std())
        if spread <= CONSTANT * float(np.abs(column).max()):
            continue
        column = column - column.min()  # a large offset would cost the digits that are compared
        away = (column - float(mine @ column)) / spread
        worst = max(worst, abs(float(theirs @ away)))
        if moments == 2 and not is_binary:
            worst = max(worst, abs(float((theirs - mine) @ away**2)) / max(1.0, float((away**2).std())))
    if not worst <= PROVED:
        raise InvariantError(
            f"Entropy balancing ended {worst:.2g} standard deviations out of balance. This is a bug in dipeval, please "
            "report it; no design was made."
        )
