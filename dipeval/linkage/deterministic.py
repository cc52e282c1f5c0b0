"""The rule in common use, for comparison with the models: one exact key, unique on both sides.

Same initials (same names where both files have them), date of birth and sex; a key that two people of a file share is
no key. Source: the rule of public research code that links treatment records to police drug data.
"""

from __future__ import annotations

import pandas as pd

from dipeval.engine import Engine
from dipeval.linkage.candidates import Candidates, PeopleTable

INITIALS_KEY = ("initials", "birth_date", "sex")
NAMES_KEY = ("forename", "surname", "birth_date", "sex")


def unique_key_links(engine: Engine, left: PeopleTable, right: PeopleTable, *, names: bool) -> Candidates:
    """Link the people of two files whose key is the same and unique on both sides.

    Parameters
    ----------
    engine, left, right
        Where the two tables of people are.
    names
        Whether both files have whole names; initials otherwise.

    Returns
    -------
    Candidates
        The links and nothing else: match_probability 1, match_weight 0, for nothing was weighed.
    """
    keys = ", ".join(f'"{name}"' for name in (NAMES_KEY if names else INITIALS_KEY))
    known = keys.replace(", ", " IS NOT NULL AND ") + " IS NOT NULL"
    once = "(SELECT {keys}, min(unique_id) AS unique_id FROM {table} WHERE {known} GROUP BY {keys} HAVING count(*) = 1)"
    got = engine.connection.execute(
        f"""SELECT l.unique_id AS "left", r.unique_id AS "right"
            FROM {once.format(keys=keys, table=left.name, known=known)} l
            JOIN {once.format(keys=keys, table=right.name, known=known)} r USING ({keys}) ORDER BY 1"""
    ).fetchnumpy()
    pairs = pd.DataFrame({name: got[name].astype("int64") for name in ("left", "right")})
    pairs = pairs.assign(match_weight=0.0, match_probability=1.0)
    return Candidates(pairs=pairs, n_compared=len(pairs), prior=0.0)
