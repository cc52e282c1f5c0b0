"""Cox models and log-rank tests: options, words, and every refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox, datasets, log_rank
from dipeval.errors import EstimationError, InputError

TIME: dict[str, Any] = {"time": "weeks_to_arrest", "event": "arrested"}


@pytest.fixture
def rossi() -> pd.DataFrame:
    return datasets.rossi()


@pytest.fixture
def twelve() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            "event": [1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0],
            "x": [0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0],
            "z": [3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8],
        }
    )


def test_the_frame_has_the_documented_columns(rossi: pd.DataFrame) -> None:
    frame = cox(rossi, covariates=["fin", "age"], **TIME).to_frame()
    assert list(frame.columns) == [
        *("term", "estimate", "std_error", "conf_low", "conf_high", "p_value"),
        *("hazard_ratio", "hr_low", "hr_high", "n", "n_events"),
    ]
    np.testing.assert_allclose(np.log(frame["hr_low"]), frame["conf_low"], rtol=1e-12)
    assert frame["n"].tolist() == [432, 432]
    assert frame["n_events"].tolist() == [114, 114]


def test_two_people_by_hand() -> None:
    """Three rows, one covariate: the likelihood is e^b/(2 + e^b) times 1/(1 + 1); no maximum, so refused."""
    data = pd.DataFrame({"time": [1, 2, 3], "event": [1, 1, 0], "x": [1, 0, 0]})
    with pytest.raises(EstimationError, match="no finite estimate"):
        cox(data, covariates=["x"], time="time", event="event")


def test_a_likelihood_worked_by_hand() -> None:
    """x = 0 at day 1, x = 1 at day 2, x = 0 censored: L = 1/(2 + e^b) * e^b/(e^b + 1), largest at e^(2b) = 2."""
    data = pd.DataFrame({"time": [1, 2, 3], "event": [1, 1, 0], "x": [0, 1, 0]})
    model = cox(data, covariates=["x"], time="time", event="event")
    assert model.to_frame()["estimate"][0] == pytest.approx(np.log(2) / 2, rel=1e-12)
    r = np.sqrt(2)
    assert model.loglik == pytest.approx(np.log(r / ((2 + r) * (1 + r))), rel=1e-12)
    assert model.loglik_null == pytest.approx(-np.log(6), rel=1e-12)


def test_robust_by_default_only_with_weights_or_clusters(rossi: pd.DataFrame) -> None:
    data = rossi.assign(w=1.0, pair=np.arange(432) // 2)
    assert not cox(data, covariates=["fin"], **TIME).robust
    assert cox(data, covariates=["fin"], weights="w", **TIME).robust
    clustered = cox(data, covariates=["fin"], cluster="pair", **TIME)
    assert clustered.method == "Cox model, Efron ties, cluster-robust standard errors"
    model_based = cox(data, covariates=["fin"], weights="w", robust=False, **TIME)
    assert model_based.method == "Cox model, Efron ties, weighted, model-based standard errors"
    assert clustered.overall_tests()["test"].tolist() == ["Wald (robust)", "score (robust)"]


def test_doubling_weights_halves_the_model_variance_and_leaves_the_robust_one(rossi: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    data = rossi.assign(w=rng.uniform(0.5, 2, 432)).assign(w2=lambda d: 2 * d["w"])
    one, two = (cox(data, covariates=["fin", "age"], weights=w, **TIME) for w in ("w", "w2"))
    np.testing.assert_allclose(one.covariance(), two.covariance(), rtol=1e-10)
    np.testing.assert_allclose(one.covariance(robust=False), 2 * two.covariance(robust=False), rtol=1e-10)


def test_badly_scaled_covariates_do_not_matter(rossi: pd.DataFrame) -> None:
    scaled = rossi.assign(age=rossi["age"] * 1e6 + 1e9)
    plain = cox(rossi, covariates=["fin", "age"], **TIME).to_frame()
    wide = cox(scaled, covariates=["fin", "age"], **TIME).to_frame()
    np.testing.assert_allclose(wide["estimate"] * [1, 1e6], plain["estimate"], rtol=1e-9)
    np.testing.assert_allclose(wide["std_error"] * [1, 1e6], plain["std_error"], rtol=1e-9)


def test_yes_no_columns_and_several_strata(rossi: pd.DataFrame) -> None:
    plain = cox(rossi, covariates=["fin"], strata=["race", "mar"], **TIME)
    both = rossi.assign(fin=rossi["fin"].astype(bool), cell=rossi["race"] * 2 + rossi["mar"])
    joint = cox(both, covariates=["fin"], strata="cell", **TIME)
    np.testing.assert_allclose(plain.to_frame()["estimate"], joint.to_frame()["estimate"], rtol=1e-12)
    assert "stratified" in plain.method


def test_summary_is_plain_and_names_its_method(rossi: pd.DataFrame) -> None:
    summary = cox(rossi.rename(columns={"fin": "treated"}), covariates=["treated"], **TIME).summary()
    assert "among the treated was 31% lower than in the comparison group" in summary.headline
    other = cox(rossi, covariates=["prio", "fin"], **TIME).summary()
    assert "higher per unit of 'Prio', other terms held" in other.headline
    assert "hazard ratio 0.69 (95% interval 0.48 to 1.00)" in summary.headline
    assert "432 rows, 114 events" in summary.notes[0]


def test_strong_effects_are_not_taken_for_separation() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=4000)
    time = rng.exponential(200 * np.exp(-3.0 * x))
    data = pd.DataFrame({"time": np.minimum(time, 5000), "event": (time <= 5000).astype(int), "x": x})
    found = cox(data, covariates=["x"], time="time", event="event").to_frame()
    assert abs(found["estimate"][0] - 3.0) < 0.2


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"covariates": "x"}, "list of column names"),
        ({}, {"covariates": []}, "at least one"),
        ({}, {"covariates": ["x", "x"]}, "twice"),
        ({}, {"ties": "discrete"}, "'discrete' is not available"),
        ({"pair": range(12)}, {"cluster": "pair", "robust": False}, "ignores the clusters"),
        ({"pair": 1}, {"cluster": "pair"}, "1 clusters in 'pair' are too few"),
        ({"x": 1}, {}, "'x' is constant over all 12 rows"),
        ({"x": list("abababababab")}, {}, "turn categories into 0/1"),
        ({"x": [None] + [1] * 5 + [0] * 6}, {}, "missing in 1 of 12"),
        ({"event": [1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]}, {}, "No event is seen in one of the two groups of 'x'"),
        ({"x": range(12, 0, -1)}, {}, r"has no finite estimate: the covariates tell perfectly"),
        ({"y": lambda d: 1 - d["x"]}, {"covariates": ["x", "z", "y"]}, "'x', 'y' determine one another"),
        ({"s": lambda d: d["x"]}, {"strata": "s"}, "same for everyone at risk together"),
        ({"event": 0}, {}, "censored"),
        ({"time": lambda d: -d["time"]}, {}, "negative in 12"),
        ({"event": lambda d: d["event"] + 1}, {}, "rows are neither"),
        ({"start": lambda d: d["time"]}, {"entry": "start"}, "not before 'time' in 12 rows"),
        ({"w": 0.0}, {"weights": "w"}, "zero or negative in 12 of 12"),
    ],
)
def test_what_cannot_be_fitted_is_a_sentence(
    twelve: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        cox(twelve.assign(**change), **{"covariates": ["x"], "time": "time", "event": "event", **options})
    assert str(caught.value).endswith((".", ")."))


def test_only_what_was_fitted_is_handed_out(rossi: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="robust=True"):
        cox(rossi, covariates=["fin"], **TIME).covariance(robust=True)
    with pytest.raises(InputError, match="no column 'aid'"):
        cox(rossi, covariates=["aid"], **TIME)


def test_log_rank_by_hand() -> None:
    """Day 1: 1 of 4 (2 a group); day 2: 1 of 3 (1 and 2): expected in b 1/2 + 2/3, variance 1/4 + 2/9."""
    data = pd.DataFrame({"time": [1, 2, 3, 3], "event": [1, 1, 0, 0], "arm": ["a", "b", "a", "b"]})
    test = log_rank(data, time="time", event="event", by="arm")
    frame = test.to_frame().set_index("group")
    assert frame.loc["b", "expected"] == pytest.approx(1 / 2 + 2 / 3)
    assert test.variance().loc["b", "b"] == pytest.approx(1 / 4 + 2 / 9)
    assert test.statistic == pytest.approx((1 - 7 / 6) ** 2 / (17 / 36))
    assert (test.df, frame["n"].tolist()) == (1, [2, 2])


def test_lifelines_agrees_on_several_groups(rossi: pd.DataFrame) -> None:
    from lifelines.statistics import multivariate_logrank_test

    data = rossi.assign(record=rossi["prio"].clip(upper=4))
    ours = log_rank(data, by="record", **TIME)
    theirs = multivariate_logrank_test(data["weeks_to_arrest"], data["record"], data["arrested"])
    assert ours.df == 4
    assert ours.statistic == pytest.approx(theirs.test_statistic, rel=1e-10)
    assert ours.p_value == pytest.approx(theirs.p_value, rel=1e-9)


def test_robust_log_rank_is_the_robust_score_of_cox(rossi: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    data = rossi.assign(w=rng.uniform(0.3, 3, 432), pair=np.arange(432) // 2)
    options = {"weights": "w", "cluster": "pair"}
    test = log_rank(data, by="fin", **TIME, **options)
    model = cox(data, covariates=["fin"], **TIME, **options)
    assert test.statistic == pytest.approx(model.robust_score_statistic, rel=1e-10)
    assert "weighted Cox model" in test.method
    assert "summed by cluster" in test.summary().notes[0]


def test_log_rank_in_words(rossi: pd.DataFrame) -> None:
    summary = log_rank(rossi, by="fin", **TIME).summary()
    assert summary.headline == (
        "The curves cannot be told apart at the 5% level: chi-square 3.84 on 1 degree of freedom, p = 0.050."
    )
    assert summary.notes[0] == "Log-rank test."


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"x": 1}, {}, "one group only"),
        ({"pair": [1, 2] * 6}, {"cluster": "pair"}, "too few for a robust test"),
        ({}, {"rho": -1}, "`rho` is 0"),
        ({"x": [0] * 11 + [1], "time": [2, *range(2, 12), 1]}, {}, "never at risk when an event happens"),
        ({"w": -1.0}, {"weights": "w"}, "zero or negative"),
    ],
)
def test_tests_that_cannot_be_made_are_sentences(
    twelve: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(EstimationError, match=words):
        log_rank(twelve.assign(**change), **{"by": "x", "time": "time", "event": "event", **options})
