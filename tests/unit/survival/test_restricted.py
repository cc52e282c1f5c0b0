"""Restricted mean time free of reoffending: by hand, the horizon, refusals in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import datasets
from dipeval.errors import EstimationError, InvariantError
from dipeval.survival.columns import read_rows
from dipeval.survival.curves.restricted import RESTRICTED_COLUMNS, RestrictedMean, restricted_mean, rmst_influence

ROSSI: dict[str, Any] = {"time": "weeks_to_arrest", "event": "arrested", "horizon": 52, "time_unit": "weeks"}


@pytest.fixture
def six() -> pd.DataFrame:
    """Six invented people: reoffended on days 2, 2 and 5; left on days 3, 5 and 8."""
    return pd.DataFrame({"days": [2, 2, 5, 3, 5, 8], "event": [1, 1, 1, 0, 0, 0], "arm": list("ababab")})


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    data = datasets.rossi()
    return data.assign(treated=data["fin"], pair=np.arange(432) // 2, person=np.arange(432) % 150, w=data["age"] / 20.0)


def _mean(data: pd.DataFrame, horizon: float, **options: Any) -> RestrictedMean:
    return restricted_mean(data, time="days", event="event", horizon=horizon, **options)


@pytest.mark.parametrize(("horizon", "mean"), [(1, None), (2, None), (3.5, 3), (5, 4), (6, 4 + 4 / 9), (8, 4 + 12 / 9)])
def test_the_area_worked_by_hand(six: pd.DataFrame, horizon: float, mean: float | None) -> None:
    """The curve is 1 to day 2, 2/3 to day 5, 4/9 to day 8."""
    if mean is None and horizon < 2:
        with pytest.raises(EstimationError, match="No event is seen in group all by 1"):
            _mean(six, horizon)
        return
    row = _mean(six, horizon).to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(2 if mean is None else mean, rel=1e-14)
    late, early = max(0.0, horizon - 5) * 4 / 9, max(0.0, min(horizon, 5) - 2) * 2 / 3
    variance = (early + late) ** 2 * 2 / (6 * 4) + late**2 / (3 * 2)
    if variance:
        assert row["std_error"] == pytest.approx(np.sqrt(variance), rel=1e-12)
    else:
        assert np.isnan(row["std_error"])


def test_a_curve_that_has_reached_zero_needs_no_more_follow_up() -> None:
    data = pd.DataFrame({"days": [1, 2, 3, 6], "event": [1, 1, 1, 1], "w": [1, 2, 3, 4]})
    frame = _mean(data, 365).to_frame()
    assert frame["estimate"].tolist() == [3]
    assert frame["std_error"].iloc[0] == pytest.approx(np.std(data["days"]) / 2)
    weighted = _mean(data, 365, weights="w").to_frame()
    assert weighted["estimate"].iloc[0] == pytest.approx(np.average(data["days"], weights=data["w"]))


def test_without_weights_the_jackknife_is_greenwood(rossi: pd.DataFrame) -> None:
    one = restricted_mean(rossi, by="treated", **ROSSI).to_frame()
    two = restricted_mean(rossi.assign(w=1.0), by="treated", weights="w", **ROSSI).to_frame()
    pd.testing.assert_frame_equal(one, two, rtol=1e-11)
    assert tuple(one.columns) == RESTRICTED_COLUMNS
    assert one["n"].tolist() == [216, 216, 432]
    assert one["n_events"].tolist() == [66, 48, 114]


def test_pairs_and_people_both_count(rossi: pd.DataFrame) -> None:
    errors = {
        name: restricted_mean(rossi, by="treated", weights="w", cluster=cluster, **ROSSI).to_frame()["std_error"]
        for name, cluster in (("rows", None), ("pair", "pair"), ("person", "person"), ("both", ["pair", "person"]))
    }
    expected = errors["pair"] ** 2 + errors["person"] ** 2 - errors["rows"] ** 2
    np.testing.assert_allclose(errors["both"] ** 2, expected, rtol=1e-10)


def test_a_person_with_several_rows_is_one_cluster_and_counted_once(rossi: pd.DataFrame) -> None:
    whole = rossi.assign(start=0, who=range(432))
    late = whole[whole["weeks_to_arrest"] > 10]
    split = pd.concat(
        [
            late.assign(weeks_to_arrest=10, arrested=0),
            late.assign(start=10),
            whole[whole["weeks_to_arrest"] <= 10],
        ]
    )
    once = restricted_mean(whole, by="treated", entry="start", id="who", **ROSSI)
    twice = restricted_mean(split, by="treated", entry="start", id="who", **ROSSI)
    pd.testing.assert_frame_equal(once.to_frame(), twice.to_frame(), rtol=1e-9)
    assert twice.clustered and not once.clustered


def test_the_influence_sums_to_nothing_and_squares_to_the_variance(rossi: pd.DataFrame) -> None:
    rows = read_rows(rossi, time="weeks_to_arrest", event="arrested", by="treated", weights="w")
    means, influence = rmst_influence(rows, 52)
    frame = restricted_mean(rossi, by="treated", weights="w", **ROSSI).to_frame()
    assert means.tolist() == frame["estimate"][:2].tolist()
    for code in (0, 1):
        parts = (rows.weight * influence)[rows.group == code]
        assert parts.sum() == pytest.approx(0, abs=1e-12)
        assert np.sqrt((parts**2).sum()) == pytest.approx(frame["std_error"][code], rel=1e-12)


def test_more_groups_are_compared_with_the_first(rossi: pd.DataFrame) -> None:
    ages = rossi.assign(ages=pd.cut(rossi["age"], [0, 20, 25, 99], labels=["a", "b", "c"]).astype(str))
    found = restricted_mean(ages, by="ages", **ROSSI)
    frame = found.to_frame()
    assert frame["group"].tolist() == ["a", "b", "c", "b minus a", "c minus a"]
    assert frame["n"].iloc[3] == frame["n"].iloc[0] + frame["n"].iloc[1]
    assert frame["estimate"].iloc[4] == frame["estimate"].iloc[2] - frame["estimate"].iloc[0]
    assert found.groups == ("a", "b", "c")
    headline = found.summary().headline
    assert headline.startswith("Within 52 weeks, people were free of reoffending for ")
    assert " weeks on average in group b (95% interval " in headline


def test_the_summary_says_how_much_longer(rossi: pd.DataFrame) -> None:
    summary = restricted_mean(rossi, by="treated", **ROSSI).summary()
    assert summary.headline == (
        "Within 52 weeks, the treated had 2.0 more weeks free of reoffending on average than the comparison group "
        "(95% interval \N{MINUS SIGN}0.3 to 4.4): 46.9 against 44.8."
    )
    assert summary.notes[1] == (
        "An interval of a difference includes 0: the data do not settle which group stays free for longer."
    )
    swapped = restricted_mean(rossi.assign(treated=1 - rossi["fin"]), by="treated", cluster="pair", **ROSSI).summary()
    assert "the treated had 2.0 fewer weeks free of reoffending" in swapped.headline
    assert "summed by cluster" in swapped.notes[0]
    alone = restricted_mean(rossi, **ROSSI)
    assert alone.summary().headline.startswith("Within 52 weeks, people were free of reoffending for 45.9 weeks")
    assert "<table>" in alone._repr_html_()


def test_everybody_on_one_day_leaves_no_error_to_claim() -> None:
    data = pd.DataFrame({"days": [4] * 6, "event": 1, "arm": list("ababab"), "w": np.arange(1.0, 7)})
    for options in ({}, {"weights": "w"}):
        for horizon in (4, 9):
            found = _mean(data, horizon, by="arm", **options)
            frame = found.to_frame()
            np.testing.assert_allclose(frame["estimate"], [4, 4, 0], atol=1e-12)
            assert frame[["std_error", "conf_low", "conf_high", "p_value"]].isna().all(axis=None)
            assert "The times of group a do not vary: no interval can be given." in found.summary().notes


def test_limits_stay_within_the_window() -> None:
    data = pd.DataFrame({"days": [9, 10, 10, 10], "event": [1, 0, 0, 0]})
    frame = _mean(data, 10).to_frame()
    assert frame["conf_high"].tolist() == [10]


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"horizon": 9}, "Group 'all' was followed for 8 and the mean was asked for up to 9"),
        ({}, {"horizon": 0}, "`horizon` is the end of the window"),
        ({}, {"horizon": "5"}, "`horizon` is the end of the window"),
        ({}, {"horizon": float("nan")}, "`horizon` is the end of the window"),
        ({}, {"level": 95}, "between 0 and 1"),
        ({"event": [1, 0, 1, 0, 1, 0]}, {"by": "arm"}, "No event is seen in group b by 5"),
        ({"event": 0}, {}, "All 6 rows are censored"),
        ({"event": [1, 2, 1, 2, 1, 2]}, {}, "3 of 6 rows are neither"),
        ({"days": [2, 2, 5, 3, 5, -8]}, {}, "negative in 1 rows"),
        ({"w": [0, 1, 1, 1, 1, 1]}, {"weights": "w"}, "zero or negative in 1 of 6"),
        ({"pair": 1}, {"cluster": "pair"}, "lies in one cluster"),
        ({"from": [3, 0, 0, 0, 0, 0]}, {"entry": "from"}, "not before 'days' in 1 rows"),
    ],
)
def test_what_cannot_be_estimated_is_a_sentence(
    six: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        _mean(six.assign(**change), **{"horizon": 5, **options})
    assert str(caught.value).endswith(".")


def test_a_mean_outside_the_window_is_a_bug_not_a_result(rossi: pd.DataFrame) -> None:
    good = restricted_mean(rossi, by="treated", **ROSSI)
    frame = good.to_frame()
    options: dict[str, Any] = {
        name: getattr(good, name) for name in ("level", "time_unit", "weighted", "clustered", "late_entry")
    }
    for wrong, horizon in ((frame, 40.0), (frame.assign(estimate=-1.0), 52.0), (frame.drop(columns="n"), 52.0)):
        with pytest.raises(InvariantError):
            RestrictedMean(_frame=wrong, horizon=horizon, **options)


def test_a_picture(rossi: pd.DataFrame) -> None:
    assert restricted_mean(rossi, by="treated", **ROSSI).plot().get_figure() is not None
