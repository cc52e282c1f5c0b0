"""Forenames that can belong to one person: short forms and spellings brought to one root.

The table is `dipeval/data/nicknames.csv`; where it comes from and how ambiguous short forms are treated stands in
`nicknames.md` beside it. A short form that serves both sexes (ALEX, CHRIS, SAM) is itself the root of the long forms
of both; one that serves unrelated names (BERT, BETH) is its own root.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from io import StringIO

import numpy as np
import pandas as pd


@lru_cache(maxsize=1)
def _roots() -> dict[str, str]:
    table = nickname_table()
    return dict(zip(table["forename"], table["root"], strict=True))


def nickname_table() -> pd.DataFrame:
    """Return the table of short forms and spellings.

    Returns
    -------
    pandas.DataFrame
        forename, root, status (short, spelling, shared, kept), all text; one row a forename.

    Examples
    --------
    >>> table = nickname_table().set_index("forename")
    >>> table.loc["BILLY", "root"], table.loc["ALEXANDRA", "status"]
    ('WILLIAM', 'shared')
    """
    text = files("dipeval").joinpath("data/nicknames.csv").read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text), dtype=str, keep_default_na=False).astype(object)


def forename_roots(forenames: pd.Series) -> pd.Series:
    """Return the root of each cleaned forename; a forename outside the table is its own root.

    Parameters
    ----------
    forenames
        Forenames as `dipeval.linkage.cleaning.clean_forename` leaves them; missing stays missing.

    Returns
    -------
    pandas.Series
        Text, None where missing.

    Examples
    --------
    >>> forename_roots(pd.Series(["BILL", "WILL", "SAMANTHA", "IMOGEN", None])).tolist()
    ['WILLIAM', 'WILLIAM', 'SAM', 'IMOGEN', None]
    """
    codes, values = pd.factorize(forenames.astype(object))
    roots = _roots()
    table = np.full(len(values) + 1, None, dtype=object)
    table[:-1] = [roots.get(name, name) for name in values]
    return pd.Series(table[codes], index=forenames.index, dtype=object)
