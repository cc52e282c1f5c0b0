"""The one-to-one rule, case by case."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.linkage.resolve import one_to_one


def links(*pairs: tuple[str, str, float], threshold: float = 0.0) -> tuple[set[str], int]:
    frame = pd.DataFrame(
        {
            "left": [ord(left) for left, _, _ in pairs],
            "right": [ord(right) for _, right, _ in pairs],
            "match_weight": [weight for _, _, weight in pairs],
            "match_probability": [2**weight / (1 + 2**weight) for _, _, weight in pairs],
        }
    )
    linked, tied = one_to_one(frame, threshold)
    chosen = frame[linked]
    return {chr(left) + chr(right) for left, right in zip(chosen["left"], chosen["right"], strict=True)}, tied


def test_the_best_candidate_wins_and_the_rest_find_others() -> None:
    assert links(("A", "x", 9.0), ("A", "y", 8.0), ("B", "x", 7.0), ("B", "y", 1.0)) == ({"Ax", "By"}, 0)


def test_a_chain_is_broken_at_its_weakest_place() -> None:
    assert links(("A", "x", 5.0), ("B", "x", 6.0), ("B", "y", 7.0), ("C", "y", 4.0)) == ({"Ax", "By"}, 0)


def test_equal_candidates_are_both_left() -> None:
    assert links(("A", "x", 9.0), ("A", "y", 9.0)) == (set(), 2)
    assert links(("A", "x", 9.0), ("B", "x", 9.0)) == (set(), 1)


def test_a_tie_is_settled_when_a_rival_is_already_taken() -> None:
    assert links(("A", "x", 5.0), ("A", "y", 5.0), ("B", "y", 8.0)) == ({"Ax", "By"}, 0)


def test_people_in_a_tie_take_nothing_weaker() -> None:
    assert links(("A", "x", 9.0), ("A", "y", 9.0), ("B", "x", 3.0)) == (set(), 2)


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, {"Ax"}), (0.95, set())])
def test_the_threshold_cuts(threshold: float, expected: set[str]) -> None:
    assert links(("A", "x", 3.0), ("B", "y", -1.0), threshold=threshold) == (expected, 0)


def test_no_pairs_no_links() -> None:
    assert links() == (set(), 0)


def test_the_first_of_a_tie_is_linked_if_asked() -> None:
    frame = pd.DataFrame({"left": [2, 1, 1], "right": [7, 8, 7], "match_weight": 3.0, "match_probability": 0.9})
    linked, tied = one_to_one(frame, 0.5, "lowest_id")
    assert (linked.tolist(), tied) == ([False, False, True], 0)
    assert one_to_one(frame, 0.5)[1] == 2
