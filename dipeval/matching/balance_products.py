"""Balance of squares and of products of two terms, without ever making their columns.

The mean and the variance of a product follow from the sums of products of the terms and of their squares, up to the
fourth order. Those sums are taken about each term's mean (so that large numbers far from zero lose no digits), block
of people by block of people in the order of their ids: memory is bounded whatever the number of people and pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.balance_measures import (
    Floats,
    Ints,
    Measured,
    Moments,
    Sides,
    denominator,
    overall_variance,
)

BLOCK = 2_000_000  # numbers in one block of people
SAME_FOR_ALL = 1e-12  # a variance below this share of what the factors could give is rounding
CROSS = " × "
SQUARED = "²"


def pairs_of_terms(columns: Sequence[str], binary: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return which terms to multiply: every one with itself and every other, but not what says nothing new.

    Parameters
    ----------
    columns
        The covariate each term belongs to: two levels of one category are never 1 together.
    binary
        Which terms are 0/1: each is its own square.

    Returns
    -------
    tuple
        Places of the two factors.

    Examples
    --------
    >>> [found.tolist() for found in pairs_of_terms(["age", "sex", "sex"], np.array([False, True, True]))]
    [[0, 0, 0], [0, 1, 2]]
    """
    owner = np.unique(np.asarray(columns, dtype=object).astype(str), return_inverse=True)[1]
    first, second = np.triu_indices(len(columns))
    wanted = np.where(first == second, ~binary[first], owner[first] != owner[second])
    return first[wanted].astype(np.int64), second[wanted].astype(np.int64)


def measure_products(
    values: Floats, centre: Floats, binary: NDArray[np.bool_], pairs: tuple[Ints, Ints], sides: Sides, estimand: str
) -> list[Measured | None]:
    """Measure the balance of every product of two terms.

    Parameters
    ----------
    values
        People x terms, one row a person.
    centre
        A number near the middle of each term.
    binary
        Which terms are 0/1.
    pairs
        Places of the two factors of each product (`pairs_of_terms`).
    sides
        The two groups.
    estimand
        Decides the denominator.

    Returns
    -------
    list
        One a pair; None for a product that is the same for everybody. The distances between distributions are given
        for products of two yes/no terms only (there they are the difference in shares); missing elsewhere.
    """
    found = []
    for side in (sides.treated, sides.comparison):
        before = _product_moments(_sums(values, side.rows, side.before, centre), centre, pairs)
        after = _product_moments(_sums(values, side.rows[side.used], side.after, centre), centre, pairs)
        found += [(*before, _left(side.before, len(side.rows))), (*after, _left(side.after, len(side.used)))]
    return [
        _measured(
            [(float(mean[at]), float(spread[at]), float(most[at]), left) for mean, spread, most, left in found],
            bool(binary[pairs[0][at]] and binary[pairs[1][at]]),
            sides,
            estimand,
        )
        for at in range(len(pairs[0]))
    ]


def _left(shares: Floats | None, size: int) -> float:
    return 1.0 - (1.0 / size if shares is None else float((shares * shares).sum()))


def _sums(values: Floats, rows: Ints, shares: Floats | None, centre: Floats) -> Floats:
    """Weighted mean of every product of two of: 1, the centred terms, their squares."""
    width = 2 * len(centre) + 1
    total = np.zeros((width, width))
    step = max(256, BLOCK // width)
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        table = np.empty((len(rows[part]), width))
        table[:, 0] = 1.0
        table[:, 1 : len(centre) + 1] = values[rows[part]]
        table[:, 1 : len(centre) + 1] -= centre
        np.square(table[:, 1 : len(centre) + 1], out=table[:, len(centre) + 1 :])
        if shares is not None:
            table *= np.sqrt(shares[part])[:, None]
        total += table.T @ table
    return total if shares is not None else total / len(rows)


def _product_moments(sums: Floats, centre: Floats, pairs: tuple[Ints, Ints]) -> tuple[Floats, Floats, Floats]:
    """Mean of each product, its (biased) variance, and the size of the terms that variance is made of."""
    size = len(centre)
    first, second = pairs
    alone, products = sums[0, 1 : size + 1], sums[1 : size + 1, 1 : size + 1]
    square_by_term, squares = sums[size + 1 :, 1 : size + 1], sums[size + 1 :, size + 1 :]
    a, b = centre[first], centre[second]
    gap = a * alone[second] + b * alone[first] + products[first, second]
    parts = (
        a * a * products[second, second],
        b * b * products[first, first],
        squares[first, second],
        2 * a * b * products[first, second],
        2 * a * square_by_term[second, first],
        2 * b * square_by_term[first, second],
    )
    spread = np.maximum(sum(parts) - gap * gap, 0.0)
    return a * b + gap, spread, np.asarray(sum(np.abs(part) for part in parts), dtype=np.float64)


def _measured(
    found: list[tuple[float, float, float, float]], binary: bool, sides: Sides, estimand: str
) -> Measured | None:
    means = [mean for mean, _, _, _ in found]
    if binary:
        taken = [Moments(mean=mean, variance=max(mean * (1.0 - mean), 0.0)) for mean in means]
    else:
        taken = [
            Moments(mean=mean, variance=spread / left if left > SAME_FOR_ALL else np.nan)
            for mean, spread, _, left in found
        ]
    overall = overall_variance(taken[0], taken[2], sides, binary)
    if overall <= SAME_FOR_ALL * max(found[0][2], found[2][2]):
        return None
    scale, stood_in = denominator(taken[0], taken[2], sides, estimand, binary)
    apart = (abs(means[0] - means[2]), abs(means[1] - means[3])) if binary else (np.nan, np.nan)
    return Measured(
        binary=binary,
        treated_before=taken[0],
        treated_after=taken[1],
        comparison_before=taken[2],
        comparison_after=taken[3],
        denominator=scale,
        stood_in=stood_in,
        ks=apart,
        ecdf=apart,
    )


def product_name(first: str, second: str) -> str:
    """Return the name of a product's row.

    Examples
    --------
    >>> product_name("age", "age"), product_name("age", "district[Leeds]")
    ('age²', 'age × district[Leeds]')
    """
    return f"{first}{SQUARED}" if first == second else f"{first}{CROSS}{second}"
