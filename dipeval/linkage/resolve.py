"""At most one partner a person: the one-to-one rule.

Candidates are walked from the highest match weight down. At each weight, among people who are still free, a pair is
linked if neither of its two people has another candidate at that same weight. People caught in such a tie are set
aside: nobody can say which of their candidates is right, so neither is linked, and no weaker candidate is taken in
its place. With ties settled by the lowest id, the pair whose people come first is linked instead. The result depends
on weights and ids only, never on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Row = tuple[int, Any, Any, float]


def _repeated(values: list[Any]) -> set[Any]:
    seen: set[Any] = set()
    return {value for value in values if value in seen or seen.add(value)}  # type: ignore[func-returns-value]


def _drop_ties(rows: Iterable[Row]) -> tuple[list[int], int]:
    """The rule itself, on the pairs in which somebody has more than one candidate."""
    linked: list[int] = []
    gone_left: set[Any] = set()
    gone_right: set[Any] = set()
    tied: set[Any] = set()
    for _, level in groupby(rows, key=lambda row: row[3]):
        free = [row for row in level if row[1] not in gone_left and row[2] not in gone_right]
        lefts = [row[1] for row in free]
        rights = [row[2] for row in free]
        seen_left, seen_right = _repeated(lefts), _repeated(rights)
        for index, left, right, _weight in free:
            if left in seen_left or right in seen_right:
                tied.add(right)
            else:
                linked.append(index)
        gone_left.update(lefts)
        gone_right.update(rights)
    return linked, len(tied)


def _first_of_ties(rows: Iterable[Row]) -> tuple[list[int], int]:
    """The same, the first pair of a tie being linked."""
    linked: list[int] = []
    gone_left: set[Any] = set()
    gone_right: set[Any] = set()
    for index, left, right, _weight in rows:
        if left not in gone_left and right not in gone_right:
            linked.append(index)
            gone_left.add(left)
            gone_right.add(right)
    return linked, 0


def _times(values: NDArray[Any]) -> NDArray[np.int64]:
    """How often each value occurs, place by place."""
    codes = pd.factorize(values)[0]
    return np.bincount(codes)[codes] if len(codes) else codes


def one_to_one(pairs: pd.DataFrame, threshold: float, ties: str = "drop") -> tuple[pd.Series, int]:
    """Choose the links.

    Parameters
    ----------
    pairs
        left, right, match_weight, match_probability; a pair at most once.
    threshold
        Candidates below this probability are never linked.
    ties
        ``"drop"`` leaves people with two equally likely candidates unlinked, ``"lowest_id"`` links the first.

    Returns
    -------
    tuple of Series and int
        Whether each pair is linked, on the index of ``pairs``; and the number of right-hand people left unlinked
        because of a tie.

    Examples
    --------
    >>> pairs = pd.DataFrame({"left": [1, 1, 2, 3], "right": [1, 2, 2, 3], "match_weight": [9.0, 5.0, 4.0, -3.0],
    ...                       "match_probability": [0.99, 0.9, 0.8, 0.1]})
    >>> one_to_one(pairs, 0.5)[0].tolist()
    [True, False, True, False]
    """
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    weight = pairs["match_weight"].to_numpy(dtype="float64")
    eligible = np.flatnonzero(pairs["match_probability"].to_numpy(dtype="float64") >= threshold)
    contested = (_times(left[eligible]) > 1) | (_times(right[eligible]) > 1)
    linked = np.zeros(len(pairs), dtype=bool)
    linked[eligible[~contested]] = True
    rest = eligible[contested]
    rest = rest[np.lexsort((right[rest], left[rest], -weight[rest]))]
    rows = zip(rest.tolist(), left[rest].tolist(), right[rest].tolist(), weight[rest].tolist(), strict=True)
    chosen, tied = (_drop_ties if ties == "drop" else _first_of_ties)(rows)
    linked[chosen] = True
    return pd.Series(linked, index=pairs.index, dtype=bool), tied
