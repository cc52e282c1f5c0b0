"""The one-to-one rule against a brute-force reading of it, on random candidates."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dipeval.linkage.resolve import one_to_one

Pair = tuple[int, int]
CANDIDATES = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), st.integers(-2, 4), max_size=25)


def frame_of(candidates: dict[Pair, int]) -> pd.DataFrame:
    rows = [(left, right, float(w), 2.0**w / (1 + 2.0**w)) for (left, right), w in candidates.items()]
    columns = ["left", "right", "match_weight", "match_probability"]
    types = {"left": "int64", "right": "int64", "match_weight": "float64", "match_probability": "float64"}
    return pd.DataFrame(rows, columns=columns).astype(types)


def chosen(frame: pd.DataFrame, threshold: float) -> set[Pair]:
    linked, _ = one_to_one(frame, threshold)
    return set(zip(frame.loc[linked, "left"], frame.loc[linked, "right"], strict=True))


def by_the_book(candidates: dict[Pair, int], lowest: int) -> set[Pair]:
    """Walk the weights downwards among people still free; a pair without rival at its weight is linked."""
    links: set[Pair] = set()
    spent: set[tuple[str, int]] = set()
    for weight in sorted({w for w in candidates.values() if w >= lowest}, reverse=True):
        level = [p for p, w in candidates.items() if w == weight and not {("l", p[0]), ("r", p[1])} & spent]
        links |= {p for p in level if sum(q[0] == p[0] or q[1] == p[1] for q in level) == 1}
        spent |= {("l", p[0]) for p in level} | {("r", p[1]) for p in level}
    return links


@given(CANDIDATES)
def test_the_resolver_is_the_documented_rule(candidates: dict[Pair, int]) -> None:
    assert chosen(frame_of(candidates), 0.5) == by_the_book(candidates, lowest=0)


@given(CANDIDATES)
def test_nobody_is_linked_twice(candidates: dict[Pair, int]) -> None:
    links = chosen(frame_of(candidates), 0.001)
    assert len({left for left, _ in links}) == len(links) == len({right for _, right in links})


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(candidates: dict[Pair, int], random: object) -> None:
    frame = frame_of(candidates)
    order = list(range(len(frame)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert chosen(frame, 0.5) == chosen(frame.iloc[order].reset_index(drop=True), 0.5)


@given(CANDIDATES)
def test_a_higher_threshold_only_takes_links_away(candidates: dict[Pair, int]) -> None:
    assert chosen(frame_of(candidates), 0.8) <= chosen(frame_of(candidates), 0.5)
