"""Curves, incidence, mean counts, restricted means: what must hold whatever the data, and errors by brute force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dipeval.survival.columns import read_rows
from dipeval.survival.curves.curve import kaplan_meier
from dipeval.survival.curves.incidence import cumulative_incidence
from dipeval.survival.curves.mean_count import mean_cumulative_count
from dipeval.survival.curves.restricted import restricted_mean, rmst_influence
from tests.properties import slow_curves as slow

seeds = st.integers(0, 10_000)
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]


def _people(seed: int, n: int = 60) -> pd.DataFrame:
    """Made-up spells with ties within and between causes, late entry, weights, pairs and people over both groups."""
    rng = np.random.default_rng(seed)
    entry = rng.integers(0, 3, n) * (rng.random(n) < 0.4)
    cause = rng.integers(0, 3, n)
    cause[:6] = [1, 2, 1, 1, 2, 2]
    time = entry + rng.integers(1, 12, n)
    time[-2:] = 15  # both groups are followed to 14
    cause[-2:] = 0
    return pd.DataFrame(
        {
            "one": range(n),
            "entry": entry,
            "time": time,
            "cause": cause,
            "any": (cause > 0).astype(int),
            "g": np.arange(n) % 2,
            "pair": np.arange(n) // 2,
            "person": rng.integers(0, n // 3, n),
            "count": rng.integers(1, 4, n),
            "w": rng.uniform(0.3, 3, n),
        }
    )


def _spells(seed: int) -> pd.DataFrame:
    """People with several spells, gaps and a possible change of group."""
    rng = np.random.default_rng(seed)
    found = []
    for person in range(25):
        start = int(rng.integers(0, 3))
        for number in range(int(rng.integers(1, 4))):
            stop = start + int(rng.integers(1, 6))
            found.append((person, start, stop, int(rng.random() < 0.6), (person + (number > 1)) % 2))
            start = stop + int(rng.integers(0, 3))
        found.append((person, max(start, 25), 30, 0, person % 2))
    data = pd.DataFrame(found, columns=["person", "entry", "time", "cause", "g"])
    return data.assign(any=data["cause"], w=rng.uniform(0.3, 3, len(data)), place=data["person"] // 3)


def _km(data: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return kaplan_meier(data, time="time", event="any", entry="entry", by="g", **options).to_frame()


def _cif(data: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return cumulative_incidence(data, time="time", cause="cause", entry="entry", by="g", **options).to_frame()


def _rmst(data: pd.DataFrame, horizon: float = 9.5, **options: Any) -> pd.DataFrame:
    found = restricted_mean(data, time="time", event="any", entry="entry", by="g", horizon=horizon, **options)
    return found.to_frame()


def _mcf(data: pd.DataFrame, **options: Any) -> pd.DataFrame:
    found = mean_cumulative_count(data, id="one", start="entry", stop="time", event="any", by="g", **options)
    return found.to_frame()


FRAMES = pytest.mark.parametrize("frame", [_km, _cif, _rmst, _mcf])
Frame = Callable[..., pd.DataFrame]


@FRAMES
@settings(max_examples=8)
@given(seed=seeds)
def test_row_order_changes_no_bit(frame: Frame, seed: int) -> None:
    data = _people(seed)
    mixed = data.sample(frac=1, random_state=seed)
    one, two = (frame(d, weights="w", cluster=["pair", "person"]) for d in (data, mixed))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@FRAMES
@settings(max_examples=8)
@given(seed=seeds)
def test_whole_weights_are_repeated_rows(frame: Frame, seed: int) -> None:
    data = _people(seed)
    repeated = data.loc[data.index.repeat(data["count"])]
    repeated = repeated.assign(one=range(len(repeated)))
    one, two = frame(data, weights="count", cluster="pair"), frame(repeated, cluster="pair")
    np.testing.assert_allclose(one[NUMBERS], two[NUMBERS], rtol=1e-10, atol=1e-12)


@FRAMES
@settings(max_examples=8)
@given(seed=seeds, factor=st.sampled_from([0.001, 2.0, 365.0]))
def test_the_size_of_the_weights_changes_nothing(frame: Frame, seed: int, factor: float) -> None:
    data = _people(seed)
    one, two = (frame(d, weights="w", cluster="person") for d in (data, data.assign(w=data["w"] * factor)))
    np.testing.assert_allclose(one[NUMBERS], two[NUMBERS], rtol=1e-9, atol=1e-10)


@settings(max_examples=8)
@given(seed=seeds)
def test_the_time_unit_changes_nothing(seed: int) -> None:
    data = _people(seed)
    weeks = data.assign(time=data["time"] * 7, entry=data["entry"] * 7)
    for frame in (_km, _cif, _mcf):
        one, two = (frame(d, weights="w", cluster="pair")[NUMBERS] for d in (data, weeks))
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-13)
    days, seven = _rmst(data, 10, weights="w")[NUMBERS], _rmst(weeks, 70, weights="w")[NUMBERS]
    np.testing.assert_allclose(7 * days, seven, rtol=1e-10)


@settings(max_examples=8)
@given(seed=seeds)
def test_splitting_rows_of_a_person_leaves_everything_alone(seed: int) -> None:
    data = _people(seed)
    cut = data["entry"] + 0.5
    split = pd.concat([data.assign(time=cut, any=0, cause=0), data.assign(entry=cut)])
    columns: dict[str, Any] = {"entry": "entry", "by": "g", "weights": "w", "id": "one"}
    curves = [kaplan_meier(d, time="time", event="any", **columns).at([3, 8, 14]) for d in (data, split)]
    shares = [cumulative_incidence(d, time="time", cause="cause", **columns).at([3, 8, 14]) for d in (data, split)]
    for one, two in (curves, shares):
        np.testing.assert_allclose(one[NUMBERS], two[NUMBERS], rtol=1e-9, atol=1e-12)
    means = [restricted_mean(d, time="time", event="any", horizon=9, **columns).to_frame() for d in (data, split)]
    np.testing.assert_allclose(means[0][NUMBERS], means[1][NUMBERS], rtol=1e-9)
    assert means[0]["n"].tolist() == means[1]["n"].tolist()


@settings(max_examples=10)
@given(seed=seeds)
def test_one_cause_is_kaplan_meier_and_causes_add_up(seed: int) -> None:
    data = _people(seed)
    curve = _km(data, weights="w", cluster="pair")
    one = _cif(data.assign(cause=data["any"]), weights="w", cluster="pair")
    np.testing.assert_allclose(one["estimate"], 1 - curve["estimate"], atol=1e-14)
    defined = curve["std_error"].notna()
    np.testing.assert_allclose(one["std_error"][defined], curve["std_error"][defined], rtol=1e-9, atol=1e-13)
    both = _cif(data, weights="w", cluster="pair").groupby(["group", "time_days"], sort=False)["estimate"].sum()
    np.testing.assert_allclose(both, 1 - curve["estimate"], atol=1e-14)


@settings(max_examples=10)
@given(seed=seeds)
def test_without_entry_the_jackknife_is_greenwood(seed: int) -> None:
    data = _people(seed).assign(entry=-1.0)
    np.testing.assert_allclose(_km(data)[NUMBERS], _km(data, robust=True)[NUMBERS], rtol=1e-10)
    np.testing.assert_allclose(_rmst(data)[NUMBERS], _rmst(data, cluster="one")[NUMBERS], rtol=1e-9)


@pytest.mark.parametrize("clusters", [(), ("pair",), ("person",), ("pair", "person")])
@pytest.mark.parametrize("seed", [1, 2])
def test_errors_are_the_jackknife_by_definition(clusters: tuple[str, ...], seed: int) -> None:
    """Weights nudged one by one; the groups share pairs and people, so their covariance counts."""
    data = _people(seed, 48)
    options: dict[str, Any] = {"weights": "w", "cluster": list(clusters) or None, "entry": "entry", "by": "g"}
    curve = kaplan_meier(data, time="time", event="any", **options)
    shares = cumulative_incidence(data, time="time", cause="cause", **options)
    for until in (4, 7.5, 9):
        _same(curve.compare_at(until), "share", data, slow.reoffended(until), clusters)
        _same(shares.compare_at(until, 2), "share", data, slow.incidence(until, 2), clusters)
        mean = restricted_mean(data, time="time", event="any", horizon=until, **options)
        _same(mean.to_frame(), "estimate", data, slow.area(until), clusters)
        for k in (1, 2):
            steps = shares.at(until)
            errors = steps["std_error"][steps["cause"] == str(k)]
            parts = slow.by_group(data, slow.incidence(until, k))[1]
            expected = [slow.clustered(part, data, *clusters) for part in parts.T]
            np.testing.assert_allclose(errors, expected, rtol=1e-6)


@pytest.mark.parametrize("clusters", [(), ("place",), ("person", "place")])
@pytest.mark.parametrize("seed", [1, 2])
def test_mean_counts_by_definition_with_gaps_and_changes_of_group(clusters: tuple[str, ...], seed: int) -> None:
    data = _spells(seed)
    found = mean_cumulative_count(
        data, id="person", start="entry", stop="time", event="any", by="g", weights="w", cluster=list(clusters) or None
    )
    for until in (3, 6.5, 12):
        _same(found.compare_at(until), "estimate", data, slow.mean_count(until), clusters or ("person",))


def _same(frame: pd.DataFrame, name: str, data: pd.DataFrame, figure: slow.Figure, clusters: tuple[str, ...]) -> None:
    values, parts = slow.by_group(data, figure)
    np.testing.assert_allclose(frame[name], [*values, values[1] - values[0]], rtol=1e-11, atol=1e-13)
    columns = [parts[:, 0], parts[:, 1], parts[:, 1] - parts[:, 0]]
    np.testing.assert_allclose(
        frame["std_error"], [slow.clustered(column, data, *clusters) for column in columns], rtol=1e-6
    )


def test_the_influence_of_each_row_is_the_derivative_of_its_groups_mean() -> None:
    data = _people(7)
    rows = read_rows(data, time="time", event="any", entry="entry", by="g", weights="w")
    means, influence = rmst_influence(rows, 8.5)
    values, parts = slow.by_group(data, slow.area(8.5))
    np.testing.assert_allclose(means, values, rtol=1e-12)
    expected = (parts.sum(axis=1) / data["w"].to_numpy())[rows.position]
    np.testing.assert_allclose(influence, expected, rtol=1e-6, atol=1e-9)


def test_with_everybody_followed_the_restricted_mean_is_a_weighted_mean() -> None:
    """Closed form: the mean of min(time, horizon), and of paired differences for its error."""
    rng = np.random.default_rng(3)
    data = pd.DataFrame(
        {"time": rng.integers(1, 30, 80), "event": 1, "g": np.tile([0, 1], 40), "w": rng.random(80) + 0.1}
    )
    data["pair"] = np.arange(80) // 2
    frame = restricted_mean(
        data, time="time", event="event", by="g", weights="w", cluster="pair", horizon=20
    ).to_frame()
    free, parts = np.minimum(data["time"], 20).to_numpy(dtype=float), np.zeros((80, 2))
    for code in (0, 1):
        own, w = (data["g"] == code).to_numpy(), data["w"].to_numpy()
        mean = np.average(free[own], weights=w[own])
        assert frame["estimate"][code] == pytest.approx(mean, rel=1e-12)
        parts[own, code] = w[own] * (free[own] - mean) / w[own].sum()
    pairs = (parts[:, 1] - parts[:, 0]).reshape(40, 2).sum(axis=1)
    errors = [*np.sqrt((parts**2).sum(axis=0)), np.sqrt((pairs**2).sum())]
    np.testing.assert_allclose(frame["std_error"], errors, rtol=1e-11)


def test_running_sums_lose_nothing_with_many_people_and_long_tails() -> None:
    """Each row's own derivative, squared and added up, against the running totals: 20,000 people, few to the end."""
    rng = np.random.default_rng(6)
    time = np.minimum(np.ceil(rng.exponential(60, 20_000)), 500)
    data = pd.DataFrame({"time": time, "w": rng.uniform(0.3, 3, 20_000), "g": np.arange(20_000) % 2, "entry": -1.0})
    data = data.assign(cause=np.where(time < 500, 1 + (rng.random(20_000) < 0.3), 0), pair=np.arange(20_000))
    alone = cumulative_incidence(data, time="time", cause="cause", by="g", weights="w")
    paired = cumulative_incidence(data, time="time", cause="cause", by="g", weights="w", cluster="pair")
    for until in (1, 60, 400):
        for name in ("1", "2"):
            # A cluster a row: the same difference, once from the running totals and once from the rows themselves.
            one, two = alone.compare_at(until, name).iloc[2], paired.compare_at(until, name).iloc[2]
            assert one["std_error"] == pytest.approx(two["std_error"], rel=1e-9)
