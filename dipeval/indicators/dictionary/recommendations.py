"""What the review of the programme in West Yorkshire asked for, and where each of its asks is answered."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd


def recommendations() -> pd.DataFrame:
    """Return the recommendations of the West Yorkshire review and where this package answers them.

    The summary of the review numbers 22 recommendations, one of them twice, so that there are 23.

    Returns
    -------
    DataFrame
        number, asks (in short), answered (``yes``, ``part``, ``not software``), section (of the quarterly report;
        empty if none), where (in words), python (functions, parted by semicolons; empty if none).

    Examples
    --------
    >>> found = recommendations().set_index("number")
    >>> len(found), found.loc["R3", "answered"]
    (23, 'not software')
    """
    return _stored().copy()


@cache
def _stored() -> pd.DataFrame:
    path = files("dipeval") / "data" / "recommendations.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)
