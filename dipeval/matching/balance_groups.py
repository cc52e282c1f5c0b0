"""Balance within groups of people named by the caller, such as men and women: with the weights of the design."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.matching.balance import Balance
from dipeval.matching.balance_measures import Bools, Floats, Ints
from dipeval.matching.terms import Terms

COLUMNS = ("group", "n_treated", "n_comparison", "ess_treated", "ess_comparison", "max_smd", "worst_term")


def measure_groups(
    terms: Terms, treated: Bools, weights: Floats, groups: pd.Series, *, order: Ints, balance: Balance
) -> pd.DataFrame:
    """Measure the largest difference in weighted means within each group.

    Parameters
    ----------
    terms
        All terms, one row a person.
    treated, weights
        One a row.
    groups
        Group of each person, in the same order; missing for none.
    order
        Positions of all rows sorted by id, so that the order of the rows moves no figure.
    balance
        Of the whole design: its standard deviations are the denominators here too.

    Returns
    -------
    pandas.DataFrame
        group, n_treated, n_comparison, ess_treated, ess_comparison, max_smd, worst_term; missing where a group has no
        treated or no comparison people with a weight.
    """
    codes, labels = pd.factorize(groups, sort=True)
    rows = order[(codes[order] >= 0) & (weights[order] > 0)]
    size = len(labels)
    sides = [_Side(codes, weights, rows[treated[rows] == side], size) for side in (True, False)]
    worst, at = np.full(size, -1.0), np.zeros(size, dtype=np.int64)
    scales = balance.denominators.to_numpy()
    for place in range(len(terms.names)):
        means = [side.means(terms.values[:, place]) for side in sides]
        smd = np.abs(means[0] - means[1]) / scales[place]
        larger = smd > worst
        worst[larger], at[larger] = smd[larger], place
    known = (sides[0].counts > 0) & (sides[1].counts > 0)
    return pd.DataFrame(
        {
            "group": labels,
            "n_treated": sides[0].counts,
            "n_comparison": sides[1].counts,
            "ess_treated": sides[0].effective,
            "ess_comparison": sides[1].effective,
            "max_smd": np.where(known, worst, np.nan),
            "worst_term": [terms.names[place] if there else None for place, there in zip(at, known, strict=True)],
        }
    )


class _Side:
    """The treated, or the comparison people, of every group."""

    def __init__(self, codes: NDArray[np.intp], weights: Floats, rows: Ints, size: int) -> None:
        self._where, self._weights, self._rows, self._size = codes[rows], weights[rows], rows, size
        self._totals = self._sum(self._weights)
        self.counts = np.bincount(self._where, minlength=size)
        squares = self._sum(self._weights**2)
        self.effective = np.divide(self._totals**2, squares, out=np.zeros(size), where=squares > 0)

    def _sum(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self._where, weights=values, minlength=self._size), dtype=np.float64)

    def means(self, column: Floats) -> Floats:
        """Return the weighted mean of a term in every group; missing where there is nobody."""
        total = self._sum(self._weights * column[self._rows])
        return np.divide(total, self._totals, out=np.full(self._size, np.nan), where=self._totals > 0)


def check_groups(groups: object, index: pd.Index) -> pd.Series:
    """Return the group of each person of a design, in its order; refuse what does not fit its people."""
    if not isinstance(groups, pd.Series) or groups.index.has_duplicates:
        raise InputError("groups must be a Series with one value a person, on the index of the design's people.")
    missing = int((~index.isin(groups.index)).sum())
    if missing:
        raise InputError(
            f"groups has no row for {missing} of the {len(index)} people of the design; give it on the index of people."
        )
    return groups.reindex(index)
