"""200 random data sets against a second implementation (PyPI `survival` 2.0.0), which is itself within 5e-8 of R.

Weights, strata, late entry, clusters and ties come in every combination. 1e-6 relative with tied times, because the
other side stops at a change of 1e-9 in its likelihood; 1e-8 for cluster-robust errors once every tie is broken, where
it is asked to go on to 1e-12.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox
from dipeval.survival import CoxModel

survival = pytest.importorskip("survival", reason="the second implementation is the package survival (test only)")

SETS, BLOCKS, QUICK = 200, 10, 2
blocks = pytest.mark.parametrize(
    "block", [pytest.param(k, marks=[] if k < QUICK else [pytest.mark.slow]) for k in range(BLOCKS)]
)
TERMS = ["x", "z", "treated"]


def _people(seed: int, *, tied: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 160))
    x, z, treated = rng.normal(size=n), rng.integers(0, 4, n), rng.integers(0, 2, n)
    start = rng.integers(0, 6, n).astype(float)
    length = rng.exponential(12 * np.exp(-0.5 * x + 0.2 * z - 0.3 * treated))
    end = rng.uniform(4, 30, n)
    stop = start + np.minimum(length, end)
    if tied:
        stop = np.ceil(stop)
    else:
        stop, start = stop + 1e-3 * rng.permutation(n), start + 0.25
        stop = np.where(stop <= start, start + 1e-3 * (1 + rng.permutation(n)), stop)
        assert len(np.unique(stop)) == n
    return pd.DataFrame(
        {
            "start": start,
            "stop": np.where(stop <= start, start + 1, stop),
            "event": (length <= end).astype(int),
            "x": x.round(2),
            "z": z,
            "treated": treated,
            "w": rng.uniform(0.2, 4, n),
            "stratum": rng.integers(0, 3, n),
            "pair": rng.integers(0, n // 2, n),
        }
    )


def _options(seed: int) -> dict[str, Any]:
    """Every combination of weights, strata, late entry, clusters and ties, in turn."""
    bits = [(seed >> place) & 1 for place in range(5)]
    named = {"weights": "w", "strata": "stratum", "entry": "start", "cluster": "pair"}
    chosen = {option: name for (option, name), bit in zip(named.items(), bits, strict=False) if bit}
    return {**chosen, "ties": "breslow" if bits[4] else "efron"}


def _both(data: pd.DataFrame, options: dict[str, Any], **control: Any) -> tuple[CoxModel, Any]:
    ours = cox(data, covariates=TERMS, time="stop", event="event", **options)
    times = "start, stop" if "entry" in options else "stop"
    strata = " + strata(stratum)" if "strata" in options else ""
    others = {option: options[option] for option in ("weights", "cluster", "ties") if option in options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it warns that its own tolerance is coarse
        formula = f"Surv({times}, event) ~ {' + '.join(TERMS)}{strata}"
        theirs = survival.coxph(formula, data, **others, **control)  # robust with weights or clusters, as ours
    return ours, theirs


def _near(ours: Any, theirs: Any, tolerance: float) -> None:
    """Relative to the largest figure of its kind: one coefficient may be near zero by cancellation."""
    left, right = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance * np.abs(right).max())


def _check_all(ours: CoxModel, theirs: Any) -> None:
    _near(ours.to_frame()["estimate"], theirs.coefficients, 1e-6)
    _near(ours.covariance(), theirs.var, 1e-6)
    _near([ours.loglik_null, ours.loglik], theirs.loglik, 1e-9)
    if ours.robust:
        _near(ours.covariance(robust=False), theirs.naive_var, 1e-6)
        _near(ours.robust_score_statistic, theirs.rscore, 1e-6)
    for kind in ("martingale", "deviance", "score", "dfbeta"):
        _near(ours.residuals(kind).to_numpy().squeeze(), survival.r.residuals(theirs, type=kind), 1e-6)
    for transform in ("km", "rank", "identity"):
        table = survival.cox_zph(theirs, transform=transform).table
        test = ours.proportional_hazards_test(transform, robust=False).to_frame()
        _near(test["statistic"], [row["chisq"] for row in table], 1e-6)
    found, expected = ours.concordance().iloc[0], survival.concordance(theirs)
    _near([found["estimate"], found["std_error"]], [expected.concordance, np.sqrt(expected.var)], 1e-6)


@blocks
def test_everything_with_tied_times(block: int) -> None:
    for seed in range(block, SETS, BLOCKS):
        _check_all(*_both(_people(seed, tied=True), _options(seed)))


@blocks
def test_cluster_errors_with_every_tie_broken(block: int) -> None:
    for seed in range(block, SETS, BLOCKS):
        data = _people(seed, tied=False)
        options = {**_options(seed), "cluster": "pair"}
        ours, theirs = _both(data, options, eps=1e-12, toler_chol=1e-14, iter_max=50)
        error = np.sqrt(np.diag(np.asarray(theirs.var)))
        np.testing.assert_allclose(ours.to_frame()["std_error"], error, rtol=1e-8)
        _near(ours.to_frame()["estimate"], theirs.coefficients, 1e-8)


def test_predicted_survival_without_strata() -> None:
    people = pd.DataFrame({"x": [0.3, -1.0], "z": [1, 3], "treated": [0, 1]})
    for seed in range(0, 40, 4):
        data, options = _people(seed, tied=True), {"ties": "breslow" if seed % 8 else "efron"}
        ours, theirs = _both(data, options, eps=1e-12, toler_chol=1e-14, iter_max=50)
        curve = survival.survfit(theirs, newdata=people, conf_type="log-log")
        times = ours.baseline()["time_days"].to_numpy()
        place = np.searchsorted(np.asarray(curve.time), times)
        found = ours.predict_survival(people, times)
        for mine, other in (("estimate", "surv"), ("conf_low", "lower"), ("conf_high", "upper")):
            expected = np.asarray(getattr(curve, other)).reshape(len(curve.time), 2)[place]
            _near(found[mine].to_numpy().reshape(2, -1).T, expected, 1e-6)
