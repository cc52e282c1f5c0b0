"""Errors corrected for few clusters: loops over people, what leaves them alone, their limit, words and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.errors import EstimationError
from dipeval.survival import andersen_gill, cox, fine_gray, prentice_williams_peterson
from dipeval.survival.hazards import small_sample

WORDS = "corrected for few clusters (Mancl and DeRouen; limits of Student's t)"
TIMES: dict[str, Any] = {"time": "stop", "event": "event", "entry": "start"}
Array = Any


def _spells(seed: int = 3, people: int = 60) -> pd.DataFrame:
    """Two or three spells a person with gaps, some events on the same day, a pair and an area for each person."""
    rng = np.random.default_rng(seed)
    found = []
    for person in range(people):
        now, treated, age = 0, int(person % 3 == 0), round(float(rng.normal()), 1)
        for _ in range(int(rng.integers(2, 4))):
            stop = now + int(np.ceil(rng.exponential(6)))
            found.append((person, now, stop, int(rng.random() < 0.6), treated, age))
            now = stop + int(rng.integers(0, 3))
    frame = pd.DataFrame(found, columns=["person", "start", "stop", "event", "treated", "age"])
    weight = rng.uniform(0.4, 2.5, people).round(2)
    person = frame["person"]
    return frame.assign(w=weight[person], pair=person // 2, area=person % 12, region=person % 2)


def _fit(data: pd.DataFrame, **options: Any) -> Any:
    return cox(data, covariates=["treated", "age"], **{**TIMES, "small_sample": True, **options})


def _by_loops(data: pd.DataFrame, beta: Array, ties: str, weights: str | None, strata: str | None) -> tuple[Any, Any]:
    """Each row's weighted score and information, an event time and a tied death after the other."""
    x, n = data[["treated", "age"]].to_numpy(dtype=float), len(data)
    start, stop, event = (data[name].to_numpy() for name in ("start", "stop", "event"))
    weight = np.ones(n) if weights is None else data[weights].to_numpy()
    stratum = np.zeros(n) if strata is None else data[strata].to_numpy()
    risk = weight * np.exp(x @ beta)
    score, share = np.zeros((n, 2)), np.zeros((n, 2, 2))
    for where in np.unique(stratum):
        for time in np.unique(stop[(event == 1) & (stratum == where)]):
            at_risk = (start < time) & (time <= stop) & (stratum == where)
            died = at_risk & (stop == time) & (event == 1)
            m = int(died.sum())
            for k in range(m):
                fraction = k / m if ties == "efron" else 0.0
                own = np.where(at_risk, risk * (1 - fraction * died), 0.0)
                mean = own @ x / own.sum()
                rate = weight[died].mean() / own.sum()
                for i in np.flatnonzero(at_risk):
                    apart = x[i] - mean
                    score[i] += (weight[i] / m * died[i] - rate * own[i]) * apart
                    share[i] += rate * own[i] * np.outer(apart, apart)
    return score, share


def _meat(score: Array, share: Array, codes: Array) -> tuple[Array, Array]:
    """Covariance and degrees of freedom, a cluster after the other."""
    bread, drawn = np.linalg.inv(share.sum(axis=0)), []
    for one in np.unique(codes):
        own = codes == one
        total = np.linalg.inv(np.eye(2) - share[own].sum(axis=0) @ bread) @ score[own].sum(axis=0)
        drawn.append(bread @ total)
    squares, n = np.square(drawn), len(drawn)
    uneven = ((squares - squares.mean(axis=0)) ** 2).sum(axis=0)
    return np.transpose(drawn) @ np.array(drawn), np.minimum(2 * squares.sum(axis=0) ** 2 / uneven, n - 2)


@pytest.mark.parametrize("strata", [None, "region"])
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_loops_over_rows_give_the_same(ties: str, weights: str | None, strata: str | None) -> None:
    data = _spells()
    options: dict[str, Any] = {"ties": ties, "weights": weights, "strata": strata}
    for cluster in ("pair", "person", None):
        found = _fit(data, cluster=cluster, **options)
        score, share = _by_loops(data, found.to_frame()["estimate"].to_numpy(), ties, weights, strata)
        codes = np.arange(len(data)) if cluster is None else data[cluster].to_numpy()
        covariance, freedom = _meat(score, share, codes)
        np.testing.assert_allclose(found.covariance(), covariance, rtol=1e-8)
        frame = found.to_frame()
        reach = stats.t.ppf(0.975, freedom) * np.sqrt(np.diag(covariance))
        np.testing.assert_allclose(frame["conf_high"] - frame["estimate"], reach, rtol=1e-7)
        z = frame["estimate"] / frame["std_error"]
        np.testing.assert_allclose(frame["p_value"], 2 * stats.t.sf(np.abs(z), freedom), rtol=1e-6)
        np.testing.assert_allclose(
            np.linalg.inv(share.sum(axis=0)), found.covariance(robust=False), rtol=1e-8, atol=1e-12
        )


def test_two_clusterings_at_once_each_have_a_correction_of_their_own() -> None:
    data = _spells(4).assign(both=lambda d: 100 * d["pair"] + d["area"])
    one, two, shared, found = (
        _fit(data, cluster=cluster).covariance() for cluster in ("pair", "area", "both", ["pair", "area"])
    )
    np.testing.assert_allclose(found, one + two - shared, rtol=1e-10)


def test_of_one_covariate_each_total_is_divided_by_one_less_the_share() -> None:
    data = _spells(5)
    found = cox(data, covariates=["treated"], cluster="person", small_sample=True, **TIMES)
    plain = cox(data, covariates=["treated"], cluster="person", **TIMES)
    score, share = _by_loops(data, np.array([found.to_frame()["estimate"][0], 0.0]), "efron", None, None)
    total, own = (pd.Series(part).groupby(data["person"]).sum() for part in (score[:, 0], share[:, 0, 0]))
    variance = ((total / (1 - own / own.sum())) ** 2).sum() / own.sum() ** 2
    assert found.to_frame()["std_error"][0] == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert plain.to_frame()["std_error"][0] == pytest.approx(np.sqrt((total**2).sum()) / own.sum(), rel=1e-9)
    assert found.to_frame()["estimate"][0] == plain.to_frame()["estimate"][0]
    np.testing.assert_array_equal(found.covariance(robust=False), plain.covariance(robust=False))


@pytest.mark.parametrize("cluster", ["pair", None, ["pair", "area"]])
def test_doubling_all_weights_and_the_order_of_the_rows_leave_it(cluster: Any) -> None:
    data = _spells(6)
    once = _fit(data, cluster=cluster, weights="w").covariance()
    doubled = _fit(data.assign(w=2 * data["w"]), cluster=cluster, weights="w").covariance()
    np.testing.assert_allclose(doubled, once, rtol=1e-11)
    shuffled = _fit(data.sample(frac=1, random_state=1), cluster=cluster, weights="w").covariance()
    np.testing.assert_allclose(shuffled, once, rtol=1e-12)
    weeks = _fit(data.assign(start=data["start"] / 7, stop=data["stop"] / 7), cluster=cluster, weights="w").covariance()
    np.testing.assert_allclose(weeks, once, rtol=1e-10)


def test_whole_weights_are_repeated_rows_of_one_cluster() -> None:
    data = _spells(7).assign(w=lambda d: 1.0 + d["area"] % 3)
    copies = pd.concat([data[data["w"] > k] for k in range(3)])
    weighted = _fit(data, cluster="person", weights="w", ties="breslow").covariance()
    np.testing.assert_allclose(_fit(copies, cluster="person", ties="breslow").covariance(), weighted, rtol=1e-10)


def test_rows_cut_in_two_at_any_time_leave_it() -> None:
    data = _spells(8)
    rng = np.random.default_rng(1)
    cut = data["start"] + rng.uniform(0, 1, len(data)) * (data["stop"] - data["start"])
    parts = pd.concat([data.assign(stop=cut, event=0), data.assign(start=cut)])
    for options in ({"cluster": "person"}, {"cluster": ["pair", "person"], "weights": "w", "strata": "region"}):
        np.testing.assert_allclose(_fit(parts, **options).covariance(), _fit(data, **options).covariance(), rtol=1e-10)


def test_what_covariates_are_counted_in_and_combined_to_changes_nothing() -> None:
    data = _spells(9)
    other = data.assign(age=(data["age"] - 0.7 * data["treated"]) / 3)
    found, turned = _fit(data, cluster="pair").covariance(), _fit(other, cluster="pair").covariance()
    # age = 0.7 treated + 3 other: the coefficient of `other` is three times that of age, of treated 0.7 more.
    change = np.array([[1.0, 0.7], [0.0, 3.0]])
    np.testing.assert_allclose(turned, change @ np.asarray(found) @ change.T, rtol=1e-9)


def test_the_correction_goes_away_with_many_clusters_and_only_ever_adds() -> None:
    excess = []
    for people in (30, 300, 3_000):
        data = _spells(10, people)
        corrected, plain = (
            cox(data, covariates=["treated"], cluster="person", small_sample=small, **TIMES).to_frame()["std_error"][0]
            for small in (True, False)
        )
        excess.append(corrected / plain - 1)
    assert excess[0] > 0.01
    assert excess[0] > 3 * excess[1] > 9 * excess[2] > 0
    assert excess[2] < 0.002


def test_few_clusters_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _spells(11)
    whole = [_fit(data, cluster=cluster).covariance() for cluster in ("pair", None)]
    monkeypatch.setattr(small_sample, "_BLOCK", 4 * 7)
    for one, cluster in zip(whole, ("pair", None), strict=True):
        np.testing.assert_allclose(_fit(data, cluster=cluster).covariance(), one, rtol=1e-13)


def test_models_of_repeated_and_of_competing_events_hand_it_on() -> None:
    data = _spells(12)
    told: dict[str, Any] = {"id": "person", "start": "start", "stop": "stop", "event": "event"}
    repeated = andersen_gill(data, covariates=["treated", "age"], small_sample=True, **told)
    np.testing.assert_array_equal(repeated.covariance(), _fit(data, cluster="person").covariance())
    assert repeated.method.endswith(
        "robust standard errors by person, corrected for few clusters (Mancl and DeRouen; limits of Student's t)"
    )
    for clock in ("total", "gap"):
        small, plain = (
            prentice_williams_peterson(
                data, covariates=["treated"], clock=clock, max_event=2, small_sample=choice, **told
            ).to_frame()
            for choice in (True, False)
        )
        assert small["std_error"][0] > plain["std_error"][0]
        assert small["estimate"][0] == plain["estimate"][0]
    people = data.drop_duplicates("person").assign(cause=lambda d: d["event"] * (1 + d["area"] % 2))
    first, usual = (
        fine_gray(people, covariates=["treated"], time="stop", cause="cause", small_sample=choice)
        for choice in (True, False)
    )
    assert first.to_frame()["std_error"][0] > usual.to_frame()["std_error"][0]
    assert "corrected for few clusters" in first.method
    assert "corrected" not in usual.method


def test_it_asks_for_robust_errors_and_says_so() -> None:
    data = _spells(13)
    assert _fit(data).robust
    assert _fit(data).method.endswith(
        "each row on its own, corrected for few clusters (Mancl and DeRouen; limits of Student's t)"
    )
    assert "at once, corrected for few" in _fit(data, cluster=["pair", "area"]).method
    assert "corrected" not in _fit(data, cluster="pair", small_sample=False).method
    with pytest.raises(EstimationError, match="`small_sample` corrects robust errors"):
        _fit(data, robust=False)
    with pytest.raises(EstimationError, match="`small_sample` is True or False; a str was given"):
        _fit(data, small_sample="yes")
    with pytest.raises(EstimationError, match="ties='exact' has no weighted or robust form"):
        cox(data, covariates=["treated"], time="stop", event="event", ties="exact", small_sample=True)


def test_few_people_with_events_on_a_side_are_remarked_on_unless_it_is_corrected() -> None:
    data = _spells(15, 400)
    words = "clusters with events on one side of 'Treated': robust intervals are as a rule too narrow"
    told: dict[str, Any] = {"id": "person", "start": "start", "stop": "stop", "event": "event"}
    sides = data[data["event"] == 1].groupby("person")["treated"].first().value_counts()
    assert 50 < sides.min() < 200 < sides.max()

    def notes(model: Any) -> str:
        return " ".join(model.summary().notes)

    repeated: dict[str, Any] = {"covariates": ["treated", "age"], **told}
    assert f"Fewer than 200 people or {words}" in notes(andersen_gill(data, **repeated))
    assert words not in notes(andersen_gill(data, small_sample=True, **repeated))
    assert words not in notes(andersen_gill(data, robust=False, **repeated))
    assert words not in notes(_fit(data, cluster="person", small_sample=False))
    few = data[data["person"] < 120]
    assert f"Fewer than 50 people or {words}" in notes(_fit(few, cluster="person", small_sample=False))
    assert "Fewer than 50 rows" in notes(_fit(few.drop_duplicates("person"), robust=True, small_sample=False))
    assert words not in notes(_fit(few, small_sample=False))
    assert words not in notes(cox(few, covariates=["age"], cluster="person", small_sample=False, **TIMES))


def test_a_cluster_that_knows_all_of_a_covariate_is_refused() -> None:
    """Nobody else is ever at risk beside the rows of person 0 in which the covariate changes."""
    data = _spells(14)
    alone = pd.DataFrame({"start": 0, "stop": [5, 6, 7], "event": [1, 1, 0], "region": 9, "only": [1.0, 0.0, 2.0]})
    both = pd.concat([data.assign(only=0.0), alone.assign(person=0, treated=1, age=data["age"][0])])
    with pytest.raises(EstimationError, match="One cluster holds all that is known of a covariate"):
        cox(both, covariates=["age", "only"], strata="region", cluster="person", small_sample=True, **TIMES)
