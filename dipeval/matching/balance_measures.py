"""Numbers behind a balance table, one covariate term at a time: means, spreads, distances between distributions.

Every sum is taken over people in the order of their ids, group by group, so the order of the rows cannot move a
figure. One column is copied at a time: the people x terms matrix itself never is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NO_SPREAD = 1e-14  # a variance below this share of everybody's is rounding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One group, before and after a design.

    Parameters
    ----------
    rows
        Positions of its people, in the order of their ids.
    before
        Each one's share of the group before (they sum to 1); None when everybody counts the same.
    used
        Places within `rows` of the people with weight above 0.
    after
        Each of those people's share of the group after.
    part
        The group's share of everybody before.
    """

    rows: Ints
    before: Floats | None
    used: Ints
    after: Floats
    part: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """The two groups; `is_treated` and `step` belong to the people of both, treated first."""

    treated: Side
    comparison: Side
    is_treated: Bools
    step_before: Floats | None
    step_after: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Weighted mean of a group, and its variance (n - 1, or its like for weights; missing for one person)."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything a balance table says about one term."""

    binary: bool
    treated_before: Moments
    treated_after: Moments
    comparison_before: Moments
    comparison_after: Moments
    denominator: float
    stood_in: bool
    ks: tuple[float, float]
    ecdf: tuple[float, float]


def make_sides(treated: Bools, weights: Floats, order: Ints, sample_weights: Floats | None = None) -> Sides:
    """Lay the two groups out by id.

    Parameters
    ----------
    treated, weights
        One a row.
    order
        Positions of all rows sorted by id.
    sample_weights
        What each person counted before the design; None when everybody counts once.

    Returns
    -------
    Sides
    """
    in_order = treated[order]
    everyone = float(len(order)) if sample_weights is None else float(sample_weights[order].sum())
    sides = [_side(order[mask], weights, sample_weights, everyone) for mask in (in_order, ~in_order)]
    size = len(sides[0].rows)
    after = np.zeros(len(order))
    after[sides[0].used] = sides[0].after
    after[size + sides[1].used] = -sides[1].after
    before = None
    if sides[0].before is not None and sides[1].before is not None:
        before = np.concatenate([sides[0].before, -sides[1].before])
    return Sides(
        treated=sides[0],
        comparison=sides[1],
        is_treated=np.arange(len(order)) < size,
        step_before=before,
        step_after=after,
    )


def _side(rows: Ints, weights: Floats, sample_weights: Floats | None, everyone: float) -> Side:
    own = weights[rows]
    used = np.flatnonzero(own > 0)
    before, total = None, float(len(rows))
    if sample_weights is not None:
        before = sample_weights[rows]
        total = float(before.sum())
        before = before / total
    return Side(rows=rows, before=before, used=used, after=own[used] / own[used].sum(), part=total / everyone)


def moments(values: Floats, shares: Floats | None) -> Moments:
    """Return the mean and variance of values with their shares (None: all the same).

    Notes
    -----
    The variance divides by 1 minus the sum of the squared shares, which is n - 1 over n where they are all the same
    ("reliability weights").

    Examples
    --------
    >>> moments(np.array([1.0, 3.0]), None)
    Moments(mean=2.0, variance=2.0)
    >>> moments(np.array([1.0]), None).variance
    nan
    """
    if shares is None:
        mean = float(values.sum()) / len(values)
        apart = values - mean
        np.multiply(apart, apart, out=apart)
        spread, left = float(apart.sum()) / len(values), 1.0 - 1.0 / len(values)
    else:
        mean = float((shares * values).sum())
        apart = values - mean
        np.multiply(apart, apart, out=apart)
        apart *= shares
        spread, left = float(apart.sum()), 1.0 - float((shares * shares).sum())
    return Moments(mean=mean, variance=spread / left if left > 1e-12 else math.nan)


def _share_of_ones(values: Floats, shares: Floats | None) -> Moments:
    mean = float(values.sum()) / len(values) if shares is None else float((shares * values).sum())
    return Moments(mean=mean, variance=max(mean * (1.0 - mean), 0.0))


def measure_column(column: Floats, sides: Sides, estimand: str) -> Measured:
    """Measure one term.

    Parameters
    ----------
    column
        Its values, one a row.
    sides
        The two groups.
    estimand
        Decides whose spread is the denominator.

    Returns
    -------
    Measured
    """
    binary = bool(((column == 0) | (column == 1)).all())
    treated, comparison = column[sides.treated.rows], column[sides.comparison.rows]
    take = _share_of_ones if binary else moments
    found = [
        take(values[places], shares)
        for values, side in ((treated, sides.treated), (comparison, sides.comparison))
        for places, shares in ((slice(None), side.before), (side.used, side.after))
    ]
    scale, stood_in = denominator(found[0], found[2], sides, estimand, binary)
    if binary:
        ks = (abs(found[0].mean - found[2].mean), abs(found[1].mean - found[3].mean))
        ecdf = ks
    else:
        ks, ecdf = distances(np.concatenate([treated, comparison]), sides)
    return Measured(
        binary=binary,
        treated_before=found[0],
        treated_after=found[1],
        comparison_before=found[2],
        comparison_after=found[3],
        denominator=scale,
        stood_in=stood_in,
        ks=ks,
        ecdf=ecdf,
    )


def denominator(treated: Moments, comparison: Moments, sides: Sides, estimand: str, binary: bool) -> tuple[float, bool]:
    """Return what a difference in means is divided by, and whether everybody's spread had to stand in for it.

    Parameters
    ----------
    treated, comparison
        The two groups before the design.
    sides
        For the size of the groups.
    estimand
        "ATT" takes the treated's standard deviation, "ATC" the comparison people's, "ATE", "ATO" and "ATM" the root of
        the mean of the two variances.
    binary
        Whether the variances are p(1 - p).

    Returns
    -------
    tuple
        The standard deviation (1 where nobody differs), and True where the group's own was zero or undefined.
    """
    first, second = (0.0 if math.isnan(found.variance) else found.variance for found in (treated, comparison))
    squared = {"ATT": first, "ATC": second}.get(estimand, (first + second) / 2)
    overall = overall_variance(treated, comparison, sides, binary)
    stood_in = squared <= NO_SPREAD * overall
    squared = overall if stood_in else squared
    return (math.sqrt(squared) if squared > 0 else 1.0), stood_in and overall > 0


def overall_variance(treated: Moments, comparison: Moments, sides: Sides, binary: bool) -> float:
    """Return everybody's variance before the design, from that of the two groups."""
    part, rest = sides.treated.part, sides.comparison.part
    mean = part * treated.mean + rest * comparison.mean
    if binary:
        return max(mean * (1.0 - mean), 0.0)
    inside = 0.0
    for found, side in ((treated, sides.treated), (comparison, sides.comparison)):
        if not math.isnan(found.variance):
            inside += side.part * found.variance * _left(side.before, len(side.rows))
    between = part * rest * (treated.mean - comparison.mean) ** 2
    lost = 1.0 / (len(sides.treated.rows) + len(sides.comparison.rows))
    if sides.treated.before is not None and sides.comparison.before is not None:
        lost = float(part**2 * (sides.treated.before**2).sum() + rest**2 * (sides.comparison.before**2).sum())
    return (inside + between) / (1.0 - lost) if lost < 1 else 0.0


def _left(shares: Floats | None, size: int) -> float:
    """1 minus the sum of the squared shares."""
    return 1.0 - 1.0 / size if shares is None else 1.0 - float((shares * shares).sum())


def variance_ratio(treated: Moments, comparison: Moments, denominator: float) -> float:
    """Return the treated's variance over the comparison people's; infinite when only the latter is zero.

    Examples
    --------
    >>> variance_ratio(Moments(mean=0, variance=2.0), Moments(mean=0, variance=4.0), 1.0)
    0.5
    """
    floor = NO_SPREAD * denominator**2
    above, below = treated.variance, comparison.variance
    if math.isnan(above) or math.isnan(below) or (above <= floor and below <= floor):
        return math.nan
    return math.inf if below <= floor else above / below


def distances(values: Floats, sides: Sides) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the largest and the mean distance between the groups' cumulative distributions, before and after.

    Parameters
    ----------
    values
        Values of the treated by id, then of the comparison people by id.
    sides
        The two groups.

    Returns
    -------
    tuple
        Largest distance before and after (Kolmogorov-Smirnov), and mean distance before and after. The mean is taken
        over the distinct values that occur among all people, used or not, each counted once, the largest (where both
        distributions are 1) included.

    Examples
    --------
    >>> sides = make_sides(np.array([True, True, False, False]), np.ones(4), np.arange(4))
    >>> distances(np.array([1.0, 2.0, 2.0, 3.0]), sides)[0]
    (0.5, 0.5)
    """
    order = np.argsort(values)
    ordered = values[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(values) - 1)
    if sides.step_before is None:
        count = np.cumsum(sides.is_treated[order])[ends]
        before = count / len(sides.treated.rows) - (ends + 1 - count) / len(sides.comparison.rows)
    else:
        before = np.cumsum(sides.step_before[order])[ends]
    after = np.cumsum(sides.step_after[order])[ends]
    for gap in (before, after):
        np.abs(gap, out=gap)
    return (float(before.max()), float(after.max())), (float(before.mean()), float(after.mean()))
