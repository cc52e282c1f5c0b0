"""Discrete time: rows by interval by hand, closed forms, the spline, invariances, and every refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from scipy.special import logit

from dipeval import datasets
from dipeval.errors import EstimationError
from dipeval.survival.columns import read_rows
from dipeval.survival.parametric import discrete_time, periods
from dipeval.survival.parametric.periods import regular_cuts, spread
from dipeval.survival.parametric.regression import natural_spline

TIME: dict[str, Any] = {"time": "weeks_to_arrest", "event": "arrested"}
NAMES = ["fin", "age", "prio"]


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    row = np.arange(432)
    return datasets.rossi().assign(pair=row // 2, w=1.0 + row % 3, start=row % 5)


def test_rows_by_interval_by_hand() -> None:
    """Weeks of seven days; one person enters on day 8, one event on the edge of a week, one censored at once."""
    data = pd.DataFrame({"t": [14, 15, 20, 0], "e": [1, 0, 1, 0], "start": [0, 8, 0, -1]})
    rows = read_rows(data, time="t", event="e", entry="start")
    found = spread(rows, regular_cuts(rows, 7.0))
    seen = pd.DataFrame(
        {
            "time": rows.time[found.row],
            "interval": found.interval,
            "event": found.event,
            "exposure": found.exposure,
        }
    )
    assert seen.values.tolist() == [
        [14, 1, False, 7],
        [14, 2, True, 7],
        [15, 2, False, 6],
        [15, 3, False, 1],
        [20, 1, False, 7],
        [20, 2, False, 7],
        [20, 3, True, 6],
    ]


def test_times_on_an_edge_by_rounding_are_on_it() -> None:
    data = pd.DataFrame({"t": [0.1 * 3, 0.7], "e": [1, 1]})
    rows = read_rows(data, time="t", event="e")
    assert spread(rows, regular_cuts(rows, 0.1)).interval.max() == 7
    assert len(spread(rows, regular_cuts(rows, 0.1))) == 10


def test_a_spline_is_straight_outside_and_smooth_inside() -> None:
    knots = [2.0, 4.0, 7.0, 9.0]
    x = np.linspace(0, 11, 23)
    columns = natural_spline(x, knots)
    assert columns.shape == (23, 3)
    bend = np.diff(columns, 2, axis=0)
    outside = (x[1:-1] < 1.9) | (x[1:-1] > 9.1)
    np.testing.assert_allclose(bend[outside[: len(bend)]], 0, atol=1e-12)
    assert np.abs(bend[~outside][:, 1:]).max() > 1e-3


def test_two_intervals_and_a_line_are_saturated() -> None:
    """A straight line through two intervals and one 0/1 covariate with nobody different: shares by hand."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"t": rng.integers(1, 3, 200), "x": np.arange(200) % 2})
    data["e"] = (rng.random(200) < 0.4).astype(int)
    model = discrete_time(data, covariates=["x"], time="t", event="e", knots=1)
    first = model.hazard({"x": 0.0})["estimate"].to_numpy()
    odds = model.hazard({"x": 1.0})["estimate"].to_numpy()
    np.testing.assert_allclose(logit(odds) - logit(first), model.to_frame()["estimate"][0], rtol=1e-9)
    # Events expected and seen agree in every interval and in every group.
    at_risk = [[((data["t"] >= k) & (data["x"] == x)).sum() for k in (1, 2)] for x in (0, 1)]
    expected = np.array([first, odds]) * at_risk
    seen = [[((data["t"] == k) & (data["x"] == x) & (data["e"] == 1)).sum() for k in (1, 2)] for x in (0, 1)]
    np.testing.assert_allclose(expected.sum(axis=0), np.sum(seen, axis=0), rtol=1e-9)
    np.testing.assert_allclose(expected.sum(axis=1), np.sum(seen, axis=1), rtol=1e-9)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_the_robust_error_is_by_row_of_the_table(rossi: pd.DataFrame, link: str) -> None:
    """A cluster a person gives what weights of one give; cutting people into spells changes nothing either."""
    options: dict[str, Any] = {"covariates": NAMES, "link": link, **TIME}
    by_row = discrete_time(rossi.assign(one=1), weights="one", **options)
    by_person = discrete_time(rossi.assign(person=rossi.index), cluster="person", **options)
    np.testing.assert_allclose(by_row.to_frame()["std_error"], by_person.to_frame()["std_error"], rtol=1e-10)
    long = rossi[rossi["weeks_to_arrest"] > 10].assign(person=lambda d: d.index)
    cut = pd.concat([long.assign(start=0, weeks_to_arrest=10, arrested=0), long.assign(start=10)])
    whole = discrete_time(long.assign(start=0), entry="start", cluster="person", **options).to_frame()
    spells = discrete_time(cut, entry="start", cluster="person", **options).to_frame()
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(spells[name], whole[name], rtol=1e-9)


def test_weights_order_and_unit(rossi: pd.DataFrame) -> None:
    options: dict[str, Any] = {"covariates": NAMES, **TIME}
    weighted = discrete_time(rossi, weights="w", cluster="pair", **options).to_frame()
    doubled = discrete_time(rossi.assign(w=2 * rossi["w"]), weights="w", cluster="pair", **options).to_frame()
    np.testing.assert_allclose(doubled["std_error"], weighted["std_error"], rtol=1e-10)
    repeated = discrete_time(rossi.loc[rossi.index.repeat(rossi["w"].astype(int))], knots=1, **options).to_frame()
    once = discrete_time(rossi, weights="w", knots=1, **options).to_frame()
    np.testing.assert_allclose(once["estimate"], repeated["estimate"], rtol=1e-9)
    shuffled = discrete_time(rossi.sample(frac=1, random_state=1), weights="w", cluster="pair", **options).to_frame()
    pd.testing.assert_frame_equal(shuffled, weighted, check_exact=True)
    days = rossi.assign(weeks_to_arrest=7 * rossi["weeks_to_arrest"])
    again = discrete_time(days, width=7, weights="w", cluster="pair", **options).to_frame()
    pd.testing.assert_frame_equal(again, weighted, rtol=1e-12)


def test_two_clusterings_that_are_one_give_its_errors(rossi: pd.DataFrame) -> None:
    one = discrete_time(rossi, covariates=NAMES, cluster="pair", **TIME).to_frame()
    both = discrete_time(rossi.assign(b=rossi["pair"]), covariates=NAMES, cluster=["pair", "b"], **TIME).to_frame()
    pd.testing.assert_frame_equal(both, one, rtol=1e-12)


def test_hazard_words_and_picture(rossi: pd.DataFrame) -> None:
    model = discrete_time(rossi.rename(columns={"fin": "treated"}), covariates=["treated", "age"], width=4, **TIME)
    frame = model.hazard()
    assert frame["interval"].tolist() == list(range(1, 14))
    assert frame["time_days"].iloc[-1] == 52
    assert (frame["conf_low"] < frame["estimate"]).all()
    assert (frame["estimate"] < frame["conf_high"]).all()
    # At average covariates the share free is close to, and by Jensen not, the share of all.
    assert frame["share_free"].iloc[-1] == pytest.approx(1 - 114 / 432, abs=0.05)
    assert model.summary().headline.startswith("In any interval, the odds of reoffending among the treated were ")
    cloglog = discrete_time(rossi, covariates=["fin"], link="cloglog", **TIME)
    assert "the rate of reoffending was" in cloglog.summary().headline
    assert isinstance(model.plot(), Axes)
    assert list(model.covariance().columns) == ["(Intercept)", "time[1]", "time[2]", "time[3]", "treated", "age"]
    with pytest.raises(EstimationError, match="one value for each of: treated, age"):
        model.hazard({"age": 20})


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({}, {"link": "probit"}, "`link` is 'logit' or 'cloglog'"),
        ({}, {"width": 0}, "`width` is the length"),
        ({}, {"width": "week"}, "`width` is the length"),
        ({}, {"knots": 0}, "whole number from 1"),
        ({}, {"knots": 2.5}, "whole number from 1"),
        ({}, {"width": 26}, "2 intervals are too few for a spline with 3"),
        ({}, {"covariates": []}, "with at least one"),
        ({"age": 1}, {}, "'age' is constant"),
        ({"age": lambda d: 3 - d["fin"]}, {}, "determine one another"),
        ({"arrested": lambda d: d["arrested"] * d["fin"]}, {}, "No event is seen in one of the two groups"),
        ({}, {"cluster": "mar"}, "2 clusters are too few"),
        ({"arrested": 0}, {}, "never 1"),
        ({"w": 0}, {"weights": "w"}, "zero or negative"),
        ({"prio": lambda d: (1 - d["arrested"]) * (1 + d["age"] % 3)}, {}, "did not settle"),
    ],
)
def test_refusals(rossi: pd.DataFrame, changes: dict[str, Any], options: dict[str, Any], words: str) -> None:
    given = {"covariates": NAMES, **TIME, **options}
    with pytest.raises(EstimationError, match=words):
        discrete_time(rossi.assign(**changes), **given)


def test_too_many_rows_are_refused_before_they_are_made(rossi: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "MOST_ROWS", 1000)
    with pytest.raises(EstimationError, match="432 rows would become 19,809 by interval"):
        discrete_time(rossi, covariates=NAMES, **TIME)
    with pytest.raises(EstimationError, match="take wider intervals"):
        discrete_time(rossi, covariates=NAMES, width=1e-5, **TIME)
