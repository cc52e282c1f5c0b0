"""Balance within each subclass, cell, set or pair."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dipeval.matching.balance import Balance
from dipeval.matching.balance_measures import Bools, Floats, Ints
from dipeval.matching.terms import Terms

COLUMNS = ("set", "n_treated", "n_comparison", "max_smd", "worst_term")


def measure_sets(
    terms: Terms, treated: Bools, sets: Ints, *, order: Ints, balance: Balance, sample_weights: Floats | None = None
) -> pd.DataFrame:
    """Measure the largest difference in means within each set.

    Parameters
    ----------
    terms
        All terms, one row a person.
    treated
        Who was treated.
    sets
        Number of each person's set from 1; 0 for none.
    order
        Positions of all rows sorted by id.
    balance
        Of the whole design: its standard deviations are the denominators here too.
    sample_weights
        What each person counts; None when everybody counts once.

    Returns
    -------
    pandas.DataFrame
        set, n_treated, n_comparison, max_smd, worst_term.
    """
    rows = order[sets[order] > 0]
    label, is_treated = sets[rows] - 1, treated[rows]
    size = int(label.max(initial=-1)) + 1
    if size == 0:
        return pd.DataFrame(columns=list(COLUMNS))
    worth = np.ones(len(rows)) if sample_weights is None else sample_weights[rows]
    groups = [(label[mask], worth[mask], rows[mask]) for mask in (is_treated, ~is_treated)]
    totals = [np.bincount(where, weights=weight, minlength=size) for where, weight, _ in groups]
    worst, at = np.full(size, -1.0), np.zeros(size, dtype=np.int64)
    scales = balance.denominators.to_numpy()
    for place in range(len(terms.names)):
        column = terms.values[:, place]
        means = [
            np.bincount(where, weights=weight * column[people], minlength=size) / total
            for (where, weight, people), total in zip(groups, totals, strict=True)
        ]
        smd = np.abs(means[0] - means[1]) / scales[place]
        larger = smd > worst
        worst[larger], at[larger] = smd[larger], place
    return pd.DataFrame(
        {
            "set": np.arange(1, size + 1),
            "n_treated": np.bincount(groups[0][0], minlength=size),
            "n_comparison": np.bincount(groups[1][0], minlength=size),
            "max_smd": worst,
            "worst_term": [terms.names[place] for place in at],
        }
    )
