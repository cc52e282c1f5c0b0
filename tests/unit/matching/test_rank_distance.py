"""The robust Mahalanobis distance: that of ranks, with the variance of ranks without ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.metric import mahalanobis_coordinates
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {
    "treated": "treated",
    "covariates": COVARIATES,
    "mahalanobis": ["age", "priors"],
    "mahalanobis_ranks": True,
}


def coordinates(frame: pd.DataFrame, kept: np.ndarray | None = None) -> np.ndarray:
    everybody = np.ones(len(frame), dtype=bool) if kept is None else kept
    return mahalanobis_coordinates(frame, everybody, everybody, np.arange(len(frame)), ranks=True)


def test_distances_are_those_of_the_definition() -> None:
    frame = people(90)[["age", "priors"]].assign(rare=lambda t: (np.arange(len(t)) % 15 == 0).astype(int))
    ranks = np.column_stack([rankdata(frame[name]) for name in frame])
    spread = np.cov(ranks.T)
    ratio = np.diag(np.sqrt(np.var(np.arange(1, 91), ddof=1) / np.diag(spread)))
    inverse = np.linalg.inv(ratio @ spread @ ratio)
    steps = ranks[:, None, :] - ranks[None, :, :]
    expected = np.sqrt(np.einsum("ijk,kl,ijl->ij", steps, inverse, steps))
    at = coordinates(frame)
    np.testing.assert_allclose(np.linalg.norm(at[:, None] - at[None, :], axis=2), expected, rtol=1e-8, atol=1e-12)


def test_one_column_without_ties_is_the_difference_in_ranks_over_their_deviation() -> None:
    frame = pd.DataFrame({"income": [10.0, 1e6, 30.0, 20.0]})
    at = coordinates(frame)[:, 0]
    np.testing.assert_allclose(np.abs(at - at[0]), np.array([0, 3, 2, 1]) / np.sqrt(4 * 5 / 12), rtol=1e-9)


def test_ranks_are_those_among_the_people_kept() -> None:
    frame = pd.DataFrame({"income": [1.0, 2, 3, 4, 5, 6]})
    kept = np.array([1, 0, 1, 0, 1, 1], dtype=bool)
    alone = coordinates(frame[kept].reset_index(drop=True))
    together = coordinates(frame, kept)[kept]
    np.testing.assert_array_equal(np.diff(alone, axis=0), np.diff(together, axis=0))


@pytest.mark.parametrize("options", [{}, {"order": "closest"}, {"method": "optimal"}, {"method": "full"}])
def test_only_the_order_of_values_counts_so_that_extremes_move_nothing(options: dict[str, Any]) -> None:
    table = people(200)
    stretched = table.assign(age=np.exp(table["age"] / 3.0))
    score = dip.propensity(table, treated="treated", covariates=COVARIATES).score
    one, other = (dip.match(frame, **COMMON, score=score, **options) for frame in (table, stretched))
    pd.testing.assert_series_equal(one.weights, other.weights, check_exact=True)
    pd.testing.assert_frame_equal(one.pairs(), other.pairs(), check_exact=True)
    assert one.options["mahalanobis_ranks"] is True
    assert "rank-based Mahalanobis distance" in one.method_words
    assert any("rank" in note for note in one.notes)


@pytest.mark.parametrize("options", [{}, {"method": "optimal"}, {"caliper": None, "order": "random"}])
def test_shuffling_the_rows_moves_no_bit(options: dict[str, Any]) -> None:
    table = people(300)
    first, second = (dip.match(rows, **COMMON, **options) for rows in (table, table.sample(frac=1, random_state=5)))
    assert first.fingerprint == second.fingerprint
    pd.testing.assert_series_equal(first.weights, second.weights.loc[table.index], check_exact=True)


def test_a_design_of_values_has_no_trace_of_ranks() -> None:
    plain = dip.match(people(), **COMMON | {"mahalanobis_ranks": False})
    assert "mahalanobis_ranks" not in plain.options
    assert "rank" not in plain.method_words


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"mahalanobis": []}, InputError, "none was asked for: name its columns in mahalanobis="),
        ({"mahalanobis_ranks": 1}, InputError, "mahalanobis_ranks must be True or False"),
        ({"mahalanobis_ranks": "yes"}, InputError, "mahalanobis_ranks must be True or False"),
        ({"method": "radius", "mahalanobis": []}, InputError, "means nothing to method='radius'"),
        ({"mahalanobis": ["age", "older"]}, DesignError, "as ranks, 'older' follows exactly from age"),
        ({"mahalanobis": ["age", "same"]}, DesignError, "cannot use 'same'"),
    ],
)
def test_what_cannot_be_ranked_is_a_sentence(options: dict[str, Any], error: type[Exception], words: str) -> None:
    table = people().assign(older=lambda t: np.exp(t["age"] / 10.0), same=1.0)
    with pytest.raises(error, match=words):
        dip.match(table, **COMMON | options)
