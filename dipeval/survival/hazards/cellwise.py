"""Running values over the cells of each stratum: products, the cell before, the last cell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dipeval.survival.columns import Floats, Integers


def product_of(stratum: Integers, by_cell: Floats) -> Floats:
    """Return running products over the cells of each stratum (codes ascending), the cell itself included."""
    if len(stratum) == 0 or stratum[0] == stratum[-1]:
        return np.cumprod(by_cell, axis=0)
    return pd.DataFrame(by_cell).groupby(stratum, sort=False).cumprod().to_numpy().reshape(by_cell.shape)


def shifted(stratum: Integers, after: Floats, first: float = 0.0) -> Floats:
    """Return each cell's value of the cell before it in its stratum; `first` where there is none."""
    before = np.full_like(after, first)
    same = stratum[1:] == stratum[:-1]
    before[1:][same] = after[:-1][same]
    return before


def stratum_ends(stratum: Integers, running: Floats) -> Floats:
    """Return, for each cell, the value that the last cell of its stratum has."""
    return running[np.searchsorted(stratum, stratum, side="right") - 1]
