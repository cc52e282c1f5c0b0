"""Which identifiers a person of several records has.

Names together, date of birth, sex and each further identifier as most often recorded; ties: as in the latest record,
then in the record of the lowest id. The address of the latest record that has one; ties: the most frequent, then the
lowest id. Nothing hangs on the texts themselves, so that a pseudonymised file is settled as the clear one is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from dipeval.linkage.cleaning import AREA_COLUMNS, BIRTH_COLUMNS, COMPARABLE, NAME_COLUMNS
from dipeval.linkage.coding import CodedRows


def _chosen(
    uses: pd.DataFrame, rows: CodedRows, columns: Sequence[str], n_people: int, *, latest_first: bool
) -> npt.NDArray[np.int64]:
    """The row whose values of the columns each person has; -1 for a person without."""
    any_known = np.zeros(rows.length, dtype=bool)
    for name in columns:
        any_known |= rows.codes[name] >= 0
    known = uses[any_known[uses["row"].to_numpy()]]
    known = known.assign(value=rows.joined(columns)[known["row"].to_numpy()])
    seen = known.groupby(["person", "value"], sort=False, as_index=False).agg(
        times=("times", "sum"), last=("last", "max"), place=("place", "min"), row=("row", "first")
    )
    order = ["last", "times"] if latest_first else ["times", "last"]
    seen = seen.sort_values(["person", *order, "place"], ascending=[True, False, False, True])
    best = seen.drop_duplicates("person")
    chosen = np.full(n_people, -1, dtype=np.int64)
    chosen[best["person"].to_numpy()] = best["row"].to_numpy()
    return chosen


def settled(records: pd.DataFrame, rows: CodedRows, n_people: int, also_compare: Sequence[str] = ()) -> pd.DataFrame:
    """Return the identifiers of every person.

    Parameters
    ----------
    records
        person, row (place in `rows`) and recorded (a number that grows with the date), one row a record, by record id.
    rows
        The cleaned identifiers.
    n_people
        Number of people.
    also_compare
        Further identifiers.

    Returns
    -------
    pandas.DataFrame
        One row a person, index ``person``; text, None where missing.

    Examples
    --------
    >>> from dipeval.linkage.coding import coded_rows
    >>> names = pd.DataFrame({"sex": ["F", "M"]}).reindex(columns=list(COMPARABLE)).astype(object)
    >>> records = pd.DataFrame({"person": [0, 0, 0], "row": [0, 1, 0], "recorded": [1, 3, 2]})
    >>> settled(records, coded_rows([names], COMPARABLE), 1)["sex"].tolist()
    ['F']
    """
    placed = records[["person", "row", "recorded"]].assign(place=np.arange(len(records)))
    uses = placed.groupby(["person", "row"], sort=False, as_index=False).agg(
        times=("recorded", "size"), last=("recorded", "max"), place=("place", "min")
    )
    further = [name for name in also_compare if name not in COMPARABLE]
    groups = [(NAME_COLUMNS, False), (BIRTH_COLUMNS, False), (("sex",), False), (AREA_COLUMNS, True)]
    columns: dict[str, npt.NDArray[np.object_]] = {}
    for group, latest_first in [*groups, *(((name,), False) for name in further)]:
        chosen = _chosen(uses, rows, group, n_people, latest_first=latest_first)
        columns |= {name: rows.text(name, chosen) for name in group}
    order = [*COMPARABLE, *dict.fromkeys(further)]
    persons = pd.RangeIndex(n_people, name="person")
    return pd.DataFrame({name: columns[name] for name in order}, index=persons, dtype=object)
