"""Kaplan-Meier's options: scales of the limits, robust or not, people with several rows, two groups at one time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import datasets
from dipeval.errors import EstimationError
from dipeval.survival.curves.curve import Curve, kaplan_meier

ROSSI: dict[str, Any] = {"time": "weeks_to_arrest", "event": "arrested", "by": "treated", "time_unit": "weeks"}


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    data = datasets.rossi()
    return data.assign(treated=data["fin"], pair=np.arange(432) // 2, w=np.where(data["age"] > 23, 2.0, 0.5))


@pytest.fixture
def six() -> pd.DataFrame:
    """Six invented people: reoffended on days 2, 2 and 5; left on days 3, 5 and 8."""
    return pd.DataFrame({"days": [2, 2, 5, 3, 5, 8], "event": [1, 1, 1, 0, 0, 0], "w": [1, 2, 3, 1, 1, 4]})


def test_limits_worked_by_hand(six: pd.DataFrame) -> None:
    z = 1.959963984540054
    error = np.sqrt(2 / (6 * 4) + 1 / (3 * 2)) * 4 / 9
    for limits, low, high in (
        ("plain", max(4 / 9 - z * error, 0), 4 / 9 + z * error),
        ("log", 4 / 9 * np.exp(-z * error * 9 / 4), min(4 / 9 * np.exp(z * error * 9 / 4), 1)),
    ):
        last = kaplan_meier(six, time="days", event="event", limits=limits).at(8)
        np.testing.assert_allclose(last[["conf_low", "conf_high"]].to_numpy()[0], [low, high], rtol=1e-12)


def test_the_summary_names_the_limits_and_the_variance(six: pd.DataFrame) -> None:
    plain = kaplan_meier(six, time="days", event="event", weights="w", robust=False, limits="plain")
    assert plain.summary().notes[0] == (
        "Kaplan-Meier estimate. Greenwood variance with weighted counts; plain limits, pointwise."
    )
    assert (
        "infinitesimal jackknife); log limits"
        in kaplan_meier(six, time="days", event="event", robust=True, limits="log").summary().notes[0]
    )


def test_greenwood_with_weighted_counts_is_not_what_doubling_weights_should_do(six: pd.DataFrame) -> None:
    options: dict[str, Any] = {"time": "days", "event": "event", "weights": "w"}
    twice = six.assign(w=2 * six["w"])
    errors = [kaplan_meier(d, robust=False, **options).at(5)["std_error"].iloc[0] for d in (six, twice)]
    assert errors[0] == pytest.approx(np.sqrt(2) * errors[1])
    errors = [kaplan_meier(d, **options).at(5)["std_error"].iloc[0] for d in (six, twice)]
    assert errors[0] == pytest.approx(errors[1])


def test_the_effective_number_at_risk(six: pd.DataFrame) -> None:
    plain = kaplan_meier(six, time="days", event="event").to_frame()
    assert plain["n_effective"].tolist() == plain["n_at_risk"].tolist()
    weighted = kaplan_meier(six, time="days", event="event", weights="w").to_frame()
    np.testing.assert_allclose(weighted["n_effective"], [144 / 32, 144 / 32, 81 / 27, 64 / 26, 1], rtol=1e-14)
    gap = pd.DataFrame({"from": [0, 6], "days": [4, 9], "event": [1, 1], "w": [1, 2]})
    steps = kaplan_meier(gap.assign(event=[0, 1]), time="days", event="event", entry="from", weights="w").to_frame()
    assert steps["n_at_risk"].tolist() == [1, 1, 0, 1]
    assert steps["n_effective"].isna().tolist() == [False, False, True, False]


def test_a_person_with_several_rows_is_one_cluster() -> None:
    data = pd.DataFrame(
        {
            "person": list("aabbccdd"),
            "from": [0, 4, 0, 3, 0, 5, 0, 2],
            "days": [4, 9, 3, 8, 5, 7, 2, 9],
            "event": [0, 1, 0, 0, 0, 1, 0, 0],
        }
    )
    options: dict[str, Any] = {"time": "days", "event": "event", "entry": "from"}
    named = kaplan_meier(data, id="person", **options)
    pd.testing.assert_frame_equal(named.to_frame(), kaplan_meier(data, cluster="person", **options).to_frame())
    assert named.clustered
    with pytest.raises(EstimationError, match="1 people in 'person' have rows that overlap"):
        kaplan_meier(data.assign(**{"from": [0, 3, 0, 3, 0, 5, 0, 2]}), id="person", **options)


def test_two_clusterings_at_once(rossi: pd.DataFrame) -> None:
    people = rossi.assign(person=np.arange(432) % 144)
    both = kaplan_meier(people, weights="w", cluster=["pair", "person"], **ROSSI)
    each = [kaplan_meier(people, weights="w", cluster=name, **ROSSI).at(52) for name in ("pair", "person")]
    alone = kaplan_meier(people, weights="w", **ROSSI).at(52)
    expected = each[0]["std_error"] ** 2 + each[1]["std_error"] ** 2 - alone["std_error"] ** 2
    np.testing.assert_allclose(both.at(52)["std_error"] ** 2, expected, rtol=1e-10)


def test_two_groups_at_one_time(rossi: pd.DataFrame) -> None:
    curve = kaplan_meier(rossi, **ROSSI)
    found = curve.compare_at(52)
    assert found.columns.tolist() == [
        "group", "time_days", "share", "std_error", "conf_low", "conf_high", "p_value",
    ]  # fmt: skip
    assert found["group"].tolist() == ["comparison", "treated", "difference"]
    at = curve.at(52)
    np.testing.assert_allclose(found["share"][:2], 1 - at["estimate"], rtol=1e-15)
    np.testing.assert_allclose(found["conf_low"][:2], 1 - at["conf_high"], rtol=1e-15)
    last = found.iloc[2]
    assert last["share"] == pytest.approx(48 / 216 - 66 / 216)
    assert last["std_error"] == pytest.approx(np.sqrt((at["std_error"] ** 2).sum()))
    assert last["conf_high"] - last["share"] == pytest.approx(1.959963984540054 * last["std_error"])
    assert 0.04 < last["p_value"] < 0.05
    assert found["p_value"][:2].isna().all()


def test_pairs_that_span_both_groups_change_the_error_of_the_difference() -> None:
    """Most pairs fare alike: that the groups hardly differ is known better than from people paired at random."""
    rng = np.random.default_rng(4)
    time, event = rng.integers(1, 20, 50), rng.integers(0, 2, 50)
    one = pd.DataFrame({"days": time, "event": event, "pair": range(50), "treated": 0})
    data = pd.concat([one, one.assign(treated=1, pair=[*np.roll(range(10), 1), *range(10, 50)])])
    columns: dict[str, Any] = {"time": "days", "event": "event", "by": "treated"}
    apart = kaplan_meier(data, **columns).compare_at(10).iloc[2]
    paired = kaplan_meier(data, cluster="pair", **columns).compare_at(10).iloc[2]
    assert apart["std_error"] > 0.05
    assert 0 < paired["std_error"] < 0.7 * apart["std_error"]


def test_more_groups_are_compared_with_the_first(rossi: pd.DataFrame) -> None:
    ages = rossi.assign(ages=pd.cut(rossi["age"], [0, 20, 25, 99], labels=["a", "b", "c"]).astype(str))
    curve = kaplan_meier(ages, **{**ROSSI, "by": "ages"})
    assert curve.compare_at(26)["group"].tolist() == ["a", "b", "c", "b minus a", "c minus a"]
    alone = kaplan_meier(ages, time="weeks_to_arrest", event="arrested").compare_at(26)
    assert alone["group"].tolist() == ["all"]


def test_where_a_curve_has_reached_zero_no_difference_claims_an_error() -> None:
    data = pd.DataFrame({"days": [1, 2, 3, 3], "event": [1, 1, 1, 0], "arm": list("aabb")})
    last = kaplan_meier(data, time="days", event="event", by="arm").compare_at(2).iloc[2]
    assert np.isnan(last[["std_error", "conf_low", "conf_high", "p_value"]].astype(float)).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limits": "logit"}, "`limits` is 'log_log', 'log' or 'plain'"),
        ({"robust": False, "cluster": "pair"}, "`robust=False` ignores the clusters"),
        ({"cluster": ["pair", "fin", "age"]}, "3 were named"),
        ({"cluster": "same"}, "lies in one cluster: no error can be learned"),
    ],
)
def test_options_that_cannot_be_are_sentences(rossi: pd.DataFrame, options: dict[str, Any], words: str) -> None:
    with pytest.raises(EstimationError, match=words):
        kaplan_meier(rossi.assign(same=1), **ROSSI, **options)


@pytest.mark.parametrize("time", ["12", None, [12], True, float("nan"), -1, 53])
def test_a_comparison_is_at_one_time_within_the_follow_up(rossi: pd.DataFrame, time: Any) -> None:
    with pytest.raises(EstimationError, match=r"one time|from 0 on|followed for 52 weeks"):
        kaplan_meier(rossi, **ROSSI).compare_at(time)


def test_a_marked_picture_shows_the_comparison(rossi: pd.DataFrame) -> None:
    curve: Curve = kaplan_meier(rossi, weights="w", cluster="pair", **ROSSI)
    words = " ".join(text.get_text() for text in curve.plot(mark=26).texts)
    assert "26" in words
    with pytest.raises(EstimationError, match="can run to 52 weeks"):
        curve.plot(horizon=60)
