"""Offset, people with several rows, two clusterings at once, rows alike, and likelihoods that run away."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox
from dipeval.errors import EstimationError
from dipeval.survival.columns import read_rows
from dipeval.survival.hazards.kernel import build_cells, evaluate, score_residuals

TIMES: dict[str, Any] = {"time": "stop", "event": "event", "entry": "start"}


def _spells(seed: int = 5, people: int = 70) -> pd.DataFrame:
    """Two spells a person with a gap between, the second after the first; pairs of people, reused comparisons."""
    rng = np.random.default_rng(seed)
    first = np.ceil(rng.exponential(6, people)) + 1
    again = first + rng.integers(0, 3, people)
    one = pd.DataFrame({"start": 0.0, "stop": first, "event": rng.integers(0, 2, people)})
    two = pd.DataFrame(
        {"start": again, "stop": again + np.ceil(rng.exponential(8, people)), "event": rng.integers(0, 2, people)}
    )
    both = pd.concat([one, two], ignore_index=True)
    person = np.tile(np.arange(people), 2)
    return both.assign(
        person=person,
        pair=person // 2,
        x=np.tile(rng.normal(size=people).round(1), 2),
        z=rng.integers(0, 2, 2 * people),
        w=rng.uniform(0.4, 2, 2 * people),
    )


def _model(data: pd.DataFrame, **options: Any) -> Any:
    return cox(data, covariates=["x", "z"], **TIMES, **options)


def test_an_offset_is_a_covariate_with_a_coefficient_of_one() -> None:
    data = _spells()
    plain = _model(data)
    slope = plain.to_frame()["estimate"][0]
    held = cox(data.assign(off=slope * data["x"]), covariates=["z"], offset="off", **TIMES)
    assert held.to_frame()["estimate"][0] == pytest.approx(plain.to_frame()["estimate"][1], rel=1e-9)
    assert held.loglik == pytest.approx(plain.loglik, rel=1e-12)
    shifted = _model(data.assign(off=0.7 * data["x"]), offset="off")
    np.testing.assert_allclose(shifted.to_frame()["estimate"], plain.to_frame()["estimate"] - [0.7, 0], rtol=1e-9)
    assert "offset 'off'" in shifted.method
    constant = _model(data.assign(off=3.0), offset="off")
    np.testing.assert_allclose(constant.to_frame()["estimate"], plain.to_frame()["estimate"], rtol=1e-11)
    np.testing.assert_allclose(constant.baseline()["cumulative_hazard"] * np.exp(3.0), plain.baseline().iloc[:, 2])


def test_people_with_several_rows_are_clusters_of_their_own() -> None:
    data = _spells()
    by_id, by_cluster = _model(data, id="person"), _model(data, cluster="person")
    pd.testing.assert_frame_equal(by_id.to_frame(), by_cluster.to_frame(), rtol=1e-12)
    assert by_id.clustered
    assert by_id.method.endswith("cluster-robust standard errors")
    plain = _model(data, id="person", robust=False)
    pd.testing.assert_frame_equal(plain.to_frame(), _model(data).to_frame(), rtol=1e-12)
    assert not plain.clustered
    once = data.drop_duplicates("person")
    assert not _model(once, id="person").robust


def test_overlapping_rows_of_a_person_are_refused() -> None:
    data = _spells()
    data.loc[data.index[-1], "start"] = 0.0
    with pytest.raises(EstimationError, match="1 people in 'person' have rows that overlap"):
        _model(data, id="person")


def test_two_clusterings_add_up_with_their_signs() -> None:
    data = _spells().assign(site=lambda d: (d["person"] * 7) % 11, both=lambda d: d["pair"] * 100 + d["site"])
    site, pair, both = (_model(data, cluster=name).covariance() for name in ("site", "pair", "both"))
    found = _model(data, cluster=["pair", "site"])
    np.testing.assert_allclose(found.covariance(), pair + site - both, rtol=1e-10)
    assert found.method.endswith("standard errors clustered on 'pair' and 'site' at once")
    assert found.overall_tests()["test"].tolist() == ["Wald (robust)", "score (robust)"]
    with pytest.raises(EstimationError, match=r"2 clusters in 'pair' and 'half' are too few"):
        _model(data.assign(half=data["person"] % 2), cluster=["pair", "half"])


def test_residuals_by_brute_force_over_deaths_and_risk_sets() -> None:
    """Efron's score residuals with weights and late entry, term by term, on 12 rows."""
    data = pd.DataFrame(
        {
            "start": [0, 0, 1, 0, 2, 0, 3, 0, 0, 1, 0, 2],
            "stop": [2, 2, 2, 4, 4, 4, 5, 6, 6, 7, 7, 8],
            "event": [1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0],
            "x": [0.5, 1, -1, 2, 0, 1, 1.5, -0.5, 0.3, 0.8, -1.2, 0.1],
            "w": [1, 2, 0.5, 1.5, 1, 3, 1, 0.7, 2, 1, 1.2, 1],
        }
    )
    beta, x, w = 0.4, data["x"].to_numpy(), data["w"].to_numpy()
    risk = w * np.exp(beta * x)
    expected = np.zeros(12)
    for time in (2, 4, 6, 7):
        at_risk = ((data["start"] < time) & (data["stop"] >= time)).to_numpy()
        dead = ((data["stop"] == time) & (data["event"] == 1)).to_numpy()
        m = dead.sum()
        for k in range(m):
            share = at_risk - dead * k / m
            mean = (share * risk * x).sum() / (share * risk).sum()
            hazard = w[dead].mean() / (share * risk).sum()
            expected += dead * (x - mean) / m - share * np.exp(beta * x) * hazard * (x - mean)
    rows = read_rows(data, covariates=["x"], weights="w", **TIMES)
    cells, used = build_cells(rows, "efron")
    inside = rows.take(used)
    at = evaluate(cells, inside.covariates, inside.weight, np.array([beta]))
    found = np.zeros(12)
    found[inside.position] = score_residuals(cells, inside.covariates, at)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_rows_that_are_alike_may_come_in_any_order() -> None:
    data = pd.concat([_spells()] * 3, ignore_index=True)
    mixed = data.sample(frac=1, random_state=3)
    one, two = (_model(d, weights="w", cluster="pair").to_frame() for d in (data, mixed))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    rows = read_rows(mixed.assign(x=-0.0 * mixed["x"]), covariates=["x"], **TIMES)
    assert (np.diff(rows.time) >= 0).all()


def test_two_rows_that_share_a_hash_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    from dipeval.survival import ordering

    data = _spells()
    mixed = data.sample(frac=1, random_state=4)
    monkeypatch.setattr(ordering, "_row_hash", lambda rows: np.zeros(len(rows), dtype=np.uint64))
    one, two = (read_rows(d, covariates=["x", "z"], weights="w", **TIMES) for d in (data, mixed))
    assert np.array_equal(one.covariates, two.covariates)
    assert np.array_equal(one.weight, two.weight)


def test_near_separation_has_an_estimate_and_separation_a_sentence() -> None:
    """Of 60 with x = 1 all but one reoffend before all of those with x = 0."""
    n = 60
    data = pd.DataFrame({"x": np.repeat([1, 0], n), "stop": np.arange(1.0, 2 * n + 1), "event": 1, "start": 0})
    with pytest.raises(EstimationError, match=r"'x' has no finite estimate.*\(separation\)"):
        cox(data, covariates=["x"], **TIMES)
    data.loc[0, "stop"] = 2 * n - 0.5
    found = cox(data, covariates=["x"], **TIMES).to_frame()
    assert 1.5 < found["estimate"][0] < 8
    assert np.isfinite(found["std_error"][0])


def test_steps_that_go_too_far_are_halved() -> None:
    """One extreme value makes Newton's first steps overshoot by far; the score at the estimate is still zero."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    x[0] = 4000.0
    data = pd.DataFrame({"x": x, "start": 0, "stop": np.ceil(rng.exponential(20 * np.exp(-2 * np.tanh(x))))})
    model = cox(data.assign(event=1), covariates=["x"], **TIMES)
    assert abs(model.residuals("score")["x"].sum()) < 1e-6
    assert np.isfinite(model.to_frame()["std_error"][0])


def test_an_offset_beyond_all_numbers_is_a_sentence() -> None:
    data = _spells()
    with pytest.raises(EstimationError, match="offset is too large"):
        _model(data.assign(off=np.where(data.index == 0, 1e5, 0.0)), offset="off")


def test_the_fit_is_at_the_maximum_to_the_last_digits() -> None:
    data = _spells()
    model = _model(data, weights="w")
    scores = model.residuals("score").mul(data["w"], axis=0)
    assert (scores.sum().abs() < 1e-12 * scores.abs().sum()).all()
    assert model.n == len(data)
    assert "no row was dropped" in model.summary().notes[0]


def test_few_events_for_many_terms_are_said() -> None:
    data = _spells(people=16)
    assert "are few for 2 terms" in _model(data).summary().notes[-1]


def test_the_exact_likelihood_is_a_sum_over_sets() -> None:
    """Twelve people, up to four events at a time: every set of as many people at risk, one by one."""
    data = _spells(people=6).assign(stop=lambda d: np.ceil(d["stop"] / 4), start=lambda d: d["start"] // 8)
    data = data[data["start"] < data["stop"]].reset_index(drop=True)
    model = _model(data, ties="exact")
    slope = model.to_frame()["estimate"].to_numpy()

    def loglik(beta: np.ndarray) -> float:
        risk = np.exp(data[["x", "z"]].to_numpy() @ beta)
        total = 0.0
        for time in data.loc[data["event"] == 1, "stop"].unique():
            at_risk = np.flatnonzero((data["start"] < time) & (data["stop"] >= time))
            dead = np.flatnonzero((data["stop"] == time) & (data["event"] == 1))
            sets = sum(risk[list(chosen)].prod() for chosen in combinations(at_risk, len(dead)))
            total += np.log(risk[dead].prod() / sets)
        return float(total)

    assert model.loglik == pytest.approx(loglik(slope), rel=1e-12)
    assert model.loglik_null == pytest.approx(loglik(np.zeros(2)), rel=1e-12)
    for step in np.eye(2) * 1e-3:
        assert max(loglik(slope + step), loglik(slope - step)) < model.loglik


def test_what_the_exact_likelihood_has_not_is_a_sentence() -> None:
    data = _spells()
    with pytest.raises(EstimationError, match="no weighted or robust form"):
        _model(data, ties="exact", weights="w")
    with pytest.raises(EstimationError, match="no weighted or robust form"):
        _model(data, ties="exact", cluster="pair")
    model = _model(data, ties="exact")
    assert model.method.startswith("Cox model, Exact ties")
    assert 0.3 < model.concordance()["estimate"][0] < 1
    for call in (model.residuals, model.baseline, model.proportional_hazards_test):
        with pytest.raises(EstimationError, match="hazard ratios and concordance alone"):
            call()
    people = np.arange(4_000)
    many = pd.DataFrame({"start": 0, "stop": people // 1000 + 1, "event": 1, "x": people % 7})
    with pytest.raises(EstimationError, match=r"up to 1000 events at one time and 4,000 rows that is out of reach"):
        cox(many, covariates=["x"], ties="exact", **TIMES)


def test_untied_times_make_all_three_likelihoods_one() -> None:
    data = _spells().assign(stop=lambda d: d["stop"] + np.arange(len(d)) / 1000)
    frames = [_model(data, ties=ties).to_frame() for ties in ("efron", "breslow", "exact")]
    pd.testing.assert_frame_equal(frames[0], frames[1], rtol=1e-10)
    pd.testing.assert_frame_equal(frames[0], frames[2], rtol=1e-10)
