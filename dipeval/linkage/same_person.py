"""Which records of one file are one person: by reference, by identifiers, and by both where services number clients.

The rules stand in `dipeval.linkage.persons`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dipeval.linkage.coding import CodedRows, Codes

REFERENCE = "reference"
# More numbers than this for one set of identifiers is a placeholder that was filled in, not a much-treated client.
MOST_REFERENCES = 5
_NAMED = ("forename", "surname")
_INITIALS = ("forename_initial", "surname_initial")
_BIRTH = ("birth_date", "sex")


def _identity(rows: CodedRows) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """The identifiers that make two records without reference one person (-1 if too few), and which hold names."""
    named = rows.known((*_NAMED, *_BIRTH))
    short = rows.known((*_INITIALS, *_BIRTH, "outward")) & ~named
    whole_key = rows.joined((*_NAMED, *_BIRTH))
    short_key = rows.joined((*_INITIALS, *_BIRTH, "sector", "outward"))
    identity = np.full(rows.length, -1, dtype=np.int64)
    identity[named] = pd.factorize(whole_key[named])[0]
    n_whole = int(identity.max(initial=-1)) + 1
    identity[short] = pd.factorize(short_key[short])[0] + n_whole
    return identity, named


def person_keys(rows: CodedRows) -> Codes:
    """Return one number a person for every row; -1 where each record stands alone.

    Examples
    --------
    >>> from dipeval.linkage.cleaning import COMPARABLE
    >>> from dipeval.linkage.coding import coded_rows
    >>> frame = pd.DataFrame({"reference": ["7", "7", None]}).reindex(columns=["reference", *COMPARABLE]).astype(object)
    >>> person_keys(coded_rows([frame], list(frame.columns))).tolist()
    [0, 0, -1]
    """
    identity, named = _identity(rows)
    reference = rows.codes[REFERENCE].astype(np.int64)
    n_references = len(rows.texts[REFERENCE])
    pairs = pd.DataFrame({"identity": identity, "reference": reference})[named & (reference >= 0)].drop_duplicates()
    single = pairs[~pairs["identity"].duplicated(keep=False)].set_index("identity")["reference"]
    borrowed = pd.Series(identity).map(single).fillna(-1).to_numpy(dtype=np.int64)
    own = np.where(identity >= 0, identity + n_references, -1)
    return np.where(reference >= 0, reference, np.where(borrowed >= 0, borrowed, own))


def merged_keys(keys: Codes, rows: CodedRows, numbered: npt.NDArray[np.bool_]) -> tuple[Codes, int]:
    """Join the people whom several references mean.

    Two people are joined if a record of one and a record of the other have the same initials, date of birth, sex and
    sector, all known, and the same names as far as the file has names. A set of identifiers that more than five people
    share joins nobody.

    Parameters
    ----------
    keys
        One number a person (`person_keys`).
    rows
        The cleaned identifiers.
    numbered
        Which rows come from tables in which each service numbers its own clients.

    Returns
    -------
    tuple
        The keys after joining, and how many people were joined to another.
    """
    usable = numbered & (keys >= 0) & rows.known((*_INITIALS, *_BIRTH, "sector"))
    shared = rows.joined((*_INITIALS, *_BIRTH, "sector", *_NAMED))
    links = pd.DataFrame({"key": keys[usable], "shared": shared[usable]}).drop_duplicates()
    n_people = links.groupby("shared")["key"].transform("size")
    links = links[(n_people > 1) & (n_people <= MOST_REFERENCES)]
    if links.empty:
        return keys, 0
    people, persons = pd.factorize(links["key"], sort=True)
    sets, _ = pd.factorize(links["shared"], sort=True)
    n_nodes = len(persons) + int(sets.max()) + 1
    graph = coo_array((np.ones(len(links)), (people, sets + len(persons))), shape=(n_nodes, n_nodes))
    _, component = connected_components(graph, directed=False)
    # Each component goes by its lowest key.
    lowest = pd.Series(persons).groupby(component[: len(persons)]).transform("min")
    joined = pd.Series(keys).map(pd.Series(lowest.to_numpy(), index=persons))
    merged = joined.fillna(pd.Series(keys)).to_numpy(dtype=np.int64)
    return merged, len(persons) - int(lowest.nunique())
