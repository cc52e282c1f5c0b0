"""Sets of one-to-one links: against every subset written out, and draws against probabilities."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.linkage.competition import link_probabilities, link_sets
from dipeval.linkage.missed import invented_misses
from dipeval.linkage.trained import LinkModel


def some_pairs(rng: np.random.Generator, n_left: int, n_right: int, spread: float = 3.0) -> pd.DataFrame:
    cells = [(i, j) for i in range(n_left) for j in range(n_right) if rng.random() < 0.6]
    frame = pd.DataFrame(cells, columns=["left_person", "right_person"])
    return frame.assign(match_weight=rng.normal(0, spread, len(frame)))


def brute_force(pairs: pd.DataFrame, w: float) -> np.ndarray:
    """The probability of each pair, summed over every subset in which nobody has two."""
    left, right = pairs["left_person"].tolist(), pairs["right_person"].tolist()
    odds = 2.0 ** pairs["match_weight"].to_numpy() / w
    total, each = 0.0, np.zeros(len(pairs))
    for size in range(len(pairs) + 1):
        for chosen in map(list, combinations(range(len(pairs)), size)):
            if len({left[k] for k in chosen}) == len({right[k] for k in chosen}) == size:
                weight = float(np.prod(odds[chosen]))
                total += weight
                each[chosen] += weight
    return each / total


@pytest.mark.parametrize("seed", range(30))
def test_probabilities_are_those_of_all_allowed_sets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = some_pairs(rng, *rng.integers(1, 5, 2))
    sets = link_sets(pairs, n_left=10, n_right=12)
    links = sets.probabilities().sum()
    assert sets.w == pytest.approx((1 - links / 10) * (1 - links / 12), abs=1e-6)
    np.testing.assert_allclose(sets.probabilities(), brute_force(pairs, sets.w), atol=2e-4)


def test_further_evidence_multiplies_the_odds() -> None:
    rng = np.random.default_rng(3)
    pairs = some_pairs(rng, 3, 4)
    sets = link_sets(pairs, n_left=10, n_right=12)
    factor = rng.normal(size=len(pairs))
    told = pairs.assign(match_weight=pairs["match_weight"] + factor / np.log(2))
    np.testing.assert_allclose(sets.probabilities(factor), brute_force(told, sets.w), atol=2e-4)


def test_draws_are_one_to_one_and_as_frequent_as_their_probabilities() -> None:
    rng = np.random.default_rng(5)
    pairs = some_pairs(rng, 4, 4)
    sets = link_sets(pairs, n_left=10, n_right=10)
    drawn = np.array([sets.draw(rng) for _ in range(4_000)])
    for one in drawn[:200]:
        chosen = pairs[one]
        assert chosen["left_person"].is_unique and chosen["right_person"].is_unique
    np.testing.assert_allclose(drawn.mean(axis=0), sets.probabilities(), atol=0.03)


def test_nobody_is_linked_twice_in_expectation_and_row_order_is_nothing() -> None:
    rng = np.random.default_rng(8)
    pairs = some_pairs(rng, 30, 30, spread=5.0)
    one, w = link_probabilities(pairs, n_left=40, n_right=40)
    for side in ("left_person", "right_person"):
        assert one.groupby(pairs[side]).sum().max() <= 1 + 1e-9
    shuffled = pairs.sample(frac=1, random_state=1)
    other, again = link_probabilities(shuffled, n_left=40, n_right=40)
    assert again == pytest.approx(w, abs=1e-9)
    pd.testing.assert_series_equal(other.reindex(one.index), one, atol=1e-9)


def test_a_group_too_large_to_list_loses_only_its_weakest_candidates() -> None:
    """Everybody shares an initial and a date: 60 x 60 equal rivals, and one clear link in each row."""
    cells = [(i, j) for i in range(60) for j in range(60)]
    pairs = pd.DataFrame(cells, columns=["left_person", "right_person"])
    pairs["match_weight"] = np.where(pairs["left_person"] == pairs["right_person"], 10.0, -8.0)
    sets = link_sets(pairs, n_left=80, n_right=80)
    same = (pairs["left_person"] == pairs["right_person"]).to_numpy()
    assert sets.kept[same].all()
    assert (sets.probabilities()[same] > 0.99).all()
    even = link_sets(pairs.assign(match_weight=-2.0), n_left=80, n_right=80)
    assert even.left_out > 0 and even.probabilities().max() <= 1


def test_no_candidates_and_wrong_candidates() -> None:
    none = pd.DataFrame({"left_person": [], "right_person": [], "match_weight": pd.Series(dtype="float64")})
    sets = link_sets(none, n_left=3, n_right=3)
    assert sets.probabilities().tolist() == [] and sets.draw(np.random.default_rng(1)).tolist() == []
    twice = pd.DataFrame({"left_person": [1, 1], "right_person": [2, 2], "match_weight": [1.0, 2.0]})
    with pytest.raises(InputError, match="only once"):
        link_sets(twice, n_left=3, n_right=3)


def test_missed_links_follow_from_the_model() -> None:
    """One rule on two parts, each agreeing in nine of ten true pairs and known for all: 19% are never compared."""
    weights = {
        "sex": (("same sex", 0.9, 0.5), ("other sex", 0.1, 0.5)),
        "area": (("same outward code", 0.9, 0.01), ("another area", 0.1, 0.99)),
    }
    model = LinkModel(
        tables=("treatment",), profile="attributor", prior=0.4, blocks=(("sex", "outward"),), weights=weights
    )
    known = {"sex": 1.0, "outward": 1.0}
    assert invented_misses(model, known, known, seed=1) == pytest.approx(0.19, abs=0.005)
    half = invented_misses(model, known, {"sex": 1.0, "outward": 0.5}, seed=1)
    assert half == pytest.approx(1 - 0.81 / 2, abs=0.005)
