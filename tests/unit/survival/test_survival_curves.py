"""Kaplan-Meier: worked by hand, look-ups that refuse to guess, refusals in sentences, lifelines beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox, datasets, kaplan_meier, log_rank
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival import Curve
from dipeval.survival.curves.curve import CURVE_COLUMNS


@pytest.fixture
def six() -> pd.DataFrame:
    """Six invented people: reoffended on days 2, 2 and 5; left on days 3, 5 and 8."""
    return pd.DataFrame({"days": [2, 2, 5, 3, 5, 8], "event": [1, 1, 1, 0, 0, 0]})


def test_a_curve_worked_by_hand(six: pd.DataFrame) -> None:
    frame = kaplan_meier(six, time="days", event="event").to_frame()
    assert tuple(frame.columns) == CURVE_COLUMNS
    assert frame["time_days"].tolist() == [0, 2, 3, 5, 8]
    assert frame["n_at_risk"].tolist() == [6, 6, 4, 3, 1]
    assert frame["n_events"].tolist() == [0, 2, 0, 1, 0]
    assert frame["n_censored"].tolist() == [0, 0, 1, 1, 1]
    np.testing.assert_allclose(frame["estimate"], [1, 4 / 6, 4 / 6, 4 / 9, 4 / 9], rtol=1e-15)
    greenwood = np.sqrt(2 / (6 * 4) + 1 / (3 * 2)) * 4 / 9
    np.testing.assert_allclose(frame["std_error"].iloc[-1], greenwood, rtol=1e-14)
    assert frame.loc[0, ["conf_low", "conf_high"]].tolist() == [1, 1]


def test_robust_error_without_weights_is_greenwood(six: pd.DataFrame) -> None:
    plain = kaplan_meier(six, time="days", event="event").to_frame()
    own = kaplan_meier(six.assign(id=range(6)), time="days", event="event", cluster="id").to_frame()
    pd.testing.assert_frame_equal(plain, own, rtol=1e-12)


def _slow_robust_variance(data: pd.DataFrame, t: float) -> float:
    """Infinitesimal jackknife by its definition: each cluster's weights nudged, the curve worked out again."""

    def curve(weight: np.ndarray) -> float:
        value = 1.0
        for s in np.unique(data["days"][data["event"] == 1]):
            if s <= t:
                at_risk = weight[(data["entry"] < s) & (data["days"] >= s)].sum()
                value *= 1 - weight[(data["days"] == s) & (data["event"] == 1)].sum() / at_risk
        return value

    weight, step = data["w"].to_numpy(), 1e-6
    total = 0.0
    for name in data["pair"].unique():
        nudge = np.where(data["pair"] == name, weight * step, 0.0)
        total += ((curve(weight + nudge) - curve(weight - nudge)) / (2 * step)) ** 2
    return total


def test_the_fast_robust_variance_is_the_slow_one_with_entry_weights_and_clusters() -> None:
    rng = np.random.default_rng(5)
    entry = rng.integers(0, 5, 60)
    data = pd.DataFrame(
        {
            "entry": entry,
            "days": entry + rng.integers(1, 15, 60),
            "event": rng.integers(0, 2, 60),
            "w": rng.uniform(0.2, 3, 60),
            "pair": rng.integers(0, 20, 60),
        }
    )
    curve = kaplan_meier(data, time="days", event="event", entry="entry", weights="w", cluster="pair")
    for row in curve.at([3, 6, 9, 12]).to_dict("records"):
        assert row["std_error"] ** 2 == pytest.approx(_slow_robust_variance(data, row["time_days"]), rel=1e-6)


def test_where_everyone_left_has_reoffended_no_error_is_claimed() -> None:
    data = pd.DataFrame({"days": [1, 2, 3], "event": [1, 1, 1], "w": [0.1, 0.2, 0.7]})
    for options in ({}, {"weights": "w"}):
        last = kaplan_meier(data, time="days", event="event", **options).to_frame().iloc[-1]
        assert last["estimate"] == 0
        assert np.isnan(last[["std_error", "conf_low", "conf_high"]].astype(float)).all()


def test_lifelines_agrees_on_the_plain_curve() -> None:
    from lifelines import KaplanMeierFitter

    data = datasets.recid()
    frame = kaplan_meier(data, time="months_to_return", event="returned").to_frame()
    fitter = KaplanMeierFitter().fit(data["months_to_return"], data["returned"])
    theirs = fitter.survival_function_at_times(frame["time_days"]).to_numpy()
    np.testing.assert_allclose(frame["estimate"], theirs, rtol=1e-13)
    limits = fitter.confidence_interval_.loc[frame["time_days"].iloc[1:]].to_numpy()
    started = (frame["estimate"] < 1).to_numpy()[1:]
    np.testing.assert_allclose(frame[["conf_low", "conf_high"]].iloc[1:][started], limits[started], rtol=1e-12)


def test_look_ups_step_and_refuse_to_go_beyond(six: pd.DataFrame) -> None:
    curve = kaplan_meier(six, time="days", event="event")
    assert curve.at([0, 1.9, 2, 4.9]).round(4)["estimate"].tolist() == [1, 1, 0.6667, 0.6667]
    assert curve.at(8)["time_days"].tolist() == [8]
    with pytest.raises(EstimationError, match="followed for 8 days"):
        curve.at([8.01])
    with pytest.raises(EstimationError, match="from 0 on"):
        curve.at([-1])


def test_medians_and_quantiles(six: pd.DataFrame) -> None:
    curve = kaplan_meier(six, time="days", event="event")
    assert curve.median()["time_days"].tolist() == [5]
    assert np.isnan(curve.quantile(0.9)["time_days"].iloc[0])
    resting = pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 1, 1, 1]})
    assert kaplan_meier(resting, time="days", event="event").median()["time_days"].tolist() == [2.5]
    with pytest.raises(EstimationError, match="between 0 and 1"):
        curve.quantile(1.0)


def test_groups_are_named_for_readers(six: pd.DataFrame) -> None:
    data = six.assign(treated=[1, 0, 0, 1, 0, 1], arm=["b", "a", "a", "b", "a", "b"])
    assert kaplan_meier(data, time="days", event="event", by="treated").groups == ("comparison", "treated")
    assert kaplan_meier(data, time="days", event="event", by="arm").groups == ("a", "b")
    assert kaplan_meier(data.astype({"treated": bool}), time="days", event="event", by="treated").groups == (
        "comparison",
        "treated",
    )


def test_late_entrants_count_only_after_entry() -> None:
    data = pd.DataFrame({"entry": [0, 0, 3, 5], "days": [4, 9, 7, 9], "event": [1, 0, 1, 0]})
    frame = kaplan_meier(data, time="days", event="event", entry="entry").to_frame()
    assert frame["time_days"].tolist() == [0, 3, 4, 5, 7, 9]
    assert frame["n_at_risk"].tolist() == [2, 2, 3, 2, 3, 2]


def test_counts_stay_people_when_there_are_weights(six: pd.DataFrame) -> None:
    plain = kaplan_meier(six, time="days", event="event").to_frame()
    weighted = kaplan_meier(six.assign(w=2.5), time="days", event="event", weights="w").to_frame()
    counts = ["n_at_risk", "n_events", "n_censored"]
    pd.testing.assert_frame_equal(plain[counts], weighted[counts])


def test_the_frame_is_a_copy_and_the_input_is_left_alone(six: pd.DataFrame) -> None:
    before = six.copy()
    curve = kaplan_meier(six, time="days", event="event")
    curve.to_frame()["estimate"] = 0
    assert curve.at(0)["estimate"].tolist() == [1]
    pd.testing.assert_frame_equal(six, before)


def test_summary_says_shares_method_and_people() -> None:
    data = datasets.rossi().assign(w=1.0)
    options: dict[str, Any] = {"time": "weeks_to_arrest", "event": "arrested", "by": "fin", "time_unit": "weeks"}
    summary = kaplan_meier(data, **options).summary()
    assert summary.headline.startswith("By 52 weeks, 30.6% of group 0 (95% interval 24.9 to 37.2) and 22.2% of group 1")
    assert summary.to_frame()["Reoffended"].tolist() == [66, 48]
    assert "Greenwood" in summary.notes[0]
    robust = kaplan_meier(data, weights="w", cluster="age", **options)
    assert "summed by cluster" in robust.summary().notes[0]
    assert "<table>" in robust._repr_html_()


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"days": [2, 2, 5, 3, 5, -8]}, {}, "negative in 1 rows"),
        ({"days": [2, 2, 5, 3, 5, np.nan]}, {}, "missing in 1 of 6 rows"),
        ({"days": [2, 2, 5, 3, 5, np.inf]}, {}, "infinite in 1 rows"),
        ({"days": list("abcdef")}, {}, "not numeric"),
        ({"days": pd.to_datetime(["2010-01-01"] * 6)}, {}, "whole days"),
        ({"days": [0, 2, 5, 3, 5, 8]}, {}, "1 events happen at time 0"),
        ({"event": [1, 2, 1, 2, 1, 2]}, {}, "3 of 6 rows are neither"),
        ({"event": [0] * 6}, {}, "All 6 rows are censored"),
        ({"entry": [2, 0, 0, 0, 0, 9]}, {"entry": "entry"}, "not before 'days' in 2 rows"),
        ({"w": [0, 1, 1, 1, -1, 1]}, {"weights": "w"}, "zero or negative in 2 of 6"),
        ({"w": [None, 1, 1, 1, 1, 1]}, {"weights": "w"}, "missing in 1"),
        ({"arm": list("aaabbb")}, {"by": "arm"}, "No event is seen in group b"),
        ({"pair": 1}, {"cluster": ["pair", "pair"]}, "list of two different ones"),
        ({}, {"level": 95}, "between 0 and 1"),
        ({}, {"level": "0.95"}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_estimated_is_a_sentence(
    six: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        kaplan_meier(six.assign(**change), time="days", event="event", **options)
    assert str(caught.value).endswith(".")


def test_wrong_tables_are_sentences_too(six: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no column 'week' in the table; it has: days, event"):
        kaplan_meier(six, time="week", event="event")
    with pytest.raises(InputError, match="DataFrame is needed"):
        kaplan_meier({"days": [1]}, time="days", event="event")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="no rows"):
        kaplan_meier(six.iloc[:0], time="days", event="event")
    twice = pd.concat([six, six[["days"]]], axis=1)
    with pytest.raises(InputError, match="2 columns are called 'days'"):
        kaplan_meier(twice, time="days", event="event")


@pytest.mark.parametrize("option", ["by", "weights", "entry"])
def test_a_column_is_named_and_never_passed_itself(six: pd.DataFrame, option: str) -> None:
    for wrong in (["days"], six["days"], six[["days"]], six["days"].to_numpy()):
        with pytest.raises(InputError, match=f"`{option}` takes the name of one column") as caught:
            kaplan_meier(six, time="days", event="event", **{option: wrong})
        assert type(wrong).__name__ in str(caught.value)


def test_lists_of_columns_are_lists_of_names(six: pd.DataFrame) -> None:
    data = six.assign(arm=[0, 1, 0, 1, 0, 1])
    with pytest.raises(InputError, match="`strata` takes a list of column names"):
        log_rank(data, time="days", event="event", by="arm", strata=data["days"])  # type: ignore[arg-type]
    wrong: Any
    for wrong in (None, 5, data["days"]):
        with pytest.raises(InputError, match="`covariates` takes a list of column names"):
            cox(data, time="days", event="event", covariates=wrong)
    with pytest.raises(InputError, match="`covariates` takes the name of one column"):
        cox(data, time="days", event="event", covariates=[["arm"]])  # type: ignore[list-item]
    assert cox(data, time="days", event="event", covariates=data.columns[[-1]]).terms == ("arm",)  # type: ignore[arg-type]


@pytest.mark.parametrize("rho", ["a", None, True, -1, float("nan"), [1]])
def test_rho_is_a_number(six: pd.DataFrame, rho: Any) -> None:
    with pytest.raises(EstimationError, match="`rho` is 0"):
        log_rank(six.assign(arm=[0, 1, 0, 1, 0, 1]), time="days", event="event", by="arm", rho=rho)


def test_a_curve_that_rises_is_a_bug_not_a_result(six: pd.DataFrame) -> None:
    good = kaplan_meier(six, time="days", event="event")
    options: dict[str, Any] = {
        "level": 0.95,
        "time_unit": "days",
        "weighted": False,
        "clustered": False,
        "late_entry": False,
    }
    frame = good.to_frame()
    for wrong in (
        frame.assign(estimate=frame["estimate"].to_numpy()[::-1]),
        frame.iloc[1:],
        frame.drop(columns="group"),
    ):
        with pytest.raises(InvariantError):
            Curve(_frame=wrong, **options)
