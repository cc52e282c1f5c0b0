"""Residuals of Cox models: what they add up to, whose rows they stand by, and what leaving a row out does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox
from dipeval.errors import EstimationError
from dipeval.survival import CoxModel

TIMES: dict[str, Any] = {"time": "stop", "event": "event", "entry": "start"}


def _people(seed: int = 4, n: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 4, n)
    return pd.DataFrame(
        {
            "start": start,
            "stop": start + np.ceil(rng.exponential(9, n)),
            "event": (np.arange(n) % 3 > 0).astype(int),
            "x": rng.normal(size=n).round(1),
            "z": rng.integers(0, 2, n),
            "w": rng.uniform(0.3, 3, n),
            "site": rng.integers(0, 3, n),
            "pair": np.arange(n) // 2,
        },
        index=[f"row {k}" for k in rng.permutation(n)],
    )


def _model(data: pd.DataFrame, **options: Any) -> CoxModel:
    return cox(data, covariates=["x", "z"], **TIMES, **options)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_what_residuals_add_up_to(ties: str) -> None:
    data = _people()
    model = _model(data, weights="w", strata="site", ties=ties)
    weight = data["w"]
    assert (model.residuals()["martingale"] * weight).sum() == pytest.approx(0, abs=1e-10)
    for kind in ("score", "schoenfeld"):
        found = model.residuals(kind)
        np.testing.assert_allclose(found.mul(weight.loc[found.index], axis=0).sum(), 0, atol=1e-10)
    assert model.residuals("dfbeta").sum().abs().max() < 1e-10


@pytest.mark.parametrize("kind", ["martingale", "deviance", "score", "schoenfeld", "scaled_schoenfeld", "dfbeta"])
def test_residuals_stay_by_their_row_when_rows_are_shuffled(kind: str) -> None:
    data = _people()
    mixed = data.sample(frac=1, random_state=1)
    one, two = (_model(d, weights="w", cluster="pair", strata="site").residuals(kind) for d in (data, mixed))
    events = data.index[data["event"] == 1]
    assert one.index.tolist() == (events if "schoenfeld" in kind else data.index).tolist()
    pd.testing.assert_frame_equal(one.sort_index(), two.sort_index(), check_exact=True)


def test_dfbeta_is_the_pull_of_a_rows_weight() -> None:
    """The derivative of the coefficients by a weight, times the weight, by a small change of each weight."""
    data = _people(n=30)
    found = _model(data, weights="w").residuals("dfbeta")
    step = 1e-4
    for row in data.index[:6]:
        ends = []
        for sign in (1, -1):
            changed = data.copy()
            changed.loc[row, "w"] *= 1 + sign * step
            ends.append(_model(changed, weights="w").to_frame()["estimate"].to_numpy())
        np.testing.assert_allclose((ends[0] - ends[1]) / (2 * step), found.loc[row], rtol=1e-5, atol=1e-8)


def test_dfbeta_squares_are_the_robust_variance() -> None:
    data = _people()
    parts = _model(data, robust=True).residuals("dfbeta").to_numpy()
    np.testing.assert_allclose(parts.T @ parts, _model(data, robust=True).covariance(), rtol=1e-11)
    model = _model(data, cluster="pair", weights="w")
    by_pair = model.residuals("dfbeta").groupby(data["pair"]).sum().to_numpy()
    np.testing.assert_allclose(by_pair.T @ by_pair, model.covariance(), rtol=1e-11)


def test_dfbetas_and_deviance_by_their_definitions() -> None:
    data = _people()
    model = _model(data)
    error = model.to_frame()["std_error"].to_numpy()
    np.testing.assert_allclose(model.residuals("dfbetas"), model.residuals("dfbeta") / error, rtol=1e-12)
    left = model.residuals()["martingale"].to_numpy()
    event = data["event"].to_numpy()
    logs = np.where(event == 1, np.log(np.where(event == 1, event - left, 1)), 0)
    np.testing.assert_allclose(
        model.residuals("deviance")["deviance"], np.sign(left) * np.sqrt(-2 * (left + event * logs)), rtol=1e-12
    )


def test_rows_never_at_risk_at_an_event_have_nothing_left_over() -> None:
    data = pd.DataFrame(
        {"stop": [1, 2, 3, 4, 5, 6.0], "event": [0, 1, 1, 0, 1, 0], "x": [5.0, 1, 0, 2, 1, 0], "start": 0}
    )
    model = cox(data, covariates=["x"], **TIMES)
    assert model.residuals()["martingale"][0] == 0
    assert model.residuals("dfbeta")["x"][0] == 0
    rest = cox(data.iloc[1:], covariates=["x"], **TIMES)
    np.testing.assert_allclose(model.to_frame()["estimate"], rest.to_frame()["estimate"], rtol=1e-12)


def test_an_unknown_kind_is_a_sentence() -> None:
    with pytest.raises(EstimationError, match="one of martingale, deviance, score"):
        _model(_people()).residuals("pearson")
