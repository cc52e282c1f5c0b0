"""Event rates: closed forms, derivatives, statsmodels itself, invariances, and every refusal."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from dipeval.errors import EstimationError, InputError
from dipeval.survival.parametric import event_rate, piecewise_exponential
from dipeval.survival.parametric.counting import Counts, evaluate

OPTIONS: dict[str, Any] = {"covariates": ["x", "z"], "events": "n", "exposure": "days"}
FAMILY = pytest.mark.parametrize("family", ["negative_binomial", "poisson"])


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    n = 300
    frame = pd.DataFrame({"x": np.arange(n) % 2, "z": rng.normal(size=n), "days": rng.integers(100, 365, n)})
    rate = np.exp(-5 + 0.3 * frame["x"] + 0.4 * frame["z"]) * rng.gamma(1.5, 1 / 1.5, n)
    return frame.assign(n=rng.poisson(rate * frame["days"]), pair=np.arange(n) // 2, w=1.0 + np.arange(n) % 3)


def test_two_groups_by_hand(people: pd.DataFrame) -> None:
    """With one 0/1 covariate the Poisson rates are events over time, and so is their robust error."""
    model = event_rate(people, covariates=["x"], events="n", exposure="days", family="poisson")
    rates, spread = [], []
    for _, own in people.groupby("x"):
        rate = own["n"].sum() / own["days"].sum()
        rates.append(rate)
        spread.append(((own["n"] - rate * own["days"]) ** 2).sum() / own["n"].sum() ** 2)
    frame = model.to_frame()
    np.testing.assert_allclose(frame["rate_ratio"], [rates[0], rates[1] / rates[0]], rtol=1e-10)
    np.testing.assert_allclose(frame["std_error"], np.sqrt([spread[0], sum(spread)]), rtol=1e-9)
    assert model.theta == np.inf
    assert model.alpha == 0


def test_slope_and_information_are_those_of_the_likelihood() -> None:
    rng = np.random.default_rng(1)
    counts = Counts(
        count=rng.poisson(2.0, 30).astype(float),
        x=np.column_stack([np.ones(30), rng.normal(size=30)]),
        offset=rng.normal(size=30) / 5,
        weight=rng.uniform(0.5, 2, 30),
    )
    at, step = np.array([0.5, 0.2, 0.3]), 1e-5
    moves = step * np.eye(3)
    slope = [(evaluate(counts, at + m).loglik - evaluate(counts, at - m).loglik) / (2 * step) for m in moves]
    np.testing.assert_allclose(evaluate(counts, at).score, slope, rtol=1e-6, atol=1e-6)
    bend = [(evaluate(counts, at + m).score - evaluate(counts, at - m).score) / (2 * step) for m in moves]
    np.testing.assert_allclose(evaluate(counts, at).information, -np.array(bend), rtol=1e-6, atol=1e-6)


def test_statsmodels_agrees(people: pd.DataFrame) -> None:
    import statsmodels.api as sm

    x = sm.add_constant(people[["x", "z"]].astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sm.NegativeBinomial(people["n"], x, offset=np.log(people["days"])).fit(
            disp=0, method="newton", maxiter=200
        )
    model = event_rate(people, **OPTIONS)
    np.testing.assert_allclose(model.to_frame()["estimate"], theirs.params[:3], rtol=1e-8)
    np.testing.assert_allclose(model.to_frame()["std_error"], theirs.bse[:3], rtol=1e-8)
    assert model.alpha == pytest.approx(theirs.params["alpha"], rel=1e-8)
    assert model.loglik == pytest.approx(theirs.llf, rel=1e-12)


def test_whole_weights_are_repeated_rows(people: pd.DataFrame) -> None:
    weighted = event_rate(people, weights="w", **OPTIONS)
    repeated = event_rate(people.loc[people.index.repeat(people["w"].astype(int))], **OPTIONS)
    np.testing.assert_allclose(weighted.to_frame()["estimate"], repeated.to_frame()["estimate"], rtol=1e-9)
    assert weighted.theta == pytest.approx(repeated.theta, rel=1e-9)
    assert weighted.robust
    assert not repeated.robust


@FAMILY
def test_doubling_weights_order_and_unit(people: pd.DataFrame, family: str) -> None:
    options: dict[str, Any] = {**OPTIONS, "family": family, "weights": "w", "cluster": "pair"}
    first = event_rate(people, **options).to_frame()
    doubled = event_rate(people.assign(w=2 * people["w"]), **options).to_frame()
    np.testing.assert_allclose(doubled["std_error"], first["std_error"], rtol=1e-9)
    shuffled = event_rate(people.sample(frac=1, random_state=3), **options).to_frame()
    pd.testing.assert_frame_equal(shuffled, first, check_exact=True)
    years = event_rate(people.assign(days=people["days"] / 365.25), **options).to_frame()
    np.testing.assert_allclose(years["estimate"][1:], first["estimate"][1:], rtol=1e-9)
    assert years["estimate"][0] == pytest.approx(first["estimate"][0] + np.log(365.25), rel=1e-9)
    both = event_rate(people.assign(b=people["pair"]), **{**options, "cluster": ["pair", "b"]}).to_frame()
    pd.testing.assert_frame_equal(both, first, rtol=1e-12)


def test_its_words_and_picture(people: pd.DataFrame) -> None:
    model = event_rate(people.rename(columns={"x": "treated"}), **{**OPTIONS, "covariates": ["treated", "z"]})
    assert model.summary().headline.startswith("The rate of reoffending per time at risk among the treated was ")
    assert "Negative binomial regression" in model.summary().notes[0]
    assert f"300 people, {people['n'].sum()} events" in model.summary().notes[0]
    assert isinstance(model.plot(), Axes)
    assert list(model.covariance().columns) == ["(Intercept)", "treated", "z", "log_theta"]
    assert model.to_frame()["n_events"].tolist() == [people["n"].sum()] * 3
    poisson = event_rate(people, **OPTIONS, family="poisson")
    assert "Poisson regression" in poisson.method
    assert "robust standard errors" in poisson.method


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"days": lambda d: d["days"] * (d["pair"] > 3)}, {}, "'days' is zero or negative in 8 of 300 rows"),
        ({"n": lambda d: d["n"] + 0.5}, {}, "whole numbers of events from 0; 300 of 300"),
        ({"n": lambda d: -1 - d["n"]}, {}, "whole numbers of events"),
        ({"n": 0}, {}, "All 300 rows have 0 in 'n'"),
        ({"n": lambda d: d["n"] * d["x"]}, {}, "No event is seen in one of the two groups of 'x'"),
        ({"n": lambda d: 1 + d["pair"] % 2, "days": 300}, {}, "no more between people than a Poisson"),
        ({}, {"family": "gamma"}, "`family` is 'negative_binomial' or 'poisson'"),
        ({}, {"covariates": []}, "with at least one"),
        ({"z": 2}, {}, "'z' is constant"),
        ({"z": lambda d: 1 - d["x"]}, {}, "determine one another"),
        ({"w": -1}, {"weights": "w"}, "zero or negative"),
        ({}, {"cluster": "x"}, "2 clusters are too few"),
    ],
)
def test_refusals(people: pd.DataFrame, changes: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(EstimationError, match=words):
        event_rate(people.assign(**changes), **{**OPTIONS, **options})


def test_no_table_no_rows_no_column(people: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="DataFrame is needed"):
        event_rate(people.to_dict(), **OPTIONS)  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="no rows"):
        event_rate(people.head(0), **OPTIONS)
    with pytest.raises(InputError, match="no column 'weeks'"):
        event_rate(people, covariates=["x"], events="n", exposure="weeks")


def _times() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    n = 200
    frame = pd.DataFrame({"x": np.arange(n) % 2, "t": rng.integers(1, 60, n), "person": np.arange(n), "w": 1.0})
    return frame.assign(e=(rng.random(n) < 0.7).astype(int))


def test_piecewise_rates_by_hand() -> None:
    """With one 0/1 covariate, events expected and seen agree in every period; with none apart, events over time."""
    data = _times()
    model = piecewise_exponential(data, covariates=["x"], time="t", event="e", cuts=[20, 40])
    rates = np.array([model.rates({"x": value})["estimate"] for value in (0, 1)])
    at_risk = np.array(
        [[(data["t"][data["x"] == x].clip(low, high) - low).sum() for low, high in ((0, 20), (20, 40), (40, 60))]
         for x in (0, 1)]
    )  # fmt: skip
    period = np.digitize(data["t"], [20.5, 40.5])
    seen = [data.loc[period == k, "e"].sum() for k in range(3)]
    np.testing.assert_allclose((rates * at_risk).sum(axis=0), seen, rtol=1e-9)
    np.testing.assert_allclose((rates * at_risk).sum(axis=1), data.groupby("x")["e"].sum(), rtol=1e-9)
    assert model.rates()["stop_days"].iloc[-1] == data["t"].max()
    assert model.to_frame()["term"].tolist() == ["(Intercept)", "period[20 to 40]", "period[40 on]", "x"]
    assert isinstance(model.plot(), Axes)
    assert "3 periods" in model.summary().notes[0]


def test_piecewise_errors_are_by_row_of_the_table() -> None:
    data = _times()
    options: dict[str, Any] = {"covariates": ["x"], "time": "t", "event": "e", "cuts": [15, 30]}
    by_row = piecewise_exponential(data, weights="w", **options).to_frame()
    by_person = piecewise_exponential(data, cluster="person", **options).to_frame()
    pd.testing.assert_frame_equal(by_row, by_person, rtol=1e-12)
    doubled = piecewise_exponential(data.assign(w=2.0), weights="w", **options).to_frame()
    pd.testing.assert_frame_equal(doubled, by_row, rtol=1e-9)
    half = data.assign(mid=data["t"] / 2, nought=0.0)
    first = half.assign(start=half["nought"], t=half["mid"], e=0)
    cut = pd.concat([first, half.assign(start=half["mid"])])
    whole = piecewise_exponential(data, **options).to_frame()
    spells = piecewise_exponential(cut, entry="start", **options).to_frame()
    np.testing.assert_allclose(spells[["estimate", "std_error"]], whole[["estimate", "std_error"]], rtol=1e-9)


@pytest.mark.parametrize(
    ("cuts", "words"),
    [
        ([], "`cuts` is a list of times"),
        ([-1, 5], "`cuts` is a list of times"),
        ([20, 10], "must increase"),
        ([20, 500], "1 of 3 periods see no event"),
    ],
)
def test_piecewise_refusals(cuts: list[float], words: str) -> None:
    with pytest.raises(EstimationError, match=words):
        piecewise_exponential(_times(), covariates=["x"], time="t", event="e", cuts=cuts)
