"""Coordinates in which the straight-line distance between two people is their Mahalanobis distance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from dipeval.errors import DesignError
from dipeval.matching.problem import Bools, Floats, Ints
from dipeval.matching.separation import dependent_terms
from dipeval.matching.terms import Terms, encode

COEFFICIENT_BITS = 36  # kept of each coefficient of the whitening: products with whole numbers up to 2^17 are exact
DROPPED_BITS = 26  # of the 52 of a squared distance, before two are compared


def mahalanobis_coordinates(
    frame: pd.DataFrame, treated: Bools, kept: Bools, by_id: Ints, *, ranks: bool = False, scaling: str = "pooled"
) -> Floats:
    """Return coordinates in which the straight-line distance is the Mahalanobis distance.

    Parameters
    ----------
    frame
        The columns that make the distance: numbers, yes/no or categories. A category counts with one 0/1 column a
        level but the most frequent one.
    treated
        Who was treated.
    kept
        Whose covariance counts: everybody left after trimming.
    by_id
        Positions of all rows sorted by id: sums are taken in that order.
    ranks
        The robust distance: of ranks in place of values.
    scaling
        "pooled": the covariance within the two groups; "everyone": that of everybody kept; "variance": only the
        variances of everybody kept, as if no two columns had to do with one another.

    Returns
    -------
    numpy.ndarray
        People x dimensions.

    Raises
    ------
    InputError
        A column that is neither number nor category.
    DesignError
        Columns that are constant, or that follow from others, within the groups; each is named.

    Notes
    -----
    Mahalanobis, P. C. (1936), On the generalised distance in statistics, Proceedings of the National Institute of
    Sciences of India 2, 49-55; for matching: Rubin, D. B. (1980), Bias reduction using Mahalanobis-metric matching,
    Biometrics 36, 293-298. The covariance is pooled within the treated and the comparison people,
    ((n1 - 1) S1 + (n0 - 1) S0) / (n1 + n0 - 2), unless `scaling` says otherwise.

    Robust: Rosenbaum, P. R. (2010), Design of Observational Studies, New York: Springer, section 8.3. Each column is
    replaced by its ranks among everybody kept (ties share the mean of theirs), so that a few extreme values do not
    stretch it; the covariance of the ranks of everybody kept is rescaled so that each column has the variance of ranks
    without ties, n (n + 1) / 12, so that a yes that few people have counts no more than a yes of many.

    The last bits of a linear algebra library choose no pair. The coefficients that turn columns into coordinates are
    rounded to 36 bits and coordinates are summed column by column, so that the same difference between whole numbers
    is the same distance wherever it stands; and squared distances are compared on their first 26 bits: two that agree
    to 1 in 10^8 are a tie.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [20, 30, 40, 20, 30, 40], "priors": [0, 2, 1, 1, 0, 2]})
    >>> treated = np.array([True, True, True, False, False, False])
    >>> at = mahalanobis_coordinates(people, treated, np.ones(6, dtype=bool), np.arange(6))
    >>> [round(float(np.linalg.norm(at[0] - at[other])), 6) for other in (1, 2, 3)]
    [2.0, 2.0, 1.154701]
    """
    numeric = frame.select_dtypes(include=["number", "bool"])
    flat = [str(name) for name in numeric.columns if numeric[name].nunique() < 2]
    if flat:
        raise _flat(", ".join(f"'{name}'" for name in flat))
    terms = encode(frame).model()
    rows = by_id[kept[by_id]]
    if ranks:
        return _of_ranks(terms, rows)
    groups = [rows[treated[rows]], rows[~treated[rows]]] if scaling == "pooled" else [rows]
    centred = np.concatenate([terms.values[group] - terms.values[group].mean(axis=0) for group in groups if len(group)])
    freedom = max(1, len(rows) - (2 if scaling == "pooled" else 1))
    spread = np.sqrt((centred**2).sum(axis=0) / freedom)
    whole = np.abs(terms.values[rows]).max(axis=0)
    _refuse_flat(terms, spread, whole)
    if scaling == "variance":
        return _apply(terms.values, _rounded(np.diag(1 / spread)))
    standard = centred / spread
    correlations = standard.T @ standard / freedom
    _refuse_repeats(terms, correlations, "within the groups" if scaling == "pooled" else "among everybody")
    return _apply(terms.values, _whitening(correlations, spread))


def _of_ranks(terms: Terms, rows: Ints) -> Floats:
    """Return coordinates of the robust distance: ranks are doubled while they are summed, so that they are whole."""
    doubled = np.zeros_like(terms.values)
    doubled[rows] = np.column_stack([2.0 * rankdata(column) for column in terms.values[rows].T])
    centred = doubled[rows] - (len(rows) + 1.0)
    squares = (centred**2).sum(axis=0)
    _refuse_flat(terms, np.sqrt(squares), np.ones(len(squares)))
    standard = centred / np.sqrt(squares)
    correlations = standard.T @ standard
    _refuse_repeats(terms, correlations, "as ranks")
    spread = np.full(len(squares), 2.0 * np.sqrt(len(rows) * (len(rows) + 1.0) / 12.0))
    return _apply(doubled, _whitening(correlations, spread))


def _whitening(correlations: Floats, spread: Floats) -> Floats:
    """Return the coefficients that turn columns into coordinates."""
    roots, axes = np.linalg.eigh(correlations)
    return _rounded((axes / np.sqrt(roots)) @ axes.T / spread)


def comparable(squares: Floats) -> Floats:
    """Round squared distances, in place, to their first 26 bits: those that differ by less are equal."""
    bits = squares.view(np.int64)
    bits += 1 << (DROPPED_BITS - 1)
    bits &= -1 << DROPPED_BITS
    return squares


def _rounded(coefficients: Floats) -> Floats:
    """Keep so many bits of each column's coefficients: products with whole numbers are then exact."""
    grid = 2.0 ** (np.ceil(np.log2(np.abs(coefficients).max(axis=0))) - COEFFICIENT_BITS)
    return np.asarray(np.round(coefficients / grid) * grid, dtype=np.float64)


def _apply(values: Floats, coefficients: Floats) -> Floats:
    # Column by column: one fixed order of additions for every row, whatever the library underneath. Distances from
    # the smallest value, so that a large offset (a year, an amount) costs no digits.
    lowest = values.min(axis=0)
    coordinates = np.zeros_like(values)
    for column in range(values.shape[1]):
        moved = values[:, column] - lowest[column]
        for axis in range(values.shape[1]):
            coordinates[:, axis] += moved * coefficients[axis, column]
    return coordinates


def _refuse_flat(terms: Terms, spread: Floats, size: Floats) -> None:
    flat = ~(spread > 1e-13 * size)
    if flat.any():
        names = ", ".join(dict.fromkeys(f"'{terms.columns[at]}'" for at in np.flatnonzero(flat)))
        raise _flat(names)


def _flat(names: str) -> DesignError:
    return DesignError(
        f"The Mahalanobis distance cannot use {names}: within the treated and within the comparison people it is "
        "the same for everybody, so no distance can be measured by it. Leave it out of mahalanobis= (use exact= to "
        "make pairs equal on it)."
    )


def _refuse_repeats(terms: Terms, correlations: Floats, where: str) -> None:
    """Refuse terms that follow from the ones before them: their distance would count for nothing or for everything."""
    found = dependent_terms(terms, correlations)
    if found:
        raise DesignError(
            f"The Mahalanobis distance cannot use all of its columns: {where}, "
            f"{'; '.join(found)}. Leave such columns out of mahalanobis=; the others say the same."
        )
