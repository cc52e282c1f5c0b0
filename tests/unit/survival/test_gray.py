"""Gray's test: closed forms, what it is without competing causes or censoring, what changes nothing, every refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtrc

from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival import log_rank
from dipeval.survival.testing.gray import GrayTest, gray_test

COLUMNS: dict[str, Any] = {"time": "time", "cause": "cause", "by": "arm"}


def _people(seed: int, n: int = 90, groups: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "time": rng.integers(1, 20, n).astype(float),
            "cause": rng.integers(0, 3, n),
            "arm": np.arange(n) % groups,
            "area": rng.integers(0, 3, n),
        }
    )


def _arms(counts: dict[tuple[float, int, str], int]) -> pd.DataFrame:
    rows = [key for key, number in counts.items() for _ in range(number)]
    return pd.DataFrame(rows, columns=["time", "cause", "arm"])


def test_several_events_at_once_by_hand() -> None:
    """2 of 5 against 0 of 7 at one time: expected 2 x 5/12, and the variance of a draw without putting back."""
    data = _arms({(1, 1, "a"): 2, (2, 0, "a"): 3, (2, 0, "b"): 7})
    test = gray_test(data, **COLUMNS)
    frame = test.to_frame()
    expected = 2 * 5 / 12
    assert test.counts()["expected"].tolist() == pytest.approx([expected, 2 - expected])
    variance = 2 * (5 / 12) * (7 / 12) * 10 / 11
    assert frame["statistic"][0] == pytest.approx((2 - expected) ** 2 / variance, rel=1e-12)
    assert frame["p_value"][0] == pytest.approx(chdtrc(1, frame["statistic"][0]))
    assert frame[["cause", "df", "n", "n_events"]].iloc[0].tolist() == ["1", 1, 12, 2]


def test_with_one_cause_its_score_is_that_of_the_log_rank() -> None:
    data = _people(1).assign(cause=lambda d: (d["cause"] > 0).astype(int))
    gray = gray_test(data, strata="area", **COLUMNS).counts()
    plain = log_rank(data, time="time", event="cause", by="arm", strata="area").to_frame()
    for column in ("n", "observed", "expected"):
        np.testing.assert_allclose(gray[column], plain[column], rtol=1e-12)


def test_without_censoring_people_with_another_cause_stay_at_risk_for_ever() -> None:
    last = pd.DataFrame({"time": 99.0, "cause": 2, "arm": range(3)})  # so that no group ends before an event
    data = pd.concat([_people(2).assign(cause=lambda d: d["cause"].clip(lower=1)), last], ignore_index=True)
    later = data.assign(event=data["cause"] == 1, time=data["time"].where(data["cause"] == 1, 1000.0))
    gray = gray_test(data, of=1, **COLUMNS).counts()
    plain = log_rank(later, time="time", event="event", by="arm").to_frame()
    np.testing.assert_allclose(gray["expected"], plain["expected"], rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"rho": 1}, {"strata": "area"}, {"strata": "area", "rho": 0.5}])
def test_order_units_and_names_change_nothing(options: dict[str, Any]) -> None:
    data = _people(3)
    expected = gray_test(data, **COLUMNS, **options).to_frame()["statistic"]
    mixed = data.sample(frac=1, random_state=2)
    assert gray_test(mixed, **COLUMNS, **options).to_frame()["statistic"].tolist() == expected.tolist()
    for other in (
        data.assign(time=data["time"] / 7),
        data.assign(arm=data["arm"].map({0: "z", 1: "a", 2: "m"})),
        data.assign(cause=data["cause"].map({0: "end_of_follow_up", 1: "another offence", 2: "died"})),
    ):
        np.testing.assert_allclose(gray_test(other, **COLUMNS, **options).to_frame()["statistic"], expected, rtol=1e-10)


def test_strata_of_one_group_alone_add_nothing() -> None:
    data = _people(4, groups=2)
    alone = data.assign(area=99, arm=0)
    both = pd.concat([data, alone])
    np.testing.assert_allclose(
        gray_test(both, strata="area", **COLUMNS).to_frame()["statistic"],
        gray_test(data, strata="area", **COLUMNS).to_frame()["statistic"],
        rtol=1e-12,
    )


def test_a_cause_is_picked_by_number_or_word() -> None:
    data = _people(5)
    words = data.assign(cause=data["cause"].map({0: "censored", 1: "died", 2: "reoffended"}))
    whole = gray_test(data, **COLUMNS).to_frame()
    for found in (gray_test(data, of=2, **COLUMNS), gray_test(data, of=2.0, **COLUMNS)):  # type: ignore[arg-type]
        assert found.to_frame()["statistic"].tolist() == [whole["statistic"][1]]
    word = gray_test(words, of="reoffended", **COLUMNS)
    assert word.causes == ("reoffended",)
    assert word.to_frame()["statistic"][0] == pytest.approx(whole["statistic"][1], rel=1e-12)


def test_it_is_told_in_words_and_drawn() -> None:
    data = _people(6, groups=2).rename(columns={"arm": "treated"})
    data["cause"] = data["cause"].map({0: "", 1: "died", 2: "reoffended"})
    test = gray_test(data, **{**COLUMNS, "by": "treated"}, rho=1, strata="area")
    summary = test.summary()
    assert test.group_names == ("comparison", "treated")
    assert test.causes == ("died", "reoffended")
    assert "The share with 'reoffended' " in summary.headline
    assert "degree of freedom, p " in summary.headline
    assert summary.notes[0] == "Gray's test, rho = 1, stratified."
    axes = test.plot()
    assert axes.get_yticklabels()[0].get_text() == "Died: Comparison"
    one = gray_test(data, of="died", **{**COLUMNS, "by": "treated"})
    assert [tick.get_text() for tick in one.plot().get_yticklabels()] == ["Comparison", "Treated"]


def test_everybody_may_have_an_event_and_a_group_may_end_early() -> None:
    data = _people(7).assign(cause=lambda d: d["cause"].clip(lower=1))
    data.loc[data["arm"] == 0, "time"] = data.loc[data["arm"] == 0, "time"].clip(upper=3)
    frame = gray_test(data, rho=1, **COLUMNS).to_frame()
    assert np.isfinite(frame["statistic"]).all()
    assert frame["n_events"].sum() == len(data)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"w": 1.0}, {"weights": "w"}, r"fine_gray\(weights=\.\.\."),
        ({}, {"cluster": "area"}, "neither weights nor clusters"),
        ({}, {"rho": -1}, "`rho` is 0"),
        ({}, {"rho": float("nan")}, "`rho` is 0"),
        ({}, {"of": 3}, "never holds: it holds 1, 2"),
        ({}, {"of": True}, "never holds"),
        ({"arm": 1}, {}, "one group only"),
        ({"cause": 0}, {}, "All 90 rows are censored"),
        ({"cause": -1}, {}, "a whole number above 0"),
        ({"time": -1.0}, {}, "negative in 90"),
        ({"time": 0.0}, {}, "at time 0"),
        ({"area": lambda d: d["arm"]}, {"strata": "area"}, "Cause '1' cannot be tested. There are too few events"),
        ({"time": lambda d: d["time"].where(d["arm"] > 0, 0.5), "cause": lambda d: d["cause"].where(d["arm"] > 0, 0)},
         {}, "Group 0 is never at risk when an event happens"),
    ],
)  # fmt: skip
def test_what_cannot_be_tested_is_a_sentence(change: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        gray_test(_people(8).assign(**change), **COLUMNS, **options)
    assert str(caught.value).endswith((".", ")."))


def test_only_frames_with_rows_are_read() -> None:
    with pytest.raises(InputError, match="DataFrame is needed"):
        gray_test([1, 2], **COLUMNS)  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="no rows"):
        gray_test(_people(1).iloc[:0], **COLUMNS)
    with pytest.raises(InputError, match="no column 'arm'"):
        gray_test(_people(1).drop(columns="arm"), **COLUMNS)


def test_broken_promises_are_caught() -> None:
    good = gray_test(_people(10), **COLUMNS)
    options: dict[str, Any] = {"rho": 0.0, "stratified": False, "group_names": ("0", "1", "2")}
    with pytest.raises(InvariantError, match="no statistic"):
        GrayTest(_frame=good.to_frame().assign(statistic=np.nan), _counts=good.counts(), **options)
    with pytest.raises(InvariantError, match="do not add up"):
        GrayTest(_frame=good.to_frame(), _counts=good.counts().assign(expected=1.0), **options)


def test_the_callers_columns_may_have_any_name() -> None:
    data = _people(11).rename(columns={"arm": "happened"})
    found = gray_test(data, **{**COLUMNS, "by": "happened"})
    assert found.to_frame()["statistic"].tolist() == gray_test(_people(11), **COLUMNS).to_frame()["statistic"].tolist()
