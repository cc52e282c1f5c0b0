"""The test of proportional hazards: its words, its picture, its robust form, and what it finds."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox, datasets
from dipeval.errors import EstimationError
from dipeval.survival import CoxModel
from dipeval.survival.hazards.proportional_result import ProportionalHazardsTest

TIME: dict[str, Any] = {"time": "weeks_to_arrest", "event": "arrested"}


@pytest.fixture(scope="module")
def model() -> CoxModel:
    return cox(datasets.rossi(), covariates=["fin", "age", "prio"], **TIME)


def test_a_hazard_ratio_that_turns_round_is_found_and_a_steady_one_is_not() -> None:
    rng = np.random.default_rng(11)
    n = 3000
    x, z = rng.integers(0, 2, n), rng.normal(size=n)
    early = rng.exponential(40 * np.exp(-1.0 * x - 0.5 * z))
    late = rng.exponential(40 * np.exp(1.0 * x - 0.5 * z))
    time = np.where(early < 20, early, 20 + late)
    data = pd.DataFrame({"time": np.ceil(np.minimum(time, 80)), "event": (time < 80).astype(int), "x": x, "z": z})
    frame = cox(data, covariates=["x", "z"], time="time", event="event").proportional_hazards_test().to_frame()
    p = frame.set_index("term")["p_value"]
    assert p["x"] < 1e-10 < 0.01 < p["z"]
    assert p["GLOBAL"] < 1e-10


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_it_is_the_score_test_of_a_covariate_that_changes_with_time(transform: str) -> None:
    """Rows cut at every event time, with covariate x g(time) as a column of its own: its score test, by hand."""
    from dipeval.survival.columns import read_rows
    from dipeval.survival.hazards.kernel import build_cells, evaluate

    data = datasets.rossi().iloc[:120].assign(id=range(120))
    fitted = cox(data, covariates=["fin", "age"], **TIME)
    test = fitted.proportional_hazards_test(transform)
    g = test.residuals().groupby("time_days")["transformed"].first()
    cuts = np.concatenate([[0], g.index.to_numpy()])
    rows = []
    for start, stop in pairwise(cuts):
        part = data[data["weeks_to_arrest"] > start]
        rows.append(
            part.assign(
                start=start,
                stop=stop,
                hit=(part["arrested"] == 1) & (part["weeks_to_arrest"] == stop),
                later=part["age"] * (g[stop] - g.mean()),
            )[part["weeks_to_arrest"] >= stop]
        )
    split = read_rows(pd.concat(rows), time="stop", event="hit", entry="start", covariates=["fin", "age", "later"])
    cells, used = build_cells(split, "efron")
    inside = split.take(used)
    beta = np.append(fitted.to_frame()["estimate"].to_numpy(), 0.0)
    at = evaluate(cells, inside.covariates, inside.weight, beta)
    statistic = at.score @ np.linalg.solve(at.information, at.score)
    assert test.to_frame()["statistic"][1] == pytest.approx(statistic, rel=1e-8)


def test_the_robust_form_does_not_take_weights_for_people() -> None:
    data = datasets.rossi().assign(w=1.0, w10=10.0, pair=np.arange(432) // 2)
    options: dict[str, Any] = {"covariates": ["fin", "age"], **TIME}
    plain = cox(data, robust=True, **options).proportional_hazards_test(robust=True).to_frame()
    for weights in ("w", "w10"):
        model = cox(data, weights=weights, **options)
        pd.testing.assert_frame_equal(model.proportional_hazards_test(robust=True).to_frame(), plain, rtol=1e-9)
        pd.testing.assert_frame_equal(model.proportional_hazards_test().to_frame(), plain, rtol=1e-9)
    tenfold = cox(data, weights="w10", **options).proportional_hazards_test(robust=False).to_frame()
    once = cox(data, **options).proportional_hazards_test().to_frame()
    np.testing.assert_allclose(tenfold["statistic"], 10 * once["statistic"], rtol=1e-9)
    clustered = cox(data, cluster="pair", **options)
    assert (clustered.proportional_hazards_test(robust=True).to_frame()["statistic"] != plain["statistic"]).all()
    notes = clustered.proportional_hazards_test(robust=False).summary().notes
    assert "takes clusters as unrelated; robust=True gives the test that does not" in notes[-1]
    both = cox(data, weights="w", cluster="pair", **options).proportional_hazards_test(robust=False).summary()
    assert "weights as people and clusters as unrelated" in both.notes[-1]
    assert "robust variance" in clustered.proportional_hazards_test().summary().notes[0]


def test_summary_says_what_changes(model: CoxModel) -> None:
    summary = model.proportional_hazards_test().summary()
    assert summary.headline.startswith("The hazard ratio of 'Age' changes with time (p below 0.05); all terms together")
    steady = cox(datasets.rossi(), covariates=["fin"], **TIME).proportional_hazards_test().summary()
    assert "No term's hazard ratio can be told apart from one that stays the same" in steady.headline
    assert "on 1 degree of freedom" in steady.headline
    assert summary.table["Term"].tolist() == ["Fin", "Age", "Prio", "All together"]


def test_row_order_changes_no_bit() -> None:
    data = datasets.rossi()
    one, two = (
        cox(d, covariates=["fin", "age"], **TIME).proportional_hazards_test().to_frame()
        for d in (data, data.sample(frac=1, random_state=2))
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_picture_and_smooth(model: CoxModel) -> None:
    test = model.proportional_hazards_test("identity")
    assert isinstance(test, ProportionalHazardsTest)
    axes = test.plot()
    assert axes.get_ylabel() == "Log hazard ratio of Age"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        *("One event", "Smooth, with band", "Hazard ratio of 1")
    ]
    other = test.plot(term="prio", ax=axes)
    assert other is axes
    smooth = test.smooth("fin")
    assert ((smooth["conf_low"] < smooth["estimate"]) & (smooth["estimate"] < smooth["conf_high"])).all()
    assert smooth["time_days"].is_monotonic_increasing
    scaled = test.residuals()
    assert len(scaled) == 114
    assert scaled["fin"].mean() == pytest.approx(model.to_frame()["estimate"][0], rel=1e-9)
    level = np.polynomial.polynomial.polyfit(scaled["time_days"], scaled["age"], 1)[1]
    assert level < 0  # the older reoffend less, and the more so the later


def test_two_event_times_are_enough_for_a_picture() -> None:
    data = pd.DataFrame({"time": [1, 1, 2, 2, 3, 3], "event": [1, 1, 1, 1, 0, 0], "x": [0, 1, 1, 0, 1, 0.5]})
    test = cox(data, covariates=["x"], time="time", event="event").proportional_hazards_test()
    assert test.plot().get_xlabel() == "Time (spaced as in the test)"


def test_what_cannot_be_tested_is_a_sentence(model: CoxModel) -> None:
    with pytest.raises(EstimationError, match="one of km, rank, identity, log"):
        model.proportional_hazards_test("sqrt")
    with pytest.raises(EstimationError, match="one of fin, age, prio; 'race' is not in the model"):
        model.proportional_hazards_test().plot(term="race")
    data = pd.DataFrame({"time": [1, 1, 1, 2, 2], "event": [1, 1, 1, 0, 0], "x": [0, 2, 1, 1, 2.5]})
    once = cox(data, covariates=["x"], time="time", event="event")
    with pytest.raises(EstimationError, match="All events happen at one time"):
        once.proportional_hazards_test()


@pytest.mark.slow
def test_with_propensity_weights_the_default_finds_changes_about_as_often_as_it_says() -> None:
    """The hazard ratio never changes: of 400 tests at 5%, the form of R rejects far more, the default about 20."""
    random = np.random.default_rng(0)
    found: dict[bool | None, list[float]] = {None: [], False: []}
    for _ in range(400):
        x = random.normal(size=300)
        score = 1 / (1 + np.exp(-x))
        treated = (random.random(300) < score).astype(int)
        times, ends = random.exponential(1, 300), random.uniform(0.3, 2, 300)
        data = pd.DataFrame({"time": np.minimum(times, ends), "event": (times <= ends).astype(int), "treated": treated})
        data["w"] = np.where(treated == 1, 1 / score, 1 / (1 - score))
        model = cox(data, covariates=["treated"], time="time", event="event", weights="w")
        for robust, values in found.items():
            values.append(model.proportional_hazards_test(robust=robust).to_frame()["p_value"].iloc[-1])
    shares = {robust: np.mean(np.array(values) < 0.05) for robust, values in found.items()}
    assert 0.02 < shares[None] < 0.09
    assert shares[False] > 0.15
