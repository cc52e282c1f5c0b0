"""What must hold whatever the data: order, replication, splitting, doubling, time unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from dipeval import cox, kaplan_meier, log_rank

TIME: dict[str, Any] = {"time": "time", "event": "event"}
seeds = st.integers(0, 10_000)


def _people(seed: int, n: int = 80, *, weeks: bool = True) -> pd.DataFrame:
    """Made-up people with ties (weeks) or none, integer and real weights, groups, strata, clusters, late entry."""
    rng = np.random.default_rng(seed)
    treated = np.arange(n) % 2
    z = rng.normal(size=n)
    time = rng.exponential(30 * np.exp(0.4 * treated - 0.3 * z)) + 0.5
    censored = rng.uniform(5, 60, n)
    entry = np.floor(rng.uniform(0, 4, n)) * (rng.random(n) < 0.5)
    stop = entry + np.minimum(time, censored)
    return pd.DataFrame(
        {
            "entry": entry,
            "time": np.ceil(stop) + (stop == entry) if weeks else stop,
            "event": np.where(np.arange(n) < 6, 1, (time <= censored).astype(int)),
            "treated": treated,
            "z": np.round(z, 1),
            "stratum": rng.integers(0, 3, n),
            "pair": np.arange(n) // 2,
            "count": rng.integers(1, 4, n),
            "weight": rng.uniform(0.2, 3, n),
        }
    )


def _cox(data: pd.DataFrame, **options: Any) -> np.ndarray:
    model = cox(data, covariates=["treated", "z"], **TIME, **options)
    return np.append(model.to_frame()[["estimate", "std_error"]].to_numpy().ravel(), model.loglik)


@settings(max_examples=25)
@given(seed=seeds)
def test_row_order_changes_no_bit(seed: int) -> None:
    data = _people(seed)
    mixed = data.sample(frac=1, random_state=seed)
    full: dict[str, Any] = {"entry": "entry", "weights": "weight", "cluster": "pair"}
    assert np.array_equal(_cox(data, strata="stratum", **full), _cox(mixed, strata="stratum", **full))
    curves = [kaplan_meier(d, by="treated", **TIME, **full).to_frame() for d in (data, mixed)]
    pd.testing.assert_frame_equal(*curves, check_exact=True)
    tests = [log_rank(d, by="treated", **TIME, **full).statistic for d in (data, mixed)]
    assert tests[0] == tests[1]


@settings(max_examples=25)
@given(seed=seeds)
def test_whole_weights_are_repeated_rows(seed: int) -> None:
    data = _people(seed)
    repeated = data.loc[data.index.repeat(data["count"])]
    by_weight = _cox(data, weights="count", ties="breslow", robust=False, entry="entry")
    np.testing.assert_allclose(by_weight, _cox(repeated, ties="breslow", entry="entry"), rtol=1e-9)
    names = ["estimate", "std_error", "conf_low", "conf_high"]
    one = kaplan_meier(data, by="treated", weights="count", cluster="pair", entry="entry", **TIME).to_frame()
    two = kaplan_meier(repeated, by="treated", cluster="pair", entry="entry", **TIME).to_frame()
    np.testing.assert_allclose(one[names], two[names], rtol=1e-10, atol=1e-12)


@settings(max_examples=25)
@given(seed=seeds)
def test_splitting_rows_at_random_times_leaves_cox_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = _people(seed)
    cut = data["entry"] + (data["time"] - data["entry"]) * rng.uniform(0.1, 0.9, len(data))
    rows = pd.concat([data.assign(time=cut, event=0), data.assign(entry=cut)])
    np.testing.assert_allclose(
        _cox(data, entry="entry", cluster="pair"), _cox(rows, entry="entry", cluster="pair"), rtol=1e-10
    )
    people = data.assign(person=range(len(data)))
    spells = pd.concat([people.assign(time=cut, event=0), people.assign(entry=cut)])
    once = kaplan_meier(people, entry="entry", cluster="person", **TIME).at([3, 8]).iloc[:, 1:]
    split = kaplan_meier(spells, entry="entry", cluster="person", **TIME).at([3, 8]).iloc[:, 1:]
    np.testing.assert_allclose(once, split, rtol=1e-9)


@settings(max_examples=25)
@given(seed=seeds, factor=st.sampled_from([0.001, 0.5, 2.0, 365.0]))
def test_the_size_of_the_weights_leaves_robust_figures_alone(seed: int, factor: float) -> None:
    data = _people(seed)
    more = data.assign(weight=data["weight"] * factor)
    np.testing.assert_allclose(_cox(data, weights="weight")[:-1], _cox(more, weights="weight")[:-1], rtol=1e-9)
    curves = [kaplan_meier(d, weights="weight", cluster="pair", **TIME).to_frame().iloc[:, 1:6] for d in (data, more)]
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-9, atol=1e-12)
    tests = [log_rank(d, by="treated", weights="weight", **TIME).statistic for d in (data, more)]
    np.testing.assert_allclose(tests[0], tests[1], rtol=1e-9)


@settings(max_examples=25)
@given(seed=seeds)
def test_the_time_unit_changes_nothing(seed: int) -> None:
    data = _people(seed)
    days = data.assign(time=data["time"] * 7, entry=data["entry"] * 7)
    np.testing.assert_allclose(_cox(data, entry="entry"), _cox(days, entry="entry"), rtol=1e-12)
    one, two = (
        kaplan_meier(d, entry="entry", **TIME).to_frame().drop(columns=["group", "time_days"]) for d in (data, days)
    )
    pd.testing.assert_frame_equal(one, two, rtol=1e-12)


@settings(max_examples=25)
@given(seed=seeds)
def test_without_ties_efron_is_breslow_and_score_is_log_rank(seed: int) -> None:
    data = _people(seed, weeks=False)
    np.testing.assert_allclose(_cox(data), _cox(data, ties="breslow"), rtol=1e-12)
    model = cox(data, covariates=["treated"], **TIME)
    test = log_rank(data, by="treated", **TIME)
    np.testing.assert_allclose(model.score_statistic, test.statistic, rtol=1e-9)


@settings(max_examples=20)
@given(seed=seeds)
def test_the_kernel_is_the_textbook_sum_over_risk_sets(seed: int) -> None:
    """Log-likelihood by loops over deaths and risk sets, Efron ties, weights, strata and entry."""
    data = _people(seed, 40)
    model = cox(
        data, covariates=["treated", "z"], entry="entry", weights="weight", strata="stratum", robust=False, **TIME
    )
    beta = model.to_frame()["estimate"].to_numpy()
    eta = data[["treated", "z"]].to_numpy() @ beta
    total = 0.0
    for (stratum, t), deaths in data[data["event"] == 1].groupby(["stratum", "time"]):
        here = (data["stratum"] == stratum) & (data["entry"] < t) & (data["time"] >= t)
        risk = (data["weight"] * np.exp(eta))[here].sum()
        own = data.index.isin(deaths.index)
        tied = (data["weight"] * np.exp(eta))[own].sum()
        total += (data["weight"] * eta)[own].sum()
        terms = [np.log(risk - k / len(deaths) * tied) for k in range(len(deaths))]
        total -= deaths["weight"].mean() * sum(terms)
    np.testing.assert_allclose(model.loglik, total, rtol=1e-10)
