"""At most one partner a person: the one-to-one rule.

Candidates are walked from the highest match weight down. At each weight, among people who are still free, a pair is
linked if neither of its two people has another candidate at that same weight. People caught in such a tie are set
aside: nobody can say which of their candidates is right, so neither is linked, and no weaker candidate is taken in
its place. The result depends on weights and ids only, never on the order of the rows.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pandas as pd


def _walk(contested: pd.DataFrame) -> tuple[list[int], set[int], set[int]]:
    """The rule itself, on the pairs in which somebody has more than one candidate."""
    linked: list[int] = []
    gone_left: set[int] = set()
    gone_right: set[int] = set()
    tied_left: set[int] = set()
    tied_right: set[int] = set()
    rows = zip(contested.index, contested["left"], contested["right"], contested["match_weight"], strict=True)
    for _, level in groupby(rows, key=lambda row: row[3]):
        free = [row for row in level if row[1] not in gone_left and row[2] not in gone_right]
        lefts = [row[1] for row in free]
        rights = [row[2] for row in free]
        seen_left, seen_right = _repeated(lefts), _repeated(rights)
        for index, left, right, _weight in free:
            if left in seen_left or right in seen_right:
                tied_left.add(left)
                tied_right.add(right)
            else:
                linked.append(index)
        gone_left.update(lefts)
        gone_right.update(rights)
    return linked, tied_left, tied_right


def _repeated(values: list[int]) -> set[int]:
    seen: set[int] = set()
    return {value for value in values if value in seen or seen.add(value)}  # type: ignore[func-returns-value]


def one_to_one(pairs: pd.DataFrame, threshold: float) -> tuple[pd.Series, int]:
    """Choose the links.

    Parameters
    ----------
    pairs
        left, right, match_weight, match_probability; a pair at most once.
    threshold
        Candidates below this probability are never linked.

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
    eligible = pairs[pairs["match_probability"] >= threshold].reset_index(names="row")
    eligible = eligible.sort_values(["match_weight", "left", "right"], ascending=[False, True, True], ignore_index=True)
    rivals = eligible.groupby("left")["right"].transform("size").to_numpy()
    rivals = np.maximum(rivals, eligible.groupby("right")["left"].transform("size").to_numpy())
    alone = eligible.loc[rivals == 1, "row"]
    chosen, _, tied = _walk(eligible[rivals > 1].set_index("row"))
    linked = pairs.index.isin([*alone, *chosen])
    return pd.Series(linked, index=pairs.index, dtype=bool), len(tied)
