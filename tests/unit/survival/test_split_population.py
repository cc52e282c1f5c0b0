"""Split populations: closed forms, derivatives of the share, invariances, comparison of families, every refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from scipy.special import expit, logit

from dipeval import datasets
from dipeval.errors import EstimationError, InvariantError
from dipeval.survival.parametric import compare_families, split_population
from dipeval.survival.parametric.families import FAMILIES

TIME: dict[str, Any] = {"time": "months_to_return", "event": "returned"}


@pytest.fixture(scope="module")
def recid() -> pd.DataFrame:
    row = np.arange(1445)
    return datasets.recid().assign(pair=row // 2, w=1.0 + row % 2)


def test_followed_for_ever_the_share_is_the_share_seen() -> None:
    """Events all early, everybody else followed long: the share is that seen, its error that of a share."""
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"t": rng.exponential(1.0, 400), "e": 1})
    data.loc[200:] = [1e6, 0]
    model = split_population(data, time="t", event="e", family="exponential")
    share = model.share_ever.iloc[0]
    assert share["estimate"] == pytest.approx(0.5, abs=1e-12)
    assert share["std_error"] == pytest.approx(np.sqrt(0.25 / 400), rel=1e-9)
    reach = 1.959963984540054 * share["std_error"] / 0.25
    np.testing.assert_allclose([share["conf_low"], share["conf_high"]], expit([-reach, reach]), rtol=1e-9)
    mean = model.to_frame().query("part == 'timing'")["ratio"].iloc[0]
    assert mean == pytest.approx(data["t"][:200].mean(), rel=1e-9)
    assert model.levelled_off
    assert model.seen_of_ever == pytest.approx(1.0)


def test_truth_is_found_again() -> None:
    rng = np.random.default_rng(11)
    n = 6000
    x, z = rng.integers(0, 2, n), rng.normal(size=n)
    ever = rng.random(n) < expit(-0.2 + 0.8 * x)
    time = np.where(ever, np.exp(2 + 0.5 * z + 0.7 * rng.normal(size=n)), np.inf)
    data = pd.DataFrame({"t": np.minimum(time, 60.0), "e": (time <= 60).astype(int), "x": x, "z": z})
    model = split_population(data, time="t", event="e", ever=["x"], timing=["z"])
    frame = model.to_frame()
    truth = np.array([-0.2, 0.8, 2.0, 0.5, np.log(0.7)])
    assert (np.abs(frame["estimate"] - truth) < 4 * frame["std_error"]).all()
    assert frame["part"].tolist() == ["ever", "ever", "timing", "timing", "scale"]
    assert frame["term"].tolist() == ["(Intercept)", "x", "(Intercept)", "z", "log_scale"]
    late = data.assign(start=np.where(np.arange(n) % 2 == 0, 3.0, 0.0))
    late = late[late["t"] > late["start"]]
    truncated = split_population(late, time="t", event="e", ever=["x"], timing=["z"], entry="start").to_frame()
    assert (np.abs(truncated["estimate"] - truth) < 4 * truncated["std_error"]).all()


def test_the_error_of_the_share_is_its_slope_through_the_covariance(recid: pd.DataFrame) -> None:
    model = split_population(recid, ever=["priors", "black"], timing=["priors"], **TIME)
    first = model.to_frame().query("part == 'ever'")["estimate"].to_numpy()
    x = np.column_stack([np.ones(len(recid)), recid[["priors", "black"]]])
    block = model.covariance().to_numpy()[:3, :3]
    slope = [(expit(x @ (first + move)).mean() - expit(x @ (first - move)).mean()) / 2e-6 for move in 1e-6 * np.eye(3)]
    share = model.share_ever.iloc[0]
    assert share["estimate"] == pytest.approx(expit(x @ first).mean(), rel=1e-12)
    assert share["std_error"] == pytest.approx(np.sqrt(slope @ block @ slope), rel=1e-6)
    assert logit(share["estimate"]) - logit(share["conf_low"]) == pytest.approx(
        logit(share["conf_high"]) - logit(share["estimate"]), rel=1e-9
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_whole_weights_are_repeated_rows(recid: pd.DataFrame, family: str) -> None:
    options: dict[str, Any] = {"ever": ["priors"], "timing": ["workprg"], "family": family, **TIME}
    weighted = split_population(recid, weights="w", robust=False, **options)
    plain = split_population(recid.loc[recid.index.repeat(recid["w"].astype(int))], **options)
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(weighted.to_frame()[name], plain.to_frame()[name], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(
        weighted.share_ever[["estimate", "std_error"]], plain.share_ever[["estimate", "std_error"]], rtol=1e-8
    )


def test_doubling_weights_row_order_and_unit(recid: pd.DataFrame) -> None:
    options: dict[str, Any] = {"ever": ["priors"], "timing": ["priors"], "weights": "w", "cluster": "pair", **TIME}
    first = split_population(recid, **options)
    doubled = split_population(recid.assign(w=2 * recid["w"]), **options)
    np.testing.assert_allclose(doubled.to_frame()["std_error"], first.to_frame()["std_error"], rtol=1e-8)
    shuffled = split_population(recid.sample(frac=1, random_state=1), **options)
    pd.testing.assert_frame_equal(shuffled.to_frame(), first.to_frame(), check_exact=True)
    years = split_population(recid.assign(months_to_return=recid["months_to_return"] / 12), **options)
    np.testing.assert_allclose(
        years.share_ever[["estimate", "std_error"]], first.share_ever[["estimate", "std_error"]], rtol=1e-9
    )
    assert years.to_frame()["estimate"][2] == pytest.approx(first.to_frame()["estimate"][2] - np.log(12), rel=1e-8)
    assert np.isnan(first.aic)


def test_predictions(recid: pd.DataFrame) -> None:
    model = split_population(recid, ever=["priors"], timing=["workprg"], family="weibull", **TIME)
    people = recid.head(2)
    found = model.predict(people, [0, 12, 81])
    frame = model.to_frame()
    share = expit(frame["estimate"][0] + frame["estimate"][1] * people["priors"].to_numpy())
    np.testing.assert_allclose(found["share_ever"], np.repeat(share, 3), rtol=1e-12)
    location = frame["estimate"][2] + frame["estimate"][3] * people["workprg"].to_numpy()
    free = np.exp(-np.exp((np.log(12) - location) / np.exp(frame["estimate"][4])))
    np.testing.assert_allclose(found["estimate"].iloc[[1, 4]], 1 - share * (1 - free), rtol=1e-12)
    assert (found["estimate"] >= 1 - found["share_ever"]).all()
    average, everybody = model.average_curve(), model.predict(recid, model.average_curve()["time_days"])
    by_time = everybody.groupby("time_days")["estimate"].mean()
    np.testing.assert_allclose(average["estimate"], by_time, rtol=1e-10)
    assert average["estimate"].iloc[-1] == pytest.approx(1 - model.share_seen, abs=0.01)
    plain = split_population(recid, family="weibull", **TIME)
    one = plain.predict(people.head(1), plain.average_curve()["time_days"])
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(plain.average_curve()[name], one[name], rtol=1e-9)
    moves = 1e-6 * np.eye(len(model.terms))
    ways = [replace(model, _theta=model._theta + sign * m).predict(people, [12]) for m in moves for sign in (1, -1)]
    slope = np.array([a["estimate"] - b["estimate"] for a, b in zip(ways[::2], ways[1::2], strict=True)]).T / 2e-6
    error = np.sqrt(np.einsum("ij,jk,ik->i", slope, model.covariance(), slope))
    np.testing.assert_allclose(found["std_error"].iloc[[1, 4]], error, rtol=1e-5)
    with pytest.raises(EstimationError, match="beyond_follow_up=True"):
        model.predict(people, [120])
    assert model.predict(people, [120], beyond_follow_up=True)["extrapolated"].all()


def test_words_say_whether_the_follow_up_is_long_enough(recid: pd.DataFrame) -> None:
    short = split_population(recid, **TIME)
    assert not short.levelled_off
    assert "too short to see the curve level off: only 84%" in short.summary().notes[1]
    assert short.summary().headline.startswith("An estimated 46.0% (95% interval 41.6 to 50.6) ever reoffend")
    long = split_population(recid, family="weibull", **TIME)
    assert long.levelled_off
    assert "By the end of the follow-up 97%" in long.summary().notes[1]
    assert isinstance(short.plot(), Axes)
    with pytest.raises(InvariantError):
        type(short)(**{name: getattr(short, name) for name in short.__slots__} | {"_share": 1.5})


def test_families_side_by_side(recid: pd.DataFrame) -> None:
    found = compare_families(recid, families=["lognormal", "weibull"], **TIME)
    assert found.best == "lognormal"
    assert "moves by 6.3 percentage points with the family, from 39.7% to 46.0%" in found.summary().headline
    assert "38.5% were seen to by the end of the follow-up (81)" in found.summary().headline
    np.testing.assert_allclose(found.to_frame()["aic"], 6 - 2 * found.to_frame()["loglik"])
    assert isinstance(found.plot(), Axes)
    found.to_frame()["share_ever"] = 2
    assert found.to_frame()["share_ever"].max() < 1


def _never_level() -> pd.DataFrame:
    """Everybody reoffends in the end, at one rate; half are seen to."""
    time = -np.log(1 - (np.arange(300) + 0.5) / 300)
    end = np.log(2)
    return pd.DataFrame({"t": np.minimum(time, end), "e": (time < end).astype(int)})


def test_a_share_that_runs_to_one_is_a_sentence() -> None:
    rising = pd.DataFrame({"t": [1.0, 2, 2.5, 2.8, 3, 3.2, 3.5, 3.6, 3.8, 4.0, 4, 4, 4, 4], "e": [1] * 10 + [0] * 4})
    with pytest.raises(EstimationError, match="runs to 1: the curve does not level off within the follow-up"):
        split_population(rising, time="t", event="e", family="exponential")
    found = compare_families(_never_level(), time="t", event="e")
    assert len(found.left_out) + len(found.to_frame()) == 4
    everybody = rising.assign(e=1)
    with pytest.raises(EstimationError, match="No family gives a share"):
        compare_families(everybody, time="t", event="e")


def test_one_family_left(recid: pd.DataFrame) -> None:
    rising = pd.DataFrame({"t": [1.0, 2, 2.5, 2.8, 3, 3.2, 3.5, 3.6, 3.8, 4.0, 4, 4, 4, 4], "e": [1] * 10 + [0] * 4})
    try:
        found = compare_families(rising, time="t", event="e", families=["exponential", "weibull"])
    except EstimationError as error:
        assert "No family" in str(error)
    else:
        assert "left out" in " ".join(found.summary().notes)


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({}, {"strata": "black"}, "takes no `strata`"),
        ({}, {"family": "gamma"}, "`family` is one of"),
        ({}, {"ever": "priors"}, "list of column names"),
        ({}, {"ever": ["priors", "priors"]}, "names a column twice"),
        ({"black": 1}, {"timing": ["black"]}, "'black' is constant"),
        ({"felon": lambda d: 1 - d["black"]}, {"ever": ["black", "felon"]}, "determine one another"),
        ({"returned": lambda d: d["returned"] * d["black"]}, {"ever": ["black"]}, "odds ratio of ever reoffending"),
        ({"returned": lambda d: d["returned"] * d["black"]}, {"timing": ["black"]}, "time ratio has no finite"),
        ({}, {"robust": False, "cluster": "pair"}, "ignores the clusters"),
        ({"returned": 0}, {}, "never 1"),
        ({"w": -1}, {"weights": "w"}, "zero or negative"),
    ],
)
def test_refusals(recid: pd.DataFrame, changes: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(EstimationError, match=words):
        split_population(recid.assign(**changes), **TIME, **options)


@pytest.mark.parametrize("families", [["weibull"], ["weibull", "weibull"]])
def test_one_family_is_no_comparison(recid: pd.DataFrame, families: list[str]) -> None:
    with pytest.raises(EstimationError, match="at least two different families"):
        compare_families(recid, families=families, **TIME)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("times", [[3.0], [3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 5.0]])
def test_too_few_people_are_a_sentence(family: str, times: list[float]) -> None:
    data = pd.DataFrame({"t": times, "e": [1, 1, 1, 0][: len(times)]})
    with pytest.raises(EstimationError, match=r"runs to 1|no finite maximum"):
        split_population(data, time="t", event="e", family=family)


@pytest.mark.slow
@pytest.mark.parametrize("clustered", [False, True])
def test_intervals_of_the_share_cover_it(clustered: bool) -> None:
    """150 runs of 300 pairs whose two people are alike in whether and when: true share 0.4, followed long enough.

    The interval of the right family (by pair, where people are copies) covers within 3 Monte Carlo errors of 95%; the
    twin that takes copies for people does not.
    """
    runs, covered, twin = 150, 0, 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        n = 300
        time = np.where(rng.random(n) < 0.4, np.exp(1 + 0.8 * rng.normal(size=n)), np.inf)
        data = pd.DataFrame({"t": np.minimum(time, 25.0), "e": (time <= 25).astype(int), "pair": np.arange(n)})
        if clustered:
            data = pd.concat([data, data])
        share = split_population(data, time="t", event="e", cluster="pair" if clustered else None).share_ever.iloc[0]
        covered += int(share["conf_low"] <= 0.4 <= share["conf_high"])
        if clustered:
            naive = split_population(data, time="t", event="e").share_ever.iloc[0]
            twin += int(naive["conf_low"] <= 0.4 <= naive["conf_high"])
    slack = 3 * np.sqrt(0.95 * 0.05 / runs)
    assert 0.95 - slack <= covered / runs <= 0.99
    if clustered:
        assert twin / runs < 0.95 - slack
