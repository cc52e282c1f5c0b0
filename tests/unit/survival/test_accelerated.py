"""Accelerated failure times and lifelines' curves: derivatives, closed forms, invariances, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from dipeval import datasets
from dipeval.errors import EstimationError, InputError
from dipeval.survival.parametric import accelerated_failure_time, parametric_curves
from dipeval.survival.parametric.families import FAMILIES
from dipeval.survival.parametric.likelihood import Likelihood, Sample

TIME: dict[str, Any] = {"time": "weeks_to_arrest", "event": "arrested"}
FAMILY = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    row = np.arange(432)
    return datasets.rossi().assign(pair=row // 2, w=1.0 + row % 3, start=row % 5)


def _likelihood(family: str, *, split: bool) -> Likelihood:
    rng = np.random.default_rng(5)
    n = 60
    log_time = rng.normal(1.0, 0.8, n)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return Likelihood(
        family=FAMILIES[family],
        sample=Sample(
            log_time=log_time,
            event=rng.random(n) < 0.6,
            log_entry=np.where(rng.random(n) < 0.4, log_time - 0.7, -np.inf),
            weight=rng.uniform(0.5, 2.0, n),
        ),
        ever=x[:, :2] if split else np.empty((n, 0)),
        location=x,
        log_scale=(np.arange(n)[:, None] % 2 == np.arange(2)).astype(float),
    )


@FAMILY
@pytest.mark.parametrize("split", [False, True])
def test_slope_and_information_are_those_of_the_likelihood(family: str, split: bool) -> None:
    likelihood = _likelihood(family, split=split)
    at = np.array([*([0.4, -0.3] if split else []), 1.1, 0.2, -0.4, 0.1, -0.2])
    found, step = likelihood.evaluate(at), 1e-5
    moves = step * np.eye(len(at))
    slope = [(likelihood.evaluate(at + m).loglik - likelihood.evaluate(at - m).loglik) / (2 * step) for m in moves]
    np.testing.assert_allclose(found.score, slope, rtol=1e-6, atol=1e-6)
    bend = [(likelihood.evaluate(at + m).score - likelihood.evaluate(at - m).score) / (2 * step) for m in moves]
    np.testing.assert_allclose(found.information, -np.array(bend), rtol=1e-6, atol=1e-6)
    parts = likelihood.parts(found.by_row) * likelihood.sample.weight[:, None]
    np.testing.assert_allclose(parts.sum(axis=0), found.score, rtol=1e-10, atol=1e-10)


def test_an_exponential_rate_by_hand() -> None:
    """Two groups: events over time at risk each; the log time ratio is the log of the ratio of the two."""
    data = pd.DataFrame({"t": [2, 4, 6, 1, 3, 9], "e": [1, 0, 1, 1, 1, 0], "x": [0, 0, 0, 1, 1, 1]})
    model = accelerated_failure_time(data, covariates=["x"], time="t", event="e", family="exponential")
    np.testing.assert_allclose(model.to_frame()["time_ratio"], [12 / 2, (13 / 2) / (12 / 2)], rtol=1e-12)
    np.testing.assert_allclose(model.to_frame()["std_error"], [np.sqrt(1 / 2), 1.0], rtol=1e-10)
    late = data.assign(start=[1, 0, 2, 0, 1, 4])
    model = accelerated_failure_time(late, covariates=["x"], time="t", event="e", entry="start", family="exponential")
    np.testing.assert_allclose(model.to_frame()["time_ratio"], [9 / 2, (8 / 2) / (9 / 2)], rtol=1e-12)


def test_everybody_seen_is_least_squares() -> None:
    """Without censoring the log-normal model is a regression of the log times."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"x": rng.normal(size=40), "e": 1})
    data["t"] = np.exp(1 + 0.5 * data["x"] + rng.normal(size=40))
    model = accelerated_failure_time(data, covariates=["x"], time="t", event="e")
    slope, level = np.polyfit(data["x"], np.log(data["t"]), 1)
    np.testing.assert_allclose(model.to_frame()["estimate"][:2], [level, slope], rtol=1e-10)
    left = np.log(data["t"]) - level - slope * data["x"]
    assert model.scale["scale"] == pytest.approx(np.sqrt((left**2).mean()), rel=1e-10)


@FAMILY
def test_whole_weights_are_repeated_rows(rossi: pd.DataFrame, family: str) -> None:
    options: dict[str, Any] = {"covariates": ["fin", "age"], "family": family, **TIME}
    repeated = rossi.loc[rossi.index.repeat(rossi["w"].astype(int))]
    weighted = accelerated_failure_time(rossi, weights="w", robust=False, **options)
    plain = accelerated_failure_time(repeated, **options)
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(weighted.to_frame()[name], plain.to_frame()[name], rtol=1e-9)
    assert weighted.loglik == pytest.approx(plain.loglik, rel=1e-12)


@FAMILY
def test_doubling_weights_row_order_and_unit(rossi: pd.DataFrame, family: str) -> None:
    options: dict[str, Any] = {
        "covariates": ["fin", "age"], "family": family, "weights": "w", "cluster": "pair", "entry": "start", **TIME,
    }  # fmt: skip
    rossi = rossi[rossi["start"] < rossi["weeks_to_arrest"]]
    first = accelerated_failure_time(rossi, **options).to_frame()
    doubled = accelerated_failure_time(rossi.assign(w=2 * rossi["w"]), **options).to_frame()
    np.testing.assert_allclose(doubled["std_error"], first["std_error"], rtol=1e-9)
    shuffled = accelerated_failure_time(rossi.sample(frac=1, random_state=1), **options).to_frame()
    pd.testing.assert_frame_equal(shuffled, first, check_exact=True)
    times = {"weeks_to_arrest": 7 * rossi["weeks_to_arrest"], "start": 7 * rossi["start"]}
    days = accelerated_failure_time(rossi.assign(**times), **options).to_frame()
    np.testing.assert_allclose(days["estimate"][1:], first["estimate"][1:], rtol=1e-10, atol=1e-12)
    assert days["estimate"][0] == pytest.approx(first["estimate"][0] + np.log(7), rel=1e-10)
    np.testing.assert_allclose(days["std_error"], first["std_error"], rtol=1e-9)


@FAMILY
def test_splitting_rows_changes_nothing(rossi: pd.DataFrame, family: str) -> None:
    options: dict[str, Any] = {"covariates": ["fin", "age"], "family": family, **TIME}
    first = rossi.assign(start=0, weeks_to_arrest=rossi["weeks_to_arrest"] / 2, arrested=0)
    spells = pd.concat([first, rossi.assign(start=rossi["weeks_to_arrest"] / 2)])
    whole = accelerated_failure_time(rossi, **options).to_frame()
    split = accelerated_failure_time(spells, entry="start", **options).to_frame()
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(split[name], whole[name], rtol=1e-8)


def test_two_clusterings_that_are_one_give_its_errors(rossi: pd.DataFrame) -> None:
    options: dict[str, Any] = {"covariates": ["fin", "age"], **TIME}
    one = accelerated_failure_time(rossi, cluster="pair", **options)
    both = accelerated_failure_time(rossi.assign(again=rossi["pair"]), cluster=["pair", "again"], **options)
    np.testing.assert_allclose(one.to_frame()["std_error"], both.to_frame()["std_error"], rtol=1e-12)
    assert "cluster-robust" in both.method


def test_censored_at_time_zero_says_nothing(rossi: pd.DataFrame) -> None:
    options: dict[str, Any] = {"covariates": ["fin", "age"], **TIME}
    more = pd.concat([rossi, rossi.head(3).assign(weeks_to_arrest=0, arrested=0)])
    plain, longer = accelerated_failure_time(rossi, **options), accelerated_failure_time(more, **options)
    np.testing.assert_allclose(longer.to_frame()["estimate"], plain.to_frame()["estimate"], rtol=1e-9)
    assert longer.n == plain.n + 3


@FAMILY
def test_predictions_follow_the_distribution(rossi: pd.DataFrame, family: str) -> None:
    model = accelerated_failure_time(rossi, covariates=["fin", "age"], family=family, **TIME)
    people = rossi.head(2)
    found = model.predict_survival(people, [0, 10, 52])
    assert list(found.columns) == [
        *("person", "time_days", "estimate", "std_error", "conf_low", "conf_high", "extrapolated")
    ]
    assert found["person"].tolist() == [1, 1, 1, 2, 2, 2]
    assert found["estimate"].iloc[[0, 3]].tolist() == [1.0, 1.0]
    later = found[found["time_days"] > 0]
    assert (later["conf_low"] < later["estimate"]).all()
    assert (later["estimate"] < later["conf_high"]).all()
    assert not found["extrapolated"].any()
    share = 1 - float(found["estimate"].iloc[1])
    when = model.quantile(people.head(1), share)
    assert when["time_days"][0] == pytest.approx(10, rel=1e-9)
    moves = 1e-6 * np.eye(len(model.terms))
    ways = [
        replace(model, _theta=model._theta + sign * m).predict_survival(people, [10]) for m in moves for sign in (1, -1)
    ]
    slope = np.array([a["estimate"] - b["estimate"] for a, b in zip(ways[::2], ways[1::2], strict=True)]).T / 2e-6
    error = np.sqrt(np.einsum("ij,jk,ik->i", slope, model.covariance(), slope))
    np.testing.assert_allclose(found["std_error"].iloc[[1, 4]], error, rtol=1e-5)
    late = [replace(model, _theta=model._theta + sign * m).quantile(people, share) for m in moves for sign in (1, -1)]
    slope = np.array([a["time_days"] - b["time_days"] for a, b in zip(late[::2], late[1::2], strict=True)]).T / 2e-6
    error = np.sqrt(np.einsum("ij,jk,ik->i", slope, model.covariance(), slope))
    np.testing.assert_allclose(model.quantile(people, share)["std_error"], error, rtol=1e-5)
    with pytest.raises(EstimationError, match="followed to 52 and a value was asked for at 60"):
        model.predict_survival(people, [60])
    beyond = model.predict_survival(people, [60], beyond_follow_up=True)
    assert beyond["extrapolated"].all()
    assert np.isnan(model.quantile(people, 0.99)["time_days"]).all()
    assert (model.quantile(people, 0.99, beyond_follow_up=True)["time_days"] > 52).all()


def test_strata_in_predictions(rossi: pd.DataFrame) -> None:
    model = accelerated_failure_time(rossi, covariates=["age"], strata=["fin", "mar"], **TIME)
    assert list(model.scale) == [f"scale[fin={f}, mar={m}]" for f in (0, 1) for m in (0, 1)]
    people = pd.DataFrame({"age": [25, 25], "fin": [0, 1], "mar": [0, 1]})
    found = model.quantile(people, 0.1)["time_days"]
    expected = np.exp(
        model.to_frame()["estimate"][0]
        + 25 * model.to_frame()["estimate"][1]
        + np.array([model.scale["scale[fin=0, mar=0]"], model.scale["scale[fin=1, mar=1]"]])
        * FAMILIES["lognormal"].quantile(np.array(0.1))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    with pytest.raises(InputError, match="1 of 2 people are in a stratum"):
        model.predict_survival(people.assign(fin=[0, 7]), [10])


def test_its_words_and_picture(rossi: pd.DataFrame) -> None:
    model = accelerated_failure_time(
        rossi.rename(columns={"fin": "treated"}), covariates=["treated", "age"], entry=None, **TIME
    )
    summary = model.summary()
    assert summary.headline.startswith("The time to reoffending among the treated was ")
    assert "than in the comparison group, other terms held: time ratio 1." in summary.headline
    assert "432 rows, 114 events" in summary.notes[0]
    assert isinstance(model.plot(), Axes)
    assert model.aic == pytest.approx(8 - 2 * model.loglik)
    assert list(model.covariance().columns) == ["(Intercept)", "treated", "age", "log_scale"]
    assert "family" in repr(model)
    assert "_theta" not in repr(model)


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({}, {"family": "gamma"}, "`family` is one of"),
        ({}, {"covariates": []}, "with at least one"),
        ({}, {"covariates": "fin"}, "list of column names"),
        ({}, {"covariates": ["fin", "fin"]}, "names a column twice"),
        ({}, {"family": "exponential", "strata": "mar"}, "exponential family has no scale"),
        ({}, {"robust": False, "cluster": "pair"}, "ignores the clusters"),
        ({}, {"cluster": "fin"}, "2 clusters are too few for robust errors with 4 coefficients"),
        ({}, {"level": 1.2}, "between 0 and 1"),
        ({"age": 30}, {}, "'age' is constant"),
        ({"arrested": 0}, {}, "never 1"),
        ({"arrested": lambda d: d["arrested"] + 1}, {}, "must be 0"),
        ({"arrested": lambda d: d["arrested"] * (1 - d["fin"])}, {}, "No event is seen in one of the two groups"),
        ({"weeks_to_arrest": lambda d: -d["weeks_to_arrest"]}, {}, "negative"),
        ({"start": 99}, {"entry": "start"}, "holds no time at risk"),
        ({"w": 0}, {"weights": "w"}, "zero or negative"),
        ({}, {"id": "pair"}, "have rows that overlap"),
        ({"w": lambda d: np.arange(len(d))}, {"strata": "w"}, "fewer than two events"),
        ({"age": lambda d: 2 * d["fin"] + 1}, {}, "determine one another exactly"),
    ],
)
def test_refusals(rossi: pd.DataFrame, changes: dict[str, Any], options: dict[str, Any], words: str) -> None:
    given = {"covariates": ["fin", "age"], **TIME, **options}
    with pytest.raises(EstimationError, match=words):
        accelerated_failure_time(rossi.assign(**changes), **given)


def test_a_likelihood_without_a_maximum_is_a_sentence() -> None:
    """Whoever is above 0 on x is never seen to have the event: the time ratio grows for ever."""
    data = pd.DataFrame({"t": [1, 2, 3, 4, 9, 9, 9], "e": [1, 1, 1, 1, 0, 0, 0], "x": [0.0, 0, 0, 0, 1, 2, 3]})
    with pytest.raises(EstimationError, match="has no finite maximum"):
        accelerated_failure_time(data, covariates=["x"], time="t", event="e")
    exact = pd.DataFrame({"t": [1.0, 2.0, 4.0], "e": [1, 1, 1], "x": [0.0, 1.0, 2.0]})
    with pytest.raises(EstimationError, match="has no finite maximum"):
        accelerated_failure_time(exact, covariates=["x"], time="t", event="e")


def test_parametric_curves_beside_kaplan_meier(rossi: pd.DataFrame) -> None:
    found = parametric_curves(rossi, by="fin", **TIME)
    frame = found.to_frame()
    assert set(frame["family"]) == {"kaplan_meier", *FAMILIES}
    assert frame["estimate"].between(0, 1).all()
    assert (frame["conf_low"] <= frame["estimate"] + 1e-12).all()
    assert frame["time_days"].max() == 52
    one = rossi[rossi["fin"] == 1].assign(x=np.arange(216) % 7)
    # The exponential curve by hand: events over time at risk.
    rate = one["arrested"].sum() / one["weeks_to_arrest"].sum()
    row = found.at(26).query("group == '1' and family == 'exponential'").iloc[0]
    assert row["estimate"] == pytest.approx(np.exp(-26 * rate), rel=1e-6)
    assert row["aic"] == pytest.approx(2 - 2 * one["arrested"].sum() * (np.log(rate) - 1), rel=1e-8)
    assert row["n_events"] == one["arrested"].sum()
    assert "Kaplan-Meier" in found.summary().headline
    assert isinstance(found.plot(), Axes)
    with pytest.raises(EstimationError, match="nothing is extrapolated"):
        found.at(60)


def test_parametric_curves_refuse(rossi: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="`family` is one of"):
        parametric_curves(rossi, families=["gompertz"], **TIME)
    with pytest.raises(EstimationError, match="at least one family"):
        parametric_curves(rossi, families=[], **TIME)
    few = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 0, 1, 1], "g": [0, 0, 1, 1]})
    with pytest.raises(EstimationError, match="fewer than two events"):
        parametric_curves(few, time="t", event="e", by="g")
    more = pd.concat([rossi, rossi.head(2).assign(weeks_to_arrest=0, arrested=0)])
    assert "2 people censored at time 0" in parametric_curves(more, **TIME).summary().notes[-1]
