"""G-rho tests with weights and clusters: score and infinitesimal jackknife against loops, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import datasets
from dipeval.errors import EstimationError
from dipeval.survival import cox, log_rank

COLUMNS: dict[str, Any] = {"time": "time", "event": "event", "by": "group"}


def _people(seed: int, n: int = 60, groups: int = 3, ties: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    time = rng.integers(4, 16, n).astype(float) if ties else rng.permutation(n) + 4.0
    return pd.DataFrame(
        {
            "time": time,
            "entry": rng.integers(0, 4, n).astype(float),
            "event": (rng.random(n) < 0.6).astype(int),
            "group": np.arange(n) % groups,
            "w": rng.uniform(0.4, 3, n),
            "pair": rng.permutation(n) // 2,
            "person": rng.permutation(n) // 3,
            "area": rng.integers(0, 3, n),
        }
    )


def _loop_score(d: pd.DataFrame, weight: np.ndarray, rho: float) -> np.ndarray:
    """Observed minus expected by group, one event time after the other, with Efron's ties and complex weights."""
    groups = np.sort(d["group"].unique())
    total = np.zeros(len(groups), dtype=complex)
    for area in d["area"].unique():
        survival = 1.0 + 0j
        inside = (d["area"] == area).to_numpy()
        for t in np.sort(d.loc[inside & (d["event"] == 1), "time"].unique()):
            risk = inside & (d["entry"] < t).to_numpy() & (d["time"] >= t).to_numpy()
            dead = inside & ((d["time"] == t) & (d["event"] == 1)).to_numpy()
            m = int(dead.sum())
            mean_weight = weight[dead].sum() / m
            for place, group in enumerate(groups):
                mine = (d["group"] == group).to_numpy()
                expected = sum(
                    (weight[risk & mine].sum() - k / m * weight[dead & mine].sum())
                    / (weight[risk].sum() - k / m * weight[dead].sum())
                    for k in range(m)
                )
                total[place] += survival**rho * (weight[dead & mine].sum() - mean_weight * expected)
            survival = survival * (1 - weight[dead].sum() / weight[risk].sum())
    return total


def _jackknife(d: pd.DataFrame, rho: float) -> np.ndarray:
    """Each row's influence on the score: the derivative by its weight (complex step), times its weight."""
    weight = d["w"].to_numpy(dtype=complex)
    parts = []
    for i in range(len(d)):
        moved = weight.copy()
        moved[i] += 1e-30j
        parts.append(_loop_score(d, moved, rho).imag / 1e-30 * d["w"].iloc[i])
    return np.array(parts)


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_score_and_variance_are_those_of_loops(rho: float) -> None:
    data = _people(1, n=42)
    test = log_rank(data, entry="entry", strata="area", weights="w", rho=rho, **COLUMNS)
    frame = test.to_frame()
    np.testing.assert_allclose(
        frame["observed"] - frame["expected"], _loop_score(data, data["w"].to_numpy(complex), rho).real, atol=1e-11
    )
    parts = _jackknife(data, rho)
    np.testing.assert_allclose(test.variance(), parts.T @ parts, rtol=1e-9, atol=1e-11)
    clustered = log_rank(data, entry="entry", strata="area", weights="w", cluster="pair", rho=rho, **COLUMNS)
    sums = np.array([parts[data["pair"] == pair].sum(axis=0) for pair in data["pair"].unique()])
    np.testing.assert_allclose(clustered.variance(), sums.T @ sums, rtol=1e-9, atol=1e-11)


def test_two_clusterings_add_up() -> None:
    data = _people(2, n=300).assign(both=lambda d: d["pair"] * 1000 + d["person"])
    options: dict[str, Any] = {"weights": "w", "rho": 1, **COLUMNS}
    one, two, both = (log_rank(data, cluster=name, **options).variance() for name in ("pair", "person", "both"))
    found = log_rank(data, cluster=["pair", "person"], **options)
    np.testing.assert_allclose(found.variance(), one + two - both, rtol=1e-10, atol=1e-12)
    assert "rho = 1, summed by cluster" in found.method


@pytest.mark.parametrize("options", [{"weights": "w"}, {"cluster": "pair"}, {"weights": "w", "strata": "area"}])
def test_without_rho_it_is_the_robust_score_of_cox(options: dict[str, Any]) -> None:
    data = _people(3, n=120, groups=2)
    test = log_rank(data, rho=0, **COLUMNS, **options)
    model = cox(data, covariates=["group"], time="time", event="event", **options)
    assert test.statistic == pytest.approx(model.robust_score_statistic, rel=1e-12)


def test_weights_of_one_give_the_plain_score_with_its_empirical_variance() -> None:
    data = _people(4, n=400, groups=2, ties=False).assign(w=1.0)
    for rho in (0, 1):
        plain, robust = log_rank(data, rho=rho, **COLUMNS), log_rank(data, weights="w", rho=rho, **COLUMNS)
        for column in ("observed", "expected"):
            np.testing.assert_allclose(plain.to_frame()[column], robust.to_frame()[column], rtol=1e-12)
        assert robust.statistic != plain.statistic
        np.testing.assert_allclose(robust.variance(), plain.variance(), rtol=0.15)


def test_units_of_weights_and_time_and_the_order_of_rows_change_nothing() -> None:
    data = _people(5, n=150)
    options: dict[str, Any] = {"weights": "w", "cluster": "pair", "entry": "entry", "rho": 1, **COLUMNS}
    expected = log_rank(data, **options)
    weeks = data.assign(w=2 * data["w"], time=data["time"] / 7, entry=data["entry"] / 7)
    assert log_rank(weeks, **options).statistic == pytest.approx(expected.statistic, rel=1e-10)
    mixed = log_rank(data.sample(frac=1, random_state=1), **options)
    assert mixed.statistic == pytest.approx(expected.statistic, rel=1e-12)


def test_people_in_several_rows_count_once() -> None:
    data = _people(6, n=90, groups=2, ties=False).assign(id=lambda d: range(len(d)), w=lambda d: d["w"].round(1))
    cut = data["time"] / 2
    halves = pd.concat([data.assign(entry=0.0, time=cut, event=0), data.assign(entry=cut)], ignore_index=True)
    for rho in (0, 1):
        whole = log_rank(data, weights="w", id="id", rho=rho, **COLUMNS)
        split = log_rank(halves, weights="w", id="id", entry="entry", rho=rho, **COLUMNS)
        assert split.statistic == pytest.approx(whole.statistic, rel=1e-10)
        assert split.to_frame()["n"].tolist() == whole.to_frame()["n"].tolist() == [45, 45]
    plain = log_rank(halves, id="id", entry="entry", **COLUMNS)
    assert "summed by cluster" in plain.method


def test_the_last_to_be_at_risk_may_all_have_the_event() -> None:
    data = pd.DataFrame(
        {
            "time": [1.0, 2, 2, 3, 5, 5, 6, 6],
            "entry": [0.0, 0, 0, 0, 3, 3, 3, 3],
            "event": [1, 1, 1, 1, 1, 1, 1, 1],
            "group": [0, 1, 0, 1, 0, 1, 0, 1],
            "w": [1.1, 0.7, 1.3, 0.9, 0.6, 1.7, 0.8, 1.2],
            "area": 0,
        }
    )
    for rho in (0.5, 1):  # nobody is left after time 3: what comes later weighs nothing
        test = log_rank(data, entry="entry", weights="w", rho=rho, **COLUMNS)
        gap = test.to_frame()["observed"] - test.to_frame()["expected"]
        np.testing.assert_allclose(gap, _loop_score(data, data["w"].to_numpy(complex), rho).real, atol=1e-12)


def test_it_says_what_it_is() -> None:
    people = datasets.rossi().assign(w=1.5)
    test = log_rank(people, time="weeks_to_arrest", event="arrested", by="fin", weights="w", rho=1)
    assert test.method == "Robust score test of the weighted Cox model (G-rho in robust form, rho = 1)"


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"rho": -1, "weights": "w"}, "`rho` is 0"),
        ({}, {"rho": True}, "`rho` is 0"),
        ({"w": 0.0}, {"weights": "w", "rho": 1}, "zero or negative"),
        (
            {"pair": 1},
            {"cluster": ["pair", "person"], "rho": 1},
            "clusters in 'pair' and 'person' are too few for a robust test",
        ),
        ({}, {"cluster": ["pair", "person", "area"]}, "a list of two"),
        ({"event": 2}, {}, "rows are neither"),
        ({"event": 0}, {}, "rows are censored"),
        ({"time": -1.0}, {}, "negative in 60"),
        ({"entry": 20.0}, {"entry": "entry"}, "is not before 'time' in 60 rows"),
        ({}, {"id": "person"}, "have rows that overlap"),
        ({"area": lambda d: d["group"]}, {"strata": "area"}, "at risk together"),
    ],
)
def test_what_cannot_be_tested_is_a_sentence(change: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        log_rank(_people(7).assign(**change), **COLUMNS, **options)
    assert str(caught.value).endswith((".", ")."))


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0, 1])
def test_it_rejects_a_true_hypothesis_one_time_in_twenty(rho: float) -> None:
    """Weights of very different size, no difference: a test that took weights for people would reject far too often."""
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(1000):
        x = rng.normal(size=300)
        share = 1 / (1 + np.exp(-x))
        treated = (rng.random(300) < share).astype(int)
        time = np.ceil(rng.exponential(30 * np.exp(-0.5 * x)))
        data = pd.DataFrame(
            {
                "time": np.minimum(time, 52),
                "event": (time <= 52).astype(int),
                "group": treated,
                "w": np.where(treated == 1, 1 / share, 1 / (1 - share)),
            }
        )
        hits += log_rank(data, weights="w", rho=rho, **COLUMNS).p_value < 0.05
    assert 25 <= hits <= 75
