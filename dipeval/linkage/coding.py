"""Text columns kept as small whole numbers: the distinct texts once, and their places among them.

Identifiers repeat. Grouping, comparing and choosing among numbers takes a fraction of the memory and time that it takes
among texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dipeval.linkage.cleaning import NOTHING

Codes = npt.NDArray[np.int64]
_LARGEST = 2**62


def joined_codes(parts: Iterable[tuple[npt.NDArray[np.integer], int]], length: int) -> Codes:
    """Return one number for each combination of codes.

    Parameters
    ----------
    parts
        Codes (-1 for missing) and how many different ones there can be.
    length
        Number of rows.

    Examples
    --------
    >>> joined_codes([(np.array([1, 0, 1]), 2), (np.array([-1, 0, -1]), 1)], 3).tolist()
    [4, 3, 4]
    """
    joined, size = np.zeros(length, dtype=np.int64), 1
    for codes, n_values in parts:
        if size > _LARGEST // (n_values + 1):
            kept, joined = np.unique(joined, return_inverse=True)
            size = max(len(kept), 1)
        joined = joined * (n_values + 1) + codes.astype(np.int64) + 1
        size *= n_values + 1
    return joined


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CodedRows:
    """Text columns as codes into their distinct texts; -1 is missing."""

    length: int
    codes: dict[str, npt.NDArray[np.int32]]
    texts: dict[str, npt.NDArray[np.object_]]

    def known(self, columns: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Say for each row whether all the columns are known."""
        known = np.ones(self.length, dtype=bool)
        for name in columns:
            known &= self.codes[name] >= 0
        return known

    def joined(self, columns: Iterable[str]) -> Codes:
        """Return one number for each combination of the columns, in which missing is a value too."""
        return joined_codes(((self.codes[name], len(self.texts[name])) for name in columns), self.length)

    def text(self, column: str, places: npt.NDArray[np.integer] | None = None) -> npt.NDArray[np.object_]:
        """Return a column as text, None where missing; of the rows at `places`, -1 for a row that is not there."""
        codes = self.codes[column] if places is None else np.append(self.codes[column], np.int32(-1))[places]
        return np.append(self.texts[column], NOTHING)[codes]

    def blanked(self, rows: npt.NDArray[np.bool_], columns: Iterable[str]) -> CodedRows:
        """Return the same with the columns missing in some rows."""
        emptied = {name: np.where(rows, np.int32(-1), self.codes[name]) for name in columns}
        return CodedRows(length=self.length, codes=self.codes | emptied, texts=self.texts)


def coded_rows(frames: Sequence[pd.DataFrame], columns: Sequence[str]) -> CodedRows:
    """Code the text columns of several frames, one below the other.

    Examples
    --------
    >>> rows = coded_rows([pd.DataFrame({"name": ["B", None, "A"]})], ["name"])
    >>> rows.codes["name"].tolist(), rows.text("name").tolist()
    ([0, -1, 1], ['B', None, 'A'])
    """
    codes, texts = {}, {}
    for name in columns:
        column = pd.concat([frame[name] for frame in frames]) if len(frames) > 1 else frames[0][name]
        places, distinct = pd.factorize(column.astype(object).to_numpy())
        codes[name], texts[name] = places.astype(np.int32), np.asarray(distinct, dtype=object)
    return CodedRows(length=sum(len(frame) for frame in frames), codes=codes, texts=texts)
